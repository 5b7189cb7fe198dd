//! What rules count in common.
//!
//! Rules differ by their thresholds far more often than by what they look at. So what is looked at is counted here, once
//! for each second, however many rules there are; a rule keeps its place here and its own threshold. What a rule must
//! look at is said when it is made, before anything is counted.

mod counts;
mod followed;
mod keys;
mod limits;
mod rows;
mod seen_keys;
mod shared_rows;
mod times;
mod watch;

pub use counts::CountPlace;
pub(super) use counts::Summand;
pub(super) use followed::{FollowedKeys, FollowedPlace};
pub(super) use keys::KeysPlace;
pub(super) use limits::{KeyLimits, KeySums};
pub(super) use seen_keys::REMEMBERED;
pub(super) use times::{TimesPlace, Timing};

use super::{Rest, Subset, at_most};
use crate::stats::SERVER_ERROR;
use crate::stats::bucket::{Bucket, ClosedSecond};
use crate::stats::columns::SecondsInColumns;
use crate::stats::keys::Renumbering;
use crate::time::{Second, Span};
use counts::SharedCounts;
use followed::{FollowedWindow, SharedFollowed};
use keys::SharedKeys;
use seen_keys::SharedSeen;
use times::SharedTimes;

/// See the module's text.
#[derive(Debug)]
pub struct Common {
    counts: SharedCounts,
    times: Vec<SharedTimes>,
    keys: Vec<SharedKeys>,
    followed: Vec<SharedFollowed>,
    seen: Vec<SharedSeen>,
    /// When the last record of a source was seen.
    lasts: Vec<(Subset, Option<Second>)>,
    /// There is nothing but counts, as with most rules.
    has_counts_alone: bool,
    closed: Closed,
    /// The last second that closed one by one.
    last: Second,
}

/// Where it is kept when the last record of a source was seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastPlace(usize);

/// Where it is kept when keys were seen last.
#[derive(Debug, Clone, Copy)]
pub(super) struct SeenPlace(usize);

/// What is kept of keys for a rule with an alert for each.
#[derive(Debug, Clone, Copy)]
pub(super) enum KeyedPlace {
    Followed(FollowedPlace),
    Seen(SeenPlace),
}

/// What has closed one by one since the beginning, to tell how much has between two seconds, and what the last second had.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Closed {
    /// Hits, and lines that are no records.
    pub(super) lines: u64,
    /// Hits with a 5xx.
    pub(super) errors: u64,
    /// Bytes sent, saturating.
    pub(super) bytes: u64,
    /// The longest duration of the last second, in microseconds.
    pub(super) longest_us: u64,
}

impl Closed {
    fn add(&mut self, bucket: &Bucket) {
        let counters = &bucket.counters;
        self.lines += counters.hits + counters.unparsed;
        self.errors += counters.status[usize::from(SERVER_ERROR)];
        self.bytes = self.bytes.saturating_add(counters.bytes);
        self.longest_us = bucket.durations.max_us();
    }
}

impl Default for Common {
    fn default() -> Common {
        Common {
            counts: SharedCounts::default(),
            times: Vec::new(),
            keys: Vec::new(),
            followed: Vec::new(),
            seen: Vec::new(),
            lasts: Vec::new(),
            has_counts_alone: true,
            closed: Closed::default(),
            last: Second(i64::MIN),
        }
    }
}

impl Common {
    /// A second closes, in order; those that are left out are empty.
    #[inline]
    pub fn close(&mut self, second: Second, bucket: &Bucket) {
        self.closed.add(bucket);
        self.counts.take(second, bucket, second);
        if !self.has_counts_alone {
            self.close_others(second, bucket);
        }
    }

    /// Seconds close, one after the other, each with hits; `false`, and nothing is taken, where more than counts is kept.
    pub fn close_run(&mut self, run: &[ClosedSecond]) -> bool {
        if self.has_counts_alone {
            self.counts.take_run(run);
        }
        self.has_counts_alone
    }

