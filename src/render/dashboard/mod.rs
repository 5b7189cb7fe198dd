//! The dashboard: a screenful of text from a snapshot, and what has to be written to get there from the last one.
//!
//! A frame is a pure function of a snapshot, the reader's choices and the size of the screen: as many lines as the
//! screen has rows, without newlines, and none wider than the screen. Only lines that changed are written.

mod alerts;
mod graph;
pub mod keys;
pub mod layout;
mod line;
mod rankings;
pub mod view;

use super::bars::cut;
use super::text::{BAD, BOLD, DIM, Look, PLAIN, WARN, class_style, noun};
use super::{escape, units};
use crate::report::{Block, status_group};
use crate::snapshot::{RECENT, Snapshot};
use crate::time::{Second, Zone};
use layout::{LEAST, ScreenLayout};
use line::ScreenLine;
use rankings::percent;
use unicode_width::UnicodeWidthStr;
use view::View;

/// What is chosen, and what must be seen: in the colours of the terminal, reversed.
const CHOSEN: &str = "\x1b[1m\x1b[7m";

/// What a frame is made of.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// What is known.
    pub seen: &'a Snapshot,
    /// What the reader chose.
    pub view: &'a View,
    /// The zone of times.
    pub zone: &'a Zone,
    /// How far the input is: `live`, `43% of 1.2 GB`, `end of input`.
    pub input: &'a str,
    /// A message for standard error; empty if there is none.
    pub message: &'a str,
    /// The latest lines, if they are to be shown.
    pub latest: &'a [Vec<u8>],
}

/// The frame of a screen with so many columns and rows; `look` says what it can show.
pub fn frame(scene: &Scene<'_>, look: Look, height: usize) -> Vec<Vec<u8>> {
    let mut page = FrameWriter {
        look,
        zone: scene.zone,
        width: look.width,
        lines: Vec::with_capacity(height),
    };
    let Some(layout) = ScreenLayout::new(look.width, height) else {
        page.too_small(height);
        return page.lines;
    };
    page.width = layout.width;
    page.title(scene);
    page.figures(scene);
    page.status(scene.seen);
    page.graph(scene.seen, scene.view.scale.is_none(), &layout);
    page.dimensions(scene.seen, scene.view);
    if scene.view.latest {
        page.latest(scene.latest, &layout);
    } else {
        page.rankings(scene.seen, scene.view, &layout);
    }
    page.alerts(scene.seen, scene.view, &layout);
    page.foot(scene, height);
    page.lines
}

/// The bytes that turn a screen that shows `old` into one that shows `new`; without `old`, whatever it shows.
pub fn paint(old: Option<&[Vec<u8>]>, new: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    if old.is_none() {
        out.extend_from_slice(b"\x1b[2J");
    }
    for (row, line) in new.iter().enumerate() {
        if old.and_then(|old| old.get(row)) != Some(line) {
            // Cleared before it is written, because after the last column the cursor has no place to clear from.
            out.extend_from_slice(format!("\x1b[{};1H\x1b[2K", row + 1).as_bytes());
            out.extend_from_slice(line);
        }
    }
    if out.is_empty() {
        return out;
    }
    // Terminals that know this code show the whole frame at once; others ignore it.
    [b"\x1b[?2026h", &out[..], b"\x1b[?2026l"].concat()
}

/// A frame that is being filled.
struct FrameWriter<'a> {
    look: Look,
    zone: &'a Zone,
    width: usize,
    lines: Vec<Vec<u8>>,
}

