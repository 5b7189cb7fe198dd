//! What rollups bring: rows that stand for many hits, hits whose time was not believed, and the books of those who wrote
//! them.
//!
//! A row is as many records, one after the other: so what comes of it is what would have come of its lines, whatever counts
//! them.

use super::{Books, ClosedSeconds, Ingest};
use crate::format::record::Record;
use crate::format::rollup::{CarriedExample, RollupLine, RowPlace};
use crate::ingest::clock::Wall;
use crate::report::UnparsedExample;
use crate::stats::Hit;
use crate::time::{Second, Span};

/// How far ahead of the newest second the rows of a source may be that are not believed yet.
const AHEAD: Span = Span(86_400);

impl Ingest {
    /// A line of a rollup; the record is what its row stands for.
    pub fn carried(
        &mut self,
        line: RollupLine,
        record: &Record<'_>,
        wall: Option<Wall>,
        closed: &mut impl ClosedSeconds,
    ) {
        if !matches!(line, RollupLine::Row(_, RowPlace::Time)) {
            self.take_gathered(closed);
        }
        match line {
            RollupLine::Row(hits, RowPlace::Time) => {
                (0..hits).for_each(|_| self.observe(record, wall, closed));
            }
            // What is not before all others is not late here.
            RollupLine::Row(hits, RowPlace::Late) if self.books.newest < Some(record.time) => {
                (0..hits).for_each(|_| self.observe(record, wall, closed));
            }
            RollupLine::Row(hits, place) => {
                (0..hits).for_each(|_| self.observe_placed(record, place, closed));
            }
            RollupLine::Unparsed(second, lines) => {
                self.books.lines += lines;
                self.books.unparsed += lines;
                self.count_unparsed(second, lines);
            }
            RollupLine::Skipped(_) | RollupLine::Filtered(_) => self.books.take(line),
            RollupLine::Newest(second) => self.offer(&Hit::uncounted(second), wall, closed),
            RollupLine::Example | RollupLine::Header => {}
        }
    }

    /// A record that was late where it was written down, or was not believed there.
    fn observe_placed(
        &mut self,
        record: &Record<'_>,
        place: RowPlace,
        closed: &mut impl ClosedSeconds,
    ) {
        self.running = None;
        self.books.lines += 1;
        let mut hit = Hit::uncounted(record.time);
        self.selection.count(record, &mut hit, &mut self.books);
        if self.books.totals.is_full() {
            self.reduce(std::slice::from_mut(&mut hit), closed);
        }
        if self.rollup.is_some() {
            self.write_row(record, &mut hit);
        }
        if place == RowPlace::Nowhere {
            self.books.skewed_before += u64::from(hit.counted);
            self.sum_skewed();
            self.roll_skewed(&hit, closed);
        } else if hit.counted {
            self.selection.find_matches(record, &mut hit);
            self.believe(&hit, closed);
        }
    }

    /// Counts lines that were no records in their second, as they would have been if they had come here.
    fn count_unparsed(&mut self, second: Option<Second>, lines: u64) {
        if let Some(rollup) = &mut self.rollup {
            rollup.unparsed(second, lines);
        }
        let (Some(second), Some(newest)) = (second, self.books.newest) else {
            self.unparsed_before += lines;
            return;
        };
        // One that is far ahead of all that is believed is not either.
        let second = if second > newest + AHEAD {
            newest
        } else {
            second
        };
        if second >= self.first_open() && second < self.books.bounds.until {
            self.timeline.bucket(second).counters.unparsed += lines;
        }
    }

    /// One of the lines that were no records where the rollup was written.
    pub fn carried_example(&mut self, example: &CarriedExample, closed: &mut impl ClosedSeconds) {
        let Some(unparsed) = example.unparsed else {
            return;
        };
        self.settle(closed);
        let examples = &mut self.books.examples;
        let mut known = examples.iter_mut();
        let found = UnparsedExample {
            unparsed,
            count: example.count,
            line: example.line,
            file: example.file.clone(),
            text: self.selection.example(&example.text),
            second: example.second,
        };
        match known.find(|known| known.unparsed.reason() == unparsed.reason()) {
            Some(known) => {
                let count = known.count + found.count;
                if found.second < known.second {
                    *known = found;
                }
                known.count = count;
            }
            None => examples.push(found),
        }
    }
}

impl Books {
    /// Takes the lines that a rollup counts and does not hold.
    pub(super) fn take(&mut self, line: RollupLine) {
        match line {
            RollupLine::Skipped(lines) => {
                self.lines += lines;
                self.skipped += lines;
            }
            RollupLine::Filtered(lines) => {
                self.lines += lines;
                self.filtered += lines;
            }
            _ => {}
        }
    }
}
