//! One line at a time: which reader it is for, and what it read.

mod by_name;
mod carried;
mod recognised;
mod signal;

pub use recognised::{closest, recognise};

use std::collections::HashMap;
use std::sync::Arc;

use super::choice::OwnSource;
use super::known_agents::KnownAgents;
use super::program::Program;
use super::record::Record;
use super::rollup::{self, CarriedExample, RollupFault, RollupLine, RollupReader, RowPlace};
use super::step::{Head, Step};
use super::timestamp::Timestamps;
use super::unparsed::{Field, Unparsed, Why};
use super::untimed::{UNTIMED, Untimed};
use super::w3c::{Defaults, FieldPrograms, Header};
use super::{AUTO, Choice, Format, FormatSource, Proxies, carrier, json, w3c};
use crate::time::{Second, Zone};
use by_name::ReadFrom;

/// What is said of a line that no reader even tried.
const NOTHING: Unparsed = Unparsed {
    field: Field::Line,
    why: Why::Missing,
    at: 0,
    timed: false,
};

/// What is said of a line that holds an entry of two formats.
const ANOTHER: Unparsed = Unparsed {
    field: Field::Client,
    why: Why::NoClient,
    at: 0,
    timed: true,
};

/// Whether a time in brackets is before a quoted request, and another than this: then the line is of NCSA's family,
/// and what was read may be what a client has written into its first field.
#[cold]
fn holds_another(line: &[u8], time: Option<Second>, times: &mut Timestamps) -> bool {
    memchr::memmem::find_iter(line, b"] \"").any(|end| {
        memchr::memrchr(b'[', &line[..end])
            .and_then(|bracket| times.clf(&line[bracket + 1..]).ok())
            .is_some_and(|stamp| Some(stamp.time) != time)
    })
}

/// Whether what the format at `index` has read from `body` is rather what a client has written into a line of another:
/// there is a time before a quoted request, or the client is more than a word. Not where a format was chosen.
#[inline]
fn is_of_another(
    choice: Option<&str>,
    index: usize,
    body: &[u8],
    record: &Record<'_>,
    times: &mut Timestamps,
) -> bool {
    if choice.is_some() || AUTO[index].name == CLF {
        return false;
    }
    // Some of the others have such a time of their own.
    let time = Some(record.time).filter(|_| AUTO[index].sample.contains("] \""));
    holds_another(body, time, times) || memchr::memchr2(b' ', b'"', record.client).is_some()
}

/// The name of the family that one reader reads.
const CLF: &str = "clf";

/// What the choice of a format string is called.
const OWN: &str = "as given";

/// What was said above is remembered for so many files at once.
const HEADERS: usize = 256;

/// What places a request in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EventTime {
    /// Its end: where the stamp is that of the start, the sum of stamp and duration.
    #[default]
    End,
    /// The stamp as it is.
    Stamp,
}

/// What a line turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// An entry of the log.
    Record,
    /// White space, a directive, a header: nothing to count.
    Skipped,
    /// `tail` names the file whose lines follow.
    Source,
    /// A line of a rollup.
    Rollup(RollupLine),
    /// No entry, and why.
    Unparsed(Unparsed),
}

/// Reads lines.
///
/// What it remembers between lines is the file they come from and the W3C header of each file; the
/// timestamps and agents it remembers save time and change nothing.
#[derive(Debug, Clone)]
pub struct Parser {
    /// The programs of each format, in the order in which they are tried.
    lines: Vec<Vec<Program>>,
    /// Bit `i` of slot `b`: a line that begins with `b` can be in format `i`.
    begins: Box<[u32; 256]>,
    /// The format whose first program reads nearly every line in one.
    plain: Option<u8>,
    /// Those of entries without a time.
    untimed: Untimed,
    json: Option<json::JsonReader>,
    /// Reads an object within the text of an object.
    inner: Option<json::JsonReader>,
    /// The text that the last line carried in an object, or its own without colours.
    carried: Vec<u8>,
    /// Where the last record was read from, if not from the beginning of its line.
    read_from: ReadFrom,
    w3c: Option<Defaults>,
    /// The format that was chosen, where it was not left to the lines.
    choice: Option<&'static str>,
    /// Which reader read the last record.
    last: ReadBy,
    /// Those that were reported.
    seen: Vec<(ReadBy, Option<&'static str>)>,
    /// The steps describe the carrier too, or may: they are tried on the whole line first. So it is with the user's own
    /// string, and with an entry without a time.
    own: bool,
    /// That string begins with the client.
    client_first: bool,
    /// The second of a record is the one in which the request ended, where its stamp says the start.
    ends: bool,
    /// The client is the one that these proxies handed on, where a line says it.
    proxies: Option<Arc<Proxies>>,
    rollup: RollupReader,
    times: Timestamps,
    agents: KnownAgents,
    state: ParserState,
    wanted: Vec<Field>,
}

/// Who read a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadBy {
    Json,
    W3c,
    Rollup,
    /// The programs at this index.
    Lines(u8),
    /// The programs at this index among those of entries without a time.
    Untimed(u8),
}

