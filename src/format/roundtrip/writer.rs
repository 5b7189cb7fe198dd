//! Records to lines: the steps of a program, run the other way.
//!
//! What is written is checked field by field with the same functions that read it, so that a line is
//! either read back as the record it was made from, or refused.

use memchr::{memchr, memchr2};

use super::super::head::Head;
use super::super::layout::{MomentPart, written};
use super::super::program::Program;
use super::super::record::{Record, Request};
use super::super::step::{Extent, Step, entry_steps};
use super::super::timestamp::TimeForm;
use super::super::unparsed::{DurationUnit, Field};
use super::super::values;
use super::super::write::duration;

/// Writes the line that says what this format can say of `record`, without a newline; `None` where no such
/// line would be read back as the same record.
///
/// A field that the record lacks is written as `-`, and so is one that httpmon has no use for.
/// Times keep their offset where the form has one and are in UTC where it has none. A field cannot
/// hold what ends it: nothing is escaped.
pub(super) fn write(program: &Program, record: &Record<'_>) -> Option<Vec<u8>> {
    let mut line = SampleWriter {
        record,
        out: Vec::new(),
        after_field: false,
        duration_written: false,
    };
    let steps = program.steps();
    let mut each = steps.iter().enumerate();
    let done = each.all(|(i, step)| line.step(step, steps.get(i + 1)));
    (done && memchr2(b'\n', b'\r', &line.out).is_none()).then_some(line.out)
}

struct SampleWriter<'r> {
    record: &'r Record<'r>,
    out: Vec<u8>,
    /// The last step was a field: one right behind it begins with what ended that one.
    after_field: bool,
    /// Of several durations the first holds all.
    duration_written: bool,
}

impl SampleWriter<'_> {
    fn step(&mut self, step: &Step, next: Option<&Step>) -> bool {
        let after_field = std::mem::replace(&mut self.after_field, false);
        match step {
            Step::Literal(bytes) => self.put(bytes),
            Step::Spaces => self.put(b" "),
            Step::Head(head) => self.head(*head),
            Step::Entry => {
                let steps = entry_steps();
                let mut each = steps.iter().enumerate();
                each.all(|(i, step)| self.step(step, steps.get(i + 1)))
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
            Step::Time(form, extent) => self.time(&MomentPart::Whole(form.clone()), extent),
            Step::Date(extent) => self.time(&MomentPart::Date, extent),
            Step::Clock(extent) => self.time(&MomentPart::Clock, extent),
            Step::Tail => match self.record.duration_us {
                None => true,
                // By three decimals a duration is known.
                Some(us) if us.is_multiple_of(1000) => {
                    self.put(format!(" {}.{:03}", us / 1_000_000, us / 1000 % 1000).as_bytes())
                }
                Some(_) => false,
            },
            Step::Values(_) | Step::DateAndClock => {
                unreachable!("a program shows the steps that they replace")
            }
            Step::Start | Step::Between | Step::Forwarded | Step::Optional | Step::End => true,
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

    /// Writes what is before the bracketed time, and that time.
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
        let mut found = Record::EMPTY;
        // A bracket in it could be taken for the one of the time.
        let told_apart = memchr(b'[', &self.out[start..]).is_none()
            && head.split(&self.out[start..], &mut found).is_ok()
            && (found.host, found.client, found.user) == (host, record.client, Some(user));
        let clf = MomentPart::Whole(TimeForm::Clf);
        told_apart && self.put(b"[") && self.time(&clf, &Extent::Until(b']')) && self.put(b"]")
    }

    fn time(&mut self, part: &MomentPart, extent: &Extent) -> bool {
        written(part, self.record.time.0, self.record.offset)
            .is_some_and(|time| self.field(Field::Time, extent, time.text.as_bytes()))
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
        if matches!(extent, Extent::WithPort(_)) {
            self.put(b":4711");
        }
        extent.holds(text)
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
            Field::Forwarded => text(None),
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
                let want = if first { carried(us, unit) } else { 0 };
                (values::duration(&text, unit) == Ok(Some(want))).then_some(text)
            }
            Field::Skipped | Field::Line | Field::Time | Field::Start => text(None),
        }
    }
}

/// What can be said of a duration in this unit.
pub(super) fn carried(us: u64, unit: DurationUnit) -> u64 {
    match unit {
        DurationUnit::WholeSeconds => us - us % 1_000_000,
        _ => us,
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
