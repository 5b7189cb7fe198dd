//! Events to standard output or a file: rendered into a buffer, written in whole blocks.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};

use super::compare::Comparing;
use super::operands::Operand;
use super::output_file::{self, Appended, Replaced};
use super::{file, progress, say};
use crate::cli::{Color, Options};
use crate::error::Error;
use crate::render::text::Look;
use crate::render::{Form, Render};
use crate::report::Event;
use crate::time::Zone;

/// Bytes kept before they are written, where nobody waits for them.
const BUFFER: usize = 64 << 10;
/// The most bytes kept that could not be written yet.
const MOST: usize = 4 << 20;

/// What standard output is called in a message.
const STDOUT: &str = "standard output";
/// Columns where nobody says how many there are.
const WIDTH: usize = 80;

/// Where events go.
pub struct ReportWriter {
    sink: Destination,
    renderer: Box<dyn Render>,
    buffer: Vec<u8>,
    /// Each event is written and flushed at once.
    live: bool,
    /// Whether that is standard output.
    stdout: bool,
    /// What the sink is called in a message.
    name: String,
    /// Whether a file could not be written at some time.
    failed: bool,
}

/// Where bytes go.
enum Destination {
    /// One after the other.
    Stream(Box<dyn Write>),
    /// Those of one document, at the end.
    Once(Box<dyn Write>),
    /// Behind those that a file holds.
    Appended(Appended),
    /// In place of those from before.
    Replaced(Replaced),
}

impl ReportWriter {
    /// Writes to `stream`; if `live`, with one write and one flush per event.
    pub fn new(stream: Box<dyn Write>, renderer: Box<dyn Render>, live: bool) -> ReportWriter {
        ReportWriter {
            sink: Destination::Stream(stream),
            renderer,
            buffer: Vec::new(),
            live,
            stdout: true,
            name: STDOUT.to_owned(),
            failed: false,
        }
    }

    /// What `options` ask for, with the file of `--output` ready to be written.
    ///
    /// # Errors
    ///
    /// If that file cannot be written, or is one of the `inputs`.
    pub(super) fn open(options: &Options, inputs: &[Operand]) -> Result<ReportWriter, Error> {
        let report = options.report;
        let document = report.form == Form::Document;
        let bytes = |stream| {
            if document {
                Destination::Once(stream)
            } else {
                Destination::Stream(stream)
            }
        };
        let (sink, look, name) = match &options.output {
            None => {
                let (look, stdout) = stdout(options.color);
                (bytes(stdout), look, STDOUT.to_owned())
            }
            Some(path) => {
                output_file::check(path, inputs)?;
                let replaced = if document { Replaced::at(path)? } else { None };
                let sink = match replaced {
                    Some(replaced) => Destination::Replaced(replaced),
                    None if document => Destination::Once(Box::new(output_file::open(path)?)),
                    // What an earlier run wrote is history as well.
                    None => Destination::Appended(Appended::at(path, !options.replay)?),
                };
                let look = Look {
                    rich: options.color == Color::Always,
                    color: options.color == Color::Always,
                    width: columns().unwrap_or(WIDTH),
                    ascii: !utf8(),
                };
                (sink, look, output_file::name(path))
            }
        };
        Ok(ReportWriter {
            sink,
            renderer: (report.make)(look),
            buffer: Vec::new(),
            // What a ledger says is written must be.
            live: !options.replay || options.state.is_some(),
            stdout: options.output.is_none(),
            name,
            failed: false,
        })
    }

    /// The same, with what changed since another time.
    pub(super) fn comparing(self, before: Comparing) -> ReportWriter {
        ReportWriter {
            renderer: Box::new(before.rendered_by(self.renderer)),
            ..self
        }
    }

    /// Whether it shows anything of a report's trend.
    pub(super) fn shows_trend(&self) -> bool {
        self.renderer.shows_trend()
    }

    /// What it is called in a message.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is standard output.
    pub fn is_stdout(&self) -> bool {
        self.stdout
    }

    /// Whether it shows the whole run so far, and wants a summary with every report.
    pub fn is_replaced(&self) -> bool {
        matches!(self.sink, Destination::Replaced(_))
    }

