//! A format compiled to steps, and the one interpreter that runs them over a line.
//!
//! A program is a list of [`Step`]s read from left to right: bytes that must stand there, and fields
//! with a way to find their end. The interpreter never allocates, looks at each byte about once, and
//! says at which field and byte a line failed. Presets are constant programs; whatever else compiles
//! to steps (a format string from a server's configuration) runs through the same interpreter.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter, memchr2};

use super::record::{self, Record, Request};
use super::timestamp::{Stamp, Timestamps};
use super::unparsed::{Field, Unparsed, Why};

/// One step over a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// These bytes stand here.
    Literal(Cow<'static, [u8]>),
    /// All that stands before the bracketed time of a log derived from NCSA's, and that time.
    Head(Head),
    /// A remark in parentheses, ` (…)`, that may stand here.
    Remark,
    /// A field with its way to end.
    Field(Field, Extent),
    /// A line may end before what follows; a failure from here on leaves the record standing.
    Optional,
    /// Nothing stands after this.
    End,
}

/// What may stand before the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// `client ident user`, with a virtual host before it or without: told apart by shape.
    Any,
    /// `client ident user`.
    Client,
    /// `host client ident user`.
    Host,
}

/// How a field ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Digits or `-`, before a space, a quote or the end of the line.
    Number,
    /// Up to a quote that no backslash stands before; the quote is left to the next step.
    Quoted,
    /// As [`Extent::Quoted`]; but a quote that is not followed by ` status bytes` is part of the
    /// request, where one that is comes later: not every server escapes them.
    Request,
    /// A field of CSV: in quotes, doubled inside, or up to a comma.
    Csv,
}

/// Literal bytes as a step.
pub(super) const fn literal(bytes: &'static [u8]) -> Step {
    Step::Literal(Cow::Borrowed(bytes))
}

/// A compiled format.
#[derive(Debug, Clone)]
pub struct Program {
    steps: Vec<Step>,
}

impl Program {
    /// A program of `steps` that reads only the fields in `wanted`.
    ///
    /// What is optional and not wanted is not looked at: a line costs only what is asked of it.
    pub fn new(steps: &[Step], wanted: &[Field]) -> Program {
        let mut steps = steps.to_vec();
        if let Some(optional) = steps.iter().position(|step| *step == Step::Optional) {
            let last = steps
                .iter()
                .rposition(|step| matches!(step, Step::Field(field, _) if wanted.contains(field)));
            steps.truncate(last.map_or(optional, |last| optional.max(last + 1)));
        }
        Program { steps }
    }

    /// Reads one line, without its newline, into a record that borrows from it.
    #[inline]
    pub fn read<'a>(&self, line: &'a [u8], times: &mut Timestamps) -> Result<Record<'a>, Unparsed> {
        let mut cursor = Cursor { line, at: 0 };
        let mut record = Record::EMPTY;
        let mut whole = true;
        for (index, step) in self.steps.iter().enumerate() {
            let done = match step {
                Step::Literal(bytes) => cursor
                    .literal(bytes)
                    .map_err(|why| (self.field_after(index), why)),
                Step::Head(head) => cursor.head(*head, times, &mut record),
                Step::Remark => {
                    cursor.remark();
                    Ok(())
                }
                Step::Field(field, extent) => {
                    let start = cursor.at;
                    cursor
                        .field(*extent)
                        .and_then(|text| store(&mut record, *field, text, times))
                        .map_err(|why| {
                            cursor.at = start;
                            (*field, why)
                        })
                }
                Step::Optional => {
                    whole = false;
                    Ok(())
                }
                Step::End if cursor.at < line.len() => Err((Field::Line, Why::Form)),
                Step::End => Ok(()),
            };
            if let Err((field, why)) = done {
                if whole {
                    return Err(Unparsed {
                        field,
                        why,
                        at: cursor.at,
                    });
                }
                break;
            }
        }
        Ok(record)
    }

    /// The field that a missing literal keeps from being read.
    fn field_after(&self, index: usize) -> Field {
        let field = |step: &Step| match step {
            Step::Field(field, _) => Some(*field),
            _ => None,
        };
        let before = || self.steps[..index].iter().rev().find_map(field);
        self.steps[index..]
            .iter()
            .find_map(field)
            .or_else(before)
            .unwrap_or(Field::Line)
    }
}

/// Puts the text of a field where it belongs.
#[inline]
fn store<'a>(
    record: &mut Record<'a>,
    field: Field,
    text: &'a [u8],
    times: &mut Timestamps,
) -> Result<(), Why> {
    match field {
        Field::Request => record.request = Request::parse(text),
        Field::Status => record.status = record::status(text)?,
        Field::Bytes => record.bytes = record::bytes(text)?,
        Field::Client => record.client = record::client(text),
        Field::Host => record.host = Some(or_dash(text)),
        Field::User => record.user = Some(or_dash(text)),
        Field::Referrer => record.referrer = Some(or_dash(text)),
        Field::Agent => record.agent = Some(or_dash(text)),
        Field::Time => set_time(record, times.epoch(text)?),
        Field::Skipped | Field::Line => {}
    }
    Ok(())
}

