//! The numbers at the top.

use super::input::counted;
use super::titled;
use crate::render::clock;
use crate::render::units::{self, grouped};
use crate::report::{Amount, Block, Report};
use crate::time::{Second, Zone};

/// A number that leads.
pub(in crate::render) struct Tile {
    pub(in crate::render) name: String,
    pub(in crate::render) value: String,
    /// What it means, in small.
    pub(in crate::render) note: String,
    /// Whether it is a sign of trouble.
    pub(in crate::render) bad: bool,
}

/// The numbers that lead, in the order of the report, how long requests took, and when most came.
pub(super) fn tiles(report: &Report, zone: &Zone) -> Vec<Tile> {
    let mut tiles = Vec::new();
    for block in &report.blocks {
        match block {
            // The number of lines is in the section on the input.
            Block::Headline { key: "lines", .. } => {}
            Block::Headline { key, value } => tiles.push(Tile {
                name: titled(key),
                value: match value {
                    Amount::Count(number) => grouped(*number),
                    Amount::Bytes(number) => units::bytes(*number),
                    Amount::PerSecond(number) => units::rate(*number),
                },
                note: mean(report, *value).unwrap_or_default(),
                bad: false,
            }),
            Block::Share { key, part, whole } => tiles.push(Tile {
                name: format!("{} (4xx, 5xx)", titled(key)),
                value: units::fine_percent(*part, *whole),
                note: counted("hits", *part),
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
                // The median, the slow and the slowest; the text output has the others.
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
            // The time line shows the busiest interval.
            Block::Peak { key: "peak", peak } => tiles.push(Tile {
                name: "Peak".to_owned(),
                value: format!("{}/s", grouped(peak.hits)),
                note: peak_time(report, peak.from, zone),
                bad: false,
            }),
            Block::Pause(pause) => tiles.push(Tile {
                name: "Longest pause".to_owned(),
                value: (pause.to - pause.from).to_string(),
                note: format!("without a hit, from {}", clock::when(zone, pause.from)),
                bad: true,
            }),
            Block::Portions { items, whole } => {
                let some = items.iter().filter(|(_, number)| *number > 0);
                tiles.extend(some.map(|(caption, number)| Tile {
                    name: titled(caption.key),
                    value: units::fine_percent(*number, *whole),
                    note: counted("hits", *number),
                    bad: false,
                }));
            }
            Block::Alerts(alerts) => {
                let firing = alerts.firing_count();
                tiles.push(Tile {
                    name: "Alerts".to_owned(),
                    value: grouped(alerts.count()),
                    note: match firing {
                        0 => String::new(),
                        n => format!("{n} still firing"),
                    },
                    bad: !alerts.listed.is_empty(),
                });
            }
            _ => {}
        }
    }
    tiles
}

/// The time of a second, without the date if the whole report is of one day.
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

/// The mean per second, for numbers where it is useful.
fn mean(report: &Report, value: Amount) -> Option<String> {
    let seconds = (report.to? - report.from?).0 + 1;
    match value {
        // Less than a byte per second is shown per hour.
        Amount::Bytes(number) => Some(match number / seconds as u64 {
            0 => format!("{} an hour", units::bytes(number * 3600 / seconds as u64)),
            rate => format!("{}/s", units::bytes(rate)),
        }),
        Amount::Count(number) => Some(match number as f64 / seconds as f64 {
            // A number of at least one is easier to grasp.
            rate @ 1.0.. => units::rate(rate),
            rate if rate * 60.0 >= 1.0 => format!("{:.1} a minute", rate * 60.0),
            rate => format!("{:.1} an hour", rate * 3600.0),
        }),
        Amount::PerSecond(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_have_a_unit_of_time_in_which_they_are_at_least_one() {
        let mean = |amount, seconds: i64| {
            let report = Report {
                from: Some(Second(0)),
                to: Some(Second(seconds - 1)),
                partial: false,
                blocks: Vec::new(),
            };
            mean(&report, amount).unwrap_or_default()
        };
        for (hits, seconds, shown) in [
            (120, 60, "2.00/s"),
            (60, 60, "1.00/s"),
            (59, 60, "59.0 a minute"),
            (60, 3600, "1.0 a minute"),
            (59, 3600, "59.0 an hour"),
            (0, 3600, "0.0 an hour"),
        ] {
            assert_eq!(mean(Amount::Count(hits), seconds), shown);
        }
        for (bytes, seconds, shown) in [
            (3600, 3600, "1 B/s"),
            (3599, 3600, "3.6 kB an hour"),
            (0, 3600, "0 B an hour"),
        ] {
            assert_eq!(mean(Amount::Bytes(bytes), seconds), shown);
        }
        assert_eq!(mean(Amount::PerSecond(1.0), 60), "");
    }
}
