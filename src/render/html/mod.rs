//! One self-contained page about the whole run, to open from a file, mail, print, or serve.
//!
//! It has no script and refers to nothing outside, and forbids both, in case a way past the escaping is ever found.
//! All drawing is inline SVG and CSS, and follows the reader's choice of light or dark.

mod axis;
mod chart;
mod week;

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::Render;
use super::document::{AboutLine, AlertList, Breakdown, Compared, Document, InputSection};
use super::document::{ComparedRow, KeyList, KeyRow, Tile, head_of, titled};
use super::{escape, units};
use crate::report::{Event, KeyColumn};
use crate::time::Zone;

/// The most alerts that are listed: those that fire, then the newest. The time line shows them all.
const LISTED: usize = 1000;

/// A table with a key of more columns than this has no table beside it.
const LONG: usize = 60;

/// Nor has one with more columns of numbers, or with times.
const COLUMNS: usize = 5;

/// A page that is shown is not loaded more often, in seconds.
const LEAST_REFRESH: i64 = 5;

/// The most tiles in a row.
const TILES: usize = 7;

const STYLE: &str = include_str!("style.css");

/// The page.
#[derive(Debug)]
pub struct Html;

impl Render for Html {
    fn render(&mut self, event: &Event, zone: &Zone, out: &mut Vec<u8>) {
        if let Event::Summary(report) = event {
            let document = Document::new(report, zone, LISTED);
            out.extend_from_slice(page(&document, zone).as_bytes());
        }
    }
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a string takes every write");
}

fn page(document: &Document<'_>, zone: &Zone) -> String {
    let mut out = String::new();
    let Document { span, length, .. } = document;
    // A page that is written anew is loaded anew, by the browser alone.
    let refresh = document.live.map_or(String::new(), |every| {
        let seconds = every.0.max(LEAST_REFRESH);
        format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">\n")
    });
    put(
        &mut out,
        format_args!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta name=\"robots\" content=\"noindex\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n{refresh}\
             <title>Access log, {span}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
             <header>\n<h1>Access log</h1>\n<p>{span} <small>{length}</small></p>\n</header>\n"
        ),
    );
    about(&document.about, &mut out);
    tiles(&document.tiles, &mut out);
    if let Some(series) = document.series {
        let line = chart::time_line(series, document.timing, document.alerts, zone);
        let busiest = chart::busiest(series, zone);
        put(
            &mut out,
            format_args!("<section>\n{line}<p>{busiest}</p>\n</section>\n"),
        );
    }
    if let Some(list) = &document.alert_list {
        alerts(list, &mut out);
    }
    if let Some(week) = document.week {
        week::section(week, &mut out);
    }
    if let Some(days) = document.visitors {
        visitors(days, &mut out);
    }
    if let Some(compared) = &document.compared {
        comparison(compared, &mut out);
    }
    out.push_str("<div class=\"groups\">\n");
    for group in &document.groups {
        breakdown(group, &mut out);
    }
    out.push_str("</div>\n");
    let timed = if document.timed { " timed" } else { "" };
    put(&mut out, format_args!("<div class=\"tables{timed}\">\n"));
    for list in &document.rankings {
        keys(list, &mut out);
    }
    out.push_str("</div>\n");
    input(&document.input, &mut out);
    out.push_str("<footer>Written by httpmon</footer>\n</body>\n</html>\n");
    out
}

/// What the page is of.
fn about(lines: &[AboutLine], out: &mut String) {
    if lines.is_empty() {
        return;
    }
    out.push_str("<dl class=\"about\">\n");
    for line in lines {
        put(out, format_args!("<div><dt>{}</dt>", line.name));
        for item in &line.items {
            put(out, format_args!("<dd>{}</dd>", escape::html(item)));
        }
        out.push_str("</div>\n");
    }
    out.push_str("</dl>\n");
}

fn tiles(tiles: &[Tile], out: &mut String) {
    // The rows of a wide page have about the same length.
    let rows = tiles.len().div_ceil(TILES).max(1);
    let columns = tiles.len().div_ceil(rows).max(1);
    put(
        out,
        format_args!("<dl class=\"tiles\" style=\"--n:{columns}\">\n"),
    );
    for tile in tiles {
        let class = if tile.bad { " class=\"bad\"" } else { "" };
        put(
            out,
            format_args!(
                "<div{class}><dt>{}</dt><dd>{}<small>{}</small></dd></div>\n",
                tile.name,
                escape::html(&tile.value),
                tile.note
            ),
        );
    }
    out.push_str("</dl>\n");
}

