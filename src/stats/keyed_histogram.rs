//! How long the requests of each key took: what a percentile by key needs, in bounded memory.
//!
//! The requests are counted by key and bucket, the buckets of [`super::latency`]; only pairs that occur
//! take memory. Where there are more than [`MAX_PAIRS`], the keys with the fewest requests are made coarser until a quarter of
//! the room is free: first what lies below their 80th percentile, which no high percentile needs, is counted by
//! powers of two; then neighbouring buckets become one, as often as it takes. The keys with the most requests keep a
//! quarter of the room as they are. A key that becomes heavy later is counted in narrow buckets again from then on. So each
//! percentile has an error of its own, which follows from the buckets that it may lie in. A full one takes 18 MB, and 8 MB
//! while it is made coarser.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::keys::{DROPPED, NONE, Renumbering};
use super::latency;

/// Pairs of key and bucket that are held.
pub const MAX_PAIRS: usize = 1 << 19;
/// Bits of a pair that are the bucket.
const BUCKET: u32 = 12;
/// Bits of a pair that say how often neighbours of its bucket were joined.
const LEVEL: u32 = 4;
/// Where all buckets are one.
const COARSEST: u32 = BUCKET;
/// Where a bucket is a power of two.
const POWER_OF_TWO: u32 = latency::BITS;
/// Below this percentile a light key is counted by powers of two first.
const LOW: u64 = 80;

/// Requests by key and duration.
#[derive(Debug)]
pub struct KeyedHistogram {
    /// Counts by key, level and bucket, as [`pair`] packs them.
    pairs: HashMap<u64, u32, RandomState>,
    max_pairs: usize,
    /// At how many pairs light keys are made coarser next.
    limit: usize,
    /// By id, the requests and the microseconds of all of them.
    sums: Vec<(u64, u64)>,
}

/// So many neighbouring buckets as one, 2 to the power of `level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Joined {
    level: u32,
    bucket: u16,
}

impl Joined {
    /// The first bucket in it, and the first after it.
    fn range(self) -> (u32, u32) {
        let first = u32::from(self.bucket);
        (first << self.level, (first + 1) << self.level)
    }

    /// The one of this level, or of its own if that is higher, that holds it.
    fn at(self, level: u32) -> Joined {
        let level = level.max(self.level);
        Joined {
            level,
            bucket: self.bucket >> (level - self.level),
        }
    }
}

/// A percentile of the requests of a key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Percentile {
    /// In milliseconds.
    pub ms: f64,
    /// By how much it may be off, relative to the true one, from 64 microseconds on.
    pub error: f64,
}

