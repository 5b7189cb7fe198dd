//! What alerts name as their cause, on incidents of which the cause is known.
//!
//! Each incident is one of five kinds, from a seed: a client, a path, a network, a slow backend, or everything. In the
//! way are innocent newcomers that send more than the culprit, growth elsewhere, errors of the background, and culprits
//! that were there before. What an alert names is compared with the true cause, and its numbers with a recount.

use std::collections::BTreeMap;

use httpmon::format::record::{Record, Request};
use httpmon::monitor::Monitor;
use httpmon::report::{AlertCause, AlertState, Event, Transition};
use httpmon::run;
use httpmon::time::Second;

const START: i64 = 1_760_000_000;
/// When an incident begins, and when the log ends, in seconds.
const BEGINS: i64 = 300;
const ENDS: i64 = 480;
const WINDOW: i64 = 60;
/// How slow a request must be to be counted, in microseconds.
const SLOW: u64 = 800_000;

#[derive(Debug, Clone, PartialEq)]
struct Hit {
    time: i64,
    client: String,
    path: String,
    status: u16,
    us: u64,
}

impl Hit {
    fn key(&self, dimension: &str) -> String {
        match dimension {
            "client" => self.client.clone(),
            "network" => format!("{}.0/24", self.client.rsplit_once('.').expect("a dot").0),
            "path" => self.path.clone(),
            "status" => self.status.to_string(),
            "section" => format!("/{}", self.path.split('/').nth(1).expect("a section")),
            other => panic!("{other} is not counted here"),
        }
    }

    fn record(&self) -> Record<'_> {
        Record {
            time: Second(START + self.time),
            client: self.client.as_bytes(),
            request: Some(Request {
                method: b"GET",
                target: self.path.as_bytes(),
                protocol: None,
            }),
            status: Some(self.status),
            bytes: 100,
            duration_us: Some(self.us),
            ..Record::EMPTY
        }
    }
}

/// Numbers that are the same from run to run: xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }

    fn per_cent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Client,
    Path,
    Network,
    SlowBackend,
    Everything,
}

const KINDS: [Kind; 5] = [
    Kind::Client,
    Kind::Path,
    Kind::Network,
    Kind::SlowBackend,
    Kind::Everything,
];

impl Kind {
    /// The rule that finds it, and what it counts.
    fn rule(self) -> (&'static str, fn(&Hit) -> bool) {
        match self {
            Kind::Network => ("404 > 10% over 1m min 200", |hit| hit.status == 404),
            Kind::SlowBackend => ("p95 > 800ms over 1m min 200", |hit| hit.us > SLOW),
            _ => ("5xx > 3% over 1m min 200", |hit| hit.status == 503),
        }
    }

    /// How much a counted record weighs: of a percentile, by how much longer it took than the threshold.
    fn weight(self, hit: &Hit) -> u64 {
        match self {
            Kind::SlowBackend => hit.us - SLOW,
            _ => 1,
        }
    }

    /// The dimension of the cause and its key; none where there is no one to blame.
    fn cause(self) -> Option<(&'static str, &'static str)> {
        match self {
            Kind::Client => Some(("client", "203.0.113.66")),
            Kind::Path => Some(("path", "/api/pay")),
            Kind::Network => Some(("network", "198.51.100.0/24")),
            Kind::SlowBackend => Some(("section", "/search")),
            Kind::Everything => None,
        }
    }
}

const SECTIONS: [&str; 9] = [
    "/api/list",
    "/api/pay",
    "/blog/post",
    "/img/logo",
    "/search/all",
    "/search/more",
    "/docs/a",
    "/shop/b",
    "/feed/c",
];

