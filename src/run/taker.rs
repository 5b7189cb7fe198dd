//! Lines to records to counts: what a session does with each line of a block.

use std::io;

use super::session::Session;
use crate::format::Line as Read;
use crate::format::record::Record;
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
        let session = &mut *self.session;
        let mut record = Record::empty();
        let len = session.reader.read_plain(text, &mut record)?;
        session.monitor.observe(&record, self.wall);
        let (time, zoned) = (record.time, record.zoned);
        session.record(time, zoned, self.wall, &text[..len - 1]);
        self.result = session.drain();
        Some(len)
    }

    #[inline]
    fn take(&mut self, line: Line<'_>) {
        if self.result.is_err() {
            return;
        }
        let session = &mut *self.session;
        let mut record = Record::empty();
        match session.reader.read(line, &mut record) {
            Read::Record => {
                session.monitor.observe(&record, self.wall);
                let (time, zoned) = (record.time, record.zoned);
                session.record(time, zoned, self.wall, line.bytes);
            }
            read => session.no_record(read, line.bytes),
        }
        self.result = session.drain();
    }
}
