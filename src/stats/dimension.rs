//! The dimensions: what records are counted by. One row each.
//!
//! Some have a parameter, as in `param:utm_source`, and any two make a pair, as in `not-found/referrer`. Those are made when they
//! are first named, and kept for the life of the process: so all dimensions are shared, and compared, in the same way.

use std::sync::{Arc, Mutex, PoisonError};

use super::SERVER_ERROR;
use super::agents::{browser, system, token};
use super::bots::Robots;
use super::calendar::{HOURS, WEEKDAYS, hour, weekday};
use super::network::network;
use super::served::served;
use super::target::{endpoint, extension, is_static, parameter, query};
use super::visitor::{mark, visitor};
use crate::format::anonymous::AddressText;
use crate::format::named::field_in;
use crate::format::record::Record;
use crate::format::rollup::{RollupLayout, RowBeginnings, Told};
use crate::format::unparsed::Field;
use crate::nearest;
use crate::quantity::{BETWEEN, KeyKind};

/// A way to key a record. Its name is the same in options, JSON and text.
#[derive(Debug)]
pub struct Dimension {
    /// The singular name.
    pub name: &'static str,
    /// The title of its row in a text report.
    pub title: &'static str,
    /// One line about it, for the man page.
    pub about: &'static str,
    /// The fields that must be read for it.
    pub fields: &'static [Field],
    /// What makes one of a kind of it.
    pub of: Of,
    /// The key of a record, which may use the scratch; `None` if the record has none. See [`Dimension::key_of`].
    key: for<'r> fn(&'r Record<'_>, &'r mut Scratch, &Of) -> Option<&'r [u8]>,
}

/// What makes a dimension one of a kind.
#[derive(Debug)]
pub enum Of {
    /// Nothing: it is the only one.
    Itself,
    /// Nothing either, and these are all its keys, in order: a filter may ask for a range of them.
    Scale(&'static [&'static str]),
    /// A parameter that is still to be given; it is called this in the man page.
    Any(&'static str),
    /// This parameter.
    Parameter(&'static [u8]),
    /// Two dimensions, whose keys it joins.
    Pair(&'static Dimension, &'static Dimension),
}

/// Working memory for keys that are not in the log as they are shown.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Room for a short key.
    pub buffer: AddressText,
    /// Room for a long key.
    pub text: Vec<u8>,
    /// Room for a pair of keys.
    pub pair: Vec<u8>,
    /// The robots that agents named.
    pub robots: Robots,
    /// What the row of a rollup carries.
    pub layout: Option<Arc<RollupLayout>>,
    /// Beginnings of its rows.
    pub beginnings: RowBeginnings,
}

impl Dimension {
    /// The key of a record, which may use the scratch; `None` if the record has none.
    #[inline(always)]
    pub fn key_of<'r>(&self, record: &'r Record<'_>, scratch: &'r mut Scratch) -> Option<&'r [u8]> {
        (self.key)(record, scratch, &self.of)
    }

    /// Whether a log that has no key of it may be in the best of order: that says nothing about its format.
    pub fn is_rare(&self) -> bool {
        match self.of {
            Of::Pair(left, right) => left.is_rare() || right.is_rare(),
            // What is said of a field is said apart.
            Of::Parameter(_) => true,
            Of::Itself | Of::Scale(_) | Of::Any(_) => RARE.contains(&self.name),
        }
    }

    /// Whether it needs no parameter.
    pub fn is_whole(&self) -> bool {
        !matches!(self.of, Of::Any(_))
    }

    /// Whether its keys are those of this one, or pairs with them.
    pub fn is_of(&self, name: &str) -> bool {
        match self.of {
            Of::Pair(left, right) => self.name == name || left.is_of(name) || right.is_of(name),
            _ => self.name == name,
        }
    }

    /// Its name with what its parameter is called, for the man page.
    pub fn shown(&self) -> String {
        match self.of {
            Of::Any(parameter) => format!("{}:{parameter}", self.name),
            _ => self.name.to_owned(),
        }
    }

    /// What its keys are, for people.
    pub fn kind(&self) -> KeyKind {
        KeyKind {
            name: self.name,
            title: self.title,
        }
    }

    /// Appends the names of the rows of the table that it is made of, a parameter left out.
    pub fn add_kinds(&self, names: &mut Vec<&'static str>) {
        match self.of {
            Of::Pair(left, right) => {
                left.add_kinds(names);
                right.add_kinds(names);
            }
            // A rollup carries each of them by itself.
            Of::Parameter(_) if field_in(self.name).is_some() => names.push(self.name),
            Of::Parameter(_) => names.push(self.name.split(':').next().unwrap_or(self.name)),
            Of::Itself | Of::Scale(_) | Of::Any(_) => names.push(self.name),
        }
    }
}

