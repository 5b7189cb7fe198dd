//! What the seconds of a sliding window hold beside a sum: oldest first, empty seconds left out.

use std::collections::VecDeque;

use crate::time::Second;

/// The seconds of a window, each with what it holds.
#[derive(Debug)]
pub(super) struct Held<T>(VecDeque<(Second, T)>);

impl<T: Default> Held<T> {
    pub(super) fn new() -> Held<T> {
        Held(VecDeque::new())
    }

    /// Takes the oldest second out, if it is not after `last`.
    pub(super) fn leave(&mut self, last: Second) -> Option<T> {
        let left = self.0.front().is_some_and(|(second, _)| *second <= last);
        if left {
            self.0.pop_front().map(|(_, held)| held)
        } else {
            None
        }
    }

    /// Appends a second, which must come after all others.
    pub(super) fn enter(&mut self, second: Second, held: T) {
        self.0.push_back((second, held));
    }

    /// What a second holds that may have been left out.
    pub(super) fn at(&mut self, second: Second) -> &mut T {
        let index = self.0.partition_point(|(held, _)| *held < second);
        if self.0.get(index).is_none_or(|(held, _)| *held != second) {
            self.0.insert(index, (second, T::default()));
        }
        &mut self.0[index].1
    }

    /// The oldest second.
    pub(super) fn first(&self) -> Option<Second> {
        self.0.front().map(|(second, _)| *second)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, held)| held)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().map(|(_, held)| held)
    }
}