fn alerts(list: &AlertList, out: &mut String) {
    out.push_str("<section class=\"alerts\">\n<h2>Alerts</h2>\n");
    if !list.rows.is_empty() {
        out.push_str(
            "<div class=\"list\"><table>\n<thead><tr><th class=\"n number\">#</th><th>Alert</th><th>Began</th>\
             <th class=\"until\">Over</th><th class=\"n\">Lasted</th><th class=\"n\">Peak</th></tr></thead>\n<tbody>\n",
        );
        for row in &list.rows {
            let class = if row.firing { " class=\"firing\"" } else { "" };
            put(
                out,
                format_args!(
                    "<tr{class}><td class=\"n number\">{}</td><td class=\"what\">{}</td><td class=\"since\">{}</td>\
                     <td class=\"until\">{}</td><td class=\"n lasted\">{}</td><td class=\"n peak\">{}</td></tr>\n",
                    row.number,
                    escape::html(&row.subject),
                    row.since,
                    row.until,
                    row.lasted,
                    row.peak
                ),
            );
        }
        out.push_str("</tbody>\n</table></div>\n");
    }
    if let Some(note) = &list.note {
        put(out, format_args!("<p>{note}</p>\n"));
    }
    out.push_str("</section>\n");
}

/// The visitors of each day.
fn visitors(days: &[(String, u64)], out: &mut String) {
    let most = days.iter().map(|day| day.1).max().unwrap_or(0);
    if days.len() < 2 {
        return;
    }
    out.push_str(
        "<section>\n<table>\n<caption>Visitors by day <small>an address with an agent</small></caption>\n<tbody>\n",
    );
    for (day, count) in days {
        put(
            out,
            format_args!(
                "<tr><td class=\"key\" style=\"--w:{:.1}%\">{}</td><td class=\"n\">{}</td></tr>\n",
                units::share(*count, most),
                escape::html(day),
                units::grouped(*count)
            ),
        );
    }
    out.push_str("</tbody>\n</table>\n</section>\n");
}

/// What changed since another time.
fn comparison(compared: &Compared, out: &mut String) {
    put(
        out,
        format_args!(
            "<section>\n<h2>Compared with {}</h2>\n<div class=\"tables\">\n",
            compared.with
        ),
    );
    for table in &compared.tables {
        let any = |row: &ComparedRow| row.errors.is_some() || row.errors_before.is_some();
        let errors = table.rows.iter().any(any);
        // What failed before is left out where there is no room.
        let heads = match errors {
            true => [
                "<th class=\"n share\">5xx</th>",
                "<th class=\"n failed\">5xx</th>",
            ],
            false => ["", ""],
        };
        put(
            out,
            format_args!(
                "<section>\n<table>\n<caption>{}</caption>\n<thead><tr><th></th><th class=\"n\">Before</th>{}\
                 <th class=\"n\">Now</th>{}<th class=\"n\">Change</th></tr></thead>\n<tbody>\n",
                if table.title.is_empty() {
                    "In all".to_owned()
                } else {
                    titled(table.title)
                },
                heads[0],
                heads[1]
            ),
        );
        let failed = |count: &Option<String>, class: &str| match count {
            _ if !errors => String::new(),
            None => format!("<td class=\"n none{class}\">0</td>"),
            Some(count) => format!("<td class=\"n errors{class}\">{count}</td>"),
        };
        for row in &table.rows {
            put(
                out,
                format_args!(
                    "<tr><td class=\"what\">{}</td><td class=\"n none\">{}</td>{}<td class=\"n\">{}</td>{}\
                     <td class=\"n\">{}</td></tr>\n",
                    escape::html(&row.name),
                    escape::html(&row.before),
                    failed(&row.errors_before, " share"),
                    escape::html(&row.now),
                    failed(&row.errors, ""),
                    row.change
                ),
            );
        }
        out.push_str("</tbody>\n</table>\n</section>\n");
    }
    out.push_str("</div>\n</section>\n");
}

/// A key, which opens to its pairs if it has any.
fn key(row: &KeyRow, out: &mut String) {
    let shown = escape::html(&row.key);
    if row.pairs.is_empty() {
        return out.push_str(&shown);
    }
    put(out, format_args!("<details><summary>{shown}</summary><ul>"));
    for (pair, hits) in &row.pairs {
        put(
            out,
            format_args!("<li><b>{hits}</b> {}</li>", escape::html(pair)),
        );
    }
    out.push_str("</ul></details>");
}

/// The parts of a whole, as one bar and a legend.
fn breakdown(group: &Breakdown, out: &mut String) {
    // Status classes have their own colours, other parts the colour of their place.
    let class = |place: usize, name: &str| match group.key {
        "status" => format!("c{name}"),
        _ => format!("p{}", place.min(4)),
    };
    put(
        out,
        format_args!(
            "<section>\n<h2>{}</h2>\n<div class=\"parts\" aria-hidden=\"true\">",
            group.title
        ),
    );
    for (place, part) in group.parts.iter().enumerate() {
        put(
            out,
            format_args!(
                "<i class=\"{}\" style=\"width:{:.3}%\"></i>",
                class(place, part.name),
                part.share
            ),
        );
    }
    out.push_str("</div>\n<ul class=\"legend\">");
    for (place, part) in group.parts.iter().enumerate() {
        put(
            out,
            format_args!(
                "<li><i class=\"{}\"></i>{} <b>{}</b> {}</li>",
                class(place, part.name),
                part.name,
                part.hits,
                escape::html(&part.percent)
            ),
        );
    }
    out.push_str("</ul>\n</section>\n");
}

