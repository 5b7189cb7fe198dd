//! Streams of requests for the monitor, and the orders they may come in.

use httpmon::format::record::{Record, Request};
use httpmon::ingest::clock::{Clock, Decision};
use httpmon::time::{Second, Span};
use proptest::prelude::*;

pub const START: i64 = 1_760_000_000;
pub const CLIENTS: [&str; 4] = ["10.0.0.1", "10.0.0.2", "192.0.2.9", "2001:db8::3"];
const TARGETS: [&str; 4] = ["/a/x", "/b", "/a/y?z", "/"];

/// A request: when it was, and a number that says everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    pub time: i64,
    pub kind: usize,
}

impl Hit {
    pub fn client(self) -> &'static str {
        CLIENTS[self.kind / 2 % 4]
    }

    pub fn target(self) -> &'static str {
        TARGETS[self.kind / 3 % 4]
    }

    pub fn status(self) -> u16 {
        [200, 404, 503, 200, 403][self.kind % 5]
    }

    pub fn bytes(self) -> u64 {
        [0, 10, 250, 1000][self.kind / 5 % 4]
    }

    pub fn malformed(self) -> bool {
        self.kind % 7 == 3
    }

    pub fn us(self) -> Option<u64> {
        (self.kind % 4 != 1).then(|| [700, 12_345, 999_983, 80_000, 250_001][self.kind / 4 % 5])
    }

    pub fn record(self) -> Record<'static> {
        let request = Request {
            method: b"GET",
            target: self.target().as_bytes(),
            protocol: None,
        };
        Record {
            time: Second(self.time),
            client: self.client().as_bytes(),
            request: (!self.malformed()).then_some(request),
            status: Some(self.status()),
            bytes: self.bytes(),
            duration_us: self.us(),
            ..Record::EMPTY
        }
    }
}

/// Hits in order of time: bursts of some hits over some seconds, with such gaps between them.
pub fn streams(gaps: BoxedStrategy<i64>) -> impl Strategy<Value = Vec<Hit>> {
    let part = (
        gaps,
        prop_oneof![1usize..5, 1usize..60],
        prop_oneof![1i64..3, 1i64..90],
        0usize..420,
    );
    prop::collection::vec(part, 1..6).prop_map(|parts| {
        let mut hits = Vec::new();
        let mut from = START;
        for (gap, count, seconds, kind) in parts {
            from += gap;
            hits.extend((0..count).map(|i| Hit {
                time: from + i as i64 * seconds / count as i64,
                kind: kind + i * (1 + kind % 3),
            }));
            from += seconds;
        }
        hits
    })
}

/// The order in which a clock believes hits that come in this order: `tests/clock.rs` has its rule. Those that it
/// does not believe are left out.
#[allow(dead_code, reason = "not every test that has streams disorders them")]
pub fn believed(come: &[Hit], lateness: i64) -> Vec<Hit> {
    let mut clock: Clock<Hit> = Clock::new(Span(lateness), |_| 1);
    for hit in come {
        clock.offer(Second(hit.time), *hit, None);
    }
    clock.finish();
    let decisions = std::iter::from_fn(|| clock.next_decision());
    decisions
        .filter_map(|decision| match decision {
            Decision::Believe(_, hit) => Some(hit),
            Decision::Skew(_) => None,
            Decision::Rewind { .. } => panic!("no stream here goes back"),
        })
        .collect()
}

/// Whether all of them are believed, none when its second may be closed: after a gap of more than a minute one may be
/// believed after later ones.
#[allow(dead_code, reason = "not every test that has streams disorders them")]
pub fn in_time(come: &[Hit], lateness: i64) -> bool {
    let order = believed(come, lateness);
    let mut newest = i64::MIN;
    order.len() == come.len()
        && order.iter().all(|hit| {
            newest = newest.max(hit.time);
            hit.time >= newest - lateness
        })
}

/// The order in which hits come if each is delayed by up to `lateness` seconds.
#[allow(dead_code, reason = "not every test that has streams disorders them")]
pub fn delayed(hits: &[Hit], delays: &[i64], lateness: i64) -> Vec<Hit> {
    let mut order: Vec<(i64, Hit)> = hits
        .iter()
        .zip(delays.iter().cycle())
        .map(|(hit, delay)| (hit.time + delay % (lateness + 1), *hit))
        .collect();
    order.sort_by_key(|(at, _)| *at);
    order.into_iter().map(|(_, hit)| hit).collect()
}
