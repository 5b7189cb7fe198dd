//! Text for people: plain lines that stand well in a file, a mail or `grep`; on a colour terminal
//! also bars, a sparkline and colour. Meaning is never carried by colour alone.

mod alerts;
mod extras;
mod table;

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use super::Render;
use super::bars::{cut, sparkline};
use super::escape;
use super::units;
use crate::report::{Block, Event, Example, Report, Value};
use crate::time::{Span, Zone};
use table::Columns;

/// What the reader's screen can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Colour, and with it bars and the sparkline.
    pub rich: bool,
    /// Columns; what is cut to fit is cut to this, and only where `rich`.
    pub width: usize,
    /// Only ASCII.
    pub ascii: bool,
}

/// The columns that a row's title takes, the indent included.
const TITLE: usize = 12;
/// Narrower than this nothing can be laid out.
const MIN_WIDTH: usize = 40;
const MAX_WIDTH: usize = 200;
/// No key is cut shorter than this.
const MIN_KEY: usize = 12;

/// A silence shorter than this, and than the interval, is a pause between two lines.
const PAUSE: Span = Span(10);

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const BAR: Style = AnsiColor::Cyan.on_default();
const GOOD: Style = AnsiColor::Green.on_default();
const WARN: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const FIRING: Style = AnsiColor::Red.on_default().bold();
const RESOLVED: Style = AnsiColor::Green.on_default().bold();

/// The text output.
#[derive(Debug)]
pub struct Text {
    look: Look,
}

impl Text {
    /// Text for `look`.
    pub fn new(look: Look) -> Text {
        Text {
            look: Look {
                width: look.width.clamp(MIN_WIDTH, MAX_WIDTH),
                ..look
            },
        }
    }
}

impl Render for Text {
    fn render(&mut self, event: &Event, zone: &Zone, out: &mut Vec<u8>) {
        let mut page = Page {
            look: self.look,
            zone,
            columns: Columns::default(),
            out: String::new(),
        };
        match event {
            Event::Alert(alert) => page.alert(alert),
            Event::Report(report) => page.report(report, false),
            Event::Gap { from, to } => {
                let line = format!(
                    "{} gap of {}: no lines until {}",
                    zone.show(*from),
                    *to - *from,
                    zone.show(*to)
                );
                page.line(DIM, &line);
            }
            Event::Summary(report) => page.report(report, true),
        }
        out.extend_from_slice(page.out.as_bytes());
    }
}

/// Text that is being written.
struct Page<'a> {
    look: Look,
    zone: &'a Zone,
    columns: Columns,
    out: String,
}

