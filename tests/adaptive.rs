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

/// A rule on more or less than usual.
#[derive(Debug, Clone, Copy)]
struct Unusual {
    /// Its factor.
    tenths: u64,
    below: bool,
    window: i64,
}

impl Unusual {
    fn text(self) -> String {
        let Unusual {
            tenths,
            below,
            window,
        } = self;
        let operator = if below { '<' } else { '>' };
        format!(
            "U: hits {operator} {}.{}x usual over {window}s",
            tenths / 10,
            tenths % 10
        )
    }

    /// What is usual at the last of these minutes, where the baseline ends before `known`.
    fn usual(self, windows: &[Option<u64>], known: usize) -> Option<(u64, usize)> {
        let baseline = &windows[known.saturating_sub(7 * 1440)..known];
        let mut baseline: Vec<u64> = baseline.iter().copied().flatten().collect();
        let count = baseline.len();
        if count < 480 {
            return None;
        }
        let rank = (count * 999).div_ceil(1000);
        if !self.below {
            return Some((*baseline.select_nth_unstable(rank - 1).1, count));
        }
        let of_day = |day: usize| {
            let first = windows.len().checked_sub(day * 1440 + 60)?;
            let around: Vec<u64> = windows[first..first + 120]
                .iter()
                .copied()
                .flatten()
                .collect();
            around.iter().copied().min().filter(|_| around.len() >= 60)
        };
        let days: Vec<u64> = (1..=7).filter_map(of_day).collect();
        let least = days.iter().copied().min().filter(|_| days.len() >= 3);
        let extreme = *baseline.select_nth_unstable(count - rank).1;
        Some((least.unwrap_or(extreme), count))
    }

    /// Judged from scratch at the end of each minute.
    fn judge(self, hits: &[Hit]) -> Vec<Change> {
        let (Some(first), Some(last)) = (hits.first(), hits.last()) else {
            return Vec::new();
        };
        let mut changes = Vec::new();
        let (mut windows, mut row, mut firing) = (Vec::new(), 0, None::<u32>);
        let (mut known, mut empty, mut whole_from) = (0, 0, first.0);
        for end in (first.0..=last.0).filter(|second| second % 60 == 59) {
            let counted = within(hits, end, self.window).0;
            if within(hits, end, 60).0 > 0 {
                // More than an hour without a hit is a hole, and no part of the baseline.
                if empty > 60 {
                    whole_from = end - 59;
                }
                empty = 0;
            } else {
                empty += 1;
            }
            windows.push(Some(counted).filter(|_| end + 1 - self.window >= whole_from));
            if empty > 60 {
                let hole = windows.iter_mut().rev().take(empty);
                hole.for_each(|window| *window = None);
            }
            firing = firing.map(|minutes| minutes + 1);
            if firing.is_none_or(|minutes| minutes > 360) {
                known = windows.len().saturating_sub(60);
            }
            let was = firing.is_some();
            if let Some((usual, minutes)) = self.usual(&windows, known) {
                let early = minutes < 1440;
                let excess = (counted as f64 - usual as f64).abs();
                let by_chance = excess < 3.0 * (usual as f64).sqrt() + 10.0;
                // In twentieths, since the factor of less than a day is half or twice the other.
                let factor = match (early, self.below) {
                    (false, _) => self.tenths * 2,
                    (true, false) => self.tenths * 4,
                    (true, true) => self.tenths,
                };
                let (left, right) = match self.below {
                    false => (counted * 20, factor * usual),
                    true => (factor * usual, counted * 20),
                };
                if left > right && (was || !by_chance) {
                    row += 1;
                    if row >= 2 {
                        firing = firing.or(Some(0));
                    }
                } else if left != right || counted == 0 {
                    (row, firing) = (0, None);
                }
            } else {
                (row, firing) = (0, None);
            }
            if firing.is_some() != was {
                changes.push((end, firing.is_some(), counted));
            }
        }
        changes
    }
}

