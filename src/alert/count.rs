//! Counts over a sliding window: as a number, as a mean per second, or as a share of the hits.
//!
//! Everything is compared exactly, in integers: never an average that was rounded.

use std::ops::Range;

use super::cause::CountedKind;
use super::common::{Common, CountPlace, Summand};
use super::measure::Threshold;
use super::spec::{
    Blamed, ByKey, Inputs, Measure, MeasureKind, Spec, Wrong, all_records, as_written,
    nothing_wrong,
};
use super::usual::UsualCondition;
use super::{Condition, Level, Rest, Subset, at_most};
use crate::quantity::{Figure, Unit};
use crate::stats::bucket::Bucket;
use crate::time::{Second, Span};

/// What a count of records can be held against.
const FORMS: &[Unit] = &[Unit::Count, Unit::PerSecond, Unit::Share];

pub(super) static HITS: MeasureKind = MeasureKind {
    forms: &[Unit::Count, Unit::PerSecond, Unit::Times],
    unit: |unit| match unit {
        Unit::Times => Unit::PerSecond,
        unit => unit,
    },
    check: |spec| {
        if spec.by.is_none()
            && spec.threshold.unit == Unit::Times
            && match spec.below {
                true => spec.threshold.billionths > 1_000_000_000,
                false => spec.threshold.billionths < 1_000_000_000,
            }
        {
            return Err(Wrong(
                Blamed::Value,
                "more than usual is hits > 2x usual, less is hits < 0.5x usual",
            ));
        }
        Ok(())
    },
    ..kind("hits", ByKey::Hits, |spec, inputs| {
        match spec.threshold.unit {
            Unit::Times => Box::new(UsualCondition::new(
                spec.threshold.billionths,
                spec.below,
                inputs.window,
                inputs.whole,
                inputs.common,
            )),
            _ => counted(Summand::Hits, spec, inputs),
        }
    })
};

/// The records with a status, or with one of a class.
pub(super) static ANSWERED: MeasureKind = MeasureKind {
    counts: |spec| match spec.measure {
        Measure::Class(class) => CountedKind::Class(class),
        Measure::Status(status) => CountedKind::Status(status),
        _ => CountedKind::All,
    },
    ..kind("5xx, 404", ByKey::Hits, |spec, inputs| {
        let summand = match spec.measure {
            Measure::Class(class) => Summand::Class(class),
            _ => Summand::Hits,
        };
        counted(summand, spec, inputs)
    })
};

pub(super) static BYTES: MeasureKind = MeasureKind {
    forms: &[Unit::Bytes, Unit::BytesPerSecond],
    counts: |_| CountedKind::Bytes,
    ..kind("bytes", ByKey::Bytes, |spec, inputs| {
        counted(Summand::Bytes, spec, inputs)
    })
};

pub(super) static MALFORMED: MeasureKind = MeasureKind {
    counts: |_| CountedKind::Malformed,
    ..kind("malformed", ByKey::Not, |spec, inputs| {
        counted(Summand::Malformed, spec, inputs)
    })
};

pub(super) static UNPARSED: MeasureKind = MeasureKind {
    check: |spec| match spec.filter {
        Some(_) => Err(Wrong(
            Blamed::Measure,
            "unparsed lines have no fields: leave out 'where'",
        )),
        None => Ok(()),
    },
    counts: |_| CountedKind::Nothing,
    ..kind("unparsed", ByKey::Not, |spec, inputs| {
        counted(Summand::Unparsed, spec, inputs)
    })
};

const fn kind(
    name: &'static str,
    by_key: ByKey,
    condition: fn(&Spec, &mut Inputs) -> Box<dyn Condition + Send>,
) -> MeasureKind {
    MeasureKind {
        name,
        forms: FORMS,
        compared: true,
        by_key,
        minds_min: false,
        unit: as_written,
        check: nothing_wrong,
        counts: all_records,
        condition,
    }
}

fn counted(summand: Summand, spec: &Spec, inputs: &mut Inputs) -> Box<dyn Condition + Send> {
    Box::new(CountCondition::new(
        summand,
        spec.threshold,
        spec.below,
        inputs.window,
        [inputs.part, inputs.whole],
        inputs.common,
    ))
}

/// A condition on a count.
#[derive(Debug)]
pub(super) struct CountCondition {
    summand: Summand,
    threshold: Threshold,
    /// Fires below the threshold, not above.
    below: bool,
    window: Span,
    place: CountPlace,
    /// What the threshold comes to as a count, rounded down.
    limit: u128,
    /// Fewer are back from the threshold, whatever else there is.
    few: u128,
    /// The first second that held anything; a low count says nothing before a full window.
    first: Option<Second>,
    closed: Option<Second>,
}

