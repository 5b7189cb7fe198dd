//! The elements that timestamps are made of, one small function each.
//!
//! Each takes its element from the front of `rest`. `Why::Missing` means that it is not there.

use jiff::civil::Date;

use super::super::unparsed::Why;
use crate::time::Zone;

pub(super) fn byte(rest: &mut &[u8], want: u8) -> Result<(), Why> {
    match rest {
        [first, tail @ ..] if *first == want => {
            *rest = tail;
            Ok(())
        }
        _ => Err(Why::Missing),
    }
}

pub(super) fn digits(rest: &mut &[u8], count: usize) -> Result<i64, Why> {
    let text = rest.get(..count).ok_or(Why::Missing)?;
    let mut number = 0;
    for &b in text {
        if !b.is_ascii_digit() {
            return Err(Why::Missing);
        }
        number = number * 10 + i64::from(b - b'0');
    }
    *rest = &rest[count..];
    Ok(number)
}

/// `13:55:36` as seconds of the day; `Ok(None)` where such a time does not exist.
pub(super) fn clock(rest: &mut &[u8]) -> Result<Option<i64>, Why> {
    // In a log with few lines a second each has another clock: all eight bytes are read at once (96 instructions
    // byte by byte, 30 so). Without `00:00:00` they are numbers from 0 to 9, and 0 where a colon is.
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let text: &[u8; 8] = rest.first_chunk().ok_or(Why::Missing)?;
    let digits = u64::from_be_bytes(*text) ^ u64::from_be_bytes(*b"00:00:00");
    // A byte that is too great gets its highest bit, by the seven lower bits or by the highest: none carries.
    let room = 0x7676_7f76_767f_7676;
    if (((digits & !HIGH) + room) | digits) & HIGH != 0 {
        return Err(Why::Missing);
    }
    let two = |shift: u32| ((digits >> (shift + 8) & 0xff) * 10 + (digits >> shift & 0xff)) as i64;
    let (hour, minute, second) = (two(48), two(24), two(0));
    *rest = &rest[8..];
    // A leap second counts as the one before it.
    let second = if second == 60 { 59 } else { second };
    Ok((hour < 24 && minute < 60 && second < 60).then_some(hour * 3600 + minute * 60 + second))
}

/// `.123` in microseconds, cut; 0 where there is none.
pub(super) fn fraction(rest: &mut &[u8], mark: u8) -> u32 {
    let Some((_, tail)) = rest.split_first().filter(|(first, _)| **first == mark) else {
        return 0;
    };
    let count = tail.iter().take_while(|b| b.is_ascii_digit()).count();
    if count == 0 {
        return 0;
    }
    let digit = |i: usize| tail[..count].get(i).map_or(0, |b| u32::from(b - b'0'));
    let us = (0..6).fold(0, |us, i| us * 10 + digit(i));
    *rest = &tail[count..];
    us
}

/// `-0700` or `+05:30` as seconds east; `Ok(None)` past 23:59.
pub(super) fn offset(rest: &mut &[u8]) -> Result<Option<i32>, Why> {
    let sign = match rest.first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return Err(Why::Missing),
    };
    *rest = &rest[1..];
    let hours = digits(rest, 2)?;
    if let [b':', tail @ ..] = rest {
        *rest = tail;
    }
    let minutes = digits(rest, 2)?;
    Ok((hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60) as i32))
}

pub(super) fn month_number(name: [u8; 3]) -> Option<i64> {
    const NAMES: [&[u8; 3]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    NAMES
        .iter()
        .position(|known| **known == name)
        .map(|i| i as i64 + 1)
}

pub(super) fn civil(year: i64, month: i64, day: i64) -> Result<Date, Why> {
    // Four digits and two: in range of the narrow types; the calendar checks the rest.
    Date::new(year as i16, month as i8, day as i8).map_err(|_| Why::NoSuchTime)
}

pub(super) fn days(year: i64, month: i64, day: i64) -> Result<i64, Why> {
    let date = civil(year, month, day)?;
    Ok(Zone::UTC
        .second_of(date, 0)
        .ok_or(Why::NoSuchTime)?
        .0
        .div_euclid(86_400))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// [`clock`] byte by byte.
    fn plain_clock(rest: &mut &[u8]) -> Result<Option<i64>, Why> {
        let hour = digits(rest, 2)?;
        byte(rest, b':')?;
        let minute = digits(rest, 2)?;
        byte(rest, b':')?;
        let second = digits(rest, 2)?;
        let exists = hour < 24 && minute < 60 && second <= 60;
        Ok(exists.then_some(hour * 3600 + minute * 60 + second.min(59)))
    }

    /// Clocks, some of them with any byte in one place, and some cut short.
    fn texts() -> impl Strategy<Value = Vec<u8>> {
        let clock =
            (0u8..30, 0u8..70, 0u8..70).prop_map(|(h, m, s)| format!("{h:02}:{m:02}:{s:02}+1"));
        let wrong = prop::option::of((0usize..8, any::<u8>()));
        (clock, wrong, 0usize..20).prop_map(|(clock, wrong, len)| {
            let mut text = clock.into_bytes();
            if let Some((at, byte)) = wrong {
                text[at] = byte;
            }
            text.truncate(len);
            text
        })
    }

    proptest! {
        #[test]
        fn a_clock_is_read_as_byte_by_byte(text in texts()) {
            let (mut rest, mut plain) = (&text[..], &text[..]);
            let (read, want) = (clock(&mut rest), plain_clock(&mut plain));
            prop_assert_eq!(read, want);
            prop_assert!(read.is_err() || rest == plain);
        }
    }
}
