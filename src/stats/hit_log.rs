//! The keyed part of a second: who hit what, as a flat log of numbers.
//!
//! Most seconds are looked at once or never, so a hit is only appended, as a row of words: its ids, then its bytes
//! with the error flag in the top bit. What needs counts tallies the log when it needs them. A log that
//! grew long is folded to one row per key, so that a busy second costs its distinct keys.

use std::ops::Range;

use super::keys::{NONE, Renumbering};
use super::tally::Tally;
use super::{CLIENT_ERROR, Hit, SERVER_ERROR};
use crate::quantity::Count;

/// A second with more words than this is folded when the next begins.
const BUSY: usize = 1 << 15;

/// A second that goes on and has more words than this is folded each time it has doubled: a log whose clock stands is
/// one second long.
const VAST: usize = 1 << 19;

/// Room for so many words is kept for the next second.
const KEPT: usize = 1 << 13;

const ERROR: u64 = 1 << 63;
/// The flag of a client error, in the bit below.
const CLIENT: u64 = 1 << 62;
/// More bytes of a hit are cut to so many.
pub const MOST_BYTES: u64 = CLIENT - 1;
/// The words of a hit beside its ids: its bytes, the lower half first.
const BYTES: usize = 2;
/// A row of a folded log: dimension, id and count, as it is held.
const FOLDED_WORDS: usize = 8;

/// Hits by key over one second or several.
#[derive(Debug, Clone, Default)]
pub struct HitLog {
    /// A row for each hit; the stride is the number of dimensions and [`BYTES`].
    hits: Vec<u32>,
    /// What was folded before: dimension, id, count.
    folded: Vec<(u32, u32, Count)>,
}

impl HitLog {
    /// Appends a hit, of which the first `dimensions` ids count; a log that is vast is folded now and then.
    #[inline(always)] // As `push`.
    pub fn observe(&mut self, hit: &Hit, dimensions: usize) {
        if self.hits.capacity() - self.hits.len() < dimensions + BYTES {
            self.make_room(dimensions + BYTES, dimensions);
        }
        self.push(hit, dimensions);
    }

    #[cold]
    fn make_room(&mut self, more: usize, dimensions: usize) {
        if self.hits.len() >= VAST {
            let mut scratch: Vec<Tally> = (0..dimensions).map(|_| Tally::default()).collect();
            self.fold(&mut scratch);
        }
        self.hits.reserve(more);
    }

    /// Appends a hit, of which the first `dimensions` ids count, and folds nothing.
    #[inline(always)] // A call is as much as what is done here, and there is one for each line.
    pub fn push(&mut self, hit: &Hit, dimensions: usize) {
        let bytes = hit.bytes.min(MOST_BYTES)
            | u64::from(hit.class == SERVER_ERROR) << 63
            | u64::from(hit.class == CLIENT_ERROR) << 62;
        let bytes = [bytes as u32, (bytes >> 32) as u32];
        if let [one, other] = hit.ids[..dimensions] {
            // As in most runs: there is room or there is none for all.
            self.hits.extend([one, other, bytes[0], bytes[1]]);
            return;
        }
        // One by one: a copy of several would wait for the writes of each.
        self.hits.reserve(dimensions + BYTES);
        for &id in &hit.ids[..dimensions] {
            self.hits.push(id);
        }
        self.hits.extend(bytes);
    }

    /// Appends some of the hits of `other`, which was never folded; `ids` are the new ones of each dimension.
    pub fn extend(&mut self, other: &HitLog, hits: Range<usize>, ids: &[Renumbering]) {
        let stride = ids.len() + BYTES;
        let words = hits.start * stride..hits.end * stride;
        if self.hits.capacity() - self.hits.len() < words.len() {
            self.make_room(words.len(), ids.len());
        }
        let before = self.hits.len();
        self.hits.extend_from_slice(&other.hits[words]);
        for hit in self.hits[before..].chunks_exact_mut(stride) {
            for (id, ids) in hit.iter_mut().zip(ids) {
                *id = ids.new_id(*id);
            }
        }
    }

    /// What was pushed of the hit at `index`, where nothing was folded: ids, bytes sent.
    pub fn hit(&self, index: usize, dimensions: usize) -> (&[u32], u64) {
        let stride = dimensions + BYTES;
        let (ids, count) = row(&self.hits[index * stride..][..stride]);
        (ids, count.bytes)
    }

    /// The bytes that were sent of some hits.
    pub fn bytes_of(&self, hits: Range<usize>, dimensions: usize) -> impl Iterator<Item = u64> {
        let stride = dimensions + BYTES;
        let rows = self.hits[hits.start * stride..hits.end * stride].chunks_exact(stride);
        rows.map(|words| row(words).1.bytes)
    }