impl CountCondition {
    pub(super) fn new(
        summand: Summand,
        threshold: Threshold,
        below: bool,
        window: Span,
        sources: [Subset; 2],
        common: &mut Common,
    ) -> CountCondition {
        let limit = match threshold.unit {
            Unit::Share => 0,
            Unit::PerSecond | Unit::BytesPerSecond => threshold.billionths * window.0 as u128,
            _ => threshold.billionths,
        };
        let limit = limit / 1_000_000_000;
        CountCondition {
            summand,
            threshold,
            below,
            window,
            limit,
            few: if below { 0 } else { limit },
            place: common.count(summand, sources, window),
            first: None,
            closed: None,
        }
    }

    /// Before a full window was seen, or with nothing to be a share of, nothing can be said.
    #[inline]
    fn is_known(&self, whole: u128) -> bool {
        let full = || {
            self.first
                .zip(self.closed)
                .is_some_and(|(first, closed)| closed - first >= Span(self.window.0 - 1))
        };
        (!self.below || full()) && (self.threshold.unit != Unit::Share || whole > 0)
    }

    /// The counts that are beyond the threshold, and not beyond `peak`.
    fn counts_beyond(&self, peak: Option<f64>) -> Option<Range<u128>> {
        let (mut first, mut end) = match self.below {
            true => (0, self.limit),
            false => (self.limit + 1, u128::MAX),
        };
        if let Some(peak) = peak {
            let value = |count: &u64| self.threshold.in_unit((*count).into(), self.window, 0);
            // Near enough that one more or less is on the right side.
            let count = (peak / value(&1)) as u64;
            let around = [count.saturating_sub(1), count, count.saturating_add(1)];
            let mut around = around.into_iter();
            match self.below {
                true => first = around.find(|count| value(count) >= peak)?.into(),
                false => end = u128::from(around.rfind(|count| value(count) <= peak)?) + 1,
            }
        }
        Some(first..end)
    }
}

impl Condition for CountCondition {
    #[inline]
    fn take(&mut self, second: Second, bucket: &Bucket, closed: Second, _: &Common) {
        if !self.below {
            return;
        }
        // What comes late before anything closed is of before the log's beginning.
        if self.first.is_none() && second == closed && !bucket.is_empty() {
            self.first = Some(second);
        }
        self.closed = Some(closed);
    }

    #[inline(always)]
    fn level(&self, common: &Common) -> Level {
        let (counted, whole) = common.share(self.place);
        if counted < self.few || !self.is_known(whole) {
            return Level::Clear;
        }
        let order = self.threshold.order(counted, self.window, whole);
        Level::of(order, self.threshold, self.below)
    }

    fn idle_below(&self) -> Option<(CountPlace, u128)> {
        let of_hits = !matches!(self.summand, Summand::Bytes | Summand::Unparsed);
        (of_hits && self.few > 0).then_some((self.place, self.few))
    }

    fn rest(&self, min: u64, common: &Common) -> Option<Rest> {
        let (counted, hits) = common.counted(self.place);
        let is_share = self.threshold.unit == Unit::Share;
        if self.below {
            let full = self.first? + Span(self.window.0 - 1);
            if self.closed? < full {
                let until = full;
                return Some(Rest {
                    until,
                    ..Rest::ENDLESS
                });
            }
            let above = || common.rest_above(self.place, self.limit);
            return (!is_share).then(above).flatten();
        }
        let rest = match is_share {
            true => common.rest_below_share(self.place, self.threshold.billionths),
            false => (counted < self.few).then(|| self.summand.rest(self.few - counted)),
        };
        let few = Rest::of_lines(u128::from(min).saturating_sub(hits));
        rest.into_iter().chain(few).reduce(Rest::longer)
    }

    fn stays_beyond(&self, peak: Option<f64>) -> Option<(CountPlace, Range<u128>)> {
        let counts = match self.threshold.unit {
            Unit::Share => None,
            _ => self.counts_beyond(peak),
        };
        Some((self.place, counts?))
    }

    fn figure(&self, common: &Common) -> Figure {
        let (counted, whole) = common.share(self.place);
        let (_, hits) = common.counted(self.place);
        Figure {
            hits: at_most(hits),
            value: self.threshold.in_unit(counted, self.window, whole),
            threshold: self.threshold.value(),
            window: self.window,
            below: self.below,
        }
    }

    fn fires_on_little(&self) -> bool {
        self.below
    }

    fn next_change(&self, from: Second, level: Level, common: &Common) -> Option<Second> {
        // What only falls stays back; a share may rise as its whole falls.
        let falls = !self.below && self.threshold.unit != Unit::Share;
        if falls && level == Level::Clear {
            return None;
        }
        let full = self
            .first
            .filter(|_| self.below)
            .map(|first| first + Span(self.window.0 - 1))
            .filter(|&full| full >= from);
        let leaves = common.next_leave(self.place);
        leaves.into_iter().chain(full).min()
    }

    fn window(&self) -> Span {
        self.window
    }
}
