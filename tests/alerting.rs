//! The alert logic beside a naive recount.
//!
//! The recount keeps no window and no state of its own but "firing or not": for every second it goes
//! through every record again and counts those in `(s − W, s]`. Streams are generated with gaps,
//! bursts, windows from 1 to 300 s, fractional thresholds, and hits that equal the threshold exactly.

#[path = "support/fed.rs"]
mod fed;
#[path = "support/hits.rs"]
mod hits;

use std::collections::BTreeMap;
use std::process::Command;

use hits::{Hit, Limit, START, believed, delayed, events, in_time, limits, streams};
use httpmon::report::{AlertState, Block, Event};
use httpmon::time::{Second, Zone};
use proptest::prelude::*;

/// What is compared of a transition.
#[derive(Debug, Clone, PartialEq)]
struct Change {
    fired: bool,
    at: i64,
    hits: u64,
    /// When it began and the most hits in a window, where it is over.
    was: Option<(i64, u64)>,
    clients: BTreeMap<String, u64>,
}

/// Goes through all hits for every second. `seen` says how many of them have come when it closes.
fn recount(hits: &[Hit], limit: Limit, seen: impl Fn(i64) -> usize) -> Vec<Change> {
    let times = || hits.iter().map(|hit| hit.time);
    let (Some(first), Some(last)) = (times().min(), times().max()) else {
        return Vec::new();
    };
    let mut changes = Vec::new();
    let mut firing: Option<(i64, u64)> = None;
    for second in first..=last {
        let mut clients = BTreeMap::new();
        let mut count = 0;
        for hit in &hits[..seen(second)] {
            if hit.time > second - limit.window && hit.time <= second {
                count += 1;
                *clients.entry(hit.client().to_owned()).or_default() += 1;
            }
        }
        let (measure, bound) = (count * 1000, limit.thousandths * limit.window as u64);
        let was = firing;
        match firing {
            None if measure > bound => firing = Some((second, count)),
            Some(_) if measure < bound => firing = None,
            Some((since, peak)) => firing = Some((since, peak.max(count))),
            None => {}
        }
        if firing.is_some() != was.is_some() {
            changes.push(Change {
                fired: firing.is_some(),
                at: second,
                hits: count,
                was,
                clients,
            });
        }
    }
    changes
}

fn changes(events: &[Event]) -> Vec<Change> {
    let alerts = events.iter().filter_map(|event| match event {
        Event::Transition(alert) => Some(alert),
        _ => None,
    });
    alerts
        .map(|alert| {
            let clients = alert.top.iter().find(|r| r.dimension.name == "client");
            let rows = clients.expect("clients are listed").rows.iter();
            Change {
                fired: matches!(alert.state, AlertState::Firing { .. }),
                at: alert.at.0,
                hits: alert.figure.hits,
                was: match &alert.state {
                    AlertState::Firing { .. } => None,
                    AlertState::Resolved { peak, .. } => Some((alert.since.0, peak.hits)),
                },
                clients: rows
                    .map(|row| {
                        let key = String::from_utf8(row.key.to_vec()).expect("text");
                        (key, row.count.hits)
                    })
                    .collect(),
            }
        })
        .collect()
}

