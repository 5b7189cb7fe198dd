//! What is said on standard error of a log that is probably not what its reader thinks it is.
//!
//! A hint is said once. Nothing that is counted or written depends on one.

use std::time::Duration;

use super::operands::STDIN;
use super::reader::RecordReader;
use super::say;
use crate::cli::Options;
use crate::filter::Filter;
use crate::format::unparsed::Why;
use crate::format::{Parser, closest, detect, recognise};
use crate::geo;
use crate::ingest::clock::NEAR_WALL;
use crate::monitor::Monitor;
use crate::render::escape;
use crate::time::{Second, Span};

/// After so many lines without a record, or records without a dimension, something is said.
const ENOUGH: u64 = 100;
/// A live stream is followed for so long before it is said that its times are not those of the wall clock.
const A_WHILE: Duration = Duration::from_secs(5);
/// Bytes of the input kept to say what it looks like.
const SAMPLE: usize = 4096;

/// The hints of a run: which of them are settled, and what they need.
#[derive(Default)]
pub(super) struct Hints {
    foreign: bool,
    old: bool,
    /// When the first records of a live stream came, by the wall clock.
    first_came: Option<Duration>,
    off: bool,
    misplaced: bool,
    saturated: bool,
    unfollowed: bool,
    zone: bool,
    lacking: bool,
    /// The filter, as it was written.
    filter: Option<String>,
    /// What may be wrong with it, in parentheses.
    advice: Option<String>,
    /// What the period is called that entries are in.
    period: Option<&'static str>,
    /// The first bytes of the input, until something was made of them.
    sample: Vec<u8>,
}

impl Hints {
    /// Nothing was said of this run.
    pub(super) fn new(options: &Options) -> Hints {
        let expressions = options.expressions.iter();
        let shown = expressions.map(|text| format!("'{}'", escape::shown(text.as_bytes())));
        let filter: Vec<String> = shown.collect();
        let advice = options.filter.as_ref().and_then(Filter::advice);
        Hints {
            advice: advice.map(|advice| format!(" ({})", escape::shown(advice.as_bytes()))),
            period: match (options.since, options.until) {
                (None, None) => None,
                (Some(_), None) if options.compares_at() => Some("from the time of --compare on"),
                (Some(_), None) => Some("from --since on"),
                (None, Some(_)) => Some("before --until"),
                (Some(_), Some(_)) if options.compares_at() => {
                    Some("between the time of --compare and --until")
                }
                (Some(_), Some(_)) => Some("between --since and --until"),
            },
            filter: (!filter.is_empty()).then(|| format!("--where {}", filter.join(" and "))),
            ..Hints::default()
        }
    }

    /// These bytes are about to be read.
    pub(super) fn block(&mut self, block: &[u8], monitor: &Monitor) {
        if !self.foreign && self.sample.len() < SAMPLE && monitor.books().records() == 0 {
            let room = SAMPLE - self.sample.len();
            self.sample
                .extend_from_slice(&block[..block.len().min(room)]);
        }
    }

    /// This is the first line of `file`, and no record.
    pub(super) fn begins_with(&mut self, line: &[u8], file: &str, monitor: &Monitor) {
        let Some(looks) = detect::surely(line) else {
            return;
        };
        say(&format!("{}: this looks like {looks}", shown(file)));
        // Of a log that is all like this, nothing is left to be said.
        self.foreign |= monitor.books().records() == 0;
    }

    /// A record has a time without an offset. One that is off by whole hours is in another zone than it is
    /// read in.
    pub(super) fn zoneless(&mut self, time: Second, wall: Option<Second>) {
        if std::mem::replace(&mut self.zone, true) {
            return;
        }
        let Some(off) = wall.map(|wall| (time - wall).0) else {
            return;
        };
        let hours = (off + off.signum() * 1800) / 3600;
        if hours != 0 && hours.abs() <= 14 && (off - hours * 3600).abs() <= 300 {
            say(&format!(
                "times without an offset are {hours:+} hours from now: --log-tz names their zone"
            ));
        }
    }

    /// A line could not be read.
    pub(super) fn unparsed(&mut self, monitor: &Monitor) {
        if monitor.books().lines >= ENOUGH {
            self.foreign(monitor);
        }
    }

