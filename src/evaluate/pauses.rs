//! The longest time without a hit, followed as seconds close, and whether it is unusual.
//!
//! A quiet log has long pauses, and a shop is quiet every night. So a pause is unusual where it is many times as long as
//! hits are apart on average, and where hardly another is half as long: one in three days at most. For that the pauses
//! are counted by the power of two of their length, which is all that is kept of them.

use crate::report::Pause;
use crate::stats::columns::SecondsInColumns;
use crate::time::{Second, Span};

/// A shorter one is not worth a line.
const LEAST: Span = Span(60);
/// An unusual pause is so many times as long as hits are apart. Where they come evenly at random, the longest of a
/// million pauses is 14 times as long (the logarithm of their number).
const TIMES: i64 = 30;
/// In so much time one pause of a length may be unusual.
const DAYS: Span = Span(3 * 86_400);

/// See the module's text.
#[derive(Debug)]
pub(super) struct Pauses {
    /// The last second that had hits, of this stretch.
    last: Option<Second>,
    longest: Option<Pause>,
    /// How many pauses there were, by the power of two of their length.
    counts: [u64; 64],
}

impl Default for Pauses {
    fn default() -> Pauses {
        Pauses {
            last: None,
            longest: None,
            counts: [0; 64],
        }
    }
}

impl Pauses {
    /// A second closes, with so many hits.
    #[inline]
    pub(super) fn close(&mut self, second: Second, hits: u64) {
        if hits == 0 {
            return;
        }
        let from = self.last.replace(second).map(Second::next);
        if let Some(from) = from.filter(|&from| from < second) {
            self.take(Pause { from, to: second });
        }
    }

    /// The same of seconds with hits each.
    pub(super) fn close_in_columns(&mut self, seconds: &SecondsInColumns<'_>) {
        for (second, hits) in seconds.iter() {
            self.close(second, hits);
        }
    }

    fn take(&mut self, pause: Pause) {
        self.counts[power(pause)] += 1;
        if self
            .longest
            .is_none_or(|longest| length(longest) < length(pause))
        {
            self.longest = Some(pause);
        }
    }

    /// There was a hit in this second after all: what is left of a pause that held it is the longer of its parts.
    pub(super) fn late(&mut self, second: Second) {
        let Some(pause) = self.longest.filter(|p| p.from <= second && second < p.to) else {
            return;
        };
        self.counts[power(pause)] -= 1;
        self.longest = None;
        let (before, after) = (
            Pause {
                to: second,
                ..pause
            },
            Pause {
                from: second.next(),
                ..pause
            },
        );
        let longer = if length(before) < length(after) {
            after
        } else {
            before
        };
        if length(longer) > Span(0) {
            self.take(longer);
        }
    }

    /// The log goes back: there is no pause between what closed and what closes from now on.
    pub(super) fn begin_stretch(&mut self) {
        self.last = None;
    }

    /// The longest, if it is unusual for so many hits in this time.
    pub(super) fn unusual(&self, hits: u64, within: Span) -> Option<Pause> {
        let longest = self.longest?;
        let power = power(longest);
        let half = self.counts[power] + power.checked_sub(1).map_or(0, |half| self.counts[half]);
        let few = (within.0 / DAYS.0).max(1);
        let long = length(longest).0;
        let apart =
            long >= LEAST.0 && i128::from(long) * i128::from(hits) >= i128::from(within.0 * TIMES);
        (apart && half <= few as u64).then_some(longest)
    }
}

fn length(pause: Pause) -> Span {
    pause.to - pause.from
}

/// The power of two of its length, which is a second at least.
fn power(pause: Pause) -> usize {
    length(pause).0.max(1).ilog2() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn unusual(seconds: impl IntoIterator<Item = i64>) -> Option<(i64, i64)> {
        let (mut pauses, mut hits) = (Pauses::default(), 0);
        let (mut first, mut last) = (i64::MAX, 0);
        for second in seconds {
            pauses.close(Second(second), 1);
            (first, last, hits) = (first.min(second), second, hits + 1);
        }
        let pause = pauses.unusual(hits, Span(last - first + 1));
        pause.map(|pause| (pause.from.0, pause.to.0))
    }

    #[test]
    fn an_outage_is_unusual_and_a_quiet_log_is_not() {
        assert_eq!(unusual([]), None);
        assert_eq!(unusual([5]), None);
        assert_eq!(unusual([0, DAY]), None, "two hits, a day apart");
        let busy = || (0..1000).chain(DAY..DAY + 1000);
        assert_eq!(unusual(busy()), Some((1000, DAY)));
        assert_eq!(
            unusual((0..100).map(|n| n * 900)),
            None,
            "every quarter of an hour"
        );
        assert_eq!(
            unusual((0..1000).chain(1059..2000)),
            None,
            "59 s is no pause"
        );
        assert_eq!(unusual((0..4000).chain(4060..8000)), Some((4000, 4060)));
    }

    #[test]
    fn nights_are_usual_and_a_few_outages_among_many_days_are_not() {
        let days = |without: &'static [i64]| {
            let days = (0..30).filter(move |day| !without.contains(day));
            days.flat_map(|day| {
                (8 * 3600..20 * 3600)
                    .step_by(10)
                    .map(move |s| day * DAY + s)
            })
        };
        assert_eq!(unusual(days(&[])), None);
        let (from, to) = (9 * DAY + 20 * 3600 - 9, 12 * DAY + 8 * 3600);
        assert_eq!(unusual(days(&[10, 11])), Some((from, to)));
    }

    #[test]
    fn what_came_late_within_it_divides_it() {
        let mut pauses = Pauses::default();
        for second in [0, 1000] {
            pauses.close(Second(second), 10_000);
        }
        for (late, want) in [
            (2000, (1, 1000)),
            (300, (301, 1000)),
            (999, (301, 999)),
            (350, (351, 999)),
        ] {
            pauses.late(Second(late));
            let pause = pauses.unusual(20_000, Span(1001)).expect("a pause");
            assert_eq!((pause.from.0, pause.to.0), want);
        }
        pauses.begin_stretch();
        pauses.close(Second(500_000), 1);
        assert_eq!(
            pauses.longest,
            Some(Pause {
                from: Second(351),
                to: Second(999)
            })
        );
    }
}
