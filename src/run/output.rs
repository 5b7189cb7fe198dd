//! Events to standard output: rendered into a buffer, written in whole blocks.

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};

use crate::cli::Color;
use crate::render::Render;
use crate::render::text::Look;
use crate::report::Event;
use crate::time::Zone;

/// Bytes kept before they are written, where nobody waits for them.
const BUFFER: usize = 64 << 10;

/// Where events go.
pub struct Output {
    stream: Box<dyn Write>,
    renderer: Box<dyn Render>,
    buffer: Vec<u8>,
    /// Each event is written and flushed at once.
    live: bool,
}

impl Output {
    /// Writes to `stream`; if `live`, with one write and one flush per event.
    pub fn new(stream: Box<dyn Write>, renderer: Box<dyn Render>, live: bool) -> Output {
        Output {
            stream,
            renderer,
            buffer: Vec::new(),
            live,
        }
    }

    /// Writes an event.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    pub fn write(&mut self, event: &Event, zone: &Zone) -> io::Result<()> {
        self.renderer.render(event, zone, &mut self.buffer);
        if self.live || self.buffer.len() >= BUFFER {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Writes what is buffered.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let written = self
            .stream
            .write_all(&self.buffer)
            .and_then(|()| self.stream.flush());
        self.buffer.clear();
        written
    }
}

/// Standard output, and what it can show.
pub(super) fn stdout(color: Color) -> (Look, Box<dyn Write>) {
    let stdout = io::stdout();
    let choice = match color {
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
        Color::Auto => AutoStream::choice(&stdout),
    };
    let look = Look {
        rich: choice != ColorChoice::Never,
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
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
    let terminal =
        terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    terminal
        .filter(|&width| width > 0)
        .or_else(columns)
        .unwrap_or(80)
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
