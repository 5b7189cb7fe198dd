//! The clock: what second it is, by the log itself.
//!
//! `newest` is the greatest believed event time; `watermark = newest − lateness`; a second is closed
//! once it is older than the watermark. A wrong timestamp must not drag `newest` away, so a record
//! that lies far *ahead* of it waits, and the records that come next vote on it. A log whose clock was
//! set back must not be late for ever, so many records in a row that lie *far behind* begin a new
//! stretch. Both rules look at the order of the records only; live, the wall clock is a witness too, and so is a steady
//! one: the monotonic clock less the time in which this process was stopped, so that a wall clock that is set moves nothing.
//!
//! A clock holds at most 17 records that are ahead and 64 that are far behind.

use std::collections::VecDeque;

use crate::time::{Second, Span};

/// A record further ahead of `newest` than this, or than the lateness, must wait.
const AHEAD: Span = Span(60);
/// As [`AHEAD`], where the wall clock says how far a record may be.
const AHEAD_OF_BOUND: Span = Span(5);
/// Records that vote on one that is ahead.
const VOTERS: u32 = 16;
/// A record further behind `newest` than this, or than the lateness, is far behind.
const BEHIND: Span = Span(600);
/// So many records in a row that are all far behind begin a new stretch.
const TURN: usize = 64;
/// At the end of input, a record without a vote that lies further ahead than this is not believed.
const MONTH: Span = Span(31 * 86_400);
/// A stream is live when its records come this close to the wall clock.
pub const NEAR_WALL: Span = Span(300);
/// So many records in a row that are ahead and near the wall clock show that what came before was a backlog:
/// the last lines of a quiet log, hours old, when it begins to be followed.
const CAUGHT_UP: u32 = 3;
/// The lag is the least of so many records.
const LAGS: usize = 3;

/// A moment of the wall clock: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wall(pub i64);

impl Wall {
    /// The second it is in.
    pub fn second(self) -> Second {
        Second(self.0.div_euclid(1000))
    }

    /// How much later it is than the beginning of `time`, in milliseconds.
    fn since(self, time: Second) -> i64 {
        self.0.saturating_sub(time.0.saturating_mul(1000))
    }
}

/// What the clock decided, in the order in which it is to be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision<T> {
    /// A record is believed: it has a place in time.
    Believe(Second, T),
    /// The log went back: what is open closes, and a new stretch begins at `to`.
    Rewind {
        /// The newest second before.
        from: Second,
        /// The time of the first record that lies behind it.
        to: Second,
    },
    /// A record is not believed.
    Skew(T),
}

/// A record that is held until more is known, and the wall clock when it was read.
#[derive(Debug, Clone, Copy)]
struct Pending<T> {
    time: Second,
    item: T,
    wall: Option<Wall>,
    /// See [`Clock::set_steady`].
    steady: i64,
}

/// A record that is ahead of the clock.
#[derive(Debug, Clone, Copy)]
struct Candidate<T> {
    record: Pending<T>,
    /// A record agrees that is no more than this before it.
    tolerance: Span,
    votes: u32,
    agree: u32,
}

/// The event-time clock of one source, over records of type `T`.
#[derive(Debug, Clone)]
pub struct Clock<T> {
    lateness: Span,
    newest: Option<Second>,
    /// Records ahead of the clock, oldest first.
    ahead: VecDeque<Candidate<T>>,
    /// The last records, if all of them are far behind.
    behind: Vec<Pending<T>>,
    /// The lags of the last believed records, newest first, in milliseconds: behind the wall clock, and behind the
    /// steady one.
    lags: VecDeque<(i64, i64)>,
    /// What the steady clock shows, in milliseconds.
    steady: i64,
    /// How many records in a row were ahead and near the wall clock.
    caught_up: u32,
    skewed: u64,
    decided: VecDeque<Decision<T>>,
    /// How many hits an item is.
    weight: fn(&T) -> u64,
}

impl<T: Copy> Clock<T> {
    /// A clock at which nothing is believed yet; `weight` says how many hits an item is.
    pub fn new(lateness: Span, weight: fn(&T) -> u64) -> Clock<T> {
        Clock {
            lateness,
            newest: None,
            ahead: VecDeque::new(),
            behind: Vec::new(),
            lags: VecDeque::with_capacity(LAGS),
            steady: 0,
            caught_up: 0,
            skewed: 0,
            decided: VecDeque::new(),
            weight,
        }
    }

    /// The greatest believed event time.
    pub fn newest(&self) -> Option<Second> {
        self.newest
    }

    /// How many hits have no place in time.
    pub fn skewed(&self) -> u64 {
        self.skewed
    }

    /// How many of the last records in a row are far behind.
    pub fn far_behind(&self) -> usize {
        self.behind.len()
    }

