//! Where the interpreter of a program is in a line, and how each step moves it on.
//!
//! A step that fails leaves the cursor where it failed, so that a message can name the place.

use memchr::memchr;

use super::between;
use super::extent::{Extent, plain_quote};
use super::head::{Head, set_time};
use super::known_agents::KnownAgents;
use super::record::{Record, Request};
use super::short;
use super::step::Step;
use super::timestamp::Timestamps;
use super::unparsed::{Field, Why};
use super::values;

/// Puts the text of a field where it belongs.
pub(super) fn store<'a>(record: &mut Record<'a>, field: Field, text: &'a [u8]) -> Result<(), Why> {
    match field {
        Field::Request => record.request = Request::parse(text),
        Field::Status => record.status = values::status(text)?,
        Field::Bytes => record.bytes = values::bytes(text)?,
        Field::Client => record.client = values::client(text),
        Field::Host => record.host = Some(or_dash(text)),
        Field::User => record.user = Some(or_dash(text)),
        Field::Referrer => record.referrer = Some(or_dash(text)),
        Field::Agent => record.agent = Some(or_dash(text)),
        Field::Cache => record.cache = Some(or_dash(text)),
        Field::Forwarded => record.forwarded = Some(text),
        Field::Duration(unit) => {
            // If a format has several, they add up to one.
            let sum = |more: u64| record.duration_us.unwrap_or(0).saturating_add(more);
            record.duration_us = values::duration(text, unit)?
                .map(sum)
                .or(record.duration_us);
        }
        Field::Method | Field::Target | Field::Protocol => part_of_request(record, field, text),
        Field::Skipped | Field::Line | Field::Time | Field::Start => {}
    }
    Ok(())
}

/// For formats with separate fields for method, target and protocol. A request without a target is malformed; the
/// target is taken unchanged.
fn part_of_request<'a>(record: &mut Record<'a>, field: Field, text: &'a [u8]) {
    if matches!(text, b"" | b"-") {
        return;
    }
    let request = record.request.get_or_insert(Request {
        method: b"-",
        target: b"",
        protocol: None,
    });
    match field {
        Field::Method => request.method = text,
        Field::Protocol => request.protocol = Some(text),
        _ => request.target = text,
    }
}

/// Ends what [`part_of_request`] began.
pub(super) fn finish_request(record: &mut Record<'_>) {
    record.request = record.request.filter(|request| !request.target.is_empty());
}

/// An empty field is the same as a dash.
fn or_dash(text: &[u8]) -> &[u8] {
    if text.is_empty() { b"-" } else { text }
}

