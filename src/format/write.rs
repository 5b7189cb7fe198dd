//! Records to lines: the steps of a program, run the other way.
//!
//! What is written is checked field by field with the same functions that read it, so that a line is
//! either read back as the record it was made from, or refused. One pass, no allocation per field
//! beyond the line itself and the text of a number.

use memchr::memchr2;

use super::head::Head;
use super::layout::moment::{Written, in_utc, whole};
use super::program::{Extent, Program, Step, entry_steps};
use super::record::{Record, Request};
use super::timestamp::TimeForm;
use super::unparsed::{Field, Unit};
use super::values;

impl Program {
    /// Appends the line that says what this format can say of `record`, without a newline; `false`
    /// where no such line would be read back as the same record, and then `out` is as it was.
    ///
    /// A field that the record lacks is written as `-`, and so is one that httpmon has no use for.
    /// Times keep their offset where the form has one and are in UTC where it has none. A field cannot
    /// hold what ends it: nothing is escaped.
    pub fn write(&self, record: &Record<'_>, out: &mut Vec<u8>) -> bool {
        let start = out.len();
        let mut line = Writer {
            record,
            out,
            after_field: false,
            duration_written: false,
        };
        let steps = self.steps();
        let done = !self.local
            && steps
                .iter()
                .enumerate()
                .all(|(i, step)| line.step(step, steps.get(i + 1), self.base_days))
            && memchr2(b'\n', b'\r', &line.out[start..]).is_none();
        if !done {
            out.truncate(start);
        }
        done
    }
}

struct Writer<'r, 'o> {
    record: &'r Record<'r>,
    out: &'o mut Vec<u8>,
    /// The last step was a field: one right behind it begins with what ended that one.
    after_field: bool,
    /// Of several durations the first holds all.
    duration_written: bool,
}

impl Writer<'_, '_> {
    fn step(&mut self, step: &Step, next: Option<&Step>, base_days: i64) -> bool {
        let after_field = std::mem::replace(&mut self.after_field, false);
        let time = self.record.time.0;
        match step {
            Step::Literal(bytes) => self.put(bytes),
            Step::Spaces => self.put(b" "),
            Step::Head(head) => self.head(*head),
            Step::Entry => {
                let steps = entry_steps();
                let mut each = steps.iter().enumerate();
                each.all(|(i, step)| self.step(step, steps.get(i + 1), base_days))
            }
            Step::Field(field, extent) => {
                self.after_field = true;
                if *field == Field::Skipped && after_field {
                    return true;
                }
                self.text(*field)
                    .is_some_and(|text| self.field(*field, extent, &text))
                    && self.close(extent, next)
            }
            Step::Time(form, extent) => self.time(whole(form, time, self.record.offset), extent),
            Step::Date(extent) => self.time(in_utc(time, "%Y-%m-%d"), extent),
            Step::Clock(extent) => {
                (base_days == 0 || time.div_euclid(86_400) == base_days)
                    && self.time(in_utc(time, "%H:%M:%S"), extent)
            }
            Step::Tail => match self.record.duration_us {
                None => true,
                // By three decimals a duration is known.
                Some(us) if us.is_multiple_of(1000) => {
                    self.put(format!(" {}.{:03}", us / 1_000_000, us / 1000 % 1000).as_bytes())
                }
                Some(_) => false,
            },
            Step::Values(_) | Step::DateAndClock => {
                unreachable!("a program shows the steps that they stand for")
            }
            Step::Remark | Step::Optional | Step::End => true,
        }
    }

    fn put(&mut self, bytes: &[u8]) -> bool {
        self.out.extend_from_slice(bytes);
        true
    }

    /// Writes the quote behind a field in quotes, where no literal does: at the end of a line.
    fn close(&mut self, extent: &Extent, next: Option<&Step>) -> bool {
        let quoted = matches!(extent, Extent::Quoted | Extent::Request | Extent::LastQuote);
        match next {
            Some(Step::Literal(bytes)) if bytes.starts_with(b"\"") => true,
            _ if quoted => self.put(b"\""),
            _ => true,
        }
    }

    /// Writes what stands before the bracketed time, and that time.
    fn head(&mut self, head: Head) -> bool {
        let record = self.record;
        let start = self.out.len();
        let host = match (head, record.host) {
            (Head::Host, None) => return false,
            (Head::Host, host) => host,
            (Head::Any | Head::Client, _) => None,
        };
        if let Some(host) = host {
            self.put(host);
            self.put(b" ");
        }
        let user = record.user.unwrap_or(b"-");
        for part in [record.client, b" - ", user, b" "] {
            self.put(part);
        }
        if !head.splits_as(&self.out[start..], host, record.client, user) {
            return false;
        }
        match whole(&TimeForm::Clf, record.time.0, record.offset) {
            Some(time) => {
                self.put(b"[");
                self.put(time.text.as_bytes());
                self.put(b"]")
            }
            None => false,
        }
    }

    /// Writes a time, if there is a text for it whose end will be found.
    fn time(&mut self, written: Option<Written<'_>>, extent: &Extent) -> bool {
        written.is_some_and(|time| self.field(Field::Time, extent, time.text.as_bytes()))
    }

