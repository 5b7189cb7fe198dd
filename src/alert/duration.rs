//! Percentiles, maximum and mean of the durations over a sliding window.
//!
//! Each second keeps its own buckets; the window's histogram is their sum, as seconds enter and leave.
//! Of the longest durations only those are kept that can still become the longest of the window: every
//! one that has no longer one behind it.

use std::collections::VecDeque;

use super::cause::CountedKind;
use super::measure::Threshold;
use super::spec::{ByKey, Inputs, MeasureKind, Spec, nothing_wrong};
use super::window::Window;
use super::{Condition, Level, Subset};
use crate::quantity::{Figure, Unit};
use crate::stats::bucket::Bucket;
use crate::stats::latency::{Durations, Histogram};
use crate::time::{Second, Span};

pub(super) static P50: MeasureKind = kind("p50", |spec, inputs| {
    timed(Timing::Percentile(50), spec, inputs)
});
pub(super) static P90: MeasureKind = kind("p90", |spec, inputs| {
    timed(Timing::Percentile(90), spec, inputs)
});
pub(super) static P95: MeasureKind = kind("p95", |spec, inputs| {
    timed(Timing::Percentile(95), spec, inputs)
});
pub(super) static P99: MeasureKind = kind("p99", |spec, inputs| {
    timed(Timing::Percentile(99), spec, inputs)
});
pub(super) static MAX: MeasureKind = kind("max", |spec, inputs| timed(Timing::Max, spec, inputs));
pub(super) static MEAN: MeasureKind =
    kind("mean", |spec, inputs| timed(Timing::Mean, spec, inputs));

const fn kind(
    name: &'static str,
    condition: fn(&Spec, &Inputs) -> Box<dyn Condition + Send>,
) -> MeasureKind {
    MeasureKind {
        name,
        forms: &[Unit::Milliseconds, Unit::Seconds],
        compared: true,
        by_key: ByKey::Not,
        minds_min: false,
        unit: |_| Unit::Milliseconds,
        check: nothing_wrong,
        counts: |_| CountedKind::BeyondThreshold,
        condition,
    }
}

fn timed(timing: Timing, spec: &Spec, inputs: &Inputs) -> Box<dyn Condition + Send> {
    Box::new(DurationCondition::new(
        timing,
        spec.threshold,
        spec.below,
        inputs.window,
        inputs.whole,
    ))
}

/// What of the durations is measured.
#[derive(Debug, Clone, Copy)]
enum Timing {
    /// The one that this percentage of the requests did not exceed.
    Percentile(u8),
    Max,
    Mean,
}

/// A condition on durations.
#[derive(Debug)]
pub(super) struct DurationCondition {
    timing: Timing,
    threshold: Threshold,
    below: bool,
    source: Subset,
    histogram: Histogram,
    seconds: Window<SecondDurations>,
    hits: u64,
    maxima: Maxima,
}

/// What is kept of a second.
#[derive(Debug, Default)]
struct SecondDurations {
    hits: u64,
    durations: Durations,
}

/// The longest durations, in microseconds: each shorter than the one before, of an older second.
#[derive(Debug, Default)]
struct Maxima(VecDeque<(Second, u64)>);

impl Maxima {
    /// A second has this longest duration, or one so long has come late for it.
    fn enter(&mut self, second: Second, us: u64) {
        let behind = self.0.partition_point(|(known, _)| *known <= second);
        if self.0.get(behind).is_some_and(|(_, later)| *later >= us) {
            return;
        }
        let before = self.0.range(..behind).rev();
        let shorter = before.take_while(|(_, known)| *known <= us).count();
        // One of the same second that is longer says it all.
        let longer = (behind - shorter)
            .checked_sub(1)
            .map(|index| self.0[index].0);
        self.0.drain(behind - shorter..behind);
        if longer != Some(second) {
            self.0.insert(behind - shorter, (second, us));
        }
    }

    /// Seconds up to `last` are too old; the longest of the others, 0 where there is none.
    fn leave(&mut self, last: Second) -> u64 {
        while self.0.front().is_some_and(|(second, _)| *second <= last) {
            self.0.pop_front();
        }
        self.0.front().map_or(0, |(_, us)| *us)
    }
}

impl DurationCondition {
    fn new(
        timing: Timing,
        threshold: Threshold,
        below: bool,
        window: Span,
        source: Subset,
    ) -> DurationCondition {
        DurationCondition {
            timing,
            threshold,
            below,
            source,
            histogram: Histogram::default(),
            seconds: Window::new(window),
            hits: 0,
            maxima: Maxima::default(),
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
        match self.timing {
            Timing::Percentile(percent) => self.histogram.percentile_ms(percent.into()),
            Timing::Max => self.histogram.max_ms(),
            Timing::Mean => self.histogram.mean_ms(),
        }
    }
}

impl Condition for DurationCondition {
    fn take(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        let (histogram, hits) = (&mut self.histogram, &mut self.hits);
        self.seconds.slide(closed, |_, old| {
            histogram.subtract(&old.durations);
            *hits -= old.hits;
        });
        let more = self.source.counters(bucket).hits;
        // Whatever has a duration is a hit.
        if more > 0
            && let Some(held) = self.seconds.at(second, SecondDurations::default())
        {
            held.hits += more;
            self.hits += more;
            if let Some(durations) = self.source.durations(bucket) {
                held.durations.merge(durations);
                self.histogram.merge(durations);
                self.maxima.enter(second, durations.max_us());
            }
        }
        // No percentile is above the longest of the window; one that left does not count.
        let max = self.maxima.leave(closed - self.seconds.span());
        self.histogram.set_max(max);
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
            hits: self.hits,
            value: self.value_ms(),
            threshold: self.limit_ms(),
            window: self.seconds.span(),
            below: self.below,
        }
    }

    fn next_change(&self, _: Second, _: Level) -> Option<Second> {
        // Whatever has a duration is a hit.
        self.seconds.next_leave()
    }

    fn window(&self) -> Span {
        self.seconds.span()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_longest_is_that_of_the_window(comes in prop::collection::vec((0i64..3, 0i64..8, 1u64..9), 1..80), span in 1i64..8) {
            let (mut maxima, mut all, mut end) = (Maxima::default(), Vec::new(), 0);
            for (gap, ago, us) in comes {
                end += gap;
                if ago < span {
                    maxima.enter(Second(end - ago), us);
                    all.push((end - ago, us));
                }
                let within = all.iter().filter(|(second, _)| *second > end - span);
                let longest = within.map(|(_, us)| *us).max().unwrap_or(0);
                prop_assert_eq!(maxima.leave(Second(end - span)), longest);
                prop_assert!(maxima.0.len() <= span as usize);
            }
        }
    }
}
