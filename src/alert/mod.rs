//! Alert rules: what is configured, the phases of an alert, and the history of a run.
//!
//! [`Condition`] is the contract of a kind of rule, and [`spec::MeasureKind`] that of a measure. Each
//! kind is one file with its measures, and a measure has a row in the table of measures: what can be
//! written, what cannot be meant and what is evaluated follow from there. A rule is evaluated when a
//! second closes and never otherwise, so live and replay see the same transitions.

pub mod cause;
pub mod check;
pub mod common;
mod count;
mod duration;
pub mod firing;
pub mod history;
mod hours;
mod keyed;
pub mod measure;
mod measures;
pub mod past;
mod phase;
pub mod plan;
pub mod rule;
mod rules;
mod silence;
mod silent_keys;
mod slo;
pub mod spec;
pub mod syntax;
mod transition;
mod unique;
mod usual;
mod window;

pub use history::AlertHistory;
pub use phase::Clauses;
pub use rule::{EarlierAlert, Rule};
pub use rules::Rules;
pub use transition::{AlertChange, Changed};

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Range;

use self::common::{Closed, Common, KeyedPlace};
use self::measure::Threshold;
use crate::quantity::Figure;
use crate::report::Shortfall;
use crate::stats::bucket::{Bucket, Counters, Matched};
use crate::stats::hit_log::HitLog;
use crate::stats::keys::Renumbering;
use crate::stats::latency::Durations;
use crate::time::{Second, Span};

/// Where a measure is against its threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Strictly beyond it: fire.
    Breached,
    /// Equal: keep the state.
    AtThreshold,
    /// Strictly back: resolve.
    Clear,
}

impl Level {
    /// Where a measure is that is so ordered against `limit`, by a rule that fires below it or above.
    ///
    /// Nothing is strictly below 0, so a rule such as `404 > 0` is resolved at 0: equality would hold it
    /// for ever.
    fn of(order: Ordering, limit: Threshold, below: bool) -> Level {
        match (order, below) {
            (Ordering::Greater, false) | (Ordering::Less, true) => Level::Breached,
            (Ordering::Equal, _) if limit.billionths > 0 => Level::AtThreshold,
            _ => Level::Clear,
        }
    }

    /// What it says of an alert where a part of the window was not read: nothing is over, and nothing is too little.
    fn where_unread(self, phase: phase::Phase, fires_on_little: bool) -> Level {
        match (phase, self) {
            (phase::Phase::Firing { .. }, Level::Clear) => Level::AtThreshold,
            (phase::Phase::Quiet | phase::Phase::Pending { .. }, Level::Breached)
                if fires_on_little =>
            {
                Level::Clear
            }
            (_, level) => level,
        }
    }
}

/// What a measure is at the end of a second.
struct Reading {
    level: Level,
    figure: Figure,
    /// Too few hits: then the level is [`Level::Clear`].
    shortfall: Option<Shortfall>,
    /// The id of the key that it is about.
    id: Option<u32>,
    /// Whether the hits of that key are not in the figure.
    uncounted: bool,
    /// Since when it has been growing with time alone, if it is: that raises the peak until the next reading.
    grows_since: Option<Second>,
}

/// For how long a level that is [`Level::Clear`] stays so, whatever comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// As long as fewer lines than these close.
    lines: u64,
    /// As long as fewer errors, 5xx, come than these.
    errors: u64,
    /// As long as fewer bytes are sent than these.
    bytes: u64,
    /// As long as no request takes longer than this, in microseconds.
    longest_us: u64,
    /// Before this second.
    until: Second,
}

impl Rest {
    /// Without end, if nothing comes.
    const ENDLESS: Rest = Rest {
        lines: u64::MAX,
        errors: u64::MAX,
        bytes: u64::MAX,
        longest_us: u64::MAX,
        until: Second(i64::MAX),
    };

    /// As long as fewer lines close than these; `None` where that is none.
    fn of_lines(lines: u128) -> Option<Rest> {
        let lines = at_most(lines);
        let rest = Rest {
            lines,
            ..Rest::ENDLESS
        };
        (lines > 0).then_some(rest)
    }

    /// One of the two, either of which is true: that with more lines.
    fn longer(self, other: Rest) -> Rest {
        match self.lines >= other.lines {
            true => self,
            false => other,
        }
    }

    /// The same from now on, when so much has `closed` in all.
    fn after(self, closed: Closed) -> Rest {
        Rest {
            lines: self.lines.saturating_add(closed.lines),
            errors: self.errors.saturating_add(closed.errors),
            bytes: self.bytes.saturating_add(closed.bytes),
            ..self
        }
    }

    /// Whether it holds at the end of `second`, when so much has `closed` in all.
    #[inline]
    fn holds(&self, second: Second, closed: Closed) -> bool {
        closed.lines < self.lines
            && closed.errors < self.errors
            && closed.bytes < self.bytes
            && closed.longest_us <= self.longest_us
            && second < self.until
    }

