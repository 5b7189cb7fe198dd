//! What a page is of: the files, the filter and the rules, and when it was made.

use crate::render::{clock, escape};
use crate::report::{Block, Report, Scope};
use crate::time::Zone;

/// So many files are named.
const FILES: usize = 20;

/// A line of what a page is of: its name, and what there is to say, in order.
pub(in crate::render) struct AboutLine {
    pub(in crate::render) name: &'static str,
    pub(in crate::render) items: Vec<String>,
}

/// What the run reads, if the report says.
pub(super) fn scope(report: &Report) -> Option<&Scope> {
    report.blocks.iter().find_map(|block| match block {
        Block::Scope(scope) => Some(&**scope),
        _ => None,
    })
}

/// The lines for this scope, without those that say nothing.
pub(super) fn about(scope: &Scope, zone: &Zone) -> Vec<AboutLine> {
    let shown = |text: &String| escape::shown(text.as_bytes());
    let mut files: Vec<String> = scope.files.iter().take(FILES).map(shown).collect();
    if scope.files.len() > FILES {
        files.push(format!("and {} more", scope.files.len() - FILES));
    }
    let made = scope.made.map(|made| {
        let zone_name = clock::zone_of(zone, made, made);
        format!("{} {zone_name}", clock::when(zone, made))
    });
    let live = scope
        .live
        .map(|every| format!("read live, and loaded anew every {every}"));
    let lines = [
        ("Files", files),
        ("Filter", scope.filter.iter().map(shown).collect()),
        ("Rules", scope.rules.iter().map(shown).collect()),
        ("Made", made.into_iter().chain(live).collect()),
    ];
    let lines = lines.into_iter().filter(|(_, items)| !items.is_empty());
    lines
        .map(|(name, items)| AboutLine { name, items })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Second, Span};

    #[test]
    fn what_is_typed_is_shown_and_many_files_are_counted() {
        let scope = Scope {
            files: (0..22).map(|n| format!("a\u{1b}{n}.log")).collect(),
            filter: None,
            rules: vec!["Errors: 5xx > 5% over 5m".to_owned()],
            made: Some(Second(1_795_166_099)),
            live: Some(Span(10)),
        };
        let lines = about(&scope, &Zone::fixed(3600));
        let names: Vec<_> = lines.iter().map(|line| line.name).collect();
        assert_eq!(names, ["Files", "Rules", "Made"]);
        assert_eq!(lines[0].items.len(), FILES + 1);
        assert_eq!(lines[0].items[0], "a\\x1b0.log");
        assert_eq!(lines[0].items[FILES], "and 2 more");
        let made = [
            "2026-11-20 10:14:59 UTC+01:00",
            "read live, and loaded anew every 10s",
        ];
        assert_eq!(lines[2].items, made);
    }
}
