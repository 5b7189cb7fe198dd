//! A part of the input that was counted apart, to be added in its turn: this is what makes replay parallel.
//!
//! What depends on no order, the books and the totals, is added up at once. What has a place in time
//! goes through the same clock as everything else, in the order of the lines; only, neighbouring
//! records of the same second are one step, a batch. So the numbers, the alerts and even the ids of the keys are
//! those that the lines would have given one by one, wherever the input was cut. A part that passes a
//! cap is not added at all, and its lines are to be read again: it matters at which record that happens.
//!
//! Memory: some 20 bytes per record, 130 per step, and the keys of the part; one that has grown [large](Chunk::is_large)
//! is handed on before more is read.

use std::collections::BTreeMap;
use std::ops::Range;

use super::selection::{Counting, Selection};
use super::{Books, ClosedSeconds, Ingest};
use crate::format::record::Record;
use crate::format::rollup::{CarriedExample, RollupLine, RowPlace};
use crate::format::unparsed::Unparsed;
use crate::stats::bucket::Counters;
use crate::stats::hit_log::HitLog;
use crate::stats::keys::Renumbering;
use crate::stats::rows::{RollupRows, RowSort};
use crate::stats::{Hit, MOST_DIMENSIONS, keys};
use crate::time::{Second, Span};

/// A part with more lines that are no record is read line by line: it is no log.
const MAX_UNPARSED: u64 = 1 << 14;
/// A part with more than this, in bytes, is to be handed on: its keys, records and steps. Vectors that double may take twice
/// as much.
const LARGE: usize = 2 << 20;
/// No duration.
const NONE: u64 = u64::MAX;
/// The bit of a malformed request, above the class of the status.
const MALFORMED: u8 = 8;

/// What a part's lines come to, in their order.
#[derive(Debug)]
pub enum ChunkStep {
    /// Records of one second.
    Batch(Batch),
    /// A line that is no record.
    Unparsed(Rejected),
    /// What a rollup says of time and of lines that are no records.
    Carried(RollupLine),
    /// One of those lines.
    Example(Box<CarriedExample>),
    /// A hit whose time was not believed where it was written down: it, and its row.
    Skewed(Second, Box<[u8]>),
}

/// Neighbouring records of one second.
#[derive(Debug)]
pub struct Batch {
    second: Second,
    /// How much later the same local time comes again; 0 if it does not.
    again: Span,
    /// Whether they count; those that were filtered out move the clock and nothing else.
    counted: bool,
    /// Whether they came late where they were written down, so that no clock is asked.
    late: bool,
    counters: Counters,
    /// The number of the first one's line, from 1, in the part.
    line: u64,
    /// Their places in the columns.
    range: Range<usize>,
    /// The place of the first one's row, if they have rows.
    first_row: usize,
    /// Where it is said how their rows ascend, once that is known.
    order: Range<usize>,
}

/// A line that is no record.
#[derive(Debug)]
pub struct Rejected {
    unparsed: Unparsed,
    /// Its number, from 1, in the part.
    line: u64,
    /// Its beginning, if it is the part's first with its reason.
    text: Box<[u8]>,
}

/// What is known of every record, column by column: a [`Hit`] is several times as large.
#[derive(Debug, Default)]
struct HitColumns {
    /// Keys and bytes.
    log: HitLog,
    /// Class of the status, and [`MALFORMED`].
    class: Vec<u8>,
    /// Microseconds; empty until there is one, and [`NONE`] where there is none.
    duration: Vec<u64>,
    /// The bits of [`Hit::matched`]; empty without expressions.
    matched: Vec<u64>,
    /// Those of [`Hit::by_time`], the same for all.
    by_time: u64,
    /// The rows of those that count, if a rollup is written.
    rows: RollupRows,
    /// How the rows of each batch ascend.
    order: Vec<(u64, u32)>,
    /// Where a local time comes twice, what the row is if it means the later one.
    later_rows: BTreeMap<usize, Box<[u8]>>,
}

