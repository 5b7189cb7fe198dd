//! The man page httpmon(1), written from the tables: options, formats, dimensions, outputs, exit
//! statuses and examples. Only prose that no table holds stands in `prose`.

mod dashboard;
mod formats;
mod outputs;
mod prose;
mod roff;
mod rules;
mod simulate;

use roff::{Roff, bold};

use super::examples::EXAMPLES;
use super::flag::Flag;
use super::flags::FLAGS;
use super::help::{ABOUT, USAGE, sentence};
use crate::alert::syntax;
use crate::error::{EXIT_ALERT, EXIT_ERROR, EXIT_NO_RECORD, EXIT_NOT_KNOWN, EXIT_OK};
use crate::filter;
use crate::render::OUTPUTS;
use crate::stats::bots::BOTS;
use crate::stats::dimension::DIMENSIONS;

/// When the page last changed in substance.
const DATE: &str = "2026-11-21";

/// The page.
pub fn page() -> String {
    let mut page = Roff::default();
    page.comment("Written by httpmon --generate man; do not edit.");
    let version = concat!("httpmon ", env!("CARGO_PKG_VERSION"));
    page.request("TH", &["HTTPMON", "1", DATE, version, "User Commands"]);
    page.section("NAME");
    page.text(&format!("httpmon - {ABOUT}"));
    page.section("SYNOPSIS");
    page.example(USAGE);
    page.section("DESCRIPTION");
    page.paragraphs(prose::DESCRIPTION);
    page.section("OPTIONS");
    page.paragraphs(prose::OPTIONS);
    FLAGS.iter().for_each(|flag| option(&mut page, flag));
    page.section("LOG FORMATS");
    formats::section(&mut page);
    page.section("DIMENSIONS");
    page.paragraphs(prose::DIMENSIONS);
    for dimension in &DIMENSIONS {
        page.item(&bold(dimension.name), &sentence(dimension.about));
    }
    page.request("PP", &[]);
    page.text(&robots());
    page.section("OUTPUT");
    output(&mut page);
    page.section("ALERTS");
    page.paragraphs(rules::ALERTS);
    page.example(rules::ALERT_LINES);
    page.request("PP", &[]);
    page.paragraphs(rules::ALERTS_MORE);
    alert_rules(&mut page);
    page.section("DASHBOARD");
    page.paragraphs(dashboard::DASHBOARD);
    items(&mut page, dashboard::KEYS);
    page.section("SIMULATE");
    simulate::section(&mut page);
    page.section("TIME");
    page.paragraphs(prose::TIME);
    page.section("EXIT STATUS");
    for (status, text) in EXIT {
        page.item(&bold(&status.to_string()), text);
    }
    page.section("SIGNALS");
    items(&mut page, prose::SIGNALS);
    page.section("ENVIRONMENT");
    items(&mut page, prose::ENVIRONMENT);
    page.section("EXAMPLES");
    page.paragraphs(prose::EXAMPLES);
    for example in EXAMPLES {
        page.request("PP", &[]);
        page.text(example.about);
        page.example(&[example.command]);
    }
    page.section("LIMITS");
    page.paragraphs(prose::LIMITS);
    page.section("SEE ALSO");
    page.text(prose::SEE_ALSO);
    page.finish()
}

/// What each exit status means.
const EXIT: &[(u8, &str)] = &[
    (
        EXIT_OK,
        "All went well; also when the reader of the output went away.",
    ),
    (EXIT_ALERT, "With --exit-code: an alert fired."),
    (EXIT_ERROR, "Wrong usage, or reading or writing failed."),
    (
        EXIT_NO_RECORD,
        "With --exit-code: no record could be read. A check must not pass on an empty or foreign log.",
    ),
    (
        EXIT_NOT_KNOWN,
        "With --exit-code: no alert fired, but so many records came late or have no place in time that nobody knows.",
    ),
];

fn option<O>(page: &mut Roff, flag: &Flag<O>) {
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
        let choices: Vec<(&str, String)> = choices
            .into_iter()
            .map(|(name, about)| (name, sentence(about)))
            .collect();
        let choices: Vec<(&str, &str)> = choices
            .iter()
            .map(|(name, about)| (*name, about.as_str()))
            .collect();
        page.inner(&choices);
    }
}

