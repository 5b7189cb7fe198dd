//! The closed seconds that an alert looks back on: its window and the one before.
//!
//! A second's bucket is moved in whole when it closes and looked at only when an alert fires: its keys
//! and counters, of all records and of those that some rule counts. Memory
//! has a budget: where it is passed, neighbouring seconds are merged to slices of two, four, eight …
//! seconds, one row per key; when the traffic allows it, new slices are finer again. A slice belongs
//! to the window in which it ends, and what was found says how coarse it was. A slice that takes in one
//! second after the other is folded when it has doubled: so a second costs what came in it, however long
//! the slice is.

use std::collections::{BTreeMap, VecDeque};

use super::Subset;
use crate::quantity::Count;
use crate::report::Change;
use crate::stats::bucket::{Bucket, Counters};
use crate::stats::dimension;
use crate::stats::keys::Renumbering;
use crate::stats::tally::Tally;
use crate::stats::totals::Totals;
use crate::time::{Second, Span};

/// 12 MiB of words, as they are allocated.
const BUDGET: usize = 3 << 20;
/// What an empty slice takes, in words: itself, its bucket, and what the allocator adds to these and to its hits.
const SLICE: usize = (size_of::<Slice>() + size_of::<Bucket>() + 64) / 4;

#[derive(Debug)]
struct Slice {
    first: Second,
    last: Second,
    bucket: Box<Bucket>,
    /// Its words, and those when it was folded last.
    words: usize,
    folded: usize,
}

impl Slice {
    #[inline]
    fn new(second: Second, bucket: Box<Bucket>) -> Slice {
        let words = words(&bucket);
        Slice {
            first: second,
            last: second,
            bucket,
            words,
            folded: words,
        }
    }

    /// How many seconds it spans.
    fn span(&self) -> Span {
        Span((self.last - self.first).0 + 1)
    }

    /// Takes in a later second or slice, or what came late.
    fn merge(&mut self, bucket: &Bucket, last: Second) {
        self.bucket.merge(bucket);
        self.last = last;
        self.count_words();
    }

    fn count_words(&mut self) {
        self.words = words(&self.bucket);
    }

    /// Brings it to its least size, if it has grown.
    fn compact(&mut self, scratch: &mut [Tally]) {
        if self.words > self.folded {
            self.bucket.fold(scratch);
            self.bucket.fit();
            self.count_words();
            self.folded = self.words;
        }
    }
}

/// What a slice with this bucket takes.
#[inline]
fn words(bucket: &Bucket) -> usize {
    SLICE + bucket.words()
}

/// Closed seconds, oldest first.
#[derive(Debug)]
pub struct Past {
    keep: Span,
    slices: VecDeque<Slice>,
    words: usize,
    /// Seconds in a new slice: a power of two.
    width: i64,
    /// How many slices span so many seconds, where that is more than one.
    coarse: BTreeMap<Span, usize>,
    /// The bits of the expressions whose matches are kept.
    kept: u64,
}

/// A hit of one of several keys: the place of the key among them, the ids of the hit, and what it counts.
pub type JointHit<'p> = (u32, &'p [u32], Count);

impl Past {
    /// Keeps twice the longest window of the rules; of what matched their expressions, those whose bit is in `kept`.
    pub fn new(window: Span, kept: u64) -> Past {
        Past {
            keep: Span(window.0 * 2),
            slices: VecDeque::new(),
            words: 0,
            width: 1,
            coarse: BTreeMap::new(),
            kept,
        }
    }

    /// Keeps at least the seconds of `span`.
    pub fn keep(&mut self, span: Span) {
        self.keep = self.keep.max(span);
    }

    /// Takes in a second that closed. `scratch` must be clear, and is again; buckets that are too old
    /// go to `recycle`.
    pub fn push(
        &mut self,
        second: Second,
        mut bucket: Box<Bucket>,
        scratch: &mut [Tally],
        mut recycle: impl FnMut(Box<Bucket>),
    ) {
        let oldest = second - self.keep;
        while let Some(front) = self.slices.front()
            && front.last <= oldest
            && let Some(old) = self.slices.pop_front()
        {
            self.words -= old.words;
            // Nearly all are of one second.
            if old.span() > Span::SECOND {
                remove(&mut self.coarse, old.span());
            }
            recycle(old.bucket);
        }
        bucket.keep_keys(self.kept);
        bucket.compact(scratch);
        if self.width > 1 {
            return self.push_coarse(second, bucket, scratch, recycle);
        }
        let slice = Slice::new(second, bucket);
        self.words += slice.words;
        self.slices.push_back(slice);
        if self.words > BUDGET {
            self.save(scratch);
        }
    }

