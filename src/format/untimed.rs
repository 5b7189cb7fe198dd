//! Entries that have no time of their own: what application servers write to a logger or to standard output, and
//! leave to it, or to the container, to stamp.
//!
//! The time is that of what carries the entry: see [`carrier::time`](super::carrier::time). A row gives the steps of
//! the entry alone; [`Format::variants`] puts the plainest carrier before them, a time and a space, as
//! `kubectl logs --timestamps` does.
//!
//! Each is what the source of the project writes: uvicorn `logging.py` (`%(client_addr)s - "%(request_line)s"
//! %(status_code)s`), actix-web `middleware/logger.rs`, morgan `index.js` (`dev`, `tiny`, `short`), Fiber
//! `middleware/logger`, Tornado `web.py` (`log_request`) and Jupyter Server `log.py`, daphne `management/commands/runserver.py`,
//! Next.js `server/dev/log-requests.ts`, Sanic `log.py` (`generic` and `access`), Negroni `logger.go`. All write the line as the request ends.

use super::extent::Extent;
use super::program::Program;
use super::record::{Record, Request};
use super::step::{Step, literal};
use super::timestamp::{Stamp, TimeForm, Timestamps};
use super::unparsed::{DurationUnit, Field};
use super::{Format, FormatSource, carrier, values};

/// Every one, in the order in which they are tried.
pub(super) static UNTIMED: [Format; 9] = [
    UVICORN, ACTIX, MORGAN, FIBER, TORNADO, DAPHNE, NEXTJS, SANIC, NEGRONI,
];

/// Whether an entry can begin with this byte.
type Begins = fn(u8) -> bool;

/// The programs of some of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Untimed {
    formats: Vec<(Begins, Vec<Program>)>,
    /// A time in brackets behind the beginning of what looks like an entry says that it is none: it may be what a client has
    /// written into the first field of another log. Only where the format is not given.
    wary: bool,
    /// The steps are the user's own: whatever they read is an entry, if there is a time before it.
    own: bool,
}

/// An entry begins with one of the first so many words of a line.
const MOST_WORDS: usize = 16;

impl Untimed {
    pub(super) fn new(formats: &[Format], wanted: &[Field]) -> Untimed {
        let programs = |format: &Format| match format.source {
            FormatSource::Untimed(steps) => steps()
                .iter()
                .map(|steps| Program::new(steps, wanted))
                .collect(),
            _ => Vec::new(),
        };
        Untimed {
            formats: formats
                .iter()
                .map(|format| (format.begins, programs(format)))
                .collect(),
            wary: formats.len() > 1,
            own: false,
        }
    }

    /// The entries of the user's own string.
    pub(super) fn own(steps: &[Step], wanted: &[Field]) -> Untimed {
        Untimed {
            formats: vec![(|_| true, vec![Program::new(steps, wanted)])],
            wary: false,
            own: true,
        }
    }

