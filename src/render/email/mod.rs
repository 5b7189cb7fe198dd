//! A complete message about the whole run, for `sendmail -t` after a `To:` line.
//!
//! It says the same twice: as plain text from the text output, and as HTML. Mail programs support neither SVG nor
//! style sheets, so bars are table cells and every element has its own style. The message has no `Date`, because it
//! depends only on the input; sendmail adds it.

mod cells;
mod mime;
mod tables;
mod time_line;

use std::fmt::Write;

use cells::{BAD, FONT, LINE, SOFT, TEXT, close, code, head, number, open, put, soft, title};

use super::document::{AlertList, Document, Tile, shortened};
use super::text::{Look, Text};
use super::units::{self, grouped};
use super::{Render, clock, escape};
use crate::report::{Block, Event, Report};
use crate::time::Zone;

/// The most alerts that are listed: mail programs cut long messages.
const LISTED: usize = 50;
/// How many numbers are side by side.
const TILES: usize = 3;

/// The message.
#[derive(Debug)]
pub struct Email;

impl Render for Email {
    fn render(&mut self, event: &Event, zone: &Zone, out: &mut Vec<u8>) {
        let Event::Summary(report) = event else {
            return;
        };
        let document = Document::new(report, zone, LISTED);
        let mut message = String::new();
        mime::header("Subject", &subject(report, zone), &mut message);
        // So that nobody's vacation notice answers a cron job (RFC 3834).
        mime::header("Auto-Submitted", "auto-generated", &mut message);
        mime::alternative(&plain(report, zone), &page(&document, zone), &mut message);
        out.extend_from_slice(message.as_bytes());
    }
}

/// The report as the text output writes it.
fn plain(report: &Report, zone: &Zone) -> String {
    let mut short = report.clone();
    for block in &mut short.blocks {
        if let Block::Alerts(alerts) = block {
            *alerts = shortened(alerts, LISTED);
        }
    }
    let look = Look {
        rich: false,
        color: false,
        width: 80,
        ascii: false,
    };
    let mut plain = Vec::new();
    Text::new(look).render(&Event::Summary(short), zone, &mut plain);
    String::from_utf8(plain).expect("text is UTF-8")
}

/// What happened, in one line without any bytes of the log.
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
                value: crate::report::Amount::Count(hits),
            } => parts.push(count(*hits, "hit")),
            Block::Share { key, part, whole } => {
                parts.push(format!("{:.1}% {key}", units::share(*part, *whole)));
            }
            Block::Alerts(alerts) => {
                parts.push(count(alerts.count(), "alert"));
                match alerts.firing_count() {
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

fn page(document: &Document<'_>, zone: &Zone) -> String {
    let mut out = String::new();
    let Document { span, length, .. } = document;
    put(
        &mut out,
        format_args!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\">\
             <meta name=\"color-scheme\" content=\"light\"><title>Access log</title></head>\n\
             <body style=\"margin:0;padding:0;background:#ffffff;color:{TEXT};{FONT};font-size:14px;line-height:1.45\">\n\
             <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" bgcolor=\"#ffffff\"><tr><td align=\"center\" style=\"padding:20px 14px\">\n\
             <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"max-width:640px;text-align:left\"><tr><td style=\"color:{TEXT};{FONT};font-size:14px;line-height:1.45\">\n\
             <div style=\"font-size:20px;font-weight:bold\">Access log</div>\n\
             <div>{span} <span style=\"color:{SOFT}\">{length}</span></div>"
        ),
    );
    tiles(&document.tiles, &mut out);
    if let Some(series) = document.series {
        time_line::time_line(series, document.alerts, zone, &mut out);
    }
    if let Some(list) = &document.alert_list {
        alerts(list, &mut out);
    }
    if let Some(compared) = &document.compared {
        title("Compared with", &compared.with, &mut out);
        compared
            .tables
            .iter()
            .for_each(|table| tables::compared(table, &mut out));
    }
    for group in &document.groups {
        tables::breakdown(group, &mut out);
    }
    for list in &document.rankings {
        tables::keys(list, &mut out);
    }
    title("Input", "", &mut out);
    soft(&document.input.made_of, &mut out);
    for note in &document.input.notes {
        soft(&escape::html(note), &mut out);
    }
    for (place, text) in &document.input.unparsed {
        soft(&escape::html(place), &mut out);
        code(&escape::html(text), &mut out);
    }
    put(
        &mut out,
        format_args!("</td></tr></table>\n</td></tr></table>\n</body></html>"),
    );
    out
}

fn tiles(tiles: &[Tile], out: &mut String) {
    put(
        out,
        format_args!(
            "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"margin:14px 0 0;{FONT}\">"
        ),
    );
    for row in tiles.chunks(TILES) {
        put(out, format_args!("<tr>"));
        for i in 0..TILES {
            let Some(tile) = row.get(i) else {
                put(out, format_args!("<td></td>"));
                continue;
            };
            let color = if tile.bad { BAD } else { LINE };
            put(
                out,
                format_args!(
                    "<td width=\"{}%\" valign=\"top\" style=\"padding:6px 10px 10px 0\">\
                     <div style=\"border-top:2px solid {color};padding-top:4px;font-size:12px;color:{SOFT}\">{}</div>\
                     <div style=\"font-size:20px;font-weight:bold;color:{TEXT}\">{}</div>\
                     <div style=\"font-size:12px;color:{SOFT}\">{}</div></td>",
                    100 / TILES,
                    tile.name,
                    escape::html(&tile.value),
                    tile.note
                ),
            );
        }
        put(out, format_args!("</tr>"));
    }
    close(out);
}

fn alerts(list: &AlertList, out: &mut String) {
    title("Alerts", "", out);
    if !list.rows.is_empty() {
        open(out);
        put(
            out,
            format_args!(
                "<tr>{}{}{}{}</tr>",
                head("Alert", false),
                head("From", false),
                head("Lasted", true),
                head("Peak", true)
            ),
        );
        for row in &list.rows {
            let color = if row.firing { BAD } else { TEXT };
            let lasted = if row.firing {
                format!("{}, {}", row.lasted, row.until)
            } else {
                row.lasted.clone()
            };
            put(
                out,
                format_args!(
                    "<tr><td valign=\"top\" style=\"padding:4px 8px 4px 0;border-top:1px solid {LINE};color:{color};word-break:break-word\">{}. {}</td>\
                     <td valign=\"top\" style=\"padding:4px 8px 4px 0;border-top:1px solid {LINE};color:{color}\">{}</td>{}{}</tr>",
                    row.number,
                    escape::html(&row.subject),
                    row.since,
                    number(&lasted, color, true),
                    number(&row.peak, color, true)
                ),
            );
        }
        close(out);
    }
    if let Some(note) = &list.note {
        soft(note, out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::summary_of_alerts;
    use super::*;

    /// The man page gives this number.
    #[test]
    fn at_most_fifty_alerts_are_listed() {
        let report = summary_of_alerts(52);
        let page = page(&Document::new(&report, &Zone::UTC, LISTED), &Zone::UTC);
        assert_eq!(page.matches(". R</td>").count(), 50);
        assert!(page.contains(">52. R</td>") && !page.contains(">2. R</td>"));
        assert!(page.contains(">And 4 that are over.</div>"));
        let plain = plain(&report, &Zone::UTC);
        assert_eq!(plain.matches(". R ").count(), 50, "{plain}");
        assert!(plain.contains("and 4 before these"), "{plain}");
        let subject = subject(&report, &Zone::UTC);
        assert_eq!(subject, "httpmon: 54 alerts");
    }
}
