//! The dashboard of a run: keys to a view, and a frame when there is something new to see.
//!
//! A frame costs 0.1 ms, and 3 ms where each of three dimensions has 50,000 keys or more, so it is made
//! between two blocks of the log, at most four times a second; for a key, a report or an alert at once.
//! What shows it is a [`Surface`]: the terminal, or a test.

use std::time::Duration;

use super::narrowed::{Narrowed, Narrowing, RecentBlocks};
use crate::filter::Filter;
use crate::format::ParserState;
use crate::format::anonymous;
use crate::monitor::Monitor;
use crate::render::dashboard::keys::Decoder;
use crate::render::dashboard::layout::{LEAST, ScreenLayout};
use crate::render::dashboard::view::{Act, View, is_expression};
use crate::render::dashboard::{Scene, frame};
use crate::render::text::Look;
use crate::render::units;
use crate::snapshot::Snapshot;
use crate::time::Zone;

/// The lines of a screen.
pub type Frame = Vec<Vec<u8>>;

/// Between two frames, while lines come.
const CADENCE: Duration = Duration::from_millis(250);
/// The same where there is news: a report or an alert is seen within a tenth of a second.
const AT_ONCE: Duration = Duration::from_millis(50);

/// Why there is no filter, and there are no latest lines.
const NOTHING_KEPT: &str =
    "no lines are kept of files that are read by time: name one file, or use a pipe";

/// What frames are shown on.
pub trait Surface {
    /// Columns and rows, now.
    fn size(&self) -> (usize, usize);

    /// Shows a frame, without waiting for it; if `anew`, nothing that is shown now is what it was.
    fn show(&mut self, frame: Frame, anew: bool);

    /// What was to be said to the reader, where it cannot be said beside the screen.
    fn message(&self) -> String;
}

/// What the next frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    Nothing,
    Lines,
    News,
    Reader,
}

/// The dashboard of a run.
pub struct Dashboard {
    surface: Box<dyn Surface>,
    look: Look,
    view: View,
    decoder: Decoder,
    /// What was shown last.
    seen: Option<Snapshot>,
    live: bool,
    /// Bytes of the whole input, where that is known, and those that were read.
    total: Option<u64>,
    read: u64,
    ended: bool,
    cause: Cause,
    /// All of the screen is to be painted.
    anew: bool,
    painted: Option<Duration>,
    /// What the view is narrowed with, and to.
    narrowing: Option<Narrowing>,
    narrowed: Option<Narrowed>,
    recent: RecentBlocks,
    /// Whether addresses are cut in the lines that are shown.
    anonymous: bool,
}

impl Dashboard {
    /// A dashboard on `surface`, which can show what `look` says; of input of `total` bytes, where that is
    /// known.
    pub fn new(surface: Box<dyn Surface>, look: Look, live: bool, total: Option<u64>) -> Dashboard {
        Dashboard {
            surface,
            look,
            view: View::new(live),
            decoder: Decoder::default(),
            seen: None,
            live,
            total,
            read: 0,
            ended: false,
            cause: Cause::Reader,
            anew: true,
            painted: None,
            narrowing: None,
            narrowed: None,
            recent: RecentBlocks::default(),
            anonymous: false,
        }
    }

    /// Addresses are cut in the lines that are shown.
    pub(super) fn set_anonymous(&mut self, anonymous: bool) {
        self.anonymous = anonymous;
    }

    /// The view can be narrowed with this.
    pub(super) fn set_narrowing(&mut self, narrowing: Option<Narrowing>) {
        self.narrowing = narrowing;
    }

    /// These bytes were read, and follow the last.
    pub(super) fn keep(&mut self, block: &[u8]) {
        self.recent.keep(block);
        if let Some(narrowed) = &mut self.narrowed {
            narrowed.feed(block);
        }
    }

    /// What follows is a new line.
    pub(super) fn end_line(&mut self) {
        self.recent.end_line();
        if let Some(narrowed) = &mut self.narrowed {
            narrowed.end_line();
        }
    }

    /// So many bytes were read and counted.
    pub fn read(&mut self, bytes: u64) {
        self.read += bytes;
        self.changed();
    }

    /// There is something new to see.
    pub fn changed(&mut self) {
        self.cause = self.cause.max(Cause::Lines);
    }

    /// There is something to be seen at once.
    pub fn news(&mut self) {
        self.cause = self.cause.max(Cause::News);
    }

    /// The input has ended.
    pub fn end(&mut self) {
        self.ended = true;
        if let Some(narrowed) = &mut self.narrowed {
            narrowed.finish();
        }
        self.cause = Cause::Reader;
    }

    /// The screen is not what it was, or has another size.
    pub fn redraw(&mut self) {
        self.cause = Cause::Reader;
        self.anew = true;
    }