    /// The items that are held, for whoever must renumber what they refer to.
    pub fn held_mut(&mut self) -> impl Iterator<Item = &mut T> {
        let ahead = self.ahead.iter_mut().map(|c| &mut c.record.item);
        ahead.chain(self.behind.iter_mut().map(|record| &mut record.item))
    }

    /// By how many milliseconds the source is behind the wall clock; `None` while that is unknown.
    pub fn lag(&self) -> Option<i64> {
        self.lags.iter().map(|&(lag, _)| lag).min()
    }

    /// Live, what time it is by a steady clock, which nobody sets, in milliseconds: what is offered next is read then.
    pub fn set_steady(&mut self, steady: i64) {
        self.steady = steady;
    }

    /// What the source would have reached at `steady`, in milliseconds, if it goes on as its last records did: by the
    /// steady clock, since the wall clock may have been set meanwhile. `None` while its lag is unknown.
    pub fn reached(&self, steady: i64) -> Option<Wall> {
        Some(Wall(steady.saturating_sub(self.steady_lag()?)))
    }

    fn steady_lag(&self) -> Option<i64> {
        self.lags.iter().map(|&(_, lag)| lag).min()
    }

    /// Whether the records come within five minutes of the wall clock, by their lag.
    pub fn is_live(&self) -> bool {
        self.lag()
            .is_some_and(|lag| lag.abs() <= 1000 * NEAR_WALL.0)
    }

    /// Whether a record of history at `time` is believed without further ado, as nearly all are: nothing
    /// is held, and it is neither ahead nor far behind.
    #[inline]
    pub fn takes(&self, time: Second) -> bool {
        self.ahead.is_empty()
            && self.behind.is_empty()
            && self.newest.is_some_and(|newest| {
                time <= newest + self.lateness.max(AHEAD)
                    && time >= newest - self.lateness.max(BEHIND)
            })
    }

    /// Which instant a local time means that comes twice, at `time` and so much `later`: the one nearer to `newest`.
    ///
    /// Where lines are far apart all of them wait, and `newest` is of long ago: where it is near neither of the two, or
    /// more records wait than are wrong by chance, the last of them decides. Where nothing is known the wall clock decides, or else it is the first.
    #[inline]
    pub fn nearer(&self, time: Second, later: Span, wall: Option<Wall>) -> Second {
        if later == Span(0) {
            return time;
        }
        let tolerance = self.lateness.max(AHEAD).0;
        let few = self.ahead.len() < VOTERS as usize / 2;
        let by_newest = self.newest.filter(|_| few).and_then(|newest| {
            let nearer = time.or_later(later, newest);
            ((nearer - newest).0.abs() <= tolerance).then_some(nearer)
        });
        let last = || self.last().or(wall.map(Wall::second));
        by_newest
            .or_else(|| last().map(|last| time.or_later(later, last)))
            .unwrap_or(time)
    }

    /// The time of the last record that is held, or else the newest.
    pub fn last(&self) -> Option<Second> {
        let behind = self.behind.last().map(|record| record.time);
        let held = behind.or(self.ahead.back().map(|candidate| candidate.record.time));
        held.or(self.newest)
    }

    /// Moves `newest` on to `time`, never back: for a record that the clock [takes](Clock::takes), and for
    /// silence.
    #[inline]
    pub fn advance(&mut self, time: Second) {
        self.newest = self.newest.max(Some(time));
    }

    /// Offers a record at `time`; `wall` is the wall clock where there is one (live). What follows from it
    /// is to be asked for with [`Clock::next_decision`].
    pub fn offer(&mut self, time: Second, item: T, wall: Option<Wall>) {
        self.vote(time, wall);
        let ahead = self.ahead_by(time, wall);
        let near = wall.is_some_and(|wall| is_near(time, wall));
        self.caught_up = if near && ahead.is_some() {
            self.caught_up + 1
        } else {
            0
        };
        let steady = self.steady;
        let record = Pending {
            time,
            item,
            wall,
            steady,
        };
        if self.is_far_behind(time) {
            self.behind.push(record);
            if self.behind.len() == TURN {
                self.rewind();
            }
            return;
        }
        self.release_behind();
        match ahead {
            Some(tolerance) if self.caught_up < CAUGHT_UP => self.ahead.push_back(Candidate {
                record,
                tolerance,
                votes: 0,
                agree: 0,
            }),
            _ => {
                if wall.is_some_and(|wall| wall.second() - time <= NEAR_WALL) {
                    // What waits and lies before this one does no harm any more.
                    self.believe_up_to(time);
                }
                self.believe(record);
            }
        }
    }

    /// What was decided and is still to be carried out.
    #[inline]
    pub fn next_decision(&mut self) -> Option<Decision<T>> {
        self.decided.pop_front()
    }

    /// The input has ended: what is held is settled by the votes there are.
    pub fn finish(&mut self) {
        self.release_behind();
        while !self.ahead.is_empty() {
            self.settle_oldest(None);
        }
    }

