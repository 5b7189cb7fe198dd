//! Alerts: one transition of a rule, and all of them in a report.

use std::sync::Arc;

use super::ranking::Ranking;
use crate::quantity::{Figure, KeyKind, Subject, Unit};
use crate::time::{Second, Span};

/// A transition of a rule.
#[derive(Debug, Clone)]
pub struct Transition {
    /// The rule's label.
    pub rule: Arc<str>,
    /// The key, where the rule is by key.
    pub key: Option<Key>,
    /// What it measures.
    pub subject: Subject,
    /// Its number in the run: the same when it fires and when it is over.
    pub number: u64,
    /// How many alerts of this rule and key fired before it, in the run and the runs before that a ledger knows of.
    pub times: u64,
    /// How often it has been said again while it fires, this time with it; 0 where it begins to, or is over.
    pub repeat: u64,
    /// When its condition began to hold.
    pub since: Second,
    /// The second that crossed.
    pub at: Second,
    /// The measure at the end of that second.
    pub figure: Figure,
    /// The measure in words, where the numbers alone do not say it.
    pub detail: Option<String>,
    /// The heaviest keys of the window, which the alerts of a storm share.
    pub top: Arc<[Ranking]>,
    /// Which transition, with what belongs to it.
    pub state: AlertState,
}

impl Transition {
    /// The rule and its key: of those that fire at a time, no two have the same.
    pub fn name(&self) -> String {
        alert_name(&self.rule, self.key.as_ref())
    }

    /// What names it, from firing to resolved and from run to run: rule, key, and when it began.
    pub fn id(&self) -> String {
        format!("{}@{}", self.name(), self.since.0)
    }
}

/// A rule and a key, in one text.
pub fn alert_name(rule: &str, key: Option<&Key>) -> String {
    let key = key.map_or(String::new(), |key| {
        format!("/{}", String::from_utf8_lossy(&key.key))
    });
    format!("{rule}{key}")
}

/// A key of a dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// The dimension.
    pub dimension: KeyKind,
    /// The key, as it was in the log.
    pub key: Box<[u8]>,
}

/// The two transitions.
#[derive(Debug, Clone)]
pub enum AlertState {
    /// It fires, and this is what changed against the window before.
    Firing {
        /// For each dimension the key whose share of the hits grew most; shared too.
        changed: Arc<[Change]>,
        /// Where the records come from that the rule counts, by dimension.
        causes: Vec<AlertCause>,
        /// Whether the rule fires on little: then the causes are what is missing.
        missing: bool,
        /// The share of 5xx, now and in the window before.
        errors: (f64, Option<f64>),
        /// Where what changed is known only to so many seconds: see [`crate::alert::past`].
        resolution: Option<Span>,
    },
    /// It is over.
    Resolved {
        /// The greatest value of the measure while it fired.
        peak: Figure,
        /// Why, where it is not that things are well.
        why: Option<WhyOver>,
    },
}

/// Why an alert is over of which nobody knows that it got well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyOver {
    /// Too few hits are left.
    TooFew(Shortfall),
    /// The rule is not evaluated at this hour.
    OutOfHours,
}

impl WhyOver {
    /// Its name where programs read it: that of the clause.
    pub fn name(self) -> &'static str {
        match self {
            WhyOver::TooFew(_) => "min",
            WhyOver::OutOfHours => "during",
        }
    }

    /// In a few words.
    pub fn brief(self) -> &'static str {
        match self {
            WhyOver::TooFew(_) => "too few hits",
            WhyOver::OutOfHours => "outside its hours",
        }
    }
}

/// Fewer hits than a rule asks for: its measure says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortfall {
    /// The hits that there are.
    pub hits: u64,
    /// How many it asks for.
    pub min: u64,
}

impl AlertState {
    /// `firing` or `resolved`.
    pub fn name(&self) -> &'static str {
        match self {
            AlertState::Firing { .. } => "firing",
            AlertState::Resolved { .. } => "resolved",
        }
    }

    /// The name of a transition that was written down.
    pub fn named(name: &str) -> &'static str {
        if name == "firing" {
            "firing"
        } else {
            "resolved"
        }
    }

    /// The reason that was written down, if it is one.
    pub fn because_named(name: &str) -> Option<&'static str> {
        ["min", "during"].into_iter().find(|known| *known == name)
    }

    /// Why an alert is over that did not get well, if it is one.
    pub fn because(&self) -> Option<&'static str> {
        match self {
            AlertState::Resolved { why, .. } => why.map(WhyOver::name),
            AlertState::Firing { .. } => None,
        }
    }
}

/// Where records come from that a rule counts: a key, or many.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertCause {
    /// The dimension.
    pub dimension: KeyKind,
    /// The key; `None` where they are spread over many, of which none has much.
    pub key: Option<Box<[u8]>>,
    /// The number of keys: one, or those that they are spread over.
    pub keys: u64,
    /// Their part of the records that the rule counts; of the bytes, where it counts bytes; of the time beyond the
    /// threshold, where it counts durations; of what is missing, where it fires on little.
    pub part: f64,
    /// Those records.
    pub hits: u64,
    /// How many there were in the window before.
    pub was: u64,
}

/// A key whose share of the hits grew.
#[derive(Debug, Clone)]
pub struct Change {
    /// The dimension.
    pub dimension: KeyKind,
    /// The key.
    pub key: Box<[u8]>,
    /// Its share in the window.
    pub share: f64,
    /// Its share in the window before; `None` where that one had no hits.
    pub was: Option<f64>,
}

/// The alerts of a run.
#[derive(Debug, Clone)]
pub struct Alerts {
    /// Up to when they are reported.
    pub now: Option<Second>,
    /// Those that are listed, oldest first: in a report those that fire and the newest of the others.
    pub listed: Vec<Alert>,
    /// How many of the run's are not listed here.
    pub omitted: u64,
    /// How many of these are firing.
    pub omitted_firing: u64,
}

impl Alerts {
    /// Those that are firing.
    pub fn firing(&self) -> impl Iterator<Item = &Alert> {
        self.listed.iter().filter(|alert| alert.until.is_none())
    }

    /// How many are firing, listed or not.
    pub fn firing_count(&self) -> u64 {
        self.firing().count() as u64 + self.omitted_firing
    }

    /// How many there were in the run.
    pub fn count(&self) -> u64 {
        self.listed.len() as u64 + self.omitted
    }
}

/// One alert, from firing to resolved.
#[derive(Debug, Clone)]
pub struct Alert {
    /// Its number in the run, from 1.
    pub number: u64,
    /// The rule's label.
    pub rule: Arc<str>,
    /// The key, where the rule is by key.
    pub key: Option<Key>,
    /// The unit of its measure.
    pub unit: Unit,
    /// When it began.
    pub since: Second,
    /// When it was resolved; `None` while it fires.
    pub until: Option<Second>,
    /// The greatest value of the measure so far.
    pub peak: Figure,
    /// Why it was resolved, where it is not that things were well.
    pub why: Option<WhyOver>,
    /// How many alerts of its rule and key fired before it: see [`Transition::times`].
    pub times: u64,
    /// The key that is named as its cause.
    pub cause: Option<Key>,
}

impl Alert {
    /// Why it is over although it did not get well, if it is.
    pub fn because(&self) -> Option<&'static str> {
        self.why.map(WhyOver::name)
    }
}
