//! What rules would have done over a log.

use std::sync::Arc;

use crate::quantity::{Figure, Subject};
use crate::time::{Second, Span};

/// What rules would have done over a log, as they were written and at other thresholds.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The first and the last second of the log; `None` where nothing was believed.
    pub span: Option<(Second, Second)>,
    /// The rules, in their order.
    pub rules: Vec<CheckedRule>,
    /// What a reader must know to read a rule's silence.
    pub notes: Vec<(Arc<str>, String)>,
}

impl Checked {
    /// How long the log is.
    pub fn length(&self) -> Span {
        self.span.map_or(Span(0), |(from, to)| to.next() - from)
    }
}

/// What a rule would have done.
#[derive(Debug, Clone)]
pub struct CheckedRule {
    /// Its label.
    pub rule: Arc<str>,
    /// What it measures.
    pub subject: Subject,
    /// Whether it fires less at a lower threshold.
    pub falls: bool,
    /// The most extreme value of its measure while it fired at any threshold.
    pub worst: Option<Figure>,
    /// What it did as it was written.
    pub written: CheckedThreshold,
    /// What it would have done at other thresholds, the lowest first.
    pub others: Vec<CheckedThreshold>,
}

/// What a rule does at a threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedThreshold {
    /// The threshold, as a rule has it.
    pub text: String,
    /// Its number.
    pub value: f64,
    /// How many alerts fired.
    pub fired: u64,
    /// How long they lasted, added up.
    pub firing: Span,
    /// How long the longest lasted.
    pub longest: Span,
    /// How many of them fired within ten minutes of the end of the one before.
    pub flaps: u64,
}

impl CheckedThreshold {
    /// Whether it was so often, or for so long, that nobody would read it: more than once a day, and four times at
    /// least, or more than half of the time.
    pub fn is_noise(&self, length: Span) -> bool {
        self.fired > (length.0 / 86_400).unsigned_abs().max(3) || self.firing.0 * 2 > length.0
    }
}

impl CheckedRule {
    /// Other thresholds worth a thought, where it never fired or was noise as it was written: the nearest at which it is
    /// of use, and what lies behind that.
    pub fn proposals(&self, length: Span) -> Vec<&CheckedThreshold> {
        let (lower, higher): (Vec<_>, Vec<_>) = self
            .others
            .iter()
            .partition(|other| other.value < self.written.value);
        let lower: Vec<_> = lower.into_iter().rev().collect();
        let (rarer, oftener) = match self.falls {
            true => (lower, higher),
            false => (higher, lower),
        };
        let is_of_use = |at: &&&CheckedThreshold| at.fired > 0 && !at.is_noise(length);
        let (near, far) = if self.written.fired == 0 {
            let near = oftener.iter().find(|at| at.fired > 0);
            let far = oftener.iter().find(|at| at.is_noise(length));
            (near, far)
        } else if self.written.is_noise(length) {
            let few = |at: &&&CheckedThreshold| {
                is_of_use(at) && at.fired <= (length.0 / 604_800).unsigned_abs().max(3)
            };
            let near = rarer
                .iter()
                .find(few)
                .or_else(|| rarer.iter().find(is_of_use));
            (near, rarer.iter().find(|at| at.fired == 0))
        } else {
            (None, None)
        };
        let mut found: Vec<&CheckedThreshold> = near.into_iter().chain(far).copied().collect();
        found.dedup();
        found
    }
}
