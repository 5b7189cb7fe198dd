//! Numbers as people read them, appended or as a text of their own.

use super::digits;
use crate::quantity::Unit;
use crate::time::Span;

/// Appends `950 B`, `18.3 MB`: decimal units, one decimal; `>18.4 EB` for a sum that could not be added up further.
pub fn push_bytes(number: u64, out: &mut Vec<u8>) {
    const UNITS: [&str; 6] = [" kB", " MB", " GB", " TB", " PB", " EB"];
    if number < 1000 {
        digits::whole(number, out);
        return out.extend_from_slice(b" B");
    }
    if number == u64::MAX {
        out.push(b'>');
    }
    let mut value = number as f64 / 1000.0;
    let mut unit = 0;
    // A value that would round to 1000.0 is 1.0 of the next unit.
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    push_fixed(value, 1, UNITS[unit], out);
}

/// Appends `0.03/s`, `10.50/s`, `128.4/s`.
pub fn push_rate(per_second: f64, out: &mut Vec<u8>) {
    let decimals = if per_second >= 100.0 { 1 } else { 2 };
    push_fixed(per_second, decimals, "/s", out);
}

/// Appends a number in the unit of a rule: `10.50/s`, `7.2%`, `300`, `51.2 MB/s`, `812 ms`, `2m1s`.
pub fn push_figure(value: f64, unit: Unit, out: &mut Vec<u8>) {
    match unit {
        Unit::Count => digits::shortest(value, out),
        Unit::PerSecond => push_rate(value, out),
        Unit::Share => push_fixed(value * 100.0, 1, "%", out),
        Unit::Bytes => push_bytes(value as u64, out),
        Unit::BytesPerSecond => {
            push_bytes(value as u64, out);
            out.extend_from_slice(b"/s");
        }
        Unit::Milliseconds => push_milliseconds(value, out),
        Unit::Seconds => push_span(Span(value as i64), out),
        Unit::Times => push_fixed(value, 1, "x", out),
    }
}

/// Appends a threshold in the unit of a rule, with all its decimals: `10/s`, `5%`, `800 ms`.
pub fn push_threshold(value: f64, unit: Unit, out: &mut Vec<u8>) {
    let (value, name) = match unit {
        Unit::PerSecond => (value, "/s"),
        // A share is in billionths of 1, so in percent it has two decimals fewer.
        Unit::Share => ((value * 1e9).round() / 1e7, "%"),
        Unit::Milliseconds => (value, " ms"),
        unit => return push_figure(value, unit, out),
    };
    digits::shortest(value, out);
    out.extend_from_slice(name.as_bytes());
}

/// Appends `0.250 ms`, `12.5 ms`, `310 ms`, `2.50 s`; `<1 ms` where it is less than the log can say.
pub fn push_milliseconds(ms: f64, out: &mut Vec<u8>) {
    match ms {
        0.0 => out.extend_from_slice(b"<1 ms"),
        ..1.0 => push_fixed(ms, 3, " ms", out),
        1.0..99.95 => push_fixed(ms, 1, " ms", out),
        99.95..999.5 => push_fixed(ms, 0, " ms", out),
        _ => push_fixed(ms / 1000.0, 2, " s", out),
    }
}

/// Appends a share as a whole percentage; `<1%` where a little would be shown as nothing, `>99%` where
/// nearly all would be shown as all.
pub fn push_percent(part: u64, whole: u64, out: &mut Vec<u8>) {
    let share = share(part, whole);
    // A half would be rounded to 0.
    if part > 0 && share <= 0.5 {
        out.extend_from_slice(b"<1%");
    } else if part < whole && share >= 99.5 {
        out.extend_from_slice(b">99%");
    } else {
        push_fixed(share, 0, "%", out);
    }
}

/// Appends a share with one decimal; `<0.1%` and `>99.9%` where a little would be shown as nothing or as all.
pub fn push_fine_percent(part: u64, whole: u64, out: &mut Vec<u8>) {
    let share = share(part, whole);
    // A half would be rounded to 0.
    if part > 0 && share <= 0.05 {
        out.extend_from_slice(b"<0.1%");
    } else if part < whole && share >= 99.95 {
        out.extend_from_slice(b">99.9%");
    } else {
        push_fixed(share, 1, "%", out);
    }
}

/// Appends `45s`, `2m`, `1h30m`: what [`Span`] displays as.
pub fn push_span(span: Span, out: &mut Vec<u8>) {
    let mut left = span.0.max(0).unsigned_abs();
    if left == 0 {
        return out.extend_from_slice(b"0s");
    }
    for (unit, name) in [(86_400, b'd'), (3600, b'h'), (60, b'm'), (1, b's')] {
        if left >= unit {
            digits::whole(left / unit, out);
            out.push(name);
            left %= unit;
        }
    }
}

