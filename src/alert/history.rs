//! Every alert of a run, oldest first; of very many, the newest.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::quantity::{Figure, Unit};
use crate::report::{Alert, Alerts, Key, WhyOver, alert_name};
use crate::time::{Second, Span};

/// How many alerts are remembered: those that fire, and the newest of the others.
const REMEMBERED: usize = 100_000;

/// How many alerts by key that fire are listed in a report: the newest.
const LISTED: usize = 10;

/// Every alert of the run, oldest first.
#[derive(Debug, Default)]
pub struct AlertHistory {
    /// Those that fire now, by number.
    firing: BTreeMap<u64, Alert>,
    /// Of those whose measure is a time that goes on by itself: since when.
    growing: HashMap<u64, Second, RandomState>,
    /// Those that are over, or have no end since the log went back, by number.
    over: BTreeMap<u64, Alert>,
    /// How many there were in the run.
    count: u64,
    /// How often each rule fired, for each of its keys.
    names: HashMap<AlertName, u64, RandomState>,
    /// The same as an earlier run knew it when it ended, by [name](crate::report::Transition::name), of those that have not
    /// fired since.
    earlier: HashMap<String, u64, RandomState>,
}

/// A rule and a key.
type AlertName = (Arc<str>, Option<Box<[u8]>>);

impl AlertHistory {
    /// Whether any alert fired.
    pub fn any(&self) -> bool {
        self.count > 0
    }

    /// An alert fires; its number in the run.
    pub(super) fn fire(
        &mut self,
        rule: &Arc<str>,
        key: Option<Key>,
        unit: Unit,
        since: Second,
        peak: Figure,
    ) -> u64 {
        if self.firing.len() + self.over.len() >= REMEMBERED {
            self.over.pop_first();
        }
        let times = self.count_name(rule, key.as_ref());
        self.count += 1;
        let number = self.count;
        let alert = Alert {
            number,
            rule: rule.clone(),
            key,
            unit,
            since,
            until: None,
            peak,
            why: None,
            times,
            cause: None,
        };
        self.firing.insert(number, alert);
        number
    }

    /// Counts an alert of a rule and key: how many there were before. No more names are counted than alerts are
    /// remembered.
    fn count_name(&mut self, rule: &Arc<str>, key: Option<&Key>) -> u64 {
        let mut known = 0;
        if !self.earlier.is_empty() {
            known = self.earlier.remove(&alert_name(rule, key)).unwrap_or(0);
        }
        let name = (rule.clone(), key.map(|key| key.key.clone()));
        if self.names.len() >= REMEMBERED && !self.names.contains_key(&name) {
            return known;
        }
        let times = self.names.entry(name).or_default();
        // What was read back is among what the earlier run knew, or the other way round.
        *times = 1 + known.max(*times);
        *times - 1
    }

    /// How many alerts of the same rule and key fired before this one; 0 where it is not remembered any more.
    pub fn times(&self, number: u64) -> u64 {
        let fired = self.firing.get(&number).or_else(|| self.over.get(&number));
        fired.map_or(0, |fired| fired.times)
    }

    /// An alert that fires began at another time than this run could see.
    pub(super) fn set_since(&mut self, number: u64, since: Second) {
        if let Some(fired) = self.firing.get_mut(&number) {
            fired.since = since;
        }
    }

    /// Takes over how often each rule and key had fired when an earlier run ended.
    pub fn take_over(&mut self, fired: impl IntoIterator<Item = (String, u64)>) {
        self.earlier.extend(fired);
    }

    /// As far as an earlier run knew, so many fired before this one.
    pub(super) fn raise_times(&mut self, number: u64, known: u64) {
        if let Some(Alert { times, .. }) = self.firing.get_mut(&number) {
            *times = known.max(*times);
        }
    }

    /// What is named as the cause of an alert that fires.
    pub fn set_cause(&mut self, number: u64, cause: Option<Key>) {
        if let Some(fired) = self.firing.get_mut(&number) {
            fired.cause = cause;
        }
    }

    /// Takes in what the measure of an alert is that fires.
    pub(super) fn raise_peak(&mut self, number: u64, figure: Figure) {
        let Some(Alert { peak, .. }) = self.firing.get_mut(&number) else {
            return;
        };
        // Of a rule that fires below its threshold the lowest value is the peak.
        if figure.is_beyond(peak) {
            *peak = figure;
        }
    }

    /// When an alert began that fires.
    pub(super) fn since(&self, number: u64) -> Option<Second> {
        self.firing.get(&number).map(|fired| fired.since)
    }

    /// When `second` closes, the measure of an alert that fires is the time since `since`, and grows from there on.
    pub(super) fn grows(&mut self, number: u64, second: Second, since: Second) {
        if let Some(Alert { peak, .. }) = self.firing.get_mut(&number) {
            let before = self.growing.insert(number, since);
            grow(peak, before, second - Span::SECOND);
        }
    }

    /// The most extreme value of an alert that fires up to `closed`, the last second that is.
    pub(super) fn peak(&self, number: u64, closed: Second) -> Option<Figure> {
        let fired = self.firing.get(&number)?;
        Some(self.as_of(fired, closed).peak)
    }

    /// An alert with the peak that it has when `closed` is the last second that is.
    fn as_of(&self, alert: &Alert, closed: Second) -> Alert {
        let mut alert = alert.clone();
        let since = self.growing.get(&alert.number).copied();
        grow(&mut alert.peak, since, closed);
        alert
    }

    /// An alert is over.
    pub(super) fn resolve(&mut self, number: u64, at: Second, why: Option<WhyOver>) -> Alert {
        let mut fired = self.firing.remove(&number).expect("it fires");
        let since = self.growing.remove(&number);
        grow(&mut fired.peak, since, at - Span::SECOND);
        fired.until = Some(at);
        fired.why = why;
        self.over.insert(number, fired.clone());
        fired
    }

