//! Where events go: the output, the program of `--on-alert`, the dashboard.

use std::io;
use std::time::Duration;

use super::history::History;
use super::hook::{Hook, Notice};
use super::{Dashboard, Output, say};
use crate::ingest::clock::Wall;
use crate::monitor::Monitor;
use crate::render::json::Json;
use crate::render::{Render, escape};
use crate::report::{Event, Rewind};
use crate::time::{Span, Zone};

/// Live, programs are run for transitions of no longer ago, by the wall clock.
const NEWS: Span = Span(600);

/// What events are given to.
pub(super) struct Sink {
    pub(super) output: Output,
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
}

impl Sink {
    /// Events go to `output`; alerts only, if `quiet`.
    pub(super) fn new(output: Output, quiet: bool, live: bool) -> Sink {
        Sink {
            output,
            hook: None,
            dashboard: None,
            quiet,
            live,
            stale: false,
            rewound: false,
            history: None,
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
            match &mut self.history {
                Some(history) => history.take(event),
                None => self.take(&event, monitor, wall)?,
            }
        }
        Ok(())
    }

    /// What comes from now on is no history.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub(super) fn end_history(&mut self, monitor: &Monitor, wall: Option<Wall>) -> io::Result<()> {
        for event in self.history.take().into_iter().flat_map(History::end) {
            self.take(&event, monitor, wall)?;
        }
        self.refresh(monitor)
    }

    fn take(&mut self, event: &Event, monitor: &Monitor, wall: Option<Wall>) -> io::Result<()> {
        let zone = monitor.books().zone();
        if let (Some(hook), Event::Alert(alert)) = (&mut self.hook, event) {
            // A stream may begin with old lines, and nobody is to be called for those.
            let is_news = wall.is_none_or(|wall| alert.at >= wall.second() - NEWS);
            if is_news || !self.live {
                let mut json = Vec::new();
                Json.render(event, zone, &mut json);
                hook.send(Notice {
                    json,
                    state: alert.state.name(),
                    rule: alert.rule.clone(),
                    at: zone.show(alert.at),
                    because: alert.state.because(),
                });
            }
        }
        if let Event::Rewind(rewind) = event {
            self.say_rewind(rewind, zone);
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
        self.output.write(event, zone)
    }

    /// The first time is said on standard error too.
    fn say_rewind(&mut self, rewind: &Rewind, zone: &Zone) {
        if std::mem::replace(&mut self.rewound, true) {
            return;
        }
        let source = rewind.file.as_deref();
        let source = source.map_or(String::new(), |name| escape::shown(name.as_bytes()) + " ");
        say(&format!(
            "{source}line {}: the log goes back from {} to {}, and is counted anew from there (if older files were \
             put behind newer ones, put the oldest first)",
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
    pub(super) fn keys(&mut self, keys: &[u8]) -> bool {
        let dashboard = self.dashboard.as_mut();
        dashboard.is_some_and(|dashboard| dashboard.keys(keys))
    }
}