/// A part of the input.
#[derive(Debug)]
pub struct Chunk {
    selection: Selection,
    books: Books,
    columns: HitColumns,
    steps: Vec<ChunkStep>,
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
            columns: HitColumns::default(),
            steps: Vec::new(),
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
        self.columns.clear();
        self.steps.clear();
        self.reasons.clear();
        self.rejected = 0;
        self.undecided = false;
    }

    /// How many lines it has.
    pub fn lines(&self) -> u64 {
        self.books.lines + self.rejected
    }

    /// How many of them are no records.
    pub fn unparsed_lines(&self) -> u64 {
        self.rejected
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
        let steps = self.steps.len() * size_of::<ChunkStep>();
        steps + self.columns.bytes() + self.books.totals.key_bytes()
    }

    /// The steps, to be taken in this order.
    pub fn steps(&self) -> &[ChunkStep] {
        &self.steps
    }

    /// Follows a reduction of the tables that its ids are of, once it was begun; there are `dimensions`.
    pub fn renumber(&mut self, reduced: &[(usize, Renumbering)], dimensions: usize) {
        for (dimension, ids) in reduced {
            self.columns.log.renumber(*dimension, dimensions, ids);
        }
    }

    /// A line that there is nothing to count of.
    pub fn skipped(&mut self) {
        self.books.lines += 1;
        self.books.skipped += 1;
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
        self.steps.push(ChunkStep::Unparsed(Rejected {
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
                    self.selection.count(record, &mut hit, &mut self.books);
                    self.books.skewed_before += u64::from(hit.counted);
                    if hit.counted && self.rolls {
                        let mut row = Vec::new();
                        self.books.totals.write_row(record, &mut row);
                        let step = ChunkStep::Skewed(hit.time, row.into());
                        self.steps.push(step);
                    }
                }
            }
            RollupLine::Row(hits, place) => {
                (0..hits).for_each(|_| self.observe_placed(record, place == RowPlace::Late));
            }
            RollupLine::Skipped(_) | RollupLine::Filtered(_) => self.books.take(line),
            RollupLine::Unparsed(..) | RollupLine::Newest(_) => {
                self.steps.push(ChunkStep::Carried(line));
            }
            RollupLine::Example | RollupLine::Header => {}
        }
    }

    /// All its lines were read. What can be done before its turn comes is done.
    pub fn finish(&mut self) {
        if !self.rolls {
            return;
        }
        let HitColumns { rows, order, .. } = &mut self.columns;
        for step in &mut self.steps {
            if let ChunkStep::Batch(batch) = step
                && batch.counted
            {
                let from = order.len();
                rows.order(batch.rows(), &mut self.sort, order);
                batch.order = from..order.len();
            }
        }
    }

    /// One of the lines that were no records where the rollup was written.
    pub fn carried_example(&mut self, example: CarriedExample) {
        self.steps.push(ChunkStep::Example(Box::new(example)));
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
        let line = self.lines();
        let at = self.columns.len();
        let hits = match self.steps.last_mut() {
            Some(ChunkStep::Batch(hits))
                if hits.second == hit.time
                    && hits.again == again
                    && hits.counted == hit.counted
                    && hits.late == late =>
            {
                hits
            }
            _ => {
                self.steps.push(ChunkStep::Batch(Batch {
                    second: hit.time,
                    again,
                    counted: hit.counted,
                    late,
                    counters: Counters::default(),
                    line,
                    range: at..at,
                    first_row: self.columns.rows.len(),
                    order: 0..0,
                }));
                match self.steps.last_mut() {
                    Some(ChunkStep::Batch(hits)) => hits,
                    _ => unreachable!("it was just pushed"),
                }
            }
        };
        hits.range.end += 1;
        if hit.counted {
            hits.counters.observe(&hit);
        }
        let dimensions = self.books.totals.dimensions();
        let expressions = !self.selection.is_plain();
        self.columns.push(&hit, dimensions, expressions);
        if self.rolls && hit.counted {
            let totals = &mut self.books.totals;
            let rows = &mut self.columns.rows;
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
        let place = self.columns.rows.len() - 1;
        self.columns.later_rows.insert(place, row.into());
    }
}

