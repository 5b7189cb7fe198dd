//! What each key of a dimension comes to over sliding windows, for rules with an alert per key.
//!
//! Each second keeps a row for each key; a table keeps the sums of the window. A rule looks at a key only when the key is
//! *restless*: when its sums have passed the threshold of some rule, or have become greater than at the last look and so
//! raise a peak. So a second costs what happened in it, however many rules there are. Memory is bounded: as many keys as a
//! table of keys holds, and [`ROWS`] rows for each window, 20 MiB. Where the rows are too many, seconds become slices, and
//! that is said; of keys beyond their table the hits are counted and said, not followed.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::Subset;
use super::limits::{KeyLimits, KeySums, SortedLimits};
use super::rows::{Added, IdRow, Rows};
use crate::stats::bucket::Bucket;
use crate::stats::keys::{DROPPED, Renumbering};
use crate::time::{Second, Span};

/// Rows of seconds: 16 bytes each.
const ROWS: usize = 1_300_000;

/// So many restless ids are kept before equal ones are joined.
const MANY: usize = 1 << 16;

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

/// What is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::alert) struct FollowedKeys {
    /// What is counted, and which hits there are, beside it.
    pub(in crate::alert) part: Subset,
    pub(in crate::alert) whole: Subset,
    /// Bytes are counted, not records.
    pub(in crate::alert) bytes: bool,
    /// Whether all hits of a key are followed, else only those that are counted.
    pub(in crate::alert) all: bool,
    /// The dimension among those that are counted, and how many those are.
    pub(in crate::alert) dimension: (usize, usize),
}

/// Where keys are followed: among the others, and over which of the windows.
#[derive(Debug, Clone, Copy)]
pub(in crate::alert) struct FollowedPlace {
    pub(super) followed: usize,
    window: usize,
}

/// Keys that are followed over one or several windows.
#[derive(Debug)]
pub(super) struct SharedFollowed {
    keys: FollowedKeys,
    windows: Vec<FollowedWindow>,
    /// Room to work in, empty in between.
    rows: Vec<KeyCounts>,
}

/// The keys of a window.
#[derive(Debug)]
pub(in crate::alert) struct FollowedWindow {
    span: Span,
    seconds: Rows<KeyCounts>,
    /// By id; empty ones are 0.
    sums: Vec<KeySums>,
    limits: SortedLimits,
    /// What keys came to when they were restless last, of those that are past a limit.
    peaks: HashMap<u32, KeySums, RandomState>,
    /// Those whose sums have changed with the last second that closed, if they are or were near any limit; and what they
    /// were before. Some more than once.
    touched: Vec<(u32, KeySums)>,
    restless: Vec<u32>,
    /// How many of these were left when equal ones were joined.
    joined: usize,
    /// The rules have looked at them.
    looked: bool,
    /// Records of keys that are not followed.
    unfollowed: u64,
}

/// The place of keys that are followed, among the others; a rule holds them against `limits`.
pub(super) fn place(
    kept: &mut Vec<SharedFollowed>,
    keys: FollowedKeys,
    span: Span,
    limits: KeyLimits,
) -> FollowedPlace {
    let known = kept.iter().position(|followed| followed.keys == keys);
    let followed = known.unwrap_or_else(|| {
        kept.push(SharedFollowed {
            keys,
            windows: Vec::new(),
            rows: Vec::new(),
        });
        kept.len() - 1
    });
    let windows = &mut kept[followed].windows;
    let known = windows.iter().position(|window| window.span == span);
    let window = known.unwrap_or_else(|| {
        windows.push(FollowedWindow::new(span));
        windows.len() - 1
    });
    windows[window].limits.add(limits);
    FollowedPlace { followed, window }
}

impl FollowedKeys {
    /// The records among those of a key that matter, where it is not followed.
    fn missed(&self, hits: u64, counted: u64) -> u64 {
        if self.all { hits } else { counted }
    }

