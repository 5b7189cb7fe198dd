//! A part of the input that was counted apart, to be added in its turn: this is what makes replay parallel.
//!
//! What depends on no order, the books and the totals, is added up at once. What has a place in time
//! goes through the same clock as everything else, in the order of the lines; only, neighbouring
//! records of the same second are a batch, which is taken at once, and batches that ascend [close](crate::stats::columns) without
//! ever being open where they change nothing. So the numbers, the alerts and even the ids of the keys are
//! those that the lines would have given one by one, wherever the input was cut. A part that passes a
//! cap is not added at all, and its lines are to be read again: it matters at which record that happens.
//!
//! Memory: some 20 bytes per record, 16 per batch, and the keys of the part; one that has grown [large](Chunk::is_large)
//! is handed on before more is read.

use super::selection::{Counting, Selection};
use super::{Books, ClosedSeconds, Ingest};
use crate::format::record::Record;
use crate::format::rollup::{CarriedExample, RollupLine, RowPlace};
use crate::format::unparsed::Unparsed;
use crate::stats::Hit;
use crate::stats::columns::{Ascent, Batch, HitColumns, SecondsInColumns};
use crate::stats::keys::Renumbering;
use crate::stats::rows::RowSort;
use crate::time::{Second, Span};

/// A part with more lines that are no record is read line by line: it is no log.
const MAX_UNPARSED: u64 = 1 << 14;
/// A part with more than this, in bytes, is to be handed on: its keys, records and steps. Vectors that double may take twice
/// as much.
const LARGE: usize = 2 << 20;
/// Fewer seconds that could close without being open are not worth it: what each run of them costs is a few of them.
const FEW: usize = 64;

/// What a part's lines come to, in their order.
#[derive(Debug)]
enum ChunkStep {
    /// Records, second by second.
    Ascent(Ascent),
    /// Lines that there is nothing to count of: the records behind them are not of the next lines.
    Passed,
    /// A line that is no record.
    Unparsed(Rejected),
    /// What a rollup says of time and of lines that are no records.
    Carried(RollupLine),
    /// One of those lines.
    Example(Box<CarriedExample>),
    /// A hit whose time was not believed where it was written down: it, and its row.
    Skewed(Second, Box<[u8]>),
}

/// How far the steps of a part were taken.
#[derive(Debug, Clone, Copy, Default)]
pub struct ChunkPlace {
    step: usize,
    batch: usize,
    /// How many of the batches before closed together.
    together: usize,
    /// Where the batches begin and end that are closing together, if it is not behind all of them.
    closing: (usize, usize),
    /// Before this batch it is not looked whether several can close at once.
    wait: usize,
}

impl ChunkPlace {
    /// How many batches were taken.
    pub(super) fn taken(&self) -> usize {
        self.batch
    }

    /// How many of them closed together.
    pub(super) fn together(&self) -> usize {
        self.together
    }
}

/// A line that is no record.
#[derive(Debug)]
struct Rejected {
    unparsed: Unparsed,
    /// Its number, from 1, in the part.
    line: u64,
    /// Its beginning, if it is the part's first with its reason.
    text: Box<[u8]>,
}

/// What a part holds that has a place in time: all that is left of it once its books were added.
#[derive(Debug, Default)]
pub struct ChunkSteps {
    columns: HitColumns,
    steps: Vec<ChunkStep>,
    lines: u64,
}

/// A part of the input.
#[derive(Debug)]
pub struct Chunk {
    selection: Selection,
    books: Books,
    placed: ChunkSteps,
    /// Lines that are no record, which the books do not know of.
    rejected: u64,
    /// Whether a record counts hangs on which of the two instants of its local time it means.
    undecided: bool,
    reasons: Vec<&'static str>,
    /// Whether a rollup is written.
    rolls: bool,
    sort: RowSort,
}

