//! Alert rules: what is configured, the phases of an alert, and the history of a run.
//!
//! [`Condition`] is the contract of a kind of rule; each kind is one file, and [`plan`] the place
//! where a rule becomes one. A rule is evaluated when a second closes and never otherwise, so live and
//! replay see the same transitions.

mod count;
mod duration;
pub mod expressions;
pub mod measure;
pub mod past;
pub mod plan;
mod silence;
mod sliding;
mod slo;
mod surge;
pub mod syntax;
mod unique;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::report::{Alerts, Figure, Fired};
use crate::stats::Hit;
use crate::stats::bucket::{Bucket, Counters, Matched};
use crate::stats::keys::Renumbering;
use crate::stats::latency::Durations;
use crate::time::{Second, Span};
use measure::{Subject, Unit};

/// Where a measure stands against its threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Strictly beyond it: fire.
    Beyond,
    /// Equal: keep the state.
    Equal,
    /// Strictly back: resolve.
    Back,
}

/// A kind of rule: a measure, most often over a sliding window of seconds.
pub trait Condition: std::fmt::Debug {
    /// A second closes: it enters the window and the oldest leaves. Seconds come in order; those
    /// left out were empty, and none of them was one that [`Condition::next_change`] named.
    fn close(&mut self, second: Second, bucket: &Bucket);

    /// A record came for a second that is closed; it counts if the window that ends with `closed`, the
    /// last second that is, holds it. Seconds up to there may have been left out.
    fn late(&mut self, hit: &Hit, closed: Second);

    /// Where the measure stands.
    fn verdict(&self) -> Verdict;

    /// The measure, for people.
    fn figure(&self) -> Figure;

    /// The measure in words, where the numbers alone do not say it.
    fn detail(&self) -> Option<String> {
        None
    }

    /// What a reader must know to read the rule's silence.
    fn note(&self) -> Option<String> {
        None
    }

    /// The first second from `from` on at which the verdict could change if all of them are empty;
    /// `None` for never.
    fn next_change(&self, from: Second) -> Option<Second>;

    /// The length of the window.
    fn window(&self) -> Span;

    /// Follows a reduction of the table of `dimension`.
    fn renumber(&mut self, _dimension: usize, _ids: &Renumbering) {}
}

/// The records that a condition speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// All of them.
    All,
    /// Those that match the expression with this index.
    Matched(usize),
}

impl Source {
    fn matched(self, bucket: &Bucket) -> Option<&Matched> {
        match self {
            Source::All => None,
            Source::Matched(index) => bucket.matched.get(index),
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
        };
        match self {
            Source::All => &bucket.counters,
            Source::Matched(_) => self
                .matched(bucket)
                .map_or(&NONE, |matched| &matched.counters),
        }
    }

    fn durations(self, bucket: &Bucket) -> Option<&Durations> {
        match self {
            Source::All => Some(&bucket.durations),
            Source::Matched(_) => self.matched(bucket).map(|matched| &matched.durations),
        }
    }

    fn ids(self, bucket: &Bucket, dimension: usize, dimensions: usize) -> Vec<u32> {
        match self {
            Source::All => bucket.run.ids(dimension, dimensions),
            Source::Matched(_) => self
                .matched(bucket)
                .map_or(Vec::new(), |matched| matched.run.ids(dimension, dimensions)),
        }
    }

    fn holds(self, hit: &Hit) -> bool {
        match self {
            Source::All => true,
            Source::Matched(index) => hit.matched >> index & 1 == 1,
        }
    }
}

/// How far a rule is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    Quiet,
    /// Beyond since then, and not yet for long enough.
    Pending(Second),
    /// Firing, as this number of the history; back since then, and not yet for long enough.
    Firing(u64, Option<Second>),
}

/// A rule and whether it fires.
#[derive(Debug)]
pub struct Rule {
    label: Arc<str>,
    subject: Subject,
    condition: Box<dyn Condition + Send>,
    min: u64,
    hold: Span,
    keep: Span,
    phase: Phase,
}

/// What happened to a rule when a second closed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Transition {
    /// It began to fire.
    Fired,
    /// It is over; when it began and what its peak was.
    Resolved {
        /// When it began to fire.
        since: Second,
        /// The greatest value while it fired.
        peak: Figure,
    },
}

impl Rule {
    /// A rule that does not fire, about `subject`.
    pub fn new(label: &str, subject: Subject, condition: Box<dyn Condition + Send>) -> Rule {
        let (hold, keep) = (Span(0), Span(0));
        Rule {
            label: label.into(),
            subject,
            condition,
            min: 0,
            hold,
            keep,
            phase: Phase::Quiet,
        }
    }

    /// The same rule with fewer than `min` hits never beyond, firing after `hold` and over after `keep`.
    pub fn with_clauses(self, min: u64, hold: Span, keep: Span) -> Rule {
        Rule {
            min,
            hold,
            keep,
            ..self
        }
    }

    /// The name of the rule.
    pub fn label(&self) -> &Arc<str> {
        &self.label
    }

    /// What it is about.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// What it measures.
    pub fn condition(&self) -> &dyn Condition {
        &*self.condition
    }

