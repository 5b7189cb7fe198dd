//! Percentiles, maximum and mean of the durations over a sliding window.

use super::cause::CountedKind;
use super::common::{Common, TimesPlace, Timing};
use super::measure::Threshold;
use super::spec::{ByKey, Inputs, MeasureKind, Spec, nothing_wrong};
use super::{Condition, Level};
use crate::quantity::{Figure, Unit};
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
        place: inputs.common.timing(timing, inputs.whole, inputs.window),
    })
}

/// A condition on durations.
#[derive(Debug)]
pub(super) struct DurationCondition {
    threshold: Threshold,
    below: bool,
    window: Span,
    place: TimesPlace,
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
}

impl Condition for DurationCondition {
    fn level(&self, common: &Common) -> Level {
        let Some(value) = common.times(self.place).value_ms(self.place) else {
            return Level::Clear;
        };
        let order = value.total_cmp(&self.limit_ms());
        Level::of(order, self.threshold, self.below)
    }

    fn figure(&self, common: &Common) -> Figure {
        let times = common.times(self.place);
        Figure {
            hits: times.hits(self.place),
            value: times.value_ms(self.place).unwrap_or(0.0),
            threshold: self.limit_ms(),
            window: self.window,
            below: self.below,
        }
    }

    fn fires_on_little(&self) -> bool {
        self.below
    }

    fn next_change(&self, _: Second, _: Level, common: &Common) -> Option<Second> {
        common.times(self.place).next_leave(self.place)
    }

    fn window(&self) -> Span {
        self.window
    }
}
