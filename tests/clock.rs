//! The guard against wrong timestamps beside its rule, written out as plainly as the rule is said, and by
//! example.

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

#[test]
fn a_short_log_is_believed_at_its_end() {
    assert_eq!(clock(&[10, 11, 12]), (vec![10, 11, 12], 0));
}

#[test]
fn one_record_far_ahead_is_skewed_by_the_next_that_is_not() {
    let far = 1_000_000_000;
    assert_eq!(
        clock(&[1, 2, 3, 4, 5, 6, 7, 8, 9, far, 10]),
        (vec![1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 1)
    );
}

#[test]
fn one_record_far_ahead_at_the_very_start_is_skewed_by_the_others() {
    assert_eq!(clock(&[1_000_000_000, 2, 3]), (vec![2, 3], 1));
}

#[test]
fn a_log_that_goes_on_after_a_month_is_believed_once_eight_agree() {
    let later: Vec<i64> = (0..8).map(|i| 10_000_000 + i).collect();
    let mut times = vec![1, 2, 3, 4, 5, 6, 7, 8];
    times.extend(&later);
    let (believed, skewed) = clock(&times);
    assert_eq!((believed.len(), skewed), (16, 0));
    let (believed, skewed) = clock(&times[..12]);
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
