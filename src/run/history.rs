//! What lies before the start of a run that follows a log: rules know it, and nothing is told of it but the alerts that
//! still fire when it ends.

use crate::report::{Alert, Event, State};

/// The alerts of the time before the start that are not over.
#[derive(Debug, Default)]
pub(super) struct History {
    firing: Vec<Alert>,
}

impl History {
    /// Takes an event of that time.
    pub(super) fn take(&mut self, event: Event) {
        let alert = match event {
            Event::Alert(alert) => alert,
            Event::Rewind(_) => return self.firing.clear(),
            _ => return,
        };
        match alert.state {
            State::Firing { .. } => self.firing.push(*alert),
            State::Resolved { .. } => self.firing.retain(|firing| firing.number != alert.number),
        }
    }

    /// What still fires, in the order in which it began.
    pub(super) fn end(self) -> impl Iterator<Item = Event> {
        let firing = self.firing.into_iter();
        firing.map(|alert| Event::Alert(Box::new(alert)))
    }
}