    /// The same of seconds in columns, each with hits, where nothing but counts is kept, and those of all records.
    pub fn close_in_columns(&mut self, seconds: &SecondsInColumns<'_>) {
        debug_assert!(self.has_counts_alone);
        self.counts.take_columns(seconds);
    }

    /// Whether nothing but counts is kept.
    pub fn has_counts_alone(&self) -> bool {
        self.has_counts_alone
    }

    #[inline(never)]
    fn close_others(&mut self, second: Second, bucket: &Bucket) {
        self.last = second;
        self.take_others(second, bucket, second);
        for followed in &mut self.followed {
            followed.close(second, bucket);
        }
        for seen in &mut self.seen {
            seen.end(second);
        }
    }

    /// Records came late for a second up to `closed`, the last one that is closed.
    pub fn late(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        self.counts.take(second, bucket, closed);
        self.take_others(second, bucket, closed);
        for followed in &mut self.followed {
            followed.late(second, bucket, closed);
        }
    }

    fn take_others(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        self.heard(second, bucket);
        for times in &mut self.times {
            times.take(second, bucket, closed);
        }
        for keys in &mut self.keys {
            keys.take(second, bucket, closed);
        }
    }

    /// Live, records came while `second` was the newest of the log, whatever their own time is.
    pub fn heard(&mut self, second: Second, bucket: &Bucket) {
        for (source, last) in &mut self.lasts {
            if source.counters(bucket).hits > 0 {
                *last = (*last).max(Some(second));
            }
        }
        for seen in &mut self.seen {
            seen.see(second, bucket);
        }
    }

    /// Follows a reduction of the table of `dimension`.
    pub fn renumber(&mut self, dimension: usize, ids: &Renumbering) {
        for keys in &mut self.keys {
            keys.renumber(dimension, ids);
        }
        for followed in &mut self.followed {
            followed.renumber(dimension, ids, self.last);
        }
        for seen in &mut self.seen {
            seen.renumber(dimension, ids);
        }
    }

    /// The place of a count over a window: of what is added up of `part`, and of the hits of `whole`.
    pub(super) fn count(
        &mut self,
        summand: Summand,
        [part, whole]: [Subset; 2],
        window: Span,
    ) -> CountPlace {
        self.counts.place(summand, [part, whole], window)
    }

    /// What is counted there.
    #[inline]
    pub(super) fn count_at(&self, place: CountPlace) -> u128 {
        self.counts.part(place)
    }

    /// What is counted there, and of how many hits.
    #[inline]
    pub(super) fn counted(&self, place: CountPlace) -> (u128, u128) {
        self.counts.totals(place)
    }

    /// What is counted there, and what that is a share of: of unparsed lines, the lines.
    #[inline]
    pub(super) fn share(&self, place: CountPlace) -> (u128, u128) {
        self.counts.share(place)
    }

    /// How many of these seconds, from the first on, leave what is counted there below `few` as each closes, if each of their
    /// hits counts for one at most.
    pub(super) fn seconds_below(
        &self,
        place: CountPlace,
        few: u128,
        seconds: &SecondsInColumns<'_>,
    ) -> usize {
        self.counts.seconds_below(place, few, seconds)
    }

    /// What has closed one by one since the beginning.
    #[inline]
    pub(super) fn closed(&self) -> Closed {
        self.closed
    }

    /// For how long what is counted there stays below this part of the hits, in billionths.
    pub(super) fn rest_below_share(&self, place: CountPlace, billionths: u128) -> Option<Rest> {
        self.counts.rest_below_share(place, billionths)
    }

    /// For how long what is counted there stays above `many`.
    pub(super) fn rest_above(&self, place: CountPlace, many: u128) -> Option<Rest> {
        self.counts.rest_above(place, many)
    }

    /// The next second at which something leaves its window, if nothing enters before.
    pub(super) fn next_leave(&self, place: CountPlace) -> Option<Second> {
        self.counts.next_leave(place)
    }

