//! Records in, closed seconds out: the half of httpmon in which the order of the lines matters.
//!
//! Every record is counted in the totals as it comes, whatever its time. One that the [`clock`] believes goes to
//! the bucket of its second; when the watermark passes a second, its bucket is handed over to whoever evaluates
//! [closed seconds](ClosedSeconds), one by one and in order. Empty seconds are left out up to the next at which
//! something could change, so a gap costs what changes in it, be it of years.

pub mod books;
mod carried;
pub mod chunk;
pub mod clock;
mod closed;
mod expressions;
pub mod front;
mod gathered;
mod rollup;
mod selection;

pub use books::Books;
pub use chunk::{Chunk, ChunkSteps};
use clock::{Clock, Decision, Wall};
pub use closed::ClosedSeconds;
pub use front::{Front, LineOrigin};
use gathered::Gathered;
use rollup::Rollup;
pub use selection::Counting;
use selection::Selection;

use crate::filter::period::Bounds;
use crate::format::record::Record;
use crate::format::unparsed::Unparsed;
use crate::report::{Rewind, UnparsedExample};
use crate::stats::bucket::{Bucket, ClosedSecond};
use crate::stats::keys::{self, Renumbering};
use crate::stats::rows::RollupRows;
use crate::stats::tally::Tally;
use crate::stats::timeline::Timeline;
use crate::stats::{Hit, SERVER_ERROR};
use crate::time::{Second, Span, Zone};

/// Open seconds by which the beginning of the log goes back where another source begins earlier.
const MOST_OPEN: Span = Span(86_400);
/// How long it takes at most until lines that are lost are known to be.
const LOST: Span = Span(10);

/// Where one source goes on, so many seconds are handed over together: nearly all of them change nothing, which is known of
/// all at once.
const RUN: usize = 32;

