//! A complete message about the whole run, for `sendmail -t` behind a `To:` of one's own.
//!
//! It says the same twice: as plain text, by the text output, and as HTML for mail programs, which show
//! neither SVG nor style sheets. So bars are cells of tables and every element carries its own style. It has
//! no `Date`, which sendmail adds, since it depends on the input alone.

mod cells;
mod mime;
mod tables;

use std::fmt::Write;

use cells::{BAD, FONT, HITS, LINE, SOFT, TEXT, bar, head, number};

use super::digest::{self, grouped};
use super::text::{Look, Text};
use super::{Render, clock, escape, units};
use crate::report::{Alerts, Block, Event, Report};
use crate::stats::series::Series;
use crate::time::{Second, Zone};

/// The most alerts that are listed: mail programs cut a long message off.
const LISTED: usize = 50;
/// The most rows of the time line.
const ROWS: usize = 31;
/// How many numbers stand beside one another.
const TILES: usize = 3;

/// The message.
#[derive(Debug)]
pub struct Email;

impl Render for Email {
    fn render(&mut self, event: &Event, zone: &Zone, out: &mut Vec<u8>) {
        let Event::Summary(report) = event else {
            return;
        };
        let mut plain = Vec::new();
        let look = Look {
            rich: false,
            width: 80,
            ascii: false,
        };
        let mut short = report.clone();
        for block in &mut short.blocks {
            if let Block::Alerts(alerts) = block {
                *alerts = digest::shortened(alerts, LISTED);
            }
        }
        Text::new(look).render(&Event::Summary(short), zone, &mut plain);
        let plain = String::from_utf8(plain).expect("text is UTF-8");
        let mut page = Page {
            zone,
            timed: digest::is_timed(report),
            out: String::new(),
        };
        page.write(report);
        let mut message = String::new();
        mime::header("Subject", &subject(report, zone), &mut message);
        // So that no one's absence is told to a cron job (RFC 3834).
        mime::header("Auto-Submitted", "auto-generated", &mut message);
        mime::alternative(&plain, &page.out, &mut message);
        out.extend_from_slice(message.as_bytes());
    }
}

/// What happened, in one line that holds no byte of the log.
fn subject(report: &Report, zone: &Zone) -> String {
    let mut subject = String::from("httpmon");
    if let (Some(from), Some(to)) = (report.from, report.to) {
        let (first, last) = (clock::parts(zone, from).0, clock::parts(zone, to).0);
        subject.push(' ');
        subject.push_str(&first);
        if last != first {
            write!(subject, " to {last}").expect("a string takes every write");
        }
    }
    let mut parts = Vec::new();
    for block in &report.blocks {
        match block {
            Block::Headline {
                key: "hits",
                value: crate::report::Value::Count(hits),
            } => parts.push(count(*hits, "hit")),
            Block::Share { key, part, whole } => {
                parts.push(format!("{:.1}% {key}", units::share(*part, *whole)));
            }
            Block::Alerts(alerts) => {
                parts.push(count(alerts.told.len() as u64 + alerts.untold, "alert"));
                match digest::firing(alerts).count() {
                    0 => {}
                    firing => parts.push(format!("{firing} still firing")),
                }
            }
            _ => {}
        }
    }
    format!("{subject}: {}", parts.join(", "))
}

/// `1 hit`, `1,284 hits`
fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

struct Page<'a> {
    zone: &'a Zone,
    /// Whether tables have a column for durations.
    timed: bool,
    out: String,
}

