//! `--where` beside a naive predicate: which records count, and what becomes of the others.

use httpmon::filter::Filter;
use httpmon::filter::period::{Moment, Period};
use httpmon::format::record::{Record, Request};
use httpmon::monitor::{Config, Monitor};
use httpmon::report::{Amount, Block, Event, Report};
use httpmon::run;
use httpmon::stats::dimension::Scratch;
use httpmon::time::Second;
use proptest::prelude::*;

const START: i64 = 1_760_000_000;

/// What a record holds that expressions ask for.
#[derive(Debug, Clone, Copy)]
struct Hit {
    time: i64,
    client: [u8; 4],
    path: Option<&'static str>,
    status: Option<u16>,
    bytes: u64,
    duration_us: Option<u64>,
}

impl Hit {
    fn observe(&self, monitor: &mut Monitor) {
        self.with(|record| monitor.observe(record, None));
    }

    fn with<T>(&self, what: impl FnOnce(&Record<'_>) -> T) -> T {
        let client = self.client.map(|part| part.to_string()).join(".");
        what(&Record {
            time: Second(self.time),
            client: client.as_bytes(),
            request: self.path.map(|path| Request {
                method: b"GET",
                target: path.as_bytes(),
                protocol: None,
            }),
            status: self.status,
            bytes: self.bytes,
            duration_us: self.duration_us,
            ..Record::EMPTY
        })
    }
}

#[derive(Debug, Clone)]
enum Expr {
    Path(&'static str, &'static str),
    Network([u8; 4], u8),
    Class(bool, u16),
    Number(&'static str, &'static str, u64),
    Not(Box<Expr>),
    Both(Box<Expr>, Box<Expr>),
    Either(Box<Expr>, Box<Expr>),
}

impl Expr {
    fn text(&self) -> String {
        match self {
            Expr::Path(op, value) => format!("path{op}{value}"),
            Expr::Network([a, b, c, d], bits) => format!("client={a}.{b}.{c}.{d}/{bits}"),
            Expr::Class(is, class) => format!("status{}{class}xx", if *is { "=" } else { "!=" }),
            Expr::Number("duration", op, n) => format!("duration {op} {n}ms"),
            Expr::Number(name, op, n) => format!("{name}{op}{n}"),
            Expr::Not(of) => format!("not ({})", of.text()),
            Expr::Both(a, b) => format!("({}) and ({})", a.text(), b.text()),
            Expr::Either(a, b) => format!("({}) or ({})", a.text(), b.text()),
        }
    }

