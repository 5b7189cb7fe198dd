//! The times below a time line: at whole steps of the clock, and few enough to be read.

use super::super::clock;
use crate::time::{Second, Zone};

/// The most times.
const MOST: i64 = 8;
/// The most times on a narrow screen.
const NARROW: usize = 4;

const DAY: i64 = 86_400;
const WEEK: i64 = 7 * DAY;
/// The steps up to a week, in seconds.
const STEPS: [i64; 20] = [
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10_800,
    21_600,
    43_200,
    DAY,
    2 * DAY,
    WEEK,
];
/// The longer steps, in months.
const MONTHS: [i64; 10] = [1, 3, 6, 12, 24, 60, 120, 240, 600, 1200];

/// A time and its label.
pub(super) struct Label {
    pub(super) at: Second,
    pub(super) text: String,
    /// Whether a narrow screen shows it too.
    pub(super) narrow: bool,
}

/// The times from `from` to `to`.
pub(super) fn ticks(zone: &Zone, from: Second, to: Second) -> Vec<Second> {
    let length = (to - from).0;
    let mut ticks: Vec<Second> = match STEPS.into_iter().find(|step| length / step <= MOST) {
        Some(step) => {
            // The first of January 1970 was a Thursday; weeks begin on Monday.
            let monday = if step == WEEK { 4 * DAY } else { 0 };
            let shift = i64::from(zone.offset_at(from)) - monday;
            let first = (from.0 + shift).div_euclid(step) * step - shift;
            (first..=to.0).step_by(step as usize).map(Second).collect()
        }
        None => months(zone, from, to),
    };
    ticks.retain(|at| from <= *at);
    ticks
}

/// The first day of every month, or of every few months or years, so that there are few enough, up to `to`.
fn months(zone: &Zone, from: Second, to: Second) -> Vec<Second> {
    let length = (to - from).0 / (28 * DAY);
    let few = |step: &i64| length / step <= MOST + 1;
    let step = MONTHS.into_iter().find(few).unwrap_or(12_000);
    let (date, _) = clock::parts(zone, from);
    let Some(Ok(year)) = date.get(..4).map(str::parse::<i64>) else {
        return Vec::new();
    };
    // It begins in January; for steps of years, in a year that is a multiple of the step.
    let first = year - year.rem_euclid((step / 12).max(1));
    let month = |months: i64| {
        let year = i16::try_from(first + months / 12).ok()?;
        let date = jiff::civil::Date::new(year, (months % 12) as i8 + 1, 1).ok()?;
        zone.second_of(date, 0).filter(|at| *at <= to)
    };
    (0..).map(|i| month(i * step)).map_while(|at| at).collect()
}

/// The times from `from` to `to` with their labels.
pub(super) fn labels(zone: &Zone, from: Second, to: Second) -> Vec<Label> {
    let ticks = ticks(zone, from, to);
    let year = |second| clock::parts(zone, second).0.get(..4).map(str::to_owned);
    let years = year(from) != year(to);
    let seconds = ticks.iter().any(|at| at.0.rem_euclid(60) != 0);
    // With steps of a day or more every label is a date, even where a change of the clocks has moved it.
    let step = ticks.windows(2).map(|two| (two[1] - two[0]).0).min();
    let is_day = |at| step >= Some(DAY - 7200) || clock::parts(zone, at).1 == "00:00:00";
    let text = |at| {
        let (date, time) = clock::parts(zone, at);
        let shown = match (is_day(at), seconds) {
            // With steps of months the day is always the first.
            (true, _) if step > Some(27 * DAY) => date.get(..7),
            (true, _) if years => date.get(..10),
            (true, _) => date.get(5..),
            (false, true) => time.get(..8),
            (false, false) => time.get(..5),
        };
        shown.map(str::to_owned).unwrap_or(time)
    };
    // If there are several dates, a narrow screen shows only these.
    let days = ticks.iter().filter(|at| is_day(**at)).count();
    let candidates = if days < 2 { ticks.len() } else { days };
    let mut left_out = true;
    let mut label = |at: Second| {
        let candidate = days < 2 || is_day(at);
        if candidate {
            left_out = candidates > NARROW && !left_out;
        }
        Label {
            at,
            text: text(at),
            narrow: candidate && !left_out,
        }
    };
    ticks.iter().map(|at| label(*at)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The labels, with those that a narrow screen leaves out in brackets.
    fn shown(zone: &Zone, from: i64, length: i64) -> String {
        let labels = labels(zone, Second(from), Second(from + length));
        let label = |label: &Label| match label.narrow {
            true => label.text.clone(),
            false => format!("({})", label.text),
        };
        labels.iter().map(label).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn times_are_whole_steps_of_the_clock() {
        const MARCH: i64 = 1_709_672_400; // 2024-03-05T21:00:00Z
        let utc = Zone::UTC;
        for (length, labels) in [
            (1, "21:00:00 21:00:01"),
            (300, "21:00 (21:01) 21:02 (21:03) 21:04 (21:05)"),
            (18_000, "21:00 (22:00) 23:00 (03-06) 01:00 (02:00)"),
            (3 * DAY, "03-06 (12:00) 03-07 (12:00) 03-08 (12:00)"),
            (20 * DAY, "03-11 03-18 03-25"),
            (
                500 * DAY,
                "2024-04 (2024-07) 2024-10 (2025-01) 2025-04 (2025-07)",
            ),
            (
                50 * 366 * DAY,
                "2030-01 (2040-01) 2050-01 (2060-01) 2070-01",
            ),
        ] {
            assert_eq!(shown(&utc, MARCH, length), labels, "{length} s");
        }
        let half = Zone::fixed(12_600);
        assert_eq!(
            shown(&half, MARCH, 7200),
            "00:30 (00:45) 01:00 (01:15) 01:30 (01:45) 02:00 (02:15) 02:30"
        );
    }

    #[test]
    fn a_change_of_the_clocks_leaves_days_days() {
        let berlin = Zone::parse("Europe/Berlin").expect("a zone");
        let labels = shown(&berlin, 1_743_030_000, 6 * DAY);
        assert_eq!(labels, "03-27 (03-28) 03-29 (03-30) 03-31 (04-01) 04-02");
    }

    #[test]
    fn no_span_has_too_many_times_or_none() {
        let mut length = 1;
        while length < 8000 * 366 * DAY {
            let count = ticks(&Zone::UTC, Second(-1), Second(length)).len();
            assert!((1..=10).contains(&count), "{length}: {count}");
            length += 1 + length / 7;
        }
        let far = Second(i64::MAX / 4);
        assert!(ticks(&Zone::UTC, far, Second(far.0 + 8000 * 366 * DAY)).is_empty());
    }
}