fn push_fixed(value: f64, decimals: usize, unit: &str, out: &mut Vec<u8>) {
    digits::fixed(value, decimals, out);
    out.extend_from_slice(unit.as_bytes());
}

/// What is appended, as a text of its own, where an allocation does not matter.
fn text(append: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    append(&mut out);
    String::from_utf8(out).expect("ASCII")
}

/// What [`push_bytes`] appends.
pub fn bytes(number: u64) -> String {
    text(|out| push_bytes(number, out))
}

/// What [`push_rate`] appends.
pub fn rate(per_second: f64) -> String {
    text(|out| push_rate(per_second, out))
}

/// What [`push_figure`] appends.
pub fn figure(value: f64, unit: Unit) -> String {
    text(|out| push_figure(value, unit, out))
}

/// What [`push_threshold`] appends.
pub fn threshold(value: f64, unit: Unit) -> String {
    text(|out| push_threshold(value, unit, out))
}

/// What [`push_milliseconds`] appends.
pub fn milliseconds(ms: f64) -> String {
    text(|out| push_milliseconds(ms, out))
}

/// What [`push_percent`] appends.
pub fn percent(part: u64, whole: u64) -> String {
    text(|out| push_percent(part, whole, out))
}

/// What [`push_fine_percent`] appends.
pub fn fine_percent(part: u64, whole: u64) -> String {
    text(|out| push_fine_percent(part, whole, out))
}

/// `1,284,310`
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A share in percent.
pub fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        100.0 * part as f64 / whole as f64
    }
}

/// What is before a number that may be off by `error`.
pub fn about(error: u64) -> &'static str {
    if error > 0 { "about " } else { "" }
}

/// By how much hits are more or less, where the time now is `scale` times as long: `+103%`, `new`, `gone`; nothing where
/// nothing was at either time.
pub(super) fn change([before, now]: [u64; 2], scale: f64) -> String {
    match (before, now) {
        (0, 0) => String::new(),
        (0, _) => "new".to_owned(),
        (_, 0) => "gone".to_owned(),
        _ => {
            let change = (now as f64 / (before as f64 * scale) - 1.0) * 100.0;
            format!("{change:+.0}%")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn spans_are_written_as_they_display(seconds: i64, days in 0i64..3, hours in 0i64..3, left in 0i64..70) {
            for seconds in [seconds, days * 86_400 + hours * 3600 + left] {
                prop_assert_eq!(text(|out| push_span(Span(seconds), out)), Span(seconds).to_string());
            }
        }
    }

    #[test]
    fn numbers_have_their_unit() {
        assert_eq!(
            [0, 999, 1000, 18_300_000, 999_950_000, u64::MAX].map(bytes),
            ["0 B", "999 B", "1.0 kB", "18.3 MB", "1.0 GB", ">18.4 EB"]
        );
        assert_eq!(bytes(u64::MAX), ">18.4 EB");
        assert_eq!(
            [0.0, 0.05, 10.5, 99.99, 128.44].map(rate),
            ["0.00/s", "0.05/s", "10.50/s", "99.99/s", "128.4/s"]
        );
        assert_eq!(
            [0.0, 0.25, 12.54, 310.2, 999.6, 2500.0].map(milliseconds),
            ["<1 ms", "0.250 ms", "12.5 ms", "310 ms", "1.00 s", "2.50 s"]
        );
    }

    #[test]
    fn a_little_is_not_nothing_and_nearly_all_is_not_all() {
        for (part, whole, shown) in [
            (0, 10, "0%"),
            (1, u64::MAX, "<1%"),
            (4, 1000, "<1%"),
            (5, 1000, "<1%"),
            (6, 1000, "1%"),
            (63, 100, "63%"),
            (994, 1000, "99%"),
            (995, 1000, ">99%"),
            (999_999, 1_000_000, ">99%"),
            (1000, 1000, "100%"),
            (1, 0, "<1%"),
        ] {
            assert_eq!(percent(part, whole), shown, "{part} of {whole}");
        }
    }

    #[test]
    fn long_numbers_are_grouped() {
        let shown = [0, 999, 1000, 1_284_310, u64::MAX].map(grouped);
        let last = "18,446,744,073,709,551,615";
        assert_eq!(shown, ["0", "999", "1,000", "1,284,310", last]);
    }
}
