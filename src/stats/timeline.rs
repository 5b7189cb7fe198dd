//! The seconds that are still open, oldest first.
//!
//! Slot `i` holds second `first + i`. Seconds leave at the front, in order, as they close, so the
//! length is bounded by the lateness, whatever the traffic. Buckets are reused, and boxed: they
//! move on when they close, and are large.

use std::collections::VecDeque;

use super::bucket::Bucket;
use crate::time::{Second, Span};

/// Buckets kept for reuse; more than the seconds of a usual lateness.
const SPARE: usize = 128;

/// The open seconds.
#[derive(Debug)]
pub struct Timeline {
    first: Second,
    /// No open second before this one holds anything. Invariant: not after the last bucket.
    empty_to: Second,
    buckets: VecDeque<Box<Bucket>>,
    spare: VecDeque<Box<Bucket>>,
}

impl Timeline {
    /// A timeline on which `first` is the first second that is open.
    pub fn new(first: Second) -> Timeline {
        Timeline {
            first,
            empty_to: first,
            buckets: VecDeque::new(),
            spare: VecDeque::new(),
        }
    }

    /// The first open second.
    pub fn first(&self) -> Second {
        self.first
    }

    /// The first open second that holds anything.
    ///
    /// Empty ones are passed over once, not each time: within a long lateness a gap of days lies open.
    #[inline]
    pub fn first_held(&mut self) -> Option<Second> {
        let from = self.empty_to.max(self.first);
        let passed = (from - self.first).0 as usize;
        let empty = self.buckets.range(passed..).take_while(|b| b.is_empty());
        let empty = empty.count();
        self.empty_to = from + Span(empty as i64);
        (passed + empty < self.buckets.len()).then_some(self.empty_to)
    }

    /// The bucket of `second`, which must not lie before [`Timeline::first`].
    #[inline]
    pub fn bucket(&mut self, second: Second) -> &mut Bucket {
        let index =
            usize::try_from((second - self.first).0).expect("closed seconds have no bucket");
        self.empty_to = self.empty_to.min(second);
        while self.buckets.len() <= index {
            self.buckets
                .push_back(self.spare.pop_back().unwrap_or_default());
        }
        &mut self.buckets[index]
    }

    /// The bucket of an open second, if there is one.
    #[inline]
    pub fn get_mut(&mut self, second: Second) -> Option<&mut Bucket> {
        let index = usize::try_from((second - self.first).0).ok()?;
        self.empty_to = self.empty_to.min(second);
        self.buckets.get_mut(index).map(|bucket| &mut **bucket)
    }

    /// The open seconds, oldest first.
    pub fn open(&self) -> impl Iterator<Item = (Second, &Bucket)> {
        (self.first.0..)
            .map(Second)
            .zip(self.buckets.iter().map(|bucket| &**bucket))
    }

    /// Closes the first open second and hands over its bucket.
    pub fn close(&mut self) -> Box<Bucket> {
        self.first = self.first.next();
        let bucket = self.buckets.pop_front();
        bucket.or_else(|| self.spare.pop_back()).unwrap_or_default()
    }

    /// Moves on to `second` over seconds that hold nothing.
    pub fn skip_to(&mut self, second: Second) {
        debug_assert!(second >= self.first);
        while self.first < second
            && let Some(bucket) = self.buckets.pop_front()
        {
            debug_assert!(bucket.is_empty());
            self.recycle(bucket);
            self.first = self.first.next();
        }
        self.first = second;
    }

    /// Gives a bucket back for reuse.
    pub fn recycle(&mut self, mut bucket: Box<Bucket>) {
        if self.spare.len() < SPARE {
            bucket.clear();
            self.spare.push_back(bucket);
        }
    }

    /// Every bucket, for whoever must renumber what they hold.
    pub fn buckets_mut(&mut self) -> impl Iterator<Item = &mut Bucket> {
        self.buckets.iter_mut().map(|bucket| &mut **bucket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beside it, the plain way: every bucket is looked at.
    #[test]
    fn the_first_second_that_holds_anything_is_found_again() {
        let mut timeline = Timeline::new(Second(100));
        let mut state = 1u64;
        for _ in 0..5000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let (what, ahead) = (state >> 61, (state >> 32) as i64 % 40);
            let second = timeline.first() + Span(ahead);
            match what {
                0 => timeline.bucket(second).counters.hits += 1,
                1 => {
                    if let Some(bucket) = timeline.get_mut(second) {
                        bucket.counters.late += 1;
                    }
                }
                // A bucket that nothing is put into.
                2 => assert!(timeline.bucket(second).counters.hits < 5000),
                3 => {
                    if let Some(held) = timeline.first_held() {
                        timeline.skip_to(held);
                    }
                }
                _ => {
                    let bucket = timeline.close();
                    timeline.recycle(bucket);
                }
            }
            let plain = timeline.open().find(|(_, bucket)| !bucket.is_empty());
            let plain = plain.map(|(second, _)| second);
            assert_eq!(timeline.first_held(), plain);
        }
    }
}
