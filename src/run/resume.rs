//! Going on where an earlier run ended, by its ledger: what it wrote is not written again, and what it began is ended.
//!
//! The log that is read back gives the events of the time before once more, in the same order; those that the ledger says
//! were written are passed over. Before an event is written the ledger says so, with the length of the output where that
//! is a file, and afterwards that it was written: whether a run that was killed between the two has written it, or a part
//! of it, is known by how much the file has grown, and a part is cut off. On a pipe nobody knows; it is written again, and
//! stderr says so.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::entry::{Checkpoint, FiringAlert, HookFields, LedgerEntry, Writing, WrittenAlert};
use super::hook::{Notice, Stage};
use super::known::Queued;
use super::ledger::Ledger;
use super::{ReportWriter, say};
use crate::alert::EarlierAlert;
use crate::error::Error;
use crate::evaluate::EarlierRun;
use crate::report::{AlertState, Event, Transition};
use crate::time::{Second, Span, Zone};

/// A ledger that several threads write to.
#[derive(Clone)]
pub struct SharedLedger(Arc<Mutex<Inner>>);

struct Inner {
    ledger: Ledger,
    /// Whether it could not be written at some time.
    failed: bool,
}

impl SharedLedger {
    /// Opens the ledger at `path`, or begins one; also what is to be said about it.
    ///
    /// # Errors
    ///
    /// If it is another one's, in use, or cannot be written. It is as it was then.
    pub fn open(path: &Path) -> Result<(SharedLedger, Option<String>), Error> {
        let (ledger, said) = Ledger::open(path)?;
        let failed = false;
        let shared = SharedLedger(Arc::new(Mutex::new(Inner { ledger, failed })));
        Ok((shared, said))
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
                "--state: {error} (after a restart some of what is written now may be written again)"
            ));
        }
    }

    /// The program of the notice with this id is about to be started, or has ended.
    pub(super) fn program(&self, id: &str, stage: Stage) {
        let id = id.to_owned();
        self.append([match stage {
            Stage::Started => LedgerEntry::Started(id),
            Stage::Ended => LedgerEntry::Ended(id),
        }]);
    }

    /// The notices of an earlier run whose programs have not ended.
    pub(super) fn unfinished(&self) -> Vec<Notice> {
        self.lock()
            .ledger
            .known()
            .queued
            .iter()
            .map(notice)
            .collect()
    }

    /// The alerts of these names are not followed any more.
    pub(super) fn forget(&self, names: impl IntoIterator<Item = String>) {
        let over = |name| LedgerEntry::Alert(WrittenAlert::Over(name));
        self.append(names.into_iter().map(over));
    }
}

/// Passes over what was written, and keeps the ledger of what is.
pub(super) struct Resume {
    ledger: SharedLedger,
    /// Up to the last event: its second, and how many there were of that second.
    last: Option<Checkpoint>,
    /// The same, if the event that is being written has a place there.
    current: Option<Checkpoint>,
    /// Whether what comes may have been written by an earlier run.
    catching_up: bool,
}

impl Resume {
    /// Goes on where the ledger ends, on this output.
    pub(super) fn new(ledger: SharedLedger, output: &mut ReportWriter) -> Resume {
        let writing = ledger.lock().ledger.known().writing.clone();
        if let Some(writing) = writing {
            match end_writing(&writing, output) {
                Some(true) => ledger.append([LedgerEntry::Written(writing.checkpoint)]),
                Some(false) => {}
                None => {
                    let at = writing.checkpoint.map_or(String::new(), |checkpoint| {
                        format!(" at {}", Zone::UTC.show(checkpoint.second))
                    });
                    say(&format!(
                        "--state: the earlier run ended while it wrote what happened{at}: that may be written twice"
                    ));
                }
            }
        }
        Resume {
            ledger,
            last: None,
            current: None,
            catching_up: true,
        }
    }

    /// Whether the ledger could not be written at some time; that was said.
    pub(super) fn has_failed(&self) -> bool {
        self.ledger.lock().failed
    }

    /// The last second of which an earlier run wrote what happened.
    pub(super) fn written_up_to(&self) -> Option<Second> {
        let inner = self.ledger.lock();
        inner.ledger.known().written.map(Checkpoint::last)
    }

    /// The earlier run, if there was one.
    pub(super) fn earlier(&self) -> Option<EarlierRun> {
        let inner = self.ledger.lock();
        let known = inner.ledger.known();
        let firing = known.firing.iter();
        let fired = known.fired.iter();
        Some(EarlierRun {
            until: known.written?.last(),
            firing: firing
                .map(|(name, alert)| EarlierAlert {
                    name: name.clone(),
                    since: alert.since,
                    repeats: alert.repeats,
                    times: alert.times,
                })
                .collect(),
            fired: fired
                .map(|(name, fired)| (name.clone(), fired.times))
                .collect(),
        })
    }

    /// Whether the output says that this alert fires.
    pub(super) fn is_firing(&self, alert: &Transition) -> bool {
        let inner = self.ledger.lock();
        inner.ledger.known().firing.contains_key(&alert.name())
    }

