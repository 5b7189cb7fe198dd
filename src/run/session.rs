//! One run: messages in, lines to the parser, records to the monitor, events to the output.
//!
//! Clocks matter here and only live: the wall clock tells whether a log is live, the monotonic clock
//! how long it has been [silent](Silence).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::feed::{Feed, Message, Now, Signal};
use super::hints::Hints;
use super::history::History;
use super::hook::{Hook, Notice};
use super::operands::{STDIN, failure};
use super::parts::{Parallel, Part};
use super::reader::Reader;
use super::silence::Silence;
use super::taker::Taker;
use super::{Dashboard, Output, ahead, databases, hints, say};
use crate::cli::Options;
use crate::error::Error;
use crate::filter::Filter;
use crate::format::unparsed::Field;
use crate::format::{Line as Read, Parser};
use crate::input::lines::Lines;
use crate::monitor::{Config, Counting, Monitor};
use crate::render::json::Json;
use crate::render::{Render, escape};
use crate::report::Event;
use crate::time::Second;

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

/// A run.
pub struct Session {
    counting: Counting,
    pub(super) reader: Reader,
    pub(super) monitor: Monitor,
    lines: Lines,
    output: Output,
    live: bool,
    quiet: bool,
    verbose: bool,
    /// Whether something is to be told of the next record: with --verbose, and in replay of the first of a file.
    attentive: bool,
    hook: Option<Hook>,
    dashboard: Option<Dashboard>,
    silence: Silence,
    file: Option<Arc<str>>,
    /// The number of the last line, in its file.
    line: u64,
    hints: Hints,
    /// Whether a report was due since the output was last told how things stand.
    stale: bool,
    /// Whether an input could not be read to its end.
    failed_input: bool,
    /// Whether files are read as they grow.
    follows: bool,
    /// What happened before the start, until all of that is read.
    history: Option<History>,
}

/// The fields that a run of this configuration reads where they are optional.
pub fn wanted(config: &Config) -> Vec<Field> {
    let mut wanted = vec![Field::Cache];
    wanted.extend(config.robots.then_some(Field::Agent));
    wanted.extend(config.top.iter().map(|top| top.dimension.field));
    let filters = config.filter.iter().chain(&config.plan.expressions);
    wanted.extend(filters.flat_map(Filter::fields));
    wanted
}

impl Session {
    /// A run with these options, writing to `output`.
    ///
    /// # Errors
    ///
    /// If its rules cannot work together, its period cannot be known, or a database cannot be read.
    pub fn new(options: &Options, output: Output) -> Result<Session, Error> {
        let config = options.config()?;
        let filters = config.filter.iter().chain(&config.plan.expressions);
        let places = databases::open(options, &config.top, filters)?;
        ahead::check(options)?;
        let wanted = wanted(&config);
        let counting = Counting::new(&config);
        Ok(Session {
            counting,
            reader: Reader {
                parser: Parser::new(&options.format, options.log_tz.clone(), &wanted),
                places,
            },
            monitor: Monitor::new(config),
            lines: Lines::default(),
            output,
            live: !options.replay,
            quiet: options.quiet,
            verbose: options.verbose,
            attentive: options.verbose,
            hook: None,
            dashboard: None,
            silence: Silence::new(options.idle_exit),
            file: None,
            line: 0,
            hints: Hints::default(),
            stale: false,
            failed_input: false,
            follows: false,
            history: None,
        })
    }

    /// How `threads` count files for this run, in parts of `size` bytes.
    pub fn parallel(&self, threads: usize, size: u64) -> Parallel {
        Parallel {
            threads,
            size,
            reader: self.reader.clone(),
            counting: self.counting.clone(),
        }
    }

    /// The monitor, to ask how things stand.
    pub fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    /// Whether an input could not be read to its end, or the output was not written at some time; that was said.
    pub fn has_failed(&self) -> bool {
        self.failed_input || self.output.has_failed()
    }

    /// Tells `hook` of every transition from now on.
    pub fn set_hook(&mut self, hook: Hook) {
        self.hook = Some(hook);
    }