impl Chunk {
    /// A part of which nothing was read.
    pub fn new(counting: &Counting) -> Chunk {
        let books = Books::new(counting, None);
        Chunk {
            selection: Selection::new(counting.clone(), books.totals.tops()),
            books,
            placed: ChunkSteps::default(),
            rejected: 0,
            undecided: false,
            reasons: Vec::new(),
            rolls: counting.rollup.is_some(),
            sort: RowSort::default(),
        }
    }

    /// Forgets all and keeps the memory for the next part.
    pub fn clear(&mut self) {
        self.books.clear();
        self.selection.forget_ids();
        self.placed.columns.clear();
        self.placed.steps.clear();
        self.reasons.clear();
        self.rejected = 0;
        self.undecided = false;
    }

    /// How many lines it has.
    pub fn lines(&self) -> u64 {
        self.books.lines + self.rejected
    }

    /// Whether a cap was passed: the part is of no use, and what is left of it need not be read.
    pub fn is_full(&self) -> bool {
        self.rejected > MAX_UNPARSED || self.undecided || self.books.totals.is_full()
    }

    /// Whether it has grown as large as one may be, so that what comes next belongs to another.
    pub fn is_large(&self) -> bool {
        self.bytes() > LARGE
    }

    /// How many bytes it takes, about.
    pub fn bytes(&self) -> usize {
        let steps = self.placed.steps.len() * size_of::<ChunkStep>();
        steps + self.placed.columns.bytes() + self.books.totals.key_bytes()
    }

    /// Its steps.
    pub fn steps(&self) -> &ChunkSteps {
        &self.placed
    }

    /// Its steps, once it was begun, without room to spare: they may wait for long, and the rest need not.
    pub fn take_steps(&mut self) -> ChunkSteps {
        ChunkSteps {
            columns: self.placed.columns.clone(),
            steps: self.placed.steps.drain(..).collect(),
            lines: self.placed.lines,
        }
    }

    /// A line that there is nothing to count of.
    pub fn skipped(&mut self) {
        self.books.lines += 1;
        self.books.skipped += 1;
        self.pass();
    }

    /// Lines were counted that the steps do not tell of.
    fn pass(&mut self) {
        if let Some(ChunkStep::Ascent(_)) = self.placed.steps.last() {
            self.placed.steps.push(ChunkStep::Passed);
        }
    }

    /// A line that is no record.
    #[cold]
    pub fn unparsed(&mut self, unparsed: Unparsed, text: &[u8]) {
        self.rejected += 1;
        let reason = unparsed.reason();
        let known = self.reasons.contains(&reason);
        let text = if known {
            Box::default()
        } else {
            self.reasons.push(reason);
            self.selection.example(text)
        };
        self.placed.steps.push(ChunkStep::Unparsed(Rejected {
            unparsed,
            line: self.lines(),
            text,
        }));
    }

    /// A record.
    #[inline]
    pub fn observe(&mut self, record: &Record<'_>) {
        self.observe_placed(record, false);
    }

    /// A line of a rollup; the record is what its row stands for.
    #[cold]
    pub fn carried(&mut self, line: RollupLine, record: &Record<'_>) {
        match line {
            RollupLine::Row(hits, RowPlace::Nowhere) => {
                for _ in 0..hits {
                    let mut hit = Hit::uncounted(record.time);
                    self.books.lines += 1;
                    self.pass();
                    self.selection.count(record, &mut hit, &mut self.books);
                    self.books.skewed_before += u64::from(hit.counted);
                    if hit.counted && self.rolls {
                        let mut row = Vec::new();
                        self.books.totals.write_row(record, &mut row);
                        let step = ChunkStep::Skewed(hit.time, row.into());
                        self.placed.steps.push(step);
                    }
                }
            }
            RollupLine::Row(hits, place) => {
                (0..hits).for_each(|_| self.observe_placed(record, place == RowPlace::Late));
            }
            RollupLine::Skipped(_) | RollupLine::Filtered(_) => {
                self.books.take(line);
                self.pass();
            }
            RollupLine::Unparsed(..) | RollupLine::Newest(_) => {
                self.placed.steps.push(ChunkStep::Carried(line));
            }
            RollupLine::Example | RollupLine::Header => {}
        }
    }

