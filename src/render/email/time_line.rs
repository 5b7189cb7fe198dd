//! The time line of a mail: a table with a row for each point.

use super::super::clock;
use super::super::units::{self, grouped};
use super::cells::{BAD, HITS, SOFT, TEXT, bar, close, head, number, open, put, title};
use crate::points::series::Series;
use crate::report::Alerts;
use crate::time::{Second, Zone};

/// The most rows.
const ROWS: usize = 31;

/// A row for each point: when, a bar of its hits with the 5xx in red, and the numbers.
pub(super) fn time_line(series: &Series, alerts: Option<&Alerts>, zone: &Zone, out: &mut String) {
    let series = &series.at_most(ROWS);
    let name = series.step_name();
    title(
        &format!("Hits per {name}"),
        "a red edge: an alert fired",
        out,
    );
    let most = series.points().map(|point| point.hits).max().unwrap_or(1);
    open(out);
    put(
        out,
        format_args!(
            "<tr>{}{}{}{}{}</tr>",
            head("", false),
            head("From", false),
            head("", false),
            head("Hits", true),
            head("5xx", true)
        ),
    );
    let mut at = series.from();
    let mut day = String::new();
    for point in series.points() {
        let end = at + series.step();
        let edge = if alerts.is_some_and(|alerts| fired_within(alerts, at, end)) {
            BAD
        } else {
            "#ffffff"
        };
        let (date, time) = clock::parts(zone, at);
        let when = match (time.as_str(), date != day) {
            ("00:00:00", _) if series.step().0 >= 86_400 => date.clone(),
            (time, new) => {
                let digits = if series.step().0 % 60 == 0 { 5 } else { 8 };
                let time = time.get(..digits).unwrap_or(time);
                if new {
                    format!("{date} {time}")
                } else {
                    time.to_owned()
                }
            }
        };
        day = date;
        let calm = point.hits - point.server_errors.min(point.hits);
        let share = |hits| units::share(hits, most);
        let bar = bar(&[(share(point.server_errors), BAD), (share(calm), HITS)]);
        put(
            out,
            format_args!(
                "<tr><td width=\"4\" bgcolor=\"{edge}\" style=\"font-size:1px\">&nbsp;</td>\
                 <td align=\"right\" style=\"padding:1px 8px;white-space:nowrap;color:{SOFT}\">{when}</td>\
                 <td width=\"100%\">{bar}</td>{}{}</tr>",
                number(&grouped(point.hits), TEXT, false),
                match point.server_errors {
                    0 => number("", SOFT, false),
                    failed => number(&grouped(failed), BAD, false),
                }
            ),
        );
        at = end;
    }
    close(out);
}

/// Whether any alert was firing in `[from, to)`. An alert fires until the end of the second in which it recovers,
/// as on the time line of a page.
fn fired_within(alerts: &Alerts, from: Second, to: Second) -> bool {
    alerts
        .listed
        .iter()
        .any(|fired| fired.since < to && fired.until.is_none_or(|until| until >= from))
}

#[cfg(test)]
mod tests {
    use super::super::super::document::fired;
    use super::*;

    #[test]
    fn an_alert_fires_in_each_row_from_its_second_through_that_of_its_recovery() {
        let within = |since, until, from, to| {
            let alerts = Alerts {
                now: None,
                listed: vec![fired(1, since, until)],
                omitted: 0,
                omitted_firing: 0,
            };
            fired_within(&alerts, Second(from), Second(to))
        };
        // Rows of ten seconds, and an alert from 19 to 40.
        let rows = [0, 10, 20, 30, 40, 50].map(|from| within(19, Some(40), from, from + 10));
        assert_eq!(rows, [false, true, true, true, true, false]);
        assert!(!within(19, Some(39), 40, 50));
        assert!(!within(20, Some(40), 10, 20));
        // An alert that is still firing is in all later rows.
        assert!(within(19, None, 50, 60));
        assert!(!within(60, None, 50, 60));
    }

    #[test]
    fn a_row_has_a_red_edge_while_an_alert_fires() {
        let mut series = Series::default();
        for second in [0, 1, 2, 3] {
            let point = crate::points::series::Point {
                hits: 4,
                client_errors: 0,
                server_errors: 1,
            };
            series.add(Second(second), point, None);
        }
        let alerts = Alerts {
            now: None,
            listed: vec![fired(1, 1, Some(2))],
            omitted: 0,
            omitted_firing: 0,
        };
        let mut out = String::new();
        time_line(&series, Some(&alerts), &Zone::UTC, &mut out);
        let rows: Vec<&str> = out.lines().filter(|line| line.contains("&nbsp;")).collect();
        let edges: Vec<bool> = rows
            .iter()
            .map(|row| row.contains(&format!("<td width=\"4\" bgcolor=\"{BAD}\"")))
            .collect();
        assert_eq!(edges, [false, true, true, false]);
        assert!(rows[0].contains(">1970-01-01 00:00:00</td>"), "{}", rows[0]);
        assert!(rows[1].contains(">00:00:01</td>"), "{}", rows[1]);
        // A quarter failed.
        let bars = [("25.0%", BAD), ("75.0%", HITS)];
        for (width, color) in bars {
            let cell = format!("<td width=\"{width}\" height=\"9\" bgcolor=\"{color}\"");
            assert!(rows[0].contains(&cell), "{cell} {}", rows[0]);
        }
    }

    /// The man page gives this number.
    #[test]
    fn there_are_at_most_31_rows() {
        let rows = |seconds: i64| {
            let mut series = Series::default();
            for second in 0..seconds {
                series.add(Second(second), Default::default(), None);
            }
            let mut out = String::new();
            time_line(&series, None, &Zone::UTC, &mut out);
            out.matches("<td width=\"4\"").count()
        };
        assert_eq!((rows(31), rows(32)), (31, 7));
    }
}
