//! Text that is being written: what all lines are made of.

use std::fmt::Arguments;
use std::io::Write;

use super::headline::Numbers;
use super::table::Widths;
use super::{DIM, Look, PLAIN, RESET, TITLE};
use crate::render::{digits, escape, units};
use crate::time::{Second, Span, Zone};

/// Text that is being written, directly to the output: on a quiet log there is a report for every few lines.
pub(super) struct TextWriter<'a> {
    pub(super) look: Look,
    pub(super) zone: &'a Zone,
    /// What the report is compared with.
    pub(super) before: Option<Numbers>,
    /// At first those of the last report.
    pub(super) columns: Widths,
    /// See [`Text`].
    pub(super) broken: bool,
    /// Bytes of codes in the headline so far, which take no columns.
    pub(super) codes: usize,
    pub(super) out: &'a mut Vec<u8>,
}

impl TextWriter<'_> {
    pub(super) fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    pub(super) fn write(&mut self, text: Arguments<'_>) {
        self.out
            .write_fmt(text)
            .expect("a vector takes every write");
    }

    pub(super) fn number(&mut self, number: u64) {
        digits::whole(number, self.out);
    }

    pub(super) fn span(&mut self, span: Span) {
        units::push_span(span, self.out);
    }

    pub(super) fn time(&mut self, second: Second) {
        self.zone.write(second, self.out);
    }

    /// A key, or another text from the log.
    pub(super) fn key(&mut self, bytes: &[u8]) {
        escape::push_terminal(bytes, self.look.ascii, self.out);
    }

    pub(super) fn blanks(&mut self, count: usize) {
        self.out.resize(self.out.len() + count, b' ');
    }

    /// What `text` writes, in `style` if there is colour and something was written.
    pub(super) fn paint(&mut self, style: &str, text: impl FnOnce(&mut Self)) {
        if !self.look.color || style == PLAIN {
            return text(self);
        }
        let start = self.out.len();
        self.raw(style);
        text(self);
        if self.out.len() == start + style.len() {
            self.out.truncate(start);
        } else {
            self.raw(RESET);
            self.codes += style.len() + RESET.len();
        }
    }

    pub(super) fn line(&mut self, style: &str, text: impl FnOnce(&mut Self)) {
        self.paint(style, text);
        self.raw("\n");
    }

    /// The beginning of a row, `  title     `. Lines below it have no title.
    pub(super) fn title(&mut self, title: &str) {
        self.raw("  ");
        self.paint(DIM, |page| page.raw(title));
        // Titles are ASCII: a byte is a column.
        let gap = TITLE.saturating_sub(2 + title.len());
        self.blanks(gap.max(usize::from(!title.is_empty())));
    }

    pub(super) fn row(&mut self, title: &str, text: impl FnOnce(&mut Self)) {
        self.title(title);
        text(self);
        self.raw("\n");
    }

    /// The title of a row before its first item, and a gap before the others.
    pub(super) fn item(&mut self, title: &str, first: &mut bool) {
        if std::mem::take(first) {
            self.title(title);
        } else {
            self.raw("  ");
        }
    }

    /// The end of a row, if it has a `first` item.
    pub(super) fn end_items(&mut self, first: bool) {
        if !first {
            self.raw("\n");
        }
    }

    /// What `text` writes, apart from the page.
    pub(super) fn aside(&self, text: impl FnOnce(&mut TextWriter<'_>)) -> String {
        let mut out = Vec::new();
        text(&mut TextWriter {
            out: &mut out,
            ..*self
        });
        String::from_utf8(out).expect("text is UTF-8")
    }
}
