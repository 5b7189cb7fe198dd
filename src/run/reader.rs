//! Lines to records: what the parser reads of a line, and where its client is, if that was asked for.

use crate::format::record::Record;
use crate::format::unparsed::Unparsed;
use crate::format::{Line as Read, Parser};
use crate::input::lines::Line;
use crate::place::Places;

/// Reads records, in place: a record that is moved into a call is copied, all 200 bytes of it.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Reads the lines.
    pub parser: Parser,
    /// Finds where clients are.
    pub places: Option<Places>,
}

impl Reader {
    /// Reads the line that `text` begins with, if it is as nearly every line: see [`Parser::read_plain`].
    #[inline(always)]
    pub fn read_plain<'a>(&'a mut self, text: &'a [u8], record: &mut Record<'a>) -> Option<usize> {
        let len = self.parser.read_plain(text, record)?;
        find_place(&mut self.places, record);
        Some(len)
    }

    /// Reads a line: see [`Parser::read`].
    #[inline(always)]
    pub fn read<'a>(&'a mut self, line: Line<'a>, record: &mut Record<'a>) -> Read {
        if line.cut {
            return Read::Unparsed(Unparsed::too_long(line.bytes.len()));
        }
        let read = self.parser.read(line.bytes, record);
        if read == Read::Record {
            find_place(&mut self.places, record);
        }
        read
    }
}

#[inline(always)]
fn find_place<'a>(places: &'a mut Option<Places>, record: &mut Record<'a>) {
    if let Some(places) = places {
        record.place = Some(places.of(record.client));
    }
}
