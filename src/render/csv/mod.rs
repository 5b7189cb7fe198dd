//! CSV for spreadsheets: a header, then one row for every report; or for every key of the summary, where columns of its
//! tables were chosen: see `keys`.
//!
//! The columns are always the same, whatever was asked for; an unknown value is empty. Quoting follows RFC 4180,
//! but lines end with a newline alone. Times are written as spreadsheets read them, in the zone that reports are
//! shown in; `epoch` distinguishes the two times that look the same when the clocks go back.
//!
//! A cell that begins like a formula would be run by the program that opens the file, so text from the log or from a
//! rule never does.

mod keys;

use std::borrow::Cow;

use super::document::subject;
use super::{Render, clock};
use crate::report::{Alerts, Amount, Block, Event, Report};
use crate::time::{Second, Zone};

/// A column.
#[derive(Debug)]
pub struct Column {
    /// Its name, in the header.
    pub name: &'static str,
    /// What it is, without a full stop.
    pub about: &'static str,
    /// Its cell in the row of a report.
    cell: fn(&Report, &Zone) -> String,
}

/// Every column, in order.
pub static COLUMNS: &[Column] = &[
    Column {
        name: "from",
        about: "When the interval begins, as date and time of day",
        cell: |r, zone| r.from.map_or(String::new(), |from| time(zone, from)),
    },
    Column {
        name: "to",
        about: "When it ends: the first second after it",
        cell: |r, zone| r.to.map_or(String::new(), |to| time(zone, to)),
    },
    Column {
        name: "epoch",
        about: "When it begins, in seconds since 1970 in UTC",
        cell: |r, _| r.from.map_or(String::new(), |from| from.0.to_string()),
    },
    Column {
        name: "partial",
        about: "1 if the input ended within the interval, otherwise 0",
        cell: |r, _| u8::from(r.partial).to_string(),
    },
    Column {
        name: "hits",
        about: "Records",
        cell: |r, _| headline(r, "hits"),
    },
    Column {
        name: "rate",
        about: "Hits divided by the length of the interval in seconds",
        cell: |r, _| headline(r, "rate"),
    },
    Column {
        name: "bytes",
        about: "Bytes sent",
        cell: |r, _| headline(r, "bytes"),
    },
    Column {
        name: "1xx",
        about: "Records with a status of 100 to 199",
        cell: |r, _| status(r, "1xx"),
    },
    Column {
        name: "2xx",
        about: "Records with a status of 200 to 299",
        cell: |r, _| status(r, "2xx"),
    },
    Column {
        name: "3xx",
        about: "Records with a status of 300 to 399",
        cell: |r, _| status(r, "3xx"),
    },
    Column {
        name: "4xx",
        about: "Records with a status of 400 to 499",
        cell: |r, _| status(r, "4xx"),
    },
    Column {
        name: "5xx",
        about: "Records with a status of 500 to 599",
        cell: |r, _| status(r, "5xx"),
    },
    Column {
        name: "other",
        about: "Records with another status or none",
        cell: |r, _| status(r, "other"),
    },
    Column {
        name: "malformed",
        about: "Records whose request is not an HTTP request",
        cell: |r, _| input(r, "malformed"),
    },
    Column {
        name: "unparsed",
        about: "Lines that are not records",
        cell: |r, _| input(r, "unparsed"),
    },
    Column {
        name: "late",
        about: "Records that came after their second had closed",
        cell: |r, _| input(r, "late"),
    },
    Column {
        name: "sections",
        about: "Distinct sections",
        cell: |r, _| unique(r, "section"),
    },
    Column {
        name: "clients",
        about: "Distinct clients",
        cell: |r, _| unique(r, "client"),
    },
    Column {
        name: "p50_ms",
        about: "The median duration in milliseconds, if the log has durations",
        cell: |r, _| latency(r, "p50"),
    },
    Column {
        name: "p90_ms",
        about: "The 90th percentile of the durations",
        cell: |r, _| latency(r, "p90"),
    },
    Column {
        name: "p95_ms",
        about: "The 95th percentile of the durations",
        cell: |r, _| latency(r, "p95"),
    },
    Column {
        name: "p99_ms",
        about: "The 99th percentile of the durations",
        cell: |r, _| latency(r, "p99"),
    },
    Column {
        name: "max_ms",
        about: "The longest duration in milliseconds",
        cell: |r, _| latency(r, "max"),
    },
    Column {
        name: "firing",
        about: "How many alerts are firing when the interval ends",
        cell: |r, _| {
            r.alerts()
                .map_or(String::new(), |all| all.firing_count().to_string())
        },
    },
    Column {
        name: "alerts",
        about: "Which alerts, separated by semicolons",
        cell: |r, _| r.alerts().map_or(String::new(), names),
    },
];

