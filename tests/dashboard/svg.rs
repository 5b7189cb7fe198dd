//! A frame as a picture: letters as text, blocks and lines as rectangles, so that it looks the same with any font.

use std::fmt::Write;

/// Pixels of a cell, and around the screen.
const CELL: (f64, f64) = (8.4, 18.0);
const EDGE: f64 = 14.0;

/// The style of a letter.
#[derive(Clone, Copy, Default, PartialEq)]
struct Style {
    bold: bool,
    dim: bool,
    reverse: bool,
    colour: Option<&'static str>,
}

impl Style {
    /// What a "select graphic rendition" changes; those that frames use.
    fn select(&mut self, code: &str) {
        match code {
            "0" => *self = Style::default(),
            "1" => self.bold = true,
            "2" => self.dim = true,
            "7" => self.reverse = true,
            "31" => self.colour = Some("#e06c75"),
            "32" => self.colour = Some("#98c379"),
            "38;5;130" => self.colour = Some("#d08a3c"),
            "36" => self.colour = Some("#56b6c2"),
            _ => panic!("no frame has {code}"),
        }
    }

    fn fill(self) -> &'static str {
        match self {
            Style { reverse: true, .. } => "#16181d",
            Style {
                colour: Some(colour),
                ..
            } => colour,
            Style { dim: true, .. } => "#8a909c",
            _ => "#d7dae0",
        }
    }
}

/// The picture of a frame.
pub fn picture(frame: &[Vec<u8>], size: (usize, usize)) -> String {
    let width = size.0 as f64 * CELL.0 + 2.0 * EDGE;
    let height = size.1 as f64 * CELL.1 + 2.0 * EDGE;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" shape-rendering=\"crispEdges\" font-size=\"14\" \
         font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace\">\n\
         <title>httpmon --dashboard</title>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"#16181d\"/>\n"
    );
    for (row, line) in frame.iter().enumerate() {
        let line = std::str::from_utf8(line).expect("a frame is UTF-8");
        draw(line, EDGE + row as f64 * CELL.1, &mut out);
    }
    out + "</svg>\n"
}

fn draw(line: &str, top: f64, out: &mut String) {
    let mut style = Style::default();
    let mut column = 0;
    let mut word = (0, String::new());
    // The same piece of neighbouring cells is one rectangle.
    let mut run: Option<(usize, usize, char, Style)> = None;
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if let Some(code) = rest.strip_prefix("\x1b[") {
            let (code, behind) = code.split_once('m').expect("codes end");
            end_word(&mut word, style, top, out);
            style.select(code);
            rest = behind;
            continue;
        }
        rest = &rest[c.len_utf8()..];
        if style.reverse {
            rectangle(column, (0.0, 0.0, 1.0, 1.0), "#d7dae0", top, out);
        }
        let block = matches!(c, '▁'..='▏' | '▕' | '━' | '┈' | '╵');
        match run {
            Some((from, count, of, its))
                if block
                    && of == c
                    && its == style
                    && from + count == column
                    && !matches!(c, '╵') =>
            {
                run = Some((from, count + 1, of, its));
            }
            _ => {
                end_run(&mut run, top, out);
                run = block.then_some((column, 1, c, style));
            }
        }
        if block || c == ' ' {
            // Two blanks end a word; one may be within it.
            if c == ' ' && !word.1.is_empty() && !rest.starts_with(' ') {
                word.1.push(' ');
            } else {
                end_word(&mut word, style, top, out);
            }
        } else {
            if word.1.is_empty() {
                word.0 = column;
            }
            word.1.push(c);
        }
        column += 1;
    }
    end_run(&mut run, top, out);
    end_word(&mut word, style, top, out);
}

fn end_word(word: &mut (usize, String), style: Style, top: f64, out: &mut String) {
    let (column, text) = std::mem::take(word);
    let text = text.trim_end();
    if text.is_empty() {
        return;
    }
    let x = EDGE + column as f64 * CELL.0;
    let length = text.chars().count() as f64 * CELL.0;
    let bold = if style.bold {
        " font-weight=\"bold\""
    } else {
        ""
    };
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let (y, fill) = (top + 13.5, style.fill());
    writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"{fill}\" textLength=\"{length:.1}\"{bold}>{text}</text>"
    )
    .expect("a string takes every write");
}

fn end_run(run: &mut Option<(usize, usize, char, Style)>, top: f64, out: &mut String) {
    let Some((column, count, c, style)) = run.take() else {
        return;
    };
    let wide = count as f64;
    let eighth = |first: char| f64::from(c as u32 - first as u32 + 1) / 8.0;
    let fill = style.fill();
    match c {
        '▁'..='█' => {
            let height = eighth('▁');
            rectangle(column, (0.0, 1.0 - height, wide, height), fill, top, out);
        }
        // From seven eighths of a column down to one; a whole column lies before them.
        '▉'..='▏' => {
            let part = 1.0 - eighth('▉');
            rectangle(column, (0.0, 0.0, part, 1.0), fill, top, out);
        }
        '▕' => rectangle(column, (0.9, 0.0, 0.1, 1.0), fill, top, out),
        '╵' => rectangle(column, (0.45, 0.0, 0.1, 0.5), fill, top, out),
        '━' => rectangle(column, (0.0, 0.42, wide, 0.16), fill, top, out),
        _ => {
            (0..count).for_each(|at| rectangle(column + at, (0.3, 0.48, 0.3, 0.06), fill, top, out))
        }
    }
}

/// A part of a row from `column` on, in cells.
fn rectangle(
    column: usize,
    (x, y, width, height): (f64, f64, f64, f64),
    fill: &str,
    top: f64,
    out: &mut String,
) {
    let x = EDGE + (column as f64 + x) * CELL.0;
    let (y, width, height) = (top + y * CELL.1, width * CELL.0, height * CELL.1);
    writeln!(
        out,
        "<rect x=\"{x:.1}\" y=\"{y:.2}\" width=\"{width:.1}\" height=\"{height:.2}\" fill=\"{fill}\"/>"
    )
    .expect("a string takes every write");
}
