//! JSON lines: one pass over the object, no tree.
//!
//! The names that count are held as a small trie of key paths; what is under other keys is skipped
//! over. A field may have several names; the one of the best rank that has a value wins. Values lie
//! in the line, or, where they hold escapes, decoded in a scratch buffer of the parser.

mod carried;
mod names;
mod one;
mod pairs;
mod scan;
mod unknown;

pub(super) use carried::{carried, without_colours};
pub(super) use names::{FIELDS, slot};
pub(super) use one::OneValue;
pub(super) use pairs::{are_labelled, pairs_from};
pub(super) use scan::unescape;

use std::sync::OnceLock;

use super::cursor::{finish_request, store};
use super::head::set_time;
use super::record::Record;
use super::short;
use super::template::Refused;
use super::timestamp::{Stamp, TimeForm, Timestamps};
use super::{carrier, values};
use names::{DATE, LTSV, Memo, NAMES, NameNode, OF_DATADOG, SLOTS, WRITERS, Writer, time};
use scan::{DEPTH, Scan, ValueSpan};

use super::unparsed::{DurationUnit, Field, Unparsed, Why};

/// A duration of any unit: they have one place.
const DURATION: Field = Field::Duration(DurationUnit::Seconds);
/// The usual names come behind those that are given first.
const FIRST: usize = 16;

/// The names of the objects that lead to a value, and its own.
pub(super) type Path = Vec<String>;

/// Reads JSON lines.
#[derive(Debug, Clone)]
pub(super) struct JsonReader {
    own: Vec<(Field, Path)>,
    /// Made at the first object: most logs have none, and the start is shorter without.
    root: OnceLock<NameNode>,
    /// The same for LTSV.
    labels: OnceLock<NameNode>,
    scratch: Vec<u8>,
    memo: Memo,
}

/// What was found in a line, by [`slot`].
pub(super) struct Slots([Option<ValueSpan>; SLOTS]);

impl Slots {
    #[inline(always)]
    pub(super) fn new() -> Slots {
        Slots([None; SLOTS])
    }

    /// Without a status it is no entry.
    pub(super) fn has_status(&self) -> bool {
        self.0[slot(Field::Status)].is_some()
    }
}

/// Reads `time=@timestamp status=resp.code path=req.url`: which key holds which field.
///
/// # Errors
///
/// Where in the text it cannot work, and why.
pub(super) fn mapping(text: &str) -> Result<Vec<(Field, Path)>, Refused> {
    let mut keys = Vec::new();
    for item in text.split_ascii_whitespace() {
        let at = item.as_ptr() as usize - text.as_ptr() as usize;
        let (name, path) = item
            .split_once('=')
            .filter(|(_, path)| path.split('.').all(|name| !name.is_empty()))
            .ok_or_else(|| Refused::new(at, format!("'{item}' is not field=key")))?;
        let (_, field) = *FIELDS
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| {
                let names: Vec<_> = FIELDS.iter().map(|(known, _)| *known).collect();
                Refused::new(at, format!("unknown field '{name}' ({})", names.join(", ")))
            })?;
        let field = match field {
            Field::Time => time(path),
            field => field,
        };
        keys.push((field, path.split('.').map(str::to_owned).collect()));
    }
    Ok(keys)
}

impl JsonReader {
    /// A reader by the usual names, and before them by those in `own`.
    pub(super) fn new(own: &[(Field, Path)]) -> JsonReader {
        JsonReader {
            own: own.to_vec(),
            root: OnceLock::new(),
            labels: OnceLock::new(),
            scratch: Vec::new(),
            memo: Memo::default(),
        }
    }

