//! JSON lines: one pass over the object, no tree.
//!
//! The names that count are held as a small trie of key paths; what is under other keys is skipped
//! over. A field may have several names; the one of the best rank that has a value wins. Values lie
//! in the line, or, where they hold escapes, decoded in a scratch buffer of the parser.

use memchr::memchr2;

use super::head::set_time;
use super::program::{finish_request, store};
use super::record::{self, Record};
use super::template::Refused;
use super::timestamp::{TimeForm, Timestamps};
use super::unparsed::{Field, Unit, Unparsed, Why};

/// Objects deeper than this are no access log.
const DEPTH: usize = 32;

/// The names that Caddy, Traefik, nginx, Envoy, Cloudflare, Fastly, Google Cloud and many set-ups of
/// others use, best first for each field; `/` steps into an object.
const NAMES: &[(Field, &str)] = &[
    (
        Field::Time,
        "ts time StartUTC start_time EdgeStartTimestamp EdgeEndTimestamp timestamp date @timestamp StartLocal \
         time_iso8601 time_local msec receiveTimestamp datetime",
    ),
    (
        Field::Status,
        "status DownstreamStatus response_code EdgeResponseStatus httpRequest/status response_status resp_status \
         status_code statusCode response/status http/response/status_code",
    ),
    (
        Field::Method,
        "request/method RequestMethod method ClientRequestMethod httpRequest/requestMethod request_method verb \
         http/request/method",
    ),
    (
        Field::Target,
        "request/uri RequestPath x-envoy-origin-path path url ClientRequestURI httpRequest/requestUrl request_uri :path \
         uri request_path url/original",
    ),
    (Field::Request, "request"),
    (
        Field::Bytes,
        "size DownstreamContentSize bytes_sent EdgeResponseBytes httpRequest/responseSize body_bytes_sent length \
         response_body_size bytes resp_body_size http/response/body/bytes",
    ),
    (
        Field::Client,
        "request/client_ip request/remote_ip request/remote_addr ClientHost ClientIP httpRequest/remoteIp client_ip ip \
         remote_addr downstream_remote_address remote_ip clientip client source/address",
    ),
    (
        Field::Host,
        "request/host RequestHost ClientRequestHost http_host host :authority authority server_name vhost requested_host",
    ),
    (Field::User, "user_id ClientUsername remote_user user"),
    (
        Field::Referrer,
        "request/headers/Referer ClientRequestReferer httpRequest/referer http_referer referer referrer \
         request_Referer request_referer",
    ),
    (
        Field::Agent,
        "request/headers/User-Agent ClientRequestUserAgent httpRequest/userAgent http_user_agent user_agent user-agent \
         request_User-Agent request_user_agent agent",
    ),
    (
        Field::Protocol,
        "request/proto RequestProtocol ClientRequestProtocol httpRequest/protocol protocol server_protocol \
         request_protocol http_version",
    ),
    (Field::Duration(Unit::Nanoseconds), "Duration"),
    (Field::Duration(Unit::Written), "httpRequest/latency"),
    (Field::Duration(Unit::Seconds), "request_time"),
    (
        Field::Duration(Unit::Microseconds),
        "time_elapsed duration_us",
    ),
    (
        Field::Duration(Unit::Milliseconds),
        "duration_ms latency_ms EdgeTimeToFirstByteMs",
    ),
    // Caddy writes seconds with decimals, Envoy whole milliseconds.
    (Field::Duration(Unit::WholeMilliseconds), "duration"),
    (
        Field::Cache,
        "CacheCacheStatus upstream_cache_status cache_status fastly_cache_status cache",
    ),
];

/// The names of the objects that lead to a value, and its own.
pub(super) type Path = Vec<String>;

/// The fields of a record that a JSON line can give, as places in an array.
const SLOTS: usize = 14;

fn slot(field: Field) -> usize {
    match field {
        Field::Time => 0,
        Field::Status => 1,
        Field::Method => 2,
        Field::Target => 3,
        Field::Request => 4,
        Field::Bytes => 5,
        Field::Client => 6,
        Field::Host => 7,
        Field::User => 8,
        Field::Referrer => 9,
        Field::Agent => 10,
        Field::Protocol => 11,
        Field::Duration(_) => 12,
        Field::Cache | Field::Line | Field::Skipped => 13,
    }
}

#[derive(Debug, Default)]
struct Node {
    name: Box<[u8]>,
    field: Option<(Field, u16)>,
    /// Sorted by the length of their names, none of which is empty.
    children: Vec<Node>,
    /// Where those of each length begin, up to one past the longest.
    starts: Vec<u16>,
}

impl Node {
    #[inline]
    fn child(&self, name: &[u8]) -> Option<&Node> {
        let len = name.len();
        let (&first, &last) = (name.first()?, name.last()?);
        let (from, to) = (*self.starts.get(len)?, *self.starts.get(len + 1)?);
        // Most names differ from a key of their length in the first or last byte.
        let fits = |node: &&Node| {
            node.name[0] == first && node.name[len - 1] == last && *node.name == *name
        };
        self.children[usize::from(from)..usize::from(to)]
            .iter()
            .find(fits)
    }

