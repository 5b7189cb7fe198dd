//! The columns of a rollup: one row each, which writes a record's value and reads it back.

use std::sync::{Mutex, PoisonError};

use super::beginnings::RowBeginnings;
use super::{RollupFault, value};
use crate::format::named::field_in;
use crate::format::record::{Record, Request};

/// What is read of a row before the record is whole.
#[derive(Debug, Default)]
pub(super) struct RequestParts<'a> {
    method: Option<&'a [u8]>,
    section: Option<&'a [u8]>,
    path: Option<&'a [u8]>,
    target: Option<&'a [u8]>,
    protocol: Option<&'a [u8]>,
}

impl<'a> RequestParts<'a> {
    /// The request, if it was none that is malformed. A section is the section of itself.
    pub(super) fn request(self) -> Option<Request<'a>> {
        Some(Request {
            method: self.method?,
            target: self.target.or(self.path).or(self.section).unwrap_or(b"/"),
            protocol: self.protocol,
        })
    }
}

/// What others have found out about a record.
#[derive(Debug, Clone, Copy, Default)]
pub struct Told<'a> {
    /// The part of its agent that names a robot, `-` if none does; `None` if it has no agent.
    pub bot: Option<&'a [u8]>,
    /// Whether its line says that a cache answered.
    pub cached: bool,
    /// What stands for its agent and its day; `None` if it has no agent.
    pub visitor: Option<u32>,
}

/// A column.
pub struct RollupColumn {
    /// Its name, in the second line.
    pub name: &'static str,
    /// What it is, without a full stop.
    pub about: &'static str,
    /// Whether every rollup has it.
    always: bool,
    /// The dimensions whose keys need it.
    dimensions: &'static [&'static str],
    /// Appends the value of a record.
    write: fn(&Record<'_>, &Told<'_>, &mut Vec<u8>),
    /// Takes a value, `None` for one that is not there; whether it has the form of one.
    pub(super) read: for<'a> fn(Option<&'a [u8]>, &mut Record<'a>, &mut RequestParts<'a>) -> bool,
}

