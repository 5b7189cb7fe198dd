//! `--check` beside runs with each of the thresholds that it speaks of.

#[path = "support/streams.rs"]
mod streams;

use std::collections::BTreeMap;

use httpmon::monitor::Monitor;
use httpmon::report::{AlertState, Checked, CheckedThreshold, Event};
use httpmon::run;
use httpmon::time::Span;
use proptest::prelude::*;
use streams::{Hit, START, streams};

/// Rules of every kind; `@` is the place of the threshold.
const RULES: [(&str, &str); 15] = [
    ("hits > @ over 10s", "0.5/s"),
    ("hits > @ over 1m for 3s keep 20s", "12"),
    ("hits < @ over 30s", "2/s"),
    ("5xx > @ over 20s min 3", "20%"),
    ("404 > @ over 20s by client", "2"),
    ("hits > @ over 30s by section keep 5s", "0.2/s"),
    ("bytes > @ over 10s where section=/a", "1kB"),
    ("bytes > @ over 10s", "100B/s"),
    ("unique client > @ over 5s", "1"),
    ("p95 > @ over 20s", "80ms"),
    ("max > @ over 5s", "0.5s"),
    ("silence > @", "10s"),
    ("silence > @ by client", "1m"),
    ("slo @", "99%"),
    ("hits > @ usual over 1m", "2x"),
];

fn monitor(args: &[String], hits: &[Hit]) -> Monitor {
    let config = run::options(args).and_then(|options| options.config());
    let mut monitor = Monitor::new(config.unwrap_or_else(|error| panic!("{error}")));
    for hit in hits {
        monitor.observe(&hit.record(), None);
    }
    monitor.finish();
    monitor
}

fn checked(rules: &[String], hits: &[Hit]) -> Checked {
    let mut args = vec!["--check".to_owned()];
    args.extend(rules.iter().map(|rule| format!("--alert={rule}")));
    let mut monitor = monitor(&args, hits);
    assert!(monitor.next_event().is_none());
    match monitor.summary(false) {
        Event::Check(checked) => checked,
        other => panic!("{other:?}"),
    }
}

/// What a run says of a rule, and the most extreme value.
fn ran(rule: &str, hits: &[Hit]) -> (CheckedThreshold, Option<f64>) {
    let mut monitor = monitor(&["--replay".to_owned(), format!("--alert={rule}")], hits);
    let mut did = CheckedThreshold {
        text: String::new(),
        value: 0.0,
        fired: 0,
        firing: Span(0),
        longest: Span(0),
        flaps: 0,
    };
    let mut over = BTreeMap::new();
    while let Some(event) = monitor.next_event() {
        let Event::Transition(alert) = event else {
            continue;
        };
        let key = alert.key.as_ref().map(|key| key.key.clone());
        match alert.state {
            AlertState::Firing { .. } => {
                did.fired += 1;
                let soon = |over: &i64| alert.since.0 - over <= 600;
                did.flaps += u64::from(over.get(&key).is_some_and(soon));
            }
            AlertState::Resolved { .. } => {
                over.insert(key, alert.at.0);
            }
        }
    }
    let Event::Summary(summary) = monitor.summary(false) else {
        panic!("a run ends with a summary");
    };
    let (alerts, now) = (summary.alerts().expect("there is a rule"), summary.to);
    let mut worst: Option<f64> = None;
    for alert in &alerts.listed {
        let until = alert.until.or(now).expect("something was read");
        did.firing = Span(did.firing.0 + (until - alert.since).0);
        did.longest = did.longest.max(until - alert.since);
        let peak = alert.peak;
        if worst.is_none_or(|worst| {
            if peak.below {
                peak.value < worst
            } else {
                peak.value > worst
            }
        }) {
            worst = Some(peak.value);
        }
    }
    (did, worst)
}

fn compare(rules: &[(&str, &str)], hits: &[Hit]) -> Result<(), TestCaseError> {
    let text = |rule: &str, at: &str| format!("R: {}", rule.replace('@', at));
    let named: Vec<String> = rules
        .iter()
        .enumerate()
        .map(|(i, (rule, at))| text(rule, at).replacen('R', &format!("R{i}"), 1))
        .collect();
    let checked = checked(&named, hits);
    prop_assert_eq!(checked.rules.len(), rules.len());
    for ((rule, at), found) in rules.iter().zip(&checked.rules) {
        let mut worst = Vec::new();
        for threshold in found.others.iter().chain([&found.written]) {
            let at = threshold.text.split(' ').next().expect("a threshold");
            let (ran, peak) = ran(&text(rule, at), hits);
            let ran = CheckedThreshold {
                text: threshold.text.clone(),
                value: threshold.value,
                ..ran
            };
            prop_assert_eq!(threshold, &ran, "{} at {}", rule, at);
            worst.extend(peak);
        }
        prop_assert_eq!(found.written.text.split(' ').next(), Some(*at));
        prop_assert!(
            found.others.is_sorted_by(|a, b| a.value < b.value),
            "{:?}",
            found.others
        );
        prop_assert!(found.others.len() >= 5, "{}: {:?}", rule, found.others);
        let most = worst.iter().copied().max_by(f64::total_cmp);
        let least = worst.iter().copied().min_by(f64::total_cmp);
        let expected = if rule.contains('<') { least } else { most };
        prop_assert_eq!(found.worst.map(|worst| worst.value), expected);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_said_of_a_threshold_is_what_a_run_with_it_says(hits in streams(prop_oneof![0i64..30, 60i64..900].boxed()), picks in prop::collection::vec(0..RULES.len(), 1..4)) {
        let rules: Vec<_> = picks.into_iter().map(|pick| RULES[pick]).collect();
        compare(&rules, &hits)?;
    }
}

/// A day and a half, with a surge and an hour of errors, for the rules that look back for hours.
#[test]
fn rules_that_look_back_for_hours_are_checked_too() {
    let hits: Vec<Hit> = (0..36 * 60)
        .flat_map(|minute| {
            let count = if (1800..1830).contains(&minute) {
                60
            } else {
                3
            };
            (0..count).map(move |i| Hit {
                time: START + minute * 60 + i,
                kind: if (1500..1560).contains(&minute) { 2 } else { 5 },
            })
        })
        .collect();
    let rules = [RULES[13], RULES[14]];
    compare(&rules, &hits).expect("each threshold is as a run with it");
    let fired = |rule: &str, at: &str| ran(&format!("R: {}", rule.replace('@', at)), &hits).0.fired;
    assert_eq!(
        (fired(RULES[13].0, "99%"), fired(RULES[14].0, "2x")),
        (1, 1)
    );
}