    /// Notes where the children of each length begin, once all are in their places.
    fn index(&mut self) {
        let longest = self.children.last().map_or(0, |node| node.name.len());
        let before =
            |len: usize| self.children.partition_point(|node| node.name.len() < len) as u16;
        self.starts = (0..=longest + 1).map(before).collect();
        self.children.iter_mut().for_each(Node::index);
    }

    fn insert(&mut self, path: &[&str], field: Field, rank: u16) {
        let Some((name, rest)) = path.split_first() else {
            self.field = Some((field, rank));
            return;
        };
        let index = match self
            .children
            .iter()
            .position(|node| *node.name == *name.as_bytes())
        {
            Some(index) => index,
            None => {
                let index = self
                    .children
                    .partition_point(|node| node.name.len() < name.len());
                self.children.insert(
                    index,
                    Node {
                        name: name.as_bytes().into(),
                        ..Node::default()
                    },
                );
                index
            }
        };
        self.children[index].insert(rest, field, rank);
    }
}

/// Reads JSON lines.
#[derive(Debug)]
pub(super) struct Reader {
    root: Node,
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
        let (_, field) = FIELDS
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| {
                let names: Vec<_> = FIELDS.iter().map(|(known, _)| *known).collect();
                Refused::new(at, format!("unknown field '{name}' ({})", names.join(", ")))
            })?;
        keys.push((*field, path.split('.').map(str::to_owned).collect()));
    }
    Ok(keys)
}

/// What a field is called in a mapping.
pub(super) const FIELDS: &[(&str, Field)] = &[
    ("time", Field::Time),
    ("status", Field::Status),
    ("path", Field::Target),
    ("method", Field::Method),
    ("protocol", Field::Protocol),
    ("request", Field::Request),
    ("client", Field::Client),
    ("host", Field::Host),
    ("user", Field::User),
    ("bytes", Field::Bytes),
    ("referrer", Field::Referrer),
    ("agent", Field::Agent),
    ("cache", Field::Cache),
    ("duration_s", Field::Duration(Unit::Seconds)),
    ("duration_ms", Field::Duration(Unit::Milliseconds)),
    ("duration_us", Field::Duration(Unit::Microseconds)),
    ("duration_ns", Field::Duration(Unit::Nanoseconds)),
];

/// Where a value lies.
#[derive(Debug, Clone, Copy)]
struct Value {
    field: Field,
    rank: u16,
    start: usize,
    end: usize,
    decoded: bool,
    quoted: bool,
}

impl Reader {
    /// A reader by the usual names, and before them by those in `own`.
    pub(super) fn new(own: &[(Field, Path)]) -> Reader {
        let mut root = Node::default();
        for (field, names) in NAMES {
            if own.iter().any(|(given, _)| slot(*given) == slot(*field)) {
                continue;
            }
            for (rank, name) in names.split_whitespace().enumerate() {
                root.insert(&name.split('/').collect::<Vec<_>>(), *field, rank as u16);
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
        Reader {
            root,
            scratch: Vec::new(),
        }
    }

    /// Reads a line that is an object.
    pub(super) fn read<'a>(
        &'a mut self,
        line: &'a [u8],
        times: &mut Timestamps,
    ) -> Result<Record<'a>, Unparsed> {
        self.scratch.clear();
        let mut scan = Scan {
            line,
            at: 0,
            values: [None; SLOTS],
            scratch: &mut self.scratch,
        };
        let scanned = scan.object(Some(&self.root), DEPTH).and_then(|()| {
            scan.space();
            if scan.at == line.len() {
                Ok(())
            } else {
                Err(Why::Form)
            }
        });
        let (at, values) = (scan.at, scan.values);
        scanned.map_err(|why| Unparsed {
            field: Field::Line,
            why,
            at,
            timed: false,
        })?;
        let scratch: &'a [u8] = &self.scratch;
        let mut record = Record::EMPTY;
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
                Field::Time => times
                    .read(&TimeForm::Any, text)
                    .map(|stamp| set_time(&mut record, stamp)),
                Field::Status => json_status(text).map(|status| record.status = status),
                Field::Bytes => {
                    record.bytes = record::bytes(text).unwrap_or(0);
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
                field => store(&mut record, field, text),
            };
            let at = if value.decoded { 0 } else { value.start };
            done.map_err(|why| Unparsed {
                field: value.field,
                why,
                at,
                timed: true,
            })?;
        }
        finish_request(&mut record);
        Ok(record)
    }
}

/// A status that may have fewer digits (0: the client went away).
fn json_status(text: &[u8]) -> Result<Option<u16>, Why> {
    match text {
        [b'0'..=b'9'] | [b'0'..=b'9', b'0'..=b'9'] => Ok(Some(
            text.iter()
                .fold(0, |number, b| number * 10 + u16::from(b - b'0')),
        )),
        _ => record::status(text),
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
        return record::duration(text, unit).ok().flatten();
    }
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    let microseconds = match unit {
        Unit::Seconds | Unit::Written => 1e6,
        Unit::Milliseconds | Unit::WholeMilliseconds => 1e3,
        Unit::Microseconds => 1.0,
        Unit::Nanoseconds => 1e-3,
    };
    (number >= 0.0).then_some((number * microseconds) as u64)
}

