//! Lines to records: what the parser reads of a line, and where its client is, if that was asked for.

use super::marks::Marks;
use crate::format::record::Record;
use crate::format::rollup::RollupLine;
use crate::format::unparsed::Unparsed;
use crate::format::{Outcome, Parser};
use crate::geo::Locator;
use crate::input::lines::Line;

/// Reads records, in place: a record that is moved into a call is copied, all 200 bytes of it.
#[derive(Debug, Clone)]
pub struct RecordReader {
    /// Reads the lines.
    pub parser: Parser,
    /// Finds where clients are.
    pub locator: Option<Locator>,
    /// Says what only the options know of them.
    pub marks: Option<Marks>,
}

impl RecordReader {
    /// Reads the line that `text` begins with, if it is as nearly every line: see [`Parser::read_plain`].
    #[inline(always)]
    pub fn read_plain<'a>(&'a mut self, text: &'a [u8], record: &mut Record<'a>) -> Option<usize> {
        let len = self.parser.read_plain(text, record)?;
        find_place(&mut self.locator, record);
        mark(&self.marks, record);
        Some(len)
    }

    /// Reads a line: see [`Parser::read`].
    #[inline(always)]
    pub fn read<'a>(&'a mut self, line: Line<'a>, record: &mut Record<'a>) -> Outcome {
        if line.cut {
            return Outcome::Unparsed(Unparsed::too_long(line.bytes.len()));
        }
        let read = self.parser.read(line.bytes, record);
        if read == Outcome::Record || matches!(read, Outcome::Rollup(RollupLine::Row(..))) {
            find_place(&mut self.locator, record);
            mark(&self.marks, record);
        }
        read
    }
}

#[inline(always)]
fn find_place<'a>(locator: &'a mut Option<Locator>, record: &mut Record<'a>) {
    if let Some(locator) = locator {
        record.location = Some(locator.locate(record.client));
    }
}

#[inline(always)]
fn mark<'a>(marks: &'a Option<Marks>, record: &mut Record<'a>) {
    if let Some(marks) = marks {
        marks.mark(record);
    }
}