impl Page<'_> {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        self.out
            .write_fmt(text)
            .expect("a string takes every write");
        self.out.push('\n');
    }

    fn write(&mut self, report: &Report) {
        let (span, about) = digest::span(report, self.zone);
        self.put(format_args!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\">\
             <meta name=\"color-scheme\" content=\"light\"><title>Access log</title></head>\n\
             <body style=\"margin:0;padding:0;background:#ffffff;color:{TEXT};{FONT};font-size:14px;line-height:1.45\">\n\
             <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" bgcolor=\"#ffffff\"><tr><td align=\"center\" style=\"padding:20px 14px\">\n\
             <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"max-width:640px;text-align:left\"><tr><td style=\"color:{TEXT};{FONT};font-size:14px;line-height:1.45\">\n\
             <div style=\"font-size:20px;font-weight:bold\">Access log</div>\n\
             <div>{span} <span style=\"color:{SOFT}\">{about}</span></div>"
        ));
        self.tiles(report);
        let alerts = digest::alerts(report);
        for block in &report.blocks {
            if let Block::Series(series) = block {
                self.time_line(&series.at_most(ROWS), alerts);
            }
        }
        if let Some(alerts) = alerts {
            self.alerts(alerts);
        }
        for (key, items) in report.groups() {
            self.group(key, items);
        }
        for ranking in report.listed().filter(|ranking| ranking.unique > 0) {
            self.ranking(ranking);
        }
        self.title("Input", "");
        self.put(format_args!(
            "<div style=\"color:{SOFT}\">{}.</div>",
            digest::input(report)
        ));
        for note in digest::notes(report) {
            self.put(format_args!(
                "<div style=\"color:{SOFT}\">{}</div>",
                escape::html(&note)
            ));
        }
        self.put(format_args!(
            "</td></tr></table>\n</td></tr></table>\n</body></html>"
        ));
    }

    fn title(&mut self, title: &str, about: &str) {
        self.put(format_args!(
            "<div style=\"margin:26px 0 6px;font-size:15px;font-weight:bold\">{title} \
             <span style=\"color:{SOFT};font-size:13px;font-weight:normal\">{about}</span></div>"
        ));
    }

    fn open(&mut self) {
        self.put(format_args!(
            "<table width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"border-collapse:collapse;font-size:13px;{FONT}\">"
        ));
    }

    fn close(&mut self) {
        self.put(format_args!("</table>"));
    }

    fn tiles(&mut self, report: &Report) {
        self.put(format_args!(
            "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"margin:14px 0 0;{FONT}\">"
        ));
        for row in digest::tiles(report, self.zone).chunks(TILES) {
            self.put(format_args!("<tr>"));
            for i in 0..TILES {
                let Some(tile) = row.get(i) else {
                    self.put(format_args!("<td></td>"));
                    continue;
                };
                let color = if tile.bad { BAD } else { LINE };
                self.put(format_args!(
                    "<td width=\"{}%\" valign=\"top\" style=\"padding:6px 10px 10px 0\">\
                     <div style=\"border-top:2px solid {color};padding-top:4px;font-size:12px;color:{SOFT}\">{}</div>\
                     <div style=\"font-size:20px;font-weight:bold;color:{TEXT}\">{}</div>\
                     <div style=\"font-size:12px;color:{SOFT}\">{}</div></td>",
                    100 / TILES,
                    tile.name,
                    tile.value,
                    tile.note
                ));
            }
            self.put(format_args!("</tr>"));
        }
        self.close();
    }

    /// A row for each point: when, a bar of its hits with the 5xx in red, and the numbers.
    fn time_line(&mut self, series: &Series, alerts: Option<&Alerts>) {
        let name = series.step_name();
        self.title(&format!("Hits per {name}"), "a red edge: an alert fired");
        let most = series.points().map(|point| point.hits).max().unwrap_or(1);
        self.open();
        self.put(format_args!(
            "<tr>{}{}{}{}{}</tr>",
            head("", false),
            head("From", false),
            head("", false),
            head("Hits", true),
            head("5xx", true)
        ));
        let mut at = series.from();
        let mut day = String::new();
        for point in series.points() {
            let end = at + series.step();
            let edge = if alerts.is_some_and(|alerts| fired_within(alerts, at, end)) {
                BAD
            } else {
                "#ffffff"
            };
            let (date, time) = clock::parts(self.zone, at);
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
            let bar = bar(&[(point.server_errors, BAD), (calm, HITS)], most);
            self.put(format_args!(
                "<tr><td width=\"4\" bgcolor=\"{edge}\" style=\"font-size:1px\">&nbsp;</td>\
                 <td align=\"right\" style=\"padding:1px 8px;white-space:nowrap;color:{SOFT}\">{when}</td>\
                 <td width=\"100%\">{bar}</td>{}{}</tr>",
                number(&grouped(point.hits), TEXT, false),
                match point.server_errors {
                    0 => number("", SOFT, false),
                    failed => number(&grouped(failed), BAD, false),
                }
            ));
            at = end;
        }
        self.close();
    }

    fn alerts(&mut self, alerts: &Alerts) {
        self.title("Alerts", "");
        let alerts = &digest::shortened(alerts, LISTED);
        let lines = digest::lines(alerts, self.zone);
        if lines.is_empty() {
            self.put(format_args!(
                "<div style=\"color:{SOFT}\">None fired.</div>"
            ));
            return;
        }
        self.open();
        self.put(format_args!(
            "<tr>{}{}{}{}</tr>",
            head("Alert", false),
            head("From", false),
            head("Lasted", true),
            head("Peak", true)
        ));
        for line in lines {
            let color = if line.firing { BAD } else { TEXT };
            let lasted = if line.firing {
                format!("{}, still firing", line.lasted)
            } else {
                line.lasted
            };
            self.put(format_args!(
                "<tr><td valign=\"top\" style=\"padding:4px 8px 4px 0;border-top:1px solid {LINE};color:{color};word-break:break-word\">{}. {}</td>\
                 <td valign=\"top\" style=\"padding:4px 8px 4px 0;border-top:1px solid {LINE};color:{color}\">{}</td>{}{}</tr>",
                line.number,
                escape::html(&line.subject),
                line.since,
                number(&lasted, color, true),
                number(&line.peak, color, true)
            ));
        }
        self.close();
        if alerts.untold > 0 {
            self.put(format_args!(
                "<div style=\"color:{SOFT}\">And {} that are over.</div>",
                grouped(alerts.untold)
            ));
        }
    }
}

/// Whether any alert fired in `[from, to)`.
fn fired_within(alerts: &Alerts, from: Second, to: Second) -> bool {
    alerts
        .told
        .iter()
        .any(|fired| fired.since < to && fired.until.is_none_or(|until| until >= from))
}