    /// All its lines were read. What can be done before its turn comes is done.
    pub fn finish(&mut self) {
        self.placed.lines = self.lines();
        if !self.rolls {
            return;
        }
        let steps = self.placed.steps.iter();
        let ascents = steps.filter_map(|step| match step {
            ChunkStep::Ascent(ascent) => Some(ascent),
            _ => None,
        });
        self.placed.columns.order_rows(ascents, &mut self.sort);
    }

    /// One of the lines that were no records where the rollup was written.
    pub fn carried_example(&mut self, example: CarriedExample) {
        self.placed
            .steps
            .push(ChunkStep::Example(Box::new(example)));
    }

    #[inline]
    fn observe_placed(&mut self, record: &Record<'_>, late: bool) {
        let mut hit = Hit::uncounted(record.time);
        self.books.lines += 1;
        self.selection.count(record, &mut hit, &mut self.books);
        let again = record.again();
        if again > Span(0) {
            let hold = |time| self.books.bounds.hold(time);
            self.undecided |= hold(hit.time) != hold(hit.time + again);
        }
        self.selection.find_matches(record, &mut hit);
        let goes_on = match self.placed.steps.last_mut() {
            Some(ChunkStep::Ascent(ascent))
                if ascent.again == again
                    && ascent.counted == hit.counted
                    && ascent.late == late =>
            {
                self.placed.columns.goes_on(ascent, hit.time)
            }
            _ => false,
        };
        if !goes_on {
            let line = self.lines();
            let mut ascent = self.placed.columns.begin(hit.time, line);
            (ascent.again, ascent.counted, ascent.late) = (again, hit.counted, late);
            self.placed.steps.push(ChunkStep::Ascent(ascent));
        }
        let dimensions = self.books.totals.dimensions();
        let expressions = !self.selection.is_plain();
        self.placed.columns.push(&hit, dimensions, expressions);
        if self.rolls && hit.counted {
            let totals = &mut self.books.totals;
            let rows = &mut self.placed.columns.rows;
            rows.write(|text| totals.write_row(record, text));
            if again > Span(0) {
                self.note_later_row(record);
            }
        }
    }

    /// What the row of a record is if its local time means the later of two instants: its offset is another.
    #[cold]
    fn note_later_row(&mut self, record: &Record<'_>) {
        let mut later = *record;
        later.resolve_time(record.time + record.again());
        let mut row = Vec::new();
        self.books.totals.write_row(&later, &mut row);
        let place = self.placed.columns.rows.len() - 1;
        self.placed.columns.later_rows.insert(place, row.into());
    }
}

impl ChunkSteps {
    /// When the last of its records is from, as they say themselves.
    pub fn last(&self) -> Option<Second> {
        self.columns.last()
    }

    /// Follows a reduction of the tables that its ids are of.
    pub fn renumber(&mut self, reduced: &[(usize, Renumbering)]) {
        for (dimension, ids) in reduced {
            self.columns.renumber(*dimension, ids);
        }
    }
}

impl Ingest {
    /// Adds the books and totals of the part that comes next; its [steps](Ingest::step) are to follow, and its
    /// [end](Ingest::end_chunk). `false`, and nothing is added, where a cap is passed: then its lines are to be
    /// read one by one.
    #[must_use]
    pub fn begin_chunk(&mut self, chunk: &mut Chunk) -> bool {
        if chunk.is_full() {
            return false;
        }
        let Some(ids) = self.books.merge(&chunk.books) else {
            return false;
        };
        chunk.placed.columns.ids = ids;
        true
    }

    /// As [`Ingest::begin_chunk`], for a part of one of several sources, whatever the caps. Where one was passed, the
    /// ids of other parts that were begun have changed: what follows them is returned, for [`ChunkSteps::renumber`].
    pub fn begin_chunk_past_caps(
        &mut self,
        chunk: &mut Chunk,
        closed: &mut impl ClosedSeconds,
    ) -> Vec<(usize, Renumbering)> {
        chunk.placed.columns.ids = self.books.merge_past_caps(&chunk.books);
        if !self.books.totals.is_full() {
            return Vec::new();
        }
        let reduced = self.reduce(&mut [], closed);
        chunk.placed.renumber(&reduced);
        reduced
    }

