//! Text for people: plain lines that suit a file, a mail or `grep`; on a terminal also bars, a sparkline and the
//! change since the report before, and colour where it shows that. Nothing is shown by colour alone.
//!
//! On a terminal little has to be kept of what was written: the numbers of the last report, and the widths of
//! its columns, so that those of the next report line up with them.

mod alerts;
mod changes;
mod check;
mod extras;
mod headline;
mod plain;
pub mod sentence;
mod table;
mod writer;

use super::Render;
use super::bars::{cut, push_sparkline};
use super::digits;
use super::units;
use crate::quantity::Figure;
use crate::report::{Block, Event, Pause, Peak, Report, UnparsedExample};
use crate::time::{Span, Zone};
use headline::Numbers;
use table::Widths;
use writer::TextWriter;

/// What the reader's screen can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Bars, columns and the sparkline, for somebody who looks at it.
    pub rich: bool,
    /// Colour.
    pub color: bool,
    /// Its columns, to which lines are cut if `rich`.
    pub width: usize,
    /// Only ASCII.
    pub ascii: bool,
}

/// The columns that a row's title takes, the indent included.
const TITLE: usize = 12;
/// The least width that a layout is made for.
const MIN_WIDTH: usize = 40;
const MAX_WIDTH: usize = 200;
/// The columns after the sparkline, for the height of its highest column.
const SCALE: usize = 16;
/// So many of the files of a run are named.
const FILES: usize = 3;
/// No key is cut shorter than this.
const MIN_KEY: usize = 12;

// What a terminal gets before a text: "select graphic rendition" of ECMA-48.
pub(super) const PLAIN: &str = "";
pub(super) const BOLD: &str = "\x1b[1m";
pub(super) const DIM: &str = "\x1b[2m";
pub(super) const BAR: &str = "\x1b[36m";
pub(super) const GOOD: &str = "\x1b[32m";
// A brown of the 256 colours, which is legible on white and on black; yellow is not on white.
pub(super) const WARN: &str = "\x1b[38;5;130m";
pub(super) const BAD: &str = "\x1b[31m";
pub(super) const FIRING: &str = "\x1b[1m\x1b[31m";
// Reversed, the letters have the terminal's own background colour, which is legible in any theme.
const FIRED: &str = "\x1b[1m\x1b[7m\x1b[31m";
const RESOLVED: &str = "\x1b[1m\x1b[7m\x1b[32m";
// Over, but nobody knows whether things are well.
const UNKNOWN: &str = "\x1b[1m\x1b[7m\x1b[38;5;130m";
/// What a terminal gets after it.
pub(super) const RESET: &str = "\x1b[0m";

/// The text output.
#[derive(Debug)]
pub struct Text {
    look: Look,
    /// What the last event was, if there was one.
    last: Option<EventShape>,
    /// The numbers of the last report, if the next may be compared with them.
    before: Option<Numbers>,
    /// The columns of the last report's tables.
    columns: Widths,
    /// Whether the numbers of the last report were on their own line.
    broken: bool,
}

/// What an event looks like: some lines, or a block of them.
#[derive(Debug, Clone, Copy, PartialEq)]
enum EventShape {
    Lines,
    Block,
}

impl Text {
    /// Text for `look`.
    pub fn new(look: Look) -> Text {
        Text {
            look: Look {
                width: look.width.clamp(MIN_WIDTH, MAX_WIDTH),
                ..look
            },
            last: None,
            before: None,
            columns: Widths::default(),
            broken: false,
        }
    }

    fn writer<'a>(&self, zone: &'a Zone, out: &'a mut Vec<u8>) -> TextWriter<'a> {
        TextWriter {
            look: self.look,
            zone,
            before: None,
            columns: self.columns,
            broken: self.broken,
            codes: 0,
            out,
        }
    }
}

impl Render for Text {
    fn render(&mut self, event: &Event, zone: &Zone, out: &mut Vec<u8>) {
        if matches!(event, Event::Rolled(_)) {
            return;
        }
        let mut page = self.writer(zone, out);
        if self.look.rich {
            let kind = match event {
                Event::Transition(_) | Event::Gap { .. } | Event::Rewind(_) | Event::Rolled(_) => {
                    EventShape::Lines
                }
                Event::Report(_) | Event::Summary(_) | Event::Check(_) => EventShape::Block,
            };
            // There is a blank line around blocks, but not between alerts in a row.
            if let Some(last) = self.last.replace(kind)
                && (last, kind) != (EventShape::Lines, EventShape::Lines)
            {
                page.raw("\n");
            }
        }
        match event {
            Event::Transition(alert) => page.alert(alert),
            Event::Report(report) if self.look.rich => {
                let numbers = Numbers::of(report);
                page.before = self.before.filter(|before| {
                    numbers.is_some_and(|numbers| numbers.can_be_compared_with(before))
                });
                page.report(report, false);
                self.before = numbers;
                self.columns = page.columns.kept();
                self.broken = page.broken;
            }
            Event::Report(report) => page.report(report, false),
            Event::Gap { from, to, unread } => page.line(DIM, |page| {
                let what = if *unread { "not read" } else { "no lines" };
                page.time(*from);
                page.write(format_args!(" gap of {}: {what} until ", *to - *from));
                page.time(*to);
            }),
            Event::Rewind(rewind) => page.line(DIM, |page| {
                page.time(rewind.from);
                page.raw(" the log goes back to ");
                page.time(rewind.to);
                page.raw(" at ");
                if let Some(source) = &rewind.file {
                    page.key(source.as_bytes());
                    page.raw(" ");
                }
                page.write(format_args!("line {}", rewind.line));
            }),
            Event::Summary(report) => page.report(report, true),
            Event::Check(checked) => page.checked(checked),
            Event::Rolled(_) => {}
        }
    }