    /// Shows on `dashboard` how things stand. Nothing but the summary is written to standard output, once that
    /// is gone.
    pub fn set_dashboard(&mut self, dashboard: Dashboard) {
        self.monitor.keep_for_screen();
        self.dashboard = Some(dashboard);
    }

    /// Waits for what was told.
    pub fn finish_hook(&mut self) {
        if let Some(hook) = &mut self.hook {
            hook.finish();
        }
    }

    /// Reads `feed` to its end.
    pub fn run(&mut self, feed: &mut dyn Feed) -> Ended {
        match self.read(feed) {
            Ok(ended) => ended,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ended::ReaderGone,
            Err(error) => Ended::Failed(Error::new(format!("{}: {error}", self.output.name()))),
        }
    }

    fn read(&mut self, feed: &mut dyn Feed) -> io::Result<Ended> {
        self.silence.heard(feed.now().monotonic);
        loop {
            let before = feed.now();
            self.paint(before);
            let wait = self.wait(before.monotonic);
            let message = feed.next(wait);
            let stopped = self.live && self.silence.was_stopped(before, wait, feed.now());
            if stopped && matches!(message, Message::Quiet) {
                continue;
            }
            match message {
                Message::Begin(name) => {
                    self.end_line(feed.now())?;
                    self.line = 0;
                    self.reader
                        .parser
                        .begin_source(name.as_deref().unwrap_or("-").as_bytes());
                    self.file = name;
                    if !self.live {
                        self.hints.begin_source(&self.monitor);
                        self.attentive = true;
                    }
                }
                Message::Block(block) => {
                    self.block(&block, feed.now())?;
                    self.count_read(block.len() as u64);
                    feed.recycle(block);
                }
                Message::Where(reply) => {
                    // Whoever asked may be gone by now.
                    let _ = reply.send(self.reader.parser.state().clone());
                }
                Message::Part(mut part) => {
                    let now = feed.now();
                    if let Err(error) = self.part(&mut part, now)? {
                        self.failed_input(&error);
                    }
                    self.count_read(part.bytes());
                }
                Message::Quiet => {
                    let now = feed.now();
                    if !self.live {
                        continue;
                    }
                    if self.silence.ends_input(now.monotonic) {
                        self.finish(now)?;
                        return Ok(Ended::Input);
                    }
                    self.silence(now)?;
                }
                Message::Keys(keys) => {
                    let dashboard = self.dashboard.as_mut();
                    if dashboard.is_some_and(|dashboard| dashboard.keys(&keys)) {
                        self.finish(feed.now())?;
                        return Ok(Ended::Input);
                    }
                }
                Message::Signal(Signal::Redraw) => {
                    if let Some(dashboard) = &mut self.dashboard {
                        dashboard.redraw();
                    }
                }
                // Whoever sees the dashboard knows.
                Message::Signal(Signal::Tell)
                    if self.dashboard.is_some() && self.output.is_stdout() => {}
                Message::Signal(Signal::Tell) => {
                    let summary = self.monitor.summary(true);
                    self.output.write(&summary, self.monitor.zone())?;
                    self.output.flush()?;
                }
                Message::Signal(Signal::End(signal)) => {
                    self.finish(feed.now())?;
                    return Ok(Ended::Signal(signal));
                }
                Message::End => {
                    self.close(feed.now())?;
                    let ended = self.stay(feed);
                    self.conclude()?;
                    return Ok(ended);
                }
                Message::CaughtUp => self.end_history()?,
                Message::Said(said) => say(&said),
                Message::Failed(error) => {
                    self.end_line(feed.now())?;
                    self.failed_input(&error);
                }
            }
        }
    }

    /// Says why an input cannot be read to its end.
    fn failed_input(&mut self, error: &Error) {
        self.failed_input = true;
        say(error);
    }

    /// Shows how things stand, where that is due.
    fn paint(&mut self, now: Now) {
        if let Some(dashboard) = &mut self.dashboard {
            dashboard.paint(&mut self.monitor, now.monotonic);
        }
    }

    fn count_read(&mut self, bytes: u64) {
        if let Some(dashboard) = &mut self.dashboard {
            dashboard.read(bytes);
        }
    }