    /// Writes the text of a field, if its end will be found.
    fn field(&mut self, field: Field, extent: &Extent, text: &[u8]) -> bool {
        let number = matches!(
            field,
            Field::Status | Field::Bytes | Field::Duration(_) | Field::Time
        );
        let quoted = match extent {
            Extent::Csv => !number,
            Extent::W3c => text.is_empty() || text.contains(&b' '),
            _ => false,
        };
        if matches!(extent, Extent::Csv | Extent::W3c) && text.contains(&b'"') {
            return false;
        }
        if quoted {
            self.put(b"\"");
            self.put(text);
            return self.put(b"\"");
        }
        self.put(text);
        holds(extent, text)
    }

    /// The text of a field; `None` where none would be read back as what the record says.
    fn text(&mut self, field: Field) -> Option<Vec<u8>> {
        let record = self.record;
        let text = |text: Option<&[u8]>| match text {
            None => Some(b"-".to_vec()),
            Some(b"") => None,
            Some(text) => Some(text.to_vec()),
        };
        let part = |part: Option<&[u8]>| match part {
            None => Some(b"-".to_vec()),
            Some(b"" | b"-") => None,
            Some(part) => Some(part.to_vec()),
        };
        match field {
            Field::Client if values::client(record.client) == record.client => {
                text(Some(record.client))
            }
            Field::Client => None,
            Field::Host => text(record.host),
            Field::User => text(record.user),
            Field::Referrer => text(record.referrer),
            Field::Agent => text(record.agent),
            Field::Cache => text(record.cache),
            Field::Request => request_line(record.request),
            Field::Method => text(record.request.map(|request| request.method)),
            Field::Target => part(record.request.map(|request| request.target)),
            Field::Protocol => part(record.request.and_then(|request| request.protocol)),
            Field::Status => match record.status {
                None => text(None),
                Some(status @ 0..=999) => Some(format!("{status:03}").into_bytes()),
                Some(_) => None,
            },
            Field::Bytes => Some(record.bytes.to_string().into_bytes())
                .filter(|text| values::bytes(text) == Ok(record.bytes)),
            Field::Duration(unit) => {
                let first = !std::mem::replace(&mut self.duration_written, true);
                let Some(us) = record.duration_us else {
                    return text(None);
                };
                let mut text = Vec::new();
                duration(if first { us } else { 0 }, unit, &mut text);
                let want = record.duration_us.filter(|_| first).or(Some(0));
                (values::duration(&text, unit) == Ok(want)).then_some(text)
            }
            Field::Skipped | Field::Line | Field::Time => text(None),
        }
    }
}

/// A request line that will be read as this request; `-` for one that was malformed.
fn request_line(request: Option<Request<'_>>) -> Option<Vec<u8>> {
    let Some(Request {
        method,
        target,
        protocol,
    }) = request
    else {
        return Some(b"-".to_vec());
    };
    let mut line = [method, b" ", target].concat();
    if let Some(protocol) = protocol {
        line.push(b' ');
        line.extend_from_slice(protocol);
    }
    (Request::parse(&line) == request).then_some(line)
}

/// Whether the end of this text is found, in a field with this extent.
pub(super) fn holds(extent: &Extent, text: &[u8]) -> bool {
    let end: &[u8] = match extent {
        Extent::Number | Extent::W3c => b" ",
        Extent::Quoted | Extent::LastQuote => b"\"",
        Extent::Request => b"\" 200 1",
        Extent::Csv => b",",
        Extent::Until(byte) | Extent::Nth(byte, _) => std::slice::from_ref(byte),
        Extent::UntilText(text) => text,
        Extent::List | Extent::Upstreams | Extent::BareRequest => b" x",
        Extent::Rest => b"",
    };
    extent
        .find(&[text, end].concat())
        .is_ok_and(|found| found.len == text.len())
}

/// Appends a number.
pub fn number(mut number: u64, out: &mut Vec<u8>) {
    // From the last digit to the first: the standard library's formatting takes three times as long.
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends a duration in a unit, with as many decimals as it needs.
pub fn duration(us: u64, unit: Unit, out: &mut Vec<u8>) {
    let decimals = |value: u64, width: u32, out: &mut Vec<u8>| {
        out.push(b'.');
        for place in (0..width).rev() {
            out.push(b'0' + (value / 10u64.pow(place) % 10) as u8);
        }
    };
    let whole = us.is_multiple_of(1000);
    match unit {
        Unit::Seconds => {
            number(us / 1_000_000, out);
            if whole {
                decimals(us / 1000, 3, out);
            } else {
                decimals(us, 6, out);
            }
        }
        Unit::Milliseconds | Unit::WholeMilliseconds => {
            number(us / 1000, out);
            if !whole {
                decimals(us, 3, out);
            }
        }
        Unit::Microseconds => number(us, out),
        Unit::Nanoseconds => {
            number(us, out);
            out.extend_from_slice(b"000");
        }
        Unit::Written if whole => {
            number(us / 1000, out);
            out.extend_from_slice(b"ms");
        }
        Unit::Written => {
            number(us, out);
            out.extend_from_slice(b"us");
        }
    }
}
