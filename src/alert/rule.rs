//! A rule and its alerts: one, or one for each key.

use std::sync::Arc;

use super::history::AlertHistory;
use super::keyed::Keyed;
use super::phase::{Clauses, Phase, PhaseChange};
use super::{Condition, Level, Reading};
use crate::quantity::{Figure, Subject};
use crate::report::{Key, Shortfall};
use crate::stats::bucket::Bucket;
use crate::stats::keys::Renumbering;
use crate::stats::totals::Totals;
use crate::time::{Second, Span};

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
    /// It is over.
    Resolved {
        /// Its number in the run.
        number: u64,
        /// When it began.
        since: Second,
        /// The greatest value while it fired.
        peak: Figure,
        /// Too few hits are left to say that it got well.
        shortfall: Option<Shortfall>,
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
    /// The dimension and id of a key whose rule does not count all of its hits: those of the figure are to
    /// be taken from the [past](super::past).
    pub uncounted: Option<(usize, u32)>,
}

#[derive(Debug)]
enum Instances {
    Whole {
        condition: Box<dyn Condition + Send>,
        clauses: Clauses,
        phase: Phase,
        /// Where the measure was when the last second closed.
        level: Level,
    },
    ByKey {
        keyed: Box<Keyed>,
        over: Vec<u64>,
    },
}

/// A rule and the alerts that fire by it.
#[derive(Debug)]
pub struct Rule {
    label: Arc<str>,
    subject: Subject,
    kind: Instances,
    /// Something has changed since the last second closed: a record came late, or keys were dropped.
    touched: bool,
}

impl Rule {
    /// A rule that does not fire, about `subject`.
    pub fn new(
        label: &str,
        subject: Subject,
        condition: Box<dyn Condition + Send>,
        clauses: Clauses,
    ) -> Rule {
        Rule {
            label: label.into(),
            subject,
            kind: Instances::Whole {
                condition,
                clauses,
                phase: Phase::Quiet,
                level: Level::Clear,
            },
            touched: false,
        }
    }