    /// The input has ended: the dashboard stays until its reader has seen enough.
    fn stay(&mut self, feed: &mut dyn Feed) -> Ended {
        if let Some(dashboard) = &mut self.dashboard {
            dashboard.end();
        }
        while let Some(dashboard) = &mut self.dashboard {
            dashboard.paint(&mut self.monitor, feed.now().monotonic);
            let wait = dashboard.due();
            match feed.next(wait.map(|due| due.saturating_sub(feed.now().monotonic))) {
                Message::Keys(keys) if dashboard.keys(&keys) => break,
                Message::Signal(Signal::End(signal)) => return Ended::Signal(signal),
                Message::Signal(Signal::Redraw) => dashboard.redraw(),
                Message::End => break,
                _ => {}
            }
        }
        Ended::Input
    }

    /// How long to wait for the next message: to the next moment at which something changes without one.
    fn wait(&self, now: Duration) -> Option<Duration> {
        let silence = self
            .live
            .then(|| self.silence.next(now, self.monitor.is_live()));
        let frame = self.dashboard.as_ref().and_then(Dashboard::due);
        let frame = frame.map(|due| due.saturating_sub(now));
        silence.flatten().into_iter().chain(frame).min()
    }

    /// Nothing came: the seconds of a live stream go on without it.
    fn silence(&mut self, now: Now) -> io::Result<()> {
        if !self.silence.is_there(now.monotonic) {
            return Ok(());
        }
        let reached = self.silence.reached(now.monotonic);
        let wall = Second(now.wall.as_secs() as i64);
        self.monitor
            .silence(reached.unwrap_or(Second(i64::MIN)), wall);
        self.drain()?;
        if let Some(dashboard) = &mut self.dashboard {
            dashboard.changed();
        }
        self.refresh()?;
        if reached.is_none() {
            self.silence.newest_is(self.monitor.newest(), now);
        }
        Ok(())
    }

    /// The wall clock, where it says something of the log.
    fn wall(&self, now: Now) -> Option<Second> {
        self.live.then_some(Second(now.wall.as_secs() as i64))
    }

    fn block(&mut self, block: &[u8], now: Now) -> io::Result<()> {
        self.silence.heard(now.monotonic);
        self.hints.block(block, &self.monitor);
        let mut lines = std::mem::take(&mut self.lines);
        let wall = self.wall(now);
        let mut taker = Taker::new(self, wall);
        lines.feed(block, &mut taker);
        let result = taker.result;
        self.lines = lines;
        result?;
        self.after_lines(now)
    }

    /// Takes in what others counted; where they were wrong about where the parser stands, or a cap was
    /// passed, the lines are read one by one. The inner error is that of the file.
    fn part(&mut self, part: &mut Part, now: Now) -> io::Result<Result<(), Error>> {
        if part.began != *self.reader.parser.state() || !self.monitor.begin(&mut part.fold) {
            let read = part.read_again(|block| self.block(block, now));
            return match read {
                Ok(written) => written.map(Ok),
                Err(error) => Ok(Err(failure(self.file.as_deref().unwrap_or(STDIN), &error))),
            };
        }
        for step in part.fold.steps() {
            if self.attentive
                && let Some(time) = step.time()
            {
                self.first_of_source(time);
            }
            self.monitor
                .step(&part.fold, step, self.line, self.file.as_ref());
            self.drain()?;
        }
        self.line += part.fold.lines();
        if part.ended != part.began {
            self.reader.parser.resume(part.ended.clone());
        }
        self.after_lines(now)?;
        Ok(Ok(()))
    }

    /// The last line of a file may have no newline.
    fn end_line(&mut self, now: Now) -> io::Result<()> {
        let mut lines = std::mem::take(&mut self.lines);
        let wall = self.wall(now);
        let mut taker = Taker::new(self, wall);
        lines.finish(&mut taker);
        let result = taker.result;
        self.lines = lines;
        result?;
        self.after_lines(now)
    }

    /// A line that is no record.
    #[cold]
    pub(super) fn no_record(&mut self, read: Read, line: &[u8]) {
        self.line += 1;
        let Read::Unparsed(unparsed) = read else {
            return self.monitor.skipped();
        };
        let file = self.file.as_ref();
        self.monitor.unparsed(unparsed, self.line, file, line);
        if self.line == 1
            && let Some(file) = file
        {
            self.hints.begins_with(line, file, &self.monitor);
        }
        self.hints.unparsed(&self.monitor);
    }