impl Batch {
    /// The places of their rows.
    fn rows(&self) -> Range<usize> {
        self.first_row..self.first_row + self.range.len()
    }
}

impl HitColumns {
    fn len(&self) -> usize {
        self.class.len()
    }

    /// What they take without spare room; of a hit, the log holds its ids and eight bytes.
    fn bytes(&self) -> usize {
        let rows = self.rows.bytes() + self.rows.len() * size_of::<(u64, u32)>();
        self.log.bytes() + self.len() + 8 * (self.duration.len() + self.matched.len()) + rows
    }

    fn clear(&mut self) {
        self.log.clear();
        self.class.clear();
        self.duration.clear();
        self.matched.clear();
        self.rows.clear();
        self.order.clear();
        self.later_rows.clear();
    }

    #[inline]
    fn push(&mut self, hit: &Hit, dimensions: usize, expressions: bool) {
        self.log.push(hit, dimensions);
        if hit.duration_us.is_some() || !self.duration.is_empty() {
            self.duration.resize(self.class.len(), NONE);
            self.duration.push(hit.duration_us.unwrap_or(NONE));
        }
        if expressions {
            self.matched.push(hit.matched);
            // One that does not count has none.
            self.by_time |= hit.by_time;
        }
        let malformed = if hit.malformed { MALFORMED } else { 0 };
        self.class.push(hit.class | malformed);
    }

    fn duration(&self, index: usize) -> Option<u64> {
        self.duration.get(index).copied().filter(|&us| us != NONE)
    }

    /// The rows of a batch.
    fn rows_of(&self, batch: &Batch) -> RollupRows {
        let mut rows = RollupRows::default();
        if !self.rows.is_empty() {
            batch
                .rows()
                .for_each(|row| rows.push(1, self.rows.text(row)));
        }
        rows
    }

    /// The record at `index` as it was pushed.
    fn hit(&self, index: usize, of: &Batch, dimensions: usize) -> Hit {
        let (keys, bytes) = self.log.hit(index, dimensions);
        let mut ids = [keys::NONE; MOST_DIMENSIONS];
        ids[..dimensions].copy_from_slice(keys);
        Hit {
            time: of.second,
            bytes,
            duration_us: self.duration(index),
            class: self.class[index] & !MALFORMED,
            malformed: self.class[index] & MALFORMED != 0,
            counted: of.counted,
            matched: self.matched.get(index).copied().unwrap_or(0),
            by_time: self.by_time,
            ids,
            row: keys::NONE,
        }
    }
}