    /// The first of seconds that it holds when they close up to `last`.
    pub fn first_kept(&self, last: Second) -> Second {
        (last - self.keep).next()
    }

    /// Whether seconds leave no trace once they are too old: where all have their own slices, as they come. At most `seconds`
    /// of them are kept at a time, with so many words.
    pub fn leaves_no_trace(&self, seconds: usize, words: usize) -> bool {
        let seconds = usize::try_from(self.keep.0).map_or(seconds, |keep| seconds.min(keep));
        let more = seconds.saturating_mul(SLICE).saturating_add(2 * words);
        self.width == 1 && self.words.saturating_add(more) <= BUDGET
    }

    /// The same where slices are longer than a second.
    #[cold]
    fn push_coarse(
        &mut self,
        second: Second,
        bucket: Box<Bucket>,
        scratch: &mut [Tally],
        mut recycle: impl FnMut(Box<Bucket>),
    ) {
        match self.slices.back_mut() {
            Some(back) if group(back.first, self.width) == group(second, self.width) => {
                self.words -= back.words;
                remove(&mut self.coarse, back.span());
                back.merge(&bucket, second);
                add(&mut self.coarse, back.span());
                if back.words > 2 * back.folded {
                    back.compact(scratch);
                }
                self.words += back.words;
                recycle(bucket);
            }
            _ => {
                let slice = Slice::new(second, bucket);
                self.words += slice.words;
                self.slices.push_back(slice);
            }
        }
        if self.words > BUDGET {
            self.save(scratch);
        }
        if self.width > 1 && self.words < BUDGET / 8 {
            self.width /= 2;
        }
    }

    /// Goes back below the budget: gives back what is spare, which costs nothing that is known, and becomes coarser
    /// where that is too little.
    #[cold]
    fn save(&mut self, scratch: &mut [Tally]) {
        for slice in &mut self.slices {
            slice.bucket.compact(scratch);
            slice.bucket.fit();
            slice.count_words();
            slice.folded = slice.folded.min(slice.words);
        }
        self.words = self.slices.iter().map(|slice| slice.words).sum();
        // With less than a quarter to spare, this would come again soon.
        while self.words > BUDGET / 4 * 3 && self.slices.len() > 2 {
            self.coarsen(scratch);
        }
    }

    fn coarsen(&mut self, scratch: &mut [Tally]) {
        self.width *= 2;
        let mut merged: VecDeque<Slice> = VecDeque::with_capacity(self.slices.len() / 2 + 1);
        for slice in self.slices.drain(..) {
            match merged.back_mut() {
                Some(back) if group(back.first, self.width) == group(slice.first, self.width) => {
                    back.merge(&slice.bucket, slice.last);
                }
                back => {
                    // Nothing more comes to the one before.
                    if let Some(back) = back {
                        back.compact(scratch);
                    }
                    merged.push_back(slice);
                }
            }
        }
        if let Some(back) = merged.back_mut() {
            back.compact(scratch);
        }
        self.words = merged.iter().map(|slice| slice.words).sum();
        self.coarse.clear();
        for slice in &merged {
            add(&mut self.coarse, slice.span());
        }
        self.slices = merged;
    }

    /// Takes in records that came late for `second`; `closed` is the last one that is.
    /// `scratch` must be clear, and is again.
    pub fn late(&mut self, second: Second, bucket: &Bucket, closed: Second, scratch: &mut [Tally]) {
        if second <= closed - self.keep {
            return;
        }
        let index = self.slices.partition_point(|slice| slice.last < second);
        if self
            .slices
            .get(index)
            .is_none_or(|slice| second < slice.first)
        {
            let slice = Slice::new(second, Box::default());
            self.words += slice.words;
            self.slices.insert(index, slice);
        }
        let slice = &mut self.slices[index];
        self.words -= slice.words;
        slice.merge(bucket, slice.last);
        slice.bucket.keep_keys(self.kept);
        slice.count_words();
        if slice.words > 2 * slice.folded + BUDGET / 64 {
            slice.compact(scratch);
        }
        self.words += slice.words;
        if self.words > BUDGET {
            self.save(scratch);
        }
    }

