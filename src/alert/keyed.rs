//! One alert per key of a dimension: `404 > 20 over 1m by client`.
//!
//! Each second keeps a row per key; a table keeps the sums of the window and the phase of each key.
//! A key is looked at when its sums change or when time moves its alert on, so a second costs what
//! happened in it. Memory is bounded: as many keys as a table of keys holds, and [`ROWS`]
//! rows, 32 MiB together. Where the rows are too many, seconds become slices, and that is said; of keys beyond their
//! table the hits are counted and said, not followed.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;

use super::measure::Threshold;
use super::phase::{Clauses, Phase};
use super::window::{Added, IdRow, Rows};
use super::{KeyedCondition, Level, Reading, Subset, not_followed, pop_due};
use crate::quantity::{Figure, Unit};
use crate::report::Shortfall;
use crate::stats::bucket::Bucket;
use crate::stats::keys::{DROPPED, Renumbering};
use crate::time::{Second, Span};

/// Rows of seconds: 16 bytes each.
const ROWS: usize = 1_300_000;

/// What a key did in a second.
#[derive(Debug, Clone, Copy)]
struct KeyCounts {
    id: u32,
    hits: u32,
    counted: u64,
}

impl IdRow for KeyCounts {
    fn id(&self) -> u32 {
        self.id
    }

    fn merge(&mut self, more: KeyCounts) {
        self.hits = self.hits.saturating_add(more.hits);
        self.counted = self.counted.saturating_add(more.counted);
    }
}

/// A key: its sums in the window, and how far its alert is.
#[derive(Debug, Clone, Copy)]
struct Followed {
    hits: u64,
    counted: u64,
    phase: Phase,
    /// When it is to be looked at again, whatever comes.
    due: Option<Second>,
}

impl Followed {
    const NONE: Followed = Followed {
        hits: 0,
        counted: 0,
        phase: Phase::Quiet,
        due: None,
    };

    fn enter(&mut self, row: KeyCounts) {
        self.hits += u64::from(row.hits);
        self.counted = self.counted.saturating_add(row.counted);
    }

    fn leave(&mut self, row: KeyCounts) {
        self.hits = self.hits.saturating_sub(row.hits.into());
        self.counted = self.counted.saturating_sub(row.counted);
    }
}

/// A rule whose measure is taken for each key.
#[derive(Debug)]
pub(super) struct Keyed {
    parts: KeyedSpec,
    seconds: Rows<KeyCounts>,
    keys: HashMap<u32, Followed, RandomState>,
    /// Keys that are to be looked at, each when its sums say.
    waiting: BTreeSet<(Second, u32)>,
    /// Room to work in, empty in between.
    rows: Vec<KeyCounts>,
    touched: Vec<u32>,
    /// Records of keys that are not followed.
    unfollowed: u64,
}

/// What a keyed rule is made of.
#[derive(Debug)]
pub(super) struct KeyedSpec {
    pub(super) threshold: Threshold,
    pub(super) window: Span,
    pub(super) clauses: Clauses,
    /// Bytes are counted, not records.
    pub(super) bytes: bool,
    pub(super) part: Subset,
    pub(super) whole: Subset,
    /// The dimension among those that are counted, and how many those are.
    pub(super) dimension: usize,
    pub(super) dimensions: usize,
}

impl KeyedSpec {
    /// Whether all hits of a key are followed: for a share, a least number, beside bytes, and where the past
    /// does not know them, being those of an expression; else only those that are counted.
    fn counts_all(&self) -> bool {
        self.threshold.unit == Unit::Share
            || self.clauses.min > 0
            || self.bytes
            || self.part != self.whole && self.whole != Subset::All
    }

    /// Whether what is counted are not all hits of a key, and those are not followed.
    fn leaves_hits(&self) -> bool {
        self.part != self.whole && !self.counts_all()
    }

    /// The records among those of a key that matter, where it is not followed.
    fn missed(&self, hits: u64, counted: u64) -> u64 {
        if self.counts_all() { hits } else { counted }
    }

