//! When lines come: the second each one is stamped with, and the order in which they come.
//!
//! Whole numbers only. Line `k` of a step is stamped `floor(k / rate)` seconds after the step begins.
//! With disorder some lines of a second are held back for up to so many seconds. Their contents are
//! made when they come, so holding back remembers counts, never lines: memory does not grow with the
//! rate. Seconds in which nothing comes are passed over: a log of a line a day costs its lines.

use std::time::Duration;

use super::held::{Held, HeldKey};
use super::random::hash;

/// Rates and shares are counted in these.
pub(super) const BILLION: u64 = 1_000_000_000;
/// With disorder, one line in so many is held back.
const HELD_ONE_IN: u64 = 8;
/// Lines that are chosen by share are spread over blocks of so many.
const BLOCK: u64 = 64;

/// A stretch of the log with one rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Lines a second, in billionths.
    pub rate: u64,
    /// How many seconds it lasts.
    pub seconds: u64,
    /// The share of its lines that are errors, in billionths.
    pub errors: u64,
    /// The share of its lines that one client sends, in billionths.
    pub flood: u64,
}

impl Stretch {
    /// Its lines that are stamped before its second `second`.
    fn before(&self, second: u64) -> u64 {
        match self.rate.checked_mul(second) {
            Some(billionths) => billionths.div_ceil(BILLION),
            None => {
                let billionths = u128::from(self.rate) * u128::from(second);
                // A rate is at most a billion and a step a year: this is below 2⁶⁴.
                billionths.div_ceil(BILLION.into()) as u64
            }
        }
    }

    /// The second of it that line `index` is stamped with; `None` behind the last.
    fn second(&self, index: u64) -> Option<u64> {
        let second = match index.checked_mul(BILLION) {
            Some(billionths) => billionths.checked_div(self.rate)?,
            // No line is behind the last by more than one: below 2⁶⁴.
            None => (u128::from(index) * u128::from(BILLION)).checked_div(self.rate.into())? as u64,
        };
        (second < self.seconds).then_some(second)
    }

    /// How many lines it has: its rate times its length, rounded up.
    pub fn lines(&self) -> u64 {
        self.before(self.seconds)
    }
}

/// Whether line `index` of `lines` is among those that make up `share` of them, in billionths: of
/// all lines exactly `floor(lines × share)`, spread evenly.
///
/// Within each full block of 64 they are in an order that hangs on `seed`, so that two shares with
/// different seeds have nothing to do with each other.
#[inline]
pub(super) fn is_chosen(seed: u64, share: u64, index: u64, lines: u64) -> bool {
    if share == 0 || share == BILLION {
        return share > 0;
    }
    let block = index - index % BLOCK;
    let index = if block + BLOCK <= lines {
        // An odd factor and any start make a permutation of the block.
        block + ((index - block) * 29 + hash(seed, block) % BLOCK) % BLOCK
    } else {
        index
    };
    // The share of the lines up to this one passes a whole number here; below 10¹⁸, so no overflow.
    (index % BILLION) * share % BILLION + share >= BILLION
}

/// Hands out places in the order of the log.
#[derive(Debug)]
pub(super) struct Schedule {
    steps: Vec<Stretch>,
    disorder: u64,
    seed: u64,
    /// The next line in the order of their stamps: its second, its step, when that began, and which
    /// of its lines it is. No second behind the last line.
    own: Option<u64>,
    step: usize,
    step_start: u64,
    index: u64,
    held: Held,
    now: OpenSecond,
}

/// The second that is being written. Invariant: `written <= lines`, `late <= lines`.
#[derive(Debug, Default)]
struct OpenSecond {
    second: u64,
    step: usize,
    /// The next line that is stamped with this second.
    index: u64,
    /// All lines that come in it, and those of them that were held back.
    lines: u64,
    late: u64,
    written: u64,
    /// Late lines are spread between the others as a line is drawn by Bresenham.
    balance: u64,
}

impl Schedule {
    /// `disorder` is the most seconds that a line may come late.
    pub(super) fn new(steps: Vec<Stretch>, disorder: u64, seed: u64) -> Schedule {
        let mut schedule = Schedule {
            steps,
            disorder,
            seed,
            own: None,
            step: 0,
            step_start: 0,
            index: 0,
            held: Held::new(disorder),
            now: OpenSecond::default(),
        };
        schedule.find_own();
        schedule
    }

    /// The steps.
    pub(super) fn steps(&self) -> &[Stretch] {
        &self.steps
    }

    /// When the next line is due, from the beginning of the log; `None` at the end.
    pub(super) fn due(&mut self) -> Option<Duration> {
        self.begin_second().then(|| {
            // At most 1.125 billion lines come in a second: no overflow.
            let nanos = self.now.written * BILLION / self.now.lines;
            Duration::new(self.now.second, nanos as u32)
        })
    }

    /// The next line; `None` at the end.
    #[inline]
    pub(super) fn next(&mut self) -> Option<HeldKey> {
        if self.now.written == self.now.lines && !self.begin_second() {
            return None;
        }
        let now = &mut self.now;
        now.written += 1;
        now.balance += now.late;
        if now.balance >= now.lines {
            now.balance -= now.lines;
            return Some(self.held.next());
        }
        let place = HeldKey {
            second: now.second,
            step: now.step,
            index: now.index,
        };
        now.index += 1;
        Some(place)
    }

