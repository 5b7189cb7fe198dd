//! The state machine of one alert: quiet, pending, firing, resolved and quiet again.
//!
//! It moves only when a second closes. It fires once the measure has been beyond its threshold in every
//! second for [`Clauses::hold_for`]; a second at the threshold or back begins the wait anew. It is over
//! once the measure has been back for [`Clauses::keep_firing_for`]; a second at the threshold changes
//! nothing then. An alert has a number from the second at which it fires.

use super::Level;
use crate::time::{Second, Span};

/// What a rule asks for beside its threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clauses {
    /// With fewer hits in the window the measure says nothing.
    pub min: u64,
    /// How long the measure must be beyond before an alert fires.
    pub hold_for: Span,
    /// How long the measure must be back before the alert is resolved.
    pub keep_firing_for: Span,
}

impl Clauses {
    /// Nothing.
    pub const NONE: Clauses = Clauses {
        min: 0,
        hold_for: Span(0),
        keep_firing_for: Span(0),
    };
}

/// How far an alert is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Phase {
    Quiet,
    /// The measure has been beyond since then, and not yet for long enough.
    Pending {
        since: Second,
    },
    Firing {
        /// Its number in the history.
        number: u64,
        /// Since when the measure has been back, if it is, and not yet for long enough.
        clear_since: Option<Second>,
    },
}

/// What a second made of an alert.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum PhaseChange {
    /// It is as it was, or waits.
    Stay,
    /// It fires; the measure has been beyond since then.
    Fire { number: u64, since: Second },
    /// It is over.
    Resolve { number: u64 },
}

impl Phase {
    /// Firing, with this number.
    pub(super) fn firing(number: u64) -> Phase {
        Phase::Firing {
            number,
            clear_since: None,
        }
    }

    /// Whether it could fire or be over at this level.
    pub(super) fn may_change(self, level: Level) -> bool {
        matches!(
            (self, level),
            (Phase::Quiet | Phase::Pending { .. }, Level::Breached)
                | (Phase::Firing { .. }, Level::Clear)
        )
    }

    /// The number of the alert, if it fires.
    pub(super) fn number(self) -> Option<u64> {
        match self {
            Phase::Firing { number, .. } => Some(number),
            _ => None,
        }
    }

    /// Moves on by one closed second. `enlist` gives an alert that fires its number; it is called with since when
    /// the measure has been beyond.
    pub(super) fn advance(
        &mut self,
        level: Level,
        second: Second,
        clauses: Clauses,
        enlist: impl FnOnce(Second) -> u64,
    ) -> PhaseChange {
        match (*self, level) {
            (Phase::Quiet | Phase::Pending { .. }, Level::Breached) => {
                let since = match *self {
                    Phase::Pending { since } => since,
                    _ => second,
                };
                if second - since < clauses.hold_for {
                    *self = Phase::Pending { since };
                    return PhaseChange::Stay;
                }
                let number = enlist(since);
                *self = Phase::Firing {
                    number,
                    clear_since: None,
                };
                PhaseChange::Fire { number, since }
            }
            (Phase::Quiet | Phase::Pending { .. }, _) => {
                *self = Phase::Quiet;
                PhaseChange::Stay
            }
            (Phase::Firing { number, .. }, Level::Breached) => {
                *self = Phase::Firing {
                    number,
                    clear_since: None,
                };
                PhaseChange::Stay
            }
            // The state holds, that of an alert on its way back too.
            (Phase::Firing { .. }, Level::AtThreshold) => PhaseChange::Stay,
            (
                Phase::Firing {
                    number,
                    clear_since,
                },
                Level::Clear,
            ) => {
                let since = clear_since.unwrap_or(second);
                if second - since < clauses.keep_firing_for {
                    *self = Phase::Firing {
                        number,
                        clear_since: Some(since),
                    };
                    return PhaseChange::Stay;
                }
                *self = Phase::Quiet;
                PhaseChange::Resolve { number }
            }
        }
    }

    /// The second at which time alone moves the alert on, while the measure stays at `level`.
    pub(super) fn due(self, level: Level, clauses: Clauses) -> Option<Second> {
        match (self, level) {
            (Phase::Pending { since }, _) => Some(since + clauses.hold_for),
            (
                Phase::Firing {
                    clear_since: Some(since),
                    ..
                },
                Level::Clear,
            ) => Some(since + clauses.keep_firing_for),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The phases that levels lead to: `.` quiet, `p` pending, `F` fires, `f` firing, `R` resolved.
    fn run(levels: &str, hold_for: i64, keep_firing_for: i64) -> String {
        let clauses = Clauses {
            min: 0,
            hold_for: Span(hold_for),
            keep_firing_for: Span(keep_firing_for),
        };
        let mut phase = Phase::Quiet;
        let mut trace = String::new();
        for (i, c) in levels.chars().enumerate() {
            let level = match c {
                '+' => Level::Breached,
                '=' => Level::AtThreshold,
                _ => Level::Clear,
            };
            let step = phase.advance(level, Second(i as i64), clauses, |_| 7);
            trace.push(match (step, phase) {
                (PhaseChange::Fire { number: 7, .. }, Phase::Firing { number: 7, .. }) => 'F',
                (PhaseChange::Resolve { number: 7 }, Phase::Quiet) => 'R',
                (PhaseChange::Stay, Phase::Quiet) => '.',
                (PhaseChange::Stay, Phase::Pending { .. }) => 'p',
                (PhaseChange::Stay, Phase::Firing { number: 7, .. }) => 'f',
                other => panic!("{other:?}"),
            });
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
        assert_eq!(run("+---", 0, 2), "FffR");
        assert_eq!(run("+--+---", 0, 2), "FfffffR");
        assert_eq!(run("+-=-", 0, 2), "FffR");
    }

    /// Nothing fires that is not beyond, and what was not beyond all the while has not been for long.
    #[test]
    fn equality_while_pending_begins_anew() {
        assert_eq!(run("+==+", 3, 0), "p..p");
        assert_eq!(run("++=++++", 3, 0), "pp.pppF");
        assert_eq!(run("+++=", 3, 0), "ppp.");
        assert_eq!(run("++++==", 3, 0), "pppFff");
    }
}