    /// Reads an entry without a time wherever it begins in a line. Returns which format it is in, where it begins, and the
    /// time of what is before it.
    #[cold]
    pub(super) fn read<'a>(
        &self,
        line: &'a [u8],
        times: &mut Timestamps,
        record: &mut Record<'a>,
    ) -> Option<(u8, usize, Option<Stamp>)> {
        if self.formats.is_empty() {
            return None;
        }
        if self.own {
            return self.read_own(line, times, record);
        }
        let mut at = 0;
        for word in line.split(|b| b" \t".contains(b)).take(MOST_WORDS) {
            // `access.log:192.0.2.7`, `INFO:uvicorn.access:192.0.2.7`.
            let address = carrier::address_in(word).filter(|within| *within > 0);
            for start in [Some(at), address.map(|within| at + within)]
                .into_iter()
                .flatten()
            {
                if let Some(index) = self.entry(&line[start..], times, record) {
                    let bracketed = |bracket| times.clf(&line[bracket + 1..]).is_ok();
                    // One within quotes is of the agent or the referrer.
                    let within = |at: usize| quotes(&line[start..at]) % 2 == 1;
                    let mut brackets =
                        memchr::memchr_iter(b'[', line).filter(|at| *at > start && !within(*at));
                    if self.wary && brackets.any(bracketed) {
                        return None;
                    }
                    return Some((index, start, carrier::time(&line[..start], times)));
                }
            }
            at += word.len() + 1;
        }
        None
    }

    /// The same for the user's own string: it is read from the first word behind a time at which its client is an address, or
    /// else from the first at which it is read at all. Words behind a quote are a client's.
    fn read_own<'a>(
        &self,
        line: &'a [u8],
        times: &mut Timestamps,
        record: &mut Record<'a>,
    ) -> Option<(u8, usize, Option<Stamp>)> {
        let (_, programs) = self.formats.first()?;
        let read = |start: usize, times: &mut Timestamps, record: &mut Record<'a>| {
            *record = Record::EMPTY;
            let mut programs = programs.iter();
            programs.any(|program| program.read(&line[start..], times, record).is_ok())
        };
        let mut found = None;
        for start in std::iter::once(0).chain(carrier::entries(line, true)) {
            if !read(start, times, record) {
                continue;
            }
            let address = values::is_address(record.client);
            let stamp = carrier::time(&line[..start], times);
            match (found, stamp) {
                (_, Some(_)) if address => return Some((0, start, stamp)),
                (None | Some((_, None)), _) => found = Some((start, stamp)),
                _ => {}
            }
        }
        let (start, stamp) = found?;
        read(start, times, record).then_some((0, start, stamp))
    }

    /// Which format the entry is in that `text` begins with.
    fn entry<'a>(
        &self,
        text: &'a [u8],
        times: &mut Timestamps,
        record: &mut Record<'a>,
    ) -> Option<u8> {
        let first = *text.first()?;
        let formats = self.formats.iter().zip(0..);
        for ((_, programs), index) in formats.filter(|((begins, _), _)| begins(first)) {
            for program in programs {
                *record = Record::EMPTY;
                if program.read(text, times, record).is_ok() && is_entry(record) {
                    return Some(index);
                }
            }
        }
        None
    }
}

/// How many quotes are in `text` that are not escaped.
fn quotes(text: &[u8]) -> usize {
    memchr::memchr_iter(b'"', text)
        .filter(|&at| at == 0 || text[at - 1] != b'\\')
        .count()
}

const SPACE: Extent = Extent::Until(b' ');
const MILLISECONDS: Field = Field::Duration(DurationUnit::Milliseconds);

fn text(text: &'static str) -> Step {
    literal(text.as_bytes())
}

fn field(field: Field) -> Step {
    Step::Field(field, SPACE)
}

/// Fields with a space between each two.
fn spaced(fields: &[Field]) -> Vec<Step> {
    let steps = fields.iter().map(|&place| field(place));
    let mut steps: Vec<Step> = steps.flat_map(|step| [step, text(" ")]).collect();
    steps.pop();
    steps
}

fn until(field: Field, text: &str) -> Step {
    Step::Field(field, Extent::UntilText(text.as_bytes().into()))
}

/// Whether what was read at a word somewhere in a line is an entry: a request for a target, and a client that is an
/// address, if the format names one.
fn is_entry(record: &Record<'_>) -> bool {
    let asks = |Request { method, target, .. }| {
        let upper = |b: &u8| b.is_ascii_uppercase() || *b == b'-';
        let of_http = method.iter().all(upper) || method == b"WebSocket";
        let begins = target.starts_with(b"/") || target == b"*";
        of_http && (begins || memchr::memmem::find(target, b"://").is_some())
    };
    record.request.is_some_and(asks) && (record.client == b"-" || values::is_address(record.client))
}

/// The steps of an entry behind the plainest carrier.
pub(super) fn carried(entry: Vec<Step>) -> Vec<Step> {
    let mut steps = vec![Step::Time(TimeForm::Iso, SPACE), text(" ")];
    steps.extend(entry);
    steps
}

