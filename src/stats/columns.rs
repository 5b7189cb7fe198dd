//! Records in the order of their lines, column by column, and the seconds they are of.
//!
//! A [`Hit`] is several times as large as what is known of most records. A second is where its records end and nothing else:
//! what they come to is counted when it is asked for, which for most seconds is never. So seconds that ascend, as in nearly
//! all logs, close in columns: the hits of any number of them are the difference of two places.

use std::collections::BTreeMap;
use std::ops::Range;

use super::bucket::{Bucket, Counters};
use super::hit_log::{HitLog, MOST_BYTES};
use super::keys::Renumbering;
use super::latency::Durations;
use super::rows::{RollupRows, RowSort};
use super::tally::Tally;
use super::{CLIENT_ERROR, Hit, MOST_DIMENSIONS, SERVER_ERROR, keys};
use crate::time::{Second, Span};

/// No duration.
const NONE: u64 = u64::MAX;
/// The class of the status, as it is held.
const CLASS: u8 = 7;
/// The bit of a malformed request, above it.
const MALFORMED: u8 = 8;
/// From one second to the next of an [`Ascent`] it is not longer: where the first is believed, so are all.
const GAP: Span = Span(60);

/// Where the records of a second end.
#[derive(Debug, Clone, Copy)]
struct SecondEnd {
    second: Second,
    end: usize,
}

/// Batches of records, each of a second and each later than the one before, that have all of this in common.
#[derive(Debug, Clone)]
pub struct Ascent {
    /// How much later the same local time comes again; 0 if it does not.
    pub again: Span,
    /// Whether they count; those that were filtered out move the clock and nothing else.
    pub counted: bool,
    /// Whether they came late where they were written down, so that no clock is asked.
    pub late: bool,
    /// Their places among all batches.
    pub batches: Range<usize>,
    /// The number of the first one's line, from 1, in the part.
    line: u64,
    /// The place of the first record, and of its row, if they have rows.
    first: usize,
    first_row: usize,
}

/// Neighbouring records of one second, of one line after the other.
#[derive(Debug)]
pub struct Batch<'a> {
    /// The second.
    pub second: Second,
    /// Their places in the columns.
    pub range: Range<usize>,
    /// What they are a batch of, and which batch of all.
    pub of: &'a Ascent,
    number: usize,
}

impl Batch<'_> {
    /// The number of the line of the record at this place, from 1, in the part.
    pub fn line_of(&self, index: usize) -> u64 {
        self.of.line + (index - self.of.first) as u64
    }

    /// The places of their rows.
    pub fn rows(&self) -> Range<usize> {
        let first = self.of.first_row + (self.range.start - self.of.first);
        first..first + self.range.len()
    }
}

/// What is known of every record.
#[derive(Debug, Clone, Default)]
pub struct HitColumns {
    /// Keys and bytes.
    log: HitLog,
    /// The ids that those keys have now, by dimension.
    pub ids: Vec<Renumbering>,
    /// Class of the status, and [`MALFORMED`].
    class: Vec<u8>,
    /// The bytes of those of which the log holds fewer.
    huge: BTreeMap<usize, u64>,
    /// Microseconds; empty until there is one, and [`NONE`] where there is none.
    duration: Vec<u64>,
    /// The bits of [`Hit::matched`]; empty without expressions.
    matched: Vec<u64>,
    /// Those of [`Hit::by_time`], the same for all.
    by_time: u64,
    batches: Vec<SecondEnd>,
    /// The rows of those that count, if a rollup is written.
    pub rows: RollupRows,
    /// How the rows of each batch ascend, and where that is of each.
    order: Vec<(u64, u32)>,
    orders: Vec<Range<usize>>,
    /// Where a local time comes twice, what the row is if it means the later one.
    pub later_rows: BTreeMap<usize, Box<[u8]>>,
}

