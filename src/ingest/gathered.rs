//! Records of history that wait to be placed together, where few come in a second.
//!
//! A second that is open has a bucket, which costs more than what is in it where that is a record or two. In
//! [columns](crate::stats::columns) most seconds never have one. So where seconds are sparse, and nobody asks for each of them,
//! records wait until there are some thousands, or until something else is to be known; then they are taken as the batches of
//! a [part](super::chunk) are. What they come to is the same, only later.

use super::chunk::ChunkPlace;
use super::{ClosedSeconds, Ingest};
use crate::stats::Hit;
use crate::stats::columns::{Ascent, HitColumns};
use crate::stats::keys::Renumbering;

/// So many records wait until they are placed, and twice as many if nobody asks: some 50 bytes each.
const MOST: usize = 1 << 14;
/// More records in a second on average are not sparse: with most of them the buckets of the last seconds must be filled all
/// the same.
const SPARSE: u64 = 8;
/// So many seconds are looked at before it is known how many records come in one.
const LOOKED_AT: u32 = 64;
/// So many are not, where records waited in vain: most logs go on as they are.
const IN_VAIN: u32 = 1 << 12;

/// Records that wait.
#[derive(Debug, Default)]
struct Waiting {
    columns: HitColumns,
    ascents: Vec<Ascent>,
}

/// See the module's text.
#[derive(Debug)]
pub(super) struct Gathered {
    waiting: Box<Waiting>,
    /// Empty, to be in the place of those that waited while they are being placed.
    nothing: Option<Box<Waiting>>,
    /// Whether records wait, those that come too.
    waits: bool,
    /// Whether those that waited are being placed: how many ascents were, and how far the next one is.
    placing: bool,
    placed: usize,
    place: ChunkPlace,
    /// Lines came that are no records: the next record is not of the next line.
    passed: bool,
    /// Seconds until it is looked whether records are to wait, and how many lines there were before them.
    seconds: u32,
    lines: u64,
}

impl Gathered {
    /// Nothing waits; there are so many dimensions.
    pub(super) fn new(dimensions: usize) -> Gathered {
        let mut waiting = Box::<Waiting>::default();
        // Their ids are those of the totals.
        let ids = &mut waiting.columns.ids;
        ids.resize_with(dimensions, Renumbering::default);
        Gathered {
            waiting,
            nothing: None,
            waits: false,
            placing: false,
            placed: 0,
            place: ChunkPlace::default(),
            passed: false,
            seconds: LOOKED_AT,
            lines: 0,
        }
    }

    /// See [`Gathered::passed`].
    #[inline]
    pub(super) fn pass_line(&mut self) {
        self.passed = true;
    }
}

impl Ingest {
    /// Has a record of history wait for others, where seconds are sparse; `false` where it is to be placed.
    #[inline(always)] // There is one for each second.
    pub(super) fn gather(&mut self, hit: &Hit, closed: &mut impl ClosedSeconds) -> bool {
        if self.gathered.placing {
            // Nobody asked what came of them.
            self.place_gathered(closed);
        }
        if !self.gathered.waits {
            self.gathered.seconds -= 1;
            if self.gathered.seconds > 0 || !self.begin_to_gather(closed) {
                return false;
            }
        }
        let line = self.front.origin().line;
        let Gathered {
            waiting, passed, ..
        } = &mut self.gathered;
        let Waiting { columns, ascents } = &mut **waiting;
        let goes_on = match ascents.last_mut() {
            Some(ascent) if ascent.counted == hit.counted && !*passed => {
                columns.goes_on(ascent, hit.time)
            }
            _ => false,
        };
        if !goes_on {
            let mut ascent = columns.begin(hit.time, line);
            ascent.counted = hit.counted;
            ascents.push(ascent);
            *passed = false;
        }
        columns.push(hit, self.books.totals.dimensions(), false);
        if columns.len() >= 2 * MOST {
            self.place_gathered(closed);
        }
        true
    }

    /// Some seconds have passed: whether records wait from now on.
    #[cold]
    fn begin_to_gather(&mut self, closed: &impl ClosedSeconds) -> bool {
        let lines = std::mem::replace(&mut self.gathered.lines, self.books.lines);
        let sparse = self.books.lines - lines <= SPARSE * u64::from(LOOKED_AT);
        let plain = self.rollup.is_none() && self.selection.is_plain() && self.front.len() == 1;
        self.gathered.seconds = LOOKED_AT;
        self.gathered.waits = sparse && plain && closed.closes_in_columns();
        self.running = None;
        self.gathered.waits
    }

    /// Places the records that wait.
    #[inline]
    pub(super) fn take_gathered(&mut self, closed: &mut impl ClosedSeconds) {
        if !self.gathered.waiting.ascents.is_empty() {
            self.place_gathered(closed);
        }
    }

    #[inline(never)]
    fn place_gathered(&mut self, closed: &mut impl ClosedSeconds) {
        self.gathered.placing = true;
        while self.place_more(closed) {}
    }

    /// Begins to place the records that wait, if there are many or `all` are to be.
    pub fn begin_to_place(&mut self, all: bool) {
        let least = if all { 1 } else { MOST };
        self.gathered.placing |= self.gathered.waiting.columns.len() >= least;
    }

    /// Places the next of the records that waited, if they are being placed; whether any were left. Whoever writes what comes of
    /// them need not keep much of it.
    #[inline(never)]
    pub fn place_more(&mut self, closed: &mut impl ClosedSeconds) -> bool {
        if !self.gathered.placing {
            return false;
        }
        if self.gathered.placed == self.gathered.waiting.ascents.len() {
            self.end_placing();
            return false;
        }
        // What places them asks for those that wait to be placed before: there are none.
        let nothing = self.gathered.nothing.take().unwrap_or_default();
        let waiting = std::mem::replace(&mut self.gathered.waiting, nothing);
        let mut place = self.gathered.place;
        // The lines are numbered as they are in their source.
        let line = std::mem::take(&mut self.front.current_mut().origin.line);
        let ascent = &waiting.ascents[self.gathered.placed];
        let more = self.take_ascent(&waiting.columns, ascent, &mut place, closed);
        self.front.current_mut().origin.line = line;
        self.gathered.nothing = Some(std::mem::replace(&mut self.gathered.waiting, waiting));
        self.gathered.place = place;
        self.gathered.placed += usize::from(!more);
        true
    }

    /// All that waited were placed: whether others are to wait.
    fn end_placing(&mut self) {
        let gathered = &mut self.gathered;
        let place = std::mem::take(&mut gathered.place);
        let sparse = gathered.waiting.columns.len() as u64 <= SPARSE * place.taken() as u64;
        gathered.waits = sparse && 2 * place.together() >= place.taken();
        gathered.seconds = IN_VAIN;
        gathered.waiting.columns.clear();
        gathered.waiting.ascents.clear();
        (gathered.placing, gathered.placed) = (false, 0);
    }
}
