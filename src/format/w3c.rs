//! The W3C extended log format: `#Fields` says what is where, and may change in mid-stream.
//!
//! See the working draft WD-logfile-960323 and the documentation of IIS and CloudFront. Values are
//! separated by spaces or by tabs, which each line shows; `#Date` gives the date of lines that have
//! only a time. A time is that at which the request ended ("time at which transaction completed", says the draft;
//! CloudFront's, "the server finished responding"). A directive is believed only where no client can have written it: see
//! [`Above`]. Where a stream begins in the middle of a file, the default lists of IIS and
//! CloudFront are distinguished by the shape of the line.

mod names;

use std::sync::{Arc, OnceLock};

use bstr::ByteSlice;

use super::named::StringSteps;
use super::program::Program;
use super::rollup::RollupState;
use super::step::{Extent, Step, literal};
use super::template::Refused;
use super::timestamp::{TimeForm, Timestamps};
use super::unparsed::{Field, Unparsed, Why};
use names::{NameReading, Names};

/// A list has at most so many fields.
const MOST_FIELDS: usize = 1000;

/// A list is at most so long.
const MOST_BYTES: usize = 64 << 10;

/// The lists of all sources together are at most so long.
const MOST_IN_ALL: usize = 1 << 20;

/// What the lines of one file have said so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Header {
    above: Above,
    /// Shared by clones and threads: it is compiled once.
    fields: Option<Arc<FieldPrograms>>,
    /// Days since 1970-01-01 of the last `#Date`.
    date: Option<i64>,
    /// `#Software` names a server whose durations are in milliseconds.
    milliseconds: bool,
    text: Arc<[u8]>,
    /// What a rollup has said, where the file is one.
    pub(super) rollup: Option<RollupState>,
}

/// What is above a line, which decides whether a directive is believed there.
///
/// In most formats a client can write the first field of a line. In a W3C log it cannot: a line begins with the
/// server's date or time, or with whatever the header names, and a value has no line break.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Above {
    /// No record: the head of a file.
    #[default]
    Nothing,
    /// A directive, or a record of a W3C log.
    W3c,
    /// A record in another format.
    Other,
}

/// The programs that a list of fields compiles to.
#[derive(Debug)]
pub(super) enum FieldPrograms {
    /// One for lines with spaces, one for lines with tabs.
    Programs([Program; 2]),
    /// No line below it can be a record, and what is said of it: there is no status or no time, or the list is
    /// longer than httpmon takes.
    Unusable(Field, Why),
}

/// What they compiled to follows from what they said.
impl PartialEq for Header {
    fn eq(&self, other: &Header) -> bool {
        self.above == other.above && self.rollup == other.rollup && self.says_the_same(other)
    }
}

impl Header {
    /// Reads a line that begins with `#`; `others` are the headers of the other sources.
    ///
    /// # Errors
    ///
    /// A list that is too long is not taken, and nor are the lines below it.
    pub(super) fn directive<'h>(
        &mut self,
        line: &[u8],
        times: &mut Timestamps,
        wanted: &[Field],
        others: impl Iterator<Item = &'h Header> + Clone,
    ) -> Result<(), Unparsed> {
        let before = self.clone();
        self.above = Above::W3c;
        if let Some(software) = line.strip_prefix(b"#Software:") {
            self.milliseconds = names::writes_milliseconds(software);
        } else if let Some(date) = line
            .strip_prefix(b"#Date:")
            .or(line.strip_prefix(b"#Start-Date:"))
        {
            self.date = times.iso_date(date.trim_ascii_start()).ok();
        } else if let Some(names) = line.strip_prefix(b"#Fields:") {
            let in_all: usize = others.clone().map(|header| header.text.len()).sum();
            if names.len() > MOST_BYTES
                || in_all + names.len() > MOST_IN_ALL
                || list(names).nth(MOST_FIELDS).is_some()
            {
                self.text = Arc::default();
                self.fields = Some(Arc::new(FieldPrograms::Unusable(
                    Field::Line,
                    Why::TooManyFields,
                )));
                return Err(Unparsed {
                    field: Field::Line,
                    why: Why::TooManyFields,
                    at: 0,
                    timed: false,
                });
            }
            self.text = names.into();
        }
        if !self.text.is_empty() && !self.says_the_same(&before) {
            let known = others
                .filter(|header| self.says_the_same(header))
                .find_map(|header| header.fields.clone());
            let compiled = || Arc::new(compile(&self.text, self.milliseconds, self.date, wanted));
            self.fields = Some(known.unwrap_or_else(compiled));
        }
        Ok(())
    }

    fn says_the_same(&self, other: &Header) -> bool {
        (self.date, self.milliseconds) == (other.date, other.milliseconds) && self.text == other.text
            // Of a list that was not taken nothing is left.
            && (!self.text.is_empty() || self.fields.is_some() == other.fields.is_some())
    }

    /// Whether a line below what came so far may be a directive.
    pub(super) fn may_follow(&self) -> bool {
        self.above != Above::Other
    }

    /// Whether there is anything to remember.
    pub(super) fn is_new(&self) -> bool {
        *self == Header::default()
    }

    /// A record was read below what came so far.
    #[inline(always)]
    pub(super) fn record(&mut self, w3c: bool) {
        self.above = if w3c { Above::W3c } else { Above::Other };
    }

    /// What `#Fields` says.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// What `#Fields` compiled to, once there was one.
    #[inline(always)]
    pub(super) fn fields(&self) -> Option<&FieldPrograms> {
        self.fields.as_deref()
    }
}

