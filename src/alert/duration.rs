//! Percentiles, maximum and mean of the durations over a sliding window.

use super::cause::CountedKind;
use super::common::{Common, CountPlace, Summand, TimesPlace, Timing};
use super::measure::Threshold;
use super::spec::{ByKey, Inputs, MeasureKind, Spec, nothing_wrong};
use super::{Condition, Level, Rest, at_most};
use crate::quantity::{Figure, Unit};
use crate::report::Shortfall;
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
    condition: fn(&Spec, &mut Inputs) -> Box<dyn Condition + Send>,
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

fn timed(timing: Timing, spec: &Spec, inputs: &mut Inputs) -> Box<dyn Condition + Send> {
    Box::new(DurationCondition {
        threshold: spec.threshold,
        below: spec.below,
        window: inputs.window,
        timing,
        place: inputs.common.timing(inputs.whole, inputs.window),
        hits: inputs
            .common
            .count(Summand::Hits, [inputs.whole; 2], inputs.window),
    })
}

/// A condition on durations.
#[derive(Debug)]
pub(super) struct DurationCondition {
    threshold: Threshold,
    below: bool,
    window: Span,
    timing: Timing,
    place: TimesPlace,
    hits: CountPlace,
}

impl DurationCondition {
    fn limit_ms(&self) -> f64 {
        let scale = if self.threshold.unit == Unit::Seconds {
            1000.0
        } else {
            1.0
        };
        self.threshold.value() * scale
    }

    /// The longest duration in whole microseconds that is back from the threshold, where shorter ones are too.
    fn short_us(&self) -> Option<u64> {
        let limit = self.threshold.microseconds().filter(|_| !self.below)?;
        limit.checked_sub(1)
    }

    /// Whether no duration of the window is beyond the threshold.
    fn are_all_short(&self, common: &Common) -> bool {
        let longest = common.times(self.place).longest_us(self.place);
        self.short_us()
            .is_some_and(|short| longest.is_none_or(|longest| longest <= short))
    }
}

impl Condition for DurationCondition {
    fn level(&self, common: &Common) -> Level {
        if self.are_all_short(common) {
            return Level::Clear;
        }
        let times = common.times(self.place);
        let Some(value) = times.value_ms(self.place, self.timing) else {
            return Level::Clear;
        };
        let order = value.total_cmp(&self.limit_ms());
        Level::of(order, self.threshold, self.below)
    }

    fn rest(&self, _: u64, common: &Common) -> Option<Rest> {
        let longest_us = self.short_us()?;
        self.are_all_short(common).then_some(Rest {
            longest_us,
            ..Rest::ENDLESS
        })
    }

    fn shortfall(&self, min: u64, common: &Common) -> Option<Shortfall> {
        let hits = at_most(common.counted(self.hits).1);
        (hits < min).then_some(Shortfall { hits, min })
    }

    fn figure(&self, common: &Common) -> Figure {
        let value = common.times(self.place).value_ms(self.place, self.timing);
        Figure {
            hits: at_most(common.counted(self.hits).1),
            value: value.unwrap_or(0.0),
            threshold: self.limit_ms(),
            window: self.window,
            below: self.below,
        }
    }

    fn fires_on_little(&self) -> bool {
        self.below
    }

    fn next_change(&self, _: Second, _: Level, common: &Common) -> Option<Second> {
        // Whatever has a duration is a hit.
        common.next_leave(self.hits)
    }

    fn window(&self) -> Span {
        self.window
    }
}
