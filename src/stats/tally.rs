//! Counts by id: a dense array with a list of the ids that were counted, so that clearing costs what counting did.

use std::cmp::Ordering;

use super::keys::{DROPPED, KeyTable, NONE, Renumbering};
use super::top::RowOrder;
use crate::quantity::Count;

/// Counts of one dimension over some span of time.
#[derive(Debug, Default)]
pub struct Tally {
    counts: Vec<Count>,
    touched: Vec<u32>,
    /// Hits with a key, dropped ones too.
    hits: u64,
    /// Hits whose key was dropped at the cap of its table.
    dropped: Count,
}

impl Tally {
    /// Adds `count` under `id`; [`NONE`] counts nowhere.
    #[inline]
    pub fn add(&mut self, id: u32, count: Count) {
        if id == NONE {
            return;
        }
        self.hits += count.hits;
        if id == DROPPED {
            self.dropped.add(count);
            return;
        }
        let index = id as usize;
        if index >= self.counts.len() {
            self.counts.resize(index + 1, Count::default());
        }
        let slot = &mut self.counts[index];
        if slot.hits == 0 {
            self.touched.push(id);
        }
        slot.add(count);
    }

    /// Forgets everything; it costs what counting did.
    pub fn clear(&mut self) {
        for id in self.touched.drain(..) {
            self.counts[id as usize] = Count::default();
        }
        self.hits = 0;
        self.dropped = Count::default();
    }

    /// Follows a reduction of the table.
    pub fn renumber(&mut self, ids: &Renumbering) {
        let old: Vec<(u32, Count)> = self
            .touched
            .drain(..)
            .map(|id| (id, std::mem::take(&mut self.counts[id as usize])))
            .collect();
        self.hits = self
            .hits
            .saturating_sub(old.iter().map(|(_, count)| count.hits).sum());
        for (id, count) in old {
            self.add(ids.new_id(id), count);
        }
    }

    /// The count under `id`.
    pub fn get(&self, id: u32) -> Count {
        self.counts.get(id as usize).copied().unwrap_or_default()
    }

    /// The ids that have a count.
    pub fn ids(&self) -> &[u32] {
        &self.touched
    }

    /// Every id with its count.
    pub fn counts(&self) -> impl Iterator<Item = (u32, Count)> {
        self.touched
            .iter()
            .map(|&id| (id, self.counts[id as usize]))
    }

    /// Every id with its count, and what was dropped under [`DROPPED`], if anything was.
    pub fn all_counts(&self) -> impl Iterator<Item = (u32, Count)> {
        let dropped = (self.dropped.hits > 0).then_some((DROPPED, self.dropped));
        self.counts().chain(dropped)
    }

    /// Hits that have a key.
    pub fn hits(&self) -> u64 {
        self.hits
    }

    /// The number of distinct keys and by how much it may be off (0: exact).
    ///
    /// Each dropped hit may be of a key of its own or of one that is there; the number is the middle of the two bounds.
    pub fn unique(&self) -> (u64, u64) {
        let dropped = self.dropped.hits;
        let least = (self.touched.len() as u64).max(u64::from(dropped > 0));
        let most = self.touched.len() as u64 + dropped;
        let middle = least + (most - least) / 2;
        (middle, most - middle)
    }

    /// By how many hits a key of `table` may be undercounted here: no more than was dropped in this
    /// span, and no more than over the whole run.
    pub fn error(&self, table: &KeyTable) -> u64 {
        self.dropped.hits.min(table.error())
    }
}

/// The ids of the first `rows` keys in this order, with their counts: the most first, ties by hits and then by key bytes. What
/// has no order here is ordered by hits.
pub fn heaviest(
    counts: impl Iterator<Item = (u32, Count)>,
    table: &KeyTable,
    rows: usize,
    order: RowOrder,
) -> Vec<(u32, Count)> {
    match order {
        RowOrder::Bytes => first(counts, table, rows, |(_, count)| count.bytes),
        RowOrder::Errors => first(counts, table, rows, |(_, count)| count.errors),
        RowOrder::ClientErrors => first(counts, table, rows, |(_, count)| count.client_errors),
        // Hits decide where nothing else does.
        RowOrder::Hits | RowOrder::P95 | RowOrder::Mean => first(counts, table, rows, |_| ()),
    }
}

