//! Rankings in plain text, whose lines may be longer than a screen: one line each or, in a summary for dimensions
//! that were asked for, a line for each key.
//!
//! Such a line can be used alone, for example after `grep`: each number says what it is, and every line of a table
//! has all numbers in the same order, so that `awk` finds them. Only the line of the other keys has nothing but
//! hits.

use std::iter;

use unicode_width::UnicodeWidthStr;

use super::super::bars::cut;
use super::super::{escape, units};
use super::table::others;
use super::{TITLE, TextWriter};
use crate::report::{Ranking, Row};

/// The columns of the longest key; JSON has all of it.
const LONGEST: usize = 200;
/// The columns of the longest key that moves the numbers of other keys. A longer key moves only its own.
const ALIGNED: usize = 60;

/// The numbers of one kind in a table, that of the first row first, and what is before each.
type NumberColumn = (&'static str, Vec<String>);

impl TextWriter<'_> {
    /// A line that names the dimension, then one for each key, and one for the others.
    pub(super) fn lines(&mut self, ranking: &Ranking) {
        self.row(ranking.dimension.title, |page| page.unique(ranking));
        let rows = ranking.rows.iter();
        let mut keys: Vec<String> = rows
            .map(|row| self.aside(|p| p.short_key(&row.key)))
            .collect();
        if ranking.other() > 0 {
            keys.push(others(ranking));
        }
        let width = |key: &String| Some(key.width()).filter(|&width| width <= ALIGNED);
        let aligned = keys.iter().filter_map(width).max().unwrap_or(0);
        let columns = columns(ranking);
        for (at, key) in keys.iter().enumerate() {
            self.blanks(TITLE);
            self.raw(key);
            self.blanks(aligned.saturating_sub(key.width()));
            for (before, numbers) in &columns {
                let widest = numbers.iter().map(String::len).max().unwrap_or(0);
                if let Some(number) = numbers.get(at) {
                    self.write(format_args!("{before}{number:>widest$}"));
                }
            }
            self.raw("\n");
        }
        self.errors(ranking);
    }

    /// One line: `sections  9 unique: /api 812 (63%)  /img 301 (23%)  other 73`.
    pub(super) fn list(&mut self, ranking: &Ranking) {
        self.title(ranking.dimension.title);
        if ranking.unique > ranking.rows.len() as u64 {
            self.unique(ranking);
            self.raw(": ");
        }
        let mut gap = "";
        for row in &ranking.rows {
            self.raw(gap);
            self.short_key(&row.key);
            self.raw(" ");
            self.number(row.count.hits);
            self.raw(" (");
            units::push_percent(row.count.hits, ranking.hits, self.out);
            self.raw(")");
            gap = "  ";
        }
        if ranking.other() > 0 {
            self.raw(gap);
            self.raw("other ");
            self.number(ranking.other());
            gap = "  ";
        }
        if ranking.error > 0 {
            self.raw(gap);
            if ranking.rows.is_empty() {
                self.write(format_args!("none above {}", ranking.error));
            } else {
                self.write(format_args!("each up to {} more", ranking.error));
            }
        }
        self.raw("\n");
    }

    /// A key, cut: one of thousands of bytes would hide the others.
    fn short_key(&mut self, key: &[u8]) {
        // A byte takes four columns at most, as `\xff`.
        if key.len() <= LONGEST / 4 || key.len() <= LONGEST && escape::is_plain(key) {
            return self.key(key);
        }
        let ascii = self.look.ascii;
        let key = cut(&escape::terminal(key, ascii), LONGEST, ascii);
        self.raw(&key);
    }

    /// `9 unique`, `about 1200000 unique (+-9600)`.
    fn unique(&mut self, ranking: &Ranking) {
        self.raw(units::about(ranking.unique_error));
        self.number(ranking.unique);
        self.raw(" unique");
        if ranking.unique_error > 0 {
            self.write(format_args!(" (+-{})", ranking.unique_error));
        }
    }
}

