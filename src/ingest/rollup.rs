//! The rows of a rollup: what the hits of a second have in common, and how many they are.
//!
//! The row of a hit goes to the bucket of its second, and the rows of a second are written when it closes. A hit that
//! waits for the clock has its row held for it meanwhile. Where rows of the open seconds alone take too much, the oldest of
//! them are written early: what comes for such a second later is a further row of it. So nothing is dropped.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::{ClosedSeconds, Ingest};
use crate::format::record::Record;
use crate::report::{Rolled, RolledKind};
use crate::stats::bucket::Bucket;
use crate::stats::rows::{RollupRows, RowSort};
use crate::stats::{Hit, keys};
use crate::time::Second;

/// Bytes that the rows of open seconds take at most.
const MOST_OPEN: usize = if cfg!(test) { 2 << 10 } else { 16 << 20 };
/// Bytes of rows that are written together, where nobody waits for them.
const ENOUGH: usize = if cfg!(test) { 512 } else { 32 << 10 };

/// What is rolled up, and how.
#[derive(Debug)]
pub(super) struct Rollup {
    /// The names of the columns of its rows.
    columns: Arc<str>,
    /// Rows of hits that have no place yet, and which of these places are free.
    held: Vec<Vec<u8>>,
    free: Vec<u32>,
    /// What the rows of open seconds [weigh](RollupRows::weight).
    open: usize,
    sort: RowSort,
    /// Seconds that are to be written together with those that follow.
    begun: Option<Rolled>,
    /// Whether each is to be written at once.
    live: bool,
    /// Lines that are no records, by the time of the record before them, which are not written yet; first those that none
    /// was before.
    unparsed: BTreeMap<Option<Second>, u64>,
}

impl Rollup {
    /// Nothing was read; `columns` are those of a row. If `live`, each second is written when it closes.
    pub(super) fn new(columns: Arc<str>, live: bool) -> Box<Rollup> {
        Box::new(Rollup {
            begun: None,
            live,
            columns,
            held: Vec::new(),
            free: Vec::new(),
            open: 0,
            sort: RowSort::default(),
            unparsed: BTreeMap::new(),
        })
    }

    /// Lines came that are no records, behind a record of this time.
    pub(super) fn unparsed(&mut self, second: Option<Second>, lines: u64) {
        *self.unparsed.entry(second).or_default() += lines;
    }

    /// What came of them up to this second, or at the end all.
    fn take_unparsed(&mut self, second: Second, all: bool) -> Vec<(Second, u64)> {
        let last = if all { Second(i64::MAX) } else { second.next() };
        let later = self.unparsed.split_off(&Some(last));
        let taken = std::mem::replace(&mut self.unparsed, later).into_iter();
        taken
            .map(|(known, lines)| (known.unwrap_or(second), lines))
            .collect()
    }

    /// Nothing, to be written.
    fn rolled(&self, kind: RolledKind, offset: i32) -> Rolled {
        Rolled {
            kind,
            seconds: Vec::new(),
            offset,
            columns: Arc::clone(&self.columns),
            rows: Vec::new(),
            text: Vec::new(),
            unparsed: Vec::new(),
        }
    }

    /// Room for a row that is held.
    fn place(&mut self) -> (u32, &mut Vec<u8>) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.held.push(Vec::new());
            self.held.len() as u32 - 1
        });
        let row = &mut self.held[place as usize];
        row.clear();
        (place, row)
    }

    /// The row that is held for a hit. It is held no longer.
    fn release(&mut self, hit: &Hit) -> Option<&[u8]> {
        let row = self.held.get(hit.row as usize)?;
        self.free.push(hit.row);
        Some(row)
    }
}

/// Adds the row of a hit to its second; what it weighs.
fn push_row(bucket: &mut Bucket, row: &[u8]) -> usize {
    let rows = bucket.rows.get_or_insert_default();
    let before = rows.weight();
    rows.push(1, row);
    rows.weight() - before
}

impl Ingest {
    /// Holds the row of a record that became `hit`, if it counts.
    #[cold]
    pub(super) fn write_row(&mut self, record: &Record<'_>, hit: &mut Hit) {
        if let Some(rollup) = self.rollup.as_mut().filter(|_| hit.counted) {
            let (place, row) = rollup.place();
            hit.row = place;
            self.books.totals.write_row(record, row);
        }
    }

