//! The sources of a run, and how far all of them have come.
//!
//! Each source has a clock, a place in its lines and, live, a lag of its own. A second may close once every source that
//! is waited for is past it. One that has ended is not waited for, nor is one that lies more than the patience behind
//! the foremost, nor, after as long, one that has given no record. Files that are followed hold lines that were written before the start: as long
//! as there are more of them, they are waited for, and read in turn. There is always at least one source: before any is named, one without a name.

use std::sync::Arc;
use std::time::Duration;

use super::clock::{Clock, Wall};
use crate::stats::Hit;
use crate::time::{Second, Span};

/// Sources that have a clock of their own.
const CLOCKS: usize = 256;
/// So far behind a source may be while it catches up: seconds that are open take five megabytes by themselves then.
const CATCHING_UP: Span = Span(7 * 86_400);
/// A live source of which nothing has come for so long is silent.
const SILENCE: Duration = Duration::from_secs(1);

/// Where the next line comes from: its source, and how many lines that one has had.
#[derive(Debug, Clone, Default)]
pub struct LineOrigin {
    /// The source, where it has a name.
    pub source: Option<Arc<str>>,
    /// The number of its last line.
    pub line: u64,
}

/// One of the sources of a run.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) clock: Clock<Hit>,
    /// The greatest second that it is believed to have reached, and before that one that no record of it is known
    /// to precede.
    pub(super) reached: Option<Second>,
    /// Whether any of its records is believed.
    pub(super) begun: bool,
    pub(super) ended: bool,
    /// Live, whether there is more of it that was written before the start: then it is read as others let it be, and
    /// they wait for it.
    catches_up: bool,
    /// Live, whether it cannot be read now: then it is not silent, and what it holds is not known.
    unreadable: bool,
    /// Live, when it came and when its last record was read, by the steady clock.
    came: Duration,
    heard: Duration,
    pub(super) origin: LineOrigin,
    /// Where the last records in a row that are far behind begin.
    pub(super) turn: LineOrigin,
}

impl Source {
    fn new(name: Option<Arc<str>>, lateness: Span, reached: Option<Second>) -> Source {
        Source {
            clock: Clock::new(lateness, |hit: &Hit| u64::from(hit.counted)),
            reached,
            begun: false,
            ended: false,
            catches_up: false,
            unreadable: false,
            came: Duration::ZERO,
            heard: Duration::ZERO,
            origin: LineOrigin {
                source: name,
                line: 0,
            },
            turn: LineOrigin::default(),
        }
    }

    /// Offers a record to the clock; `wall` is the wall clock where there is one (live).
    pub(super) fn offer(&mut self, hit: &Hit, wall: Option<Wall>, steady: Duration) {
        self.clock.set_steady(milliseconds(steady));
        self.clock.offer(hit.time, *hit, wall);
        if self.clock.far_behind() == 1 {
            self.turn = self.origin.clone();
        }
        self.heard = steady;
    }
}

/// See the module's text.
#[derive(Debug)]
pub struct Front {
    lateness: Span,
    /// How far a source may be behind the foremost and still be waited for; `None`: however far.
    patience: Option<Span>,
    /// Never empty.
    sources: Vec<Source>,
    /// The one that lines come from now.
    current: usize,
    /// The least that any other source has reached which has not ended, where that is known.
    others: Option<Option<Second>>,
    steady: Duration,
}

/// What no source has reached: where there is no other.
const NEVER: Option<Second> = Some(Second(i64::MAX));

impl Front {
    pub(super) fn new(lateness: Span, patience: Option<Span>) -> Front {
        Front {
            lateness,
            patience,
            sources: vec![Source::new(None, lateness, None)],
            current: 0,
            others: None,
            steady: Duration::ZERO,
        }
    }

    /// Where the last line came from.
    pub fn origin(&self) -> &LineOrigin {
        &self.current().origin
    }

    /// The moment of the log that the foremost live source would have reached by now, by its lag.
    pub fn now(&self) -> Option<Wall> {
        let steady = milliseconds(self.steady);
        let reached = self.clocks().filter_map(|clock| clock.reached(steady));
        reached.max()
    }