/// The names of a list, which have white space between them.
fn list(names: &[u8]) -> impl Iterator<Item = &[u8]> {
    names
        .split(u8::is_ascii_whitespace)
        .filter(|name| !name.is_empty())
}

/// Compiles a list of field names, separated by white space; `milliseconds` where the server is known to write its
/// durations so.
fn compile(names: &[u8], milliseconds: bool, date: Option<i64>, wanted: &[Field]) -> FieldPrograms {
    let list: Vec<&[u8]> = list(names).collect();
    let names = Names::new(&list, milliseconds, date.is_some());
    let in_parts = names.has(NameReading::Clock);
    if !in_parts && !names.has(NameReading::Bracketed) && !names.has(NameReading::Epoch) {
        return FieldPrograms::Unusable(Field::Time, Why::Unnamed);
    }
    if !names.has(NameReading::Plain(Field::Status)) && !names.has(NameReading::CacheAndStatus) {
        return FieldPrograms::Unusable(Field::Status, Why::Unnamed);
    }
    let program = |extent: Extent, separator: Step| {
        let mut steps = Vec::new();
        let in_brackets = Extent::Until(b']');
        for reading in &names.readings {
            if !steps.is_empty() {
                steps.push(separator.clone());
            }
            match *reading {
                NameReading::Plain(field) => steps.push(Step::Field(field, extent.clone())),
                NameReading::Date => steps.push(Step::Date(extent.clone())),
                NameReading::Clock => steps.push(Step::Clock(extent.clone())),
                NameReading::Epoch => steps.push(Step::Time(TimeForm::Epoch, extent.clone())),
                NameReading::Bracketed => steps.extend([
                    literal(b"["),
                    Step::Time(TimeForm::Any, in_brackets.clone()),
                    literal(b"]"),
                ]),
                NameReading::SkippedBrackets => steps.extend([
                    Step::Field(Field::Skipped, in_brackets.clone()),
                    literal(b"]"),
                ]),
                NameReading::CacheAndStatus => steps.extend([
                    Step::Field(Field::Cache, Extent::Until(b'/')),
                    literal(b"/"),
                    Step::Field(Field::Status, extent.clone()),
                ]),
            }
        }
        steps.push(Step::End);
        let mut program = Program::new(&steps, wanted);
        program.local = names.local;
        program.base_days = match date {
            Some(days) if in_parts && !names.has(NameReading::Date) => days,
            _ => 0,
        };
        program
    };
    let tab = program(Extent::Until(b'\t'), literal(b"\t"));
    FieldPrograms::Programs([program(Extent::W3c, Step::Spaces), tab])
}

/// The steps over values under these names, which they have; with tabs between them or with spaces.
pub(super) fn named(names: &[u8], tabs: bool) -> StringSteps {
    let list: Vec<&[u8]> = list(names).collect();
    let (extent, separator) = match tabs {
        true => (Extent::Until(b'\t'), literal(b"\t")),
        false => (Extent::W3c, Step::Spaces),
    };
    let mut steps = Vec::new();
    for reading in Names::new(&list, false, false).readings {
        if !steps.is_empty() {
            steps.push(separator.clone());
        }
        match reading {
            NameReading::Bracketed | NameReading::SkippedBrackets => steps.extend([
                literal(b"["),
                Step::Field(Field::Skipped, Extent::Until(b']')),
                literal(b"]"),
            ]),
            _ => steps.push(Step::Field(Field::Skipped, extent.clone())),
        }
    }
    StringSteps::of_fields(steps, list.into_iter())
}

/// The lists that servers write unless they are configured otherwise, by the number of their fields.
const DEFAULTS: [&str; 4] = [
    // IIS 7 without and with the referrer; with the bytes; CloudFront's first twelve.
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus \
     sc-win32-status time-taken",
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status \
     sc-substatus sc-win32-status time-taken",
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status \
     sc-substatus sc-win32-status sc-bytes cs-bytes time-taken",
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) \
     cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken",
];

/// What CloudFront writes behind its list.
const CLOUDFRONT_MORE: &str = "x-forwarded-for";

/// The default lists, compiled at the first line that may need them.
#[derive(Debug, Clone)]
pub(super) struct Defaults {
    /// The list that the user gave in the place of all others.
    given: Option<Arc<[Program; 2]>>,
    /// The names in it.
    names: Option<String>,
    wanted: Vec<Field>,
    compiled: OnceLock<CompiledFields>,
}

#[derive(Debug, Clone)]
struct CompiledFields {
    iis: Vec<(usize, Program)>,
    cloudfront: Program,
}

