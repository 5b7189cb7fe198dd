//! Percentiles, maximum and mean of the durations over a sliding window.
//!
//! Each second keeps its own buckets; the window's histogram is their sum, as seconds enter and leave.

use super::held::Held;
use super::measure::{Measure, Threshold, Unit};
use super::sliding::Sliding;
use super::{Condition, Level, Source};
use crate::report::Figure;
use crate::stats::bucket::Bucket;
use crate::stats::latency::{Durations, Histogram};
use crate::time::{Second, Span};

/// A condition on durations.
#[derive(Debug)]
pub(super) struct Duration {
    measure: Measure,
    threshold: Threshold,
    below: bool,
    source: Source,
    histogram: Histogram,
    seconds: Held<Durations>,
    hits: Sliding,
}

impl Duration {
    pub(super) fn new(
        measure: Measure,
        threshold: Threshold,
        below: bool,
        window: Span,
        source: Source,
    ) -> Duration {
        Duration {
            measure,
            threshold,
            below,
            source,
            histogram: Histogram::default(),
            seconds: Held::new(),
            hits: Sliding::new(window),
        }
    }

    fn limit_ms(&self) -> f64 {
        let scale = if self.threshold.unit == Unit::Seconds {
            1000.0
        } else {
            1.0
        };
        self.threshold.value() * scale
    }

    fn value_ms(&self) -> f64 {
        match self.measure {
            Measure::Percentile(percent) => self.histogram.percentile_ms(percent.into()),
            Measure::Max => self.histogram.max_ms(),
            _ => self.histogram.mean_ms(),
        }
    }
}

impl Condition for Duration {
    fn close(&mut self, second: Second, bucket: &Bucket) {
        let oldest = second - self.hits.window();
        let mut left = false;
        while let Some(old) = self.seconds.leave(oldest) {
            self.histogram.subtract(&old);
            left = true;
        }
        // No percentile is above the longest of the window; one that left does not count.
        if left {
            self.histogram.set_max(self.seconds.iter());
        }
        if let Some(durations) = self
            .source
            .durations(bucket)
            .filter(|durations| !durations.is_empty())
        {
            self.histogram.merge(durations);
            self.seconds.enter(second, durations.clone());
        }
        self.hits.close(second, self.source.counters(bucket).hits);
    }

    fn late(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        if second <= closed - self.hits.window() || second > closed {
            return;
        }
        let hits = self.source.counters(bucket).hits;
        self.hits.late(second, hits, closed);
        if let Some(durations) = self
            .source
            .durations(bucket)
            .filter(|durations| !durations.is_empty())
        {
            self.seconds.at(second).merge(durations);
            self.histogram.merge(durations);
        }
    }

    fn level(&self) -> Level {
        if self.histogram.is_empty() {
            return Level::Clear;
        }
        let order = self.value_ms().total_cmp(&self.limit_ms());
        Level::of(order, self.threshold, self.below)
    }

    fn figure(&self) -> Figure {
        Figure {
            hits: u64::try_from(self.hits.sum()).unwrap_or(u64::MAX),
            value: self.value_ms(),
            threshold: self.limit_ms(),
            window: self.hits.window(),
            below: self.below,
        }
    }

    fn next_change(&self, _: Second, _: Level) -> Option<Second> {
        // Whatever has a duration is a hit.
        self.hits.next_leave()
    }

    fn window(&self) -> Span {
        self.hits.window()
    }
}