impl Page<'_> {
    /// `text` in `style`, where there is colour.
    fn paint(&self, style: Style, text: &str) -> String {
        if self.look.rich && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    fn line(&mut self, style: Style, text: &str) {
        let text = self.paint(style, text);
        self.out.push_str(&text);
        self.out.push('\n');
    }

    /// `  title     text`, where the title stands once for all lines under it.
    fn row(&mut self, title: &str, text: &str) {
        let title = format!("  {title}");
        let padding = " ".repeat(
            TITLE
                .saturating_sub(title.width())
                .max(usize::from(!title.trim().is_empty())),
        );
        let title = self.paint(DIM, &title);
        writeln!(self.out, "{title}{padding}{text}").expect("a string takes every write");
    }

    fn key(&self, bytes: &[u8]) -> String {
        escape::terminal(bytes, self.look.ascii)
    }

    fn report(&mut self, report: &Report, whole: bool) {
        let span = match (report.from, report.to) {
            (Some(from), Some(to)) if whole => {
                format!(
                    "summary {} to {} ({})",
                    self.zone.show(from),
                    self.zone.show(to),
                    Span((to - from).0 + 1)
                )
            }
            (Some(from), Some(to)) => format!("{} {}", self.zone.show(from), to - from),
            _ => "summary: no record".to_owned(),
        };
        let mut head = self.paint(BOLD, &span);
        let mut columns = span.width();
        if report.partial {
            let mark = if whole { " so far" } else { " partial" };
            head.push_str(mark);
            columns += mark.len();
        }
        let mut numbers = String::new();
        // A gap before the numbers and between those that weigh the same.
        let mut gap = "   ";
        for block in &report.blocks {
            match block {
                Block::Headline { key, value } => {
                    let text = match value {
                        Value::Count(number) => format!("{number} {}", noun(key, *number)),
                        Value::Bytes(number) => units::bytes(*number),
                        Value::PerSecond(number) => units::rate(*number),
                    };
                    columns += gap.len() + text.width();
                    write!(numbers, "{gap}{text}").expect("a string takes every write");
                    gap = "  ";
                }
                Block::Share { key, part, whole } => {
                    let text = format!("{key} {:.1}%", units::share(*part, *whole));
                    columns += 3 + text.width();
                    let text = if *part > 0 {
                        self.paint(BAD, &text)
                    } else {
                        text
                    };
                    write!(numbers, "   {text}").expect("a string takes every write");
                }
                _ => {}
            }
        }
        // On a screen too narrow for both the numbers get a line of their own.
        if self.look.rich && columns > self.look.width {
            head.push_str("\n  ");
            head.push_str(numbers.trim_start());
        } else {
            head.push_str(&numbers);
        }
        self.out.push_str(&head);
        self.out.push('\n');
        if self.look.rich {
            self.columns = self.columns(report);
        }
        for block in &report.blocks {
            if let (Block::Silent(span), Some(from), Some(to)) = (block, report.from, report.to)
                && *span < PAUSE.min(to - from)
            {
                continue;
            }
            self.block(block, whole);
        }
        self.input(report);
    }

    fn block(&mut self, block: &Block, whole: bool) {
        match block {
            Block::Group { key, items } => {
                let items: Vec<String> = items
                    .iter()
                    .filter(|(_, number)| *number > 0)
                    .map(|(name, number)| {
                        self.paint(class_style(name), &format!("{name} {number}"))
                    })
                    .collect();
                if !items.is_empty() {
                    self.row(key, &items.join("  "));
                }
            }
            Block::Latency(items) => {
                let items: Vec<String> = items
                    .iter()
                    .map(|(name, ms)| format!("{name} {}", units::milliseconds(*ms)))
                    .collect();
                self.row("latency", &items.join("  "));
            }
            Block::Peak { key, peak } => {
                let (hits, from) = (peak.hits, self.zone.show(peak.from));
                let length = peak.to - peak.from;
                let hits = format!("{hits} {} in the", noun("hits", hits));
                let line = if length == Span::SECOND {
                    format!("{hits} second of {from}")
                } else {
                    format!("{hits} {length} from {from}")
                };
                self.row(key, &line);
            }
            Block::Portions { items, whole } => {
                let items: Vec<String> = items
                    .iter()
                    .filter(|(_, number)| *number > 0)
                    .map(|(name, number)| format!("{name} {:.1}%", units::share(*number, *whole)))
                    .collect();
                if !items.is_empty() {
                    self.row("share", &items.join("  "));
                }
            }
            Block::Trend(trend) if self.look.rich => {
                let line = sparkline(trend, self.look.width - TITLE, self.look.ascii);
                let line = self.paint(BAR, &line);
                self.row("trend", &line);
            }
            Block::Ranking(ranking) if ranking.listed && ranking.unique > 0 => {
                if self.look.rich && !ranking.rows.is_empty() {
                    self.table(ranking);
                } else {
                    self.list(ranking);
                }
            }
            Block::Window(figure) => {
                let rates = format!("{} of {}/s", units::rate(figure.value), figure.threshold);
                let rates = if figure.value > figure.threshold {
                    self.paint(BAD, &rates)
                } else {
                    rates
                };
                self.row(
                    "window",
                    &format!(
                        "{} {} in {}  {rates}",
                        figure.hits,
                        noun("hits", figure.hits),
                        figure.window
                    ),
                );
            }
            Block::Notes(notes) => {
                let mut title = "rules";
                for (rule, note) in notes {
                    self.row(title, &format!("{rule}: {note}"));
                    title = "";
                }
            }
            Block::Alerts(alerts) => self.alerts(alerts, whole),
            Block::Silent(span) => {
                self.row("silent", &self.paint(WARN, &format!("no lines for {span}")))
            }
            _ => {}
        }
    }

    /// What is to be known about the input: numbers that are not 0, and the first line of each failure.
    fn input(&mut self, report: &Report) {
        let mut items = Vec::new();
        for block in &report.blocks {
            if let Block::Input { key, value } = block
                && *value > 0
            {
                let text = format!("{key} {value}");
                items.push(if *key == "unparsed" {
                    self.paint(WARN, &text)
                } else {
                    text
                });
            }
        }
        if !items.is_empty() {
            self.row("input", &items.join("  "));
        }
        for block in &report.blocks {
            if let Block::Unparsed(examples) = block {
                examples.iter().for_each(|example| self.example(example));
            }
        }
    }

    fn example(&mut self, example: &Example) {
        let place = match &example.file {
            Some(file) => format!("{} line {}", self.key(file.as_bytes()), example.line),
            None => format!("line {}", example.line),
        };
        let mut line = format!("{place}: {}", example.unparsed);
        if example.count > 1 {
            write!(line, " ({} such lines)", example.count).expect("a string takes every write");
        }
        write!(line, ": {}", self.key(&example.text)).expect("a string takes every write");
        if self.look.rich {
            line = cut(&line, self.look.width - TITLE, self.look.ascii);
        }
        self.row("", &line);
    }
}

/// The unit of a count in the headline.
fn noun(key: &'static str, number: u64) -> &'static str {
    match (key, number) {
        ("hits", 1) => "hit",
        ("lines", 1) => "line",
        _ => key,
    }
}

fn class_style(name: &str) -> Style {
    match name {
        "2xx" => GOOD,
        "4xx" => WARN,
        "5xx" => BAD,
        _ => Style::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Ranking;
    use crate::stats::dimension::parse_top;
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
            width: 80,
            ascii: false,
        };
        let mut out = Vec::new();
        Text::new(look).render(&Event::Report(report), &Zone::UTC, &mut out);
        let text = String::from_utf8(out).expect("text is UTF-8");
        text.lines().skip(1).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_pause_between_two_lines_is_no_silence() {
        assert_eq!(plain(Block::Silent(Span(9))), "");
        assert_eq!(
            plain(Block::Silent(Span(10))),
            "  silent    no lines for 10s"
        );
    }

    #[test]
    fn a_ranking_whose_keys_are_all_light_is_still_told() {
        let top = parse_top("client").expect("a list")[0];
        let ranking = Ranking::new(top, Vec::new(), 200, 100, 100, 3);
        assert_eq!(
            plain(Block::Ranking(ranking)),
            "  clients   about 100 unique (+-100): other 200  none above 3"
        );
    }
}
