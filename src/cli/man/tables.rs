//! What the tables put into the man page: the lists and words that its template only names.

use super::roff::{Roff, bold};
use crate::alert::syntax;
use crate::cli::examples::EXAMPLES;
use crate::cli::flag::Flag;
use crate::cli::flags::FLAGS;
use crate::cli::help::{ABOUT, USAGE, sentence};
use crate::cli::simulate;
use crate::filter;
use crate::format::{self, rollup};
use crate::render::OUTPUTS;
use crate::render::csv::COLUMNS;
use crate::render::openmetrics::families;
use crate::report::STATUS;
use crate::stats::CAPTIONS;
use crate::stats::bot_list::{BOTS, Bot};
use crate::stats::dimension::DIMENSIONS;

/// A list of the page, by the name that the template gives it.
pub(super) type FilledList = (&'static str, fn(&mut Roff));

/// A few words of the page, by the name that the template gives them.
pub(super) type FilledWords = (&'static str, fn() -> String);

/// Every list that the template can name.
pub(super) static LISTS: &[FilledList] = &[
    ("usage", |page| page.example(USAGE)),
    ("options", |page| options(page, FLAGS)),
    ("formats", formats),
    ("dimensions", |page| {
        for dimension in &DIMENSIONS {
            page.item(&bold(&dimension.shown()), &sentence(dimension.about));
        }
    }),
    ("outputs", |page| {
        for output in OUTPUTS {
            page.item(&bold(output.name), &sentence(output.about));
        }
    }),
    ("metrics", metrics),
    ("columns", |page| {
        for column in COLUMNS {
            page.item(&bold(column.name), &sentence(column.about));
        }
    }),
    ("rollup-columns", |page| {
        for column in &rollup::COLUMNS {
            page.item(&bold(column.name), &sentence(column.about));
        }
    }),
    ("rule-grammar", |page| page.example(syntax::GRAMMAR)),
    ("expression-grammar", |page| page.example(filter::GRAMMAR)),
    ("simulate-usage", |page| page.example(simulate::USAGE)),
    ("simulate-options", |page| options(page, simulate::FLAGS)),
    ("examples", |page| {
        for example in EXAMPLES {
            page.request("PP", &[]);
            page.text(example.about);
            page.example(&[example.command]);
        }
    }),
];

/// All words that the template can name.
pub(super) static WORDS: &[FilledWords] = &[
    ("version", || env!("CARGO_PKG_VERSION").to_owned()),
    ("about", || ABOUT.to_owned()),
    ("robots", || {
        let pattern = |bot: &Bot| {
            Some(format!(
                "{} (`{}`, {})",
                bot.name?,
                bot.pattern,
                bot.kind.name()
            ))
        };
        BOTS.iter()
            .filter_map(pattern)
            .collect::<Vec<_>>()
            .join(", ")
    }),
    ("json-fields", || {
        let names = format::mapping_fields().map(|name| format!("`{name}`"));
        names.collect::<Vec<_>>().join(", ")
    }),
];

/// Options, each with all there is to say of it.
fn options<O>(page: &mut Roff, flags: &[Flag<O>]) {
    for flag in flags {
        option(page, flag);
    }
}

pub(super) fn option<O>(page: &mut Roff, flag: &Flag<O>) {
    let long = bold(&format!("--{}", flag.long));
    let mut tag = match flag.short {
        Some(short) => format!("{}, {long}", bold(&format!("-{short}"))),
        None => long,
    };
    if let Some(value) = flag.value {
        tag.push_str(&format!(" \\fI{value}\\fR"));
    }
    page.item(&tag, &sentence(flag.help));
    if !flag.more.is_empty() {
        page.text(flag.more);
    }
    let choices = (flag.choices)();
    // Formats, dimensions and outputs have sections of their own.
    if !choices.is_empty() && !flag.more.contains("See ") {
        page.request("RS", &[]);
        for (name, about) in choices {
            page.item(&bold(name), &sentence(about));
        }
        page.request("RE", &[]);
    }
}

/// The formats, each with a line of it.
fn formats(page: &mut Roff) {
    for format in format::formats() {
        page.item(&bold(format.name), &sentence(format.about));
        page.request("RS", &[]);
        page.example(&format.sample.lines().collect::<Vec<_>>());
        page.request("RE", &[]);
    }
}

fn metrics(page: &mut Roff) {
    let counted = CAPTIONS.iter().flatten();
    for family in families(std::iter::once(&STATUS).chain(counted)) {
        let suffix = if family.kind == "counter" {
            "_total"
        } else {
            ""
        };
        let name = bold(&format!("httpmon_{}{suffix}", family.name));
        page.item(
            &name.replace("KEY", "\\fR\\fIdimension\\fR\\fB"),
            &sentence(family.about),
        );
    }
}