    /// The log has gone back behind `closed`: alerts that fire have no end, and are not followed any more.
    pub fn abandon_firing(&mut self, closed: Second) {
        for (number, since) in self.growing.drain() {
            if let Some(Alert { peak, .. }) = self.firing.get_mut(&number) {
                grow(peak, Some(since), closed);
            }
        }
        self.over.append(&mut self.firing);
    }

    /// All of them, for a summary; `closed` is the last second that is.
    pub fn all(&self, now: Option<Second>, closed: Second) -> Alerts {
        Alerts {
            now,
            listed: self.remembered(closed),
            omitted: self.count - (self.firing.len() + self.over.len()) as u64,
            omitted_firing: 0,
        }
    }

    /// Those that are remembered, oldest first.
    fn remembered(&self, closed: Second) -> Vec<Alert> {
        let firing = self.firing.values().map(|fired| self.as_of(fired, closed));
        let mut all: Vec<Alert> = self.over.values().cloned().chain(firing).collect();
        all.sort_unstable_by_key(|fired| fired.number);
        all
    }

    /// How many alerts there were, and how many of them fire now.
    pub fn count(&self) -> (u64, usize) {
        (self.count, self.firing.len())
    }

    /// Some of those that are remembered, in the order of a screen: those that fire, then the others, each
    /// newest first; `closed` is the last second that is.
    pub fn page(&self, closed: Second, skip: usize, most: usize) -> Vec<Alert> {
        let firing = self.firing.values().rev();
        let over = self.over.values().rev();
        let over = over.filter(|fired| fired.until.is_some());
        let page = firing.chain(over).skip(skip).take(most);
        page.map(|fired| self.as_of(fired, closed)).collect()
    }

    /// Those that fire, of those by key the newest, and the newest `past` of the others.
    pub fn newest(&self, now: Second, past: usize) -> Alerts {
        let over = self.over.values().rev();
        let over = over.filter(|fired| fired.until.is_some()).take(past);
        let mut by_key = 0;
        let firing = self.firing.values().rev().filter(|fired| {
            by_key += usize::from(fired.key.is_some());
            fired.key.is_none() || by_key <= LISTED
        });
        let listed = firing.chain(over);
        let mut listed: Vec<Alert> = listed.map(|fired| self.as_of(fired, now)).collect();
        listed.sort_unstable_by_key(|fired| fired.number);
        let firing = listed.iter().filter(|fired| fired.until.is_none()).count();
        Alerts {
            now: Some(now),
            omitted: self.count - listed.len() as u64,
            omitted_firing: (self.firing.len() - firing) as u64,
            listed,
        }
    }
}

/// Raises the peak of a measure that is the time since `since`, if it is one, to what it was when `second` closed.
fn grow(peak: &mut Figure, since: Option<Second>, second: Second) {
    if let Some(since) = since {
        peak.value = peak.value.max((second - since).0 as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIGURE: Figure = Figure {
        hits: 1,
        value: 1.0,
        threshold: 0.0,
        window: Span(1),
        below: false,
    };

    #[test]
    fn of_very_many_alerts_the_newest_are_remembered_and_those_that_fire() {
        let mut history = AlertHistory::default();
        let rule: Arc<str> = "R".into();
        let fire = |history: &mut AlertHistory, at| {
            history.fire(&rule, None, Unit::Count, Second(at), FIGURE)
        };
        for at in 0..100_000 {
            let number = fire(&mut history, at);
            history.resolve(number, Second(at + 1), None);
        }
        assert_eq!(history.all(None, Second(0)).omitted, 0);
        let last = fire(&mut history, 100_000);
        assert_eq!((last, history.all(None, Second(0)).omitted), (100_001, 1));
        assert_eq!(history.count(), (100_001, 1));
        history.raise_peak(
            last,
            Figure {
                value: 7.0,
                ..FIGURE
            },
        );
        let over = history.resolve(last, Second(100_009), None);
        assert_eq!((over.since, over.peak.value), (Second(100_000), 7.0));
        let first = history.all(None, Second(0)).listed[0].number;
        assert_eq!(first, 2);
        // One that never ends holds none of the others.
        let last = fire(&mut history, 100_010);
        for at in 0..1000 {
            let number = fire(&mut history, 100_011 + at);
            history.resolve(number, Second(100_012 + at), None);
        }
        assert_eq!(history.over.len() + 1, REMEMBERED);
        assert_eq!(history.page(Second(0), 0, 1)[0].number, last);
    }

    #[test]
    fn of_many_keys_that_fire_the_newest_are_listed_and_the_rest_counted() {
        let mut history = AlertHistory::default();
        let rule: Arc<str> = "R".into();
        let client = crate::stats::dimension::named("client").expect("a dimension");
        history.fire(&rule, None, Unit::Count, Second(0), FIGURE);
        for key in 0..30u8 {
            let key = Key {
                dimension: client.kind(),
                key: [key].into(),
            };
            let number = history.fire(&rule, Some(key), Unit::Count, Second(1), FIGURE);
            if number % 3 == 0 {
                history.resolve(number, Second(2), None);
            }
        }
        let alerts = history.newest(Second(3), 2);
        assert_eq!((alerts.count(), alerts.firing_count()), (31, 21));
        let numbers: Vec<u64> = alerts.firing().map(|fired| fired.number).collect();
        assert_eq!(numbers, [1, 17, 19, 20, 22, 23, 25, 26, 28, 29, 31]);
        let all = history.all(None, Second(0));
        assert_eq!(
            (all.count(), all.listed.len(), all.firing_count()),
            (31, 31, 21)
        );
    }
}
