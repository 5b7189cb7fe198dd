//! The man pages: templates, and the tables of options, formats, dimensions, outputs and examples that fill them.
//!
//! A template is man(7) with less to type. A line that begins with a dot is a macro, and is copied. Other lines are
//! text: it is escaped and filled, what is between backquotes is bold, and so is a word that begins with two dashes.
//! The line below `.TP` is a tag, and bold; what is between `.EX` and `.EE` is shown as it is. `{{name}}` alone on a
//! line is a list from the tables, and within a line a few words from them.

mod roff;
mod tables;

use roff::{Roff, bold};
use tables::{LISTS, WORDS};

/// httpmon(1).
pub const HTTPMON: &str = include_str!("httpmon.1.in");
/// httpmon-formats(7).
pub const FORMATS: &str = include_str!("httpmon-formats.7.in");
/// httpmon-rules(7).
pub const RULES: &str = include_str!("httpmon-rules.7.in");
/// httpmon-recipes(7).
pub const RECIPES: &str = include_str!("httpmon-recipes.7.in");

/// The page that a template makes, in roff.
pub fn page(template: &str) -> String {
    let mut template = template.to_owned();
    for (name, words) in WORDS {
        template = template.replace(&format!("{{{{{name}}}}}"), &words());
    }
    let list = |line: &str| {
        let name = line.strip_prefix("{{")?.strip_suffix("}}")?;
        LISTS.iter().find(|list| list.0 == name)
    };
    let mut page = Roff::default();
    let mut text = Vec::new();
    let mut lines = template.lines();
    while let Some(line) = lines.next() {
        let list = list(line);
        if list.is_none() && !line.starts_with('.') {
            text.push(line);
            continue;
        }
        page.text(&std::mem::take(&mut text).join(" "));
        match (list, line) {
            (Some((_, write)), _) => write(&mut page),
            (None, ".EX") => {
                let shown = lines.by_ref().take_while(|line| *line != ".EE");
                page.example(&shown.collect::<Vec<_>>());
            }
            (None, _) => {
                page.raw(line);
                if line == ".TP" {
                    page.raw(&bold(lines.next().unwrap_or_default()));
                }
            }
        }
    }
    page.text(&text.join(" "));
    page.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags::FLAGS;
    use crate::cli::{flag::Flag, simulate};
    use crate::error::{EXIT_ALERT, EXIT_ERROR, EXIT_NO_RECORD, EXIT_NOT_KNOWN, EXIT_OK};
    use crate::format;
    use crate::render::OUTPUTS;
    use crate::stats::dimension::{DIMENSIONS, Dimension};

    const TEMPLATES: [&str; 4] = [HTTPMON, FORMATS, RULES, RECIPES];

    /// All pages, one after the other.
    fn manual() -> String {
        TEMPLATES.map(page).concat()
    }

    /// What `mandoc -T lint` would find, as far as these pages could ever have it.
    #[test]
    fn the_pages_are_plain_roff() {
        let page = manual();
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
    fn the_pages_have_every_row_of_every_table() {
        let manual = manual();
        let rows = format::formats()
            .map(|row| row.name.to_owned())
            .chain(DIMENSIONS.iter().map(Dimension::shown))
            .chain(OUTPUTS.iter().map(|row| row.name.to_owned()));
        for name in rows {
            assert!(manual.contains(&format!("\n{}\n", bold(&name))), "{name}");
        }
        let page = page(HTTPMON);
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
                "ROLLUPS",
                "ALERTS",
                "ALERT RULES",
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

    /// An option that is changed, or a new one, is so in the page with no other place to edit.
    #[test]
    fn options_come_from_their_tables_alone() {
        fn check<O>(flags: &[Flag<O>], page: &str) {
            for flag in flags {
                let mut option = Roff::default();
                tables::option(&mut option, flag);
                assert!(page.contains(&option.finish()), "--{}", flag.long);
            }
        }
        let page = manual();
        check(FLAGS, &page);
        check(simulate::FLAGS, &page);
        assert!(
            !TEMPLATES.concat().contains("\n.TP\n-"),
            "an option of its own"
        );
    }

    #[test]
    fn the_templates_name_every_list_and_all_words_and_nothing_else() {
        let templates = TEMPLATES.concat();
        let lists = LISTS.iter().map(|list| list.0);
        for name in lists.chain(WORDS.iter().map(|words| words.0)) {
            let named = templates.matches(&format!("{{{{{name}}}}}")).count();
            // Each page has the version.
            let should = if name == "version" {
                TEMPLATES.len()
            } else {
                1
            };
            assert_eq!(named, should, "{name}");
        }
        assert_eq!(
            templates.matches("{{").count(),
            LISTS.len() + WORDS.len() + TEMPLATES.len() - 1,
            "a name that no table has"
        );
    }

    #[test]
    fn every_exit_status_is_explained() {
        let (_, section) = HTTPMON
            .split_once(".SH \"EXIT STATUS\"\n")
            .expect("a section");
        let (section, _) = section.split_once("\n.SH").expect("a section after it");
        let explained: Vec<&str> = section.split(".TP\n").skip(1).collect();
        let statuses = [
            EXIT_OK,
            EXIT_ALERT,
            EXIT_ERROR,
            EXIT_NO_RECORD,
            EXIT_NOT_KNOWN,
        ];
        assert_eq!(explained.len(), statuses.len());
        for (text, status) in explained.iter().zip(statuses) {
            assert!(text.starts_with(&format!("{status}\n")), "{status}: {text}");
        }
    }

    #[test]
    fn a_template_is_filled() {
        let page = page(
            ".SH \"A\"\nSee\n--top, `x`.\nNext.\n.TP\n5xx -x\nErrors.\n.EX\n.a -b\n.EE\n{{usage}}\n{{about}}",
        );
        let start = ".SH \"A\"\nSee \\fB\\-\\-top\\fR, \\fBx\\fR.\nNext.\n.TP\n\\fB5xx \\-x\\fR\nErrors.\n\
                     .PP\n.RS \"4\"\n.EX\n\\&.a \\-b\n.EE\n.RE\n.PP\n";
        assert!(page.starts_with(start), "{page}");
        assert!(page.ends_with("from history\n"), "{page}");
    }
}
