//! More or less than usual: a threshold that needs no number of hits from the user.
//!
//! What is compared are the hits of the rule's own window at the end of each minute, with those of the seven days before,
//! the newest hour left out.
//! *Usual* is, for a rule on more, their 99.9th percentile: a week is above it for ten minutes. For a rule on less it is
//! the least within an hour of the same time of day, where three days know that; until then the 0.1th percentile, since a
//! night is no outage. It fires when the window holds more than a factor times that, or less, by more than chance would
//! have it (`3 √usual + 10` hits), at two closed minutes in a row; while less than a day is known, by twice the factor.
//!
//! The baseline needs eight hours, and has no gaps of more than an hour. While the rule fires it stands still, for six
//! hours at most: a surge must not become usual by lasting, unless it stays for good. Then it is part of it: what
//! comes every night is no news.
//!
//! The percentile, the length of the baseline and the window were chosen by cross-validation on labelled series (the
//! artificial, ad-exchange and tweet folders of the Numenta Anomaly Benchmark, each series left out in turn). As logs of 2
//! to 30 hits a minute they give F1 .57 with the margin above, and .56 to .57 with `5 √usual`.

use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};

use super::common::{Common, CountPlace, Summand};
use super::{Condition, Level, Rest, Subset, at_most};
use crate::quantity::Figure;
use crate::stats::bucket::Bucket;
use crate::time::{Second, Span};

/// The window of a rule that names none.
pub(super) const WINDOW: Span = Span(600);

const MINUTE: i64 = 60;
const DAY: usize = 24 * 60;
/// Minutes that the baseline spans, that are left out before now, and that it needs.
const BASELINE: usize = 7 * DAY;
const RECENT: usize = 60;
const READY: usize = 8 * 60;
/// One in so many of them is beyond what is usual.
const ABOVE: usize = 1000;
/// Days that must know a time of day, and minutes of it in either direction.
const DAYS: usize = 3;
const AROUND: usize = 60;
/// With more minutes in a row that have no hit, the log has a hole; that is no quiet hour.
const HOLE: usize = 60;
/// Minutes for which the baseline stands still.
const FROZEN: usize = 6 * 60;

/// A condition on hits against the usual.
#[derive(Debug)]
pub(super) struct UsualCondition {
    /// In billionths.
    factor: u128,
    /// Fires below it, not above.
    below: bool,
    window: Span,
    hits: CountPlace,
    /// Those of the last minute.
    of_minute: CountPlace,
    /// What the window held at the end of each minute, oldest first; the last one ended before `minute`. `None`: it was not
    /// full, was not read as a whole, or has a hole of the log in it.
    windows: VecDeque<Option<u64>>,
    /// How many of them, the newest, are not of the baseline.
    recent: usize,
    /// How many of the baseline are so much.
    baseline: BTreeMap<u64, u32>,
    /// How many minutes of the baseline are known.
    known: usize,
    /// How many minutes in a row have ended without a hit.
    empty: usize,
    /// The first second from which on all was read, and there was no hole.
    whole_from: Option<Second>,
    /// The minute that is open.
    minute: Option<i64>,
    /// The last second that is closed.
    closed: Option<Second>,
    /// The usual hits of a window, once the baseline is ready.
    usual: Option<u64>,
    /// Closed minutes in a row at which the window was beyond.
    beyond: u32,
    /// Since when it fires, in closed minutes; the baseline stands still.
    firing: Option<usize>,
    level: Level,
}

impl UsualCondition {
    pub(super) fn new(
        factor: u128,
        below: bool,
        window: Span,
        source: Subset,
        common: &mut Common,
    ) -> UsualCondition {
        let mut hits = |span| common.count(Summand::Hits, [source; 2], span);
        UsualCondition {
            factor,
            below,
            window,
            hits: hits(window),
            of_minute: hits(Span(MINUTE)),
            windows: VecDeque::new(),
            recent: 0,
            baseline: BTreeMap::new(),
            known: 0,
            empty: 0,
            whole_from: None,
            minute: None,
            closed: None,
            usual: None,
            beyond: 0,
            firing: None,
            level: Level::Clear,
        }
    }

    /// Ends every minute before that of `second` that is open yet: nothing came in it, and nothing was left in the window, else
    /// its last second would have closed.
    fn catch_up(&mut self, second: Second) {
        let now = second.0.div_euclid(MINUTE);
        let minute = *self.minute.get_or_insert(now);
        let most = BASELINE + RECENT + FROZEN + 1;
        for minute in minute.max(now - most as i64)..now {
            self.end_minute(minute, 0, 0);
        }
        self.minute = self.minute.max(Some(now));
    }

