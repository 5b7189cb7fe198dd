//! Quantities: kinds of keys, what is counted under a key, how a number is to be read, and what a rule compares.
//!
//! Statistics, rules and reports share these, so that none of them imports another for them. This module imports
//! nothing but time.

use std::sync::Arc;

use crate::time::Span;

/// What is counted under a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Records.
    pub hits: u64,
    /// Bytes sent, saturating.
    pub bytes: u64,
    /// Records with a 5xx status.
    pub errors: u64,
    /// Records with a 4xx status.
    pub client_errors: u64,
}

impl Count {
    /// Adds another count to this one.
    #[inline]
    pub fn add(&mut self, other: Count) {
        self.hits += other.hits;
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.errors += other.errors;
        self.client_errors += other.client_errors;
    }
}

/// Between the two keys of a pair.
pub const BETWEEN: &[u8] = b" | ";

/// A kind of key: what hits are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyKind {
    /// Its singular name, the same in options, JSON and text: `client`.
    pub name: &'static str,
    /// The title of its rows: `clients`.
    pub title: &'static str,
}

impl KeyKind {
    /// Whether a reader knows of a key alone that it is of this kind.
    pub fn speaks_for_itself(&self) -> bool {
        matches!(self.name, "section" | "client")
    }
}

/// What a number is called where it is shown.
#[derive(Debug, PartialEq, Eq)]
pub struct Caption {
    /// In text and JSON: `methods`.
    pub key: &'static str,
    /// In metrics: `requests`, after `httpmon_`.
    pub metric: &'static str,
    /// If there is a number for each of several names, the label of a name in metrics: `method`.
    pub label: Option<&'static str>,
    /// Whether it only grows, so that metrics call it a counter.
    pub grows: bool,
    /// What is counted, without a full stop.
    pub about: &'static str,
}

/// How a number is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number in the window.
    Count,
    /// A mean per second over the window.
    PerSecond,
    /// A share of the window's hits.
    Share,
    /// Bytes in the window.
    Bytes,
    /// Mean bytes per second over the window.
    BytesPerSecond,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// A multiple: of the usual, or of the rate at which an error budget lasts.
    Times,
}

/// What a rule is about, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// The name of its measure.
    pub measure: Arc<str>,
    /// The unit of its numbers.
    pub unit: Unit,
}

/// What a rule measures, now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// Hits in the window.
    pub hits: u64,
    /// The measure.
    pub value: f64,
    /// What the measure is held against.
    pub threshold: f64,
    /// The length of the window.
    pub window: Span,
    /// Whether the rule fires below its threshold.
    pub below: bool,
}

impl Figure {
    /// Whether its value is more extreme than another of the same rule.
    pub fn is_beyond(&self, other: &Figure) -> bool {
        match self.below {
            true => self.value < other.value,
            false => self.value > other.value,
        }
    }

    /// What the most extreme value of its rule is.
    pub fn peak_word(&self) -> &'static str {
        if self.below { "lowest" } else { "peak" }
    }
}
