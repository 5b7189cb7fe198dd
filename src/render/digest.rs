//! What a page and a mail tell of a summary, in words: they differ only in how they look.

use super::clock;
use super::escape;
use super::units;
use crate::report::{Alerts, Block, Fired, Ranking, Report, Value};
use crate::time::{Second, Span, Zone};

/// A number that leads.
pub(super) struct Tile {
    pub(super) name: String,
    pub(super) value: String,
    /// What it means, in small.
    pub(super) note: String,
    /// Whether it is a sign of trouble.
    pub(super) bad: bool,
}

/// The numbers that lead, in the order of the report, how long requests took, and when most came.
pub(super) fn tiles(report: &Report, zone: &Zone) -> Vec<Tile> {
    let mut tiles = Vec::new();
    for block in &report.blocks {
        match block {
            // All lines are told of with what else is to be known of the input.
            Block::Headline { key: "lines", .. } => {}
            Block::Headline { key, value } => tiles.push(Tile {
                name: titled(key),
                value: match value {
                    Value::Count(number) => grouped(*number),
                    Value::Bytes(number) => units::bytes(*number),
                    Value::PerSecond(number) => units::rate(*number),
                },
                note: mean(report, *value).unwrap_or_default(),
                bad: false,
            }),
            Block::Share { key, part, whole } => tiles.push(Tile {
                name: format!("{} (4xx, 5xx)", titled(key)),
                value: format!("{:.1}%", units::share(*part, *whole)),
                note: format!("{} hits", grouped(*part)),
                bad: *part > 0,
            }),
            Block::Ranking(ranking) if ranking.dimension.name == "client" => tiles.push(Tile {
                name: titled(ranking.dimension.title),
                value: grouped(ranking.unique),
                note: match ranking.unique_error {
                    0 => "distinct".to_owned(),
                    error => format!("give or take {}", grouped(error)),
                },
                bad: false,
            }),
            Block::Latency(items) => {
                // The middle, the slow and the slowest; the others are in the text.
                for (name, ms) in items {
                    if ["p50", "p95", "max"].contains(name) {
                        tiles.push(Tile {
                            name: match *name {
                                "p50" => "Median time".to_owned(),
                                "max" => "Longest time".to_owned(),
                                name => format!("{name} time"),
                            },
                            value: units::milliseconds(*ms),
                            note: String::new(),
                            bad: false,
                        });
                    }
                }
            }
            // The busiest interval is seen on the time line.
            Block::Peak { key: "peak", peak } => tiles.push(Tile {
                name: "Peak".to_owned(),
                value: format!("{}/s", grouped(peak.hits)),
                note: peak_time(report, peak.from, zone),
                bad: false,
            }),
            Block::Portions { items, whole } => {
                let some = items.iter().filter(|(_, number)| *number > 0);
                tiles.extend(some.map(|(name, number)| Tile {
                    name: titled(name),
                    value: format!("{:.1}%", units::share(*number, *whole)),
                    note: format!("{} hits", grouped(*number)),
                    bad: false,
                }));
            }
            Block::Alerts(alerts) => {
                let firing = firing(alerts).count();
                tiles.push(Tile {
                    name: "Alerts".to_owned(),
                    value: grouped(alerts.told.len() as u64 + alerts.untold),
                    note: match firing {
                        0 => String::new(),
                        n => format!("{n} still firing"),
                    },
                    bad: !alerts.told.is_empty(),
                });
            }
            _ => {}
        }
    }
    tiles
}

/// The time of a second in a report; without the date where all of it is of one day.
fn peak_time(report: &Report, second: Second, zone: &Zone) -> String {
    let day = |second: Second| clock::parts(zone, second).0;
    let ends = [report.from, report.to].into_iter().flatten();
    let (date, time) = clock::parts(zone, second);
    if ends.map(day).all(|day| day == date) {
        format!("at {time}")
    } else {
        clock::when(zone, second)
    }
}

