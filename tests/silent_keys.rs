//! `silence > D by key` beside a naive recount: for every second, when each key was seen last.

#[path = "support/folder.rs"]
mod folder;
#[allow(dead_code, reason = "each test uses its own")]
#[path = "support/streams.rs"]
mod streams;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use httpmon::monitor::Monitor;
use httpmon::report::{AlertState, Event, Transition};
use httpmon::run;
use httpmon::time::Second;
use proptest::prelude::*;
use streams::Hit;

/// A transition: whether it fired, when, of which key, and the longest silence where it is over.
type Change = (bool, i64, String, Option<i64>);

const DAY: i64 = 86_400;

fn recount(hits: &[Hit], threshold: i64) -> BTreeSet<Change> {
    let mut changes = BTreeSet::new();
    let mut seen: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for hit in hits {
        seen.entry(hit.client()).or_default().push(hit.time);
    }
    let newest = hits.iter().map(|hit| hit.time).max().unwrap_or(0);
    for (client, mut times) in seen {
        times.sort_unstable();
        times.push(i64::MAX);
        for pair in times.windows(2) {
            let (last, next) = (pair[0], pair[1]);
            let fires = last + threshold + 1;
            if fires >= next || fires > newest {
                continue;
            }
            changes.insert((true, fires, client.to_owned(), None));
            // Seen again, or gone for good.
            let gone = last + DAY + 1;
            if next.min(gone) <= newest {
                let (at, peak) = if next <= gone {
                    (next, next - 1 - last)
                } else {
                    (gone, DAY + 1)
                };
                changes.insert((false, at, client.to_owned(), Some(peak)));
            }
        }
    }
    changes
}

/// A monitor with this rule.
fn monitor(rule: &str) -> Monitor {
    let rule = format!("--alert={rule}");
    let args = ["--replay", "--lateness=0", "--tz=UTC", &rule];
    let config = run::options(&args).and_then(|options| options.config());
    Monitor::new(config.expect("a rule that works"))
}

fn transitions(hits: &[Hit], rule: &str) -> Vec<Transition> {
    let mut monitor = monitor(rule);
    for hit in hits {
        monitor.observe(&hit.record(), None);
    }
    alerts(&mut monitor)
}

/// All alerts, at the end of the input.
fn alerts(monitor: &mut Monitor) -> Vec<Transition> {
    monitor.finish();
    let events = std::iter::from_fn(|| monitor.next_event());
    events
        .filter_map(|event| match event {
            Event::Transition(alert) => Some(*alert),
            _ => None,
        })
        .collect()
}

fn changes(alerts: &[Transition]) -> BTreeSet<Change> {
    let change = |alert: &Transition| {
        let key = alert.key.as_ref().expect("a key");
        let key = String::from_utf8(key.key.to_vec()).expect("text");
        match alert.state {
            AlertState::Firing { .. } => (true, alert.at.0, key, None),
            AlertState::Resolved { peak, .. } => (false, alert.at.0, key, Some(peak.value as i64)),
        }
    };
    alerts.iter().map(change).collect()
}

proptest! {
    #[test]
    fn keys_that_are_silent_are_those_of_a_recount(
        mut hits in streams::streams(prop_oneof![0i64..3, 0i64..60, 100i64..700, 80_000i64..90_000].boxed()),
        threshold in prop_oneof![1i64..100, 3600i64..DAY],
    ) {
        hits.sort_by_key(|hit| hit.time);
        let found = transitions(&hits, &format!("Silent: silence > {threshold}s by client"));
        prop_assert!(found.is_sorted_by_key(|alert| alert.at));
        prop_assert_eq!(changes(&found), recount(&hits, threshold));
    }
}

#[test]
fn as_many_keys_are_followed_as_there_is_room_for_and_the_others_are_said() {
    let mut monitor = monitor("Silent: silence > 1m by client");
    for n in 0..1500 {
        let client = format!("10.0.{}.{}", n / 250, n % 250);
        let mut record = httpmon::format::record::Record::empty();
        record.client = client.as_bytes();
        record.time = Second(1_000_000 + n / 100);
        monitor.observe(&record, None);
    }
    let mut record = httpmon::format::record::Record::empty();
    record.time = Second(1_000_300);
    monitor.observe(&record, None);
    monitor.finish();
    let summary = format!("{:?}", monitor.summary(false));
    // One is that of the last record, which has no address.
    assert!(
        summary.contains("too many keys: 501 hits were not followed"),
        "{summary}"
    );
    let fired = std::iter::from_fn(|| monitor.next_event());
    let fired = fired.filter(|event| matches!(event, Event::Transition(_)));
    assert_eq!(fired.count(), 1000);
}

