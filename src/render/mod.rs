//! Events to bytes: the contract of an output, and the table of them.

mod bars;
mod clock;
pub mod csv;
pub mod dashboard;
pub mod digits;
mod document;
pub mod email;
pub mod escape;
pub mod html;
pub mod json;
pub mod lines;
pub mod openmetrics;
pub mod rollup;
pub mod text;
pub mod units;

use crate::report::Event;
use crate::time::Zone;
use text::Look;

/// A way to write events.
pub trait Render {
    /// Appends `event`, with times in `zone`. What is appended ends with a newline.
    fn render(&mut self, event: &Event, zone: &Zone, out: &mut Vec<u8>);

    /// Whether anything is shown of a report's trend, which takes a while to make where there are many reports.
    fn shows_trend(&self) -> bool {
        false
    }
}

/// An output that `--report` can name.
#[derive(Debug)]
pub struct Output {
    /// Its name for `--report`.
    pub name: &'static str,
    /// One line about it, for the man page.
    pub about: &'static str,
    /// What it makes of the events.
    pub form: Form,
    /// Whether its summary shows robots.
    pub robots: bool,
    /// Whether it shows how long requests took over time, and the hours of the week.
    pub page: bool,
    /// Makes one, for what standard output can show.
    pub make: fn(Look) -> Box<dyn Render>,
}

/// What an output makes of the events of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Something for each event, as it comes.
    Stream,
    /// A row for each report, as it comes.
    Rows,
    /// The rows of each second, as it closes.
    Rollup,
    /// One document, made from the summary; its file is replaced as a whole.
    Document,
    /// Lines of the log, and nothing for an event.
    Lines,
}

impl PartialEq for Output {
    fn eq(&self, other: &Output) -> bool {
        self.name == other.name
    }
}

/// Every output; the first is the default.
pub static OUTPUTS: &[Output] = &[
    Output {
        name: "text",
        about: "for people, plain or coloured",
        form: Form::Stream,
        robots: true,
        page: false,
        make: |look| Box::new(text::Text::new(look)),
    },
    Output {
        name: "json",
        about: "JSON Lines, one object per line",
        form: Form::Stream,
        robots: true,
        page: false,
        make: |_| Box::new(json::Json),
    },
    Output {
        name: "html",
        about: "a page about the whole run, with a time line; it has no script and loads nothing",
        form: Form::Document,
        robots: true,
        page: true,
        make: |_| Box::new(html::Html),
    },
    Output {
        name: "email",
        about: "a complete message in text and HTML, for sendmail -t; put a To: line before it",
        form: Form::Document,
        robots: true,
        page: false,
        make: |_| Box::new(email::Email),
    },
    Output {
        name: "openmetrics",
        about: "metrics for node_exporter's textfile collector",
        form: Form::Document,
        robots: true,
        page: false,
        make: |_| Box::new(openmetrics::OpenMetrics::default()),
    },
    Output {
        name: "csv",
        about: "a row for each interval, for spreadsheets",
        form: Form::Rows,
        robots: false,
        page: false,
        make: |_| Box::new(csv::Csv::default()),
    },
    Output {
        name: "lines",
        about: "the lines that count, as they stand in the log; of several files in the order of time",
        form: Form::Lines,
        robots: false,
        page: false,
        make: |_| Box::new(lines::NoEvents),
    },
    Output {
        name: "rollup",
        about: "what was counted, as a log that httpmon reads; see ROLLUPS",
        form: Form::Rollup,
        robots: true,
        page: false,
        make: |_| Box::new(rollup::RollupWriter::default()),
    },
];
