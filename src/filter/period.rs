//! `--since` and `--until`: from which second to which records count.
//!
//! A moment is written in five ways. One with an offset needs nothing else. A date, with or without a time,
//! is read in the zone shown, and a time alone is of the log's day, the day of its first record there;
//! both wait for that record. `-2h` counts back from the newest record, which must be known before the
//! first is counted: see [`Period::resolved`]. `today`, `yesterday` and the days of the week are days by the wall
//! clock, which the caller brings, in the zone shown; live, `-2h` counts back from it too: see [`Moment::seen`].

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use crate::time::{Second, Span, Zone};

/// What a moment looks like, for a message.
const FORM: &str = "expected a time such as 2026-11-20T09:30:00Z, 2026-11-20, '2026-11-20 09:30', 09:30, yesterday, monday or -2h";

/// A moment as it was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Moment {
    /// This second.
    At(Second),
    /// What a clock in the zone shown says.
    Clock(DateTime),
    /// The same, on the day of the first record.
    OfDay(Time),
    /// So long before the newest record.
    Ago(Span),
    /// The beginning of a day, and the time now, once that is known.
    Day(Day, Option<Second>),
}

/// A day as it is called today.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Day {
    /// So many days ago.
    Back(i32),
    /// The last one of this name, which may be today.
    Last(Weekday),
}

impl Day {
    /// `today`, `yesterday`, or a day of the week, which its first three letters name as well.
    fn parse(text: &str) -> Option<Day> {
        const WEEK: [&str; 7] = [
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
            "sunday",
        ];
        match &*text.to_ascii_lowercase() {
            "today" => Some(Day::Back(0)),
            "yesterday" => Some(Day::Back(1)),
            name => {
                let day = WEEK
                    .iter()
                    .position(|day| *day == name || day[..3] == *name)?;
                Weekday::from_monday_zero_offset(day as i8)
                    .ok()
                    .map(Day::Last)
            }
        }
    }

    /// Its date, if it is this date today.
    fn on(self, today: Date) -> Option<Date> {
        let back = match self {
            Day::Back(days) => days,
            Day::Last(day) => today.weekday().since(day).into(),
        };
        today.checked_sub(jiff::Span::new().days(back)).ok()
    }
}

impl Moment {
    /// Reads a moment.
    ///
    /// # Errors
    ///
    /// What is expected instead.
    pub fn parse(text: &str) -> Result<Moment, String> {
        let wrong = |_| format!("{FORM}, not '{text}'");
        if let Some(span) = text.strip_prefix('-') {
            return Span::parse(span).map(Moment::Ago).map_err(wrong);
        }
        if let Some(day) = Day::parse(text) {
            return Ok(Moment::Day(day, None));
        }
        let plain = |b: u8| b.is_ascii_digit() || b"-+:. TtZz".contains(&b);
        let dashed = text.as_bytes().get(4) == Some(&b'-');
        if !text.bytes().all(plain) || !(dashed || text.contains(':')) {
            return Err(wrong(""));
        }
        if !dashed {
            return text
                .parse()
                .map(Moment::OfDay)
                .map_err(|_: jiff::Error| wrong(""));
        }
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(Moment::At(floor(at)));
        }
        // What carries an offset and is no time is not to be read without it.
        let zoned =
            text.ends_with(['Z', 'z']) || text.contains('+') || text.matches('-').count() > 2;
        let clock = if text.len() == "2026-11-20".len() {
            text.parse().map(|date: Date| date.at(0, 0, 0, 0))
        } else {
            text.parse()
        };
        match clock {
            Ok(clock) if !zoned && is_a_time_everywhere(clock) => Ok(Moment::Clock(clock)),
            _ => Err(wrong("")),
        }
    }

    /// The same moment, asked for at this time by the wall clock; live, that is the newest there is.
    pub fn seen(self, now: Second, live: bool) -> Moment {
        match self {
            Moment::Ago(span) if live => Moment::At(now - span),
            Moment::Day(day, _) => Moment::Day(day, Some(now)),
            other => other,
        }
    }

    /// The second it means; `first` is the first record, where it is known.
    fn second(&self, first: Option<(Second, &Zone)>) -> Option<Second> {
        let on = |zone: &Zone, date: Date, time: Time| {
            let of_day = i64::from(time.hour()) * 3600
                + i64::from(time.minute()) * 60
                + i64::from(time.second());
            zone.second_of(date, of_day)
        };
        match (*self, first) {
            (Moment::At(second), _) => Some(second),
            (Moment::Clock(clock), Some((_, zone))) => on(zone, clock.date(), clock.time()),
            (Moment::OfDay(time), Some((first, zone))) => on(zone, zone.date_of(first)?, time),
            (Moment::Day(day, Some(now)), Some((_, zone))) => {
                on(zone, day.on(zone.date_of(now)?)?, Time::midnight())
            }
            _ => None,
        }
    }
}