    /// A minute has ended with so many hits, and so many in the window.
    fn end_minute(&mut self, minute: i64, hits: u128, counted: u128) {
        let end = Second((minute + 1) * MINUTE);
        if hits > 0 && self.empty > HOLE {
            // The window holds a part of the hole until it is past.
            self.whole_from = Some(Second(minute * MINUTE));
        }
        self.empty = if hits == 0 { self.empty + 1 } else { 0 };
        let is_hole = self.empty > HOLE;
        if self.empty == HOLE + 1 {
            // None of them is of the baseline yet.
            let hole = self.windows.iter_mut().rev().take(HOLE);
            hole.for_each(|window| *window = None);
        }
        let is_whole = self
            .whole_from
            .is_some_and(|from| end - self.window >= from);
        self.windows
            .push_back((is_whole && !is_hole).then_some(at_most(counted)));
        self.recent += 1;
        if let Some(minutes) = &mut self.firing {
            *minutes += 1;
        }
        if self.firing.is_none_or(|minutes| minutes > FROZEN) {
            while self.recent > RECENT {
                if let Some(window) = self.windows[self.windows.len() - self.recent] {
                    self.known += 1;
                    *self.baseline.entry(window).or_default() += 1;
                }
                self.recent -= 1;
            }
        }
        while self.windows.len() - self.recent > BASELINE {
            if let Some(Some(window)) = self.windows.pop_front() {
                self.leave_baseline(window);
            }
        }
        self.usual = self.find_usual();
        self.judge(counted);
    }

    /// One minute of the baseline that held so much is taken out.
    fn leave_baseline(&mut self, window: u64) {
        self.known -= 1;
        if let Some(minutes) = self.baseline.get_mut(&window) {
            *minutes -= 1;
            if *minutes == 0 {
                self.baseline.remove(&window);
            }
        }
    }

    fn find_usual(&self) -> Option<u64> {
        if self.known < READY {
            return None;
        }
        if !self.below {
            return self.extreme(self.baseline.iter().rev());
        }
        self.least_at_this_time()
            .or_else(|| self.extreme(self.baseline.iter()))
    }

    /// What less than one in [`ABOVE`] are beyond, by the nearest rank.
    fn extreme<'b>(&self, mut from_there: impl Iterator<Item = (&'b u64, &'b u32)>) -> Option<u64> {
        let mut beyond = self.known - (self.known * (ABOVE - 1)).div_ceil(ABOVE);
        let usual = from_there.find(|&(_, &minutes)| {
            let found = beyond < minutes as usize;
            beyond = beyond.saturating_sub(minutes as usize);
            found
        });
        usual.map(|(&window, _)| window)
    }

    /// The least within an hour of this time of day on the days before, where enough of them know it.
    fn least_at_this_time(&self) -> Option<u64> {
        let mut days = 0;
        let mut least = u64::MAX;
        for day in 1..=BASELINE / DAY {
            // The last one of `windows` is now.
            let Some(first) = self.windows.len().checked_sub(day * DAY + AROUND) else {
                break;
            };
            let around = self.windows.range(first..first + 2 * AROUND);
            let (known, of_day) = around
                .flatten()
                .fold((0, u64::MAX), |(known, least), &window| {
                    (known + 1, least.min(window))
                });
            if known >= AROUND {
                days += 1;
                least = least.min(of_day);
            }
        }
        (days >= DAYS).then_some(least)
    }

    /// The factor in force: of less than a day it is not known whether it is a night.
    fn factor(&self) -> u128 {
        match (self.known < DAY, self.below) {
            (false, _) => self.factor,
            (true, false) => self.factor * 2,
            (true, true) => self.factor / 2,
        }
    }

    /// How the hits of the window stand.
    fn judge(&mut self, counted: u128) {
        let Some(usual) = self.usual else {
            self.level = Level::Clear;
            (self.beyond, self.firing) = (0, None);
            return;
        };
        let limit = self.factor() * u128::from(usual);
        let order = match self.below {
            false => (counted * 1_000_000_000).cmp(&limit),
            true => limit.cmp(&(counted * 1_000_000_000)),
        };
        let by_chance = (counted as f64 - usual as f64).abs() < 3.0 * (usual as f64).sqrt() + 10.0;
        match order {
            Ordering::Greater if !by_chance || self.firing.is_some() => {
                self.beyond += 1;
                if self.beyond >= 2 {
                    self.level = Level::Breached;
                    self.firing.get_or_insert(0);
                }
            }
            // Where usually there is nothing, nothing is as usual.
            Ordering::Equal if counted > 0 => {
                self.level = if self.firing.is_some() {
                    Level::AtThreshold
                } else {
                    Level::Clear
                }
            }
            _ => {
                self.beyond = 0;
                self.firing = None;
                self.level = Level::Clear;
            }
        }
    }

    fn counted(&self, common: &Common) -> u128 {
        common.counted(self.hits).0
    }

    fn usual_per_second(&self) -> f64 {
        self.usual.unwrap_or(0) as f64 / self.window.0 as f64
    }
}

