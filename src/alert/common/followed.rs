//! What each key of a dimension comes to over sliding windows, for rules with an alert per key.
//!
//! Each second keeps a row for each key; a table keeps the sums of the window. A rule looks at a key only when the key is
//! [restless](super::watch). So a second costs what happened in it, however many rules there are; and a window whose keys are all far
//! from any limit takes many seconds at once, when they could have brought one there. Memory is bounded: as many keys as a
//! table of keys holds, and [`ROWS`] rows for each window, 20 MiB. Where the rows are too many, seconds become slices, and
//! that is said; of keys beyond their table the hits are counted and said, not followed.

use std::ops::Range;

use super::Subset;
use super::limits::{KeyLimits, KeySums};
use super::rows::{Added, IdRow, Rows};
use super::shared_rows::SharedRows;
use super::watch::KeyWatch;
use crate::stats::bucket::Bucket;
use crate::stats::keys::{DROPPED, Renumbering};
use crate::time::{Second, Span};

/// Rows of seconds: 16 bytes each.
const ROWS: usize = 1_300_000;

/// So many seconds that close, or rows of them, wait for the windows at most.
const MOST_SECONDS: usize = 256;
const MOST_WAITING: usize = 1 << 12;

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

impl KeySums {
    fn add(&mut self, row: &KeyCounts) {
        self.hits += u64::from(row.hits);
        self.counted = self.counted.saturating_add(row.counted);
    }

