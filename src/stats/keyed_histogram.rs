//! How long the requests of each key took: what a percentile by key needs, in bounded memory.
//!
//! The requests are counted by key and bucket, the buckets of [`super::latency`]; only pairs that occur
//! take memory. Where there are more than [`MAX_PAIRS`], every two neighbouring buckets become one, as
//! often as it takes. So memory is bounded, the error doubles each time and is reported, and the result depends on what
//! was counted, not on its order. A full one takes 18 MB.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::keys::{DROPPED, NONE, Renumbering};
use super::latency;

/// Pairs of key and bucket that are held.
pub const MAX_PAIRS: usize = 1 << 19;
/// Bits of a pair that are the bucket.
const BUCKET: u32 = 12;

/// Requests by key and duration.
#[derive(Debug)]
pub struct KeyedHistogram {
    pairs: HashMap<u64, u32, RandomState>,
    /// How often neighbours were joined.
    level: u32,
    max_pairs: usize,
}

impl Default for KeyedHistogram {
    fn default() -> KeyedHistogram {
        KeyedHistogram::with_cap(MAX_PAIRS)
    }
}

impl KeyedHistogram {
    fn with_cap(max_pairs: usize) -> KeyedHistogram {
        KeyedHistogram {
            pairs: HashMap::default(),
            level: 0,
            max_pairs,
        }
    }

    /// Counts a request of `us` microseconds under `id`.
    #[inline]
    pub fn observe(&mut self, id: u32, us: u64) {
        if id != NONE {
            self.add(id, latency::bucket(us) >> self.level, 1);
        }
    }

    fn add(&mut self, id: u32, bucket: u16, count: u32) {
        if id == DROPPED {
            return;
        }
        let pair = u64::from(id) << BUCKET | u64::from(bucket);
        let sum = self.pairs.entry(pair).or_default();
        *sum = sum.saturating_add(count);
        if self.pairs.len() > self.max_pairs {
            self.join();
        }
    }

    /// Joins every two neighbours.
    #[cold]
    fn join(&mut self) {
        self.level += 1;
        for (pair, count) in std::mem::take(&mut self.pairs) {
            let (id, bucket) = parts(pair);
            self.add(id, bucket >> 1, count);
        }
    }

    /// Adds what `other` counted, whose ids are `ids` here.
    pub fn merge(&mut self, other: &KeyedHistogram, ids: &Renumbering) {
        while self.level < other.level {
            self.join();
        }
        for (&pair, &count) in &other.pairs {
            let (id, bucket) = parts(pair);
            // The level may rise on the way.
            self.add(ids.new_id(id), bucket >> (self.level - other.level), count);
        }
    }

    /// Follows a reduction of the table.
    pub fn renumber(&mut self, ids: &Renumbering) {
        for (pair, count) in std::mem::take(&mut self.pairs) {
            let (id, bucket) = parts(pair);
            self.add(ids.new_id(id), bucket, count);
        }
    }

    /// The bytes that its pairs take, without spare room.
    pub fn bytes(&self) -> usize {
        self.pairs.len() * (size_of::<(u64, u32)>() + 1)
    }

    /// Forgets all and keeps the memory.
    pub fn clear(&mut self) {
        self.pairs.clear();
        self.level = 0;
    }

    /// The duration in milliseconds that `percent` of the requests of each of `ids` did not exceed (nearest
    /// rank); `None` where none had a duration.
    pub fn percentiles_ms(&self, ids: &[u32], percent: u64) -> Vec<Option<f64>> {
        let mut buckets: Vec<Vec<(u16, u32)>> = vec![Vec::new(); ids.len()];
        let places: HashMap<u32, usize, RandomState> = ids.iter().copied().zip(0..).collect();
        for (&pair, &count) in &self.pairs {
            let (id, bucket) = parts(pair);
            if let Some(&place) = places.get(&id) {
                buckets[place].push((bucket, count));
            }
        }
        let percentile = |mut buckets: Vec<(u16, u32)>| {
            buckets.sort_unstable();
            let total: u64 = buckets.iter().map(|&(_, count)| u64::from(count)).sum();
            let rank = (total * percent).div_ceil(100).max(1);
            let mut below = 0;
            let found = buckets.into_iter().find(|&(_, count)| {
                below += u64::from(count);
                below >= rank
            });
            found.map(|(bucket, _)| latency::middle(bucket, self.level) / 1000.0)
        };
        buckets.into_iter().map(percentile).collect()
    }

