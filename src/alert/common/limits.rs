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
    /// Of what is counted, rounded down.
    counts: Vec<u64>,
    /// Of its part of the hits, in billionths.
    pub(super) shares: Vec<u128>,
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
        self.mins.push(limits.min);
        self.counts.sort_unstable();
        self.counts.dedup();
        self.shares.sort_unstable();
        self.shares.dedup();
        self.mins.sort_unstable();
        self.mins.dedup();
        let least_share = (!self.shares.is_empty()).then_some(&1);
        let least = self.counts.first().into_iter().chain(least_share).min();
        self.least = least.copied().unwrap_or(0);
    }

    /// Between which limits of a count `counted` is, or at which.
    fn count_rank(&self, counted: u64) -> usize {
        match self.counts.first() {
            Some(least) if counted >= *least => {
                let below = self.counts.partition_point(|limit| *limit < counted);
                below * 2 + usize::from(self.counts.get(below) == Some(&counted))
            }
            _ => 0,
        }
    }

    /// The same of limits of a share; one of no hits has a rank of its own.
    fn share_rank(&self, sums: KeySums) -> usize {
        if self.shares.is_empty() {
            return 0;
        }
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

    /// Whether no rule finds a key elsewhere with `new` than with `old`.
    pub(super) fn are_passed(&self, old: KeySums, new: KeySums) -> bool {
        self.count_rank(old.counted) != self.count_rank(new.counted)
            || self.share_rank(old) != self.share_rank(new)
            || self.min_rank(old.hits) != self.min_rank(new.hits)
    }

    /// Whether a rule may fire at these.
    pub(super) fn is_any_reached(&self, sums: KeySums) -> bool {
        self.count_rank(sums.counted) > 0 || !matches!(self.share_rank(sums), 0 | usize::MAX)
    }
}
