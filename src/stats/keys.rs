//! Keys to small numbers, with what was counted under each: exact to a cap, bounded beyond it.
//!
//! Keys lie end to end in one arena; an entry holds a key's place, its totals and its first and last
//! bytes, which are all of a short key. So counting a known key touches the index and one entry, and for a long key its
//! bytes. The index holds ids only, hashed with a seed of this process, so that a log cannot
//! aim at collisions.
//!
//! Past the cap the light half is dropped, as in lossy counting (Manku and Motwani, VLDB 2002): no key
//! that is kept was undercounted by more than `error`, no key that was dropped had more than that.
//! Memory: at most one entry past [`MAX_KEYS`], of 56 bytes each, one key past [`MAX_KEY_BYTES`], and
//! the index.

use std::hash::BuildHasher;

use foldhash::fast::{FixedState, RandomState};
use hashbrown::HashTable;

use super::distinct::Distinct;
use crate::hashing::GOLDEN_RATIO;
use crate::quantity::Count;

/// Distinct keys that a table holds; up to here counts are exact.
pub const MAX_KEYS: usize = 100_000;
/// Bytes of keys that a table holds; up to here counts are exact.
pub const MAX_KEY_BYTES: usize = 16 << 20;

/// The id of a record that has no key in a dimension.
pub const NONE: u32 = u32::MAX;
/// The id of a key that was dropped at the cap.
pub const DROPPED: u32 = u32::MAX - 1;

/// The first and the last bytes of a key, overlapping where it is short. Two keys of the same length, at most
/// [`SHORT`], are equal where these are: most keys are so short, and a loop over their bytes ends where the
/// processor does not predict it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ends(u64, u64);

/// Two words.
const SHORT: usize = 16;

/// So many ids are remembered: a power of two.
const RECENT: usize = 1 << 10;

impl Ends {
    #[inline]
    fn of(key: &[u8]) -> Ends {
        if let (Some(first), Some(last)) = (key.first_chunk(), key.last_chunk()) {
            Ends(u64::from_le_bytes(*first), u64::from_le_bytes(*last))
        } else if let (Some(first), Some(last)) = (key.first_chunk(), key.last_chunk()) {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            Ends(first.into(), last.into())
        } else {
            // None to three.
            let byte = |at: usize| key.get(at).copied().map_or(0, u64::from);
            Ends(byte(0), byte(1) | byte(2) << 8)
        }
    }

    /// Where the id is remembered of a key with these ends.
    #[inline]
    fn place(self) -> usize {
        let mixed = (self.0.rotate_left(23) ^ self.1).wrapping_mul(GOLDEN_RATIO);
        (mixed >> (u64::BITS - RECENT.ilog2())) as usize
    }
}

#[derive(Debug, Clone)]
struct KeySlot {
    ends: Ends,
    len: u32,
    start: u32,
    count: Count,
}

impl KeySlot {
    #[inline]
    fn holds(&self, arena: &[u8], key: &[u8], ends: Ends) -> bool {
        self.ends == ends
            && self.len as usize == key.len()
            && (key.len() <= SHORT || same_words(self.bytes(arena), key))
    }

    #[inline]
    fn bytes<'a>(&self, arena: &'a [u8]) -> &'a [u8] {
        &arena[self.start as usize..][..self.len as usize]
    }

    #[inline]
    fn hash(&self, arena: &[u8], hasher: &RandomState) -> u64 {
        hash(hasher, self.bytes(arena), self.ends)
    }
}

/// The ends of a short key are enough; its length is left out.
#[inline]
fn hash(hasher: &RandomState, key: &[u8], Ends(first, last): Ends) -> u64 {
    if key.len() <= SHORT {
        hasher.hash_one((first, last))
    } else {
        hasher.hash_one(key)
    }
}

