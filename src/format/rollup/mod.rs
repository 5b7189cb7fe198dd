//! Rollups: what was counted of a log, written as a log, so that merging is replay.
//!
//! ```text
//! #httpmon rollup 1 offset=7200
//! time⇥hits⇥status⇥method⇥protocol⇥bytes⇥us⇥section⇥client⇥cached⇥bot⇥visitor
//! 1760104536⇥3⇥200⇥GET⇥HTTP/1.1⇥512⇥⇥/api⇥192.0.2.7⇥⇥-
//! #unparsed⇥1760104536⇥2
//! #end rows=1 hits=3 from=1760104536 to=1760104536 sum=9f3c…
//! ```
//!
//! A row stands for the hits of one second that have all of its values in common. Rows ascend by time; what came later
//! than that is another rollup behind the first, and so any number of them in one file are read. A line that begins with `#`
//! is not a row: the books are such lines, and hits whose time was not believed. The end says how much came before it, and
//! the sum of all lines, in whatever order, so that a file that was cut off is known.

mod beginnings;
mod columns;
mod seal;
mod value;

pub use beginnings::RowBeginnings;
pub use columns::{COLUMNS, MOST_FIELDS, RollupColumn, RollupLayout, Told};
pub use seal::{RollupEnd, Seal};

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::named::NamedFields;
use super::record::Record;
use super::unparsed::{DurationUnit, Field, Unparsed, Why};
use super::{Format, FormatSource};
use crate::time::Second;
use columns::RequestParts;

/// What `--format` calls it.
pub(super) const NAME: &str = "rollup";

/// Rollups.
pub(super) const ROLLUP: Format = Format {
    name: NAME,
    about: "what --report rollup has written: a row for each second and combination of values, with its hits",
    sample: "#httpmon rollup 1 offset=0\n\
             time\thits\tstatus\tmethod\tprotocol\tbytes\tus\tsection\tclient\tcached\tbot\tvisitor\n\
             1760104536\t3\t200\tGET\tHTTP/1.1\t512\t\t/api\t192.0.2.7\t\t-\t3511700850",
    begins: |b| b == b'#',
    source: FormatSource::Rollup,
};

/// What the first line begins with.
pub const MAGIC: &[u8] = b"#httpmon rollup ";
/// The version that is written, and the only one that is read.
const VERSION: &str = "1";
/// The names of the two columns that every row begins with.
const FIRST: &[u8] = b"time\thits\t";
/// What the last line begins with.
pub const END: &[u8] = b"#end ";
/// A row has at most so many hits; more are several rows.
pub const MOST_HITS: u64 = 1 << 20;

/// So many rollups are known that are read beside each other; there are no more clocks either.
const MOST_OTHERS: usize = 256;

/// Where the hits of a row belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowPlace {
    /// At its time.
    Time,
    /// At its time, which came later than its second had closed.
    Late,
    /// Nowhere: their time was not believed.
    Nowhere,
}

/// What a line of a rollup is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RollupLine {
    /// So many hits like the record.
    Row(u64, RowPlace),
    /// Lines that are no records, and the second that was the newest when they came.
    Unparsed(Option<Second>, u64),
    /// Lines that there is nothing to count of.
    Skipped(u64),
    /// Records that were left out.
    Filtered(u64),
    /// Time has come so far.
    Newest(Second),
    /// One of the lines that are no records.
    Example,
    /// It speaks of the rollup itself.
    Header,
}

/// One of the lines that were no records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CarriedExample {
    /// Why: `None` where this version knows no such reason.
    pub unparsed: Option<Unparsed>,
    /// How many lines failed for it.
    pub count: u64,
    /// Which line of its input it was, from 1.
    pub line: u64,
    /// Which file, where files were named.
    pub file: Option<Arc<str>>,
    /// The line's beginning.
    pub text: Vec<u8>,
    /// The newest second when it came.
    pub second: Option<Second>,
}

/// What the lines of a rollup have said so far, apart from its rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RollupState {
    offset: i32,
    late: bool,
    /// `None` until the second line is read.
    layout: Option<RollupLayout>,
}

