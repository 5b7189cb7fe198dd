//! Records in, closed seconds out: the half of httpmon in which the order of the lines matters.
//!
//! Every record is counted in the totals as it comes, whatever its time. One that the [`clock`] believes goes to
//! the bucket of its second; when the watermark passes a second, its bucket is handed over to whoever evaluates
//! [closed seconds](ClosedSeconds), one by one and in order. Empty seconds are left out up to the next at which
//! something could change, so a gap costs what changes in it, be it of years.

pub mod books;
pub mod chunk;
pub mod clock;
mod closed;
mod expressions;
mod selection;

use std::sync::Arc;
use std::time::Duration;

pub use books::Books;
pub use chunk::Chunk;
use clock::{Clock, Decision, Wall};
pub use closed::ClosedSeconds;
pub use selection::Counting;
use selection::Selection;

use crate::filter::period::Bounds;
use crate::format::record::Record;
use crate::format::unparsed::Unparsed;
use crate::report::{Rewind, UnparsedExample};
use crate::stats::bucket::Bucket;
use crate::stats::keys::Renumbering;
use crate::stats::tally::Tally;
use crate::stats::timeline::Timeline;
use crate::stats::{Hit, SERVER_ERROR};
use crate::time::{Second, Span, Zone};

/// Bytes kept of a line that is no record.
const EXAMPLE_BYTES: usize = 160;

/// Where the next line comes from: its source, and how many lines that one has had.
#[derive(Debug, Clone, Default)]
pub struct LineOrigin {
    /// The source, where it has a name.
    pub source: Option<Arc<str>>,
    /// The number of its last line.
    pub line: u64,
}

/// One of the sources of a run: each has a clock of its own.
#[derive(Debug)]
struct Source {
    clock: Clock<Hit>,
    /// The greatest second that it is believed to have reached, and before that one that no record of it is known
    /// to precede.
    reached: Option<Second>,
    /// Whether any of its records is believed.
    begun: bool,
    ended: bool,
    /// Live, when its last record was read, by the clock that nobody sets.
    heard: Duration,
    origin: LineOrigin,
    /// Where the last records in a row that are far behind begin.
    turn: LineOrigin,
}

/// Sources that have a clock of their own.
const CLOCKS: usize = 256;
/// Open seconds by which the beginning of the log goes back where another source begins earlier.
const MOST_OPEN: Span = Span(86_400);
/// A live source of which nothing has come for so long is silent.
const SILENCE: Duration = Duration::from_secs(1);

/// See the module's text.
#[derive(Debug)]
pub struct Ingest {
    selection: Selection,
    books: Books,
    lateness: Span,
    /// How far a source may be behind the foremost and still be waited for; `None`: however far.
    patience: Option<Span>,
    /// Never empty: before any is named there is one without a name.
    sources: Vec<Source>,
    /// The one that lines come from now.
    current: usize,
    timeline: Timeline,
    scratch: Vec<Tally>,
    /// For records that are counted beside the timeline.
    apart: Box<Bucket>,
    /// Lines that were no record before anything was believed.
    unparsed_before: u64,
    /// Whether no second of this stretch has closed.
    all_open: bool,
    /// Live, what time it is by a clock that nobody sets and that stands still while this process does.
    steady: Duration,
}

impl Source {
    fn new(name: Option<Arc<str>>, lateness: Span, reached: Option<Second>) -> Source {
        Source {
            clock: Clock::new(lateness, |hit: &Hit| u64::from(hit.counted)),
            reached,
            begun: false,
            ended: false,
            heard: Duration::ZERO,
            origin: LineOrigin {
                source: name,
                line: 0,
            },
            turn: LineOrigin::default(),
        }
    }
}

