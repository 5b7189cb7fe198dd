//! Alerts: the two lines that everyone greps for, and the history of a run.

use unicode_width::UnicodeWidthStr;

use super::super::units;
use super::{FIRED, FIRING, RESOLVED, TITLE, TextWriter, UNKNOWN, noun};
use crate::quantity::{KeyKind, Unit};
use crate::report::{Alert, AlertCause, AlertState, Alerts, Key, Shortfall, Transition, WhyOver};
use crate::time::{Second, Span};

/// The bytes of a date in a time, with the `T` after it.
const DATE: usize = "2026-11-20T".len();

impl TextWriter<'_> {
    /// ` for client 10.0.0.4`, if the rule is by key.
    pub(super) fn for_key(&mut self, key: &Option<Key>) {
        if let Some(key) = key {
            self.raw(" for ");
            self.raw(key.dimension.name);
            self.raw(" ");
            self.key(&key.key);
        }
    }

    pub(super) fn alert(&mut self, alert: &Transition) {
        let (rule, measure) = (&alert.rule, &alert.subject.measure);
        let (figure, unit) = (alert.figure, alert.subject.unit);
        // Hits are shown as their number in the window, which is not rounded.
        let hits = measure.as_ref() == "hits";
        match &alert.state {
            AlertState::Firing {
                causes,
                missing,
                errors,
                ..
            } => {
                let value = if hits {
                    figure.hits.to_string()
                } else {
                    units::figure(figure.value, unit)
                };
                // Whoever looks for what fires finds each alert once.
                let (says, still, when) = match alert.repeat {
                    0 => ("generated an alert", "", "triggered at"),
                    _ => ("alert", " is still firing", "at"),
                };
                self.line(FIRED, |page| {
                    page.write(format_args!("{rule} {says}"));
                    page.for_key(&alert.key);
                    page.write(format_args!("{still} - {measure} = {value}, {when} "));
                    page.time(alert.at);
                });
                self.raw("  ");
                if alert.repeat > 0 {
                    self.write(format_args!("after {}, ", alert.at - alert.since));
                }
                self.compared(alert, &value);
                // What is said already is no cause.
                let of_key = alert.key.as_ref().map(|key| key.dimension);
                // The codes of a class say more than the class; of other records they say nothing.
                let of_class = measure.ends_with("xx") || measure.as_ref() == "slo";
                let others = causes.iter().filter(|cause| {
                    let is_status = cause.dimension.name == "status";
                    Some(cause.dimension) != of_key && (of_class || !is_status)
                });
                for (index, cause) in others.enumerate() {
                    self.raw(match (index, missing, &cause.key) {
                        (0, false, Some(_)) => " | from ",
                        (0, false, None) => " | ",
                        (0, true, Some(_)) => " | missing ",
                        (0, true, None) => " | missing, ",
                        _ => ", ",
                    });
                    // Records say nothing of bytes, and a window before without any says nothing.
                    let compares =
                        !matches!(unit, Unit::Bytes | Unit::BytesPerSecond) && errors.1.is_some();
                    self.cause(cause, *missing, compares);
                }
                let (share, was) = *errors;
                let silent = unit == Unit::Seconds;
                if !silent
                    && measure.as_ref() != "5xx"
                    && (share > 0.0 || was.is_some_and(|was| was > 0.0))
                {
                    self.write(format_args!(" | 5xx {:.1}%", share * 100.0));
                    if let Some(was) = was {
                        self.write(format_args!(" ({:+.1})", points(share, was, 10.0)));
                    }
                }
                self.raw("\n");
            }
            AlertState::Resolved { peak, why } => {
                let style = match why {
                    None => RESOLVED,
                    Some(_) => UNKNOWN,
                };
                self.line(style, |page| {
                    page.write(format_args!("{rule} alert"));
                    page.for_key(&alert.key);
                    page.raw(" recovered at ");
                    page.time(alert.at);
                    if let Some(why) = why {
                        // Plain text is the same in every locale, since people search for it.
                        let dash = match page.look.rich && page.look.ascii {
                            true => "-",
                            false => "—",
                        };
                        page.write(format_args!(" {dash} {}", why.brief()));
                        if let WhyOver::TooFew(Shortfall { hits, min }) = why {
                            page.write(format_args!(": {hits} of the {min} it asks for"));
                        }
                    }
                });
                let figure = units::figure(peak.value, unit);
                let word = peak.peak_word();
                self.write(format_args!("  after {}, {word} ", alert.at - alert.since));
                match unit {
                    Unit::PerSecond if hits => {
                        let noun = noun("hits", peak.hits);
                        self.write(format_args!("{} {noun} ({figure})\n", peak.hits));
                    }
                    _ => self.write(format_args!("{figure}\n")),
                }
            }
        }
    }

    /// The measure and its threshold: `10.05/s over 2m, threshold 10/s`.
    pub(super) fn compared(&mut self, alert: &Transition, value: &str) {
        let (figure, unit) = (alert.figure, alert.subject.unit);
        let threshold = units::threshold(figure.threshold, unit);
        let side = if figure.below { "below" } else { "threshold" };
        let window = figure.window;
        if let Some(detail) = &alert.detail {
            return self.raw(detail);
        }
        match unit {
            // The hits that the share is a share of.
            Unit::Share => {
                self.write(format_args!("{value} of "));
                match figure.hits {
                    _ if alert.subject.measure.as_ref() == "unparsed" => self.raw("the lines"),
                    hits => self.write(format_args!("{hits} {}", noun("hits", hits))),
                }
                self.write(format_args!(" over {window}, {side} {threshold}"));
            }
            Unit::Seconds => self.write(format_args!("{side} {threshold}")),
            _ => {
                units::push_figure(figure.value, unit, self.out);
                self.write(format_args!(" over {window}, {side} {threshold}"));
            }
        }
    }

    /// `/api`, `client 10.0.0.4`
    pub(super) fn key_of(&mut self, dimension: KeyKind, key: &[u8]) {
        if dimension.name != "section" {
            self.raw(dimension.name);
            self.raw(" ");
        }
        self.key(key);
    }

    /// Where records come from that the rule counts, with how many more or fewer they are than in the window before:
    /// `client 10.0.0.4 96% (+90)`, `spread over 214 clients`.
    fn cause(&mut self, cause: &AlertCause, missing: bool, compares: bool) {
        let Some(key) = &cause.key else {
            let (keys, kind) = (cause.keys, cause.dimension.title);
            return self.write(format_args!("spread over {keys} {kind}"));
        };
        self.key_of(cause.dimension, key);
        self.write(format_args!(" {:.0}%", cause.part * 100.0));
        let (more, fewer) = (
            cause.hits.saturating_sub(cause.was),
            cause.was.saturating_sub(cause.hits),
        );
        // What is about as it was is not what changed.
        if missing && fewer > 0 {
            self.write(format_args!(" (-{fewer})"));
        } else if compares && more > 0 && more * 10 >= cause.hits {
            self.write(format_args!(" (+{more})"));
        }
    }

    pub(super) fn alerts(&mut self, alerts: &Alerts, whole: bool) {
        if whole {
            let fired = alerts.count();
            self.row("alerts", |page| match fired {
                0 => page.raw("none"),
                _ => page.write(format_args!("{fired} fired")),
            });
        } else {
            self.firing(alerts);
        }
        let listed = |fired: &&Alert| whole || fired.until.is_some();
        let width = self.look.width;
        let fits = |line: &String, indent| indent + line.width() <= width;
        let listed = || alerts.listed.iter().filter(listed);
        let lines = |page: &mut Self, short| -> Vec<String> {
            let line = |fired| page.aside(|page| page.fired(fired, alerts.now, short));
            listed().map(line).collect()
        };
        let mut lines_of = lines(self, false);
        // All of them begin in one column.
        let mut indent = TITLE;
        if self.look.rich && !lines_of.iter().all(|line| fits(line, TITLE)) {
            lines_of = lines(self, true);
            let all = lines_of.iter().all(|line| fits(line, TITLE));
            indent = if all { TITLE } else { 4 };
        }
        for line in lines_of {
            self.blanks(indent);
            // On a narrow screen the peak is on the next line.
            match line.rsplit_once("  ") {
                Some((fired, peak)) if self.look.rich && !fits(&line, indent) => {
                    self.raw(fired);
                    self.raw("\n");
                    self.blanks(TITLE);
                    self.raw(peak);
                }
                _ => self.raw(&line),
            }
            self.raw("\n");
        }
        if whole && alerts.omitted > 0 {
            self.row("", |page| {
                page.write(format_args!("and {} before these", alerts.omitted));
            });
        }
    }

    /// The alerts that are firing, and how many fired before.
    pub(super) fn firing(&mut self, alerts: &Alerts) {
        let over = |fired: &&Alert| fired.until.is_some();
        let omitted = alerts.omitted - alerts.omitted_firing;
        let over = alerts.listed.iter().filter(over).count() as u64 + omitted;
        let earlier = |page: &mut Self| {
            if over > 0 {
                page.write(format_args!(" ({over} earlier)"));
            }
        };
        let mut title = "alerts";
        for fired in alerts.firing() {
            let age = alerts.now.map_or(Span(0), |now| now - fired.since);
            self.row(title, |page| {
                page.paint(FIRING, |page| {
                    page.raw(&fired.rule);
                    page.for_key(&fired.key);
                    page.raw(" firing for ");
                    page.span(age);
                });
                earlier(page);
            });
            title = "";
        }
        if alerts.omitted_firing > 0 {
            self.row("", |page| {
                page.paint(FIRING, |page| {
                    page.write(format_args!("and {} more firing", alerts.omitted_firing));
                });
            });
        }
        if !title.is_empty() && over > 0 {
            self.row(title, |page| {
                page.raw("none firing");
                earlier(page);
            });
        }
    }

    /// An alert of the run: `2. High traffic 2026-11-20T09:04:00Z to 2026-11-20T09:07:58Z  3m58s  peak 14.48/s`;
    /// if `short`, without the second date if it is the same day.
    fn fired(&mut self, fired: &Alert, now: Option<Second>, short: bool) {
        self.number(fired.number);
        self.raw(". ");
        self.raw(&fired.rule);
        self.for_key(&fired.key);
        self.raw(" ");
        let since = self.out.len();
        self.time(fired.since);
        let length = match fired.until {
            Some(until) => {
                self.raw(" to ");
                let start = self.out.len();
                self.time(until);
                let date = |at: usize| self.out.get(at..at + DATE);
                if short && date(start).is_some() && date(since) == date(start) {
                    self.out.drain(start..start + DATE);
                }
                self.raw("  ");
                until - fired.since
            }
            None => {
                self.raw(" still firing  ");
                now.map_or(Span(0), |now| now - fired.since)
            }
        };
        self.span(length);
        self.write(format_args!("  {} ", fired.peak.peak_word()));
        units::push_figure(fired.peak.value, fired.unit, self.out);
        if fired.key.is_none()
            && let Some(cause) = &fired.cause
        {
            self.raw(" by ");
            if !cause.dimension.speaks_for_itself() {
                self.raw(cause.dimension.name);
                self.raw(" ");
            }
            self.key(&cause.key);
        }
        if let Some(why) = fired.why {
            self.write(format_args!(" ({})", why.brief()));
        }
    }
}

