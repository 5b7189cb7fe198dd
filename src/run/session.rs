//! One run: messages in, lines to records to events, events to the output.
//!
//! Clocks matter here and only live: the wall clock is a witness of what the log says, the monotonic clock
//! shows how long it has been [silent](Silence).

use std::io;
use std::time::Duration;

use super::hints;
use super::history::History;
use super::hook::Hook;
use super::intake::Intake;
use super::marks::Marks;
use super::merge::Merged;
use super::merged_files::MergedFiles;
use super::message::{Feed, Message, Now, Signal};
use super::narrowed::Narrowing;
use super::operands::{STDIN, failure};
use super::parts::{Parallel, Part};
use super::reader::{Clients, RecordReader};
use super::resume::SharedLedger;
use super::silence::{self, Silence};
use super::sink::Sink;
use super::{Dashboard, ReportWriter, ahead, databases, say};
use crate::cli::Options;
use crate::error::Error;
use crate::filter::Filter;
use crate::format::Parser;
use crate::format::anonymous::Anonymous;
use crate::format::named::NamedFields;
use crate::format::rollup::RollupFault;
use crate::format::unparsed::Field;
use crate::ingest::Counting;
use crate::ingest::clock::Wall;
use crate::input::lines::Lines;
use crate::monitor::{Config, Monitor};
use crate::render::escape;
use crate::stats::dimension::DIMENSIONS;
use crate::time::{Second, Span};

/// How a run ended.
#[derive(Debug)]
pub enum Ended {
    /// The input did, or nothing came for as long as `--idle-exit` allows.
    Input,
    /// By a signal.
    Signal(i32),
    /// The reader of the output went away.
    ReaderGone,
    /// Writing failed.
    Failed(Error),
}

/// A block with fewer bytes is all that there was: whoever writes may be waiting for what comes of it.
const SMALL: usize = 16 << 10;

/// A run.
pub struct Session {
    counting: Counting,
    /// For a dashboard, if there is one.
    narrowing: Option<Narrowing>,
    pub(super) intake: Intake,
    lines: Lines,
    live: bool,
    quiet: bool,
    idle_exit: Option<Span>,
    /// Whether an input could not be read to its end.
    failed_input: bool,
    /// Whether files are read as they grow.
    follows: bool,
    /// Whether several sources are read at once.
    several: bool,
    /// The files that are read along with each other.
    front: Option<MergedFiles>,
}

/// The fields that a run of this configuration reads where they are optional.
pub fn wanted(config: &Config) -> Vec<Field> {
    let counting = &config.counting;
    let mut wanted = vec![Field::Cache];
    wanted.extend(counting.robots.then_some(Field::Agent));
    wanted.extend(counting.top.iter().flat_map(|top| top.dimension.fields));
    let filters = counting.filter.iter().chain(&counting.expressions);
    wanted.extend(filters.flat_map(Filter::fields));
    wanted
}

/// What reads the records of a run with these options.
///
/// # Errors
///
/// If its period cannot be known, or a database cannot be read.
pub(super) fn reader(options: &Options, config: &Config) -> Result<RecordReader, Error> {
    let counting = &config.counting;
    let filters = counting.filter.iter().chain(&counting.expressions);
    let locator = databases::open(options, &counting.top, filters)?;
    ahead::check(options)?;
    let parser = parser(options, wanted(config));
    let named = NamedFields::new(&options.format, options.named_fields(), options.anonymize);
    let reader = RecordReader {
        parser,
        named: None,
        clients: (locator.is_some() || options.anonymize).then(|| Clients {
            locator,
            anonymous: options.anonymize.then(Anonymous::default),
        }),
        marks: Marks::new(&options.groups, &options.own),
    };
    Ok(reader.naming(named))
}

