//! Counts over sliding windows, with the hits that they are a part of.

use super::Subset;
use crate::alert::window::Sums;
use crate::stats::bucket::{Bucket, ClosedSecond, Counters};
use crate::time::{Second, Span};

/// What of a second is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::alert) enum Summand {
    Hits,
    Class(u8),
    Bytes,
    Malformed,
    Unparsed,
}

impl Summand {
    fn of(self, counters: &Counters) -> u64 {
        match self {
            Summand::Hits => counters.hits,
            Summand::Class(class) => counters.status[usize::from(class)],
            Summand::Bytes => counters.bytes,
            Summand::Malformed => counters.malformed,
            Summand::Unparsed => counters.unparsed,
        }
    }
}

/// Where a count is kept: among the others, and which of its windows.
#[derive(Debug, Clone, Copy)]
pub struct CountPlace {
    pub(super) counts: usize,
    window: usize,
}

/// A count over one or several windows.
#[derive(Debug)]
pub(super) struct SharedCounts {
    summand: Summand,
    /// Where what is counted comes from, and where the hits that it is a part of.
    part: Subset,
    whole: Subset,
    /// What is counted, and the hits of the whole.
    sums: Sums<2>,
}

/// The place of a count, among those that are kept.
pub(super) fn place(
    kept: &mut Vec<SharedCounts>,
    summand: Summand,
    [part, whole]: [Subset; 2],
    span: Span,
) -> CountPlace {
    let same = |counts: &SharedCounts| {
        (counts.summand, counts.part, counts.whole) == (summand, part, whole)
    };
    let counts = kept.iter().position(same).unwrap_or_else(|| {
        kept.push(SharedCounts {
            summand,
            part,
            whole,
            sums: Sums::new(span),
        });
        kept.len() - 1
    });
    let window = kept[counts].sums.place_of(span);
    CountPlace { counts, window }
}

impl SharedCounts {
    pub(super) fn take(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        let more = self.of(bucket);
        self.sums.take(second, more, closed);
    }

    /// Takes seconds that close, one after the other.
    pub(super) fn take_run(&mut self, run: &[ClosedSecond]) {
        // Most count the hits of all.
        let all = [self.part, self.whole] == [Subset::All; 2] && self.summand == Summand::Hits;
        if all {
            let hits = |(second, bucket): &ClosedSecond| (*second, [bucket.counters.hits; 2]);
            return self.sums.take_run(run.iter().map(hits));
        }
        for (second, bucket) in run {
            self.take(*second, bucket, *second);
        }
    }

    fn of(&self, bucket: &Bucket) -> [u64; 2] {
        let part = self.summand.of(self.part.counters(bucket));
        [part, self.whole.counters(bucket).hits]
    }

    /// What is counted, and the hits of the whole.
    #[inline]
    pub(super) fn totals(&self, place: CountPlace) -> (u128, u128) {
        let total = |index| self.sums.total(place.window, index);
        (total(0), total(1))
    }

    /// The next second at which something leaves the window, if nothing enters before.
    pub(super) fn next_leave(&self, place: CountPlace) -> Option<Second> {
        self.sums.next_leave(place.window)
    }
}
