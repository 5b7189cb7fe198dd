//! Event time: whole UTC seconds, spans of them, and the zone they are shown in.
//!
//! Counting knows only [`Second`] and [`Span`]; the calendar (by jiff) comes in
//! where a timestamp is read or shown, and where a report's window is aligned.

use std::fmt;
use std::ops::{Add, Sub};
use std::path::Path;

use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use crate::nearest;

/// A second of event time: whole seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Second(pub i64);

/// A length of event time in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub i64);

impl Add<Span> for Second {
    type Output = Second;
    fn add(self, span: Span) -> Second {
        Second(self.0 + span.0)
    }
}

impl Sub<Span> for Second {
    type Output = Second;
    fn sub(self, span: Span) -> Second {
        Second(self.0 - span.0)
    }
}

impl Sub for Second {
    type Output = Span;
    fn sub(self, earlier: Second) -> Span {
        Span(self.0 - earlier.0)
    }
}

impl Second {
    /// This second, or the one that is `later` by so much, if that is nearer to `newest`: which of its two instants a
    /// local time means that comes twice.
    #[inline]
    pub fn or_later(self, later: Span, newest: Second) -> Second {
        if (newest - self).0 > later.0 / 2 {
            self + later
        } else {
            self
        }
    }

    /// The second after this one.
    pub fn next(self) -> Second {
        Second(self.0 + 1)
    }
}

impl Span {
    /// One second.
    pub const SECOND: Span = Span(1);

    /// Reads `10s`, `2m`, `1h30m`, `1d` or a bare number of seconds.
    ///
    /// The error says what is wrong with the text, for a sentence that names the option.
    pub fn parse(text: &str) -> Result<Span, &'static str> {
        const FORM: &str = "expected a duration such as 10s, 2m, 1h30m or 1d";
        const LARGE: &str = "this duration is too large";
        if text.starts_with('-') {
            return Err("a duration cannot be negative");
        }
        let (mut total, mut rest) = (0i64, text);
        let mut last_unit = i64::MAX;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return Err(FORM);
            }
            let number: i64 = rest[..digits].parse().map_err(|_| LARGE)?;
            rest = &rest[digits..];
            let unit = match rest.chars().next() {
                None if last_unit == i64::MAX => 1,
                Some('s') => 1,
                Some('m') => 60,
                Some('h') => 3600,
                Some('d') => 86_400,
                Some('.') => return Err("durations are whole seconds"),
                _ => return Err(FORM),
            };
            // Units fall, so that 1h1h and 5s2m are typing errors, not sums.
            if unit >= last_unit || (rest.starts_with("ms")) {
                return Err(FORM);
            }
            last_unit = unit;
            rest = rest.get(1..).unwrap_or("");
            total = number
                .checked_mul(unit)
                .and_then(|n| total.checked_add(n))
                .ok_or(LARGE)?;
        }
        if last_unit == i64::MAX {
            Err(FORM)
        } else {
            Ok(Span(total))
        }
    }
}

/// `45s`, `2m`, `1h30m`, `3d4h`: the same form that [`Span::parse`] reads.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0.max(0);
        if left == 0 {
            return f.write_str("0s");
        }
        for (unit, name) in [(86_400, 'd'), (3600, 'h'), (60, 'm'), (1, 's')] {
            if left >= unit {
                write!(f, "{}{name}", left / unit)?;
                left %= unit;
            }
        }
        Ok(())
    }
}

/// Whether `TZ` names something in the file system that is no file, or none of the size of a zone: a device would be read
/// without end.
fn tz_is_no_file() -> bool {
    let named = std::env::var_os("TZ").unwrap_or_default();
    let named = named.to_string_lossy();
    let path = named.strip_prefix(':').unwrap_or(&named);
    std::fs::metadata(path).is_ok_and(|found| is_no_zone(&found))
}

/// `, did you mean 'Europe/Berlin'?` after the name of a city alone, or a name that is near that of a zone; else nothing.
fn zone_meant(name: &str) -> String {
    let known: Vec<String> = jiff::tz::db()
        .available()
        .map(|zone| zone.to_string())
        .filter(|zone| !zone.starts_with("posix/") && !zone.starts_with("right/"))
        .collect();
    let city = name.replace(' ', "_");
    let of_city = known.iter().find(|zone| {
        let last = zone.rsplit_once('/').map(|(_, last)| last);
        last.is_some_and(|last| last.eq_ignore_ascii_case(&city))
    });
    match of_city {
        Some(zone) => format!(", did you mean '{zone}'?"),
        None => nearest::question(name, known.iter().map(String::as_str)),
    }
}

/// Whether the folder that `TZDIR` names holds such a thing: all that is in it is opened to see which zones there are.
fn tzdir_has_no_file() -> bool {
    let folder = std::env::var_os("TZDIR").filter(|folder| !folder.is_empty());
    folder.is_some_and(|folder| holds_no_zone(Path::new(&folder), 0))
}