    /// The place of how long the requests of `source` took, over a window.
    pub(super) fn timing(&mut self, source: Subset, window: Span) -> TimesPlace {
        self.has_counts_alone = false;
        times::place(&mut self.times, source, window)
    }

    /// The durations that are kept there.
    pub(super) fn times(&self, place: TimesPlace) -> &SharedTimes {
        &self.times[place.times]
    }

    /// The place of the number of distinct keys of `source` over a window, in one of so many dimensions.
    pub(super) fn distinct(
        &mut self,
        source: Subset,
        dimension: (usize, usize),
        window: Span,
    ) -> KeysPlace {
        self.has_counts_alone = false;
        keys::place(&mut self.keys, source, dimension, window)
    }

    /// That number.
    pub(super) fn unique(&self, place: KeysPlace) -> u64 {
        self.keys[place.keys].unique(place)
    }

    /// Whether there may have been more.
    pub(super) fn lacks_keys(&self, place: KeysPlace) -> bool {
        self.keys[place.keys].is_short()
    }

    /// The place of when the last record of `source` was seen.
    pub(super) fn last_of(&mut self, source: Subset) -> LastPlace {
        self.has_counts_alone = false;
        let known = self.lasts.iter().position(|(known, _)| *known == source);
        LastPlace(known.unwrap_or_else(|| {
            self.lasts.push((source, None));
            self.lasts.len() - 1
        }))
    }

    /// That second, if there was one.
    pub(super) fn last(&self, LastPlace(place): LastPlace) -> Option<Second> {
        self.lasts[place].1
    }

    /// The place of keys that are followed over a window, which a rule holds against `limits`.
    pub(super) fn follow(
        &mut self,
        keys: FollowedKeys,
        window: Span,
        limits: KeyLimits,
    ) -> FollowedPlace {
        self.has_counts_alone = false;
        followed::place(&mut self.followed, keys, window, limits)
    }

    /// Those keys are to be looked at, the restless and others.
    pub(super) fn catch_up(&mut self, place: FollowedPlace, closed: Second) {
        self.followed[place.followed].catch_up_at(place, closed);
    }

    /// Those keys.
    pub(super) fn followed(&self, place: FollowedPlace) -> &FollowedWindow {
        self.followed[place.followed].window(place)
    }

    /// Whether there are keys at a place that rules must look at when this second closes.
    #[inline]
    pub(super) fn is_restless(&self, place: KeyedPlace) -> bool {
        match place {
            KeyedPlace::Followed(place) => !self.followed(place).restless().is_empty(),
            KeyedPlace::Seen(place) => !self.seen(place).restless().is_empty(),
        }
    }

    /// The place of when the keys of `source` were seen last, in one of so many dimensions.
    pub(super) fn seen_keys(&mut self, source: Subset, dimension: (usize, usize)) -> SeenPlace {
        self.has_counts_alone = false;
        SeenPlace(seen_keys::place(&mut self.seen, source, dimension))
    }

    /// When those keys were seen last.
    pub(super) fn seen(&self, SeenPlace(place): SeenPlace) -> &SharedSeen {
        &self.seen[place]
    }

    /// A rule has looked at one of those keys, whose alert waits or fires.
    pub(super) fn wait_for(&mut self, SeenPlace(place): SeenPlace, id: u32) {
        self.seen[place].wait_for(id);
    }

    /// A rule has looked at one of those keys, whose alert fires.
    pub(super) fn fires(&mut self, place: FollowedPlace, id: u32) {
        self.followed[place.followed].fires(place, id);
    }

    /// The next second at which anything of them leaves that could matter, if nothing enters before.
    pub(super) fn next_followed_leave(&self, place: FollowedPlace) -> Option<Second> {
        self.followed[place.followed].next_leave(place)
    }

    /// Room for so many rows of the seconds of a window.
    #[cfg(test)]
    pub(super) fn set_most_rows(&mut self, place: FollowedPlace, most: usize) {
        self.followed[place.followed].set_most_rows(place, most);
    }
}