/// See the module's text.
#[derive(Debug)]
pub struct Ingest {
    selection: Selection,
    books: Books,
    lateness: Span,
    front: Front,
    timeline: Timeline,
    /// Every second before it is closed, though the timeline may hold it until it is [handed over](Ingest::settle).
    due: Second,
    /// Those that are being handed over; empty in between.
    run: Vec<ClosedSecond>,
    scratch: Vec<Tally>,
    /// For records that are counted beside the timeline.
    apart: Box<Bucket>,
    /// Lines that were no record before anything was believed.
    unparsed_before: u64,
    /// Whether no second of this stretch has closed.
    all_open: bool,
    /// What a rollup is written of, if one is.
    rollup: Option<Box<Rollup>>,
    /// Those that wait to be placed together.
    gathered: Gathered,
    /// The second of the last record, where one more of it that counts moves nothing: it is the newest, its source is
    /// the foremost, and no record waits. Nearly all records are such.
    running: Option<Second>,
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
        let columns = counting.columns();
        let scratch = (0..books.totals.dimensions()).map(|_| Tally::default());
        Ingest {
            scratch: scratch.collect(),
            selection: Selection::new(counting, books.totals.tops()),
            lateness,
            front: Front::new(lateness, patience),
            // The first belief moves it to where the log begins.
            timeline: Timeline::new(Second(i64::MIN)),
            due: Second(i64::MIN),
            run: Vec::with_capacity(RUN),
            apart: Box::default(),
            unparsed_before: 0,
            all_open: false,
            rollup: columns.map(|columns| Rollup::new(columns, patience.is_some())),
            gathered: Gathered::new(books.totals.dimensions()),
            books,
            running: None,
        }
    }

    /// What is known of all that was read.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// The sources, and where each of them is.
    pub fn front(&self) -> &Front {
        &self.front
    }

    /// The same, to say what comes next.
    pub fn front_mut(&mut self) -> &mut Front {
        self.running = None;
        &mut self.front
    }

    /// The seconds that are still open, oldest first.
    pub fn open(&self) -> impl Iterator<Item = (Second, &Bucket)> {
        self.timeline.open()
    }

    /// A source has ended: nobody waits for it any more.
    pub fn end_source(&mut self, source: usize, closed: &mut impl ClosedSeconds) {
        self.front.select(source);
        self.finish_source(closed);
        self.close_what_all_are_past(false, closed);
    }

    /// There is no more of the current source.
    fn finish_source(&mut self, closed: &mut impl ClosedSeconds) {
        self.running = None;
        self.settle(closed);
        self.front.current_mut().clock.finish();
        self.carry_out(closed);
        self.front.current_mut().ended = true;
    }

    /// Closes every second that all sources are past, once anything is believed. `silent`: no record brought it about.
    fn close_what_all_are_past(&mut self, silent: bool, closed: &mut impl ClosedSeconds) {
        if self.books.newest.is_some()
            && let Some(watermark) = self.front.watermark(self.books.newest)
        {
            self.close_before(watermark, silent, closed);
        }
    }

    /// A line that there is nothing to count of.
    #[inline]
    pub fn skipped(&mut self) {
        self.gathered.pass_line();
        self.front.current_mut().origin.line += 1;
        self.books.lines += 1;
        self.books.skipped += 1;
    }

    /// A line that is no record, and why.
    pub fn unparsed(&mut self, unparsed: Unparsed, text: &[u8], closed: &mut impl ClosedSeconds) {
        // A report before it does not count it among those like its example.
        self.settle(closed);
        self.front.current_mut().origin.line += 1;
        self.books.lines += 1;
        self.note_unparsed(unparsed, self.front.origin().line, text);
    }

    fn note_unparsed(&mut self, unparsed: Unparsed, line: u64, text: &[u8]) {
        self.books.unparsed += 1;
        self.books.silent = Span(0);
        if let Some(rollup) = &mut self.rollup {
            rollup.unparsed(self.front.current().clock.last(), 1);
        }
        if self.books.newest.is_none() {
            self.unparsed_before += 1;
        } else if let Some(bucket) = self.newest_bucket() {
            bucket.counters.unparsed += 1;
        }
        let file = self.front.origin().source.clone();
        let examples = &mut self.books.examples;
        let reason = unparsed.reason();
        match examples.iter_mut().find(|e| e.unparsed.reason() == reason) {
            Some(example) => example.count += 1,
            None => examples.push(UnparsedExample {
                unparsed,
                count: 1,
                line,
                file,
                text: self.selection.example(text),
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
        self.front.current_mut().origin.line += 1;
        self.books.lines += 1;
        let mut hit = Hit::uncounted(record.time);
        self.selection.count(record, &mut hit, &mut self.books);
        if self.books.totals.is_full() {
            self.reduce(std::slice::from_mut(&mut hit), closed);
        }
        self.selection.find_matches(record, &mut hit);
        if self.rollup.is_some() {
            self.write_row(record, &mut hit);
        }
        if self.running == Some(hit.time)
            && hit.counted
            && wall.is_none()
            && let Some(bucket) = self.timeline.held_mut(hit.time)
        {
            return bucket.observe(&hit, self.books.totals.dimensions());
        }
        self.place(&hit, wall, closed);
    }

    /// Finds the place of a record in time.
    #[inline(never)]
    fn place(&mut self, hit: &Hit, wall: Option<Wall>, closed: &mut impl ClosedSeconds) {
        if wall.is_none() && self.gather(hit, closed) {
            return;
        }
        let clock = &mut self.front.current_mut().clock;
        if wall.is_none() && clock.takes(hit.time) {
            clock.advance(hit.time);
            if hit.counted {
                self.go_on(hit.time);
            }
            self.believe(hit, closed);
            // Where a rollup is written, more is done for each.
            let runs = hit.counted && self.rollup.is_none() && self.is_of_the_newest(hit.time);
            self.running = runs.then_some(hit.time);
            return;
        }
        self.offer(hit, wall, closed);
    }

    /// Where one source goes on to a later second, as nearly all do: what [`Ingest::reach`] would do, but for the seconds
    /// that close, which may wait for others.
    #[inline(always)] // There is one for each second.
    fn go_on(&mut self, time: Second) {
        let first = self.timeline.first();
        let due = (time - self.lateness).min(self.books.bounds.until);
        let Some(newest) = self.books.newest.filter(|&newest| newest < time) else {
            return;
        };
        if due - first >= Span(RUN as i64) || time < first || self.rollup.is_some() {
            return;
        }
        let bucket = self.timeline.held_mut(newest);
        if bucket.is_some_and(|bucket| bucket.is_busy()) {
            // Several of these would take memory and save nothing.
            return;
        }
        let Some(source) = self.front.only() else {
            return;
        };
        if source.reached != Some(newest) || !source.begun || source.ended {
            return;
        }
        match &mut self.books.span {
            Some((least, greatest)) if *least <= time => *greatest = time.max(*greatest),
            _ => return,
        }
        source.reached = Some(time);
        self.books.newest = Some(time);
        self.compact(newest);
        self.due = self.due.max(due);
        self.all_open &= first >= due;
    }

    /// Most of what comes for this second has come.
    #[inline(always)] // There is one for each second.
    fn compact(&mut self, second: Second) {
        if second >= self.timeline.first()
            && let Some(bucket) = self.timeline.held_mut(second)
        {
            bucket.compact(&mut self.scratch);
        }
    }

    /// The first second that is not closed.
    #[inline]
    fn first_open(&self) -> Second {
        self.timeline.first().max(self.due)
    }

    /// Places the records and hands over the seconds that are closed and wait for others.
    #[inline]
    pub fn settle(&mut self, closed: &mut impl ClosedSeconds) {
        self.take_gathered(closed);
        if self.timeline.first() < self.due {
            self.hand_over(self.due, false, closed);
        }
    }

    /// A record whose local time comes twice: the instant that is nearer to what came before it.
    #[cold]
    fn observe_settled(
        &mut self,
        mut record: Record<'_>,
        wall: Option<Wall>,
        closed: &mut impl ClosedSeconds,
    ) {
        self.take_gathered(closed);
        let clock = &self.front.current().clock;
        record.resolve_time(clock.nearer(record.time, record.again(), wall));
        self.observe(&record, wall, closed);
    }

    /// Has the clock decide over a record that it does not take as nearly all others.
    #[cold]
    fn offer(&mut self, hit: &Hit, wall: Option<Wall>, closed: &mut impl ClosedSeconds) {
        self.settle(closed);
        self.running = None;
        self.books.silent = Span(0);
        let steady = self.front.steady();
        self.front.current_mut().offer(hit, wall, steady);
        if wall.is_some() {
            self.books.live = self.front.clocks().any(Clock::is_live);
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
        while let Some(decision) = self.front.current_mut().clock.next_decision() {
            match decision {
                Decision::Believe(_, hit) => self.believe(&hit, closed),
                Decision::Rewind { from, to } => self.rewind(from, to, closed),
                Decision::Skew(hit) => self.roll_skewed(&hit, closed),
            }
        }
        self.sum_skewed();
    }

    /// Counts the hits that have no place in time.
    fn sum_skewed(&mut self) {
        let by_clocks: u64 = self.front.clocks().map(Clock::skewed).sum();
        self.books.skewed = self.books.skewed_before + by_clocks;
    }

    /// Live, lines of the last seconds were lost.
    pub fn lose_lines(&mut self, closed: &mut impl ClosedSeconds) {
        self.settle(closed);
        if let Some(newest) = self.books.newest {
            closed.unread(newest - LOST, newest.next());
        }
    }

    /// Nothing has come for a second, and no line for `silent`: the time of a live stream goes on.
    pub fn silence(&mut self, silent: Span, closed: &mut impl ClosedSeconds) {
        self.books.silent = silent;
        self.pass(true, closed);
    }

    /// Live sources that are silent go on by their own lags, so that they hold nobody up; `all` says that none of them
    /// has given anything.
    pub fn pass(&mut self, all: bool, closed: &mut impl ClosedSeconds) {
        self.running = None;
        self.settle(closed);
        let reached = self.front.pass(all);
        self.books.newest = self.books.newest.max(reached);
        self.close_what_all_are_past(all, closed);
    }

    /// The input has ended: every second closes, up to the end of the period where it has one.
    pub fn finish(&mut self, closed: &mut impl ClosedSeconds) {
        for source in 0..self.front.len() {
            self.front.select(source);
            self.finish_source(closed);
        }
        let until = self.books.bounds.until;
        if self.books.newest.is_some() && until < Bounds::ALL.until {
            self.books.newest = self.books.newest.max(Some(until - Span::SECOND));
        }
        self.close_all(closed);
        self.roll_end(closed);
    }

    /// Closes all that is open.
    fn close_all(&mut self, closed: &mut impl ClosedSeconds) {
        if let Some(newest) = self.books.newest {
            self.close_before(newest, false, closed);
            // The last second is closed even where it is empty: what grows with time ends there.
            if self.timeline.first() == newest && self.books.bounds.hold(newest) {
                self.close_first(false, closed);
                self.hand_over_run(false, closed);
            }
        }
        closed.end(&self.books);
    }

    /// The log has gone back from one second to another. Where other sources go on, it does so alone, and what it
    /// holds for closed seconds is late.
    fn rewind(&mut self, from: Second, to: Second, closed: &mut impl ClosedSeconds) {
        self.books.rewinds += 1;
        self.front.current_mut().reached = None;
        if self.front.open().count() > 1 {
            return;
        }
        self.close_all(closed);
        let turn = std::mem::take(&mut self.front.current_mut().turn);
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
        self.due = self.timeline.first();
    }

    /// The bucket of the newest second, for what has no time of its own; `None` outside of the period.
    fn newest_bucket(&mut self) -> Option<&mut Bucket> {
        let newest = self.books.newest?;
        let inside = newest >= self.first_open() && newest < self.books.bounds.until;
        inside.then(|| self.timeline.bucket(newest))
    }

    /// Takes in a record that the clock believes.
    #[inline(always)] // A call is ten instructions, and there is one for each line.
    fn believe(&mut self, hit: &Hit, closed: &mut impl ClosedSeconds) {
        if !hit.counted || !self.is_of_the_newest(hit.time) {
            self.reach(hit.time, hit.counted, closed);
        }
        if !hit.counted {
            return;
        }
        if hit.time < self.first_open() {
            let rows = self.release_row(hit);
            self.believe_late(hit.time, std::iter::once(*hit), rows, closed);
        } else {
            self.timeline
                .bucket(hit.time)
                .observe(hit, self.books.totals.dimensions());
            if hit.row != keys::NONE {
                self.place_row(hit, closed);
            }
        }
    }

    /// Whether a hit at `time` is one more of the second that its source, the foremost, has reached: as most are. Then
    /// nothing moves.
    #[inline]
    fn is_of_the_newest(&self, time: Second) -> bool {
        let source = self.front.current();
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
            match &mut self.books.span {
                Some((least, greatest)) if *least <= time => *greatest = time.max(*greatest),
                Some((least, _)) => *least = time,
                span => *span = Some((time, time)),
            }
        }
        let source = self.front.current_mut();
        match source.reached {
            Some(reached) if time <= reached && source.begun => {}
            reached => {
                let begun = std::mem::replace(&mut source.begun, true);
                source.reached = Some(time);
                let newest = self.books.newest.max(Some(time));
                let before = std::mem::replace(&mut self.books.newest, newest);
                if let Some(reached) = reached.filter(|_| begun) {
                    self.compact(reached);
                }
                let watermark = self.front.watermark(self.books.newest);
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

    /// Another source begins while all that came before is open: the log begins where the earliest of them does. (What
    /// lies before the watermark closes at once where that source is too far behind to be waited for.)
    #[cold]
    fn begin_earlier(&mut self, second: Second) {
        let second = second.max(self.books.bounds.since);
        if self.timeline.first() - second <= MOST_OPEN {
            self.timeline.begin_at(second);
            self.due = self.timeline.first();
            self.books.first_open = self.due;
        }
    }

    /// Records whose second is closed: they count where nothing was written yet.
    #[cold]
    fn believe_late(
        &mut self,
        second: Second,
        hits: impl Iterator<Item = Hit>,
        rows: RollupRows,
        closed: &mut impl ClosedSeconds,
    ) {
        self.settle(closed);
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
        self.roll_late(second, rows, closed);
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
        self.settle(closed);
        let dimensions = self.books.totals.dimensions();
        let reduced = self.books.totals.reduce();
        for (dimension, ids) in &reduced {
            for hit in self.front.held_mut().chain(hits.iter_mut()) {
                hit.ids[*dimension] = ids.new_id(hit.ids[*dimension]);
            }
            for bucket in self.timeline.buckets_mut() {
                bucket.renumber(*dimension, dimensions, ids);
                // Of a busy second with many keys, most may have been dropped.
                bucket.compact(&mut self.scratch);
            }
            closed.renumber(*dimension, dimensions, ids);
        }
        self.selection.forget_ids();
        reduced
    }

    /// Closes every second before `target`, oldest first. `silent`: no record brought it about.
    fn close_before(&mut self, target: Second, silent: bool, closed: &mut impl ClosedSeconds) {
        if self.front.len() > 1 {
            self.settle(closed);
            if !self.front.waits_for_all() {
                self.note_behind(target, closed);
            }
        }
        // The clock goes on behind the period; what is evaluated ends with it.
        let target = target.min(self.books.bounds.until).max(self.due);
        self.due = target;
        self.all_open &= self.timeline.first() >= target;
        self.hand_over(target, silent, closed);
    }

    /// Hands over every second before `target`, oldest first: all of them are closed.
    fn hand_over(&mut self, target: Second, silent: bool, closed: &mut impl ClosedSeconds) {
        while self.timeline.first() < target {
            // In most logs most seconds hold something.
            let closes =
                self.timeline.first_is_held() || silent && closed.needs_every_second_of_a_silence();
            if !closes && !self.leave_gap(target, silent) {
                self.hand_over_run(silent, closed);
                self.skip_empty(target, closed);
                if self.timeline.first() >= target {
                    break;
                }
            }
            self.close_first(silent, closed);
        }
        self.hand_over_run(silent, closed);
    }

    /// Goes on to the next second before `target` that holds anything, if there is one and a run has begun: those between are
    /// left to whoever takes it.
    fn leave_gap(&mut self, target: Second, silent: bool) -> bool {
        if self.run.is_empty() || silent {
            return false;
        }
        let held = self.timeline.first_held().filter(|&held| held < target);
        held.inspect(|&held| self.timeline.skip_to(held)).is_some()
    }

    #[inline]
    fn hand_over_run(&mut self, silent: bool, closed: &mut impl ClosedSeconds) {
        self.books.first_open = self.timeline.first();
        if self.run.is_empty() {
            return;
        }
        let timeline = &mut self.timeline;
        closed.close(&mut self.run, silent, &self.books, |old| {
            timeline.recycle(old)
        });
    }

    /// Says which of several sources are not waited for, and what is not known of them.
    #[inline(never)]
    fn note_behind(&mut self, target: Second, closed: &mut impl ClosedSeconds) {
        self.books.behind = self.front.behind(self.books.newest);
        if self.front.passes_unreadable() && self.timeline.first() < target {
            closed.unread(self.timeline.first(), target);
        }
    }

    /// Closes the first second that the timeline holds.
    #[inline(always)] // There is one for each second.
    fn close_first(&mut self, silent: bool, closed: &mut impl ClosedSeconds) {
        let second = self.timeline.first();
        let mut bucket = self.timeline.close();
        self.roll_closed(second, &mut bucket, closed);
        self.run.push((second, bucket));
        // What a rollup says of a second comes right before what follows from it.
        if self.run.len() == RUN || self.rollup.is_some() {
            self.hand_over_run(silent, closed);
        }
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