    fn shortfall(&self, sums: &Followed) -> Option<Shortfall> {
        let Followed { hits, .. } = *sums;
        let min = self.clauses.min;
        (hits < min).then_some(Shortfall { hits, min })
    }

    fn level(&self, sums: &Followed) -> Level {
        if self.shortfall(sums).is_some() || self.threshold.unit == Unit::Share && sums.hits == 0 {
            return Level::Clear;
        }
        let order = self
            .threshold
            .order(sums.counted.into(), self.window, sums.hits.into());
        Level::of(order, self.threshold, false)
    }

    fn figure(&self, sums: &Followed) -> Figure {
        let hits = if self.counts_all() {
            sums.hits
        } else {
            sums.counted
        };
        Figure {
            hits,
            value: self
                .threshold
                .in_unit(sums.counted.into(), self.window, sums.hits.into()),
            threshold: self.threshold.value(),
            window: self.window,
            below: false,
        }
    }
}

impl Keyed {
    pub(super) fn new(parts: KeyedSpec) -> Keyed {
        Keyed {
            seconds: Rows::new(parts.window, ROWS),
            parts,
            keys: HashMap::default(),
            waiting: BTreeSet::new(),
            rows: Vec::new(),
            touched: Vec::new(),
            unfollowed: 0,
        }
    }

    /// Moves the alert of a key on, unless it is to `wait`; whether it did.
    fn look_at(
        &mut self,
        id: u32,
        unread: bool,
        wait: impl Fn(&Phase, Level) -> bool,
        advance: &mut dyn FnMut(u32, &mut Phase, Reading),
    ) -> bool {
        let Some(sums) = self.keys.get_mut(&id) else {
            return true;
        };
        let mut level = self.parts.level(sums);
        if unread {
            level = level.where_unread(sums.phase, false);
        }
        if wait(&sums.phase, level) {
            return false;
        }
        if sums.phase != Phase::Quiet || level == Level::Breached {
            let reading = Reading {
                level,
                figure: self.parts.figure(sums),
                shortfall: self.parts.shortfall(sums),
                id: Some(id),
                uncounted: self.parts.leaves_hits(),
            };
            advance(id, &mut sums.phase, reading);
        }
        let due = sums.phase.due(level, self.parts.clauses);
        if due != sums.due {
            if let Some(old) = sums.due {
                self.waiting.remove(&(old, id));
            }
            self.waiting.extend(due.map(|due| (due, id)));
            sums.due = due;
        }
        if sums.hits == 0 && sums.counted == 0 && sums.phase == Phase::Quiet {
            self.keys.remove(&id);
        }
        true
    }

    /// Takes in what is new of a second; the window ends with `closed`.
    fn take(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        let Keyed {
            seconds,
            keys,
            touched,
            ..
        } = self;
        seconds.slide(closed, |row| {
            if let Some(sums) = keys.get_mut(&row.id) {
                sums.leave(row);
                touched.push(row.id);
            }
        });
        if second <= closed - self.parts.window {
            return;
        }
        self.find_rows(bucket);
        let Keyed {
            parts,
            seconds,
            keys,
            touched,
            unfollowed,
            ..
        } = self;
        seconds.add(second, self.rows.drain(..), |row, added| {
            if added == Added::Refused {
                *unfollowed += parts.missed(row.hits.into(), row.counted);
            } else {
                keys.entry(row.id).or_insert(Followed::NONE).enter(row);
                touched.push(row.id);
            }
        });
    }

    /// Finds what each key did in a second, in order of ids.
    fn find_rows(&mut self, bucket: &Bucket) {
        let (parts, rows) = (&self.parts, &mut self.rows);
        let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let counts = |source: Subset| {
            let log = source.log(bucket);
            let counts = log.map(|log| log.counts(parts.dimension, parts.dimensions));
            counts.into_iter().flatten()
        };
        rows.extend(counts(parts.part).map(|(id, count)| KeyCounts {
            id,
            hits: 0,
            counted: if parts.bytes { count.bytes } else { count.hits },
        }));
        if parts.counts_all() {
            rows.extend(counts(parts.whole).map(|(id, count)| KeyCounts {
                id,
                hits: narrow(count.hits),
                counted: 0,
            }));
        }
        rows.sort_unstable_by_key(|row| row.id);
        rows.dedup_by(|more, row| {
            let same = more.id == row.id;
            if same {
                row.merge(*more);
            }
            same
        });
        if !parts.counts_all() {
            rows.retain(|row| row.counted > 0);
        }
        // Behind the others: those whose keys were dropped from the table before the second closed.
        let known = rows.partition_point(|row| row.id < DROPPED);
        for row in rows.drain(known..).filter(|row| row.id == DROPPED) {
            self.unfollowed += parts.missed(row.hits.into(), row.counted);
        }
    }
}

