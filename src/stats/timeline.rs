//! The seconds that are still open, oldest first; an empty one has no bucket.
//!
//! Slot `i` is for second `first + i`, and is one word: a second gets a bucket with its first record, so a lateness of a
//! week with little in it takes 10 MB at most, and a second is found by its number. Seconds leave at the front, in
//! order, as they close, so the length is bounded by the lateness, whatever the traffic. Buckets are reused, and
//! boxed: they move on when they close, and are large.

use super::bucket::Bucket;
use crate::queue::Queue;
use crate::time::{Second, Span};

/// Buckets kept for reuse; more than the seconds of a usual lateness.
const SPARE: usize = 128;

/// The open seconds.
#[derive(Debug)]
pub struct Timeline {
    first: Second,
    /// No open second before this one holds anything. Invariant: not after the last bucket.
    empty_to: Second,
    buckets: Queue<Option<Box<Bucket>>>,
    #[expect(clippy::vec_box, reason = "they are moved from here as they are")]
    spare: Vec<Box<Bucket>>,
}

impl Timeline {
    /// A timeline on which `first` is the first second that is open.
    pub fn new(first: Second) -> Timeline {
        Timeline {
            first,
            empty_to: first,
            buckets: Queue::default(),
            spare: Vec::new(),
        }
    }

    /// The first open second.
    pub fn first(&self) -> Second {
        self.first
    }

    /// Whether the first open second holds anything.
    #[inline]
    pub fn first_is_held(&self) -> bool {
        matches!(self.buckets.first(), Some(Some(bucket)) if !bucket.is_empty())
    }

    /// The first open second that holds anything.
    ///
    /// Empty ones are skipped once, not each time: with a long lateness a gap of days may be open.
    #[inline]
    pub fn first_held(&mut self) -> Option<Second> {
        let from = self.empty_to.max(self.first);
        let passed = (from - self.first).0 as usize;
        let is_empty = |bucket: &&Option<Box<Bucket>>| match bucket {
            Some(bucket) => bucket.is_empty(),
            None => true,
        };
        let empty = self
            .buckets
            .iter()
            .skip(passed)
            .take_while(is_empty)
            .count();
        self.empty_to = from + Span(empty as i64);
        (passed + empty < self.buckets.len()).then_some(self.empty_to)
    }

    /// The bucket of `second`, which must not be before [`Timeline::first`].
    #[inline]
    pub fn bucket(&mut self, second: Second) -> &mut Bucket {
        let index =
            usize::try_from((second - self.first).0).expect("closed seconds have no bucket");
        self.empty_to = self.empty_to.min(second);
        if index == self.buckets.len() {
            // Most often it is the next second.
            let bucket = self.spare.pop().unwrap_or_default();
            self.buckets.push(Some(bucket));
            let last = self.buckets.last_mut().and_then(Option::as_deref_mut);
            return last.expect("it was just pushed");
        }
        self.hold(index)
    }

    /// The bucket of the second at `index`, which gets one if it has none.
    #[inline(never)]
    fn hold(&mut self, index: usize) -> &mut Bucket {
        while index >= self.buckets.len() {
            self.buckets.push(None);
        }
        let spare = &mut self.spare;
        self.buckets[index].get_or_insert_with(|| spare.pop().unwrap_or_default())
    }

    /// The bucket of an open second, if there is one.
    #[inline]
    pub fn get_mut(&mut self, second: Second) -> Option<&mut Bucket> {
        let index = usize::try_from((second - self.first).0).ok()?;
        self.empty_to = self.empty_to.min(second);
        self.buckets.get_mut(index)?.as_deref_mut()
    }

    /// The bucket of an open second that is known to hold something; `empty_to` is before it.
    #[inline]
    pub fn held_mut(&mut self, second: Second) -> Option<&mut Bucket> {
        let index = (second.0 - self.first.0) as usize;
        self.buckets.get_mut(index)?.as_deref_mut()
    }

    /// The open seconds that have a bucket, oldest first.
    pub fn open(&self) -> impl Iterator<Item = (Second, &Bucket)> {
        let slots = (self.first.0..).map(Second).zip(self.buckets.iter());
        slots.filter_map(|(second, bucket)| Some((second, bucket.as_deref()?)))
    }