    /// A record votes on all that wait.
    fn vote(&mut self, time: Second, wall: Option<Wall>) {
        for candidate in &mut self.ahead {
            candidate.votes += 1;
            candidate.agree += u32::from(time >= candidate.record.time - candidate.tolerance);
        }
        while self.ahead.front().is_some_and(|c| c.votes >= VOTERS) {
            self.settle_oldest(wall);
        }
    }

    /// Decides over the record that has waited longest, by the votes there are.
    fn settle_oldest(&mut self, wall: Option<Wall>) {
        let Some(Candidate {
            record,
            votes,
            agree,
            ..
        }) = self.ahead.pop_front()
        else {
            return;
        };
        let alone = votes == 0
            && self
                .newest
                .is_some_and(|newest| record.time > newest + MONTH);
        if alone || 2 * agree < votes {
            self.skewed += (self.weight)(&record.item);
            self.decided.push_back(Decision::Skew(record.item));
            return;
        }
        self.believe(record);
        // With it go all that are not ahead any more.
        for candidate in std::mem::take(&mut self.ahead) {
            let record = candidate.record;
            if self.ahead_by(record.time, record.wall.and(wall)).is_none() {
                self.believe(record);
            } else {
                self.ahead.push_back(candidate);
            }
        }
    }

    /// Believes those that wait and lie no later than `time`.
    fn believe_up_to(&mut self, time: Second) {
        if self.ahead.is_empty() {
            return;
        }
        for candidate in std::mem::take(&mut self.ahead) {
            if candidate.record.time <= time {
                self.believe(candidate.record);
            } else {
                self.ahead.push_back(candidate);
            }
        }
    }

    /// Where a record is ahead: how far before it a record may lie that agrees with it.
    fn ahead_by(&self, time: Second, wall: Option<Wall>) -> Option<Span> {
        if let Some((wall, (lag, allowed))) = wall.zip(self.bound()) {
            let past = |behind: i64, lag| behind.saturating_sub(lag) < -1000 * allowed.0;
            // A wall clock that was set back says so of every record: the other clock does not.
            let steady = self
                .steady_lag()
                .map(|lag| (Wall(self.steady).since(time), lag));
            if past(wall.since(time), lag) && steady.is_none_or(|(behind, lag)| past(behind, lag)) {
                return Some(self.lateness.max(AHEAD_OF_BOUND));
            }
            if wall.second() - time <= NEAR_WALL {
                return None;
            }
        }
        let tolerance = self.lateness.max(AHEAD);
        let ahead = self.newest.is_none_or(|newest| time > newest + tolerance);
        ahead.then_some(tolerance)
    }

    /// How far behind the wall clock a live source is, in milliseconds, and how much less far a record may be.
    /// `None` for a source that is not live: of an old log the wall clock knows nothing.
    fn bound(&self) -> Option<(i64, Span)> {
        match self.lag() {
            None => Some((0, AHEAD)),
            Some(lag) => self
                .is_live()
                .then_some((lag, self.lateness.max(AHEAD_OF_BOUND))),
        }
    }

    fn is_far_behind(&self, time: Second) -> bool {
        let behind = self.lateness.max(BEHIND);
        self.newest.is_some_and(|newest| time < newest - behind)
    }

    /// The log itself did not go back: those that are far behind are believed, and late.
    fn release_behind(&mut self) {
        for record in std::mem::take(&mut self.behind) {
            self.believe(record);
        }
    }

    /// The log has gone back: all that was held before is settled, and the records that are behind begin
    /// a new stretch.
    fn rewind(&mut self) {
        while !self.ahead.is_empty() {
            self.settle_oldest(None);
        }
        let again = std::mem::take(&mut self.behind);
        if let (Some(from), Some(first)) = (self.newest.take(), again.first()) {
            self.decided.push_back(Decision::Rewind {
                from,
                to: first.time,
            });
        }
        self.lags.clear();
        self.caught_up = 0;
        let steady = self.steady;
        for record in again {
            self.steady = record.steady;
            self.offer(record.time, record.item, record.wall);
        }
        self.steady = steady;
    }

    fn believe(&mut self, record: Pending<T>) {
        self.advance(record.time);
        if let Some(wall) = record.wall {
            self.lags.truncate(LAGS - 1);
            let steady = Wall(record.steady).since(record.time);
            self.lags.push_front((wall.since(record.time), steady));
        }
        self.decided
            .push_back(Decision::Believe(record.time, record.item));
    }
}

/// Whether a record lies no more than five minutes before the wall clock, and no further past it than clocks
/// of well-kept hosts differ.
fn is_near(time: Second, wall: Wall) -> bool {
    let behind = wall.second() - time;
    behind <= NEAR_WALL && behind >= Span(-AHEAD_OF_BOUND.0)
}
