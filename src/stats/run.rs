//! The keyed part of a second: who hit what, as a flat run of numbers.
//!
//! Most seconds are looked at once or never, so a hit is only appended: its ids, then its bytes with
//! the error flag in the top bit. What needs counts tallies the run when it needs them. A run that
//! grew long is folded to one row per key, so that a busy second costs its distinct keys.

use std::ops::Range;

use super::keys::Renumbering;
use super::tally::{Count, Tally};
use super::{Hit, SERVER_ERROR};

/// A second with more words than this is brought to its least size.
const BUSY: usize = 1 << 14;

const ERROR: u64 = 1 << 63;
/// A row of a folded run: dimension, id and count, as it is held.
const FOLDED_WORDS: usize = 8;

/// Hits by key over one second or several.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// `ids… low high` per hit; the stride is the number of dimensions + 2.
    flat: Vec<u32>,
    /// What was folded before: dimension, id, count.
    folded: Vec<(u32, u32, Count)>,
}

impl Run {
    /// Appends a hit, of which the first `dimensions` ids count.
    #[inline]
    pub fn push(&mut self, hit: &Hit, dimensions: usize) {
        let bytes = hit.bytes.min(ERROR - 1) | if hit.class == SERVER_ERROR { ERROR } else { 0 };
        // One by one: a copy of several would wait for each of those that were just written.
        self.flat.reserve(dimensions + 2);
        for &id in &hit.ids[..dimensions] {
            self.flat.push(id);
        }
        self.flat.push(bytes as u32);
        self.flat.push((bytes >> 32) as u32);
    }

    /// Appends some of the hits of `other`, which was never folded.
    pub fn extend(&mut self, other: &Run, hits: Range<usize>, dimensions: usize) {
        let stride = dimensions + 2;
        self.flat
            .extend_from_slice(&other.flat[hits.start * stride..hits.end * stride]);
    }

    /// What was pushed of the hit at `index`, where nothing was folded: ids, bytes sent.
    pub fn hit(&self, index: usize, dimensions: usize) -> (&[u32], u64) {
        let stride = dimensions + 2;
        let (ids, bytes) = self.flat[index * stride..][..stride].split_at(dimensions);
        (ids, count_of(bytes).bytes)
    }

    /// Adds every hit to one tally per dimension.
    pub fn tally(&self, tallies: &mut [Tally]) {
        let dimensions = tallies.len();
        for hit in self.flat.chunks_exact(dimensions + 2) {
            let count = count_of(&hit[dimensions..]);
            for (tally, &id) in tallies.iter_mut().zip(hit) {
                tally.add(id, count);
            }
        }
        for &(dimension, id, count) in &self.folded {
            tallies[dimension as usize].add(id, count);
        }
    }

    /// The keys of one of `dimensions`, each with what is counted under it; a key may come more than once.
    pub fn counts(&self, dimension: usize, dimensions: usize) -> Vec<(u32, Count)> {
        let flat = self
            .flat
            .chunks_exact(dimensions + 2)
            .map(|hit| (hit[dimension], count_of(&hit[dimensions..])));
        let folded = self
            .folded
            .iter()
            .filter(|row| row.0 as usize == dimension)
            .map(|row| (row.1, row.2));
        flat.chain(folded).collect()
    }

    /// Takes in what `other` holds.
    pub fn merge(&mut self, other: &Run) {
        self.flat.extend_from_slice(&other.flat);
        self.folded.extend_from_slice(&other.folded);
    }

    /// Brings a busy second to its least size: while it is open, hits and spare room take memory for as long as
    /// the lateness. `scratch` must be clear, and is again.
    #[inline]
    pub fn settle(&mut self, scratch: &mut [Tally]) {
        if self.flat.len() > BUSY {
            self.fold(scratch);
            self.flat.shrink_to_fit();
        }
    }

    /// Replaces the hits by one row per key, where that is smaller. `scratch` must be clear, and is again.
    pub fn fold(&mut self, scratch: &mut [Tally]) {
        self.tally(scratch);
        let rows: usize = scratch.iter().map(|tally| tally.ids().len()).sum();
        if rows * FOLDED_WORDS < self.words() {
            self.flat = Vec::new();
            self.folded = Vec::with_capacity(rows);
            for (dimension, tally) in scratch.iter().enumerate() {
                self.folded.extend(
                    tally
                        .counts()
                        .map(|(id, count)| (dimension as u32, id, count)),
                );
            }
        }
        scratch.iter_mut().for_each(Tally::clear);
    }

    /// Memory in use, in words of four bytes.
    pub fn words(&self) -> usize {
        self.flat.len() + self.folded.len() * FOLDED_WORDS
    }

    /// Forgets the hits and keeps the memory, unless a busy second made it large.
    pub fn clear(&mut self) {
        const KEEP: usize = 1 << 14;
        self.flat.clear();
        self.folded.clear();
        self.flat.shrink_to(KEEP);
        self.folded.shrink_to(KEEP);
    }

    /// Follows a reduction of the table of `dimension`.
    pub fn renumber(&mut self, dimension: usize, dimensions: usize, ids: &Renumbering) {
        for hit in self.flat.chunks_exact_mut(dimensions + 2) {
            hit[dimension] = ids.new_id(hit[dimension]);
        }
        for row in &mut self.folded {
            if row.0 as usize == dimension {
                row.1 = ids.new_id(row.1);
            }
        }
    }
}

/// What a hit counts, from the two words behind its ids.
fn count_of(words: &[u32]) -> Count {
    let bytes = u64::from(words[0]) | u64::from(words[1]) << 32;
    Count {
        hits: 1,
        bytes: bytes & !ERROR,
        errors: bytes >> 63,
    }
}
