//! What all lines of a ledger say together.

use std::collections::BTreeMap;

use super::entry::{
    Checkpoint, FiredAlerts, FiringAlert, HookFields, LedgerEntry, Writing, WrittenAlert,
};
use crate::time::Second;

/// A program that is to be run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Queued {
    /// The id of its notice.
    pub(super) id: String,
    pub(super) fields: HookFields,
    /// Whether it was started.
    pub(super) started: bool,
}

/// So many names are known with how often their alerts fired, and none that is longer.
const MOST_NAMES: usize = 10_000;
const LONGEST_NAME: usize = 1024;

/// What a ledger says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Known {
    /// How far the output is; `None` in a new ledger.
    pub(super) written: Option<Checkpoint>,
    /// What is being written.
    pub(super) writing: Option<Writing>,
    /// The alerts that fire as far as the output says, by name.
    pub(super) firing: BTreeMap<String, FiringAlert>,
    /// How often alerts fired, by name: at most [`MOST_NAMES`], of more the oldest quarter is dropped.
    pub(super) fired: BTreeMap<String, FiredAlerts>,
    /// The programs that have not ended, in the order in which they are run.
    pub(super) queued: Vec<Queued>,
    /// The ids of the notices of what is being written, whether their programs have ended or not.
    pub(super) recent: Vec<String>,
}

impl Known {
    pub(super) fn take(&mut self, entry: LedgerEntry) {
        match entry {
            LedgerEntry::Writing(writing) => self.writing = Some(writing),
            LedgerEntry::Written(checkpoint) => {
                self.written = checkpoint.or(self.written);
                let writing = self.writing.take();
                if let Some(alert) = writing.and_then(|writing| writing.alert) {
                    self.take_alert(alert);
                }
                self.recent.clear();
            }
            LedgerEntry::Alert(alert) => self.take_alert(alert),
            LedgerEntry::Fired(name, fired) => self.take_fired(name, fired),
            LedgerEntry::Queued(id, fields) => {
                self.recent.push(id.clone());
                self.queued.push(Queued {
                    id,
                    fields,
                    started: false,
                });
            }
            LedgerEntry::Started(id) => {
                let mut queued = self.queued.iter_mut();
                if let Some(queued) = queued.find(|queued| queued.id == id) {
                    queued.started = true;
                }
            }
            LedgerEntry::Ended(id) => self.queued.retain(|queued| queued.id != id),
            LedgerEntry::End(_) => {}
        }
    }

    fn take_alert(&mut self, alert: WrittenAlert) {
        match alert {
            WrittenAlert::Firing(name, alert) => {
                let fired = FiredAlerts {
                    times: alert.times.saturating_add(1),
                    last: alert.since,
                };
                self.take_fired(name.clone(), fired);
                self.firing.insert(name, alert);
            }
            WrittenAlert::Over(name) => {
                self.firing.remove(&name);
            }
        }
    }

    fn take_fired(&mut self, name: String, fired: FiredAlerts) {
        if name.len() > LONGEST_NAME {
            return;
        }
        let known = self.fired.entry(name).or_insert(fired);
        known.times = known.times.max(fired.times);
        known.last = known.last.max(fired.last);
        if self.fired.len() > MOST_NAMES {
            let mut lasts: Vec<Second> = self.fired.values().map(|fired| fired.last).collect();
            let (_, &mut oldest, _) = lasts.select_nth_unstable(MOST_NAMES / 4 - 1);
            let mut surplus = MOST_NAMES / 4;
            self.fired.retain(|_, fired| {
                let is_dropped = fired.last <= oldest && surplus > 0;
                surplus -= usize::from(is_dropped);
                !is_dropped
            });
        }
    }

    /// The entries that say all of it, without the last.
    pub(super) fn entries(&self) -> Vec<LedgerEntry> {
        let queue = |queued: &Queued| {
            let id = || queued.id.clone();
            let started = queued.started.then(|| LedgerEntry::Started(id()));
            [LedgerEntry::Queued(id(), queued.fields.clone())]
                .into_iter()
                .chain(started)
        };
        let is_recent = |queued: &&Queued| self.recent.contains(&queued.id);
        let before = self.queued.iter().filter(|queued| !is_recent(queued));
        let mut entries: Vec<LedgerEntry> = before.flat_map(queue).collect();
        if self.written.is_some() || !entries.is_empty() {
            // This ends what is recent.
            entries.push(LedgerEntry::Written(self.written));
        }
        let fired = self.fired.iter();
        entries.extend(fired.map(|(name, fired)| LedgerEntry::Fired(name.clone(), *fired)));
        let firing = self.firing.iter();
        entries.extend(
            firing.map(|(name, alert)| {
                LedgerEntry::Alert(WrittenAlert::Firing(name.clone(), *alert))
            }),
        );
        for id in &self.recent {
            match self.queued.iter().find(|queued| queued.id == *id) {
                Some(queued) => entries.extend(queue(queued)),
                None => entries.extend([
                    LedgerEntry::Queued(id.clone(), Vec::new()),
                    LedgerEntry::Ended(id.clone()),
                ]),
            }
        }
        entries.extend(self.writing.clone().map(LedgerEntry::Writing));
        entries
    }
}

/// What these entries say together.
#[cfg(test)]
pub(super) fn known(entries: &[LedgerEntry]) -> Known {
    let mut known = Known::default();
    entries.iter().for_each(|entry| known.take(entry.clone()));
    known
}

#[cfg(test)]
mod tests {
    use super::super::entry::samples;
    use super::*;

    #[test]
    fn one_ledger_says_what_all_entries_said() {
        for count in 0..=samples().len() {
            let whole = known(&samples()[..count]);
            assert_eq!(known(&whole.entries()), whole, "{count}");
        }
    }

    #[test]
    fn of_very_many_names_the_last_to_fire_are_known() {
        let mut known = Known::default();
        let fires = |known: &mut Known, name: String, second| {
            let alert = FiringAlert {
                since: Second(second),
                repeats: 0,
                times: 0,
            };
            known.take(LedgerEntry::Alert(WrittenAlert::Firing(name, alert)));
        };
        fires(&mut known, "x".repeat(LONGEST_NAME + 1), 0);
        assert!(known.fired.is_empty());
        for n in 0..=MOST_NAMES as i64 {
            assert_eq!(known.fired.len(), n as usize);
            fires(&mut known, format!("R/{n}"), n);
        }
        assert_eq!(known.fired.len(), MOST_NAMES - MOST_NAMES / 4 + 1);
        let oldest = known.fired.values().map(|fired| fired.last).min();
        assert_eq!(oldest, Some(Second(MOST_NAMES as i64 / 4)));
        // All of one second are as old as each other.
        for n in 0..2 * MOST_NAMES {
            fires(&mut known, format!("S/{n}"), 1 << 20);
            assert!((MOST_NAMES / 2..=MOST_NAMES).contains(&known.fired.len()));
        }
    }

    #[test]
    fn what_was_being_written_and_was_written_changes_its_alert() {
        let mut known = known(&samples());
        assert_eq!(known.firing.len(), 1);
        known.take(LedgerEntry::Written(None));
        assert!(known.firing.is_empty() && known.writing.is_none());
        assert_eq!(known.written.map(Checkpoint::last), Some(Second(119)));
    }
}
