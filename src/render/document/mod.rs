//! What a page and a mail show of a whole run: made once from the summary, in words; each writes it in its own
//! markup.
//!
//! All texts are plain text, so a writer of HTML escapes them. They contain nothing that could control a terminal.

mod about;
mod alerts;
mod breakdown;
mod compared;
mod input;
mod keys;
mod tiles;

use super::clock;
use crate::points::series::Series;
use crate::points::week::Week;
use crate::report::{Alerts, Block, Ranking, Report};
use crate::time::{Span, Zone};

pub(super) use about::AboutLine;
pub(super) use alerts::{AlertList, shortened, subject};
#[cfg(test)]
pub(super) use alerts::{fired, summary_of_alerts};
pub(super) use breakdown::{Breakdown, Portion};
pub(super) use compared::{Compared, ComparedRow, ComparedTable};
pub(super) use input::InputSection;
pub(super) use keys::{KeyList, KeyRow, head_of};
pub(super) use tiles::Tile;

/// A summary as people read it.
pub(super) struct Document<'a> {
    /// What it is of.
    pub(super) about: Vec<AboutLine>,
    /// How often it is written anew, if it is.
    pub(super) live: Option<Span>,
    /// The span: `2026-11-20 09:00:02 to 09:07:58`.
    pub(super) span: String,
    /// How long that is, and the zone.
    pub(super) length: String,
    pub(super) tiles: Vec<Tile>,
    /// Hits and errors over the run, if there are any.
    pub(super) series: Option<&'a Series>,
    /// How long requests took in the time of each point of the series.
    pub(super) timing: Option<&'a [Option<(f64, f64)>]>,
    /// The visitors of each day, if they are known.
    pub(super) visitors: Option<&'a [(String, u64)]>,
    /// The hours of the week.
    pub(super) week: Option<&'a Week>,
    /// Every alert of the run that is remembered, for the time line.
    pub(super) alerts: Option<&'a Alerts>,
    /// The alerts to list, newest first.
    pub(super) alert_list: Option<AlertList>,
    /// What changed since another time, if that was asked.
    pub(super) compared: Option<Compared>,
    pub(super) groups: Vec<Breakdown>,
    /// Whether the tables of keys have a column for durations.
    pub(super) timed: bool,
    pub(super) rankings: Vec<KeyList>,
    pub(super) input: InputSection,
}

impl<'a> Document<'a> {
    /// What there is to show of `report`, a summary, with times in `zone`. At most `most_alerts` are listed.
    pub(super) fn new(report: &'a Report, zone: &Zone, most_alerts: usize) -> Document<'a> {
        let (span, length) = span(report, zone);
        let alerts = report.alerts();
        let series = report.blocks.iter().find_map(|block| match block {
            Block::Series(series) => Some(series),
            _ => None,
        });
        let timing = report.blocks.iter().find_map(|block| match block {
            Block::Timing(timing) => Some(&timing[..]),
            _ => None,
        });
        let week = report.blocks.iter().find_map(|block| match block {
            Block::Week(week) => Some(&**week),
            _ => None,
        });
        let scope = about::scope(report);
        let timed = report.listed().any(Ranking::is_timed);
        let rankings = report.listed().filter(|ranking| ranking.unique > 0);
        Document {
            about: scope.map_or(Vec::new(), |scope| about::about(scope, zone)),
            live: scope
                .and_then(|scope| scope.live)
                .filter(|_| report.partial),
            span,
            length,
            tiles: tiles::tiles(report, zone),
            series,
            timing,
            week,
            alerts,
            alert_list: alerts.map(|alerts| AlertList::new(&shortened(alerts, most_alerts), zone)),
            compared: report.blocks.iter().find_map(|block| match block {
                Block::Comparison(comparison) => Some(Compared::new(comparison, zone)),
                _ => None,
            }),
            groups: report
                .groups()
                .filter_map(|(key, items, error)| Breakdown::new(key, items, error))
                .collect(),
            timed,
            rankings: rankings
                .map(|ranking| {
                    let mut list = KeyList::new(ranking, timed, zone);
                    keys::add_pairs(&mut list, ranking, report.listed());
                    list
                })
                .collect(),
            visitors: report.blocks.iter().find_map(|block| match block {
                Block::VisitorsByDay(days) => Some(&days[..]),
                _ => None,
            }),
            input: InputSection::new(report),
        }
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

/// `hits` as `Hits`, `not-found` as `Not found`.
pub(super) fn titled(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).collect::<String>().replace('-', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Second;

    #[test]
    fn a_span_has_its_length_its_zone_and_whether_more_may_come() {
        let shown = |from: Option<i64>, partial| {
            let report = Report {
                from: from.map(Second),
                to: from.map(|from| Second(from + 59)),
                partial,
                blocks: Vec::new(),
            };
            span(&report, &Zone::UTC)
        };
        let words = |span: &str, length: &str| (span.to_owned(), length.to_owned());
        let minute = "1970-01-01 00:00:00 to 00:00:59";
        assert_eq!(shown(Some(0), false), words(minute, "1m, UTC"));
        assert_eq!(shown(Some(0), true), words(minute, "1m, UTC, so far"));
        assert_eq!(shown(None, false), words("no record", ""));
    }
}