    /// As long as both hold.
    fn shorter(self, other: Rest) -> Rest {
        Rest {
            lines: self.lines.min(other.lines),
            errors: self.errors.min(other.errors),
            bytes: self.bytes.min(other.bytes),
            longest_us: self.longest_us.min(other.longest_us),
            until: self.until.min(other.until),
        }
    }
}

/// A sum for a figure, or for a [`Rest`], which is no longer for what is cut off.
fn at_most(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// A kind of rule: a measure, most often over a sliding window of seconds.
pub trait Condition: std::fmt::Debug {
    /// A second closes, or records came late for one that is: `bucket` is what is new of `second`, and
    /// the window ends with `closed`, the last second that is closed. What closes comes in order; seconds
    /// that were left out were empty, and none of them was one that [`Condition::next_change`] named. What is counted
    /// in [common](Common) has taken it already.
    fn take(&mut self, _second: Second, _bucket: &Bucket, _closed: Second, _common: &Common) {}

    /// A second closes: where the measure is then, and whether there are fewer hits than `min`. (One call for each rule
    /// and second: there are many seconds.)
    #[inline]
    fn close(
        &mut self,
        second: Second,
        bucket: &Bucket,
        min: u64,
        common: &Common,
    ) -> (Level, Option<Shortfall>) {
        self.take(second, bucket, second, common);
        match self.shortfall(min, common) {
            None => (self.level(common), None),
            // Too few hits say nothing, and what says nothing is not beyond.
            shortfall => (Level::Clear, shortfall),
        }
    }

    /// Live, records came while `second` was the newest of the log, whatever their own time is.
    fn heard(&mut self, _second: Second, _bucket: &Bucket) {}

    /// Where the measure is against its threshold.
    fn level(&self, common: &Common) -> Level;

    /// A count that grows by one with a hit at most, and below how much of it the level is [`Level::Clear`] whatever else
    /// there is; then there is nothing to [take](Condition::take) either.
    fn idle_below(&self) -> Option<(common::CountPlace, u128)> {
        None
    }

    /// For how long the level stays clear now that it is, and there is nothing to [take](Condition::take) either; `None` if
    /// that cannot be said.
    fn rest(&self, _min: u64, _common: &Common) -> Option<Rest> {
        None
    }

    /// A count of which these leave the level [`Level::Breached`] now that it is, and the value not beyond `peak`, whatever else
    /// there is but too few hits; there is nothing to [take](Condition::take) either.
    fn stays_beyond(&self, _peak: Option<f64>) -> Option<(common::CountPlace, Range<u128>)> {
        None
    }

    /// The measure, for people.
    fn figure(&self, common: &Common) -> Figure;

    /// The measure in words, where the numbers alone do not say it.
    fn detail(&self, _common: &Common) -> Option<String> {
        None
    }

    /// Where there are fewer hits than `min`, so that the measure says nothing.
    #[inline]
    fn shortfall(&self, min: u64, common: &Common) -> Option<Shortfall> {
        if min == 0 {
            return None;
        }
        let hits = self.figure(common).hits;
        (hits < min).then_some(Shortfall { hits, min })
    }

    /// Whether little is what it fires on: then a window that was not read as a whole says nothing.
    fn fires_on_little(&self) -> bool {
        false
    }

    /// How long it must have read the log again after a gap to know that nothing is beyond any more.
    fn full_window(&self, _common: &Common) -> Span {
        self.window()
    }

    /// The seconds from `from` up to `to`, exclusive, were not read.
    fn unread(&mut self, _from: Second, _to: Second) {}

    /// What a reader must know to read the rule's silence.
    fn note(&self, _common: &Common) -> Option<String> {
        None
    }

    /// The next second that must not be left out if all from `from` on, the first that is not closed, are
    /// empty; `None` for none. `level`: that of the last that was closed, or clear where there are
    /// fewer hits than the rule asks for.
    ///
    /// Until then the level stays as it is, and so do the hits of the figure unless it is clear. The value
    /// stays too, or falls away from a peak, or [grows](Condition::grows).
    fn next_change(&self, from: Second, _level: Level, _common: &Common) -> Option<Second> {
        Some(from)
    }

    /// Whether the value grows from one empty second to the next, so that its peak is at the last of them.
    fn grows(&self) -> bool {
        false
    }

    /// The length of the window.
    fn window(&self) -> Span;

    /// How far back it must have seen the log to know what it says: what changed is found by comparing with the window before.
    fn look_back(&self) -> Span {
        Span(2 * self.window().0)
    }
}

/// What a rule can say of a second.
#[derive(Debug, Clone, Copy)]
struct Evaluable {
    /// A part of its window was not read.
    unread: bool,
    /// The second is none of its hours: nothing fires, and what fires is over.
    outside: bool,
}

impl Evaluable {
    /// Everything.
    const ALL: Evaluable = Evaluable {
        unread: false,
        outside: false,
    };
}

/// A kind of rule with an alert for each key of a dimension.
trait KeyedCondition: std::fmt::Debug {
    /// The place of its dimension among those that are counted.
    fn dimension(&self) -> usize;

    /// The length of the window.
    fn window(&self) -> Span;

    /// How far back it must have seen the log to know what it says.
    fn look_back(&self) -> Span {
        Span(2 * self.window().0)
    }

    /// What the rule asks for beside its threshold.
    fn clauses(&self) -> Clauses;

    /// What a reader must know to read the rule's silence.
    fn note(&self, common: &Common) -> Option<String>;

    /// Hits of keys that are not followed.
    fn unfollowed(&self, common: &Common) -> u64;

    /// The number of the alert of a key, if it fires.
    fn firing(&self, id: u32) -> Option<u64>;

    /// The alert of a key is in this `phase` from before this run; `second` is the first at which it is known.
    fn set_firing(&mut self, id: u32, phase: phase::Phase, second: Second);

    /// Says the alert of a key again at `again`, if it fires.
    fn repeat_at(&mut self, id: u32, again: Second);

    /// The figure of a key of which nothing is known.
    fn no_figure(&self) -> Figure;

    /// How long an alert lasts whose key is not seen, where that is what it is about.
    fn absence(&self) -> Option<Span> {
        None
    }

    /// Looks at all keys when the next second closes.
    fn look_at_all(&mut self);

    /// What is kept of its keys in common.
    fn place(&self) -> KeyedPlace;

    /// Before which second nothing could change, unless any key is [restless](Common::is_restless); `None` where all keys
    /// are to be looked at.
    fn calm_before(&self) -> Option<Second>;

    /// A second closes: `advance` moves the alert of each key on that is not quiet or is to fire; those that fire or are
    /// over in the `order` of their keys, so that no order of reading is seen. The alerts of keys that are followed no
    /// more are added to `over`.
    fn close(
        &mut self,
        second: Second,
        counted: (&Bucket, &mut Common),
        evaluable: Evaluable,
        over: &mut Vec<u64>,
        order: &dyn Fn(u32, u32) -> Ordering,
        advance: &mut dyn FnMut(u32, &mut phase::Phase, Reading),
    );

    /// The first second at which anything could change if all from now on are empty.
    fn next_change(&self, common: &Common) -> Option<Second>;

    /// Ids have changed. A key that was dropped is followed no more, and its alert is added to `over`, since nothing
    /// would ever resolve it.
    fn renumber(&mut self, ids: &Renumbering, over: &mut Vec<u64>);
}

/// Takes out the next of the ids that are to be looked at by `second`.
fn pop_due(waiting: &mut BTreeSet<(Second, u32)>, second: Second) -> Option<u32> {
    let &(due, _) = waiting.first()?;
    let next = (due <= second).then(|| waiting.pop_first());
    next.flatten().map(|(_, id)| id)
}

/// What is said of hits whose keys are not followed.
fn not_followed(hits: u64) -> Option<String> {
    (hits > 0).then(|| format!("too many keys: {hits} hits were not followed"))
}

/// The records that a condition speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subset {
    /// All of them.
    All,
    /// Those that match the expression with this index.
    Matched(usize),
}

