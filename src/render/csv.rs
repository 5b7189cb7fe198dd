//! CSV for spreadsheets: a header, then one row for every report.
//!
//! The columns are always the same, whatever was asked for; one of which nothing is known is empty. Quoting
//! is that of RFC 4180, lines end with a newline alone. Times stand as a spreadsheet reads them, on the
//! clock that reports are shown in; `epoch` tells them apart where that clock is set back.
//!
//! A cell that begins like a formula would be run by whoever opens the file, so text that comes from the
//! log or from a rule never does.

use std::fmt::Write;

use super::escape;
use super::{Render, clock};
use crate::report::{Alerts, Block, Event, Fired, Report, Value};
use crate::time::{Second, Zone};

/// A column: its name, and its cell in the row of a report.
struct Column {
    name: &'static str,
    cell: fn(&Report, &Zone) -> String,
}

/// Every column, in order.
static COLUMNS: &[Column] = &[
    Column {
        name: "from",
        cell: |r, zone| r.from.map_or(String::new(), |from| time(zone, from)),
    },
    Column {
        name: "to",
        cell: |r, zone| r.to.map_or(String::new(), |to| time(zone, to)),
    },
    Column {
        name: "epoch",
        cell: |r, _| r.from.map_or(String::new(), |from| from.0.to_string()),
    },
    Column {
        name: "partial",
        cell: |r, _| u8::from(r.partial).to_string(),
    },
    Column {
        name: "hits",
        cell: |r, _| headline(r, "hits"),
    },
    Column {
        name: "rate",
        cell: |r, _| headline(r, "rate"),
    },
    Column {
        name: "bytes",
        cell: |r, _| headline(r, "bytes"),
    },
    Column {
        name: "1xx",
        cell: |r, _| status(r, "1xx"),
    },
    Column {
        name: "2xx",
        cell: |r, _| status(r, "2xx"),
    },
    Column {
        name: "3xx",
        cell: |r, _| status(r, "3xx"),
    },
    Column {
        name: "4xx",
        cell: |r, _| status(r, "4xx"),
    },
    Column {
        name: "5xx",
        cell: |r, _| status(r, "5xx"),
    },
    Column {
        name: "other",
        cell: |r, _| status(r, "other"),
    },
    Column {
        name: "malformed",
        cell: |r, _| input(r, "malformed"),
    },
    Column {
        name: "unparsed",
        cell: |r, _| input(r, "unparsed"),
    },
    Column {
        name: "late",
        cell: |r, _| input(r, "late"),
    },
    Column {
        name: "sections",
        cell: |r, _| unique(r, "section"),
    },
    Column {
        name: "clients",
        cell: |r, _| unique(r, "client"),
    },
    Column {
        name: "p50_ms",
        cell: |r, _| latency(r, "p50"),
    },
    Column {
        name: "p90_ms",
        cell: |r, _| latency(r, "p90"),
    },
    Column {
        name: "p95_ms",
        cell: |r, _| latency(r, "p95"),
    },
    Column {
        name: "p99_ms",
        cell: |r, _| latency(r, "p99"),
    },
    Column {
        name: "max_ms",
        cell: |r, _| latency(r, "max"),
    },
    Column {
        name: "firing",
        cell: |r, _| alerts(r).map_or(String::new(), |all| firing(all).count().to_string()),
    },
    Column {
        name: "alerts",
        cell: |r, _| alerts(r).map_or(String::new(), names),
    },
];

/// The CSV output.
#[derive(Debug, Default)]
pub struct Csv {
    headed: bool,
}

impl Render for Csv {
    fn render(&mut self, event: &Event, zone: &Zone, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.headed, true) {
            row(COLUMNS.iter().map(|column| column.name.to_owned()), out);
        }
        match event {
            Event::Report(report) => {
                row(
                    COLUMNS.iter().map(|column| (column.cell)(report, zone)),
                    out,
                );
            }
            Event::Gap { from, to } => {
                let gap = gap(*from, *to);
                row(COLUMNS.iter().map(|column| (column.cell)(&gap, zone)), out);
            }
            Event::Alert(_) | Event::Summary(_) => {}
        }
    }
}

fn row(cells: impl Iterator<Item = String>, out: &mut Vec<u8>) {
    for (i, cell) in cells.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        if cell.contains([',', '"', ';']) || cell.starts_with(' ') || cell.ends_with(' ') {
            out.push(b'"');
            out.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(cell.as_bytes());
        }
    }
    out.push(b'\n');
}

