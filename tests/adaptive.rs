//! Rules that compare with the past, beside naive ones: more than usual, and the burn rate of an
//! objective. Both look back for hours, so streams are long and thin.

use httpmon::format::record::Record;
use httpmon::monitor::Monitor;
use httpmon::report::{AlertState, Event};
use httpmon::run;
use httpmon::time::Second;
use proptest::prelude::*;

/// A second that begins a minute.
const START: i64 = 1_760_000_040;

/// When, and with which status.
type Hit = (i64, u16);

/// What is compared: when, whether it fired, and the hits in the window where there is one.
type Change = (i64, bool, u64);

fn said(hits: &[Hit], rule: &str, lateness: i64) -> Vec<Change> {
    let lateness = format!("--lateness={lateness}");
    let options = run::options(&["--replay", &lateness, "--alert", rule]);
    let config = options.and_then(|options| options.config());
    let mut monitor = Monitor::new(config.expect("a rule that works"));
    for &(time, status) in hits {
        let record = Record {
            time: Second(time),
            client: b"10.0.0.1",
            status: Some(status),
            ..Record::EMPTY
        };
        monitor.observe(&record, None);
    }
    monitor.finish();
    let events = std::iter::from_fn(|| monitor.next_event());
    events
        .filter_map(|event| match event {
            Event::Transition(alert) => {
                let fired = matches!(alert.state, AlertState::Firing { .. });
                Some((alert.at.0, fired, alert.figure.hits))
            }
            _ => None,
        })
        .collect()
}

/// Hits in `(second - window, second]`, and the errors among them.
fn within(hits: &[Hit], second: i64, window: i64) -> (u64, u64) {
    let from = hits.partition_point(|hit| hit.0 <= second - window);
    let to = hits.partition_point(|hit| hit.0 <= second);
    let errors = hits[from..to].iter().filter(|hit| hit.1 >= 500).count();
    ((to - from) as u64, errors as u64)
}

/// So many hits in each minute, spread evenly over it.
fn by_minute(counts: &[u64]) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (minute, &count) in counts.iter().enumerate() {
        hits.extend(
            (0..count).map(|i| (START + minute as i64 * 60 + (i * 60 / count) as i64, 200)),
        );
    }
    hits
}

/// The surge rule, judged from scratch at the end of each minute; `tenths` is its factor.
fn surges(hits: &[Hit], tenths: u64, window: i64) -> Vec<Change> {
    let (Some(first), Some(last)) = (hits.first(), hits.last()) else {
        return Vec::new();
    };
    let mut changes = Vec::new();
    let (mut minutes, mut row, mut firing) = (Vec::new(), 0, None::<u32>);
    let mut empty = 0;
    for end in (first.0..=last.0).filter(|second| second % 60 == 59) {
        firing = firing.map(|minutes| minutes + 1);
        if firing.is_none_or(|minutes| minutes > 360) {
            minutes.push(Some(within(hits, end, 60).0));
        }
        // More than an hour without a hit is a hole, and no part of the baseline.
        empty = if within(hits, end, 60).0 == 0 {
            empty + 1
        } else {
            0
        };
        if empty > 60 {
            let hole = minutes.iter_mut().rev().take_while(|m| **m == Some(0));
            hole.for_each(|minute| *minute = None);
        }
        let known = minutes.len().saturating_sub(60);
        let baseline = &minutes[known.saturating_sub(1440)..known];
        let mut baseline: Vec<u64> = baseline.iter().copied().flatten().collect();
        if baseline.len() < 480 {
            if firing.is_some() {
                changes.push((end, false, within(hits, end, window).0));
            }
            (row, firing) = (0, None);
            continue;
        }
        baseline.sort_unstable();
        let usual = baseline[(baseline.len() * 99).div_ceil(100) - 1];
        let counted = within(hits, end, window).0;
        let scaled = usual as f64 * window as f64 / 60.0;
        let excess = counted as f64 - scaled;
        let (left, right) = (counted * 600, tenths * usual * window as u64);
        let was = firing.is_some();
        if left > right && (was || excess >= 5.0 * scaled.sqrt() + 10.0) {
            row += 1;
            if row >= 2 {
                firing = firing.or(Some(0));
            }
        } else if left != right || counted == 0 {
            (row, firing) = (0, None);
        }
        if firing.is_some() != was {
            changes.push((end, firing.is_some(), counted));
        }
    }
    changes
}

const PAIRS: [(i64, i64, u128); 3] = [(3600, 300, 144), (21_600, 1800, 60), (259_200, 21_600, 10)];