    /// Forgets all seconds.
    pub fn clear(&mut self) {
        self.slices.clear();
        self.coarse.clear();
        (self.words, self.width) = (0, 1);
    }

    /// The slices that end in `(after, to]`.
    fn within(&self, after: Second, to: Second) -> impl Iterator<Item = &Bucket> {
        // The longest window may be of days, and this one of a minute.
        let ends = |second: Second| self.slices.partition_point(|slice| slice.last <= second);
        let slices = self.slices.range(ends(after)..ends(to));
        slices.map(|slice| &*slice.bucket)
    }

    /// Adds up the records of the seconds in `(after, to]` that are of `subset`, whose matches are kept.
    pub fn tally(
        &self,
        (after, to): (Second, Second),
        subset: Subset,
        tallies: &mut [Tally],
    ) -> Counters {
        let mut counters = Counters::default();
        for bucket in self.within(after, to) {
            counters.merge(subset.counters(bucket));
            if let Some(log) = subset.log(bucket) {
                log.tally(tallies);
            }
        }
        counters
    }

    /// The records of `subset` in `(after, to]` whose key of a dimension has one of the `places`; `None` where it is not
    /// known any more which keys came together. See [`HitLog::hits_of`](crate::stats::hit_log::HitLog::hits_of).
    pub fn hits_of(
        &self,
        (after, to): (Second, Second),
        subset: Subset,
        (dimension, dimensions): (usize, usize),
        places: &[u32],
    ) -> Option<Vec<JointHit<'_>>> {
        let mut found = Vec::new();
        let logs = self
            .within(after, to)
            .filter_map(|bucket| subset.log(bucket));
        for log in logs {
            found.extend(log.hits_of(dimension, dimensions, places)?);
        }
        Some(found)
    }

    /// How many seconds the coarsest slice spans, where that is more than one.
    pub fn resolution(&self) -> Option<Span> {
        self.coarse.last_key_value().map(|(&span, _)| span)
    }

    /// Follows a reduction of the table of `dimension`.
    pub fn renumber(&mut self, dimension: usize, dimensions: usize, ids: &Renumbering) {
        for slice in &mut self.slices {
            slice.bucket.renumber(dimension, dimensions, ids);
        }
    }
}

fn add(coarse: &mut BTreeMap<Span, usize>, span: Span) {
    if span > Span::SECOND {
        *coarse.entry(span).or_default() += 1;
    }
}

fn remove(coarse: &mut BTreeMap<Span, usize>, span: Span) {
    if span > Span::SECOND
        && let Some(count) = coarse.get_mut(&span)
    {
        *count -= 1;
        if *count == 0 {
            coarse.remove(&span);
        }
    }
}

fn group(second: Second, width: i64) -> i64 {
    second.0.div_euclid(width)
}

