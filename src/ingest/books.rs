//! The books: how many lines were read and what became of them, and the totals of those that count.

use std::sync::Arc;

use super::Counting;
use crate::filter::period::Bounds;
use crate::report::UnparsedExample;
use crate::stats::keys::Renumbering;
use crate::stats::totals::Totals;
use crate::time::{Second, Span, Zone};

/// The zone until the first record.
static UTC: Zone = Zone::UTC;

/// What is known of all that was read. Invariant: lines = hits + unparsed + skipped + filtered.
#[derive(Debug)]
pub struct Books {
    /// Hits, whatever their time, and the keys of every dimension that is counted.
    pub totals: Totals,
    /// Lines.
    pub lines: u64,
    /// Lines that there is nothing to count of.
    pub skipped: u64,
    /// Lines that are no record.
    pub unparsed: u64,
    /// Records that are left out.
    pub filtered: u64,
    /// Hits that came when their second was closed.
    pub late: u64,
    /// The lateness that would have taken all of them.
    pub late_by: Span,
    /// Hits that have no place in time.
    pub skewed: u64,
    /// Those of them of which rollups say so.
    pub(super) skewed_before: u64,
    /// Live, the sources that are too far behind the foremost to be waited for, and how far.
    pub behind: Vec<(Arc<str>, Span)>,
    /// How often the log went back.
    pub rewinds: u64,
    /// The first lines that are no record, one of each reason.
    pub examples: Vec<UnparsedExample>,
    /// The least and greatest believed seconds of hits.
    pub span: Option<(Second, Second)>,
    /// The greatest second that is believed, or that silence has reached.
    pub newest: Option<Second>,
    /// The first second that is not closed.
    pub first_open: Second,
    /// What of `--since` and `--until` is known: until the first record, nothing may be.
    pub bounds: Bounds,
    /// Whether the last records came within five minutes of the wall clock.
    pub live: bool,
    /// Live, how long no line has come.
    pub silent: Span,
    /// The offset of the first record, in seconds east of UTC.
    pub offset: Option<i32>,
    zone: Option<Zone>,
}

impl Books {
    /// Books of nothing; reports are in `zone`, or in that of the first record.
    pub(super) fn new(counting: &Counting, zone: Option<Zone>) -> Books {
        Books {
            totals: match &counting.rollup {
                Some(layout) => Totals::of_rollup(Arc::clone(layout), counting.robots),
                None => Totals::new(&counting.top, counting.robots),
            },
            lines: 0,
            skipped: 0,
            unparsed: 0,
            filtered: 0,
            late: 0,
            late_by: Span(0),
            skewed: 0,
            skewed_before: 0,
            behind: Vec::new(),
            rewinds: 0,
            examples: Vec::new(),
            span: None,
            newest: None,
            first_open: Second(i64::MIN),
            bounds: counting.period.bounds().unwrap_or(Bounds::ALL),
            live: false,
            silent: Span(0),
            offset: None,
            zone,
        }
    }

    /// The zone of reports: UTC until the first record.
    pub fn zone(&self) -> &Zone {
        self.zone.as_ref().unwrap_or(&UTC)
    }

    /// The same, once it is known.
    pub fn known_zone(&self) -> Option<&Zone> {
        self.zone.as_ref()
    }

    /// Hits.
    pub fn hits(&self) -> u64 {
        self.totals.statistics.counters.hits
    }

    /// Hits, and records that were left out.
    pub fn records(&self) -> u64 {
        self.hits() + self.filtered
    }

    /// Whether lines were read and not one was an entry, though not all of them were headers.
    pub fn is_foreign(&self) -> bool {
        let headers = self.examples.iter().filter(|e| e.unparsed.is_header());
        self.records() == 0 && self.unparsed > headers.map(|e| e.count).sum()
    }

    /// How many hits have no place in time or came when theirs was closed, where they are so many that alerts may
    /// have missed them: ten at least, and more than one in a hundred.
    pub fn many_misplaced(&self) -> Option<u64> {
        let misplaced = self.late + self.skewed;
        (misplaced >= 10 && misplaced > self.hits() / 100).then_some(misplaced)
    }

    /// The last second that is closed.
    pub fn closed(&self) -> Second {
        Second(self.first_open.0.saturating_sub(1))
    }

    /// Up to when alerts are shown: the newest second of the period.
    pub fn now(&self) -> Option<Second> {
        let last = Second(self.bounds.until.0 - 1);
        self.newest.map(|newest| newest.min(last))
    }

    /// The dimensions that are listed and have no key so far: the format lacks their field.
    pub fn lacks(&self) -> impl Iterator<Item = &'static str> {
        let tops = self.totals.tops().iter().enumerate();
        let listed = tops.filter(|(_, top)| top.rows > 0 && !top.dimension.is_rare());
        listed
            .filter(|&(i, _)| self.totals.table(i).hits() == 0)
            .map(|(_, top)| top.dimension.name)
    }

    /// The first record has this offset.
    pub(super) fn begin(&mut self, offset: i32) {
        self.offset = Some(offset);
        self.zone.get_or_insert_with(|| Zone::fixed(offset));
    }

    /// Adds what depends on no order in the books of `part`, and says what its ids are here, by dimension.
    /// `None`, and nothing is added, where a table would pass its cap: then it matters at which record it does;
    /// nor where the part took its own first record for that of the run, and so counted another period.
    pub(super) fn merge(&mut self, part: &Books) -> Option<Vec<Renumbering>> {
        if part.offset.is_some() {
            if self.offset.is_some() && self.bounds != part.bounds {
                return None;
            }
            self.bounds = part.bounds;
        }
        let ids = self.totals.merge(&part.totals)?;
        self.add_counts(part);
        Some(ids)
    }

    /// As [`Books::merge`], for a part of which the period is known, whatever the caps.
    pub(super) fn merge_past_caps(&mut self, part: &Books) -> Vec<Renumbering> {
        let ids = self.totals.merge_past_caps(&part.totals);
        self.add_counts(part);
        ids
    }

    fn add_counts(&mut self, part: &Books) {
        self.lines += part.lines;
        self.skipped += part.skipped;
        self.filtered += part.filtered;
        self.skewed_before += part.skewed_before;
        if let (None, Some(offset)) = (self.offset, part.offset) {
            self.begin(offset);
        }
    }

    /// Forgets all, keeping memory for the next part.
    pub(super) fn clear(&mut self) {
        self.totals.clear();
        (self.lines, self.skipped, self.filtered, self.skewed_before) = (0, 0, 0, 0);
        self.offset = None;
    }
}
