//! What rules would have done over a log, as they were written and at other thresholds: the figures of `--check`.
//!
//! Another threshold is another rule, which is evaluated like any: so what is said of it is what a run with it would say.
//! Nothing of an alert is kept but when it began and how far it went.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;

use super::history::AlertHistory;
use super::measure::Threshold;
use super::spec::Spec;
use super::transition::{AlertChange, Changed};
use crate::quantity::{Figure, Unit};
use crate::report::{CheckedRule, CheckedThreshold};
use crate::time::{Second, Span};

/// An alert that fires again so soon after its end flaps.
const FLAPS: Span = Span(600);
/// The keys whose last end is remembered, at the most.
const REMEMBERED: usize = 100_000;
/// The steps of ten thresholds that are ten times each other: each about a quarter above the one before.
const STEPS: [u128; 10] = [100, 125, 160, 200, 250, 320, 400, 500, 640, 800];
/// Those of a rule by key, which takes more memory.
const FEW_STEPS: [u128; 3] = [100, 200, 500];
/// How many steps there are in either direction, and of a rule by key.
const REACH: usize = 30;
const FEW_REACH: usize = 5;
/// Silences that people ask about, in seconds.
const SILENCES: [u64; 20] = [
    5, 10, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200,
    86_400, 172_800, 604_800,
];
/// Objectives, in billionths.
const OBJECTIVES: [u128; 9] = [
    900_000_000,
    950_000_000,
    980_000_000,
    990_000_000,
    995_000_000,
    998_000_000,
    999_000_000,
    999_500_000,
    999_900_000,
];

/// A rule at one threshold.
#[derive(Debug, Clone)]
pub(super) struct Rung {
    /// Which of the rules as they were written.
    rule: usize,
    /// It with this threshold.
    pub(super) spec: Spec,
    /// Whether it was written so.
    written: bool,
}

/// Each rule as it was written and, behind it, at other thresholds, the lowest first.
pub(super) fn rungs(rules: impl Iterator<Item = Spec>) -> Vec<Rung> {
    let mut rungs = Vec::new();
    for (rule, spec) in rules.enumerate() {
        let own = spec.threshold;
        let others = thresholds(&spec).into_iter().map(|threshold| Spec {
            threshold,
            ..spec.clone()
        });
        let others: Vec<Spec> = others.filter(Spec::can_be_meant).collect();
        rungs.push(Rung {
            rule,
            spec,
            written: true,
        });
        rungs.extend(
            others
                .into_iter()
                .filter(|other| other.threshold.billionths != own.billionths)
                .map(|spec| Rung {
                    rule,
                    spec,
                    written: false,
                }),
        );
    }
    rungs
}

/// Other thresholds of a rule, ascending.
fn thresholds(spec: &Spec) -> Vec<Threshold> {
    let own = spec.threshold;
    let with = |billionths| Threshold { billionths, ..own };
    let seconds = |seconds: u64| u128::from(seconds) * 1_000_000_000;
    if !spec.measure.kind().compared {
        return OBJECTIVES.map(with).to_vec();
    }
    if spec.measure.kind().name == "silence" {
        return SILENCES.map(|silence| with(seconds(silence))).to_vec();
    }
    // What is counted is whole.
    let whole = match own.unit {
        Unit::Count | Unit::Bytes => 1_000_000_000,
        _ => 1,
    };
    let from = match own.billionths {
        0 if own.unit == Unit::Count => 1_000_000_000,
        0 => 1_000_000,
        billionths => billionths,
    };
    let (steps, reach) = match spec.by {
        Some(_) => (&FEW_STEPS[..], FEW_REACH),
        None => (&STEPS[..], REACH),
    };
    let scale = 10u128.pow(from.ilog10()) / 100;
    let decades = (0..=6).map(|decade| (scale / 1000).max(1) * 10u128.pow(decade));
    let all = decades.flat_map(|scale| steps.iter().map(move |step| step * scale));
    let mut all: Vec<u128> = all.map(|number| number / whole * whole).collect();
    all.retain(|&number| number > 0);
    all.dedup();
    let at = all.partition_point(|&number| number < from);
    let near = all[at.saturating_sub(reach)..all.len().min(at + reach + 1)].iter();
    near.map(|&number| with(number)).collect()
}

/// What a rule did at one threshold.
#[derive(Debug)]
struct RungTally {
    fired: u64,
    firing: Span,
    longest: Span,
    flaps: u64,
    worst: Option<Figure>,
    /// When the last alert of each key was over.
    over: HashMap<Box<[u8]>, Second, RandomState>,
}

impl RungTally {
    fn new() -> RungTally {
        RungTally {
            fired: 0,
            firing: Span(0),
            longest: Span(0),
            flaps: 0,
            worst: None,
            over: HashMap::default(),
        }
    }

