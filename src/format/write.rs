//! Values to text, as servers write them: numbers and durations.

use super::unparsed::DurationUnit;

/// The digits of 0 to 99.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < pairs.len() {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

/// Appends a number.
pub fn number(mut number: u64, out: &mut Vec<u8>) {
    if number < 10 {
        return out.push(b'0' + number as u8);
    }
    // Two by two, from the last: the standard library's formatting takes several times as long.
    let mut digits = [0; 20];
    let mut at = digits.len();
    while number >= 10 {
        at -= 2;
        digits[at..at + 2].copy_from_slice(&PAIRS[(number % 100) as usize]);
        number /= 100;
    }
    if number > 0 {
        at -= 1;
        digits[at] = b'0' + number as u8;
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends a duration in a unit, with as many decimals as it needs, or rounded down where it has none.
pub fn duration(us: u64, unit: DurationUnit, out: &mut Vec<u8>) {
    let decimals = |value: u64, width: u32, out: &mut Vec<u8>| {
        out.push(b'.');
        for place in (0..width).rev() {
            out.push(b'0' + (value / 10u64.pow(place) % 10) as u8);
        }
    };
    let whole = us.is_multiple_of(1000);
    match unit {
        DurationUnit::Seconds => {
            number(us / 1_000_000, out);
            if whole {
                decimals(us / 1000, 3, out);
            } else {
                decimals(us, 6, out);
            }
        }
        DurationUnit::WholeSeconds => number(us / 1_000_000, out),
        DurationUnit::Milliseconds | DurationUnit::WholeMilliseconds => {
            number(us / 1000, out);
            if !whole {
                decimals(us, 3, out);
            }
        }
        DurationUnit::Microseconds => number(us, out),
        DurationUnit::Nanoseconds | DurationUnit::WholeNanoseconds => {
            number(us, out);
            out.extend_from_slice(b"000");
        }
        DurationUnit::Written if whole => {
            number(us / 1000, out);
            out.extend_from_slice(b"ms");
        }
        DurationUnit::Written => {
            number(us, out);
            out.extend_from_slice(b"us");
        }
    }
}