impl Condition for UsualCondition {
    fn take(&mut self, second: Second, bucket: &Bucket, closed: Second, common: &Common) {
        let late = self.closed.is_some_and(|last| second <= last) || second < closed;
        if self.minute.is_none() && (late || bucket.is_empty()) {
            return;
        }
        self.whole_from.get_or_insert(closed);
        self.closed = Some(closed);
        // What comes late finds every minute ended that has closed, and one that has ended stays as it was judged.
        self.catch_up(if late { closed.next() } else { closed });
        let minute = closed.0.div_euclid(MINUTE);
        if closed.next().0 == (minute + 1) * MINUTE && self.minute == Some(minute) {
            let (hits, _) = common.counted(self.of_minute);
            self.end_minute(minute, hits, self.counted(common));
            self.minute = Some(minute + 1);
        }
    }

    fn rest(&self, _: u64, _: &Common) -> Option<Rest> {
        let minute = self.minute.filter(|_| self.level == Level::Clear)?;
        Some(Rest {
            until: Second((minute + 1) * MINUTE - 1),
            ..Rest::ENDLESS
        })
    }

    fn level(&self, _: &Common) -> Level {
        self.level
    }

    fn figure(&self, common: &Common) -> Figure {
        Figure {
            hits: at_most(self.counted(common)),
            value: self.counted(common) as f64 / self.window.0 as f64,
            threshold: self.factor() as f64 / 1e9 * self.usual_per_second(),
            window: self.window,
            below: self.below,
        }
    }

    fn detail(&self, common: &Common) -> Option<String> {
        let rate = self.counted(common) as f64 / self.window.0 as f64;
        let usual = self.usual_per_second();
        let rates = |rate: f64| {
            if rate >= 100.0 {
                format!("{rate:.0}/s")
            } else {
                format!("{rate:.1}/s")
            }
        };
        let is = match usual > 0.0 {
            false => "where there is usually nothing".to_owned(),
            true => format!(
                "is {:.1}x the usual {} {}",
                rate / usual,
                if self.below { "least of" } else { "peak of" },
                rates(usual)
            ),
        };
        let known = match self.known / 60 {
            hours @ ..48 => Span(hours as i64 * 3600),
            hours => Span((hours / 24) as i64 * 86_400),
        };
        Some(format!("{} {is}, known for {known}", rates(rate)))
    }

    fn note(&self, _: &Common) -> Option<String> {
        let known = Span(self.known as i64 * MINUTE);
        let needed = Span(READY as i64 * MINUTE);
        self.usual
            .is_none()
            .then(|| format!("baseline not ready: {known} of {needed}"))
    }

    fn next_change(&self, from: Second, _: Level, common: &Common) -> Option<Second> {
        // With an empty window every minute that ends is back; until it has been, it matters. To a rule on less it matters
        // as long as anything is usual.
        let open = self.counted(common) > 0
            || common.counted(self.of_minute).0 > 0
            || self.level != Level::Clear
            || self.beyond > 0
            || self.below && self.known > 0;
        let minute_ends = from + Span(MINUTE - 1 - from.0.rem_euclid(MINUTE));
        let leaves = common.next_leave(self.hits);
        (open && self.minute.is_some())
            .then(|| leaves.map_or(minute_ends, |leaves| leaves.min(minute_ends)))
    }

    fn fires_on_little(&self) -> bool {
        self.below
    }

    fn unread(&mut self, from: Second, to: Second) {
        self.whole_from = self.whole_from.max(Some(to));
        let Some(now) = self.minute else {
            return;
        };
        // Those whose window holds a part of it.
        let overlaps = to.0 + self.window.0 - 1;
        let (first, last) = (from.0.div_euclid(MINUTE), overlaps.div_euclid(MINUTE) - 1);
        // Those that have ended are behind each other, up to the one before the open one.
        let count = self.windows.len();
        let place = |minute: i64| (count as i64 - (now - minute)).clamp(0, count as i64) as usize;
        for index in place(first)..place(last + 1) {
            if let Some(window) = self.windows[index].take()
                && index + self.recent < count
            {
                self.leave_baseline(window);
            }
        }
    }

    fn window(&self) -> Span {
        self.window
    }

    fn look_back(&self) -> Span {
        Span((BASELINE + RECENT) as i64 * MINUTE + self.window.0)
    }
}
