//! Counts over a sliding window: as a number, as a mean per second, or as a share of the hits.
//!
//! Everything is compared exactly, in integers: never an average that was rounded.

use super::measure::{Measure, Threshold, Unit};
use super::window::Sums;
use super::{Condition, Level, Subset};
use crate::report::Figure;
use crate::stats::bucket::Bucket;
use crate::time::{Second, Span};

/// A condition on a count.
#[derive(Debug)]
pub(super) struct CountCondition {
    measure: Measure,
    threshold: Threshold,
    /// Fires below the threshold, not above.
    below: bool,
    /// Where what is counted comes from, and where the hits that it is a part of.
    part: Subset,
    whole: Subset,
    /// What is counted, and the hits of the whole.
    sums: Sums<2>,
    /// The first second that held anything; a low count says nothing before a full window.
    first: Option<Second>,
    closed: Option<Second>,
}

impl CountCondition {
    pub(super) fn new(
        measure: Measure,
        threshold: Threshold,
        below: bool,
        window: Span,
        part: Subset,
        whole: Subset,
    ) -> CountCondition {
        CountCondition {
            measure,
            threshold,
            below,
            part,
            whole,
            sums: Sums::new(window),
            first: None,
            closed: None,
        }
    }

    fn counted(&self) -> u128 {
        self.sums.total(0)
    }

    /// What the count is a share of: of unparsed lines, the lines.
    fn whole(&self) -> u128 {
        let lines = if self.measure == Measure::Unparsed {
            self.counted()
        } else {
            0
        };
        self.sums.total(1) + lines
    }

    /// Before a full window was seen, or with nothing to be a share of, nothing can be said.
    fn is_known(&self) -> bool {
        let window = self.sums.span();
        let full = || {
            self.first
                .zip(self.closed)
                .is_some_and(|(first, closed)| closed - first >= Span(window.0 - 1))
        };
        (!self.below || full()) && (self.threshold.unit != Unit::Share || self.whole() > 0)
    }
}

impl Condition for CountCondition {
    fn take(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        let part = self.measure.of(self.part.counters(bucket));
        let hits = self.whole.counters(bucket).hits;
        self.sums.take(second, [part, hits], closed);
        // What comes late before anything closed is of before the log's beginning.
        if self.first.is_none() && second == closed && !bucket.is_empty() {
            self.first = Some(second);
        }
        self.closed = Some(closed);
    }

    fn level(&self) -> Level {
        if !self.is_known() {
            return Level::Clear;
        }
        let (counted, window) = (self.counted(), self.sums.span());
        let order = self.threshold.order(counted, window, self.whole());
        Level::of(order, self.threshold, self.below)
    }

    fn figure(&self) -> Figure {
        let (counted, window) = (self.counted(), self.sums.span());
        Figure {
            hits: self.sums.hits(1),
            value: self.threshold.in_unit(counted, window, self.whole()),
            threshold: self.threshold.value(),
            window,
            below: self.below,
        }
    }

    fn next_change(&self, from: Second, level: Level) -> Option<Second> {
        // What only falls stays back; a share may rise as its whole falls.
        let falls = !self.below && self.threshold.unit != Unit::Share;
        if falls && level == Level::Clear {
            return None;
        }
        let full = self
            .first
            .filter(|_| self.below)
            .map(|first| first + Span(self.sums.span().0 - 1))
            .filter(|&full| full >= from);
        self.sums.next_leave().into_iter().chain(full).min()
    }

    fn window(&self) -> Span {
        self.sums.span()
    }
}