impl std::fmt::Debug for RollupColumn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Every column behind `time` and `hits`.
pub static COLUMNS: [RollupColumn; 19] = [
    RollupColumn {
        name: "status",
        about: "the status code, if there is one",
        always: true,
        dimensions: &["status"],
        write: |record, _, out| value::push_number(record.status.map(u64::from), out),
        read: |text, record, _| {
            let code = text.map(|text| value::number(text).filter(|&code| code <= 999));
            record.status = code.flatten().map(|code| code as u16);
            code != Some(None)
        },
    },
    RollupColumn {
        name: "method",
        about: "the method; empty if the request is malformed",
        always: true,
        dimensions: &["method"],
        write: |record, _, out| value::push_text(record.request.map(|request| request.method), out),
        read: |text, _, parts| {
            parts.method = text;
            true
        },
    },
    RollupColumn {
        name: "protocol",
        about: "the protocol, if there is one",
        always: true,
        dimensions: &["protocol"],
        write: |record, _, out| {
            value::push_text(record.request.and_then(|request| request.protocol), out);
        },
        read: |text, _, parts| {
            parts.protocol = text;
            true
        },
    },
    RollupColumn {
        name: "bytes",
        about: "the bytes sent for each of the hits",
        always: true,
        dimensions: &[],
        write: |record, _, out| value::push_number(Some(record.bytes), out),
        read: |text, record, _| match text.and_then(value::number) {
            Some(bytes) => {
                record.bytes = bytes;
                true
            }
            None => false,
        },
    },
    RollupColumn {
        name: "us",
        about: "how long each of them took, in microseconds, if the log says",
        always: true,
        dimensions: &[],
        write: |record, _, out| value::push_number(record.duration_us, out),
        read: |text, record, _| {
            let us = text.map(value::number);
            record.duration_us = us.flatten();
            us != Some(None)
        },
    },
    RollupColumn {
        name: "section",
        about: "the request target up to its second /",
        always: true,
        dimensions: &["section"],
        write: |record, _, out| {
            value::push_text(record.request.as_ref().map(Request::section), out);
        },
        read: |text, _, parts| {
            parts.section = text;
            true
        },
    },
    RollupColumn {
        name: "client",
        about: "the client's address or name",
        always: false,
        dimensions: &["client", "network", "asn", "country", "visitor"],
        write: |record, _, out| value::push_text(Some(record.client), out),
        read: |text, record, _| {
            record.client = text.filter(|name| !name.is_empty()).unwrap_or(b"-");
            text.is_some()
        },
    },
    RollupColumn {
        name: "path",
        about: "the request target without query and fragment",
        always: false,
        dimensions: &[
            "path",
            "not-found",
            "failing",
            "endpoint",
            "extension",
            "page",
            "static",
        ],
        write: |record, _, out| value::push_text(record.request.as_ref().map(Request::path), out),
        read: |text, _, parts| {
            parts.path = text;
            true
        },
    },
    RollupColumn {
        name: "target",
        about: "the whole request target",
        always: false,
        dimensions: &["query", "param"],
        write: |record, _, out| value::push_text(record.request.map(|request| request.target), out),
        read: |text, _, parts| {
            parts.target = text;
            true
        },
    },
    RollupColumn {
        name: "user",
        about: "the authenticated user",
        always: false,
        dimensions: &["user"],
        write: |record, _, out| value::push_text(record.user, out),
        read: |text, record, _| {
            record.user = text;
            true
        },
    },
    RollupColumn {
        name: "host",
        about: "the virtual host",
        always: false,
        dimensions: &["host"],
        write: |record, _, out| value::push_text(record.host, out),
        read: |text, record, _| {
            record.host = text;
            true
        },
    },
    RollupColumn {
        name: "referrer",
        about: "the Referer header",
        always: false,
        dimensions: &["referrer", "referrer-host"],
        write: |record, _, out| value::push_text(record.referrer, out),
        read: |text, record, _| {
            record.referrer = text;
            true
        },
    },
    // Of two that set one field the later counts: it says more.
    RollupColumn {
        name: "cached",
        about: "HIT if the log says that a cache answered",
        always: true,
        dimensions: &[],
        write: |_, told, out| value::push_text(told.cached.then_some(b"HIT"), out),
        read: |text, record, _| {
            record.cache = text;
            true
        },
    },
    RollupColumn {
        name: "cache",
        about: "the cache status, as in the log",
        always: false,
        dimensions: &["cache"],
        write: |record, _, out| value::push_text(record.cache, out),
        read: |text, record, _| {
            record.cache = text;
            true
        },
    },
    RollupColumn {
        name: "bot",
        about: "what of the user agent names a robot, - if nothing does, and nothing if there is no user agent",
        always: true,
        dimensions: &["bot", "bot-kind"],
        write: |_, told, out| value::push_text(told.bot, out),
        read: |text, record, _| {
            record.agent = text;
            true
        },
    },
    RollupColumn {
        name: VISITOR,
        about: "a number that stands for the user agent and the day, and nothing if there is no user agent",
        always: false,
        dimensions: &[],
        write: |_, told, out| value::push_number(told.visitor.map(u64::from), out),
        read: |text, record, _| {
            let Some(text) = text else {
                return true;
            };
            let number = value::number(text).and_then(|number| u32::try_from(number).ok());
            record.carried_visitor = number.unwrap_or(0);
            number.is_some()
        },
    },
    RollupColumn {
        name: "agent",
        about: "the User-Agent header",
        always: false,
        dimensions: &["agent", "agent-token", "browser", "os", "visitor"],
        write: |record, _, out| value::push_text(record.agent, out),
        read: |text, record, _| {
            record.agent = text;
            true
        },
    },
    RollupColumn {
        name: "offset",
        about: "the offset of the line's clock, in seconds east of UTC",
        always: false,
        dimensions: &["hour", "weekday", "visitor"],
        write: |record, _, out| value::push_signed(record.offset.into(), out),
        read: |text, record, _| {
            let offset = text.and_then(value::signed);
            // No zone is further from UTC than a day.
            let offset = offset.filter(|offset| offset.abs() < 86_400);
            record.offset = offset.map_or(record.offset, |offset| offset as i32);
            offset.is_some()
        },
    },
    RollupColumn {
        name: "source",
        about: "the file that the lines came from",
        always: false,
        dimensions: &["source"],
        write: |record, _, out| value::push_text(Some(record.source), out),
        read: |text, record, _| {
            if let Some(source) = text {
                record.source = source;
            }
            true
        },
    },
];

/// The column that goes with that of the clients, so that a summary can count visitors.
const VISITOR: &str = "visitor";

/// The first columns of a row, which every rollup has: those of the status, the method and the protocol.
const BEGINNING: usize = 3;

/// A rollup has at most so many of them.
pub const MOST_FIELDS: usize = 8;

/// A row has at most so many values behind its time and hits.
pub(super) const MOST_COLUMNS: usize = COLUMNS.len() + MOST_FIELDS;

/// All rollups of a run have at most so many different ones.
const MOST_MADE: usize = 64;

/// The longest name of one.
const LONGEST_NAME: usize = 200;

/// The columns that were made for fields.
static MADE: Mutex<Vec<&'static RollupColumn>> = Mutex::new(Vec::new());

/// The column of a field by its own name, `field:upstream_addr`.
fn of_field(name: &str) -> Option<&'static RollupColumn> {
    field_in(name).filter(|field| !field.is_empty() && name.len() <= LONGEST_NAME)?;
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = made.iter().find(|column| column.name == name) {
        return Some(known);
    }
    if made.len() == MOST_MADE {
        return None;
    }
    let name: &'static str = Box::leak(name.into());
    let column = Box::leak(Box::new(RollupColumn {
        name,
        about: "a field by its own name",
        always: false,
        dimensions: Vec::leak(vec![name]),
        write: |_, _, _| {},
        // See `RollupState::find_named`.
        read: |_, _, _| true,
    }));
    made.push(column);
    Some(column)
}

