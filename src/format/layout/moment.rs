//! Times to text: one, or one second after another with the last day remembered.
//!
//! A pattern mostly names hour, minute and second by two digits each, and whatever else it names is
//! still for a day. So the calendar (jiff) is asked once a day for a text and for where these digits
//! are in it; until the day is over, another second is six digits of arithmetic. An epoch is the last
//! four of its digits, for ten thousand seconds. Where a pattern names more that hangs on the time of
//! day, each second asks the calendar.

use std::ops::Range;

use jiff::fmt::strtime;
use jiff::tz::{Offset, TimeZone};

use super::super::timestamp::{TimeForm, Timestamps};
use crate::time::Zone;

const DAY: i64 = 86_400;

/// Which part of the time, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MomentPart {
    /// All of it.
    Whole(TimeForm),
    /// Its date in UTC, `2000-10-10`.
    Date,
    /// Its time of day in UTC, `13:55:36`.
    Clock,
}

/// The text of one second after another.
#[derive(Debug)]
pub struct TimeText {
    moment: MomentPart,
    /// Seconds east of UTC.
    offset: i32,
    text: Vec<u8>,
    /// The seconds since 1970 whose texts differ from this one in `digits` alone.
    day: Range<i64>,
    /// Where two digits are, and what they say: an index into hour, minute and second, and then into
    /// hundreds and ones of an epoch. Invariant: they lie within the text.
    digits: Vec<(usize, usize)>,
}

impl TimeText {
    /// No text yet; times will be at an offset of `offset` seconds east of UTC, where their form has one.
    pub fn new(moment: MomentPart, offset: i32) -> TimeText {
        TimeText {
            moment,
            offset,
            text: Vec::new(),
            day: 0..0,
            digits: Vec::new(),
        }
    }

    /// Which part of the time it is, and how it is written.
    pub fn moment(&self) -> &MomentPart {
        &self.moment
    }

    /// The text of the last second that was set.
    #[inline]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Makes the text that of a second, which counts from 1970: an empty one where none could be read
    /// back as that second.
    #[inline]
    pub fn set(&mut self, seconds: i64) {
        if !self.day.contains(&seconds) {
            return self.begin_day(seconds);
        }
        let of_day = (seconds - self.day.start) as u32;
        let clock = [
            of_day / 3600,
            of_day / 60 % 60,
            of_day % 60,
            of_day / 100,
            of_day % 100,
        ];
        for &(at, part) in &self.digits {
            let tens = b'0' + (clock[part] / 10) as u8;
            let ones = b'0' + (clock[part] % 10) as u8;
            self.text[at..at + 2].copy_from_slice(&[tens, ones]);
        }
    }

    fn begin_day(&mut self, seconds: i64) {
        self.text.clear();
        self.day = 0..0;
        let Some(written) = written(&self.moment, seconds, self.offset) else {
            return;
        };
        self.text.extend_from_slice(written.text.as_bytes());
        if self.moment == MomentPart::Whole(TimeForm::Epoch) {
            // Its last four digits: it has nine at least.
            let (start, len) = (seconds - seconds % 10_000, self.text.len());
            self.day = start..start + 10_000;
            self.digits = vec![(len - 4, 3), (len - 2, 4)];
            return;
        }
        if let Some(digits) = digits(&written, seconds) {
            let local = seconds + i64::from(written.offset.seconds());
            let start = seconds - local.rem_euclid(DAY);
            self.day = start..start + DAY;
            self.digits = digits;
        }
    }
}

/// Where the digits of the clock are; `None` where other parts hang on the time of day.
fn digits(written: &Written<'_>, seconds: i64) -> Option<Vec<(usize, usize)>> {
    let Written {
        pattern, offset, ..
    } = *written;
    let mut digits = Vec::new();
    let mut from = 0;
    while let Some(percent) = pattern[from..].find('%').map(|found| from + found) {
        let at =
            || by_pattern(&pattern[..percent], seconds, offset).map(|before| before.text.len());
        from = percent + 2;
        match pattern.as_bytes().get(percent + 1)? {
            b'H' => digits.push((at()?, 0)),
            b'M' => digits.push((at()?, 1)),
            b'S' => digits.push((at()?, 2)),
            b'T' => digits.extend([(at()?, 0), (at()? + 3, 1), (at()? + 6, 2)]),
            b'R' => digits.extend([(at()?, 0), (at()? + 3, 1)]),
            b':' if pattern[from..].starts_with('z') => from += 1,
            // Of the date or the offset, or no part of the time.
            b'A' | b'a' | b'B' | b'b' | b'h' | b'D' | b'd' | b'e' | b'F' | b'j' | b'm' | b'Y'
            | b'y' | b'Z' | b'z' | b'%' => {}
            _ => return None,
        }
    }
    Some(digits)
}

