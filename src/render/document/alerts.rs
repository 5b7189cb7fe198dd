//! The table of alerts.

use crate::render::units::{self, grouped};
use crate::render::{clock, escape};
use crate::report::{Alert, Alerts, Key};
#[cfg(test)]
use crate::report::{Block, Report};
use crate::time::Zone;
#[cfg(test)]
use crate::time::{Second, Span};

/// The table of alerts.
pub(in crate::render) struct AlertList {
    pub(in crate::render) rows: Vec<AlertRow>,
    /// What to say below the rows: that none fired, or how many are left out.
    pub(in crate::render) note: Option<String>,
}

/// An alert in that table.
pub(in crate::render) struct AlertRow {
    pub(in crate::render) number: String,
    /// What it is about: `Scanner for client 192.0.2.7`.
    pub(in crate::render) subject: String,
    pub(in crate::render) since: String,
    /// `still firing` where it is.
    pub(in crate::render) until: String,
    pub(in crate::render) lasted: String,
    pub(in crate::render) peak: String,
    pub(in crate::render) firing: bool,
}

impl AlertList {
    /// The rows of these alerts, newest first.
    pub(super) fn new(alerts: &Alerts, zone: &Zone) -> AlertList {
        let row = |fired: &Alert| {
            let end = fired.until.or(alerts.now).unwrap_or(fired.since);
            AlertRow {
                number: fired.number.to_string(),
                subject: subject_and_cause(fired),
                since: clock::when(zone, fired.since),
                until: fired
                    .until
                    .map_or("still firing".to_owned(), |until| clock::when(zone, until)),
                lasted: match fired.why {
                    Some(why) => format!("{}, {}", end - fired.since, why.brief()),
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

/// What an alert is about: `Scanner for client 192.0.2.7`.
pub(in crate::render) fn subject(fired: &Alert) -> String {
    match &fired.key {
        None => fired.rule.to_string(),
        Some(key) => format!("{} for {}", fired.rule, of_kind(key)),
    }
}

/// The same with its cause: `Errors by section /api`.
fn subject_and_cause(fired: &Alert) -> String {
    match (&fired.key, &fired.cause) {
        (None, Some(cause)) => format!("{} by {}", fired.rule, of_kind(cause)),
        _ => subject(fired),
    }
}

fn of_kind(key: &Key) -> String {
    format!("{} {}", key.dimension.name, escape::shown(&key.key))
}

/// At most `most` alerts: those that are firing, and the newest of the others.
pub(in crate::render) fn shortened(alerts: &Alerts, most: usize) -> Alerts {
    let over = |fired: &&Alert| fired.until.is_some();
    let newest = alerts.listed.iter().rev();
    let mut kept: Vec<&Alert> = newest.clone().filter(|f| !over(f)).take(most).collect();
    kept.extend(newest.filter(over).take(most - kept.len()));
    kept.sort_unstable_by_key(|fired| fired.number);
    let firing = kept.iter().filter(|fired| !over(fired)).count() as u64;
    Alerts {
        now: alerts.now,
        omitted: alerts.omitted + (alerts.listed.len() - kept.len()) as u64,
        omitted_firing: alerts.firing_count() - firing,
        listed: kept.into_iter().cloned().collect(),
    }
}

/// An alert of a rule without a key.
#[cfg(test)]
pub(in crate::render) fn fired(number: u64, since: i64, until: Option<i64>) -> Alert {
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
        why: None,
        times: 0,
        cause: None,
    }
}

/// A summary of nothing but alerts that are over: two that are no longer remembered, and so many that are.
#[cfg(test)]
pub(in crate::render) fn summary_of_alerts(count: u64) -> Report {
    let alerts = (1..=count).map(|number| fired(number, 0, Some(1)));
    Report {
        from: None,
        to: None,
        partial: false,
        blocks: vec![Block::Alerts(Alerts {
            now: None,
            listed: alerts.collect(),
            omitted: 2,
            omitted_firing: 0,
        })],
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
            omitted_firing: 0,
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
}