    /// By how many milliseconds the foremost source is behind the wall clock.
    pub fn lag(&self) -> Option<i64> {
        self.clocks().filter_map(Clock::lag).min()
    }

    /// How far a source has come; `None` while nothing is known.
    pub fn reached(&self, source: usize) -> Option<Second> {
        self.sources[source].reached
    }

    /// The lines that follow are another source's, which goes on where the last one ended, by the same clock.
    pub fn begin_source(&mut self, source: Option<Arc<str>>) {
        self.current_mut().origin = LineOrigin { source, line: 0 };
    }

    /// Reads several sources along with each other from now on: their names, and for each a second that is near its
    /// beginning, where that is known. No second closes before all that have not ended are past it.
    pub fn set_sources(&mut self, sources: impl Iterator<Item = (Arc<str>, Option<Second>)>) {
        let lateness = self.lateness;
        self.sources = sources
            .map(|(name, near)| Source::new(Some(name), lateness, near))
            .collect();
        self.current = 0;
    }

    /// The lines that follow are from the source of this number.
    pub fn select(&mut self, source: usize) {
        self.current = source;
        self.others = None;
    }

    /// As [`Front::select`], where `others` is the least that another one has reached which has not ended; `None` if there
    /// is none. So nobody has to look at each of thousands for every second.
    pub fn select_beside(&mut self, source: usize, others: Option<Option<Second>>) {
        self.current = source;
        self.others = Some(others.unwrap_or(NEVER));
    }

    /// The lines that follow are from the source of this name, one of several that are read at once. Beyond
    /// 256 sources, further ones share the clock of the last.
    pub fn turn_to(&mut self, name: Arc<str>) {
        self.current = self.place_of(name);
    }

    /// Live, these of several sources hold more that was written before the start, and no others; the place among them of
    /// the one that is furthest behind, if there is any. What follows is to begin with a [turn](Front::turn_to).
    pub fn catch_up(&mut self, names: &[Arc<str>]) -> usize {
        let places: Vec<usize> = names
            .iter()
            .map(|name| self.place_of(Arc::clone(name)))
            .collect();
        for (place, source) in self.sources.iter_mut().enumerate() {
            source.catches_up = places.contains(&place);
        }
        let reached = |&n: &usize| self.sources[places[n]].reached;
        let furthest = (0..names.len()).min_by_key(reached);
        // Nobody waits for one that is empty.
        let is_empty = |source: &Source| source.origin.line == 0 && !source.catches_up;
        if !self.sources.iter().all(is_empty) {
            self.sources.retain(|source| !is_empty(source));
        }
        self.current = 0;
        furthest.unwrap_or(0)
    }

    /// The place of the source of this name, which is a new one if it is not known.
    fn place_of(&mut self, name: Arc<str>) -> usize {
        let known = |source: &Source| source.origin.source.as_ref() == Some(&name);
        if let Some(n) = self.sources.iter().position(known) {
            return n;
        }
        let unused = |source: &Source| source.origin.source.is_none() && source.origin.line == 0;
        if self.sources.iter().all(unused) {
            self.sources.clear();
        }
        if self.sources.len() < CLOCKS {
            let mut source = Source::new(Some(name), self.lateness, None);
            source.came = self.steady;
            self.sources.push(source);
        }
        self.sources.len() - 1
    }

    /// Live, the source of this name cannot be read from now on, or can be again. One that has given nothing yet is
    /// not known, and nobody waits for it.
    pub fn set_unreadable(&mut self, name: &str, unreadable: bool) {
        let is_it = |source: &&mut Source| source.origin.source.as_deref() == Some(name);
        if let Some(source) = self.sources.iter_mut().find(is_it) {
            source.unreadable = unreadable;
        }
    }

    /// Whether a source that cannot be read is passed by.
    pub(super) fn passes_unreadable(&self) -> bool {
        self.open().any(|source| source.unreadable)
    }

    /// Live, what time it is by a steady clock: one that nobody sets, and that is stopped while this process is. What
    /// is read next is read then.
    pub fn set_steady(&mut self, steady: Duration) {
        self.steady = steady;
    }

