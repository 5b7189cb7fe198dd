//! More than usual: an adaptive threshold that needs no number from the user.
//!
//! *Usual* is the 99th percentile of the hits per minute over the 24 hours before the last one: a peak
//! that a normal day has too. Fires when the window holds more than a factor times that, by more than
//! chance would have it (`5 √usual + 10` on the scale of the window), at two closed minutes in a row.
//! The baseline is eight hours at least, without gaps of more than an hour, and is frozen while the rule fires, for six hours at most:
//! a surge must not become usual by lasting, unless it stays for good.

use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};

use super::window::Sums;
use super::{Condition, Level, Subset};
use crate::quantity::Figure;
use crate::stats::bucket::Bucket;
use crate::time::{Second, Span};

const MINUTE: i64 = 60;
/// Minutes that the baseline spans, that are left out before now, and that it needs.
const BASELINE: usize = 24 * 60;
const RECENT: usize = 60;
const READY: usize = 8 * 60;
/// With more minutes in a row that have no hit, the log has a hole; that is no quiet hour.
const HOLE: usize = 60;
/// Minutes for which the baseline is frozen.
const FROZEN: u32 = 6 * 60;

/// A condition on hits against the usual.
#[derive(Debug)]
pub(super) struct SurgeCondition {
    /// In billionths.
    factor: u128,
    source: Subset,
    hits: Sums<1>,
    /// Closed minutes, oldest first; the last one ended before `minute`. `None`: it was not read as a whole, or is of a
    /// hole in the log.
    minutes: VecDeque<Option<u64>>,
    /// How many minutes in a row have ended without a hit.
    empty: usize,
    /// How many minutes of the baseline have so many hits: those of `minutes` but the recent ones.
    baseline: BTreeMap<u64, usize>,
    /// How many minutes those are.
    known: usize,
    /// The newest time that was not read: its first minute and its last.
    unread: Option<(i64, i64)>,
    /// The minute that is open, and its hits.
    minute: Option<(i64, u64)>,
    /// The last second that is closed.
    closed: Option<Second>,
    /// Hits in the usual minute, once the baseline is ready.
    usual: Option<u64>,
    /// Closed minutes in a row at which the window was beyond.
    beyond: u32,
    /// Since when it fires, in closed minutes; the baseline is frozen.
    frozen: Option<u32>,
    level: Level,
}

impl SurgeCondition {
    pub(super) fn new(factor: u128, window: Span, source: Subset) -> SurgeCondition {
        SurgeCondition {
            factor,
            source,
            hits: Sums::new(window),
            minutes: VecDeque::new(),
            empty: 0,
            baseline: BTreeMap::new(),
            known: 0,
            unread: None,
            minute: None,
            closed: None,
            usual: None,
            beyond: 0,
            frozen: None,
            level: Level::Clear,
        }
    }

    /// Ends every minute before that of `second`. The seconds that were left out were empty: their
    /// minutes too.
    fn catch_up(&mut self, second: Second) {
        let now = second.0.div_euclid(MINUTE);
        let (minute, counted) = self.minute.get_or_insert((now, 0));
        let missed = now - *minute;
        if missed > 0 {
            let first = std::mem::replace(minute, now);
            let ended = std::mem::take(counted);
            self.end_minute(first, ended);
            for back in (1..missed.min((BASELINE + RECENT) as i64 + 1)).rev() {
                self.end_minute(now - back, 0);
            }
        }
    }

    /// A minute has ended with so many hits.
    fn end_minute(&mut self, minute: i64, hits: u64) {
        self.empty = if hits == 0 { self.empty + 1 } else { 0 };
        let is_hole = self.empty > HOLE;
        if is_hole {
            // No minute of the last hour is of the baseline yet.
            let hole = self.minutes.iter_mut().rev().take(RECENT);
            hole.take_while(|hits| **hits == Some(0))
                .for_each(|hits| *hits = None);
        }
        if let Some(minutes) = &mut self.frozen {
            *minutes += 1;
        }
        if self.frozen.is_none_or(|minutes| minutes > FROZEN) {
            let unread = |(from, to)| (from..=to).contains(&minute);
            self.minutes
                .push_back((!is_hole && !self.unread.is_some_and(unread)).then_some(hits));
            let enters = self.minutes.len().checked_sub(RECENT + 1);
            if let Some(hits) = enters.and_then(|enters| self.minutes[enters]) {
                self.enter_baseline(hits);
            }
            if self.minutes.len() > BASELINE + RECENT
                && let Some(Some(hits)) = self.minutes.pop_front()
            {
                self.leave_baseline(hits);
            }
        }
        self.usual = self.find_usual();
        self.judge();
    }

    /// One minute with so many hits is of the baseline.
    fn enter_baseline(&mut self, hits: u64) {
        self.known += 1;
        *self.baseline.entry(hits).or_default() += 1;
    }

    /// One minute of the baseline with so many hits is taken out.
    fn leave_baseline(&mut self, hits: u64) {
        self.known -= 1;
        if let Some(minutes) = self.baseline.get_mut(&hits) {
            *minutes -= 1;
            if *minutes == 0 {
                self.baseline.remove(&hits);
            }
        }
    }

    /// Hits came late for a minute that ended so many minutes ago.
    fn add_to_past(&mut self, back: i64, more: u64) {
        let index = usize::try_from(back).ok();
        let index = index.and_then(|back| self.minutes.len().checked_sub(back));
        let Some(index) = index.filter(|_| more > 0 && self.frozen.is_none()) else {
            return;
        };
        let Some(hits) = self.minutes[index] else {
            return;
        };
        self.minutes[index] = Some(hits + more);
        if index + RECENT < self.minutes.len() {
            self.leave_baseline(hits);
            self.enter_baseline(hits + more);
        }
    }

