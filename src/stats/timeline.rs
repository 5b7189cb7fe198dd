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
    buckets: VecDeque<Box<Bucket>>,
    spare: VecDeque<Box<Bucket>>,
}

impl Timeline {
    /// A timeline on which `first` is the first second that is open.
    pub fn new(first: Second) -> Timeline {
        Timeline {
            first,
            buckets: VecDeque::new(),
            spare: VecDeque::new(),
        }
    }

    /// The first open second.
    pub fn first(&self) -> Second {
        self.first
    }

    /// The first open second that holds anything.
    #[inline]
    pub fn first_held(&self) -> Option<Second> {
        let index = self.buckets.iter().position(|bucket| !bucket.is_empty())?;
        Some(self.first + Span(index as i64))
    }

    /// The bucket of `second`, which must not lie before [`Timeline::first`].
    #[inline]
    pub fn bucket(&mut self, second: Second) -> &mut Bucket {
        let index =
            usize::try_from((second - self.first).0).expect("closed seconds have no bucket");
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