    /// How long the file is that it is appended to, if it is one.
    pub(super) fn length(&self) -> Option<u64> {
        match &self.sink {
            Destination::Appended(file) => file.length(),
            Destination::Stream(_) if self.stdout => file::length_of_stdout(),
            _ => None,
        }
    }

    /// Whether a file could not be written at some time; that was said.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// Writes an event.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    pub fn write(&mut self, event: &Event, zone: &Zone) -> io::Result<()> {
        self.render(event, zone);
        self.send()
    }

    /// Writes lines of the log.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        self.buffer.extend_from_slice(lines);
        self.send()
    }

    /// Renders an event, to be [sent](ReportWriter::send).
    pub(super) fn render(&mut self, event: &Event, zone: &Zone) {
        let partial = matches!(event, Event::Summary(summary) if summary.partial);
        if !(partial && matches!(self.sink, Destination::Once(_))) {
            self.renderer.render(event, zone, &mut self.buffer);
        }
    }

    /// How many bytes are to be written.
    pub(super) fn unwritten(&self) -> u64 {
        self.buffer.len() as u64
    }

    /// Cuts the file off to which it is appended.
    ///
    /// # Errors
    ///
    /// If that cannot be done.
    pub(super) fn cut(&mut self, length: u64) -> io::Result<()> {
        match &mut self.sink {
            Destination::Appended(file) => file.cut(length),
            Destination::Stream(_) if self.stdout => file::cut_stdout(length),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Writes what was rendered, if that is not to wait for more.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    pub(super) fn send(&mut self) -> io::Result<()> {
        if self.live || self.buffer.len() >= BUFFER {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Writes what is buffered. Live, a file that cannot be written is no end: it is tried again with what comes next.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        progress::before_output();
        let (count, written) = match &mut self.sink {
            Destination::Stream(stream) | Destination::Once(stream) => {
                let written = stream.write_all(&self.buffer);
                (self.buffer.len(), written.and_then(|()| stream.flush()))
            }
            Destination::Appended(file) => file.append(&self.buffer),
            // The next one says all that this one does.
            Destination::Replaced(file) => (self.buffer.len(), file.replace(&self.buffer)),
        };
        self.buffer.drain(..count);
        match written {
            Err(error)
                if self.live && !self.stdout && error.kind() != io::ErrorKind::BrokenPipe =>
            {
                self.keep_for_later(&error);
                Ok(())
            }
            other => other,
        }
    }

    #[cold]
    fn keep_for_later(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.failed, true) {
            say(&format!(
                "--output: {}: {error} (it is tried again with the next report)",
                self.name
            ));
        }
        if self.buffer.len() > MOST {
            let newline = self.buffer[MOST / 2..].iter().position(|&b| b == b'\n');
            self.buffer
                .drain(..newline.map_or(MOST, |at| MOST / 2 + at + 1));
        }
    }
}

/// What standard output can show.
pub(super) fn look(color: Color) -> Look {
    stdout(color).0
}

/// Standard output, and what it can show.
fn stdout(color: Color) -> (Look, Box<dyn Write>) {
    let stdout = io::stdout();
    let choice = match color {
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
        Color::Auto => AutoStream::choice(&stdout),
    };
    let color = choice != ColorChoice::Never;
    let look = Look {
        // A pager that says how wide it is is looked at as well.
        rich: color || stdout.is_terminal() || columns().is_some(),
        color,
        width: width(),
        ascii: !utf8(),
    };
    // Plain output has no codes to take out, and log bytes become none (see render::escape); looking
    // for them took a tenth of the time of short reports.
    let stream: Box<dyn Write> = match choice {
        ColorChoice::Never => Box::new(stdout.lock()),
        choice => Box::new(AutoStream::new(stdout.lock(), choice)),
    };
    (look, stream)
}

fn width() -> usize {
    let terminal =
        terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    terminal
        .filter(|&width| width > 0)
        .or_else(columns)
        .unwrap_or(WIDTH)
}

fn columns() -> Option<usize> {
    std::env::var("COLUMNS").ok()?.parse().ok()
}

/// Whether the locale is UTF-8, by the first of the variables that decide it.
fn utf8() -> bool {
    let value = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    match value {
        Some(value) => {
            let value = value.to_ascii_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        }
        None => cfg!(windows),
    }
}