    /// Holds a row: for the hit that is to say where.
    pub(super) fn hold_row(&mut self, text: &[u8]) -> u32 {
        let Some(rollup) = &mut self.rollup else {
            return keys::NONE;
        };
        let (place, row) = rollup.place();
        row.extend_from_slice(text);
        place
    }

    /// The row of a hit, if it has one. It is held no longer.
    pub(super) fn release_row(&mut self, hit: &Hit) -> RollupRows {
        let mut rows = RollupRows::default();
        if let Some(row) = self.rollup.as_mut().and_then(|rollup| rollup.release(hit)) {
            rows.push(1, row);
        }
        rows
    }

    /// The row of a hit goes to the bucket of its second, which is open.
    #[inline(never)]
    pub(super) fn place_row(&mut self, hit: &Hit, closed: &mut impl ClosedSeconds) {
        let Some(rollup) = &mut self.rollup else {
            return;
        };
        if let Some(row) = rollup.release(hit) {
            let bucket = self.timeline.bucket(hit.time);
            rollup.open += push_row(bucket, row);
            self.roll_early(closed);
        }
    }

    /// Rows of one second, of a hit each, go to its bucket, which is open. `order` says how they ascend, if that is known.
    pub(super) fn place_rows(
        &mut self,
        second: Second,
        rows: &RollupRows,
        range: Range<usize>,
        order: &[(u64, u32)],
        closed: &mut impl ClosedSeconds,
    ) {
        let Some(rollup) = &mut self.rollup else {
            return;
        };
        let bytes = rows.bytes_of(range.clone());
        if !order.is_empty() && rollup.open + bytes <= MOST_OPEN {
            rollup.open += bytes;
            let bucket = self.timeline.bucket(second);
            bucket
                .rows
                .get_or_insert_default()
                .extend(rows, order, bytes);
            return;
        }
        for place in range {
            let weight = push_row(self.timeline.bucket(second), rows.text(place));
            if let Some(rollup) = &mut self.rollup {
                rollup.open += weight;
            }
            self.roll_early(closed);
        }
    }

    /// Where the rows of the open seconds take too much, those of the oldest are written, until half of it is left.
    #[inline]
    fn roll_early(&mut self, closed: &mut impl ClosedSeconds) {
        if self
            .rollup
            .as_ref()
            .is_some_and(|rollup| rollup.open > MOST_OPEN)
        {
            self.roll_oldest(closed);
        }
    }

    #[cold]
    fn roll_oldest(&mut self, closed: &mut impl ClosedSeconds) {
        let Some(rollup) = &mut self.rollup else {
            return;
        };
        rollup.open = 0;
        for rows in self
            .timeline
            .buckets_mut()
            .filter_map(|bucket| bucket.rows.as_mut())
        {
            rows.sort(&mut rollup.sort);
            rollup.open += rows.weight();
        }
        let mut open = rollup.open;
        let seconds: Vec<Second> = self.timeline.open().map(|(second, _)| second).collect();
        for second in seconds {
            if open <= MOST_OPEN / 2 {
                break;
            }
            let bucket = self.timeline.get_mut(second);
            if let Some(mut rows) = bucket.and_then(|bucket| bucket.rows.take()) {
                open -= rows.weight();
                self.roll(RolledKind::Rows, second, &mut rows, closed);
            }
        }
        if let Some(rollup) = &mut self.rollup {
            rollup.open = open;
        }
    }

