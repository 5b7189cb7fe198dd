//! What the keys of rules come to, and the limits that rules hold them against.

/// What a key comes to in a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::alert) struct KeySums {
    /// All its hits, where they are followed.
    pub(in crate::alert) hits: u64,
    /// What is counted of them.
    pub(in crate::alert) counted: u64,
}

impl KeySums {
    /// Nothing.
    pub(in crate::alert) const NONE: KeySums = KeySums {
        hits: 0,
        counted: 0,
    };

    /// Whether what is counted is a greater part of the hits than with `other`.
    pub(super) fn is_greater_share(self, other: KeySums) -> bool {
        u128::from(self.counted) * u128::from(other.hits)
            > u128::from(other.counted) * u128::from(self.hits)
    }
}

/// What a rule holds the sums of a key against.
#[derive(Debug, Clone, Copy)]
pub(in crate::alert) struct KeyLimits {
    /// In billionths: of what is counted, or as a part of the hits.
    pub(in crate::alert) billionths: u128,
    pub(in crate::alert) share: bool,
    /// With fewer hits it says nothing.
    pub(in crate::alert) min: u64,
}

/// The limits of all rules, least first, each once.
#[derive(Debug, Default)]
pub(super) struct SortedLimits {
    /// A key of which less is counted is back from all limits.
    pub(super) least: u64,
    /// One of which more is counted is past all limits, if only what is counted is held against any.
    greatest: u64,
    /// Of what is counted, rounded down.
    counts: Vec<u64>,
    /// Of its part of the hits, in billionths.
    shares: Vec<u128>,
    /// Of its hits; every key has none at least.
    mins: Vec<u64>,
}

impl SortedLimits {
    pub(super) fn add(&mut self, limits: KeyLimits) {
        if limits.share {
            self.shares.push(limits.billionths);
        } else {
            let whole = limits.billionths / 1_000_000_000;
            self.counts.push(u64::try_from(whole).unwrap_or(u64::MAX));
        }
        self.mins.extend((limits.min > 0).then_some(limits.min));
        self.counts.sort_unstable();
        self.counts.dedup();
        self.shares.sort_unstable();
        self.shares.dedup();
        self.mins.sort_unstable();
        self.mins.dedup();
        let least_share = (!self.shares.is_empty()).then_some(&1);
        let least = self.counts.first().into_iter().chain(least_share).min();
        self.least = least.copied().unwrap_or(0);
        let has_counts_alone = self.shares.is_empty() && self.mins.is_empty();
        let greatest = self.counts.last().filter(|_| has_counts_alone);
        self.greatest = greatest.copied().unwrap_or(u64::MAX);
    }

    /// Whether what is counted of a key is near any limit, before it changed or after.
    #[inline]
    pub(super) fn are_near(&self, old: KeySums, new: KeySums) -> bool {
        let (low, high) = (old.counted.min(new.counted), old.counted.max(new.counted));
        self.least <= high && low <= self.greatest
    }

    /// Whether there are limits of a share.
    #[inline]
    pub(super) fn has_shares(&self) -> bool {
        !self.shares.is_empty()
    }

    /// Whether a limit of a count lies between the two, or at one of them.
    fn is_count_passed(&self, old: u64, new: u64) -> bool {
        let (low, high) = (old.min(new), old.max(new));
        let next = || self.counts.partition_point(|limit| *limit < low);
        low < high && self.counts.get(next()).is_some_and(|limit| *limit <= high)
    }

    /// Between which limits of a share it is, or at which; one of no hits has a rank of its own.
    fn share_rank(&self, sums: KeySums) -> usize {
        if sums.hits == 0 {
            return usize::MAX;
        }
        let counted = u128::from(sums.counted) * 1_000_000_000;
        let limit = |share: u128| share * u128::from(sums.hits);
        let below = self.shares.partition_point(|share| limit(*share) < counted);
        let at = self
            .shares
            .get(below)
            .is_some_and(|share| limit(*share) == counted);
        below * 2 + usize::from(at)
    }

    fn min_rank(&self, hits: u64) -> usize {
        self.mins.partition_point(|min| *min <= hits)
    }

    /// Whether any rule may find a key elsewhere with `new` than with `old`.
    pub(super) fn are_passed(&self, old: KeySums, new: KeySums) -> bool {
        self.is_count_passed(old.counted, new.counted)
            || self.has_shares() && self.share_rank(old) != self.share_rank(new)
            || !self.mins.is_empty() && self.min_rank(old.hits) != self.min_rank(new.hits)
    }

    /// Whether a rule may fire at these, or go on.
    pub(super) fn is_any_reached(&self, sums: KeySums) -> bool {
        let KeySums { counted, .. } = sums;
        let is_count = self.counts.first().is_some_and(|least| counted >= *least);
        let is_share = || !matches!(self.share_rank(sums), 0 | usize::MAX);
        is_count && counted > 0 || self.has_shares() && is_share()
    }
}
