//! A sum over a sliding window of exactly W seconds.
//!
//! Only the seconds that add something are held, so however many others are left out between two that
//! close, those that are too old leave with the next one. 16 bytes for each that is held.

use super::held::Held;
use crate::time::{Second, Span};

/// The sum, and what each second of the window adds to it.
#[derive(Debug)]
pub(super) struct Sliding {
    window: Span,
    seconds: Held<u64>,
    sum: u128,
}

impl Sliding {
    pub(super) fn new(window: Span) -> Sliding {
        Sliding {
            window,
            seconds: Held::new(),
            sum: 0,
        }
    }

    /// A second closes and enters; what is too old for the window that ends there leaves.
    #[inline]
    pub(super) fn close(&mut self, second: Second, value: u64) {
        while let Some(left) = self.seconds.leave(second - self.window) {
            self.sum -= u128::from(left);
        }
        if value > 0 {
            self.seconds.enter(second, value);
            self.sum += u128::from(value);
        }
    }

    /// Something is added to a second up to `closed`, if the window that ends there holds it.
    pub(super) fn late(&mut self, second: Second, value: u64, closed: Second) {
        if value > 0 && second <= closed && second > closed - self.window {
            *self.seconds.at(second) += value;
            self.sum += u128::from(value);
        }
    }

    /// The next second at which something leaves, if nothing enters before.
    pub(super) fn next_leave(&self) -> Option<Second> {
        self.seconds.first().map(|first| first + self.window)
    }

    pub(super) fn sum(&self) -> u128 {
        self.sum
    }

    pub(super) fn window(&self) -> Span {
        self.window
    }
}