    /// An event comes, when all seconds before `open` have closed: whether it was written before.
    pub(super) fn is_written(&mut self, event: &Event, open: Second) -> bool {
        self.current = None;
        let Some((second, ended)) = second(event, open) else {
            return false;
        };
        let events = match self.last {
            Some(last) if last.second == second => last.events + 1,
            _ => 1,
        };
        let checkpoint = Checkpoint { second, events };
        if ended {
            self.last = Some(checkpoint);
            self.current = self.last;
        }
        let inner = self.ledger.lock();
        let known = inner.ledger.known();
        if self.catching_up {
            if Some(checkpoint) <= known.written {
                return true;
            }
            self.catching_up &= !ended;
        }
        // What the output says already is not said again, and what it did not say is not over.
        match event {
            Event::Transition(alert) => {
                let firing = known.firing.get(&alert.name());
                match (alert.repeat, firing) {
                    (0, _) => firing.is_some() == matches!(alert.state, AlertState::Firing { .. }),
                    (repeat, said) => said.is_none_or(|said| repeat <= said.repeats),
                }
            }
            _ => false,
        }
    }

    /// An event is about to be written, one of the time before the first run if `history`, and its notice is to be sent;
    /// whether the program is to be run for it.
    pub(super) fn before(
        &mut self,
        event: &Event,
        notice: Option<&Notice>,
        output: &ReportWriter,
        history: bool,
    ) -> bool {
        let inner = self.ledger.lock();
        let known = inner.ledger.known();
        let new = notice.filter(|notice| !known.recent.contains(&notice.id));
        let checkpoint = if history { known.written } else { self.current };
        drop(inner);
        // A summary has no place among them, nor has a report that is written again as a whole.
        if !history && checkpoint.is_none() {
            return true;
        }
        let queued = new.map(|notice| LedgerEntry::Queued(notice.id.clone(), fields(notice)));
        let writing = LedgerEntry::Writing(Writing {
            checkpoint,
            length: output.length(),
            size: output.unwritten(),
            alert: change(event),
        });
        self.ledger.append(queued.into_iter().chain([writing]));
        new.is_some()
    }

    /// It was written.
    pub(super) fn after(&mut self, event: &Event, history: bool) {
        let inner = self.ledger.lock();
        let known = inner.ledger.known();
        let written = if history {
            Some(known.written)
        } else {
            self.current.map(Some)
        };
        let abandoned: Vec<String> = match event {
            // What fired has no end.
            Event::Rewind(_) => known.firing.keys().cloned().collect(),
            _ => Vec::new(),
        };
        drop(inner);
        self.ledger.append(written.map(LedgerEntry::Written));
        self.ledger.forget(abandoned);
    }

    /// What came up to here is history, and is not written at all.
    pub(super) fn pass(&mut self) {
        self.catching_up = false;
        let last = self.last.map(|last| LedgerEntry::Written(Some(last)));
        self.ledger.append(last);
    }

    /// The input has ended, and all up to its `newest` second was written.
    pub(super) fn end(&mut self, newest: Second) {
        let end = Checkpoint {
            second: newest.next(),
            events: 0,
        };
        if self.ledger.lock().ledger.known().written < Some(end) {
            self.ledger.append([LedgerEntry::Written(Some(end))]);
        }
    }
}

/// Whether an event whose writing was cut short is in the output; `None` if nobody knows. A part of it is cut off.
fn end_writing(writing: &Writing, output: &mut ReportWriter) -> Option<bool> {
    if writing.size == 0 {
        return Some(true);
    }
    let (before, now) = (writing.length?, output.length()?);
    match now.checked_sub(before)? {
        0 => Some(false),
        grown if grown < writing.size => output.cut(before).ok().map(|()| false),
        _ => Some(true),
    }
}

/// The second at the end of which an event happened, and whether that has closed.
fn second(event: &Event, open: Second) -> Option<(Second, bool)> {
    match event {
        Event::Transition(alert) => Some((alert.at, true)),
        Event::Report(report) => {
            let to = report.to?;
            Some((to - Span::SECOND, !report.partial || to <= open))
        }
        Event::Gap { to, .. } => Some((*to - Span::SECOND, true)),
        Event::Rewind(_) | Event::Rolled(_) | Event::Summary(_) | Event::Check(_) => None,
    }
}

/// What an event says of an alert.
fn change(event: &Event) -> Option<WrittenAlert> {
    match event {
        Event::Transition(alert) => Some(match alert.state {
            AlertState::Firing { .. } => WrittenAlert::Firing(
                alert.name(),
                FiringAlert {
                    since: alert.since,
                    repeats: alert.repeat,
                    times: alert.times,
                },
            ),
            AlertState::Resolved { .. } => WrittenAlert::Over(alert.name()),
        }),
        _ => None,
    }
}

fn fields(notice: &Notice) -> HookFields {
    let json = String::from_utf8_lossy(&notice.json);
    let (times, repeat) = (notice.times.to_string(), notice.repeat.to_string());
    let mut fields = vec![
        ("rule", &*notice.rule),
        ("state", notice.state),
        ("at", &notice.at),
        ("json", &json),
        ("text", &notice.text),
        ("summary", &notice.summary),
        ("times", &times),
        ("repeat", &repeat),
    ];
    fields.extend(notice.because.map(|because| ("because", because)));
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    fields.into_iter().map(owned).collect()
}

fn notice(queued: &Queued) -> Notice {
    let text = |name: &str| {
        let found = queued.fields.iter().find(|(found, _)| found == name);
        found.map_or("", |(_, value)| value)
    };
    Notice {
        id: queued.id.clone(),
        json: text("json").as_bytes().to_vec(),
        state: AlertState::named(text("state")),
        rule: text("rule").into(),
        at: text("at").to_owned(),
        because: AlertState::because_named(text("because")),
        text: text("text").to_owned(),
        summary: text("summary").to_owned(),
        times: text("times").parse().unwrap_or(0),
        repeat: text("repeat").parse().unwrap_or(0),
        again: queued.started,
    }
}
