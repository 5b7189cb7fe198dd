//! The dimensions: what records are counted by. One row each.

use super::SERVER_ERROR;
use super::bots::Robots;
use super::network::{Buffer, network};
use crate::format::record::Record;
use crate::format::unparsed::Field;
use crate::nearest;
use crate::quantity::KeyKind;

/// A way to key a record. Its name is the same in options, JSON and text.
#[derive(Debug)]
pub struct Dimension {
    /// The singular name.
    pub name: &'static str,
    /// The title of its row in a text report.
    pub title: &'static str,
    /// One line about it, for the man page.
    pub about: &'static str,
    /// The field that must be read for it.
    pub field: Field,
    /// The key of a record, which may use the scratch; `None` if the record has none.
    pub key: for<'r> fn(&'r Record<'_>, &'r mut Scratch) -> Option<&'r [u8]>,
}

/// Working memory for keys that are not in the log as they are shown.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Room for a key.
    pub buffer: Buffer,
    /// The robots that agents named.
    pub robots: Robots,
    /// Whether robots are counted, by the agent of every record.
    pub counts_robots: bool,
}

impl Dimension {
    /// What its keys are, for people.
    pub fn kind(&self) -> KeyKind {
        KeyKind {
            name: self.name,
            title: self.title,
        }
    }
}

impl PartialEq for Dimension {
    fn eq(&self, other: &Dimension) -> bool {
        self.name == other.name
    }
}

/// Dimensions without a key in a log that has no trouble: that says nothing about its format.
pub const RARE: [&str; 3] = ["not-found", "failing", "bot"];

/// Every dimension. The first two are always counted.
pub static DIMENSIONS: [Dimension; 18] = [
    Dimension {
        name: "section",
        title: "sections",
        about: "the request target up to its second /",
        field: Field::Request,
        key: |r, _| r.request.as_ref().map(|request| request.section()),
    },
    Dimension {
        name: "client",
        title: "clients",
        about: "the client's address or name",
        field: Field::Client,
        key: |r, _| Some(r.client),
    },
    Dimension {
        name: "path",
        title: "paths",
        about: "the request target without query and fragment",
        field: Field::Request,
        key: |r, _| path(r),
    },
    Dimension {
        name: "user",
        title: "users",
        about: "the authenticated user, if there is one",
        field: Field::User,
        key: |r, _| r.user.filter(|name| *name != b"-"),
    },
    Dimension {
        name: "method",
        title: "methods",
        about: "GET, POST, …",
        field: Field::Request,
        key: |r, _| r.request.as_ref().map(|request| request.method),
    },
    Dimension {
        name: "status",
        title: "statuses",
        about: "the status code",
        field: Field::Status,
        key: |r, scratch| match r.status {
            None => Some(b"-"),
            Some(code) => {
                // Three digits by construction.
                let digits = [code / 100, code / 10 % 10, code % 10];
                let buffer = &mut scratch.buffer[..3];
                buffer.copy_from_slice(&digits.map(|digit| b'0' + digit as u8));
                Some(buffer)
            }
        },
    },
    Dimension {
        name: "protocol",
        title: "protocols",
        about: "HTTP/1.1, HTTP/2.0, …",
        field: Field::Request,
        key: |r, _| r.request.as_ref().and_then(|request| request.protocol),
    },
    Dimension {
        name: "host",
        title: "hosts",
        about: "the virtual host, as in the log",
        field: Field::Host,
        key: |r, _| r.host,
    },
    Dimension {
        name: "referrer",
        title: "referrers",
        about: "the Referer header, `-` if there is none",
        field: Field::Referrer,
        // A header that is there and empty names nobody.
        key: |r, _| {
            r.referrer
                .map(|name| if name.is_empty() { b"-" } else { name })
        },
    },
    Dimension {
        name: "agent",
        title: "agents",
        about: "the User-Agent header, `-` if there is none",
        field: Field::Agent,
        key: |r, _| r.agent,
    },
    Dimension {
        name: "network",
        title: "networks",
        about: "the /24 of a client's IPv4 address, the /48 of an IPv6 address",
        field: Field::Client,
        key: |r, scratch| network(r.client, &mut scratch.buffer),
    },
    Dimension {
        name: "not-found",
        title: "not found",
        about: "the path of a request that was answered with 404",
        field: Field::Request,
        key: |r, _| path(r).filter(|_| r.status == Some(404)),
    },
    Dimension {
        name: "failing",
        title: "failing",
        about: "the path of a request that was answered with 5xx",
        field: Field::Request,
        key: |r, _| path(r).filter(|_| r.status_class() == usize::from(SERVER_ERROR)),
    },
    Dimension {
        name: "bot",
        title: "bots",
        about: "the robot that the user agent names; see below",
        field: Field::Agent,
        key: |r, scratch| scratch.robots.named_in(r.agent?).map(str::as_bytes),
    },
    Dimension {
        name: "cache",
        title: "cache",
        about: "the cache status, as in the log: HIT, MISS, …",
        field: Field::Cache,
        key: |r, _| r.cache.filter(|word| *word != b"-"),
    },
    Dimension {
        name: "asn",
        title: "asns",
        about: "the network that announces the client's address, and who runs it, by --mmdb: AS64496 Example",
        field: Field::Client,
        key: |r, _| r.location?.asn.as_deref(),
    },
    Dimension {
        name: "country",
        title: "countries",
        about: "the country of the client's address by --mmdb: DE, FR, …",
        field: Field::Client,
        key: |r, _| r.location?.country.as_deref(),
    },
    Dimension {
        name: "source",
        title: "sources",
        about: "the file the line came from",
        field: Field::Line,
        key: |r, _| Some(r.source),
    },
];

