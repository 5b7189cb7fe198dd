//! A benchmark of each stage of a line's journey, so that a regression shows where it is.
//!
//! `cargo bench` measures all, `cargo bench -- parse` those with `parse` in their name. The input is made
//! up in memory. Under `cargo test` each stage runs once, on little input: what is asserted is only
//! that it saw what was made.

mod forms;
mod harness;
mod subject;
mod traffic;

use std::io;
use std::rc::Rc;

use forms::{COMBINED, Form, JSON, NO_LOG, OTHERS, W3C};
use harness::{Seen, Stage, time};
use subject::Reports;
use traffic::{Mix, Traffic, USUAL};

/// Lines of a log that is measured, some 4 MB of combined, and of one that is only looked at.
const LINES: usize = 20_000;
const FEW_LINES: usize = 500;

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mut out = io::stdout().lock();
    // Cargo says what it runs: a benchmark, or a test, whose filters are not for this.
    if !args.iter().any(|arg| arg == "--bench") {
        return harness::check(stages(FEW_LINES), &mut out);
    }
    let words: Vec<String> = args.into_iter().filter(|arg| arg != "--bench").collect();
    harness::measure(stages(LINES), &words, &mut out)
}

/// Every stage, on logs of so many lines.
fn stages(lines: usize) -> Vec<Stage> {
    let mut stages = Vec::new();
    split(lines, &mut stages);
    parse(lines, &mut stages);
    count(lines, &mut stages);
    parts(lines, &mut stages);
    report(lines, &mut stages);
    whole(lines, &mut stages);
    mixes(lines, &mut stages);
    stages
}

fn args(args: &[&str]) -> Vec<String> {
    args.iter().map(|&arg| arg.to_owned()).collect()
}

/// Blocks to lines, beside what only finds the newlines.
fn split(lines: usize, stages: &mut Vec<Stage>) {
    let log: Rc<[u8]> = COMBINED.log(&Traffic::new(&Mix::usual(), lines)).into();
    let (bytes, items) = (log.len() as u64, lines as u64);
    let mut add = |name: &str, work: fn(&[u8]) -> Seen| {
        let log = Rc::clone(&log);
        stages.push(Stage {
            group: "lines",
            name: name.to_owned(),
            bytes,
            items,
            by_bytes: true,
            want: [items, bytes - items],
            run: Box::new(move || time(|| work(&log))),
        });
    };
    add("newlines alone", |log| {
        let newlines = |block: &[u8]| memchr::memchr_iter(b'\n', block).count() as u64;
        let count = log.chunks(subject::BLOCK).map(newlines).sum();
        [count, log.len() as u64 - count]
    });
    add("split", subject::split);
}

/// Lines to records, in several formats.
fn parse(lines: usize, stages: &mut Vec<Stage>) {
    let traffic = Traffic::new(&Mix::usual(), lines);
    let mut add = |form: &'static Form, work: fn(&mut _, &[&[u8]]) -> _, want| {
        let log = form.log(&traffic);
        stages.push(Stage {
            group: "parse",
            name: form.name.to_owned(),
            bytes: log.len() as u64,
            items: lines as u64,
            by_bytes: true,
            want,
            run: Box::new(move || {
                let lines: Vec<&[u8]> = log.split_inclusive(|&b| b == b'\n').collect();
                let mut parser = subject::parser();
                time(|| work(&mut parser, &lines))
            }),
        });
    };
    for form in [&COMBINED, &JSON, &W3C].into_iter().chain(&OTHERS) {
        add(form, subject::parse, traffic.seen());
    }
    add(&NO_LOG, subject::refuse, [lines as u64, 0]);
}

