//! Rankings on a colour terminal: tables with bars, as wide as the screen.

use unicode_width::UnicodeWidthStr;

use super::super::bars::{cut, push_bar};
use super::super::{digits, escape, units};
use super::extras::Extras;
use super::{BAR, DIM, MIN_KEY, PLAIN, TITLE, TextWriter};
use crate::report::{Block, Ranking, Report};

/// The widths of the columns of a table.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Widths {
    keys: usize,
    bar: usize,
    digits: usize,
    pub(super) extras: Extras,
}

/// The widest column of keys that is kept for the next report: that of an IPv6 address.
const KEPT: usize = 39;
/// A longer key is cut before durations or bytes are left out, so that one long user agent does not cost all rows
/// these columns.
const CUT: usize = 32;
/// The columns of the share, of the two gaps before the hits, of one before the share, and of two before the bar.
const GAPS: usize = 9;
/// No bar needs more columns.
const BAR_COLUMNS: usize = 48;

impl Widths {
    /// The columns that the next report begins with, so that they line up with those of this one. A very long key
    /// widens only its own report.
    pub(super) fn kept(self) -> Widths {
        Widths {
            keys: self.keys.min(KEPT),
            ..self
        }
    }
}

fn digits_of(number: u64) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}

impl TextWriter<'_> {
    /// The columns that a key takes.
    pub(super) fn width_of(&self, key: &[u8]) -> usize {
        if escape::is_plain(key) {
            key.len()
        } else {
            escape::terminal(key, self.look.ascii).width()
        }
    }

    /// The columns that all tables of a report share, so that numbers and bars line up; no narrower than those
    /// before.
    pub(super) fn columns(&self, report: &Report) -> Widths {
        let (mut keys, mut most) = (self.columns.keys, 0);
        let mut extras = self.columns.extras;
        for block in &report.blocks {
            let Block::Ranking(ranking) = block else {
                continue;
            };
            for row in &ranking.rows {
                keys = self.width_of(&row.key).max(keys);
                most = row.count.hits.max(most);
            }
            extras.widen(ranking);
            if ranking.other() > 0 && !ranking.rows.is_empty() {
                keys = others(ranking).len().max(keys);
                most = ranking.other().max(most);
            }
        }
        let digits = digits_of(most).max(self.columns.digits);
        // Title, key, hits, share, extras, bar. The key may take what a bar of a fifth leaves. Durations and bytes
        // may take what the keys leave, and keys are cut for them, but not too short. The bar gets the rest. If too
        // little is left for a key, there are no errors and the bar is shorter.
        let left = self.look.width.saturating_sub(TITLE + digits + GAPS);
        if left < MIN_KEY + extras.errors {
            extras.errors = 0;
        }
        let left = left - extras.errors;
        let least = (self.look.width / 5).min(left.saturating_sub(MIN_KEY));
        let room = (left - least).max(MIN_KEY);
        let keys = keys.min(room);
        let extras = extras.within(room - keys.min(CUT));
        let keys = keys.min(room - extras.p95 - extras.bytes);
        let left = left.saturating_sub(keys + extras.p95 + extras.bytes);
        Widths {
            keys,
            bar: left.clamp(least, BAR_COLUMNS),
            digits,
            extras,
        }
    }

    /// A line for each key, with a bar that compares it with the key of the most hits, as in other outputs, and a line
    /// for the others with their number.
    pub(super) fn table(&mut self, ranking: &Ranking) {
        let most = ranking.most();
        let bar = self.columns.bar;
        let ascii = self.look.ascii;
        let mut title = ranking.dimension.title;
        for row in &ranking.rows {
            self.title(title);
            self.cell(PLAIN, &row.key);
            self.hits(row.count.hits, ranking);
            self.extras(row);
            self.paint(BAR, |page| {
                page.raw("  ");
                push_bar(row.count.hits, most, bar, ascii, page.out);
                page.out.truncate(page.out.trim_ascii_end().len());
            });
            self.raw("\n");
            title = "";
        }
        if ranking.other() > 0 {
            self.title(title);
            self.cell(DIM, others(ranking).as_bytes());
            self.hits(ranking.other(), ranking);
            self.raw("\n");
        }
        self.errors(ranking);
    }

    /// How much the rows above may be off.
    pub(super) fn errors(&mut self, ranking: &Ranking) {
        if ranking.error > 0 {
            self.row("", |page| {
                page.write(format_args!("each up to {} more", ranking.error));
            });
        }
        if ranking.p95_error > 0.0 {
            let percent = ranking.p95_error * 100.0;
            self.row("", |page| {
                page.write(format_args!("p95 up to {percent:.1}% off"));
            });
        }
    }

    /// A key, cut or padded to where the numbers begin.
    fn cell(&mut self, style: &str, key: &[u8]) {
        let keys = self.columns.keys;
        let mut width = self.width_of(key);
        if width <= keys {
            self.paint(style, |page| page.key(key));
        } else {
            let ascii = self.look.ascii;
            let key = cut(&escape::terminal(key, ascii), keys, ascii);
            self.paint(style, |page| page.raw(&key));
            width = key.width();
        }
        self.blanks(keys - width + 1);
    }

    /// Hits and their share, right-aligned in their columns.
    fn hits(&mut self, hits: u64, ranking: &Ranking) {
        self.raw(" ");
        self.right(self.columns.digits, |out| digits::whole(hits, out));
        self.raw(" ");
        self.right(4, |out| units::push_percent(hits, ranking.hits, out));
    }

    pub(super) fn right(&mut self, width: usize, number: impl FnOnce(&mut Vec<u8>)) {
        let start = self.out.len();
        number(self.out);
        let missing = width.saturating_sub(self.out.len() - start);
        self.blanks(missing);
        self.out[start..].rotate_right(missing);
    }
}

