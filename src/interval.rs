//! How often reports are written: every so many seconds, or by the calendar.

use std::fmt;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::time::{Second, Span, Zone};

/// The longest interval.
const YEAR: Span = Span(366 * 86_400);
/// So many weeks, or months, are a year at the most.
const MOST_WEEKS: i64 = 52;
const MOST_MONTHS: i64 = 12;

/// The time between two reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// So long, from midnight of 1970-01-01 on.
    Every(Span),
    /// So many weeks, which begin with a Monday.
    Weeks(i64),
    /// So many months; three of them are the quarters of a year.
    Months(i64),
}

impl Interval {
    /// Reads `10s`, `1h30m`, `1w` or `1mo`.
    ///
    /// # Errors
    ///
    /// What is wrong with the text, for a sentence that names the option.
    pub fn parse(text: &str) -> Result<Interval, String> {
        let counted = |unit: &str, most: i64| {
            let digits = text.strip_suffix(unit)?;
            let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| match digits.parse() {
                Ok(0) => Err(format!("'{text}' is too short; at least 1{unit}")),
                Ok(count) if count <= most => Ok(count),
                _ => Err(format!("'{text}' is too long; at most {most}{unit}")),
            })
        };
        if let Some(weeks) = counted("w", MOST_WEEKS) {
            return weeks.map(Interval::Weeks);
        }
        if let Some(months) = counted("mo", MOST_MONTHS) {
            return months.map(Interval::Months);
        }
        let span = Span::parse(text)?;
        if span < Span::SECOND {
            return Err(format!("'{text}' is too short; at least {}", Span::SECOND));
        }
        if span > YEAR {
            return Err(format!("'{text}' is too long; at most {YEAR}"));
        }
        Ok(Interval::Every(span))
    }

    /// How long one is, at the most and but for an hour of a clock that was changed.
    pub fn longest(self) -> Span {
        match self {
            Interval::Every(span) => span,
            Interval::Weeks(weeks) => Span(weeks * 7 * 86_400),
            Interval::Months(months) => Span(months * 31 * 86_400),
        }
    }

    /// The one that holds `second`, by the clock of a zone: `[from, to)`.
    pub fn window(self, second: Second, zone: &Zone) -> (Second, Second) {
        let dates = || {
            let date = zone.date_of(second)?;
            let (from, to) = self.dates(date)?;
            let midnight = |date| zone.second_of(date, 0);
            Some((midnight(from)?, midnight(to)?))
        };
        match self {
            Interval::Every(span) => zone.window(second, span),
            // The calendar ends in the year 9999.
            _ => dates().unwrap_or_else(|| zone.window(second, self.longest())),
        }
    }

    /// The first day of the interval that holds a day, and the first after it.
    fn dates(self, date: Date) -> Option<(Date, Date)> {
        match self {
            Interval::Every(_) => None,
            Interval::Weeks(weeks) => {
                // The first Monday of 1970, and of the calendar's weeks.
                let first = jiff::civil::date(1970, 1, 5);
                let days = first.until(date).ok()?.get_days();
                let into = i64::from(days).rem_euclid(weeks * 7);
                let from = date.checked_sub(into.days()).ok()?;
                Some((from, from.checked_add(weeks.weeks()).ok()?))
            }
            Interval::Months(months) => {
                let into =
                    (i64::from(date.year()) * 12 + i64::from(date.month()) - 1).rem_euclid(months);
                let from = date.first_of_month().checked_sub(into.months()).ok()?;
                Some((from, from.checked_add(months.months()).ok()?))
            }
        }
    }
}

/// As [`Interval::parse`] reads it.
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Interval::Every(span) => span.fmt(f),
            Interval::Weeks(weeks) => write!(f, "{weeks}w"),
            Interval::Months(months) => write!(f, "{months}mo"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_read_as_they_are_shown() {
        for text in ["10s", "1h30m", "1w", "2w", "52w", "1mo", "3mo", "12mo"] {
            let shown = Interval::parse(text).map(|interval| interval.to_string());
            assert_eq!(shown.as_deref(), Ok(text));
        }
        for bad in [
            "",
            "0s",
            "0w",
            "53w",
            "0mo",
            "13mo",
            "1.5w",
            "-1w",
            "w",
            "mo",
            "1w1d",
            "1y",
            "367d",
            "99999999999999999999w",
        ] {
            assert!(Interval::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let berlin = Zone::parse("Europe/Berlin").expect("it is known");
        // 2026-11-20T23:30:00Z, a Friday; in Berlin it is Saturday.
        let friday = Second(1_795_217_400);
        for (text, second, zone, from, to) in [
            (
                "1w",
                friday,
                &Zone::UTC,
                "2026-11-16T00:00:00Z",
                "2026-11-23T00:00:00Z",
            ),
            (
                "1mo",
                friday,
                &berlin,
                "2026-11-01T00:00:00+01:00",
                "2026-12-01T00:00:00+01:00",
            ),
            (
                "3mo",
                friday,
                &berlin,
                "2026-10-01T00:00:00+02:00",
                "2027-01-01T00:00:00+01:00",
            ),
            (
                "12mo",
                friday,
                &Zone::UTC,
                "2026-01-01T00:00:00Z",
                "2027-01-01T00:00:00Z",
            ),
            (
                "1w",
                Second(0),
                &Zone::UTC,
                "1969-12-29T00:00:00Z",
                "1970-01-05T00:00:00Z",
            ),
        ] {
            let interval = Interval::parse(text).expect(text);
            let window = interval.window(second, zone);
            let shown = [window.0, window.1].map(|edge| zone.show(edge));
            assert_eq!(shown, [from, to], "{text}");
            assert!(window.0 <= second && second < window.1);
            // Its edges belong to it and to the next.
            assert_eq!(interval.window(window.0, zone), window);
            assert_eq!(interval.window(window.1, zone).0, window.1);
        }
        for second in [i64::MIN / 2, i64::MAX / 2, 253_402_300_799] {
            for interval in [Interval::Weeks(1), Interval::Months(1)] {
                let (from, to) = interval.window(Second(second), &Zone::UTC);
                assert!(from.0 <= second && second < to.0);
            }
        }
    }
}
