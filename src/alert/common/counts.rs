//! Counts over sliding windows, with the hits that they are a part of.

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

    /// The same of seconds in columns.
    pub(super) fn take_columns(&mut self, seconds: &SecondsInColumns<'_>) {
        if self.summand == Summand::Hits {
            let hits = seconds.iter().map(|(second, hits)| (second, [hits; 2]));
            return self.sums.take_run(hits);
        }
        for place in 0..seconds.len() {
            let here = seconds.up_to(place + 1).from(place);
            let (second, counters) = (seconds.second(place), here.counters());
            let more = [self.summand.of(&counters), counters.hits];
            self.sums.take(second, more, second);
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
        let span = self.sums.span(place.window);
        let (counted, _) = self.totals(place);
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

    /// See [`Common::rest_below_share`](super::Common::rest_below_share).
    pub(super) fn rest_below_share(&self, place: CountPlace, billionths: u128) -> Option<Rest> {
        let (counted, hits) = self.totals(place);
        let whole = |counted: u128, hits: u128| match self.summand {
            Summand::Unparsed => counted + hits,
            _ => hits,
        };
        let all = whole(counted, hits);
        // As many more of the counted as the hits allow that stay.
        let more = |[counted_left, hits_left]: [u128; 2]| {
            let stay = all - whole(counted_left, hits_left);
            (billionths * stay / 1_000_000_000).saturating_sub(counted)
        };
        self.rest(place, more)
    }

    /// See [`Common::rest_above`](super::Common::rest_above).
    pub(super) fn rest_above(&self, place: CountPlace, many: u128) -> Option<Rest> {
        let (counted, _) = self.totals(place);
        let above = |[left, _]: [u128; 2]| match counted - left > many {
            true => u128::MAX,
            false => 0,
        };
        self.rest(place, above)
    }

    /// The longest rest, as `more` says for what leaves first how much may be counted until then.
    fn rest(&self, place: CountPlace, more: impl Fn([u128; 2]) -> u128) -> Option<Rest> {
        let (mut best, mut longest) = (None, 0);
        for (until, left) in self.sums.leaving(place.window, &AHEAD) {
            let more = more(left);
            // A log of a line a second is a quiet one.
            let time = (until - self.sums.end()).0.unsigned_abs();
            let length = more.min(time.into());
            if length <= longest {
                break;
            }
            longest = length;
            best = Some(Rest {
                until,
                ..self.summand.rest(more)
            });
            if more <= time.into() {
                break;
            }
        }
        best
    }

    /// The next second at which something leaves the window, if nothing enters before.
    pub(super) fn next_leave(&self, place: CountPlace) -> Option<Second> {
        self.sums.next_leave(place.window)
    }
}
