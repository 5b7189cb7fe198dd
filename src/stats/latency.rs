//! How long requests took: log-linear buckets, as in HdrHistogram.
//!
//! Microseconds below 64 have a bucket each; above, every power of two is cut into 64 equal parts, so
//! a bucket is at most 1/64 of its lower bound wide and its middle is off by at most 0.8 %. Counts
//! merge by addition. The maximum is kept exactly. A full histogram takes 30 KiB; a second holds only
//! the bucket numbers of its own requests.

use super::dimension::Scratch;
use super::{Hit, Statistic};
use crate::format::record::Record;
use crate::points::series::Addend;

/// Parts of a power of two, as a power of two.
pub(super) const BITS: u32 = 6;
/// A second with more requests than this is folded to one row per bucket.
const BUSY: usize = 4096;

/// Buckets that have a sum.
const GROUP: usize = 64;

/// The bucket of a duration in microseconds.
pub(super) fn bucket(us: u64) -> u16 {
    let exponent = us.max(1).ilog2();
    if exponent < BITS {
        return us as u16;
    }
    let shift = exponent - BITS;
    // 64 parts for each exponent from BITS on, after the first 64 buckets.
    ((shift + 1) << BITS) as u16 + ((us >> shift) as u16 & ((1 << BITS) - 1))
}

/// The least duration in a bucket, in microseconds.
fn least(bucket: u64) -> u64 {
    let (shift, part) = (bucket >> BITS, bucket & ((1 << BITS) - 1));
    match shift {
        0 => part,
        // After the last bucket comes one that begins past 64 bits.
        _ => part
            .saturating_add(1 << BITS)
            .saturating_mul(1 << (shift - 1).min(63)),
    }
}

/// The middle of a bucket in microseconds.
pub(super) fn middle(bucket: u16) -> f64 {
    let bucket = u64::from(bucket);
    (least(bucket) as f64 + (least(bucket + 1) - 1) as f64) / 2.0
}

/// A duration in microseconds for one that lies in a bucket from `first` on and before `end`, and by how much it may be off,
/// relative to the true one: the harmonic mean, as it is equally far from both ends. The middle where it is one bucket.
pub(super) fn between(first: u32, end: u32) -> (f64, f64) {
    let (low, high) = (least(first.into()) as f64, (least(end.into()) - 1) as f64);
    if low >= high {
        return (low, 0.0);
    }
    if end - first == 1 {
        let middle = (low + high) / 2.0;
        return (middle, (middle - low) / low);
    }
    (2.0 * low * high / (low + high), (high - low) / (high + low))
}

/// Durations of one second.
#[derive(Debug, Clone, Default)]
pub struct Durations {
    flat: Vec<u16>,
    folded: Vec<(u16, u32)>,
    max_us: u64,
    sum_us: u64,
}

impl Durations {
    /// Counts one request.
    #[inline]
    pub fn observe(&mut self, us: u64) {
        self.flat.push(bucket(us));
        self.max_us = self.max_us.max(us);
        self.sum_us = self.sum_us.saturating_add(us);
        if self.flat.len() >= BUSY {
            self.fold();
        }
    }

    #[cold]
    fn fold(&mut self) {
        let mut all = std::mem::take(&mut self.folded);
        all.extend(self.flat.drain(..).map(|bucket| (bucket, 1)));
        all.sort_unstable();
        for (bucket, count) in all {
            match self.folded.last_mut() {
                Some(last) if last.0 == bucket => last.1 += count,
                _ => self.folded.push((bucket, count)),
            }
        }
    }

    /// Adds the requests of another span.
    pub fn merge(&mut self, other: &Durations) {
        self.flat.extend_from_slice(&other.flat);
        self.folded.extend_from_slice(&other.folded);
        self.max_us = self.max_us.max(other.max_us);
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
        if self.flat.len() >= BUSY || !other.folded.is_empty() {
            self.fold();
        }
    }

    /// Forgets all and keeps the memory.
    pub fn clear(&mut self) {
        self.flat.clear();
        self.folded.clear();
        (self.max_us, self.sum_us) = (0, 0);
    }