    fn fire(&mut self, key: &[u8], second: Second) {
        self.fired += 1;
        let over = self.over.get(key);
        self.flaps += u64::from(over.is_some_and(|&over| second - over <= FLAPS));
    }

    fn end(&mut self, key: Box<[u8]>, lasted: Span, peak: Figure, second: Second) {
        self.take(lasted, peak);
        if self.over.len() >= REMEMBERED {
            self.over.retain(|_, over| second - *over <= FLAPS);
        }
        if self.over.len() < REMEMBERED {
            self.over.insert(key, second);
        }
    }

    fn take(&mut self, lasted: Span, peak: Figure) {
        self.firing = Span(self.firing.0 + lasted.0);
        self.longest = self.longest.max(lasted);
        if self.worst.is_none_or(|worst| peak.is_beyond(&worst)) {
            self.worst = Some(peak);
        }
    }
}

/// What all rules did, at each of their thresholds.
#[derive(Debug)]
pub struct Check {
    rungs: Vec<(Rung, RungTally)>,
    /// The alerts that fire, by number: of which rung, and since when.
    firing: BTreeMap<u64, (usize, Second)>,
}

impl Check {
    /// Nothing has closed.
    pub(super) fn new(rungs: Vec<Rung>) -> Check {
        Check {
            rungs: rungs
                .into_iter()
                .map(|rung| (rung, RungTally::new()))
                .collect(),
            firing: BTreeMap::new(),
        }
    }

    /// An alert of the rule with this place changed when `second` closed.
    pub fn take(&mut self, place: usize, changed: Changed, second: Second) {
        let tally = &mut self.rungs[place].1;
        // A rule has keys of one dimension, or none.
        let key = changed.key.map_or_else(Box::default, |key| key.key);
        match changed.transition {
            AlertChange::Fired { number, since } => {
                tally.fire(&key, since);
                self.firing.insert(number, (place, since));
            }
            AlertChange::Repeated { .. } => {}
            AlertChange::Resolved {
                number,
                since,
                peak,
                ..
            } => {
                tally.end(key, second - since, peak, second);
                self.firing.remove(&number);
            }
        }
    }

    /// The log goes back behind `second`: what fires has no end.
    pub fn abandon_firing(&mut self, second: Second, history: &AlertHistory) {
        for (number, (place, since)) in std::mem::take(&mut self.firing) {
            let tally = &mut self.rungs[place].1;
            if let Some(peak) = history.peak(number, second) {
                tally.take(second - since, peak);
            }
        }
        self.rungs
            .iter_mut()
            .for_each(|(_, tally)| tally.over.clear());
    }

    /// Whether a rule fired as it was written.
    pub fn any(&self) -> bool {
        let mut rungs = self.rungs.iter();
        rungs.any(|(rung, tally)| rung.written && tally.fired > 0)
    }

    /// The places of the rules as they were written.
    pub fn written(&self) -> impl Iterator<Item = usize> {
        let places = self.rungs.iter().enumerate();
        places.filter_map(|(place, (rung, _))| rung.written.then_some(place))
    }

    /// What each rule did up to `now`; `closed` is the last second that is.
    pub fn rules(
        &self,
        now: Option<Second>,
        closed: Second,
        history: &AlertHistory,
    ) -> Vec<CheckedRule> {
        let mut open: BTreeMap<usize, RungTally> = BTreeMap::new();
        for (number, (place, since)) in &self.firing {
            if let (Some(peak), Some(now)) = (history.peak(*number, closed), now) {
                open.entry(*place)
                    .or_insert_with(RungTally::new)
                    .take(now - *since, peak);
            }
        }
        let mut rules: Vec<CheckedRule> = Vec::new();
        for (place, (rung, tally)) in self.rungs.iter().enumerate() {
            let open = open.get(&place);
            let (firing, longest) = open.map_or((Span(0), Span(0)), |o| (o.firing, o.longest));
            let threshold = CheckedThreshold {
                text: rung.spec.value_text(),
                value: rung.spec.threshold.value(),
                fired: tally.fired,
                firing: Span(tally.firing.0 + firing.0),
                longest: tally.longest.max(longest),
                flaps: tally.flaps,
            };
            let worst = tally
                .worst
                .into_iter()
                .chain(open.and_then(|open| open.worst));
            if rung.written {
                rules.push(CheckedRule {
                    rule: rung.spec.label.as_str().into(),
                    subject: rung.spec.subject(),
                    falls: rung.spec.fires_less_when_lower(),
                    written: threshold,
                    others: Vec::new(),
                    worst: None,
                });
            } else {
                rules[rung.rule].others.push(threshold);
            }
            // At a threshold that it is always beyond, what it was at all times is seen.
            let known = &mut rules[rung.rule].worst;
            for worst in worst {
                if known.is_none_or(|known: Figure| worst.is_beyond(&known)) {
                    *known = Some(worst);
                }
            }
        }
        rules
    }
}