/// Whether a clock can show it in every zone: the calendar ends with the year 9999.
fn is_a_time_everywhere(clock: DateTime) -> bool {
    let day = SignedDuration::from_hours(26);
    let at = Offset::UTC.to_timestamp(clock);
    at.is_ok_and(|at| at.checked_add(day).is_ok() && at.checked_sub(day).is_ok())
}

/// The whole second a timestamp lies in.
fn floor(at: Timestamp) -> Second {
    Second(at.as_second() - i64::from(at.subsec_nanosecond() < 0))
}

/// The seconds that count: from `since`, which is one of them, to `until`, which is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The first second.
    pub since: Second,
    /// The first second after the last.
    pub until: Second,
}

impl Bounds {
    /// Every second.
    pub const ALL: Bounds = Bounds {
        since: Second(i64::MIN),
        until: Second(i64::MAX),
    };

    /// Whether a second counts.
    #[inline]
    pub fn hold(&self, second: Second) -> bool {
        self.since <= second && second < self.until
    }
}

/// The period that was asked for.
#[derive(Debug, Clone, Default)]
pub struct Period {
    /// From when on, where given.
    pub since: Option<Moment>,
    /// Up to when, where given.
    pub until: Option<Moment>,
    /// The zone that is shown; `None` for the offset of the first record.
    pub zone: Option<Zone>,
}

impl Period {
    /// The bounds, where no record is needed to know them.
    pub fn bounds(&self) -> Option<Bounds> {
        let second = |moment: Option<Moment>, open| match moment {
            None => Some(open),
            Some(Moment::At(second)) => Some(second),
            Some(_) => None,
        };
        Some(Bounds {
            since: second(self.since, Bounds::ALL.since)?,
            until: second(self.until, Bounds::ALL.until)?,
        })
    }

    /// The bounds, once there is a first record: its time and offset.
    pub fn bounds_from(&self, first: Second, offset: i32) -> Bounds {
        self.bounds().unwrap_or_else(|| {
            let resolved = self.resolved(first, offset, None);
            let second = |moment: Option<Moment>, open| match moment {
                Some(Moment::At(second)) => second,
                _ => open,
            };
            Bounds {
                since: second(resolved.since, Bounds::ALL.since),
                until: second(resolved.until, Bounds::ALL.until),
            }
        })
    }

    /// The first option that counts back from the newest record, and by how much.
    pub fn told_ago(&self) -> Option<(&'static str, Span)> {
        let ago = |name, moment| match moment {
            Some(Moment::Ago(span)) => Some((name, span)),
            _ => None,
        };
        ago("since", self.since).or_else(|| ago("until", self.until))
    }

