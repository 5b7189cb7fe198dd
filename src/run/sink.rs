//! Where events go: the output, the program of `--on-alert`, the dashboard.

use std::io;
use std::time::Duration;

use super::history::History;
use super::hook::{Hook, Notice};
use super::resume::{Resume, SharedLedger};
use super::{Dashboard, ReportWriter, say};
use crate::evaluate::EarlierRun;
use crate::format::ParserState;
use crate::ingest::clock::Wall;
use crate::monitor::Monitor;
use crate::render::json::Json;
use crate::render::text::sentence;
use crate::render::{Render, escape};
use crate::report::{Event, Rewind};
use crate::time::{Second, Span, Zone};

/// Live, programs are run for transitions of no longer ago, by the wall clock.
const NEWS: Span = Span(600);

/// What events are given to.
pub(super) struct Sink {
    pub(super) output: ReportWriter,
    pub(super) hook: Option<Hook>,
    pub(super) dashboard: Option<Dashboard>,
    quiet: bool,
    live: bool,
    /// Whether a report was due since the output last showed the whole run.
    stale: bool,
    /// Whether the log went back.
    rewound: bool,
    /// What happened before the start, until all of that is read.
    pub(super) history: Option<History>,
    /// What was written, where a ledger of it is kept.
    resume: Option<Resume>,
}

impl Sink {
    /// Events go to `output`; alerts only, if `quiet`.
    pub(super) fn new(output: ReportWriter, quiet: bool, live: bool) -> Sink {
        Sink {
            output,
            hook: None,
            dashboard: None,
            quiet,
            live,
            stale: false,
            rewound: false,
            history: None,
            resume: None,
        }
    }

    /// Takes what there is to say; `wall` is the wall clock where there is one.
    ///
    /// # Errors
    ///
    /// Those of writing.
    #[inline]
    pub(super) fn drain(&mut self, monitor: &mut Monitor, wall: Option<Wall>) -> io::Result<()> {
        while let Some(event) = monitor.next_event() {
            self.take_event(event, monitor, wall)?;
        }
        Ok(())
    }

    fn take_event(
        &mut self,
        event: Event,
        monitor: &Monitor,
        wall: Option<Wall>,
    ) -> io::Result<()> {
        let open = monitor.books().first_open;
        let resume = self.resume.as_mut();
        let written = resume.is_some_and(|resume| resume.is_written(&event, open));
        let history = self.history.as_ref();
        if history.is_some_and(|history| history.is_before(&event) || history.written && !written) {
            self.end_history(monitor, wall)?;
        }
        match &mut self.history {
            Some(history) if !matches!(event, Event::Rolled(_)) => history.take(event),
            _ if written => {}
            _ => self.take(&event, monitor, wall, false)?,
        }
        Ok(())
    }

    /// Keeps a ledger of what is written, and passes over what an earlier run wrote. Without one, what lies before `now`
    /// is history.
    pub(super) fn set_ledger(&mut self, ledger: &SharedLedger, now: Second) {
        if let Some(hook) = &mut self.hook {
            let unfinished = ledger.unfinished().into_iter();
            unfinished.for_each(|notice| hook.send(notice));
        }
        self.resume = Some(Resume::new(ledger.clone(), &mut self.output));
        self.history = Some(match self.written_up_to() {
            Some(_) => History::written(),
            None => History::until(now),
        });
    }

    /// The last second of which an earlier run wrote what happened.
    pub(super) fn written_up_to(&self) -> Option<Second> {
        self.resume.as_ref()?.written_up_to()
    }

    /// The earlier run, if there was one.
    pub(super) fn earlier(&self) -> Option<EarlierRun> {
        self.resume.as_ref()?.earlier()
    }

    /// Whether something could not be written at some time; that was said.
    pub(super) fn has_failed(&self) -> bool {
        self.output.has_failed() || self.resume.as_ref().is_some_and(Resume::has_failed)
    }

