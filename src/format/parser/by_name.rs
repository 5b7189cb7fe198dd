//! Fields by their own names: a look at a line beside the one that reads its record.

use super::super::named::{NamedFields, Place};
use super::super::{AUTO, rollup, w3c};
use super::{OWN, Outcome, Parser, ReadBy};
use crate::format::record::Record;

/// Where the text is that a record was read from.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ReadFrom {
    /// Where in the line it begins; or in the text that the line carried.
    pub(super) at: usize,
    /// Whether it is in that.
    pub(super) carried: bool,
}

impl Parser {
    /// Reads every line in full, so that [`Parser::find_named`] can say more of it.
    pub fn looking_closer(mut self) -> Parser {
        self.plain = None;
        self
    }

    /// Finds the values that `fields` asks for in a line, which [`Parser::read`] is then to read.
    #[cold]
    pub fn find_named(&mut self, line: &[u8], fields: &mut NamedFields) {
        fields.clear();
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if let Some(header) = &self.state.header.rollup {
            header.find_named(line, fields);
            return fields.finish(&Place::Rollup, b"");
        }
        if line.starts_with(rollup::MAGIC) {
            return;
        }
        // What a header says is said once.
        let before = matches!(line.first(), Some(b'#' | b'=')).then(|| self.state.clone());
        self.read_from = ReadFrom::default();
        let mut record = Record::empty();
        let read = self.read(line, &mut record);
        if read != Outcome::Record {
            if let Some(before) = before {
                self.state = before;
            }
            return;
        }
        let ReadFrom { at, carried } = self.read_from;
        let text = if carried { &self.carried[..] } else { line };
        let text = text.get(at..).unwrap_or_default();
        let place = self.place_of(text);
        let text = if matches!(place, Place::Columns(..)) {
            w3c::trim(text)
        } else {
            text
        };
        fields.read(place.clone(), text);
        // What carries an entry as text in an object says more in its other keys.
        if carried && let Some(start) = memchr::memchr(b'{', line) {
            fields.read(Place::Keys, &line[start..]);
        }
        fields.finish(&place, text);
    }

    /// Which names count in the text of the last record.
    fn place_of(&self, text: &[u8]) -> Place {
        match self.last {
            _ if text.starts_with(b"{") => Place::Keys,
            ReadBy::Json => Place::Keys,
            ReadBy::W3c => {
                let tabs = memchr::memchr(b'\t', text).is_some();
                let names = match (self.state.header.fields(), &self.w3c) {
                    (Some(_), _) => self.state.header.text().to_vec(),
                    (None, Some(defaults)) => defaults.list_for(text).into_bytes(),
                    (None, None) => Vec::new(),
                };
                Place::Columns(names, tabs)
            }
            ReadBy::Rollup => Place::Rollup,
            _ if self.choice == Some(OWN) => Place::Format(None),
            ReadBy::Lines(index) => {
                let name = AUTO.get(usize::from(index)).map(|format| format.name);
                Place::Format(self.choice.or(name))
            }
            ReadBy::Untimed(_) => Place::Format(self.choice.or(Some("untimed"))),
        }
    }
}
