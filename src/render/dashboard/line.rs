//! One row of a screen: pieces in a style, cut at its last column.

use unicode_width::UnicodeWidthStr;

use super::super::bars::cut;
use super::super::escape;
use super::super::text::{PLAIN, RESET};

/// A row that is being filled, from the left.
pub(super) struct ScreenLine {
    out: Vec<u8>,
    used: usize,
    width: usize,
    pub(super) color: bool,
    pub(super) ascii: bool,
}

impl ScreenLine {
    pub(super) fn new(width: usize, color: bool, ascii: bool) -> ScreenLine {
        ScreenLine {
            out: Vec::with_capacity(2 * width),
            used: 0,
            width,
            color,
            ascii,
        }
    }

    /// How many columns are left.
    pub(super) fn left(&self) -> usize {
        self.width - self.used
    }

    /// Appends as much of a text of this program as fits.
    pub(super) fn put(&mut self, style: &str, text: &str) {
        let text = cut(text, self.left(), self.ascii);
        self.push(style, &text, text.width());
    }

    /// Appends a text from the log in at most `most` columns.
    pub(super) fn key(&mut self, style: &str, bytes: &[u8], most: usize) {
        let text = escape::terminal(bytes, self.ascii);
        let text = cut(&text, most.min(self.left()), self.ascii);
        self.push(style, &text, text.width());
    }

    /// Appends a text that is `columns` wide, if it fits.
    pub(super) fn push(&mut self, style: &str, text: &str, columns: usize) {
        // A text cut to nothing still has its ellipsis, which takes a column.
        if columns == 0 || columns > self.left() {
            return;
        }
        let style = if self.color { style } else { PLAIN };
        self.out.extend_from_slice(style.as_bytes());
        self.out.extend_from_slice(text.as_bytes());
        if style != PLAIN {
            self.out.extend_from_slice(RESET.as_bytes());
        }
        self.used += columns;
    }

    /// Blanks up to `column`.
    pub(super) fn to(&mut self, column: usize) {
        let column = column.min(self.width);
        if column > self.used {
            self.out.resize(self.out.len() + column - self.used, b' ');
            self.used = column;
        }
    }

    /// Appends `text` at the end of the row, if it fits after a gap.
    pub(super) fn right(&mut self, style: &str, text: &str) {
        let columns = text.width();
        if columns < self.left() {
            self.to(self.width - columns);
            self.push(style, text, columns);
        }
    }

    /// Appends another line, padded to all of its columns.
    pub(super) fn append(&mut self, mut other: ScreenLine) {
        other.to(other.width);
        if other.used <= self.left() {
            self.out.append(&mut other.out);
            self.used += other.used;
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.out
    }
}