    /// What comes from now on is no history.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub(super) fn end_history(&mut self, monitor: &Monitor, wall: Option<Wall>) -> io::Result<()> {
        let Some(history) = self.history.take() else {
            return Ok(());
        };
        let written = history.written;
        for event in history.end() {
            let resume = self.resume.as_ref();
            let known = resume.zip(match &event {
                Event::Transition(alert) => Some(alert),
                _ => None,
            });
            if !known.is_some_and(|(resume, alert)| resume.is_firing(alert)) {
                self.take(&event, monitor, wall, true)?;
            }
        }
        if let Some(resume) = self.resume.as_mut().filter(|_| !written) {
            resume.pass();
        }
        self.refresh(monitor)
    }

    /// All that the files held when they were opened was read.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub(super) fn caught_up(&mut self, monitor: &Monitor, wall: Option<Wall>) -> io::Result<()> {
        // What an earlier run wrote ends with the first event that it did not write.
        match &self.history {
            Some(history) if history.written => Ok(()),
            _ => self.end_history(monitor, wall),
        }
    }

    /// The input has ended, and with it what is written of it. `newest`: its last second.
    pub(super) fn end(&mut self, newest: Option<Second>) {
        let resume = self.resume.as_mut().filter(|_| self.history.is_none());
        if let Some((resume, newest)) = resume.zip(newest) {
            resume.end(newest);
        }
    }

    fn take(
        &mut self,
        event: &Event,
        monitor: &Monitor,
        wall: Option<Wall>,
        history: bool,
    ) -> io::Result<()> {
        let zone = monitor.books().zone();
        let notice = self.notice(event, zone, wall);
        self.render(event, zone);
        let run = match &mut self.resume {
            Some(resume) => resume.before(event, notice.as_ref(), &self.output, history),
            None => true,
        };
        if let (Some(hook), Some(notice), true) = (&mut self.hook, notice, run) {
            hook.send(notice);
        }
        self.output.send()?;
        if let Some(resume) = &mut self.resume {
            resume.after(event, history);
        }
        Ok(())
    }

    /// What the program is given of an event, if it is run for it.
    fn notice(&self, event: &Event, zone: &Zone, wall: Option<Wall>) -> Option<Notice> {
        self.hook.as_ref()?;
        let Event::Transition(alert) = event else {
            return None;
        };
        // A stream may begin with old lines, and nobody is to be called for those.
        let is_news = wall.is_none_or(|wall| alert.at >= wall.second() - NEWS);
        if self.live && !is_news {
            return None;
        }
        let mut json = Vec::new();
        Json.render(event, zone, &mut json);
        let state = alert.state.name();
        Some(Notice {
            id: match alert.repeat {
                0 => format!("{} {state}", alert.id()),
                repeat => format!("{} {state} {repeat}", alert.id()),
            },
            json,
            state,
            rule: alert.rule.clone(),
            at: zone.show(alert.at),
            because: alert.state.because(),
            text: String::from_utf8_lossy(&sentence::lines(event, zone)).into_owned(),
            summary: String::from_utf8_lossy(&sentence::sentence(alert, zone)).into_owned(),
            times: alert.times,
            repeat: alert.repeat,
            again: false,
        })
    }

    /// Renders what is to be written of an event.
    fn render(&mut self, event: &Event, zone: &Zone) {
        if let Event::Rewind(rewind) = event {
            self.say_rewind(rewind, zone);
        }
        if let Some(dashboard) = &mut self.dashboard {
            dashboard.news();
            if self.output.is_stdout() {
                return;
            }
        }
        self.stale |= matches!(event, Event::Report(_)) && self.output.is_replaced();
        if !self.quiet || matches!(event, Event::Transition(_)) {
            self.output.render(event, zone);
        }
    }

    /// The first time is said on standard error too.
    fn say_rewind(&mut self, rewind: &Rewind, zone: &Zone) {
        if std::mem::replace(&mut self.rewound, true) {
            return;
        }
        let source = rewind.file.as_deref();
        let source = source.map_or(String::new(), |name| escape::shown(name.as_bytes()) + " ");
        say(&format!(
            "{source}line {}: the log goes back from {} to {}, and is counted anew from there (if older lines were \
             put behind newer ones, name the files instead: --replay FILE... reads them by time)",
            rewind.line,
            zone.show(rewind.from),
            zone.show(rewind.to),
        ));
    }

    /// A file that shows the whole run is written again where a report was due.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub(super) fn refresh(&mut self, monitor: &Monitor) -> io::Result<()> {
        if std::mem::take(&mut self.stale) {
            let summary = monitor.summary(true);
            self.output.write(&summary, monitor.books().zone())?;
        }
        self.output.flush()
    }

    /// Writes the summary so far, because someone asked for it.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub(super) fn report_now(&mut self, monitor: &Monitor) -> io::Result<()> {
        // Whoever sees the dashboard knows.
        if self.dashboard.is_some() && self.output.is_stdout() {
            return Ok(());
        }
        let summary = monitor.summary(true);
        self.output.write(&summary, monitor.books().zone())?;
        self.output.flush()
    }

    /// Shows a frame, where one is due.
    pub(super) fn paint(&mut self, monitor: &mut Monitor, now: Duration) {
        if let Some(dashboard) = &mut self.dashboard {
            dashboard.paint(monitor, now);
        }
    }

    /// How long it is to the next frame, if one is due.
    pub(super) fn next_frame(&self, now: Duration) -> Option<Duration> {
        let due = self.dashboard.as_ref().and_then(Dashboard::due);
        due.map(|due| due.saturating_sub(now))
    }

    /// So many bytes were read and counted.
    pub(super) fn count_read(&mut self, bytes: u64) {
        if let Some(dashboard) = &mut self.dashboard {
            dashboard.read(bytes);
        }
    }

    /// Something has changed that a dashboard shows.
    pub(super) fn changed(&mut self) {
        if let Some(dashboard) = &mut self.dashboard {
            dashboard.changed();
        }
    }

    /// The screen is not what it was.
    pub(super) fn redraw(&mut self) {
        if let Some(dashboard) = &mut self.dashboard {
            dashboard.redraw();
        }
    }

    /// Takes what was typed: whether to quit.
    pub(super) fn keys(&mut self, keys: &[u8], state: &ParserState) -> bool {
        let dashboard = self.dashboard.as_mut();
        dashboard.is_some_and(|dashboard| dashboard.keys(keys, state))
    }

    /// A dashboard keeps the newest blocks.
    pub(super) fn keep(&mut self, block: &[u8]) {
        if let Some(dashboard) = &mut self.dashboard {
            dashboard.keep(block);
        }
    }

    /// A line has ended, with a newline or without.
    pub(super) fn end_line(&mut self) {
        if let Some(dashboard) = &mut self.dashboard {
            dashboard.end_line();
        }
    }
}
