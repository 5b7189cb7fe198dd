//! Distinct keys of a dimension over a sliding window.
//!
//! Each second keeps its distinct keys; a count per key tells when the last one leaves. Memory is
//! bounded: past [`KEYS`] keys in the window new ones are not followed, and where the table of the
//! dimension was full its light keys are not either; then the number is a lower bound, and told to be.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::held::Held;
use super::measure::Threshold;
use super::sliding::Sliding;
use super::{Condition, Level, Source};
use crate::report::Figure;
use crate::stats::bucket::Bucket;
use crate::stats::keys::{DROPPED, Renumbering};
use crate::time::{Second, Span};

/// Keys followed at once.
const KEYS: usize = 1 << 18;

/// A condition on the number of distinct keys.
#[derive(Debug)]
pub(super) struct Unique {
    threshold: Threshold,
    source: Source,
    /// Which of the counted dimensions.
    dimension: usize,
    dimensions: usize,
    seconds: Held<Vec<u32>>,
    /// In how many seconds of the window a key stands.
    standing: HashMap<u32, u32, RandomState>,
    hits: Sliding,
    /// Keys were not followed, or dropped from the table of their dimension.
    short: bool,
}

impl Unique {
    pub(super) fn new(
        threshold: Threshold,
        window: Span,
        source: Source,
        dimension: usize,
        dimensions: usize,
    ) -> Unique {
        Unique {
            threshold,
            source,
            dimension,
            dimensions,
            seconds: Held::new(),
            standing: HashMap::default(),
            hits: Sliding::new(window),
            short: false,
        }
    }

    fn enter(standing: &mut HashMap<u32, u32, RandomState>, id: u32) -> bool {
        if standing.len() >= KEYS && !standing.contains_key(&id) {
            return false;
        }
        *standing.entry(id).or_default() += 1;
        true
    }

    fn leave(standing: &mut HashMap<u32, u32, RandomState>, id: u32) {
        if let Some(count) = standing.get_mut(&id) {
            *count -= 1;
            if *count == 0 {
                standing.remove(&id);
            }
        }
    }
}

impl Condition for Unique {
    fn close(&mut self, second: Second, bucket: &Bucket) {
        let oldest = second - self.hits.window();
        while let Some(old) = self.seconds.leave(oldest) {
            old.into_iter()
                .for_each(|id| Unique::leave(&mut self.standing, id));
        }
        let mut ids = self.source.ids(bucket, self.dimension, self.dimensions);
        ids.sort_unstable();
        ids.dedup();
        ids.retain(|&id| {
            let followed = id < DROPPED && Unique::enter(&mut self.standing, id);
            self.short |= !followed && id <= DROPPED;
            followed
        });
        if !ids.is_empty() {
            self.seconds.enter(second, ids);
        }
        self.hits.close(second, self.source.counters(bucket).hits);
    }

    fn late(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        if second <= closed - self.hits.window() || second > closed {
            return;
        }
        let hits = self.source.counters(bucket).hits;
        self.hits.late(second, hits, closed);
        for id in self.source.ids(bucket, self.dimension, self.dimensions) {
            if id >= DROPPED {
                self.short |= id == DROPPED;
                continue;
            }
            let ids = self.seconds.at(second);
            if let Err(place) = ids.binary_search(&id) {
                if Unique::enter(&mut self.standing, id) {
                    ids.insert(place, id);
                } else {
                    self.short = true;
                }
            }
        }
    }

    fn level(&self) -> Level {
        let unique = self.standing.len() as u128 * 1_000_000_000;
        let order = unique.cmp(&self.threshold.billionths);
        Level::of(order, self.threshold, false)
    }

    fn figure(&self) -> Figure {
        Figure {
            hits: u64::try_from(self.hits.sum()).unwrap_or(u64::MAX),
            value: self.standing.len() as f64,
            threshold: self.threshold.value(),
            window: self.hits.window(),
            below: false,
        }
    }

    fn note(&self) -> Option<String> {
        let note = "too many keys: their number is at least what is told";
        self.short.then(|| note.to_owned())
    }

    fn next_change(&self, _: Second, _: Level) -> Option<Second> {
        // Whatever has a key is a hit.
        self.hits.next_leave()
    }

    fn window(&self) -> Span {
        self.hits.window()
    }

    fn renumber(&mut self, dimension: usize, ids: &Renumbering) {
        if dimension != self.dimension {
            return;
        }
        self.standing.clear();
        for second in self.seconds.iter_mut() {
            second.iter_mut().for_each(|id| *id = ids.new_id(*id));
            let before = second.len();
            second.retain(|&id| id < DROPPED && Unique::enter(&mut self.standing, id));
            self.short |= second.len() < before;
            second.sort_unstable();
        }
    }
}
