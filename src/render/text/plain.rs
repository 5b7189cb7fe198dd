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
use crate::report::{KEY_COLUMNS, KeyColumn, Ranking, Row};
use crate::time::{Second, Zone};

/// The columns of the longest key; JSON has all of it.
const LONGEST: usize = 200;
/// The columns of the longest key that moves the numbers of other keys. A longer key moves only its own.
const ALIGNED: usize = 60;

/// The numbers of one kind in a table, that of the first row first, and what is before each.
type NumberColumn = (KeyColumn, &'static str, Vec<String>);

/// The columns in the order in which they are left out where there is no room.
const LEAST_FIRST: [KeyColumn; 8] = [
    KeyColumn::Share,
    KeyColumn::Bytes,
    KeyColumn::Mean,
    KeyColumn::ClientErrors,
    KeyColumn::P95,
    KeyColumn::Errors,
    KeyColumn::Hits,
    KeyColumn::First,
];

/// The columns of the shortest key of a table that leaves some of its numbers out.
const SHORT: usize = 12;

impl TextWriter<'_> {
    /// A line that names the dimension, then one for each key, and one for the others.
    pub(super) fn lines(&mut self, ranking: &Ranking) {
        self.row(ranking.dimension.title, |page| page.unique(ranking));
        let columns = self.fitting(columns(ranking, self.zone));
        let room = self.room_for_keys(&columns);
        let ascii = self.look.ascii;
        let fit = |key: String| match key.width() <= room {
            true => key,
            false => cut(&key, room, ascii),
        };
        let rows = ranking.rows.iter();
        let mut keys: Vec<String> = rows
            .map(|row| fit(self.aside(|p| p.short_key(&row.key))))
            .collect();
        if ranking.other() > 0 {
            keys.push(others(ranking));
        }
        let width = |key: &String| Some(key.width()).filter(|&width| width <= ALIGNED);
        let aligned = keys.iter().filter_map(width).max().unwrap_or(0).min(room);
        for (at, key) in keys.iter().enumerate() {
            self.blanks(TITLE);
            self.raw(key);
            let mut gap = aligned.saturating_sub(key.width());
            for (_, before, numbers) in &columns {
                if let Some(number) = numbers.get(at) {
                    self.blanks(std::mem::take(&mut gap));
                    let widest = widest(numbers);
                    self.write(format_args!("{before}{number:>widest$}"));
                }
            }
            self.raw("\n");
        }
        self.errors(ranking);
    }

    /// As many of the columns as a terminal has room for.
    fn fitting(&self, mut columns: Vec<NumberColumn>) -> Vec<NumberColumn> {
        for least in LEAST_FIRST {
            if columns.len() > 1 && self.room_for_keys(&columns) < SHORT {
                columns.retain(|(column, ..)| *column != least);
            }
        }
        columns
    }

    /// The columns of a terminal that these leave for the key.
    fn room_for_keys(&self, columns: &[NumberColumn]) -> usize {
        if !self.look.rich {
            return usize::MAX;
        }
        let width = |(_, before, numbers): &NumberColumn| before.len() + widest(numbers);
        let taken = columns.iter().map(width).sum::<usize>();
        self.look.width.saturating_sub(TITLE + taken)
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

fn widest(numbers: &[String]) -> usize {
    numbers.iter().map(String::len).max().unwrap_or(0)
}

/// The numbers of the keys: hits and 5xx, and durations and bytes if the log has them, or those that were chosen; of the
/// other keys only the hits.
fn columns(ranking: &Ranking, zone: &Zone) -> Vec<NumberColumn> {
    let rows = || ranking.rows.iter();
    let shows = |column| match (ranking.columns, column) {
        (Some(chosen), column) => chosen.has(column),
        (None, KeyColumn::ClientErrors) => rows().any(|row| row.count.client_errors > 0),
        (None, KeyColumn::Mean | KeyColumn::P95) => ranking.is_timed(),
        (None, KeyColumn::Bytes) => rows().any(|row| row.count.bytes > 0),
        (None, KeyColumn::First | KeyColumn::Last) => false,
        (None, _) => true,
    };
    let of = |text: &dyn Fn(&Row) -> String| rows().map(text).collect::<Vec<_>>();
    let hits = ranking.rows.iter().map(|row| row.count.hits);
    let hits: Vec<u64> = match ranking.other() {
        0 => hits.collect(),
        other => hits.chain(iter::once(other)).collect(),
    };
    let share = |&hits: &u64| units::percent(hits, ranking.hits);
    let of_ms = |ms: Option<f64>| ms.map_or("-".to_owned(), units::milliseconds);
    let time = |time: Option<Second>| time.map_or("-".to_owned(), |time| zone.show(time));
    let numbers = |column| match column {
        KeyColumn::Hits => ("  ", hits.iter().map(u64::to_string).collect()),
        KeyColumn::Share => ("  ", hits.iter().map(share).collect()),
        KeyColumn::ClientErrors => ("  4xx ", of(&|row| row.count.client_errors.to_string())),
        KeyColumn::Errors => ("  5xx ", of(&|row| row.count.errors.to_string())),
        KeyColumn::Mean => ("  mean ", of(&|row| of_ms(row.mean_ms))),
        KeyColumn::P95 => ("  p95 ", of(&|row| of_ms(row.p95_ms))),
        KeyColumn::Bytes => ("  ", of(&|row| units::bytes(row.count.bytes))),
        KeyColumn::First => ("  first ", of(&|row| time(row.seen.map(|seen| seen.0)))),
        KeyColumn::Last => ("  last ", of(&|row| time(row.seen.map(|seen| seen.1)))),
    };
    let all = KEY_COLUMNS.iter().map(|&(_, column, _)| column);
    let column = |column| {
        let (before, numbers) = numbers(column);
        (column, before, numbers)
    };
    all.filter(|&column| shows(column)).map(column).collect()
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
            seen: None,
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
            blocks: vec![Block::Ranking(Box::new(ranking))],
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