/// The position of the interpreter. Invariant: `at <= line.len()`.
pub(super) struct Cursor<'a> {
    pub(super) line: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.line[self.at..]
    }

    #[inline(always)]
    pub(super) fn literal(&mut self, bytes: &[u8]) -> Result<(), Why> {
        // A loop over the few bytes takes less time than a call.
        let rest = self.rest();
        if rest.len() >= bytes.len() && bytes.iter().zip(rest).all(|(want, b)| want == b) {
            self.at += bytes.len();
            Ok(())
        } else {
            Err(Why::Missing)
        }
    }

    #[inline]
    pub(super) fn head(
        &mut self,
        head: Head,
        times: &mut Timestamps,
        record: &mut Record<'a>,
    ) -> Result<(), (Field, Why)> {
        match head.read(self.line, times, record) {
            Ok(at) => {
                self.at = at;
                Ok(())
            }
            Err((at, field, why)) => {
                self.at = at;
                Err((field, why))
            }
        }
    }

    /// Reads ` "request" status bytes`.
    #[inline]
    pub(super) fn entry(&mut self, record: &mut Record<'a>) -> Result<(), (Field, Why)> {
        if self.literal(b" \"").is_err() {
            let why = match memchr(b'"', self.rest()) {
                Some(_) => Why::Form,
                None => Why::Missing,
            };
            self.literal(b"\"").map_err(|_| (Field::Request, why))?;
        }
        if self.plain_entry(record) {
            return Ok(());
        }
        self.steps_of_entry(record)
    }

    /// Reads `request" status bytes` of nearly every line: what follows the first quote both ends the request and
    /// is read.
    #[inline(always)] // Into both.
    pub(super) fn plain_entry(&mut self, record: &mut Record<'a>) -> bool {
        let rest = self.rest();
        if let Some(end) = plain_quote(rest)
            && let Some((status, bytes, len)) = values::status_then_bytes(&rest[end + 1..])
        {
            record.request = Request::parse(&rest[..end]);
            record.status = Some(status);
            record.bytes = bytes;
            self.at += end + 1 + len;
            true
        } else {
            false
        }
    }

    /// Reads ` "referrer" "agent"` of nearly every line. After `false` the line is to be read step by step.
    #[inline(always)]
    pub(super) fn plain_agent(
        &mut self,
        agents: &mut KnownAgents,
        record: &mut Record<'a>,
    ) -> bool {
        let Some(referrer) = self.rest().strip_prefix(b" \"") else {
            return false;
        };
        // Most often there is none.
        let end = match referrer {
            [b'-', b'"', ..] => Some(1),
            _ => plain_quote(referrer),
        };
        if let Some(end) = end
            && let Some(agent) = referrer[end..].strip_prefix(b"\" \"")
            && let Some(len) = plain_quote(agent)
        {
            record.referrer = Some(or_dash(&referrer[..end]));
            record.agent = Some(or_dash(&agent[..len]));
            self.at += 2 + end + 3 + len + 1;
            if let [b'\n', ..] = self.rest() {
                agents.add(agent, len);
            }
            return true;
        }
        false
    }

    /// The same where an agent that is known ends the line; then the newline is next, and there is no tail.
    #[inline(always)]
    pub(super) fn known_agent(&mut self, agents: &KnownAgents, record: &mut Record<'a>) -> bool {
        if let Some(found) = agents.read(self.rest()) {
            record.referrer = Some(or_dash(found.referrer));
            record.agent = Some(or_dash(found.agent));
            record.agent_hash = found.hash;
            self.at += found.len;
            return true;
        }
        false
    }

    /// Goes to the newline that ends the line.
    #[inline(always)]
    pub(super) fn go_to_newline(&mut self) -> Option<()> {
        self.at += match self.rest() {
            [b'\n', ..] => 0,
            rest => memchr(b'\n', rest)?,
        };
        Some(())
    }

    /// Reads the steps of [`Step::Entry`] one by one.
    #[inline(never)]
    fn steps_of_entry(&mut self, record: &mut Record<'a>) -> Result<(), (Field, Why)> {
        // The quote may be that of a virtual host.
        if let Some(len) = between::quoted_host(&self.line[self.at - 1..]) {
            record.host = record.host.or(Some(&self.line[self.at..self.at + len - 2]));
            self.at += len + 1;
        }
        for (before, field, extent) in [
            (&b""[..], Field::Request, Extent::Request),
            (b"\" ", Field::Status, Extent::Number),
            (b" ", Field::Bytes, Extent::Number),
        ] {
            self.literal(before).map_err(|why| (field, why))?;
            self.store(field, &extent, record)?;
        }
        Ok(())
    }

    #[inline]
    pub(super) fn spaces(&mut self) -> Result<(), Why> {
        let count = match self.rest() {
            [b' ', b'!'..=b'~', ..] => 1,
            rest => rest.iter().take_while(|&&b| b == b' ').count(),
        };
        self.at += count;
        if count > 0 { Ok(()) } else { Err(Why::Missing) }
    }

    /// Reads values with spaces between them.
    #[inline(never)]
    pub(super) fn values(
        &mut self,
        fields: &[Field],
        record: &mut Record<'a>,
    ) -> Result<(), (Field, Why)> {
        for (i, &field) in fields.iter().enumerate() {
            if i > 0 {
                self.spaces().map_err(|why| (field, why))?;
            }
            let rest = self.rest();
            let len = match rest.first() {
                Some(b'"') => {
                    self.store(field, &Extent::W3c, record)?;
                    continue;
                }
                _ => short::find(b' ', rest).unwrap_or(rest.len()),
            };
            if field != Field::Skipped {
                store(record, field, &rest[..len]).map_err(|why| (field, why))?;
            }
            self.at += len;
        }
        Ok(())
    }

    /// Finds a field and hands it to `take`; stays at its beginning where that fails.
    #[inline]
    pub(super) fn field(
        &mut self,
        extent: &Extent,
        take: impl FnOnce(&'a [u8]) -> Result<(), Why>,
    ) -> Result<(), Why> {
        let found = extent.find(self.rest())?;
        take(found.text)?;
        self.at += found.len;
        Ok(())
    }

    /// Reads a field and puts it where it belongs.
    #[inline]
    pub(super) fn store(
        &mut self,
        field: Field,
        extent: &Extent,
        record: &mut Record<'a>,
    ) -> Result<(), (Field, Why)> {
        self.field(extent, |text| store(record, field, text))
            .map_err(|why| (field, why))
    }

    /// Reads the time, or the date or the clock that are added to one.
    #[inline(never)]
    pub(super) fn time(
        &mut self,
        step: &Step,
        base_days: i64,
        times: &mut Timestamps,
        record: &mut Record<'a>,
    ) -> Result<(), Why> {
        match step {
            Step::Time(form, extent) => self.field(extent, |text| {
                times.read(form, text).map(|stamp| set_time(record, stamp))
            }),
            Step::Date(extent) => self.field(extent, |text| {
                if text.len() != 10 {
                    return Err(Why::Form);
                }
                record.time.0 += (times.iso_date(text)? - base_days) * 86_400;
                Ok(())
            }),
            Step::Clock(extent) => self.field(extent, |text| {
                record.time.0 += base_days * 86_400 + Timestamps::of_day(text)?;
                Ok(())
            }),
            _ => unreachable!("a step that reads a time"),
        }
    }

    /// Reads `2000-10-10 13:55:36 ` and stays before its last space.
    #[inline]
    pub(super) fn date_and_clock(
        &mut self,
        times: &mut Timestamps,
        record: &mut Record<'a>,
    ) -> Result<(), Why> {
        match self.rest().split_first_chunk() {
            Some((text, [b' ', ..])) => {
                record.time = times.date_and_clock(text)?;
                self.at += text.len();
                Ok(())
            }
            _ => Err(Why::Form),
        }
    }

    /// Reads what may come before a quoted field, up to the quote or a space before it.
    #[inline]
    pub(super) fn between(&mut self, record: &mut Record<'a>) -> Result<(), (Field, Why)> {
        if !self.rest().starts_with(b" \"")
            && let Some(len) = between::read(self.rest(), record)
        {
            let space = len > 0 && self.rest()[len - 1] == b' ';
            self.at += len - usize::from(space);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type How = for<'a> fn(&mut Cursor<'a>, &mut Record<'a>) -> Result<(), (Field, Why)>;

    proptest! {
        #[test]
        fn an_entry_is_read_in_one_as_step_by_step(
            request in r#"(GET|-|\\x16)( |  |/|a|"|\\"|\\){0,6}( HTTP/1\.1)?"#,
            between in "\" |\"|\"  |\\\\\" ",
            status in "[0-9]{3}|-|20|2000",
            bytes in " ([0-9]{1,20}|-|)",
            rest in r#"( "x" "y"| 200 5|"|x)?(" 404 7)?"#,
        ) {
            let line = format!(" \"{request}{between}{status}{bytes}{rest}");
            let read = |how: How| {
                let (mut record, mut cursor) = (Record::EMPTY, Cursor { line: line.as_bytes(), at: 0 });
                let done = how(&mut cursor, &mut record);
                let said = format!("{:?} {:?} {}", record.request, record.status, record.bytes);
                (done, cursor.at, done.is_ok().then_some(said))
            };
            let in_one = read(|cursor, record| cursor.entry(record));
            let by_step = read(|cursor, record| {
                cursor.literal(b" \"").map_err(|why| (Field::Request, why))?;
                cursor.steps_of_entry(record)
            });
            prop_assert_eq!(in_one, by_step, "{}", line);
        }
    }
}