/// Records to seconds that close, under several kinds of traffic and options.
fn count(lines: usize, stages: &mut Vec<Stage>) {
    let all = "section,client,path,user,method,status,protocol,host,referrer,agent,source";
    let filter = "status<600 and not path~/img/*.png";
    let scanner = "Scanner: 404 > 20 over 1m by client";
    let usual = Mix::usual;
    let rows = [
        ("50 a second", usual(), args(&[])),
        ("5000 a second", usual().rate(5000, 1), args(&[])),
        ("one in 2 seconds", usual().rate(1, 2), args(&[])),
        ("out of order", usual().disorder(20), args(&[])),
        ("late", usual().disorder(20), args(&["--lateness", "0"])),
        ("few keys", usual().keys(5, 20), args(&[])),
        ("many keys", usual().keys(10_000, 50_000), args(&[])),
        // Past 100,000 keys of a dimension the lightest are dropped.
        ("too many keys", usual().keys(200, 1 << 20), args(&[])),
        ("durations", usual().timed(), args(&[])),
        ("every dimension", usual(), args(&["--top", all])),
        ("--where", usual(), args(&["--where", filter])),
        ("a rule by client", usual(), args(&["--alert", scanner])),
        ("50 rules, quiet", usual().timed(), fifty_rules(false)),
        ("50 rules, firing", usual().timed(), fifty_rules(true)),
    ];
    for (name, mix, args) in rows {
        let lines = if name == "too many keys" {
            20 * lines
        } else {
            lines
        };
        let traffic = Traffic::new(&mix, lines);
        stages.push(counting("count", name, traffic.into(), args, lines));
    }
    // What is not counting in each of them.
    let traffic = Traffic::new(&usual(), lines);
    stages.push(Stage {
        group: "count",
        name: "records alone".to_owned(),
        bytes: COMBINED.log(&traffic).len() as u64,
        items: lines as u64,
        by_bytes: false,
        want: traffic.seen(),
        run: Box::new(move || time(|| subject::records(traffic.entries()))),
    });
}

/// Counts the records of `traffic`, which make so many `items`.
fn counting(
    group: &'static str,
    name: &str,
    traffic: Rc<Traffic>,
    args: Vec<String>,
    items: usize,
) -> Stage {
    Stage {
        group,
        name: name.to_owned(),
        bytes: COMBINED.log(&traffic).len() as u64,
        items: items as u64,
        by_bytes: false,
        want: traffic.seen(),
        run: Box::new(move || {
            let mut monitor = subject::monitor(&args);
            time(|| subject::count(&mut monitor, traffic.entries()))
        }),
    }
}

/// What several threads do beside each other in replay of files, and what one does for all of them.
fn parts(lines: usize, stages: &mut Vec<Stage>) {
    let usual = Mix::usual;
    for (name, mix) in [
        ("50 a second", usual()),
        ("one in 2 seconds", usual().rate(1, 2)),
        ("out of order", usual().disorder(20)),
        ("many keys", usual().keys(10_000, 50_000)),
    ] {
        let traffic = Rc::new(Traffic::new(&mix, lines));
        for (what, adding) in [("folded", false), ("added", true)] {
            let name = format!("{name}, {what}");
            let mut stage = counting("parts", &name, Rc::clone(&traffic), args(&[]), lines);
            let traffic = Rc::clone(&traffic);
            stage.run = Box::new(move || {
                let (mut monitor, mut part) = (subject::monitor(&[]), subject::part(&[]));
                let (folding, ()) = time(|| subject::fold(&mut part, traffic.entries()));
                let (took, seen) = time(|| subject::add(&mut monitor, part));
                (if adding { took } else { folding }, seen)
            });
            stages.push(stage);
        }
    }
}

/// Five rules of each of ten kinds; those that `fire` do so all the time.
fn fifty_rules(fire: bool) -> Vec<String> {
    let limit = |low: usize, high: usize| if fire { low } else { high };
    let kinds = |i: usize| {
        [
            format!("hits > {}/s over 2m", limit(i * 20, i * 1000)),
            format!("5xx > {}% over 5m min 100", limit(i * 4, i + 90)),
            format!("404 > {} over {i}m by client", limit(i * 5, i * 1000)),
            format!("5xx > {}% over 5m min 20 by section", limit(i * 15, i + 90)),
            format!("p95 > {}ms over {i}m", limit(i * 300, i * 9000)),
            format!("bytes > {}MB/s over 1m", limit(i, i * 1000)),
            format!("unique client > {} over 1m", limit(i * 100, i * 10_000)),
            format!(
                "hits > {} over 1m where section=/part-{i} and not status=404",
                limit(i * 5, i * 10_000)
            ),
            format!("hits > {i}x usual over 2m"),
            format!("slo {}.{i}%", limit(99, 90)),
        ]
    };
    let mut rules = Vec::new();
    for i in 1..=5 {
        for (kind, rule) in kinds(i).into_iter().enumerate() {
            rules.extend(["--alert".to_owned(), format!("Rule {kind}{i}: {rule}")]);
        }
    }
    rules
}