/// What a parser remembers from one line to the next: two in the same state read the same lines alike.
#[derive(Debug, Clone, PartialEq)]
pub struct ParserState {
    /// The file that is read.
    source: Vec<u8>,
    /// The header of the file that is read.
    header: Header,
    /// Those of the others.
    others: HashMap<Vec<u8>, Header>,
}

impl Default for ParserState {
    fn default() -> ParserState {
        ParserState {
            source: b"-".to_vec(),
            header: Header::default(),
            others: HashMap::new(),
        }
    }
}

impl Outcome {
    /// Whether it is an entry, or several that are alike, with a place in time.
    #[inline]
    pub fn is_timed(self) -> bool {
        match self {
            Outcome::Record => true,
            Outcome::Rollup(RollupLine::Row(_, place)) => place != RowPlace::Nowhere,
            _ => false,
        }
    }
}

impl Parser {
    /// A parser for `choice` that reads the fields in `wanted` where they are optional, and times
    /// without an offset in `zone`.
    pub fn new(choice: &Choice, zone: Zone, wanted: &[Field]) -> Parser {
        let mut parser = Parser {
            lines: Vec::new(),
            begins: Box::new([u32::MAX; 256]),
            plain: None,
            untimed: Untimed::default(),
            json: None,
            inner: None,
            carried: Vec::new(),
            read_from: ReadFrom::default(),
            w3c: None,
            choice: match choice {
                Choice::Auto => None,
                Choice::Only(format) => Some(format.name),
                Choice::Own(_) => Some(OWN),
            },
            last: ReadBy::Lines(0),
            seen: Vec::new(),
            own: false,
            client_first: false,
            ends: true,
            proxies: None,
            rollup: RollupReader::default(),
            times: Timestamps::new(zone),
            agents: KnownAgents::default(),
            state: ParserState::default(),
            wanted: wanted.to_vec(),
        };
        let compile = |variants: Vec<Vec<_>>| {
            variants
                .iter()
                .map(|steps| Program::new(steps, wanted))
                .collect()
        };
        match choice {
            Choice::Auto => {
                parser.lines = AUTO
                    .iter()
                    .map(|format| compile(format.variants()))
                    .collect();
                parser.begins = Box::new(std::array::from_fn(|byte| {
                    let bit =
                        |(i, format): (usize, &Format)| u32::from((format.begins)(byte as u8)) << i;
                    AUTO.iter().enumerate().map(bit).sum()
                }));
                parser.untimed = Untimed::new(&UNTIMED, wanted);
                parser.json = Some(json::JsonReader::new(&[]));
                parser.w3c = Some(Defaults::new(wanted));
            }
            Choice::Only(format) => match format.source {
                FormatSource::Json => parser.json = Some(json::JsonReader::new(&[])),
                FormatSource::W3c => parser.w3c = Some(Defaults::new(wanted)),
                FormatSource::Rollup => {}
                FormatSource::Steps(_) | FormatSource::String(_) => {
                    parser.lines = vec![compile(format.variants())]
                }
                FormatSource::Untimed(_) => {
                    parser.lines = vec![compile(format.variants())];
                    // Its plainest carrier may look like another.
                    parser.own = true;
                    parser.untimed = Untimed::new(std::slice::from_ref(format), wanted);
                }
            },
            Choice::Own(own) => match &own.0 {
                OwnSource::W3c(names) => parser.w3c = Some(Defaults::with(names, wanted)),
                OwnSource::Json(keys) => parser.json = Some(json::JsonReader::new(keys)),
                OwnSource::Steps(own) if !own.steps.iter().any(Step::has_time) => {
                    parser.own = true;
                    parser.untimed = Untimed::own(&own.steps, wanted);
                }
                OwnSource::Steps(own) => {
                    let first = own.steps.iter().find(|step| **step != Step::Start);
                    parser.client_first = matches!(
                        first,
                        Some(Step::Field(Field::Client, _) | Step::Head(Head::Any | Head::Client))
                    );
                    parser.lines = vec![compile(vec![own.steps.clone()])];
                    parser.own = true;
                }
            },
        }
        // Formats that are tried before it have no address and two dashes at the beginning of a line.
        let plain = |programs: &Vec<Program>| programs.first().is_some_and(Program::has_plain);
        if !parser.own {
            parser.plain = parser.lines.iter().position(plain).map(|at| at as u8);
        }
        parser
    }

