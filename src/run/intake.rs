//! Lines to records to the monitor: what is done with each line of a block.

use std::io;
use std::sync::Arc;

use super::hints::Hints;
use super::parts::Part;
use super::reader::RecordReader;
use super::say;
use super::sink::Sink;
use crate::cli::Options;
use crate::format::Outcome;
use crate::format::record::Record;
use crate::format::rollup::RollupLine;
use crate::ingest::chunk::ChunkPlace;
use crate::ingest::clock::Wall;
use crate::input::lines::{Line, Take};
use crate::monitor::Monitor;
use crate::render::escape;
use crate::time::Second;

/// Takes lines.
pub(super) struct Intake {
    pub(super) reader: RecordReader,
    pub(super) monitor: Monitor,
    pub(super) sink: Sink,
    pub(super) hints: Hints,
    verbose: bool,
    /// The wall clock when the block was read, where there is one.
    wall: Option<Wall>,
    /// Of writing: after an error nothing more is taken.
    result: io::Result<()>,
}

impl Intake {
    /// Nothing was read.
    pub(super) fn new(
        reader: RecordReader,
        monitor: Monitor,
        sink: Sink,
        options: &Options,
    ) -> Intake {
        Intake {
            reader,
            monitor,
            sink,
            hints: Hints::new(options),
            verbose: options.verbose,
            wall: None,
            result: Ok(()),
        }
    }

    /// The lines that follow are another source's.
    pub(super) fn begin_source(&mut self, name: Option<Arc<str>>) {
        let parser = &mut self.reader.parser;
        parser.begin_source(name.as_deref().unwrap_or("-").as_bytes());
        self.monitor.front_mut().begin_source(name);
    }

    /// The lines that follow are of this one of several sources that are read at once.
    pub(super) fn turn_to(&mut self, name: Arc<str>) {
        self.reader.parser.continue_source(name.as_bytes());
        self.monitor.front_mut().turn_to(name);
    }

    /// The lines of this block follow, and maybe one that began before it.
    pub(super) fn begin_block(&mut self, block: &[u8], wall: Option<Wall>) {
        self.wall = wall;
        self.hints.block(block, &self.monitor);
    }

    /// Whether all that was to be written could be.
    ///
    /// # Errors
    ///
    /// If not.
    pub(super) fn check(&mut self) -> io::Result<()> {
        std::mem::replace(&mut self.result, Ok(()))
    }

    /// Takes in what others counted; `false`, and nothing is taken, where they were wrong about the state of the
    /// parser, or a cap was passed.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub(super) fn part(&mut self, part: &mut Part) -> io::Result<bool> {
        let parser = &mut self.reader.parser;
        if part.began != *parser.state() || !self.monitor.begin_chunk(&mut part.chunk) {
            return Ok(false);
        }
        let mut place = ChunkPlace::default();
        while self.monitor.step(part.chunk.steps(), &mut place) {
            if self.monitor.has_event() {
                self.sink.drain(&mut self.monitor, None)?;
            }
        }
        self.monitor.end_chunk(part.chunk.steps());
        if part.ended != part.began {
            self.reader.parser.resume(part.ended.clone());
        }
        Ok(true)
    }

    /// A line that is no record.
    #[cold]
    fn no_record(&mut self, read: Outcome, line: &[u8]) {
        let Outcome::Unparsed(unparsed) = read else {
            return self.monitor.skipped();
        };
        self.monitor.unparsed(unparsed, line);
        let place = self.monitor.front().origin();
        if place.line == 1
            && let Some(source) = &place.source
        {
            self.hints.begins_with(line, source, &self.monitor);
        }
        self.hints.unparsed(&self.monitor);
    }

    /// A record was read from `line`: its time, and whether that has an offset.
    #[inline(always)]
    fn after_record(&mut self, time: Second, zoned: bool, line: &[u8]) {
        if !zoned || self.verbose {
            self.look_at(time, zoned, line);
        }
        // Few lines make an event, and what is done for none is 25 instructions.
        if self.monitor.has_event() {
            self.result = self.sink.drain(&mut self.monitor, self.wall);
        }
    }

    #[inline(never)]
    fn look_at(&mut self, time: Second, zoned: bool, line: &[u8]) {
        if !zoned {
            self.hints.zoneless(time, self.wall.map(Wall::second));
        }
        if self.verbose {
            self.say_format(line);
        }
    }

    fn say_format(&mut self, line: &[u8]) {
        if let Some(format) = self.reader.parser.newly_recognised(line) {
            let place = self.monitor.front().origin();
            let source = place.source.as_deref();
            let source = source.map_or(String::new(), |source| format!("{source} "));
            say(&format!(
                "{}line {}: format {format}",
                escape::terminal(source.as_bytes(), false),
                place.line
            ));
        }
    }
}

impl Take for Intake {
    #[inline]
    fn take_ahead(&mut self, text: &[u8]) -> Option<usize> {
        if self.result.is_err() {
            return None;
        }
        let mut record = Record::empty();
        let len = self.reader.read_plain(text, &mut record)?;
        self.monitor.observe(&record, self.wall);
        let (time, zoned) = (record.time, record.zoned);
        self.after_record(time, zoned, &text[..len - 1]);
        Some(len)
    }

    #[inline]
    fn take(&mut self, line: Line<'_>) {
        if self.result.is_err() {
            return;
        }
        let mut record = Record::empty();
        match self.reader.read(line, &mut record) {
            Outcome::Record => {
                self.monitor.observe(&record, self.wall);
                let (time, zoned) = (record.time, record.zoned);
                self.after_record(time, zoned, line.bytes);
            }
            Outcome::Rollup(carried) => {
                self.monitor.carried(carried, &record, self.wall);
                if carried == RollupLine::Example {
                    let example = self.reader.parser.rollup_example();
                    self.monitor.carried_example(example);
                }
                self.result = self.sink.drain(&mut self.monitor, self.wall);
            }
            read => {
                self.no_record(read, line.bytes);
                self.result = self.sink.drain(&mut self.monitor, self.wall);
            }
        }
    }
}