fn set_time(record: &mut Record<'_>, stamp: Stamp) {
    record.time = stamp.time;
    record.offset = stamp.offset;
    record.zoned = stamp.zoned;
}

/// An empty field says as little as a dash.
fn or_dash(text: &[u8]) -> &[u8] {
    if text.is_empty() { b"-" } else { text }
}

/// Where the interpreter stands. Invariant: `at <= line.len()`.
struct Cursor<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    #[inline]
    fn rest(&self) -> &'a [u8] {
        &self.line[self.at..]
    }

    #[inline]
    fn literal(&mut self, bytes: &[u8]) -> Result<(), Why> {
        if self.rest().starts_with(bytes) {
            self.at += bytes.len();
            Ok(())
        } else {
            Err(Why::Missing)
        }
    }

    #[inline]
    fn field(&mut self, extent: Extent) -> Result<&'a [u8], Why> {
        let rest = self.rest();
        let len = match extent {
            Extent::Number => match rest {
                [] => return Err(Why::Missing),
                [b'-', ..] => 1,
                _ => rest
                    .iter()
                    .position(|b| !b.is_ascii_digit())
                    .unwrap_or(rest.len()),
            },
            Extent::Quoted => quote(rest).ok_or(Why::Open)?,
            Extent::Request => request(rest).ok_or(Why::Open)?,
            Extent::Csv => return self.csv(),
        };
        if extent == Extent::Number && !matches!(rest.get(len), None | Some(b' ' | b'"')) {
            return Err(Why::Form);
        }
        self.at += len;
        Ok(&rest[..len])
    }

    fn csv(&mut self) -> Result<&'a [u8], Why> {
        let rest = self.rest();
        let [b'"', inner @ ..] = rest else {
            let len = memchr(b',', rest).unwrap_or(rest.len());
            self.at += len;
            return Ok(&rest[..len]);
        };
        let mut from = 0;
        loop {
            let quote = from + memchr(b'"', &inner[from..]).ok_or(Why::Open)?;
            match inner.get(quote + 1) {
                Some(b'"') => from = quote + 2,
                None | Some(b',') => {
                    self.at += quote + 2;
                    return Ok(&inner[..quote]);
                }
                Some(_) => return Err(Why::Form),
            }
        }
    }

    fn remark(&mut self) {
        if let [b' ', b'(', rest @ ..] = self.rest()
            && let Some(end) = memchr(b')', rest)
        {
            self.at += 2 + end + 1;
        }
    }

    /// Reads what stands before the time, and the time with its brackets.
    #[inline]
    fn head(
        &mut self,
        head: Head,
        times: &mut Timestamps,
        record: &mut Record<'a>,
    ) -> Result<(), (Field, Why)> {
        let line = self.line;
        // Nearly every line: an address, then two dashes. Short, so a byte loop.
        let space = line.iter().position(|&b| b == b' ').unwrap_or(0);
        if head != Head::Host
            && space > 0
            && line[space..].starts_with(b" - - [")
            && line[0] != b'"'
            && line[space - 1] != b','
            && let Ok(stamp) = times.clf(&line[space + 6..])
        {
            record.client = record::client(&line[..space]);
            record.user = Some(b"-");
            set_time(record, stamp);
            self.at = space + 6 + stamp.len + 1;
            return Ok(());
        }
        for bracket in memchr_iter(b'[', line) {
            self.at = bracket + 1;
            match times.clf(&line[bracket + 1..]) {
                Ok(stamp) => {
                    split_head(&line[..bracket], head, record)?;
                    set_time(record, stamp);
                    self.at = bracket + 1 + stamp.len + 1;
                    return Ok(());
                }
                Err(Why::Missing) => {}
                Err(why) => return Err((Field::Time, why)),
            }
        }
        Err((Field::Time, Why::Missing))
    }
}

/// The end of a quoted text: its first quote with no backslash before it.
#[inline]
fn quote(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr2(b'"', b'\\', text.get(from..)?)?;
        if text[at] == b'"' {
            return Some(at);
        }
        from = at + 2;
    }
}

/// The end of a quoted request: see [`Extent::Request`].
#[inline]
fn request(text: &[u8]) -> Option<usize> {
    let escaped = quote(text);
    match escaped {
        Some(end) if status_and_bytes(&text[end + 1..]) => escaped,
        _ => memchr_iter(b'"', text)
            .find(|&end| status_and_bytes(&text[end + 1..]))
            .or(escaped),
    }
}

/// Whether `text` begins with ` status bytes`.
#[inline]
fn status_and_bytes(text: &[u8]) -> bool {
    let bytes = match text {
        [
            b' ',
            b'0'..=b'9',
            b'0'..=b'9',
            b'0'..=b'9',
            b' ',
            bytes @ ..,
        ]
        | [b' ', b'-', b' ', bytes @ ..] => bytes,
        _ => return false,
    };
    let after = match bytes {
        [b'-', after @ ..] => after.first(),
        [b'0'..=b'9', ..] => bytes.iter().find(|b| !b.is_ascii_digit()),
        _ => return false,
    };
    matches!(after, None | Some(b' ' | b'"'))
}