/// Where the pairs of a key are in a list of all.
struct Run {
    requests: u64,
    start: usize,
    len: usize,
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
            max_pairs,
            limit: max_pairs,
            sums: Vec::new(),
        }
    }

    /// Counts a request of `us` microseconds under `id`.
    #[inline]
    pub fn observe(&mut self, id: u32, us: u64) {
        if id != NONE && id != DROPPED {
            let (level, bucket) = (0, latency::bucket(us));
            self.add_sum(id, (1, us));
            self.add(pair(id, Joined { level, bucket }), 1);
        }
    }

    #[inline]
    fn add_sum(&mut self, id: u32, (requests, us): (u64, u64)) {
        let index = id as usize;
        if index >= self.sums.len() {
            self.sums.resize(index + 1, (0, 0));
        }
        let sum = &mut self.sums[index];
        *sum = (sum.0 + requests, sum.1.saturating_add(us));
    }

    fn add_sums(&mut self, sums: &[(u64, u64)], ids: &Renumbering) {
        for (old, &sum) in sums.iter().enumerate().filter(|(_, sum)| sum.0 > 0) {
            let id = ids.new_id(old as u32);
            if id != DROPPED {
                self.add_sum(id, sum);
            }
        }
    }

    #[inline]
    fn add(&mut self, pair: u64, count: u32) {
        let sum = self.pairs.entry(pair).or_default();
        *sum = sum.saturating_add(count);
        if self.pairs.len() > self.limit {
            self.coarsen();
        }
    }

    /// Joins buckets of light keys until a quarter of the room is free.
    #[cold]
    fn coarsen(&mut self) {
        let mut all: Vec<(u64, u32)> = self.pairs.drain().collect();
        all.sort_unstable();
        let mut keys: Vec<Run> = Vec::new();
        let mut start = 0;
        for same in all.chunk_by(|(a, _), (b, _)| parts(*a).0 == parts(*b).0) {
            let requests = same.iter().map(|&(_, count)| u64::from(count)).sum();
            let len = same.len();
            keys.push(Run {
                requests,
                start,
                len,
            });
            start += len;
        }
        // The lightest first; the sort is stable.
        keys.sort_by_key(|key| key.requests);
        let mut kept = 0;
        let is_kept = |key: &&Run| {
            kept += key.len;
            kept <= self.max_pairs / 4
        };
        let heavy = keys.iter().rev().take_while(is_kept).count();
        let light = keys.len() - heavy;
        let mut held = all.len();
        'enough: for tail in 0..=COARSEST {
            for key in &mut keys[..light] {
                if held <= self.max_pairs / 4 * 3 {
                    break 'enough;
                }
                let len = join(&mut all[key.start..][..key.len], tail);
                held -= key.len - len;
                key.len = len;
            }
        }
        for key in keys {
            self.pairs.extend(&all[key.start..][..key.len]);
        }
        // One pair for each key is the least: there is no room for more keys than the cap of a table.
        self.limit = self.max_pairs.max(self.pairs.len() + self.max_pairs / 4);
    }

    /// Adds what `other` counted, whose ids are `ids` here.
    pub fn merge(&mut self, other: &KeyedHistogram, ids: &Renumbering) {
        self.add_sums(&other.sums, ids);
        for (&pair, &count) in &other.pairs {
            self.add_renumbered(pair, count, ids);
        }
    }

    /// Follows a reduction of the table.
    pub fn renumber(&mut self, ids: &Renumbering) {
        let sums = std::mem::take(&mut self.sums);
        self.add_sums(&sums, ids);
        for (pair, count) in std::mem::take(&mut self.pairs) {
            self.add_renumbered(pair, count, ids);
        }
    }

    fn add_renumbered(&mut self, old: u64, count: u32, ids: &Renumbering) {
        let (id, joined) = parts(old);
        let id = ids.new_id(id);
        if id != DROPPED {
            self.add(pair(id, joined), count);
        }
    }

    /// The bytes that its pairs take, without spare room.
    pub fn bytes(&self) -> usize {
        let pairs = self.pairs.len() * (size_of::<(u64, u32)>() + 1);
        pairs + self.sums.len() * size_of::<(u64, u64)>()
    }

    /// Forgets all and keeps the memory.
    pub fn clear(&mut self) {
        self.pairs.clear();
        self.sums.clear();
        self.limit = self.max_pairs;
    }

    /// The mean duration of the requests of a key, in milliseconds; `None` where none had a duration.
    pub fn mean_ms(&self, id: u32) -> Option<f64> {
        let &(requests, us) = self.sums.get(id as usize)?;
        (requests > 0).then(|| us as f64 / requests as f64 / 1000.0)
    }

    /// The duration that `percent` of the requests of each of `ids` did not exceed (nearest rank); `None` where none had a
    /// duration.
    pub fn percentiles(&self, ids: &[u32], percent: u64) -> Vec<Option<Percentile>> {
        let mut rows: Vec<Vec<(Joined, u32)>> = vec![Vec::new(); ids.len()];
        let places: HashMap<u32, usize, RandomState> = ids.iter().copied().zip(0..).collect();
        for (&pair, &count) in &self.pairs {
            let (id, joined) = parts(pair);
            if let Some(&place) = places.get(&id) {
                rows[place].push((joined, count));
            }
        }
        let percentile = |mut row: Vec<(Joined, u32)>| {
            // The true one lies between the one of the least durations that these can have been and that of the greatest.
            row.sort_unstable_by_key(|(joined, _)| joined.range().0);
            let (first, _) = nearest_rank(&row, percent)?.range();
            row.sort_unstable_by_key(|(joined, _)| joined.range().1);
            let (_, end) = nearest_rank(&row, percent)?.range();
            let (us, error) = latency::between(first, end);
            let ms = us / 1000.0;
            Some(Percentile { ms, error })
        };
        rows.into_iter().map(percentile).collect()
    }
}

