//! Lines to records to counts: what a session does with each line of a block.

use std::io;

use super::parts::find_place;
use super::session::Session;
use crate::format::Line as Read;
use crate::format::record::Record;
use crate::format::unparsed::Unparsed;
use crate::input::lines::{Line, Take};
use crate::time::Second;

/// Takes the lines of one block.
pub(super) struct Taker<'a> {
    session: &'a mut Session,
    /// The wall clock, where there is one.
    wall: Option<Second>,
    /// Of writing: after an error nothing more is taken.
    pub(super) result: io::Result<()>,
}

impl<'a> Taker<'a> {
    /// For the lines that come at the time `wall`.
    pub(super) fn new(session: &'a mut Session, wall: Option<Second>) -> Taker<'a> {
        Taker {
            session,
            wall,
            result: Ok(()),
        }
    }
}

impl Take for Taker<'_> {
    #[inline]
    fn take_ahead(&mut self, text: &[u8]) -> Option<usize> {
        if self.result.is_err() {
            return None;
        }
        let Session {
            parser,
            places,
            monitor,
            ..
        } = self.session;
        let mut record = Record::empty();
        let len = parser.read_plain(text, &mut record)?;
        find_place(places, &mut record);
        monitor.observe(&record, self.wall);
        let (time, zoned) = (record.time, record.zoned);
        self.session
            .record(time, zoned, self.wall, &text[..len - 1]);
        self.result = self.session.drain();
        Some(len)
    }

    #[inline]
    fn take(&mut self, line: Line<'_>) {
        if self.result.is_err() {
            return;
        }
        let Session {
            parser,
            places,
            monitor,
            ..
        } = self.session;
        let mut record = Record::empty();
        let read = if line.cut {
            Read::Unparsed(Unparsed::too_long(line.bytes.len()))
        } else {
            parser.read(line.bytes, &mut record)
        };
        if read == Read::Record {
            find_place(places, &mut record);
            monitor.observe(&record, self.wall);
            let (time, zoned) = (record.time, record.zoned);
            self.session.record(time, zoned, self.wall, line.bytes);
        } else {
            self.session.no_record(read, line.bytes);
        }
        self.result = self.session.drain();
    }
}
