//! Rollups: the rows of each second, as it closes. See [`format::rollup`](crate::format::rollup) for what they look like.
//!
//! Rows ascend by time. What comes late for that is kept, and is written as a rollup of its own now and then: what was open
//! ends before it, and another begins behind it. Late rows take at most `MOST_LATE` bytes, about.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use super::Render;
use crate::format::rollup::{CarriedExample, MOST_HITS, Seal, head, row_head};
use crate::report::{Block, Event, Report, Rolled, RolledKind};
use crate::time::{Second, Span, Zone};

/// Bytes of late rows that are kept.
const MOST_LATE: usize = 1 << 20;
/// Late rows are kept no longer than this, by the clock of the log.
const LATE: Span = Span(600);

/// What of the books has no time.
const BOOKS: [&str; 2] = ["skipped", "filtered"];

/// The output.
#[derive(Debug, Default)]
pub struct RollupWriter {
    columns: Arc<str>,
    offset: i32,
    /// What was written of the rollup that is open.
    open: Option<Seal>,
    /// The second of its last row.
    last: Option<Second>,
    /// What a row of one hit of it begins with.
    one: Vec<u8>,
    /// Rows that came late, with their hits, and the bytes that they take.
    late: BTreeMap<(Second, Box<[u8]>), u64>,
    late_bytes: usize,
    /// When the first of them came.
    late_since: Option<Second>,
    newest: Option<Second>,
}

impl Render for RollupWriter {
    fn render(&mut self, event: &Event, _: &Zone, out: &mut Vec<u8>) {
        match event {
            Event::Rolled(rolled) => self.take(rolled, out),
            Event::Summary(summary) if !summary.partial => self.end(summary, out),
            _ => {}
        }
    }
}

impl RollupWriter {
    fn take(&mut self, rolled: &Rolled, out: &mut Vec<u8>) {
        self.columns = Arc::clone(&rolled.columns);
        self.offset = rolled.offset;
        let mut rows = rows(rolled);
        let mut taken = 0;
        for &(second, end) in &rolled.seconds {
            let rows = rows.by_ref().take(end - taken);
            taken = end;
            match rolled.kind {
                RolledKind::Rows => {
                    self.rows(second, rows, out);
                    let due = |since| second - since > LATE;
                    if self.late_since.is_some_and(due) {
                        self.write_late(out);
                    }
                }
                RolledKind::Late => {
                    for (hits, row) in rows {
                        self.late_bytes += row.len() + 64;
                        *self.late.entry((second, row.into())).or_default() += hits;
                    }
                    self.late_since = self.late_since.or(self.last).or(Some(second));
                    if self.late_bytes > MOST_LATE {
                        self.write_late(out);
                    }
                }
                RolledKind::Skewed => {
                    for (hits, row) in rows {
                        self.begin(false, out);
                        self.line(out, |out| {
                            out.extend_from_slice(b"#skewed\t");
                            row_head(second, hits, out);
                            out.extend_from_slice(row);
                            out.push(b'\n');
                        });
                    }
                }
                RolledKind::End => self.newest = Some(second),
            }
        }
        self.unparsed(rolled, out);
    }

    /// Writes the rows of a second.
    fn rows<'r>(
        &mut self,
        second: Second,
        rows: impl Iterator<Item = (u64, &'r [u8])>,
        out: &mut Vec<u8>,
    ) {
        if self.last.is_some_and(|last| second < last) {
            self.close(out);
        }
        self.begin(false, out);
        self.last = Some(second);
        // Nearly every row has one hit.
        self.one.clear();
        row_head(second, 1, &mut self.one);
        for (hits, row) in rows {
            self.row(second, hits, row, out);
        }
    }

    /// Writes where lines were that are no records.
    fn unparsed(&mut self, rolled: &Rolled, out: &mut Vec<u8>) {
        for &(second, lines) in &rolled.unparsed {
            self.begin(false, out);
            // Without any record there is no time.
            let second = if second.0 == i64::MIN {
                String::new()
            } else {
                second.0.to_string()
            };
            self.line(out, |out| {
                line(out, format_args!("#unparsed\t{second}\t{lines}"))
            });
        }
    }

    /// Writes the rows that came late, as a rollup of its own.
    fn write_late(&mut self, out: &mut Vec<u8>) {
        if self.late.is_empty() {
            return;
        }
        self.close(out);
        self.begin(true, out);
        for ((second, row), hits) in std::mem::take(&mut self.late) {
            self.rows(second, std::iter::once((hits, &row[..])), out);
        }
        (self.late_bytes, self.late_since) = (0, None);
        self.close(out);
    }

    /// Writes the books and ends.
    fn end(&mut self, summary: &Report, out: &mut Vec<u8>) {
        self.begin(false, out);
        for block in &summary.blocks {
            match block {
                Block::Input { key, value, .. } if *value > 0 && BOOKS.contains(key) => {
                    self.line(out, |out| line(out, format_args!("#{key}\t{value}")));
                }
                Block::Unparsed(examples) => {
                    for example in examples {
                        let example = CarriedExample {
                            unparsed: Some(example.unparsed),
                            count: example.count,
                            line: example.line,
                            file: example.file.clone(),
                            text: example.text.to_vec(),
                            second: example.second,
                        };
                        self.line(out, |out| example.write(out));
                    }
                }
                _ => {}
            }
        }
        // A record that was left out may have moved the clock, or a silence.
        let newest = self
            .newest
            .filter(|&newest| newest.0 > i64::MIN && Some(newest) > self.last);
        if let Some(newest) = newest {
            self.line(out, |out| line(out, format_args!("#newest\t{}", newest.0)));
        }
        self.close(out);
        self.write_late(out);
    }

    /// Begins a rollup, if none is open.
    fn begin(&mut self, late: bool, out: &mut Vec<u8>) {
        if self.open.is_some() {
            return;
        }
        let mut seal = Seal::default();
        let head = head(&self.columns, self.offset, late);
        head.lines().for_each(|line| seal.line(line.as_bytes()));
        out.extend_from_slice(head.as_bytes());
        self.open = Some(seal);
    }

    /// Ends the rollup that is open.
    fn close(&mut self, out: &mut Vec<u8>) {
        if let Some(seal) = self.open.take() {
            self.last = None;
            // Writing to memory does not fail.
            let _ = write!(out, "{seal}");
        }
    }

    /// Writes a row, or several where one cannot have so many hits.
    fn row(&mut self, second: Second, mut hits: u64, row: &[u8], out: &mut Vec<u8>) {
        while hits > 0 {
            let some = hits.min(MOST_HITS);
            let from = out.len();
            if some == 1 {
                out.extend_from_slice(&self.one);
            } else {
                row_head(second, some, out);
            }
            out.extend_from_slice(row);
            if let Some(seal) = &mut self.open {
                seal.row(&out[from..], second, some);
            }
            out.push(b'\n');
            hits -= some;
        }
    }

    /// Writes a line that is no row, and counts it.
    fn line(&mut self, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        let from = out.len();
        write(out);
        if let (Some(seal), [line @ .., b'\n']) = (&mut self.open, &out[from..]) {
            seal.line(line);
        }
    }
}

fn line(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to memory does not fail.
    let _ = writeln!(out, "{text}");
}

/// The hits and the values of each row.
fn rows(rolled: &Rolled) -> impl Iterator<Item = (u64, &[u8])> {
    let mut start = 0;
    rolled.rows.iter().map(move |&(hits, end)| {
        let row = &rolled.text[start..end];
        start = end;
        (hits, row)
    })
}