    /// The first second from `from` on at which anything could change if all of them are empty.
    pub fn next_change(&self, from: Second) -> Option<Second> {
        let due = match (self.phase, self.verdict()) {
            (Phase::Quiet, Verdict::Beyond) | (Phase::Firing(_, None), Verdict::Back) => Some(from),
            (Phase::Pending(since), _) => Some(since + self.hold),
            (Phase::Firing(_, Some(back)), _) => Some(back + self.keep),
            _ => None,
        };
        self.condition
            .next_change(from)
            .into_iter()
            .chain(due)
            .min()
            .map(|change| change.max(from))
    }

    /// A record came for a second up to `closed`, the last one that is closed.
    pub fn late(&mut self, hit: &Hit, closed: Second) {
        self.condition.late(hit, closed);
    }

    /// Follows a reduction of the table of `dimension`.
    pub fn renumber(&mut self, dimension: usize, ids: &Renumbering) {
        self.condition.renumber(dimension, ids);
    }

    fn verdict(&self) -> Verdict {
        // Too few hits say nothing, and what says nothing is not beyond.
        if self.min > 0 && self.condition.figure().hits < self.min {
            Verdict::Back
        } else {
            self.condition.verdict()
        }
    }

    /// Closes a second and tells what it changed.
    pub fn close(
        &mut self,
        second: Second,
        bucket: &Bucket,
        history: &mut History,
    ) -> Option<Transition> {
        self.condition.close(second, bucket);
        let verdict = self.verdict();
        if self.phase == Phase::Quiet && verdict == Verdict::Beyond {
            self.phase = Phase::Pending(second);
        }
        match (self.phase, verdict) {
            (Phase::Pending(_), Verdict::Back) => self.phase = Phase::Quiet,
            (Phase::Pending(since), _) if second - since >= self.hold => {
                let number = history.fire(
                    &self.label,
                    self.subject.unit,
                    since,
                    self.condition.figure(),
                );
                self.phase = Phase::Firing(number, None);
                return Some(Transition::Fired);
            }
            (Phase::Firing(number, back), Verdict::Back) => {
                let back = back.unwrap_or(second);
                if second - back >= self.keep {
                    self.phase = Phase::Quiet;
                    let (since, peak) = history.resolve(number, second);
                    return Some(Transition::Resolved { since, peak });
                }
                self.phase = Phase::Firing(number, Some(back));
            }
            (Phase::Firing(number, back), verdict) => {
                // At equality the state holds, that of a rule that is on its way back too.
                let back = if verdict == Verdict::Beyond {
                    None
                } else {
                    back
                };
                self.phase = Phase::Firing(number, back);
                history.raise_peak(number, self.condition.figure());
            }
            _ => {}
        }
        None
    }
}

/// How many alerts are remembered: the newest.
const REMEMBERED: usize = 100_000;

/// Every alert of the run, oldest first.
#[derive(Debug, Default)]
pub struct History {
    fired: VecDeque<Fired>,
    /// The numbers of those that fire now.
    firing: Vec<u64>,
    forgotten: u64,
}

impl History {
    /// Whether any alert fired.
    pub fn any(&self) -> bool {
        !self.fired.is_empty()
    }

    fn fire(&mut self, rule: &Arc<str>, unit: Unit, since: Second, peak: Figure) -> u64 {
        let resolved = |fired: &Fired| fired.until.is_some();
        if self.fired.len() >= REMEMBERED && self.fired.front().is_some_and(resolved) {
            self.fired.pop_front();
            self.forgotten += 1;
        }
        let number = self.forgotten + self.fired.len() as u64 + 1;
        self.fired.push_back(Fired {
            number,
            rule: rule.clone(),
            unit,
            since,
            until: None,
            peak,
        });
        self.firing.push(number);
        number
    }

    fn get(&mut self, number: u64) -> &mut Fired {
        // One that fires is never forgotten.
        &mut self.fired[(number - 1 - self.forgotten) as usize]
    }

    fn raise_peak(&mut self, number: u64, figure: Figure) {
        let peak = &mut self.get(number).peak;
        // Of a rule that fires below its threshold the lowest value is the peak.
        if if figure.below {
            figure.value < peak.value
        } else {
            figure.value > peak.value
        } {
            *peak = figure;
        }
    }

    fn resolve(&mut self, number: u64, at: Second) -> (Second, Figure) {
        self.firing.retain(|&firing| firing != number);
        let fired = self.get(number);
        fired.until = Some(at);
        (fired.since, fired.peak)
    }

    /// All of them, for a summary.
    pub fn all(&self, now: Option<Second>) -> Alerts {
        Alerts {
            now,
            told: self.fired.iter().cloned().collect(),
            untold: self.forgotten,
        }
    }

    /// Those that fire, and the newest `past` of the others.
    pub fn newest(&self, now: Second, past: usize) -> Alerts {
        let newest = self
            .fired
            .iter()
            .rev()
            .filter(|fired| fired.until.is_some())
            .take(past);
        let firing = self
            .firing
            .iter()
            .map(|number| &self.fired[(number - 1 - self.forgotten) as usize]);
        let mut told: Vec<Fired> = newest.chain(firing).cloned().collect();
        told.sort_unstable_by_key(|fired| fired.number);
        let untold = self.forgotten + self.fired.len() as u64 - told.len() as u64;
        Alerts {
            now: Some(now),
            told,
            untold,
        }
    }
}
