//! Multi-window, multi-burn-rate alerting on a service level objective: Site Reliability Workbook
//! (Beyer et al., 2018), chapter 5, "Alerting on SLOs", with its three pairs of windows.
//!
//! An error is a 5xx; the burn rate is the share of errors over the share that the objective allows.
//! The windows are counted in [common](super::common): 16 bytes for each second that has a hit, and as many for each
//! that has an error: 8 MiB at most for all objectives of the same records.

use std::cmp::Ordering;

use super::cause::CountedKind;
use super::common::{Common, CountPlace, Summand};
use super::spec::{Blamed, ByKey, MeasureKind, Wrong};
use super::{Condition, Level, Rest, Subset, at_most};
use crate::quantity::{Figure, Unit};
use crate::report::Shortfall;
use crate::stats::SERVER_ERROR;
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
            inputs.common,
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
const ERRORS: u128 = 2;

/// What an error is.
const ERRORS_OF: Summand = Summand::Class(SERVER_ERROR);

/// A condition on how fast the error budget burns.
#[derive(Debug)]
pub(super) struct SloCondition {
    /// The share of errors that the objective allows, in billionths.
    budget: u128,
    min: u64,
    /// Errors and hits of each of [`WINDOWS`].
    places: [CountPlace; 5],
}

impl SloCondition {
    /// An objective in billionths, such as 999,000,000 for 99.9 %.
    pub(super) fn new(
        objective: u128,
        min: u64,
        source: Subset,
        common: &mut Common,
    ) -> SloCondition {
        SloCondition {
            budget: 1_000_000_000 - objective,
            min: if min == 0 { MIN } else { min },
            places: WINDOWS.map(|span| common.count(ERRORS_OF, [source; 2], span)),
        }
    }

    /// Errors and hits of a window.
    fn counted(&self, window: usize, common: &Common) -> (u128, u128) {
        common.counted(self.places[window])
    }

    fn burn(&self, window: usize, common: &Common) -> f64 {
        let (errors, hits) = self.counted(window, common);
        errors as f64 / (hits as f64).max(1.0) / (self.budget as f64 / 1e9)
    }

    /// How a window compares with a burn rate in tenths: exactly.
    fn order(&self, window: usize, rate: u128, common: &Common) -> Ordering {
        let (errors, hits) = self.counted(window, common);
        (errors * 10_000_000_000).cmp(&(rate * self.budget * hits))
    }

    /// How a pair burns, whatever the number of hits.
    fn burns(&self, pair: Pair, common: &Common) -> Level {
        if self.counted(pair.long, common).0 < ERRORS {
            return Level::Clear;
        }
        let orders = [pair.long, pair.short].map(|window| self.order(window, pair.rate, common));
        match orders {
            [Ordering::Less, _] | [_, Ordering::Less] => Level::Clear,
            [Ordering::Greater, Ordering::Greater] => Level::Breached,
            _ => Level::AtThreshold,
        }
    }

    fn pair(&self, pair: Pair, common: &Common) -> Level {
        if self.is_short(pair, common) {
            return Level::Clear;
        }
        self.burns(pair, common)
    }

    /// Whether the short window has too few hits.
    fn is_short(&self, pair: Pair, common: &Common) -> bool {
        self.counted(pair.short, common).1 < self.min.into()
    }

    /// The pair that speaks: the first that is beyond, else the one that burns fastest for its rate.
    fn speaking(&self, common: &Common) -> Pair {
        let relative = |pair: &Pair| self.burn(pair.long, common) / pair.rate as f64;
        let beyond = PAIRS
            .into_iter()
            .find(|pair| self.pair(*pair, common) == Level::Breached);
        let fastest = || {
            PAIRS
                .into_iter()
                .max_by(|a, b| relative(a).total_cmp(&relative(b)))
        };
        beyond.or_else(fastest).unwrap_or(PAIRS[0])
    }
}

impl Condition for SloCondition {
    fn level(&self, common: &Common) -> Level {
        let levels = PAIRS.map(|pair| self.pair(pair, common));
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
        let burning =
            |pair: &Pair| self.is_short(*pair, common) && self.burns(*pair, common) != Level::Clear;
        let pair = PAIRS.into_iter().find(burning)?;
        (self.level(common) == Level::Clear).then(|| Shortfall {
            hits: at_most(self.counted(pair.short, common).1),
            min: self.min,
        })
    }

    fn rest(&self, _: u64, common: &Common) -> Option<Rest> {
        let of_pair = |pair: &Pair| {
            let below = |window| {
                let billionths = self.budget * pair.rate / 10;
                common.rest_below_share(self.places[window], billionths)
            };
            let (errors, _) = self.counted(pair.long, common);
            let (_, hits) = self.counted(pair.short, common);
            let few_hits = Rest::of_lines(u128::from(self.min).saturating_sub(hits));
            let few_errors = (errors < ERRORS).then(|| ERRORS_OF.rest(ERRORS - errors));
            let burns_slowly = || below(pair.long).into_iter().chain(below(pair.short));
            let few = few_errors.or(few_hits);
            few.or_else(|| burns_slowly().reduce(Rest::longer))
        };
        let mut rest = Rest::ENDLESS;
        for pair in &PAIRS {
            rest = rest.shorter(of_pair(pair)?);
        }
        Some(rest)
    }

    fn figure(&self, common: &Common) -> Figure {
        let Pair { long, rate, .. } = self.speaking(common);
        Figure {
            hits: at_most(self.counted(long, common).1),
            value: self.burn(long, common),
            threshold: rate as f64 / 10.0,
            window: WINDOWS[long],
            below: false,
        }
    }

    fn detail(&self, common: &Common) -> Option<String> {
        let Pair { long, short, .. } = self.speaking(common);
        Some(format!(
            "the error budget burns at {:.1}x over {} and {:.1}x over {}",
            self.burn(long, common),
            WINDOWS[long],
            self.burn(short, common),
            WINDOWS[short]
        ))
    }

    fn next_change(&self, _: Second, _: Level, common: &Common) -> Option<Second> {
        let leaves = self
            .places
            .iter()
            .filter_map(|place| common.next_leave(*place));
        leaves.min()
    }

    fn look_back(&self) -> Span {
        WINDOWS[4]
    }

    fn full_window(&self, common: &Common) -> Span {
        // What is over is over by the short window.
        WINDOWS[self.speaking(common).short]
    }

    fn window(&self) -> Span {
        // What changed is asked of the short window of the fastest pair.
        WINDOWS[PAIRS[0].short]
    }
}
