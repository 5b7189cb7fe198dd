//! Timestamps to seconds, with the last one remembered.
//!
//! A busy log repeats a timestamp many times and a date all day. So the 26 bytes are first compared
//! with the last ones; if only the second or the time of day differs, that is two or six digits of arithmetic, and the
//! calendar (jiff) is asked only where the date changed. The other forms keep the last date only.

mod bracketed;
mod elements;

use jiff::fmt::strtime::BrokenDownTime;

use super::unparsed::Why;
use crate::time::{Second, Span, Zone};
use elements::{byte, clock, days, digits, fraction, month_number, offset};

/// A time and how it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The instant, fractions cut.
    pub time: Second,
    /// The fraction that was cut, in microseconds.
    pub fraction_us: u32,
    /// In how many seconds the same local time comes again, as it does at the end of summer time; 0 if it does not.
    pub again_in: u32,
    /// Seconds east of UTC that the line says, or that the zone for lines without says.
    pub offset: i32,
    /// Whether the line itself says the offset, or counts from the epoch.
    pub zoned: bool,
    /// How many bytes the timestamp took.
    pub len: usize,
}

impl Stamp {
    fn with_fraction(self, fraction_us: u32) -> Stamp {
        Stamp {
            fraction_us,
            ..self
        }
    }
}

/// `10/Oct/2000:13:55:36 -0700`: the form with two digits for the day and no fraction.
const CLF_LEN: usize = 26;
const DATE_LEN: usize = 11;
/// A time between brackets is no longer than this.
const BRACKETED: usize = 64;
/// No time of a logger is longer.
const LONGEST: usize = 40;
/// `2000-10-10 13:55:36`.
const MOMENT_LEN: usize = 19;

/// Reads timestamps, remembering the last.
#[derive(Debug, Clone)]
pub struct Timestamps {
    zone: Zone,
    /// The last text of [`CLF_LEN`] bytes and what it was. Invariant: two digits for the day, a space before the
    /// offset, so that what is where is known.
    last: ([u8; CLF_LEN], Stamp),
    /// When the day of `last` began, by its offset.
    midnight: Second,
    /// The last date text and its days since 1970-01-01.
    date: ([u8; DATE_LEN], i64),
    /// The last `2000-10-10 13:55:36`, and what it was.
    moment: ([u8; MOMENT_LEN], Second),
    /// The last `2000-10-10T13:55:36`, and the days and the seconds of the day that it is.
    instant: ([u8; MOMENT_LEN], (i64, i64)),
    /// The same for `2000-10-10`.
    iso_date: ([u8; 10], i64),
}

/// How a time is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeForm {
    /// `10/Oct/2000:13:55:36 -0700`, before a `]`.
    Clf,
    /// RFC 3339 and what is close to it: `2000-10-10T13:55:36.123Z`, a space for the `T`, no offset.
    Iso,
    /// A number of seconds since 1970, or of milli-, micro- or nanoseconds: distinguished by size.
    Epoch,
    /// `Sun Mar 13 22:49:12 2016`.
    Asctime,
    /// Whichever of the above it looks like.
    Any,
    /// A pattern of `strftime`.
    Pattern(std::sync::Arc<[u8]>),
}

impl Timestamps {
    /// A reader for which a time without an offset is in `zone`.
    pub fn new(zone: Zone) -> Timestamps {
        let epoch = Stamp {
            time: Second(0),
            fraction_us: 0,
            again_in: 0,
            offset: 0,
            zoned: true,
            len: CLF_LEN,
        };
        // True from the beginning: bytes that are no time never equal what is remembered.
        Timestamps {
            zone,
            last: (*b"01/Jan/1970:00:00:00 +0000", epoch),
            midnight: Second(0),
            date: (*b"01/Jan/1970", 0),
            moment: (*b"1970-01-01 00:00:00", Second(0)),
            instant: (*b"1970-01-01T00:00:00", (0, 0)),
            iso_date: (*b"1970-01-01", 0),
        }
    }

    /// Reads `10/Oct/2000:13:55:36 -0700` at the start of `text`, where what follows is a `]`.
    ///
    /// A one-digit day, a fraction of the second, and no offset at all are read as well.
    /// `Why::Missing` means that this is no timestamp, `Why::NoSuchTime` that it is one and cannot be.
    #[inline(always)] // Up to where the text differs from the last by more than its second.
    pub fn clf(&mut self, text: &[u8]) -> Result<Stamp, Why> {
        match text.split_first_chunk::<CLF_LEN>() {
            Some((head, [b']', ..])) if *head == self.last.0 => Ok(self.last.1),
            Some((head, [b']', ..])) => match self.same_minute(head) {
                Some(stamp) => Ok(stamp),
                None => self.other_clf(text),
            },
            _ => self.other_clf(text),
        }
    }

