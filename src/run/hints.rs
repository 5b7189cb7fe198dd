//! What is said on standard error of a log that is probably not what its reader thinks it is.
//!
//! A hint is said once. Nothing that is counted or written depends on one.

use std::sync::Arc;
use std::time::Duration;

use super::operands::STDIN;
use super::say;
use crate::format::{closest, detect, recognise};
use crate::monitor::Monitor;
use crate::place;
use crate::render::escape;
use crate::time::{Second, Span};

/// After so many lines without a record, or records without a dimension, something is said.
const ENOUGH: u64 = 100;
/// Late records are told of where they are more than this part of the hits, or come from a file out of order.
const MANY_LATE: u64 = 20;
/// Bytes of the input kept to say what it looks like.
const SAMPLE: usize = 4096;

/// The hints of a run: which of them are settled, and what they need.
#[derive(Default)]
pub(super) struct Hints {
    foreign: bool,
    old: bool,
    zone: bool,
    lacking: bool,
    /// The first bytes of the input, until something was made of them.
    sample: Vec<u8>,
    order: Order,
}

/// Which source began before the one before it ended.
#[derive(Default)]
struct Order {
    /// Whether no record of the source that is being read has come, and where the watermark was when it began.
    fresh: bool,
    watermark: Option<Second>,
    /// The last one with a record.
    last: Option<Arc<str>>,
    /// The first that is out of order, behind the one before it.
    wrong: Option<(Arc<str>, Arc<str>)>,
}

impl Hints {
    /// These bytes are about to be read.
    pub(super) fn block(&mut self, block: &[u8], monitor: &Monitor) {
        if !self.foreign && self.sample.len() < SAMPLE && monitor.records() == 0 {
            let room = SAMPLE - self.sample.len();
            self.sample
                .extend_from_slice(&block[..block.len().min(room)]);
        }
    }

    /// The lines that follow are another source's.
    pub(super) fn begin_source(&mut self, monitor: &Monitor) {
        self.order.fresh = true;
        self.order.watermark = monitor.watermark();
    }

    /// A record of `time` comes from `source`; only the first one matters.
    pub(super) fn first_record(&mut self, time: Second, source: Option<&Arc<str>>) {
        let order = &mut self.order;
        if !std::mem::take(&mut order.fresh) {
            return;
        }
        let last = std::mem::replace(&mut order.last, source.cloned());
        let is_late = order.watermark.is_some_and(|watermark| time < watermark);
        if is_late && order.wrong.is_none() {
            order.wrong = last.zip(source.cloned());
        }
    }

    /// This is the first line of `file`, and no record.
    pub(super) fn begins_with(&mut self, line: &[u8], file: &str, monitor: &Monitor) {
        let Some(looks) = detect::surely(line) else {
            return;
        };
        say(&format!("{}: this looks like {looks}", shown(file)));
        // Of a log that is all like this, nothing is left to be said.
        self.foreign |= monitor.records() == 0;
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
        if monitor.lines() >= ENOUGH {
            self.foreign(monitor);
        }
    }

    /// Some lines were read, live.
    pub(super) fn live(&mut self, monitor: &Monitor, wall: Duration) {
        if monitor.hits() >= ENOUGH {
            self.lacking(monitor);
        }
        if !monitor.is_live() {
            self.old(monitor, wall);
        }
    }

    /// All lines were read.
    pub(super) fn end(&mut self, monitor: &Monitor) {
        self.foreign(monitor);
        self.lacking(monitor);
    }

    /// None of the lines so far is a record: says what the input looks like.
    fn foreign(&mut self, monitor: &Monitor) {
        if self.foreign || monitor.records() > 0 || monitor.unparsed_lines() == 0 {
            return;
        }
        self.foreign = true;
        let lines = match monitor.lines() {
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
        let looks = detect::looks_like(&sample);
        say(&format!(
            "{lines} access-log entry: this looks like {looks}"
        ));
        if let Some((format, unparsed)) = closest(line) {
            say(&format!("the closest format is {format}: {unparsed}"));
        }
    }

    /// A dimension that was asked for has no key. Records that were filtered out say nothing of it.
    fn lacking(&mut self, monitor: &Monitor) {
        if self.lacking || monitor.hits() == 0 {
            return;
        }
        self.lacking = true;
        for name in monitor.lacks() {
            if place::DIMENSIONS.contains(&name) {
                say(&format!("--mmdb: no client has a {name} there"));
            } else {
                say(&format!("--top: this log has no {name}"));
            }
        }
    }

    /// A live log that is not.
    fn old(&mut self, monitor: &Monitor, wall: Duration) {
        if self.old {
            return;
        }
        let Some((first, _)) = monitor.span() else {
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

    /// All lines of a replay were read: many records were late.
    pub(super) fn late(&self, monitor: &Monitor) {
        let (late, hits) = (monitor.late(), monitor.hits());
        // Of files in the wrong order it is known why, however few they are.
        let many = late > hits / MANY_LATE || self.order.wrong.is_some();
        if late < ENOUGH || !many {
            return;
        }
        let why = match &self.order.wrong {
            Some((last, next)) => format!(
                "files are read in the order in which they are named, and {} begins before {} ends (name the oldest first)",
                shown(next),
                shown(last)
            ),
            None => "a longer --lateness waits for lines out of order (of files put together, the oldest goes first)"
                .to_owned(),
        };
        say(&format!(
            "{late} of {hits} hits came late, and alerts may miss them: {why}"
        ));
    }
}

/// All lines were read, and no summary tells which of them could not be. Where none could, something was
/// said already.
pub(super) fn unread(monitor: &Monitor) {
    let (unparsed, lines) = (monitor.unparsed_lines(), monitor.lines());
    let Some(example) = monitor.first_unparsed().filter(|_| monitor.records() > 0) else {
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