impl PartialEq for Dimension {
    fn eq(&self, other: &Dimension) -> bool {
        self.name == other.name
    }
}

/// Dimensions without a key in a log that has no trouble: that says nothing about its format.
const RARE: [&str; 9] = [
    "page",
    "static",
    "bot-kind",
    "not-found",
    "failing",
    "bot",
    "query",
    "extension",
    "referrer-host",
];

/// Every dimension. The first two are always counted.
pub static DIMENSIONS: [Dimension; 33] = [
    Dimension {
        name: "section",
        title: "sections",
        about: "the request target up to its second /",
        fields: &[Field::Request],
        of: Of::Itself,
        key: |r, _, _| r.request.as_ref().map(|request| request.section()),
    },
    Dimension {
        name: "client",
        title: "clients",
        about: "the client's address or name",
        fields: &[Field::Client],
        of: Of::Itself,
        key: |r, _, _| Some(r.client).filter(|client| !client.is_empty()),
    },
    Dimension {
        name: "path",
        title: "paths",
        about: "the request target without query and fragment",
        fields: &[Field::Request],
        of: Of::Itself,
        key: |r, _, _| path(r),
    },
    Dimension {
        name: "user",
        title: "users",
        about: "the authenticated user, if there is one",
        fields: &[Field::User],
        of: Of::Itself,
        key: |r, _, _| r.user.filter(|name| *name != b"-"),
    },
    Dimension {
        name: "method",
        title: "methods",
        about: "GET, POST, …",
        fields: &[Field::Request],
        of: Of::Itself,
        key: |r, _, _| r.request.as_ref().map(|request| request.method),
    },
    Dimension {
        name: "status",
        title: "statuses",
        about: "the status code",
        fields: &[Field::Status],
        of: Of::Itself,
        key: |r, scratch, _| match r.status {
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
        fields: &[Field::Request],
        of: Of::Itself,
        key: |r, _, _| r.request.as_ref().and_then(|request| request.protocol),
    },
    Dimension {
        name: "host",
        title: "hosts",
        about: "the virtual host, as in the log",
        fields: &[Field::Host],
        of: Of::Itself,
        key: |r, _, _| r.host,
    },
    Dimension {
        name: "referrer",
        title: "referrers",
        about: "the Referer header, `-` if there is none",
        fields: &[Field::Referrer],
        of: Of::Itself,
        // A header that is there and empty names nobody.
        key: |r, _, _| {
            r.referrer
                .map(|name| if name.is_empty() { b"-" } else { name })
        },
    },
    Dimension {
        name: "agent",
        title: "agents",
        about: "the User-Agent header, `-` if there is none",
        fields: &[Field::Agent],
        of: Of::Itself,
        key: |r, _, _| r.agent,
    },
    Dimension {
        name: "network",
        title: "networks",
        about: "the /24 of a client's IPv4 address, the /48 of an IPv6 address",
        fields: &[Field::Client],
        of: Of::Itself,
        key: |r, scratch, _| network(r.client, &mut scratch.buffer),
    },
    Dimension {
        name: "not-found",
        title: "not found",
        about: "the path of a request that was answered with 404",
        fields: &[Field::Request],
        of: Of::Itself,
        key: |r, _, _| path(r).filter(|_| r.status == Some(404)),
    },
    Dimension {
        name: "failing",
        title: "failing",
        about: "the path of a request that was answered with 5xx",
        fields: &[Field::Request],
        of: Of::Itself,
        key: |r, _, _| path(r).filter(|_| r.status_class() == usize::from(SERVER_ERROR)),
    },
    Dimension {
        name: "bot",
        title: "bots",
        about: "the robot that the user agent names; see below",
        fields: &[Field::Agent],
        of: Of::Itself,
        key: |r, scratch, _| scratch.robots.named_in(r.agent?).map(|robot| robot.name),
    },
    Dimension {
        name: "bot-kind",
        title: "bot kinds",
        about: "what the robot is for: search, ai, monitor, seo, preview, feed, scanner, tool or other",
        fields: &[Field::Agent],
        of: Of::Itself,
        key: |r, scratch, _| {
            let robot = scratch.robots.named_in(r.agent?)?;
            Some(robot.kind.name().as_bytes())
        },
    },
    Dimension {
        name: "cache",
        title: "cache",
        about: "the cache status, as in the log: HIT, MISS, …",
        fields: &[Field::Cache],
        of: Of::Itself,
        key: |r, _, _| r.cache.filter(|word| *word != b"-"),
    },
    Dimension {
        name: "asn",
        title: "asns",
        about: "the network that announces the client's address, and who runs it, by --mmdb: AS64496 Example",
        fields: &[Field::Client],
        of: Of::Itself,
        key: |r, _, _| r.location?.asn.as_deref(),
    },
    Dimension {
        name: "country",
        title: "countries",
        about: "the country of the client's address by --mmdb: DE, FR, …",
        fields: &[Field::Client],
        of: Of::Itself,
        key: |r, _, _| r.location?.country.as_deref(),
    },
    Dimension {
        name: "endpoint",
        title: "endpoints",
        about: "the path with what is an id in it replaced, or the pattern of --group that it matches; see below",
        fields: &[Field::Request],
        of: Of::Itself,
        key: |r, scratch, _| match r.group {
            Some(group) => Some(group),
            None => path(r).map(|path| endpoint(path, &mut scratch.text)),
        },
    },
    Dimension {
        name: "query",
        title: "queries",
        about: "the query of the request target",
        fields: &[Field::Request],
        of: Of::Itself,
        key: |r, _, _| query(r),
    },
    Dimension {
        name: "param",
        title: "values",
        about: "the value of one parameter of the query: param:utm_source",
        fields: &[Field::Request],
        of: Of::Any("NAME"),
        key: |r, _, of| match of {
            Of::Parameter(name) => parameter(r, name),
            _ => None,
        },
    },
    Dimension {
        name: "extension",
        title: "extensions",
        about: "what the path ends with behind a dot: css, png, …",
        fields: &[Field::Request],
        of: Of::Itself,
        key: |r, scratch, _| extension(path(r)?, &mut scratch.text),
    },
    Dimension {
        name: "page",
        title: "pages",
        about: "the path of a request for something else than a static file",
        fields: &[Field::Request],
        of: Of::Itself,
        key: |r, _, _| path(r).filter(|path| !is_static(path)),
    },
    Dimension {
        name: "static",
        title: "static files",
        about: "the path of a style sheet, script, image, font, sound or film, by its extension",
        fields: &[Field::Request],
        of: Of::Itself,
        key: |r, _, _| path(r).filter(|path| is_static(path)),
    },
    Dimension {
        name: "referrer-host",
        title: "referring hosts",
        about: "the host of the Referer header, but for those of --own",
        fields: &[Field::Referrer],
        of: Of::Itself,
        key: |r, scratch, _| {
            let host = referring_host(r.referrer?).filter(|_| !r.refers_itself)?;
            scratch.text.clear();
            scratch.text.extend(host.iter().map(u8::to_ascii_lowercase));
            Some(&scratch.text)
        },
    },
    Dimension {
        name: "browser",
        title: "browsers",
        about: "the browser that the user agent names, of people: Chrome, Firefox, …",
        fields: &[Field::Agent],
        of: Of::Itself,
        key: |r, scratch, _| browser(person(r, scratch)?),
    },
    Dimension {
        name: "os",
        title: "systems",
        about: "the operating system that the user agent names, of people: Windows, Android, …",
        fields: &[Field::Agent],
        of: Of::Itself,
        key: |r, scratch, _| system(person(r, scratch)?),
    },
    Dimension {
        name: "visitor",
        title: "visitors",
        about: "a client with its user agent on one day, of people; a number stands for the agent",
        fields: &[Field::Client, Field::Agent],
        of: Of::Itself,
        key: |r, scratch, _| {
            let agent = person(r, scratch)?;
            Some(visitor(r, agent, &mut scratch.text))
        },
    },
    Dimension {
        name: "agent-token",
        title: "products",
        about: "what the user agent calls itself, without a version: curl, Mozilla, ExampleBot",
        fields: &[Field::Agent],
        of: Of::Itself,
        key: |r, _, _| token(r.agent?),
    },
    Dimension {
        name: "hour",
        title: "hours",
        about: "the hour of the day, 00 to 23, by the clock of the line",
        fields: &[Field::Time],
        of: Of::Scale(&HOURS),
        key: |r, _, _| Some(hour(r)),
    },
    Dimension {
        name: "weekday",
        title: "weekdays",
        about: "the day of the week, mon to sun, by the clock of the line",
        fields: &[Field::Time],
        of: Of::Scale(&WEEKDAYS),
        key: |r, _, _| Some(weekday(r)),
    },
    Dimension {
        name: "field",
        title: "values",
        about: "the value of a field by its own name, such as a variable of --format or a key of JSON: field:upstream_addr; see below",
        fields: &[],
        of: Of::Any("NAME"),
        key: |r, _, of| match of {
            Of::Parameter(name) => r.named?.get(name),
            _ => None,
        },
    },
    Dimension {
        name: "source",
        title: "sources",
        about: "the file the line came from",
        fields: &[Field::Line],
        of: Of::Itself,
        key: |r, _, _| Some(r.source),
    },
];

impl Scratch {
    /// Appends what a rollup says of a record.
    pub fn write_row(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        let Some(layout) = &self.layout else {
            return;
        };
        let (mut bot, mut visitor) = (None, None);
        if let Some((agent, robot)) = self.robots.agent_and_robot_of(record) {
            bot = Some(match robot {
                None => &b"-"[..],
                Some(robot) => {
                    self.text.clear();
                    robot.write_alone(&mut self.text);
                    &self.text
                }
            });
            visitor = mark(record, agent.number);
        }
        let told = Told {
            bot,
            cached: record.cache.is_some_and(served),
            visitor,
        };
        layout.write(record, &told, &mut self.beginnings, out);
    }
}

/// The path that was asked for.
fn path<'r>(record: &'r Record<'_>) -> Option<&'r [u8]> {
    record.request.as_ref().map(|request| request.path())
}

/// The user agent of a request, unless it is a robot's.
fn person<'r>(record: &Record<'r>, scratch: &mut Scratch) -> Option<&'r [u8]> {
    let agent = record.agent.filter(|agent| *agent != b"-")?;
    (!scratch.robots.made(record)).then_some(agent)
}