fn unusual(tenths: u64, window: i64) -> Unusual {
    Unusual {
        tenths,
        below: false,
        window,
    }
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

/// Nights have a twentieth of the traffic. What is a tenth of that of noon is as usual at night; at noon it is not.
#[test]
fn less_than_usual_is_less_than_at_this_time_of_day() {
    let hour = |minute: usize| minute / 60 % 24;
    let mut minutes: Vec<u64> = (0..5 * 1440)
        .map(|minute| {
            if (8..20).contains(&hour(minute)) {
                40
            } else {
                2
            }
        })
        .collect();
    // Noon of the last day.
    minutes[4 * 1440 + 720..4 * 1440 + 800].fill(4);
    let hits = by_minute(&minutes);
    let rule = Unusual {
        tenths: 5,
        below: true,
        window: 600,
    };
    let changes = said(&hits, &rule.text(), 0);
    assert_eq!(changes, rule.judge(&hits));
    let minutes: Vec<_> = changes
        .iter()
        .map(|c| ((c.0 - START) / 60 - 4 * 1440, c.1))
        .collect();
    assert_eq!(minutes, [(726, true), (804, false)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    /// Nine days with nights, holes and surges: the baseline ends, and times of day are known.
    #[test]
    fn a_week_is_looked_back_on_as_a_recount_says(noise in prop::collection::vec(0u64..3, 100..200), parts in prop::collection::vec((1usize..12_000, 1usize..200, 0u64..30), 4..9), tenths in 1u64..30, below: bool, window in 60i64..1200) {
        let mut counts: Vec<u64> = (0..9 * 1440)
            .map(|minute| noise[minute % noise.len()] + if minute / 60 % 24 < 12 { 4 } else { 0 })
            .collect();
        for (at, length, level) in parts {
            counts[at..at + length].fill(level);
        }
        let hits = by_minute(&counts);
        let tenths = if below { tenths % 10 + 1 } else { tenths.max(10) };
        let rule = Unusual { tenths, below, window };
        prop_assert_eq!(said(&hits, &rule.text(), 0), rule.judge(&hits));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn more_and_less_than_usual_fire_and_recover_where_a_recount_says(counts in days(), tenths in 1u64..40, below: bool, window in prop_oneof![Just(60i64), Just(120i64), 30i64..400, 1000i64..8000], lateness in 0i64..60) {
        let hits = by_minute(&counts);
        let tenths = if below { tenths % 10 + 1 } else { tenths.max(10) };
        let rule = Unusual { tenths, below, window };
        prop_assert_eq!(said(&hits, &rule.text(), lateness), rule.judge(&hits));
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
    assert_eq!(changes, unusual(20, 120).judge(&hits));
    let minutes: Vec<_> = changes.iter().map(|c| ((c.0 - START) / 60, c.1)).collect();
    // It fires at the second closed minute that is beyond; less than a day is known, so that is four times the usual. The
    // baseline stands still for 360 minutes and leaves out the last 60: then the surge is most of what is new in it.
    assert_eq!(minutes, [(602, true), (963, false)]);
}

/// A minute that ends in the gap is beyond although nothing was before it.
#[test]
fn a_surge_before_a_gap_fires_and_recovers_in_it() {
    let mut hits = by_minute(&[20; 600]);
    let from = START + 600 * 60;
    hits.extend((0..1000).map(|i| (from + i / 100, 200)));
    hits.push((from + 7200, 200));
    let changes = said(&hits, "Surge: hits > 2x usual", 0);
    assert_eq!(changes, unusual(20, 600).judge(&hits));
    let seconds: Vec<_> = changes.iter().map(|c| (c.0 - from, c.1)).collect();
    assert_eq!(seconds, [(119, true), (659, false)]);
}

/// Chance alone makes 3 times the square root of the usual, and 10: with 4 a minute that is 16 more.
#[test]
fn a_surge_must_be_more_than_chance() {
    for (hits, fires) in [(19, false), (20, true)] {
        let mut counts = vec![4; 600];
        counts.extend([hits; 5]);
        let changes = said(&by_minute(&counts), "Surge: hits > 2x usual over 1m", 0);
        assert_eq!(!changes.is_empty(), fires, "{hits}: {changes:?}");
    }
}

/// A thousandth of a week is 10 minutes; with 11 of a peak left, the peak is usual.
#[test]
fn a_week_before_the_last_hour_is_the_baseline() {
    let fires = |quiet| {
        let mut counts = vec![100; 30];
        counts.resize(quiet, 20);
        counts.extend([60; 2]);
        !said(&by_minute(&counts), "Surge: hits > 2x usual over 1m", 0).is_empty()
    };
    // Minutes before the surge, of which 20 of the peak's have left the baseline at its first.
    let last = 7 * 1440 + 60 + 20 - 1;
    assert!(fires(last));
    assert!(
        !fires(last - 1),
        "at the first of the two minutes the peak is usual"
    );
}

/// What comes every night is known after the first time.
#[test]
fn a_surge_is_part_of_the_baseline_once_it_is_over() {
    let mut counts = vec![20; 4 * 1440];
    for day in 1..4 {
        counts[day * 1440..day * 1440 + 30].fill(200);
    }
    let hits = by_minute(&counts);
    let changes = said(&hits, "Backup: hits > 2x usual over 1m", 0);
    assert_eq!(changes, unusual(20, 60).judge(&hits));
    assert_eq!(changes.len(), 2, "it fires on one day only");
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
        assert_eq!(changes, unusual(20, 60).judge(&hits), "{every}");
        !changes.is_empty()
    };
    assert!(fires(61), "sixty minutes without a hit");
    assert!(!fires(62), "sixty-one");
}

/// A minute whose hits have left a short window before it ends has hits all the same, whatever else closes in it.
#[test]
fn a_window_of_seconds_that_is_empty_as_minutes_end_is_no_hole() {
    let minutes = (0..600).map(|minute| START + 60 * minute);
    let mut hits: Vec<Hit> = minutes
        .flat_map(|begin| [(begin + 5, 200), (begin + 20, 404)])
        .collect();
    let surge = START + 36_000;
    hits.extend((0..360).map(|half| (surge + half / 2, 200)));
    hits.push((surge + 400, 200));
    let rule = "Surge: hits > 2x usual over 10s where status=200";
    let changes = said(&hits, rule, 0);
    hits.retain(|hit| hit.1 == 200);
    assert_eq!(changes, unusual(20, 10).judge(&hits));
    assert_eq!(changes.len(), 2);
}

#[test]
fn a_baseline_of_less_than_eight_hours_says_nothing() {
    let mut counts = vec![20; 530];
    counts.extend([400; 10]);
    assert_eq!(
        said(&by_minute(&counts), "Surge: hits > 2x usual over 2m", 0),
        []
    );
    // Nor does one in which each minute has ended when a record comes late for it.
    let minutes = (1..400).map(|minute| START + 60 * minute);
    let mut hits: Vec<Hit> = minutes
        .flat_map(|end| [(end, 200), (end - 5, 200)])
        .collect();
    let surge = START + 24_000;
    hits.extend((0..400).map(|half| (surge + half / 2, 200)));
    assert_eq!(said(&hits, "Surge: hits > 2x usual over 1m", 0), []);
    let mut counts = vec![20; 545];
    counts.extend([400; 10]);
    let changes = said(&by_minute(&counts), "Surge: hits > 2x usual over 2m", 0);
    assert!(changes.first().is_some_and(|change| change.1));
}