/// No order of a hash is seen.
#[test]
fn keys_that_come_later_than_a_day_take_no_room() {
    let mut monitor = monitor("Silent: silence > 1m by client");
    let mut see = |client: &str, time: i64| {
        let mut record = httpmon::format::record::Record::empty();
        record.client = client.as_bytes();
        record.time = Second(time);
        monitor.observe(&record, None);
    };
    (0..120).for_each(|second| see("192.0.2.1", 999_880 + second));
    for n in 0..1500 {
        // A log goes back where more of them come in a row.
        if n % 30 == 0 {
            see("192.0.2.1", 1_000_000 + n / 30);
        }
        see(
            &format!("10.0.{}.{}", n / 250, n % 250),
            1_000_000 - DAY - 60,
        );
    }
    see("192.0.2.2", 1_000_060);
    see("192.0.2.1", 1_000_300);
    let fired = (true, 1_000_121, "192.0.2.2".to_owned(), None);
    assert!(changes(&alerts(&mut monitor)).contains(&fired));
    let summary = format!("{:?}", monitor.summary(false));
    assert!(summary.contains("value: 1500, errors: 0"), "they are late");
    assert!(!summary.contains("were not followed"));
}

#[test]
fn at_the_edge_of_its_hours_alerts_are_over_in_the_order_of_their_keys() {
    let mut monitor = monitor("Silent: silence > 1m by client during 00:00-01:00");
    let midnight = 20_000 * DAY;
    let mut keys: Vec<String> = (0..40).map(|n| format!("10.0.0.{n}")).collect();
    let hits = keys.iter().map(String::as_str).zip(0..);
    // The last one is of no time at which the rule is evaluated.
    for (client, second) in hits.chain([("192.0.2.9", 7200)]) {
        let mut record = httpmon::format::record::Record::empty();
        record.client = client.as_bytes();
        record.time = Second(midnight + second);
        monitor.observe(&record, None);
    }
    monitor.finish();
    let over = std::iter::from_fn(|| monitor.next_event()).filter_map(|event| match event {
        Event::Transition(alert) if matches!(alert.state, AlertState::Resolved { .. }) => {
            assert_eq!(alert.at, Second(midnight + 3600));
            alert.key.map(|key| key.key.to_vec())
        }
        _ => None,
    });
    let over: Vec<Vec<u8>> = over.collect();
    keys.sort();
    let keys: Vec<&[u8]> = keys.iter().map(|key| key.as_bytes()).collect();
    assert_eq!(over, keys);
}

/// Several servers' logs, read along with each other: the one that stops is named.
#[test]
fn a_source_that_stops_is_named_and_so_is_a_host() {
    let folder = folder::fresh("silent-sources");
    let log = |name: &str, minutes: std::ops::Range<i64>| {
        let line = |minute| {
            format!(
                "{name}.example 192.0.2.7 - - [20/Nov/2026:09:{minute:02}:00 +0000] \"GET / HTTP/1.1\" 200 1\n"
            )
        };
        let text: String = minutes.map(line).collect();
        fs::write(folder.join(name), text).expect("a file");
    };
    log("web1", 0..30);
    log("web2", 0..12);
    log("web3", 5..30);
    for (by, key) in [("source", "web2"), ("host", "web2.example")] {
        let rule = format!("Silent: silence > 3m by {by}");
        let output = Command::new(env!("CARGO_BIN_EXE_httpmon"))
            .args(["--replay", "-q", "--report=json", "--alert", &rule])
            .args(["web3", "web1", "web2"])
            .current_dir(&folder)
            .env_remove("HTTPMON_CONFIG_PATH")
            .output()
            .expect("it starts");
        let stdout = String::from_utf8(output.stdout).expect("text");
        let alerts: Vec<serde_json::Value> = stdout
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(alerts.len(), 1, "{stdout}");
        assert_eq!(alerts[0]["key"], key, "{stdout}");
        assert_eq!(alerts[0]["at"], "2026-11-20T09:14:01Z");
    }
}