    /// All steps of a part were taken.
    pub fn end_chunk(&mut self, steps: &ChunkSteps) {
        self.front.current_mut().origin.line += steps.lines;
    }

    /// Takes the step of a part at `place`, which goes on; `false` where all were taken. Of several seconds it may be all, where
    /// there is only one source, or one.
    pub fn step(
        &mut self,
        steps: &ChunkSteps,
        place: &mut ChunkPlace,
        closed: &mut impl ClosedSeconds,
    ) -> bool {
        let Some(step) = steps.steps.get(place.step) else {
            return false;
        };
        self.take_gathered(closed);
        match step {
            ChunkStep::Passed => {}
            ChunkStep::Unparsed(line) => {
                self.settle(closed);
                self.books.lines += 1;
                self.note_unparsed(
                    line.unparsed,
                    self.front.origin().line + line.line,
                    &line.text,
                );
            }
            ChunkStep::Carried(line) => self.carried(*line, &Record::EMPTY, None, closed),
            ChunkStep::Example(example) => self.carried_example(example, closed),
            ChunkStep::Skewed(second, row) => self.roll_skewed_row(*second, row, closed),
            ChunkStep::Ascent(ascent) => {
                if self.take_ascent(&steps.columns, ascent, place, closed) {
                    return true;
                }
            }
        }
        place.step += 1;
        true
    }

    /// Takes the batch at `place`, or several if they can close together, up to where something is to be written; whether any of
    /// `ascent` are left.
    pub(super) fn take_ascent(
        &mut self,
        columns: &HitColumns,
        ascent: &Ascent,
        place: &mut ChunkPlace,
        closed: &mut impl ClosedSeconds,
    ) -> bool {
        let end = ascent.batches.end;
        if place.batch < place.closing.1 {
            self.close_in_columns(columns, place, closed);
        } else if place.batch >= place.wait && self.may_close_in_columns(columns, ascent) {
            let seconds = columns.seconds(place.batch..end);
            let together = self.begin_columns(&seconds, closed);
            place.closing = (place.batch, place.batch + together.unwrap_or(0));
            place.wait = match together {
                Some(_) => place.closing.1 + FEW,
                None => end,
            };
        } else {
            self.take_batch(columns, &columns.batch(place.batch, ascent), closed);
            place.batch += 1;
        }
        place.batch < end
    }

    /// Whether the seconds of these batches could close without being open.
    fn may_close_in_columns(&mut self, columns: &HitColumns, ascent: &Ascent) -> bool {
        let plain = ascent.counted && !ascent.late && ascent.again == Span(0);
        plain && columns.is_plain() && self.rollup.is_none() && self.front.only().is_some()
    }

    /// How many of `seconds`, which are the next ones of the only source, are to close without their being open: as many as lie
    /// behind the lateness once the last has come and change nothing. `None` where it is not worth it.
    ///
    /// What is open closes before, as it is.
    fn begin_columns(
        &mut self,
        seconds: &SecondsInColumns<'_>,
        closed: &mut impl ClosedSeconds,
    ) -> Option<usize> {
        let (first, last) = seconds.ends()?;
        let behind = seconds.before(last - self.lateness);
        if behind.len() < FEW {
            return None;
        }
        let newest = self.books.newest;
        let source = self.front.only()?;
        let goes_on = source.reached == newest && source.begun && !source.ended;
        if newest >= Some(first) || !goes_on || !source.clock.takes(first) {
            return Some(0);
        }
        self.close_before(first, false, closed);
        Some(closed.begin_columns(&behind, &self.books))
    }