/// Tells client, host and user apart in what stands before the time.
fn split_head<'a>(text: &'a [u8], head: Head, record: &mut Record<'a>) -> Result<(), (Field, Why)> {
    // The beginnings of the first four words: no more are needed, and a user may contain spaces.
    let mut starts = [text.len(); 4];
    let mut count = 0;
    for (i, &b) in text.iter().enumerate() {
        if b != b' ' && (i == 0 || text[i - 1] == b' ') {
            if let Some(start) = starts.get_mut(count) {
                *start = i;
            }
            count += 1;
        }
    }
    if count == 0 {
        return Err((Field::Client, Why::Missing));
    }
    let from = |n: usize| starts.get(n).map_or(&b""[..], |&start| &text[start..]);
    let word = |n: usize| from(n).split(|&b| b == b' ').next().unwrap_or(b"");
    let all_from = |n: usize| match from(n).trim_ascii_end() {
        b"" => &b"-"[..],
        text => text,
    };
    let first = word(0);
    if head != Head::Host && (first.starts_with(b"\"") || first.ends_with(b",")) {
        // A list of addresses in quotes, or one whose commas say that it goes on. Ident and user follow.
        // The text begins with a word from here on, so there is a byte before each space.
        let text = from(0);
        let end = match text.strip_prefix(b"\"") {
            Some(inner) => memchr(b'"', inner).map(|quote| quote + 2),
            None => text
                .iter()
                .enumerate()
                .find(|&(i, &b)| b == b' ' && text[i - 1] != b',' && text[i - 1] != b' ')
                .map(|(i, _)| i),
        };
        let (list, rest) = text.split_at(end.unwrap_or(text.len()));
        record.client = record::client(list);
        let rest = rest.trim_ascii();
        let user = memchr(b' ', rest).map_or(rest, |space| rest[space..].trim_ascii());
        record.user = Some(or_dash(user));
        return Ok(());
    }
    let has_host = match head {
        Head::Host => true,
        Head::Client => false,
        Head::Any => {
            let port = name_and_port(first) && (!is_dotted(first) || word(1) != b"-");
            let name = is_name(first) && ((count == 4 && word(2) == b"-") || is_address(word(1)));
            count >= 4 && (port || name)
        }
    };
    if !has_host {
        record.client = record::client(first);
        record.user = Some(all_from(2));
    } else if count < 2 {
        return Err((Field::Client, Why::Missing));
    } else {
        record.host = Some(first);
        record.client = record::client(word(1));
        record.user = Some(all_from(3));
    }
    Ok(())
}

/// `name:443`: one colon, digits after it.
fn name_and_port(word: &[u8]) -> bool {
    match memchr(b':', word) {
        Some(colon) => {
            colon > 0 && colon + 1 < word.len() && word[colon + 1..].iter().all(u8::is_ascii_digit)
        }
        None => false,
    }
}

/// Only digits and dots, before a port where there is one.
fn is_dotted(word: &[u8]) -> bool {
    let name = &word[..memchr(b':', word).unwrap_or(word.len())];
    name.iter().all(|&b| b.is_ascii_digit() || b == b'.')
}

/// No address: neither dotted digits nor an IPv6 address.
fn is_name(word: &[u8]) -> bool {
    !word.iter().all(|&b| b.is_ascii_digit() || b == b'.') && memchr_iter(b':', word).count() < 2
}

/// An address, IPv4 or IPv6.
fn is_address(word: &[u8]) -> bool {
    std::str::from_utf8(word).is_ok_and(|word| word.parse::<std::net::IpAddr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_clients_ends_with_its_quotes_or_commas() {
        for (head, client, user) in [
            ("\"10.0.0.3, 10.0.0.1\" - ann ", "10.0.0.3", "ann"),
            ("\"10.0.0.3\" - - ", "10.0.0.3", "-"),
            ("\"10.0.0.3\" - Ann Lee ", "10.0.0.3", "Ann Lee"),
            ("\"10.0.0.3 - - ", "10.0.0.3 - -", "-"),
            ("10.0.0.2, 10.0.0.1 - ann ", "10.0.0.2", "ann"),
            ("10.0.0.2,  10.0.0.1 ann ", "10.0.0.2", "ann"),
            (" 10.0.0.2, 10.0.0.1 - Ann Lee ", "10.0.0.2", "Ann Lee"),
            (" \"\" - - ", "-", "-"),
            ("10.0.0.2, ", "10.0.0.2", "-"),
            ("\"", "-", "-"),
        ] {
            let mut record = Record::EMPTY;
            split_head(head.as_bytes(), Head::Any, &mut record).unwrap();
            let found = (record.client, record.user.unwrap());
            assert_eq!(found, (client.as_bytes(), user.as_bytes()), "{head}");
        }
    }
}