    fn shows_trend(&self) -> bool {
        self.look.rich
    }
}

impl TextWriter<'_> {
    fn report(&mut self, report: &Report, whole: bool) {
        self.headline(report, whole);
        if self.look.rich {
            self.columns = self.columns(report);
        }
        let silent = !whole && report.hits() == Some(0);
        for block in &report.blocks {
            match block {
                Block::Group { caption, .. }
                    if !report.groups().any(|group| group.0 == caption.key) => {}
                // Where nothing happens, what was over is no news in every report.
                Block::Alerts(alerts) if silent => self.firing(alerts),
                block => self.block(block, whole),
            }
        }
        self.input(report);
    }

    fn block(&mut self, block: &Block, whole: bool) {
        match block {
            Block::Group {
                caption,
                items,
                error,
            } => {
                let mut first = true;
                for (name, number) in items.iter().filter(|(_, number)| *number > 0) {
                    self.item(caption.key, &mut first);
                    self.paint(class_style(name), |page| {
                        page.raw(name);
                        page.raw(" ");
                        page.raw(units::about(*error));
                        page.number(*number);
                    });
                }
                if *error > 0 && !first {
                    self.write(format_args!(" (+-{error})"));
                }
                self.end_items(first);
            }
            Block::Latency(items) => {
                let mut first = true;
                for (name, ms) in items {
                    self.item("latency", &mut first);
                    self.raw(name);
                    self.raw(" ");
                    units::push_milliseconds(*ms, self.out);
                }
                self.end_items(first);
            }
            Block::Peak { key, peak } => self.row(key, |page| page.peak(*peak)),
            Block::Pause(pause) => self.row("pause", |page| page.pause(*pause)),
            Block::Scope(scope) if !scope.files.is_empty() => {
                self.row("files", |page| page.files(&scope.files));
            }
            Block::Portions { items, whole } => {
                let mut first = true;
                for (caption, number) in items.iter().filter(|(_, number)| *number > 0) {
                    self.item("share", &mut first);
                    self.raw(caption.key);
                    self.raw(" ");
                    units::push_fine_percent(*number, *whole, self.out);
                }
                self.end_items(first);
            }
            Block::Trend { hits, step } if self.look.rich => self.row("trend", |page| {
                let Look { width, ascii, .. } = page.look;
                page.paint(BAR, |page| {
                    push_sparkline(hits, width - TITLE - SCALE, ascii, page.out)
                });
                let most = hits.iter().max().copied().unwrap_or(0);
                page.paint(DIM, |page| {
                    page.raw("  max ");
                    match step.0 {
                        1 => page.write(format_args!("{most}/s")),
                        step => units::push_rate(most as f64 / step as f64, page.out),
                    }
                });
            }),
            Block::Ranking(ranking) if ranking.listed && ranking.unique > 0 => {
                if ranking.rows.is_empty() {
                    self.list(ranking);
                } else if self.look.rich && ranking.columns.is_none() {
                    self.table(ranking);
                } else if whole && (ranking.asked || ranking.columns.is_some()) {
                    self.lines(ranking);
                } else {
                    self.list(ranking);
                }
            }
            Block::Window(figure) => self.row("window", |page| page.window(figure)),
            Block::Notes(notes) => {
                let mut title = "rules";
                for (rule, note) in notes {
                    self.row(title, |page| page.write(format_args!("{rule}: {note}")));
                    title = "";
                }
            }
            Block::Comparison(comparison) => self.comparison(comparison),
            Block::Alerts(alerts) => self.alerts(alerts, whole),
            Block::Silent(span) => self.row("silent", |page| {
                page.paint(WARN, |page| page.write(format_args!("no lines for {span}")))
            }),
            Block::Behind(behind) => self.row("behind", |page| {
                for (i, (source, span)) in behind.iter().enumerate() {
                    page.raw(if i == 0 { "" } else { "  " });
                    page.key(source.as_bytes());
                    page.paint(WARN, |page| page.write(format_args!(" is {span} behind")));
                }
            }),
            _ => {}
        }
    }

    /// When the most hits were: `31 hits in the second of …`, `612 hits in the 1m from …`.
    fn peak(&mut self, peak: Peak) {
        self.number(peak.hits);
        self.raw(" ");
        self.raw(noun("hits", peak.hits));
        self.raw(" in the ");
        match peak.to - peak.from {
            Span::SECOND => self.raw("second of "),
            length => {
                self.span(length);
                self.raw(" from ");
            }
        }
        self.time(peak.from);
    }

    /// `no hit for 24h from … to …`
    fn pause(&mut self, pause: Pause) {
        self.paint(WARN, |page| {
            page.raw("no hit for ");
            page.span(pause.to - pause.from);
        });
        self.raw(" from ");
        self.time(pause.from);
        self.raw(" to ");
        self.time(pause.to);
    }

    /// The first of these files: `access.log, access.log.1 and 12 more`.
    fn files(&mut self, files: &[String]) {
        for (i, file) in files.iter().take(FILES).enumerate() {
            self.raw(if i == 0 { "" } else { ", " });
            self.key(file.as_bytes());
        }
        if files.len() > FILES {
            self.write(format_args!(" and {} more", files.len() - FILES));
        }
    }

    /// The state of a rule: `1260 hits in 2m  10.50/s of 10/s`.
    fn window(&mut self, figure: &Figure) {
        self.number(figure.hits);
        self.raw(" ");
        self.raw(noun("hits", figure.hits));
        self.raw(" in ");
        self.span(figure.window);
        self.raw("  ");
        let over = figure.value > figure.threshold;
        self.paint(if over { BAD } else { PLAIN }, |page| {
            units::push_rate(figure.value, page.out);
            page.raw(" of ");
            digits::shortest(figure.threshold, page.out);
            page.raw("/s");
        });
    }

    /// About the input: numbers that are not 0, and the first line of each failure.
    fn input(&mut self, report: &Report) {
        let mut first = true;
        for block in &report.blocks {
            if let Block::Input { key, value, errors } = block
                && *value > 0
            {
                self.item("input", &mut first);
                let unparsed = *key == "unparsed";
                self.paint(if unparsed { WARN } else { PLAIN }, |page| {
                    page.raw(key);
                    page.raw(" ");
                    page.number(*value);
                    if *errors > 0 {
                        page.write(format_args!(" ({errors} 5xx)"));
                    }
                });
            }
        }
        self.end_items(first);
        for block in &report.blocks {
            if let Block::Unparsed(examples) = block {
                examples.iter().for_each(|example| self.example(example));
            }
        }
    }

    fn example(&mut self, example: &UnparsedExample) {
        let mut line = self.aside(|page| {
            if let Some(file) = &example.file {
                page.key(file.as_bytes());
                page.raw(" ");
            }
            page.write(format_args!("line {}: {}", example.line, example.unparsed));
            if example.count > 1 {
                page.write(format_args!(" ({} such lines)", example.count));
            }
            page.raw(": ");
            page.key(&example.text);
        });
        if self.look.rich {
            line = cut(&line, self.look.width - TITLE, self.look.ascii);
        }
        self.row("", |page| page.raw(&line));
    }
}

