//! Multi-window, multi-burn-rate alerting on a service level objective: Site Reliability Workbook
//! (Beyer et al., 2018), chapter 5, "Alerting on SLOs", with its three pairs of windows.
//!
//! An error is a 5xx; the burn rate is the share of errors over the share that the objective allows.
//! One ring of three days of seconds, 2 MiB, and five sums over it, whatever the traffic.

use std::cmp::Ordering;

use super::{Condition, Level, Source};
use crate::report::{Figure, Shortfall};
use crate::stats::bucket::Bucket;
use crate::time::{Second, Span};

/// Long window, short window, and the burn rate of both that fires, in tenths.
const PAIRS: [(Span, Span, u128); 3] = [
    (Span(3600), Span(300), 144),
    (Span(6 * 3600), Span(1800), 60),
    (Span(3 * 86_400), Span(6 * 3600), 10),
];
/// The windows of the pairs, each once.
const WINDOWS: [Span; 5] = [
    Span(300),
    Span(1800),
    Span(3600),
    Span(6 * 3600),
    Span(3 * 86_400),
];
const RING: i64 = WINDOWS[4].0;
/// Hits that the short window must hold, where the rule names no other number.
const MIN: u64 = 10;
/// Errors that the long window must hold: one alone is no rate.
const ERRORS: u64 = 2;

/// A condition on how fast the error budget burns.
#[derive(Debug)]
pub(super) struct Slo {
    /// The share of errors that the objective allows, in billionths.
    budget: u128,
    min: u64,
    source: Source,
    /// Hits and errors of second `t` at slot `t mod RING`.
    ring: Vec<(u32, u32)>,
    /// Hits and errors of each of [`WINDOWS`].
    sums: [(u64, u64); 5],
}

impl Slo {
    /// An objective in billionths, such as 999,000,000 for 99.9 %.
    pub(super) fn new(objective: u128, min: u64, source: Source) -> Slo {
        Slo {
            budget: 1_000_000_000 - objective,
            min: if min == 0 { MIN } else { min },
            source,
            ring: vec![(0, 0); RING as usize],
            sums: [(0, 0); 5],
        }
    }

    fn sum(&self, window: Span) -> (u64, u64) {
        WINDOWS
            .iter()
            .position(|known| *known == window)
            .map_or((0, 0), |index| self.sums[index])
    }

    /// The first second with hits from `from` on, within so many.
    fn next_hits(&self, from: Second, within: Span) -> Option<Second> {
        let (before, behind) = self.ring.split_at(from.0.rem_euclid(RING) as usize);
        let seconds = behind.iter().chain(before).take(within.0 as usize);
        let index = seconds.map(|slot| slot.0).position(|hits| hits > 0);
        index.map(|index| from + Span(index as i64))
    }

    fn burn(&self, window: Span) -> f64 {
        let (hits, errors) = self.sum(window);
        errors as f64 / (hits as f64).max(1.0) / (self.budget as f64 / 1e9)
    }

    /// How a window stands against a burn rate in tenths: exactly.
    fn order(&self, window: Span, rate: u128) -> Ordering {
        let (hits, errors) = self.sum(window);
        (u128::from(errors) * 10_000_000_000).cmp(&(rate * self.budget * u128::from(hits)))
    }

    /// How a pair burns, whatever the number of hits.
    fn burns(&self, (long, short, rate): (Span, Span, u128)) -> Level {
        if self.sum(long).1 < ERRORS {
            return Level::Clear;
        }
        match (self.order(long, rate), self.order(short, rate)) {
            (Ordering::Less, _) | (_, Ordering::Less) => Level::Clear,
            (Ordering::Greater, Ordering::Greater) => Level::Breached,
            _ => Level::AtThreshold,
        }
    }

    fn pair(&self, pair: (Span, Span, u128)) -> Level {
        if self.sum(pair.1).0 < self.min {
            return Level::Clear;
        }
        self.burns(pair)
    }

    /// The pair that speaks: the first that is beyond, else the one that burns fastest for its rate.
    fn speaking(&self) -> (Span, Span, u128) {
        let relative = |pair: &(Span, Span, u128)| self.burn(pair.0) / pair.2 as f64;
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

impl Condition for Slo {
    fn close(&mut self, second: Second, bucket: &Bucket) {
        let counters = self.source.counters(bucket);
        let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let new = (narrow(counters.hits), narrow(counters.status[5]));
        for (window, sum) in WINDOWS.iter().zip(&mut self.sums) {
            let left = self.ring[(second - *window).0.rem_euclid(RING) as usize];
            sum.0 = sum.0 + u64::from(new.0) - u64::from(left.0);
            sum.1 = sum.1 + u64::from(new.1) - u64::from(left.1);
        }
        self.ring[second.0.rem_euclid(RING) as usize] = new;
    }

    fn late(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        if second > closed || second <= closed - Span(RING) {
            return;
        }
        let slot = &mut self.ring[second.0.rem_euclid(RING) as usize];
        let counters = self.source.counters(bucket);
        let hits = counters.hits.min(u64::from(u32::MAX - slot.0));
        let errors = counters.status[5].min(hits);
        // Both fit: there is room for the hits, and errors are hits.
        *slot = (slot.0 + hits as u32, slot.1 + errors as u32);
        for (window, sum) in WINDOWS.iter().zip(&mut self.sums) {
            if second > closed - *window {
                *sum = (sum.0 + hits, sum.1 + errors);
            }
        }
    }

    fn level(&self) -> Level {
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
    fn shortfall(&self, _: u64) -> Option<Shortfall> {
        if self.level() != Level::Clear {
            return None;
        }
        let burning = PAIRS
            .into_iter()
            .find(|pair| self.burns(*pair) != Level::Clear);
        burning.map(|(_, short, _)| Shortfall {
            hits: self.sum(short).0,
            min: self.min,
        })
    }

    fn figure(&self) -> Figure {
        let (long, _, rate) = self.speaking();
        Figure {
            hits: self.sum(long).0,
            value: self.burn(long),
            threshold: rate as f64 / 10.0,
            window: long,
            below: false,
        }
    }

    fn detail(&self) -> Option<String> {
        let (long, short, _) = self.speaking();
        Some(format!(
            "the error budget burns at {:.1}x over {long} and {:.1}x over {short}",
            self.burn(long),
            self.burn(short)
        ))
    }

    fn next_change(&self, from: Second, _: Level) -> Option<Second> {
        let mut next = None;
        for (window, sum) in WINDOWS.iter().zip(self.sums) {
            if sum.0 > 0 {
                // Not further than a shorter window has something to leave: there are three days of them.
                let within = next.map_or(*window, |next: Second| (next - from).min(*window));
                next = self
                    .next_hits(from - *window, within)
                    .map(|second| second + *window)
                    .or(next);
            }
        }
        next
    }

    fn look_back(&self) -> Span {
        WINDOWS[4]
    }

    fn window(&self) -> Span {
        // What changed is asked of the short window of the fastest pair.
        PAIRS[0].1
    }
}