    /// The longest, in microseconds; 0 where there is none.
    pub fn max_us(&self) -> u64 {
        self.max_us
    }

    /// Whether no request had a duration.
    pub fn is_empty(&self) -> bool {
        self.flat.is_empty() && self.folded.is_empty()
    }
}

/// Durations over some span of time.
#[derive(Debug, Clone, Default)]
pub struct Histogram {
    counts: Vec<u64>,
    /// The sums of each [`GROUP`] of them, so that a percentile is found in a hundred steps.
    groups: Vec<u64>,
    total: u64,
    max_us: u64,
    sum_us: u128,
}

impl Statistic for Histogram {
    #[inline]
    fn observe(&mut self, _: &Record<'_>, hit: &Hit, _: &mut Scratch) {
        if let Some(us) = hit.duration_us {
            Histogram::observe(self, us);
        }
    }

    fn merge(&mut self, other: &Histogram) {
        self.add_all(other);
    }

    fn clear(&mut self) {
        Histogram::clear(self);
    }
}

impl Addend for Histogram {
    fn add(&mut self, other: &Histogram) {
        self.add_all(other);
    }
}

impl Histogram {
    /// Counts one request.
    #[inline]
    pub fn observe(&mut self, us: u64) {
        self.count(bucket(us), 1);
        self.max_us = self.max_us.max(us);
        self.sum_us += u128::from(us);
    }

    fn count(&mut self, bucket: u16, count: u64) {
        let index = usize::from(bucket);
        if index >= self.counts.len() {
            self.make_room(index);
        }
        self.counts[index] += count;
        self.groups[index / GROUP] += count;
        self.total += count;
    }

    #[cold]
    fn make_room(&mut self, index: usize) {
        let groups = index / GROUP + 1;
        self.counts.resize(groups * GROUP, 0);
        self.groups.resize(groups, 0);
    }

    /// Adds the requests of a second.
    pub fn merge(&mut self, second: &Durations) {
        second.flat.iter().for_each(|&bucket| self.count(bucket, 1));
        second
            .folded
            .iter()
            .for_each(|&(bucket, count)| self.count(bucket, count.into()));
        self.max_us = self.max_us.max(second.max_us);
        self.sum_us += u128::from(second.sum_us);
    }

    /// Adds the requests of another span.
    pub fn add_all(&mut self, other: &Histogram) {
        for (bucket, &count) in other.counts.iter().enumerate() {
            if count > 0 {
                self.count(bucket as u16, count);
            }
        }
        self.max_us = self.max_us.max(other.max_us);
        self.sum_us += other.sum_us;
    }

    /// Removes the requests of a second that was merged before. The maximum stays as it was until
    /// [`Histogram::set_max`] says what it is now.
    pub fn subtract(&mut self, second: &Durations) {
        let rows = second
            .folded
            .iter()
            .map(|&(bucket, count)| (bucket, u64::from(count)));
        for (bucket, count) in second.flat.iter().map(|&bucket| (bucket, 1)).chain(rows) {
            self.counts[usize::from(bucket)] -= count;
            self.groups[usize::from(bucket) / GROUP] -= count;
            self.total -= count;
        }
        self.sum_us -= u128::from(second.sum_us);
    }

    /// Sets the longest duration, in microseconds, of those that were not removed.
    pub fn set_max(&mut self, max_us: u64) {
        self.max_us = max_us;
    }