/// For each dimension the key whose share of the hits grew most from the window before; ties go to the heavier, then by key
/// bytes. What is known is what the window comes to, and what it comes to with the one before.
pub fn changes(
    totals: &Totals,
    now: (&Counters, &[Tally]),
    both: (&Counters, &[Tally]),
) -> Vec<Change> {
    let share = |hits: u64, of: u64| {
        if of == 0 {
            0.0
        } else {
            hits as f64 / of as f64
        }
    };
    let before = both.0.without(now.0);
    let (all, all_before) = (now.0.hits, before.hits);
    let mut changes = Vec::new();
    // share − share before, over their common denominator: exact.
    let growth = |hits: u64, hits_before: u64| {
        i128::from(hits) * i128::from(all_before.max(1)) - i128::from(hits_before) * i128::from(all)
    };
    let change = |dimension, key: &[u8], hits: u64, hits_before: u64| Change {
        dimension,
        key: key.into(),
        share: share(hits, all),
        was: (all_before > 0).then(|| share(hits_before, all_before)),
    };
    for (index, (tally, tally_both)) in now.1.iter().zip(both.1).enumerate() {
        let (top, table) = (totals.tops()[index], totals.table(index));
        if top.rows == 0 {
            continue;
        }
        let hits = |id: u32| {
            let hits = tally.get(id).hits;
            (hits, tally_both.get(id).hits - hits)
        };
        let weighed = tally.ids().iter().map(|&id| {
            let (hits, hits_before) = hits(id);
            ((growth(hits, hits_before), hits), id)
        });
        let heaviest = weighed.max_by(|a, b| {
            let by_key = || table.key(b.1).cmp(table.key(a.1));
            a.0.cmp(&b.0).then_with(by_key)
        });
        if let Some((_, id)) = heaviest {
            let (hits, hits_before) = hits(id);
            changes.push(change(
                top.dimension.kind(),
                table.key(id),
                hits,
                hits_before,
            ));
        }
    }
    // The classes of status are counted in any case.
    let weight = |class: usize| {
        (
            growth(now.0.status[class], before.status[class]),
            now.0.status[class],
        )
    };
    let class = (1..=5)
        .rev()
        .max_by_key(|&class| weight(class))
        .filter(|&class| now.0.status[class] > 0);
    let listed = changes.iter().any(|change| change.dimension.name == STATUS);
    if let (Some(class), Some(dimension), false) = (class, dimension::named(STATUS), listed) {
        let key = [b'0' + class as u8, b'x', b'x'];
        changes.push(change(
            dimension.kind(),
            &key,
            now.0.status[class],
            before.status[class],
        ));
    }
    changes
}

/// The dimension that every alert reports.
const STATUS: &str = "status";

/// The share of 5xx, where there are hits.
pub fn error_share(counters: &Counters) -> Option<f64> {
    (counters.hits > 0).then(|| counters.status[5] as f64 / counters.hits as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Hit;

    fn bucket(second: i64, keys: u32) -> Box<Bucket> {
        let mut bucket = Box::<Bucket>::default();
        for id in 0..keys {
            let mut hit = Hit::uncounted(Second(second));
            hit.ids[0] = (id * 7 + second as u32) % (keys + 11);
            bucket.observe(&hit, 1);
        }
        bucket
    }

    /// Whatever was merged: what is counted stays, and memory stays in its budget.
    #[test]
    fn a_past_that_is_too_long_for_its_budget_becomes_coarser_and_loses_nothing() {
        let (mut past, mut scratch) = (Past::new(Span(20_000), 0), [Tally::default()]);
        let mut sums = [Tally::default()];
        let (seconds, keys) = (3000, 1000);
        for second in 0..seconds {
            past.push(Second(second), bucket(second, keys), &mut scratch, drop);
            assert!(past.words <= BUDGET);
            let words = past.slices.iter().map(|slice| slice.words).sum::<usize>();
            assert_eq!(past.words, words, "at {second}");
            let widest = past.slices.iter().map(Slice::span).max();
            let coarse = widest.filter(|&span| span > Span::SECOND);
            assert_eq!(past.resolution(), coarse, "at {second}");
        }
        let resolution = past.resolution().expect("it is coarse");
        let least = seconds as usize * keys as usize * 3 / BUDGET;
        assert!(resolution.0 >= least as i64, "{resolution:?}");
        assert!(resolution.0 <= 64, "{resolution:?}");
        let counters = past.tally((Second(-1), Second(seconds)), Subset::All, &mut sums);
        assert_eq!(counters.hits, seconds as u64 * u64::from(keys));
        let mut whole = [Tally::default()];
        (0..seconds).for_each(|second| bucket(second, keys).log.tally(&mut whole));
        let sorted = |tally: &Tally| {
            let mut counts: Vec<_> = tally.counts().collect();
            counts.sort_unstable_by_key(|(id, _)| *id);
            counts
        };
        assert_eq!(sorted(&sums[0]), sorted(&whole[0]));
    }

    #[test]
    fn where_it_becomes_quiet_new_seconds_are_fine_again() {
        let (mut past, mut scratch) = (Past::new(Span(300), 0), [Tally::default()]);
        for second in 0..600 {
            past.push(Second(second), bucket(second, 20_000), &mut scratch, drop);
        }
        assert!(past.resolution().is_some());
        for second in 600..1800 {
            past.push(Second(second), bucket(second, 1), &mut scratch, drop);
        }
        assert_eq!(past.resolution(), None);
        assert_eq!(past.slices.len(), 600);
    }
}