/// Joins buckets of one key, to this level above the power of two in which its 80th percentile lies. How many pairs are left,
/// at the beginning.
fn join(pairs: &mut [(u64, u32)], tail: u32) -> usize {
    let mut row: Vec<(Joined, u32)> = pairs.iter().map(|&(p, n)| (parts(p).1, n)).collect();
    row.sort_unstable_by_key(|(joined, _)| joined.range().0);
    let low = nearest_rank(&row, LOW).map_or(0, |joined| joined.range().0);
    let low = low >> POWER_OF_TWO << POWER_OF_TWO;
    for (old, _) in pairs.iter_mut() {
        let (id, joined) = parts(*old);
        let level = if joined.range().1 <= low {
            tail.max(POWER_OF_TWO)
        } else {
            tail
        };
        *old = pair(id, joined.at(level));
    }
    pairs.sort_unstable();
    let mut last = 0;
    for at in 1..pairs.len() {
        let (pair, count) = pairs[at];
        if pairs[last].0 == pair {
            pairs[last].1 = pairs[last].1.saturating_add(count);
        } else {
            last += 1;
            pairs[last] = (pair, count);
        }
    }
    pairs.len().min(last + 1)
}

/// Where `percent` of the requests of a sorted row have come.
fn nearest_rank(row: &[(Joined, u32)], percent: u64) -> Option<Joined> {
    let total: u64 = row.iter().map(|&(_, count)| u64::from(count)).sum();
    let rank = (total * percent).div_ceil(100).max(1);
    let mut below = 0;
    let found = row.iter().find(|&&(_, count)| {
        below += u64::from(count);
        below >= rank
    });
    found.map(|&(joined, _)| joined)
}

/// A key and a bucket as one number.
#[inline]
fn pair(id: u32, joined: Joined) -> u64 {
    u64::from(id) << (LEVEL + BUCKET) | u64::from(joined.level << BUCKET) | u64::from(joined.bucket)
}

