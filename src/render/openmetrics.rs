//! Metrics for Prometheus, as node_exporter's textfile collector reads them from a file.
//!
//! The text is OpenMetrics 1.0 and is also valid in Prometheus's older text format, which that collector reads: it
//! has no type that one of them lacks, no time stamp and no exemplar. Only counters differ: in OpenMetrics the
//! counter `httpmon_hits` has the sample `httpmon_hits_total`; in the older format the sample is a metric of its
//! own, without a type.
//!
//! Counters run from the beginning of the run and never fall (past a cap of LIMITS that of a key may start again
//! from 0, as after a restart). Durations are those of the newest report, or of the whole run if there was none.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Render, escape};
use crate::quantity::Caption;
use crate::report::{Alerts, Amount, Block, Event, Ranking, Report};
use crate::time::Zone;

/// A family of metrics.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// Its name, after `httpmon_`; `KEY` is replaced by the name of each dimension that is listed, with `_` for a
    /// dash.
    pub name: &'static str,
    /// `counter` or `gauge`, `summary` or `histogram`.
    pub kind: &'static str,
    /// The unit that its name ends with.
    pub unit: Option<&'static str>,
    /// What it is, without a full stop.
    pub about: &'static str,
    /// Its samples.
    samples: Samples,
}

/// Where the samples of a family come from.
#[derive(Debug, Clone, Copy)]
enum Samples {
    /// The leading number, number about the input, or part of the hits with this key.
    Number(&'static str),
    /// The group with this key; each member has this label.
    Group(&'static str, &'static str),
    /// How long requests took.
    Latency,
    /// How many took no longer than some times.
    Durations,
    /// A number of each dimension that is counted.
    Dimension(fn(&Ranking) -> u64),
    /// A number of each key that is listed.
    Rows(fn(&crate::quantity::Count) -> u64),
    /// For each rule that has fired, how many of its alerts are firing.
    Firing,
    /// How many alerts fired.
    Alerts,
    /// A second.
    Time(fn(&Report) -> Option<crate::time::Second>),
}

/// Every family, in order, with one for each of these captions.
pub fn families(captions: impl Iterator<Item = &'static Caption>) -> impl Iterator<Item = Family> {
    let counted = captions.map(Family::of);
    LEADING
        .iter()
        .copied()
        .chain(counted)
        .chain(FOLLOWING.iter().copied())
}

/// The families that come first.
static LEADING: &[Family] = &[
    Family {
        name: "lines",
        kind: "counter",
        unit: None,
        about: "Lines read",
        samples: Samples::Number("lines"),
    },
    Family {
        name: "hits",
        kind: "counter",
        unit: None,
        about: "Records",
        samples: Samples::Number("hits"),
    },
    Family {
        name: "sent_bytes",
        kind: "counter",
        unit: Some("bytes"),
        about: "Bytes sent",
        samples: Samples::Number("bytes"),
    },
];

/// The families after those of the statistics.
static FOLLOWING: &[Family] = &[
    Family {
        name: "malformed",
        kind: "counter",
        unit: None,
        about: "Records whose request is not an HTTP request",
        samples: Samples::Number("malformed"),
    },
    Family {
        name: "unparsed",
        kind: "counter",
        unit: None,
        about: "Lines that are not records",
        samples: Samples::Number("unparsed"),
    },
    Family {
        name: "skipped",
        kind: "counter",
        unit: None,
        about: "Lines with nothing to count",
        samples: Samples::Number("skipped"),
    },
    Family {
        name: "filtered",
        kind: "counter",
        unit: None,
        about: "Records that --where, --since or --until left out",
        samples: Samples::Number("filtered"),
    },
    Family {
        name: "late",
        kind: "counter",
        unit: None,
        about: "Records that came after their second had closed",
        samples: Samples::Number("late"),
    },
    Family {
        name: "skewed",
        kind: "counter",
        unit: None,
        about: "Records whose time was not believed",
        samples: Samples::Number("skewed"),
    },
    Family {
        name: "latency_seconds",
        kind: "summary",
        unit: Some("seconds"),
        about: "How long requests took in the newest report, if the log has durations",
        samples: Samples::Latency,
    },
    Family {
        name: "duration_seconds",
        kind: "histogram",
        unit: Some("seconds"),
        about: "How long the requests of the run took, within 1 %, if the log has durations",
        samples: Samples::Durations,
    },
    Family {
        name: "unique",
        kind: "gauge",
        unit: None,
        about: "Distinct keys of a dimension",
        samples: Samples::Dimension(|ranking| ranking.unique),
    },
    Family {
        name: "unique_error",
        kind: "gauge",
        unit: None,
        about: "How far httpmon_unique may be off",
        samples: Samples::Dimension(|ranking| ranking.unique_error),
    },
    Family {
        name: "undercount",
        kind: "gauge",
        unit: None,
        about: "How many hits a key of a dimension may be short of",
        samples: Samples::Dimension(|ranking| ranking.error),
    },
    Family {
        name: "KEY_hits",
        kind: "counter",
        unit: None,
        about: "Records of the heaviest keys",
        samples: Samples::Rows(|count| count.hits),
    },
    Family {
        name: "KEY_sent_bytes",
        kind: "counter",
        unit: Some("bytes"),
        about: "Bytes sent of the heaviest keys",
        samples: Samples::Rows(|count| count.bytes),
    },
    Family {
        name: "KEY_errors",
        kind: "counter",
        unit: None,
        about: "Records with a 5xx status of the heaviest keys",
        samples: Samples::Rows(|count| count.errors),
    },
    Family {
        name: "alerts",
        kind: "counter",
        unit: None,
        about: "Alerts that have fired",
        samples: Samples::Alerts,
    },
    Family {
        name: "alerts_firing",
        kind: "gauge",
        unit: None,
        about: "Alerts that are firing, for each rule that has fired",
        samples: Samples::Firing,
    },
    Family {
        name: "first_timestamp_seconds",
        kind: "gauge",
        unit: Some("seconds"),
        about: "The least believed time in the log, since 1970",
        samples: Samples::Time(|report| report.from),
    },
    Family {
        name: "newest_timestamp_seconds",
        kind: "gauge",
        unit: Some("seconds"),
        about: "The greatest believed time in the log, since 1970",
        samples: Samples::Time(|report| report.to),
    },
];

/// The OpenMetrics output.
#[derive(Debug, Default)]
pub struct OpenMetrics {
    /// How long requests took in the newest report; `None` before the first.
    latency: Option<Vec<(&'static str, f64)>>,
}

impl Render for OpenMetrics {
    fn render(&mut self, event: &Event, _: &Zone, out: &mut Vec<u8>) {
        match event {
            Event::Report(report) => self.latency = Some(latency(report).to_vec()),
            Event::Summary(report) => {
                let mut text = String::new();
                for family in families(captions(report)) {
                    self.family(&family, report, &mut text);
                }
                text.push_str("# EOF\n");
                out.extend_from_slice(text.as_bytes());
            }
            Event::Transition(_)
            | Event::Gap { .. }
            | Event::Rewind(_)
            | Event::Rolled(_)
            | Event::Check(_) => {}
        }
    }
}

impl OpenMetrics {
    fn family(&self, family: &Family, report: &Report, out: &mut String) {
        let mut samples = Vec::new();
        match &family.samples {
            Samples::Rows(number) => {
                for ranking in report.listed() {
                    // Names of metrics and labels have letters, digits and underscores only.
                    let plain = |c: char| c.is_ascii_alphanumeric();
                    let name = ranking.dimension.name;
                    let name = name.replace(|c| !plain(c), "_");
                    let rows = rows(ranking, *number);
                    let samples = rows
                        .into_iter()
                        .map(|(key, sum)| (label(&name, &key), sum.to_string()));
                    write_family(
                        family,
                        &family.name.replace("KEY", &name),
                        samples.collect(),
                        out,
                    );
                }
                return;
            }
            Samples::Number(wanted) => {
                let found = report.blocks.iter().find_map(|block| match block {
                    Block::Headline {
                        key,
                        value: Amount::Count(number) | Amount::Bytes(number),
                    }
                    | Block::Input {
                        key, value: number, ..
                    } if key == wanted => Some(*number),
                    Block::Portions { items, .. } => items
                        .iter()
                        .find(|item| item.0.key == *wanted)
                        .map(|item| item.1),
                    _ => None,
                });
                samples.extend(found.map(|number| (String::new(), number.to_string())));
            }
            Samples::Group(wanted, name) => {
                for block in &report.blocks {
                    if let Block::Group { caption, items, .. } = block
                        && caption.key == *wanted
                    {
                        let sample = |item: &(&str, u64)| (label(name, item.0), item.1.to_string());
                        samples.extend(items.iter().map(sample));
                    }
                }
            }
            Samples::Latency => {
                let items = self.latency.as_deref().unwrap_or_else(|| latency(report));
                for (name, ms) in items {
                    // The longest is the quantile 1.
                    let quantile = match name.strip_prefix('p').and_then(|p| p.parse::<f64>().ok())
                    {
                        Some(percent) => percent / 100.0,
                        None => 1.0,
                    };
                    let label = label("quantile", &quantile.to_string());
                    samples.push((label, (ms / 1000.0).to_string()));
                }
            }
            Samples::Durations => {
                for block in &report.blocks {
                    let Block::Durations {
                        at_most,
                        count,
                        sum_ms,
                    } = block
                    else {
                        continue;
                    };
                    for (us, requests) in at_most {
                        let le = label("le", &format!("{:?}", *us as f64 / 1e6));
                        samples.push((format!("_bucket{le}"), requests.to_string()));
                    }
                    let all = label("le", "+Inf");
                    samples.push((format!("_bucket{all}"), count.to_string()));
                    samples.push(("_sum".to_owned(), (sum_ms / 1000.0).to_string()));
                    samples.push(("_count".to_owned(), count.to_string()));
                }
            }
            Samples::Dimension(number) => {
                for block in &report.blocks {
                    if let Block::Ranking(ranking) = block {
                        let label = label("dimension", ranking.dimension.name);
                        samples.push((label, number(ranking).to_string()));
                    }
                }
            }
            Samples::Firing => {
                for (rule, firing) in report.alerts().map(firing).unwrap_or_default() {
                    samples.push((label("rule", rule), firing.to_string()));
                }
            }
            Samples::Alerts => {
                let fired = report
                    .alerts()
                    .map(|all| all.listed.len() as u64 + all.omitted);
                samples.extend(fired.map(|fired| (String::new(), fired.to_string())));
            }
            Samples::Time(second) => {
                samples.extend(second(report).map(|at| (String::new(), at.0.to_string())));
            }
        }
        write_family(family, family.name, samples, out);
    }
}

impl Family {
    /// That of what is counted under a caption.
    fn of(caption: &'static Caption) -> Family {
        Family {
            name: caption.metric,
            kind: if caption.grows { "counter" } else { "gauge" },
            unit: None,
            about: caption.about,
            samples: match caption.label {
                Some(label) => Samples::Group(caption.key, label),
                None => Samples::Number(caption.key),
            },
        }
    }
}

/// The captions in a report.
fn captions(report: &Report) -> impl Iterator<Item = &'static Caption> {
    report.blocks.iter().flat_map(|block| match block {
        Block::Group { caption, .. } => vec![*caption],
        Block::Portions { items, .. } => items.iter().map(|item| item.0).collect(),
        _ => Vec::new(),
    })
}

/// Writes a family with its samples: labels with their braces, and a number.
fn write_family(family: &Family, name: &str, samples: Vec<(String, String)>, out: &mut String) {
    if samples.is_empty() {
        return;
    }
    let Family {
        kind, unit, about, ..
    } = family;
    let mut line = |text: std::fmt::Arguments<'_>| {
        out.write_fmt(text).expect("a string takes every write");
        out.push('\n');
    };
    line(format_args!("# TYPE httpmon_{name} {kind}"));
    if let Some(unit) = unit {
        line(format_args!("# UNIT httpmon_{name} {unit}"));
    }
    line(format_args!("# HELP httpmon_{name} {about}."));
    let suffix = if *kind == "counter" { "_total" } else { "" };
    for (labels, number) in samples {
        line(format_args!("httpmon_{name}{suffix}{labels} {number}"));
    }
}

/// `{name="value"}`
fn label(name: &str, value: &str) -> String {
    let value = value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("{{{name}=\"{value}\"}}")
}

/// A number of each key that is listed. Keys that look the same are added up, because no metric may occur twice.
fn rows(ranking: &Ranking, number: fn(&crate::quantity::Count) -> u64) -> Vec<(String, u64)> {
    let mut rows: Vec<(String, u64)> = Vec::new();
    for row in &ranking.rows {
        let key = escape::shown(&row.key);
        let more = number(&row.count);
        match rows.iter_mut().find(|known| known.0 == key) {
            Some(known) => known.1 = known.1.saturating_add(more),
            None => rows.push((key, more)),
        }
    }
    rows
}

fn latency(report: &Report) -> &[(&'static str, f64)] {
    let found = report.blocks.iter().find_map(|block| match block {
        Block::Latency(items) => Some(items.as_slice()),
        _ => None,
    });
    found.unwrap_or_default()
}

fn firing(alerts: &Alerts) -> BTreeMap<&str, u64> {
    let mut rules: BTreeMap<&str, u64> = BTreeMap::new();
    for fired in &alerts.listed {
        *rules.entry(&fired.rule).or_default() += u64::from(fired.until.is_none());
    }
    rules
}
