//! The rows of a rollup: what hits of a second have in common, as text, and how many they are.
//!
//! Nearly every hit is a row of its own, since its bytes are in it. So a row is only appended; those of a second are put
//! in order, and equal ones together, once: the rows of a part of the input by the thread that reads it, and here all that
//! is left to do is to merge what several parts have of one second.

use std::ops::Range;

/// Bytes that a row takes beside its text.
const BESIDE: usize = 16;
/// Room for so many bytes is kept for the next second.
const KEPT: usize = 16 << 10;

/// Rows, each with its hits.
#[derive(Debug, Clone)]
pub struct RollupRows {
    /// The text of all of them, end to end.
    text: Vec<u8>,
    /// For each its hits, and where its text ends.
    ends: Vec<(u64, usize)>,
    /// Whether they are known to ascend, so that no two are equal.
    ascending: bool,
    /// The bytes that they would take if each hit had a row of its own, but for those that were put together by
    /// [`RollupRows::sort`]: it makes no difference in how many parts they came.
    weight: usize,
}

/// Room in which rows are put in order.
///
/// Rows have few beginnings: the status, the method and the protocol. So a row is sorted as a number, which says the
/// place of its beginning among the others, the eight bytes behind that, and where it is; only where those are the
/// same are texts compared.
#[derive(Debug, Default)]
pub struct RowSort {
    numbers: Vec<u128>,
    /// The beginnings, in the order of their numbers, and for each its place among them.
    beginnings: Vec<u128>,
    places: Vec<u32>,
}

/// Bytes of a beginning.
const BEGINNING: usize = 16;
/// With more beginnings than this texts are compared.
const MOST_BEGINNINGS: usize = 64;

impl Default for RollupRows {
    fn default() -> RollupRows {
        RollupRows {
            text: Vec::new(),
            ends: Vec::new(),
            ascending: true,
            weight: 0,
        }
    }
}

impl RollupRows {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes that they take.
    pub fn bytes(&self) -> usize {
        self.text.len() + self.ends.len() * BESIDE
    }

    /// See the field.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// The bytes that these take.
    pub fn bytes_of(&self, range: Range<usize>) -> usize {
        let text = self.start(range.end) - self.start(range.start);
        text + range.len() * BESIDE
    }

    /// Where the text of the row at `place` begins.
    #[inline]
    fn start(&self, place: usize) -> usize {
        place.checked_sub(1).map_or(0, |before| self.ends[before].1)
    }

    /// The text of the row at `place`.
    #[inline]
    pub fn text(&self, place: usize) -> &[u8] {
        &self.text[self.start(place)..self.ends[place].1]
    }

    /// The hits and the text of each.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &[u8])> {
        (0..self.len()).map(|place| (self.ends[place].0, self.text(place)))
    }

    /// Adds a row of one hit, whose text `write` appends.
    #[inline]
    pub fn write(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.text);
        self.ascending &= self.ends.is_empty();
        self.ends.push((1, self.text.len()));
    }

    /// Adds a row.
    pub fn push(&mut self, hits: u64, text: &[u8]) {
        self.ascending &= self.ends.is_empty();
        self.weight += text.len() + BESIDE;
        self.append(hits, text);
    }

    #[inline]
    fn append(&mut self, hits: u64, text: &[u8]) {
        self.text.extend_from_slice(text);
        self.ends.push((hits, self.text.len()));
    }

    /// Adds some of the rows of `other`, which ascend in this order: hits and place; and what they weigh.
    pub fn extend(&mut self, other: &RollupRows, order: &[(u64, u32)], weight: usize) {
        self.weight += weight;
        let Some(&(_, first)) = order.first() else {
            return;
        };
        let last = self.len().checked_sub(1).map(|last| self.text(last));
        self.ascending &= last.is_none_or(|last| last < other.text(first as usize));
        for &(hits, place) in order {
            self.append(hits, other.text(place as usize));
        }
    }

    /// Appends the order in which these rows ascend: the hits of those that are equal, and the place of one.
    pub fn order(&self, range: Range<usize>, sort: &mut RowSort, order: &mut Vec<(u64, u32)>) {
        if let [(hits, _)] = self.ends[range.clone()] {
            return order.push((hits, range.start as u32));
        }
        sort.take(range.map(|place| (place as u32, self.text(place))));
        let place = |number: u128| number as u32;
        let text = |number: u128| self.text(place(number) as usize);
        let alike = |a: &u128, b: &u128| a >> 32 == b >> 32;
        for rows in sort.numbers.chunk_by_mut(alike) {
            if rows.len() > 1 {
                rows.sort_unstable_by(|&a, &b| text(a).cmp(text(b)));
            }
            let mut last = None;
            for &row in &*rows {
                let hits = self.ends[place(row) as usize].0;
                match order.last_mut() {
                    Some((sum, _)) if last.is_some_and(|last| text(last) == text(row)) => {
                        *sum += hits;
                    }
                    _ => order.push((hits, place(row))),
                }
                last = Some(row);
            }
        }
    }

    /// Puts all of them in order, and equal ones together.
    pub fn sort(&mut self, scratch: &mut RowSort) {
        self.weight = self.bytes();
        if self.ascending {
            return;
        }
        let mut order = Vec::with_capacity(self.len());
        self.order(0..self.len(), scratch, &mut order);
        let mut sorted = RollupRows {
            text: Vec::with_capacity(self.text.len()),
            ends: Vec::with_capacity(order.len()),
            ascending: true,
            weight: 0,
        };
        sorted.extend(self, &order, 0);
        sorted.weight = sorted.bytes();
        *self = sorted;
    }

    /// Moves them behind others: the hits of each and where its text ends, and the text.
    pub fn append_to(&mut self, rows: &mut Vec<(u64, usize)>, text: &mut Vec<u8>) {
        let before = text.len();
        rows.extend(self.ends.iter().map(|&(hits, end)| (hits, before + end)));
        text.append(&mut self.text);
        self.clear();
        if self.text.capacity() > KEPT {
            (self.text, self.ends) = (Vec::new(), Vec::new());
        }
    }

    /// Forgets them and keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        (self.ascending, self.weight) = (true, 0);
    }
}