    /// Takes what was typed: whether to quit. `state` is that of the parser of the log.
    pub fn keys(&mut self, bytes: &[u8], state: &ParserState) -> bool {
        for key in self.decoder.keys(bytes) {
            let before = self.view.expressions.len();
            match self.view.key(key, self.seen.as_ref(), &self.layout()) {
                Act::Ignore => {}
                Act::Show => self.cause = Cause::Reader,
                Act::Narrow(expression) => {
                    self.add(expression);
                    self.cause = Cause::Reader;
                }
                Act::Drill(expression) => {
                    self.add(expression);
                    if self.view.expressions.len() != before {
                        self.view.drill(self.seen.as_ref());
                    }
                    self.cause = Cause::Reader;
                }
                Act::Quit => return true,
            }
            if self.view.expressions.len() != before {
                self.narrow(state);
            }
        }
        false
    }

    /// Adds an expression to those that the view is narrowed to, if it is one. Another text is looked for in the keys.
    fn add(&mut self, expression: String) {
        match Filter::parse(&expression) {
            Ok(_) if self.keeps_nothing() => {
                self.view.filter.clear();
                self.view.mistake = Some(NOTHING_KEPT.to_owned());
            }
            Ok(_) => self.view.add(expression),
            Err(mistake) if is_expression(&expression) => {
                self.view.mistake = Some(mistake.why);
                // It is there to be corrected.
                self.view.typing = true;
            }
            Err(_) => {}
        }
    }

    /// Whether lines were read of which none is kept.
    fn keeps_nothing(&self) -> bool {
        self.recent.is_empty() && self.read > 0
    }

    /// Counts the recent lines anew, by the expressions.
    fn narrow(&mut self, state: &ParserState) {
        let expressions = self.view.expressions.iter();
        let filters = expressions.filter_map(|text| Filter::parse(text).ok());
        let filter = filters.reduce(Filter::and);
        let narrowing = self.narrowing.as_ref().zip(filter);
        self.narrowed = narrowing.map(|(narrowing, filter)| {
            let mut narrowed = narrowing.narrow(filter, &self.recent, state.clone());
            if self.ended {
                narrowed.finish();
            }
            narrowed
        });
    }

    /// What there is to say of the view; else what was to be said beside the screen.
    fn message(&self, zone: &Zone) -> String {
        if let Some(mistake) = &self.view.mistake {
            return mistake.clone();
        }
        if self.view.latest && self.keeps_nothing() {
            return NOTHING_KEPT.to_owned();
        }
        let Some(narrowed) = &self.narrowed else {
            return self.surface.message();
        };
        let since = narrowed.since();
        let since = since.map_or(String::new(), |since| {
            format!(" (since {}; older lines are not kept)", zone.show(since))
        });
        format!("only {}{since}", self.view.expressions.join(" and "))
    }

    fn layout(&self) -> ScreenLayout {
        let (width, height) = self.surface.size();
        ScreenLayout::new(width, height)
            .or_else(|| ScreenLayout::new(LEAST.0, LEAST.1))
            .expect("the least is enough")
    }

    /// When the next frame is due, if any is.
    pub fn due(&self) -> Option<Duration> {
        let after = match self.cause {
            Cause::Reader => return Some(Duration::ZERO),
            _ if self.view.paused => return None,
            Cause::Nothing => return None,
            Cause::News => AT_ONCE,
            Cause::Lines => CADENCE,
        };
        Some(self.painted.map_or(Duration::ZERO, |last| last + after))
    }

    /// Shows the run so far, if that is due.
    pub fn paint(&mut self, monitor: &mut Monitor, now: Duration) {
        if self.due().is_none_or(|due| due > now) {
            return;
        }
        let (width, height) = self.surface.size();
        let layout = self.layout();
        let ask = self.view.ask(&layout);
        let mut seen = monitor.snapshot(&ask);
        if let Some(narrowed) = &mut self.narrowed {
            seen = narrowed.monitor().snapshot(&ask).with_run_of(seen);
        }
        let mut latest = match (&self.narrowed, self.view.latest) {
            (_, false) => Vec::new(),
            (Some(narrowed), true) => narrowed.latest(layout.rows),
            (None, true) => self.recent.latest(layout.rows),
        };
        if self.anonymous {
            latest
                .iter_mut()
                .for_each(|line| *line = anonymous::line(line));
        }
        let scene = Scene {
            latest: &latest,
            seen: &seen,
            view: &self.view,
            zone: monitor.books().zone(),
            input: &self.input(monitor),
            message: &self.message(monitor.books().zone()),
        };
        let look = Look { width, ..self.look };
        let anew = std::mem::take(&mut self.anew);
        self.surface.show(frame(&scene, look, height), anew);
        self.cause = Cause::Nothing;
        self.seen = Some(seen);
        self.painted = Some(now);
    }

    /// How far the input is read.
    fn input(&self, monitor: &Monitor) -> String {
        if self.ended {
            return "end of input, q leaves".to_owned();
        }
        if self.live {
            let live = monitor.books().live || monitor.books().records() == 0;
            return if live { "live" } else { "reading an old log" }.to_owned();
        }
        match self.total.filter(|&total| total >= self.read) {
            None => format!("replay, {} read", units::bytes(self.read)),
            Some(total) => {
                let percent = (self.read as u128 * 100 / u128::from(total.max(1))) as u64;
                format!("replay {percent}% of {}", units::bytes(total))
            }
        }
    }
}
