//! The guard against wrong timestamps beside its rule, written out as plainly as the rule is said.

use httpmon::clock::{Believed, Clock};
use httpmon::time::{Second, Span};
use proptest::prelude::*;

const HOUR: i64 = 3600;
const MONTH: i64 = 31 * 86_400;

/// What the clock believes of these times, in its order, and how many it does not.
fn clock(times: &[i64]) -> (Vec<i64>, u64) {
    let mut clock = Clock::new(Span(5));
    let mut believed = Vec::new();
    let mut take = |clock: &mut Clock<()>, time: Second| {
        clock.advance(time);
        believed.push(time.0);
    };
    for &time in times {
        let time = Second(time);
        match clock.offer(time, (), None) {
            Believed::None => {}
            Believed::One(()) => take(&mut clock, time),
            Believed::Several(several) => several.iter().for_each(|(t, ())| take(&mut clock, *t)),
        }
    }
    for (time, ()) in clock.settle(true) {
        take(&mut clock, time);
    }
    (believed, clock.skewed())
}

/// A record is ahead if it lies more than an hour past the newest; before anything is believed, every
/// one is. Those ahead wait; one that is not proves all of them wrong; eight, or the end, settle them.
fn rule(times: &[i64]) -> (Vec<i64>, u64) {
    let mut believed: Vec<i64> = Vec::new();
    let mut waiting: Vec<i64> = Vec::new();
    let mut skewed = 0;
    for (i, &time) in times.iter().enumerate() {
        let newest = believed.iter().max().copied();
        if newest.is_some_and(|newest| time <= newest + HOUR) {
            skewed += waiting.drain(..).count() as u64;
            believed.push(time);
        } else {
            waiting.push(time);
        }
        let at_end = i + 1 == times.len();
        if waiting.len() == 8 || at_end {
            let before = believed.iter().max().copied();
            let full = waiting.len() == 8;
            for (j, &time) in waiting.iter().enumerate() {
                let contradicted = waiting[j + 1..].iter().any(|&later| later < time - HOUR);
                let far = !full && before.is_some_and(|before| time > before + MONTH);
                if contradicted || far {
                    skewed += 1;
                } else {
                    believed.push(time);
                }
            }
            waiting.clear();
        }
    }
    (believed, skewed)
}

/// Times that mostly go on, with jumps of about an hour, of hours, and of about a month, there and back.
fn times() -> impl Strategy<Value = Vec<i64>> {
    let step = prop_oneof![
        8 => 0i64..10,
        2 => -20i64..20,
        1 => HOUR - 1..=HOUR + 1,
        1 => -HOUR - 1..=1 - HOUR,
        1 => -5 * HOUR..5 * HOUR,
        1 => MONTH - 1..=MONTH + 1,
        1 => -MONTH - 10..10 - MONTH,
    ];
    prop::collection::vec(step, 1..40).prop_map(|steps| {
        let mut time = 1_760_000_000;
        steps
            .into_iter()
            .map(|step| {
                time += step;
                time
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn the_clock_believes_what_the_rule_says(times in times()) {
        prop_assert_eq!(clock(&times), rule(&times));
    }

    /// The eighth record is left out: it ends the first queue, where no later one can contradict it.
    #[test]
    fn one_wrong_time_is_skewed_and_changes_nothing_else(at in prop_oneof![0usize..7, 8usize..200], years in 1i64..60) {
        let times: Vec<i64> = (0..200).map(|second| 1_760_000_000 + second).collect();
        let mut wrong = times.clone();
        wrong.insert(at, times[at] + years * 365 * 86_400);
        prop_assert_eq!(clock(&wrong), (times, 1));
    }
}
