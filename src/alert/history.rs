//! Every alert of a run, oldest first; of very many, the newest.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::quantity::{Figure, Unit};
use crate::report::{Alert, Alerts, Key, WhyOver};
use crate::time::Second;

/// How many alerts are remembered: the newest.
const REMEMBERED: usize = 100_000;

/// Every alert of the run, oldest first.
#[derive(Debug, Default)]
pub struct AlertHistory {
    fired: VecDeque<Alert>,
    /// The numbers of those that fire now.
    firing: Vec<u64>,
    forgotten: u64,
    /// How often each rule fired, for each of its keys.
    names: HashMap<AlertName, u64, RandomState>,
}

/// A rule and a key.
type AlertName = (Arc<str>, Option<Box<[u8]>>);

impl AlertHistory {
    /// Whether any alert fired.
    pub fn any(&self) -> bool {
        !self.fired.is_empty()
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
        let resolved = |fired: &Alert| fired.until.is_some();
        if self.fired.len() >= REMEMBERED && self.fired.front().is_some_and(resolved) {
            self.fired.pop_front();
            self.forgotten += 1;
        }
        let times = self.count_name(rule, key.as_ref());
        let number = self.forgotten + self.fired.len() as u64 + 1;
        self.fired.push_back(Alert {
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
        });
        self.firing.push(number);
        number
    }

    /// Counts an alert of a rule and key: how many there were before. No more names are counted than alerts are
    /// remembered.
    fn count_name(&mut self, rule: &Arc<str>, key: Option<&Key>) -> u64 {
        let name = (rule.clone(), key.map(|key| key.key.clone()));
        if self.names.len() >= REMEMBERED && !self.names.contains_key(&name) {
            return 0;
        }
        let times = self.names.entry(name).or_default();
        *times += 1;
        *times - 1
    }

    /// How many alerts of the same rule and key fired before this one; 0 where it is not remembered any more.
    pub fn times(&self, number: u64) -> u64 {
        let index = (number - 1).checked_sub(self.forgotten);
        let fired = index.and_then(|index| self.fired.get(index as usize));
        fired.map_or(0, |fired| fired.times)
    }

    /// An alert that fires began at another time than this run could see.
    pub(super) fn set_since(&mut self, number: u64, since: Second) {
        self.get(number).since = since;
    }

    /// What is named as the cause of an alert that fires.
    pub fn set_cause(&mut self, number: u64, cause: Option<Key>) {
        self.get(number).cause = cause;
    }

    fn get(&mut self, number: u64) -> &mut Alert {
        // One that fires is never forgotten.
        &mut self.fired[(number - 1 - self.forgotten) as usize]
    }

    /// Takes in what the measure of an alert is that fires.
    pub(super) fn raise_peak(&mut self, number: u64, figure: Figure) {
        let peak = &mut self.get(number).peak;
        // Of a rule that fires below its threshold the lowest value is the peak.
        if if figure.below {
            figure.value < peak.value
        } else {
            figure.value > peak.value
        } {
            *peak = figure;
        }
    }

    /// An alert is over.
    pub(super) fn resolve(&mut self, number: u64, at: Second, why: Option<WhyOver>) -> Alert {
        self.firing.retain(|&firing| firing != number);
        let fired = self.get(number);
        fired.until = Some(at);
        fired.why = why;
        fired.clone()
    }

    /// The log has gone back: alerts that fire have no end, and are not followed any more.
    pub fn abandon_firing(&mut self) {
        self.firing.clear();
    }

    /// All of them, for a summary.
    pub fn all(&self, now: Option<Second>) -> Alerts {
        Alerts {
            now,
            listed: self.fired.iter().cloned().collect(),
            omitted: self.forgotten,
        }
    }

    /// How many alerts there were, and how many of them fire now.
    pub fn count(&self) -> (u64, usize) {
        (self.forgotten + self.fired.len() as u64, self.firing.len())
    }

    /// Some of those that are remembered, in the order of a screen: those that fire, then the others, each
    /// newest first.
    pub fn page(&self, skip: usize, most: usize) -> Vec<Alert> {
        let firing = self
            .firing
            .iter()
            .rev()
            .map(|number| &self.fired[(number - 1 - self.forgotten) as usize]);
        let over = self.fired.iter().rev();
        let over = over.filter(|fired| fired.until.is_some());
        firing.chain(over).skip(skip).take(most).cloned().collect()
    }

    /// Those that fire, and the newest `past` of the others.
    pub fn newest(&self, now: Second, past: usize) -> Alerts {
        let newest = self
            .fired
            .iter()
            .rev()
            .filter(|fired| fired.until.is_some())
            .take(past);
        let firing = self
            .firing
            .iter()
            .map(|number| &self.fired[(number - 1 - self.forgotten) as usize]);
        let mut listed: Vec<Alert> = newest.chain(firing).cloned().collect();
        listed.sort_unstable_by_key(|fired| fired.number);
        let omitted = self.forgotten + self.fired.len() as u64 - listed.len() as u64;
        Alerts {
            now: Some(now),
            listed,
            omitted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    #[test]
    fn of_very_many_alerts_the_newest_are_remembered_and_those_that_fire() {
        let figure = Figure {
            hits: 1,
            value: 1.0,
            threshold: 0.0,
            window: Span(1),
            below: false,
        };
        let mut history = AlertHistory::default();
        let rule: Arc<str> = "R".into();
        let fire = |history: &mut AlertHistory, at| {
            history.fire(&rule, None, Unit::Count, Second(at), figure)
        };
        for at in 0..100_000 {
            let number = fire(&mut history, at);
            history.resolve(number, Second(at + 1), None);
        }
        assert_eq!(history.all(None).omitted, 0);
        let last = fire(&mut history, 100_000);
        assert_eq!((last, history.all(None).omitted), (100_001, 1));
        assert_eq!(history.count(), (100_001, 1));
        history.raise_peak(
            last,
            Figure {
                value: 7.0,
                ..figure
            },
        );
        let over = history.resolve(last, Second(100_009), None);
        assert_eq!((over.since, over.peak.value), (Second(100_000), 7.0));
        let first = history.all(None).listed[0].number;
        assert_eq!(first, 2);
    }
}
