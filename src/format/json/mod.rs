//! JSON lines: one pass over the object, no tree.
//!
//! The names that count are held as a small trie of key paths; what is under other keys is skipped
//! over. A field may have several names; the one of the best rank that has a value wins. Values lie
//! in the line, or, where they hold escapes, decoded in a scratch buffer of the parser.

mod names;
mod scan;

pub(super) use names::{FIELDS, slot};
pub(super) use scan::unescape;

use std::sync::OnceLock;

use super::cursor::{finish_request, store};
use super::head::set_time;
use super::record::Record;
use super::template::Refused;
use super::timestamp::{TimeForm, Timestamps};
use super::values;
use names::{NAMES, Node, SLOTS, time};
use scan::{DEPTH, Scan};

use super::unparsed::{Field, Unit, Unparsed, Why};

/// The names of the objects that lead to a value, and its own.
pub(super) type Path = Vec<String>;

/// Reads JSON lines.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    own: Vec<(Field, Path)>,
    /// Made at the first object: most logs have none, and the start is shorter without.
    root: OnceLock<Node>,
    scratch: Vec<u8>,
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

impl Reader {
    /// A reader by the usual names, and before them by those in `own`.
    pub(super) fn new(own: &[(Field, Path)]) -> Reader {
        Reader {
            own: own.to_vec(),
            root: OnceLock::new(),
            scratch: Vec::new(),
        }
    }

    fn tree(own: &[(Field, Path)]) -> Node {
        let mut root = Node::default();
        for (field, names) in NAMES {
            if own.iter().any(|(given, _)| slot(*given) == slot(*field)) {
                continue;
            }
            for (rank, name) in names.split_whitespace().enumerate() {
                let field = match *field {
                    Field::Time => time(name),
                    field => field,
                };
                root.insert(&name.split('/').collect::<Vec<_>>(), field, rank as u16);
            }
        }
        for (rank, (field, path)) in own.iter().enumerate() {
            root.insert(
                &path.iter().map(String::as_str).collect::<Vec<_>>(),
                *field,
                rank as u16,
            );
        }
        root.index();
        root
    }

    /// Reads a line that is an object into `record`, which must be [`Record::EMPTY`].
    pub(super) fn read<'a>(
        &'a mut self,
        line: &'a [u8],
        times: &mut Timestamps,
        record: &mut Record<'a>,
    ) -> Result<(), Unparsed> {
        let root = self.root.get_or_init(|| Reader::tree(&self.own));
        self.scratch.clear();
        let mut scan = Scan {
            line,
            at: 0,
            values: [None; SLOTS],
            scratch: &mut self.scratch,
        };
        let scanned = scan.object(Some(root), DEPTH).and_then(|()| {
            scan.space();
            if scan.at == line.len() {
                Ok(())
            } else {
                Err(Why::Form)
            }
        });
        let Scan { at, values, .. } = scan;
        scanned.map_err(|why| Unparsed {
            field: Field::Line,
            why,
            at,
            timed: false,
        })?;
        let scratch: &'a [u8] = &self.scratch;
        let missing = |field| Unparsed {
            field,
            why: Why::Unnamed,
            at: line.len(),
            timed: values[slot(Field::Time)].is_some(),
        };
        let status = values[slot(Field::Status)].ok_or(missing(Field::Status))?;
        let time = values[slot(Field::Time)].ok_or(missing(Field::Time))?;
        for value in [time, status]
            .into_iter()
            .chain(values[2..].iter().copied().flatten())
        {
            let from = if value.decoded { scratch } else { line };
            let text = &from[value.start..value.end];
            let done = match value.field {
                Field::Time | Field::Start => times.read(&TimeForm::Any, text).map(|stamp| {
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
        finish_request(record);
        Ok(())
    }
}

/// A status that may have fewer digits (0: the client went away).
fn json_status(text: &[u8]) -> Result<Option<u16>, Why> {
    match text {
        [b'0'..=b'9'] | [b'0'..=b'9', b'0'..=b'9'] => Ok(Some(
            text.iter()
                .fold(0, |number, b| number * 10 + u16::from(b - b'0')),
        )),
        _ => values::status(text),
    }
}

/// A duration in microseconds; JSON numbers may have an exponent.
fn duration(text: &[u8], unit: Unit, quoted: bool) -> Option<u64> {
    let unit = match unit {
        Unit::WholeMilliseconds if !quoted && text.iter().any(|b| b".eE".contains(b)) => {
            Unit::Seconds
        }
        unit => unit,
    };
    if quoted || !text.iter().any(|b| matches!(b, b'e' | b'E')) {
        return values::duration(text, unit).ok().flatten();
    }
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    let microseconds = match unit {
        Unit::Seconds | Unit::WholeSeconds | Unit::Written => 1e6,
        Unit::Milliseconds | Unit::WholeMilliseconds => 1e3,
        Unit::Microseconds => 1.0,
        Unit::Nanoseconds => 1e-3,
    };
    (number >= 0.0).then_some((number * microseconds) as u64)
}

#[cfg(test)]
mod tests;