    /// Another time of the same minute and offset as the last. In a log with a line every few seconds this is nearly
    /// each of them.
    #[inline(always)]
    fn same_minute(&mut self, text: &[u8; CLF_LEN]) -> Option<Stamp> {
        let (last, stamp) = &mut self.last;
        let (minute, behind) = (text.first_chunk::<18>(), text.last_chunk::<6>());
        if minute != last.first_chunk() || behind != last.last_chunk() {
            return None;
        }
        let (tens, ones) = (text[18].wrapping_sub(b'0'), text[19].wrapping_sub(b'0'));
        // A leap second is one of those that are read in full.
        if tens > 5 || ones > 9 {
            return None;
        }
        (last[18], last[19]) = (text[18], text[19]);
        // An offset is one of whole minutes. What was just written is not read again as a part of something larger, which
        // would stall.
        let minute = stamp.time.0 - stamp.time.0.rem_euclid(60);
        let time = Second(minute + i64::from(tens * 10 + ones));
        let rest = *stamp;
        stamp.time = time;
        Some(Stamp { time, ..rest })
    }

    #[inline(never)]
    fn other_clf(&mut self, text: &[u8]) -> Result<Stamp, Why> {
        let Some((head, [b']', ..])) = text.split_first_chunk::<CLF_LEN>() else {
            return self.bracketed(text);
        };
        if let Some(stamp) = self.same_day(head) {
            return Ok(stamp);
        }
        let stamp = self.bracketed(text)?;
        self.remember(head, stamp);
        Ok(stamp)
    }

    /// A time of the same day and offset as the last.
    #[inline]
    fn same_day(&mut self, text: &[u8; CLF_LEN]) -> Option<Stamp> {
        let (last, stamp) = &mut self.last;
        if text[..12] != last[..12] || text[20..] != last[20..] {
            return None;
        }
        let of_day = clock(&mut &text[12..20]).ok()??;
        *last = *text;
        stamp.time = self.midnight + Span(of_day);
        Some(*stamp)
    }

    fn remember(&mut self, text: &[u8; CLF_LEN], stamp: Stamp) {
        if stamp.len == CLF_LEN && text[2] == b'/' && text[20] == b' ' {
            let of_day = (stamp.time.0 + i64::from(stamp.offset)).rem_euclid(86_400);
            self.last = (*text, stamp);
            self.midnight = Second(stamp.time.0 - of_day);
        }
    }

    fn bracketed(&mut self, text: &[u8]) -> Result<Stamp, Why> {
        match self.clf_any(text) {
            Ok(stamp) if text.get(stamp.len) != Some(&b']') => self.other_bracketed(text),
            // A date that cannot be, where the shape is right as far as it goes.
            Err(Why::NoSuchTime)
                if memchr::memchr(b']', &text[..text.len().min(40)])
                    .is_none_or(|end| end <= 15) =>
            {
                Err(Why::Missing)
            }
            Err(why) => self.other_bracketed(text).map_err(|other| match why {
                Why::NoSuchTime => why,
                _ => other,
            }),
            other => other,
        }
    }

    /// Any other time that servers write between brackets.
    #[cold]
    fn other_bracketed(&self, text: &[u8]) -> Result<Stamp, Why> {
        let end = memchr::memchr(b']', &text[..text.len().min(BRACKETED)]).ok_or(Why::Missing)?;
        let text = &text[..end];
        match text {
            // Seconds, or a thousand, a million, a milliard times as many: other numbers are no times.
            [b'1'..=b'9', ..] if matches!(leading_digits(text), 10 | 13 | 16 | 19) => {
                if let Ok(stamp) = epoch(text) {
                    return Ok(stamp);
                }
            }
            _ => {}
        }
        self.in_any_form(text)
    }

    fn in_any_form(&self, text: &[u8]) -> Result<Stamp, Why> {
        let parts = bracketed::read(text)?;
        let stamp = self.stamp(parts.days, parts.of_day, parts.offset, text.len())?;
        Ok(stamp.with_fraction(parts.fraction_us))
    }