    /// Begins the next second that has a line to write; `false` at the end.
    fn begin_second(&mut self) -> bool {
        // All lines of a second may be held back: then it has none.
        while self.now.written == self.now.lines {
            let Some(second) = self.own.into_iter().chain(self.held.due()).min() else {
                return false;
            };
            let late = self.held.begin(second);
            self.now = OpenSecond {
                second,
                step: self.step,
                lines: late,
                late,
                ..OpenSecond::default()
            };
            if self.own == Some(second) {
                self.count_own();
                self.find_own();
            }
        }
        true
    }

    /// Counts the lines that are stamped with this second, and holds some of them back.
    fn count_own(&mut self) {
        let end = self.steps[self.step].before(self.now.second - self.step_start + 1);
        let mut count = end - self.index;
        if self.disorder > 0 {
            let random = hash(self.seed, self.now.second);
            // Rounded at random, so that a slow log has late lines too.
            let late = (count + random % HELD_ONE_IN) / HELD_ONE_IN;
            count -= late;
            if late > 0 {
                let first = HeldKey {
                    second: self.now.second,
                    step: self.step,
                    index: self.index + count,
                };
                self.held.hold(first, late, random / HELD_ONE_IN);
            }
        }
        self.now.index = self.index;
        self.now.lines += count;
        self.index = end;
    }

    /// Finds the second of the next line, of this step or one behind it.
    fn find_own(&mut self) {
        self.own = None;
        while let Some(step) = self.steps.get(self.step) {
            if let Some(second) = step.second(self.index) {
                self.own = Some(self.step_start + second);
                return;
            }
            self.step_start += step.seconds;
            self.step += 1;
            self.index = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(rate: u64, seconds: u64) -> Stretch {
        Stretch {
            rate,
            seconds,
            errors: 0,
            flood: 0,
        }
    }

    fn places(steps: &[Stretch], disorder: u64) -> Vec<HeldKey> {
        let mut schedule = Schedule::new(steps.to_vec(), disorder, 7);
        std::iter::from_fn(|| schedule.next()).collect()
    }

    #[test]
    fn a_fractional_rate_spreads_evenly_and_its_total_is_rounded_up() {
        for (rate, seconds, want) in [
            (500_000_000, 5, &[0, 2, 4][..]),
            (300_000_000, 10, &[0, 3, 6]),
            (1_500_000_000, 4, &[0, 0, 1, 2, 2, 3]),
            (2 * BILLION, 2, &[0, 0, 1, 1]),
            (0, 9, &[]),
            // One in a hundred days, for a year: what lies between is passed over.
            (115, 366 * 86_400, &[0, 8_695_652, 17_391_304, 26_086_956]),
        ] {
            let step = step(rate, seconds);
            let found: Vec<u64> = places(&[step], 0).iter().map(|p| p.second).collect();
            assert_eq!(found, want, "{rate}");
            assert_eq!(step.lines(), want.len() as u64);
        }
    }

    #[test]
    fn the_second_of_a_line_is_exact_at_every_rate() {
        let year = 366 * 86_400;
        for rate in [
            1,
            7,
            BILLION - 1,
            BILLION,
            7 * BILLION / 3,
            BILLION * BILLION,
        ] {
            let step = step(rate, year);
            for second in [0, 1, 2, 59, 3600, year / 2, year - 1] {
                for line in [step.before(second), step.before(second + 1)] {
                    let found = step.second(line);
                    let exact = u128::from(line) * u128::from(BILLION) / u128::from(rate);
                    let exact = u64::try_from(exact).ok().filter(|second| *second < year);
                    assert_eq!(found, exact, "line {line} at {rate}");
                    let is_before = found.is_some_and(|found| found < second);
                    assert_eq!(line < step.before(second), is_before);
                }
            }
            assert_eq!(step.second(step.lines()), None);
        }
    }

    #[test]
    fn disorder_changes_the_order_alone_and_holds_no_line_back_for_longer() {
        let steps = [
            step(3 * BILLION, 40),
            step(0, 5),
            step(200 * BILLION, 20),
            step(5 * BILLION, 100),
            step(BILLION / 3, 30),
        ];
        let plain = places(&steps, 0);
        for disorder in [1, 2, 7, 60] {
            let mut found = places(&steps, disorder);
            let mut newest = 0;
            let mut most = 0;
            for place in &found {
                newest = place.second.max(newest);
                most = most.max(newest - place.second);
            }
            assert_eq!(most, disorder);
            found.sort_by_key(|place| (place.second, place.index));
            assert_eq!(found, plain, "{disorder}");
        }
    }

    #[test]
    fn shares_are_exact_and_independent() {
        for lines in [0, 1, 63, 64, 65, 1000, 12_345] {
            for share in [0, 1, 50_000_000, 333_333_333, 999_999_999, BILLION] {
                let chosen = |seed| move |k: &u64| is_chosen(seed, share, *k, lines);
                let exact = (u128::from(lines) * u128::from(share) / u128::from(BILLION)) as usize;
                assert_eq!((0..lines).filter(chosen(1)).count(), exact);
            }
        }
        let both = |k: &u64| {
            [1, 2]
                .iter()
                .all(|&s| is_chosen(s, BILLION / 2, *k, 64_000))
        };
        let both = (0..64_000).filter(both).count();
        assert!((15_000..17_000).contains(&both), "{both}");
    }

    #[test]
    fn lines_are_due_evenly_within_their_second() {
        let mut schedule = Schedule::new(vec![step(4 * BILLION, 2)], 0, 0);
        let mut dues = Vec::new();
        while let Some(due) = schedule.due() {
            dues.push(due.as_millis());
            schedule.next();
        }
        assert_eq!(dues, [0, 250, 500, 750, 1000, 1250, 1500, 1750]);
    }
}
