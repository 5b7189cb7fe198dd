//! What lies before the start of a run: rules know it, and nothing is written of it but the alerts that still fire when
//! it ends and that no earlier run has written.

use crate::report::{AlertState, Event, Transition};
use crate::time::Second;

/// The alerts of the time before the start that are not over.
#[derive(Debug, Default)]
pub(super) struct History {
    /// Its last second, where that is known by the clock; else whoever reads it says so.
    until: Option<Second>,
    /// Whether an earlier run wrote what happened then.
    pub(super) written: bool,
    firing: Vec<Transition>,
}

impl History {
    /// What lies before this second.
    pub(super) fn until(second: Second) -> History {
        History {
            until: Some(second),
            ..History::default()
        }
    }

    /// What an earlier run wrote.
    pub(super) fn written() -> History {
        History {
            written: true,
            ..History::default()
        }
    }

    /// Whether an event is of a later time.
    pub(super) fn is_before(&self, event: &Event) -> bool {
        let second = match event {
            Event::Transition(alert) => Some(alert.at),
            Event::Report(report) => report.to,
            Event::Gap { to, .. } => Some(*to),
            Event::Rewind(_) | Event::Rolled(_) | Event::Summary(_) | Event::Check(_) => None,
        };
        self.until.is_some() && second > self.until
    }

    /// Takes an event of that time.
    pub(super) fn take(&mut self, event: Event) {
        let alert = match event {
            Event::Transition(alert) => alert,
            Event::Rewind(_) => return self.firing.clear(),
            _ => return,
        };
        match alert.state {
            // Said again, it is the same one.
            AlertState::Firing { .. } if alert.repeat > 0 => {}
            AlertState::Firing { .. } => self.firing.push(*alert),
            AlertState::Resolved { .. } => {
                self.firing.retain(|firing| firing.number != alert.number)
            }
        }
    }

    /// What still fires, in the order in which it began.
    pub(super) fn end(self) -> impl Iterator<Item = Event> {
        let firing = self.firing.into_iter();
        firing.map(|alert| Event::Transition(Box::new(alert)))
    }
}
