//! What to simulate: the settings, and what they come to.

use super::schedule::{BILLION, Stretch};
use crate::alert::measure::decimal;
use crate::format::timestamp::{TimeForm, Timestamps};
use crate::format::{Choice, formats};
use crate::time::{Second, Span, Zone};

/// The first and the last second that every format can say: the epoch form needs nine digits, and
/// beyond eleven it is taken for milliseconds.
const FIRST: Second = Second(126_230_400);
const LAST: Second = Second(95_617_583_999);

/// The most lines in a second: a billion.
const MOST: u64 = BILLION;

/// The longest step.
const YEAR: Span = Span(366 * 86_400);

/// When a log begins, and the offset from UTC that its times are written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// The second of its first line.
    pub second: Second,
    /// Seconds east of UTC.
    pub offset: i32,
}

impl Start {
    /// Where none is given: 2026-01-01T00:00:00Z.
    pub const FIXED: Start = Start {
        second: Second(1_767_225_600),
        offset: 0,
    };

    /// Reads a date, or a time in RFC 3339.
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Start, String> {
        let whole = match text.len() {
            10 => format!("{text}T00:00:00Z"),
            _ => text.to_owned(),
        };
        let stamp = Timestamps::new(Zone::UTC)
            .read(&TimeForm::Iso, whole.as_bytes())
            .ok()
            .filter(|stamp| stamp.offset % 60 == 0)
            .ok_or_else(|| format!("'{text}' is no time (2026-01-01, or 2026-01-01T12:00:00Z)"))?;
        Ok(Start {
            second: stamp.time,
            offset: stamp.offset,
        })
    }

    /// Whether a log of so many seconds from here on stays within what every format can say.
    pub(super) fn check(self, seconds: u64) -> Result<(), String> {
        let end = i64::try_from(seconds)
            .ok()
            .and_then(|seconds| self.second.0.checked_add(seconds));
        if self.second < FIRST || end.is_none_or(|end| end > LAST.0) {
            return Err("--start: the log must lie between 1974 and 4999".to_owned());
        }
        Ok(())
    }
}

/// What to simulate.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Lines a second of each step, in billionths.
    pub rates: Vec<u64>,
    /// How long each step is, in seconds; one is for all.
    pub durations: Vec<u64>,
    /// The share of errors in each step, in billionths; one is for all.
    pub errors: Vec<u64>,
    /// The share of lines from one client in each step, in billionths; one is for all.
    pub flood: Vec<u64>,
    /// How many seconds lines may come late.
    pub disorder: u64,
    /// For so many seconds requests take longer.
    pub slow_start: u64,
    /// The format.
    pub format: Choice,
    /// When the log begins, where given.
    pub start: Option<Start>,
    /// What chance hangs on.
    pub seed: u64,
    /// How many times as fast as the wall clock the log's runs, in billionths; at once without.
    pub speed: Option<u64>,
}

impl Default for Settings {
    fn default() -> Settings {
        let combined = formats().find(|format| format.name == "combined");
        Settings {
            rates: vec![9 * BILLION, 11 * BILLION, 8 * BILLION],
            durations: vec![150],
            errors: vec![0],
            flood: vec![0],
            disorder: 0,
            slow_start: 0,
            format: combined.map_or(Choice::Auto, Choice::Only),
            start: None,
            seed: 1,
            speed: None,
        }
    }
}

impl Settings {
    /// The steps of the log.
    ///
    /// # Errors
    ///
    /// Names the option whose list is neither one long nor as long as the others.
    pub fn steps(&self) -> Result<Vec<Stretch>, String> {
        let lists = [
            ("--rates", &self.rates),
            ("--durations", &self.durations),
            ("--errors", &self.errors),
            ("--flood", &self.flood),
        ];
        // The first list that has several decides; --rates before all.
        let (named, count) = lists
            .iter()
            .map(|(name, list)| (*name, list.len()))
            .find(|(_, len)| *len > 1)
            .unwrap_or(("--rates", 1));
        let values = |name: &str, list: &[u64]| match list {
            [one] => Ok(vec![*one; count]),
            _ if list.len() == count => Ok(list.to_vec()),
            _ => Err(format!(
                "{name}: {} values, but {named} has {count} (give one for each step, or one for all)",
                list.len()
            )),
        };
        let [rates, durations, errors, flood] = lists.map(|(name, list)| values(name, list));
        let (rates, durations, errors, flood) = (rates?, durations?, errors?, flood?);
        let steps = (0..count).map(|i| Stretch {
            rate: rates[i],
            seconds: durations[i],
            errors: errors[i],
            flood: flood[i],
        });
        Ok(steps.collect())
    }
}

/// Reads a list of rates in lines per second, as billionths.
///
/// # Errors
///
/// What is wrong with one of them.
pub fn rates(text: &str) -> Result<Vec<u64>, String> {
    list(text, |item| {
        if item.starts_with('-') {
            return Err("a rate cannot be negative".to_owned());
        }
        let rate = decimal(item).ok_or_else(|| {
            format!("'{item}' is no number of lines per second such as 10 or 0.5")
        })?;
        u64::try_from(rate)
            .ok()
            .filter(|rate| *rate <= MOST * BILLION)
            .ok_or_else(|| format!("'{item}' is too large; at most {MOST} lines per second"))
    })
}

/// Reads a list of durations.
///
/// # Errors
///
/// What is wrong with one of them.
pub fn durations(text: &str) -> Result<Vec<u64>, String> {
    list(text, |item| {
        let span = Span::parse(item)?;
        match span {
            Span(0) => Err(format!("'{item}' is too short; at least 1s")),
            span if span > YEAR => Err(format!("'{item}' is too long; at most {YEAR}")),
            span => Ok(span.0.unsigned_abs()),
        }
    })
}

/// Reads a list of percentages, as billionths.
///
/// # Errors
///
/// What is wrong with one of them.
pub fn shares(text: &str) -> Result<Vec<u64>, String> {
    list(text, |item| {
        let percent = decimal(item.strip_suffix('%').unwrap_or(item))
            .filter(|percent| *percent <= u128::from(100 * BILLION) && percent % 100 == 0)
            .ok_or_else(|| {
                format!("'{item}' is no percentage from 0 to 100 with at most seven decimals")
            })?;
        u64::try_from(percent / 100).map_err(|error| error.to_string())
    })
}

fn list(text: &str, read: impl Fn(&str) -> Result<u64, String>) -> Result<Vec<u64>, String> {
    if text.is_empty() {
        return Err("expected a list such as 9,11,8".to_owned());
    }
    text.split(',').map(read).collect()
}