/// The host in a referrer, without port and user; `None` if it has none.
pub fn referring_host(referrer: &[u8]) -> Option<&[u8]> {
    let scheme = memchr::memmem::find(referrer, b"://")?;
    let rest = &referrer[scheme + 3..];
    let end = rest.iter().position(|b| b"/?#\\ ".contains(b));
    let authority = &rest[..end.unwrap_or(rest.len())];
    let at = authority.iter().rposition(|&b| b == b'@');
    let host = &authority[at.map_or(0, |at| at + 1)..];
    let port = host.iter().rposition(|&b| b == b':');
    let numeric = |port: &usize| host[port + 1..].iter().all(u8::is_ascii_digit);
    let host = &host[..port.filter(numeric).unwrap_or(host.len())];
    Some(host).filter(|host| !host.is_empty())
}

/// The keys of two dimensions, joined; `None` if one of them is missing.
fn pair_of<'r>(record: &'r Record<'_>, scratch: &'r mut Scratch, of: &Of) -> Option<&'r [u8]> {
    let Of::Pair(left, right) = of else {
        return None;
    };
    let mut pair = std::mem::take(&mut scratch.pair);
    pair.clear();
    let both = left.key_of(record, scratch).map(|key| {
        pair.extend_from_slice(key);
        pair.extend_from_slice(BETWEEN);
    });
    let both = both.and_then(|()| right.key_of(record, scratch));
    let both = both.map(|key| pair.extend_from_slice(key)).is_some();
    scratch.pair = pair;
    both.then_some(&scratch.pair[..])
}