/// The keys of one dimension with their totals.
#[derive(Debug)]
pub struct KeyTable {
    index: HashTable<u32>,
    hasher: RandomState,
    entries: Vec<KeySlot>,
    arena: Vec<u8>,
    /// For some of the bits that the ends of a key come to, the id that was counted last: most records are of a key that
    /// was counted not long ago, and then nothing is hashed or looked up.
    recent: Box<[u32; RECENT]>,
    max_keys: usize,
    full: bool,
    /// Hits that have a key, listed or dropped.
    hits: u64,
    /// By how much any key may be undercounted.
    error: u64,
    /// Distinct keys, once some were dropped; and the seed of their hashes.
    distinct: Option<Distinct>,
    seed: u64,
}

/// Where each id went when a table was reduced: its new id, or [`DROPPED`].
#[derive(Debug, Clone, Default)]
pub struct Renumbering(Vec<u32>);

impl Renumbering {
    /// `ids[id]` is the new id of `id`.
    pub fn new(ids: Vec<u32>) -> Renumbering {
        Renumbering(ids)
    }

    /// The new id of `id`.
    pub fn new_id(&self, id: u32) -> u32 {
        self.0.get(id as usize).copied().unwrap_or(id)
    }

    /// The ids go on to where `next` says.
    pub fn and_then(&mut self, next: &Renumbering) {
        for id in &mut self.0 {
            *id = next.new_id(*id);
        }
    }
}

impl Default for KeyTable {
    fn default() -> KeyTable {
        KeyTable::with_cap(MAX_KEYS)
    }
}

impl KeyTable {
    pub(super) fn with_cap(max_keys: usize) -> KeyTable {
        KeyTable {
            index: HashTable::new(),
            hasher: RandomState::default(),
            entries: Vec::new(),
            arena: Vec::new(),
            recent: Box::new([0; RECENT]),
            max_keys,
            full: false,
            hits: 0,
            error: 0,
            distinct: None,
            seed: 0,
        }
    }

    /// Counts one hit under `key` and returns its id.
    #[inline(always)]
    pub fn count(&mut self, key: &[u8], hit: &Count) -> u32 {
        self.hits += hit.hits;
        let ends = Ends::of(key);
        let recent = ends.place();
        let id = self.recent[recent];
        if let Some(entry) = self.entries.get_mut(id as usize)
            && entry.holds(&self.arena, key, ends)
        {
            entry.count.add(*hit);
            return id;
        }
        let hash = hash(&self.hasher, key, ends);
        let id = match self.find(hash, key, ends) {
            Some(id) => {
                self.entries[id as usize].count.add(*hit);
                id
            }
            None => self.insert(key, ends, hash, hit),
        };
        self.recent[recent] = id;
        id
    }

    /// The id of `key`, if it is there.
    pub fn id(&self, key: &[u8]) -> Option<u32> {
        let ends = Ends::of(key);
        self.find(hash(&self.hasher, key, ends), key, ends)
    }

    #[inline]
    fn find(&self, hash: u64, key: &[u8], ends: Ends) -> Option<u32> {
        let same = |&id: &u32| self.entries[id as usize].holds(&self.arena, key, ends);
        self.index.find(hash, same).copied()
    }

    #[cold]
    fn insert(&mut self, key: &[u8], ends: Ends, hash: u64, count: &Count) -> u32 {
        if let Some(distinct) = &mut self.distinct {
            distinct.observe(seeded(self.seed, key));
        }
        let id = self.entries.len() as u32;
        let start = self.arena.len() as u32;
        self.arena.extend_from_slice(key);
        let most = self.max_keys + 1;
        if self.entries.len() == self.entries.capacity() && self.entries.len() > most / 2 {
            // Twice as many would never be used.
            self.entries
                .reserve_exact(most.saturating_sub(self.entries.len()));
        }
        self.entries.push(KeySlot {
            ends,
            len: key.len() as u32,
            start,
            count: *count,
        });
        self.full = self.entries.len() > self.max_keys || self.arena.len() > MAX_KEY_BYTES;
        let KeyTable {
            index,
            entries,
            arena,
            hasher,
            ..
        } = self;
        index.insert_unique(hash, id, |&id| entries[id as usize].hash(arena, hasher));
        id
    }

