//! Numbers as people read them.

use crate::alert::measure::Unit;
use crate::time::Span;

/// `950 B`, `18.3 MB`: decimal units, one decimal.
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if number < 1000 {
        return format!("{number} B");
    }
    let mut value = number as f64 / 1000.0;
    let mut unit = 0;
    // What would round to 1000.0 is 1.0 of the next unit.
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// `0.03/s`, `10.50/s`, `128.4/s`.
pub fn rate(per_second: f64) -> String {
    if per_second >= 100.0 {
        format!("{per_second:.1}/s")
    } else {
        format!("{per_second:.2}/s")
    }
}

/// A number in the unit of a rule: `10.50/s`, `7.2%`, `300`, `51.2 MB/s`, `812 ms`, `2m1s`.
pub fn figure(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Count => format!("{value}"),
        Unit::PerSecond => rate(value),
        Unit::Share => format!("{:.1}%", value * 100.0),
        Unit::Bytes => bytes(value as u64),
        Unit::BytesPerSecond => format!("{}/s", bytes(value as u64)),
        Unit::Milliseconds => milliseconds(value),
        Unit::Seconds => Span(value as i64).to_string(),
        Unit::Times => format!("{value:.1}x"),
    }
}

/// A threshold in the unit of a rule, with all its decimals: `10/s`, `5%`, `800 ms`.
pub fn threshold(value: f64, unit: Unit) -> String {
    match unit {
        Unit::PerSecond => format!("{value}/s"),
        // A share is billionths of 1: two digits less than its percents have.
        Unit::Share => format!("{}%", (value * 1e9).round() / 1e7),
        Unit::Milliseconds => format!("{value} ms"),
        unit => figure(value, unit),
    }
}

/// `0.250 ms`, `12.5 ms`, `310 ms`, `2.50 s`.
pub fn milliseconds(ms: f64) -> String {
    match ms {
        ..1.0 => format!("{ms:.3} ms"),
        1.0..99.95 => format!("{ms:.1} ms"),
        99.95..999.5 => format!("{ms:.0} ms"),
        _ => format!("{:.2} s", ms / 1000.0),
    }
}

/// A share as a whole percentage, `<1%` where there is a little, `>99%` where a little is missing.
pub fn percent(part: u64, whole: u64) -> String {
    let share = share(part, whole);
    if part > 0 && share < 0.5 {
        "<1%".to_owned()
    } else if part < whole && share >= 99.5 {
        ">99%".to_owned()
    } else {
        format!("{share:.0}%")
    }
}

/// A share in percent.
pub fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        100.0 * part as f64 / whole as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_unit() {
        assert_eq!(
            [0, 999, 1000, 18_300_000, 999_950_000].map(bytes),
            ["0 B", "999 B", "1.0 kB", "18.3 MB", "1.0 GB"]
        );
        assert_eq!(bytes(u64::MAX), "18.4 EB");
        assert_eq!(
            [0.0, 0.05, 10.5, 99.99, 128.44].map(rate),
            ["0.00/s", "0.05/s", "10.50/s", "99.99/s", "128.4/s"]
        );
        assert_eq!(
            [0.0, 0.25, 12.54, 310.2, 999.6, 2500.0].map(milliseconds),
            [
                "0.000 ms", "0.250 ms", "12.5 ms", "310 ms", "1.00 s", "2.50 s"
            ]
        );
        assert_eq!(percent(0, 10), "0%");
        assert_eq!(percent(1, 1000), "<1%");
        assert_eq!(percent(63, 100), "63%");
        assert_eq!(percent(994, 1000), "99%");
        assert_eq!(percent(999, 1000), ">99%");
        assert_eq!(percent(1000, 1000), "100%");
        assert_eq!(percent(1, 0), "<1%");
    }
}