    /// The words of four bytes that so many hits take.
    pub fn words_of(&self, hits: usize, dimensions: usize) -> usize {
        hits * (dimensions + BYTES)
    }

    /// The ids of each hit and what it counts.
    fn rows(&self, dimensions: usize) -> impl Iterator<Item = (&[u32], Count)> {
        self.hits.chunks_exact(dimensions + BYTES).map(row)
    }

    /// Adds every hit to one tally per dimension.
    pub fn tally(&self, tallies: &mut [Tally]) {
        let dimensions = tallies.len();
        for (ids, count) in self.rows(dimensions) {
            for (tally, &id) in tallies.iter_mut().zip(ids) {
                tally.add(id, count);
            }
        }
        for &(dimension, id, count) in &self.folded {
            tallies[dimension as usize].add(id, count);
        }
    }

    /// The same of some hits, where none was folded; `ids` are the new ones of each dimension.
    pub fn tally_hits(&self, hits: Range<usize>, ids: &[Renumbering], tallies: &mut [Tally]) {
        let stride = ids.len() + BYTES;
        let words = &self.hits[hits.start * stride..hits.end * stride];
        for (keys, count) in words.chunks_exact(stride).map(row) {
            for ((tally, &id), ids) in tallies.iter_mut().zip(keys).zip(ids) {
                tally.add(ids.new_id(id), count);
            }
        }
    }

    /// The hits whose key of `dimension` has one of the `places`, which are by id, or else [`NONE`]: the place, the ids of
    /// the hit, and what it counts. `None` where hits were folded: which of their keys came together is not known any more.
    pub fn hits_of(
        &self,
        dimension: usize,
        dimensions: usize,
        places: &[u32],
    ) -> Option<impl Iterator<Item = (u32, &[u32], Count)>> {
        let found = self.rows(dimensions).filter_map(move |(ids, count)| {
            let place = places.get(ids[dimension] as usize);
            let place = place.filter(|&&place| place != NONE)?;
            Some((*place, ids, count))
        });
        self.folded.is_empty().then_some(found)
    }

    /// The keys of one of `dimensions`, each with what is counted under it; a key may come more than once.
    pub fn counts(
        &self,
        dimension: usize,
        dimensions: usize,
    ) -> impl Iterator<Item = (u32, Count)> {
        let hits = self.rows(dimensions);
        let flat = hits.map(move |(ids, count)| (ids[dimension], count));
        let folded = self
            .folded
            .iter()
            .filter(move |row| row.0 as usize == dimension)
            .map(|row| (row.1, row.2));
        flat.chain(folded)
    }

    /// Adds what `other` holds.
    pub fn merge(&mut self, other: &HitLog) {
        self.hits.extend_from_slice(&other.hits);
        self.folded.extend_from_slice(&other.folded);
    }

    /// Makes a busy second as small as it can be: while it is open, hits and spare room take memory for as long as
    /// the lateness. `scratch` must be clear, and is again.
    #[inline]
    pub fn compact(&mut self, scratch: &mut [Tally]) {
        if self.is_busy() {
            self.compact_busy(scratch);
        }
    }

    #[cold]
    fn compact_busy(&mut self, scratch: &mut [Tally]) {
        if self.hits.len() > BUSY {
            self.fold(scratch);
        }
        self.fit();
    }

    /// Whether it takes more memory than is kept for the next second.
    #[inline]
    pub fn is_busy(&self) -> bool {
        self.words() > KEPT
    }

    /// Gives back all spare room.
    pub fn fit(&mut self) {
        self.hits.shrink_to_fit();
        self.folded.shrink_to_fit();
    }

    /// Replaces the hits by one row per key, where that is smaller. `scratch` must be clear, and is again.
    pub fn fold(&mut self, scratch: &mut [Tally]) {
        self.tally(scratch);
        let rows: usize = scratch.iter().map(|tally| tally.all_counts().count()).sum();
        if rows * FOLDED_WORDS * 4 < self.bytes() {
            self.hits = Vec::new();
            self.folded = Vec::with_capacity(rows);
            for (dimension, tally) in scratch.iter().enumerate() {
                self.folded.extend(
                    tally
                        .all_counts()
                        .map(|(id, count)| (dimension as u32, id, count)),
                );
            }
        }
        scratch.iter_mut().for_each(Tally::clear);
    }

    /// The bytes that its hits take, without spare room.
    pub fn bytes(&self) -> usize {
        let folded = self.folded.len() * FOLDED_WORDS;
        4 * (self.hits.len() + folded)
    }