    /// The names of `own`, those of `first` before the usual ones.
    fn tree(own: &[(Field, Path)], first: &[(Field, &str)]) -> NameNode {
        let mut root = NameNode::default();
        for (field, names) in NAMES {
            if own.iter().any(|(given, _)| slot(*given) == slot(*field)) {
                continue;
            }
            for (rank, name) in names.split_whitespace().enumerate() {
                let field = match *field {
                    Field::Time => time(name),
                    field => field,
                };
                let path = name.split('/').collect::<Vec<_>>();
                root.insert(&path, field, (FIRST + rank) as u16);
            }
        }
        for (field, name) in first {
            root.insert(&[*name], *field, 0);
        }
        for (rank, (field, path)) in own.iter().enumerate() {
            root.insert(
                &path.iter().map(String::as_str).collect::<Vec<_>>(),
                *field,
                rank as u16,
            );
        }
        root.index(&mut 0);
        root
    }

    /// Finds what an object says under the names that count, and puts it into `found`, which must be new.
    pub(super) fn find(&mut self, line: &[u8], found: &mut Slots) -> Result<(), Unparsed> {
        let root = self.root.get_or_init(|| JsonReader::tree(&self.own, &[]));
        self.scratch.clear();
        let mut scan = Scan::new(line, &mut found.0, &mut self.scratch, &mut self.memo);
        let scanned = scan.object(Some(root), DEPTH).and_then(|()| {
            scan.space();
            // An array that has a line for each record.
            if scan.at == line.len() || line[scan.at..].trim_ascii_end() == b"," {
                Ok(())
            } else {
                Err(Why::Form)
            }
        });
        let at = scan.at;
        scanned.map_err(|why| Unparsed {
            field: Field::Line,
            why,
            at,
            timed: false,
        })
    }

    /// The time of an object that is no entry, but carries one.
    #[cold]
    pub(super) fn time(&self, line: &[u8], found: &Slots, times: &mut Timestamps) -> Option<Stamp> {
        let value = found.0[slot(Field::Time)].or(found.0[DATE])?;
        let from = if value.decoded { &self.scratch } else { line };
        read_time(times, &from[value.start..value.end], None).ok()
    }

    /// Finds what a line of pairs, logfmt or LTSV, says from `from` on.
    #[cold]
    pub(super) fn find_pairs(&mut self, line: &[u8], from: usize) -> Slots {
        let mut found = Slots::new();
        let labelled = pairs::is_ltsv(&line[from..]);
        let root = if labelled {
            self.labels
                .get_or_init(|| JsonReader::tree(&self.own, LTSV))
        } else {
            self.root.get_or_init(|| JsonReader::tree(&self.own, &[]))
        };
        self.scratch.clear();
        let mut scan = Scan::new(line, &mut found.0, &mut self.scratch, &mut self.memo);
        scan.at = from;
        if labelled {
            scan.labelled(root);
        } else {
            scan.pairs(root);
        }
        found
    }