    /// Closes the next of the batches that are closing together.
    fn close_in_columns(
        &mut self,
        columns: &HitColumns,
        place: &mut ChunkPlace,
        closed: &mut impl ClosedSeconds,
    ) {
        let (begin, end) = place.closing;
        let seconds = columns.seconds(begin..end);
        let before = place.batch - begin;
        let passed = closed.close_in_columns(&seconds, before, &self.books);
        place.batch += passed;
        place.together += passed;
        if let Some((first, last)) = seconds.from(before).up_to(passed).ends() {
            let source = self.front.current_mut();
            source.clock.advance(last);
            source.reached = Some(last);
            self.books.newest = Some(last);
            self.books.span = match self.books.span {
                Some((least, greatest)) => Some((least.min(first), greatest.max(last))),
                None => Some((first, last)),
            };
            self.timeline.skip_to(last.next());
            self.due = last.next();
            self.books.first_open = self.due;
            self.all_open = false;
            self.running = None;
        }
    }

    /// Takes the records of a batch.
    fn take_batch(
        &mut self,
        columns: &HitColumns,
        batch: &Batch<'_>,
        closed: &mut impl ClosedSeconds,
    ) {
        let Ascent {
            again,
            counted,
            late,
            ..
        } = *batch.of;
        if again > Span(0) {
            return self.settle_batch(columns, batch, closed);
        }
        if late && self.books.newest >= Some(batch.second) {
            self.running = None;
            for i in batch.range.clone() {
                let hit = self.hold(columns, batch, i, batch.second);
                self.believe(&hit, closed);
            }
            return;
        }
        let clock = &mut self.front.current_mut().clock;
        if !clock.takes(batch.second) {
            for i in batch.range.clone() {
                let hit = self.hold(columns, batch, i, batch.second);
                self.offer_of(batch.line_of(i), &hit, closed);
            }
            return;
        }
        clock.advance(batch.second);
        self.running = None;
        if counted {
            self.go_on(batch.second);
        }
        self.reach(batch.second, counted, closed);
        if !counted {
            return;
        }
        if batch.second < self.first_open() {
            let rows = columns.rows_of(batch);
            return self.believe_late(batch.second, columns.hits(batch), rows, closed);
        }
        let bucket = self.timeline.bucket(batch.second);
        columns.observe(batch, bucket);
        if !columns.rows.is_empty() {
            let order = columns.order_of(batch);
            self.place_rows(batch.second, &columns.rows, batch.rows(), order, closed);
        }
    }

    /// The hit at `index` of a batch, at the time that was found for it; its row is held for it.
    fn hold(&mut self, columns: &HitColumns, batch: &Batch<'_>, index: usize, time: Second) -> Hit {
        let mut hit = columns.hit(index, batch);
        hit.time = time;
        if batch.of.counted && !columns.rows.is_empty() {
            let row = batch.rows().start + (index - batch.range.start);
            let later = columns.later_rows.get(&row);
            let later = later.filter(|_| time > batch.second);
            hit.row = self.hold_row(later.map_or(columns.rows.text(row), |row| row));
        }
        hit
    }

    /// Takes the records of a batch one by one, each at the instant of its local time that is nearer to what came before
    /// it: as [`Ingest::observe`] does.
    #[cold]
    fn settle_batch(
        &mut self,
        columns: &HitColumns,
        batch: &Batch<'_>,
        closed: &mut impl ClosedSeconds,
    ) {
        self.running = None;
        for i in batch.range.clone() {
            let clock = &self.front.current().clock;
            let time = clock.nearer(batch.second, batch.of.again, None);
            let hit = self.hold(columns, batch, i, time);
            let clock = &mut self.front.current_mut().clock;
            if clock.takes(hit.time) {
                clock.advance(hit.time);
                self.believe(&hit, closed);
            } else {
                self.offer_of(batch.line_of(i), &hit, closed);
            }
        }
    }

    /// Offers a record of this line of a part.
    fn offer_of(&mut self, line: u64, hit: &Hit, closed: &mut impl ClosedSeconds) {
        let before = self.front.origin().line;
        self.front.current_mut().origin.line += line;
        self.offer(hit, None, closed);
        self.front.current_mut().origin.line = before;
    }
}
