//! A look ahead over the files, where `--since` or `--until` needs to know what is in them.
//!
//! The newest record is the newest of the same clock that the run will have, fed with all records; it
//! costs reading the files once more. The first record costs a block.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::operands::{STDIN, failure};
use super::{file, regular};
use crate::cli::Options;
use crate::error::Error;
use crate::format::Parser;
use crate::format::record::Record;
use crate::ingest::clock::{Clock, Decision};
use crate::input::lines::{Line, Lines, Take};
use crate::input::source::LogInput;
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

/// Makes seconds of what waits for the log in `--since` and `--until`, if this is a replay of regular files.
///
/// # Errors
///
/// Those of the files.
pub fn resolve(options: &mut Options) -> Result<(), Error> {
    let period = options.period();
    if period.bounds().is_some() || !options.replay {
        return Ok(());
    }
    let Some(mut files) = regular(options)? else {
        return Ok(());
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
    for (name, file) in &mut files {
        log.begin(name);
        log.read(file).map_err(|error| failure(name, &error))?;
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
    Ok(())
}

/// The operands with their names, if all are regular files. None is read twice.
fn regular(options: &Options) -> Result<Option<Vec<(String, File)>>, Error> {
    let mut files: Vec<(String, File)> = Vec::new();
    let stdin = ["-".into()];
    let operands = if options.files.is_empty() {
        &stdin[..]
    } else {
        &options.files[..]
    };
    for operand in operands {
        if operand == "-" {
            if files.iter().any(|(name, _)| name == STDIN) {
                continue;
            }
            match file::stdin() {
                Some(file) => files.push((STDIN.to_owned(), file)),
                None => return Ok(None),
            }
            continue;
        }
        let name = operand.to_string_lossy().into_owned();
        if regular::at(Path::new(operand)).is_none() {
            return Ok(None);
        }
        let file = File::open(operand).map_err(|error| failure(&name, &error))?;
        files.push((name, file));
    }
    Ok(Some(files))
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
    /// Reads a file from its place, and leaves it there.
    fn read(&mut self, file: &mut File) -> io::Result<()> {
        let start = file.stream_position()?;
        let mut lines = Lines::default();
        let mut block = vec![0; BLOCK];
        let mut source = LogInput::new(&mut *file);
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
        file.seek(SeekFrom::Start(start))?;
        Ok(())
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
