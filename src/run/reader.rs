//! Lines to records: what the parser reads of a line, and where its client is, if that was asked for.

use super::marks::Marks;
use crate::format::anonymous::Anonymous;
use crate::format::named::NamedFields;
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
    /// What is done with clients, if anything.
    pub clients: Option<Clients>,
    /// Says what only the options know of records.
    pub marks: Option<Marks>,
    /// Reads fields by their own names.
    pub named: Option<Box<NamedFields>>,
}

/// What is done with the client of each record.
#[derive(Debug, Clone)]
pub struct Clients {
    /// Finds where they are.
    pub locator: Option<Locator>,
    /// Makes them anonymous.
    pub anonymous: Option<Anonymous>,
}

impl RecordReader {
    /// Reads these fields by their own names, and no others.
    pub(super) fn naming(mut self, named: Option<NamedFields>) -> RecordReader {
        if named.is_some() {
            self.parser = self.parser.looking_closer();
        }
        self.named = named.map(Box::new);
        self
    }

    /// Reads the line that `text` begins with, if it is as nearly every line: see [`Parser::read_plain`].
    #[inline(always)]
    pub fn read_plain<'a>(&'a mut self, text: &'a [u8], record: &mut Record<'a>) -> Option<usize> {
        let len = self.parser.read_plain(text, record)?;
        see_client(&mut self.clients, record);
        mark(&self.marks, record);
        Some(len)
    }

    /// Reads a line: see [`Parser::read`].
    #[inline(always)]
    pub fn read<'a>(&'a mut self, line: Line<'a>, record: &mut Record<'a>) -> Outcome {
        if line.cut {
            return Outcome::Unparsed(Unparsed::too_long(line.bytes.len()));
        }
        if let Some(named) = &mut self.named {
            self.parser.find_named(line.bytes, named);
        }
        let read = self.parser.read(line.bytes, record);
        if read == Outcome::Record || matches!(read, Outcome::Rollup(RollupLine::Row(..))) {
            see_client(&mut self.clients, record);
            mark(&self.marks, record);
            record.named = self.named.as_deref().map(NamedFields::values);
        }
        read
    }
}

#[inline(always)]
fn see_client<'a>(clients: &'a mut Option<Clients>, record: &mut Record<'a>) {
    if let Some(Clients { locator, anonymous }) = clients {
        if let Some(locator) = locator {
            record.location = Some(locator.locate(record.client));
        }
        if let Some(anonymous) = anonymous {
            record.client = anonymous.client(record.client);
        }
    }
}

#[inline(always)]
fn mark<'a>(marks: &'a Option<Marks>, record: &mut Record<'a>) {
    if let Some(marks) = marks {
        marks.mark(record);
    }
}
