//! Lines that something carries: a container, a logger, a collector, an object of JSON.

use super::super::head::set_time;
use super::super::{AUTO, carrier, json, values};
use super::by_name::ReadFrom;
use super::{CLF, NOTHING, Parser, ReadBy, is_of_another};
use crate::format::record::Record;
use crate::format::timestamp::Stamp;
use crate::format::unparsed::{Field, Unparsed, Why};

/// What is said of an entry without a time that nothing carries which has one.
const TIMELESS: Unparsed = Unparsed {
    field: Field::Time,
    why: Why::Timeless,
    at: 0,
    timed: true,
};

/// The first address of a line whose client was read as `client`, which is none.
#[cold]
fn address_for<'a>(client: &'a [u8], line: &'a [u8]) -> &'a [u8] {
    if values::is_address(client) {
        return client;
    }
    carrier::to_address(line).map_or(client, |at| {
        let word = line[at..].split(|&b| b == b' ').next();
        values::client(word.unwrap_or_default())
    })
}

/// No way.
const NONE: usize = usize::MAX;

/// Where a string may begin that begins with the client, the likeliest first. It would take a carrier for a part of the
/// client; and no client begins so. A dash is a client.
#[inline(never)]
fn client_ways(body: &[u8], more: usize) -> [usize; 3] {
    match (more, carrier::to_address(body)) {
        (0, None | Some(0)) => [0, NONE, NONE],
        (more, Some(at)) if body[more..].starts_with(b"- ") => [more, 0, at],
        (more, Some(at)) => [at, more, 0],
        (more, None) => [more, 0, NONE],
    }
}