    fn subtract(&mut self, row: &KeyCounts) {
        self.hits = self.hits.saturating_sub(row.hits.into());
        self.counted = self.counted.saturating_sub(row.counted);
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
    /// The place of the longest of them: a key has no more in any other.
    longest: usize,
    /// The least limit of all.
    least: u64,
    /// The rows of all windows, unless each has its own: where any came late, or there are too many.
    shared: Option<SharedRows<KeyCounts>>,
    /// How many rows there may be.
    most: usize,
    /// Their ids are below this.
    ids: usize,
    /// How many seconds have closed since all windows took what there was, and how many rows they had.
    waiting: (usize, usize),
    /// How many seconds and rows have come since the windows do not share them.
    apart: usize,
    /// Room to work in, empty in between.
    rows: Vec<KeyCounts>,
}

/// The keys of a window.
#[derive(Debug)]
pub(in crate::alert) struct FollowedWindow {
    span: Span,
    /// Its own rows, where they are not shared.
    seconds: Rows<KeyCounts>,
    /// It shares its rows, keeps no sums of its own, and takes nothing: the longest window says that all of its keys are far
    /// from any limit.
    asleep: bool,
    /// Its ends among the seconds that are shared: those between are in its sums.
    ends: Range<usize>,
    /// By id; empty ones are 0.
    sums: Vec<KeySums>,
    watch: KeyWatch,
    /// Records of keys that are not followed.
    unfollowed: u64,
    /// If less than this is counted in seconds that it has not taken, none of its keys comes to a limit.
    room: u64,
    /// No key comes to more.
    top: u64,
    /// How many rows have entered since that was found.
    entered: usize,
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
            longest: 0,
            least: u64::MAX,
            shared: Some(SharedRows::default()),
            most: ROWS,
            ids: 0,
            waiting: (0, 0),
            apart: 0,
            rows: Vec::new(),
        });
        kept.len() - 1
    });
    let SharedFollowed {
        windows,
        longest,
        least,
        ..
    } = &mut kept[followed];
    let known = windows.iter().position(|window| window.span == span);
    let window = known.unwrap_or_else(|| {
        windows.push(FollowedWindow::new(span));
        windows.len() - 1
    });
    if span > windows[*longest].span {
        *longest = window;
    }
    let held_against = &mut windows[window].watch.limits;
    held_against.add(limits);
    *least = held_against.least.min(*least);
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
        debug_assert!(rows.is_empty());
        let has_none = |source: Subset| source.counters(bucket).hits == 0;
        if has_none(self.part) && (!self.all || has_none(self.whole)) {
            return 0;
        }
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
        let mut rows = std::mem::take(&mut self.rows);
        let dropped = self.keys.find_rows(bucket, &mut rows);
        self.waiting.0 += 1;
        self.waiting.1 += rows.len();
        let many = self.waiting.0 >= MOST_SECONDS || self.waiting.1 > MOST_WAITING;
        if many || !self.has_room(rows.len()) {
            self.catch_up(second - Span::SECOND);
        }
        if !self.has_room(rows.len()) {
            self.part(second - Span::SECOND);
        }
        if self.shared.is_none() {
            self.apart += 1 + rows.len();
            self.share();
        }
        match &mut self.shared {
            Some(shared) => {
                shared.push(second, &rows);
                if let Some(last) = rows.last() {
                    self.ids = self.ids.max(last.id as usize + 1);
                }
                let more = rows.iter().map(|row| row.counted);
                let counted = more.fold(0u64, u64::saturating_add);
                let (windows, longest, ids) = (&mut self.windows, self.longest, self.ids);
                let others = (0..windows.len()).filter(|place| *place != longest);
                for place in std::iter::once(longest).chain(others) {
                    let window = &mut windows[place];
                    window.unfollowed += dropped;
                    if counted < window.room {
                        window.room -= counted;
                        continue;
                    }
                    let least = window.watch.limits.least;
                    if place == longest {
                        window.asleep = false;
                        window.take_closed(shared, ids, second, self.least);
                    } else {
                        let top = windows[longest].top_at(shared, ids, second, self.least);
                        let window = &mut windows[place];
                        if top >= least || !window.asleep {
                            window.wake(shared, second);
                            window.take_closed(shared, ids, second, least);
                        }
                        if top < least && (window.asleep || window.room > 0 && top <= least / 2) {
                            window.sleep(least - top);
                        }
                    }
                }
            }
            None => {
                for window in &mut self.windows {
                    window.watch.begin();
                    window.slide(second);
                    window.add(second, &rows, &self.keys);
                    window.unfollowed += dropped;
                    window.end(window.watch.limits.least);
                }
            }
        }
        rows.clear();
        self.rows = rows;
    }

    /// Whether so many rows can be shared.
    fn has_room(&self, more: usize) -> bool {
        let shared = self.shared.as_ref();
        shared.is_none_or(|shared| shared.row_count() + more <= self.most)
    }

    /// Records came late for a second up to `closed`, the last one that is closed: their keys are looked at when the
    /// next second closes.
    pub(super) fn late(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        self.catch_up(closed);
        self.part(closed);
        let SharedFollowed {
            keys,
            windows,
            rows,
            ..
        } = self;
        let dropped = keys.find_rows(bucket, rows);
        for window in windows {
            window.watch.begin();
            window.slide(closed);
            if second > closed - window.span {
                window.unfollowed += dropped;
                window.add(second, rows, keys);
            }
            window.watch.disturb();
            window.room = 0;
        }
        rows.clear();
    }

    /// All windows that are awake take what they have not up to `closed`, and are to be looked at when the next second closes.
    fn catch_up(&mut self, closed: Second) {
        self.waiting = (0, 0);
        let Some(shared) = &mut self.shared else {
            return;
        };
        for window in self.windows.iter_mut().filter(|window| !window.asleep) {
            if window.room > 0 {
                window.take_shared(shared, self.ids, closed);
                window.room = 0;
            }
        }
        // The longest has the oldest of all. What is kept is moved, so it is done when enough is gone.
        let gone = self.windows[self.longest].ends.start;
        let rows = shared.rows(0..gone).len();
        if rows * 4 < shared.row_count() && gone * 4 < shared.len() {
            return;
        }
        shared.forget(gone);
        for window in self.windows.iter_mut().filter(|window| !window.asleep) {
            window.ends = window.ends.start - gone..window.ends.end - gone;
        }
    }

    /// The window is to be looked at: it takes what it has not up to `closed`.
    pub(super) fn catch_up_at(&mut self, place: FollowedPlace, closed: Second) {
        let window = &mut self.windows[place.window];
        if let Some(shared) = &self.shared
            && (window.room > 0 || window.asleep)
        {
            window.wake(shared, closed);
            window.take_shared(shared, self.ids, closed);
        }
    }

    /// Each window has its own rows from now on. All that are awake have taken what there is up to `closed`.
    fn part(&mut self, closed: Second) {
        let Some(shared) = self.shared.take() else {
            return;
        };
        for window in &mut self.windows {
            // No second has closed before the first.
            if shared.len() > 0 {
                window.wake(&shared, closed);
                window.take_shared(&shared, self.ids, closed);
            }
            window.asleep = false;
            for place in std::mem::take(&mut window.ends) {
                let Some(second) = shared.second(place) else {
                    continue;
                };
                let seconds = &mut window.seconds;
                seconds.slide(second, |_| {});
                seconds.add(second, shared.rows(place..place + 1), |_, _| {});
            }
            window.room = 0;
        }
        self.apart = 0;
    }

    /// The windows share their rows again, where they could: none of those came late, and there are few. It takes time for
    /// all rows, so as many must have come since.
    fn share(&mut self) {
        let longest = &self.windows[self.longest].seconds;
        if !longest.is_as_closed(self.apart.min(self.most / 2)) {
            return;
        }
        let (mut shared, mut ids) = (SharedRows::default(), self.ids);
        longest.for_each_second(|second, rows| {
            shared.push(second, rows);
            ids = rows.last().map_or(ids, |row| ids.max(row.id as usize + 1));
        });
        self.ids = ids;
        for window in &mut self.windows {
            let first = window.seconds.first_second();
            let before = first.map_or(shared.len(), |first| {
                shared.place_behind(first - Span::SECOND)
            });
            window.ends = before..shared.len();
            window.seconds.clear();
        }
        self.shared = Some(shared);
    }

    /// The next second at which anything leaves a window that could matter, if nothing enters before.
    pub(super) fn next_leave(&self, place: FollowedPlace) -> Option<Second> {
        let window = &self.windows[place.window];
        if window.room > 0 {
            return None;
        }
        match &self.shared {
            Some(shared) => {
                let first = shared.second(window.ends.start);
                first.map(|first| first + window.span)
            }
            None => window.seconds.next_leave(),
        }
    }

    /// A rule has looked at a key whose alert fires.
    pub(super) fn fires(&mut self, place: FollowedPlace, id: u32) {
        let window = &mut self.windows[place.window];
        window.watch.fires(id, window.sums(id));
    }

    pub(super) fn window(&self, place: FollowedPlace) -> &FollowedWindow {
        &self.windows[place.window]
    }

    #[cfg(test)]
    pub(super) fn set_most_rows(&mut self, place: FollowedPlace, most: usize) {
        let window = &mut self.windows[place.window];
        window.seconds = Rows::new(window.span, most);
        self.most = most;
    }

    /// Follows a reduction of the table of `dimension`.
    pub(super) fn renumber(&mut self, dimension: usize, ids: &Renumbering, closed: Second) {
        if dimension == self.keys.dimension.0 {
            self.catch_up(closed);
            self.part(closed);
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
            asleep: true,
            ends: 0..0,
            sums: Vec::new(),
            watch: KeyWatch::default(),
            unfollowed: 0,
            room: 0,
            top: 0,
            entered: 0,
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
        self.watch.restless()
    }

    /// Records of keys that are not followed.
    pub(in crate::alert) fn unfollowed(&self) -> u64 {
        self.unfollowed
    }

    /// How many seconds are one, where they were too many.
    pub(in crate::alert) fn width(&self) -> Option<Span> {
        self.seconds.width()
    }

    /// Takes what there is up to `closed`, the second that closes.
    fn take_closed(
        &mut self,
        shared: &SharedRows<KeyCounts>,
        ids: usize,
        closed: Second,
        least: u64,
    ) {
        self.watch.begin();
        self.take_shared(shared, ids, closed);
        self.end(least);
    }

    /// No key comes to more than this when it has taken what there is up to `closed`; less than `least` makes no difference.
    fn top_at(
        &mut self,
        shared: &SharedRows<KeyCounts>,
        ids: usize,
        closed: Second,
        least: u64,
    ) -> u64 {
        if self.room > 0 {
            self.take_shared(shared, ids, closed);
            self.find_room(least);
        }
        self.top
    }

    /// Keeps sums of its own from now on.
    fn wake(&mut self, shared: &SharedRows<KeyCounts>, closed: Second) {
        if std::mem::take(&mut self.asleep) {
            let start = shared.place_behind(closed - self.span);
            self.ends = start..start;
        }
    }

    /// Takes nothing, until so much has been counted.
    fn sleep(&mut self, room: u64) {
        self.asleep = true;
        self.room = room;
        self.sums = Vec::new();
        (self.top, self.entered) = (0, 0);
    }

    /// Takes the seconds up to `closed` that it has not, of ids below `ids`. Those that enter and leave at once make no
    /// difference.
    fn take_shared(&mut self, shared: &SharedRows<KeyCounts>, ids: usize, closed: Second) {
        let start = shared.place_after(closed - self.span, self.ends.start);
        let end = shared.len();
        let leave = shared.rows(self.ends.start..start.min(self.ends.end));
        let enter = shared.rows(start.max(self.ends.end)..end);
        self.ends = start..end;
        for row in leave {
            leave_sums(&mut self.sums, row, &mut self.watch);
        }
        self.entered += enter.len();
        if self.sums.len() < ids {
            self.sums.resize(ids, KeySums::NONE);
        }
        for row in enter {
            let sums = &mut self.sums[row.id as usize];
            let old = *sums;
            sums.add(row);
            self.top = self.top.max(sums.counted);
            self.watch.see(row.id, old, *sums);
        }
    }

    /// It has taken a second that closes: finds which keys are restless, and how far all are from any limit, `least` of those
    /// that matter.
    fn end(&mut self, least: u64) {
        let FollowedWindow { sums, watch, .. } = self;
        watch.end(|id| sums[id as usize]);
        self.room = 0;
        if self.watch.restless().is_empty() {
            self.find_room(least);
        }
    }

    fn find_room(&mut self, least: u64) {
        if self.entered >= self.sums.len() && self.top > least / 2 {
            let counted = self.sums.iter().map(|sums| sums.counted);
            self.top = counted.max().unwrap_or(0);
            self.entered = 0;
        }
        self.room = self.watch.limits.least.saturating_sub(self.top);
    }

    fn slide(&mut self, closed: Second) {
        let FollowedWindow {
            seconds,
            sums,
            watch,
            ..
        } = self;
        seconds.slide(closed, |row| leave_sums(sums, &row, watch));
    }

    fn add(&mut self, second: Second, rows: &[KeyCounts], keys: &FollowedKeys) {
        let FollowedWindow {
            seconds,
            sums,
            watch,
            unfollowed,
            top,
            ..
        } = self;
        self.entered += rows.len();
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
            sums.add(&row);
            *top = (*top).max(sums.counted);
            watch.see(row.id, old, *sums);
        });
    }

    fn renumber(&mut self, ids: &Renumbering, keys: &FollowedKeys) {
        self.room = 0;
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
        self.watch.renumber(ids);
        self.seconds.retain(|row| {
            row.id = ids.new_id(row.id);
            row.id != DROPPED
        });
    }
}