/// The first `rows` of these keys: those of the greatest weight, ties by hits and then by key bytes.
pub fn first<W: PartialOrd>(
    all: impl IntoIterator<Item = (u32, Count)>,
    table: &KeyTable,
    rows: usize,
    weight: impl Fn(&(u32, Count)) -> W,
) -> Vec<(u32, Count)> {
    if rows == 0 {
        return Vec::new();
    }
    let order = |a: &(u32, Count), b: &(u32, Count)| {
        let by_weight = weight(b).partial_cmp(&weight(a));
        by_weight
            .unwrap_or(Ordering::Equal)
            .then_with(|| b.1.hits.cmp(&a.1.hits))
            .then_with(|| table.key(a.0).cmp(table.key(b.0)))
    };
    let all = all.into_iter();
    let few = all.size_hint().0.min(rows.saturating_mul(2));
    let mut kept: Vec<(u32, Count)> = Vec::with_capacity(few);
    let mut last: Option<(u32, Count)> = None;
    for key in all {
        // Nearly all are behind the last of the first ones so far.
        if last.is_some_and(|last| order(&key, &last).is_gt()) {
            continue;
        }
        kept.push(key);
        if kept.len() / 2 >= rows {
            last = Some(*kept.select_nth_unstable_by(rows - 1, order).1);
            kept.truncate(rows);
        }
    }
    kept.sort_unstable_by(order);
    kept.truncate(rows);
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HIT: Count = Count {
        hits: 1,
        bytes: 0,
        errors: 0,
        client_errors: 0,
    };

    #[test]
    fn distinct_keys_are_exact_until_some_are_dropped_and_bounded_then() {
        let mut tally = Tally::default();
        assert_eq!(tally.unique(), (0, 0));
        for id in [3, 1, 3, NONE] {
            tally.add(id, HIT);
        }
        assert_eq!(tally.unique(), (2, 0));
        // Each of 5 may be a key of its own, or one of the two that are there.
        (0..5).for_each(|_| tally.add(DROPPED, HIT));
        assert_eq!(tally.unique(), (4, 3), "2 to 7");
        tally.clear();
        tally.add(DROPPED, HIT);
        assert_eq!(tally.unique(), (1, 0), "one hit is of one key");
        (0..9).for_each(|_| tally.add(DROPPED, HIT));
        assert_eq!(tally.unique(), (5, 5), "1 to 10");
    }

    /// What can be asked of a tally.
    fn seen(tally: &Tally) -> (u64, (u64, u64), Vec<(u32, Count)>) {
        let mut counts: Vec<_> = tally.all_counts().collect();
        counts.sort_unstable_by_key(|&(id, _)| id);
        (tally.hits(), tally.unique(), counts)
    }

    proptest! {
        #[test]
        fn the_first_rows_are_those_of_all_in_order(
            hits in prop::collection::vec(0u64..20, 0..60),
            rows in 0usize..9,
        ) {
            let mut table = KeyTable::default();
            let ids = (0..hits.len()).map(|key| table.count(format!("{}", key * 7 % 60).as_bytes(), &HIT));
            let ids: Vec<u32> = ids.collect();
            let count = |hits| Count { hits, ..HIT };
            let mut all: Vec<_> = ids.into_iter().zip(hits.into_iter().map(count)).collect();
            let found = heaviest(all.iter().copied(), &table, rows, RowOrder::Hits);
            all.sort_by(|a, b| b.1.hits.cmp(&a.1.hits).then_with(|| table.key(a.0).cmp(table.key(b.0))));
            all.truncate(rows);
            prop_assert_eq!(found, all);
        }

        #[test]
        fn a_renumbered_tally_is_that_of_the_new_ids(
            ids in prop::collection::vec((0u32..8, 0u64..5000, any::<bool>()), 0..50),
            dropped in 0u32..5,
            cleared in any::<bool>(),
        ) {
            let new = Renumbering::new(vec![3, DROPPED, 0, 1, DROPPED, 2]);
            let (mut tally, mut want) = (Tally::default(), Tally::default());
            if cleared {
                tally.add(4, HIT);
                tally.clear();
            }
            for (id, bytes, error) in ids {
                let id = if id == 6 { NONE } else { id };
                let id = if id == 7 { DROPPED } else { id };
                let count = Count { hits: 1, bytes, errors: u64::from(error), client_errors: 0 };
                tally.add(id, count);
                want.add(new.new_id(id), count);
            }
            (0..dropped).for_each(|_| {
                tally.add(DROPPED, HIT);
                want.add(DROPPED, HIT);
            });
            tally.renumber(&new);
            prop_assert_eq!(seen(&tally), seen(&want));
        }
    }
}