impl Parser {
    /// Reads what is in `line` behind its carriers.
    pub(super) fn body<'a>(
        &'a mut self,
        line: &'a [u8],
        record: &mut Record<'a>,
    ) -> Result<(), Unparsed> {
        let carried = if self.own { 0 } else { carrier::len(line) };
        let body = &line[carried..];
        // `kubectl logs --timestamps` writes a time and nothing else. What a format that begins with
        // such a time has behind it is read by no other, so that it can be cut first. The user's own
        // string may describe the carrier or not: it is tried on the whole line first.
        let dated = !self.own && body.get(4) == Some(&b'-');
        let more = if dated || self.own {
            self.more_carried(body)
        } else {
            0
        };
        let ways = if self.client_first {
            client_ways(body, more)
        } else {
            match (more, self.own) {
                (0, _) => [0, NONE, NONE],
                (_, true) => [0, more, NONE],
                (_, false) => [more, 0, NONE],
            }
        };
        // A value of LTSV is not escaped, and may hold an entry that a client has written.
        if !dated && body.first().is_some_and(u8::is_ascii_alphabetic) && self.is_ltsv(body) {
            return self.labelled(line, carried, record);
        }
        let mut failed: Option<Unparsed> = None;
        for cut in ways {
            let Some(rest) = body.get(cut..) else { break };
            match self.lines_and_w3c(rest, record) {
                Ok(()) => {
                    self.read_from.at = carried + cut;
                    record.source = &self.state.source;
                    // `grep -H`, stern and others: what was read as the client holds more.
                    if self.client_first && memchr::memchr2(b' ', b':', record.client).is_some() {
                        record.client = address_for(record.client, rest);
                    }
                    return Ok(());
                }
                Err(unparsed) => {
                    let at = unparsed.at + carried + cut;
                    if cut == 0 && !failed.is_some_and(|held| held.timed) || failed.is_none() {
                        failed = Some(Unparsed { at, ..unparsed });
                    }
                }
            }
        }
        let start = if body.first() == Some(&b'{') {
            carried
        } else {
            carried + more
        };
        let failed = failed.unwrap_or(NOTHING);
        if line.get(start) == Some(&b'{') && self.json.is_some() {
            return self.object(line, start, record);
        }
        self.otherwise(line, start, failed, record)
    }

    /// Reads the object that is in a line from `start` to its end, or what it carries as text.
    #[inline(always)] // Into the way of nearly every line of JSON.
    fn object<'a>(
        &'a mut self,
        line: &'a [u8],
        start: usize,
        record: &mut Record<'a>,
    ) -> Result<(), Unparsed> {
        let Some(json) = &mut self.json else {
            return Err(NOTHING);
        };
        self.last = ReadBy::Json;
        self.read_from.at = start;
        self.state.header.record(false);
        let (before, object) = line.split_at(start);
        let within = |unparsed: Unparsed| Unparsed {
            at: unparsed.at + start,
            ..unparsed
        };
        let mut found = json::Slots::new();
        if let Err(unparsed) = json.find(object, &mut found) {
            return self.no_object(object, within(unparsed), record);
        }
        if !found.has_status() && json::carried(object, &mut self.carried) {
            let time = json.time(object, &found, &mut self.times);
            let time = time.or_else(|| carrier::time(before, &self.times));
            return self.text(time, record).map_err(|inner| match inner.timed {
                true => inner,
                false => Unparsed {
                    field: Field::Status,
                    why: Why::Unnamed,
                    at: line.len(),
                    timed: time.is_some(),
                },
            });
        }
        record.source = &self.state.source;
        let Some(json) = &self.json else {
            return Err(NOTHING);
        };
        json.fill(object, &mut found, before, None, &mut self.times, record)
            .map_err(within)
    }

    /// Reads a line that begins as an object does and is none, for this reason: a client may call itself so.
    #[cold]
    fn no_object<'a>(
        &'a mut self,
        line: &'a [u8],
        unparsed: Unparsed,
        record: &mut Record<'a>,
    ) -> Result<(), Unparsed> {
        let family = AUTO.iter().position(|format| format.name == CLF);
        let index = family.filter(|_| self.choice.is_none()).ok_or(unparsed)?;
        for program in &self.lines[index] {
            *record = Record::EMPTY;
            if program.read(line, &mut self.times, record).is_ok() {
                self.last = ReadBy::Lines(index as u8);
                record.source = &self.state.source;
                return Ok(());
            }
        }
        Err(unparsed)
    }

    /// Whether `body` is labelled values that say a status.
    #[inline(never)]
    fn is_ltsv(&mut self, body: &[u8]) -> bool {
        let json = self.json.as_mut().filter(|_| json::are_labelled(body));
        json.is_some_and(|json| json.find_pairs(body, 0).has_status())
    }

    /// Reads the labelled values in `line` from `start` on.
    #[inline(never)]
    fn labelled<'a>(
        &'a mut self,
        line: &'a [u8],
        start: usize,
        record: &mut Record<'a>,
    ) -> Result<(), Unparsed> {
        self.last = ReadBy::Json;
        self.read_from.at = start;
        self.state.header.record(false);
        record.source = &self.state.source;
        let json = self.json.as_mut().ok_or(NOTHING)?;
        let mut found = json.find_pairs(line, start);
        let before = &line[..start];
        json.fill(line, &mut found, before, None, &mut self.times, record)
    }

    /// Reads a line that no reader of plain lines has read, for this reason, whose carriers end at `start`: an entry without a
    /// time, an object behind other words, or pairs.
    #[cold]
    fn otherwise<'a>(
        &'a mut self,
        line: &'a [u8],
        start: usize,
        failed: Unparsed,
        record: &mut Record<'a>,
    ) -> Result<(), Unparsed> {
        let near = failed.timed;
        if memchr::memmem::find(line, b"\x1b[").is_some() {
            self.carried.clear();
            json::without_colours(line, &mut self.carried);
            return self.text(None, record).map_err(|_| failed);
        }
        if self.json.is_none() && line.get(start) == Some(&b'{') {
            let object = &line[start..];
            let inner = self.inner.get_or_insert_with(|| json::JsonReader::new(&[]));
            let mut found = json::Slots::new();
            if inner.find(object, &mut found).is_err() || !json::carried(object, &mut self.carried)
            {
                return Err(failed);
            }
            let time = inner.time(object, &found, &mut self.times);
            return self.text(time, record).map_err(|_| failed);
        }
        let mut failed = failed;
        match self.untimed.read(line, &mut self.times, record) {
            Some((index, at, Some(stamp))) => {
                set_time(record, stamp);
                self.read_from.at = at;
                self.read_by(ReadBy::Untimed(index));
                record.source = &self.state.source;
                return Ok(());
            }
            Some((_, _, None)) => failed = TIMELESS,
            None if self.behind_words(line, record) => {
                record.source = &self.state.source;
                return Ok(());
            }
            None => {}
        }
        *record = Record::EMPTY;
        if self.json.is_none() {
            return Err(failed);
        }
        if line.ends_with(b"}")
            && let Some(start) = memchr::memmem::find(line, b"{\"")
        {
            return self
                .object(line, start, record)
                .map_err(|unparsed| if near { failed } else { unparsed });
        }
        let pairs = json::pairs_from(line, start);
        let (Some(json), Some(start)) = (&mut self.json, pairs) else {
            return Err(failed);
        };
        let mut found = json.find_pairs(line, start);
        let before = &line[..start];
        if !found.has_status() && json::carried(line, &mut self.carried) {
            let time = json.time(line, &found, &mut self.times);
            let time = time.or_else(|| carrier::time(before, &self.times));
            return self.text(time, record).map_err(|_| failed);
        }
        self.last = ReadBy::Json;
        self.read_from.at = start;
        self.state.header.record(false);
        record.source = &self.state.source;
        let Some(json) = &self.json else {
            return Err(failed);
        };
        // What only looks like pairs may be nearer to something else.
        json.fill(line, &mut found, before, None, &mut self.times, record)
            .map_err(|unparsed| match unparsed.field {
                Field::Time if unparsed.why == Why::Unnamed && !near => TIMELESS,
                _ if unparsed.timed => unparsed,
                _ => failed,
            })
    }

    /// Reads an entry behind words that no carrier is known by: of stern, of a logger, a name of a file. Not below a W3C
    /// header, which says what a line begins with.
    fn behind_words<'a>(&mut self, line: &'a [u8], record: &mut Record<'a>) -> bool {
        if self.client_first || self.state.header.fields().is_some() {
            return false;
        }
        for at in carrier::entries(line, self.own) {
            *record = Record::EMPTY;
            if self.lines_and_w3c(&line[at..], record).is_ok() {
                self.read_from.at = at;
                return true;
            }
        }
        false
    }

    /// Reads the text in `carried`; `time` is what carries it has said.
    fn text<'a>(
        &'a mut self,
        time: Option<Stamp>,
        record: &mut Record<'a>,
    ) -> Result<(), Unparsed> {
        let start = carrier::len(&self.carried);
        let (before, text) = self.carried.split_at(start);
        let mut before = before;
        let text = match carrier::timestamp_len(text) {
            len if text[len..].starts_with(b"{") => {
                before = &self.carried[..start + len];
                &text[len..]
            }
            _ => text,
        };
        self.read_from = ReadFrom {
            at: self.carried.len() - text.len(),
            carried: true,
        };
        *record = Record::EMPTY;
        record.source = &self.state.source;
        if text.starts_with(b"{") && self.json.is_some() {
            let inner = self.inner.get_or_insert_with(|| json::JsonReader::new(&[]));
            let mut found = json::Slots::new();
            inner.find(text, &mut found)?;
            return inner.fill(text, &mut found, before, time, &mut self.times, record);
        }
        let mut failed = NOTHING;
        let programs = self.lines.iter().enumerate();
        for (index, program) in programs.flat_map(|(i, all)| all.iter().map(move |p| (i, p))) {
            *record = Record::EMPTY;
            match program.read(text, &mut self.times, record) {
                Ok(()) if is_of_another(self.choice, index, text, record, &mut self.times) => {}
                Ok(()) => {
                    self.last = ReadBy::Lines(index as u8);
                    record.source = &self.state.source;
                    return Ok(());
                }
                Err(unparsed) if unparsed.timed => failed = unparsed,
                Err(_) => {}
            }
        }
        *record = Record::EMPTY;
        match self.untimed.read(&self.carried, &mut self.times, record) {
            Some((index, at, stamp)) => {
                let stamp = stamp.or(time).ok_or(TIMELESS)?;
                set_time(record, stamp);
                self.read_from.at = at;
                self.last = ReadBy::Untimed(index);
                record.source = &self.state.source;
                Ok(())
            }
            None => Err(failed),
        }
    }

    /// Bytes of carriers that are known by less than their shape.
    #[cold]
    fn more_carried(&self, body: &[u8]) -> usize {
        if self.own {
            let len = carrier::len(body);
            return len + carrier::timestamp_len(&body[len..]);
        }
        match carrier::timestamp_len(body) {
            0 => 0,
            stamp => stamp + carrier::len(&body[stamp..]),
        }
    }
}