    /// The greatest relative error of a percentile: at most 0.8 % as long as nothing was joined.
    pub fn error(&self) -> f64 {
        latency::error(self.level)
    }

    /// Whether neighbours were joined.
    pub fn is_coarse(&self) -> bool {
        self.level > 0
    }
}

/// The id and the bucket.
fn parts(pair: u64) -> (u32, u16) {
    ((pair >> BUCKET) as u32, (pair & ((1 << BUCKET) - 1)) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap as Map;

    fn check(requests: &[(u32, u64)], cap: usize, cut: usize) {
        let mut whole = KeyedHistogram::with_cap(cap);
        let mut back = KeyedHistogram::with_cap(cap);
        let (mut first, mut second) =
            (KeyedHistogram::with_cap(cap), KeyedHistogram::with_cap(cap));
        let cut = cut.min(requests.len());
        requests.iter().for_each(|&(id, us)| whole.observe(id, us));
        requests
            .iter()
            .rev()
            .for_each(|&(id, us)| back.observe(id, us));
        requests[..cut]
            .iter()
            .for_each(|&(id, us)| first.observe(id, us));
        // The second part has its ids in another order.
        requests[cut..]
            .iter()
            .for_each(|&(id, us)| second.observe(5 - id, us));
        first.merge(&second, &Renumbering::new((0..6).rev().collect()));
        let ids: Vec<u32> = (0..6).collect();
        let found = whole.percentiles_ms(&ids, 95);
        assert_eq!(&back.percentiles_ms(&ids, 95), &found);
        assert_eq!(&first.percentiles_ms(&ids, 95), &found);
        assert!(whole.pairs.len() <= cap && first.level == whole.level);
        let mut truth: Map<u32, Vec<u64>> = Map::new();
        requests
            .iter()
            .for_each(|&(id, us)| truth.entry(id).or_default().push(us));
        for (id, found) in ids.iter().zip(found) {
            let exact = truth.get_mut(id).map(|all| {
                all.sort_unstable();
                all[(all.len() * 95).div_ceil(100) - 1] as f64 / 1000.0
            });
            match (exact, found) {
                (None, None) => {}
                // Below 64 microseconds joined buckets are a microsecond wide or more, the first by far.
                (Some(exact), Some(found)) => {
                    let first = latency::middle(0, whole.level);
                    let width = (first + f64::from(1u32 << whole.level)) / 1000.0;
                    assert!(
                        (found - exact).abs() <= exact * whole.error() + width,
                        "{} {}",
                        found,
                        exact
                    );
                }
                other => panic!("{other:?}"),
            }
        }
    }

    proptest! {
        #[test]
        fn percentiles_are_within_the_error_and_depend_on_no_order(
            requests in proptest::collection::vec((0u32..6, 0u64..20_000_000), 1..400),
            cap in 20usize..200,
            cut in 0usize..400,
        ) {
            check(&requests, cap, cut);
        }
    }

    /// Powers of two, at a cap so low that buckets are joined seven times.
    #[test]
    fn the_error_holds_however_often_buckets_are_joined() {
        let found = [
            (1, 23),
            (0, 23),
            (0, 6),
            (0, 24),
            (0, 7),
            (0, 8),
            (0, 9),
            (2, 24),
            (0, 22),
            (1, 6),
            (1, 7),
            (3, 24),
            (4, 24),
            (3, 6),
            (3, 7),
            (2, 23),
            (3, 8),
            (0, 10),
            (1, 8),
            (3, 9),
        ];
        let mut found: Vec<(u32, u64)> = found.iter().map(|&(id, e)| (id, 1u64 << e)).collect();
        found.extend([(0, 0), (1, 0), (3, 0)]);
        check(&found, 20, 0);
    }

    #[test]
    fn dropped_keys_and_records_without_a_key_are_forgotten() {
        let mut spread = KeyedHistogram::default();
        for id in [0, 1, NONE, DROPPED] {
            spread.observe(id, 1000);
        }
        spread.renumber(&Renumbering::new(vec![DROPPED, 0]));
        assert_eq!(spread.pairs.len(), 1);
        assert_eq!(spread.percentiles_ms(&[0, 1], 95)[1], None);
    }
}