/// Reports of five hits each: counting with and without them, and each way to write them.
fn report(lines: usize, stages: &mut Vec<Stage>) {
    const INTERVAL: [&str; 2] = ["--interval", "10s"];
    let traffic = Rc::new(Traffic::new(&Mix::usual().rate(1, 2), lines));
    let reports = Rc::new(Reports::new(&args(&INTERVAL), traffic.entries()));
    let items = lines / 5;
    assert_eq!(
        reports.seen(),
        [items as u64, lines as u64],
        "reports of five hits each"
    );
    stages.push(counting(
        "report",
        "not made",
        Rc::clone(&traffic),
        args(&[]),
        items,
    ));
    stages.push(counting(
        "report",
        "made",
        Rc::clone(&traffic),
        args(&INTERVAL),
        items,
    ));
    for (name, output, rich) in [
        ("as text", "text", false),
        ("as text with colour", "text", true),
        ("as JSON", "json", false),
    ] {
        let reports = Rc::clone(&reports);
        let mut out = Vec::new();
        let mut run = move || {
            let (took, ()) = time(|| reports.render(output, rich, &mut out));
            let lines = memchr::memchr_iter(b'\n', &out).count();
            (took, [out.len() as u64, lines as u64])
        };
        let (_, want) = run();
        assert!(want[1] >= items as u64, "a line or more of each report");
        stages.push(Stage {
            group: "report",
            name: name.to_owned(),
            bytes: want[0],
            items: items as u64,
            by_bytes: false,
            want,
            run: Box::new(run),
        });
    }
}

/// Everything at once, from blocks in memory to text.
fn whole(lines: usize, stages: &mut Vec<Stage>) {
    let sparse = || Mix::usual().rate(1, 2);
    let rows = [
        ("combined", Mix::usual(), &COMBINED, args(&[])),
        ("JSON", Mix::usual(), &JSON, args(&[])),
        ("W3C", Mix::usual(), &W3C, args(&[])),
        ("sparse", sparse(), &COMBINED, args(&[])),
        (
            "sparse, reports",
            sparse(),
            &COMBINED,
            args(&["--interval", "10s"]),
        ),
    ];
    for (name, mix, form, args) in rows {
        let traffic = Traffic::new(&mix, lines);
        let log = form.log(&traffic);
        stages.push(Stage {
            group: "whole",
            name: name.to_owned(),
            bytes: log.len() as u64,
            items: lines as u64,
            by_bytes: true,
            want: traffic.seen(),
            run: Box::new(move || time(|| subject::whole(&args, &log))),
        });
    }
}

/// Everything at once, on fifty mixes of status, section and client, after the usual one.
fn mixes(lines: usize, stages: &mut Vec<Stage>) {
    const STATUSES: [(&str, &[u16]); 5] = [
        ("well", &[200]),
        ("usual", USUAL),
        ("half errors", &[200, 200, 204, 304, 500, 502, 503, 504]),
        ("all missing", &[404]),
        (
            "every class",
            &[
                101, 200, 206, 301, 302, 304, 400, 401, 403, 404, 410, 429, 499, 500, 503, 999,
            ],
        ),
    ];
    let mut all = vec![("usual".to_owned(), Mix::usual())];
    for (name, statuses) in STATUSES {
        for sections in [1, 10, 100, 1000, 20_000] {
            for clients in [10, 50_000] {
                let mix = Mix::usual().keys(sections, clients).statuses(statuses);
                all.push((format!("{name}, {sections} x {clients}"), mix));
            }
        }
    }
    for (name, mix) in all {
        let traffic = Traffic::new(&mix, lines / 2);
        stages.push(Stage {
            group: "mixes",
            name,
            bytes: COMBINED.log(&traffic).len() as u64,
            items: lines as u64 / 2,
            by_bytes: true,
            want: traffic.seen(),
            run: Box::new(move || {
                // Made anew each time: fifty logs would take much memory.
                let log = COMBINED.log(&traffic);
                time(|| subject::whole(&[], &log))
            }),
        });
    }
}