impl Ingest {
    /// Nothing was read. Seconds close `lateness` behind the newest; a source that is more than `patience` behind the
    /// foremost is not waited for; reports are in `zone`, or in that of the first record.
    pub fn new(
        counting: Counting,
        lateness: Span,
        patience: Option<Span>,
        zone: Option<Zone>,
    ) -> Ingest {
        let books = Books::new(&counting, zone);
        let scratch = (0..books.totals.dimensions()).map(|_| Tally::default());
        Ingest {
            scratch: scratch.collect(),
            selection: Selection::new(counting, books.totals.tops()),
            books,
            lateness,
            patience,
            sources: vec![Source::new(None, lateness, None)],
            current: 0,
            // The first belief moves it to where the log begins.
            timeline: Timeline::new(Second(i64::MIN)),
            apart: Box::default(),
            unparsed_before: 0,
            all_open: false,
            steady: Duration::ZERO,
        }
    }

    /// What is known of all that was read.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// Where the last line came from.
    pub fn origin(&self) -> &LineOrigin {
        &self.sources[self.current].origin
    }

    /// The seconds that are still open, oldest first.
    pub fn open(&self) -> impl Iterator<Item = (Second, &Bucket)> {
        self.timeline.open()
    }

    /// The moment of the log that the foremost live source would have reached by now, by its lag.
    pub fn now(&self) -> Option<Wall> {
        let clocks = self.sources.iter().map(|source| &source.clock);
        clocks.filter_map(Clock::reached).max()
    }

    /// By how many milliseconds the foremost source is behind the wall clock.
    pub fn lag(&self) -> Option<i64> {
        self.sources
            .iter()
            .filter_map(|source| source.clock.lag())
            .min()
    }

