//! What a page and a mail show of a whole run: made once from the summary, in words; each writes it in its own
//! markup.
//!
//! All texts are plain text, so a writer of HTML escapes them. They contain nothing that could control a terminal.

use super::{clock, escape, units};
use crate::points::series::Series;
use crate::report::{Alert, Alerts, Amount, Block, Ranking, Report, Row, UnparsedExample};
use crate::time::{Second, Span, Zone};
use units::grouped;

/// A summary as people read it.
pub(super) struct Document<'a> {
    /// The span: `2026-11-20 09:00:02 to 09:07:58`.
    pub(super) span: String,
    /// How long that is, and the zone.
    pub(super) length: String,
    pub(super) tiles: Vec<Tile>,
    /// Hits and errors over the run, if there are any.
    pub(super) series: Option<&'a Series>,
    /// Every alert of the run that is remembered, for the time line.
    pub(super) alerts: Option<&'a Alerts>,
    /// The alerts to list, newest first.
    pub(super) alert_list: Option<AlertList>,
    pub(super) groups: Vec<Breakdown>,
    /// Whether the tables of keys have a column for durations.
    pub(super) timed: bool,
    pub(super) rankings: Vec<KeyList>,
    pub(super) input: InputSection,
}

/// A number that leads.
pub(super) struct Tile {
    pub(super) name: String,
    pub(super) value: String,
    /// What it means, in small.
    pub(super) note: String,
    /// Whether it is a sign of trouble.
    pub(super) bad: bool,
}

/// The table of alerts.
pub(super) struct AlertList {
    pub(super) rows: Vec<AlertRow>,
    /// What to say below the rows: that none fired, or how many are left out.
    pub(super) note: Option<String>,
}

/// An alert in that table.
pub(super) struct AlertRow {
    pub(super) number: String,
    /// What it is about: `Scanner for client 192.0.2.7`.
    pub(super) subject: String,
    pub(super) since: String,
    /// `still firing` where it is.
    pub(super) until: String,
    pub(super) lasted: String,
    pub(super) peak: String,
    pub(super) firing: bool,
}

/// The parts of a whole that are not empty.
pub(super) struct Breakdown {
    /// Its name in JSON: `status`.
    pub(super) key: &'static str,
    pub(super) title: String,
    pub(super) parts: Vec<Portion>,
}

/// One part of a whole.
pub(super) struct Portion {
    pub(super) name: &'static str,
    pub(super) hits: String,
    pub(super) percent: String,
    /// Its share in percent, to draw.
    pub(super) share: f64,
}

/// The table of the keys of a dimension.
pub(super) struct KeyList {
    /// The dimension's name: `Section`.
    pub(super) name: String,
    /// Its name for many: `Sections`.
    pub(super) title: String,
    /// How many keys there are: `1,284 in all`.
    pub(super) all: String,
    pub(super) rows: Vec<KeyRow>,
    /// The keys that have no row.
    pub(super) other: Option<OtherKeys>,
    /// By how much the rows may be off, a sentence each.
    pub(super) errors: Vec<String>,
}

/// A key in that table.
pub(super) struct KeyRow {
    pub(super) key: String,
    pub(super) hits: String,
    pub(super) percent: String,
    /// Requests that failed, if any did.
    pub(super) errors: Option<String>,
    /// The 95th percentile of its durations, if any is known.
    pub(super) p95: Option<String>,
    pub(super) bytes: String,
    /// Its hits in percent of those of the first row, to draw.
    pub(super) bar: f64,
}

/// All keys that have no row of their own, as the last row of the table.
pub(super) struct OtherKeys {
    /// `12 other`
    pub(super) name: String,
    pub(super) hits: String,
    pub(super) percent: String,
}

/// What there is to know about the input and the rules.
pub(super) struct InputSection {
    /// What the input was made of, as a sentence.
    pub(super) made_of: String,
    /// Why a rule may have been silent without cause, a sentence each.
    pub(super) notes: Vec<String>,
    /// The first unparsed line of each kind: where and why, and its text.
    pub(super) unparsed: Vec<(String, String)>,
}