    /// Some lines were read, live.
    pub(super) fn live(&mut self, monitor: &Monitor, parser: &Parser, wall: Duration) {
        if monitor.books().hits() >= ENOUGH {
            self.lacking(monitor, parser);
        }
        if !monitor.books().live {
            self.old(monitor, wall);
            self.off(monitor, wall);
        } else {
            self.off = true;
        }
        self.misplaced(monitor);
        self.unfollowed(monitor);
    }

    /// All lines were read.
    pub(super) fn end(&mut self, monitor: &Monitor, reader: &RecordReader) {
        self.foreign(monitor);
        self.nothing_counted(monitor);
        self.lacking(monitor, &reader.parser);
        if monitor.books().records() > 0 {
            let named = reader.named.iter();
            named.for_each(|named| named.lacking().iter().for_each(|why| say(&shown(why))));
        }
        self.misplaced(monitor);
        self.saturated(monitor);
        self.unfollowed(monitor);
    }

    /// The bytes that were sent are more than a sum can hold.
    fn saturated(&mut self, monitor: &Monitor) {
        let bytes = monitor.books().totals.statistics.counters.bytes;
        if bytes == u64::MAX && !std::mem::replace(&mut self.saturated, true) {
            say(
                &"the bytes of all responses are more than 18446744073709551615: sums of bytes are lower bounds",
            );
        }
    }

    /// None of the lines so far is a record: says what the input looks like.
    fn foreign(&mut self, monitor: &Monitor) {
        if self.foreign || !monitor.books().is_foreign() {
            return;
        }
        self.foreign = true;
        let lines = match monitor.books().lines {
            1 => "the only line is no".to_owned(),
            lines => format!("none of the first {lines} lines is an"),
        };
        let sample = std::mem::take(&mut self.sample);
        let line = sample
            .split(|&b| b == b'\n')
            .find(|line| !line.is_empty() && line[0] != b'#')
            .unwrap_or(b"");
        if let Some(format) = recognise(line) {
            say(&format!(
                "{lines} entry of the format that was given: this looks like {format} (without --format it is read)"
            ));
            return;
        }
        let closest = closest(line);
        if let Some((format, unparsed)) =
            closest.filter(|(_, unparsed)| unparsed.why == Why::Timeless)
        {
            let why = unparsed.reason();
            say(&format!(
                "{lines} access-log entry: this looks like {format}, but {why}"
            ));
            return;
        }
        let looks = detect::looks_like(&sample);
        say(&format!(
            "{lines} access-log entry: this looks like {looks}"
        ));
        if let Some((format, unparsed)) = closest {
            say(&format!("the closest format is {format}: {unparsed}"));
        }
    }

    /// There are entries, and all of them were left out: says by what.
    fn nothing_counted(&self, monitor: &Monitor) {
        let books = monitor.books();
        if books.filtered == 0 || books.hits() > 0 {
            return;
        }
        let span = monitor.log_span();
        let apart = |(first, newest): (Second, Second)| {
            newest < books.bounds.since || first >= books.bounds.until
        };
        match &self.filter {
            Some(filter) if !span.is_some_and(apart) => {
                let advice = self.advice.as_deref().unwrap_or_default();
                say(&match self.period {
                    Some(period) => format!("no entry {period} matches {filter}{advice}"),
                    None => format!(
                        "none of the {} entries matches {filter}{advice}",
                        books.filtered
                    ),
                });
            }
            _ => {
                let span = span.map_or(String::new(), |(first, newest)| {
                    let zone = books.zone();
                    format!(
                        ": the log is from {} to {}",
                        zone.show(first),
                        zone.show(newest)
                    )
                });
                let period = self.period.unwrap_or("in the period");
                say(&format!("no entry is {period}{span}"));
            }
        }
    }

    /// A dimension that was asked for has no key. Records that were filtered out say nothing of it.
    fn lacking(&mut self, monitor: &Monitor, parser: &Parser) {
        if self.lacking || monitor.books().hits() == 0 {
            return;
        }
        self.lacking = true;
        self.unknown_keys(parser);
        for name in monitor.books().lacks() {
            if geo::DIMENSIONS.contains(&name) {
                say(&format!("--mmdb: the {name} of no client is there"));
            } else {
                say(&format!("--top: this log has no {name}"));
            }
        }
    }