/// The path that was asked for.
fn path<'r>(record: &'r Record<'_>) -> Option<&'r [u8]> {
    record.request.as_ref().map(|request| request.path())
}

/// A dimension to count and how many of its rows to list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Top {
    /// The dimension.
    pub dimension: &'static Dimension,
    /// Rows listed; 0 for one that is counted only.
    pub rows: usize,
    /// Whether it was asked for by name. Then a summary says more about each row, also how long its requests took if the
    /// log has durations; for such a log that costs a tenth of the time.
    pub asked: bool,
}

/// The dimension of this name.
pub fn named(name: &str) -> Option<&'static Dimension> {
    DIMENSIONS.iter().find(|dimension| dimension.name == name)
}

/// How many rows are listed where no number is given.
pub const ROWS: usize = 5;
/// The most rows that can be asked for.
const MAX_ROWS: usize = 1000;

/// Reads `section=10,client=5,path`.
pub fn parse_top(list: &str) -> Result<Vec<Top>, String> {
    let mut tops: Vec<Top> = Vec::new();
    for item in list.split(',').map(str::trim) {
        let (name, rows) = match item.split_once('=') {
            None => (item, ROWS),
            Some((name, rows)) => {
                let rows = rows
                    .trim()
                    .parse()
                    .ok()
                    .filter(|rows| (1..=MAX_ROWS).contains(rows));
                let rows = rows
                    .ok_or_else(|| format!("'{item}': rows are a number from 1 to {MAX_ROWS}"))?;
                (name.trim(), rows)
            }
        };
        let dimension = named(name).ok_or_else(|| {
            let meant = meant(name, &[]);
            format!("unknown dimension '{name}'{meant} ({})", names())
        })?;
        if tops.iter().any(|top| top.dimension == dimension) {
            return Err(format!("'{name}' is listed twice"));
        }
        tops.push(Top {
            dimension,
            rows,
            asked: true,
        });
    }
    Ok(tops)
}

/// Adds a list to those before it. Of two numbers of rows for a dimension the later one counts.
pub fn add_to_list(tops: &mut Vec<Top>, list: Vec<Top>) {
    for top in list {
        match tops
            .iter_mut()
            .find(|known| known.dimension == top.dimension)
        {
            Some(known) => *known = top,
            None => tops.push(top),
        }
    }
}

