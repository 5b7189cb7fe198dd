//! The numbers that rules hold a measure against, exactly.

use std::cmp::Ordering;
use std::fmt;

use crate::quantity::Unit;
use crate::time::Span;

/// A number of the user's, exact to nine decimals, in a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    /// In billionths; of a share, billionths of 1.
    pub billionths: u128,
    /// Its unit.
    pub unit: Unit,
}

impl Threshold {
    /// Reads `300`, `1/s`, `5%`, `50MB/s`, `800ms`, `2m`; what a bare number means depends on the
    /// measure.
    pub fn parse(text: &str) -> Option<Threshold> {
        let digits = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, suffix) = text.split_at(digits);
        let billionths = decimal(number)?;
        let (scale, unit) = match suffix {
            "" => (1, Unit::Count),
            "/s" => (1, Unit::PerSecond),
            "%" => {
                return Some(Threshold {
                    billionths: billionths / 100,
                    unit: Unit::Share,
                });
            }
            "B" => (1, Unit::Bytes),
            "kB" => (1000, Unit::Bytes),
            "MB" => (1_000_000, Unit::Bytes),
            "GB" => (1_000_000_000, Unit::Bytes),
            "B/s" => (1, Unit::BytesPerSecond),
            "kB/s" => (1000, Unit::BytesPerSecond),
            "MB/s" => (1_000_000, Unit::BytesPerSecond),
            "GB/s" => (1_000_000_000, Unit::BytesPerSecond),
            "x" => (1, Unit::Times),
            "ms" => (1, Unit::Milliseconds),
            "s" => (1, Unit::Seconds),
            "m" => (60, Unit::Seconds),
            "h" => (3600, Unit::Seconds),
            "d" => (86_400, Unit::Seconds),
            _ => return None,
        };
        Some(Threshold {
            billionths: billionths * scale,
            unit,
        })
    }

    /// How a count over `window`, out of `whole`, compares with it: exactly.
    pub(super) fn order(self, counted: u128, window: Span, whole: u128) -> Ordering {
        let billions = counted * 1_000_000_000;
        match self.unit {
            Unit::PerSecond | Unit::BytesPerSecond => {
                billions.cmp(&(self.billionths * window.0 as u128))
            }
            Unit::Share => billions.cmp(&(self.billionths * whole)),
            _ => billions.cmp(&self.billionths),
        }
    }

    /// A count over `window`, out of `whole`, in its unit, for people.
    pub(super) fn in_unit(self, counted: u128, window: Span, whole: u128) -> f64 {
        match self.unit {
            Unit::PerSecond | Unit::BytesPerSecond => float(counted) / window.0 as f64,
            Unit::Share => float(counted) / float(whole).max(1.0),
            _ => float(counted),
        }
    }

    /// A duration in whole microseconds, what is left over cut off.
    pub(super) fn microseconds(self) -> Option<u64> {
        let scale = match self.unit {
            Unit::Milliseconds => 1000,
            Unit::Seconds => 1_000_000,
            _ => return None,
        };
        u64::try_from(self.billionths * scale / 1_000_000_000).ok()
    }

    /// The number in its unit, for people.
    pub fn value(self) -> f64 {
        float(self.billionths) / 1e9
    }
}

/// A count as a number of its unit.
fn float(count: u128) -> f64 {
    // Most are small. A conversion of others is so long that it must not be made beforehand, as compilers do.
    #[inline(never)]
    fn great(count: u128) -> f64 {
        count as f64
    }
    u64::try_from(count).map_or_else(|_| great(count), |count| count as f64)
}

/// As a rule has it: `10/s`, `5%`, `64MB/s`, `2m`. [`Threshold::parse`] reads all but times of several units, which are
/// [`Span`]s.
impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.billionths.is_multiple_of(1_000_000_000);
        let (billionths, unit) = match self.unit {
            Unit::Count => (self.billionths, ""),
            Unit::PerSecond => (self.billionths, "/s"),
            Unit::Share => (self.billionths * 100, "%"),
            Unit::Bytes | Unit::BytesPerSecond => {
                let (scale, unit) = match self.billionths / 1_000_000_000 {
                    0..1_000 => (1, "B"),
                    1_000..1_000_000 => (1_000, "kB"),
                    1_000_000..1_000_000_000 => (1_000_000, "MB"),
                    _ => (1_000_000_000, "GB"),
                };
                (self.billionths / scale, unit)
            }
            Unit::Milliseconds => (self.billionths, "ms"),
            Unit::Seconds if whole => {
                let seconds = i64::try_from(self.billionths / 1_000_000_000).unwrap_or(i64::MAX);
                return write!(f, "{}", Span(seconds));
            }
            Unit::Seconds => (self.billionths, "s"),
            Unit::Times => (self.billionths, "x"),
        };
        write!(f, "{}", billionths / 1_000_000_000)?;
        let decimals = format!("{:09}", billionths % 1_000_000_000);
        match decimals.trim_end_matches('0') {
            "" => {}
            decimals => write!(f, ".{decimals}")?,
        }
        f.write_str(unit)?;
        match self.unit {
            Unit::BytesPerSecond => f.write_str("/s"),
            _ => Ok(()),
        }
    }
}

/// `10`, `0.5`, `.25` in billionths; at most twelve digits and nine decimals.
pub fn decimal(text: &str) -> Option<u128> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole)
        || !digits(decimals)
        || text.is_empty()
        || text == "."
        || whole.len() > 12
        || decimals.len() > 9
    {
        return None;
    }
    format!("0{whole}{decimals:0<9}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_keep_every_decimal() {
        for (text, billionths, unit) in [
            ("300", 300_000_000_000, Unit::Count),
            ("0.1/s", 100_000_000, Unit::PerSecond),
            ("5%", 50_000_000, Unit::Share),
            ("99.9%", 999_000_000, Unit::Share),
            ("50MB/s", 50_000_000_000_000_000, Unit::BytesPerSecond),
            ("800ms", 800_000_000_000, Unit::Milliseconds),
            ("2m", 120_000_000_000, Unit::Seconds),
        ] {
            assert_eq!(
                Threshold::parse(text),
                Some(Threshold { billionths, unit }),
                "{text}"
            );
            assert_eq!(Threshold { billionths, unit }.to_string(), text);
        }
        for text in [
            "",
            "x",
            "-1",
            "1.2.3",
            "5 %",
            "1/m",
            "1e3",
            "1kb",
            ".",
            "1234567890123",
        ] {
            assert_eq!(Threshold::parse(text), None, "{text}");
        }
    }
}