impl HitColumns {
    /// What they take without spare room; of a hit, the log holds its ids and eight bytes.
    pub fn bytes(&self) -> usize {
        let rows = self.rows.bytes() + self.rows.len() * size_of::<(u64, u32)>();
        let batches = self.batches.len() * size_of::<SecondEnd>();
        let hits = self.class.len() + 8 * (self.duration.len() + self.matched.len());
        self.log.bytes() + hits + batches + rows
    }

    /// When the last record is from.
    pub fn last(&self) -> Option<Second> {
        self.batches.last().map(|batch| batch.second)
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.class.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.class.is_empty()
    }

    /// Forgets all but the ids and keeps the memory.
    pub fn clear(&mut self) {
        self.log.clear();
        self.class.clear();
        self.huge.clear();
        self.duration.clear();
        self.matched.clear();
        self.batches.clear();
        self.rows.clear();
        self.order.clear();
        self.orders.clear();
        self.later_rows.clear();
    }

    /// Follows a reduction of the table of `dimension`.
    pub fn renumber(&mut self, dimension: usize, ids: &Renumbering) {
        self.ids[dimension].and_then(ids);
    }

    /// The record that is [pushed](HitColumns::push) next is of this second; `false` if it is not to be one of the last batches,
    /// which these are.
    #[inline]
    pub fn goes_on(&mut self, ascent: &mut Ascent, second: Second) -> bool {
        let Some(last) = self.batches.last_mut() else {
            return false;
        };
        if last.second == second {
            last.end += 1;
            return true;
        }
        let ascends = last.second < second && second <= last.second + GAP;
        if ascends {
            let end = last.end + 1;
            self.batches.push(SecondEnd { second, end });
            ascent.batches.end += 1;
        }
        ascends
    }

    /// The same where it is the first of others, on this line.
    pub fn begin(&mut self, second: Second, line: u64) -> Ascent {
        let first = self.class.len();
        let place = self.batches.len();
        let end = first + 1;
        self.batches.push(SecondEnd { second, end });
        Ascent {
            again: Span(0),
            counted: false,
            late: false,
            batches: place..place + 1,
            line,
            first,
            first_row: self.rows.len(),
        }
    }

    /// Takes a record, whose place in time was said before.
    #[inline]
    pub fn push(&mut self, hit: &Hit, dimensions: usize, expressions: bool) {
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
        if hit.bytes > MOST_BYTES {
            self.huge.insert(self.class.len(), hit.bytes);
        }
        let malformed = if hit.malformed { MALFORMED } else { 0 };
        self.class.push(hit.class | malformed);
    }