    /// The time that `text` begins with, in any form that loggers write, with a date and a year; `None` where it begins
    /// with none. A number of seconds is one only where it is followed by a space.
    pub(super) fn leading(&self, text: &[u8]) -> Option<Stamp> {
        if !text.first()?.is_ascii_alphanumeric() {
            return None;
        }
        let text = &text[..text.len().min(LONGEST)];
        let end = |at: usize| match text[at..] {
            [] | [b':', b' ', ..] => true,
            [b, ..] => b" ]\t,|)\"".contains(&b),
        };
        // The longest first: a zone may be behind a space.
        (10..=text.len())
            .rev()
            .filter(|at| end(*at))
            .find_map(|len| {
                let text = &text[..len];
                let plain = leading_digits(text);
                let read = match plain {
                    10 | 13 | 16 | 19 if text[0] != b'0' => epoch(text),
                    6 => self.pattern(b"%y%m%d %H:%M:%S", text),
                    _ => self.in_any_form(text),
                };
                read.ok().map(|stamp| Stamp { len, ..stamp })
            })
    }

    fn clf_any(&mut self, text: &[u8]) -> Result<Stamp, Why> {
        let mut rest = text;
        let day_digits = if rest.get(1).is_some_and(u8::is_ascii_digit) {
            2
        } else {
            1
        };
        let day = digits(&mut rest, day_digits)?;
        byte(&mut rest, b'/')?;
        let month = match rest.get(..3) {
            Some([a, b, c])
                if a.is_ascii_uppercase() && b.is_ascii_lowercase() && c.is_ascii_lowercase() =>
            {
                [*a, *b, *c]
            }
            _ => return Err(Why::Missing),
        };
        rest = &rest[3..];
        byte(&mut rest, b'/')?;
        let year = digits(&mut rest, 4)?;
        byte(&mut rest, b':')?;
        let of_day = clock(&mut rest)?;
        let fraction_us = fraction(&mut rest, b'.');
        let offset = match rest {
            [b' ', b'+' | b'-', ..] => {
                rest = &rest[1..];
                Some(offset(&mut rest)?)
            }
            _ => None,
        };
        // From here on it is a timestamp; what fails now is the calendar.
        let len = text.len() - rest.len();
        let date_text = text.first_chunk::<DATE_LEN>().filter(|_| day_digits == 2);
        let days = match date_text {
            Some(date) if *date == self.date.0 => self.date.1,
            _ => {
                let days = days(year, month_number(month).ok_or(Why::NoSuchTime)?, day)?;
                if let Some(date) = date_text {
                    self.date = (*date, days);
                }
                days
            }
        };
        let stamp = self.stamp(days, of_day, offset, len)?;
        Ok(stamp.with_fraction(fraction_us))
    }

    /// Reads a time that is all of `text`.
    pub fn read(&mut self, form: &TimeForm, text: &[u8]) -> Result<Stamp, Why> {
        let whole = |stamp: Stamp| {
            if stamp.len == text.len() {
                Ok(stamp)
            } else {
                Err(Why::Form)
            }
        };
        match form {
            TimeForm::Clf => {
                if text == self.last.0 {
                    return Ok(self.last.1);
                }
                let head: Option<&[u8; CLF_LEN]> = text.try_into().ok();
                if let Some(stamp) = head.and_then(|head| self.same_day(head)) {
                    return Ok(stamp);
                }
                let stamp = self.clf_any(text).and_then(whole)?;
                if let Some(head) = head {
                    self.remember(head, stamp);
                }
                Ok(stamp)
            }
            TimeForm::Iso => self.iso(text).and_then(whole),
            TimeForm::Epoch => epoch(text),
            TimeForm::Asctime => self.asctime(text).and_then(whole),
            TimeForm::Any => match text {
                [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'-', ..] => {
                    self.iso(text).and_then(whole)
                }
                [_, b'/', ..] | [_, _, b'/', ..] => self.clf_any(text).and_then(whole),
                [b'A'..=b'Z', ..] => self.asctime(text).and_then(whole),
                _ => epoch(text),
            }
            .or_else(|why| match without_exponent(text) {
                Some(number) => epoch(&number).map(|stamp| Stamp {
                    len: text.len(),
                    ..stamp
                }),
                None => self.in_any_form(text).map_err(|_| why),
            }),
            TimeForm::Pattern(pattern) => self.pattern(pattern, text),
        }
    }

