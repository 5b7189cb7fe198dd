//! Why a line is no record, in words a person can act on.

use std::fmt;

/// A part of a line, as the programs of this module name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The line as a whole.
    Line,
    /// The client's address or name.
    Client,
    /// The virtual host.
    Host,
    /// The authenticated user.
    User,
    /// The timestamp.
    Time,
    /// The timestamp, where it is that of the request's start.
    Start,
    /// The request line.
    Request,
    /// The status code.
    Status,
    /// Bytes sent.
    Bytes,
    /// The method, where it is apart from the request.
    Method,
    /// The request target, where it is apart from the request.
    Target,
    /// The protocol, where it is apart from the request.
    Protocol,
    /// How long the request took.
    Duration(DurationUnit),
    /// What the cache had to say.
    Cache,
    /// The `Referer` header.
    Referrer,
    /// The `User-Agent` header.
    Agent,
    /// The `X-Forwarded-For` header.
    Forwarded,
    /// A field that httpmon has no use for.
    Skipped,
}

impl Field {
    /// The field's name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Field::Line => "line",
            Field::Client => "client",
            Field::Host => "host",
            Field::User => "user",
            Field::Time | Field::Start => "time",
            Field::Request => "request",
            Field::Status => "status",
            Field::Bytes => "bytes",
            Field::Method => "method",
            Field::Target => "target",
            Field::Protocol => "protocol",
            Field::Duration(_) => "duration",
            Field::Cache => "cache",
            Field::Referrer => "referrer",
            Field::Agent => "agent",
            Field::Forwarded => "forwarded",
            Field::Skipped => "field",
        }
    }
}

/// The unit of a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DurationUnit {
    /// Seconds, with decimals or without.
    Seconds,
    /// Seconds, which are written without decimals.
    WholeSeconds,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// Nanoseconds.
    Nanoseconds,
    /// Milliseconds where it is whole, seconds where it has decimals.
    WholeMilliseconds,
    /// Nanoseconds where it is whole, seconds where it has decimals.
    WholeNanoseconds,
    /// Whatever is written behind the number: `5ms`, `0.2s`; without it, seconds.
    Written,
}

/// What was wrong with the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// The line ends, or goes on with something else, before the field.
    Missing,
    /// The field is there and does not have its form.
    Form,
    /// No key of the JSON, or name in `#Fields`, is known to mean the field.
    Unnamed,
    /// The field begins and does not end.
    Open,
    /// The date does not exist.
    NoSuchTime,
    /// The line is longer than httpmon reads.
    TooLong,
    /// `#Fields` names more than httpmon takes.
    TooManyFields,
    /// A W3C header below lines in another format, where a client may have written it.
    Directive,
    /// An entry without a time, and what carries it has none either.
    Timeless,
    /// No client has such a name.
    NoClient,
    /// A rollup of another version.
    Version,
    /// The second line of a rollup does not name its columns.
    Columns,
}

/// Why a line is no record: which field, at which byte of the line (from 0), and what was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unparsed {
    /// The field that failed.
    pub field: Field,
    /// What was wrong with it.
    pub why: Why,
    /// Where in the line, in bytes from its beginning.
    pub at: usize,
    /// Whether the time was found: then the format at least is near.
    pub timed: bool,
}

impl Unparsed {
    /// A line of which only the first `len` bytes were read.
    pub fn too_long(len: usize) -> Unparsed {
        Unparsed {
            field: Field::Line,
            why: Why::TooLong,
            timed: false,
            at: len,
        }
    }

    /// Whether it is a header, and was not to be an entry.
    pub fn is_header(&self) -> bool {
        matches!(self.why, Why::TooManyFields | Why::Directive)
    }

    /// The reason without the place: lines with the same reason are counted together.
    pub fn reason(&self) -> &'static str {
        match (self.field, self.why) {
            (_, Why::TooManyFields) => {
                "#Fields longer than 64 KiB or 1,000 fields, or than 1 MiB in all sources"
            }
            (_, Why::Directive) => {
                "a W3C header below lines in another format (--format w3c believes it)"
            }
            (_, Why::NoClient) => "neither an address nor a host name where the client stands",
            (_, Why::Version) => "a rollup of a version that this httpmon does not read",
            (_, Why::Columns) => "the second line of a rollup does not name its columns",
            (_, Why::TooLong) => "line longer than 1 MiB",
            (_, Why::Timeless) => {
                "neither the entry nor what stands before it has a time with its date and year (docker logs -t, kubectl logs --timestamps and journalctl -o short-iso write one)"
            }
            (Field::Time, Why::Missing) => "no time such as [10/Oct/2000:13:55:36 -0700]",
            (Field::Time, Why::Unnamed) => "no time under a name that httpmon knows",
            (Field::Status, Why::Unnamed) => "no status under a name that httpmon knows",
            (Field::Time, Why::NoSuchTime) => "no such time",
            (Field::Time, _) => "time not readable",
            (Field::Line, Why::Missing) => "no format that is read here has this shape",
            (Field::Client, Why::Missing) => "nothing before the time",
            (Field::Request, Why::Missing) => "no quoted request after the time",
            (Field::Request, Why::Form) => "unknown words between the time and the quoted request",
            (Field::Request, Why::Open) => "request without its closing quote, status and bytes",
            (Field::Status, Why::Missing) => "no status",
            (Field::Status, _) => "status is not three digits or '-'",
            (Field::Bytes, _) => "bytes is not a number or '-'",
            (Field::Referrer, _) => "no quoted referrer",
            (Field::Agent, _) => "no quoted user agent",
            (Field::Duration(_), _) => "duration is not a number",
            (_, Why::Missing) => "field missing",
            (_, Why::Open) => "field without its closing quote",
            (_, _) => "not an access-log entry",
        }
    }
}

impl fmt::Display for Unparsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}, at byte {}",
            self.field.name(),
            self.reason(),
            self.at
        )
    }
}