fn uvicorn() -> Vec<Vec<Step>> {
    // The path is percent-encoded and the query as it came, without spaces: no quote and space before the status.
    let rest = || {
        [
            until(Field::Request, "\" "),
            text("\" "),
            field(Field::Status),
        ]
    };
    let client = Step::Field(Field::Client, Extent::WithPort(Box::new(SPACE)));
    let mut address = vec![client, text(" - \"")];
    address.extend(rest());
    // On a socket of Unix there is no client.
    let mut socket = vec![text("- \"")];
    socket.extend(rest());
    vec![address, socket]
}

const UVICORN: Format = Format {
    name: "uvicorn",
    about: "uvicorn, whose time is that of its logger or its container",
    sample: r#"2025-10-10T13:55:36.123Z INFO:     192.0.2.7:51234 - "GET /a HTTP/1.1" 200 OK"#,
    begins: |b| b.is_ascii_hexdigit() || b"[:-".contains(&b),
    source: FormatSource::Untimed(uvicorn),
};

fn actix() -> Vec<Vec<Step>> {
    let entry = |before: &'static str| {
        vec![
            field(Field::Client),
            text(before),
            Step::Field(Field::Request, Extent::Request),
            text("\" "),
            field(Field::Status),
            text(" "),
            field(Field::Bytes),
            Step::Optional,
            text(" \""),
            Step::Field(Field::Referrer, Extent::Quoted),
            text("\" \""),
            Step::Field(Field::Agent, Extent::Quoted),
            text("\" "),
            Step::Field(Field::Duration(DurationUnit::Seconds), SPACE),
        ]
    };
    vec![entry(" \""), entry(" - - \"")]
}

const ACTIX: Format = Format {
    name: "actix",
    about: "actix-web's Logger, and combined without its time",
    sample: r#"2025-10-10T13:55:36Z 192.0.2.7 "GET /a HTTP/1.1" 200 612 "-" "curl/8.5" 0.000123"#,
    begins: |b| b.is_ascii_hexdigit() || b"[:".contains(&b),
    source: FormatSource::Untimed(actix),
};

fn morgan() -> Vec<Vec<Step>> {
    let dev = [
        spaced(&[Field::Method, Field::Target, Field::Status, MILLISECONDS]),
        vec![text(" ms - "), field(Field::Bytes), Step::End],
    ];
    let end = vec![text(" - "), field(MILLISECONDS), text(" ms"), Step::End];
    let request = [Field::Method, Field::Target, Field::Status, Field::Bytes];
    let tiny = [spaced(&request), end.clone()];
    let short = [
        Field::Client,
        Field::User,
        Field::Method,
        Field::Target,
        Field::Protocol,
        Field::Status,
        Field::Bytes,
    ];
    let short = [spaced(&short), end];
    vec![dev.concat(), tiny.concat(), short.concat()]
}

const MORGAN: Format = Format {
    name: "morgan",
    about: "morgan of Express: dev and tiny, which name no client, and short",
    sample: "2025-10-10T13:55:36.123Z GET /a 200 1.234 ms - 612",
    begins: |b| b.is_ascii_uppercase() || b.is_ascii_hexdigit() || b == b':',
    source: FormatSource::Untimed(morgan),
};

fn fiber() -> Vec<Vec<Step>> {
    let padded = |place: Field| [Step::Spaces, field(place), Step::Spaces, text("|")];
    // The clock of the line has no date.
    let mut bars = vec![field(Field::Skipped), text(" |")];
    for place in [
        Field::Status,
        Field::Duration(DurationUnit::Written),
        Field::Client,
        Field::Method,
        Field::Target,
    ] {
        bars.extend(padded(place));
    }
    // Without an error nothing follows the path, and then not always a bar.
    bars.truncate(bars.len() - 2);
    let first = vec![
        text("["),
        Step::Field(Field::Skipped, Extent::Until(b']')),
        text("] "),
        field(Field::Status),
        text(" -"),
        Step::Spaces,
        field(Field::Duration(DurationUnit::Written)),
        Step::Spaces,
        field(Field::Method),
        Step::Spaces,
        field(Field::Target),
        Step::End,
    ];
    vec![bars, first]
}

