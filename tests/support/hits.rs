//! Hits for the monitor: streams of them, the orders they may come in, and what it says about them.

use httpmon::format::record::{Record, Request};
use httpmon::monitor::Monitor;
use httpmon::report::Event;
use httpmon::run;
use httpmon::time::Second;
use proptest::prelude::*;

pub const START: i64 = 1_760_000_000;
pub const CLIENTS: [&str; 3] = ["192.0.2.1", "192.0.2.2", "2001:db8::3"];
pub const TARGETS: [&str; 4] = ["/a/x", "/b", "/a/y?z", "/"];

/// A request: when it was, and a number that says everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    pub time: i64,
    pub kind: usize,
}

impl Hit {
    pub fn client(self) -> &'static str {
        CLIENTS[self.kind % CLIENTS.len()]
    }

    pub fn target(self) -> &'static str {
        TARGETS[self.kind % TARGETS.len()]
    }

    pub fn status(self) -> u16 {
        [200, 304, 404, 503, 200][self.kind % 5]
    }

    pub fn record(self) -> Record<'static> {
        Record {
            time: Second(self.time),
            client: self.client().as_bytes(),
            request: Some(Request {
                method: b"GET",
                target: self.target().as_bytes(),
                protocol: None,
            }),
            status: Some(self.status()),
            bytes: self.kind as u64,
            ..Record::EMPTY
        }
    }
}

/// A rule in whole numbers: it fires above `thousandths / 1000 × window` hits.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    pub thousandths: u64,
    pub window: i64,
}

impl Limit {
    /// A limit of about `hits` in the window, exactly that where three decimals suffice.
    pub fn of_hits(hits: u64, window: i64) -> Limit {
        Limit {
            thousandths: (hits * 1000 / window as u64).max(1),
            window,
        }
    }

    pub fn text(self) -> String {
        format!("{}.{:03}", self.thousandths / 1000, self.thousandths % 1000)
    }
}

/// What a monitor says about hits that come in this order.
pub fn events(hits: &[Hit], limit: Limit, lateness: i64, interval: Option<i64>) -> Vec<Event> {
    let mut args = vec![
        "--replay".to_owned(),
        format!("--threshold={}", limit.text()),
        format!("--window={}", limit.window),
        format!("--lateness={lateness}"),
    ];
    args.extend(interval.map(|interval| format!("--interval={interval}")));
    let config = run::options(&args).and_then(|options| options.config());
    let mut monitor = Monitor::new(config.expect("a rule that works"));
    for hit in hits {
        monitor.observe(&hit.record(), None);
    }
    monitor.finish();
    let mut events: Vec<Event> = std::iter::from_fn(|| monitor.next_event()).collect();
    events.push(monitor.summary(false));
    events
}

/// Hits in order of time: bursts of some hits over some seconds, with gaps between them.
pub fn streams() -> impl Strategy<Value = Vec<Hit>> {
    let part = (
        prop_oneof![0i64..3, 0i64..60, 100i64..700],
        prop_oneof![1usize..5, 1usize..60],
        prop_oneof![1i64..3, 1i64..90],
        0usize..60,
    );
    prop::collection::vec(part, 1..6).prop_map(|parts| {
        let mut hits = Vec::new();
        let mut from = START;
        for (gap, count, seconds, kind) in parts {
            from += gap;
            for i in 0..count {
                hits.push(Hit {
                    time: from + i as i64 * seconds / count as i64,
                    kind: kind + i,
                });
            }
            from += seconds;
        }
        hits
    })
}

pub fn limits() -> impl Strategy<Value = Limit> {
    // In thousandths every window of the first kind can be met exactly.
    let exact = prop::sample::select(vec![
        1i64, 2, 4, 5, 8, 10, 20, 25, 40, 50, 100, 125, 200, 250,
    ]);
    prop_oneof![
        (1u64..30, exact).prop_map(|(hits, window)| Limit::of_hits(hits, window)),
        (1u64..3000, 1i64..=300).prop_map(|(thousandths, window)| Limit {
            thousandths,
            window
        }),
    ]
}

/// The order in which hits come if each is delayed by up to `lateness` seconds.
pub fn delayed(hits: &[Hit], delays: &[i64], lateness: i64) -> Vec<Hit> {
    let mut order: Vec<(i64, Hit)> = hits
        .iter()
        .zip(delays.iter().cycle())
        .map(|(hit, delay)| (hit.time + delay % (lateness + 1), *hit))
        .collect();
    order.sort_by_key(|(at, _)| *at);
    order.into_iter().map(|(_, hit)| hit).collect()
}
