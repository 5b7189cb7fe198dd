//! How long no record has come, by the log's own clock.

use super::cause::CountedKind;
use super::common::Common;
use super::measure::Threshold;
use super::silent_keys::REMEMBERED;
use super::spec::{Blamed, ByKey, MeasureKind, Wrong, as_written};
use super::{Condition, Level, Subset};
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
    condition: |spec, inputs| Box::new(SilenceCondition::new(spec.threshold, inputs.whole)),
};

/// A condition on the time since the last record. It says nothing before the first.
#[derive(Debug)]
pub(super) struct SilenceCondition {
    threshold: Threshold,
    source: Subset,
    last: Option<Second>,
    closed: Second,
}

impl SilenceCondition {
    pub(super) fn new(threshold: Threshold, source: Subset) -> SilenceCondition {
        SilenceCondition {
            threshold,
            source,
            last: None,
            closed: Second(i64::MIN),
        }
    }

    fn seconds(&self) -> i64 {
        self.last.map_or(0, |last| (self.closed - last).0.max(0))
    }
}

impl Condition for SilenceCondition {
    fn take(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        if self.source.counters(bucket).hits > 0 {
            self.last = self.last.max(Some(second));
        }
        self.closed = closed;
    }

    fn heard(&mut self, second: Second, bucket: &Bucket) {
        if self.source.counters(bucket).hits > 0 {
            self.last = self.last.max(Some(second));
        }
    }

    fn level(&self, _: &Common) -> Level {
        let order = (self.seconds() as u128 * 1_000_000_000).cmp(&self.threshold.billionths);
        Level::of(order, self.threshold, false)
    }

    fn figure(&self, _: &Common) -> Figure {
        let threshold = self.threshold.value();
        Figure {
            hits: 0,
            value: self.seconds() as f64,
            threshold,
            window: Span(threshold.ceil() as i64),
            below: false,
        }
    }

    fn next_change(&self, from: Second, _: Level, _: &Common) -> Option<Second> {
        // The first second that is longer ago than allowed; from then on it only grows.
        let after = (self.threshold.billionths / 1_000_000_000) as i64 + 1;
        self.last
            .map(|last| last + Span(after))
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
