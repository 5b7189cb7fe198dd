//! Counts over a sliding window: as a number, as a mean per second, or as a share of the hits.
//!
//! Everything is compared exactly, in integers: never an average that was rounded.

use super::measure::{Measure, Threshold, Unit};
use super::sliding::Sliding;
use super::{Condition, Level, Source};
use crate::report::Figure;
use crate::stats::bucket::Bucket;
use crate::time::{Second, Span};

/// A condition on a count.
#[derive(Debug)]
pub(super) struct Count {
    measure: Measure,
    threshold: Threshold,
    /// Fires below the threshold, not above.
    below: bool,
    /// Where what is counted comes from, and where the hits that it is a part of.
    part: Source,
    whole: Source,
    counted: Sliding,
    /// The hits of the whole, where those are not what is counted.
    hits: Option<Sliding>,
    /// The first second that held anything; a low count says nothing before a full window.
    first: Option<Second>,
    closed: Option<Second>,
}

impl Count {
    pub(super) fn new(
        measure: Measure,
        threshold: Threshold,
        below: bool,
        window: Span,
        part: Source,
        whole: Source,
    ) -> Count {
        let same = measure == Measure::Hits && part == whole;
        Count {
            measure,
            threshold,
            below,
            part,
            whole,
            counted: Sliding::new(window),
            hits: (!same).then(|| Sliding::new(window)),
            first: None,
            closed: None,
        }
    }

    fn hits(&self) -> &Sliding {
        self.hits.as_ref().unwrap_or(&self.counted)
    }

    /// What the count is a share of: of unparsed lines, the lines.
    fn whole(&self) -> u128 {
        let lines = if self.measure == Measure::Unparsed {
            self.counted.sum()
        } else {
            0
        };
        self.hits().sum() + lines
    }

    /// Before a full window was seen, or with nothing to be a share of, nothing can be said.
    fn is_known(&self) -> bool {
        let window = self.counted.window();
        let full = || {
            self.first
                .zip(self.closed)
                .is_some_and(|(first, closed)| closed - first >= Span(window.0 - 1))
        };
        (!self.below || full()) && (self.threshold.unit != Unit::Share || self.whole() > 0)
    }
}

impl Condition for Count {
    fn close(&mut self, second: Second, bucket: &Bucket) {
        let part = self.measure.of(self.part.counters(bucket));
        self.counted.close(second, part);
        if let Some(hits) = &mut self.hits {
            hits.close(second, self.whole.counters(bucket).hits);
        }
        if self.first.is_none() && !bucket.is_empty() {
            self.first = Some(second);
        }
        self.closed = Some(second);
    }

    fn late(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        let part = self.measure.of(self.part.counters(bucket));
        self.counted.late(second, part, closed);
        if let Some(hits) = &mut self.hits {
            hits.late(second, self.whole.counters(bucket).hits, closed);
        }
    }

    fn level(&self) -> Level {
        if !self.is_known() {
            return Level::Clear;
        }
        let (counted, window) = (self.counted.sum(), self.counted.window());
        let order = self.threshold.order(counted, window, self.whole());
        Level::of(order, self.threshold, self.below)
    }

    fn figure(&self) -> Figure {
        let (counted, window) = (self.counted.sum(), self.counted.window());
        Figure {
            hits: u64::try_from(self.hits().sum()).unwrap_or(u64::MAX),
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
            .map(|first| first + Span(self.counted.window().0 - 1))
            .filter(|&full| full >= from);
        let leaves = [self.counted.next_leave(), self.hits().next_leave()];
        leaves.into_iter().flatten().chain(full).min()
    }

    fn window(&self) -> Span {
        self.counted.window()
    }
}