/// The log of an incident.
fn incident(kind: Kind, seed: u64) -> Vec<Hit> {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let [newcomer, growth, before] = [(); 3].map(|()| random.per_cent(50));
    let mut hits = Vec::new();
    for time in 0..ENDS {
        let during = time >= BEGINS;
        let mut add = |random: &mut Random, client: String, path: &str, good: bool| {
            // One in a hundred of the background fails, is not found, or is slow.
            let odd = !good || random.per_cent(1);
            let (mut status, mut us) = (200, 20_000 + random.below(200_000));
            if odd {
                match (good, kind) {
                    (true, _) => match random.below(3) {
                        0 => status = 503,
                        1 => status = 404,
                        _ => us = SLOW + 200_000,
                    },
                    (false, Kind::Network) => status = 404,
                    (false, Kind::SlowBackend) => us = SLOW * 2,
                    (false, _) => status = 503,
                }
            }
            hits.push(Hit {
                time,
                client,
                path: path.to_owned(),
                status,
                us,
            });
        };
        for _ in 0..4 + random.below(4) {
            // Some clients are heavier than others; none has a tenth.
            let client = format!(
                "10.0.{}.{}",
                random.below(4),
                random.below(10) * random.below(10)
            );
            let path = SECTIONS[random.below(9) as usize];
            let good = match kind {
                _ if !during => true,
                Kind::Path => path != "/api/pay",
                Kind::SlowBackend => !path.starts_with("/search/"),
                Kind::Everything => !random.per_cent(30),
                Kind::Client | Kind::Network => true,
            };
            add(&mut random, client, path, good);
        }
        if kind == Kind::Client && (during || before) {
            let path = SECTIONS[random.below(9) as usize];
            add(&mut random, "203.0.113.66".to_owned(), path, !during);
        }
        if kind == Kind::Network && (during || before) {
            for _ in 0..2 {
                let client = format!("198.51.100.{}", random.below(60));
                let path = SECTIONS[random.below(9) as usize];
                add(&mut random, client, path, !during);
            }
        }
        // The innocent.
        if newcomer && during {
            for _ in 0..4 {
                add(&mut random, "192.0.2.1".to_owned(), "/docs/a", true);
            }
        }
        if growth && during {
            for _ in 0..3 {
                let client = format!("10.0.9.{}", random.below(90));
                add(&mut random, client, "/blog/post", true);
            }
        }
    }
    hits
}

/// The first alert that a rule raises in the incident.
fn first_alert(hits: &[Hit], rule: &str) -> Option<Transition> {
    let args = [
        "--replay".to_owned(),
        "--top=section,client,path,network".to_owned(),
        format!("--alert=Rule: {rule}"),
    ];
    let config = run::options(&args).and_then(|options| options.config());
    let mut monitor = Monitor::new(config.expect("options that work"));
    hits.iter()
        .for_each(|hit| monitor.observe(&hit.record(), None));
    monitor.finish();
    std::iter::from_fn(|| monitor.next_event()).find_map(|event| match event {
        Event::Transition(alert) if matches!(alert.state, AlertState::Firing { .. }) => {
            Some(*alert)
        }
        _ => None,
    })
}

fn causes(alert: &Transition) -> &[AlertCause] {
    match &alert.state {
        AlertState::Firing { causes, .. } => causes,
        AlertState::Resolved { .. } => panic!("it fires"),
    }
}

/// The counted records by key in `(end − WINDOW, end]`, and how much they weigh.
fn recount(hits: &[Hit], dimension: &str, end: i64, kind: Kind) -> BTreeMap<String, (u64, u64)> {
    let counted = kind.rule().1;
    let mut keys: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let within = |hit: &&Hit| hit.time > end - WINDOW && hit.time <= end;
    for hit in hits.iter().filter(within).filter(|hit| counted(hit)) {
        let (records, weight) = keys.entry(hit.key(dimension)).or_default();
        *records += 1;
        *weight += kind.weight(hit);
    }
    keys
}