    /// A rule with an alert for each key.
    pub(super) fn by_key(label: &str, subject: Subject, keyed: Keyed) -> Rule {
        Rule {
            label: label.into(),
            subject,
            kind: Instances::ByKey {
                keyed: Box::new(keyed),
                over: Vec::new(),
            },
            touched: false,
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

    /// The length of its window.
    pub fn window(&self) -> Span {
        match &self.kind {
            Instances::Whole { condition, .. } => condition.window(),
            Instances::ByKey { keyed, .. } => keyed.window(),
        }
    }

    /// How far back it must have seen the log to know what it says.
    pub fn look_back(&self) -> Span {
        match &self.kind {
            Instances::Whole { condition, .. } => condition.look_back(),
            Instances::ByKey { keyed, .. } => Span(2 * keyed.window().0),
        }
    }

    /// Its measure now, where it has only one.
    pub fn figure(&self) -> Option<Figure> {
        match &self.kind {
            Instances::Whole { condition, .. } => Some(condition.figure()),
            Instances::ByKey { .. } => None,
        }
    }

    /// What a reader must know to read its silence.
    pub fn note(&self) -> Option<String> {
        match &self.kind {
            Instances::Whole { condition, .. } => condition.note(),
            Instances::ByKey { keyed, .. } => (keyed.unfollowed > 0)
                .then(|| format!("too many keys: {} hits were not followed", keyed.unfollowed)),
        }
    }

    /// The first second from `from` on at which anything could change if all of them are empty; `from`
    /// is the first that is not closed.
    pub fn next_change(&self, from: Second) -> Option<Second> {
        if self.touched {
            return Some(from);
        }
        match &self.kind {
            Instances::ByKey { keyed, .. } => keyed.next_change(),
            Instances::Whole {
                condition,
                clauses,
                phase,
                level,
            } => {
                let change = condition.next_change(from, *level);
                let due = phase.due(*level, *clauses);
                change.into_iter().chain(due).min()
            }
        }
    }

    /// Whether an alert fires whose value grows from one empty second to the next.
    pub fn grows(&self) -> bool {
        match &self.kind {
            Instances::Whole {
                condition,
                phase: Phase::Firing { .. },
                ..
            } => condition.grows(),
            _ => false,
        }
    }

    /// Records came late for a second up to `closed`, the last one that is closed.
    pub fn late(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        self.touched = true;
        match &mut self.kind {
            Instances::Whole { condition, .. } => condition.take(second, bucket, closed),
            Instances::ByKey { keyed, .. } => keyed.late(second, bucket, closed),
        }
    }

    /// Live, records came while `second` was the newest of the log, whatever their own time is.
    pub fn heard(&mut self, second: Second, bucket: &Bucket) {
        if let Instances::Whole { condition, .. } = &mut self.kind {
            condition.heard(second, bucket);
        }
    }

    /// Follows a reduction of the table of `dimension`.
    pub fn renumber(&mut self, dimension: usize, ids: &Renumbering) {
        self.touched = true;
        match &mut self.kind {
            Instances::Whole { condition, .. } => condition.renumber(dimension, ids),
            Instances::ByKey { keyed, over } if keyed.dimension() == dimension => {
                keyed.renumber(ids, |phase| {
                    if let Phase::Firing { number, .. } = phase {
                        over.push(number);
                    }
                })
            }
            Instances::ByKey { .. } => {}
        }
    }

    /// Closes a second and tells what it changed.
    pub fn close(
        &mut self,
        second: Second,
        bucket: &Bucket,
        totals: &Totals,
        history: &mut AlertHistory,
        tell: impl FnMut(Changed),
    ) {
        self.touched = false;
        let mut closing = Closing {
            label: &self.label,
            subject: &self.subject,
            second,
            history,
            tell,
        };
        match &mut self.kind {
            Instances::Whole {
                condition,
                clauses,
                phase,
                level,
            } => {
                let shortfall;
                (*level, shortfall) = condition.close(second, bucket, clauses.min);
                if *phase == Phase::Quiet && *level != Level::Breached {
                    return;
                }
                let reading = Reading {
                    level: *level,
                    figure: condition.figure(),
                    shortfall,
                    uncounted: None,
                };
                closing.advance(phase, *clauses, reading, || None, || condition.detail());
            }
            Instances::ByKey { keyed, over } => {
                let dimension = keyed.dimension();
                let kind = totals.tops()[dimension].dimension.kind();
                // They were found in the order of a hash.
                over.sort_unstable();
                over.drain(..).for_each(|number| closing.end(number));
                let clauses = keyed.clauses();
                keyed.close(second, bucket, |id, phase, reading| {
                    let key = || {
                        Some(Key {
                            dimension: kind,
                            key: totals.table(dimension).key(id).into(),
                        })
                    };
                    closing.advance(phase, clauses, reading, key, || None);
                });
            }
        }
    }
}

/// A second that closes, for the alerts of one rule.
struct Closing<'c, T> {
    label: &'c Arc<str>,
    subject: &'c Subject,
    second: Second,
    history: &'c mut AlertHistory,
    tell: T,
}

impl<T: FnMut(Changed)> Closing<'_, T> {
    /// Moves an alert on, and tells the transition if there is one.
    fn advance(
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
            uncounted,
        } = reading;
        let enlist = |since| history.fire(label, key(), subject.unit, since, figure);
        let transition = match phase.advance(level, *second, clauses, enlist) {
            PhaseChange::Stay => {
                if let Phase::Firing { number, .. } = *phase {
                    self.history.raise_peak(number, figure);
                }
                return;
            }
            PhaseChange::Fire { number, since } => AlertChange::Fired { number, since },
            PhaseChange::Resolve { number } => {
                let over = self.history.resolve(number, self.second, shortfall);
                AlertChange::Resolved {
                    number,
                    since: over.since,
                    peak: over.peak,
                    shortfall,
                }
            }
        };
        (self.tell)(Changed {
            transition,
            figure,
            key: key(),
            detail: detail(),
            uncounted,
        });
    }

    /// An alert is over whose key is followed no more: its last figure is its peak.
    fn end(&mut self, number: u64) {
        let over = self.history.resolve(number, self.second, None);
        (self.tell)(Changed {
            transition: AlertChange::Resolved {
                number,
                since: over.since,
                peak: over.peak,
                shortfall: None,
            },
            figure: over.peak,
            key: over.key,
            detail: None,
            uncounted: None,
        });
    }
}
