//! How long no record has come, by the log's own clock.

use super::cause::CountedKind;
use super::common::REMEMBERED;
use super::common::{Common, LastPlace};
use super::measure::Threshold;
use super::spec::{Blamed, ByKey, MeasureKind, Wrong, as_written};
use super::{Condition, Level, Rest};
use crate::quantity::{Figure, Unit};
use crate::stats::bucket::Bucket;
use crate::time::{Second, Span};

pub(super) static SILENCE: MeasureKind = MeasureKind {
    name: "silence",
    forms: &[Unit::Seconds],
    compared: true,
    by_key: ByKey::Silence,
    minds_min: false,
    unit: as_written,
    check: |spec| {
        if spec.below {
            return Err(Wrong(
                Blamed::Measure,
                "silence can only be too long: silence > 2m",
            ));
        }
        if spec.over.is_some() || spec.min > 0 {
            return Err(Wrong(
                Blamed::Measure,
                "silence has no window: leave out 'over' and 'min'",
            ));
        }
        if spec.threshold.billionths > 366 * 86_400 * 1_000_000_000 {
            return Err(Wrong(
                Blamed::Value,
                "this silence is too long; at most 366d",
            ));
        }
        if spec.by.is_some() && spec.threshold.billionths >= REMEMBERED.0 as u128 * 1_000_000_000 {
            return Err(Wrong(
                Blamed::Value,
                "by key a silence is less than 1d: a key that was not seen for a day is gone for good",
            ));
        }
        Ok(())
    },
    counts: |_| CountedKind::Missing,
    condition: |spec, inputs| {
        let last = inputs.common.last_of(inputs.whole);
        Box::new(SilenceCondition {
            threshold: spec.threshold,
            last,
            closed: Second(i64::MIN),
        })
    },
};

/// A condition on the time since the last record. It says nothing before the first.
#[derive(Debug)]
pub(super) struct SilenceCondition {
    threshold: Threshold,
    last: LastPlace,
    /// The last second that closed while it did not rest.
    closed: Second,
}

impl SilenceCondition {
    fn seconds(&self, common: &Common) -> i64 {
        let last = common.last(self.last);
        last.map_or(0, |last| (self.closed - last).0.max(0))
    }

    /// The longest silence in whole seconds that is not beyond.
    fn allowed(&self) -> i64 {
        (self.threshold.billionths / 1_000_000_000) as i64
    }
}

impl Condition for SilenceCondition {
    fn take(&mut self, _: Second, _: &Bucket, closed: Second, _: &Common) {
        self.closed = closed;
    }

    fn level(&self, common: &Common) -> Level {
        let order = (self.seconds(common) as u128 * 1_000_000_000).cmp(&self.threshold.billionths);
        Level::of(order, self.threshold, false)
    }

    fn rest(&self, _: u64, common: &Common) -> Option<Rest> {
        // Whatever comes is later.
        let last = common.last(self.last).unwrap_or(self.closed);
        Some(Rest {
            until: last + Span(self.allowed()),
            ..Rest::ENDLESS
        })
    }

    fn figure(&self, common: &Common) -> Figure {
        let threshold = self.threshold.value();
        Figure {
            hits: 0,
            value: self.seconds(common) as f64,
            threshold,
            window: Span(threshold.ceil() as i64),
            below: false,
        }
    }

    fn next_change(&self, from: Second, _: Level, common: &Common) -> Option<Second> {
        // The first second that is longer ago than allowed; from then on it only grows.
        common
            .last(self.last)
            .map(|last| last + Span(self.allowed() + 1))
            .filter(|&change| change >= from)
    }

    fn grows(&self) -> bool {
        true
    }

    fn fires_on_little(&self) -> bool {
        true
    }

    fn full_window(&self, _: &Common) -> Span {
        Span(self.threshold.value().ceil() as i64)
    }

    fn window(&self) -> Span {
        // What an alert looks back on: a window of its own it has not.
        Span(self.threshold.value().ceil() as i64).clamp(Span::SECOND, Span(86_400))
    }
}