/// The unit of a count in the headline.
pub(super) fn noun(key: &'static str, number: u64) -> &'static str {
    match (key, number) {
        ("hits", 1) => "hit",
        ("lines", 1) => "line",
        _ => key,
    }
}

pub(super) fn class_style(name: &str) -> &'static str {
    match name {
        "2xx" => GOOD,
        "4xx" => WARN,
        "5xx" => BAD,
        _ => PLAIN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Ranking;
    use crate::time::Second;

    fn plain(block: Block) -> String {
        let report = Report {
            from: Some(Second(0)),
            to: Some(Second(60)),
            partial: false,
            blocks: vec![block],
        };
        let look = Look {
            rich: false,
            color: false,
            width: 80,
            ascii: false,
        };
        let mut out = Vec::new();
        Text::new(look).render(&Event::Report(report), &Zone::UTC, &mut out);
        let text = String::from_utf8(out).expect("text is UTF-8");
        text.lines().skip(1).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_silence_is_shown() {
        assert_eq!(
            plain(Block::Silent(Span(10))),
            "  silent    no lines for 10s"
        );
    }

    #[test]
    fn a_ranking_whose_keys_are_all_light_is_still_told() {
        let clients = crate::quantity::KeyKind {
            name: "client",
            title: "clients",
        };
        let ranking = Ranking::new(clients, Vec::new(), 200, 100, 100, 3);
        assert_eq!(
            plain(Block::Ranking(Box::new(ranking))),
            "  clients   about 100 unique (+-100): other 200  none above 3"
        );
    }
}
