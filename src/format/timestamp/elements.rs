//! The elements that timestamps are made of, one small function each.
//!
//! Each takes its element from the front of `rest`. `Why::Missing` means that it does not stand there.

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
    let hour = digits(rest, 2)?;
    byte(rest, b':')?;
    let minute = digits(rest, 2)?;
    byte(rest, b':')?;
    let second = digits(rest, 2)?;
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