/// The longest name of a dimension that is made.
const LONGEST_NAME: usize = 200;

/// Those that were made.
static MADE: Mutex<Vec<&'static Dimension>> = Mutex::new(Vec::new());

/// The dimension of this name, `param:utm_source` and `not-found/referrer` too.
pub fn named(name: &str) -> Option<&'static Dimension> {
    let plain = || DIMENSIONS.iter().find(|dimension| dimension.name == name);
    if let Some(dimension) = plain() {
        return dimension.is_whole().then_some(dimension);
    }
    if name.len() > LONGEST_NAME {
        return None;
    }
    let known = |made: &[&'static Dimension]| made.iter().copied().find(|d| d.name == name);
    if let Some(dimension) = known(&MADE.lock().unwrap_or_else(PoisonError::into_inner)) {
        return Some(dimension);
    }
    let dimension = make(name)?;
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    Some(known(&made).unwrap_or_else(|| {
        let dimension: &'static Dimension = Box::leak(Box::new(dimension));
        made.push(dimension);
        dimension
    }))
}

/// A dimension with a parameter, or a pair; `None` if this is the name of neither.
fn make(name: &str) -> Option<Dimension> {
    let leaked: fn(&str) -> &'static str = |text| Box::leak(text.to_owned().into_boxed_str());
    let kind = |kind: &str| {
        let of_kind = |row: &&Dimension| row.name == kind && matches!(row.of, Of::Any(_));
        DIMENSIONS.iter().find(of_kind)
    };
    if let Some((row, parameter)) = name.split_once(':').and_then(|(k, p)| Some((kind(k)?, p)))
        && !parameter.is_empty()
        && !parameter.contains('/')
    {
        return Some(Dimension {
            name: leaked(name),
            title: leaked(name),
            about: row.about,
            fields: row.fields,
            of: Of::Parameter(leaked(parameter).as_bytes()),
            key: row.key,
        });
    }
    let (left, right) = name.split_once('/')?;
    if right.contains('/') || left == right {
        return None;
    }
    let (left, right) = (named(left)?, named(right)?);
    Some(Dimension {
        name: leaked(name),
        title: leaked(&format!("{} / {}", left.title, right.title)),
        about: "two keys, joined",
        fields: Vec::leak([left.fields, right.fields].concat()),
        of: Of::Pair(left, right),
        key: pair_of,
    })
}