    /// The lines that follow are another source's, which goes on where the last one ended, by the same clock.
    pub fn begin_source(&mut self, source: Option<Arc<str>>) {
        self.sources[self.current].origin = LineOrigin { source, line: 0 };
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

    /// The lines that follow are of the source of this name, one of several that are read at once. Beyond
    /// 256 sources, further ones share the clock of the last.
    pub fn turn_to(&mut self, name: Arc<str>) {
        let known = |source: &Source| source.origin.source.as_ref() == Some(&name);
        if let Some(n) = self.sources.iter().position(known) {
            self.current = n;
            return;
        }
        let unused = |source: &Source| source.origin.source.is_none() && source.origin.line == 0;
        if self.sources.iter().all(unused) {
            self.sources.clear();
        }
        if self.sources.len() < CLOCKS {
            self.sources
                .push(Source::new(Some(name), self.lateness, None));
            self.set_steady(self.steady);
        }
        self.current = self.sources.len() - 1;
    }

    /// The lines that follow are from the source of this number.
    pub fn select(&mut self, source: usize) {
        self.current = source;
    }

    /// How far a source has come; `None` while nothing is known.
    pub fn reached(&self, source: usize) -> Option<Second> {
        self.sources[source].reached
    }

    /// A source has ended: nobody waits for it any more.
    pub fn end_source(&mut self, source: usize, closed: &mut impl ClosedSeconds) {
        self.current = source;
        self.sources[source].clock.finish();
        self.carry_out(closed);
        self.sources[source].ended = true;
        self.close_what_all_are_past(false, closed);
    }

    /// Closes every second that all sources are past, once anything is believed. `silent`: no record brought it about.
    fn close_what_all_are_past(&mut self, silent: bool, closed: &mut impl ClosedSeconds) {
        if self.books.newest.is_some()
            && let Some(watermark) = self.union_watermark()
        {
            self.close_before(watermark, silent, closed);
        }
    }

    /// The second that all sources which have not ended are past; `None` where that is not known of one, or all
    /// have ended.
    fn union_watermark(&self) -> Option<Second> {
        let least = match &self.sources[..] {
            // Nearly always there is one, and it is the foremost.
            [source] => source.reached.filter(|_| !source.ended),
            _ => self.holding().map(|source| source.reached).min().flatten(),
        };
        least.map(|least| least - self.lateness)
    }

    /// The sources that are waited for.
    fn holding(&self) -> impl Iterator<Item = &Source> {
        let foremost = self.patience.zip(self.books.newest);
        let least = foremost.map(|(patience, newest)| newest - patience);
        let open = self.sources.iter().filter(|source| !source.ended);
        open.filter(move |source| source.reached.is_none() || source.reached >= least)
    }

    /// The sources that are not waited for any more, and how far each is behind the foremost.
    fn behind(&self) -> Vec<(Arc<str>, Span)> {
        let Some((newest, patience)) = self.books.newest.zip(self.patience) else {
            return Vec::new();
        };
        let open = self.sources.iter().filter(|source| !source.ended);
        let behind = open.filter_map(|source| {
            let span = newest - source.reached?;
            let name = source.origin.source.clone()?;
            (span > patience).then_some((name, span))
        });
        behind.collect()
    }

    /// A line that there is nothing to count of.
    #[inline]
    pub fn skipped(&mut self) {
        self.sources[self.current].origin.line += 1;
        self.books.lines += 1;
        self.books.skipped += 1;
    }

    /// A line that is no record, and why.
    pub fn unparsed(&mut self, unparsed: Unparsed, text: &[u8]) {
        self.sources[self.current].origin.line += 1;
        self.books.lines += 1;
        self.note_unparsed(unparsed, self.origin().line, text);
    }

    fn note_unparsed(&mut self, unparsed: Unparsed, line: u64, text: &[u8]) {
        self.books.unparsed += 1;
        self.books.silent = Span(0);
        if self.books.newest.is_none() {
            self.unparsed_before += 1;
        } else if let Some(bucket) = self.newest_bucket() {
            bucket.counters.unparsed += 1;
        }
        let file = self.origin().source.clone();
        let examples = &mut self.books.examples;
        let reason = unparsed.reason();
        match examples.iter_mut().find(|e| e.unparsed.reason() == reason) {
            Some(example) => example.count += 1,
            None => examples.push(UnparsedExample {
                unparsed,
                count: 1,
                line,
                file,
                text: beginning(text).into(),
                second: self.books.newest,
            }),
        }
    }

    /// A record; `wall` is the wall clock where there is one (live).
    #[inline]
    pub fn observe(
        &mut self,
        record: &Record<'_>,
        wall: Option<Wall>,
        closed: &mut impl ClosedSeconds,
    ) {
        if record.again_in > 0 {
            return self.observe_settled(*record, wall, closed);
        }
        self.sources[self.current].origin.line += 1;
        self.books.lines += 1;
        let mut hit = Hit::uncounted(record.time);
        self.selection.count(record, &mut hit, &mut self.books);
        if self.books.totals.is_full() {
            self.reduce(std::slice::from_mut(&mut hit), closed);
        }
        self.selection.find_matches(record, &mut hit);
        let clock = &mut self.sources[self.current].clock;
        if wall.is_none() && clock.takes(hit.time) {
            clock.advance(hit.time);
            return self.believe(&hit, closed);
        }
        self.offer(&hit, wall, closed);
    }

    /// A record whose local time comes twice: the instant that is nearer to what came before it.
    #[cold]
    fn observe_settled(
        &mut self,
        mut record: Record<'_>,
        wall: Option<Wall>,
        closed: &mut impl ClosedSeconds,
    ) {
        let clock = &self.sources[self.current].clock;
        record.resolve_time(clock.nearer(record.time, record.again(), wall));
        self.observe(&record, wall, closed);
    }

    /// Has the clock decide over a record that it does not take as nearly all others.
    #[cold]
    fn offer(&mut self, hit: &Hit, wall: Option<Wall>, closed: &mut impl ClosedSeconds) {
        self.books.silent = Span(0);
        let source = &mut self.sources[self.current];
        source.clock.offer(hit.time, *hit, wall);
        if source.clock.far_behind() == 1 {
            source.turn = source.origin.clone();
        }
        if wall.is_some() {
            source.heard = self.steady;
            self.books.live = self.sources.iter().any(|source| source.clock.is_live());
            if let Some(newest) = self.books.newest.filter(|_| hit.counted) {
                let heard = self.count_apart(std::iter::once(*hit));
                closed.heard(newest, &heard);
                self.apart = heard;
            }
        }
        self.carry_out(closed);
    }

    /// Carries out what the clock decided.
    fn carry_out(&mut self, closed: &mut impl ClosedSeconds) {
        while let Some(decision) = self.sources[self.current].clock.next_decision() {
            match decision {
                Decision::Believe(_, hit) => self.believe(&hit, closed),
                Decision::Rewind { from, to } => self.rewind(from, to, closed),
            }
        }
        self.books.skewed = self.sources.iter().map(|s| s.clock.skewed()).sum();
    }

    /// Live, what time it is by a clock that nobody sets and that stands still while this process does. What is read
    /// next is read then.
    pub fn set_steady(&mut self, steady: Duration) {
        self.steady = steady;
        let steady = i64::try_from(steady.as_millis()).unwrap_or(i64::MAX);
        let clocks = self.sources.iter_mut().map(|source| &mut source.clock);
        clocks.for_each(|clock| clock.set_steady(steady));
    }

    /// Nothing has come for a second, and no line for `silent`: the time of a live stream goes on.
    pub fn silence(&mut self, silent: Span, closed: &mut impl ClosedSeconds) {
        self.books.silent = silent;
        self.pass(true, closed);
    }

    /// Live sources that are silent go on by their own lags, so that they hold nobody up; `all` says that none of them
    /// has given anything.
    pub fn pass(&mut self, all: bool, closed: &mut impl ClosedSeconds) {
        for source in &mut self.sources {
            let now = source.clock.reached().map(Wall::second);
            if let Some(now) = now
                && source.clock.is_live()
                && (all || self.steady.saturating_sub(source.heard) >= SILENCE)
                && source.reached < Some(now)
            {
                source.clock.advance(now);
                source.reached = Some(now);
                self.books.newest = self.books.newest.max(Some(now));
            }
        }
        self.close_what_all_are_past(all, closed);
    }

    /// The input has ended: every second closes, up to the end of the period where it has one.
    pub fn finish(&mut self, closed: &mut impl ClosedSeconds) {
        for source in 0..self.sources.len() {
            self.current = source;
            self.sources[source].clock.finish();
            self.carry_out(closed);
            self.sources[source].ended = true;
        }
        let until = self.books.bounds.until;
        if self.books.newest.is_some() && until < Bounds::ALL.until {
            self.books.newest = self.books.newest.max(Some(until - Span::SECOND));
        }
        self.close_all(closed);
    }

    /// Closes all that is open.
    fn close_all(&mut self, closed: &mut impl ClosedSeconds) {
        if let Some(newest) = self.books.newest {
            self.close_before(newest, false, closed);
            // The last second is closed even where it is empty: what grows with time ends there.
            if self.timeline.first() == newest && self.books.bounds.hold(newest) {
                self.close_first(false, closed);
            }
        }
        closed.end(&self.books);
    }

    /// The log has gone back from one second to another. Where other sources go on, it does so alone, and what it
    /// holds for closed seconds is late.
    fn rewind(&mut self, from: Second, to: Second, closed: &mut impl ClosedSeconds) {
        self.books.rewinds += 1;
        self.sources[self.current].reached = None;
        if self.sources.iter().filter(|source| !source.ended).count() > 1 {
            return;
        }
        self.close_all(closed);
        let turn = std::mem::take(&mut self.sources[self.current].turn);
        let LineOrigin { source, line } = turn;
        let rewind = Rewind {
            from,
            to,
            file: source,
            line,
        };
        closed.rewind(rewind, &self.books);
        self.books.newest = None;
        self.timeline = Timeline::new(Second(i64::MIN));
    }

    /// The bucket of the newest second, for what has no time of its own; `None` outside of the period.
    fn newest_bucket(&mut self) -> Option<&mut Bucket> {
        let newest = self.books.newest?;
        let inside = newest >= self.timeline.first() && newest < self.books.bounds.until;
        inside.then(|| self.timeline.bucket(newest))
    }

    /// Takes in a record that the clock believes.
    #[inline]
    fn believe(&mut self, hit: &Hit, closed: &mut impl ClosedSeconds) {
        if !hit.counted || !self.is_of_the_newest(hit.time) {
            self.reach(hit.time, hit.counted, closed);
        }
        if !hit.counted {
            return;
        }
        if hit.time < self.timeline.first() {
            self.believe_late(hit.time, std::iter::once(*hit), closed);
        } else {
            self.timeline
                .bucket(hit.time)
                .observe(hit, self.books.totals.dimensions());
        }
    }

    /// Whether a hit at `time` is one more of the second that its source, the foremost, has reached: as most are. Then
    /// nothing moves.
    #[inline]
    fn is_of_the_newest(&self, time: Second) -> bool {
        let source = &self.sources[self.current];
        let greatest = self
            .books
            .span
            .is_some_and(|(_, greatest)| greatest == time);
        greatest && source.reached == Some(time) && source.begun
    }

    /// Moves on to where a record is that the clock believes.
    #[inline]
    fn reach(&mut self, time: Second, counted: bool, closed: &mut impl ClosedSeconds) {
        if counted {
            self.books.span = Some(match self.books.span {
                None => (time, time),
                Some((least, greatest)) => (least.min(time), greatest.max(time)),
            });
        }
        let source = &mut self.sources[self.current];
        match source.reached {
            Some(reached) if time <= reached && source.begun => {}
            reached => {
                let begun = std::mem::replace(&mut source.begun, true);
                source.reached = Some(time);
                let newest = self.books.newest.max(Some(time));
                let before = std::mem::replace(&mut self.books.newest, newest);
                // Most of what comes for the newest second has come.
                if let Some(reached) = reached.filter(|_| begun)
                    && let Some(bucket) = self.timeline.get_mut(reached)
                {
                    bucket.compact(&mut self.scratch);
                }
                let watermark = self.union_watermark();
                if before.is_none() {
                    let own = time - self.lateness;
                    self.begin(watermark.map_or(own, |watermark| watermark.min(own)));
                    closed.begin(time);
                } else if !begun && self.all_open {
                    self.begin_earlier(time - self.lateness);
                    closed.begin(time);
                }
                if let Some(watermark) = watermark {
                    self.close_before(watermark, false, closed);
                }
            }
        }
    }

    /// The first record is believed, of the run or of a stretch of it.
    #[cold]
    fn begin(&mut self, watermark: Second) {
        self.timeline
            .skip_to(watermark.max(self.books.bounds.since));
        self.books.first_open = self.timeline.first();
        self.all_open = true;
        let before = std::mem::take(&mut self.unparsed_before);
        if let Some(bucket) = self.newest_bucket() {
            bucket.counters.unparsed += before;
        }
    }

    /// Another source begins while all that came before is open: the log begins where the earliest of them does, unless
    /// that one is too far behind to be waited for.
    #[cold]
    fn begin_earlier(&mut self, second: Second) {
        let foremost = self.books.newest.zip(self.patience);
        let waited_for =
            foremost.is_none_or(|(newest, patience)| second + self.lateness >= newest - patience);
        let second = second.max(self.books.bounds.since);
        if waited_for && self.timeline.first() - second <= MOST_OPEN {
            self.timeline.begin_at(second);
            self.books.first_open = self.timeline.first();
        }
    }

    /// Records whose second is closed: they count where nothing was written yet.
    #[cold]
    fn believe_late(
        &mut self,
        second: Second,
        hits: impl Iterator<Item = Hit>,
        closed: &mut impl ClosedSeconds,
    ) {
        let late = self.count_apart(hits);
        let counters = late.counters;
        self.books.late += counters.hits;
        if let Some(newest) = self.books.newest {
            self.books.late_by = self.books.late_by.max(newest - second);
        }
        if let Some(bucket) = self.newest_bucket() {
            bucket.counters.late += counters.hits;
            bucket.counters.late_errors += counters.status[usize::from(SERVER_ERROR)];
        }
        closed.late(second, &late, &self.books);
        self.apart = late;
    }

    /// What these records come to. The bucket is lent: whoever asked gives it back.
    fn count_apart(&mut self, hits: impl Iterator<Item = Hit>) -> Box<Bucket> {
        let mut bucket = std::mem::take(&mut self.apart);
        bucket.clear();
        let dimensions = self.books.totals.dimensions();
        hits.for_each(|hit| bucket.observe(&hit, dimensions));
        bucket
    }

    /// Reduces the tables that are full. All that holds their ids follows, `hits` too; the caller's own is to follow
    /// what is returned.
    #[cold]
    fn reduce(
        &mut self,
        hits: &mut [Hit],
        closed: &mut impl ClosedSeconds,
    ) -> Vec<(usize, Renumbering)> {
        let dimensions = self.books.totals.dimensions();
        let reduced = self.books.totals.reduce();
        for (dimension, ids) in &reduced {
            let clocks = self.sources.iter_mut().map(|source| &mut source.clock);
            let held = clocks.flat_map(Clock::held_mut);
            for hit in held.chain(hits.iter_mut()) {
                hit.ids[*dimension] = ids.new_id(hit.ids[*dimension]);
            }
            for bucket in self.timeline.buckets_mut() {
                bucket.renumber(*dimension, dimensions, ids);
            }
            closed.renumber(*dimension, dimensions, ids);
        }
        self.selection.forget_ids();
        reduced
    }

    /// Closes every second before `target`, oldest first. `silent`: no record brought it about.
    fn close_before(&mut self, target: Second, silent: bool, closed: &mut impl ClosedSeconds) {
        if self.sources.len() > 1 {
            self.books.behind = self.behind();
        }
        // The clock goes on behind the period; what is evaluated ends with it.
        let target = target.min(self.books.bounds.until);
        self.all_open &= self.timeline.first() >= target;
        while self.timeline.first() < target {
            // In most logs most seconds hold something.
            let closes =
                self.timeline.first_is_held() || silent && closed.needs_every_second_of_a_silence();
            if !closes {
                self.skip_empty(target, closed);
                if self.timeline.first() >= target {
                    break;
                }
            }
            self.close_first(silent, closed);
        }
        self.books.first_open = self.timeline.first();
    }

    /// Closes the first second that is open.
    fn close_first(&mut self, silent: bool, closed: &mut impl ClosedSeconds) {
        let second = self.timeline.first();
        let bucket = self.timeline.close();
        self.books.first_open = self.timeline.first();
        let timeline = &mut self.timeline;
        closed.close(second, bucket, silent, &self.books, |old| {
            timeline.recycle(old)
        });
    }

    /// Leaves out empty seconds up to the next at which something could change.
    fn skip_empty(&mut self, target: Second, closed: &impl ClosedSeconds) {
        let first = self.timeline.first();
        let held = self.timeline.first_held();
        let mut next = held.map_or(target, |held| held.min(target));
        // Their last one closes where nothing is known to come, so that what is shown is not of before,
        // and where something grows with time: there it is greatest.
        if next > first && (held.is_none() || closed.grows()) {
            next = Second(next.0 - 1);
        }
        if next > first {
            let next = closed
                .next_change(first)
                .map_or(next, |change| next.min(change));
            self.timeline.skip_to(next.max(first));
        }
    }
}

/// As much of a line as is kept to show it.
fn beginning(text: &[u8]) -> &[u8] {
    &text[..text.len().min(EXAMPLE_BYTES)]
}
