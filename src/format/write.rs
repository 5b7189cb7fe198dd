//! Values to text, as servers write them: numbers and durations.

use super::unparsed::Unit;

/// Appends a number.
pub fn number(mut number: u64, out: &mut Vec<u8>) {
    // From the last digit to the first: the standard library's formatting takes three times as long.
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends a duration in a unit, with as many decimals as it needs, or rounded down where it has none.
pub fn duration(us: u64, unit: Unit, out: &mut Vec<u8>) {
    let decimals = |value: u64, width: u32, out: &mut Vec<u8>| {
        out.push(b'.');
        for place in (0..width).rev() {
            out.push(b'0' + (value / 10u64.pow(place) % 10) as u8);
        }
    };
    let whole = us.is_multiple_of(1000);
    match unit {
        Unit::Seconds => {
            number(us / 1_000_000, out);
            if whole {
                decimals(us / 1000, 3, out);
            } else {
                decimals(us, 6, out);
            }
        }
        Unit::WholeSeconds => number(us / 1_000_000, out),
        Unit::Milliseconds | Unit::WholeMilliseconds => {
            number(us / 1000, out);
            if !whole {
                decimals(us, 3, out);
            }
        }
        Unit::Microseconds => number(us, out),
        Unit::Nanoseconds | Unit::WholeNanoseconds => {
            number(us, out);
            out.extend_from_slice(b"000");
        }
        Unit::Written if whole => {
            number(us / 1000, out);
            out.extend_from_slice(b"ms");
        }
        Unit::Written => {
            number(us, out);
            out.extend_from_slice(b"us");
        }
    }
}
