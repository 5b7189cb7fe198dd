//! High traffic: more hits in the window than a mean rate allows.
//!
//! Hits per second lie in a ring of as many slots as the window has seconds; the sum is kept as
//! seconds enter and leave. The limit is compared exactly, `hits × 10⁹` against the threshold in
//! billionths, never as an average that was rounded.

use super::{Condition, Verdict};
use crate::report::Figure;
use crate::stats::Hit;
use crate::stats::bucket::Counters;
use crate::time::{Second, Span};

/// A mean rate in requests per second, exact to nine decimals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    billionths: u128,
}

impl Threshold {
    /// Ten requests per second.
    pub const DEFAULT: Threshold = Threshold {
        billionths: 10_000_000_000,
    };

    /// Reads a positive decimal number such as `10` or `0.5`.
    pub fn parse(text: &str) -> Result<Threshold, &'static str> {
        const FORM: &str = "expected a number of requests per second such as 10 or 0.5";
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        if text.starts_with('-') {
            return Err("a rate cannot be negative");
        }
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || whole.is_empty() && decimals.is_empty() {
            return Err(FORM);
        }
        if decimals.len() > 9 {
            return Err("at most nine decimals are exact");
        }
        if whole.len() > 12 {
            return Err("this rate is too large");
        }
        let number: u128 = format!("0{whole}{decimals:0<9}")
            .parse()
            .map_err(|_| FORM)?;
        if number == 0 {
            return Err(
                "a threshold of 0 would always be passed; give a rate above it, such as 0.1",
            );
        }
        Ok(Threshold { billionths: number })
    }

    /// The rate.
    pub fn per_second(self) -> f64 {
        self.billionths as f64 / 1e9
    }
}

/// The condition of the default rule.
#[derive(Debug)]
pub struct Traffic {
    threshold: Threshold,
    /// Slot `t mod W` holds the hits of second `t`, for the last `W` closed seconds.
    ring: Vec<u64>,
    hits: u64,
}

impl Traffic {
    /// Fires above `threshold` as the mean over `window`.
    pub fn new(threshold: Threshold, window: Span) -> Traffic {
        Traffic {
            threshold,
            ring: vec![0; window.0 as usize],
            hits: 0,
        }
    }

    fn slot(&mut self, second: Second) -> &mut u64 {
        let index = second.0.rem_euclid(self.ring.len() as i64);
        &mut self.ring[index as usize]
    }
}

impl Condition for Traffic {
    fn close(&mut self, second: Second, counters: &Counters) {
        let hits = counters.hits;
        let slot = self.slot(second);
        let left = std::mem::replace(slot, hits);
        self.hits = self.hits - left + hits;
    }

    fn late(&mut self, hit: &Hit, closed: Second) {
        // Where seconds were left out the ring holds nothing, so it stands for any seconds up to here.
        if hit.time <= closed && hit.time > closed - self.window() {
            *self.slot(hit.time) += 1;
            self.hits += 1;
        }
    }

    fn verdict(&self) -> Verdict {
        let limit = self.threshold.billionths * self.ring.len() as u128;
        match (u128::from(self.hits) * 1_000_000_000).cmp(&limit) {
            std::cmp::Ordering::Greater => Verdict::Beyond,
            std::cmp::Ordering::Equal => Verdict::Equal,
            std::cmp::Ordering::Less => Verdict::Back,
        }
    }

    fn figure(&self) -> Figure {
        Figure {
            hits: self.hits,
            value: self.hits as f64 / self.ring.len() as f64,
            threshold: self.threshold.per_second(),
            window: self.window(),
        }
    }

    fn is_still(&self) -> bool {
        self.hits == 0
    }

    fn window(&self) -> Span {
        Span(self.ring.len() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_exact_decimals() {
        assert_eq!(Threshold::parse("10"), Ok(Threshold::DEFAULT));
        assert_eq!(
            Threshold::parse("0.1").map(|t| t.billionths),
            Ok(100_000_000)
        );
        assert_eq!(Threshold::parse(".5").map(Threshold::per_second), Ok(0.5));
        for text in [
            "",
            ".",
            "-1",
            "0",
            "0.0",
            "1e3",
            "inf",
            "NaN",
            "1,5",
            "0.1234567890",
            "9999999999999",
            "+1",
        ] {
            assert!(Threshold::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_tenth_per_second_over_three_seconds_is_no_rounded_number() {
        // 0.1 × 3 is not 0.3 in binary; 3 hits in 30 s are exactly a tenth.
        let mut rule = Traffic::new(Threshold::parse("0.1").unwrap(), Span(30));
        for second in 0..3 {
            rule.close(
                Second(second),
                &Counters {
                    hits: 1,
                    ..Counters::default()
                },
            );
        }
        assert_eq!(rule.verdict(), Verdict::Equal);
    }
}
