//! The guard against wrong timestamps beside its rule, written out as plainly as the rule is said, and by
//! example.

use httpmon::ingest::clock::{Clock, Decision, Wall};
use httpmon::time::{Second, Span};
use proptest::prelude::*;

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const MONTH: i64 = 31 * 86_400;

/// The stretches of believed times, and how many are not believed.
type Ruled = (Vec<Vec<i64>>, u64);

/// What the clock makes of these times, each with the wall clock if there is one, in milliseconds.
fn by_clock(lateness: i64, times: impl IntoIterator<Item = (i64, Option<i64>)>) -> Ruled {
    let mut clock: Clock<()> = Clock::new(Span(lateness), |()| 1);
    let mut stretches = vec![Vec::new()];
    let mut carry_out = |clock: &mut Clock<()>| {
        while let Some(decision) = clock.next_decision() {
            match decision {
                Decision::Believe(time, ()) => stretches.last_mut().unwrap().push(time.0),
                Decision::Rewind { .. } => stretches.push(Vec::new()),
                Decision::Skew(()) => {}
            }
        }
    };
    for (time, wall) in times {
        clock.offer(Second(time), (), wall.map(Wall));
        carry_out(&mut clock);
    }
    clock.finish();
    carry_out(&mut clock);
    (stretches, clock.skewed())
}

fn history(lateness: i64, times: &[i64]) -> Ruled {
    by_clock(lateness, times.iter().map(|&time| (time, None)))
}

/// The rule, in plain words: see DESIGN, "Clock", and the module's text.
#[derive(Default)]
struct Rule {
    ahead: i64,
    behind: i64,
    stretches: Vec<Vec<i64>>,
    newest: Option<i64>,
    skewed: u64,
    /// Time, votes, and how many of them agree.
    waiting: Vec<(i64, i64, i64)>,
    back: Vec<i64>,
}

impl Rule {
    fn believe(&mut self, time: i64) {
        self.stretches.last_mut().unwrap().push(time);
        self.newest = self.newest.max(Some(time));
    }

    fn decide(&mut self) {
        let (time, votes, agree) = self.waiting.remove(0);
        let far = self.newest.is_some_and(|newest| time > newest + MONTH);
        if (votes == 0 && far) || agree * 2 < votes {
            self.skewed += 1;
            return;
        }
        self.believe(time);
        let mut rest = Vec::new();
        for other in std::mem::take(&mut self.waiting) {
            if other.0 <= self.newest.unwrap() + self.ahead {
                self.believe(other.0);
            } else {
                rest.push(other);
            }
        }
        self.waiting = rest;
    }

    fn take(&mut self, time: i64) {
        for (other, votes, agree) in &mut self.waiting {
            *votes += 1;
            *agree += i64::from(time >= *other - self.ahead);
        }
        while self.waiting.first().is_some_and(|oldest| oldest.1 >= 16) {
            self.decide();
        }
        if self
            .newest
            .is_some_and(|newest| time < newest - self.behind)
        {
            self.back.push(time);
            if self.back.len() == 64 {
                while !self.waiting.is_empty() {
                    self.decide();
                }
                self.newest = None;
                self.stretches.push(Vec::new());
                for time in std::mem::take(&mut self.back) {
                    self.take(time);
                }
            }
            return;
        }
        for time in std::mem::take(&mut self.back) {
            self.believe(time);
        }
        match self.newest {
            Some(newest) if time <= newest + self.ahead => self.believe(time),
            _ => self.waiting.push((time, 0, 0)),
        }
    }
}

fn by_rule(lateness: i64, times: &[i64]) -> Ruled {
    let mut rule = Rule {
        ahead: lateness.max(MINUTE),
        behind: lateness.max(10 * MINUTE),
        stretches: vec![Vec::new()],
        ..Rule::default()
    };
    for &time in times {
        rule.take(time);
    }
    for time in std::mem::take(&mut rule.back) {
        rule.believe(time);
    }
    while !rule.waiting.is_empty() {
        rule.decide();
    }
    (rule.stretches, rule.skewed)
}