/// The objective, judged from scratch at every second; `budget` is in hundredths of a per cent.
fn burns(hits: &[Hit], budget: u128, min: u64) -> Vec<(i64, bool)> {
    let (Some(first), Some(last)) = (hits.first(), hits.last()) else {
        return Vec::new();
    };
    let mut changes = Vec::new();
    let mut firing = false;
    for second in first.0..=last.0 {
        let verdicts = PAIRS.map(|(long, short, rate)| {
            let stands = |window| {
                let (hits, errors) = within(hits, second, window);
                // errors / hits against rate / 10 × budget / 10,000
                (u128::from(errors) * 100_000).cmp(&(rate * budget * u128::from(hits))) as i32
            };
            if within(hits, second, short).0 < min || within(hits, second, long).1 < 2 {
                -1
            } else {
                stands(long).min(stands(short))
            }
        });
        let was = firing;
        match verdicts.into_iter().max() {
            Some(1) => firing = true,
            Some(-1) => firing = false,
            _ => {}
        }
        if firing != was {
            changes.push((second, firing));
        }
    }
    changes
}

/// Fourteen hours of minutes, with surges and gaps behind the eighth.
fn days() -> impl Strategy<Value = Vec<u64>> {
    let base = (0u64..30, 1u64..10);
    let length = prop_oneof![3 => 1usize..40, 1 => 60usize..250];
    let part = (0usize..60, length, prop_oneof![Just(0u64), 20u64..150]);
    (
        base,
        prop::collection::vec(any::<u8>(), 840),
        prop::collection::vec(part, 1..6),
    )
        .prop_map(|((base, noise), random, parts)| {
            let mut counts: Vec<u64> = random
                .iter()
                .map(|r| base + u64::from(*r) % noise)
                .collect();
            let mut at = 540;
            for (gap, length, level) in parts {
                at += gap;
                for minute in at..(at + length).min(840) {
                    counts[minute] = if level == 0 {
                        0
                    } else {
                        level + u64::from(random[minute]) % 5
                    };
                }
                at += length;
            }
            counts
        })
}