/// A time as text, and the pattern of `strftime` and the offset that made it.
pub(in super::super) struct Written<'p> {
    pub(in super::super) text: String,
    pattern: &'p str,
    offset: Offset,
}

/// A part of a time, at an offset in seconds east of UTC.
pub(in super::super) fn written(
    moment: &MomentPart,
    seconds: i64,
    offset: i32,
) -> Option<Written<'_>> {
    match moment {
        MomentPart::Whole(form) => whole(form, seconds, offset),
        MomentPart::Date => in_utc(seconds, "%Y-%m-%d"),
        MomentPart::Clock => in_utc(seconds, "%H:%M:%S"),
    }
}

/// A time in a form; `None` where no text would be read back as that time.
fn whole(form: &TimeForm, seconds: i64, offset: i32) -> Option<Written<'_>> {
    let offset = Offset::from_seconds(offset)
        .ok()
        .filter(|offset| offset.seconds() % 60 == 0)?;
    let read = |written: &Written<'_>| {
        Timestamps::new(Zone::UTC)
            .read(form, written.text.as_bytes())
            .is_ok_and(|stamp| stamp.time.0 == seconds)
    };
    let by = |pattern, offset| by_pattern(pattern, seconds, offset).filter(read);
    match form {
        TimeForm::Clf => by("%d/%b/%Y:%H:%M:%S %z", offset),
        TimeForm::Iso if offset == Offset::UTC => by("%Y-%m-%dT%H:%M:%SZ", offset),
        TimeForm::Iso | TimeForm::Any => by("%Y-%m-%dT%H:%M:%S%:z", offset),
        TimeForm::Epoch => by("%s", offset),
        TimeForm::Asctime => by("%a %b %e %H:%M:%S %Y", Offset::UTC),
        // With its offset, if the pattern has one; else in UTC.
        TimeForm::Pattern(pattern) => {
            let pattern = std::str::from_utf8(pattern).ok()?;
            by(pattern, offset).or_else(|| by(pattern, Offset::UTC))
        }
    }
}

/// A time in UTC.
fn in_utc(seconds: i64, pattern: &str) -> Option<Written<'_>> {
    by_pattern(pattern, seconds, Offset::UTC)
}

fn by_pattern(pattern: &str, seconds: i64, offset: Offset) -> Option<Written<'_>> {
    let time = jiff::Timestamp::from_second(seconds).ok()?;
    let text = strtime::format(pattern, &time.to_zoned(TimeZone::fixed(offset))).ok()?;
    Some(Written {
        text,
        pattern,
        offset,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(pattern: &str) -> MomentPart {
        MomentPart::Whole(TimeForm::Pattern(pattern.as_bytes().into()))
    }

    fn moments() -> Vec<MomentPart> {
        let forms = [
            TimeForm::Clf,
            TimeForm::Iso,
            TimeForm::Epoch,
            TimeForm::Asctime,
            TimeForm::Any,
        ];
        let patterns = [
            "%d/%b/%Y:%H:%M:%S",
            "%A, %e. %B %y %T",
            "%F %R:%S%:z",
            "%% %j/%Y %S-%M-%H %z %S",
            // These ask the calendar each time.
            "%d.%m.%Y %I:%M:%S %p",
            "%-d/%m/%Y %k:%M:%S",
            "%s",
        ];
        let patterns = patterns.into_iter().map(pattern);
        let whole = forms.into_iter().map(MomentPart::Whole).chain(patterns);
        whole.chain([MomentPart::Date, MomentPart::Clock]).collect()
    }

    /// Beside it, the plain way: the calendar for each second.
    #[test]
    fn a_second_after_another_is_as_the_calendar_says_it() {
        for moment in moments() {
            for offset in [0, 3600, -9 * 3600 - 1800, 14 * 3600, 20_700] {
                let mut text = TimeText::new(moment.clone(), offset);
                // Over midnights, months, a leap day and years, to and fro.
                for begin in [951_782_399, 946_684_790, 1_767_225_600, 126_230_400] {
                    for step in [1, 59, 3599, -61, 86_399, 86_400, -86_401, 0, 40 * 86_400] {
                        for i in 0..20 {
                            let seconds = begin + step * i;
                            text.set(seconds);
                            let plain = written(&moment, seconds, offset);
                            let plain = plain.map(|plain| plain.text).unwrap_or_default();
                            assert_eq!(text.text(), plain.as_bytes(), "{moment:?} {offset}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_could_not_be_read_back_is_empty() {
        for (moment, seconds) in [
            (pattern("%H:%M:%S"), 1_767_225_600),
            (MomentPart::Whole(TimeForm::Epoch), 99_999_999),
            (MomentPart::Whole(TimeForm::Epoch), -1_767_225_600),
        ] {
            let mut text = TimeText::new(moment.clone(), 0);
            text.set(seconds);
            assert_eq!(text.text(), b"", "{moment:?}");
        }
    }
}
