//! When the keys of a dimension were seen last, for rules on their silence.
//!
//! A key that is seen costs one look into a table, however many rules there are. Rules are told of it when it is new, and
//! when an alert of it waits or fires; the others find that it was seen when they look at it. A key is followed from when it
//! is first seen until a day after it was last seen. Memory is bounded: [`MOST_KEYS`] keys are followed, and the hits of
//! others are counted and said.

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;

use super::Subset;
use crate::stats::bucket::Bucket;
use crate::stats::keys::{DROPPED, Renumbering};
use crate::time::{Second, Span};

/// Keys that are followed.
const MOST_KEYS: usize = 1000;
/// A key that was not seen for longer is gone for good.
pub(in crate::alert) const REMEMBERED: Span = Span(86_400);

/// A key that was seen.
#[derive(Debug, Clone, Copy)]
struct SeenKey {
    last: Second,
    /// An alert of it waits or fires.
    is_awaited: bool,
}

/// See the module's text.
#[derive(Debug)]
pub(in crate::alert) struct SharedSeen {
    source: Subset,
    /// The dimension among those that are counted, and how many those are.
    dimension: (usize, usize),
    keys: HashMap<u32, SeenKey, RandomState>,
    /// Keys whose alert fires from before this run, and that have not been seen.
    expected: BTreeSet<u32>,
    /// Keys that rules must look at; some more than once.
    restless: Vec<u32>,
    /// The rules have looked at them.
    looked: bool,
    /// No key was seen last before this.
    first: Second,
    closed: Second,
    unfollowed: u64,
}

/// The place of when keys were seen last, among those that are kept.
pub(super) fn place(
    kept: &mut Vec<SharedSeen>,
    source: Subset,
    dimension: (usize, usize),
) -> usize {
    let same = |seen: &SharedSeen| (seen.source, seen.dimension) == (source, dimension);
    kept.iter().position(same).unwrap_or_else(|| {
        kept.push(SharedSeen {
            source,
            dimension,
            keys: HashMap::default(),
            expected: BTreeSet::new(),
            restless: Vec::new(),
            looked: false,
            first: Second(i64::MAX),
            closed: Second(i64::MIN),
            unfollowed: 0,
        });
        kept.len() - 1
    })
}

impl SharedSeen {
    /// A second has closed, whose keys were seen: rules look at those that are restless.
    pub(super) fn end(&mut self, second: Second) {
        self.closed = second;
        self.looked = true;
    }

    /// Keys were seen in `second`.
    pub(super) fn see(&mut self, second: Second, bucket: &Bucket) {
        if std::mem::take(&mut self.looked) {
            self.restless.clear();
        }
        self.forget();
        let Some(log) = self.source.log(bucket) else {
            return;
        };
        // Keys that are so late that they are gone take no room, or who is followed would hang on who came with them.
        let is_gone = self.is_gone(second);
        for (id, count) in log.counts(self.dimension.0, self.dimension.1) {
            let has_room = self.keys.len() < MOST_KEYS;
            match self.keys.get_mut(&id) {
                Some(key) if key.last >= second => {}
                Some(key) => {
                    key.last = second;
                    if std::mem::take(&mut key.is_awaited) {
                        self.restless.push(id);
                    }
                }
                None if is_gone => {}
                None if id < DROPPED && (self.expected.remove(&id) || has_room) => {
                    let key = SeenKey {
                        last: second,
                        is_awaited: false,
                    };
                    self.keys.insert(id, key);
                    self.first = self.first.min(second);
                    self.restless.push(id);
                }
                None if id <= DROPPED => self.unfollowed += count.hits,
                // A record without a key.
                None => {}
            }
        }
    }

    /// Forgets the keys that are gone for good.
    fn forget(&mut self) {
        if self.is_gone(self.first) {
            let closed = self.closed;
            self.keys.retain(|_, key| !is_gone(key.last, closed));
            let lasts = self.keys.values().map(|key| key.last);
            self.first = lasts.min().unwrap_or(Second(i64::MAX));
        }
    }

    fn is_gone(&self, last: Second) -> bool {
        is_gone(last, self.closed)
    }

    /// When a key was seen last, if it is followed.
    pub(in crate::alert) fn last(&self, id: u32) -> Option<Second> {
        self.keys.get(&id).map(|key| key.last)
    }

    /// The keys that rules must look at.
    pub(in crate::alert) fn restless(&self) -> &[u32] {
        &self.restless
    }

    /// Hits of keys that are not followed.
    pub(in crate::alert) fn unfollowed(&self) -> u64 {
        self.unfollowed
    }

    /// A rule has looked at a key whose alert waits or fires.
    pub(super) fn wait_for(&mut self, id: u32) {
        match self.keys.get_mut(&id) {
            Some(key) => key.is_awaited = true,
            None => _ = self.expected.insert(id),
        }
    }

    /// Follows a reduction of the table of `dimension`.
    pub(super) fn renumber(&mut self, dimension: usize, ids: &Renumbering) {
        if dimension != self.dimension.0 {
            return;
        }
        let new_id = |old| Some(ids.new_id(old)).filter(|id| *id < DROPPED);
        let keys = std::mem::take(&mut self.keys).into_iter();
        self.keys = keys
            .filter_map(|(old, key)| Some((new_id(old)?, key)))
            .collect();
        let expected = std::mem::take(&mut self.expected).into_iter();
        self.expected = expected.filter_map(new_id).collect();
        let restless = std::mem::take(&mut self.restless).into_iter();
        self.restless = restless.filter_map(new_id).collect();
    }
}

/// Whether a key is gone for good that was seen last in `last`.
fn is_gone(last: Second, closed: Second) -> bool {
    closed.0.saturating_sub(last.0) > REMEMBERED.0
}