fn output(page: &mut Roff) {
    page.text("What --report can name:");
    for output in OUTPUTS {
        page.item(&bold(output.name), &sentence(output.about));
    }
    page.subsection("Text");
    page.paragraphs(prose::TEXT);
    page.example(prose::REPORT);
    items(page, prose::TEXT_ROWS);
    page.request("PP", &[]);
    page.paragraphs(prose::TEXT_MORE);
    page.subsection("JSON Lines");
    page.paragraphs(prose::JSON);
    for (object, keys) in prose::JSON_OBJECTS {
        page.request("PP", &[]);
        page.text(object);
        items(page, keys);
    }
    outputs::section(page);
}

fn alert_rules(page: &mut Roff) {
    page.section("ALERT RULES");
    page.paragraphs(rules::RULES);
    page.example(syntax::GRAMMAR);
    page.subsection("Measures");
    items(page, rules::MEASURES);
    page.subsection("Clauses");
    items(page, rules::CLAUSES);
    page.request("PP", &[]);
    page.paragraphs(rules::RULES_MORE);
    page.section("EXPRESSIONS");
    page.paragraphs(rules::EXPRESSIONS);
    page.example(filter::GRAMMAR);
    items(page, rules::COMPARISONS);
    page.request("PP", &[]);
    page.paragraphs(rules::EXPRESSIONS_MORE);
    page.section("TELLING SOMEONE");
    page.paragraphs(rules::TELLING);
    items(page, rules::TELLING_ENVIRONMENT);
    page.request("PP", &[]);
    page.paragraphs(rules::TELLING_MORE);
}

fn items(page: &mut Roff, items: &[(&str, &str)]) {
    for (name, text) in items {
        page.item(&bold(name), text);
    }
}

/// The patterns that robots are known by.
fn robots() -> String {
    let patterns: Vec<String> = BOTS
        .iter()
        .map(|bot| format!("{} (`{}`)", bot.name, bot.pattern))
        .collect();
    format!(
        "A robot is known by the first of these patterns that its user agent holds, in any case; those of `other` \
         count where a word ends: {}. One that names itself like a browser is not found out.",
        patterns.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format;

    /// What `mandoc -T lint` would find, as far as this page could ever have it.
    #[test]
    fn the_page_is_plain_roff() {
        let page = page();
        assert!(page.is_ascii());
        let known = ["\\\"", "TH", "SH", "SS", "PP", "TP", "RS", "RE", "EX", "EE"];
        let (mut indents, mut before) = (0i32, "");
        for line in page.lines() {
            assert!(line.len() <= 80, "{line}");
            assert_eq!(line, line.trim_end(), "an escaped newline ends with \\");
            assert!(!line.is_empty() && !line.starts_with('\''), "{line:?}");
            let macro_of = |line: &str| {
                let name = line.strip_prefix('.')?.split(' ').next()?;
                Some(name.to_owned())
            };
            if let Some(name) = macro_of(line) {
                assert!(known.contains(&name.as_str()), "{line}");
                indents += i32::from(name == "RS") - i32::from(name == "RE");
                if name == "PP" {
                    let last = macro_of(before).unwrap_or_default();
                    assert!(!["PP", "SH", "SS"].contains(&last.as_str()), "{before}");
                }
                if name == "SH" {
                    assert_eq!(indents, 0, "{line}");
                }
            }
            before = line;
        }
        assert_eq!(indents, 0);
    }

    #[test]
    fn the_page_has_every_row_of_every_table() {
        let page = page();
        for flag in FLAGS {
            assert!(page.contains(&bold(&format!("--{}", flag.long))));
        }
        for flag in crate::cli::simulate::FLAGS {
            assert!(page.contains(&bold(&format!("--{}", flag.long))));
        }
        let rows = format::formats()
            .map(|row| row.name)
            .chain(DIMENSIONS.iter().map(|row| row.name))
            .chain(OUTPUTS.iter().map(|row| row.name));
        for name in rows {
            assert!(page.contains(&format!("\n{}\n", bold(name))), "{name}");
        }
        let sections = page.lines().filter(|line| line.starts_with(".SH"));
        let sections: Vec<&str> = sections.map(|line| line[4..].trim_matches('"')).collect();
        assert_eq!(
            sections,
            [
                "NAME",
                "SYNOPSIS",
                "DESCRIPTION",
                "OPTIONS",
                "LOG FORMATS",
                "DIMENSIONS",
                "OUTPUT",
                "ALERTS",
                "ALERT RULES",
                "EXPRESSIONS",
                "TELLING SOMEONE",
                "DASHBOARD",
                "SIMULATE",
                "TIME",
                "EXIT STATUS",
                "SIGNALS",
                "ENVIRONMENT",
                "EXAMPLES",
                "LIMITS",
                "SEE ALSO"
            ]
        );
    }
}
