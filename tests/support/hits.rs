//! What a monitor says about hits that come in some order, under a rule in whole numbers.

#[path = "streams.rs"]
mod streams;

use httpmon::monitor::Monitor;
use httpmon::report::Event;
use httpmon::run;
use proptest::prelude::*;

#[allow(unused_imports, reason = "each test uses its own")]
pub use streams::{Hit, START, believed, delayed, in_time};

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

/// Streams with gaps as long as windows and longer.
pub fn streams() -> impl Strategy<Value = Vec<Hit>> {
    streams::streams(prop_oneof![0i64..3, 0i64..60, 100i64..700].boxed())
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
