//! A sum over a sliding window of exactly W one-second slots.
//!
//! Slot `t mod W` holds second `t`. Seconds enter in order; those that are left out are zero, and may
//! be left out only while the sum is.

use crate::time::{Second, Span};

/// The sum, and what each second of the window adds to it.
#[derive(Debug)]
pub(super) struct Sliding {
    ring: Vec<u64>,
    sum: u128,
    /// The second that entered last, and its slot: the next one is found without a division.
    last: (Second, usize),
}

impl Sliding {
    pub(super) fn new(window: Span) -> Sliding {
        Sliding {
            ring: vec![0; window.0 as usize],
            sum: 0,
            last: (Second(0), 0),
        }
    }

    #[inline]
    fn slot(&self, second: Second) -> usize {
        let (last, slot) = self.last;
        match slot + 1 {
            next if second == last.next() => {
                if next == self.ring.len() {
                    0
                } else {
                    next
                }
            }
            _ => second.0.rem_euclid(self.ring.len() as i64) as usize,
        }
    }

    /// A second closes and enters; the oldest leaves.
    #[inline]
    pub(super) fn close(&mut self, second: Second, value: u64) {
        let slot = self.slot(second);
        self.last = (second, slot);
        let left = std::mem::replace(&mut self.ring[slot], value);
        self.sum = self.sum - u128::from(left) + u128::from(value);
    }

    /// Something is added to a second up to `closed`, if the window that ends there holds it.
    pub(super) fn late(&mut self, second: Second, value: u64, closed: Second) {
        if second <= closed && second > closed - self.window() {
            let slot = self.slot(second);
            self.ring[slot] += value;
            self.sum += u128::from(value);
        }
    }

    pub(super) fn sum(&self) -> u128 {
        self.sum
    }

    pub(super) fn window(&self) -> Span {
        Span(self.ring.len() as i64)
    }
}