    /// A record that was counted, read from `line`: its time, and whether that has an offset.
    #[inline]
    pub(super) fn record(&mut self, time: Second, zoned: bool, wall: Option<Second>, line: &[u8]) {
        self.line += 1;
        if !zoned {
            self.hints.zoneless(time, wall);
        }
        if self.attentive {
            self.attend(time, line);
        }
    }

    #[cold]
    fn attend(&mut self, time: Second, line: &[u8]) {
        self.first_of_source(time);
        if self.verbose {
            self.tell_format(line);
        }
    }

    /// A record of `time` comes, the first since a source began or since --verbose looks at all of them.
    fn first_of_source(&mut self, time: Second) {
        self.attentive = self.verbose;
        self.hints.first_record(time, self.file.as_ref());
    }

    fn tell_format(&mut self, line: &[u8]) {
        if let Some(format) = self.reader.parser.newly_recognised(line) {
            let file = self
                .file
                .as_deref()
                .map_or(String::new(), |file| format!("{file} "));
            say(&format!(
                "{}line {}: format {format}",
                escape::terminal(file.as_bytes(), false),
                self.line
            ));
        }
    }

    /// What is due when all lines of a block were taken.
    fn after_lines(&mut self, now: Now) -> io::Result<()> {
        self.silence.newest_is(self.monitor.newest(), now);
        // History is read to its end, where it is known; and then how it was read makes no difference.
        if self.live && !self.follows {
            self.hints.live(&self.monitor, now.wall);
        }
        self.refresh()
    }

    #[inline]
    pub(super) fn drain(&mut self) -> io::Result<()> {
        while let Some(event) = self.monitor.next_event() {
            match &mut self.history {
                Some(history) => history.take(event),
                None => self.tell(&event)?,
            }
        }
        Ok(())
    }

    fn tell(&mut self, event: &Event) -> io::Result<()> {
        if let (Some(hook), Event::Alert(alert)) = (&mut self.hook, event) {
            let zone = self.monitor.zone();
            let mut json = Vec::new();
            Json.render(event, zone, &mut json);
            let state = alert.state.name();
            hook.send(Notice {
                json,
                state,
                rule: alert.rule.clone(),
                at: zone.show(alert.at),
                because: alert.state.because(),
            });
        }
        if let Some(dashboard) = &mut self.dashboard {
            dashboard.news();
            if self.output.is_stdout() {
                return Ok(());
            }
        }
        self.stale |= matches!(event, Event::Report(_)) && self.output.is_replaced();
        if self.quiet && !matches!(event, Event::Alert(_)) {
            return Ok(());
        }
        self.output.write(event, self.monitor.zone())
    }

    /// What comes until all is read that is there is history.
    pub fn begin_with_history(&mut self) {
        self.history = Some(History::default());
        self.follows = true;
    }

    /// What comes now is new.
    fn end_history(&mut self) -> io::Result<()> {
        let firing = self.history.take().into_iter().flat_map(History::end);
        firing.into_iter().try_for_each(|event| self.tell(&event))?;
        self.refresh()
    }

    /// A file that shows how things stand is written again where a report was due.
    fn refresh(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.stale) {
            let summary = self.monitor.summary(true);
            self.output.write(&summary, self.monitor.zone())?;
        }
        self.output.flush()
    }

    fn finish(&mut self, now: Now) -> io::Result<()> {
        self.close(now)?;
        self.conclude()
    }

    /// Closes what is open.
    fn close(&mut self, now: Now) -> io::Result<()> {
        self.end_line(now)?;
        self.monitor.finish();
        self.drain()
    }

    /// Writes the summary, where the dashboard was.
    fn conclude(&mut self) -> io::Result<()> {
        self.dashboard = None;
        if !self.quiet {
            let summary = self.monitor.summary(false);
            self.output.write(&summary, self.monitor.zone())?;
        }
        self.hints.end(&self.monitor);
        if !self.live {
            self.hints.late(&self.monitor);
        }
        if self.quiet {
            hints::unread(&self.monitor);
        }
        self.output.flush()
    }
}
