//! Counts over sliding windows, with the hits that they are a part of.
//!
//! Each sum is kept once, the hits of all among them, which most counts are a part of: what is rare costs little.

use super::{Rest, Subset, at_most};
use crate::alert::window::Sums;
use crate::stats::SERVER_ERROR;
use crate::stats::bucket::{Bucket, ClosedSecond, Counters};
use crate::stats::columns::SecondsInColumns;
use crate::time::{Second, Span};

/// So many seconds are looked at together.
const TOGETHER: usize = 32;

/// So many seconds that are to leave a window are looked at, to find for how long it stays on its side of a limit.
const AHEAD: [usize; 5] = [0, 2, 8, 32, 128];

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
    /// As long as less than this is counted.
    pub(in crate::alert) fn rest(self, more: u128) -> Rest {
        let more = at_most(more);
        let mut rest = Rest::ENDLESS;
        *match self {
            Summand::Bytes => &mut rest.bytes,
            Summand::Class(SERVER_ERROR) => &mut rest.errors,
            _ => &mut rest.lines,
        } = more;
        rest
    }

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

/// Where a sum is kept: among the others, and which of its windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SumPlace {
    sums: usize,
    window: usize,
}

/// Where a count is kept, and the hits that it is a part of.
#[derive(Debug, Clone, Copy)]
pub struct CountPlace {
    part: SumPlace,
    whole: SumPlace,
}

/// What is added up of the records of a source, over one or several windows.
#[derive(Debug)]
struct SharedSum {
    summand: Summand,
    source: Subset,
    sums: Sums,
}

impl SharedSum {
    #[inline]
    fn take(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        let more = self.summand.of(self.source.counters(bucket));
        self.sums.take(second, more, closed);
    }

    /// Whether it is the hits of all, as most are.
    fn is_of_all_hits(&self) -> bool {
        self.summand == Summand::Hits && self.source == Subset::All
    }
}

/// All counts.
#[derive(Debug, Default)]
pub(super) struct SharedCounts(Vec<SharedSum>);

impl SharedCounts {
    /// The place of a count over a window: of what is added up of `part`, and of the hits of `whole`.
    pub(super) fn place(
        &mut self,
        summand: Summand,
        [part, whole]: [Subset; 2],
        span: Span,
    ) -> CountPlace {
        CountPlace {
            part: self.place_of_sum(summand, part, span),
            whole: self.place_of_sum(Summand::Hits, whole, span),
        }
    }

    fn place_of_sum(&mut self, summand: Summand, source: Subset, span: Span) -> SumPlace {
        let same = |kept: &SharedSum| (kept.summand, kept.source) == (summand, source);
        let sums = self.0.iter().position(same).unwrap_or_else(|| {
            self.0.push(SharedSum {
                summand,
                source,
                sums: Sums::new(span),
            });
            self.0.len() - 1
        });
        let window = self.0[sums].sums.place_of(span);
        SumPlace { sums, window }
    }

    #[inline]
    pub(super) fn take(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        for sum in &mut self.0 {
            sum.take(second, bucket, closed);
        }
    }

    /// Takes seconds that close, one after the other.
    pub(super) fn take_run(&mut self, run: &[ClosedSecond]) {
        for sum in &mut self.0 {
            if sum.is_of_all_hits() {
                let hits = |(second, bucket): &ClosedSecond| (*second, bucket.counters.hits);
                sum.sums.take_run(run.iter().map(hits));
            } else {
                for (second, bucket) in run {
                    sum.take(*second, bucket, *second);
                }
            }
        }
    }

    /// The same of seconds in columns, and those of all records.
    pub(super) fn take_columns(&mut self, seconds: &SecondsInColumns<'_>) {
        for SharedSum { summand, sums, .. } in &mut self.0 {
            if *summand == Summand::Hits {
                sums.take_run(seconds.iter());
                continue;
            }
            for place in 0..seconds.len() {
                let here = seconds.up_to(place + 1).from(place);
                let second = seconds.second(place);
                sums.take(second, summand.of(&here.counters()), second);
            }
        }
    }

