//! The rows of a rollup: what the hits of a second have in common, and how many they are.
//!
//! A row is a key like any other, of a dimension that nobody can ask for, and is written when its second closes. Then its
//! hits are taken back from the table of keys; one that has none left is not needed any more. Where rows of the open
//! seconds alone fill the table, the oldest of them are written early: what comes for such a second later is a
//! further row of it. So nothing is dropped at a cap.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{ClosedSeconds, Ingest};
use crate::report::{Rolled, RolledKind};
use crate::stats::bucket::Bucket;
use crate::stats::dimension::{ROW, Top};
use crate::stats::hit_log::HitLog;
use crate::stats::keys::{DROPPED, NONE, Renumbering};
use crate::stats::{Hit, keys::KeyTable};
use crate::time::Second;

/// What is rolled up, and how.
#[derive(Debug)]
pub(super) struct Rollup {
    /// The place of the rows among the dimensions that are counted.
    dimension: usize,
    /// The names of their columns.
    columns: Arc<str>,
    /// The hits of each row of a second; empty in between.
    hits: Vec<u64>,
    /// Lines that are no records, by the time of the record before them, which are not written yet; first those that none
    /// was before.
    unparsed: BTreeMap<Option<Second>, u64>,
}

impl Rollup {
    /// What is to be written, if one of the dimensions is that of rows; `columns` are those of a row.
    pub(super) fn new(tops: &[Top], columns: Option<Arc<str>>) -> Option<Box<Rollup>> {
        let dimension = tops.iter().position(|top| *top.dimension == ROW)?;
        Some(Box::new(Rollup {
            dimension,
            columns: columns?,
            hits: Vec::new(),
            unparsed: BTreeMap::new(),
        }))
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

    /// The rows of these hits, in the order of their bytes. They are taken back from `table`.
    fn take(&mut self, log: &HitLog, dimensions: usize, table: &mut KeyTable) -> RolledRows {
        let mut ids: Vec<u32> = Vec::new();
        for (id, count) in log.counts(self.dimension, dimensions) {
            if id == NONE || id == DROPPED {
                continue;
            }
            let index = id as usize;
            if index >= self.hits.len() {
                self.hits.resize(index + 1, 0);
            }
            if self.hits[index] == 0 {
                ids.push(id);
            }
            self.hits[index] += count.hits;
        }
        ids.sort_unstable_by(|&a, &b| table.key(a).cmp(table.key(b)));
        let mut rows = RolledRows::default();
        for id in ids {
            let hits = std::mem::take(&mut self.hits[id as usize]);
            rows.text.extend_from_slice(table.key(id));
            rows.ends.push((hits, rows.text.len()));
            table.take_back(id, hits);
        }
        rows
    }
}

#[derive(Default)]
struct RolledRows {
    ends: Vec<(u64, usize)>,
    text: Vec<u8>,
}

impl Ingest {
    /// Writes the rows of some hits.
    fn roll(
        &mut self,
        kind: RolledKind,
        second: Second,
        bucket: &Bucket,
        closed: &mut impl ClosedSeconds,
    ) {
        let Some(rollup) = &mut self.rollup else {
            return;
        };
        let dimensions = self.books.totals.dimensions();
        let table = self.books.totals.table_mut(rollup.dimension);
        let rows = rollup.take(&bucket.log, dimensions, table);
        let unparsed = match kind {
            RolledKind::Rows | RolledKind::End if !rollup.unparsed.is_empty() => {
                rollup.take_unparsed(second, kind == RolledKind::End)
            }
            _ => Vec::new(),
        };
        if rows.ends.is_empty() && unparsed.is_empty() && kind != RolledKind::End {
            return;
        }
        closed.rolled(Rolled {
            kind,
            second,
            offset: self.books.offset.unwrap_or(0),
            columns: Arc::clone(&rollup.columns),
            rows: rows.ends,
            text: rows.text,
            unparsed,
        });
    }

    /// A second closes.
    #[inline]
    pub(super) fn roll_closed(
        &mut self,
        second: Second,
        bucket: &Bucket,
        closed: &mut impl ClosedSeconds,
    ) {
        if self.rollup.is_some() {
            self.roll(RolledKind::Rows, second, bucket, closed);
        }
    }

    /// These came late.
    pub(super) fn roll_late(
        &mut self,
        second: Second,
        bucket: &Bucket,
        closed: &mut impl ClosedSeconds,
    ) {
        if self.rollup.is_some() {
            self.roll(RolledKind::Late, second, bucket, closed);
        }
    }

    /// The time of a hit was not believed.
    #[cold]
    pub(super) fn roll_skewed(&mut self, hit: &Hit, closed: &mut impl ClosedSeconds) {
        if self.rollup.is_some() && hit.counted {
            let mut bucket = Bucket::default();
            bucket.observe(hit, self.books.totals.dimensions());
            self.roll(RolledKind::Skewed, hit.time, &bucket, closed);
        }
    }

    /// The input has ended.
    pub(super) fn roll_end(&mut self, closed: &mut impl ClosedSeconds) {
        let newest = self.books.newest.unwrap_or(Second(i64::MIN));
        self.roll(RolledKind::End, newest, &Bucket::default(), closed);
    }

    /// Makes room in the table of rows, where it is full: the oldest open seconds are written until half of the rows are
    /// not needed any more.
    #[cold]
    pub(super) fn roll_early(&mut self, closed: &mut impl ClosedSeconds) {
        let Some(dimension) = self.rollup.as_ref().map(|rollup| rollup.dimension) else {
            return;
        };
        let dimensions = self.books.totals.dimensions();
        let table = self.books.totals.table(dimension);
        if !table.is_full() {
            return;
        }
        let keys = table.counts().count();
        let all = Renumbering::new(vec![DROPPED; keys]);
        let seconds: Vec<Second> = self.timeline.open().map(|(second, _)| second).collect();
        for second in seconds {
            let table = self.books.totals.table(dimension);
            let needed = table.counts().filter(|(_, count)| count.hits > 0).count();
            if needed <= keys / 2 {
                break;
            }
            let Some(bucket) = self.timeline.get_mut(second) else {
                continue;
            };
            let mut taken = std::mem::take(bucket);
            self.roll(RolledKind::Early, second, &taken, closed);
            taken.renumber(dimension, dimensions, &all);
            taken.fold(&mut self.scratch);
            *self.timeline.bucket(second) = taken;
        }
    }
}
