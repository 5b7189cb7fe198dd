//! Text for people: plain lines that stand well in a file, a mail or `grep`; on a colour terminal
//! also bars, a sparkline and colour. Meaning is never carried by colour alone.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use super::Render;
use super::escape;
use super::units;
use crate::alert::measure::Unit;
use crate::report::{
    Alert, Alerts, Block, Event, Example, Fired, Key, Ranking, Report, State, Value,
};
use crate::time::{Span, Zone};

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

    /// ` for client 10.0.0.4`
    fn for_key(&self, key: &Key) -> String {
        format!(" for {} {}", key.dimension.name, self.key(&key.key))
    }

    fn alert(&mut self, alert: &Alert) {
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
                // What rounds to 0 % explains nothing, and the status is told as 5xx below.
                for change in changed
                    .iter()
                    .filter(|change| change.share >= 0.005 && change.dimension.name != "status")
                {
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
                if share > 0.0 || was.is_some_and(|was| was > 0.0) {
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

    /// One line: `sections  9 unique: /api 812 (63%)  /img 301 (23%)  other 73`.
    fn list(&mut self, ranking: &Ranking) {
        let mut line = String::new();
        if ranking.unique > ranking.rows.len() as u64 {
            write!(line, "{}: ", unique(ranking)).expect("a string takes every write");
        }
        let mut items: Vec<String> = Vec::new();
        for row in &ranking.rows {
            let hits = row.count.hits;
            items.push(format!(
                "{} {hits} ({})",
                self.key(&row.key),
                units::percent(hits, ranking.hits)
            ));
        }
        if ranking.other() > 0 {
            items.push(format!("other {}", ranking.other()));
        }
        if ranking.error > 0 && ranking.rows.is_empty() {
            items.push(format!("none above {}", ranking.error));
        } else if ranking.error > 0 {
            items.push(format!("each up to {} more", ranking.error));
        }
        line.push_str(&items.join("  "));
        self.row(ranking.dimension.title, &line);
    }

    /// A line per key, with a bar, and one for the others, which tells how many they are.
    fn table(&mut self, ranking: &Ranking) {
        let mut rows: Vec<(String, u64, u64)> = Vec::new();
        for row in &ranking.rows {
            rows.push((self.key(&row.key), row.count.hits, row.count.errors));
        }
        let listed = rows.len();
        if ranking.other() > 0 {
            let more = ranking.unique.saturating_sub(listed as u64);
            let about = if ranking.unique_error > 0 {
                "about "
            } else {
                ""
            };
            rows.push((format!("{about}{more} other"), ranking.other(), 0));
        }
        let digits = rows
            .iter()
            .map(|row| row.1.to_string().len())
            .max()
            .unwrap_or(1);
        // Title, key, bar, hits, share: " 100%". The bar takes a quarter, the key what is left.
        // Where too little is left for a key the bar is shorter.
        let left = self.look.width.saturating_sub(TITLE + digits + 7);
        let bar = (self.look.width / 4)
            .clamp(8, 40)
            .min(left.saturating_sub(MIN_KEY));
        let room = (left - bar).max(MIN_KEY);
        let keys = rows
            .iter()
            .map(|row| row.0.width())
            .max()
            .unwrap_or(0)
            .min(room);
        let most = rows[..listed]
            .iter()
            .map(|row| row.1)
            .max()
            .unwrap_or(1)
            .max(1);
        let mut title = ranking.dimension.title;
        for (i, (key, hits, errors)) in rows.iter().enumerate() {
            let key = cut(key, keys, self.look.ascii);
            let pad = " ".repeat(keys - key.width());
            let (key, line) = if i < listed {
                (key, bar_of(*hits, most, bar, self.look.ascii))
            } else {
                (self.paint(DIM, &key), " ".repeat(bar))
            };
            let line = self.paint(BAR, &line);
            let share = units::percent(*hits, ranking.hits);
            let mut text = format!("{key}{pad} {line} {hits:>digits$} {share:>4}");
            let errors_text = format!("  5xx {errors}");
            if *errors > 0 && TITLE + keys + bar + digits + 7 + errors_text.len() <= self.look.width
            {
                text.push_str(&self.paint(BAD, &errors_text));
            }
            self.row(title, &text);
            title = "";
        }
        if ranking.error > 0 {
            self.row("", &format!("each up to {} more", ranking.error));
        }
    }

    fn alerts(&mut self, alerts: &Alerts, whole: bool) {
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

/// `9 unique`, `about 1200000 unique (±0.8%)`.
fn unique(ranking: &Ranking) -> String {
    match ranking.unique_error {
        0 => format!("{} unique", ranking.unique),
        error => format!("about {} unique (+-{error})", ranking.unique),
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

/// A difference of shares in percentage points, rounded at the `scale`, and never `-0`.
fn points(share: f64, was: f64, scale: f64) -> f64 {
    let rounded = ((share - was) * 100.0 * scale).round() / scale;
    if rounded == 0.0 { 0.0 } else { rounded }
}

fn class_style(name: &str) -> Style {
    match name {
        "2xx" => GOOD,
        "4xx" => WARN,
        "5xx" => BAD,
        _ => Style::new(),
    }
}

/// `part` of `whole` as a bar of at most `width` columns, in eighths of a column.
fn bar_of(part: u64, whole: u64, width: usize, ascii: bool) -> String {
    let eighths = (part as u128 * width as u128 * 8 / whole.max(1) as u128) as usize;
    let mut bar = if ascii {
        "#".repeat(eighths.div_ceil(8).min(width))
    } else {
        "█".repeat(eighths / 8)
    };
    if !ascii && !eighths.is_multiple_of(8) {
        bar.push(['▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8 - 1]);
    }
    let used = bar.width();
    bar + &" ".repeat(width.saturating_sub(used))
}

/// Numbers as a line of columns, at most `width` of them: neighbours are added up to fit.
fn sparkline(numbers: &[u64], width: usize, ascii: bool) -> String {
    let per_column = numbers.len().div_ceil(width.max(1)).max(1);
    let columns: Vec<u64> = numbers
        .chunks(per_column)
        .map(|chunk| chunk.iter().sum())
        .collect();
    let most = columns.iter().copied().max().unwrap_or(0).max(1);
    let levels: Vec<char> = if ascii {
        " .:-=+*#".chars().collect()
    } else {
        " ▁▂▃▄▅▆▇█".chars().collect()
    };
    let top = (levels.len() - 1) as u64;
    // The lowest mark means some, the highest means most; only an empty column is blank.
    columns
        .iter()
        .map(|&n| levels[(u128::from(n) * u128::from(top)).div_ceil(u128::from(most)) as usize])
        .collect()
}

/// `text` in at most `width` columns, its end replaced by an ellipsis where it does not fit.
fn cut(text: &str, width: usize, ascii: bool) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mark = if ascii { "..." } else { "…" };
    let mut kept = String::new();
    let mut used = mark.width();
    for c in text.chars() {
        let columns = unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        if used + columns > width {
            break;
        }
        used += columns;
        kept.push(c);
    }
    kept + mark
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::dimension::parse_top;
    use crate::time::Second;

    #[test]
    fn bars_grow_in_eighths_and_keep_their_width() {
        assert_eq!(bar_of(8, 8, 4, false), "████");
        assert_eq!(bar_of(1, 32, 4, false), "▏   ");
        assert_eq!(bar_of(0, 8, 4, false), "    ");
        assert_eq!(bar_of(1, 1000, 4, true), "    ");
        assert_eq!(bar_of(4, 8, 4, true), "##  ");
        assert_eq!(bar_of(1, 0, 2, true), "##");
    }

    #[test]
    fn sparklines_fit_and_show_every_second_with_hits() {
        assert_eq!(sparkline(&[0, 1, 100, 50], 10, false), " ▁█▄");
        assert_eq!(sparkline(&[0, 0], 10, false), "  ");
        assert_eq!(sparkline(&[1; 120], 40, true).len(), 40);
        assert_eq!(sparkline(&[1; 120], 0, true).len(), 1);
    }

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

    #[test]
    fn text_is_cut_by_columns_not_bytes() {
        assert_eq!(cut("/abcdef", 5, false), "/abc…");
        assert_eq!(cut("/日本語", 4, false), "/日…");
        assert_eq!(cut("/abc", 4, false), "/abc");
        assert_eq!(cut("/abcdef", 5, true), "/a...");
    }

    #[test]
    fn differences_of_shares_are_never_minus_zero() {
        assert_eq!(format!("{:+.0}", points(0.5, 0.503, 1.0)), "+0");
        assert_eq!(format!("{:+.1}", points(0.104, 0.073, 10.0)), "+3.1");
    }
}