impl KeyedCondition for Keyed {
    fn dimension(&self) -> usize {
        self.parts.dimension
    }

    fn window(&self) -> Span {
        self.parts.window
    }

    fn clauses(&self) -> Clauses {
        self.parts.clauses
    }

    fn note(&self) -> Option<String> {
        let coarse = |span| format!("too many keys: the window was too long by up to {span}");
        not_followed(self.unfollowed).or_else(|| self.seconds.width().map(coarse))
    }

    fn unfollowed(&self) -> u64 {
        self.unfollowed
    }

    fn firing(&self, id: u32) -> Option<u64> {
        self.keys.get(&id)?.phase.number()
    }

    fn set_firing(&mut self, id: u32, phase: Phase, _: Second) {
        self.keys.entry(id).or_insert(Followed::NONE).phase = phase;
        self.touched.push(id);
    }

    fn repeat_at(&mut self, id: u32, again: Second) {
        if let Some(sums) = self.keys.get_mut(&id) {
            sums.phase.repeat_at(again);
        }
        self.touched.push(id);
    }

    fn no_figure(&self) -> Figure {
        self.parts.figure(&Followed::NONE)
    }

    fn look_at_all(&mut self) {
        self.touched.extend(self.keys.keys());
    }

    fn close(
        &mut self,
        second: Second,
        bucket: &Bucket,
        unread: bool,
        _: &mut Vec<u64>,
        order: &dyn Fn(u32, u32) -> Ordering,
        advance: &mut dyn FnMut(u32, &mut Phase, Reading),
    ) {
        self.take(second, bucket, second);
        while let Some(id) = pop_due(&mut self.waiting, second) {
            if let Some(sums) = self.keys.get_mut(&id) {
                sums.due = None;
            }
            self.touched.push(id);
        }
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        // Few change anything that is written, and only those need an order. What fires is over at the edge of the rule's
        // hours too, whatever its level.
        let mut changing: Vec<u32> = Vec::new();
        for id in touched.drain(..) {
            let may_change =
                |phase: &Phase, level| phase.may_change(level) || phase.number().is_some();
            if !self.look_at(id, unread, may_change, advance) {
                changing.push(id);
            }
        }
        changing.sort_unstable_by(|a, b| order(*a, *b));
        for id in changing {
            self.look_at(id, unread, |_, _| false, advance);
        }
        self.touched = touched;
    }

    fn late(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        self.take(second, bucket, closed);
    }

    fn next_change(&self) -> Option<Second> {
        let due = self.waiting.first().map(|(due, _)| *due);
        due.into_iter().chain(self.seconds.next_leave()).min()
    }