/// Whether a ranking tells how long requests took: then the tables of all have a column for it.
pub(super) fn is_timed(report: &Report) -> bool {
    report
        .blocks
        .iter()
        .any(|block| matches!(block, Block::Ranking(ranking) if ranking.is_timed()))
}

/// By how much the rows of a ranking may be off, a sentence each.
pub(super) fn errors(ranking: &Ranking) -> Vec<String> {
    let mut errors = Vec::new();
    if ranking.error > 0 {
        let error = grouped(ranking.error);
        errors.push(format!("Each may have up to {error} hits more."));
    }
    if ranking.p95_error > 0.0 {
        let percent = ranking.p95_error * 100.0;
        errors.push(format!("Each p95 may be up to {percent:.1}% off."));
    }
    errors
}

/// The mean per second, of numbers for which that is of use.
fn mean(report: &Report, value: Value) -> Option<String> {
    let seconds = (report.to? - report.from?).0 + 1;
    match value {
        // Less than a byte a second is shown by the hour.
        Value::Bytes(number) => Some(match number / seconds as u64 {
            0 => format!("{} an hour", units::bytes(number * 3600 / seconds as u64)),
            rate => format!("{}/s", units::bytes(rate)),
        }),
        Value::Count(number) => Some(match number as f64 / seconds as f64 {
            // A number of at least one is easier to imagine.
            rate @ 1.0.. => units::rate(rate),
            rate if rate * 60.0 >= 1.0 => format!("{:.1} a minute", rate * 60.0),
            rate => format!("{:.1} an hour", rate * 3600.0),
        }),
        Value::PerSecond(_) => None,
    }
}

/// The span of a summary: `2026-11-20 09:00:02 to 09:07:58`, and behind it how long that is and the zone.
pub(super) fn span(report: &Report, zone: &Zone) -> (String, String) {
    match (report.from, report.to) {
        (Some(from), Some(to)) => (
            clock::from_to(zone, from, to),
            format!(
                "{}, {}{}",
                Span((to - from).0 + 1),
                clock::zone_of(zone, from, to),
                if report.partial { ", so far" } else { "" }
            ),
        ),
        _ => ("no record".to_owned(), String::new()),
    }
}

/// The alerts of a report.
pub(super) fn alerts(report: &Report) -> Option<&Alerts> {
    report.blocks.iter().find_map(|block| match block {
        Block::Alerts(alerts) => Some(alerts),
        _ => None,
    })
}

/// Those that fire.
pub(super) fn firing(alerts: &Alerts) -> impl Iterator<Item = &Fired> {
    alerts.told.iter().filter(|fired| fired.until.is_none())
}

/// What an alert is of: `Scanner for client 192.0.2.7`.
pub(super) fn subject(fired: &Fired) -> String {
    match &fired.key {
        None => fired.rule.to_string(),
        Some(key) => format!(
            "{} for {} {}",
            fired.rule,
            key.dimension.name,
            escape::shown(&key.key)
        ),
    }
}

/// One line of a table of alerts.
pub(super) struct Line {
    pub(super) number: String,
    pub(super) subject: String,
    pub(super) since: String,
    /// `still firing` where it does.
    pub(super) until: String,
    pub(super) lasted: String,
    pub(super) peak: String,
    pub(super) firing: bool,
}

/// At most `most` alerts: those that fire, and the newest of the others.
pub(super) fn shortened(alerts: &Alerts, most: usize) -> Alerts {
    let over = |fired: &&Fired| fired.until.is_some();
    let newest = alerts.told.iter().rev();
    let mut kept: Vec<&Fired> = newest.clone().filter(|f| !over(f)).take(most).collect();
    kept.extend(newest.filter(over).take(most - kept.len()));
    kept.sort_unstable_by_key(|fired| fired.number);
    Alerts {
        now: alerts.now,
        untold: alerts.untold + (alerts.told.len() - kept.len()) as u64,
        told: kept.into_iter().cloned().collect(),
    }
}

