//! `--report lines`: the lines of a log that count, as they stand in it.
//!
//! No line waits for another but where several files are put in the order of time. There, each file is read a block at
//! a time, and what was picked of it waits for the others.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::io::{self, IsTerminal, Read};
use std::sync::Arc;

use super::merge::{self, Merged};
use super::message::{Feed, Message, Signal};
use super::opened::{OpenInput, OpenInputs};
use super::operands::{Operand, failure};
use super::reader::RecordReader;
use super::rollups::MergeInput;
use super::session::Ended;
use super::{ReportWriter, say};
use crate::alert::firing::FiringSpans;
use crate::cli::Options;
use crate::error::Error;
use crate::filter::Filter;
use crate::filter::period::{Bounds, Period};
use crate::format::Outcome;
use crate::format::record::Record;
use crate::format::rollup::RollupLine;
use crate::ingest::clock::Clock;
use crate::input::lines::{Line, Lines, Take, take_records};
use crate::render::lines;
use crate::stats::dimension::{Dimension, Scratch};
use crate::time::{Second, Span};

/// Bytes of a file read at once, where several are merged, at the most and at the least.
const BLOCK: (usize, usize) = (128 << 10, 4 << 10);
/// Bytes that are read of all of them and wait, about.
const BLOCKS: usize = 8 << 20;

/// The lines of alerts.
#[derive(Debug, Clone)]
pub(super) struct BehindAlerts {
    /// When they fired.
    pub(super) spans: Arc<FiringSpans>,
    /// What their rule counts; `None` for all records.
    pub(super) counted: Option<Filter>,
    /// Whether it counts lines that are no records instead.
    pub(super) unparsed: bool,
    /// Whose keys have an alert each.
    pub(super) by: Option<&'static Dimension>,
}

/// What was read.
#[derive(Debug, Clone, Copy, Default)]
struct LineBooks {
    lines: u64,
    records: u64,
    unparsed: u64,
    /// The number of the first line that is no record; of several files, in the first that has one.
    first_unparsed: u64,
    picked: u64,
}

/// A line that was picked.
#[derive(Debug)]
struct Picked {
    time: Second,
    /// Where in the text of its file's picked lines it ends.
    end: usize,
}

/// Which records are to be printed.
#[derive(Debug)]
struct Choosing {
    filter: Option<Filter>,
    period: Period,
    bounds: Option<Bounds>,
    behind: Option<BehindAlerts>,
    clock: Clock<Second>,
    /// The time of the last record.
    time: Option<Second>,
    /// Room to work in.
    scratch: Scratch,
}

impl Choosing {
    fn chooses(&mut self, record: &Record<'_>) -> bool {
        let time = self.clock.nearer(record.time, record.again(), None);
        if self.clock.takes(time) {
            self.clock.advance(time);
        }
        self.time = Some(time);
        let bounds = self
            .bounds
            .get_or_insert_with(|| self.period.bounds_from(time, record.offset));
        let scratch = &mut self.scratch;
        let mut matches = |filter: &Option<Filter>| {
            let filter = filter.as_ref();
            filter.is_none_or(|filter| filter.matches(record, scratch))
        };
        if !bounds.hold(time) || !matches(&self.filter) {
            return false;
        }
        let Some(behind) = &self.behind else {
            return true;
        };
        if behind.unparsed || !matches(&behind.counted) {
            return false;
        }
        let Some(dimension) = behind.by else {
            return behind.spans.hold(None, time);
        };
        let key = dimension.key_of(record, scratch);
        key.is_some_and(|key| behind.spans.hold(Some(key), time))
    }

    /// Whether a line that is no record is to be printed: it is of the second of the record before it.
    fn chooses_unparsed(&self) -> bool {
        let behind = self.behind.as_ref().filter(|behind| behind.unparsed);
        let held = |time| behind.is_some_and(|behind| behind.spans.hold(None, time));
        self.time.is_some_and(held)
    }
}

/// Picks the lines of one source after the other.
#[derive(Debug)]
struct LinePicker {
    reader: RecordReader,
    choosing: Choosing,
    books: LineBooks,
    with_source: bool,
    terminal: bool,
    /// Whether the line is to be printed, and of which source it is.
    picks: bool,
    source: Vec<u8>,
    /// The lines that were picked, each with its newline.
    text: Vec<u8>,
    /// Where each of them ends, if they are to be put in order.
    order: Option<VecDeque<Picked>>,
}

impl LinePicker {
    /// Picks lines for a run with these options.
    fn new(options: &Options, reader: RecordReader, behind: Option<BehindAlerts>) -> LinePicker {
        let period = options.period();
        LinePicker {
            reader,
            choosing: Choosing {
                filter: options.filter.clone(),
                bounds: period.bounds(),
                period,
                behind,
                clock: Clock::new(Span(0), |_| 1),
                time: None,
                scratch: Scratch::default(),
            },
            books: LineBooks::default(),
            with_source: options.with_source,
            terminal: options.output.is_none() && io::stdout().is_terminal(),
            picks: false,
            source: Vec::new(),
            text: Vec::new(),
            order: None,
        }
    }