    /// Whether there is room for the keys of `other` that are not here already.
    pub fn has_room_for(&self, other: &KeyTable) -> bool {
        let fits = |keys: usize, bytes: usize| {
            self.entries.len() + keys <= self.max_keys && self.arena.len() + bytes <= MAX_KEY_BYTES
        };
        if fits(other.entries.len(), other.arena.len()) {
            return true;
        }
        let (mut keys, mut bytes) = (0, 0);
        for id in 0..other.entries.len() as u32 {
            let key = other.key(id);
            let ends = Ends::of(key);
            let hash = hash(&self.hasher, key, ends);
            if self.find(hash, key, ends).is_none() {
                keys += 1;
                bytes += key.len();
            }
        }
        fits(keys, bytes)
    }

    /// Adds the counts of `other`, which has dropped no key. Returns the ids here of its keys.
    pub fn merge(&mut self, other: &KeyTable) -> Renumbering {
        debug_assert_eq!(other.error, 0, "a part is exact");
        let ids = other
            .counts()
            .map(|(id, count)| self.count(other.key(id), &count));
        Renumbering(ids.collect())
    }

    /// The bytes that its keys take: their slots, themselves and their places in the index.
    #[inline]
    pub fn bytes(&self) -> usize {
        self.entries.len() * (size_of::<KeySlot>() + 8) + self.arena.len()
    }

    /// Forgets all keys and keeps the memory.
    pub fn clear(&mut self) {
        self.index.clear();
        self.entries.clear();
        self.arena.clear();
        (self.hits, self.error, self.distinct, self.full) = (0, 0, None, false);
    }

    /// Whether the table has passed its cap.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Drops the light half where the table has passed its cap. All ids change.
    pub fn reduce_if_full(&mut self) -> Option<Renumbering> {
        if !self.is_full() {
            return None;
        }
        if self.distinct.is_none() {
            let mut distinct = Distinct::default();
            let ids = 0..self.entries.len() as u32;
            self.seed = ids.clone().fold(0, |seed, id| seeded(seed, self.key(id)));
            ids.for_each(|id| distinct.observe(seeded(self.seed, self.key(id))));
            self.distinct = Some(distinct);
        }
        let mut hits: Vec<u64> = self.entries.iter().map(|entry| entry.count.hits).collect();
        let middle = hits.len() / 2;
        let limit = *hits.select_nth_unstable(middle).1;
        self.error += limit;
        Some(self.retain(|count| count.hits > limit))
    }

    /// Drops the keys that are not to be kept, in place. All ids change.
    fn retain(&mut self, is_kept: impl Fn(&Count) -> bool) -> Renumbering {
        let mut ids = Vec::with_capacity(self.entries.len());
        let (mut kept, mut end) = (0, 0);
        let arena = &mut self.arena;
        self.entries.retain_mut(|entry| {
            if !is_kept(&entry.count) {
                ids.push(DROPPED);
                return false;
            }
            ids.push(kept);
            kept += 1;
            let (start, len) = (entry.start as usize, entry.len as usize);
            arena.copy_within(start..start + len, end);
            entry.start = end as u32;
            end += len;
            true
        });
        arena.truncate(end);
        self.full = self.entries.len() > self.max_keys || end > MAX_KEY_BYTES;
        self.index.clear();
        let KeyTable {
            index,
            entries,
            arena,
            hasher,
            ..
        } = self;
        for id in 0..entries.len() as u32 {
            let hash = |&id: &u32| entries[id as usize].hash(arena, hasher);
            index.insert_unique(hash(&id), id, hash);
        }
        Renumbering(ids)
    }

    /// The bytes of a key.
    pub fn key(&self, id: u32) -> &[u8] {
        self.entries[id as usize].bytes(&self.arena)
    }

