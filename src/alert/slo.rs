//! Multi-window, multi-burn-rate alerting on a service level objective: Site Reliability Workbook
//! (Beyer et al., 2018), chapter 5, "Alerting on SLOs", with its three pairs of windows.
//!
//! An error is a 5xx; the burn rate is the share of errors over the share that the objective allows.
//! One window of three days, of which the others are the newest part, and five sums over it: 16 bytes for
//! each second that has a hit, 4 MiB at most.

use std::cmp::Ordering;

use super::cause::CountedKind;
use super::common::Common;
use super::spec::{Blamed, ByKey, MeasureKind, Wrong};
use super::window::Window;
use super::{Condition, Level, Subset};
use crate::quantity::{Figure, Unit};
use crate::report::Shortfall;
use crate::stats::bucket::Bucket;
use crate::time::{Second, Span};

pub(super) static SLO: MeasureKind = MeasureKind {
    name: "slo",
    forms: &[Unit::Share],
    compared: false,
    by_key: ByKey::Not,
    minds_min: true,
    unit: |_| Unit::Times,
    check: |spec| {
        if spec.by.is_some() {
            // Said of all that cannot be taken by key.
            return Ok(());
        }
        if spec.over.is_some() {
            return Err(Wrong(
                Blamed::Measure,
                "an objective has its own windows: leave out 'over'",
            ));
        }
        if !(500_000_000..1_000_000_000).contains(&spec.threshold.billionths) {
            return Err(Wrong(
                Blamed::Value,
                "an objective is at least 50% and below 100%",
            ));
        }
        Ok(())
    },
    counts: |_| CountedKind::Class(5),
    condition: |spec, inputs| {
        Box::new(SloCondition::new(
            spec.threshold.billionths,
            spec.min,
            inputs.whole,
        ))
    },
};

/// The windows, the longest last.
const WINDOWS: [Span; 5] = [
    Span(300),
    Span(1800),
    Span(3600),
    Span(6 * 3600),
    Span(3 * 86_400),
];

/// Two windows, by their places in [`WINDOWS`], and the burn rate of both that fires, in tenths.
#[derive(Debug, Clone, Copy)]
struct Pair {
    long: usize,
    short: usize,
    rate: u128,
}

const PAIRS: [Pair; 3] = [
    Pair {
        long: 2,
        short: 0,
        rate: 144,
    },
    Pair {
        long: 3,
        short: 1,
        rate: 60,
    },
    Pair {
        long: 4,
        short: 3,
        rate: 10,
    },
];
/// Hits that the short window must hold, where the rule names no other number: with fewer, a handful of errors in an
/// empty night is a rate of per cents.
const MIN: u64 = 100;
/// Errors that the long window must hold: one alone is no rate.
const ERRORS: u64 = 2;

/// A condition on how fast the error budget burns.
#[derive(Debug)]
pub(super) struct SloCondition {
    /// The share of errors that the objective allows, in billionths.
    budget: u128,
    min: u64,
    source: Subset,
    /// Hits and errors of each second.
    seconds: Window<(u32, u32)>,
    /// Hits and errors of each of [`WINDOWS`].
    sums: [(u64, u64); 5],
}

impl SloCondition {
    /// An objective in billionths, such as 999,000,000 for 99.9 %.
    pub(super) fn new(objective: u128, min: u64, source: Subset) -> SloCondition {
        SloCondition {
            budget: 1_000_000_000 - objective,
            min: if min == 0 { MIN } else { min },
            source,
            seconds: Window::of(&WINDOWS),
            sums: [(0, 0); 5],
        }
    }

    fn burn(&self, window: usize) -> f64 {
        let (hits, errors) = self.sums[window];
        errors as f64 / (hits as f64).max(1.0) / (self.budget as f64 / 1e9)
    }

    /// How a window compares with a burn rate in tenths: exactly.
    fn order(&self, window: usize, rate: u128) -> Ordering {
        let (hits, errors) = self.sums[window];
        (u128::from(errors) * 10_000_000_000).cmp(&(rate * self.budget * u128::from(hits)))
    }

