//! The whole behaviour: [`Ingest`] makes closed seconds of records, [`Evaluate`] makes events of closed seconds.
//!
//! A [`Monitor`] is a pure function of what it is given: it reads no clock and no file.

use crate::evaluate::{EarlierRun, Evaluate, Evaluation};
use crate::format::record::Record;
use crate::format::rollup::{CarriedExample, RollupLine};
use crate::format::unparsed::Unparsed;
use crate::ingest::chunk::{ChunkPlace, ChunkSteps};
use crate::ingest::clock::Wall;
use crate::ingest::{Books, Chunk, Counting, Front, Ingest};
use crate::report::Event;
use crate::snapshot::{Ask, Snapshot};
use crate::stats::keys::Renumbering;
use crate::time::{Second, Span, Zone};

/// What a monitor is to do.
#[derive(Debug)]
pub struct Config {
    /// What is counted.
    pub counting: Counting,
    /// How long to wait for records out of order.
    pub lateness: Span,
    /// How far a source may be behind the foremost and still be waited for; `None` in replay, for any time.
    pub patience: Option<Span>,
    /// The zone that reports are aligned to; `None` for the offset of the first record.
    pub zone: Option<Zone>,
    /// What is evaluated.
    pub evaluation: Evaluation,
}

/// See the module's text.
#[derive(Debug)]
pub struct Monitor {
    ingest: Ingest,
    evaluate: Evaluate,
}

impl Monitor {
    /// A monitor that has seen nothing.
    pub fn new(config: Config) -> Monitor {
        let ingest = Ingest::new(
            config.counting,
            config.lateness,
            config.patience,
            config.zone,
        );
        let dimensions = ingest.books().totals.dimensions();
        Monitor {
            ingest,
            evaluate: Evaluate::new(config.evaluation, dimensions),
        }
    }

    /// The first and the newest believed second, of the records that are left out too.
    pub fn log_span(&self) -> Option<(Second, Second)> {
        self.evaluate.first().zip(self.books().newest)
    }

    /// The next event, oldest first.
    #[inline]
    pub fn next_event(&mut self) -> Option<Event> {
        loop {
            let event = self.evaluate.next_event();
            if event.is_some() || !self.ingest.place_more(&mut self.evaluate) {
                return event;
            }
        }
    }

    /// Whether there is one.
    #[inline]
    pub fn has_event(&self) -> bool {
        self.evaluate.has_event()
    }

    /// What comes of the records that wait for others is to be asked for now, if they are many or none come that `all` could wait
    /// for.
    pub fn begin_to_place(&mut self, all: bool) {
        self.ingest.begin_to_place(all);
    }

    /// What is known of all that was read.
    pub fn books(&self) -> &Books {
        self.ingest.books()
    }

    /// The sources, and where each of them is.
    pub fn front(&self) -> &Front {
        self.ingest.front()
    }

    /// The same, to say what comes next.
    pub fn front_mut(&mut self) -> &mut Front {
        self.ingest.front_mut()
    }

    /// Whether any alert has fired.
    pub fn any_alert(&self) -> bool {
        self.evaluate.any_alert()
    }

    /// See [`Evaluate::unfollowed`].
    pub fn unfollowed(&self) -> impl Iterator<Item = (&str, u64)> {
        self.evaluate.unfollowed()
    }

    /// See [`Evaluate::resume`].
    pub fn resume(&mut self, earlier: EarlierRun) -> Vec<String> {
        self.evaluate.resume(earlier)
    }

    /// See [`Ingest::settle`].
    #[inline]
    pub fn settle(&mut self) {
        self.ingest.settle(&mut self.evaluate);
    }

    /// See [`Ingest::pass`].
    pub fn pass(&mut self) {
        self.ingest.pass(false, &mut self.evaluate);
    }

    /// See [`Ingest::end_source`].
    pub fn end_source(&mut self, source: usize) {
        self.ingest.end_source(source, &mut self.evaluate);
    }

    /// See [`Ingest::begin_chunk_past_caps`].
    pub fn begin_chunk_past_caps(&mut self, chunk: &mut Chunk) -> Vec<(usize, Renumbering)> {
        self.ingest.begin_chunk_past_caps(chunk, &mut self.evaluate)
    }

    /// A line that there is nothing to count of.
    #[inline]
    pub fn skipped(&mut self) {
        self.ingest.skipped();
    }

    /// A line that is no record, and why.
    pub fn unparsed(&mut self, unparsed: Unparsed, text: &[u8]) {
        self.ingest.unparsed(unparsed, text, &mut self.evaluate);
    }

    /// A record; `wall` is the wall clock where there is one (live).
    #[inline]
    pub fn observe(&mut self, record: &Record<'_>, wall: Option<Wall>) {
        self.ingest.observe(record, wall, &mut self.evaluate);
    }

    /// See [`Ingest::carried`].
    pub fn carried(&mut self, line: RollupLine, record: &Record<'_>, wall: Option<Wall>) {
        self.ingest.carried(line, record, wall, &mut self.evaluate);
    }

    /// See [`Ingest::carried_example`].
    pub fn carried_example(&mut self, example: &CarriedExample) {
        self.ingest.carried_example(example, &mut self.evaluate);
    }

    /// See [`Ingest::begin_chunk`].
    #[must_use]
    pub fn begin_chunk(&mut self, chunk: &mut Chunk) -> bool {
        self.ingest.begin_chunk(chunk)
    }

    /// See [`Ingest::step`].
    pub fn step(&mut self, steps: &ChunkSteps, place: &mut ChunkPlace) -> bool {
        self.ingest.step(steps, place, &mut self.evaluate)
    }

    /// See [`Ingest::end_chunk`].
    pub fn end_chunk(&mut self, steps: &ChunkSteps) {
        self.ingest.end_chunk(steps);
    }

    /// Nothing has come for a second, and no line for `silent`: the time of a live stream goes on.
    pub fn silence(&mut self, silent: Span) {
        self.ingest.silence(silent, &mut self.evaluate);
    }

    /// See [`Front::set_unreadable`].
    pub fn set_unreadable(&mut self, name: &str, unreadable: bool) {
        self.ingest.front_mut().set_unreadable(name, unreadable);
    }

    /// See [`Ingest::lose_lines`].
    pub fn lose_lines(&mut self) {
        self.ingest.lose_lines(&mut self.evaluate);
    }

    /// The input has ended: every second closes, and the last report is written as it is.
    pub fn finish(&mut self) {
        self.ingest.finish(&mut self.evaluate);
    }

    /// The summary so far; `partial` where the input has not ended.
    pub fn summary(&self, partial: bool) -> Event {
        self.evaluate
            .summary(partial, self.ingest.books(), self.ingest.open())
    }

    /// Keeps from now on what [`Monitor::snapshot`] shows of the past.
    pub fn keep_for_screen(&mut self) {
        self.evaluate.keep_for_screen();
    }

    /// What a screen shows.
    pub fn snapshot(&mut self, ask: &Ask) -> Snapshot {
        self.settle();
        let open = self.ingest.open();
        self.evaluate.snapshot(ask, self.ingest.books(), open)
    }
}