impl<'a> Document<'a> {
    /// What there is to show of `report`, a summary, with times in `zone`. At most `most_alerts` are listed.
    pub(super) fn new(report: &'a Report, zone: &Zone, most_alerts: usize) -> Document<'a> {
        let (span, length) = span(report, zone);
        let alerts = report.blocks.iter().find_map(|block| match block {
            Block::Alerts(alerts) => Some(alerts),
            _ => None,
        });
        let series = report.blocks.iter().find_map(|block| match block {
            Block::Series(series) => Some(series),
            _ => None,
        });
        let rankings = || report.listed().filter(|ranking| ranking.unique > 0);
        Document {
            span,
            length,
            tiles: tiles(report, zone),
            series,
            alerts,
            alert_list: alerts.map(|alerts| AlertList::new(&shortened(alerts, most_alerts), zone)),
            groups: report
                .groups()
                .filter_map(|(key, items)| Breakdown::new(key, items))
                .collect(),
            timed: report.listed().any(Ranking::is_timed),
            rankings: rankings().map(KeyList::new).collect(),
            input: InputSection::new(report),
        }
    }
}

impl AlertList {
    fn new(alerts: &Alerts, zone: &Zone) -> AlertList {
        let row = |fired: &Alert| {
            let end = fired.until.or(alerts.now).unwrap_or(fired.since);
            AlertRow {
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
        let rows: Vec<AlertRow> = alerts.listed.iter().rev().map(row).collect();
        let note = match (rows.is_empty(), alerts.omitted) {
            (true, _) => Some("None fired.".to_owned()),
            (false, 0) => None,
            (false, omitted) => Some(format!("And {} that are over.", grouped(omitted))),
        };
        AlertList { rows, note }
    }
}

impl Breakdown {
    /// `None` of a whole of nothing.
    fn new(key: &'static str, items: &[(&'static str, u64)]) -> Option<Breakdown> {
        let whole: u64 = items.iter().map(|item| item.1).sum();
        let part = |&(name, hits): &(&'static str, u64)| Portion {
            name,
            hits: grouped(hits),
            percent: units::percent(hits, whole),
            share: units::share(hits, whole),
        };
        let parts = items.iter().filter(|item| item.1 > 0).map(part);
        (whole > 0).then(|| Breakdown {
            key,
            title: titled(key),
            parts: parts.collect(),
        })
    }
}

impl KeyList {
    fn new(ranking: &Ranking) -> KeyList {
        let about = units::about(ranking.unique_error);
        let most = ranking.rows.first().map_or(1, |row| row.count.hits);
        let other = ranking.other();
        KeyList {
            name: titled(ranking.dimension.name),
            title: titled(ranking.dimension.title),
            all: format!("{about}{} in all", grouped(ranking.unique)),
            rows: ranking
                .rows
                .iter()
                .map(|row| KeyRow::new(row, ranking.hits, most))
                .collect(),
            other: (other > 0).then(|| OtherKeys {
                name: format!("{about}{} other", grouped(ranking.omitted())),
                hits: grouped(other),
                percent: units::percent(other, ranking.hits),
            }),
            errors: errors(ranking),
        }
    }
}

impl KeyRow {
    /// `whole` is the hits that have a key, `most` those of the first row.
    fn new(row: &Row, whole: u64, most: u64) -> KeyRow {
        let count = row.count;
        KeyRow {
            key: escape::shown(&row.key),
            hits: grouped(count.hits),
            percent: units::percent(count.hits, whole),
            errors: (count.errors > 0).then(|| grouped(count.errors)),
            p95: row.p95_ms.map(units::milliseconds),
            bytes: units::bytes(count.bytes),
            bar: units::share(count.hits, most),
        }
    }
}

impl InputSection {
    fn new(report: &Report) -> InputSection {
        let mut input = InputSection {
            made_of: made_of(report),
            notes: Vec::new(),
            unparsed: Vec::new(),
        };
        for block in &report.blocks {
            match block {
                Block::Notes(notes) => {
                    let notes = notes.iter().map(|(rule, note)| format!("{rule}: {note}."));
                    input.notes.extend(notes);
                }
                Block::Unparsed(examples) => input.unparsed.extend(examples.iter().map(example)),
                _ => {}
            }
        }
        input
    }
}

/// The numbers that lead, in the order of the report, how long requests took, and when most came.
fn tiles(report: &Report, zone: &Zone) -> Vec<Tile> {
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
            Block::Portions { items, whole } => {
                let some = items.iter().filter(|(_, number)| *number > 0);
                tiles.extend(some.map(|(caption, number)| Tile {
                    name: titled(caption.key),
                    value: format!("{:.1}%", units::share(*number, *whole)),
                    note: format!("{} hits", grouped(*number)),
                    bad: false,
                }));
            }
            Block::Alerts(alerts) => {
                let firing = firing(alerts).count();
                tiles.push(Tile {
                    name: "Alerts".to_owned(),
                    value: grouped(alerts.listed.len() as u64 + alerts.omitted),
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

/// How far the rows of a ranking may be off, a sentence each.
fn errors(ranking: &Ranking) -> Vec<String> {
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

/// The span of a summary, `2026-11-20 09:00:02 to 09:07:58`, then its length and the zone.
fn span(report: &Report, zone: &Zone) -> (String, String) {
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

/// Those that are firing.
pub(super) fn firing(alerts: &Alerts) -> impl Iterator<Item = &Alert> {
    alerts.listed.iter().filter(|fired| fired.until.is_none())
}

/// What an alert is about: `Scanner for client 192.0.2.7`.
fn subject(fired: &Alert) -> String {
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

/// At most `most` alerts: those that are firing, and the newest of the others.
pub(super) fn shortened(alerts: &Alerts, most: usize) -> Alerts {
    let over = |fired: &&Alert| fired.until.is_some();
    let newest = alerts.listed.iter().rev();
    let mut kept: Vec<&Alert> = newest.clone().filter(|f| !over(f)).take(most).collect();
    kept.extend(newest.filter(over).take(most - kept.len()));
    kept.sort_unstable_by_key(|fired| fired.number);
    Alerts {
        now: alerts.now,
        omitted: alerts.omitted + (alerts.listed.len() - kept.len()) as u64,
        listed: kept.into_iter().cloned().collect(),
    }
}

/// What the input was made of, as a sentence.
fn made_of(report: &Report) -> String {
    let mut items = Vec::new();
    for block in &report.blocks {
        match block {
            Block::Headline {
                key: key @ ("lines" | "hits"),
                value: Amount::Count(number),
            } => items.push(counted(key, *number)),
            Block::Input { key, value, .. } if *value > 0 => items.push(counted(key, *value)),
            _ => {}
        }
    }
    format!("{}.", items.join(", "))
}

/// `1 line`, `1,284 lines`, `1 late`
fn counted(key: &str, number: u64) -> String {
    let name = match number {
        1 => key.strip_suffix('s').unwrap_or(key),
        _ => key,
    };
    format!("{} {name}", grouped(number))
}

/// The first unparsed line of a kind: where and why, and its text.
fn example(example: &UnparsedExample) -> (String, String) {
    let file = example.file.as_ref().map_or(String::new(), |file| {
        format!("{} ", escape::shown(file.as_bytes()))
    });
    let many = match example.count {
        1 => String::new(),
        count => format!(" ({} such lines)", grouped(count)),
    };
    let place = format!("{file}line {}: {}{many}", example.line, example.unparsed);
    (place, escape::shown(&example.text))
}

/// `hits` as `Hits`, `not-found` as `Not found`.
fn titled(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).collect::<String>().replace('-', " ")
}

/// An alert of a rule without a key.
#[cfg(test)]
pub(super) fn fired(number: u64, since: i64, until: Option<i64>) -> Alert {
    Alert {
        number,
        rule: "R".into(),
        key: None,
        unit: crate::quantity::Unit::Count,
        since: Second(since),
        until: until.map(Second),
        peak: crate::quantity::Figure {
            hits: 0,
            value: 0.0,
            threshold: 0.0,
            window: Span(1),
            below: false,
        },
        shortfall: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_that_are_firing_are_listed_before_any_that_are_over() {
        let fired = |number, until| fired(number, number as i64, until);
        let alerts = Alerts {
            now: None,
            listed: vec![
                fired(4, Some(9)),
                fired(5, None),
                fired(6, Some(9)),
                fired(7, None),
                fired(8, Some(9)),
            ],
            omitted: 3,
        };
        for (most, listed) in [
            (1, &[7][..]),
            (2, &[5, 7]),
            (3, &[5, 7, 8]),
            (9, &[4, 5, 6, 7, 8]),
        ] {
            let short = shortened(&alerts, most);
            let numbers: Vec<u64> = short.listed.iter().map(|fired| fired.number).collect();
            assert_eq!(numbers, listed);
            assert_eq!(short.omitted + numbers.len() as u64, 8);
        }
    }

    #[test]
    fn one_of_a_kind_is_not_called_many() {
        let of_one = ["lines", "hits", "rewinds", "late", "unparsed"].map(|key| counted(key, 1));
        assert_eq!(
            of_one,
            ["1 line", "1 hit", "1 rewind", "1 late", "1 unparsed"]
        );
        assert_eq!(counted("rewinds", 0), "0 rewinds");
        assert_eq!(counted("lines", 1284), "1,284 lines");
    }

    #[test]
    fn what_may_be_off_is_said() {
        let sections = crate::quantity::KeyKind {
            name: "section",
            title: "sections",
        };
        let mut ranking = Ranking::new(sections, Vec::new(), 0, 0, 0, 0);
        assert!(errors(&ranking).is_empty());
        (ranking.error, ranking.p95_error) = (1200, 0.016);
        let said = [
            "Each may have up to 1,200 hits more.",
            "Each p95 may be up to 1.6% off.",
        ];
        assert_eq!(errors(&ranking), said);
    }
}