    /// All records were pushed: finds how the rows of each batch ascend.
    pub fn order_rows<'a>(
        &mut self,
        ascents: impl Iterator<Item = &'a Ascent>,
        sort: &mut RowSort,
    ) {
        self.orders.resize(self.batches.len(), 0..0);
        for ascent in ascents.filter(|ascent| ascent.counted) {
            for place in ascent.batches.clone() {
                let from = self.order.len();
                let rows = self.batch(place, ascent).rows();
                self.rows.order(rows, sort, &mut self.order);
                self.orders[place] = from..self.order.len();
            }
        }
    }

    /// The batch at `place`, of these.
    pub fn batch<'a>(&self, place: usize, of: &'a Ascent) -> Batch<'a> {
        let SecondEnd { second, end } = self.batches[place];
        Batch {
            second,
            range: self.begin_of(place)..end,
            of,
            number: place,
        }
    }

    fn begin_of(&self, place: usize) -> usize {
        place
            .checked_sub(1)
            .map_or(0, |before| self.batches[before].end)
    }

    /// The seconds of the batches at these places, which are of one ascent.
    pub fn seconds(&self, places: Range<usize>) -> SecondsInColumns<'_> {
        SecondsInColumns {
            columns: self,
            begin: self.begin_of(places.start),
            ends: &self.batches[places],
        }
    }

    /// Whether no rule has an expression that records could match.
    pub fn is_plain(&self) -> bool {
        self.matched.is_empty()
    }

    fn duration(&self, index: usize) -> Option<u64> {
        self.duration.get(index).copied().filter(|&us| us != NONE)
    }

    /// How the rows of a batch ascend, if that is known.
    pub fn order_of(&self, batch: &Batch<'_>) -> &[(u64, u32)] {
        let order = self.orders.get(batch.number);
        order.map_or(&[], |order| &self.order[order.clone()])
    }

    /// The rows of a batch.
    pub fn rows_of(&self, batch: &Batch<'_>) -> RollupRows {
        let mut rows = RollupRows::default();
        if !self.rows.is_empty() {
            batch
                .rows()
                .for_each(|row| rows.push(1, self.rows.text(row)));
        }
        rows
    }

    /// The record at `index` as it was pushed; its keys have the ids of now.
    pub fn hit(&self, index: usize, of: &Batch<'_>) -> Hit {
        let (keys, bytes) = self.log.hit(index, self.ids.len());
        let mut ids = [keys::NONE; MOST_DIMENSIONS];
        for ((id, key), new) in ids.iter_mut().zip(keys).zip(&self.ids) {
            *id = new.new_id(*key);
        }
        Hit {
            time: of.second,
            bytes: self.huge.get(&index).copied().unwrap_or(bytes),
            duration_us: self.duration(index),
            class: self.class[index] & CLASS,
            malformed: self.class[index] & MALFORMED != 0,
            counted: of.of.counted,
            matched: self.matched.get(index).copied().unwrap_or(0),
            by_time: self.by_time,
            ids,
            row: keys::NONE,
        }
    }

    /// The records of a batch as they were pushed.
    pub fn hits(&self, batch: &Batch<'_>) -> impl Iterator<Item = Hit> {
        batch.range.clone().map(|index| self.hit(index, batch))
    }

    /// Counts the records of a batch in the bucket of its second.
    pub fn observe(&self, batch: &Batch<'_>, bucket: &mut Bucket) {
        if self.is_plain() {
            self.observe_plain(batch.range.clone(), bucket);
        } else {
            let dimensions = self.ids.len();
            let hits = self.hits(batch);
            hits.for_each(|hit| bucket.observe(&hit, dimensions));
        }
    }

    /// The same of these places, where no expression matches.
    fn observe_plain(&self, range: Range<usize>, bucket: &mut Bucket) {
        let counters = &mut bucket.counters;
        counters.merge(&self.counters(range.clone()));
        bucket.log.extend(&self.log, range.clone(), &self.ids);
        if !self.duration.is_empty() {
            for us in range.filter_map(|index| self.duration(index)) {
                bucket.durations.observe(us);
            }
        }
    }

    /// What these records come to.
    fn counters(&self, range: Range<usize>) -> Counters {
        let mut counters = Counters {
            hits: range.len() as u64,
            ..Counters::default()
        };
        let classes = &self.class[range.clone()];
        let sent = self.log.bytes_of(range.clone(), self.ids.len());
        for (&class, bytes) in classes.iter().zip(sent) {
            counters.bytes = counters.bytes.saturating_add(bytes);
            counters.status[usize::from(class & CLASS)] += 1;
            counters.malformed += u64::from(class & MALFORMED != 0);
        }
        if !self.huge.is_empty() {
            let sent = range.map(|index| self.bytes_of(index));
            counters.bytes = sent.fold(0, u64::saturating_add);
        }
        counters
    }

    fn bytes_of(&self, index: usize) -> u64 {
        let huge = self.huge.get(&index).copied();
        huge.unwrap_or_else(|| self.log.hit(index, self.ids.len()).1)
    }
}

/// Seconds that ascend and have hits each, as the columns hold them.
#[derive(Debug, Clone, Copy)]
pub struct SecondsInColumns<'a> {
    columns: &'a HitColumns,
    /// Where their records begin.
    begin: usize,
    ends: &'a [SecondEnd],
}