    /// Every id with its totals.
    pub fn counts(&self) -> impl Iterator<Item = (u32, Count)> {
        self.entries
            .iter()
            .enumerate()
            .map(|(id, entry)| (id as u32, entry.count))
    }

    /// Hits that have a key.
    pub fn hits(&self) -> u64 {
        self.hits
    }

    /// By how many hits a key may be undercounted; 0 while nothing was dropped.
    pub fn error(&self) -> u64 {
        self.error
    }

    /// The number of distinct keys and the bound of its error (0: exact).
    pub fn unique(&self) -> (u64, u64) {
        match &self.distinct {
            None => (self.entries.len() as u64, 0),
            Some(distinct) => {
                let (estimate, error) = distinct.estimate();
                // No more keys than hits, and no fewer than are held.
                let held = self.entries.len() as u64;
                (estimate.min(self.hits).max(held), error)
            }
        }
    }
}

/// Whether two keys of the same length are equal, as far as whole words go; their [`Ends`] decide the rest. (As slices
/// they would be compared by a call, which takes longer than most keys.)
#[inline]
fn same_words(a: &[u8], b: &[u8]) -> bool {
    let (a, b) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    a.iter().zip(b).all(|(a, b)| a == b)
}

/// A hash of a key. The seed is made of all the keys that a table held when it was first full: so estimates are the same
/// in every run over a log, and who writes some of its lines cannot choose keys whose hashes are near each other.
fn seeded(seed: u64, key: &[u8]) -> u64 {
    FixedState::with_seed(seed ^ 0x6874_7470_6d6f_6e00).hash_one(key)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet, HashMap};

    use proptest::prelude::*;

    use super::*;

    const HIT: Count = Count {
        hits: 1,
        bytes: 10,
        errors: 0,
        client_errors: 0,
    };

    #[test]
    fn keys_of_any_length_that_differ_in_one_byte_are_kept_apart() {
        let mut table = KeyTable::default();
        let mut keys = Vec::new();
        for len in 0..40 {
            keys.push(vec![b'a'; len]);
            for at in 0..len {
                let mut key = vec![b'a'; len];
                key[at] = b'b';
                keys.push(key);
                key = vec![b'a'; len];
                key[at] = 0;
                keys.push(key);
            }
        }
        for _ in 0..2 {
            for (id, key) in keys.iter().enumerate() {
                assert_eq!(table.count(key, &HIT), id as u32, "{key:?}");
                assert_eq!(table.key(id as u32), key);
            }
        }
    }

    #[test]
    fn below_the_cap_every_count_is_exact() {
        let mut table = KeyTable::default();
        for i in 0..3000u32 {
            let id = table.count(format!("key{}", i % 1000).as_bytes(), &HIT);
            assert_eq!(table.key(id), format!("key{}", i % 1000).as_bytes());
            assert!(table.reduce_if_full().is_none());
        }
        assert_eq!(
            (table.unique(), table.error(), table.hits()),
            ((1000, 0), 0, 3000)
        );
        assert!(
            table
                .counts()
                .all(|(_, count)| count.hits == 3 && count.bytes == 30)
        );
    }

    #[test]
    fn at_the_cap_counts_are_still_exact() {
        let mut table = KeyTable::with_cap(64);
        for i in 0..64 {
            table.count(format!("key{i}").as_bytes(), &HIT);
            assert!(table.reduce_if_full().is_none(), "{i}");
        }
        assert_eq!((table.unique(), table.error()), ((64, 0), 0));
        table.count(b"one more", &HIT);
        assert!(table.reduce_if_full().is_some());
        assert_eq!(table.error(), 1);
    }

    /// Who writes a line cannot know the hash of a key, and the number of keys is never more than that of hits.
    #[test]
    fn hashes_hang_on_all_keys_that_were_there_before() {
        let seed = |other: &str| {
            let mut table = KeyTable::with_cap(64);
            for i in 0..64 {
                table.count(format!("key{i}").as_bytes(), &HIT);
            }
            table.count(other.as_bytes(), &HIT);
            table.reduce_if_full().expect("it is full");
            assert!(table.unique().0 <= table.hits());
            table.seed
        };
        assert_eq!(seed("one"), seed("one"));
        assert_ne!(seed("one"), seed("two"));
    }

    #[test]
    fn past_the_cap_every_count_stays_within_the_error() {
        let mut table = KeyTable::with_cap(64);
        let mut truth: HashMap<Vec<u8>, u64> = HashMap::new();
        // A few heavy keys among many that come once.
        for i in 0..20_000u32 {
            let key = if i % 3 == 0 {
                format!("heavy{}", i % 7)
            } else {
                format!("light{i}")
            }
            .into_bytes();
            *truth.entry(key.clone()).or_default() += 1;
            table.count(&key, &HIT);
            if let Some(ids) = table.reduce_if_full() {
                assert!((0..table.entries.len() as u32).all(|id| table.key(id) != b""));
                assert!(ids.0.iter().filter(|&&id| id != DROPPED).count() <= 32);
            }
        }
        assert_eq!(table.hits(), 20_000);
        let listed: HashMap<Vec<u8>, u64> = table
            .counts()
            .map(|(id, count)| (table.key(id).to_vec(), count.hits))
            .collect();
        for (key, &hits) in &truth {
            let counted = listed.get(key).copied().unwrap_or(0);
            assert!(
                counted <= hits && hits <= counted + table.error(),
                "{hits} {counted} ± {}",
                table.error()
            );
        }
        assert!(table.error() < 1000, "{}", table.error());
        assert!((0..7).all(|i| listed.contains_key(format!("heavy{i}").as_bytes())));
        let (unique, error) = table.unique();
        assert!(unique.abs_diff(truth.len() as u64) <= error);
    }

    /// A table with a small cap, reduced whenever it is full, and beside it the plain way.
    struct Checked {
        table: KeyTable,
        /// Those that are held, with what was counted since they came.
        held: BTreeMap<Vec<u8>, Count>,
        seen: BTreeSet<Vec<u8>>,
        hits: u64,
        error: u64,
    }

    impl Checked {
        fn new(cap: usize) -> Checked {
            Checked {
                table: KeyTable::with_cap(cap),
                held: BTreeMap::new(),
                seen: BTreeSet::new(),
                hits: 0,
                error: 0,
            }
        }

        fn count(&mut self, key: &[u8], count: Count) -> u32 {
            self.note(key, count);
            self.table.count(key, &count)
        }

        fn note(&mut self, key: &[u8], count: Count) {
            self.held.entry(key.to_vec()).or_default().add(count);
            self.seen.insert(key.to_vec());
            self.hits += count.hits;
        }

        /// Drops the light half if there are too many, in both ways.
        fn reduce(&mut self) {
            let cap = self.table.max_keys;
            assert_eq!(self.table.is_full(), self.held.len() > cap);
            let before: Vec<Vec<u8>> = self
                .table
                .counts()
                .map(|(id, _)| self.table.key(id).to_vec())
                .collect();
            let ids = self.table.reduce_if_full();
            assert_eq!(ids.is_some(), self.held.len() > cap);
            let Some(ids) = ids else { return };
            let mut hits: Vec<u64> = self.held.values().map(|count| count.hits).collect();
            hits.sort_unstable();
            let limit = hits[hits.len() / 2];
            self.error += limit;
            self.held.retain(|_, count| count.hits > limit);
            // Each id went to where its key is, or nowhere.
            for (id, key) in (0..).zip(&before) {
                let new = ids.new_id(id);
                assert_eq!(new == DROPPED, !self.held.contains_key(key));
                assert!(new == DROPPED || self.table.key(new) == key);
            }
            for id in [NONE, DROPPED] {
                assert_eq!(ids.new_id(id), id);
            }
        }

        fn check(&self) {
            let table = &self.table;
            let held: BTreeMap<Vec<u8>, Count> = table
                .counts()
                .map(|(id, count)| (table.key(id).to_vec(), count))
                .collect();
            assert_eq!(held, self.held);
            assert_eq!((table.hits(), table.error()), (self.hits, self.error));
            // So few are exact, dropped ones too.
            assert_eq!(table.unique(), (self.seen.len() as u64, 0));
            for (id, _) in table.counts() {
                let key = table.key(id);
                let ends = Ends::of(key);
                assert_eq!(
                    table.find(hash(&table.hasher, key, ends), key, ends),
                    Some(id)
                );
            }
        }
    }

    /// Keys, short and long, with what is counted.
    fn hits() -> impl Strategy<Value = Vec<(Vec<u8>, Count)>> {
        let key = (0u32..30, any::<bool>());
        let key = key.prop_map(|(number, long)| {
            let tail = if long { "/and-more-than-two-words" } else { "" };
            format!("/{number}{tail}").into_bytes()
        });
        let hit = (key, 1u64..4, 0u64..900, 0u64..2);
        let hit = hit.prop_map(|(key, hits, bytes, errors)| {
            let count = Count {
                hits,
                bytes,
                errors,
                client_errors: hits - 1,
            };
            (key, count)
        });
        prop::collection::vec(hit, 0..120)
    }

    proptest! {
        #[test]
        fn a_table_that_is_reduced_again_and_again_is_lossy_counting(hits in hits(), cap in 1usize..20) {
            let mut checked = Checked::new(cap);
            for (key, count) in &hits {
                let id = checked.count(key, *count);
                prop_assert_eq!(checked.table.key(id), &key[..]);
                checked.reduce();
                checked.check();
            }
            checked.table.clear();
            let mut again = Checked { table: checked.table, ..Checked::new(cap) };
            again.check();
            // Only some of them, so that what is remembered of the others would be seen.
            for (key, count) in &hits[hits.len() / 2..] {
                again.count(key, *count);
                again.reduce();
            }
            again.check();
        }

        #[test]
        fn tables_merge_to_the_whole_as_long_as_there_is_room(
            first in hits(),
            second in hits(),
            cap in 1usize..60,
        ) {
            let mut whole = Checked::new(cap);
            for (key, count) in &first {
                whole.count(key, *count);
                whole.reduce();
            }
            let mut part = KeyTable::with_cap(cap);
            for (key, count) in &second {
                part.count(key, count);
            }
            let before = whole.held.len();
            let new: BTreeSet<&Vec<u8>> = second.iter().map(|hit| &hit.0).collect();
            let new = new.into_iter().filter(|key| !whole.held.contains_key(*key)).count();
            prop_assert_eq!(whole.table.has_room_for(&part), before + new <= cap);
            let ids = whole.table.merge(&part);
            second.iter().for_each(|(key, count)| whole.note(key, *count));
            for (id, _) in part.counts() {
                prop_assert_eq!(whole.table.key(ids.new_id(id)), part.key(id));
            }
            whole.check();
            // Past the cap as one that was full by itself.
            whole.reduce();
            whole.check();
        }
    }

    #[test]
    fn the_bytes_of_keys_have_a_cap_too() {
        let key = |number: u8| vec![number; MAX_KEY_BYTES / 4];
        let table = |numbers: std::ops::Range<u8>| {
            let mut table = KeyTable::default();
            numbers.for_each(|number| _ = table.count(&key(number), &HIT));
            table
        };
        assert!(!table(0..4).is_full() && table(0..5).is_full());
        let three = table(0..3);
        for (other, room) in [(3..4, true), (2..4, true), (3..5, false), (0..3, true)] {
            assert_eq!(three.has_room_for(&table(other.clone())), room, "{other:?}");
        }
        let mut full = table(0..5);
        assert!(full.reduce_if_full().is_some());
        assert!(!full.is_full() && full.arena.is_empty());
    }
}