    fn holds(&self, hit: &Hit) -> bool {
        match self {
            Expr::Path(op, value) => match (hit.path, *op) {
                (None, op) => op == "!=",
                (Some(path), "=") => path == *value,
                (Some(path), "!=") => path != *value,
                (Some(path), "^=") => path.starts_with(value),
                (Some(path), "$=") => path.ends_with(value),
                (Some(path), _) => path.contains(value),
            },
            Expr::Network(network, bits) => {
                let bit = |of: &[u8; 4], i: u8| of[usize::from(i / 8)] >> (7 - i % 8) & 1;
                (0..*bits).all(|i| bit(&hit.client, i) == bit(network, i))
            }
            Expr::Class(is, class) => {
                (hit.status.map(|status| status / 100) == Some(*class)) == *is
            }
            Expr::Number(name, op, n) => {
                let value = match *name {
                    "status" => hit.status.map(u64::from),
                    "bytes" => Some(hit.bytes),
                    _ => hit.duration_us,
                };
                let n = if *name == "duration" { n * 1000 } else { *n };
                match *op {
                    "!=" => value != Some(n),
                    "=" => value == Some(n),
                    "<" => value.is_some_and(|value| value < n),
                    "<=" => value.is_some_and(|value| value <= n),
                    ">" => value.is_some_and(|value| value > n),
                    _ => value.is_some_and(|value| value >= n),
                }
            }
            Expr::Not(of) => !of.holds(hit),
            Expr::Both(a, b) => a.holds(hit) && b.holds(hit),
            Expr::Either(a, b) => a.holds(hit) || b.holds(hit),
        }
    }
}

const PATHS: [&str; 5] = ["/", "/a", "/a/b.css", "/ab", "/login"];
const STATUS: [u16; 6] = [101, 200, 304, 404, 500, 503];
const NUMBERS: [u64; 6] = [0, 100, 200, 404, 500, 503];

fn clients() -> impl Strategy<Value = [u8; 4]> {
    let part = prop::sample::select(vec![0u8, 1, 10, 127, 128, 255]);
    prop::array::uniform4(part)
}

fn expressions() -> impl Strategy<Value = Expr> {
    let ops = |ops: &[&'static str]| prop::sample::select(ops.to_vec());
    let leaf = prop_oneof![
        (ops(&["=", "!=", "^=", "$=", "*="]), ops(&PATHS))
            .prop_map(|(op, path)| Expr::Path(op, path)),
        (clients(), 0u8..=32).prop_map(|(network, bits)| Expr::Network(network, bits)),
        (any::<bool>(), 1u16..=5).prop_map(|(is, class)| Expr::Class(is, class)),
        (
            ops(&["status", "bytes", "duration"]),
            ops(&["=", "!=", "<", "<=", ">", ">="]),
            prop::sample::select(NUMBERS.to_vec())
        )
            .prop_map(|(name, op, n)| Expr::Number(name, op, n)),
    ];
    leaf.prop_recursive(4, 16, 2, |inner| {
        let both = (inner.clone(), inner.clone());
        prop_oneof![
            inner.clone().prop_map(|of| Expr::Not(of.into())),
            both.clone()
                .prop_map(|(a, b)| Expr::Both(a.into(), b.into())),
            both.prop_map(|(a, b)| Expr::Either(a.into(), b.into())),
        ]
    })
}

fn hits() -> impl Strategy<Value = Vec<Hit>> {
    let hit = (
        prop_oneof![9 => 0i64..3, 1 => 30i64..90],
        clients(),
        prop::option::weighted(0.9, prop::sample::select(PATHS.to_vec())),
        prop::option::weighted(0.9, prop::sample::select(STATUS.to_vec())),
        prop::sample::select(NUMBERS.to_vec()),
        prop::option::of(prop::sample::select(NUMBERS.to_vec())),
    );
    prop::collection::vec(hit, 1..60).prop_map(|hits| {
        let mut time = START;
        let of = |(gap, client, path, status, bytes, ms): (i64, _, _, _, _, Option<u64>)| {
            time += gap;
            Hit {
                time,
                client,
                path,
                status,
                bytes,
                duration_us: ms.map(|ms| ms * 1000),
            }
        };
        hits.into_iter().map(of).collect()
    })
}

fn monitor(filter: Option<Filter>, period: Period) -> Monitor {
    let options = run::options(&["--replay", "--lateness=0", "--threshold=1", "--window=5"]);
    let config = options.and_then(|options| options.config());
    let mut config: Config = config.expect("a rule that works");
    config.counting.filter = filter;
    config.counting.period = period;
    Monitor::new(config)
}

/// The blocks of a summary without what a filter is to change: the lines and the filtered.
fn summary(monitor: &Monitor) -> (Report, [u64; 4]) {
    let Event::Summary(mut report) = monitor.summary(false) else {
        panic!("a summary was asked for");
    };
    let mut books = [0; 4];
    report.blocks.retain(|block| {
        let (at, value, kept) = match block {
            Block::Headline {
                key: "lines",
                value: Amount::Count(n),
            } => (0, *n, false),
            Block::Headline {
                key: "hits",
                value: Amount::Count(n),
            } => (1, *n, true),
            Block::Input {
                key: "filtered",
                value,
                ..
            } => (2, *value, false),
            Block::Input {
                key: "unparsed" | "skipped",
                value,
                ..
            } => (3, *value, true),
            _ => return true,
        };
        books[at] += value;
        kept
    });
    (report, books)
}

/// A monitor that counts only what an expression and a period let in, one that only that came to, and the
/// summary of the first: its books balance, and its totals are those of the second.
fn beside(
    expr: &Expr,
    period: Period,
    hits: &[Hit],
    kept: &[&Hit],
) -> Result<(Monitor, Monitor, Report), TestCaseError> {
    let mut some = monitor(Filter::parse(&expr.text()).ok(), period);
    let mut alone = monitor(None, Period::default());
    hits.iter().for_each(|hit| hit.observe(&mut some));
    kept.iter().for_each(|hit| hit.observe(&mut alone));
    some.finish();
    alone.finish();
    let (report, [lines, counted, filtered, other]) = summary(&some);
    prop_assert_eq!(lines, counted + filtered + other);
    prop_assert_eq!((lines, counted), (hits.len() as u64, kept.len() as u64));
    let totals = |report: &Report| {
        let blocks = report.blocks.iter();
        let blocks: Vec<&Block> = blocks
            .filter(|block| !matches!(block, Block::Alerts(_)))
            .collect();
        format!("{:?} {:?} {blocks:?}", report.from, report.to)
    };
    prop_assert_eq!(totals(&report), totals(&summary(&alone).0));
    Ok((some, alone, report))
}

proptest! {
    #[test]
    fn an_expression_holds_where_the_naive_one_does(expr in expressions(), hits in hits()) {
        let text = expr.text();
        let filter = Filter::parse(&text).unwrap_or_else(|mistake| panic!("{text}: {mistake:?}"));
        for hit in &hits {
            prop_assert_eq!(hit.with(|record| filter.matches(record, &mut Scratch::default())), expr.holds(hit), "{} {:?}", text, hit);
        }
    }

    /// The summary is that of the matching records alone, the books balance, and the alerts are those of
    /// the matching records too: what is left out moves the clock, which only lets more seconds close.
    #[test]
    fn what_does_not_match_is_counted_as_filtered_and_only_moves_the_clock(expr in expressions(), hits in hits()) {
        let kept: Vec<&Hit> = hits.iter().filter(|hit| expr.holds(hit)).collect();
        let (mut some, mut alone, _) = beside(&expr, Period::default(), &hits, &kept)?;
        prop_assert_eq!(some.books().newest, hits.iter().map(|hit| Second(hit.time)).max());
        let alerts = |monitor: &mut Monitor| -> Vec<String> {
            let events = std::iter::from_fn(|| monitor.next_event());
            events.map(|event| format!("{event:?}")).collect()
        };
        let (some, alone) = (alerts(&mut some), alerts(&mut alone));
        prop_assert!(some.starts_with(&alone) && some.len() <= alone.len() + 1, "{:?} {:?}", some, alone);
    }
}

proptest! {
    /// What lies in the period is counted and nothing else, the books balance, and no alert begins or ends
    /// outside of it. With an end, the period is closed up to it.
    #[test]
    fn a_period_counts_what_lies_in_it_and_is_closed_to_its_end(
        since in 0i64..200,
        length in 1i64..200,
        expr in expressions(),
        hits in hits(),
    ) {
        let (since, until) = (START + since, START + since + length);
        let at = |second| Some(Moment::At(Second(second)));
        let period = Period { since: at(since), until: at(until), zone: None };
        let kept: Vec<&Hit> = hits
            .iter()
            .filter(|hit| (since..until).contains(&hit.time) && expr.holds(hit))
            .collect();
        let (mut some, mut alone, report) = beside(&expr, period, &hits, &kept)?;
        let alerts = |monitor: &mut Monitor| -> Vec<String> {
            let inside = |event: &Event| match event {
                Event::Transition(alert) => alert.at < Second(until),
                _ => true,
            };
            let events = std::iter::from_fn(|| monitor.next_event());
            events.filter(inside).map(|event| format!("{event:?}")).collect()
        };
        let all = alerts(&mut some);
        // An alert that fires at the last record is over by the end of the period, if that is far enough.
        let last = kept.last().map_or(until, |hit| hit.time);
        let open = matches!(&report.blocks[..], blocks if blocks.iter().any(|block| matches!(
            block, Block::Alerts(alerts) if alerts.listed.iter().any(|fired| fired.until.is_none())
        )));
        prop_assert!(!open || until - last <= 5);
        let alone = alerts(&mut alone);
        prop_assert!(all.starts_with(&alone) && all.len() <= alone.len() + 1, "{:?} {:?}", all, alone);
        prop_assert!(some.next_event().is_none());
    }
}