    pub(super) fn steady(&self) -> Duration {
        self.steady
    }

    /// The source that lines come from.
    #[inline]
    pub(super) fn current(&self) -> &Source {
        &self.sources[self.current]
    }

    #[inline]
    pub(super) fn current_mut(&mut self) -> &mut Source {
        &mut self.sources[self.current]
    }

    /// The source, where there is only one.
    #[inline]
    pub(super) fn only(&mut self) -> Option<&mut Source> {
        match &mut self.sources[..] {
            [source] => Some(source),
            _ => None,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.sources.len()
    }

    /// The clocks of all sources.
    pub(super) fn clocks(&self) -> impl Iterator<Item = &Clock<Hit>> {
        self.sources.iter().map(|source| &source.clock)
    }

    /// The hits that are held, for whoever must renumber what they refer to.
    pub(super) fn held_mut(&mut self) -> impl Iterator<Item = &mut Hit> {
        let clocks = self.sources.iter_mut().map(|source| &mut source.clock);
        clocks.flat_map(Clock::held_mut)
    }

    /// The sources that have not ended.
    pub(super) fn open(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| !source.ended)
    }

    /// The second that all sources which are waited for are past, where `newest` is what the foremost has reached;
    /// `None` where that is not known of one, or all have ended.
    #[inline]
    pub(super) fn watermark(&self, newest: Option<Second>) -> Option<Second> {
        let least = match &self.sources[..] {
            // Nearly always there is one, and it is the foremost.
            [source] => source.reached.filter(|_| !source.ended),
            _ => self.reached_by_all(newest),
        };
        least.map(|least| least - self.lateness)
    }

    /// The second that all of several sources which are waited for have reached.
    #[inline(never)]
    fn reached_by_all(&self, newest: Option<Second>) -> Option<Second> {
        if let Some(others) = self.others.filter(|_| self.waits_for_all()) {
            let current = self.current();
            let current = if current.ended {
                NEVER
            } else {
                current.reached
            };
            let least = current.min(others);
            return least.filter(|_| least != NEVER);
        }
        let held = self.open().filter(|source| self.waits_for(source, newest));
        held.map(|source| source.reached).min().flatten()
    }

    /// Whether all that have not ended are waited for, whatever comes: in replay.
    pub(super) fn waits_for_all(&self) -> bool {
        self.patience.is_none()
    }

    /// Whether a source is waited for: not if it is too far behind, nor if no record of it has come for as long.
    fn waits_for(&self, source: &Source, newest: Option<Second>) -> bool {
        let Some(patience) = self.patience else {
            return true;
        };
        let patience = match source.catches_up {
            true => patience.max(CATCHING_UP),
            false => patience,
        };
        match source.reached {
            Some(reached) => newest.is_none_or(|newest| reached >= newest - patience),
            None if source.catches_up => true,
            None => {
                let patience = Duration::from_secs(patience.0.unsigned_abs());
                self.steady.saturating_sub(source.came) <= patience
            }
        }
    }

    /// The sources that are not waited for any more, and how far each is behind the foremost.
    pub(super) fn behind(&self, newest: Option<Second>) -> Vec<(Arc<str>, Span)> {
        let behind = self.open().filter_map(|source| {
            let span = newest? - source.reached?;
            let name = source.origin.source.clone()?;
            (!self.waits_for(source, newest)).then_some((name, span))
        });
        behind.collect()
    }

    /// Live sources that are silent go on by their own lags, so that they hold nobody up; `all` says that none of them
    /// has given anything. Returns how far the foremost of them has come.
    pub(super) fn pass(&mut self, all: bool) -> Option<Second> {
        let mut newest = None;
        let steady = milliseconds(self.steady);
        for source in &mut self.sources {
            let now = source.clock.reached(steady).map(Wall::second);
            if let Some(now) = now
                && source.clock.is_live()
                && !source.unreadable
                && !source.catches_up
                && (all || self.steady.saturating_sub(source.heard) >= SILENCE)
                && source.reached < Some(now)
            {
                source.clock.advance(now);
                source.reached = Some(now);
                newest = newest.max(Some(now));
            }
        }
        newest
    }
}

fn milliseconds(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