    /// Makes a record of what was found in `line`: fills `record`, which must be [`Record::EMPTY`]. A time that the line does
    /// not give is that of what carries it: one that is in `before`, or else `known`.
    pub(super) fn fill<'a>(
        &'a self,
        line: &'a [u8],
        Slots(values): &mut Slots,
        before: &[u8],
        known: Option<Stamp>,
        times: &mut Timestamps,
        record: &mut Record<'a>,
    ) -> Result<(), Unparsed> {
        let scratch: &'a [u8] = &self.scratch;
        let text = |value: ValueSpan| {
            let from = if value.decoded { scratch } else { line };
            &from[value.start..value.end]
        };
        if let Some(mark) = values[slot(Field::Skipped)].take() {
            as_written_by(mark, line, values);
        }
        let whole = Field::Duration(DurationUnit::WholeMilliseconds);
        if values[slot(DURATION)].is_some_and(|value| value.field == whole)
            && values[slot(Field::Client)].is_some_and(|value| of_datadog(value.rank))
        {
            in_nanoseconds(&mut values[slot(DURATION)]);
        }
        if values[0].is_none() {
            values[0] = values[DATE].map(|value| ValueSpan {
                field: Field::Time,
                ..value
            });
        }
        let dated = values[DATE].take().map(text);
        for field in [Field::Status, Field::Time] {
            if values[slot(field)].is_some() {
                continue;
            }
            if field == Field::Time
                && let Some(stamp) = carrier::time(before, times).or(known)
            {
                set_time(record, stamp);
                continue;
            }
            return Err(Unparsed {
                field,
                why: Why::Unnamed,
                at: line.len(),
                timed: values[slot(Field::Time)].is_some(),
            });
        }
        // The time and the status come first.
        for value in values {
            let Some(value) = *value else { continue };
            let text = text(value);
            let done = match value.field {
                Field::Time | Field::Start => read_time(times, text, dated).map(|stamp| {
                    set_time(record, stamp);
                    record.starts = value.field == Field::Start;
                }),
                Field::Status => json_status(text).map(|status| record.status = status),
                Field::Bytes => {
                    record.bytes = values::bytes(text).unwrap_or(0);
                    Ok(())
                }
                Field::Duration(unit) => {
                    record.duration_us = duration(text, unit, value.quoted);
                    Ok(())
                }
                // The parts say more than the line, where both are there.
                Field::Request
                    if record
                        .request
                        .is_some_and(|request| !request.target.is_empty()) =>
                {
                    Ok(())
                }
                // logstash's pattern keeps their quotes.
                Field::Agent | Field::Referrer if text.starts_with(b"\"") => {
                    store(record, value.field, values::trim_quotes(text))
                }
                // Some call the target so.
                Field::Request if is_target(text) => store(record, Field::Target, text),
                field => store(record, field, text),
            };
            let at = if value.decoded { 0 } else { value.start };
            done.map_err(|why| Unparsed {
                field: value.field,
                why,
                at,
                timed: true,
            })?;
        }
        if matches!(record.client, b"-" | b"unix:")
            && let Some(list) = record.forwarded
        {
            record.client = values::client(list);
        }
        finish_request(record);
        Ok(())
    }
}

/// Whether the client's name of this rank is one of Datadog's.
#[cold]
fn of_datadog(rank: u16) -> bool {
    let names = NAMES.iter().find(|(field, _)| *field == Field::Client);
    let name = names.and_then(|(_, names)| {
        let rank = usize::from(rank).checked_sub(FIRST)?;
        names.split_whitespace().nth(rank)
    });
    name.is_some_and(|name| OF_DATADOG.contains(&name))
}

/// Takes the values as their writer means them, who is known by the key of this one.
#[cold]
fn as_written_by(mark: ValueSpan, line: &[u8], values: &mut [Option<ValueSpan>; SLOTS]) {
    // Between a key and its value are quotes, a colon and spaces, or a sign of pairs.
    let between = |b: &u8| b"\":= \t".contains(b);
    let before = line.get(..mark.start).unwrap_or_default();
    let key = &before[..before
        .iter()
        .rposition(|b| !between(b))
        .map_or(0, |at| at + 1)];
    let named = |(name, _): &&(&str, Writer)| key.ends_with(name.as_bytes());
    let Some((_, writer)) = WRITERS.iter().find(named) else {
        return;
    };
    let with = |value: ValueSpan, field| Some(ValueSpan { field, ..value });
    let duration = slot(DURATION);
    match writer {
        Writer::Rails | Writer::Apisix => {
            let own = |value: &ValueSpan| {
                let whole = [
                    DurationUnit::WholeMilliseconds,
                    DurationUnit::WholeNanoseconds,
                ];
                whole.map(Field::Duration).contains(&value.field)
            };
            if let Some(value) = values[duration].filter(own) {
                values[duration] = with(value, Field::Duration(DurationUnit::Milliseconds));
            }
        }
        Writer::Datadog => in_nanoseconds(&mut values[duration]),
        Writer::Fastly => {
            if let Some(value) = values[slot(Field::Time)] {
                values[slot(Field::Time)] = with(value, Field::Start);
            }
        }
        Writer::Tomcat => {
            if values[slot(Field::Client)].is_none()
                && let Some(host) = values[slot(Field::Host)].take()
            {
                values[slot(Field::Client)] = with(host, Field::Client);
            }
        }
        Writer::ApiGateway => {
            let text = line.get(mark.start..mark.end).unwrap_or_default();
            let (place, field) = match text.contains(&b':') {
                true => (slot(Field::Time), Field::Start),
                false => (duration, Field::Duration(DurationUnit::Seconds)),
            };
            values[place] = values[place].or(with(mark, field));
        }
    }
}

