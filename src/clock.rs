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

#[cfg(test)]
mod tests {
    use super::*;

    /// Offers every time in order, ends the input, and returns what was believed and what was skewed.
    fn run(times: &[i64]) -> (Vec<i64>, u64) {
        let mut clock = Clock::new(Span(5));
        let mut believed = Vec::new();
        let mut take = |clock: &mut Clock<()>, time: Second| {
            clock.advance(time);
            believed.push(time.0);
        };
        for &time in times {
            match clock.offer(Second(time), (), None) {
                Believed::None => {}
                Believed::One(()) => take(&mut clock, Second(time)),
                Believed::Several(several) => several
                    .into_iter()
                    .for_each(|(time, ())| take(&mut clock, time)),
            }
        }
        for (time, ()) in clock.settle(true) {
            take(&mut clock, time);
        }
        (believed, clock.skewed())
    }

    #[test]
    fn a_short_log_is_believed_at_its_end() {
        assert_eq!(run(&[10, 11, 12]), (vec![10, 11, 12], 0));
    }

    #[test]
    fn one_record_far_ahead_is_skewed_by_the_next_that_is_not() {
        let far = 1_000_000_000;
        assert_eq!(
            run(&[1, 2, 3, 4, 5, 6, 7, 8, 9, far, 10]),
            (vec![1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 1)
        );
    }

    #[test]
    fn one_record_far_ahead_at_the_very_start_is_skewed_by_the_others() {
        assert_eq!(run(&[1_000_000_000, 2, 3]), (vec![2, 3], 1));
    }

    #[test]
    fn a_log_that_goes_on_after_a_month_is_believed_once_eight_agree() {
        let later: Vec<i64> = (0..8).map(|i| 10_000_000 + i).collect();
        let mut times = vec![1, 2, 3, 4, 5, 6, 7, 8];
        times.extend(&later);
        let (believed, skewed) = run(&times);
        assert_eq!((believed.len(), skewed), (16, 0));
        let (believed, skewed) = run(&times[..12]);
        assert_eq!(
            (believed.len(), skewed),
            (8, 4),
            "four records past a month at the end of input stay skewed"
        );
    }

    #[test]
    fn near_the_wall_clock_a_record_is_believed_at_once() {
        let mut clock = Clock::new(Span(5));
        assert_eq!(
            clock.offer(Second(10), 'a', Some(Second(1_000_000))),
            Believed::None
        );
        assert_eq!(
            clock.offer(Second(1_000_010), 'b', Some(Second(1_000_000))),
            Believed::Several(vec![(Second(10), 'a'), (Second(1_000_010), 'b')])
        );
    }

    #[test]
    fn a_record_near_the_wall_clock_refutes_those_far_past_it() {
        let wall = Some(Second(1_000_000));
        let mut clock = Clock::new(Span(5));
        assert_eq!(clock.offer(Second(9_000_000), 'a', wall), Believed::None);
        assert_eq!(
            clock.offer(Second(1_000_000), 'b', wall),
            Believed::Several(vec![(Second(1_000_000), 'b')])
        );
        clock.advance(Second(1_000_000));
        assert_eq!(clock.offer(Second(9_000_001), 'c', wall), Believed::None);
        assert_eq!(
            clock.offer(Second(1_000_001), 'd', wall),
            Believed::One('d'),
            "it is not ahead itself"
        );
        assert_eq!(clock.skewed(), 2);
    }

    #[test]
    fn silence_alone_confirms_nothing_far_past_the_wall_clock() {
        let wall = Second(1_000_000);
        let mut clock = Clock::new(Span(5));
        clock.offer(Second(1_003_601), 'a', Some(wall));
        assert_eq!(clock.settle_in_silence(wall), []);
        assert_eq!(
            clock.settle_in_silence(Second(1_000_001)),
            [(Second(1_003_601), 'a')]
        );
    }
}