    /// How a pair burns, whatever the number of hits.
    fn burns(&self, pair: Pair) -> Level {
        if self.sums[pair.long].1 < ERRORS {
            return Level::Clear;
        }
        let orders = [pair.long, pair.short].map(|window| self.order(window, pair.rate));
        match orders {
            [Ordering::Less, _] | [_, Ordering::Less] => Level::Clear,
            [Ordering::Greater, Ordering::Greater] => Level::Breached,
            _ => Level::AtThreshold,
        }
    }

    fn pair(&self, pair: Pair) -> Level {
        if self.sums[pair.short].0 < self.min {
            return Level::Clear;
        }
        self.burns(pair)
    }

    /// The pair that speaks: the first that is beyond, else the one that burns fastest for its rate.
    fn speaking(&self) -> Pair {
        let relative = |pair: &Pair| self.burn(pair.long) / pair.rate as f64;
        let beyond = PAIRS
            .into_iter()
            .find(|pair| self.pair(*pair) == Level::Breached);
        let fastest = || {
            PAIRS
                .into_iter()
                .max_by(|a, b| relative(a).total_cmp(&relative(b)))
        };
        beyond.or_else(fastest).unwrap_or(PAIRS[0])
    }
}

impl Condition for SloCondition {
    fn take(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        let sums = &mut self.sums;
        self.seconds.slide(closed, |window, old| {
            sums[window].0 -= u64::from(old.0);
            sums[window].1 -= u64::from(old.1);
        });
        let counters = self.source.counters(bucket);
        if counters.hits == 0 {
            return;
        }
        let Some(held) = self.seconds.at(second, (0, 0)) else {
            return;
        };
        let hits = counters.hits.min(u64::from(u32::MAX - held.0));
        let errors = counters.status[5].min(hits);
        // Both fit: there is room for the hits, and errors are hits.
        *held = (held.0 + hits as u32, held.1 + errors as u32);
        for (window, sum) in self.sums.iter_mut().enumerate() {
            if self.seconds.holds(window, second) {
                *sum = (sum.0 + hits, sum.1 + errors);
            }
        }
    }

    fn level(&self, _: &Common) -> Level {
        let levels = PAIRS.map(|pair| self.pair(pair));
        if levels.contains(&Level::Breached) {
            Level::Breached
        } else if levels.contains(&Level::AtThreshold) {
            Level::AtThreshold
        } else {
            Level::Clear
        }
    }

    /// Some pair burns, and those that do have too few hits in their short window.
    fn shortfall(&self, _: u64, common: &Common) -> Option<Shortfall> {
        let short_of = |pair: &Pair| self.sums[pair.short].0 < self.min;
        let burning = |pair: &Pair| short_of(pair) && self.burns(*pair) != Level::Clear;
        let pair = PAIRS.into_iter().find(burning)?;
        (self.level(common) == Level::Clear).then(|| Shortfall {
            hits: self.sums[pair.short].0,
            min: self.min,
        })
    }

    fn figure(&self, _: &Common) -> Figure {
        let Pair { long, rate, .. } = self.speaking();
        Figure {
            hits: self.sums[long].0,
            value: self.burn(long),
            threshold: rate as f64 / 10.0,
            window: WINDOWS[long],
            below: false,
        }
    }

    fn detail(&self) -> Option<String> {
        let Pair { long, short, .. } = self.speaking();
        Some(format!(
            "the error budget burns at {:.1}x over {} and {:.1}x over {}",
            self.burn(long),
            WINDOWS[long],
            self.burn(short),
            WINDOWS[short]
        ))
    }

    fn next_change(&self, _: Second, _: Level, _: &Common) -> Option<Second> {
        self.seconds.next_leave_of_any()
    }

    fn look_back(&self) -> Span {
        WINDOWS[4]
    }

    fn full_window(&self) -> Span {
        // What is over is over by the short window.
        WINDOWS[self.speaking().short]
    }

    fn window(&self) -> Span {
        // What changed is asked of the short window of the fastest pair.
        WINDOWS[PAIRS[0].short]
    }
}