#[test]
fn the_named_cause_is_the_true_one_and_never_one_without_a_record() {
    let mut wrong: BTreeMap<Kind, Vec<u64>> = BTreeMap::new();
    let mut tried = 0;
    for seed in 1..=200 {
        let kind = KINDS[seed as usize % KINDS.len()];
        let hits = incident(kind, seed);
        let rule = kind.rule().0;
        let alert = first_alert(&hits, rule).unwrap_or_else(|| panic!("{kind:?} {seed} is silent"));
        let at = alert.at.0 - START;
        assert!(at >= BEGINS, "{kind:?} {seed} began at {at}");
        tried += 1;
        let named = |dimension: &str| -> Vec<String> {
            let of = causes(&alert).iter();
            let of = of.filter(|cause| cause.dimension.name == dimension);
            let keys = of.filter_map(|cause| cause.key.as_ref());
            keys.map(|key| String::from_utf8_lossy(key).into_owned())
                .collect()
        };
        for cause in causes(&alert) {
            let (now, before) = (
                recount(&hits, cause.dimension.name, at, kind),
                recount(&hits, cause.dimension.name, at - WINDOW, kind),
            );
            let records: u64 = now.values().map(|key| key.0).sum();
            let all: u64 = now.values().map(|key| key.1).sum();
            let Some(key) = &cause.key else {
                assert_eq!(cause.keys, now.len() as u64, "{kind:?} {seed}: {cause:?}");
                // Two standard errors of a fifth.
                let chance = 0.8 / (records as f64).sqrt();
                let much = |key: &(u64, u64)| key.1 as f64 / all as f64 >= 0.2 + chance;
                assert!(!now.values().any(much), "{kind:?} {seed}: {now:?}");
                continue;
            };
            let key = String::from_utf8_lossy(key).into_owned();
            let (hits, weight) = now.get(&key).copied().unwrap_or_default();
            assert!(hits > 0, "{kind:?} {seed} names an innocent {key}");
            let said = (cause.hits, cause.was, cause.part);
            let was = before.get(&key).copied().unwrap_or_default().0;
            assert_eq!(
                said,
                (hits, was, weight as f64 / all as f64),
                "{kind:?} {seed}: {key}"
            );
        }
        let right = match kind.cause() {
            Some((dimension, key)) => named(dimension) == [key],
            None => ["section", "client", "path", "network"].iter().all(|d| {
                // Four networks have a quarter each, and that is what it is.
                *d == "network" || named(d).is_empty()
            }),
        };
        // Where it is no client, none is to blame.
        let innocent = kind == Kind::Client || named("client").is_empty();
        if !right || !innocent {
            wrong.entry(kind).or_default().push(seed);
        }
    }
    let failed: usize = wrong.values().map(Vec::len).sum();
    assert!(failed * 20 <= tried, "{failed} of {tried}: {wrong:?}");
}

/// What grew is named beside what was there before, and what is missing where a rule fires on little.
#[test]
fn a_flood_is_named_beside_a_client_that_is_always_there_and_what_is_missing_too() {
    let hit = |time: i64, client: &str, path: &str| Hit {
        time,
        client: client.to_owned(),
        path: path.to_owned(),
        status: 200,
        us: 1000,
    };
    let mut hits = Vec::new();
    for time in 0..240 {
        // The monitoring, eight a second; then a flood of five.
        (0..8).for_each(|_| hits.push(hit(time, "192.0.2.1", "/health/all")));
        if (150..200).contains(&time) {
            (0..5).for_each(|_| hits.push(hit(time, "203.0.113.66", "/login/a")));
        }
    }
    let alert = first_alert(&hits, "hits > 10/s over 1m").expect("it fires");
    let clients = causes(&alert)
        .iter()
        .filter(|cause| cause.dimension.name == "client");
    let clients: Vec<_> = clients.map(|c| c.key.as_deref().expect("a key")).collect();
    assert_eq!(clients, [&b"192.0.2.1"[..], b"203.0.113.66"]);

    hits.retain(|hit| hit.time < 150 || hit.client != "192.0.2.1");
    let alert = first_alert(&hits, "hits < 6/s over 1m").expect("it fires");
    let missing = matches!(alert.state, AlertState::Firing { missing: true, .. });
    let cause = &causes(&alert)[0];
    assert!(missing, "{alert:?}");
    assert_eq!(cause.key.as_deref(), Some(&b"/health"[..]));
    assert!(cause.hits < cause.was, "{cause:?}");
}