/// Four hits a minute are usual: 4 + 5√4 + 10 = 24 are not chance, at two minutes in a row.
#[test]
fn what_chance_brings_is_no_surge() {
    for (count, fires) in [(23, false), (24, true)] {
        let mut minutes = vec![4; 600];
        minutes.extend([count, count, 4]);
        let changes = said(&by_minute(&minutes), "A: hits > 2x usual over 1m", 0);
        assert_eq!(!changes.is_empty(), fires, "{count}: {changes:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_surge_fires_and_recovers_where_a_recount_says(counts in days(), tenths in 10u64..40, window in prop_oneof![Just(60i64), Just(120i64), 30i64..400, 1000i64..8000], lateness in 0i64..60) {
        let hits = by_minute(&counts);
        let rule = format!("Surge: hits > {}.{}x usual over {window}s", tenths / 10, tenths % 10);
        prop_assert_eq!(said(&hits, &rule, lateness), surges(&hits, tenths, window));
    }

    #[test]
    fn the_burn_rate_fires_and_recovers_where_a_recount_says(parts in prop::collection::vec((60i64..9000, 5i64..60, 0u8..4, 1u8..40, prop_oneof![4000i64..9000, 20_000i64..90_000, 200_000i64..300_000]), 1..5), budget in prop::sample::select(vec![10u64, 50, 100, 1000]), min in prop_oneof![Just(0u64), 1u64..80]) {
        let mut hits = Vec::new();
        let mut time = START;
        for (length, every, kind, errors, gap) in parts {
            let end = time + length;
            while time < end {
                let failed = kind > 1 && hits.len() % 40 < errors.into();
                hits.push((time, if failed { 503 } else { 200 }));
                time += every;
            }
            time += if kind == 1 { gap } else { 0 };
        }
        let objective = 10_000 - budget;
        let least = if min > 0 { format!(" min {min}") } else { String::new() };
        let rule = format!("Availability: slo {}.{:02}%{least}", objective / 100, objective % 100);
        let said: Vec<(i64, bool)> = said(&hits, &rule, 0).into_iter().map(|c| (c.0, c.1)).collect();
        prop_assert_eq!(said, burns(&hits, budget.into(), if min > 0 { min } else { 100 }));
    }
}

#[test]
fn a_surge_that_stays_becomes_usual_after_six_hours() {
    let mut counts = vec![20; 600];
    counts.extend([100; 540]);
    let hits = by_minute(&counts);
    let changes = said(&hits, "Surge: hits > 2x usual over 2m", 0);
    assert_eq!(changes, surges(&hits, 20, 120));
    let minutes: Vec<_> = changes.iter().map(|c| ((c.0 - START) / 60, c.1)).collect();
    // It fires at the second closed minute; the window's two minutes are both of the surge then. The
    // baseline stands still for 360 minutes, leaves out the last 60, and needs 1 % of new ones.
    assert_eq!(minutes, [(601, true), (1026, false)]);
}

/// A minute that ends in the gap is beyond although nothing was before it.
#[test]
fn a_surge_before_a_gap_fires_and_recovers_in_it() {
    let mut hits = by_minute(&[20; 600]);
    let from = START + 600 * 60;
    hits.extend((0..500).map(|i| (from + i / 50, 200)));
    hits.push((from + 7200, 200));
    let changes = said(&hits, "Surge: hits > 2x usual over 10m", 0);
    assert_eq!(changes, surges(&hits, 20, 600));
    let seconds: Vec<_> = changes.iter().map(|c| (c.0 - from, c.1)).collect();
    assert_eq!(seconds, [(119, true), (659, false)]);
}

/// Chance alone makes 5 times the square root of the usual, and 10: with 4 a minute that is 20 more.
#[test]
fn a_surge_must_be_more_than_chance() {
    for (hits, fires) in [(23, false), (24, true)] {
        let mut counts = vec![4; 600];
        counts.extend([hits; 5]);
        let changes = said(&by_minute(&counts), "Surge: hits > 2x usual over 1m", 0);
        assert_eq!(!changes.is_empty(), fires, "{hits}: {changes:?}");
    }
}

/// A hundredth of a day is 14 minutes; with 15 of a peak left, the peak is usual.
#[test]
fn a_day_before_the_last_hour_is_the_baseline() {
    let fires = |quiet| {
        let mut counts = vec![100; 30];
        counts.resize(quiet, 20);
        counts.extend([60; 2]);
        !said(&by_minute(&counts), "Surge: hits > 2x usual over 1m", 0).is_empty()
    };
    // Minutes before the surge: what the second of its minutes looks back on begins 25 hours before it ends.
    let last = 24 * 60 + 60 + 15 - 1;
    assert!(!fires(last - 1));
    assert!(
        !fires(last),
        "at the first of the two minutes the peak is usual"
    );
    assert!(fires(last + 1));
}

/// A hit every hour is a quiet log; with more than an hour between two it has holes, and nothing is usual in it.
#[test]
fn a_hole_of_more_than_an_hour_is_no_part_of_the_baseline() {
    let fires = |every: usize| {
        let mut counts: Vec<u64> = (0..660)
            .map(|minute| u64::from(minute % every == 0))
            .collect();
        counts.extend([50; 5]);
        let hits = by_minute(&counts);
        let changes = said(&hits, "Surge: hits > 2x usual over 1m", 0);
        assert_eq!(changes, surges(&hits, 20, 60), "{every}");
        !changes.is_empty()
    };
    assert!(fires(61), "sixty minutes without a hit");
    assert!(!fires(62), "sixty-one");
}

#[test]
fn a_baseline_of_less_than_eight_hours_says_nothing() {
    let mut counts = vec![20; 530];
    counts.extend([400; 10]);
    assert_eq!(
        said(&by_minute(&counts), "Surge: hits > 2x usual over 2m", 0),
        []
    );
    let mut counts = vec![20; 545];
    counts.extend([400; 10]);
    let changes = said(&by_minute(&counts), "Surge: hits > 2x usual over 2m", 0);
    assert!(changes.first().is_some_and(|change| change.1));
}

/// Late records count in their minutes, be they passed over in a gap: else the usual would be 20.
#[test]
fn late_records_of_passed_minutes_count_in_the_baseline() {
    let mut counts = vec![20; 700];
    counts[400..440].fill(60);
    counts.extend([100; 5]);
    let hits = by_minute(&counts);
    let minute = |hit: &Hit| (hit.0 - START) / 60;
    let (late, mut come): (Vec<Hit>, Vec<Hit>) = hits
        .iter()
        .partition(|hit| (400..440).contains(&minute(hit)));
    assert_eq!(said(&come, "Surge: hits > 2x usual over 2m", 0).len(), 1);
    // Behind the first hit after the gap, which closes it.
    let behind = come.partition_point(|hit| minute(hit) < 440) + 1;
    come.splice(behind..behind, late);
    assert_eq!(said(&come, "Surge: hits > 2x usual over 2m", 0), []);
}