/// The key and the bucket.
fn parts(pair: u64) -> (u32, Joined) {
    let joined = Joined {
        level: (pair >> BUCKET) as u32 & ((1 << LEVEL) - 1),
        bucket: pair as u16 & ((1 << BUCKET) - 1),
    };
    ((pair >> (LEVEL + BUCKET)) as u32, joined)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// The exact percentile in milliseconds.
    fn exact(durations: &mut [u64], percent: u64) -> f64 {
        durations.sort_unstable();
        let rank = (durations.len() as u64 * percent).div_ceil(100).max(1);
        durations[rank as usize - 1] as f64 / 1000.0
    }

    /// Each percentile is within its error; by key.
    fn check(spread: &KeyedHistogram, requests: &[(u32, u64)]) -> BTreeMap<u32, f64> {
        let mut truth: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        for &(id, us) in requests {
            truth.entry(id).or_default().push(us);
        }
        for (&id, durations) in &truth {
            let mean = durations.iter().sum::<u64>() as f64 / durations.len() as f64 / 1000.0;
            let found = spread.mean_ms(id).expect("it has durations");
            assert!((found - mean).abs() < 1e-6, "{id}: {found} {mean}");
        }
        let mut errors = BTreeMap::new();
        for percent in [50, 95, 100] {
            let ids: Vec<u32> = truth.keys().copied().collect();
            let found = spread.percentiles(&ids, percent);
            for ((id, durations), found) in truth.iter_mut().zip(found) {
                let found = found.expect("it has durations");
                let exact = exact(durations, percent);
                let off = (found.ms - exact).abs();
                assert!(off <= exact * found.error + 1e-9, "{id}: {found:?} {exact}");
                if percent == 95 {
                    errors.insert(*id, found.error);
                }
            }
        }
        errors
    }

    fn counted(cap: usize, requests: &[(u32, u64)]) -> KeyedHistogram {
        let mut spread = KeyedHistogram::with_cap(cap);
        for &(id, us) in requests {
            spread.observe(id, us);
            assert!(spread.pairs.len() <= cap);
        }
        spread
    }

    proptest! {
        #[test]
        fn percentiles_are_within_their_error_in_any_order_and_merged(
            mut requests in proptest::collection::vec((0u32..6, prop_oneof![0u64..200, 0u64..20_000_000]), 1..400),
            cap in 24usize..200,
            cut in 0usize..400,
        ) {
            let (first, second) = requests.split_at(cut.min(requests.len()));
            // The second part has its ids in another order.
            let turned: Vec<(u32, u64)> = second.iter().map(|&(id, us)| (5 - id, us)).collect();
            let mut merged = counted(cap, first);
            merged.merge(&counted(cap, &turned), &Renumbering::new((0..6).rev().collect()));
            prop_assert!(merged.pairs.len() <= cap);
            check(&merged, &requests);
            check(&counted(cap, &requests), &requests);
            requests.reverse();
            check(&counted(cap, &requests), &requests);
            // Below the cap nothing is joined.
            let errors = check(&counted(1000, &requests), &requests);
            prop_assert!(errors.values().all(|&error| error < 0.01));
        }
    }

    /// Numbers that look like chance, the same each time.
    struct Chance(u64);

    impl Chance {
        fn below(&mut self, end: u64) -> u64 {
            self.0 = self
                .0
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (self.0 >> 33) % end
        }

        /// Between 1 ms and 32 s, most near the beginning, another for each key.
        fn duration(&mut self, id: u32) -> u64 {
            let powers = self.below(8) + self.below(8);
            ((1000 + self.below(1000)) << powers) + u64::from(id % 97) * 131
        }
    }

    #[test]
    fn heavy_keys_among_many_stay_sharp() {
        let mut chance = Chance(1);
        let mut requests = Vec::new();
        for _ in 0..110_000 {
            // A third is of ten keys, the rest of seven thousand.
            let id = match chance.below(3) {
                0 => chance.below(10) as u32,
                _ => 10 + chance.below(7000) as u32,
            };
            requests.push((id, chance.duration(id)));
        }
        let spread = counted(MAX_PAIRS / 8, &requests);
        let errors = check(&spread, &requests);
        assert!(errors.len() > 6900);
        assert!(errors.range(..10).all(|(_, &error)| error < 0.01));
        // Light keys, with ten requests each between 1 ms and 32 s, are coarse, and of some use still.
        let coarse = errors.values().filter(|&&error| error > 0.01).count();
        let worst = errors.values().copied().fold(0.0, f64::max);
        assert!(coarse > 1000 && worst < 0.7, "{coarse} {worst}");
    }

    /// When it comes all other keys are heavier.
    #[test]
    fn a_key_that_becomes_heavy_late_becomes_sharp() {
        let mut chance = Chance(2);
        let mut requests: Vec<(u32, u64)> = Vec::new();
        let mut more = |from: u32, keys: u32, count: usize, requests: &mut Vec<(u32, u64)>| {
            for _ in 0..count {
                let id = from + chance.below(keys.into()) as u32;
                requests.push((id, chance.duration(id)));
            }
        };
        more(10, 500, 40_000, &mut requests);
        more(0, 1, 10, &mut requests);
        more(10, 500, 40_000, &mut requests);
        more(0, 1, 20_000, &mut requests);
        let errors = check(&counted(8192, &requests), &requests);
        assert!(errors[&0] < 0.02, "{}", errors[&0]);
    }

    #[test]
    fn dropped_keys_and_records_without_a_key_are_forgotten() {
        let mut spread = KeyedHistogram::default();
        for id in [0, 1, NONE, DROPPED] {
            spread.observe(id, 1000);
        }
        spread.renumber(&Renumbering::new(vec![DROPPED, 0]));
        assert_eq!(spread.pairs.len(), 1);
        assert_eq!(spread.percentiles(&[0, 1], 95)[1], None);
    }
}