    /// Takes the client from the list of addresses that these proxies handed on, where a line has one. The fields
    /// that are wanted must include [`Field::Forwarded`].
    pub fn behind(mut self, proxies: Option<Proxies>) -> Parser {
        // The plain way does not look for such a list.
        self.plain = self.plain.filter(|_| proxies.is_none());
        self.proxies = proxies.map(Arc::new);
        self
    }

    /// Places records by their end or by their stamp as it is; without it, by their end.
    pub fn timed_by(mut self, time: EventTime) -> Parser {
        self.ends = time == EventTime::End;
        self
    }

    /// Lines from here on come from the file `name`, from its beginning.
    pub fn begin_source(&mut self, name: &[u8]) {
        name.clone_into(&mut self.state.source);
        self.state.header = Header::default();
        self.state.others.remove(name);
    }

    /// What is remembered of the lines so far.
    pub fn state(&self) -> &ParserState {
        &self.state
    }

    /// Goes on where the parser was whose state this is.
    pub fn resume(&mut self, state: ParserState) {
        self.state = state;
    }

    /// The lines that follow are of the file `name`, whose header may have been read before: `tail` says so, or whoever
    /// reads several at once.
    pub fn continue_source(&mut self, name: &[u8]) {
        let state = &mut self.state;
        let header = state.others.remove(name).unwrap_or_default();
        let left = std::mem::replace(&mut state.header, header);
        let source = std::mem::replace(&mut state.source, name.to_vec());
        self.rollup.turn(&source, name);
        if !left.is_new() && state.others.len() < HEADERS {
            state.others.insert(source, left);
        }
    }