    /// The lines that follow are those of this source.
    fn begin_source(&mut self, name: &str) {
        self.reader.parser.begin_source(name.as_bytes());
        self.choosing.clock = Clock::new(Span(0), |_| 1);
        self.choosing.time = None;
    }
}

impl Take for LinePicker {
    fn take_ahead(&mut self, _: &[u8]) -> Option<usize> {
        None
    }

    fn take_whole(&mut self, line: Line<'_>) {
        self.picks = false;
        take_records(line, self);
        if !self.picks {
            return;
        }
        self.books.picked += 1;
        let source = self.with_source.then_some(&self.source[..]);
        lines::write(source, line.bytes, self.terminal, &mut self.text);
        if let Some(order) = &mut self.order {
            order.push_back(Picked {
                time: self.choosing.time.unwrap_or(Second(i64::MIN)),
                end: self.text.len(),
            });
        }
    }

    fn take(&mut self, line: Line<'_>) {
        self.books.lines += 1;
        let mut record = Record::empty();
        let read = self.reader.read(line, &mut record);
        let picks = match read {
            Outcome::Record => {
                self.books.records += 1;
                self.choosing.chooses(&record)
            }
            Outcome::Unparsed(_) => {
                self.books.unparsed += 1;
                if self.books.unparsed == 1 {
                    self.books.first_unparsed = self.books.lines;
                }
                self.choosing.chooses_unparsed()
            }
            Outcome::Rollup(RollupLine::Row(hits, _)) => {
                self.books.records += hits;
                self.choosing.chooses(&record)
            }
            Outcome::Skipped | Outcome::Source | Outcome::Rollup(_) => false,
        };
        if picks && self.with_source {
            self.source.clear();
            self.source.extend_from_slice(record.source);
        }
        self.picks |= picks;
    }
}

/// A file of several that are put in the order of time.
struct OrderedFile {
    unopened: Option<MergeInput>,
    name: Arc<str>,
    /// When it begins, as far as its first block says.
    begins: Option<Second>,
    /// What reads it; `None` before it is opened and behind its end.
    input: Option<OpenInput>,
    lines: Lines,
    picker: LinePicker,
    /// How much of the picked text was written.
    written: usize,
}

