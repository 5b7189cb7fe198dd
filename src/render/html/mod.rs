//! One self-contained page of the whole run: to be opened from a file, mailed around, printed, or served.
//!
//! There is no script and no reference to anything elsewhere, and the page forbids both, should a way past
//! the escaping ever be found. All drawing is inline SVG and CSS, and follows the reader's light or dark.

mod axis;
mod chart;

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::Render;
use super::digest::{self, Tile, grouped, titled};
use super::escape;
use super::units;
use crate::report::{Alerts, Block, Event, Example, Ranking, Report};
use crate::time::Zone;

/// The most alerts that are listed: those that fire, then the newest. The time line shows them all.
const LISTED: usize = 1000;

/// A table with a key of more columns than these has none beside it.
const LONG: usize = 60;

/// The most tiles in a row.
const TILES: usize = 7;

const STYLE: &str = include_str!("style.css");

/// The page.
#[derive(Debug)]
pub struct Html;

impl Render for Html {
    fn render(&mut self, event: &Event, zone: &Zone, out: &mut Vec<u8>) {
        if let Event::Summary(report) = event {
            let mut page = Page {
                zone,
                timed: digest::is_timed(report),
                out: String::new(),
            };
            page.write(report);
            out.extend_from_slice(page.out.as_bytes());
        }
    }
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
    }

    fn write(&mut self, report: &Report) {
        let (span, about) = digest::span(report, self.zone);
        self.put(format_args!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta name=\"robots\" content=\"noindex\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <title>Access log, {span}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
             <header>\n<h1>Access log</h1>\n<p>{span} <small>{about}</small></p>\n</header>\n"
        ));
        self.tiles(report);
        let alerts = digest::alerts(report);
        for block in &report.blocks {
            if let Block::Series(series) = block {
                let line = chart::time_line(series, alerts, self.zone);
                let busiest = chart::busiest(series, self.zone);
                self.put(format_args!(
                    "<section>\n{line}<p>{busiest}</p>\n</section>\n"
                ));
            }
        }
        if let Some(alerts) = alerts {
            self.alerts(alerts);
        }
        self.out.push_str("<div class=\"groups\">\n");
        for (key, items) in report.groups() {
            self.group(key, items);
        }
        self.out.push_str("</div>\n");
        let timed = if self.timed { " timed" } else { "" };
        self.put(format_args!("<div class=\"tables{timed}\">\n"));
        for ranking in report.listed().filter(|ranking| ranking.unique > 0) {
            self.ranking(ranking);
        }
        self.out.push_str("</div>\n");
        self.input(report);
        self.out
            .push_str("<footer>Written by httpmon</footer>\n</body>\n</html>\n");
    }

    fn tiles(&mut self, report: &Report) {
        let tiles = digest::tiles(report, self.zone);
        // The rows of a wide page are as long as one another, or nearly.
        let rows = tiles.len().div_ceil(TILES).max(1);
        let columns = tiles.len().div_ceil(rows).max(1);
        self.put(format_args!(
            "<dl class=\"tiles\" style=\"--n:{columns}\">\n"
        ));
        for tile in tiles {
            let Tile {
                name, value, note, ..
            } = tile;
            let class = if tile.bad { " class=\"bad\"" } else { "" };
            self.put(format_args!(
                "<div{class}><dt>{name}</dt><dd>{value}<small>{note}</small></dd></div>\n"
            ));
        }
        self.out.push_str("</dl>\n");
    }

    fn alerts(&mut self, alerts: &Alerts) {
        let alerts = &digest::shortened(alerts, LISTED);
        let lines = digest::lines(alerts, self.zone);
        self.out
            .push_str("<section class=\"alerts\">\n<h2>Alerts</h2>\n");
        if lines.is_empty() {
            self.out.push_str("<p>None fired.</p>\n</section>\n");
            return;
        }
        self.out.push_str(
            "<div class=\"list\"><table>\n<thead><tr><th class=\"n number\">#</th><th>Alert</th><th>Began</th>\
             <th class=\"until\">Over</th><th class=\"n\">Lasted</th><th class=\"n\">Peak</th></tr></thead>\n<tbody>\n",
        );
        for line in lines {
            let class = if line.firing { " class=\"firing\"" } else { "" };
            // On a phone the time of day stands below the date.
            let (date, time) = line.since.split_once(' ').unwrap_or(("", &line.since));
            self.put(format_args!(
                "<tr{class}><td class=\"n number\">{}</td><td class=\"what\">{}</td><td>{date} <span>{time}</span></td>\
                 <td class=\"until\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
                line.number,
                escape::html(&line.subject),
                line.until,
                line.lasted,
                line.peak
            ));
        }
        self.out.push_str("</tbody>\n</table></div>\n");
        if alerts.untold > 0 {
            self.put(format_args!(
                "<p>And {} that are over.</p>\n",
                grouped(alerts.untold)
            ));
        }
        self.out.push_str("</section>\n");
    }

    /// The parts of a whole, as one bar and a legend.
    fn group(&mut self, key: &str, items: &[(&'static str, u64)]) {
        let whole: u64 = items.iter().map(|item| item.1).sum();
        // A class of status has its own colour, everything else that of its place.
        let class = |place: usize, name: &str| match key {
            "status" => format!("c{name}"),
            _ => format!("p{}", place.min(4)),
        };
        let some = items.iter().filter(|item| item.1 > 0).enumerate();
        let some = || {
            some.clone()
                .map(|(place, (name, number))| (class(place, name), name, *number))
        };
        if whole == 0 {
            return;
        }
        self.put(format_args!(
            "<section>\n<h2>{}</h2>\n<div class=\"parts\" aria-hidden=\"true\">",
            titled(key)
        ));
        for (class, _, number) in some() {
            self.put(format_args!(
                "<i class=\"{class}\" style=\"width:{:.3}%\"></i>",
                units::share(number, whole)
            ));
        }
        self.out.push_str("</div>\n<ul class=\"legend\">");
        for (class, name, number) in some() {
            self.put(format_args!(
                "<li><i class=\"{class}\"></i>{name} <b>{}</b> {}</li>",
                grouped(number),
                percent(number, whole)
            ));
        }
        self.out.push_str("</ul>\n</section>\n");
    }

    fn ranking(&mut self, ranking: &Ranking) {
        let about = units::about(ranking.unique_error);
        let keys = ranking.rows.iter().map(|row| escape::shown(&row.key));
        let keys: Vec<String> = keys.collect();
        let class = if keys.iter().any(|key| key.width() > LONG) {
            " class=\"wide\""
        } else {
            ""
        };
        let slow = if self.timed {
            "<th class=\"n p95\">p95</th>"
        } else {
            ""
        };
        self.put(format_args!(
            "<section{class}>\n<table>\n<caption>{} <small>{about}{} in all</small></caption>\n\
             <thead><tr><th>{}</th><th class=\"n hits\">Hits</th><th class=\"n share\">Share</th>\
             <th class=\"n failed\">5xx</th>{slow}<th class=\"n bytes\">Bytes</th></tr></thead>\n<tbody>\n",
            titled(ranking.dimension.title),
            grouped(ranking.unique),
            titled(ranking.dimension.name)
        ));
        let most = ranking.rows.first().map_or(1, |row| row.count.hits);
        for (row, key) in ranking.rows.iter().zip(&keys) {
            let count = row.count;
            let errors = match count.errors {
                0 => "<td class=\"n none\">0</td>".to_owned(),
                errors => format!("<td class=\"n errors\">{}</td>", grouped(errors)),
            };
            let slow = match row.p95_ms {
                _ if !self.timed => String::new(),
                None => "<td class=\"n none\">-</td>".to_owned(),
                Some(ms) => format!("<td class=\"n\">{}</td>", units::milliseconds(ms)),
            };
            self.put(format_args!(
                "<tr><td class=\"key\" style=\"--w:{:.1}%\">{}</td><td class=\"n\">{}</td>\
                 <td class=\"n share\">{}</td>{errors}{slow}<td class=\"n\">{}</td></tr>\n",
                units::share(count.hits, most),
                escape::html(key),
                grouped(count.hits),
                percent(count.hits, ranking.hits),
                units::bytes(count.bytes)
            ));
        }
        if ranking.other() > 0 {
            let more = ranking.unlisted();
            let rest = if self.timed { 3 } else { 2 };
            self.put(format_args!(
                "<tr class=\"other\"><td>{about}{} other</td><td class=\"n\">{}</td><td class=\"n share\">{}</td>\
                 <td colspan=\"{rest}\"></td></tr>\n",
                grouped(more),
                grouped(ranking.other()),
                percent(ranking.other(), ranking.hits)
            ));
        }
        self.out.push_str("</tbody>\n</table>\n");
        for error in digest::errors(ranking) {
            self.put(format_args!("<p>{error}</p>\n"));
        }
        self.out.push_str("</section>\n");
    }

    /// What must be known of the input and of the rules.
    fn input(&mut self, report: &Report) {
        let input = digest::input(report);
        let mut rest = String::new();
        for note in digest::notes(report) {
            writeln!(rest, "<p>{}</p>", escape::html(&note)).expect("a string takes every write");
        }
        for block in &report.blocks {
            if let Block::Unparsed(examples) = block {
                examples.iter().for_each(|e| example(e, &mut rest));
            }
        }
        self.put(format_args!(
            "<section class=\"input\">\n<h2>Input</h2>\n<p>{input}.</p>\n"
        ));
        self.out.push_str(&rest);
        self.out.push_str("</section>\n");
    }
}

fn percent(part: u64, whole: u64) -> String {
    escape::html(&units::percent(part, whole))
}

/// The first line of a reason for which lines are no records.
fn example(example: &Example, out: &mut String) {
    let file = example.file.as_ref().map_or(String::new(), |file| {
        format!("{} ", escape::shown(file.as_bytes()))
    });
    let many = match example.count {
        1 => String::new(),
        count => format!(" ({} such lines)", grouped(count)),
    };
    let place = format!("{file}line {}: {}{many}", example.line, example.unparsed);
    writeln!(
        out,
        "<p>{}</p>\n<pre>{}</pre>",
        escape::html(&place),
        escape::html(&escape::shown(&example.text))
    )
    .expect("a string takes every write");
}