/// A row leaves what its key comes to.
#[inline]
fn leave_sums(all: &mut [KeySums], row: &KeyCounts, watch: &mut KeyWatch) {
    if let Some(sums) = all.get_mut(row.id as usize) {
        let old = *sums;
        sums.subtract(row);
        watch.see(row.id, old, *sums);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::window::tests::{closings, within};
    use proptest::prelude::*;

    /// Hits of keys, as a second has them.
    fn bucket(rows: &[(u32, u64)]) -> Bucket {
        let hits = rows.iter().flat_map(|&(id, n)| (0..n).map(move |_| id));
        Bucket::of_keys(&hits.collect::<Vec<u32>>())
    }

    proptest! {
        /// Whether windows share their rows or not, and whenever they take them: a key that passes a limit is restless.
        #[test]
        fn a_key_that_passes_a_limit_is_restless_in_every_window(
            closings in closings(),
            spans in prop::array::uniform3(1i64..30),
            limits in prop::array::uniform3(1u64..12),
            look_at in 0usize..40,
            renumber_at in 0usize..80,
            most in prop_oneof![Just(ROWS), 40usize..60],
            dropped in prop::collection::vec(0u64..3, 40),
        ) {
            let keys = FollowedKeys {
                part: Subset::All,
                whole: Subset::All,
                bytes: false,
                all: false,
                dimension: (0, 1),
            };
            let mut kept = Vec::new();
            let places: Vec<FollowedPlace> = spans.iter().zip(limits).map(|(&span, limit)| {
                let limits = KeyLimits {
                    billionths: u128::from(limit) * 1_000_000_000,
                    share: false,
                    min: 0,
                };
                place(&mut kept, keys, Span(span), limits)
            }).collect();
            let followed = &mut kept[0];
            followed.most = most;
            let (mut all, mut end): (Vec<(i64, u32, u64)>, _) = (Vec::new(), 0);
            let mut before = [[0u64; 6]; 3];
            let mut unfollowed = 0;
            for (index, (gap, now, late)) in closings.into_iter().enumerate() {
                end += gap;
                let missed = dropped.get(index).copied().unwrap_or(0);
                unfollowed += missed;
                let mut hits = now.clone();
                hits.push((DROPPED, missed));
                followed.close(Second(end), &bucket(&hits));
                all.extend(now.iter().map(|&(id, n)| (end, id, n)));
                for (window, (&place, &span)) in places.iter().zip(&spans).enumerate() {
                    let mut sums = [0; 6];
                    for ((_, id), n) in within(&all, end, span) {
                        sums[id as usize] += n;
                    }
                    if index == look_at {
                        followed.catch_up_at(place, Second(end));
                        let found = [0, 1, 2, 3, 4, 5].map(|id| followed.window(place).sums(id).counted);
                        prop_assert_eq!(found, sums);
                    }
                    let rank = |n: u64| n.cmp(&limits[window]);
                    for (id, (old, new)) in (0u32..).zip(before[window].iter().zip(&sums)) {
                        if rank(*old) != rank(*new) {
                            prop_assert!(followed.window(place).restless().contains(&id), "{id}");
                        }
                    }
                    before[window] = sums;
                    if most == ROWS {
                        prop_assert_eq!(followed.window(place).unfollowed(), unfollowed);
                    }
                }
                for (ago, id) in late {
                    followed.late(Second(end - ago), &bucket(&[(id, 1)]), Second(end));
                    all.push((end - ago, id, 1));
                }
                if index == renumber_at {
                    // They turn round.
                    followed.renumber(0, &Renumbering::new(vec![5, 4, 3, 2, 1, 0]), Second(end));
                    all.iter_mut().for_each(|(_, id, _)| *id = 5 - *id);
                    before.iter_mut().for_each(|sums| sums.reverse());
                }
            }
        }
    }

    #[test]
    fn rows_take_what_is_said() {
        assert_eq!(ROWS * size_of::<KeyCounts>(), 20_800_000, "as documented");
    }
}