    /// Reads `2000-10-10T13:55:36.123Z` at the start of `text`.
    pub fn iso(&mut self, text: &[u8]) -> Result<Stamp, Why> {
        let (days, of_day) = self.instant(text)?;
        let mut rest = &text[MOMENT_LEN..];
        let fraction_us = fraction(&mut rest, b'.').max(fraction(&mut rest, b','));
        let offset = match rest {
            [b'Z' | b'z', ..] => {
                rest = &rest[1..];
                Some(Some(0))
            }
            [b'+' | b'-', b'0'..=b'9', ..] => Some(offset(&mut rest)?),
            _ => None,
        };
        let stamp = self.stamp(days, of_day, offset, text.len() - rest.len())?;
        Ok(stamp.with_fraction(fraction_us))
    }

    /// Reads `2000-10-10T13:55:36` at the start of `text` as days and seconds of the day; `None` where a day has no such
    /// second. Many lines have the same.
    #[inline]
    fn instant(&mut self, text: &[u8]) -> Result<(i64, Option<i64>), Why> {
        if let Some(instant) = text.first_chunk()
            && *instant == self.instant.0
        {
            let (days, of_day) = self.instant.1;
            return Ok((days, Some(of_day)));
        }
        let days = self.iso_date(text)?;
        let Some((b'T' | b't' | b' ', rest)) = text[10..].split_first() else {
            return Err(Why::Missing);
        };
        let of_day = clock(&mut &*rest)?;
        if let Some((instant, of_day)) = text.first_chunk().zip(of_day) {
            self.instant = (*instant, (days, of_day));
        }
        Ok((days, of_day))
    }

    /// Reads `2000-10-10` at the start of `text` as days since 1970-01-01.
    pub fn iso_date(&mut self, text: &[u8]) -> Result<i64, Why> {
        let date = text.first_chunk::<10>().ok_or(Why::Missing)?;
        if *date == self.iso_date.0 {
            return Ok(self.iso_date.1);
        }
        let mut rest = &date[..];
        let year = digits(&mut rest, 4)?;
        byte(&mut rest, b'-')?;
        let month = digits(&mut rest, 2)?;
        byte(&mut rest, b'-')?;
        let days = days(year, month, digits(&mut rest, 2)?)?;
        self.iso_date = (*date, days);
        Ok(days)
    }

    /// Reads `2000-10-10 13:55:36` as a time in UTC.
    #[inline]
    pub fn date_and_clock(&mut self, text: &[u8; MOMENT_LEN]) -> Result<Second, Why> {
        if *text != self.moment.0 {
            if text[10] != b' ' {
                return Err(Why::Form);
            }
            let time = self.iso_date(&text[..10])? * 86_400 + Timestamps::of_day(&text[11..])?;
            self.moment = (*text, Second(time));
        }
        Ok(self.moment.1)
    }

    /// Reads `13:55:36`, with a fraction or without, as seconds of the day.
    pub fn of_day(text: &[u8]) -> Result<i64, Why> {
        let mut rest = text;
        let of_day = clock(&mut rest)?;
        fraction(&mut rest, b'.');
        if rest.is_empty() {
            of_day.ok_or(Why::NoSuchTime)
        } else {
            Err(Why::Form)
        }
    }

    /// The instant at which the clock of the zone for times without an offset shows `naive` seconds
    /// since 1970-01-01.
    pub fn local(&self, naive: Second) -> Result<Stamp, Why> {
        self.stamp(
            naive.0.div_euclid(86_400),
            Some(naive.0.rem_euclid(86_400)),
            None,
            0,
        )
    }

    fn asctime(&mut self, text: &[u8]) -> Result<Stamp, Why> {
        let [_, _, _, b' ', rest @ ..] = text else {
            return Err(Why::Missing);
        };
        let [a, b, c, b' ', rest @ ..] = rest else {
            return Err(Why::Missing);
        };
        let month = month_number([*a, *b, *c]).ok_or(Why::Missing)?;
        let mut rest = rest.trim_ascii_start();
        let day_digits = if rest.get(1).is_some_and(u8::is_ascii_digit) {
            2
        } else {
            1
        };
        let day = digits(&mut rest, day_digits)?;
        byte(&mut rest, b' ')?;
        let of_day = clock(&mut rest)?;
        byte(&mut rest, b' ')?;
        let days = days(digits(&mut rest, 4)?, month, day)?;
        self.stamp(days, of_day, None, text.len() - rest.len())
    }