/// Reads the lines of rollups.
#[derive(Debug, Clone, Default)]
pub(super) struct RollupReader {
    /// The values of a row that has escapes, end to end.
    unescaped: Vec<u8>,
    example: CarriedExample,
    seal: Option<Seal>,
    /// Those of other sources that are read at once.
    others: HashMap<Vec<u8>, Seal>,
    required: Arc<[&'static str]>,
    fault: Option<RollupFault>,
}

/// What is wrong with a rollup as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RollupFault {
    /// Its end is missing.
    Cut,
    /// Its end does not fit what stands before it.
    Damaged,
    /// It does not carry what the keys of this dimension need.
    Lacks(&'static str),
}

impl fmt::Display for RollupFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RollupFault::Cut => {
                f.write_str("the rollup is cut off: its last line, #end, is missing")
            }
            RollupFault::Damaged => {
                f.write_str("the rollup is damaged: its #end does not fit what stands before it")
            }
            RollupFault::Lacks(dimension) => write!(
                f,
                "the rollup does not carry '{dimension}', which was asked for (write it with --rollup-by {dimension})"
            ),
        }
    }
}

fn refused(field: Field, why: Why, at: usize) -> Unparsed {
    Unparsed {
        field,
        why,
        at,
        timed: false,
    }
}

impl RollupState {
    /// What the first line says.
    fn begin(line: &[u8]) -> Result<RollupState, Unparsed> {
        let words = line.strip_prefix(MAGIC).unwrap_or_default();
        let words = std::str::from_utf8(words).unwrap_or_default();
        let mut words = words.split_ascii_whitespace();
        let mut state = RollupState {
            offset: 0,
            late: false,
            layout: None,
        };
        if words.next() != Some(VERSION) {
            return Err(refused(Field::Line, Why::Version, MAGIC.len()));
        }
        for word in words {
            match word.split_once('=') {
                Some(("offset", offset)) => state.offset = offset.parse().unwrap_or(0),
                None if word == "late" => state.late = true,
                _ => {}
            }
        }
        Ok(state)
    }

    /// Finds the values of fields by their own names in a row.
    pub(super) fn find_named(&self, line: &[u8], fields: &mut NamedFields) {
        let columns = self.layout.iter().flat_map(RollupLayout::columns);
        let mut unescaped = Vec::new();
        for (column, value) in columns.zip(line.split(|&b| b == b'\t').skip(2)) {
            let Some(name) = column.field().filter(|_| !value.is_empty()) else {
                continue;
            };
            unescaped.clear();
            if value::unescape(value, &mut unescaped).is_some() {
                fields.keep(name, &unescaped);
            }
        }
    }

    /// Takes the names of the columns.
    fn name(&mut self, line: &[u8]) -> Result<&RollupLayout, Unparsed> {
        let names = line.strip_prefix(FIRST).and_then(RollupLayout::named);
        let layout = names.ok_or(refused(Field::Line, Why::Columns, 0))?;
        Ok(self.layout.insert(layout))
    }
}

/// The columns of a rollup that begins with this text, if it is one.
pub fn layout_of(text: &[u8]) -> Option<RollupLayout> {
    let mut lines = text.split(|&b| b == b'\n').map(trim);
    let mut state =
        RollupState::begin(lines.next().filter(|line| line.starts_with(MAGIC))?).ok()?;
    state.name(lines.next()?).ok()?;
    state.layout
}

