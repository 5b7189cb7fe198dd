//! A transition of an alert, and how a second that closes makes it.

use std::sync::Arc;

use super::history::AlertHistory;
use super::phase::{Clauses, Phase, PhaseChange};
use super::{Evaluable, Level, Reading};
use crate::quantity::{Figure, Subject};
use crate::report::{Key, WhyOver};
use crate::time::Second;

/// A transition of an alert.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AlertChange {
    /// It began to fire.
    Fired {
        /// Its number in the run.
        number: u64,
        /// When its condition began to hold.
        since: Second,
    },
    /// It fires on, and is said again.
    Repeated {
        /// Its number in the run.
        number: u64,
        /// When its condition began to hold.
        since: Second,
        /// How often it has been said again, this time with it.
        repeat: u64,
    },
    /// It is over.
    Resolved {
        /// Its number in the run.
        number: u64,
        /// When it began.
        since: Second,
        /// The greatest value while it fired.
        peak: Figure,
        /// Why, where it is not that things are well.
        why: Option<WhyOver>,
    },
}

/// A transition with what it speaks of.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// Which.
    pub transition: AlertChange,
    /// The measure at the end of the second.
    pub figure: Figure,
    /// The key, where the rule is by key.
    pub key: Option<Key>,
    /// The measure in words, where the numbers alone do not say it.
    pub detail: Option<String>,
    /// The id of the key, where it is still known.
    pub id: Option<u32>,
    /// Whether the rule does not count all hits of the key: those of the figure are to be taken from the
    /// [past](super::past).
    pub uncounted: bool,
}

impl Changed {
    /// Whether the alert fires now, or fires on and is said again.
    pub fn fires(&self) -> bool {
        !matches!(self.transition, AlertChange::Resolved { .. })
    }
}

/// A second that closes, for the alerts of one rule.
pub(super) struct Closing<'c, T> {
    label: &'c Arc<str>,
    subject: &'c Subject,
    second: Second,
    /// The second is none of the rule's hours: nothing fires, and what fires is over.
    outside: bool,
    history: &'c mut AlertHistory,
    report: T,
}

impl<'c, T: FnMut(Changed)> Closing<'c, T> {
    pub(super) fn new(
        (label, subject): (&'c Arc<str>, &'c Subject),
        second: Second,
        evaluable: Evaluable,
        history: &'c mut AlertHistory,
        report: T,
    ) -> Closing<'c, T> {
        Closing {
            label,
            subject,
            second,
            outside: evaluable.outside,
            history,
            report,
        }
    }

    /// Moves an alert on, and reports the transition if there is one.
    pub(super) fn advance(
        &mut self,
        phase: &mut Phase,
        clauses: Clauses,
        reading: Reading,
        key: impl Fn() -> Option<Key>,
        detail: impl FnOnce() -> Option<String>,
    ) {
        let Closing {
            label,
            subject,
            second,
            history,
            ..
        } = self;
        let Reading {
            level,
            figure,
            shortfall,
            id,
            uncounted,
            grows_since,
        } = reading;
        let (level, clauses) = match self.outside {
            true => (Level::Clear, Clauses::NONE),
            false => (level, clauses),
        };
        let enlist = |since| history.fire(label, key(), subject.unit, since, figure);
        let change = phase.advance(level, *second, clauses, enlist);
        if let (Phase::Firing { number, .. }, Some(since)) = (*phase, grows_since) {
            history.grows(number, *second, since);
        }
        let transition = match change {
            PhaseChange::Stay => {
                if let Phase::Firing { number, .. } = *phase {
                    self.history.raise_peak(number, figure);
                }
                return;
            }
            PhaseChange::Fire { number, since } => AlertChange::Fired { number, since },
            PhaseChange::Repeat { number } => {
                self.history.raise_peak(number, figure);
                let since = self.history.since(number).unwrap_or(self.second);
                AlertChange::Repeated {
                    number,
                    since,
                    repeat: clauses.repeats(since, self.second),
                }
            }
            PhaseChange::Resolve { number } => {
                let why = match self.outside {
                    true => Some(WhyOver::OutOfHours),
                    false => shortfall.map(WhyOver::TooFew),
                };
                let over = self.history.resolve(number, self.second, why);
                AlertChange::Resolved {
                    number,
                    since: over.since,
                    peak: over.peak,
                    why,
                }
            }
        };
        (self.report)(Changed {
            transition,
            figure,
            key: key(),
            detail: detail(),
            id,
            uncounted,
        });
    }

    /// An alert is over whose key is followed no more: its last figure is its peak.
    pub(super) fn end(&mut self, number: u64) {
        let over = self.history.resolve(number, self.second, None);
        (self.report)(Changed {
            transition: AlertChange::Resolved {
                number,
                since: over.since,
                peak: over.peak,
                why: None,
            },
            figure: over.peak,
            key: over.key,
            detail: None,
            id: None,
            uncounted: false,
        });
    }
}
