//! Rankings and other blocks that are made of statistics: the one place that knows both.

use std::collections::{BTreeMap, HashMap};

use super::key_times::KeyTimes;
use crate::points::scales::ScalePoint;
use crate::points::series::{Point, Series};
use crate::quantity::Count;
use crate::report::{Block, KeyColumns, Ranking, Row};
use crate::stats::bucket::Counters;
use crate::stats::keys::KeyTable;
use crate::stats::latency::Histogram;
use crate::stats::tally::{self, Tally};
use crate::stats::top::{RowOrder, Top};
use crate::stats::totals::Totals;

/// The rankings of the whole run, with these columns if some were chosen.
pub(super) fn of_run(
    totals: &Totals,
    times: &KeyTimes,
    columns: Option<KeyColumns>,
) -> Vec<Ranking> {
    let rank = |(index, top): (usize, &Top)| {
        let table = totals.table(index);
        let ids = heaviest(totals, index, table.counts(), *top);
        let listed: Vec<u32> = ids.iter().map(|&(id, _)| id).collect();
        let (mut rows, p95_error) = timed_rows(totals, index, ids);
        for (row, id) in rows.iter_mut().zip(listed) {
            row.seen = times.of(index, id);
        }
        Ranking {
            p95_error,
            columns,
            ..of_table(*top, table, rows)
        }
    };
    totals.tops().iter().enumerate().map(rank).collect()
}

/// Requests from which on a percentile or a mean says something.
const ENOUGH: u64 = 10;

/// The first keys of dimension `index` of a run, in the order that `top` asks for.
pub(super) fn heaviest(
    totals: &Totals,
    index: usize,
    counts: impl Iterator<Item = (u32, Count)>,
    top: Top,
) -> Vec<(u32, Count)> {
    let table = totals.table(index);
    if !top.order.is_of_durations() {
        return tally::heaviest(counts, table, top.rows, top.order);
    }
    let all: Vec<(u32, Count)> = counts.collect();
    let ids: Vec<u32> = all.iter().map(|&(id, _)| id).collect();
    let times: Vec<Option<f64>> = match top.order {
        RowOrder::Mean => ids.iter().map(|&id| totals.mean_ms(index, id)).collect(),
        _ => totals.slowest(index, &ids).0,
    };
    let times: HashMap<u32, Option<f64>> = ids.into_iter().zip(times).collect();
    tally::first(all, table, top.rows, |(id, count)| {
        (count.hits >= ENOUGH, times.get(id).copied().flatten())
    })
}

/// The rankings of a span of time.
pub(super) fn of_span(totals: &Totals, tallies: &[Tally]) -> impl Iterator<Item = Ranking> {
    let rank = move |(index, (top, tally)): (usize, (&Top, &Tally))| {
        let table = totals.table(index);
        let ids = tally::heaviest(tally.counts(), table, top.rows, top.order);
        of_tally(*top, table, tally, rows(ids, table))
    };
    let tallies = totals.tops().iter().zip(tallies);
    tallies.enumerate().map(rank)
}

/// A ranking of these rows over the whole run.
pub(super) fn of_table(top: Top, table: &KeyTable, rows: Vec<Row>) -> Ranking {
    let (hits, error) = (table.hits(), table.error());
    ranking(top, rows, hits, table.unique(), error)
}

/// A ranking of these rows over the time of `tally`.
pub(super) fn of_tally(top: Top, table: &KeyTable, tally: &Tally, rows: Vec<Row>) -> Ranking {
    let (hits, error) = (tally.hits(), tally.error(table));
    ranking(top, rows, hits, tally.unique(), error)
}

/// A ranking that shows what `top` asks for; `unique` with its error.
fn ranking(top: Top, rows: Vec<Row>, hits: u64, unique: (u64, u64), error: u64) -> Ranking {
    let kind = top.dimension.kind();
    Ranking {
        listed: top.rows > 0,
        asked: top.asked,
        ..Ranking::new(kind, rows, hits, unique.0, unique.1, error)
    }
}