    /// Whether no request had a duration.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.counts.clear();
        self.groups.clear();
        (self.total, self.max_us, self.sum_us) = (0, 0, 0);
    }

    /// The duration in milliseconds that `percent` of the requests did not exceed (nearest rank),
    /// within 1 %; 0 where there are none.
    pub fn percentile_ms(&self, percent: u64) -> f64 {
        let rank = (self.total * percent).div_ceil(100).max(1);
        let mut below = 0;
        let mut reaches = |count: &u64| {
            let found = below + count >= rank;
            below += if found { 0 } else { *count };
            found
        };
        let Some(group) = self.groups.iter().position(&mut reaches) else {
            return 0.0;
        };
        let bucket = self.counts[group * GROUP..].iter().position(reaches);
        let bucket = group * GROUP + bucket.unwrap_or(0);
        middle(bucket as u16).min(self.max_us as f64) / 1000.0
    }

    /// How many requests took no longer than so many microseconds, within 1 % of that time.
    pub fn at_most(&self, us: u64) -> u64 {
        let last = usize::from(bucket(us)).min(self.counts.len().saturating_sub(1));
        self.counts.iter().take(last + 1).sum()
    }

    /// How many durations there are.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The longest duration in milliseconds, exactly.
    pub fn max_ms(&self) -> f64 {
        self.max_us as f64 / 1000.0
    }

    /// The mean duration in milliseconds, exactly; 0 where there are none.
    pub fn mean_ms(&self) -> f64 {
        if self.total == 0 {
            0.0
        } else {
            self.sum_us as f64 / self.total as f64 / 1000.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bucket_is_within_a_hundredth_of_what_it_holds() {
        let mut us = 0u64;
        while us < 1 << 40 {
            let error = (middle(bucket(us)) - us as f64).abs();
            assert!(error <= us as f64 * 0.008, "{us}: {}", middle(bucket(us)));
            us += 1 + us / 777;
        }
        assert!(usize::from(bucket(u64::MAX)) < 1 << 12);
    }

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let mut histogram = Histogram::default();
        assert_eq!(
            (
                histogram.is_empty(),
                histogram.percentile_ms(50),
                histogram.max_ms()
            ),
            (true, 0.0, 0.0)
        );
        (1..=10).for_each(|us| histogram.observe(us));
        assert_eq!(
            [50, 90, 91, 100].map(|p| histogram.percentile_ms(p)),
            [0.005, 0.009, 0.010, 0.010]
        );
        assert_eq!(histogram.max_ms(), 0.010);
    }

    proptest! {
        #[test]
        fn seconds_merged_give_the_percentiles_of_the_whole(times in proptest::collection::vec(0u64..10_000_000, 1..9000)) {
            let mut whole = Histogram::default();
            let mut merged = Histogram::default();
            for chunk in times.chunks(5000) {
                let mut second = Durations::default();
                chunk.iter().for_each(|&us| second.observe(us));
                merged.merge(&second);
            }
            times.iter().for_each(|&us| whole.observe(us));
            let mut sorted = times.clone();
            sorted.sort_unstable();
            for percent in [1, 50, 90, 95, 99, 100] {
                let exact = sorted[(sorted.len() * percent as usize).div_ceil(100).max(1) - 1] as f64 / 1000.0;
                prop_assert_eq!(merged.percentile_ms(percent), whole.percentile_ms(percent));
                prop_assert!((whole.percentile_ms(percent) - exact).abs() <= exact * 0.01);
            }
        }

        /// Also where a busy second was folded.
        #[test]
        fn what_is_taken_away_leaves_what_was_there_before(
            kept in proptest::collection::vec(0u64..10_000_000, 0..300),
            gone in proptest::collection::vec(0u64..10_000_000, 0..300),
            times in prop_oneof![Just(1usize), Just(30)],
        ) {
            let second = |all: &[u64]| {
                let mut second = Durations::default();
                (0..times).for_each(|_| all.iter().for_each(|&us| second.observe(us)));
                second
            };
            let (kept, gone) = (second(&kept), second(&gone));
            let mut histogram = Histogram::default();
            [&kept, &gone].into_iter().for_each(|second| histogram.merge(second));
            histogram.subtract(&gone);
            histogram.set_max(kept.max_us());
            let mut want = Histogram::default();
            want.merge(&kept);
            let seen = |histogram: &Histogram| {
                let percentiles = [1, 50, 95, 100].map(|percent| histogram.percentile_ms(percent));
                (percentiles, histogram.max_ms(), histogram.mean_ms(), histogram.is_empty())
            };
            prop_assert_eq!(seen(&histogram), seen(&want));
            // Twice as many have the same percentiles, and none are none.
            let before = seen(&want);
            let copy = want.clone();
            want.add_all(&copy);
            prop_assert_eq!(seen(&want), before);
            want.clear();
            prop_assert_eq!(seen(&want), seen(&Histogram::default()));
        }
    }
}
