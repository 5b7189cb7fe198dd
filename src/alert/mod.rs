//! Alert rules: what is configured, the phases of an alert, and the history of a run.
//!
//! [`Condition`] is the contract of a kind of rule; each kind is one file. A rule is evaluated when a
//! second closes and never otherwise, so live and replay see the same transitions.

pub mod past;
pub mod traffic;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::report::{Alerts, Figure, Fired};
use crate::stats::Hit;
use crate::stats::bucket::Counters;
use crate::time::{Second, Span};

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

/// A kind of rule: a measure over a sliding window of seconds.
pub trait Condition: std::fmt::Debug {
    /// A second closes: it enters the window and the oldest leaves. Seconds come in order; those
    /// left out were empty while [`Condition::is_still`] held.
    fn close(&mut self, second: Second, counters: &Counters);

    /// A record came for a second that is closed; it counts if the window that ends with `closed`, the
    /// last second that is, holds it. Seconds up to there may have been left out.
    fn late(&mut self, hit: &Hit, closed: Second);

    /// Where the measure stands.
    fn verdict(&self) -> Verdict;

    /// The measure, for people.
    fn figure(&self) -> Figure;

    /// Whether empty seconds would leave the measure as it is.
    fn is_still(&self) -> bool;

    /// The length of the window.
    fn window(&self) -> Span;
}

/// A rule and whether it fires.
#[derive(Debug)]
pub struct Rule {
    label: Arc<str>,
    condition: Box<dyn Condition + Send>,
    /// The number of the alert in the history, while it fires.
    firing: Option<u64>,
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
    /// A rule that does not fire.
    pub fn new(label: &str, condition: Box<dyn Condition + Send>) -> Rule {
        Rule {
            label: label.into(),
            condition,
            firing: None,
        }
    }

    /// The name of the rule.
    pub fn label(&self) -> &Arc<str> {
        &self.label
    }

    /// What it measures.
    pub fn condition(&self) -> &dyn Condition {
        &*self.condition
    }

    /// Whether closing empty seconds would change nothing.
    pub fn is_still(&self) -> bool {
        let verdict = self.condition.verdict();
        let settled = if self.firing.is_some() {
            verdict != Verdict::Back
        } else {
            verdict != Verdict::Beyond
        };
        self.condition.is_still() && settled
    }

    /// A record came for a second up to `closed`, the last one that is closed.
    pub fn late(&mut self, hit: &Hit, closed: Second) {
        self.condition.late(hit, closed);
    }

    /// Closes a second and tells what it changed.
    pub fn close(
        &mut self,
        second: Second,
        counters: &Counters,
        history: &mut History,
    ) -> Option<Transition> {
        self.condition.close(second, counters);
        match (self.firing, self.condition.verdict()) {
            (None, Verdict::Beyond) => {
                self.firing = Some(history.fire(&self.label, second, self.condition.figure()));
                Some(Transition::Fired)
            }
            (Some(number), Verdict::Back) => {
                self.firing = None;
                let fired = history.resolve(number, second);
                Some(Transition::Resolved {
                    since: fired.0,
                    peak: fired.1,
                })
            }
            (Some(number), _) => {
                history.raise_peak(number, self.condition.figure());
                None
            }
            (None, _) => None,
        }
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

    fn fire(&mut self, rule: &Arc<str>, since: Second, peak: Figure) -> u64 {
        let resolved = |fired: &Fired| fired.until.is_some();
        if self.fired.len() >= REMEMBERED && self.fired.front().is_some_and(resolved) {
            self.fired.pop_front();
            self.forgotten += 1;
        }
        let number = self.forgotten + self.fired.len() as u64 + 1;
        self.fired.push_back(Fired {
            number,
            rule: rule.clone(),
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
        if figure.value > peak.value {
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