/// Takes a whole number under a key without a unit as nanoseconds.
fn in_nanoseconds(value: &mut Option<ValueSpan>) {
    if let Some(value) = value
        && value.field == Field::Duration(DurationUnit::WholeMilliseconds)
    {
        value.field = Field::Duration(DurationUnit::Nanoseconds);
    }
}

/// A time, maybe in brackets; one of a clock only is completed by `date`.
fn read_time(times: &mut Timestamps, text: &[u8], date: Option<&[u8]>) -> Result<Stamp, Why> {
    let inside = text
        .strip_prefix(b"[")
        .and_then(|text| text.strip_suffix(b"]"));
    let text = inside.unwrap_or(text);
    match date {
        Some(date) if date.len() + text.len() < 64 && text.get(2) == Some(&b':') => {
            let both = [date, b"T", text].concat();
            times.read(&TimeForm::Any, &both)
        }
        _ => times.read(&TimeForm::Any, text),
    }
}

/// Whether what is called a request is its target only.
fn is_target(text: &[u8]) -> bool {
    // Most are whole lines, and have a space soon.
    let parts = short::find(b' ', text).is_some();
    !parts && (text.starts_with(b"/") || memchr::memmem::find(text, b"://").is_some())
}

/// A status that may have fewer digits (0: the client went away).
fn json_status(text: &[u8]) -> Result<Option<u16>, Why> {
    match text {
        [b'0'..=b'9'] | [b'0'..=b'9', b'0'..=b'9'] => Ok(Some(
            text.iter()
                .fold(0, |number, b| number * 10 + u16::from(b - b'0')),
        )),
        // `200 OK`, `200.0`, and Squid's `TCP_MISS/200`.
        [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b' ' | b'.', ..] => values::status(&text[..3]),
        [b'A'..=b'Z', .., b'/', _, _, _] => values::status(&text[text.len() - 3..]),
        _ => values::status(text),
    }
}

/// A duration in microseconds; JSON numbers may have an exponent.
fn duration(text: &[u8], unit: DurationUnit, quoted: bool) -> Option<u64> {
    let unit = match unit {
        // A unit that is written is the one that counts.
        _ if text.last().is_some_and(u8::is_ascii_alphabetic) => DurationUnit::Written,
        DurationUnit::WholeMilliseconds if text.iter().any(|b| b".eE".contains(b)) => {
            DurationUnit::Seconds
        }
        DurationUnit::WholeNanoseconds if text.iter().any(|b| b".eE".contains(b)) => {
            DurationUnit::Seconds
        }
        unit => unit,
    };
    if quoted || !text.iter().any(|b| matches!(b, b'e' | b'E')) {
        return values::duration(text, unit).ok().flatten();
    }
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    let microseconds = match unit {
        DurationUnit::Seconds | DurationUnit::WholeSeconds | DurationUnit::Written => 1e6,
        DurationUnit::Milliseconds | DurationUnit::WholeMilliseconds => 1e3,
        DurationUnit::Microseconds => 1.0,
        DurationUnit::Nanoseconds | DurationUnit::WholeNanoseconds => 1e-3,
    };
    (number >= 0.0).then_some((number * microseconds) as u64)
}

#[cfg(test)]
mod tests;
