//! A rule, and the phases of its alert: quiet, pending, firing, resolved.

use std::sync::Arc;

use super::history::{History, Moment};
use super::keyed::Keyed;
use super::measure::Subject;
use super::{Condition, Verdict};
use crate::report::{Figure, Key};
use crate::stats::bucket::Bucket;
use crate::stats::keys::Renumbering;
use crate::stats::totals::Totals;
use crate::time::{Second, Span};

/// What a rule asks for beside its threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clauses {
    /// With fewer hits in the window it is not beyond.
    pub min: u64,
    /// How long it must be beyond before it fires.
    pub hold: Span,
    /// How long it must be back before it is resolved.
    pub keep: Span,
}

impl Clauses {
    /// Nothing.
    pub const NONE: Clauses = Clauses {
        min: 0,
        hold: Span(0),
        keep: Span(0),
    };
}

/// How far an alert is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Phase {
    Quiet,
    /// Beyond since then, and not yet for long enough.
    Pending(Second),
    /// Firing, as this number of the history; back since then, and not yet for long enough.
    Firing(u64, Option<Second>),
}

/// What a second made of an alert.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Step {
    None,
    /// It fires, and the condition has held since then. The caller numbers it.
    Fire(Second),
    /// It is over, as this number of the history.
    Resolve(u64),
}

/// Moves an alert on by one closed second.
pub(super) fn step(phase: &mut Phase, verdict: Verdict, second: Second, clauses: Clauses) -> Step {
    if *phase == Phase::Quiet && verdict == Verdict::Beyond {
        *phase = Phase::Pending(second);
    }
    match (*phase, verdict) {
        (Phase::Pending(_), Verdict::Back) => *phase = Phase::Quiet,
        (Phase::Pending(since), _) if second - since >= clauses.hold => {
            *phase = Phase::Firing(0, None);
            return Step::Fire(since);
        }
        (Phase::Firing(number, back), Verdict::Back) => {
            let back = back.unwrap_or(second);
            if second - back >= clauses.keep {
                *phase = Phase::Quiet;
                return Step::Resolve(number);
            }
            *phase = Phase::Firing(number, Some(back));
        }
        (Phase::Firing(number, _), Verdict::Beyond) => *phase = Phase::Firing(number, None),
        // At equality the state holds, that of an alert on its way back too.
        _ => {}
    }
    Step::None
}

/// When time alone moves an alert on that stands so after a second has closed.
pub(super) fn due(phase: Phase, verdict: Verdict, clauses: Clauses) -> Option<Second> {
    match (phase, verdict) {
        (Phase::Pending(since), _) => Some(since + clauses.hold),
        (Phase::Firing(_, Some(back)), Verdict::Back) => Some(back + clauses.keep),
        _ => None,
    }
}

/// A transition of an alert.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Transition {
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
    },
}

/// A transition with what it speaks of.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// Which.
    pub transition: Transition,
    /// The measure at the end of the second.
    pub figure: Figure,
    /// The key, where the rule is by key.
    pub key: Option<Key>,
    /// The measure in words, where the numbers alone do not say it.
    pub detail: Option<String>,
}

