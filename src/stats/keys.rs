//! Keys to small numbers, with what was counted under each: exact to a cap, bounded beyond it.
//!
//! Keys lie end to end in one arena; an entry holds a key's place and its totals, so that counting a
//! known key touches the index, one entry and the key's bytes. The index holds ids only, hashed with
//! a seed of this process, so that a log cannot aim at collisions.
//!
//! Past the cap the light half is dropped, as in lossy counting (Manku and Motwani, VLDB 2002): no key
//! that is kept was undercounted by more than `error`, no key that was dropped had more than that.
//! Memory: at most one entry past [`MAX_KEYS`], of 40 bytes each, one key past [`MAX_KEY_BYTES`], and
//! the index.

use std::hash::BuildHasher;

use foldhash::fast::{FixedState, RandomState};
use hashbrown::HashTable;

use super::distinct::Distinct;
use super::tally::Count;

/// Distinct keys that a table holds; up to here counts are exact.
pub const MAX_KEYS: usize = 100_000;
/// Bytes of keys that a table holds; up to here counts are exact.
pub const MAX_KEY_BYTES: usize = 16 << 20;

/// The id of a record that has no key in a dimension.
pub const NONE: u32 = u32::MAX;
/// The id of a key that was dropped at the cap.
pub const DROPPED: u32 = u32::MAX - 1;

#[derive(Debug, Clone)]
struct Entry {
    hash: u32,
    len: u32,
    start: u32,
    count: Count,
}

impl Entry {
    #[inline]
    fn holds(&self, arena: &[u8], key: &[u8]) -> bool {
        self.len as usize == key.len() && {
            let start = self.start as usize;
            same_bytes(&arena[start..start + key.len()], key)
        }
    }
}

/// The keys of one dimension with their totals.
#[derive(Debug)]
pub struct KeyTable {
    index: HashTable<u32>,
    hasher: RandomState,
    entries: Vec<Entry>,
    arena: Vec<u8>,
    /// The id that was counted last: the next record is often of the same client or section (57 % and 37 % in a
    /// common log), and then nothing is to be hashed or looked up.
    last: u32,
    max_keys: usize,
    full: bool,
    /// Hits that have a key, listed or dropped.
    hits: u64,
    /// By how much any key may be undercounted.
    error: u64,
    /// Distinct keys, once some were dropped.
    distinct: Option<Distinct>,
}

/// Where each id went when a table was reduced: its new id, or [`DROPPED`].
#[derive(Debug)]
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
}

impl Default for KeyTable {
    fn default() -> KeyTable {
        KeyTable::with_cap(MAX_KEYS)
    }
}

impl KeyTable {
    fn with_cap(max_keys: usize) -> KeyTable {
        KeyTable {
            index: HashTable::new(),
            hasher: RandomState::default(),
            entries: Vec::new(),
            arena: Vec::new(),
            last: 0,
            max_keys,
            full: false,
            hits: 0,
            error: 0,
            distinct: None,
        }
    }

    /// Counts one hit under `key` and returns its id.
    #[inline]
    pub fn count(&mut self, key: &[u8], hit: Count) -> u32 {
        self.hits += hit.hits;
        if let Some(entry) = self.entries.get_mut(self.last as usize)
            && entry.holds(&self.arena, key)
        {
            entry.count.add(hit);
            return self.last;
        }
        let hash = self.hasher.hash_one(key);
        self.last = match self.find(hash, key) {
            Some(id) => {
                self.entries[id as usize].count.add(hit);
                id
            }
            None => self.insert(key, hash, hit),
        };
        self.last
    }

    #[inline]
    fn find(&self, hash: u64, key: &[u8]) -> Option<u32> {
        let same = |&id: &u32| {
            let entry = &self.entries[id as usize];
            entry.hash == hash as u32 && entry.holds(&self.arena, key)
        };
        self.index.find(hash, same).copied()
    }

    #[cold]
    fn insert(&mut self, key: &[u8], hash: u64, count: Count) -> u32 {
        if let Some(distinct) = &mut self.distinct {
            distinct.observe(stable_hash(key));
        }
        let id = self.entries.len() as u32;
        let start = self.arena.len() as u32;
        self.arena.extend_from_slice(key);
        self.entries.push(Entry {
            hash: hash as u32,
            len: key.len() as u32,
            start,
            count,
        });
        self.full = self.entries.len() > self.max_keys || self.arena.len() > MAX_KEY_BYTES;
        let KeyTable {
            index,
            entries,
            arena,
            hasher,
            ..
        } = self;
        index.insert_unique(hash, id, |&id| {
            hasher.hash_one(bytes_of(entries, arena, id))
        });
        id
    }

