//! The clock: what second it is, by the log itself.
//!
//! `newest` is the greatest believed event time; `watermark = newest − lateness`; a second is closed
//! once it is older than the watermark. A wrong timestamp must not drag `newest` away, so a record
//! more than an hour ahead of it waits in a short queue until what comes after has shown whether the
//! clock or the record is wrong. Order in, order out; the queue holds eight at most.

use crate::time::{Second, Span};

/// A record further ahead of `newest` than this must wait.
const AHEAD: Span = Span(3600);
/// How many records wait before they are settled among themselves.
const QUEUE: usize = 8;
/// At the end of input a record further than this past what was believed before stays skewed.
const MONTH: Span = Span(31 * 86_400);
/// A record this close to the wall clock is believed at once.
pub const NEAR_WALL: Span = Span(300);

/// What became of the records offered: those believed, in their order. The rest wait or are skewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Believed<T> {
    /// None for now.
    None,
    /// Just the one that was offered.
    One(T),
    /// Several that had waited, then the one that was offered if it is believed too.
    Several(Vec<(Second, T)>),
}

/// The event-time clock over records of type `T`.
#[derive(Debug, Clone)]
pub struct Clock<T> {
    lateness: Span,
    newest: Option<Second>,
    waiting: Vec<(Second, T)>,
    skewed: u64,
    /// How many records an item stands for.
    weight: fn(&T) -> u64,
}

impl<T: Copy> Clock<T> {
    /// A clock at which nothing is believed yet.
    pub fn new(lateness: Span) -> Clock<T> {
        Clock {
            lateness,
            newest: None,
            waiting: Vec::with_capacity(QUEUE),
            skewed: 0,
            weight: |_| 1,
        }
    }

    /// The same clock, for which `weight` says how many records an item stands for.
    pub fn weighing(self, weight: fn(&T) -> u64) -> Clock<T> {
        Clock { weight, ..self }
    }

    /// The greatest believed event time.
    pub fn newest(&self) -> Option<Second> {
        self.newest
    }

    /// The first second that is not closed, once anything is believed.
    pub fn watermark(&self) -> Option<Second> {
        self.newest.map(|newest| newest - self.lateness)
    }

    /// How many records have no place in time.
    pub fn skewed(&self) -> u64 {
        self.skewed
    }

    /// The records that wait, for whoever must renumber what they hold.
    pub fn waiting_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.waiting.iter_mut().map(|(_, item)| item)
    }

    /// Whether a record at `time` is believed without further ado, as nearly all are: nothing waits, and
    /// it is not ahead.
    #[inline]
    pub fn takes(&self, time: Second) -> bool {
        self.waiting.is_empty() && self.newest.is_some_and(|newest| time <= newest + AHEAD)
    }

    /// Offers a record at `time`; `wall` is the wall clock where there is one (live).
    ///
    /// The caller moves `newest` on with [`Clock::advance`] as it takes the believed ones in.
    #[inline]
    pub fn offer(&mut self, time: Second, item: T, wall: Option<Second>) -> Believed<T> {
        let ahead = self.newest.is_none_or(|newest| time > newest + AHEAD);
        if !ahead {
            self.skewed += self
                .waiting
                .iter()
                .map(|(_, item)| (self.weight)(item))
                .sum::<u64>();
            self.waiting.clear();
            return Believed::One(item);
        }
        let near_wall = wall.is_some_and(|wall| (time - wall).0.abs() <= NEAR_WALL.0);
        if near_wall && self.waiting.is_empty() {
            return Believed::One(item);
        }
        self.waiting.push((time, item));
        if near_wall || self.waiting.len() == QUEUE {
            // One near the wall clock is the last of them, and so contradicts those far past it.
            Believed::Several(self.settle(false))
        } else {
            Believed::None
        }
    }

    /// Nothing has come for a second: settles the records that wait, unless one lies more than an
    /// hour past the wall clock. That is a wrong one most likely; what comes next will tell.
    pub fn settle_in_silence(&mut self, wall: Second) -> Vec<(Second, T)> {
        if self.waiting.iter().any(|&(time, _)| time > wall + AHEAD) {
            return Vec::new();
        }
        self.settle(false)
    }

    /// Decides over the records that wait: skewed is one that a later one contradicts by more than an
    /// hour, or, at the end of input, one far past what was believed before.
    pub fn settle(&mut self, at_end: bool) -> Vec<(Second, T)> {
        let waiting = std::mem::replace(&mut self.waiting, Vec::with_capacity(QUEUE));
        let before = self.newest;
        let mut believed = Vec::with_capacity(waiting.len());
        for (i, &(time, item)) in waiting.iter().enumerate() {
            let contradicted = waiting[i + 1..]
                .iter()
                .any(|&(later, _)| later < time - AHEAD);
            let far = at_end && before.is_some_and(|before| time > before + MONTH);
            if contradicted || far {
                self.skewed += (self.weight)(&item);
            } else {
                believed.push((time, item));
            }
        }
        believed
    }

    /// Moves `newest` on to `time`, never back.
    #[inline]
    pub fn advance(&mut self, time: Second) {
        self.newest = self.newest.max(Some(time));
    }
}