/// The parts of a summary that no order can change.
fn totals(events: &[Event]) -> String {
    let Some(Event::Summary(summary)) = events.last() else {
        panic!("a summary comes last");
    };
    let kept = summary.blocks.iter().filter(|block| match block {
        Block::Input { key, .. } => !["late", "skewed", "rewinds"].contains(key),
        // A skewed hit is in no second.
        Block::Series(_) => false,
        // What came late was closed without it.
        Block::Alerts(_) | Block::Peak { .. } | Block::Pause(_) => false,
        _ => true,
    });
    format!("{:?}", kept.collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn alerts_fire_and_recover_exactly_where_a_recount_says(hits in streams(), limit in limits(), lateness in 0i64..100) {
        let said = changes(&events(&hits, limit, lateness, None));
        prop_assert_eq!(said, recount(&hits, limit, |_| hits.len()));
    }

    #[test]
    fn lines_shuffled_within_the_lateness_give_the_same_alerts_and_reports(hits in streams(), limit in limits(), lateness in 1i64..100, delays in prop::collection::vec(0i64..100, 1..40), interval in prop::option::of(1i64..90)) {
        let come = delayed(&hits, &delays, lateness);
        prop_assume!(in_time(&come, lateness));
        let in_order = events(&hits, limit, lateness, interval);
        let shuffled = events(&come, limit, lateness, interval);
        prop_assert_eq!(changes(&shuffled), recount(&hits, limit, |_| hits.len()));
        prop_assert_eq!(format!("{in_order:#?}"), format!("{shuffled:#?}"));
    }

    /// A late record is in the window of every second that closes after it came.
    #[test]
    fn late_records_count_from_the_next_second_that_closes(hits in streams(), limit in limits(), lateness in 0i64..20, delays in prop::collection::vec(prop_oneof![Just(0i64), 0i64..400], 1..40)) {
        let come = delayed(&hits, &delays, 400);
        let said = changes(&events(&come, limit, lateness, None));
        let come = believed(&come, lateness);
        let closes = |second: i64| come.iter().position(|hit| hit.time > second + lateness).unwrap_or(come.len());
        prop_assert_eq!(said, recount(&come, limit, closes));
    }

    #[test]
    fn no_order_at_all_changes_the_totals_of_the_summary(hits in streams(), limit in limits(), keys in prop::collection::vec(any::<u32>(), 1..50), lateness in 0i64..10) {
        let mut shuffled: Vec<(u32, Hit)> = keys.iter().cycle().copied().zip(hits.iter().copied()).collect();
        shuffled.sort_unstable();
        let shuffled: Vec<Hit> = shuffled.into_iter().map(|(_, hit)| hit).collect();
        prop_assert_eq!(totals(&events(&hits, limit, lateness, Some(10))), totals(&events(&shuffled, limit, lateness, Some(10))));
    }
}

/// `count` hits spread evenly over `seconds` from `from` on.
fn spread(from: i64, seconds: i64, count: i64) -> impl Iterator<Item = Hit> {
    (0..count).map(move |i| Hit {
        time: START + from + i * seconds / count,
        kind: i as usize,
    })
}

const DEFAULT: Limit = Limit {
    thousandths: 10_000,
    window: 120,
};

#[test]
fn exactly_the_threshold_raises_nothing_and_one_hit_more_does() {
    let mut hits: Vec<Hit> = spread(0, 120, 1200).collect();
    assert_eq!(changes(&events(&hits, DEFAULT, 60, None)), []);
    hits.extend(spread(119, 1, 1));
    let said = changes(&events(&hits, DEFAULT, 60, None));
    assert_eq!(said.len(), 1);
    assert_eq!((said[0].fired, said[0].at), (true, START + 119));
    assert_eq!(said[0].hits, 1201);
}

#[test]
fn equality_keeps_the_state_and_one_hit_less_resolves() {
    // 1201 in the first window, 1200 in the sixty after it, then 1199.
    let mut hits: Vec<Hit> = spread(0, 1, 1).chain(spread(0, 180, 1800)).collect();
    hits.extend(spread(180, 1, 9));
    let said = changes(&events(&hits, DEFAULT, 60, None));
    let brief: Vec<_> = said
        .iter()
        .map(|c| (c.fired, c.at - START, c.hits))
        .collect();
    assert_eq!(brief, [(true, 119, 1201), (false, 180, 1199)]);
}

/// What comes late for a second that was passed over in a gap counts like any other.
#[test]
fn late_records_in_a_gap_count_in_their_window_only() {
    let limit = Limit::of_hits(1, 10);
    let mut come: Vec<Hit> = spread(0, 8, 8).collect();
    // In the window of second 60; then too old for it, though the ring still had the place.
    for times in [[60, 55, 61, 200], [60, 11, 61, 200], [100, 20, 101, 200]] {
        come.truncate(8);
        come.extend(times.iter().flat_map(|&time| spread(time, 1, 1)));
        let order = believed(&come, 0);
        let closes = |second| order.iter().position(|hit| hit.time > second);
        let counted = recount(&order, limit, |second| {
            closes(second).unwrap_or(order.len())
        });
        assert_eq!(
            changes(&events(&come, limit, 0, None)),
            counted,
            "{times:?}"
        );
    }
}

/// A hit in common format.
fn line(hit: &Hit) -> String {
    let (client, target, status, bytes) = (hit.client(), hit.target(), hit.status(), hit.bytes());
    let at = jiff::Timestamp::from_second(hit.time).expect("in range");
    let at = at.strftime("%d/%b/%Y:%H:%M:%S +0000");
    format!("{client} - - [{at}] \"GET {target} HTTP/1.1\" {status} {bytes}\n")
}

#[test]
fn the_program_alerts_where_the_recount_says() {
    for (limit, parts) in [
        (
            DEFAULT,
            &[(0, 60, 900), (60, 60, 400), (300, 100, 1300)][..],
        ),
        (
            Limit::of_hits(3, 8),
            &[(0, 30, 10), (40, 2, 9), (70, 60, 22)],
        ),
        (
            Limit::of_hits(2, 1),
            &[(0, 1, 3), (1, 1, 2), (2, 1, 1), (9, 3, 9)],
        ),
    ] {
        let hits: Vec<Hit> = parts
            .iter()
            .flat_map(|&(f, s, c)| spread(f, s, c))
            .collect();
        let log: String = hits.iter().map(line).collect();
        let mut command = Command::new(env!("CARGO_BIN_EXE_httpmon"));
        command
            .args(["--replay", "-q", "-r", "json", "-t", &limit.text()])
            .args(["-w", &limit.window.to_string()])
            .env_remove("HTTPMON_CONFIG_PATH");
        let output = fed::output(&mut command, log);
        let said: Vec<(bool, String, u64)> = String::from_utf8(output.stdout)
            .expect("text")
            .lines()
            .map(|line| {
                let alert: serde_json::Value = serde_json::from_str(line).expect("JSON");
                let text = |key: &str| alert[key].as_str().expect("a text").to_owned();
                let hits = alert["hits"].as_u64().expect("a number");
                (text("state") == "firing", text("at"), hits)
            })
            .collect();
        let counted = recount(&hits, limit, |_| hits.len());
        let want: Vec<(bool, String, u64)> = counted
            .iter()
            .map(|c| (c.fired, Zone::UTC.show(Second(c.at)), c.hits))
            .collect();
        assert!(want.len() >= 2, "the stream is to fire and recover");
        assert_eq!(said, want, "{limit:?}");
    }
}
