//! Distinct keys of a dimension over a sliding window.
//!
//! Each second keeps its distinct keys; a count per key tells when the last one leaves. Memory is
//! bounded: past [`KEYS`] keys in the window new ones are not followed, and the number is a lower bound.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;

use super::measure::Threshold;
use super::sliding::Sliding;
use super::{Condition, Source, Verdict};
use crate::report::Figure;
use crate::stats::Hit;
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
    seconds: VecDeque<(Second, Vec<u32>)>,
    /// In how many seconds of the window a key stands.
    standing: HashMap<u32, u32, RandomState>,
    hits: Sliding,
    /// Some keys were not told apart.
    missed: bool,
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
            seconds: VecDeque::new(),
            standing: HashMap::default(),
            hits: Sliding::new(window),
            missed: false,
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
        while self.seconds.front().is_some_and(|(old, _)| *old <= oldest)
            && let Some((_, old)) = self.seconds.pop_front()
        {
            old.into_iter()
                .for_each(|id| Unique::leave(&mut self.standing, id));
        }
        let mut ids = self.source.ids(bucket, self.dimension, self.dimensions);
        ids.sort_unstable();
        ids.dedup();
        self.missed |= ids.contains(&DROPPED);
        ids.retain(|&id| id < DROPPED && Unique::enter(&mut self.standing, id));
        if !ids.is_empty() {
            self.seconds.push_back((second, ids));
        }
        self.hits.close(second, self.source.counters(bucket).hits);
    }

    fn late(&mut self, hit: &Hit, closed: Second) {
        if !self.source.holds(hit) || hit.time <= closed - self.hits.window() || hit.time > closed {
            return;
        }
        self.hits.late(hit.time, 1, closed);
        let id = hit.ids[self.dimension];
        self.missed |= id == DROPPED;
        let index = self
            .seconds
            .partition_point(|(second, _)| *second < hit.time);
        if self
            .seconds
            .get(index)
            .is_none_or(|(second, _)| *second != hit.time)
        {
            self.seconds.insert(index, (hit.time, Vec::new()));
        }
        let ids = &mut self.seconds[index].1;
        if id < DROPPED && !ids.contains(&id) && Unique::enter(&mut self.standing, id) {
            ids.push(id);
        }
    }

    fn verdict(&self) -> Verdict {
        let unique = self.standing.len() as u128 * 1_000_000_000;
        let order = unique.cmp(&self.threshold.billionths);
        Verdict::of(order, self.threshold, false)
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
        self.missed
            .then(|| "too many keys: some were not counted".to_owned())
    }

    fn next_change(&self, from: Second) -> Option<Second> {
        (self.hits.sum() > 0 || !self.seconds.is_empty()).then_some(from)
    }

    fn window(&self) -> Span {
        self.hits.window()
    }

    fn renumber(&mut self, dimension: usize, ids: &Renumbering) {
        if dimension != self.dimension {
            return;
        }
        self.standing.clear();
        for (_, second) in &mut self.seconds {
            second.iter_mut().for_each(|id| *id = ids.new_id(*id));
            self.missed |= second.contains(&DROPPED);
            second.retain(|&id| id < DROPPED && Unique::enter(&mut self.standing, id));
        }
    }
}