impl RowSort {
    /// Takes rows, by their places, and puts their numbers in order.
    fn take<'r>(&mut self, rows: impl Iterator<Item = (u32, &'r [u8])>) {
        self.numbers.clear();
        self.beginnings.clear();
        let (mut last, mut are_many) = (0, false);
        for (place, text) in rows {
            let (beginning, next) = key(text);
            if self.beginnings.get(last) != Some(&beginning) {
                let known = self.beginnings.iter().position(|&known| known == beginning);
                last = known.unwrap_or(self.beginnings.len());
                if known.is_none() && last < MOST_BEGINNINGS {
                    self.beginnings.push(beginning);
                }
            }
            are_many |= last == MOST_BEGINNINGS;
            self.numbers
                .push((last as u128) << 96 | u128::from(next) << 32 | u128::from(place));
        }
        self.places.clear();
        let before = |beginning: &u128| {
            let less = self.beginnings.iter().filter(|other| *other < beginning);
            less.count() as u32
        };
        if are_many {
            // They are all alike.
            self.numbers
                .iter_mut()
                .for_each(|number| *number &= u128::from(u32::MAX));
            return;
        }
        self.places.extend(self.beginnings.iter().map(before));
        for number in &mut self.numbers {
            let place = self.places[(*number >> 96) as usize];
            *number = (u128::from(place) << 96) | (*number & (u128::MAX >> 32));
        }
        self.numbers.sort_unstable();
    }
}

/// The beginning of a row, and the bytes behind it. No text has a zero byte, so that a shorter one comes first.
#[inline]
fn key(text: &[u8]) -> (u128, u64) {
    const LEN: usize = BEGINNING + 8;
    let mut padded = [0; LEN];
    let first: &[u8; LEN] = text.first_chunk().unwrap_or_else(|| {
        padded[..text.len()].copy_from_slice(text);
        &padded
    });
    let word = |at: usize| {
        let bytes = first[at..].first_chunk().expect("it is within them");
        u64::from_be_bytes(*bytes)
    };
    (u128::from(word(0)) << 64 | u128::from(word(8)), word(16))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Texts that have much in common, of all lengths, with few beginnings or many.
    fn texts() -> impl Strategy<Value = Vec<(u64, String)>> {
        let text = (0usize..40, 0u8..3, 0u32..500);
        let row = (1u64..4, text);
        (prop::collection::vec(row, 0..150), any::<bool>()).prop_map(|(rows, many)| {
            let row = |(hits, (len, last, number))| {
                let beginning = if many { number } else { number / 250 };
                let text = format!("{beginning}{}{}", "a".repeat(len), char::from(b'a' + last));
                (hits, text)
            };
            rows.into_iter().map(row).collect()
        })
    }

    proptest! {
        #[test]
        fn rows_of_parts_come_to_each_text_once_in_order(rows in texts(), cuts in prop::collection::vec(0usize..150, 0..4), ordered in any::<bool>()) {
            let mut want: BTreeMap<&[u8], u64> = BTreeMap::new();
            rows.iter().for_each(|(hits, text)| *want.entry(text.as_bytes()).or_default() += hits);
            let mut whole = RollupRows::default();
            rows.iter().for_each(|(hits, text)| whole.push(*hits, text.as_bytes()));
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(rows.len())).chain([0, rows.len()]).collect();
            cuts.sort_unstable();
            let (mut scratch, mut found) = (RowSort::default(), RollupRows::default());
            for part in cuts.windows(2) {
                let mut order = Vec::new();
                whole.order(part[0]..part[1], &mut scratch, &mut order);
                if ordered {
                    found.extend(&whole, &order, 0);
                } else {
                    (part[0]..part[1]).for_each(|place| found.push(whole.ends[place].0, whole.text(place)));
                }
            }
            prop_assert_eq!(whole.bytes_of(0..whole.len()), whole.bytes());
            found.sort(&mut scratch);
            prop_assert!(found.ascending);
            let found: Vec<(&[u8], u64)> = found.iter().map(|(hits, text)| (text, hits)).collect();
            prop_assert_eq!(found, want.into_iter().collect::<Vec<_>>());
        }
    }
}