/// A difference of shares in percentage points, rounded at the `scale`, and never `-0`.
pub(super) fn points(share: f64, was: f64, scale: f64) -> f64 {
    let rounded = ((share - was) * 100.0 * scale).round() / scale;
    if rounded == 0.0 { 0.0 } else { rounded }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Look, Text};
    use super::*;
    use crate::quantity::Figure;
    use crate::render::Render;
    use crate::report::{Amount, Block, Event, Report};
    use crate::time::Zone;

    /// What a report of so many hits says, where one alert is over and another fires.
    fn report(hits: u64, rich: bool) -> String {
        let alert = |rule: &str, until| Alert {
            number: 1,
            rule: Arc::from(rule),
            key: None,
            unit: Unit::Count,
            since: Second(0),
            until,
            peak: Figure {
                hits: 9,
                value: 9.0,
                threshold: 5.0,
                window: Span(10),
                below: false,
            },
            why: None,
            times: 0,
            cause: None,
        };
        let blocks = vec![
            Block::Headline {
                key: "hits",
                value: Amount::Count(hits),
            },
            Block::Alerts(Alerts {
                now: Some(Second(30)),
                listed: vec![alert("Old", Some(Second(5))), alert("New", None)],
                omitted: 0,
                omitted_firing: 0,
            }),
        ];
        let report = Report {
            from: Some(Second(20)),
            to: Some(Second(30)),
            partial: false,
            blocks,
        };
        let look = Look {
            color: rich,
            rich,
            width: 80,
            ascii: true,
        };
        let mut out = Vec::new();
        Text::new(look).render(&Event::Report(report), &Zone::UTC, &mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_report_without_hits_repeats_no_alert_that_is_over() {
        for rich in [false, true] {
            assert!(report(1, rich).contains("1. Old"), "{}", report(1, rich));
            let silent = report(0, rich);
            assert!(!silent.contains("Old"), "{silent}");
            assert!(
                silent.contains("New firing for 30s") && silent.contains("(1 earlier)"),
                "{silent}"
            );
        }
    }

    #[test]
    fn differences_of_shares_are_never_minus_zero() {
        assert_eq!(format!("{:+.0}", points(0.5, 0.503, 1.0)), "+0");
        assert_eq!(format!("{:+.1}", points(0.104, 0.073, 10.0)), "+3.1");
    }
}