/// The lines of a table of alerts, newest first.
pub(super) fn lines(alerts: &Alerts, zone: &Zone) -> Vec<Line> {
    let line = |fired: &Fired| {
        let end = fired.until.or(alerts.now).unwrap_or(fired.since);
        Line {
            number: fired.number.to_string(),
            subject: subject(fired),
            since: clock::when(zone, fired.since),
            until: fired
                .until
                .map_or("still firing".to_owned(), |until| clock::when(zone, until)),
            lasted: match fired.shortfall {
                Some(_) => format!("{}, too few hits", end - fired.since),
                None => (end - fired.since).to_string(),
            },
            peak: units::figure(fired.peak.value, fired.unit),
            firing: fired.until.is_none(),
        }
    };
    alerts.told.iter().rev().map(line).collect()
}

/// What the input was made of, as a sentence without its full stop.
pub(super) fn input(report: &Report) -> String {
    let mut items = Vec::new();
    for block in &report.blocks {
        match block {
            Block::Headline {
                key: "lines",
                value: Value::Count(1),
            } => items.push("1 line".to_owned()),
            Block::Headline {
                key: key @ ("lines" | "hits"),
                value: Value::Count(number),
            } => items.push(format!("{} {key}", grouped(*number))),
            Block::Input { key, value, .. } if *value > 0 => {
                items.push(format!("{} {key}", grouped(*value)));
            }
            _ => {}
        }
    }
    items.join(", ")
}

/// What must be known to read the silence of rules, a sentence each.
pub(super) fn notes(report: &Report) -> Vec<String> {
    let notes = report.blocks.iter().filter_map(|block| match block {
        Block::Notes(notes) => Some(notes),
        _ => None,
    });
    notes
        .flatten()
        .map(|(rule, note)| format!("{rule}: {note}."))
        .collect()
}

/// `hits` as `Hits`, `not-found` as `Not found`.
pub(super) fn titled(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).collect::<String>().replace('-', " ")
}

/// `1,284,310`
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_that_fire_are_told_before_any_that_are_over() {
        let fired = |number: u64, until: Option<i64>| Fired {
            number,
            rule: "R".into(),
            key: None,
            unit: crate::quantity::Unit::Count,
            since: Second(number as i64),
            until: until.map(Second),
            peak: crate::quantity::Figure {
                hits: 0,
                value: 0.0,
                threshold: 0.0,
                window: Span(1),
                below: false,
            },
            shortfall: None,
        };
        let alerts = Alerts {
            now: None,
            told: vec![
                fired(4, Some(9)),
                fired(5, None),
                fired(6, Some(9)),
                fired(7, None),
                fired(8, Some(9)),
            ],
            untold: 3,
        };
        for (most, told) in [
            (1, &[7][..]),
            (2, &[5, 7]),
            (3, &[5, 7, 8]),
            (9, &[4, 5, 6, 7, 8]),
        ] {
            let short = shortened(&alerts, most);
            let numbers: Vec<u64> = short.told.iter().map(|fired| fired.number).collect();
            assert_eq!(numbers, told);
            assert_eq!(short.untold + numbers.len() as u64, 8);
        }
    }

    #[test]
    fn what_may_be_off_is_told() {
        let top = crate::stats::dimension::default_top()[0];
        let mut ranking = Ranking::new(top, Vec::new(), 0, 0, 0, 0);
        assert!(errors(&ranking).is_empty());
        (ranking.error, ranking.p95_error) = (1200, 0.016);
        let told = [
            "Each may have up to 1,200 hits more.",
            "Each p95 may be up to 1.6% off.",
        ];
        assert_eq!(errors(&ranking), told);
    }

    #[test]
    fn long_numbers_are_grouped() {
        let shown = [0, 999, 1000, 1_284_310, u64::MAX].map(grouped);
        let last = "18,446,744,073,709,551,615";
        assert_eq!(shown, ["0", "999", "1,000", "1,284,310", last]);
    }
}