    /// A log of JSON without a client or a request: its keys may only be unknown.
    fn unknown_keys(&self, parser: &Parser) {
        let line = self
            .sample
            .split(|&b| b == b'\n')
            .next()
            .unwrap_or_default();
        let keys = parser.unknown_keys(line);
        if !keys.is_empty() {
            say(&format!(
                "this log has no client or no request under a name that httpmon knows; its other keys are {} (--format 'json: client=KEY path=KEY' names them)",
                escape::shown(keys.join(", ").as_bytes())
            ));
        }
    }

    /// A live log that is not.
    fn old(&mut self, monitor: &Monitor, wall: Duration) {
        if self.old {
            return;
        }
        let Some((first, _)) = monitor.books().span else {
            return;
        };
        self.old = true;
        let age = Span(wall.as_secs() as i64 - first.0);
        if age > Span(3600) {
            let age = match age.0 {
                ..7200 => "an hour".to_owned(),
                7200..172_800 => format!("{} hours", age.0 / 3600),
                _ => format!("{} days", age.0 / 86_400),
            };
            say(&format!(
                "this log goes back {age}: if nothing is written to it any more, --replay reads it as history"
            ));
        }
    }

    /// A live log of which every record lies far from the wall clock, if not so far that it is an old one.
    fn off(&mut self, monitor: &Monitor, wall: Duration) {
        let since = wall.saturating_sub(*self.first_came.get_or_insert(wall));
        let Some(lag) = monitor.front().lag().filter(|_| !self.off) else {
            return;
        };
        let lag = Span(lag / 1000);
        if since < A_WHILE || lag.0.abs() <= NEAR_WALL.0 {
            return;
        }
        self.off = true;
        let (by, side) = (
            Span(lag.0.abs()),
            if lag.0 > 0 { "behind" } else { "ahead of" },
        );
        say(&format!(
            "the times of this log are {by} {side} this machine's clock, so silence cannot be told from a slow log"
        ));
    }

    /// A rule could not follow all keys.
    fn unfollowed(&mut self, monitor: &Monitor) {
        if self.unfollowed {
            return;
        }
        if let Some((rule, hits)) = monitor.unfollowed().next() {
            say(&format!(
                "{rule}: {hits} hits of the rarer keys are not followed, and it may miss alerts: there are too many keys"
            ));
            self.unfollowed = true;
        }
    }

    /// Many hits came late or have no place in time.
    fn misplaced(&mut self, monitor: &Monitor) {
        let books = monitor.books();
        let Some(misplaced) = books.many_misplaced().filter(|_| !self.misplaced) else {
            return;
        };
        self.misplaced = true;
        let mut parts = Vec::new();
        if books.late > 0 {
            parts.push(format!(
                "--lateness {} would have taken the {} that came late",
                books.late_by, books.late
            ));
        }
        if books.skewed > 0 {
            parts.push(format!(
                "{} have a time that the lines around them contradict",
                books.skewed
            ));
        }
        say(&format!(
            "{misplaced} of {} hits have no place in time, and alerts may miss them: {}",
            books.hits(),
            parts.join("; ")
        ));
    }
}

/// All lines were read, and no summary says which of them could not be. Where none could, something was
/// said already.
pub(super) fn unread(monitor: &Monitor) {
    let (unparsed, lines) = (monitor.books().unparsed, monitor.books().lines);
    let Some(example) = monitor
        .books()
        .examples
        .first()
        .filter(|_| monitor.books().records() > 0)
    else {
        return;
    };
    let are = match unparsed {
        1 => "is no log entry:",
        _ => "are no log entries, the first is",
    };
    let file = example.file.as_deref();
    let file = file.map_or(String::new(), |file| escape::shown(file.as_bytes()) + " ");
    say(&format!(
        "{unparsed} of {lines} lines {are} {file}line {}: {}: {}",
        example.line,
        example.unparsed,
        escape::shown(&example.text)
    ));
}

/// A source's name, as a person reads it.
fn shown(source: &str) -> String {
    match source {
        "-" => STDIN.to_owned(),
        name => escape::shown(name.as_bytes()),
    }
}