/// What reads lines, with these fields where they are optional.
fn parser(options: &Options, mut fields: Vec<Field>) -> Parser {
    let trusted = || options.trusted.clone().unwrap_or_default();
    let proxies = options.forwarded.then(trusted);
    fields.extend(proxies.as_ref().map(|_| Field::Forwarded));
    let asked = options.asked_for();
    if options.writes_rollup() {
        let asked = DIMENSIONS.iter().filter(|row| asked.contains(&row.name));
        fields.extend(asked.flat_map(|row| row.fields));
    }
    Parser::new(&options.format, options.log_tz.clone(), &fields)
        .timed_by(options.time)
        .behind(proxies)
        .requiring(&asked)
}

impl Session {
    /// A run with these options, writing to `output`.
    ///
    /// # Errors
    ///
    /// If its rules cannot work together, its period cannot be known, or a database cannot be read.
    pub fn new(options: &Options, output: ReportWriter) -> Result<Session, Error> {
        let mut config = options.config()?;
        config.evaluation.trend = output.shows_trend();
        let counting = config.counting.clone();
        let reader = reader(options, &config)?;
        let sink = Sink::new(output, options.quiet, !options.replay);
        let fields = DIMENSIONS.iter().flat_map(|dimension| dimension.fields);
        let fields = wanted(&config).into_iter().chain(fields.copied()).collect();
        // A second parser is as many instructions as a few hundred lines: only a screen has use for it.
        let narrowing = options.dashboard.then(|| Narrowing {
            counting: counting.clone(),
            lateness: config.lateness,
            zone: config.zone.clone(),
            format: options.format.clone(),
            anonymous: options.anonymize,
            reader: RecordReader {
                parser: parser(options, fields),
                ..reader.clone()
            },
        });
        Ok(Session {
            narrowing,
            intake: Intake::new(reader, Monitor::new(config), sink, options),
            counting,
            lines: Lines::default(),
            live: !options.replay,
            quiet: options.quiet,
            idle_exit: options.idle_exit,
            failed_input: false,
            follows: false,
            several: false,
            front: None,
        })
    }

    /// How `threads` count files for this run, in parts of `size` bytes.
    pub fn parallel(&self, threads: usize, size: u64) -> Parallel {
        Parallel {
            threads,
            size,
            reader: self.intake.reader.clone(),
            counting: self.counting.clone(),
        }
    }

    /// The monitor, to ask for its state.
    pub fn monitor(&self) -> &Monitor {
        &self.intake.monitor
    }

    /// Whether an input could not be read to its end, or the output was not written at some time; that was said.
    pub fn has_failed(&self) -> bool {
        self.failed_input || self.intake.sink.has_failed()
    }

    /// Runs `hook` at every transition from now on.
    pub fn set_hook(&mut self, hook: Hook) {
        self.intake.sink.hook = Some(hook);
    }

    /// Shows the run on `dashboard`. Nothing but the summary is written to standard output, once that is gone.
    pub fn set_dashboard(&mut self, mut dashboard: Dashboard) {
        dashboard.set_narrowing(self.narrowing.take());
        dashboard.set_anonymous(self.counting.anonymous);
        self.intake.monitor.keep_for_screen();
        self.intake.sink.dashboard = Some(dashboard);
    }

    /// Waits for the programs that were started.
    pub fn finish_hook(&mut self) {
        if let Some(hook) = &mut self.intake.sink.hook {
            hook.finish();
        }
    }