/// Empty intervals as one report in which nothing was counted.
fn gap(from: Second, to: Second) -> Report {
    let mut blocks = vec![
        Block::Headline {
            key: "hits",
            value: Value::Count(0),
        },
        Block::Headline {
            key: "rate",
            value: Value::PerSecond(0.0),
        },
        Block::Headline {
            key: "bytes",
            value: Value::Bytes(0),
        },
        crate::report::status_group(&Default::default()),
    ];
    blocks.extend(["malformed", "unparsed", "late"].map(|key| Block::Input { key, value: 0 }));
    Report {
        from: Some(from),
        to: Some(to),
        partial: false,
        blocks,
    }
}

/// `2026-11-20 09:04:00`, which spreadsheets take for a time.
fn time(zone: &Zone, second: Second) -> String {
    let (date, time) = clock::parts(zone, second);
    format!("{date} {time}")
}

fn headline(report: &Report, name: &str) -> String {
    let found = report.blocks.iter().find_map(|block| match block {
        Block::Headline { key, value } if *key == name => Some(match value {
            Value::Count(number) | Value::Bytes(number) => number.to_string(),
            Value::PerSecond(number) => number.to_string(),
        }),
        _ => None,
    });
    found.unwrap_or_default()
}

fn status(report: &Report, name: &str) -> String {
    let found = report.blocks.iter().find_map(|block| match block {
        Block::Group {
            key: "status",
            items,
        } => items.iter().find(|item| item.0 == name),
        _ => None,
    });
    found.map_or(String::new(), |item| item.1.to_string())
}

fn input(report: &Report, name: &str) -> String {
    let found = report.blocks.iter().find_map(|block| match block {
        Block::Input { key, value } if *key == name => Some(value.to_string()),
        _ => None,
    });
    found.unwrap_or_default()
}

fn unique(report: &Report, name: &str) -> String {
    let found = report.blocks.iter().find_map(|block| match block {
        Block::Ranking(ranking) if ranking.dimension.name == name => {
            Some(ranking.unique.to_string())
        }
        _ => None,
    });
    found.unwrap_or_default()
}

fn latency(report: &Report, name: &str) -> String {
    let found = report.blocks.iter().find_map(|block| match block {
        Block::Latency(items) => items.iter().find(|item| item.0 == name),
        _ => None,
    });
    found.map_or(String::new(), |item| item.1.to_string())
}

fn alerts(report: &Report) -> Option<&Alerts> {
    report.blocks.iter().find_map(|block| match block {
        Block::Alerts(alerts) => Some(alerts),
        _ => None,
    })
}

fn firing(alerts: &Alerts) -> impl Iterator<Item = &Fired> {
    alerts.told.iter().filter(|fired| fired.until.is_none())
}

/// `High traffic; Scanner for client 192.0.2.7`
fn names(alerts: &Alerts) -> String {
    let mut names = String::new();
    for fired in firing(alerts) {
        if !names.is_empty() {
            names.push_str("; ");
        }
        let mut name = fired.rule.to_string();
        if let Some(key) = &fired.key {
            let shown = escape::shown(&key.key);
            write!(name, " for {} {shown}", key.dimension.name)
                .expect("a string takes every write");
        }
        names.push_str(&harmless(&name));
    }
    names
}

/// Text that is no formula, neither as it stands nor where a program takes it apart at other places than
/// the commas.
fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut begins = true;
    for c in text.chars() {
        if begins && "=+-@＝＋－＠".contains(c) {
            out.push('\'');
        }
        begins = ";,|\"\t".contains(c) || (begins && c == ' ');
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_begins_like_a_formula() {
        for (text, cell) in [
            ("=cmd()", "'=cmd()"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1", "'＝1"),
            (" =1", " '=1"),
            ("a;=1", "a;'=1"),
            ("a\",=1", "a\",'=1"),
            ("/a=b-c@d", "/a=b-c@d"),
        ] {
            assert_eq!(harmless(text), cell);
        }
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let mut out = Vec::new();
        let cells = ["2026-01-01 00:00:00", "", "a", "a,b", "5xx \"x\"; y"];
        row(cells.into_iter().map(str::to_owned), &mut out);
        assert_eq!(
            out,
            b"2026-01-01 00:00:00,,a,\"a,b\",\"5xx \"\"x\"\"; y\"\n"
        );
    }
}
