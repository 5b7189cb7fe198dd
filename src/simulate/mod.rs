//! A synthetic access log: at exactly these rates, and the same for the same seed.
//!
//! `schedule` says when each line comes, `held` which of them come late, `traffic` what they say,
//! `lines` how a format says it. All are whole-number arithmetic over tables that are made once, so
//! that the same settings give the same bytes on every machine, in memory that hangs on neither rate
//! nor length.

mod catalogue;
mod held;
mod lines;
mod random;
mod schedule;
mod settings;
mod traffic;

use std::time::Duration;

use bstr::ByteSlice;

use crate::format::record::{Record, Request};
use crate::format::unparsed::{DurationUnit, Field, Unparsed};
use crate::format::{Choice, Outcome, Parser};
use crate::time::{Span, Zone};
use lines::LineWriter;
use schedule::Schedule;
use traffic::{LogEntry, Traffic};

pub use catalogue::FLOOD_CLIENT;
pub use schedule::Stretch;
pub use settings::{Settings, Start, durations, rates, shares};

/// A log that is being written.
pub struct Log {
    schedule: Schedule,
    traffic: Traffic,
    lines: LineWriter,
    /// The header is still to be written.
    fresh: bool,
}

impl Log {
    /// The log of these settings, to begin at `start`.
    ///
    /// # Errors
    ///
    /// Names the option of a setting that does not go with the others, or of a format that would not
    /// be read back.
    pub fn new(settings: &Settings, start: Start) -> Result<Log, String> {
        let steps = settings.steps()?;
        let seconds: u64 = steps.iter().map(|step| step.seconds).sum();
        start.check(seconds)?;
        let traffic = Traffic::new(settings.seed, settings.slow_start, &steps);
        let layout = settings.format.layout().ok_or(
            "--format: auto and rollup are none to write in (say which: combined, json, w3c …)",
        )?;
        let lines = || LineWriter::new(&layout, &traffic, start.second.0, start.offset);
        check(
            &settings.format,
            lines(),
            traffic.samples(seconds.saturating_sub(1)),
            |record, entry| says(record, entry, &traffic, start),
        )?;
        Ok(Log {
            lines: lines(),
            schedule: Schedule::new(steps, settings.disorder, settings.seed),
            traffic,
            fresh: true,
        })
    }

    /// Appends lines until `out` holds at least `room` bytes or the next line is due after `until`,
    /// which counts from the beginning of the log; without it, all are due. Returns when the next line
    /// is due; `None` at the end.
    pub fn write(
        &mut self,
        out: &mut Vec<u8>,
        room: usize,
        until: Option<Duration>,
    ) -> Option<Duration> {
        if std::mem::take(&mut self.fresh) {
            self.lines.header(out);
        }
        while out.len() < room {
            if until.is_some_and(|until| self.schedule.due().is_none_or(|due| due > until)) {
                break;
            }
            let place = self.schedule.next()?;
            let step = self.schedule.steps()[place.step];
            let entry = self.traffic.entry(place, &step);
            self.lines.write(&entry, out);
        }
        self.schedule.due()
    }
}

/// Makes sure that lines in the format are read back as what they say.
fn check(
    format: &Choice,
    mut lines: LineWriter,
    entries: impl Iterator<Item = LogEntry>,
    says: impl Fn(&Record<'_>, &LogEntry) -> bool,
) -> Result<(), String> {
    let wanted = [
        Field::Referrer,
        Field::Agent,
        Field::Duration(DurationUnit::Seconds),
    ];
    let mut parser = Parser::new(format, Zone::UTC, &wanted);
    let mut text = Vec::new();
    lines.header(&mut text);
    for line in text.split(|&b| b == b'\n') {
        let mut record = Record::EMPTY;
        let _ = parser.read(line, &mut record);
    }
    for entry in entries {
        text.clear();
        lines.write(&entry, &mut text);
        let line = text.strip_suffix(b"\n").unwrap_or(&text);
        let mut record = Record::EMPTY;
        match parser.read(line, &mut record) {
            Outcome::Record if says(&record, &entry) => {}
            Outcome::Unparsed(Unparsed { field, .. }) => return Err(refused(field.name())),
            _ => return Err(refused("line")),
        }
    }
    Ok(())
}

fn refused(what: &str) -> String {
    format!(
        "--format: the {what} in such lines would not be read back (take a format that has a name: combined, json, w3c …)"
    )
}

/// Whether the record is what was written, as far as its format has it.
fn says(record: &Record<'_>, entry: &LogEntry, traffic: &Traffic, start: Start) -> bool {
    let client = traffic.clients[entry.client].address.as_bytes();
    let (path, _) = traffic.pages[entry.page].parts();
    let has_path = |request: Request<'_>| request.target.contains_str(path);
    record.time == start.second + Span(entry.second as i64)
        && (record.client == b"-" || record.client == client)
        && record.status.is_none_or(|status| status == entry.status)
        && (record.bytes == 0 || record.bytes == entry.bytes)
        && record.request.is_none_or(has_path)
}