    /// Reads `feed` to its end.
    pub fn run(&mut self, feed: &mut dyn Feed) -> Ended {
        match self.read(feed) {
            Ok(ended) => ended,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ended::ReaderGone,
            // Of what is read, not of what is written.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                Ended::Failed(Error::new(error.to_string()))
            }
            Err(error) => {
                let name = self.intake.sink.output.name();
                Ended::Failed(Error::new(format!("{name}: {error}")))
            }
        }
    }

    fn read(&mut self, feed: &mut dyn Feed) -> io::Result<Ended> {
        let mut silence = Silence::new(self.idle_exit, feed.now().monotonic);
        self.take_by_time(feed)?;
        loop {
            let before = feed.now();
            let Intake { monitor, sink, .. } = &mut self.intake;
            monitor
                .front_mut()
                .set_steady(silence.steady(before.monotonic));
            sink.paint(monitor, before.monotonic);
            let wait = self.wait(&silence, before.monotonic);
            let message = feed.next(wait);
            let now = feed.now();
            let stopped = self.live && silence.was_stopped(before, wait, now);
            if stopped && matches!(message, Message::Quiet) {
                continue;
            }
            let front = self.intake.monitor.front_mut();
            front.set_steady(silence.steady(now.monotonic));
            match message {
                Message::Begin(name) => {
                    self.end_line(now)?;
                    self.intake.begin_source(name);
                }
                Message::Turn(name) => {
                    self.end_text(now)?;
                    self.several = true;
                    self.intake.turn_to(name);
                }
                Message::Block(block) => {
                    silence.heard(now.monotonic);
                    self.block(&block, now)?;
                    self.intake.sink.count_read(block.len() as u64);
                    feed.recycle(block);
                }
                Message::Where(reply) => {
                    // Whoever asked may be gone by now.
                    let _ = reply.send(self.intake.reader.parser.state().clone());
                }
                Message::Part(mut part) => {
                    if let Err(error) = self.part(&mut part, now)? {
                        self.failed_input(&error);
                    }
                    self.intake.sink.count_read(part.bytes());
                }
                Message::Quiet if !self.live => {}
                Message::Quiet => {
                    if silence.ends_input(now.monotonic) {
                        self.finish(now)?;
                        return Ok(Ended::Input);
                    }
                    self.silence(&silence, now)?;
                }
                Message::Keys(keys) => {
                    let state = self.intake.reader.parser.state();
                    if self.intake.sink.keys(&keys, state) {
                        self.finish(now)?;
                        return Ok(Ended::Input);
                    }
                }
                Message::Signal(Signal::Redraw) => self.intake.sink.redraw(),
                Message::Signal(Signal::Report) => {
                    let Intake { monitor, sink, .. } = &mut self.intake;
                    monitor.settle();
                    sink.report_now(monitor)?;
                }
                Message::Signal(Signal::End(signal)) => {
                    self.finish(now)?;
                    return Ok(Ended::Signal(signal));
                }
                Message::End => {
                    self.close(now)?;
                    self.end_history(now)?;
                    let ended = self.stay(feed);
                    self.conclude()?;
                    return Ok(ended);
                }
                Message::Counted(n, counted) => {
                    self.intake.sink.count_read(counted.bytes);
                    if let Some(front) = &mut self.front {
                        front.counted(n, counted, &mut self.intake.monitor);
                    }
                    self.take_by_time(feed)?;
                }
                Message::Ended(n) => {
                    if let Some(front) = &mut self.front {
                        front.ended(n, &mut self.intake.monitor);
                    }
                    self.take_by_time(feed)?;
                }
                Message::Behind(names, reply) => {
                    let furthest = self.intake.monitor.front_mut().catch_up(&names);
                    // Whoever asked may be gone by now.
                    let _ = reply.send(furthest);
                }
                Message::CaughtUp => {
                    let wall = self.wall(now);
                    let Intake { monitor, sink, .. } = &mut self.intake;
                    if self.several {
                        monitor.front_mut().catch_up(&[]);
                    }
                    sink.caught_up(monitor, wall)?;
                }
                Message::Unreadable(name, unreadable) => {
                    self.intake.monitor.set_unreadable(&name, unreadable);
                }
                Message::Lost(said) => {
                    say(&said);
                    self.intake.monitor.lose_lines();
                }
                Message::Failed(error) => {
                    self.end_line(now)?;
                    self.failed_input(&error);
                }
            }
        }
    }

    /// Reads these files along with each other.
    pub(super) fn merge(&mut self, files: &[Merged]) {
        let Intake { monitor, hints, .. } = &mut self.intake;
        for file in files {
            hints.block(&file.head, monitor);
            if let Some(line) = &file.foreign {
                hints.begins_with(line, &file.name, monitor);
            }
        }
        self.front = Some(MergedFiles::new(files, monitor));
    }

    /// Takes what is there of several files, in the order of time.
    fn take_by_time(&mut self, feed: &mut dyn Feed) -> io::Result<()> {
        let Some(front) = &mut self.front else {
            return Ok(());
        };
        let Intake { monitor, sink, .. } = &mut self.intake;
        let wanted = front.take(monitor, |monitor| sink.drain(monitor, None))?;
        feed.want(wanted);
        sink.refresh(monitor)
    }

    /// Says why an input cannot be read to its end.
    fn failed_input(&mut self, error: &Error) {
        self.failed_input = true;
        say(error);
    }

    /// The input has ended: the dashboard stays until its reader has seen enough.
    fn stay(&mut self, feed: &mut dyn Feed) -> Ended {
        let Intake {
            monitor,
            sink,
            reader,
            ..
        } = &mut self.intake;
        if let Some(dashboard) = &mut sink.dashboard {
            dashboard.end();
        }
        while let Some(dashboard) = &mut sink.dashboard {
            dashboard.paint(monitor, feed.now().monotonic);
            let wait = dashboard.due();
            match feed.next(wait.map(|due| due.saturating_sub(feed.now().monotonic))) {
                Message::Keys(keys) if dashboard.keys(&keys, reader.parser.state()) => break,
                Message::Signal(Signal::End(signal)) => return Ended::Signal(signal),
                Message::Signal(Signal::Redraw) => dashboard.redraw(),
                Message::End => break,
                _ => {}
            }
        }
        Ended::Input
    }

    /// How long to wait for the next message: to the next moment at which something changes without one.
    fn wait(&self, silence: &Silence, now: Duration) -> Option<Duration> {
        let monitor = &self.intake.monitor;
        let silent = self
            .live
            .then(|| silence.next(now, monitor.front().now().filter(|_| monitor.books().live)));
        let frame = self.intake.sink.next_frame(now);
        silent.flatten().into_iter().chain(frame).min()
    }

    /// Nothing came: the seconds of a live stream go on without it.
    fn silence(&mut self, silence: &Silence, now: Now) -> io::Result<()> {
        if !silence.is_there(now.monotonic) {
            return Ok(());
        }
        let wall = self.wall(now);
        let Intake { monitor, sink, .. } = &mut self.intake;
        let length = Span(silence.length(now.monotonic).as_secs().cast_signed());
        monitor.silence(length);
        sink.drain(monitor, wall)?;
        sink.changed();
        sink.refresh(monitor)
    }

    /// The wall clock, where it says something of the log.
    fn wall(&self, now: Now) -> Option<Wall> {
        self.live.then(|| silence::wall(now.wall))
    }

    fn block(&mut self, block: &[u8], now: Now) -> io::Result<()> {
        self.intake.begin_block(block, self.wall(now));
        self.lines.feed(block, &mut self.intake);
        self.intake.sink.keep(block);
        if let Some(wall) = self.wall(now).filter(|_| self.several) {
            self.intake.monitor.pass();
            self.intake
                .sink
                .drain(&mut self.intake.monitor, Some(wall))?;
        }
        if self.live || block.len() < SMALL {
            self.intake.monitor.settle();
        }
        self.intake.monitor.begin_to_place(false);
        self.after_lines(now)
    }

    /// Takes in what others counted; where they were wrong about the state of the parser, or a cap was
    /// passed, the lines are read one by one. The inner error is that of the file.
    fn part(&mut self, part: &mut Part, now: Now) -> io::Result<Result<(), Error>> {
        if !self.intake.part(part)? {
            let read = part.read_again(|block| self.block(block, now));
            return match read {
                Ok(written) => written.map(Ok),
                Err(error) => {
                    let name = self.intake.monitor.front().origin().source.clone();
                    Ok(Err(failure(name.as_deref().unwrap_or(STDIN), &error)))
                }
            };
        }
        if self.intake.sink.dashboard.is_some() {
            let kept = part.read_again(|block| {
                self.intake.sink.keep(block);
                Ok::<(), io::Error>(())
            });
            // What cannot be read a second time is not kept.
            drop(kept);
        }
        self.intake.monitor.settle();
        self.after_lines(now)?;
        Ok(Ok(()))
    }

    /// A rollup is not what it should be.
    #[cold]
    fn rollup_fails(&mut self, fault: RollupFault) -> io::Result<()> {
        let name = self.intake.monitor.front().origin().source.clone();
        let error = io::Error::other(fault.to_string());
        let error = failure(name.as_deref().unwrap_or(STDIN), &error);
        match fault {
            RollupFault::Lacks(_) => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                error.to_string(),
            )),
            _ => {
                self.failed_input(&error);
                Ok(())
            }
        }
    }

    /// A file has ended.
    fn end_line(&mut self, now: Now) -> io::Result<()> {
        if self.front.is_none() {
            self.lines.finish(&mut self.intake);
            self.intake.reader.parser.end_source();
        }
        self.end_text(now)
    }

    /// The last line of a text may have no newline.
    fn end_text(&mut self, now: Now) -> io::Result<()> {
        self.lines.finish(&mut self.intake);
        self.intake.sink.end_line();
        self.intake.monitor.begin_to_place(true);
        self.after_lines(now)?;
        self.intake.monitor.settle();
        self.after_lines(now)
    }

    /// What is due when all lines of a block were taken.
    fn after_lines(&mut self, now: Now) -> io::Result<()> {
        self.intake.check()?;
        let wall = self.wall(now);
        let Intake { monitor, sink, .. } = &mut self.intake;
        sink.drain(monitor, wall)?;
        if let Some(fault) = self.intake.reader.parser.take_rollup_fault() {
            self.rollup_fails(fault)?;
        }
        // History is read to its end, where it is known; and then how it was read makes no difference.
        if self.live && !self.follows {
            let intake = &mut self.intake;
            intake
                .hints
                .live(&intake.monitor, &intake.reader.parser, now.wall);
        }
        self.intake.sink.refresh(&self.intake.monitor)
    }

    /// What comes until all is read that is there is history; where an earlier run wrote what happened then, what it did
    /// not write is written.
    pub(super) fn begin_with_history(&mut self) {
        if self.intake.sink.written_up_to().is_none() {
            self.intake.sink.history = Some(History::default());
        }
        self.follows = true;
    }

    /// All that there is was history.
    fn end_history(&mut self, now: Now) -> io::Result<()> {
        let wall = self.wall(now);
        let Intake { monitor, sink, .. } = &mut self.intake;
        sink.end_history(monitor, wall)
    }

    /// Goes on where an earlier run ended, by the ledger: what it wrote is not written again.
    pub fn resume(&mut self, ledger: &SharedLedger, now: Second) {
        let Intake { monitor, sink, .. } = &mut self.intake;
        sink.set_ledger(ledger, now);
        let Some(earlier) = sink.earlier() else {
            return;
        };
        let unknown = monitor.resume(earlier);
        for name in &unknown {
            let name = escape::terminal(name.as_bytes(), false);
            say(&format!(
                "--state: '{name}' fired when the earlier run ended, and there is no such rule now: nobody knows \
                 whether it is over"
            ));
        }
        ledger.forget(unknown);
    }

    fn finish(&mut self, now: Now) -> io::Result<()> {
        self.close(now)?;
        self.conclude()
    }

    /// Closes what is open.
    fn close(&mut self, now: Now) -> io::Result<()> {
        self.end_line(now)?;
        for source in self.intake.reader.parser.take_cut_rollups() {
            let cut = io::Error::other(RollupFault::Cut.to_string());
            self.failed_input(&failure(&String::from_utf8_lossy(&source), &cut));
        }
        let wall = self.wall(now);
        let Intake { monitor, sink, .. } = &mut self.intake;
        monitor.finish();
        sink.drain(monitor, wall)
    }

    /// Writes the summary, where the dashboard was.
    fn conclude(&mut self) -> io::Result<()> {
        let Intake {
            monitor,
            sink,
            hints,
            reader,
            ..
        } = &mut self.intake;
        sink.dashboard = None;
        sink.end(monitor.books().now());
        if !self.quiet {
            sink.output
                .write(&monitor.summary(false), monitor.books().zone())?;
        }
        hints.end(monitor, reader);
        if self.quiet {
            hints::unread(monitor);
        }
        sink.output.flush()
    }
}