    /// Reads a whole text by a pattern of `strftime`, as jiff knows it.
    fn pattern(&self, pattern: &[u8], text: &[u8]) -> Result<Stamp, Why> {
        let time = BrokenDownTime::parse(pattern, text).map_err(|_| Why::Form)?;
        if let Ok(timestamp) = time.to_timestamp() {
            let offset = time.offset().map_or(0, |offset| offset.seconds());
            return Ok(Stamp {
                time: Second(timestamp.as_second()),
                fraction_us: timestamp.subsec_microsecond().unsigned_abs(),
                again_in: 0,
                offset,
                zoned: true,
                len: text.len(),
            });
        }
        let clock = time.to_datetime().map_err(|_| Why::NoSuchTime)?;
        let of_day = i64::from(clock.hour()) * 3600
            + i64::from(clock.minute()) * 60
            + i64::from(clock.second());
        let days = Zone::UTC
            .second_of(clock.date(), 0)
            .ok_or(Why::NoSuchTime)?
            .0
            .div_euclid(86_400);
        let stamp = self.stamp(days, Some(of_day), None, text.len())?;
        Ok(stamp.with_fraction(clock.subsec_nanosecond().unsigned_abs() / 1000))
    }

    /// Puts date, time of day and offset together. What cannot be: `of_day` or the inner `offset` `None`.
    fn stamp(
        &self,
        days: i64,
        of_day: Option<i64>,
        offset: Option<Option<i32>>,
        len: usize,
    ) -> Result<Stamp, Why> {
        let of_day = of_day.ok_or(Why::NoSuchTime)?;
        match offset {
            Some(offset) => {
                let offset = offset.ok_or(Why::NoSuchTime)?;
                Ok(Stamp {
                    time: Second(days * 86_400 + of_day - i64::from(offset)),
                    fraction_us: 0,
                    again_in: 0,
                    offset,
                    zoned: true,
                    len,
                })
            }
            None => {
                let midnight =
                    jiff::Timestamp::from_second(days * 86_400).map_err(|_| Why::NoSuchTime)?;
                let date = jiff::tz::Offset::UTC.to_datetime(midnight).date();
                let (time, again) = self.zone.seconds_of(date, of_day).ok_or(Why::NoSuchTime)?;
                Ok(Stamp {
                    time,
                    fraction_us: 0,
                    // No change of the clocks is longer than a day.
                    again_in: again.0 as u32,
                    offset: self.zone.offset_at(time),
                    zoned: false,
                    len,
                })
            }
        }
    }
}

fn leading_digits(text: &[u8]) -> usize {
    text.iter().take_while(|b| b.is_ascii_digit()).count()
}

/// A number such as `1.7145576e9`, written out: Go and JavaScript's kin write large ones so. `None` for any other text.
#[cold]
fn without_exponent(text: &[u8]) -> Option<Vec<u8>> {
    let e = memchr::memchr2(b'e', b'E', text)?;
    let exponent = text[e + 1..].strip_prefix(b"+").unwrap_or(&text[e + 1..]);
    let exponent: usize = std::str::from_utf8(exponent).ok()?.parse().ok()?;
    let (whole, decimals) = match memchr::memchr(b'.', &text[..e]) {
        Some(point) => (&text[..point], &text[point + 1..e]),
        None => (&text[..e], &b""[..]),
    };
    let mut digits = [whole, decimals].concat();
    let numeric = digits.iter().all(u8::is_ascii_digit);
    if whole.len() != 1 || exponent > 19 || decimals.len() > 30 || !numeric {
        return None;
    }
    let point = 1 + exponent;
    if digits.len() <= point {
        digits.resize(point, b'0');
    } else {
        digits.insert(point, b'.');
    }
    Some(digits)
}

/// Reads a number of seconds since 1970 with at least nine digits, fractions cut; past 10¹¹ it is
/// milliseconds, and so on.
pub fn epoch(text: &[u8]) -> Result<Stamp, Why> {
    let mut rest = text;
    let len = leading_digits(rest);
    if !(9..=19).contains(&len) {
        return Err(Why::Form);
    }
    let mut number: u64 = rest[..len]
        .iter()
        .try_fold(0u64, |n, b| {
            n.checked_mul(10)?.checked_add(u64::from(b - b'0'))
        })
        .ok_or(Why::Form)?;
    rest = &rest[len..];
    let mut fraction_us = fraction(&mut rest, b'.');
    if !rest.is_empty() {
        return Err(Why::Form);
    }
    while number > 100_000_000_000 {
        fraction_us = (number % 1000) as u32 * 1000 + fraction_us / 1000;
        number /= 1000;
    }
    Ok(Stamp {
        time: Second(number as i64),
        fraction_us,
        again_in: 0,
        offset: 0,
        zoned: true,
        len: text.len(),
    })
}

#[cfg(test)]
mod tests;
