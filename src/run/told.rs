//! Telling with a ledger: what an earlier run told is not told again, and what was begun is ended.
//!
//! The log that is read back gives the events of the time before once more, in the same order; those up to where the
//! ledger says that they were told are passed over. Before an event is told the ledger says so, with the length of the
//! output where that is a file, and afterwards that it was told: a run that was killed between the two is known to have
//! written it by a file that has grown. On a pipe nobody knows, and it is told again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::hook::Notice;
use super::ledger::{HookFields, Ledger, LedgerEntry, Mark};
use super::say;
use crate::report::{AlertState, Event, Transition};
use crate::time::{Second, Span};

/// A ledger that several threads write to.
#[derive(Clone)]
pub(super) struct SharedLedger(Arc<Mutex<Inner>>);

struct Inner {
    ledger: Ledger,
    /// Whether it could not be written at some time.
    failed: bool,
}

impl SharedLedger {
    pub(super) fn new(ledger: Ledger) -> SharedLedger {
        let failed = false;
        SharedLedger(Arc::new(Mutex::new(Inner { ledger, failed })))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds entries. A ledger that cannot be written is no reason to stop; it is said once.
    fn append(&self, entries: impl IntoIterator<Item = LedgerEntry>) {
        let mut inner = self.lock();
        if let Err(error) = inner.ledger.append(entries)
            && !std::mem::replace(&mut inner.failed, true)
        {
            say(&format!(
                "--state: {error} (a restart may tell again what is told now)"
            ));
        }
    }

    /// The program of this notice has ended.
    pub(super) fn ended(&self, id: &str) {
        self.append([LedgerEntry::Ended(id.to_owned())]);
    }

    /// Up to which second an earlier run told what happened.
    pub(super) fn told_up_to(&self) -> Option<Second> {
        self.lock().ledger.told().mark.map(|mark| mark.second)
    }

    /// The notices whose programs were begun by an earlier run and did not end.
    pub(super) fn unfinished(&self) -> Vec<Notice> {
        let inner = self.lock();
        let begun = &inner.ledger.told().begun;
        begun
            .iter()
            .map(|(id, fields)| notice(id, fields))
            .collect()
    }
}

/// Passes over what was told, and keeps the ledger of what is.
pub(super) struct Telling {
    ledger: SharedLedger,
    /// The last event: its second, and how many there were of that second.
    last: Option<Mark>,
    /// Whether what comes may have been told.
    catching_up: bool,
}

impl Telling {
    /// Goes on where the ledger ends; `length` is that of the output, where it is a file.
    pub(super) fn new(ledger: SharedLedger, length: Option<u64>) -> Telling {
        let telling = ledger.lock().ledger.told().telling;
        if let Some((mark, Some(before))) = telling
            && length.is_some_and(|length| length > before)
        {
            ledger.append([LedgerEntry::Told(mark)]);
        }
        Telling {
            ledger,
            last: None,
            catching_up: true,
        }
    }

    /// Whether the ledger could not be written at some time; that was said.
    pub(super) fn has_failed(&self) -> bool {
        self.ledger.lock().failed
    }

    /// Up to which second an earlier run told what happened.
    pub(super) fn told_up_to(&self) -> Option<Second> {
        self.ledger.told_up_to()
    }

    /// An event comes: whether it is to be told.
    pub(super) fn is_new(&mut self, event: &Event) -> bool {
        let Some(second) = second(event) else {
            return true;
        };
        let events = match self.last {
            Some(last) if last.second == second => last.events + 1,
            _ => 1,
        };
        self.last = Some(Mark { second, events });
        let inner = self.ledger.lock();
        let told = inner.ledger.told();
        if self.catching_up {
            let known = told.mark.is_some_and(|mark| {
                second < mark.second || second == mark.second && events <= mark.events
            });
            if known {
                return false;
            }
            self.catching_up = false;
        }
        // A log that is read back from within an alert makes it fire once more.
        match event {
            Event::Transition(alert) if matches!(alert.state, AlertState::Firing { .. }) => {
                !told.firing.contains_key(&name(alert))
            }
            _ => true,
        }
    }

    /// An event is about to be told, and its notice sent; whether the program is to be run for it.
    pub(super) fn before(&mut self, notice: Option<&Notice>, length: Option<u64>) -> bool {
        let Some(mark) = self.last else {
            return true;
        };
        let new =
            notice.filter(|notice| !self.ledger.lock().ledger.told().recent.contains(&notice.id));
        let begun = new.map(|notice| LedgerEntry::Begun(notice.id.clone(), fields(notice)));
        self.ledger.append(
            begun
                .into_iter()
                .chain([LedgerEntry::Telling(mark, length)]),
        );
        new.is_some()
    }

    /// It was told.
    pub(super) fn after(&mut self, event: &Event) {
        let alert = match event {
            Event::Transition(alert) => Some(match alert.state {
                AlertState::Firing { .. } => LedgerEntry::Fires(name(alert), alert.since),
                AlertState::Resolved { .. } => LedgerEntry::Over(name(alert)),
            }),
            _ => None,
        };
        // A summary has no place among them, nor has a report that is written again as a whole.
        let mark = second(event).and(self.last).map(LedgerEntry::Told);
        self.ledger.append(alert.into_iter().chain(mark));
    }

    /// What came up to here is history, and is not told at all.
    pub(super) fn pass(&mut self) {
        self.catching_up = false;
        self.ledger.append(self.last.map(LedgerEntry::Told));
    }
}

/// The second at the end of which an event happened.
fn second(event: &Event) -> Option<Second> {
    match event {
        Event::Transition(alert) => Some(alert.at),
        Event::Report(report) if !report.partial => report.to.map(|to| to - Span::SECOND),
        Event::Gap { to, .. } => Some(*to - Span::SECOND),
        _ => None,
    }
}

/// A rule, and its key.
fn name(alert: &Transition) -> String {
    let id = alert.id();
    id.rsplit_once('@')
        .map_or(&*id, |(name, _)| name)
        .to_owned()
}

fn fields(notice: &Notice) -> HookFields {
    let json = String::from_utf8_lossy(&notice.json);
    let mut fields = vec![
        ("rule", &*notice.rule),
        ("state", notice.state),
        ("at", &notice.at),
        ("json", &json),
    ];
    fields.extend(notice.because.map(|because| ("because", because)));
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    fields.into_iter().map(owned).collect()
}

fn notice(id: &str, fields: &HookFields) -> Notice {
    let text = |name: &str| {
        let found = fields.iter().find(|(found, _)| found == name);
        found.map_or("", |(_, value)| value)
    };
    Notice {
        id: id.to_owned(),
        json: text("json").as_bytes().to_vec(),
        state: AlertState::named(text("state")),
        rule: text("rule").into(),
        at: text("at").to_owned(),
        because: AlertState::because_named(text("because")),
        again: true,
    }
}