impl OrderedFile {
    /// Reads on, into `block` and along with `others`, until a line was picked, or to the end. An error is the end too.
    fn fill(&mut self, block: &mut [u8], others: &Arc<OpenInputs>) -> io::Result<()> {
        if let Some(input) = self.unopened.take() {
            self.picker.begin_source(&self.name);
            self.input = Some(input.open(others)?);
        }
        let waits = |picker: &LinePicker| picker.order.as_ref().is_some_and(VecDeque::is_empty);
        while waits(&self.picker)
            && let Some(input) = &mut self.input
        {
            self.picker.text.clear();
            self.written = 0;
            match input.read(block) {
                Ok(0) => {
                    self.input = None;
                    self.lines.finish(&mut self.picker);
                }
                Ok(count) => self.lines.feed(&block[..count], &mut self.picker),
                Err(error) => {
                    self.input = None;
                    self.lines.finish(&mut self.picker);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// When its next line is due; `None` where there is none. A time that both lines behind it contradict is not believed:
    /// then it is due before the next.
    fn due(&self) -> Option<Second> {
        if self.unopened.is_some() {
            return Some(self.begins.unwrap_or(Second(i64::MIN)));
        }
        let mut times = self.picker.order.as_ref()?.iter().map(|picked| picked.time);
        let time = times.next()?;
        let (next, after) = (times.next(), times.next());
        let both = next
            .zip(after)
            .filter(|(next, after)| time > *next.max(after));
        Some(both.map_or(time, |(next, after)| next.min(after)))
    }
}

/// A run that prints lines.
pub(super) struct LinePrinter {
    output: ReportWriter,
    failed: bool,
    books: LineBooks,
    quiet: bool,
}

impl LinePrinter {
    /// Writes to `output`.
    pub(super) fn new(output: ReportWriter, quiet: bool) -> LinePrinter {
        LinePrinter {
            output,
            failed: false,
            books: LineBooks::default(),
            quiet,
        }
    }

    /// Whether an input could not be read to its end; that was said.
    pub(super) fn has_failed(&self) -> bool {
        self.failed || self.output.has_failed()
    }

    /// Whether lines were read, and not one of them was an entry.
    pub(super) fn is_foreign(&self) -> bool {
        self.books.records == 0 && self.books.unparsed > 0
    }

    /// Prints what `feed` gives as it comes.
    pub(super) fn run(
        &mut self,
        feed: &mut dyn Feed,
        options: &Options,
        reader: RecordReader,
        behind: Option<BehindAlerts>,
    ) -> Ended {
        let mut picker = LinePicker::new(options, reader, behind);
        let read = self.read(feed, &mut picker);
        self.add(picker.books);
        self.end(read)
    }

    fn read(&mut self, feed: &mut dyn Feed, picker: &mut LinePicker) -> io::Result<Ended> {
        let mut lines = Lines::default();
        loop {
            match feed.next(None) {
                Message::Begin(name) => {
                    lines.finish(picker);
                    picker.begin_source(name.as_deref().unwrap_or("-"));
                }
                Message::Turn(name) => {
                    lines.finish(picker);
                    picker.reader.parser.continue_source(name.as_bytes());
                }
                Message::Block(block) => {
                    lines.feed(&block, picker);
                    feed.recycle(block);
                }
                Message::Failed(error) => self.failed_input(&error),
                Message::Lost(said) => say(&said),
                Message::Signal(Signal::End(signal)) => {
                    self.write(&picker.text)?;
                    return Ok(Ended::Signal(signal));
                }
                Message::End => {
                    lines.finish(picker);
                    self.write(&picker.text)?;
                    return Ok(Ended::Input);
                }
                _ => {}
            }
            self.write(&picker.text)?;
            picker.text.clear();
        }
    }

    /// Prints the lines of several files in the order of their times; those of one file stay as they are.
    pub(super) fn run_ordered(
        &mut self,
        files: Vec<Operand>,
        options: &Options,
        reader: &RecordReader,
        behind: Option<BehindAlerts>,
    ) -> Ended {
        let inputs = files.into_iter().map(MergeInput::whole).collect();
        let merged = merge::look_at(inputs, &reader.parser);
        let mut files: Vec<OrderedFile> = merged
            .into_iter()
            .map(|file| {
                let Merged {
                    input,
                    name,
                    begins,
                    ..
                } = file;
                let mut picker = LinePicker::new(options, reader.clone(), behind.clone());
                picker.order = Some(VecDeque::new());
                OrderedFile {
                    unopened: Some(input),
                    name,
                    begins,
                    input: None,
                    lines: Lines::default(),
                    picker,
                    written: 0,
                }
            })
            .collect();
        let read = self.print_ordered(&mut files);
        for file in &files {
            self.add(file.picker.books);
        }
        self.end(read)
    }

    fn print_ordered(&mut self, files: &mut [OrderedFile]) -> io::Result<Ended> {
        let size = BLOCKS / files.len().max(1);
        let mut block = vec![0; size.clamp(BLOCK.1, BLOCK.0)];
        let others = Arc::default();
        let dues = files.iter().enumerate();
        let dues = dues.filter_map(|(n, file)| Some(Reverse((file.due()?, n))));
        let mut dues: BinaryHeap<_> = dues.collect();
        while let Some(Reverse((_, n))) = dues.pop() {
            let file = &mut files[n];
            let picked = file.picker.order.as_mut().and_then(VecDeque::pop_front);
            if let Some(picked) = picked {
                self.write(&file.picker.text[file.written..picked.end])?;
                file.written = picked.end;
            }
            if let Err(error) = file.fill(&mut block, &others) {
                let error = failure(&file.name, &error);
                self.failed_input(&error);
            }
            dues.extend(file.due().map(|due| Reverse((due, n))));
        }
        Ok(Ended::Input)
    }

    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        self.output.append(text)
    }

    fn failed_input(&mut self, error: &Error) {
        self.failed = true;
        say(error);
    }

    fn add(&mut self, books: LineBooks) {
        let all = &mut self.books;
        if all.unparsed == 0 {
            all.first_unparsed = books.first_unparsed;
        }
        all.lines += books.lines;
        all.records += books.records;
        all.unparsed += books.unparsed;
        all.picked += books.picked;
    }

    /// Says what of the lines is not told by those that were printed.
    fn end(&mut self, read: io::Result<Ended>) -> Ended {
        let name = self.output.name().to_owned();
        let ended = match read.and_then(|ended| self.output.flush().map(|()| ended)) {
            Ok(ended) => ended,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ended::ReaderGone,
            Err(error) => return Ended::Failed(Error::new(format!("{name}: {error}"))),
        };
        let books = self.books;
        if self.is_foreign() {
            say(&format!(
                "not one of {} lines is an access-log entry (without --report lines, httpmon says what they look like)",
                books.lines
            ));
        } else if !self.quiet && books.unparsed > 0 {
            say(&format!(
                "{} of {} lines are no access-log entries, the first is line {}",
                books.unparsed, books.lines, books.first_unparsed
            ));
        }
        if !self.quiet && books.picked == 0 && books.records > 0 {
            say(&format!("none of the {} entries matches", books.records));
        }
        ended
    }
}