impl CompiledFields {
    fn new(wanted: &[Field]) -> CompiledFields {
        let count = |list: &str| list.split_whitespace().count();
        let compiled = |list: &str| match compile(list.as_bytes(), false, None, wanted) {
            FieldPrograms::Programs(programs) => programs,
            FieldPrograms::Unusable(..) => {
                unreachable!("the default lists have a time and a status")
            }
        };
        let [_, cloudfront] = compiled(DEFAULTS[3]);
        // CloudFront added fields over the years; those that count come first.
        let mut steps = cloudfront.steps().to_vec();
        steps.pop();
        let list = format!("{} {CLOUDFRONT_MORE}", DEFAULTS[3]);
        let [_, more] = compiled(&list);
        steps.push(Step::Optional);
        steps.extend_from_slice(&more.steps()[steps.len() - 1..]);
        steps.pop();
        let iis = DEFAULTS[..3].iter().map(|list| {
            let [spaces, _] = compiled(list);
            (count(list), spaces)
        });
        CompiledFields {
            iis: iis.collect(),
            cloudfront: Program::new(&steps, wanted),
        }
    }
}

impl Defaults {
    pub(super) fn new(wanted: &[Field]) -> Defaults {
        Defaults {
            given: None,
            names: None,
            wanted: wanted.to_vec(),
            compiled: OnceLock::new(),
        }
    }

    /// The list `names`, which [`given`] has found to be usable, for every line.
    pub(super) fn with(names: &str, wanted: &[Field]) -> Defaults {
        let given = match compile(names.as_bytes(), false, None, wanted) {
            FieldPrograms::Programs(programs) => Some(Arc::new(programs)),
            FieldPrograms::Unusable(..) => None,
        };
        Defaults {
            given,
            names: Some(names.to_owned()),
            ..Defaults::new(wanted)
        }
    }

    /// The program for a line that begins with a date and a time, by its shape.
    #[inline]
    pub(super) fn for_line(&self, line: &[u8]) -> Option<&Program> {
        if let Some(programs) = &self.given {
            return Some(&programs[usize::from(line.contains(&b'\t'))]);
        }
        // One byte shows of most lines that have no date that they have none.
        if line.get(4) == Some(&b'-') && is_dated(line) {
            self.for_dated(line)
        } else {
            None
        }
    }

    /// The list for a line, as [`Defaults::for_line`] chooses it.
    pub(super) fn list_for(&self, line: &[u8]) -> String {
        let count = values_in(line);
        let of_iis = |list: &&&str| list.split_whitespace().count() == count;
        match (&self.names, line.get(10)) {
            (Some(names), _) => names.clone(),
            (None, Some(b'\t')) => format!("{} {CLOUDFRONT_MORE}", DEFAULTS[3]),
            (None, _) => DEFAULTS[..3].iter().find(of_iis).unwrap_or(&"").to_string(),
        }
    }

    fn for_dated(&self, line: &[u8]) -> Option<&Program> {
        let compiled = self
            .compiled
            .get_or_init(|| CompiledFields::new(&self.wanted));
        if line[10] == b'\t' {
            return Some(&compiled.cloudfront);
        }
        let values = values_in(line);
        compiled
            .iis
            .iter()
            .find(|(count, _)| *count == values)
            .map(|(_, program)| program)
    }
}

/// How many values with spaces between them a line has.
fn values_in(line: &[u8]) -> usize {
    let values = line.split_str(" ");
    values.filter(|value| !value.is_empty()).count()
}

/// The list of fields that a format string `#Fields: …` gives, if lines can be read by it.
///
/// # Errors
///
/// Which field is missing.
pub(super) fn given(text: &str) -> Result<String, Refused> {
    let names = text.trim_start_matches("#Fields:").trim();
    let why = match compile(names.as_bytes(), false, None, &[]) {
        FieldPrograms::Programs(_) => return Ok(names.to_owned()),
        FieldPrograms::Unusable(Field::Status, _) => "no sc-status in this list",
        FieldPrograms::Unusable(..) => "no date and time in this list",
    };
    Err(Refused::new(text.len(), why))
}

/// The steps of a line with spaces.
pub(super) fn steps(names: &str) -> Vec<Step> {
    match compile(names.as_bytes(), false, None, &[]) {
        FieldPrograms::Programs(programs) => programs[0].steps().to_vec(),
        FieldPrograms::Unusable(..) => Vec::new(),
    }
}

/// `2000-10-10 13:55:36 …`, or with tabs.
pub(super) fn is_dated(line: &[u8]) -> bool {
    let shape = b"dddd-dd-dd dd:dd:dd ";
    let fits = |(&want, &b): (&u8, &u8)| match want {
        b'd' => b.is_ascii_digit(),
        b' ' => b == b' ' || b == b'\t',
        _ => b == want,
    };
    line.len() > shape.len() && shape.iter().zip(line).all(fits)
}

/// Space-separated lines may end with spaces.
pub(super) fn trim(line: &[u8]) -> &[u8] {
    let spaces = line.iter().rev().take_while(|&&b| b == b' ').count();
    &line[..line.len() - spaces]
}

#[cfg(test)]
mod tests;