fn holds_no_zone(folder: &Path, depth: u32) -> bool {
    // Zones lie at most three folders deep; a link may lead back up.
    let Some(entries) = std::fs::read_dir(folder).ok().filter(|_| depth < 5) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let path = entry.path();
        match std::fs::metadata(&path) {
            Ok(found) if found.is_dir() => holds_no_zone(&path, depth + 1),
            Ok(found) => is_no_zone(&found),
            Err(_) => false,
        }
    })
}

fn is_no_zone(found: &std::fs::Metadata) -> bool {
    !found.is_file() || found.len() > LARGEST_ZONE
}

/// Bytes in the file of a zone, at the most: the largest ones have 4,000.
const LARGEST_ZONE: u64 = 1 << 20;

/// The zone that times are shown in and that reports are aligned to.
#[derive(Debug, Clone)]
pub struct Zone(TimeZone);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Zone = Zone(TimeZone::UTC);

    /// A fixed offset, in seconds east of UTC.
    pub fn fixed(offset: i32) -> Zone {
        Zone(Offset::from_seconds(offset).map_or(TimeZone::UTC, TimeZone::fixed))
    }

    /// Reads `UTC`, `local` or an IANA name such as `Europe/Berlin`.
    pub fn parse(name: &str) -> Result<Zone, String> {
        if name != "utc" && name != "UTC" && name != "Z" && tzdir_has_no_file() {
            return Err("TZDIR names a folder in which not all are files of time zones".to_owned());
        }
        match name {
            "local" if tz_is_no_file() => {
                Err("TZ names something that is no file of a time zone".to_owned())
            }
            "local" => TimeZone::try_system().map(Zone).map_err(|_| {
                "the zone of this system is unknown (name it: Europe/Berlin)".to_owned()
            }),
            "utc" | "UTC" | "Z" => Ok(Zone::UTC),
            _ => TimeZone::get(name).map(Zone).map_err(|_| {
                if jiff::tz::db().is_definitively_empty() {
                    return format!(
                        "unknown time zone '{name}': this system has no zones but UTC (they are in its package tzdata)"
                    );
                }
                let meant = zone_meant(name);
                format!(
                    "unknown time zone '{name}'{meant} (UTC, local, or a name such as Europe/Berlin)"
                )
            }),
        }
    }

    /// Seconds east of UTC at `second`; 0 where the calendar does not reach.
    pub fn offset_at(&self, second: Second) -> i32 {
        match jiff::Timestamp::from_second(second.0) {
            Ok(timestamp) => self.0.to_offset(timestamp).seconds(),
            Err(_) => 0,
        }
    }

    /// The date that a calendar in this zone shows at `second`; `None` where the calendar does not reach.
    pub fn date_of(&self, second: Second) -> Option<jiff::civil::Date> {
        let timestamp = jiff::Timestamp::from_second(second.0).ok()?;
        Some(self.0.to_offset(timestamp).to_datetime(timestamp).date())
    }

    /// The second at which a clock in this zone shows `days` after 1970-01-01 and `of_day` seconds.
    ///
    /// A time that a change of the clocks repeats is the first of the two; one that it leaves out is
    /// read with the offset from before the change. `None` where the calendar does not reach.
    pub fn second_of(&self, date: jiff::civil::Date, of_day: i64) -> Option<Second> {
        self.seconds_of(date, of_day).map(|(second, _)| second)
    }

    /// The same, and how much later the clock shows that again; 0 if it does not.
    pub fn seconds_of(&self, date: jiff::civil::Date, of_day: i64) -> Option<(Second, Span)> {
        let clock = date.at(
            (of_day / 3600) as i8,
            (of_day / 60 % 60) as i8,
            (of_day % 60) as i8,
            0,
        );
        let ambiguous = self.0.to_ambiguous_timestamp(clock);
        let again = match ambiguous.offset() {
            AmbiguousOffset::Fold { before, after } => before.seconds() - after.seconds(),
            _ => 0,
        };
        let timestamp = ambiguous.compatible().ok()?;
        Some((Second(timestamp.as_second()), Span(again.into())))
    }

    /// The window of a tumbling interval that holds `second`: `[from, to)`.
    ///
    /// Windows begin where this zone's clock shows a multiple of `interval` since midnight of
    /// 1970-01-01, so a day is a day of that clock: 23 or 25 hours long when the clocks change.
    pub fn window(&self, second: Second, interval: Span) -> (Second, Second) {
        let offset = |at: i64| i64::from(self.offset_at(Second(at)));
        let (at, length) = (second.0, interval.0);
        let floor = |offset: i64| (at + offset).div_euclid(length) * length - offset;
        let (before, here, after) = (offset(at - length), offset(at), offset(at + length));
        let (mut from, mut to) = (floor(here), floor(here) + length);
        if before != here || here != after {
            // The clocks change nearby. Of the boundaries by each offset only those count that the
            // clock really shows; the window lies between the nearest two.
            let shown = |at: &i64| (at + offset(*at)).rem_euclid(length) == 0;
            let near = |steps: [i64; 2]| {
                [before, here, after]
                    .into_iter()
                    .flat_map(move |by| steps.map(|k| floor(by) + k * length))
                    .filter(shown)
            };
            from = near([-1, 0]).filter(|&b| b <= at).max().unwrap_or(from);
            to = near([1, 2]).filter(|&b| b > at).min().unwrap_or(to);
        }
        (Second(from), Second(to))
    }

    /// Appends `second` in RFC 3339 with this zone's offset, `Z` where it is zero.
    pub fn write(&self, second: Second, out: &mut Vec<u8>) {
        let Ok(timestamp) = jiff::Timestamp::from_second(second.0) else {
            out.extend_from_slice(format!("@{}", second.0).as_bytes());
            return;
        };
        let offset = self.0.to_offset(timestamp);
        let clock = offset.to_datetime(timestamp);
        two(out, u32::from(clock.year().unsigned_abs()) / 100);
        two(out, u32::from(clock.year().unsigned_abs()) % 100);
        for (mark, number) in [
            (b'-', clock.month()),
            (b'-', clock.day()),
            (b'T', clock.hour()),
            (b':', clock.minute()),
            (b':', clock.second()),
        ] {
            out.push(mark);
            two(out, number as u32);
        }
        let east = offset.seconds();
        if east == 0 {
            out.push(b'Z');
        } else {
            out.push(if east < 0 { b'-' } else { b'+' });
            two(out, east.unsigned_abs() / 3600);
            out.push(b':');
            two(out, east.unsigned_abs() / 60 % 60);
        }
    }

    /// `second` as [`Zone::write`] shows it.
    pub fn show(&self, second: Second) -> String {
        let mut out = Vec::with_capacity(25);
        self.write(second, &mut out);
        String::from_utf8(out).expect("digits and signs")
    }
}