    /// Finds what each key did in a second, in order of ids; how many records have keys that were dropped from their
    /// table before the second closed.
    fn find_rows(&self, bucket: &Bucket, rows: &mut Vec<KeyCounts>) -> u64 {
        let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let counts = |source: Subset| {
            let log = source.log(bucket);
            let counts = log.map(|log| log.counts(self.dimension.0, self.dimension.1));
            counts.into_iter().flatten()
        };
        let counted = |count: crate::quantity::Count| {
            if self.bytes { count.bytes } else { count.hits }
        };
        let both = self.all && self.part == self.whole;
        rows.extend(counts(self.part).map(|(id, count)| KeyCounts {
            id,
            hits: if both { narrow(count.hits) } else { 0 },
            counted: counted(count),
        }));
        if self.all && !both {
            rows.extend(counts(self.whole).map(|(id, count)| KeyCounts {
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
        if !self.all {
            rows.retain(|row| row.counted > 0);
        }
        // They are behind the others.
        let known = rows.partition_point(|row| row.id < DROPPED);
        let dropped = rows.drain(known..).filter(|row| row.id == DROPPED);
        dropped
            .map(|row| self.missed(row.hits.into(), row.counted))
            .sum()
    }
}

impl SharedFollowed {
    /// A second closes.
    pub(super) fn close(&mut self, second: Second, bucket: &Bucket) {
        for window in &mut self.windows {
            window.begin();
        }
        self.take(second, bucket, second);
        for window in &mut self.windows {
            window.looked = true;
            if !window.touched.is_empty() {
                window.find_restless();
            }
            // Late records may have left some.
            if !window.restless.is_empty() {
                window.restless.sort_unstable();
                window.restless.dedup();
            }
        }
    }

    /// Records came late for a second up to `closed`, the last one that is closed: their keys are looked at when the
    /// next second closes.
    pub(super) fn late(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        for window in &mut self.windows {
            window.begin();
        }
        self.take(second, bucket, closed);
        for window in &mut self.windows {
            window.disturb_touched();
        }
    }

    fn take(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        let SharedFollowed {
            keys,
            windows,
            rows,
        } = self;
        let dropped = keys.find_rows(bucket, rows);
        for window in windows {
            window.slide(closed);
            if second > closed - window.span {
                window.unfollowed += dropped;
                window.add(second, rows, keys);
            }
        }
        rows.clear();
    }

    pub(super) fn window(&self, place: FollowedPlace) -> &FollowedWindow {
        &self.windows[place.window]
    }

    #[cfg(test)]
    pub(super) fn set_most_rows(&mut self, place: FollowedPlace, most: usize) {
        let window = &mut self.windows[place.window];
        window.seconds = Rows::new(window.span, most);
    }

    /// Follows a reduction of the table of `dimension`.
    pub(super) fn renumber(&mut self, dimension: usize, ids: &Renumbering) {
        if dimension == self.keys.dimension.0 {
            for window in &mut self.windows {
                window.renumber(ids, &self.keys);
            }
        }
    }
}

impl FollowedWindow {
    fn new(span: Span) -> FollowedWindow {
        FollowedWindow {
            span,
            seconds: Rows::new(span, ROWS),
            sums: Vec::new(),
            limits: SortedLimits::default(),
            peaks: HashMap::default(),
            touched: Vec::new(),
            restless: Vec::new(),
            joined: 0,
            looked: false,
            unfollowed: 0,
        }
    }

    /// What a key comes to.
    pub(in crate::alert) fn sums(&self, id: u32) -> KeySums {
        self.sums.get(id as usize).copied().unwrap_or_default()
    }

    /// Every key that comes to anything.
    pub(in crate::alert) fn ids(&self) -> impl Iterator<Item = u32> {
        let held = self.sums.iter().zip(0..);
        held.filter(|(sums, _)| **sums != KeySums::NONE)
            .map(|(_, id)| id)
    }

    /// The keys that rules must look at, in order of ids.
    pub(in crate::alert) fn restless(&self) -> &[u32] {
        &self.restless
    }

    /// The keys that came to something else when the last second closed and are or were near any limit; some more than
    /// once.
    pub(in crate::alert) fn touched(&self) -> impl Iterator<Item = u32> {
        self.touched.iter().map(|(id, _)| *id)
    }

    /// Records of keys that are not followed.
    pub(in crate::alert) fn unfollowed(&self) -> u64 {
        self.unfollowed
    }

    /// How many seconds are one, where they were too many.
    pub(in crate::alert) fn width(&self) -> Option<Span> {
        self.seconds.width()
    }

    /// The next second at which anything leaves, if nothing enters before.
    pub(in crate::alert) fn next_leave(&self) -> Option<Second> {
        self.seconds.next_leave()
    }

    fn begin(&mut self) {
        self.touched.clear();
        if std::mem::take(&mut self.looked) {
            self.restless.clear();
            self.joined = 0;
        }
    }

    fn slide(&mut self, closed: Second) {
        let FollowedWindow {
            seconds,
            sums,
            touched,
            limits,
            ..
        } = self;
        let least = limits.least;
        seconds.slide(closed, |row| {
            if let Some(sums) = sums.get_mut(row.id as usize) {
                if sums.counted >= least {
                    touched.push((row.id, *sums));
                }
                sums.hits = sums.hits.saturating_sub(row.hits.into());
                sums.counted = sums.counted.saturating_sub(row.counted);
            }
        });
    }

    fn add(&mut self, second: Second, rows: &[KeyCounts], keys: &FollowedKeys) {
        let FollowedWindow {
            seconds,
            sums,
            touched,
            limits,
            unfollowed,
            ..
        } = self;
        let least = limits.least;
        if let Some(last) = rows.last()
            && last.id as usize >= sums.len()
        {
            sums.resize(last.id as usize + 1, KeySums::NONE);
        }
        seconds.add(second, rows, |row, added| {
            if added == Added::Refused {
                *unfollowed += keys.missed(row.hits.into(), row.counted);
                return;
            }
            let sums = &mut sums[row.id as usize];
            let old = *sums;
            sums.hits += u64::from(row.hits);
            sums.counted = sums.counted.saturating_add(row.counted);
            if sums.counted >= least {
                touched.push((row.id, old));
            }
        });
    }

    /// Finds those among the touched that rules must look at.
    fn find_restless(&mut self) {
        let FollowedWindow {
            sums,
            limits,
            peaks,
            touched,
            restless,
            ..
        } = self;
        for &(id, old) in &*touched {
            let new = sums[id as usize];
            let is_past = limits.is_any_reached(new);
            let calm = !limits.are_passed(old, new)
                && (!is_past
                    || peaks.get(&id).is_some_and(|peak| {
                        new.counted <= peak.counted
                            && (limits.shares.is_empty() || !new.is_greater_share(*peak))
                    }));
            if calm {
                continue;
            }
            restless.push(id);
            if is_past {
                peaks.insert(id, new);
            } else {
                peaks.remove(&id);
            }
        }
    }

    /// All that were touched are restless when the next second closes.
    fn disturb_touched(&mut self) {
        for (id, _) in self.touched.drain(..) {
            self.peaks.remove(&id);
            self.restless.push(id);
        }
        if self.restless.len() >= MANY + 2 * self.joined {
            self.restless.sort_unstable();
            self.restless.dedup();
            self.joined = self.restless.len();
        }
    }

    fn renumber(&mut self, ids: &Renumbering, keys: &FollowedKeys) {
        let old = std::mem::take(&mut self.sums);
        for (old, sums) in (0u32..).zip(old) {
            let id = ids.new_id(old);
            if sums == KeySums::NONE {
                continue;
            }
            if id >= DROPPED {
                self.unfollowed += keys.missed(sums.hits, sums.counted);
                continue;
            }
            if id as usize >= self.sums.len() {
                self.sums.resize(id as usize + 1, KeySums::NONE);
            }
            self.sums[id as usize] = sums;
        }
        self.peaks.clear();
        self.touched.clear();
        let new_id = |old| Some(ids.new_id(old)).filter(|id| *id != DROPPED);
        let restless = std::mem::take(&mut self.restless).into_iter();
        self.restless = restless.filter_map(new_id).collect();
        self.seconds.retain(|row| {
            row.id = ids.new_id(row.id);
            row.id != DROPPED
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_take_what_is_said() {
        assert_eq!(ROWS * size_of::<KeyCounts>(), 20_800_000, "as documented");
    }
}