/// What other tools and servers call a dimension, or a number that can be compared, and its name here.
const ELSEWHERE: [(&str, &str); 28] = [
    ("ip", "client"),
    ("addr", "client"),
    ("address", "client"),
    ("remote_addr", "client"),
    ("remote", "client"),
    ("url", "path"),
    ("uri", "path"),
    ("asset", "static"),
    ("target", "path"),
    ("code", "status"),
    ("status_code", "status"),
    ("ua", "agent"),
    ("useragent", "agent"),
    ("user_agent", "agent"),
    ("user-agent", "agent"),
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
    let bare = name.trim_end_matches(':');
    let of_kind = |row: &&Dimension| row.name == bare && matches!(row.of, Of::Any(_));
    if let Some(row) = DIMENSIONS.iter().find(of_kind) {
        return format!(", which needs a parameter: {}", row.shown());
    }
    let lower = name.to_lowercase();
    let elsewhere = ELSEWHERE.iter().find(|(word, _)| *word == lower);
    match elsewhere.filter(|(_, meant)| known().any(|name| name == *meant)) {
        Some((_, meant)) => format!(", did you mean '{meant}'?"),
        None => nearest::question(name, known()),
    }
}

/// The names of all dimensions, for a message.
pub fn names() -> String {
    let names: Vec<_> = DIMENSIONS.iter().map(Dimension::shown).collect();
    names.join(", ")
}
