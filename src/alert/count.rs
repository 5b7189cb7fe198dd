//! Counts over a sliding window: as a number, as a mean per second, or as a share of the hits.
//!
//! Everything is compared exactly, in integers: never an average that was rounded.

use super::cause::CountedKind;
use super::measure::Threshold;
use super::spec::{
    Blamed, ByKey, Inputs, Measure, MeasureKind, Spec, Wrong, all_records, as_written,
    nothing_wrong,
};
use super::usual::UsualCondition;
use super::window::Sums;
use super::{Condition, Level, Subset};
use crate::quantity::{Figure, Unit};
use crate::stats::bucket::{Bucket, Counters};
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
    condition: fn(&Spec, &Inputs) -> Box<dyn Condition + Send>,
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

fn counted(summand: Summand, spec: &Spec, inputs: &Inputs) -> Box<dyn Condition + Send> {
    Box::new(CountCondition::new(
        summand,
        spec.threshold,
        spec.below,
        inputs.window,
        inputs.part,
        inputs.whole,
    ))
}

/// What of a second is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Summand {
    Hits,
    Class(u8),
    Bytes,
    Malformed,
    Unparsed,
}

impl Summand {
    fn of(self, counters: &Counters) -> u64 {
        match self {
            Summand::Hits => counters.hits,
            Summand::Class(class) => counters.status[usize::from(class)],
            Summand::Bytes => counters.bytes,
            Summand::Malformed => counters.malformed,
            Summand::Unparsed => counters.unparsed,
        }
    }
}

/// A condition on a count.
#[derive(Debug)]
pub(super) struct CountCondition {
    summand: Summand,
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
        summand: Summand,
        threshold: Threshold,
        below: bool,
        window: Span,
        part: Subset,
        whole: Subset,
    ) -> CountCondition {
        CountCondition {
            summand,
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
        let lines = if self.summand == Summand::Unparsed {
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
        let part = self.summand.of(self.part.counters(bucket));
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