/// Many are a little too slow, and a few take very long: most of the time is theirs. A rule beside it looks at the bytes of
/// the same records.
#[test]
fn of_what_is_slow_the_time_counts() {
    let hit = |time: i64, path: &str, us: u64| Hit {
        time,
        client: "192.0.2.1".to_owned(),
        path: path.to_owned(),
        status: 200,
        us,
    };
    let mut hits = Vec::new();
    for time in 0..60 {
        (0..9).for_each(|_| hits.push(hit(time, "/list/all", SLOW + 1000)));
        (0..2).for_each(|_| hits.push(hit(time, "/export/a", SLOW + 9_000_000)));
    }
    let rules = [
        "Slow: p95 > 800ms over 10s",
        "Bytes: bytes > 1kB over 10s where duration>800ms",
    ];
    let mut args = vec!["--replay".to_owned()];
    args.extend(rules.map(|rule| format!("--alert={rule}")));
    let config = run::options(&args).and_then(|options| options.config());
    let mut monitor = Monitor::new(config.expect("options that work"));
    hits.iter()
        .for_each(|hit| monitor.observe(&hit.record(), None));
    monitor.finish();
    let mut named = Vec::new();
    while let Some(Event::Transition(alert)) = monitor.next_event() {
        if let AlertState::Firing { causes, .. } = &alert.state {
            let cause = &causes[0];
            let key = cause.key.as_deref().expect("a key");
            named.push((
                String::from_utf8_lossy(key).into_owned(),
                (cause.part * 100.0).round(),
            ));
        }
    }
    let want = [("/export".to_owned(), 100.0), ("/list".to_owned(), 82.0)];
    assert_eq!(named, want);
}

/// What a rule by key names is of the key's own records, for several keys in one second; where the second was too busy to
/// keep which keys came together, it is the key alone.
#[test]
fn a_rule_by_key_names_what_the_records_of_the_key_are_of() {
    let hit = |time: i64, client: String, path: &str, status: u16| Hit {
        time,
        client,
        path: path.to_owned(),
        status,
        us: 1000,
    };
    for busy in [false, true] {
        let mut hits = Vec::new();
        for time in 0..20 {
            for (client, path) in [("203.0.113.1", "/wp-login/a"), ("203.0.113.2", "/admin/b")] {
                (0..2).for_each(|_| hits.push(hit(time, client.to_owned(), path, 404)));
            }
            // The crowd finds other things, and more of them.
            let crowd = if busy && time == 10 { 9000 } else { 5 };
            let of_crowd = |i| hit(time, format!("10.0.0.{}", i % 50), "/docs/a", 404);
            hits.extend((0..crowd).map(of_crowd));
        }
        let args = [
            "--replay".to_owned(),
            "--alert=Scan: 404 > 20 over 1m by client".to_owned(),
        ];
        let config = run::options(&args).and_then(|options| options.config());
        let mut monitor = Monitor::new(config.expect("options that work"));
        hits.iter()
            .for_each(|hit| monitor.observe(&hit.record(), None));
        monitor.finish();
        let alerts = std::iter::from_fn(|| monitor.next_event()).filter_map(|event| match event {
            Event::Transition(alert) if matches!(alert.state, AlertState::Firing { .. }) => {
                Some(*alert)
            }
            _ => None,
        });
        let scanners = alerts.filter(|alert| {
            let key = alert.key.as_ref().expect("a key");
            key.key.starts_with(b"203.")
        });
        let said: Vec<_> = scanners
            .map(|alert| {
                let named = causes(&alert).iter().map(|cause| {
                    let key = cause.key.as_deref().unwrap_or_default();
                    (
                        String::from_utf8_lossy(key).into_owned(),
                        cause.hits,
                        cause.part,
                    )
                });
                (alert.at.0 - START, named.collect::<Vec<_>>())
            })
            .collect();
        let of = |client: &str, section: &str| {
            let mut keys = vec![(client.to_owned(), 22, 1.0)];
            if !busy {
                keys.insert(0, (section.to_owned(), 22, 1.0));
            }
            (10, keys)
        };
        let want = [of("203.0.113.1", "/wp-login"), of("203.0.113.2", "/admin")];
        assert_eq!(said, want, "busy: {busy}");
    }
}