impl Subset {
    /// The bit of its expression.
    fn bit(self) -> u64 {
        match self {
            Subset::All => 0,
            Subset::Matched(index) => 1 << index,
        }
    }

    fn matched(self, bucket: &Bucket) -> Option<&Matched> {
        match self {
            Subset::All => None,
            Subset::Matched(index) => bucket.matched.get(index),
        }
    }

    fn counters(self, bucket: &Bucket) -> &Counters {
        static NONE: Counters = Counters {
            hits: 0,
            bytes: 0,
            status: [0; 6],
            malformed: 0,
            unparsed: 0,
            late: 0,
            late_errors: 0,
        };
        match self {
            Subset::All => &bucket.counters,
            Subset::Matched(_) => self
                .matched(bucket)
                .map_or(&NONE, |matched| &matched.counters),
        }
    }

    /// How long the requests took, where any of them says.
    fn durations(self, bucket: &Bucket) -> Option<&Durations> {
        let durations = match self {
            Subset::All => Some(&bucket.durations),
            Subset::Matched(_) => self.matched(bucket).map(|matched| &matched.durations),
        };
        durations.filter(|durations| !durations.is_empty())
    }

    /// Who hit what.
    fn log(self, bucket: &Bucket) -> Option<&HitLog> {
        match self {
            Subset::All => Some(&bucket.log),
            Subset::Matched(_) => self.matched(bucket).map(|matched| &matched.log),
        }
    }
}