/// Times that mostly go on, in runs, with jumps of about all that the rule knows, there and back.
fn times() -> impl Strategy<Value = Vec<i64>> {
    let jump = prop_oneof![
        Just(0),
        -20i64..20,
        MINUTE - 1..=MINUTE + 1,
        -MINUTE - 1..=1 - MINUTE,
        10 * MINUTE - 1..=10 * MINUTE + 1,
        -10 * MINUTE - 1..=1 - 10 * MINUTE,
        -5 * HOUR..5 * HOUR,
        MONTH - 1..=MONTH + 1,
        -MONTH - 10..10 - MONTH,
    ];
    let length = prop_oneof![4 => 1usize..5, 2 => 10usize..20, 1 => 60usize..80];
    prop::collection::vec((jump, length, 0i64..3), 1..16).prop_map(|runs| {
        let mut time = 1_760_000_000;
        let mut times = Vec::new();
        for (jump, length, step) in runs {
            time += jump;
            for _ in 0..length {
                time += step;
                times.push(time);
            }
        }
        times
    })
}

proptest! {
    #[test]
    fn the_clock_decides_what_the_rule_says(times in times(), lateness in prop_oneof![Just(0i64), Just(5), Just(60), Just(HOUR)]) {
        prop_assert_eq!(history(lateness, &times), by_rule(lateness, &times));
    }

    /// Wherever they come, but for the end: a line that nothing follows cannot be contradicted.
    #[test]
    fn up_to_seven_times_far_ahead_are_skewed_and_change_nothing_else(
        wrong in prop::collection::vec((0usize..180, MINUTE + 1..40 * 365 * 86_400), 1..=7),
    ) {
        let right: Vec<i64> = (0..200).map(|n| 1_760_000_000 + n / 4).collect();
        let mut times: Vec<(usize, i64)> = right.iter().copied().enumerate().collect();
        for &(at, jump) in &wrong {
            times.push((at, right[at] + jump));
        }
        times.sort_by_key(|&(at, _)| at);
        let times: Vec<i64> = times.into_iter().map(|(_, time)| time).collect();
        prop_assert_eq!(history(60, &times), (vec![right], wrong.len() as u64));
    }

    /// Live, with a host's clock that is off by anything up to an hour, which no line contradicts.
    #[test]
    fn a_steady_lag_is_believed(lag in -HOUR..HOUR, gap in 1i64..20) {
        let wall = 1_760_000_000_000;
        let times = (0..100).map(|n| (wall / 1000 + n * gap - lag, Some(wall + n * gap * 1000 + 300)));
        let right: Vec<i64> = (0..100).map(|n| wall / 1000 + n * gap - lag).collect();
        prop_assert_eq!(by_clock(5, times), (vec![right], 0));
    }

    /// A single wrong line of any time past the bound neither moves the clock nor makes another line late.
    #[test]
    fn a_wrong_line_live_is_skewed(lag in -HOUR..HOUR, at in 17usize..60, jump in prop_oneof![70i64..300, 300i64..100_000]) {
        let wall = 1_760_000_000;
        let mut times: Vec<(i64, Option<i64>)> = (0..100)
            .map(|n| (wall + n - lag, Some((wall + n) * 1000 + 300)))
            .collect();
        let right: Vec<i64> = times.iter().map(|&(time, _)| time).collect();
        let (time, seen) = times[at];
        times.insert(at, (time + jump, seen));
        let (mut stretches, skewed) = by_clock(5, times);


        prop_assert_eq!(stretches.remove(0), right);
        prop_assert_eq!(skewed, 1);
    }
}

#[test]
fn a_short_log_is_believed_at_its_end() {
    assert_eq!(history(5, &[10, 11, 12]), (vec![vec![10, 11, 12]], 0));
}