/// What other tools and servers call a dimension, or a number that can be compared, and its name here.
const ELSEWHERE: [(&str, &str); 31] = [
    ("ip", "client"),
    ("addr", "client"),
    ("address", "client"),
    ("remote_addr", "client"),
    ("remote", "client"),
    ("visitor", "client"),
    ("url", "path"),
    ("uri", "path"),
    ("page", "path"),
    ("endpoint", "path"),
    ("target", "path"),
    ("code", "status"),
    ("status_code", "status"),
    ("ua", "agent"),
    ("useragent", "agent"),
    ("user_agent", "agent"),
    ("user-agent", "agent"),
    ("browser", "agent"),
    ("ref", "referrer"),
    ("verb", "method"),
    ("vhost", "host"),
    ("domain", "host"),
    ("server", "host"),
    ("subnet", "network"),
    ("robot", "bot"),
    ("crawler", "bot"),
    ("file", "source"),
    ("size", "bytes"),
    ("latency", "duration"),
    ("response_time", "duration"),
    ("time", "duration"),
];

/// `, did you mean 'client'?` after a name that is none of a dimension, nor one of `others`; nothing where
/// nothing is near.
pub fn meant(name: &str, others: &[&'static str]) -> String {
    let known = || {
        let names = DIMENSIONS.iter().map(|dimension| dimension.name);
        names.chain(others.iter().copied())
    };
    let lower = name.to_lowercase();
    let elsewhere = ELSEWHERE.iter().find(|(word, _)| *word == lower);
    match elsewhere.filter(|(_, meant)| known().any(|name| name == *meant)) {
        Some((_, meant)) => format!(", did you mean '{meant}'?"),
        None => nearest::question(name, known()),
    }
}

/// The names of all dimensions, for a message.
pub fn names() -> String {
    let names: Vec<_> = DIMENSIONS.iter().map(|dimension| dimension.name).collect();
    names.join(", ")
}

/// The list with section and client, which are always counted.
pub fn with_standing(list: &[Top]) -> Vec<Top> {
    let mut tops = list.to_vec();
    for dimension in &DIMENSIONS[..2] {
        if !tops.iter().any(|top| top.dimension == dimension) {
            tops.push(Top {
                dimension,
                rows: 0,
                asked: false,
            });
        }
    }
    tops
}

/// What can be chosen on a screen besides what is listed.
const TO_CHOOSE_FROM: [&str; 3] = ["path", "status", "agent"];

/// Adds what can be chosen on a screen.
pub fn add_to_choose_from(tops: &mut Vec<Top>) {
    for dimension in TO_CHOOSE_FROM.iter().filter_map(|name| named(name)) {
        if !tops.iter().any(|top| top.dimension == dimension) {
            tops.push(Top {
                dimension,
                rows: 0,
                asked: false,
            });
        }
    }
}

/// What is listed by default.
pub fn default_top() -> Vec<Top> {
    DIMENSIONS[..2]
        .iter()
        .map(|dimension| Top {
            dimension,
            rows: ROWS,
            asked: false,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_add_up() {
        let mut tops = Vec::new();
        for list in ["path=2", "client,path=7", "status"] {
            add_to_list(&mut tops, parse_top(list).unwrap());
        }
        let read: Vec<_> = tops
            .iter()
            .map(|top| (top.dimension.name, top.rows))
            .collect();
        assert_eq!(read, [("path", 7), ("client", 5), ("status", 5)]);
    }

    #[test]
    fn top_lists_name_dimensions_and_rows() {
        let tops = parse_top("section=10, client ,path=1").unwrap();
        let read: Vec<_> = tops
            .iter()
            .map(|top| (top.dimension.name, top.rows))
            .collect();
        assert_eq!(read, [("section", 10), ("client", 5), ("path", 1)]);
        for bad in [
            "",
            "x",
            "section=0",
            "section=-1",
            "section=1001",
            "section,section",
            "section=",
            "section,",
        ] {
            assert!(parse_top(bad).is_err(), "{bad}");
        }
    }
}
