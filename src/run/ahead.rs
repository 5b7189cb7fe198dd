//! A look ahead over the files, where `--since` or `--until` needs to know what is in them.
//!
//! The newest record is the newest of the same clock that the run will have, fed with all records; it
//! costs reading the files once more. The first record costs a block.

use std::io::Read;

use super::operands::Operand;
use crate::cli::Options;
use crate::error::Error;
use crate::format::Parser;
use crate::format::record::Record;
use crate::ingest::clock::{Clock, Decision};
use crate::input::lines::{Line, Lines, Take};
use crate::time::{Second, Span, Zone};

/// Bytes read at once.
const BLOCK: usize = 128 << 10;

/// The period of these options, if it can be known by the time it must.
///
/// # Errors
///
/// Names the option and the way out.
pub(super) fn check(options: &Options) -> Result<(), Error> {
    let period = options.period();
    if let Some((name, span)) = period.told_ago() {
        return Err(Error::new(format!(
            "--{name}: with --replay, -{span} counts back from the newest record, which only regular files tell \
             beforehand (name them, or give a time: --{name} 2026-11-20T09:30:00Z)"
        )));
    }
    match period.bounds() {
        Some(bounds) if bounds.until <= bounds.since => {
            let zone = options.tz.clone().unwrap_or(Zone::UTC);
            let since = match options.compares_at() {
                true => "the time of --compare",
                false => "--since",
            };
            Err(Error::new(format!(
                "--until: {} is not after {since}, {}",
                zone.show(bounds.until),
                zone.show(bounds.since)
            )))
        }
        _ => Ok(()),
    }
}

/// Makes seconds of what waits for the log in `--since` and `--until`, if this is a replay of regular files. One that
/// cannot be read is named when the run reads it.
pub fn resolve(options: &mut Options) {
    let period = options.period();
    if period.bounds().is_some() || !options.replay {
        return;
    }
    let Some(operands) = regular(options) else {
        return;
    };
    let parser = Parser::new(&options.format, options.log_tz.clone(), &[]).timed_by(options.time);
    let mut log = LogScan {
        parser,
        clock: Clock::new(Span(0), |_| 1),
        newest: None,
        first: None,
        fresh: true,
        all: period.told_ago().is_some(),
    };
    for operand in &operands {
        log.begin(&operand.argument().to_string_lossy());
        // One is open at a time.
        operand.look(|text| log.read(text));
        log.end();
    }
    let newest = log.newest.filter(|_| log.all);
    if let Some((first, offset)) = log.first {
        let resolved = period.resolved(first, offset, newest);
        (options.since, options.until) = (resolved.since, resolved.until);
    } else {
        // Nothing to count, whatever the period.
        (options.since, options.until) = (None, None);
    }
}

/// The operands, if all are regular files. None is read twice.
fn regular(options: &Options) -> Option<Vec<Operand>> {
    let stdin = ["-".into()];
    let names = match &options.files[..] {
        [] => &stdin[..],
        names => names,
    };
    let mut operands = Vec::new();
    for name in names {
        let operand = Operand::named(name);
        if !operand.is_regular() {
            return None;
        }
        if operand != Operand::Stdin || !operands.contains(&operand) {
            operands.push(operand);
        }
    }
    Some(operands)
}

/// What is looked for.
struct LogScan {
    parser: Parser,
    clock: Clock<Second>,
    /// The greatest believed second.
    newest: Option<Second>,
    /// The time and offset of the first record: of the first records of all files, the least.
    first: Option<(Second, i32)>,
    /// Whether no record of the file was read.
    fresh: bool,
    /// Whether the newest is wanted too.
    all: bool,
}

impl Take for LogScan {
    #[inline]
    fn take_ahead(&mut self, text: &[u8]) -> Option<usize> {
        let mut record = Record::empty();
        let len = self.parser.read_plain(text, &mut record)?;
        let (time, again, offset) = (record.time, record.again(), record.offset);
        self.observe(self.clock.nearer(time, again, None), offset);
        Some(len)
    }

    #[inline]
    fn take(&mut self, line: Line<'_>) {
        let mut record = Record::empty();
        if !line.cut && self.parser.read(line.bytes, &mut record).is_timed() {
            let (time, again, offset) = (record.time, record.again(), record.offset);
            self.observe(self.clock.nearer(time, again, None), offset);
        }
    }
}

impl LogScan {
    /// Reads a text, as much of it as is wanted.
    fn read(&mut self, source: &mut dyn Read) {
        let mut lines = Lines::default();
        let mut block = vec![0; BLOCK];
        while self.all || self.fresh {
            // What cannot be read to its end is named when the run reads it.
            match source.read(&mut block) {
                Ok(0) | Err(_) => {
                    lines.finish(self);
                    break;
                }
                Ok(count) => lines.feed(&block[..count], self),
            }
        }
    }

    /// A record from `time`, written with this offset.
    #[inline]
    fn observe(&mut self, time: Second, offset: i32) {
        if std::mem::take(&mut self.fresh) && self.first.is_none_or(|(first, _)| time < first) {
            self.first = Some((time, offset));
        }
        if self.clock.takes(time) {
            self.clock.advance(time);
            self.newest = self.newest.max(Some(time));
            return;
        }
        self.clock.offer(time, time, None);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        while let Some(decision) = self.clock.next_decision() {
            if let Decision::Believe(time, _) = decision {
                self.newest = self.newest.max(Some(time));
            }
        }
    }

    /// Another file begins: each has a clock of its own.
    fn begin(&mut self, name: &str) {
        self.parser.begin_source(name.as_bytes());
        self.clock = Clock::new(Span(0), |_| 1);
        self.fresh = true;
    }

    /// The file has ended.
    fn end(&mut self) {
        self.clock.finish();
        self.carry_out();
    }
}
