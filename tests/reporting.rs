//! Reports beside a naive recount: which there are, and what each holds when it is written.
//!
//! The recount asks of every hit whether the interval it belongs to was still open when it came, and
//! of every second which hits had come when it closed. Nothing is kept from one to the next.

#[path = "support/hits.rs"]
mod hits;

use std::collections::BTreeMap;

use hits::{Hit, Limit, START, believed, delayed, events, limits, streams};
use httpmon::report::{Amount, Block, Event, Report};
use proptest::prelude::*;

/// What is compared of a report.
#[derive(Debug, Clone, PartialEq)]
struct Expected {
    from: i64,
    to: i64,
    partial: bool,
    hits: u64,
    bytes: u64,
    clients: BTreeMap<String, u64>,
    /// Hits in the window of the rule at its end.
    window: u64,
    /// Records that came late while one of its seconds was the newest.
    late: u64,
}

/// A report, or a gap from one second to another.
#[derive(Debug, Clone, PartialEq)]
enum Line {
    Report(Expected),
    Gap(i64, i64),
}

fn expected(report: &Report) -> Expected {
    let mut expected = Expected {
        from: report.from.expect("a report has a span").0,
        to: report.to.expect("a report has a span").0,
        partial: report.partial,
        hits: 0,
        bytes: 0,
        clients: BTreeMap::new(),
        window: 0,
        late: 0,
    };
    for block in &report.blocks {
        match block {
            Block::Headline {
                key: "hits",
                value: Amount::Count(hits),
            } => expected.hits = *hits,
            Block::Headline {
                value: Amount::Bytes(bytes),
                ..
            } => expected.bytes = *bytes,
            Block::Ranking(ranking) if ranking.dimension.name == "client" => {
                for row in &ranking.rows {
                    let key = String::from_utf8(row.key.to_vec()).expect("text");
                    expected.clients.insert(key, row.count.hits);
                }
            }
            Block::Window(figure) => expected.window = figure.hits,
            Block::Input {
                key: "late", value, ..
            } => expected.late = *value,
            _ => {}
        }
    }
    expected
}

fn lines(events: &[Event]) -> Vec<Line> {
    let line = |event: &Event| match event {
        Event::Report(report) => Some(Line::Report(expected(report))),
        Event::Gap { from, to, .. } => Some(Line::Gap(from.0, to.0)),
        Event::Transition(_)
        | Event::Rewind(_)
        | Event::Rolled(_)
        | Event::Summary(_)
        | Event::Check(_) => None,
    };
    events.iter().filter_map(line).collect()
}

/// The greatest time among the first `count` hits.
fn newest(come: &[Hit], count: usize) -> Option<i64> {
    come[..count].iter().map(|hit| hit.time).max()
}

fn recount(come: &[Hit], limit: Limit, lateness: i64, interval: i64) -> Vec<Line> {
    let mut reports: BTreeMap<i64, Expected> = BTreeMap::new();
    let last = newest(come, come.len()).expect("there are hits");
    for (i, hit) in come.iter().enumerate() {
        let from = hit.time - hit.time.rem_euclid(interval);
        let to = from + interval;
        let watermark = newest(come, i + 1).map(|newest| newest - lateness);
        if watermark.is_some_and(|watermark| to - 1 < watermark) {
            continue;
        }
        let expected = reports.entry(from).or_insert_with(|| {
            // Its last second closes before the first hit that comes too far ahead of it.
            let end = (to - 1).min(last);
            let ahead = |hit: &Hit| hit.time > end + lateness;
            let seen = come.iter().position(ahead).unwrap_or(come.len());
            let window = |hit: &&Hit| hit.time > end - limit.window && hit.time <= end;
            Expected {
                from,
                to,
                partial: to - 1 > last,
                hits: 0,
                bytes: 0,
                clients: BTreeMap::new(),
                window: come[..seen].iter().filter(window).count() as u64,
                late: 0,
            }
        });
        expected.hits += 1;
        expected.bytes += hit.bytes();
        *expected.clients.entry(hit.client().to_owned()).or_default() += 1;
    }
    for (i, hit) in come.iter().enumerate() {
        let Some(newest) = newest(come, i) else {
            continue;
        };
        if hit.time < newest - lateness {
            let from = newest - newest.rem_euclid(interval);
            let report = reports.get_mut(&from).expect("the newest is reported");
            report.late += 1;
        }
    }
    let mut lines = Vec::new();
    let mut end = None;
    for expected in reports.into_values() {
        if let Some(end) = end.filter(|end| *end < expected.from) {
            lines.push(Line::Gap(end, expected.from));
        }
        end = Some(expected.to);
        lines.push(Line::Report(expected));
    }
    lines
}

/// The points of the whole run, by where they begin, and their length.
fn series(events: &[Event]) -> (BTreeMap<i64, u64>, i64) {
    let Some(Event::Summary(summary)) = events.last() else {
        panic!("a summary is last");
    };
    let series = summary.blocks.iter().find_map(|block| match block {
        Block::Series(series) => Some(series),
        _ => None,
    });
    let series = series.expect("something came");
    let (from, step) = (series.from().0, series.step().0);
    let begin = |i: usize| from + i as i64 * step;
    let points = series.points().enumerate().map(|(i, p)| (begin(i), p.hits));
    (points.collect(), step)
}

proptest! {
    #[test]
    fn the_series_of_a_run_holds_every_hit_in_its_second_late_or_not(hits in streams(), limit in limits(), interval in prop::option::of(1i64..400), lateness in 0i64..20, delays in prop::collection::vec(prop_oneof![3 => Just(0i64), 1 => 0i64..400], 1..40)) {
        let come = delayed(&hits, &delays, 400);
        let (points, step) = series(&events(&come, limit, lateness, interval));
        let mut recount: BTreeMap<i64, u64> = points.keys().map(|from| (*from, 0)).collect();
        for hit in &believed(&come, lateness) {
            *recount.get_mut(&(hit.time - hit.time.rem_euclid(step))).expect("a point") += 1;
        }
        prop_assert_eq!(points, recount);
    }

    #[test]
    fn reports_hold_what_had_come_when_they_were_written(hits in streams(), limit in limits(), interval in prop_oneof![1i64..20, 1i64..400], lateness in 0i64..20, delays in prop::collection::vec(prop_oneof![3 => Just(0i64), 1 => 0i64..400], 1..40)) {
        let come = delayed(&hits, &delays, 400);
        let said = lines(&events(&come, limit, lateness, Some(interval)));
        prop_assert_eq!(said, recount(&believed(&come, lateness), limit, lateness, interval));
    }
}

#[test]
fn a_late_record_of_an_interval_that_is_over_is_in_no_report() {
    let hit = |time| Hit { time, kind: 0 };
    let mut come: Vec<Hit> = (0..8).map(|second| hit(START + second)).collect();
    // Second 40 closes all of [30, 40), in which there was nothing, and 49 none of [40, 50).
    come.extend([40, 39, 30, 49, 45, 60].map(|second| hit(START + second)));
    let limit = Limit::of_hits(1, 10);
    let said = lines(&events(&come, limit, 0, Some(10)));
    assert_eq!(said, recount(&come, limit, 0, 10));
    let spans: Vec<(i64, u64)> = said
        .iter()
        .filter_map(|line| match line {
            Line::Report(expected) => Some((expected.from - START, expected.hits)),
            Line::Gap(..) => None,
        })
        .collect();
    assert_eq!(spans, [(0, 8), (40, 3), (60, 1)]);
}