#[test]
fn the_sixteenth_vote_settles_and_half_of_them_are_enough() {
    let ahead = 1000;
    let with = |agreeing: usize| {
        let mut times = vec![0; 20];
        times.push(ahead);
        times.extend(vec![ahead; agreeing]);
        times.extend(vec![0; 16 - agreeing]);
        history(5, &times).1
    };
    assert_eq!(with(8), 0, "half of them agree");
    assert_eq!(with(7), 8, "less than half agree, so all eight are skewed");
}

#[test]
fn at_the_end_one_without_a_vote_is_believed_within_a_month() {
    let times: Vec<i64> = (0..20).collect();
    let with = |last: i64| {
        let times: Vec<i64> = times.iter().copied().chain([last]).collect();
        history(5, &times).1
    };
    assert_eq!(with(19 + MONTH), 0);
    assert_eq!(with(20 + MONTH), 1);
}

#[test]
fn sixty_four_in_a_row_that_are_far_behind_begin_a_new_stretch() {
    let first: Vec<i64> = (10_000..10_100).collect();
    let with = |count: i64| {
        let times: Vec<i64> = first.iter().copied().chain(1000..1000 + count).collect();
        history(5, &times).0
    };
    assert_eq!(with(63).len(), 1, "they are late");
    assert_eq!(with(64), [first.clone(), (1000..1064).collect()]);
}

#[test]
fn one_that_is_not_far_behind_makes_the_others_late() {
    let mut times: Vec<i64> = (10_000..10_100).collect();
    times.extend(1000..1063);
    times.push(10_101);
    times.extend(2000..2063);
    let (stretches, _) = history(5, &times);
    assert_eq!(stretches, [times]);
}

#[test]
fn a_backlog_of_a_quiet_log_keeps_nobody_waiting() {
    let wall = 1_760_000_000_000;
    let old = (0..20).map(|n| (wall / 1000 - 7200 + n, Some(wall)));
    let new = [1, 2, 3].map(|minutes| {
        let seen = wall + minutes * 180_000;
        (seen / 1000, Some(seen))
    });
    let mut clock: Clock<()> = Clock::new(Span(5), |()| 1);
    for (time, wall) in old.chain(new) {
        clock.offer(Second(time), (), wall.map(Wall));
    }
    assert_eq!(clock.newest(), Some(Second(new[2].0)));
    assert_eq!(clock.skewed(), 0);
}

#[test]
fn a_few_old_lines_before_the_first_that_is_live_keep_their_places() {
    let wall = 1_760_000_000_000;
    let mut times: Vec<(i64, Option<i64>)> = (0..10)
        .map(|n| (wall / 1000 - 7200 + n, Some(wall)))
        .collect();
    times.push((wall / 1000, Some(wall)));
    let right = times.iter().map(|&(time, _)| time).collect();
    assert_eq!(by_clock(5, times), (vec![right], 0));
}

/// A local time that comes twice, an hour apart: see [`Clock::nearer`].
#[test]
fn of_two_instants_the_one_nearer_to_what_came_before_is_meant() {
    let nearer = |clock: &Clock<()>, time| clock.nearer(Second(time), Span(HOUR), None).0;
    let mut clock: Clock<()> = Clock::new(Span(5), |()| 1);
    assert_eq!(nearer(&clock, 1000), 1000, "nothing is known");
    let wall = Some(Wall(1000 * (1000 + HOUR)));
    let by_wall = clock.nearer(Second(1000), Span(HOUR), wall);
    assert_eq!(by_wall, Second(1000 + HOUR), "the wall clock is near it");
    clock.advance(Second(4000));
    assert_eq!(nearer(&clock, 3990), 3990, "a little out of order");
    assert_eq!(nearer(&clock, 401), 401 + HOUR, "the hour begins again");
    assert_eq!(nearer(&clock, 2200), 2200, "as far from both");
    // Records that are far from each other wait, and the newest that is believed is of long ago.
    for time in [4600, 5200, 5800, 6400] {
        clock.offer(Second(time), (), None);
    }
    assert_eq!(clock.newest(), Some(Second(4000)));
    assert_eq!(nearer(&clock, 3400), 3400 + HOUR);
    assert_eq!(clock.nearer(Second(3400), Span(0), None), Second(3400));
}