fn two(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&[b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_shown_in_one_form() {
        for (text, seconds) in [
            ("10s", 10),
            ("2m", 120),
            ("1h30m", 5400),
            ("1d", 86_400),
            ("90", 90),
            ("0", 0),
            ("1d2h3m4s", 93_784),
        ] {
            assert_eq!(Span::parse(text), Ok(Span(seconds)), "{text}");
        }
        for text in [
            "",
            "s",
            "-1s",
            "1.5s",
            "5x",
            "1h1h",
            "5s2m",
            "99999999999999999999",
            "1m30",
            "10ms",
            " 1s",
            "1s ",
            "+5",
            "9223372036854775807d",
        ] {
            assert!(Span::parse(text).is_err(), "{text}");
        }
        for (seconds, text) in [
            (0, "0s"),
            (45, "45s"),
            (87, "1m27s"),
            (5400, "1h30m"),
            (93_784, "1d2h3m4s"),
        ] {
            assert_eq!(Span(seconds).to_string(), text);
        }
    }

    #[test]
    fn times_carry_the_offset_of_their_zone() {
        assert_eq!(
            Zone::UTC.show(Second(1_549_573_956)),
            "2019-02-07T21:12:36Z"
        );
        assert_eq!(
            Zone::fixed(-4 * 3600).show(Second(804_571_201)),
            "1995-07-01T00:00:01-04:00"
        );
        assert_eq!(
            Zone::fixed(12_600).show(Second(1_548_116_774)),
            "2019-01-22T03:56:14+03:30"
        );
        assert_eq!(Zone::fixed(0).show(Second(0)), "1970-01-01T00:00:00Z");
        assert_eq!(Zone::fixed(0).show(Second(-1)), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn windows_align_to_the_clock_of_the_zone() {
        let half = Zone::fixed(12_600);
        // 03:56:14+03:30 lies in the hour that begins at 03:00+03:30.
        assert_eq!(
            half.window(Second(1_548_116_774), Span(3600)),
            (Second(1_548_113_400), Second(1_548_117_000))
        );
        assert_eq!(
            Zone::UTC.window(Second(-1), Span(10)),
            (Second(-10), Second(0))
        );
    }

    #[test]
    fn windows_of_a_day_follow_the_clocks_and_leave_no_hole() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        // Clocks go forward on 2025-03-30 and back on 2025-10-26.
        for (start, hours) in [(1_743_289_200, 23), (1_761_429_600, 25)] {
            assert!(
                berlin.show(Second(start)).contains("T00:00:00"),
                "{}",
                berlin.show(Second(start))
            );
            for hour in 0..hours {
                let window = berlin.window(Second(start + hour * 3600 + 1), Span(86_400));
                assert_eq!(
                    window,
                    (Second(start), Second(start + hours * 3600)),
                    "hour {hour}"
                );
            }
        }
        for interval in [1, 7, 60, 3600, 7200, 43_200, 86_400] {
            let (mut at, end) = (Second(1_761_300_000), Second(1_761_300_000 + 4 * 86_400));
            let mut steps = 0;
            while at < end && steps < 2000 {
                let (from, to) = berlin.window(at, Span(interval));
                assert!(from <= at && at < to, "{interval}");
                assert_eq!(
                    berlin.window(Second(to.0 - 1), Span(interval)),
                    (from, to),
                    "{interval}"
                );
                at = to;
                steps += 1;
            }
        }
    }
}