    /// Reads one line, without its newline, into `record`, which must be [`Record::EMPTY`]; where it turns out to
    /// be no record, that may hold anything.
    ///
    /// In place, since a record is large: returned, its 200 bytes were copied twice for every line.
    #[inline]
    pub fn read<'a>(&'a mut self, line: &'a [u8], record: &mut Record<'a>) -> Outcome {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if self.state.header.rollup.is_some() {
            return self.rollup(line, record);
        }
        match line.first() {
            None => return Outcome::Skipped,
            Some(b' ' | b'\t' | b'\r') if line.iter().all(|b| b" \t\r".contains(b)) => {
                return Outcome::Skipped;
            }
            Some(b'=' | b'#' | b'"') => {
                if let Some(signal) = self.signal(line) {
                    return signal;
                }
            }
            Some(_) => {}
        }
        let (proxies, ends) = (self.proxies.clone(), self.ends);
        // An address is no carrier; a date may be one.
        let address = line[0].is_ascii_digit() && line.get(4) != Some(&b'-');
        let read = if address && !self.own {
            // Nothing to cut off, and no JSON: `body` would come to the same.
            match self.lines_and_w3c(line, record) {
                // pm2 and foreman begin a line with a digit.
                Err(unparsed)
                    if !unparsed.timed
                        || carrier::len(line) > 0
                        || line.ends_with(b"}")
                        || carrier::to_address(line) != Some(0) =>
                {
                    self.body(line, record)
                }
                read => {
                    record.source = &self.state.source;
                    read
                }
            }
        } else {
            self.body(line, record)
        };
        match read {
            Ok(()) => {
                if record.starts && ends {
                    record.move_to_end();
                }
                if let (Some(proxies), Some(list)) = (proxies, record.forwarded) {
                    record.client = proxies.client(list).unwrap_or(record.client);
                }
                Outcome::Record
            }
            Err(unparsed) => Outcome::Unparsed(unparsed),
        }
    }

    /// Reads rollups that carry what the keys of these dimensions need.
    pub fn requiring(mut self, dimensions: &[&'static str]) -> Parser {
        self.rollup = RollupReader::requiring(dimensions);
        self
    }

    /// What is wrong with a rollup that came so far, once.
    pub fn take_rollup_fault(&mut self) -> Option<RollupFault> {
        self.rollup.take_fault()
    }

    /// The line that was the last [`RollupLine::Example`].
    pub fn rollup_example(&self) -> &CarriedExample {
        self.rollup.example()
    }

    /// No more lines of this source follow.
    pub fn end_source(&mut self) {
        self.rollup.end();
    }

    /// All sources have ended: those beside the current one whose rollup was cut off, once.
    pub fn take_cut_rollups(&mut self) -> Vec<Vec<u8>> {
        self.rollup.take_others()
    }

    /// Reads a line of a rollup, or one that follows it.
    #[inline(never)]
    fn rollup<'a>(&'a mut self, line: &'a [u8], record: &mut Record<'a>) -> Outcome {
        if line.starts_with(rollup::MAGIC) {
            return self.begin_rollup(line);
        }
        if line.starts_with(b"==> ")
            && let Some(signal) = self.signal(line)
        {
            return signal;
        }
        let Parser { state, rollup, .. } = self;
        record.source = &state.source;
        self.last = ReadBy::Rollup;
        let Some(header) = &mut state.header.rollup else {
            return Outcome::Skipped;
        };
        let read = rollup.read(line, header, record);
        read.map_or_else(Outcome::Unparsed, Outcome::Rollup)
    }

    /// Reads the first line of a rollup.
    #[cold]
    fn begin_rollup(&mut self, line: &[u8]) -> Outcome {
        match self.rollup.begin(line) {
            Ok(header) => {
                self.state.header.rollup = Some(header);
                Outcome::Rollup(RollupLine::Header)
            }
            Err(unparsed) => Outcome::Unparsed(unparsed),
        }
    }

    /// A record was read by `reader`.
    #[inline(always)]
    fn read_by(&mut self, reader: ReadBy) {
        self.last = reader;
        self.state.header.record(reader == ReadBy::W3c);
    }

    /// Reads the line that `text` begins with, if it is as nearly every line of nearly every log: one that begins with
    /// an address. Returns its length with its newline; [`Parser::read`] would have read the same record. `None` says
    /// nothing of the line, and leaves `record` as it was: [`Record::EMPTY`].
    #[inline(always)]
    pub fn read_plain<'a>(&'a mut self, text: &'a [u8], record: &mut Record<'a>) -> Option<usize> {
        let index = self.plain?;
        // No date, no carrier, no fields named above.
        if !matches!(text, [b'0'..=b'9', _, _, _, after, ..] if *after != b'-')
            || self.state.header.fields().is_some()
        {
            return None;
        }
        let len = self.lines[usize::from(index)][0].read_plain(
            text,
            &mut self.times,
            &mut self.agents,
            record,
        )?;
        self.read_by(ReadBy::Lines(index));
        record.source = &self.state.source;
        if record.starts && self.ends {
            record.move_to_end();
        }
        Some(len)
    }

    /// Tries the readers of lines that are no JSON. (Inlined into both that call it: a call was 25 instructions a
    /// line.)
    #[inline(always)]
    fn lines_and_w3c<'a>(
        &mut self,
        body: &'a [u8],
        record: &mut Record<'a>,
    ) -> Result<(), Unparsed> {
        if self.json.is_some() && body.first() == Some(&b'{') {
            return Err(NOTHING);
        }
        let mut failed: Option<Unparsed> = None;
        let mut note = |unparsed: Unparsed, family: bool, record: &mut Record<'a>| {
            *record = Record::EMPTY;
            // Of those that found the time, the reader that came furthest has the reason worth showing; of
            // the others the first, but for NCSA's family, since how far they came says little.
            let further = |held: Unparsed| match (unparsed.timed, held.timed) {
                (true, true) => unparsed.at > held.at,
                (false, false) => family,
                (timed, _) => timed,
            };
            if failed.is_none_or(further) {
                failed = Some(unparsed);
            }
        };
        if let Some(defaults) = &self.w3c {
            match self.state.header.fields() {
                Some(FieldPrograms::Programs(programs)) => {
                    let tabs = memchr::memchr(b'\t', body).is_some();
                    match programs[usize::from(tabs)].read(w3c::trim(body), &mut self.times, record)
                    {
                        Ok(()) => {
                            self.read_by(ReadBy::W3c);
                            return Ok(());
                        }
                        Err(unparsed) => note(unparsed, true, record),
                    }
                }
                Some(FieldPrograms::Unusable(field, why)) => note(
                    Unparsed {
                        field: *field,
                        why: *why,
                        at: 0,
                        timed: true,
                    },
                    true,
                    record,
                ),
                None => {
                    if let Some(program) = defaults.for_line(body) {
                        match program.read(w3c::trim(body), &mut self.times, record) {
                            Ok(()) => {
                                self.read_by(ReadBy::W3c);
                                return Ok(());
                            }
                            Err(unparsed) => note(unparsed, true, record),
                        }
                    }
                }
            }
        }
        let mut candidates = body
            .first()
            .map_or(0, |&byte| self.begins[usize::from(byte)]);
        while candidates != 0 {
            let index = candidates.trailing_zeros() as usize;
            candidates &= candidates - 1;
            for program in self.lines.get(index).map_or(&[][..], Vec::as_slice) {
                match program.read(body, &mut self.times, record) {
                    Ok(()) => {
                        if !is_of_another(self.choice, index, body, record, &mut self.times) {
                            // Only the client that a line begins with has the name of a file before it.
                            let first = std::ptr::eq(record.client.as_ptr(), body.as_ptr());
                            if first && self.plain != Some(index as u8) {
                                carrier::cut_name(record);
                            }
                            self.read_by(ReadBy::Lines(index as u8));
                            return Ok(());
                        }
                        note(ANOTHER, true, record);
                    }
                    Err(unparsed) => note(unparsed, self.plain == Some(index as u8), record),
                }
            }
        }
        Err(failed.unwrap_or(NOTHING))
    }
}
