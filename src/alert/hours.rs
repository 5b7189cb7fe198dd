//! When a rule is evaluated: `during 08:00-20:00 mon-fri`, `not during 02:00-03:00`, in the zone that is shown.
//!
//! Outside of its hours nothing of a rule fires, and what fires is over at their edge. Times that run past midnight
//! belong to the day on which they begin.

use crate::time::{Second, Zone};

const DAY: i64 = 86_400;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// No clock is changed between two of these moments: offsets of zones change at full quarters of an hour.
const QUARTER: i64 = 900;

/// The hours of a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// Seconds of a day; the end may be before the beginning.
    from: i64,
    to: i64,
    /// Bit 0 is Monday.
    days: u8,
    /// All but these.
    negated: bool,
}

impl Hours {
    /// Every moment, or none if `negated`.
    pub(super) fn all(negated: bool) -> Hours {
        Hours {
            from: 0,
            to: DAY,
            days: 0x7f,
            negated,
        }
    }

    /// Takes `08:00-20:00`; whether it was that.
    pub(super) fn take_times(&mut self, word: &str) -> bool {
        let times = word
            .split_once('-')
            .and_then(|(from, to)| Some((time(from)?, time(to)?)));
        match times {
            Some((from, to)) if from != to && from < DAY => {
                (self.from, self.to) = (from, to);
                true
            }
            _ => false,
        }
    }

    /// Takes `mon-fri`, `sat,sun`, `wed`; whether it was that.
    pub(super) fn take_days(&mut self, word: &str) -> bool {
        let day = |name: &str| DAYS.iter().position(|day| *day == name);
        let mut days = 0;
        for part in word.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (Some(first), Some(last)) = (day(first), day(last)) else {
                return false;
            };
            // A range may run past Sunday.
            let length = (last + 7 - first) % 7;
            (0..=length).for_each(|step| days |= 1 << ((first + step) % 7));
        }
        self.days = days;
        true
    }

    /// Whether `second` is one of them, and the first second behind it at which that may be otherwise.
    fn at(&self, second: Second, zone: &Zone) -> (bool, Second) {
        let local = second.0 + i64::from(zone.offset_at(second));
        let (day, of_day) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        // 1970-01-01 was a Thursday.
        let has = |day: i64| self.days >> (day + 3).rem_euclid(7) & 1 == 1;
        let within = if self.from < self.to {
            has(day) && (self.from..self.to).contains(&of_day)
        } else {
            has(day) && of_day >= self.from || has(day - 1) && of_day < self.to
        };
        let edges = [self.from, self.to, DAY].into_iter();
        let next = edges.filter(|edge| *edge > of_day).min().unwrap_or(DAY);
        let quarter = QUARTER - second.0.rem_euclid(QUARTER);
        let until = Second(second.0 + quarter.min(next - of_day));
        (within != self.negated, until)
    }
}

/// `08:00`, `24:00`, in seconds.
fn time(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !two(hours) || !two(minutes) {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let seconds = hours * 3600 + minutes * 60;
    (minutes < 60 && seconds <= DAY).then_some(seconds)
}

/// The hours of a rule, and how far it is known whether the last second was one of them.
#[derive(Debug)]
pub(super) struct Clocked {
    hours: Hours,
    /// Whether it was, and the first second that is to be looked up.
    known: Option<(bool, Second)>,
}

impl Clocked {
    pub(super) fn new(hours: Hours) -> Clocked {
        Clocked { hours, known: None }
    }

    /// A second closes: whether it is one of the hours, and whether that is new.
    pub(super) fn close(&mut self, second: Second, zone: &Zone) -> (bool, bool) {
        match self.known {
            Some((within, until)) if second < until => (within, false),
            known => {
                let (within, until) = self.hours.at(second, zone);
                self.known = Some((within, until));
                (within, known.is_none_or(|(was, _)| was != within))
            }
        }
    }

    /// The first second from `from` on that must be looked up, and the one before it: what grows is greatest then.
    pub(super) fn next_change(&self, from: Second) -> Second {
        let next = |(_, until): (bool, Second)| {
            let before = Second(until.0 - 1);
            if from <= before {
                before
            } else {
                until.max(from)
            }
        };
        self.known.map_or(from, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(words: &[&str], negated: bool) -> Hours {
        let mut hours = Hours::all(negated);
        for word in words {
            assert!(hours.take_times(word) || hours.take_days(word), "{word}");
        }
        hours
    }

    /// `2026-11-20T09:00:00Z`, a Friday.
    const FRIDAY: i64 = 1_795_165_200;

    #[test]
    fn hours_are_those_of_the_zone_and_of_the_day_on_which_they_begin() {
        let hour = |hours: &Hours, after: i64, zone: &str| {
            let zone = Zone::parse(zone).expect("a zone");
            hours.at(Second(FRIDAY + after * 3600), &zone).0
        };
        let office = hours(&["08:00-20:00", "mon-fri"], false);
        let nights = hours(&["22:00-06:00", "fri"], false);
        for (hours, after, zone, within) in [
            (office, 0, "UTC", true),
            (office, 11, "UTC", false),
            (office, 10, "UTC", true),
            (office, 0, "America/New_York", false),
            (office, 4, "America/New_York", true),
            (office, 24, "UTC", false),
            (office, 72, "UTC", true),
            (nights, 12, "UTC", false),
            (nights, 13, "UTC", true),
            (nights, 20, "UTC", true),
            (nights, 21, "UTC", false),
            (nights, 37, "UTC", false),
            (hours_not(&["02:00-03:00"]), 17, "UTC", false),
            (hours_not(&["02:00-03:00"]), 18, "UTC", true),
            (hours(&["fri-mon"], false), 0, "UTC", true),
            (hours(&["fri-mon"], false), 96, "UTC", false),
        ] {
            assert_eq!(
                hour(&hours, after, zone),
                within,
                "{hours:?} {after} {zone}"
            );
        }
    }

    fn hours_not(words: &[&str]) -> Hours {
        hours(words, true)
    }

    /// Every second of some days, those on which clocks change too: until the next look nothing changes.
    #[test]
    fn until_the_next_look_nothing_changes() {
        let berlin = Zone::parse("Europe/Berlin").expect("a zone");
        let rule = hours(&["02:10-03:20", "sun"], false);
        // 2026-03-28 and 2026-10-24, Saturdays before the clocks change.
        for begin in [1_774_656_000, 1_792_800_000] {
            let mut clocked = Clocked::new(rule);
            let mut changes = 0;
            for second in (begin..begin + 2 * DAY).map(Second) {
                let (within, changed) = clocked.close(second, &berlin);
                assert_eq!(within, rule.at(second, &berlin).0, "{second:?}");
                changes += usize::from(changed);
            }
            assert!(changes >= 3, "{changes}");
        }
    }

    #[test]
    fn what_are_no_hours_is_refused() {
        for word in [
            "8:00-20:00",
            "08:00",
            "08:00-08:00",
            "08:60-09:00",
            "24:00-25:00",
            "monday",
            "mon-",
            "",
        ] {
            let mut hours = Hours::all(false);
            assert!(!hours.take_times(word) && !hours.take_days(word), "{word}");
        }
    }
}