    /// Writes these rows, or keeps them until there are more; they are taken.
    fn roll(
        &mut self,
        kind: RolledKind,
        second: Second,
        rows: &mut RollupRows,
        closed: &mut impl ClosedSeconds,
    ) {
        let Some(rollup) = &mut self.rollup else {
            return;
        };
        let offset = self.books.offset.unwrap_or(0);
        let unparsed = match kind {
            RolledKind::Rows | RolledKind::End if !rollup.unparsed.is_empty() => {
                rollup.take_unparsed(second, kind == RolledKind::End)
            }
            _ => Vec::new(),
        };
        if rows.is_empty() && unparsed.is_empty() && kind != RolledKind::End {
            return;
        }
        if kind != RolledKind::Rows
            && let Some(rolled) = rollup.begun.take()
        {
            closed.rolled(rolled);
        }
        let whole = rollup.live || kind != RolledKind::Rows || !unparsed.is_empty();
        let mut rolled = rollup
            .begun
            .take()
            .unwrap_or_else(|| rollup.rolled(kind, offset));
        rows.sort(&mut rollup.sort);
        rows.append_to(&mut rolled.rows, &mut rolled.text);
        rolled.seconds.push((second, rolled.rows.len()));
        rolled.unparsed = unparsed;
        if whole || rolled.text.len() >= ENOUGH {
            closed.rolled(rolled);
        } else {
            rollup.begun = Some(rolled);
        }
    }

    /// A second closes.
    #[inline]
    pub(super) fn roll_closed(
        &mut self,
        second: Second,
        bucket: &mut Bucket,
        closed: &mut impl ClosedSeconds,
    ) {
        if let Some(rollup) = &mut self.rollup {
            match &mut bucket.rows {
                Some(rows) => {
                    rollup.open = rollup.open.saturating_sub(rows.weight());
                    self.roll(RolledKind::Rows, second, rows, closed);
                }
                None => self.roll(RolledKind::Rows, second, &mut RollupRows::default(), closed),
            }
        }
    }

    /// These came late.
    pub(super) fn roll_late(
        &mut self,
        second: Second,
        mut rows: RollupRows,
        closed: &mut impl ClosedSeconds,
    ) {
        self.roll(RolledKind::Late, second, &mut rows, closed);
    }

    /// The time of a hit was not believed.
    #[cold]
    pub(super) fn roll_skewed(&mut self, hit: &Hit, closed: &mut impl ClosedSeconds) {
        let mut rows = self.release_row(hit);
        self.roll(RolledKind::Skewed, hit.time, &mut rows, closed);
    }

    /// The same of a hit with this row.
    #[cold]
    pub(super) fn roll_skewed_row(
        &mut self,
        second: Second,
        row: &[u8],
        closed: &mut impl ClosedSeconds,
    ) {
        let mut rows = RollupRows::default();
        rows.push(1, row);
        self.roll(RolledKind::Skewed, second, &mut rows, closed);
    }