    /// The 99th percentile, by the nearest rank: at most 14 minutes are above it.
    fn find_usual(&self) -> Option<u64> {
        let count = self.known;
        if count < READY {
            return None;
        }
        let mut above = count - (count * 99).div_ceil(100);
        let mut greatest = self.baseline.iter().rev();
        let usual = greatest.find(|&(_, &minutes)| {
            let found = above < minutes;
            above = above.saturating_sub(minutes);
            found
        });
        usual.map(|(&hits, _)| hits)
    }

    fn judge(&mut self) {
        let Some(usual) = self.usual else {
            self.level = Level::Clear;
            (self.beyond, self.frozen) = (0, None);
            return;
        };
        let seconds = self.hits.span().0 as u128;
        // hits × minute against factor × usual × window: exact.
        let limit = self.factor * u128::from(usual) * seconds;
        let order = (self.hits.total(0) * MINUTE as u128 * 1_000_000_000).cmp(&limit);
        let scaled = usual as f64 * seconds as f64 / MINUTE as f64;
        let by_chance = self.hits.total(0) as f64 - scaled < 5.0 * scaled.sqrt() + 10.0;
        match order {
            Ordering::Greater if !by_chance || self.frozen.is_some() => {
                self.beyond += 1;
                if self.beyond >= 2 {
                    self.level = Level::Breached;
                    self.frozen.get_or_insert(0);
                }
            }
            // Where usually there is nothing, nothing is as usual.
            Ordering::Equal if self.hits.total(0) > 0 => {
                self.level = if self.frozen.is_some() {
                    Level::AtThreshold
                } else {
                    Level::Clear
                }
            }
            _ => {
                self.beyond = 0;
                self.frozen = None;
                self.level = Level::Clear;
            }
        }
    }

    fn usual_per_second(&self) -> f64 {
        self.usual.unwrap_or(0) as f64 / MINUTE as f64
    }
}

impl Condition for SurgeCondition {
    fn take(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        let hits = self.source.counters(bucket).hits;
        let late = self.closed.is_some_and(|last| second <= last) || second < closed;
        if self.minute.is_none() && (late || bucket.is_empty()) {
            return;
        }
        self.closed = Some(closed);
        // What comes late finds every closed second counted, this one too where it ended a minute.
        self.catch_up(if late { closed.next() } else { closed });
        self.hits.take(second, [hits], closed);
        if let Some((minute, counted)) = &mut self.minute {
            match *minute - second.0.div_euclid(MINUTE) {
                0 => *counted += hits,
                back => self.add_to_past(back, hits),
            }
        }
        self.catch_up(closed.next());
    }

    fn level(&self) -> Level {
        self.level
    }

    fn figure(&self) -> Figure {
        Figure {
            hits: self.hits.hits(0),
            value: self.hits.total(0) as f64 / self.hits.span().0 as f64,
            threshold: self.factor as f64 / 1e9 * self.usual_per_second(),
            window: self.hits.span(),
            below: false,
        }
    }

    fn detail(&self) -> Option<String> {
        let rate = self.hits.total(0) as f64 / self.hits.span().0 as f64;
        let usual = self.usual_per_second();
        let rates = |rate: f64| {
            if rate >= 100.0 {
                format!("{rate:.0}/s")
            } else {
                format!("{rate:.1}/s")
            }
        };
        Some(if usual > 0.0 {
            format!(
                "{} is {:.1}x the usual peak of {}",
                rates(rate),
                rate / usual,
                rates(usual)
            )
        } else {
            format!("{} where there is usually nothing", rates(rate))
        })
    }

    fn note(&self) -> Option<String> {
        let known = Span(self.known as i64 * MINUTE);
        let needed = Span(READY as i64 * MINUTE);
        self.usual
            .is_none()
            .then(|| format!("baseline not ready: {known} of {needed}"))
    }

    fn next_change(&self, from: Second, _: Level) -> Option<Second> {
        // With an empty window every minute that ends is back; until it has been, it matters.
        let open = self.hits.total(0) > 0 || self.level != Level::Clear || self.beyond > 0;
        let minute_ends = from + Span(MINUTE - 1 - from.0.rem_euclid(MINUTE));
        let leaves = self.hits.next_leave();
        (open && self.minute.is_some())
            .then(|| leaves.map_or(minute_ends, |leaves| leaves.min(minute_ends)))
    }

    fn unread(&mut self, from: Second, to: Second) {
        let (first, last) = (from.0.div_euclid(MINUTE), (to.0 - 1).div_euclid(MINUTE));
        self.unread = Some((first, last));
        let Some((now, _)) = self.minute else {
            return;
        };
        // Those that have ended are behind each other, up to the one before the open one.
        let count = self.minutes.len();
        let place = |minute: i64| (count as i64 - (now - minute)).clamp(0, count as i64) as usize;
        for index in place(first)..place(last + 1) {
            if let Some(hits) = self.minutes[index].take()
                && index + RECENT < count
            {
                self.leave_baseline(hits);
            }
        }
    }

    fn window(&self) -> Span {
        self.hits.span()
    }

    fn look_back(&self) -> Span {
        Span(BASELINE as i64 * MINUTE)
    }
}