/// What the keys that are not listed are called: `70 other`, `about 70 other`.
pub(super) fn others(ranking: &Ranking) -> String {
    let about = units::about(ranking.unique_error);
    let more = ranking.omitted();
    format!("{about}{more} other")
}

#[cfg(test)]
mod tests {
    use super::super::{Look, Text};
    use super::*;
    use crate::quantity::{Count, KeyKind};
    use crate::render::Render;
    use crate::report::{Event, Row};
    use crate::time::{Second, Zone};

    /// The lines of a report on a colour terminal, without its codes.
    fn lines(width: usize, blocks: Vec<Block>) -> Vec<String> {
        let look = Look {
            rich: true,
            color: true,
            width,
            ascii: false,
        };
        let report = Report {
            from: Some(Second(0)),
            to: Some(Second(60)),
            partial: false,
            blocks,
        };
        let mut out = Vec::new();
        Text::new(look).render(&Event::Report(report), &Zone::UTC, &mut out);
        let text = String::from_utf8(out).expect("text is UTF-8");
        let plain = text.split('\x1b').enumerate().map(|(index, part)| {
            let code = part.find('m').map_or(0, |end| end + 1);
            &part[if index == 0 { 0 } else { code }..]
        });
        plain
            .collect::<String>()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn a_long_key_is_cut_before_another_loses_its_numbers() {
        let kinds = [("path", "paths"), ("agent", "agents")];
        let kinds = kinds.map(|(name, title)| KeyKind { name, title });
        let row = |key: String| Row {
            key: key.into_bytes().into(),
            count: Count {
                hits: 50,
                bytes: 1_000_000,
                errors: 0,
                client_errors: 0,
            },
            p95_ms: Some(12.0),
            mean_ms: None,
            seen: None,
        };
        let ranked = |kind, key| {
            let ranking = Ranking::new(kind, vec![row(key)], 50, 1, 0, 0);
            Block::Ranking(Box::new(ranking))
        };
        let lines = lines(
            100,
            vec![
                ranked(kinds[0], "/a".to_owned()),
                ranked(kinds[1], "b".repeat(90)),
            ],
        );
        for key in ["/a ", "bbb"] {
            let line = lines.iter().find(|line| line.contains(key));
            let line = line.expect("a line for each");
            assert!(line.contains("p95 12.0 ms  1.0 MB"), "{line}");
        }
    }

    #[test]
    fn a_table_fits_the_screen_whatever_its_keys_and_numbers() {
        let sections = KeyKind {
            name: "section",
            title: "sections",
        };
        let row = |key: String, hits: u64, errors: u64| Row {
            key: key.into_bytes().into(),
            count: Count {
                hits,
                errors,
                bytes: hits * 777,
                client_errors: 0,
            },
            p95_ms: (errors > 0).then_some(hits as f64),
            mean_ms: None,
            seen: None,
        };
        for width in 40..=200 {
            for (length, hits, errors) in [(1, 1, 0), (30, 77, 77), (500, 9_999_999, 123_456)] {
                let rows = vec![
                    row("a".repeat(length), hits, errors),
                    row("\u{65e5}".repeat(length), hits, 0),
                ];
                let ranking = Ranking::new(sections, rows, 2 * hits + 1, 3, 0, 0);
                for line in lines(width, vec![Block::Ranking(Box::new(ranking))]) {
                    assert!(line.width() <= width, "{width}: {line}");
                }
            }
        }
    }
}