#[derive(Debug)]
enum Kind {
    Whole {
        condition: Box<dyn Condition + Send>,
        clauses: Clauses,
        phase: Phase,
        /// Where it stood when the last second closed.
        stood: Verdict,
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
    kind: Kind,
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
            kind: Kind::Whole {
                condition,
                clauses,
                phase: Phase::Quiet,
                stood: Verdict::Back,
            },
            touched: false,
        }
    }

    /// A rule with an alert for each key.
    pub(super) fn by_key(label: &str, subject: Subject, keyed: Keyed) -> Rule {
        Rule {
            label: label.into(),
            subject,
            kind: Kind::ByKey {
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
            Kind::Whole { condition, .. } => condition.window(),
            Kind::ByKey { keyed, .. } => keyed.window(),
        }
    }

    /// Its measure now, where it has only one.
    pub fn figure(&self) -> Option<Figure> {
        match &self.kind {
            Kind::Whole { condition, .. } => Some(condition.figure()),
            Kind::ByKey { .. } => None,
        }
    }

    /// What a reader must know to read its silence.
    pub fn note(&self) -> Option<String> {
        match &self.kind {
            Kind::Whole { condition, .. } => condition.note(),
            Kind::ByKey { keyed, .. } => (keyed.unfollowed > 0)
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
            Kind::ByKey { keyed, .. } => keyed.next_change(),
            Kind::Whole {
                condition,
                clauses,
                phase,
                stood,
            } => {
                let change = condition.next_change(from, *stood);
                let due = due(*phase, *stood, *clauses);
                change.into_iter().chain(due).min()
            }
        }
    }

    /// Whether an alert fires whose value grows from one empty second to the next.
    pub fn grows(&self) -> bool {
        match &self.kind {
            Kind::Whole {
                condition,
                phase: Phase::Firing(..),
                ..
            } => condition.grows(),
            _ => false,
        }
    }

    /// Records came late for a second up to `closed`, the last one that is closed.
    pub fn late(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        self.touched = true;
        match &mut self.kind {
            Kind::Whole { condition, .. } => condition.late(second, bucket, closed),
            Kind::ByKey { keyed, .. } => keyed.late(second, bucket, closed),
        }
    }

    /// Follows a reduction of the table of `dimension`.
    pub fn renumber(&mut self, dimension: usize, ids: &Renumbering) {
        self.touched = true;
        match &mut self.kind {
            Kind::Whole { condition, .. } => condition.renumber(dimension, ids),
            Kind::ByKey { keyed, over } if keyed.dimension() == dimension => {
                keyed.renumber(ids, |_, phase| {
                    if let Phase::Firing(number, _) = phase {
                        over.push(number);
                    }
                })
            }
            Kind::ByKey { .. } => {}
        }
    }

    /// Closes a second and tells what it changed.
    pub fn close(
        &mut self,
        second: Second,
        bucket: &Bucket,
        totals: &Totals,
        history: &mut History,
        mut tell: impl FnMut(Changed),
    ) {
        let Rule {
            label,
            subject,
            kind,
            touched,
        } = self;
        *touched = false;
        match kind {
            Kind::Whole {
                condition,
                clauses,
                phase,
                stood,
            } => {
                condition.close(second, bucket);
                *stood = verdict(&**condition, *clauses);
                let done = step(phase, *stood, second, *clauses);
                if done == Step::None && *phase == Phase::Quiet {
                    return;
                }
                let figure = condition.figure();
                if let Some(transition) = history.note(
                    (label, subject.unit),
                    Moment {
                        second,
                        done,
                        figure,
                    },
                    phase,
                    || None,
                ) {
                    tell(Changed {
                        transition,
                        figure,
                        key: None,
                        detail: condition.detail(),
                    });
                }
            }
            Kind::ByKey { keyed, over } => {
                let dimension = keyed.dimension();
                let name = totals.tops()[dimension].dimension;
                // They were found in the order of a hash.
                over.sort_unstable();
                for number in over.drain(..) {
                    let (transition, key, figure) = history.end(number, second);
                    tell(Changed {
                        transition,
                        figure,
                        key,
                        detail: None,
                    });
                }
                keyed.close(second, bucket, |id, done, figure, phase| {
                    let key = || {
                        Some(Key {
                            dimension: name,
                            key: totals.table(dimension).key(id).into(),
                        })
                    };
                    if let Some(transition) = history.note(
                        (label, subject.unit),
                        Moment {
                            second,
                            done,
                            figure,
                        },
                        phase,
                        key,
                    ) {
                        tell(Changed {
                            transition,
                            figure,
                            key: key(),
                            detail: None,
                        });
                    }
                });
            }
        }
    }
}

/// Too few hits say nothing, and what says nothing is not beyond.
fn verdict(condition: &dyn Condition, clauses: Clauses) -> Verdict {
    if clauses.min > 0 && condition.figure().hits < clauses.min {
        Verdict::Back
    } else {
        condition.verdict()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The phases that verdicts lead to: `.` quiet, `p` pending, `F` fires, `f` firing, `R` resolved.
    fn run(verdicts: &str, hold: i64, keep: i64) -> String {
        let clauses = Clauses {
            min: 0,
            hold: Span(hold),
            keep: Span(keep),
        };
        let mut phase = Phase::Quiet;
        let mut trace = String::new();
        for (i, c) in verdicts.chars().enumerate() {
            let verdict = match c {
                '+' => Verdict::Beyond,
                '=' => Verdict::Equal,
                _ => Verdict::Back,
            };
            trace.push(
                match (step(&mut phase, verdict, Second(i as i64), clauses), phase) {
                    (Step::Fire(_), _) => 'F',
                    (Step::Resolve(_), _) => 'R',
                    (Step::None, Phase::Quiet) => '.',
                    (Step::None, Phase::Pending(_)) => 'p',
                    (Step::None, Phase::Firing(..)) => 'f',
                },
            );
        }
        trace
    }

    #[test]
    fn equality_keeps_the_state() {
        assert_eq!(run("==+==-==", 0, 0), "..FffR..");
        assert_eq!(run("+-+-", 0, 0), "FRFR");
    }

    #[test]
    fn a_condition_must_hold_for_its_time_and_be_gone_for_its_time() {
        assert_eq!(run("+++-++++", 3, 0), "ppp.pppF");
        assert_eq!(run("+=++", 3, 0), "pppF");
        assert_eq!(run("+---", 0, 2), "FffR");
        assert_eq!(run("+--+---", 0, 2), "FfffffR");
        assert_eq!(run("+-=-", 0, 2), "FffR");
    }
}