impl Ingest {
    /// Adds the books and totals of the part that comes next; its [`Chunk::steps`] are to follow, and its
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
        let dimensions = self.books.totals.dimensions();
        for (dimension, ids) in ids.iter().enumerate() {
            chunk.columns.log.renumber(dimension, dimensions, ids);
        }
        true
    }

    /// As [`Ingest::begin_chunk`], for a part of one of several sources, whatever the caps. Where one was passed, the
    /// ids of other parts that were begun have changed: what follows them is returned, for [`Chunk::renumber`].
    pub fn begin_chunk_past_caps(
        &mut self,
        chunk: &mut Chunk,
        closed: &mut impl ClosedSeconds,
    ) -> Vec<(usize, Renumbering)> {
        let ids = self.books.merge_past_caps(&chunk.books);
        let dimensions = self.books.totals.dimensions();
        for (dimension, ids) in ids.iter().enumerate() {
            chunk.columns.log.renumber(dimension, dimensions, ids);
        }
        if !self.books.totals.is_full() {
            return Vec::new();
        }
        let reduced = self.reduce(&mut [], closed);
        chunk.renumber(&reduced, dimensions);
        reduced
    }

    /// All steps of a part were taken.
    pub fn end_chunk(&mut self, chunk: &Chunk) {
        self.front.current_mut().origin.line += chunk.lines();
    }

    /// Takes one of the steps of a part.
    pub fn step(&mut self, chunk: &Chunk, step: &ChunkStep, closed: &mut impl ClosedSeconds) {
        match step {
            ChunkStep::Unparsed(line) => {
                self.books.lines += 1;
                self.note_unparsed(
                    line.unparsed,
                    self.front.origin().line + line.line,
                    &line.text,
                );
            }
            ChunkStep::Carried(line) => self.carried(*line, &Record::EMPTY, None, closed),
            ChunkStep::Example(example) => self.carried_example(example),
            ChunkStep::Skewed(second, row) => self.roll_skewed_row(*second, row, closed),
            ChunkStep::Batch(batch) => {
                let columns = &chunk.columns;
                let dimensions = self.books.totals.dimensions();
                if batch.again > Span(0) {
                    return self.settle_batch(columns, batch, closed);
                }
                if batch.late && self.books.newest >= Some(batch.second) {
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
                        self.offer_of(batch, &hit, closed);
                    }
                    return;
                }
                clock.advance(batch.second);
                self.running = None;
                if batch.counted {
                    self.go_on(batch.second);
                }
                self.reach(batch.second, batch.counted, closed);
                if !batch.counted {
                    return;
                }
                let each = || {
                    let range = batch.range.clone();
                    range.map(|i| columns.hit(i, batch, dimensions))
                };
                if batch.second < self.first_open() {
                    let rows = columns.rows_of(batch);
                    return self.believe_late(batch.second, each(), rows, closed);
                }
                let bucket = self.timeline.bucket(batch.second);
                if columns.matched.is_empty() {
                    bucket.counters.merge(&batch.counters);
                    let range = batch.range.clone();
                    bucket.log.extend(&columns.log, range.clone(), dimensions);
                    for us in range.filter_map(|i| columns.duration(i)) {
                        bucket.durations.observe(us);
                    }
                } else {
                    each().for_each(|hit| bucket.observe(&hit, dimensions));
                }
                if !columns.rows.is_empty() {
                    let order = &columns.order[batch.order.clone()];
                    self.place_rows(batch.second, &columns.rows, batch.rows(), order, closed);
                }
            }
        }
    }

    /// The hit at `index` of a batch, at the time that was found for it; its row is held for it.
    fn hold(&mut self, columns: &HitColumns, batch: &Batch, index: usize, time: Second) -> Hit {
        let mut hit = columns.hit(index, batch, self.books.totals.dimensions());
        hit.time = time;
        if batch.counted && !columns.rows.is_empty() {
            let row = batch.first_row + (index - batch.range.start);
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
        batch: &Batch,
        closed: &mut impl ClosedSeconds,
    ) {
        self.running = None;
        for i in batch.range.clone() {
            let clock = &self.front.current().clock;
            let time = clock.nearer(batch.second, batch.again, None);
            let hit = self.hold(columns, batch, i, time);
            let clock = &mut self.front.current_mut().clock;
            if clock.takes(hit.time) {
                clock.advance(hit.time);
                self.believe(&hit, closed);
            } else {
                self.offer_of(batch, &hit, closed);
            }
        }
    }

    /// Offers a record of a batch, whose records all belong to the line of the first of them.
    fn offer_of(&mut self, batch: &Batch, hit: &Hit, closed: &mut impl ClosedSeconds) {
        let before = self.front.origin().line;
        self.front.current_mut().origin.line += batch.line;
        self.offer(hit, None, closed);
        self.front.current_mut().origin.line = before;
    }
}