/// The CSV output.
#[derive(Debug, Default)]
pub struct Csv {
    headed: bool,
}

impl Render for Csv {
    fn render(&mut self, event: &Event, zone: &Zone, out: &mut Vec<u8>) {
        let report = match event {
            Event::Summary(report) => {
                if !keys::add(report, zone, &mut self.headed, out) {
                    self.head(out);
                }
                return;
            }
            Event::Report(report) => Cow::Borrowed(report),
            Event::Gap { from, to, unread } => {
                let mut gap = gap(*from, *to);
                if *unread {
                    // Nothing is known of it: the cells are empty.
                    gap.blocks.clear();
                }
                Cow::Owned(gap)
            }
            Event::Transition(_) | Event::Rewind(_) | Event::Rolled(_) | Event::Check(_) => return,
        };
        self.head(out);
        row(
            COLUMNS.iter().map(|column| (column.cell)(&report, zone)),
            out,
        );
    }
}

impl Csv {
    /// Appends the header of rows for reports, if there was none.
    fn head(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.headed, true) {
            row(COLUMNS.iter().map(|column| column.name.to_owned()), out);
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

/// Empty intervals, as one report with counts of 0.
fn gap(from: Second, to: Second) -> Report {
    let mut blocks = vec![
        Block::Headline {
            key: "hits",
            value: Amount::Count(0),
        },
        Block::Headline {
            key: "rate",
            value: Amount::PerSecond(0.0),
        },
        Block::Headline {
            key: "bytes",
            value: Amount::Bytes(0),
        },
        crate::report::status_group(&[0; 6]),
    ];
    blocks.extend(["malformed", "unparsed", "late"].map(|key| Block::Input {
        key,
        value: 0,
        errors: 0,
    }));
    Report {
        from: Some(from),
        to: Some(to),
        partial: false,
        blocks,
    }
}

/// `2026-11-20 09:04:00`, which spreadsheets read as a time.
fn time(zone: &Zone, second: Second) -> String {
    let (date, time) = clock::parts(zone, second);
    format!("{date} {time}")
}

fn headline(report: &Report, name: &str) -> String {
    let found = report.blocks.iter().find_map(|block| match block {
        Block::Headline { key, value } if *key == name => Some(match value {
            Amount::Count(number) | Amount::Bytes(number) => number.to_string(),
            Amount::PerSecond(number) => number.to_string(),
        }),
        _ => None,
    });
    found.unwrap_or_default()
}

fn status(report: &Report, name: &str) -> String {
    let found = report.blocks.iter().find_map(|block| match block {
        Block::Group { caption, items, .. } if caption.key == "status" => {
            items.iter().find(|item| item.0 == name)
        }
        _ => None,
    });
    found.map_or(String::new(), |item| item.1.to_string())
}

fn input(report: &Report, name: &str) -> String {
    let found = report.blocks.iter().find_map(|block| match block {
        Block::Input { key, value, .. } if *key == name => Some(value.to_string()),
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

/// `High traffic; Scanner for client 192.0.2.7`
fn names(alerts: &Alerts) -> String {
    let mut names = String::new();
    for fired in alerts.firing() {
        if !names.is_empty() {
            names.push_str("; ");
        }
        names.push_str(&harmless(&subject(fired)));
    }
    if alerts.omitted_firing > 0 {
        names.push_str(&format!("; and {} more", alerts.omitted_firing));
    }
    names
}

/// Text that is not a formula, even for a program that splits it at other characters than commas.
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