/// The numbers of the keys: hits and 5xx, and durations and bytes if the log has them; of the other keys only the
/// hits.
fn columns(ranking: &Ranking) -> Vec<NumberColumn> {
    let of = |text: fn(&Row) -> String| ranking.rows.iter().map(text).collect::<Vec<_>>();
    let hits = ranking.rows.iter().map(|row| row.count.hits);
    let hits: Vec<u64> = match ranking.other() {
        0 => hits.collect(),
        other => hits.chain(iter::once(other)).collect(),
    };
    let share = |&hits: &u64| units::percent(hits, ranking.hits);
    let mut columns = vec![
        ("  ", hits.iter().map(u64::to_string).collect()),
        ("  ", hits.iter().map(share).collect()),
    ];
    if ranking.rows.iter().any(|row| row.count.client_errors > 0) {
        columns.push(("  4xx ", of(|row| row.count.client_errors.to_string())));
    }
    columns.push(("  5xx ", of(|row| row.count.errors.to_string())));
    if ranking.is_timed() {
        let mean = |row: &Row| row.mean_ms.map_or("-".to_owned(), units::milliseconds);
        let slow = |row: &Row| row.p95_ms.map_or("-".to_owned(), units::milliseconds);
        columns.push(("  mean ", of(mean)));
        columns.push(("  p95 ", of(slow)));
    }
    if ranking.rows.iter().any(|row| row.count.bytes > 0) {
        columns.push(("  ", of(|row| units::bytes(row.count.bytes))));
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::super::{Look, Text};
    use crate::quantity::{Count, KeyKind};
    use crate::render::Render;
    use crate::report::{Block, Event, Ranking, Report, Row};
    use crate::time::{Second, Zone};

    fn row(key: &str, hits: u64, bytes: u64, p95_ms: Option<f64>) -> Row {
        Row {
            key: key.as_bytes().into(),
            count: Count {
                hits,
                bytes,
                errors: hits / 10,
                client_errors: 0,
            },
            p95_ms,
            mean_ms: None,
        }
    }

    fn ranking(rows: Vec<Row>) -> Ranking {
        Ranking::new(
            KeyKind {
                name: "path",
                title: "paths",
            },
            rows,
            200,
            7,
            0,
            0,
        )
    }

    /// What a summary, or else a report, says of a ranking.
    fn written(ranking: Ranking, summary: bool, ascii: bool) -> String {
        let report = Report {
            from: Some(Second(0)),
            to: Some(Second(59)),
            partial: false,
            blocks: vec![Block::Ranking(ranking)],
        };
        let event = match summary {
            true => Event::Summary(report),
            false => Event::Report(report),
        };
        let look = Look {
            rich: false,
            color: false,
            width: 80,
            ascii,
        };
        let mut out = Vec::new();
        Text::new(look).render(&event, &Zone::UTC, &mut out);
        let text = String::from_utf8(out).expect("text is UTF-8");
        text.split_once('\n').expect("a headline").1.to_owned()
    }

    #[test]
    fn what_a_summary_was_asked_for_has_a_line_for_each_key() {
        let asked = ranking(vec![
            row("/api", 120, 18_300_000, Some(310.2)),
            row("/\u{65e5}\u{1b}[2J", 9, 512, None),
        ]);
        let mut off = asked.clone();
        (off.error, off.p95_error, off.unique_error) = (3, 0.016, 2);
        assert_eq!(
            written(asked.clone(), true, false),
            "  paths     7 unique
            /api        120  60%  5xx 12  mean -  p95 310 ms  18.3 MB
            /\u{65e5}\\x1b[2J    9   4%  5xx  0  mean -  p95      -    512 B
            5 other      71  36%
"
        );
        assert_eq!(
            written(off, true, true),
            "  paths     about 7 unique (+-2)
            /api              120  60%  5xx 12  mean -  p95 310 ms  18.3 MB
            /\\u{65e5}\\x1b[2J    9   4%  5xx  0  mean -  p95      -    512 B
            about 5 other      71  36%
            each up to 3 more
            p95 up to 1.6% off
"
        );
        let line = "  paths     7 unique: /api 120 (60%)  /\u{65e5}\\x1b[2J 9 (4%)  other 71\n";
        assert_eq!(written(asked.clone(), false, false), line);
        let standing = Ranking {
            asked: false,
            ..asked
        };
        assert_eq!(written(standing, true, false), line);
    }

    #[test]
    fn a_very_long_key_moves_its_own_numbers_only_and_is_cut() {
        let keys = [8, 60, 61, 200, 201, 5000].map(|length| "k".repeat(length));
        let rows = keys.iter().map(|key| row(key, 1, 0, None)).collect();
        let text = written(ranking(rows), true, false);
        let starts: Vec<usize> = text
            .lines()
            .filter(|line| line.contains('k'))
            .map(|line| line.chars().take_while(|&c| c != '1').count() - super::TITLE)
            .collect();
        // The greatest number of hits, that of the other keys, has three digits.
        assert_eq!(starts, [60, 60, 61, 200, 200, 200].map(|width| width + 4));
    }
}
