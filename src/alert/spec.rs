//! A rule as it was written, and what a measure must say of itself.

use std::fmt;
use std::sync::Arc;

use super::cause::CountedKind;
use super::common::Common;
use super::hours::Hours;
use super::measure::Threshold;
use super::{Condition, Subset};
use crate::filter::Filter;
use crate::quantity::{Subject, Unit};
use crate::stats::dimension::Dimension;
use crate::time::Span;

/// Something that a rule can measure.
#[derive(Debug, Clone, Copy)]
pub enum Measure {
    /// What has a name of its own.
    Named(&'static MeasureKind),
    /// Records with a status of this class, 1 to 5.
    Class(u8),
    /// Records with this status.
    Status(u16),
    /// Distinct keys of a dimension.
    Unique(&'static Dimension),
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Measure::Named(kind) => f.write_str(kind.name),
            Measure::Class(class) => write!(f, "{class}xx"),
            Measure::Status(status) => write!(f, "{status}"),
            Measure::Unique(dimension) => write!(f, "unique {}", dimension.name),
        }
    }
}

/// A measure, or several that differ by a number or a dimension: how it is written, what it can be held
/// against, and the condition that it becomes. Each is in the file of its condition.
#[derive(Debug)]
pub struct MeasureKind {
    /// Its name; of several, examples.
    pub(super) name: &'static str,
    /// What it can be held against.
    pub(super) forms: &'static [Unit],
    /// Whether there is an operator between it and its value; an objective is kept or not.
    pub(super) compared: bool,
    /// Whether it can be taken for each key, and of what.
    pub(super) by_key: ByKey,
    /// Whether its condition looks at `min` itself.
    pub(super) minds_min: bool,
    /// The unit in which its numbers are shown, from that of its value.
    pub(super) unit: fn(Unit) -> Unit,
    /// What cannot be meant of this measure alone.
    pub(super) check: fn(&Spec) -> Result<(), Wrong>,
    /// Which records it counts: those that an alert names its cause from.
    pub(super) counts: fn(&Spec) -> CountedKind,
    /// The condition of a rule that is not by key.
    pub(super) condition: fn(&Spec, &mut Inputs) -> Box<dyn Condition + Send>,
}

/// What a rule by key measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByKey {
    Not,
    Hits,
    Bytes,
    /// How long it has not been seen.
    Silence,
}

/// What cannot be meant, and at which word.
#[derive(Debug)]
pub(super) struct Wrong(pub(super) Blamed, pub(super) &'static str);

/// A word of a rule.
#[derive(Debug, Clone, Copy)]
pub(super) enum Blamed {
    Measure,
    Value,
}

/// What a condition looks at.
#[derive(Debug)]
pub(super) struct Inputs<'r> {
    /// What is counted for all rules.
    pub(super) common: &'r mut Common,
    pub(super) window: Span,
    /// What is counted, and what it is a part of.
    pub(super) part: Subset,
    pub(super) whole: Subset,
    /// The place of the measure's dimension among those that are counted, and how many those are.
    pub(super) dimension: usize,
    pub(super) dimensions: usize,
}

/// A rule as it was written.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Its name.
    pub label: String,
    /// What it measures.
    pub measure: Measure,
    /// Whether it fires below the threshold.
    pub below: bool,
    /// What it holds the measure against.
    pub threshold: Threshold,
    /// Its window; `None` for that of the traffic rule.
    pub over: Option<Span>,
    /// Which records it speaks of.
    pub filter: Option<Filter>,
    /// The dimension whose keys have an alert each.
    pub by: Option<&'static Dimension>,
    /// With fewer hits in the window it is not beyond.
    pub min: u64,
    /// How long it must be beyond before it fires.
    pub hold_for: Span,
    /// When it is evaluated; `None` for always.
    pub during: Option<Hours>,
    /// How long it must be back before it is resolved.
    pub keep_firing_for: Span,
    /// After how long it is said again while it fires; never, if it is 0.
    pub repeat: Span,
}

impl Spec {
    /// What it is about.
    pub(super) fn subject(&self) -> Subject {
        Subject {
            measure: Arc::from(self.measure.to_string()),
            unit: (self.measure.kind().unit)(self.threshold.unit),
        }
    }

    /// Its value, as it is written.
    pub(super) fn value_text(&self) -> String {
        let usual = match self.threshold.unit {
            Unit::Times => " usual",
            _ => "",
        };
        format!("{}{usual}", self.threshold)
    }

    /// Whether a lower threshold makes it fire less.
    pub(super) fn fires_less_when_lower(&self) -> bool {
        // An objective that is lower allows more errors.
        self.below || !self.measure.kind().compared
    }
}

/// The unit of a value is also that of the measure.
pub(super) fn as_written(unit: Unit) -> Unit {
    unit
}

/// Every record that its expression matches is counted.
pub(super) fn all_records(_: &Spec) -> CountedKind {
    CountedKind::All
}

/// Nothing is wrong with a measure alone.
pub(super) fn nothing_wrong(_: &Spec) -> Result<(), Wrong> {
    Ok(())
}