    /// The input has ended.
    pub(super) fn roll_end(&mut self, closed: &mut impl ClosedSeconds) {
        let newest = self.books.newest.unwrap_or(Second(i64::MIN));
        self.roll(RolledKind::End, newest, &mut RollupRows::default(), closed);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::chunk::ChunkPlace;
    use super::super::{Books, Chunk, Counting};
    use super::*;
    use crate::filter::period::Period;
    use crate::format::record::Request;
    use crate::format::rollup::RollupLayout;
    use crate::report::Rewind;
    use crate::stats::keys::Renumbering;
    use crate::time::Span;

    /// All rows: what is known of their time, it, hits and text.
    type Written = Vec<(RolledKind, Second, u64, Vec<u8>)>;

    #[derive(Default)]
    struct Collect(Written);

    impl ClosedSeconds for Collect {
        fn begin(&mut self, _: Second) {}
        fn unread(&mut self, _: Second, _: Second) {}
        fn close(
            &mut self,
            run: &mut Vec<crate::stats::bucket::ClosedSecond>,
            _: bool,
            _: &Books,
            mut recycle: impl FnMut(Box<Bucket>),
        ) {
            run.drain(..).for_each(|(_, bucket)| recycle(bucket));
        }
        fn late(&mut self, _: Second, _: &Bucket, _: &Books) {}
        fn heard(&mut self, _: Second, _: &Bucket) {}
        fn end(&mut self, _: &Books) {}
        fn rewind(&mut self, _: Rewind, _: &Books) {}
        fn next_change(&self, _: Second) -> Option<Second> {
            None
        }
        fn grows(&self) -> bool {
            false
        }
        fn needs_every_second_of_a_silence(&self) -> bool {
            false
        }
        fn rolled(&mut self, rolled: Rolled) {
            let (mut place, mut start) = (0, 0);
            for (second, to) in rolled.seconds {
                for &(hits, end) in &rolled.rows[place..to] {
                    let text = rolled.text[start..end].to_vec();
                    self.0.push((rolled.kind, second, hits, text));
                    start = end;
                }
                place = to;
            }
        }
        fn renumber(&mut self, _: usize, _: usize, _: &Renumbering) {}
    }

    fn counting() -> Counting {
        Counting {
            top: Vec::new(),
            robots: false,
            period: Period::default(),
            filter: None,
            anonymous: false,
            expressions: Vec::new(),
            by_time: 0,
            rollup: Some(Arc::new(RollupLayout::of(["section"].into_iter()))),
        }
    }

    fn record<'a>(time: i64, target: &'a str, bytes: u64) -> Record<'a> {
        Record {
            time: Second(time),
            status: Some(200),
            request: Some(Request {
                method: b"GET",
                target: target.as_bytes(),
                protocol: Some(b"HTTP/1.1"),
            }),
            bytes,
            ..Record::EMPTY
        }
    }

    /// How far each record is behind the one before, its target and its bytes.
    fn entries() -> impl Strategy<Value = Vec<(i64, usize, u64)>> {
        let gap = prop_oneof![
            40 => 0i64..3,
            1 => 61i64..70,
            4 => -6i64..0,
            1 => -70i64..-50,
            1 => 90_000i64..90_010,
        ];
        prop::collection::vec((gap, 0usize..3, 0u64..4), 0..400)
    }

    proptest! {
        #[test]
        fn every_hit_is_in_a_row_of_its_time_wherever_the_input_is_cut(
            entries in entries(),
            cuts in prop::collection::vec(1usize..80, 1..8),
            still in any::<bool>(),
        ) {
            let mut time = 1_767_225_600;
            let targets = ["/a/1", "/b", "/a/2"];
            let records: Vec<Record<'_>> = entries.iter().map(|&(gap, target, bytes)| {
                // One that is far ahead is not believed.
                let at = time + gap;
                if (0..80).contains(&gap) && !still {
                    time = at;
                }
                record(at, targets[target], bytes)
            }).collect();
            let whole = {
                let (mut ingest, mut closed) = (Ingest::new(counting(), Span(5), None, None), Collect::default());
                records.iter().for_each(|record| ingest.observe(record, None, &mut closed));
                ingest.finish(&mut closed);
                closed.0
            };
            let parts = {
                let (mut ingest, mut closed) = (Ingest::new(counting(), Span(5), None, None), Collect::default());
                let mut chunk = Chunk::new(&counting());
                let (mut rest, mut cuts) = (&records[..], cuts.iter().cycle());
                while !rest.is_empty() {
                    let cut = rest.len().min(*cuts.next().expect("a cycle"));
                    let (now, later) = rest.split_at(cut);
                    rest = later;
                    chunk.clear();
                    now.iter().for_each(|record| chunk.observe(record));
                    chunk.finish();
                    prop_assert!(ingest.begin_chunk(&mut chunk));
                    let (steps, mut place) = (chunk.take_steps(), ChunkPlace::default());
                    while ingest.step(&steps, &mut place, &mut closed) {}
                    ingest.end_chunk(&steps);
                }
                ingest.finish(&mut closed);
                closed.0
            };
            // A late batch is one, and a late record as well: the same rows, but not always as many.
            let sum = |written: &Written| {
                let mut sum: BTreeMap<(bool, Second, Vec<u8>), u64> = BTreeMap::new();
                for (kind, second, hits, text) in written {
                    let skewed = *kind == RolledKind::Skewed;
                    *sum.entry((skewed, *second, text.clone())).or_default() += hits;
                }
                sum
            };
            let on_time = |written: &Written| -> Written {
                written.iter().filter(|row| row.0 == RolledKind::Rows).cloned().collect()
            };
            prop_assert_eq!(on_time(&whole), on_time(&parts));
            prop_assert_eq!(sum(&whole), sum(&parts));
            let mut hits: BTreeMap<Second, u64> = BTreeMap::new();
            records.iter().for_each(|record| *hits.entry(record.time).or_default() += 1);
            let mut found: BTreeMap<Second, u64> = BTreeMap::new();
            whole.iter().for_each(|(_, second, hits, _)| *found.entry(*second).or_default() += hits);
            prop_assert_eq!(found, hits);
        }
    }
}