impl RollupColumn {
    /// The field's own name, if it is the column of one.
    pub(super) fn field(&self) -> Option<&'static str> {
        field_in(self.name)
    }
}

/// What a rollup holds of a record.
#[derive(Debug, Clone)]
pub struct RollupLayout {
    columns: Vec<&'static RollupColumn>,
}

impl PartialEq for RollupLayout {
    fn eq(&self, other: &RollupLayout) -> bool {
        self.names() == other.names()
    }
}

impl RollupLayout {
    /// The columns that the keys of these dimensions need, and those that every rollup has.
    pub fn of<'n>(dimensions: impl Iterator<Item = &'n str>) -> RollupLayout {
        let asked: Vec<&str> = dimensions.collect();
        let is_asked = |column: &RollupColumn| {
            column.always || asked.iter().any(|name| column.dimensions.contains(name))
        };
        let clients = COLUMNS.iter().find(|column| column.name == "client");
        let visitors = clients.is_some_and(is_asked);
        let carried =
            |column: &&RollupColumn| is_asked(column) || visitors && column.name == VISITOR;
        let mut fields: Vec<_> = asked.iter().filter_map(|name| of_field(name)).collect();
        fields.sort_unstable_by_key(|column| column.name);
        fields.dedup_by_key(|column| column.name);
        RollupLayout {
            columns: COLUMNS.iter().filter(carried).chain(fields).collect(),
        }
    }

    /// The columns of these names, which follow `time` and `hits`; `None` for other names, or without one that every rollup
    /// has.
    pub(super) fn named(names: &[u8]) -> Option<RollupLayout> {
        let column = |name: &[u8]| {
            let name = std::str::from_utf8(name).ok()?;
            let column = COLUMNS.iter().find(|column| column.name == name);
            column.or_else(|| of_field(name))
        };
        let names: Vec<&[u8]> = names.split(|&b| b == b'\t').collect();
        let columns: Vec<_> = names
            .iter()
            .map(|name| column(name))
            .collect::<Option<_>>()?;
        if columns.len() > MOST_COLUMNS {
            return None;
        }
        let layout = RollupLayout { columns };
        let whole = COLUMNS.iter().filter(|column| column.always);
        let has = |column: &RollupColumn| names.contains(&column.name.as_bytes());
        whole.clone().all(has).then_some(layout)
    }

    /// The names of the columns, in order.
    pub fn names(&self) -> Vec<&'static str> {
        self.columns.iter().map(|column| column.name).collect()
    }

    /// Whether the keys of this dimension can be told; those of one that no column says anything of can.
    fn carries(&self, dimension: &str) -> bool {
        if field_in(dimension).is_some() {
            return self.columns.iter().any(|column| column.name == dimension);
        }
        let needs = |column: &&RollupColumn| column.dimensions.contains(&dimension);
        let has = |name: &str| self.columns.iter().any(|column| column.name == name);
        // A path is within a target.
        let mut needed = COLUMNS.iter().filter(needs);
        needed.all(|needed| has(needed.name) || needed.name == "path" && has("target"))
    }

    /// The first of these dimensions that it does not carry.
    pub fn lacks(&self, dimensions: &[&'static str]) -> Option<RollupFault> {
        let mut lacking = dimensions.iter().filter(|name| !self.carries(name));
        lacking.next().map(|name| RollupFault::Lacks(name))
    }

    /// Appends the values of a record, as its row has them behind the time and the hits.
    pub fn write(
        &self,
        record: &Record<'_>,
        told: &Told<'_>,
        beginnings: &mut RowBeginnings,
        out: &mut Vec<u8>,
    ) {
        beginnings.write(record, out, |out| {
            for (i, column) in COLUMNS[..BEGINNING].iter().enumerate() {
                if i > 0 {
                    out.push(b'\t');
                }
                (column.write)(record, told, out);
            }
        });
        for column in self.columns.iter().skip(BEGINNING) {
            out.push(b'\t');
            match column.field() {
                Some(name) => {
                    let named = record.named;
                    value::push_text(named.and_then(|named| named.get(name.as_bytes())), out);
                }
                None => (column.write)(record, told, out),
            }
        }
    }

    pub(super) fn columns(&self) -> &[&'static RollupColumn] {
        &self.columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_begins_with_what_every_rollup_has() {
        assert!(COLUMNS[..BEGINNING].iter().all(|column| column.always));
        let layout = RollupLayout::of(["user", "hour"].into_iter());
        assert_eq!(
            layout.names()[..BEGINNING],
            ["status", "method", "protocol"]
        );
    }
}
