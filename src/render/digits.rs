//! Numbers as decimal digits: the same bytes as [`std::fmt`] writes, without its cost.
//!
//! A report is mostly numbers, and on a quiet log there is a report for every few lines. A float with few decimals
//! needs no search for its digits: it is `mantissa × 2^exponent`, so `10^decimals` times it, rounded, is one
//! multiplication and one shift.

use std::io::Write;

/// The digits of each number below 100, two for each.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + number as u8 / 10, b'0' + number as u8 % 10];
        number += 1;
    }
    pairs
};

/// Ten to the power of each number of decimals.
const SCALES: [u64; 4] = [1, 10, 100, 1000];

/// Appends `number`, as `{}` does.
#[inline]
pub fn whole(number: u64, out: &mut Vec<u8>) {
    if number < 10 {
        out.push(b'0' + number as u8);
    } else if number < 100 {
        out.extend_from_slice(&PAIRS[number as usize]);
    } else {
        long(number, out);
    }
}

/// The same from three digits on: apart, so that few registers are saved for the shorter ones.
#[inline(never)]
fn long(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    while number >= 100 {
        first -= 2;
        digits[first..first + 2].copy_from_slice(&PAIRS[(number % 100) as usize]);
        number /= 100;
    }
    let pair = PAIRS[number as usize];
    first -= 1;
    digits[first] = pair[1];
    if number >= 10 {
        first -= 1;
        digits[first] = pair[0];
    }
    out.extend_from_slice(&digits[first..]);
}

/// Appends `value` with 0 to 3 decimals, as `{:.1}` does: the nearest decimal to the exact value of the float, and
/// of two equally near ones the even one.
pub fn fixed(value: f64, decimals: usize, out: &mut Vec<u8>) {
    assert!(decimals <= 3, "more decimals would not fit below");
    let bits = value.to_bits();
    // For 0 and subnormal floats this is wrong, but not by so much that three decimals show it.
    let mantissa = bits & ((1 << 52) - 1) | 1 << 52;
    let exponent = (bits >> 52) as i32 - 1075;
    if exponent >= 0 {
        // 2^52 and more, not a number, or negative: the sign is the first bit.
        write!(out, "{value:.decimals$}").expect("a vector takes every write");
        return;
    }
    // Below 2^63, so a shift by 64 or more leaves less than one half.
    let scaled = mantissa * SCALES[decimals];
    let shift = exponent.unsigned_abs();
    let rounded = if shift < 64 {
        let (down, rest, half) = (
            scaled >> shift,
            scaled & ((1 << shift) - 1),
            1 << (shift - 1),
        );
        down + u64::from(rest > half || rest == half && down % 2 == 1)
    } else {
        0
    };
    with_point(rounded, decimals, out);
}

/// Appends `value` with as few decimals as read back as the same float, as `{}` does.
pub fn shortest(value: f64, out: &mut Vec<u8>) {
    // No two decimals of at most 15 digits are the same float, so a few lengths can be tried.
    if (0.0..1e12).contains(&value) && value.is_sign_positive() {
        for (decimals, scale) in SCALES.into_iter().enumerate() {
            let scaled = (value * scale as f64).round();
            if scaled / scale as f64 == value {
                return with_point(scaled as u64, decimals, out);
            }
        }
    }
    write!(out, "{value}").expect("a vector takes every write");
}

/// Appends `number / 10^decimals`, of which there are at most three. Each is divided by a constant.
fn with_point(number: u64, decimals: usize, out: &mut Vec<u8>) {
    let digit = |digit: u64| b'0' + digit as u8;
    let [tens, ones] = PAIRS[(number % 100) as usize];
    match decimals {
        0 => whole(number, out),
        1 => {
            whole(number / 10, out);
            out.extend_from_slice(&[b'.', ones]);
        }
        2 => {
            whole(number / 100, out);
            out.extend_from_slice(&[b'.', tens, ones]);
        }
        _ => {
            whole(number / 1000, out);
            out.extend_from_slice(&[b'.', digit(number / 100 % 10), tens, ones]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("digits")
    }

    fn check(value: f64) {
        for decimals in 0..=3 {
            assert_eq!(
                text(|out| fixed(value, decimals, out)),
                format!("{value:.decimals$}"),
                "{value:e}"
            );
        }
        assert_eq!(
            text(|out| shortest(value, out)),
            format!("{value}"),
            "{value:e}"
        );
    }

    /// A float and its neighbours, where rounding turns.
    fn check_around(value: f64) {
        for value in [value.next_down(), value, value.next_up()] {
            check(value);
        }
    }

    #[test]
    fn floats_at_the_edges_are_written_as_the_library_writes_them() {
        let edges = [
            0.0,
            -0.0,
            f64::MIN_POSITIVE,
            5e-324,
            1.0,
            9.5,
            9.95,
            99.95,
            999.5,
            999.95,
            1e12,
            4_503_599_627_370_496.0,
            9_007_199_254_740_992.0,
            1e16,
            1e21,
            f64::MAX,
            -1.25,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
        ];
        edges.into_iter().for_each(check_around);
        // 2^-exponent is below, at and above the width of a word.
        (0..1100).for_each(|exponent| check_around(0.5f64.powi(exponent)));
    }

    #[test]
    fn floats_between_two_decimals_go_to_the_even_one() {
        assert_eq!(text(|out| fixed(0.25, 1, out)), "0.2");
        assert_eq!(text(|out| fixed(0.75, 1, out)), "0.8");
        assert_eq!(text(|out| fixed(2.5, 0, out)), "2");
        for sixteenths in 0..200_000 {
            check(f64::from(sixteenths) / 16.0);
        }
    }

    proptest! {
        #[test]
        fn whole_numbers_are_written_as_the_library_writes_them(number: u64, shift in 0u32..64) {
            let number = number >> shift;
            prop_assert_eq!(text(|out| whole(number, out)), number.to_string());
        }

        #[test]
        fn any_float_is_written_as_the_library_writes_it(bits: u64) {
            check(f64::from_bits(bits));
        }

        #[test]
        fn floats_of_usual_size_are_written_as_the_library_writes_them(value in 0.0..1e7, small in 0.0..2.0) {
            check(value);
            check(small);
        }

        #[test]
        fn rates_and_shares_are_written_as_the_library_writes_them(
            part in 0u64..2_000_000,
            whole in 1u64..100_000,
        ) {
            check_around(part as f64 / whole as f64);
            check_around(100.0 * part as f64 / (part + whole) as f64);
            // Decimals as in a text; most of them have no exact float.
            check_around(part as f64 / 1000.0);
            check_around((2 * part + 1) as f64 / 200.0);
        }
    }
}