/// The class of a column, by which a narrow page leaves it out.
fn head_class(column: KeyColumn) -> &'static str {
    match column {
        KeyColumn::Hits => "hits",
        KeyColumn::Share => "share",
        KeyColumn::ClientErrors | KeyColumn::Errors => "failed",
        KeyColumn::Mean | KeyColumn::P95 => "p95",
        KeyColumn::Bytes => "bytes",
        KeyColumn::First | KeyColumn::Last => "seen",
    }
}

/// A cell of a column.
fn number(column: KeyColumn, text: Option<&str>, out: &mut String) {
    let class = match (column, text) {
        (KeyColumn::ClientErrors | KeyColumn::Errors, None) => {
            return out.push_str("<td class=\"n none\">0</td>");
        }
        (_, None) => return out.push_str("<td class=\"n none\">-</td>"),
        (KeyColumn::ClientErrors | KeyColumn::Errors, _) => " errors",
        (KeyColumn::Share, _) => " share",
        (KeyColumn::Bytes, _) => " bytes",
        (KeyColumn::First | KeyColumn::Last, _) => " seen",
        (KeyColumn::Hits | KeyColumn::Mean | KeyColumn::P95, _) => "",
    };
    let text = escape::html(text.unwrap_or_default());
    put(out, format_args!("<td class=\"n{class}\">{text}</td>"));
}

fn keys(list: &KeyList, out: &mut String) {
    let long = list.rows.iter().any(|row| row.key.width() > LONG);
    let is_time = |column: &KeyColumn| matches!(column, KeyColumn::First | KeyColumn::Last);
    let many = list.columns.len() > COLUMNS || list.columns.iter().any(is_time);
    let class = match (many, long) {
        // On a phone it is moved sideways: each column was asked for.
        (true, _) => " class=\"wide many\"",
        (false, true) => " class=\"wide\"",
        (false, false) => "",
    };
    put(
        out,
        format_args!(
            "<section{class}>\n<table>\n<caption>{} <small>{}</small></caption>\n<thead><tr><th>{}</th>",
            list.title, list.all, list.name
        ),
    );
    for &column in &list.columns {
        let (class, head) = (head_class(column), head_of(column));
        put(out, format_args!("<th class=\"n {class}\">{head}</th>"));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &list.rows {
        put(
            out,
            format_args!("<tr><td class=\"key\" style=\"--w:{:.1}%\">", row.bar),
        );
        key(row, out);
        out.push_str("</td>");
        for (&column, cell) in list.columns.iter().zip(&row.cells) {
            number(column, cell.as_deref(), out);
        }
        out.push_str("</tr>\n");
    }
    if let Some(other) = &list.other {
        put(
            out,
            format_args!("<tr class=\"other\"><td>{}</td>", other.name),
        );
        let cells = list
            .columns
            .iter()
            .map(|&column| (column, other.cell(column)));
        let cells: Vec<_> = cells.collect();
        let said = cells.iter().rposition(|(_, cell)| cell.is_some());
        let said = said.map_or(0, |last| last + 1);
        for &(column, cell) in &cells[..said] {
            number(column, cell, out);
        }
        if said < cells.len() {
            let rest = cells.len() - said;
            put(out, format_args!("<td colspan=\"{rest}\"></td>"));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n");
    for error in &list.errors {
        put(out, format_args!("<p>{error}</p>\n"));
    }
    out.push_str("</section>\n");
}

fn input(input: &InputSection, out: &mut String) {
    put(
        out,
        format_args!(
            "<section class=\"input\">\n<h2>Input</h2>\n<p>{}</p>\n",
            input.made_of
        ),
    );
    for note in &input.notes {
        put(out, format_args!("<p>{}</p>\n", escape::html(note)));
    }
    for (place, text) in &input.unparsed {
        put(
            out,
            format_args!(
                "<p>{}</p>\n<pre>{}</pre>\n",
                escape::html(place),
                escape::html(text)
            ),
        );
    }
    out.push_str("</section>\n");
}

#[cfg(test)]
mod tests {
    use super::super::document::summary_of_alerts;
    use super::*;

    /// The man page gives this number.
    #[test]
    fn at_most_a_thousand_alerts_are_listed() {
        let report = summary_of_alerts(1003);
        let page = page(&Document::new(&report, &Zone::UTC, LISTED), &Zone::UTC);
        assert_eq!(page.matches("<td class=\"what\">R</td>").count(), 1000);
        assert!(page.contains("<p>And 5 that are over.</p>"));
    }
}