impl<'a> SecondsInColumns<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The first and the last.
    pub fn ends(&self) -> Option<(Second, Second)> {
        let (first, last) = (self.ends.first()?, self.ends.last()?);
        Some((first.second, last.second))
    }

    /// The one at `place`.
    #[inline]
    pub fn second(&self, place: usize) -> Second {
        self.ends[place].second
    }

    /// Each with its hits.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = (Second, u64)> + use<'a> {
        let mut begin = self.begin;
        self.ends.iter().map(move |&SecondEnd { second, end }| {
            let hits = end - std::mem::replace(&mut begin, end);
            (second, hits as u64)
        })
    }

    /// The first of them.
    pub fn up_to(&self, len: usize) -> SecondsInColumns<'a> {
        SecondsInColumns {
            ends: &self.ends[..len],
            ..*self
        }
    }

    /// The others.
    pub fn from(&self, place: usize) -> SecondsInColumns<'a> {
        SecondsInColumns {
            begin: self.places(0..place).end,
            ends: &self.ends[place..],
            ..*self
        }
    }

    /// Those that come before `second`.
    pub fn before(&self, second: Second) -> SecondsInColumns<'a> {
        // A report, or a change of a window, is after few seconds of very many: the search widens from the first.
        let is_before = |end: &SecondEnd| end.second < second;
        let mut wide = 1;
        while self.ends.get(wide - 1).is_some_and(is_before) {
            wide *= 2;
        }
        let (near, far) = (wide / 2, wide.min(self.ends.len()));
        self.up_to(near + self.ends[near..far].partition_point(is_before))
    }

    /// The others.
    pub fn not_before(&self, second: Second) -> SecondsInColumns<'a> {
        self.from(self.before(second).len())
    }

    /// Where the records of those at some places are.
    #[inline]
    fn places(&self, range: Range<usize>) -> Range<usize> {
        let until = |place: usize| match place.checked_sub(1) {
            Some(last) => self.ends[last].end,
            None => self.begin,
        };
        until(range.start)..until(range.end)
    }

    /// The hits of all.
    pub fn hits(&self) -> u64 {
        self.hits_of(0..self.len())
    }

    /// The hits of those at some places.
    #[inline]
    pub fn hits_of(&self, range: Range<usize>) -> u64 {
        self.places(range).len() as u64
    }

    /// Their client and server errors.
    pub fn errors(&self) -> [u64; 2] {
        let classes = &self.columns.class[self.places(0..self.len())];
        let mut errors = [0; 2];
        // So few fit into a byte each: a machine adds up many of those at once.
        for classes in classes.chunks(255) {
            for (class, sum) in [CLIENT_ERROR, SERVER_ERROR].into_iter().zip(&mut errors) {
                let is_it = classes.iter().map(|held| u8::from(held & CLASS == class));
                *sum += u64::from(is_it.sum::<u8>());
            }
        }
        errors
    }

    /// What they come to.
    pub fn counters(&self) -> Counters {
        self.columns.counters(self.places(0..self.len()))
    }

    /// How long their requests took.
    pub fn durations(&self) -> Durations {
        let mut durations = Durations::default();
        if !self.columns.duration.is_empty() {
            let places = self.places(0..self.len());
            let took = places.filter_map(|index| self.columns.duration(index));
            took.for_each(|us| durations.observe(us));
        }
        durations
    }

    /// Adds every hit to one tally per dimension.
    pub fn tally(&self, tallies: &mut [Tally]) {
        let HitColumns { log, ids, .. } = self.columns;
        log.tally_hits(self.places(0..self.len()), ids, tallies);
    }

    /// What the log of their hits takes, in words of four bytes.
    pub fn words(&self) -> usize {
        self.columns
            .log
            .words_of(self.places(0..self.len()).len(), self.columns.ids.len())
    }

    /// Each with its bucket.
    pub fn buckets(&self) -> impl Iterator<Item = (Second, Box<Bucket>)> + use<'a> {
        let columns = self.columns;
        let mut begin = self.begin;
        self.ends.iter().map(move |&SecondEnd { second, end }| {
            let mut bucket = Box::<Bucket>::default();
            columns.observe_plain(std::mem::replace(&mut begin, end)..end, &mut bucket);
            (second, bucket)
        })
    }
}
