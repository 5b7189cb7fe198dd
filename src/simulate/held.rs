//! Lines that are held back: counts of them, until they come.
//!
//! The lines of one second that come later are a batch, of which every line has its own delay, in
//! turns. Batches wait in a heap by the next second in which some of their lines come, so that a second
//! costs what comes in it, not what waits. A batch is a few numbers whatever it holds, and one second
//! makes one: memory hangs on the disorder alone, and an hour's takes 3600 batches.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

/// The place of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HeldKey {
    /// The second that it is stamped with, from the beginning of the log.
    pub(super) second: u64,
    /// Its step.
    pub(super) step: usize,
    /// Which line of its step it is.
    pub(super) index: u64,
}

/// Lines of one second that come later. In the order of when they come, and in one second the older
/// first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct HeldLines {
    /// The next second in which some of them come.
    due: u64,
    second: u64,
    step: usize,
    /// The first of them, as an index into the step.
    first: u64,
    count: u64,
    /// Line `j` of them is `1 + (turn + j) % disorder` seconds late. Invariant: below `disorder`.
    turn: u64,
}

impl HeldLines {
    /// The first line that is `late` seconds late, from 1 to `disorder`; each `disorder`-th behind it
    /// is so too. There is none where it is not below `count`.
    fn line(&self, late: u64, disorder: u64) -> u64 {
        let line = late - 1 + disorder - self.turn;
        if line < disorder {
            line
        } else {
            line - disorder
        }
    }

    /// The first second, from `second` on, in which some of the lines come. There is at least one line.
    fn due_from(&self, second: u64, disorder: u64) -> Option<u64> {
        let late = second - self.second;
        if late > disorder {
            return None;
        }
        let line = self.line(late, disorder);
        if line < self.count {
            return Some(second);
        }
        // Nothing comes until it is the first line's turn again.
        let late = late + disorder - line;
        (late <= disorder).then_some(self.second + late)
    }
}

/// Lines of one second that come in the one that is being written: each `disorder`-th from `next` on.
/// Invariant: `next < end`, until the last has come.
#[derive(Debug)]
struct Coming {
    second: u64,
    step: usize,
    next: u64,
    end: u64,
}

/// All that is held back.
#[derive(Debug)]
pub(super) struct Held {
    /// The most seconds that a line comes late.
    disorder: u64,
    waiting: BinaryHeap<Reverse<HeldLines>>,
    /// What comes in this second, the oldest first, and whose turn it is.
    coming: Vec<Coming>,
    turn: usize,
}

impl Held {
    /// Nothing yet.
    pub(super) fn new(disorder: u64) -> Held {
        Held {
            disorder,
            waiting: BinaryHeap::new(),
            coming: Vec::new(),
            turn: 0,
        }
    }

    /// Holds back `count` lines, at least one, from this one on: line `j` of them comes
    /// `1 + (turn + j) % disorder` seconds late. There is a disorder, then.
    pub(super) fn hold(&mut self, first: HeldKey, count: u64, turn: u64) {
        let mut batch = HeldLines {
            due: 0,
            second: first.second,
            step: first.step,
            first: first.index,
            count,
            turn: turn % self.disorder,
        };
        if let Some(due) = batch.due_from(first.second + 1, self.disorder) {
            batch.due = due;
            self.waiting.push(Reverse(batch));
        }
    }

    /// The next second in which some lines come.
    pub(super) fn due(&self) -> Option<u64> {
        self.waiting.peek().map(|Reverse(batch)| batch.due)
    }

    /// Begins a second, which is no later than `due`, and counts the lines that come in it.
    pub(super) fn begin(&mut self, now: u64) -> u64 {
        self.coming.clear();
        self.turn = 0;
        let mut lines = 0;
        while let Some(mut top) = self.waiting.peek_mut()
            && top.0.due == now
        {
            let batch = &mut top.0;
            let line = batch.line(now - batch.second, self.disorder);
            lines += (batch.count - line).div_ceil(self.disorder);
            self.coming.push(Coming {
                second: batch.second,
                step: batch.step,
                next: batch.first + line,
                end: batch.first + batch.count,
            });
            match batch.due_from(now + 1, self.disorder) {
                Some(due) => batch.due = due,
                None => drop(PeekMut::pop(top)),
            }
        }
        lines
    }

    /// The next of the lines that come in this second: as many as were counted.
    pub(super) fn next(&mut self) -> HeldKey {
        let coming = &mut self.coming[self.turn];
        let place = HeldKey {
            second: coming.second,
            step: coming.step,
            index: coming.next,
        };
        coming.next += self.disorder;
        if coming.next >= coming.end {
            self.turn += 1;
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beside it, the plain way: every line by its own delay, sorted.
    #[test]
    fn lines_come_when_their_turn_says_and_the_older_first() {
        for disorder in [1, 2, 5, 7, 60] {
            let mut held = Held::new(disorder);
            let mut plain = Vec::new();
            let mut found = Vec::new();
            for second in 0..400u64 {
                for _ in 0..held.begin(second) {
                    found.push((second, held.next()));
                }
                // Some seconds hold nothing back, some more lines than there are delays.
                let (count, turn) = (second * 31 % 97 % 13 * (second % 29), second * 7919);
                let place = |line| HeldKey {
                    second,
                    step: 0,
                    index: second * 1000 + line,
                };
                if count > 0 && second < 300 {
                    held.hold(place(0), count, turn);
                    let late = |line| 1 + (turn + line) % disorder;
                    plain.extend((0..count).map(|line| (second + late(line), place(line))));
                }
            }
            plain.sort_by_key(|(comes, place)| (*comes, place.index));
            assert_eq!(found, plain, "{disorder}");
            assert_eq!(held.due(), None);
        }
    }
}
