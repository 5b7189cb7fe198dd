//! The rows of seconds that windows of several spans share: each is held once, and a window keeps the places of its ends.

use std::ops::Range;

use crate::time::Second;

/// Seconds in order, each with its rows.
#[derive(Debug)]
pub(super) struct SharedRows<R> {
    /// Each with where its rows end.
    seconds: Vec<(Second, usize)>,
    rows: Vec<R>,
}

impl<R> Default for SharedRows<R> {
    fn default() -> SharedRows<R> {
        SharedRows {
            seconds: Vec::new(),
            rows: Vec::new(),
        }
    }
}

impl<R: Copy> SharedRows<R> {
    /// Adds a second behind the others, if it has rows.
    pub(super) fn push(&mut self, second: Second, rows: &[R]) {
        if !rows.is_empty() {
            self.rows.extend_from_slice(rows);
            self.seconds.push((second, self.rows.len()));
        }
    }

    /// How many seconds there are.
    pub(super) fn len(&self) -> usize {
        self.seconds.len()
    }

    /// How many rows they have together.
    pub(super) fn row_count(&self) -> usize {
        self.rows.len()
    }

    /// The second at a place.
    pub(super) fn second(&self, place: usize) -> Option<Second> {
        self.seconds.get(place).map(|(second, _)| *second)
    }

    /// The rows of the seconds at these places.
    pub(super) fn rows(&self, places: Range<usize>) -> &[R] {
        let start = |place: usize| match place.checked_sub(1) {
            Some(before) => self.seconds[before].1,
            None => 0,
        };
        match places.is_empty() {
            true => &[],
            false => &self.rows[start(places.start)..start(places.end)],
        }
    }

    /// The place of the first second behind `last`, wherever it is.
    pub(super) fn place_behind(&self, last: Second) -> usize {
        self.seconds.partition_point(|(second, _)| *second <= last)
    }

    /// The same from `place` on, where it is near.
    pub(super) fn place_after(&self, last: Second, mut place: usize) -> usize {
        while self.second(place).is_some_and(|second| second <= last) {
            place += 1;
        }
        place
    }

    /// Forgets the seconds before a place: those behind have places that are less by it.
    pub(super) fn forget(&mut self, place: usize) {
        let rows = self.rows(0..place).len();
        self.rows.drain(..rows);
        self.seconds.drain(..place);
        self.seconds.iter_mut().for_each(|second| second.1 -= rows);
    }
}