/// A line without the carriage return that some systems end it with.
fn trim(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

impl RollupReader {
    /// The line that was the last [example](RollupLine::Example).
    pub(super) fn example(&self) -> &CarriedExample {
        &self.example
    }

    /// A reader of rollups that carry what the keys of these dimensions need.
    pub(super) fn requiring(dimensions: &[&'static str]) -> RollupReader {
        RollupReader {
            required: dimensions.into(),
            ..RollupReader::default()
        }
    }

    /// What is wrong with what came so far, once.
    pub(super) fn take_fault(&mut self) -> Option<RollupFault> {
        self.fault.take()
    }

    /// What follows is of another source: what came of `left` so far is kept.
    pub(super) fn turn(&mut self, left: &[u8], source: &[u8]) {
        if let Some(seal) = self.seal.take()
            && self.others.len() < MOST_OTHERS
        {
            self.others.insert(left.to_vec(), seal);
        }
        self.seal = self.others.remove(source);
    }

    /// The sources beside this one whose rollup has no end, in order.
    pub(super) fn take_others(&mut self) -> Vec<Vec<u8>> {
        let mut others: Vec<_> = self.others.drain().map(|(source, _)| source).collect();
        others.sort_unstable();
        others
    }

    /// A source has ended: what is wrong with it.
    pub(super) fn end(&mut self) {
        if self.seal.take().is_some() {
            self.fault = Some(RollupFault::Cut);
        }
    }

    /// Reads the first line of a rollup.
    ///
    /// # Errors
    ///
    /// One of another version is not read.
    pub(super) fn begin(&mut self, line: &[u8]) -> Result<RollupState, Unparsed> {
        self.end();
        let line = trim(line);
        let state = RollupState::begin(line)?;
        let mut seal = Seal::default();
        seal.line(line);
        self.seal = Some(seal);
        Ok(state)
    }

    /// Reads a line below the first.
    pub(super) fn read<'a>(
        &'a mut self,
        line: &'a [u8],
        state: &mut RollupState,
        record: &mut Record<'a>,
    ) -> Result<RollupLine, Unparsed> {
        let line = trim(line);
        if let Some(end) = line.strip_prefix(END) {
            let fits = self.seal.take().is_some_and(|seal| seal.fits(end));
            if !fits {
                self.fault = Some(RollupFault::Damaged);
            }
            return Ok(RollupLine::Header);
        }
        let no_row = line.first() == Some(&b'#');
        if no_row || state.layout.is_none() || line.starts_with(FIRST) {
            if let Some(seal) = &mut self.seal {
                seal.line(line);
            }
            if no_row {
                return self.remark(line, state, record);
            }
            let layout = state.name(line)?;
            if let Some(fault) = layout.lacks(&self.required) {
                self.fault = Some(fault);
            }
            return Ok(RollupLine::Header);
        }
        let place = if state.late {
            RowPlace::Late
        } else {
            RowPlace::Time
        };
        let hits = row(&mut self.unescaped, line, state, record)?;
        if let Some(seal) = &mut self.seal {
            seal.row(line, record.time, hits);
        }
        Ok(RollupLine::Row(hits, place))
    }

    /// Reads a line that is not a row.
    fn remark<'a>(
        &'a mut self,
        line: &'a [u8],
        state: &RollupState,
        record: &mut Record<'a>,
    ) -> Result<RollupLine, Unparsed> {
        let tab = memchr::memchr(b'\t', line).unwrap_or(line.len());
        let (name, rest) = line.split_at(tab);
        let rest = rest.get(1..).unwrap_or_default();
        let form = refused(Field::Line, Why::Form, tab);
        let lines = |text| {
            value::number(text)
                .filter(|&lines| lines < 1 << 48)
                .ok_or(form)
        };
        Ok(match name {
            b"#skewed" => {
                let hits = row(&mut self.unescaped, rest, state, record)?;
                RollupLine::Row(hits, RowPlace::Nowhere)
            }
            b"#unparsed" => {
                let mut parts = rest.splitn(2, |&b| b == b'\t');
                let second = parts.next().unwrap_or_default();
                let second = value::second(second);
                RollupLine::Unparsed(second, lines(parts.next().unwrap_or_default())?)
            }
            b"#skipped" => RollupLine::Skipped(lines(rest)?),
            b"#filtered" => RollupLine::Filtered(lines(rest)?),
            b"#newest" => RollupLine::Newest(value::second(rest).ok_or(form)?),
            b"#example" => {
                self.example = CarriedExample::read(rest).ok_or(form)?;
                RollupLine::Example
            }
            // A remark of somebody's own, or of a later version.
            _ => RollupLine::Header,
        })
    }
}

/// Reads a row, and how many hits it stands for.
fn row<'a>(
    unescaped: &'a mut Vec<u8>,
    line: &'a [u8],
    state: &RollupState,
    record: &mut Record<'a>,
) -> Result<u64, Unparsed> {
    let Some(layout) = &state.layout else {
        return Err(refused(Field::Line, Why::Columns, 0));
    };
    let mut parts = RequestParts::default();
    let escaped = memchr::memchr(b'\\', line).is_some();
    let mut ends = [(0, false); columns::MOST_COLUMNS];
    if escaped {
        unescaped.clear();
    }
    let mut values = line.split(|&b| b == b'\t');
    let place = |value: &[u8]| {
        let at = value.as_ptr().addr().wrapping_sub(line.as_ptr().addr());
        at.min(line.len())
    };
    let time = values.next().and_then(value::second);
    record.time = time.ok_or(refused(Field::Time, Why::Form, 0))?;
    let hits = values.next().unwrap_or_default();
    let no_hits = refused(Field::Line, Why::Form, place(hits));
    let hits = value::number(hits).filter(|hits| (1..=MOST_HITS).contains(hits));
    let hits = hits.ok_or(no_hits)?;
    record.offset = state.offset;
    // Unless they are carried.
    record.client = b"";
    record.carried = true;
    let columns = layout.columns();
    if escaped {
        let values = values.clone();
        for (end, value) in ends.iter_mut().zip(values) {
            let wrong = refused(Field::Line, Why::Form, place(value));
            value::unescape(value, unescaped).ok_or(wrong)?;
            *end = (unescaped.len(), value.is_empty());
        }
    }
    let mut start = 0;
    for (column, (end, absent)) in columns.iter().zip(ends) {
        let Some(written) = values.next() else {
            return Err(refused(Field::Line, Why::Missing, line.len()));
        };
        let value = if escaped {
            let value = &unescaped[start..end];
            start = end;
            (!absent).then_some(value)
        } else {
            (!written.is_empty()).then_some(written)
        };
        if !(column.read)(value, record, &mut parts) {
            return Err(refused(Field::Line, Why::Form, place(written)));
        }
    }
    if values.next().is_some() {
        return Err(refused(Field::Line, Why::Form, line.len()));
    }
    record.request = parts.request();
    Ok(hits)
}