impl FrameWriter<'_> {
    fn line(&self) -> ScreenLine {
        self.line_of(self.width)
    }

    fn line_of(&self, width: usize) -> ScreenLine {
        ScreenLine::new(width, self.look.color, self.look.ascii)
    }

    fn end(&mut self, line: ScreenLine) {
        self.lines.push(line.finish());
    }

    fn columns_of(&self, key: &[u8]) -> usize {
        escape::terminal(key, self.look.ascii).width()
    }

    /// A second as `11-20 09:04:00`.
    fn brief(&self, second: Second) -> String {
        let time = self.zone.show(second);
        match (time.get(5..10), time.get(11..19)) {
            (Some(date), Some(time)) => format!("{date} {time}"),
            _ => time,
        }
    }

    fn too_small(&mut self, height: usize) {
        let text = format!("{}x{} is too small:", self.width, height);
        let need = format!("{}x{} is enough", LEAST.0, LEAST.1);
        for text in [text, need, "q quits".to_owned()].iter().take(height) {
            let mut line = self.line();
            line.put(PLAIN, text);
            self.end(line);
        }
        self.lines.resize(height, Vec::new());
    }

    /// The name of the program, how far the input is, and its time.
    fn title(&mut self, scene: &Scene<'_>) {
        let mut line = self.line();
        line.put(CHOSEN, " httpmon ");
        line.put(PLAIN, "  ");
        if scene.view.paused {
            line.put(CHOSEN, " PAUSED ");
            line.put(WARN, " input goes on, p continues");
        } else {
            line.put(PLAIN, scene.input);
            if let Some(silent) = scene.seen.silent.filter(|silent| silent.0 >= 5) {
                line.put(WARN, &format!("  no lines for {silent}"));
            }
        }
        if let Some(newest) = scene.seen.newest {
            line.right(BOLD, &format!("{} ", self.zone.show(newest)));
        }
        self.end(line);
    }

    /// The figures of the chosen time.
    fn figures(&mut self, scene: &Scene<'_>) {
        let seen = scene.seen;
        let mut line = self.line();
        let time = match seen.length {
            Some(length) if scene.view.recent && length < RECENT => format!("{length} so far"),
            Some(_) if scene.view.recent => format!("last {RECENT}"),
            _ => "whole run".to_owned(),
        };
        line.put(DIM, &format!(" {time:<10} "));
        line.put(BOLD, &seen.hits.to_string());
        line.put(PLAIN, &format!(" {}", noun("hits", seen.hits)));
        if let Some(length) = seen.length {
            let rate = units::rate(seen.hits as f64 / length.0 as f64);
            line.put(BOLD, &format!("  {rate}"));
        }
        line.put(PLAIN, &format!("  {}", units::bytes(seen.bytes)));
        let errors = seen.status[4] + seen.status[5];
        let share = percent(errors, seen.hits.max(1));
        let style = if errors > 0 { BAD } else { PLAIN };
        line.put(style, &format!("  errors {share}"));
        if let Some(figure) = seen.window {
            let over = figure.value > figure.threshold;
            let text = format!(
                "  {} of {}/s over {}",
                units::rate(figure.value),
                figure.threshold,
                figure.window
            );
            line.put(if over { BAD } else { DIM }, &text);
        }
        if let [.., (name, ms), _, _] = seen.latency[..] {
            let text = format!("  {name} {} in the run", units::milliseconds(ms));
            if text.len() <= line.left() {
                line.put(DIM, &text);
            }
        }
        self.end(line);
    }

    /// The status classes, and the numbers about the input.
    fn status(&mut self, seen: &Snapshot) {
        let mut line = self.line();
        line.put(DIM, " status    ");
        if let Block::Group { items, .. } = status_group(&seen.status) {
            for (name, number) in items.into_iter().filter(|(_, number)| *number > 0) {
                let share = percent(number, seen.hits);
                let style = class_style(name);
                line.put(style, &format!(" {name} {number}"));
                line.put(DIM, &format!(" {share} "));
            }
        }
        let known = seen.input.iter().filter(|(_, number)| *number > 0);
        let known: Vec<_> = known
            .map(|(key, number)| format!("{key} {number}  "))
            .collect();
        line.right(WARN, known.concat().trim_end());
        self.end(line);
    }

    /// The latest lines, in place of the rankings.
    fn latest(&mut self, lines: &[Vec<u8>], layout: &ScreenLayout) {
        if layout.roomy {
            let mut line = self.line();
            line.put(BOLD, " latest lines");
            line.put(DIM, "  l: back to the rankings");
            self.end(line);
        }
        for row in 0..layout.rows {
            let mut line = self.line();
            if let Some(text) = lines.get(row) {
                line.put(PLAIN, " ");
                line.key(PLAIN, text, usize::MAX);
            }
            self.end(line);
        }
    }

    /// A message, in as many rows as it needs, but not too many.
    fn message(&self, message: &str) -> Vec<ScreenLine> {
        let message = escape::terminal(message.as_bytes(), self.look.ascii);
        let room = self.width - BEHIND.len() - 2;
        let mut texts = vec![String::new()];
        for word in message.split(' ') {
            let last = texts.len() == MESSAGE_ROWS;
            match texts.last_mut() {
                Some(text)
                    if last || text.is_empty() || text.width() + 1 + word.width() <= room =>
                {
                    if !text.is_empty() {
                        text.push(' ');
                    }
                    text.push_str(word);
                }
                _ => texts.push(word.to_owned()),
            }
        }
        let mut rows: Vec<ScreenLine> = texts
            .iter()
            .map(|text| {
                let mut line = self.line();
                line.put(PLAIN, " ");
                line.put(WARN, &cut(text, room, self.look.ascii));
                line
            })
            .collect();
        if let Some(line) = rows.last_mut() {
            line.right(DIM, BEHIND);
        }
        rows
    }

    /// The last rows: a message, or how to list the keys. The list covers the rows above.
    fn foot(&mut self, scene: &Scene<'_>, height: usize) {
        let mut keys = if scene.view.help {
            ALL_KEYS.to_vec()
        } else {
            KEYS.to_vec()
        };
        // One row is enough for how to list them all, which is the last.
        let columns = |keys: &[&str]| keys.iter().map(|key| key.width() + 1).sum::<usize>();
        while !scene.view.help && columns(&keys) > self.width && keys.len() > 1 {
            keys.remove(keys.len() - 2);
        }
        let mut rows = vec![self.line()];
        for key in keys {
            let mut last = rows.pop().unwrap_or_else(|| self.line());
            if last.left() < key.width() + 1 {
                rows.push(last);
                last = self.line();
            }
            let (name, what) = key.split_once(": ").unwrap_or((key, ""));
            last.put(BOLD, &format!(" {name}"));
            last.put(DIM, &format!(" {what} "));
            rows.push(last);
        }
        if !scene.message.is_empty() && !scene.view.help {
            rows = self.message(scene.message);
        }
        self.lines.truncate(height - rows.len());
        rows.into_iter().for_each(|row| self.end(row));
    }
}

/// The rows that a message may take.
const MESSAGE_ROWS: usize = 3;
/// What stands behind it.
const BEHIND: &str = "  ? keys ";

/// What the last row says.
const KEYS: [&str; 6] = [
    "q: quit",
    "p: pause",
    "tab: dimension",
    "/: filter",
    "w: last 2m or all",
    "?: all keys",
];

/// What the list of keys says.
const ALL_KEYS: [&str; 15] = [
    "q: quit",
    "p: pause",
    "tab, left, right: dimension",
    "up, down: choose a row",
    "enter: only what has its key",
    "/: only what matches an expression, or keys with a text",
    "backspace: take the last filter back",
    "Esc: no filter",
    "l: latest lines",
    "w: last 2m or the whole run",
    "+ -: time per column",
    "0: fit the whole run",
    "PgUp, PgDn, End: alerts",
    "Home: first rows and alerts",
    "?: this list",
];
