//! A queue in one piece: what waits is a slice, so that its ends are found without a ring's turn.
//!
//! What has left is dropped from memory when there is as much of it as there is left, so that each element moves once
//! at most. A deque costs three times as much where one element comes and one goes, as each second does.

use std::ops::{Deref, DerefMut};

/// So many may have left before any are dropped from memory.
const LEAST: usize = 32;

/// See the module's text; [derefs](Deref) to what waits, oldest first.
#[derive(Debug, Clone)]
pub struct Queue<T> {
    items: Vec<T>,
    /// How many of them have left. Invariant: at most `items.len()`.
    left: usize,
    /// When so many have left, it is looked whether they are to be dropped.
    look_at: usize,
}

impl<T> Default for Queue<T> {
    fn default() -> Queue<T> {
        Queue {
            items: Vec::new(),
            left: 0,
            look_at: LEAST,
        }
    }
}

impl<T> Queue<T> {
    /// Puts an element at the end.
    #[inline]
    pub fn push(&mut self, item: T) {
        self.items.push(item);
    }

    /// The first element leaves, if there is one. Its memory may be given back later.
    #[inline]
    pub fn pass(&mut self) {
        if self.left < self.items.len() {
            self.left += 1;
            if self.left >= self.look_at {
                self.drop_left();
            }
        }
    }

    #[inline(never)]
    fn drop_left(&mut self) {
        if self.left * 2 >= self.items.len() {
            self.items.drain(..self.left);
            self.left = 0;
        }
        self.look_at = LEAST.max(self.left + self.len().div_ceil(2));
    }

    /// Puts an element before that at `index`.
    pub fn insert(&mut self, index: usize, item: T) {
        self.items.insert(self.left + index, item);
    }

    /// Puts elements before the first.
    pub fn prepend(&mut self, items: impl IntoIterator<Item = T>) {
        self.items.splice(self.left..self.left, items);
    }
}

impl<T> Deref for Queue<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        self.items.get(self.left..).unwrap_or_default()
    }
}

impl<T> DerefMut for Queue<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        self.items.get_mut(self.left..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Beside it, a deque.
        #[test]
        fn what_waits_is_what_a_deque_holds(steps in prop::collection::vec((0u8..16, any::<u16>()), 0..600)) {
            let (mut queue, mut deque, mut most) = (Queue::default(), VecDeque::new(), 0);
            for (step, value) in steps {
                match step {
                    0..7 => {
                        queue.push(value);
                        deque.push_back(value);
                    }
                    7..14 => {
                        queue.pass();
                        deque.pop_front();
                    }
                    14 => {
                        let index = usize::from(value) % (deque.len() + 1);
                        queue.insert(index, value);
                        deque.insert(index, value);
                        queue.prepend([1, value]);
                        deque.push_front(value);
                        deque.push_front(1);
                    }
                    _ => {}
                }
                prop_assert!(queue.iter().eq(&deque));
                most = most.max(deque.len());
                prop_assert!(queue.items.len() <= 3 * most + LEAST);
            }
        }
    }
}