/// What can be wrong with a field, with the names that rollups have for it.
const REASONS: [(Why, &str); 12] = [
    (Why::Missing, "missing"),
    (Why::Form, "form"),
    (Why::Unnamed, "unnamed"),
    (Why::Open, "open"),
    (Why::NoSuchTime, "no-such-time"),
    (Why::TooLong, "too-long"),
    (Why::TooManyFields, "too-many-fields"),
    (Why::Directive, "directive"),
    (Why::Timeless, "timeless"),
    (Why::NoClient, "no-client"),
    (Why::Version, "version"),
    (Why::Columns, "columns"),
];

/// The fields that can be wrong; a duration has one name whatever its unit.
const FIELDS: [Field; 17] = [
    Field::Line,
    Field::Client,
    Field::Host,
    Field::User,
    Field::Time,
    Field::Request,
    Field::Status,
    Field::Bytes,
    Field::Method,
    Field::Target,
    Field::Protocol,
    Field::Duration(DurationUnit::Seconds),
    Field::Cache,
    Field::Referrer,
    Field::Agent,
    Field::Forwarded,
    Field::Skipped,
];

impl CarriedExample {
    /// Appends it as a rollup has it.
    pub fn write(&self, out: &mut Vec<u8>) {
        let Some(unparsed) = self.unparsed else {
            return;
        };
        let why = REASONS.iter().find(|(why, _)| *why == unparsed.why);
        out.extend_from_slice(b"#example\t");
        out.extend_from_slice(unparsed.field.name().as_bytes());
        out.push(b'\t');
        out.extend_from_slice(why.map_or("form", |(_, name)| name).as_bytes());
        for number in [
            unparsed.at as u64,
            unparsed.timed.into(),
            self.count,
            self.line,
        ] {
            out.push(b'\t');
            value::push_number(Some(number), out);
        }
        out.push(b'\t');
        if let Some(second) = self.second {
            out.extend_from_slice(second.0.to_string().as_bytes());
        }
        out.push(b'\t');
        value::push_text(self.file.as_deref().map(str::as_bytes), out);
        out.push(b'\t');
        value::push_text(Some(&self.text), out);
        out.push(b'\n');
    }

    /// Reads it.
    fn read(text: &[u8]) -> Option<CarriedExample> {
        let values: Vec<&[u8]> = text.split(|&b| b == b'\t').collect();
        let [field, why, at, timed, count, line, second, file, text] = values[..] else {
            return None;
        };
        let unescape = |text| {
            let mut out = Vec::new();
            value::unescape(text, &mut out)?;
            Some(out)
        };
        let field = FIELDS.iter().find(|known| known.name().as_bytes() == field);
        let why = REASONS.iter().find(|(_, name)| name.as_bytes() == why);
        let unparsed = field.zip(why).map(|(&field, &(why, _))| Unparsed {
            field,
            why,
            at: value::number(at).unwrap_or(0) as usize,
            timed: timed == b"1",
        });
        let file = unescape(file)?;
        let file = String::from_utf8_lossy(&file);
        Some(CarriedExample {
            unparsed,
            count: value::number(count)?,
            line: value::number(line)?,
            file: Some(Arc::from(&*file)).filter(|file: &Arc<str>| !file.is_empty()),
            text: unescape(text)?,
            second: value::second(second),
        })
    }
}

/// Appends what a row begins with, its time and its hits.
pub fn row_head(time: Second, hits: u64, out: &mut Vec<u8>) {
    value::push_signed(time.0, out);
    out.push(b'\t');
    value::push_number(Some(hits), out);
    out.push(b'\t');
}

/// What is to be written at the head of a rollup: two lines.
pub fn head(layout: &str, offset: i32, late: bool) -> String {
    let magic = String::from_utf8_lossy(MAGIC);
    let first = String::from_utf8_lossy(FIRST);
    let late = if late { " late" } else { "" };
    format!("{magic}{VERSION} offset={offset}{late}\n{first}{layout}\n")
}