/// One pass over a line.
struct Scan<'l, 's> {
    line: &'l [u8],
    at: usize,
    values: [Option<Value>; SLOTS],
    scratch: &'s mut Vec<u8>,
}

impl Scan<'_, '_> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    #[inline]
    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    fn byte(&mut self, want: u8) -> Result<(), Why> {
        if self.peek() == Some(want) {
            self.at += 1;
            Ok(())
        } else {
            Err(if self.at == self.line.len() {
                Why::Open
            } else {
                Why::Form
            })
        }
    }

    /// An object whose names are looked up in `node`; without one, nothing in it counts.
    fn object(&mut self, node: Option<&Node>, depth: usize) -> Result<(), Why> {
        self.byte(b'{')?;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            let (start, end, _) = self.string()?;
            let child = node.and_then(|node| node.child(&self.line[start..end]));
            self.space();
            self.byte(b':')?;
            self.space();
            self.value(child, depth)?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                _ => return self.byte(b'}'),
            }
        }
    }

    fn value(&mut self, node: Option<&Node>, depth: usize) -> Result<(), Why> {
        let depth = depth.checked_sub(1).ok_or(Why::Form)?;
        let field = node.and_then(|node| node.field);
        match self.peek() {
            Some(b'"') => {
                let (start, end, escaped) = self.string()?;
                if let Some((field, rank)) = field {
                    self.keep(field, rank, start, end, escaped, true);
                }
                Ok(())
            }
            Some(b'{') => self.object(node, depth),
            Some(b'[') => self.array(node, depth),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            Some(b'-' | b'0'..=b'9') => {
                let start = self.at;
                let rest = &self.line[start..];
                let number = |b: &u8| b.is_ascii_digit() || b"+-.eE".contains(b);
                self.at += rest.iter().position(|b| !number(b)).unwrap_or(rest.len());
                if let Some((field, rank)) = field {
                    self.keep(field, rank, start, self.at, false, false);
                }
                Ok(())
            }
            None => Err(Why::Open),
            Some(_) => Err(Why::Form),
        }
    }

    /// Of an array the first value counts, as of a header that came several times.
    fn array(&mut self, node: Option<&Node>, depth: usize) -> Result<(), Why> {
        self.byte(b'[')?;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        let mut node = node;
        loop {
            self.space();
            self.value(node, depth)?;
            node = None;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                _ => return self.byte(b']'),
            }
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Why> {
        if self.line[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(())
        } else {
            Err(Why::Form)
        }
    }

    /// A string: where its text begins and ends, and whether it holds escapes.
    #[inline]
    fn string(&mut self) -> Result<(usize, usize, bool), Why> {
        self.byte(b'"')?;
        let start = self.at;
        let mut escaped = false;
        loop {
            let Some(found) = memchr2(b'"', b'\\', &self.line[self.at..]) else {
                self.at = self.line.len();
                return Err(Why::Open);
            };
            self.at += found + 1;
            if self.line[self.at - 1] == b'"' {
                return Ok((start, self.at - 1, escaped));
            }
            escaped = true;
            if self.at == self.line.len() {
                return Err(Why::Open);
            }
            self.at += 1;
        }
    }

    #[inline]
    fn keep(
        &mut self,
        field: Field,
        rank: u16,
        start: usize,
        end: usize,
        escaped: bool,
        quoted: bool,
    ) {
        let place = &mut self.values[slot(field)];
        if place.is_some_and(|held| held.rank < rank) {
            return;
        }
        let mut value = Value {
            field,
            rank,
            start,
            end,
            decoded: false,
            quoted,
        };
        if escaped {
            (value.start, value.decoded) = (self.scratch.len(), true);
            unescape(&self.line[start..end], self.scratch);
            value.end = self.scratch.len();
        }
        *place = Some(value);
    }
}

/// Appends the text that a JSON string stands for; what is no escape stays as it is.
fn unescape(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        let (byte, after) = rest.split_first().unwrap_or((&b'\\', b""));
        rest = after;
        match byte {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'u' => {
                let (c, len) = unicode(rest);
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &rest[len..];
            }
            other => out.push(*other),
        }
    }
    out.extend_from_slice(rest);
}

/// The character behind `\u`, which may be a pair of surrogates, and how many bytes it took.
fn unicode(text: &[u8]) -> (char, usize) {
    let unit =
        |text: &[u8]| u32::from_str_radix(std::str::from_utf8(text.get(..4)?).ok()?, 16).ok();
    let Some(high) = unit(text) else {
        return (char::REPLACEMENT_CHARACTER, 0);
    };
    if let 0xd800..0xdc00 = high
        && let Some(low @ 0xdc00..0xe000) = text[4..].strip_prefix(b"\\u").and_then(unit)
    {
        let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        return (
            char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
            10,
        );
    }
    (
        char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER),
        4,
    )
}

#[cfg(test)]
mod tests;