    fn renumber(&mut self, ids: &Renumbering, over: &mut Vec<u64>) {
        for (old, sums) in std::mem::take(&mut self.keys) {
            match ids.new_id(old) {
                DROPPED => {
                    self.unfollowed += self.parts.missed(sums.hits, sums.counted);
                    over.extend(sums.phase.number());
                }
                id => {
                    self.keys.insert(id, sums);
                }
            }
        }
        let new_id = |old| Some(ids.new_id(old)).filter(|id| *id != DROPPED);
        let waiting = std::mem::take(&mut self.waiting).into_iter();
        self.waiting = waiting
            .filter_map(|(due, old)| Some((due, new_id(old)?)))
            .collect();
        let touched = std::mem::take(&mut self.touched).into_iter();
        self.touched = touched.filter_map(new_id).collect();
        let follow = |row: &mut KeyCounts| {
            row.id = ids.new_id(row.id);
            row.id != DROPPED
        };
        self.seconds.retain(follow);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Hit;

    fn bucket(ids: &[u32]) -> Bucket {
        let mut bucket = Bucket::default();
        for &id in ids {
            let mut hit = Hit::uncounted(Second(0));
            hit.ids[0] = id;
            bucket.observe(&hit, 1);
        }
        bucket
    }

    /// More rows than there is room for, of few keys: none is lost, and the heavy one fires.
    #[test]
    fn where_rows_are_too_many_seconds_become_slices_and_a_heavy_key_fires() {
        let threshold = Threshold {
            billionths: 400 * 1_000_000_000,
            unit: Unit::Count,
        };
        let mut keyed = Keyed::new(KeyedSpec {
            threshold,
            window: Span(1000),
            clauses: Clauses::NONE,
            bytes: false,
            part: Subset::All,
            whole: Subset::All,
            dimension: 0,
            dimensions: 1,
        });
        keyed.seconds = Rows::new(Span(1000), 2000);
        let mut fired = Vec::new();
        for second in 0..2000 {
            let mut ids: Vec<u32> = (0..20).map(|i| (second * 7 + i * 13) % 300).collect();
            if second > 1000 {
                ids.extend([999; 3]);
            }
            keyed.close(
                Second(second.into()),
                &bucket(&ids),
                false,
                &mut Vec::new(),
                &|a, b| a.cmp(&b),
                &mut |id, _, reading| {
                    if reading.level == Level::Breached {
                        fired.push((second, id));
                    }
                },
            );
        }
        assert_eq!((keyed.unfollowed, fired.first()), (0, Some(&(1134, 999))));
        assert!(fired.iter().all(|(_, id)| *id == 999));
        let width = keyed.seconds.width().expect("there are slices").0;
        assert!((64..=512).contains(&width), "{width}");
        assert!(
            keyed
                .note()
                .is_some_and(|note| note.contains("too long by up to"))
        );
    }

    #[test]
    fn what_is_not_followed_is_counted_whether_it_closes_or_comes_late() {
        let mut keyed = Keyed::new(KeyedSpec {
            threshold: Threshold {
                billionths: 0,
                unit: Unit::Count,
            },
            window: Span(10),
            clauses: Clauses::NONE,
            bytes: false,
            part: Subset::All,
            whole: Subset::All,
            dimension: 0,
            dimensions: 1,
        });
        keyed.seconds = Rows::new(Span(10), 3);
        let mut fired = Vec::new();
        keyed.close(
            Second(100),
            &bucket(&[1, 2, DROPPED]),
            false,
            &mut Vec::new(),
            &|a, b| a.cmp(&b),
            &mut |id, _, _| fired.push(id),
        );
        assert_eq!((fired.as_slice(), keyed.unfollowed), (&[1, 2][..], 1));
        // A row is left, and one that is there takes in more of its key.
        keyed.late(Second(100), &bucket(&[1, 1, DROPPED]), Second(100));
        keyed.late(Second(95), &bucket(&[3]), Second(100));
        assert_eq!(keyed.unfollowed, 2);
        keyed.late(Second(95), &bucket(&[3]), Second(100));
        assert_eq!(keyed.unfollowed, 2);
        keyed.late(Second(96), &bucket(&[1, 4, 4]), Second(100));
        assert_eq!(keyed.unfollowed, 5);
        // The window does not reach so far.
        keyed.late(Second(90), &bucket(&[5, DROPPED]), Second(100));
        assert_eq!(keyed.unfollowed, 5);
        let mut hits = Vec::new();
        keyed.close(
            Second(101),
            &bucket(&[6]),
            false,
            &mut Vec::new(),
            &|a, b| a.cmp(&b),
            &mut |id, _, reading| hits.push((id, reading.figure.hits)),
        );
        assert_eq!(hits, [(1, 3), (3, 2)]);
        assert_eq!(keyed.unfollowed, 6);
        assert_eq!(ROWS * size_of::<KeyCounts>(), 20_800_000, "as documented");
    }
}