    #[inline]
    fn total(&self, place: SumPlace) -> u128 {
        self.0[place.sums].sums.total(place.window)
    }

    /// What is counted.
    #[inline]
    pub(super) fn part(&self, place: CountPlace) -> u128 {
        self.total(place.part)
    }

    /// What is counted, and the hits of the whole.
    #[inline]
    pub(super) fn totals(&self, place: CountPlace) -> (u128, u128) {
        (self.total(place.part), self.total(place.whole))
    }

    /// See [`Common::seconds_below`](super::Common::seconds_below).
    ///
    /// Looked at are all hits of a few seconds together with those of the window before them: that none of these seconds is
    /// beyond is said of some that are not, which costs time and nothing else.
    pub(super) fn seconds_below(
        &self,
        place: CountPlace,
        few: u128,
        seconds: &SecondsInColumns<'_>,
    ) -> usize {
        let Some((first, _)) = seconds.ends() else {
            return 0;
        };
        let SumPlace { sums, window } = place.part;
        let span = self.0[sums].sums.span(window);
        let counted = self.total(place.part);
        let (mut held, mut from) = (0, 0);
        while from < seconds.len() {
            let to = seconds.len().min(from + TOGETHER);
            let left = seconds.second(from) - span;
            while seconds.second(held) <= left {
                held += 1;
            }
            // What was counted before the first of them has left once its window has.
            let before = if first > left { counted } else { 0 };
            if before + u128::from(seconds.hits_of(held..to)) >= few {
                break;
            }
            from = to;
        }
        from
    }

    /// What is counted, and what that is a share of: of unparsed lines, the lines.
    #[inline]
    pub(super) fn share(&self, place: CountPlace) -> (u128, u128) {
        let (counted, hits) = self.totals(place);
        match self.0[place.part.sums].summand {
            Summand::Unparsed => (counted, hits + counted),
            _ => (counted, hits),
        }
    }

    /// See [`Common::rest_below_share`](super::Common::rest_below_share).
    pub(super) fn rest_below_share(&self, place: CountPlace, billionths: u128) -> Option<Rest> {
        let (counted, hits) = self.totals(place);
        // As many more of the counted as the hits allow that stay.
        let more =
            |left: u128| (billionths * (hits - left) / 1_000_000_000).saturating_sub(counted);
        self.rest(place.whole, self.0[place.part.sums].summand, more)
    }

    /// See [`Common::rest_above`](super::Common::rest_above).
    pub(super) fn rest_above(&self, place: CountPlace, many: u128) -> Option<Rest> {
        let counted = self.total(place.part);
        let above = |left: u128| match counted - left > many {
            true => u128::MAX,
            false => 0,
        };
        self.rest(place.part, Summand::Hits, above)
    }

    /// The longest rest, as `more` says for what leaves a sum first how much may be counted until then.
    fn rest(
        &self,
        SumPlace { sums, window }: SumPlace,
        counted: Summand,
        more: impl Fn(u128) -> u128,
    ) -> Option<Rest> {
        let sums = &self.0[sums].sums;
        let (mut best, mut longest) = (None, 0);
        for (until, left) in sums.leaving(window, &AHEAD) {
            let more = more(left);
            // A log of a line a second is a quiet one.
            let time = (until - sums.end()).0.unsigned_abs();
            let length = more.min(time.into());
            if length <= longest {
                break;
            }
            longest = length;
            best = Some(Rest {
                until,
                ..counted.rest(more)
            });
            if more <= time.into() {
                break;
            }
        }
        best
    }

    /// The next second at which something leaves the windows, if nothing enters before.
    pub(super) fn next_leave(&self, place: CountPlace) -> Option<Second> {
        let next = |place: SumPlace| self.0[place.sums].sums.next_leave(place.window);
        next(place.part).into_iter().chain(next(place.whole)).min()
    }
}