/// Rows of these ids.
pub(super) fn rows(ids: Vec<(u32, Count)>, table: &KeyTable) -> Vec<Row> {
    let row = |(id, count)| Row {
        key: table.key(id).into(),
        count,
        p95_ms: None,
        mean_ms: None,
        seen: None,
    };
    ids.into_iter().map(row).collect()
}

/// Rows of these ids of dimension `index` with how long their requests took, and by which part of themselves
/// these times may be off: see [`Totals::slowest`].
pub(super) fn timed_rows(totals: &Totals, index: usize, ids: Vec<(u32, Count)>) -> (Vec<Row>, f32) {
    let listed: Vec<u32> = ids.iter().map(|&(id, _)| id).collect();
    let (slow, error) = totals.slowest(index, &listed);
    let mut rows = rows(ids, totals.table(index));
    for (row, p95_ms) in rows.iter_mut().zip(slow) {
        row.p95_ms = p95_ms;
    }
    for (row, id) in rows.iter_mut().zip(listed) {
        row.mean_ms = totals.mean_ms(index, id);
    }
    (rows, error)
}

/// What the line of a run shows of a second.
pub(super) fn point(counters: &Counters) -> Point {
    Point {
        hits: counters.hits,
        client_errors: counters.status[4],
        server_errors: counters.status[5],
    }
}

/// What the graph on a screen shows of a second.
pub(super) fn scale_point(counters: &Counters) -> ScalePoint {
    ScalePoint {
        hits: counters.hits,
        errors: counters.status[5],
    }
}

/// How long requests took over time; nothing where the log does not say.
pub(super) fn timing(durations: &Series<Histogram>) -> Option<Block> {
    if durations.points().all(Histogram::is_empty) {
        return None;
    }
    let point = |durations: &Histogram| {
        let percentiles = (durations.percentile_ms(50), durations.percentile_ms(95));
        (!durations.is_empty()).then_some(percentiles)
    };
    Some(Block::Timing(durations.points().map(point).collect()))
}

/// The visitors of each day: a visitor's key begins with it. Nothing where they are not counted, or not all are known.
pub(super) fn visitors_by_day(totals: &Totals) -> Option<Block> {
    const DATE: usize = "2026-11-20".len();
    let mut tops = totals.tops().iter();
    let table = totals.table(tops.position(|top| top.dimension.name == "visitor")?);
    if table.unique().1 > 0 || table.error() > 0 {
        return None;
    }
    let mut days: BTreeMap<String, u64> = BTreeMap::new();
    for (id, _) in table.counts() {
        let day = table.key(id).get(..DATE)?;
        *days
            .entry(String::from_utf8_lossy(day).into_owned())
            .or_default() += 1;
    }
    Some(Block::VisitorsByDay(days.into_iter().collect()))
}

/// How long requests took: names and milliseconds; empty where the log does not say.
pub(super) fn latencies(durations: &Histogram) -> Vec<(&'static str, f64)> {
    if durations.is_empty() {
        return Vec::new();
    }
    let percentiles = [("p50", 50), ("p90", 90), ("p95", 95), ("p99", 99)];
    let mut items = percentiles
        .map(|(name, percent)| (name, durations.percentile_ms(percent)))
        .to_vec();
    items.push(("max", durations.max_ms()));
    items
}

/// How long requests took, as a block; nothing where the log does not say.
pub(super) fn latency(durations: &Histogram) -> Option<Block> {
    let items = latencies(durations);
    (!items.is_empty()).then_some(Block::Latency(items))
}

/// The times by which requests are counted, in microseconds: those of Prometheus's client libraries.
const TIMES: [u64; 11] = [
    5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000,
];

/// How many requests took no longer than some times; nothing where the log does not say.
pub(super) fn durations(durations: &Histogram) -> Option<Block> {
    (!durations.is_empty()).then(|| Block::Durations {
        at_most: TIMES.map(|us| (us, durations.at_most(us))).to_vec(),
        count: durations.total(),
        sum_ms: durations.mean_ms() * durations.total() as f64,
    })
}

/// The share of hits that were answered with 4xx or 5xx.
pub(super) fn error_share(counters: &Counters) -> Block {
    Block::Share {
        key: "errors",
        part: counters.status[4] + counters.status[5],
        whole: counters.hits,
    }
}