    /// Whether all keys of `other` fit in beside those that are here, or are here already.
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
            if self.find(self.hasher.hash_one(key), key).is_none() {
                keys += 1;
                bytes += key.len();
            }
        }
        fits(keys, bytes)
    }

    /// Adds the counts of `other`, which has dropped no key: its ids in order, as they are here.
    pub fn merge(&mut self, other: &KeyTable) -> Renumbering {
        debug_assert_eq!(other.error, 0, "a part is exact");
        let ids = other
            .counts()
            .map(|(id, count)| self.count(other.key(id), count));
        Renumbering(ids.collect())
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
            (0..self.entries.len() as u32)
                .for_each(|id| distinct.observe(stable_hash(self.key(id))));
            self.distinct = Some(distinct);
        }
        let mut hits: Vec<u64> = self.entries.iter().map(|entry| entry.count.hits).collect();
        let middle = hits.len() / 2;
        let limit = *hits.select_nth_unstable(middle).1;
        self.error += limit;
        let mut ids = Vec::with_capacity(self.entries.len());
        let (mut entries, mut arena) = (Vec::new(), Vec::new());
        for entry in &self.entries {
            if entry.count.hits <= limit {
                ids.push(DROPPED);
                continue;
            }
            let from = entry.start as usize;
            ids.push(entries.len() as u32);
            let start = arena.len() as u32;
            arena.extend_from_slice(&self.arena[from..from + entry.len as usize]);
            entries.push(Entry {
                start,
                ..entry.clone()
            });
        }
        (self.entries, self.arena, self.full) = (entries, arena, false);
        self.index.clear();
        let KeyTable {
            index,
            entries,
            arena,
            hasher,
            ..
        } = self;
        for id in 0..entries.len() as u32 {
            let hash = |&id: &u32| hasher.hash_one(bytes_of(entries, arena, id));
            index.insert_unique(hash(&id), id, hash);
        }
        Some(Renumbering(ids))
    }

    /// The bytes of a key.
    pub fn key(&self, id: u32) -> &[u8] {
        bytes_of(&self.entries, &self.arena, id)
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
                // No more keys than hits.
                (estimate.min(self.hits), error)
            }
        }
    }
}

fn bytes_of<'a>(entries: &[Entry], arena: &'a [u8], id: u32) -> &'a [u8] {
    let entry = &entries[id as usize];
    &arena[entry.start as usize..(entry.start + entry.len) as usize]
}

/// Whether two keys of the same length are equal. Most are shorter than a call to compare memory takes:
/// eight bytes at a time, the last eight overlapping. (Compared as slices, the words would make that call.)
#[inline]
fn same_bytes(a: &[u8], b: &[u8]) -> bool {
    let (Some(last_a), Some(last_b)) = (a.last_chunk::<8>(), b.last_chunk::<8>()) else {
        return a.iter().zip(b).all(|(a, b)| a == b);
    };
    let (words_a, words_b) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    last_a == last_b && words_a.iter().zip(words_b).all(|(a, b)| a == b)
}

/// A hash that is the same in every run, so that estimates are too.
fn stable_hash(key: &[u8]) -> u64 {
    FixedState::with_seed(0x6874_7470_6d6f_6e00).hash_one(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    const HIT: Count = Count {
        hits: 1,
        bytes: 10,
        errors: 0,
    };

    #[test]
    fn below_the_cap_every_count_is_exact() {
        let mut table = KeyTable::default();
        for i in 0..3000u32 {
            let id = table.count(format!("key{}", i % 1000).as_bytes(), HIT);
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
            table.count(format!("key{i}").as_bytes(), HIT);
            assert!(table.reduce_if_full().is_none(), "{i}");
        }
        assert_eq!((table.unique(), table.error()), ((64, 0), 0));
        table.count(b"one more", HIT);
        assert!(table.reduce_if_full().is_some());
        assert_eq!(table.error(), 1);
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
            table.count(&key, HIT);
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
}