    /// The same period in seconds: by the time and offset of the first record and, where it is known, the
    /// newest. What the calendar does not reach stays as it is.
    pub fn resolved(&self, first: Second, offset: i32, newest: Option<Second>) -> Period {
        let zone = self.zone.clone().unwrap_or_else(|| Zone::fixed(offset));
        let resolve = |moment: Moment| match (moment, newest) {
            (Moment::Ago(span), Some(newest)) => Moment::At(newest - span),
            _ => moment
                .second(Some((first, &zone)))
                .map_or(moment, Moment::At),
        };
        Period {
            since: self.since.map(resolve),
            until: self.until.map(resolve),
            zone: self.zone.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-20T23:30:00Z, a quarter past midnight of the 21st an hour and three quarters further east.
    const FIRST: Second = Second(1_795_217_400);

    fn second(text: &str, offset: i32) -> Option<i64> {
        let moment = Moment::parse(text).unwrap_or_else(|why| panic!("{why}"));
        let zone = Zone::fixed(offset);
        moment.second(Some((FIRST, &zone))).map(|second| second.0)
    }

    #[test]
    fn moments_are_read_in_five_forms() {
        let day = 1_795_132_800;
        for (text, offset, want) in [
            ("2026-11-20T09:30:00Z", 3600, day + 34_200),
            ("2026-11-20t09:30:00z", 3600, day + 34_200),
            ("2026-11-20 09:30:00+02:00", 0, day + 27_000),
            ("2026-11-20T09:30:00-00:30", 0, day + 36_000),
            ("2026-11-20T09:30:00.9Z", 0, day + 34_200),
            ("1969-12-31T23:59:59.5Z", 0, -1),
            ("2026-11-20", 0, day),
            ("2026-11-20", 3600, day - 3600),
            ("2026-11-20 09:30", -3600, day + 37_800),
            ("2026-11-20T09:30:15", 0, day + 34_215),
            ("09:30", 0, day + 34_200),
            ("09:30:15", 0, day + 34_215),
            ("00:00", 6300, day + 86_400 - 6300),
        ] {
            assert_eq!(second(text, offset), Some(want), "{text} {offset}");
        }
        assert_eq!(Moment::parse("-2h"), Ok(Moment::Ago(Span(7200))));
        assert_eq!(Moment::parse("-90"), Ok(Moment::Ago(Span(90))));
        for bad in [
            "",
            "-",
            "--2h",
            "-2x",
            "tomorrow",
            "mo",
            "2026",
            "20261120",
            "2026-11",
            "2026-13-01",
            "0930",
            "25:00",
            "9:30",
            "2026-02-30",
            "2026-11-20T25:00:00Z",
            "2026-11-20T09:30:00+99:00",
            "2026-11-20Z",
            "2026-11-20T09:30:00[UTC]",
            "20\u{e9}6-11-20",
            "9999-12-31",
            "9999-12-31 00:00",
        ] {
            let why = Moment::parse(bad).expect_err(bad);
            assert!(why.contains("-2h") && why.contains(bad), "{why}");
        }
    }

    #[test]
    fn a_day_is_of_the_wall_clock_in_the_zone_shown() {
        // Half an hour before the midnight that ends a Friday; further east it is Saturday.
        let midnight = 1_795_219_200;
        for (text, offset, days) in [
            ("today", 0, -1),
            ("today", 3600, 0),
            ("Yesterday", 3600, -1),
            ("saturday", 3600, 0),
            ("sat", 0, -7),
            ("friday", 0, -1),
            ("FRI", 3600, -1),
            ("sunday", 3600, -6),
        ] {
            let moment = Moment::parse(text).unwrap_or_else(|why| panic!("{why}"));
            let zone = Zone::fixed(offset);
            // The log may be of any day.
            let log = Some((Second(0), &zone));
            assert_eq!(moment.second(log), None);
            let want = midnight - i64::from(offset) + 86_400 * days;
            let found = moment.seen(FIRST, false).second(log);
            assert_eq!(found, Some(Second(want)), "{text} {offset}");
        }
        let ago = Moment::Ago(Span(60));
        assert_eq!(ago.seen(FIRST, false), ago);
        assert_eq!(ago.seen(FIRST, true), Moment::At(FIRST - Span(60)));
    }

    #[test]
    fn a_period_begins_with_its_first_second_and_ends_before_its_last() {
        let period = Period {
            since: Some(Moment::At(Second(10))),
            until: Some(Moment::At(Second(20))),
            zone: None,
        };
        let bounds = period.bounds().expect("nothing is missing");
        let held: Vec<i64> = (0..30).filter(|&s| bounds.hold(Second(s))).collect();
        assert_eq!(held, (10..20).collect::<Vec<_>>());
        assert!(Bounds::ALL.hold(Second(i64::MIN)) && Bounds::ALL.hold(Second(0)));
    }

    #[test]
    fn what_waits_for_a_record_is_settled_by_it() {
        let period = Period {
            since: Some(Moment::Ago(Span(60))),
            until: Moment::parse("23:45").ok(),
            zone: None,
        };
        assert_eq!(
            (period.bounds(), period.told_ago()),
            (None, Some(("since", Span(60))))
        );
        let resolved = period.resolved(FIRST, 0, Some(FIRST + Span(300)));
        let bounds = Bounds {
            since: FIRST + Span(240),
            until: FIRST + Span(900),
        };
        assert_eq!(
            (resolved.bounds(), resolved.told_ago()),
            (Some(bounds), None)
        );
        assert_eq!(
            resolved.bounds_from(Second(0), 7200),
            bounds,
            "what is resolved stays so"
        );
    }
}
