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
    /// An alert that fires is said again after every such time; never, if it is 0.
    pub repeat: Span,
}

impl Clauses {
    /// Nothing.
    pub const NONE: Clauses = Clauses {
        min: 0,
        hold_for: Span(0),
        keep_firing_for: Span(0),
        repeat: Span(0),
    };

    /// When an alert is said again that began `since` and was said again `said` times.
    pub(super) fn again(self, since: Second, said: u64) -> Second {
        match i64::try_from(said) {
            Ok(said) if self.repeat > Span(0) => {
                let spans = Span(self.repeat.0.saturating_mul(said.saturating_add(1)));
                Second((since + self.hold_for).0.saturating_add(spans.0))
            }
            _ => NEVER,
        }
    }

    /// How often an alert that began `since` is said again up to `second`.
    pub(super) fn repeats(self, since: Second, second: Second) -> u64 {
        let fires = (second - (since + self.hold_for)).0.max(0);
        (fires / self.repeat.0.max(1)).unsigned_abs()
    }
}

/// Not within the time of any log.
const NEVER: Second = Second(i64::MAX);

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
        /// When it is said again.
        again: Second,
    },
}

/// What a second made of an alert.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum PhaseChange {
    /// It is as it was, or waits.
    Stay,
    /// It fires; the measure has been beyond since then.
    Fire { number: u64, since: Second },
    /// It fires on, and is said again.
    Repeat { number: u64 },
    /// It is over.
    Resolve { number: u64 },
}

impl Phase {
    /// Firing, with this number, and said again at this second.
    pub(super) fn firing(number: u64, again: Second) -> Phase {
        Phase::Firing {
            number,
            clear_since: None,
            again,
        }
    }

    /// Says it again at this second, if it fires.
    pub(super) fn repeat_at(&mut self, second: Second) {
        if let Phase::Firing { again, .. } = self {
            *again = second;
        }
    }

    /// Whether it could fire or be over at this level when `second` closes.
    pub(super) fn may_change(self, level: Level, second: Second, clauses: Clauses) -> bool {
        match (self, level) {
            (Phase::Quiet, Level::Breached) => clauses.hold_for <= Span(0),
            (Phase::Pending { since }, Level::Breached) => second - since >= clauses.hold_for,
            (Phase::Firing { .. }, Level::Clear) => true,
            _ => false,
        }
    }

    /// Moves on by one closed second if it does not fire before nor after it; whether it did.
    pub(super) fn wait(&mut self, level: Level, second: Second, clauses: Clauses) -> bool {
        let since = match *self {
            Phase::Quiet => second,
            Phase::Pending { since } => since,
            Phase::Firing { .. } => return false,
        };
        let fires = level == Level::Breached && second - since >= clauses.hold_for;
        if !fires {
            *self = match level {
                Level::Breached => Phase::Pending { since },
                _ => Phase::Quiet,
            };
        }
        !fires
    }

    /// Whether it fires and is said again at `second`.
    pub(super) fn is_repeated(self, second: Second) -> bool {
        matches!(self, Phase::Firing { again, .. } if again <= second)
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
                *self = Phase::firing(number, clauses.again(since, 0));
                PhaseChange::Fire { number, since }
            }
            (Phase::Quiet | Phase::Pending { .. }, _) => {
                *self = Phase::Quiet;
                PhaseChange::Stay
            }
            (
                Phase::Firing {
                    number,
                    clear_since,
                    again,
                },
                level,
            ) => {
                let clear_since = match level {
                    Level::Breached => None,
                    // The state holds, that of an alert on its way back too.
                    Level::AtThreshold => clear_since,
                    Level::Clear => Some(clear_since.unwrap_or(second)),
                };
                if level == Level::Clear
                    && clear_since.is_some_and(|since| second - since >= clauses.keep_firing_for)
                {
                    *self = Phase::Quiet;
                    return PhaseChange::Resolve { number };
                }
                let due = second >= again;
                *self = Phase::Firing {
                    number,
                    clear_since,
                    again: match due {
                        // Those that were missed are said at once.
                        true => {
                            let missed = (second - again).0 / clauses.repeat.0;
                            again + Span((missed + 1) * clauses.repeat.0)
                        }
                        false => again,
                    },
                };
                match due {
                    true => PhaseChange::Repeat { number },
                    false => PhaseChange::Stay,
                }
            }
        }
    }

    /// The second at which time alone moves the alert on, while the measure stays at `level`.
    pub(super) fn due(self, level: Level, clauses: Clauses) -> Option<Second> {
        match (self, level) {
            (Phase::Pending { since }, _) => Some(since + clauses.hold_for),
            (
                Phase::Firing {
                    clear_since, again, ..
                },
                level,
            ) => {
                let back = clear_since.filter(|_| level == Level::Clear);
                let over = back.map(|since| since + clauses.keep_firing_for);
                let again = Some(again).filter(|&again| again < NEVER);
                over.into_iter().chain(again).min()
            }
            (Phase::Quiet, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The phases that levels lead to: `.` quiet, `p` pending, `F` fires, `f` firing, `R` resolved.
    fn run(levels: &str, hold_for: i64, keep_firing_for: i64) -> String {
        repeated(levels, hold_for, keep_firing_for, 0)
    }

    /// The same, said again after so many seconds: `a`.
    fn repeated(levels: &str, hold_for: i64, keep_firing_for: i64, repeat: i64) -> String {
        let clauses = Clauses {
            min: 0,
            hold_for: Span(hold_for),
            keep_firing_for: Span(keep_firing_for),
            repeat: Span(repeat),
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
                (PhaseChange::Repeat { number: 7 }, Phase::Firing { number: 7, .. }) => 'a',
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

    /// It is on the clock of its beginning, whatever the level, and what is over is not said again.
    #[test]
    fn what_fires_is_said_again() {
        assert_eq!(repeated("+++++++-", 0, 0, 2), "FfafafaR");
        assert_eq!(repeated("+++++--+", 2, 3, 3), "ppFffaff");
        assert_eq!(repeated("+==-=--", 0, 9, 3), "Fffaffa");
        assert_eq!(repeated("+-+++", 0, 0, 2), "FRFfa");
        let clauses = Clauses {
            hold_for: Span(2),
            repeat: Span(3),
            ..Clauses::NONE
        };
        let firing = Phase::firing(7, clauses.again(Second(0), 1));
        assert_eq!(firing.due(Level::Breached, clauses), Some(Second(8)));
        let repeats = [1, 4, 5, 7, 8].map(|second| clauses.repeats(Second(0), Second(second)));
        assert_eq!(repeats, [0, 0, 1, 1, 2]);
        assert_eq!(Clauses::NONE.again(Second(0), 0), NEVER);
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