const FIBER: Format = Format {
    name: "fiber",
    about: "Fiber's logger, which writes a clock and no date",
    sample: "2025-10-10T13:55:36.123Z 13:55:36 | 200 |      1.234ms |       192.0.2.7 | GET     | /a | -",
    begins: |b| b.is_ascii_digit() || b"[-".contains(&b),
    source: FormatSource::Untimed(fiber),
};

fn tornado() -> Vec<Vec<Step>> {
    let entry = |who: &[Step]| {
        let mut steps = spaced(&[Field::Status, Field::Method, Field::Target]);
        steps.push(text(" ("));
        steps.extend_from_slice(who);
        steps.extend([
            Step::Field(Field::Client, Extent::Until(b')')),
            text(") "),
            field(Field::Duration(DurationUnit::Written)),
        ]);
        steps
    };
    // Jupyter names its user.
    let user = [Step::Field(Field::User, Extent::Until(b'@')), text("@")];
    vec![entry(&user), entry(&[])]
}

const TORNADO: Format = Format {
    name: "tornado",
    about: "Tornado and Jupyter",
    sample: "2025-10-10T13:55:36Z 200 GET /a (192.0.2.7) 0.50ms",
    begins: |b| b.is_ascii_digit(),
    source: FormatSource::Untimed(tornado),
};

fn daphne() -> Vec<Vec<Step>> {
    let mut steps = vec![text("HTTP ")];
    steps.extend(spaced(&[Field::Method, Field::Target, Field::Status]));
    steps.extend([
        text(" ["),
        Step::Field(Field::Duration(DurationUnit::Seconds), Extent::Until(b',')),
        text(", "),
        Step::Field(
            Field::Client,
            Extent::WithPort(Box::new(Extent::Until(b']'))),
        ),
        text("]"),
        Step::End,
    ]);
    vec![steps]
}

const DAPHNE: Format = Format {
    name: "daphne",
    about: "daphne in Django's runserver",
    sample: "2025-10-10T13:55:36Z HTTP GET /a 200 [0.05, 192.0.2.7:51234]",
    begins: |b| b == b'H',
    source: FormatSource::Untimed(daphne),
};

fn nextjs() -> Vec<Vec<Step>> {
    let mut steps = spaced(&[Field::Method, Field::Target, Field::Status]);
    steps.extend([text(" in "), field(Field::Duration(DurationUnit::Written))]);
    vec![steps]
}

const NEXTJS: Format = Format {
    name: "nextjs",
    about: "Next.js in development, which names no client",
    sample: "2025-10-10T13:55:36Z GET /a 200 in 12ms",
    begins: |b| b.is_ascii_uppercase(),
    source: FormatSource::Untimed(nextjs),
};

fn sanic() -> Vec<Vec<Step>> {
    vec![vec![
        text("(sanic.access)["),
        until(Field::Skipped, "]["),
        text("]["),
        Step::Field(
            Field::Client,
            Extent::WithPort(Box::new(Extent::UntilText(b"]: ".as_slice().into()))),
        ),
        text("]: "),
        field(Field::Method),
        text(" "),
        field(Field::Target),
        Step::Spaces,
        field(Field::Status),
        text(" "),
        field(Field::Bytes),
        Step::End,
    ]]
}

const SANIC: Format = Format {
    name: "sanic",
    about: "Sanic, which writes the time in brackets before",
    sample: "2025-10-10T13:55:36Z (sanic.access)[INFO][192.0.2.7:51234]: GET http://www.example.com/a  200 612",
    begins: |b| b == b'(',
    source: FormatSource::Untimed(sanic),
};

fn negroni() -> Vec<Vec<Step>> {
    vec![vec![
        text("| "),
        field(Field::Status),
        text(" | \t "),
        field(Field::Duration(DurationUnit::Written)),
        text(" | "),
        field(Field::Host),
        text(" | "),
        field(Field::Method),
        text(" "),
        field(Field::Target),
        Step::End,
    ]]
}

const NEGRONI: Format = Format {
    name: "negroni",
    about: "Negroni's Logger, which names no client",
    sample: "2025-10-10T13:55:36Z | 200 | \t 1.234ms | www.example.com | GET /a",
    begins: |b| b == b'|',
    source: FormatSource::Untimed(negroni),
};