    /// The memory it takes, spare room too, in words of four bytes.
    #[inline]
    pub fn words(&self) -> usize {
        let folded = self.folded.capacity() * FOLDED_WORDS;
        self.hits.capacity() + folded
    }

    /// Forgets the hits and keeps the memory.
    pub fn clear(&mut self) {
        self.hits.clear();
        self.folded.clear();
    }

    /// Gives back the memory that a busy second took beyond the usual.
    #[inline]
    pub fn shrink(&mut self) {
        if self.is_busy() {
            self.shrink_busy();
        }
    }

    #[cold]
    fn shrink_busy(&mut self) {
        self.hits.shrink_to(KEPT);
        self.folded = Vec::new();
    }

    /// Follows a reduction of the table of `dimension`.
    pub fn renumber(&mut self, dimension: usize, dimensions: usize, ids: &Renumbering) {
        for hit in self.hits.chunks_exact_mut(dimensions + BYTES) {
            hit[dimension] = ids.new_id(hit[dimension]);
        }
        for row in &mut self.folded {
            if row.0 as usize == dimension {
                row.1 = ids.new_id(row.1);
            }
        }
    }
}

/// A hit as it was pushed: its ids and what it counts.
#[inline]
fn row(words: &[u32]) -> (&[u32], Count) {
    let (ids, bytes) = words.split_at(words.len() - BYTES);
    let bytes = u64::from(bytes[0]) | u64::from(bytes[1]) << 32;
    let count = Count {
        hits: 1,
        bytes: bytes & !(ERROR | CLIENT),
        errors: bytes >> 63,
        client_errors: bytes >> 62 & 1,
    };
    (ids, count)
}

#[cfg(test)]
mod tests {
    use super::super::keys::DROPPED;
    use super::*;
    use crate::time::Second;

    #[test]
    fn a_hit_keeps_its_bytes_and_its_class() {
        for class in 0..=5 {
            let mut log = HitLog::default();
            let mut hit = Hit::uncounted(Second(0));
            (hit.bytes, hit.class, hit.ids[0]) = (u64::MAX, class, 7);
            log.push(&hit, 1);
            hit.bytes = 9;
            log.push(&hit, 1);
            let rows: Vec<(Vec<u32>, Count)> = log
                .rows(1)
                .map(|(ids, count)| (ids.to_vec(), count))
                .collect();
            let count = |bytes| Count {
                hits: 1,
                bytes,
                errors: u64::from(class == SERVER_ERROR),
                client_errors: u64::from(class == CLIENT_ERROR),
            };
            assert_eq!(rows, [(vec![7], count(CLIENT - 1)), (vec![7], count(9))]);
        }
    }

    /// A clock that stands: one second takes what its keys take, not what its hits would.
    #[test]
    fn a_second_without_end_takes_what_its_keys_take() {
        let (mut log, mut chunk) = (HitLog::default(), HitLog::default());
        let hits = 3 * VAST as u32;
        for id in 0..hits {
            let mut hit = Hit::uncounted(Second(0));
            hit.ids[0] = id % 10;
            if id % 2 == 0 {
                log.observe(&hit, 1);
            } else {
                chunk.push(&hit, 1);
            }
        }
        let ids = [Renumbering::new(Vec::new())];
        log.extend(&chunk, 0..hits as usize / 2, &ids);
        assert!(log.words() * 4 < chunk.words() * 5, "{}", log.words());
        log.extend(&chunk, 0..1, &ids);
        let sum: u64 = log.counts(0, 1).map(|(_, count)| count.hits).sum();
        assert_eq!(sum, u64::from(hits) + 1);
        let mut scratch = [Tally::default()];
        log.compact(&mut scratch);
        assert!(log.words() < 100, "{}", log.words());
    }

    #[test]
    fn a_fold_keeps_the_hits_of_dropped_keys() {
        let mut log = HitLog::default();
        for id in [7, DROPPED, 7, DROPPED, DROPPED]
            .into_iter()
            .cycle()
            .take(100)
        {
            let mut hit = Hit::uncounted(Second(0));
            hit.ids[0] = id;
            log.push(&hit, 1);
        }
        let mut scratch = [Tally::default()];
        log.fold(&mut scratch);
        assert!(log.words() < 100, "it is folded");
        let mut counts: Vec<_> = log.counts(0, 1).collect();
        counts.sort_unstable_by_key(|(id, _)| *id);
        let hits: Vec<_> = counts.iter().map(|(id, count)| (*id, count.hits)).collect();
        assert_eq!(hits, [(7, 40), (DROPPED, 60)]);
    }
}