    /// Closes the first open second and hands over its bucket.
    #[inline]
    pub fn close(&mut self) -> Box<Bucket> {
        self.first = self.first.next();
        let bucket = self.buckets.first_mut().and_then(Option::take);
        self.buckets.pass();
        bucket.or_else(|| self.spare.pop()).unwrap_or_default()
    }

    /// Begins at `second` if that is earlier: seconds that hold nothing are put before the first one.
    #[cold]
    pub fn begin_at(&mut self, second: Second) {
        if self.first > second {
            let more = (self.first - second).0;
            self.buckets.prepend((0..more).map(|_| None));
            self.first = second;
        }
    }

    /// Moves on to `second` over seconds that hold nothing.
    pub fn skip_to(&mut self, second: Second) {
        debug_assert!(second >= self.first);
        while self.first < second
            && let Some(bucket) = self.buckets.first_mut()
        {
            let bucket = bucket.take();
            self.buckets.pass();
            if let Some(bucket) = bucket {
                debug_assert!(bucket.is_empty());
                self.recycle(bucket);
            }
            self.first = self.first.next();
        }
        self.first = second;
    }

    /// Gives a bucket back for reuse.
    #[inline]
    pub fn recycle(&mut self, mut bucket: Box<Bucket>) {
        if self.spare.len() < SPARE {
            bucket.clear();
            self.spare.push(bucket);
        }
    }

    /// Every bucket, so that their ids can be renumbered.
    pub fn buckets_mut(&mut self) -> impl Iterator<Item = &mut Bucket> {
        self.buckets.iter_mut().filter_map(Option::as_deref_mut)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::time::Span;

    /// Beside it, the plain way: a map from seconds to hits and late hits.
    fn agrees_with_a_map(far: i64) {
        let mut timeline = Timeline::new(Second(-100));
        let mut plain: BTreeMap<Second, u64> = BTreeMap::new();
        let mut state = 1u64;
        for _ in 0..4000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let (what, ahead) = (state >> 61, (state >> 32) as i64 % far);
            let second = timeline.first() + Span(ahead);
            match what {
                0 | 1 => {
                    timeline.bucket(second).counters.hits += 1;
                    *plain.entry(second).or_default() += 1;
                }
                2 => {
                    let before = timeline.first() - Span(1);
                    assert!(timeline.get_mut(before).is_none());
                    let hits = timeline.get_mut(second).map_or(0, |b| b.counters.hits);
                    assert_eq!(hits, plain.get(&second).copied().unwrap_or(0));
                }
                // A bucket that nothing is put into.
                3 => _ = timeline.bucket(second),
                4 if ahead < 3 => timeline.begin_at(timeline.first() - Span(ahead)),
                4 => {
                    if let Some(held) = timeline.first_held() {
                        timeline.skip_to(held);
                    }
                }
                _ => {
                    let hits = plain.remove(&timeline.first());
                    let bucket = timeline.close();
                    assert_eq!(bucket.counters.hits, hits.unwrap_or(0));
                    timeline.recycle(bucket);
                }
            }
            assert_eq!(timeline.first_held(), plain.keys().next().copied());
            let open = timeline.open().filter(|(_, bucket)| !bucket.is_empty());
            let open = open.map(|(second, bucket)| (second, bucket.counters.hits));
            assert!(open.eq(plain.iter().map(|(&second, &hits)| (second, hits))));
            let held = timeline.buckets_mut().filter(|bucket| !bucket.is_empty());
            assert_eq!(held.count(), plain.len());
        }
    }

    #[test]
    fn seconds_are_found_and_closed_in_order_whatever_lies_between() {
        agrees_with_a_map(40);
        agrees_with_a_map(1000);
    }

    #[test]
    fn a_second_that_holds_nothing_takes_no_bucket() {
        let mut timeline = Timeline::new(Second(1_700_000_000));
        let week = Span(7 * 86_400);
        for second in [timeline.first() + week, timeline.first()] {
            timeline.bucket(second).counters.hits += 1;
        }
        assert_eq!(timeline.buckets_mut().count(), 2);
        timeline.close();
        let last = timeline.first_held().expect("one is left");
        timeline.skip_to(last);
        assert_eq!(timeline.close().counters.hits, 1);
        assert!(timeline.buckets.is_empty() && timeline.first_held().is_none());
    }
}
