//! Alerts: the two lines that everyone greps for, and the history of a run.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::super::units;
use super::{FIRING, Page, RESOLVED, TITLE, noun};
use crate::alert::measure::Unit;
use crate::report::{Alert, Alerts, Change, Fired, Key, State};
use crate::time::Span;

impl Page<'_> {
    /// ` for client 10.0.0.4`
    pub(super) fn for_key(&self, key: &Key) -> String {
        format!(" for {} {}", key.dimension.name, self.key(&key.key))
    }

    pub(super) fn alert(&mut self, alert: &Alert) {
        let figure = alert.figure;
        let (rule, at) = (&alert.rule, self.zone.show(alert.at));
        let (measure, unit) = (&alert.subject.measure, alert.subject.unit);
        let key = alert
            .key
            .as_ref()
            .map_or(String::new(), |key| self.for_key(key));
        // Hits are told as their number in the window, which nothing rounds.
        let hits = measure.as_ref() == "hits";
        let value = if hits {
            figure.hits.to_string()
        } else {
            units::figure(figure.value, unit)
        };
        match &alert.state {
            State::Firing {
                changed, errors, ..
            } => {
                self.line(
                    FIRING,
                    &format!(
                        "{rule} generated an alert{key} - {measure} = {value}, triggered at {at}"
                    ),
                );
                let threshold = units::threshold(figure.threshold, unit);
                let side = if figure.below { "below" } else { "threshold" };
                let mut parts = vec![match unit {
                    _ if alert.detail.is_some() => alert.detail.clone().unwrap_or_default(),
                    // Of all records, those of the measure: what the share is a share of.
                    Unit::Share => {
                        let whole = match figure.hits {
                            _ if measure.as_ref() == "unparsed" => "the lines".to_owned(),
                            1 => "1 hit".to_owned(),
                            hits => format!("{hits} hits"),
                        };
                        format!(
                            "{value} of {whole} over {}, {side} {threshold}",
                            figure.window
                        )
                    }
                    Unit::Seconds => format!("{side} {threshold}"),
                    _ => format!(
                        "{} over {}, {side} {threshold}",
                        units::figure(figure.value, unit),
                        figure.window
                    ),
                }];
                // What rounds to 0 % explains nothing, nor does anything a silence; the status is told as
                // 5xx below.
                let silent = unit == Unit::Seconds;
                let tells = |change: &&Change| {
                    !silent && change.share >= 0.005 && change.dimension.name != "status"
                };
                for change in changed.iter().filter(tells) {
                    let name = match change.dimension.name {
                        "section" => String::new(),
                        name => format!("{name} "),
                    };
                    let delta = change
                        .was
                        .map(|was| format!(" ({:+.0})", points(change.share, was, 1.0)));
                    let key = self.key(&change.key);
                    parts.push(format!(
                        "{name}{key} {:.0}%{}",
                        change.share * 100.0,
                        delta.unwrap_or_default()
                    ));
                }
                let (share, was) = *errors;
                if !silent && (share > 0.0 || was.is_some_and(|was| was > 0.0)) {
                    let delta = was.map(|was| format!(" ({:+.1})", points(share, was, 10.0)));
                    parts.push(format!(
                        "5xx {:.1}%{}",
                        share * 100.0,
                        delta.unwrap_or_default()
                    ));
                }
                self.out.push_str("  ");
                self.out.push_str(&parts.join(" | "));
                self.out.push('\n');
            }
            State::Resolved { peak } => {
                self.line(RESOLVED, &format!("{rule} alert{key} recovered at {at}"));
                let figure = units::figure(peak.value, unit);
                let peak = match unit {
                    Unit::PerSecond if hits => {
                        format!("peak {} {} ({figure})", peak.hits, noun("hits", peak.hits))
                    }
                    _ => format!("peak {figure}"),
                };
                writeln!(self.out, "  after {}, {peak}", alert.at - alert.since)
                    .expect("a string takes every write");
            }
        }
    }

    pub(super) fn alerts(&mut self, alerts: &Alerts, whole: bool) {
        let over = alerts
            .told
            .iter()
            .filter(|fired| fired.until.is_some())
            .count() as u64
            + alerts.untold;
        let mut title = "alerts";
        if whole {
            let line = match alerts.told.len() as u64 + alerts.untold {
                0 => "none".to_owned(),
                1 => "1 fired".to_owned(),
                n => format!("{n} fired"),
            };
            self.row(title, &line);
            title = "";
        } else {
            let firing: Vec<&Fired> = alerts
                .told
                .iter()
                .filter(|fired| fired.until.is_none())
                .collect();
            let earlier = if over > 0 {
                format!(" ({over} earlier)")
            } else {
                String::new()
            };
            for fired in &firing {
                let age = alerts.now.map_or(Span(0), |now| now - fired.since);
                let key = fired
                    .key
                    .as_ref()
                    .map_or(String::new(), |key| self.for_key(key));
                let line = self.paint(FIRING, &format!("{}{key} firing for {age}", fired.rule));
                self.row(title, &format!("{line}{earlier}"));
                title = "";
            }
            if firing.is_empty() && over > 0 {
                self.row(title, &format!("none firing{earlier}"));
                title = "";
            }
        }
        for fired in alerts
            .told
            .iter()
            .filter(|fired| whole || fired.until.is_some())
        {
            let peak = units::figure(fired.peak.value, fired.unit);
            let key = fired
                .key
                .as_ref()
                .map_or(String::new(), |key| self.for_key(key));
            let since = self.zone.show(fired.since);
            let line = match fired.until {
                Some(until) => format!("to {}  {}", self.zone.show(until), until - fired.since),
                None => format!(
                    "still firing  {}",
                    alerts.now.map_or(Span(0), |now| now - fired.since)
                ),
            };
            let line = format!(
                "{}. {}{key} {since} {line}  peak {peak}",
                fired.number, fired.rule
            );
            if self.look.rich && TITLE + line.width() > self.look.width {
                writeln!(self.out, "    {line}").expect("a string takes every write");
            } else {
                self.row(title, &line);
            }
        }
        if whole && alerts.untold > 0 {
            self.row(title, &format!("and {} before these", alerts.untold));
        }
    }
}

/// A difference of shares in percentage points, rounded at the `scale`, and never `-0`.
fn points(share: f64, was: f64, scale: f64) -> f64 {
    let rounded = ((share - was) * 100.0 * scale).round() / scale;
    if rounded == 0.0 { 0.0 } else { rounded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_of_shares_are_never_minus_zero() {
        assert_eq!(format!("{:+.0}", points(0.5, 0.503, 1.0)), "+0");
        assert_eq!(format!("{:+.1}", points(0.104, 0.073, 10.0)), "+3.1");
    }
}
