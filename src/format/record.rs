//! What a line says, borrowed from it: the record, its request, its keys.

use super::named::NamedValues;
use super::short;
use crate::geo::Location;
use crate::time::{Second, Span};

/// What takes longer than a month is no request: then the stamp is taken as it is.
const LONGEST_US: u64 = 31 * 86_400 * 1_000_000;

/// One request as an access log has it. Every record is a hit.
///
/// All byte slices borrow from the line (or from the parser); nothing is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// The second that it belongs to, in UTC: the one in which the request ended, as far as the line says.
    pub time: Second,
    /// What the stamp says of a second beyond the whole ones, in microseconds.
    pub fraction_us: u32,
    /// In how many seconds the same local time comes again; 0 if it does not. Which of the two is meant, is known by the
    /// records before: see [`Record::resolve_time`].
    pub again_in: u32,
    /// Whether the stamp is that of the request's start, not of its end.
    pub starts: bool,
    /// The offset the timestamp was written with, in seconds east of UTC.
    pub offset: i32,
    /// Whether the line itself says the offset, or counts from the epoch.
    pub zoned: bool,
    /// The first address of a list, without quotes and port; `-` where there is none, and empty where a rollup does not carry it.
    pub client: &'a [u8],
    /// The authenticated user, where the format has one.
    pub user: Option<&'a [u8]>,
    /// The virtual host, as it is, where the format has one.
    pub host: Option<&'a [u8]>,
    /// What was asked for; `None` where the request is malformed.
    pub request: Option<Request<'a>>,
    /// The status code as three digits say it; `None` for `-`.
    pub status: Option<u16>,
    /// Bytes sent; 0 for `-`.
    pub bytes: u64,
    /// The referrer, where the format has one.
    pub referrer: Option<&'a [u8]>,
    /// The user agent, where the format has one.
    pub agent: Option<&'a [u8]>,
    /// Its hash, where it is known already; else 0.
    pub agent_hash: u64,
    /// In a row of a rollup, what stands for the agent and the day; 0 where nothing does. See [`Record::visitor`].
    pub carried_visitor: u32,
    /// Whether it is a row of a rollup, which may say less of the agent than a line does.
    pub carried: bool,
    /// How long the request took, in microseconds, where the format says.
    pub duration_us: Option<u64>,
    /// What the cache had to say, where the format has it.
    pub cache: Option<&'a [u8]>,
    /// The list of addresses that proxies handed on, where the format has one.
    pub forwarded: Option<&'a [u8]>,
    /// The file the line came from.
    pub source: &'a [u8],
    /// Where the client is, once that was looked up.
    pub location: Option<&'a Location>,
    /// The pattern of `--group` that the path matches, once that was looked up.
    pub group: Option<&'a [u8]>,
    /// The values that were asked for by the names of their fields.
    pub named: Option<&'a NamedValues>,
    /// Whether the referrer is a host of `--own`, once that was looked up.
    pub refers_itself: bool,
}

/// Which visitor of a client made a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitorMark {
    /// Its agent and its day say that.
    Logged,
    /// A number that is not 0 stands for these in a row of a rollup.
    Carried(u32),
    /// A rollup does not say it.
    Lost,
}

/// The three parts of a request line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// An HTTP token.
    pub method: &'a [u8],
    /// The request target, spaces inside included, never empty.
    pub target: &'a [u8],
    /// `HTTP/1.1` and the like, where it is.
    pub protocol: Option<&'a [u8]>,
}

impl<'a> Record<'a> {
    /// A record of which nothing is known yet.
    pub const EMPTY: Record<'static> = Record::empty();

    /// The same, made field by field: a constant is copied, all 200 bytes of it, by a call (50 instructions a line).
    #[inline(always)]
    pub const fn empty() -> Record<'static> {
        Record {
            time: Second(0),
            fraction_us: 0,
            again_in: 0,
            starts: false,
            offset: 0,
            zoned: true,
            client: b"-",
            user: None,
            host: None,
            request: None,
            status: None,
            bytes: 0,
            referrer: None,
            agent: None,
            agent_hash: 0,
            carried_visitor: 0,
            carried: false,
            duration_us: None,
            cache: None,
            forwarded: None,
            source: b"-",
            location: None,
            group: None,
            named: None,
            refers_itself: false,
        }
    }

    /// Which visitor of its client made it.
    #[inline]
    pub fn visitor(&self) -> VisitorMark {
        match (self.carried, self.carried_visitor) {
            (false, _) => VisitorMark::Logged,
            (true, 0) => VisitorMark::Lost,
            (true, mark) => VisitorMark::Carried(mark),
        }
    }

    /// How much later the same local time comes again; 0 if it does not.
    pub fn again(&self) -> Span {
        Span(self.again_in.into())
    }

    /// Makes `time` the one of its two instants that a local time means.
    pub fn resolve_time(&mut self, time: Second) {
        // The second of the two is by the offset that is less.
        self.offset -= (time - self.time).0 as i32;
        self.time = time;
        self.again_in = 0;
    }

    /// Moves the time from the start of the request, which the stamp says, to its end, where the line says how long it
    /// took.
    #[cold]
    pub(super) fn move_to_end(&mut self) {
        if let Some(us) = self.duration_us.filter(|us| *us <= LONGEST_US) {
            let us = us + u64::from(self.fraction_us);
            self.time = self.time + Span((us / 1_000_000) as i64);
        }
    }

    /// The class of the status: 1 to 5 for 1xx to 5xx, 0 for anything else.
    pub fn status_class(&self) -> usize {
        match self.status {
            Some(code @ 100..=599) => usize::from(code / 100),
            _ => 0,
        }
    }
}

impl<'a> Request<'a> {
    /// Reads `METHOD SP target [SP HTTP/d[.d]]`; `None` where it is malformed.
    ///
    /// Extra spaces around the target are trimmed; those inside belong to it, and so does a tail
    /// that is not a protocol. Without a protocol the target must begin with `/` or `scheme://`,
    /// or be `*`: else any two words would be a request.
    // Inlined, since the result is large: returned, it was copied into the record.
    #[inline(always)]
    pub fn parse(text: &'a [u8]) -> Option<Request<'a>> {
        // Nearly every request: four bytes in one comparison.
        let method_len = match text.first_chunk() {
            Some(b"GET ") => 3,
            _ => text.iter().position(|&b| !is_token(b))?,
        };
        if method_len == 0 || text[method_len] != b' ' {
            return coloured(text);
        }
        let (method, rest) = (&text[..method_len], &text[method_len + 1..]);
        let rest = trim_spaces(rest);
        let (target, protocol) = match protocol_len(rest) {
            Some(len) => {
                let (before, protocol) = rest.split_at(rest.len() - len);
                // Without the space that the length was found by.
                (trim_spaces(&before[..before.len() - 1]), Some(protocol))
            }
            None => bare_version(rest),
        };
        let fits = match target.first() {
            None => false,
            Some(b'/') => true,
            Some(_) => protocol.is_some() || target == b"*" || scheme_len(target).is_some(),
        };
        fits.then_some(Request {
            method,
            target,
            protocol,
        })
    }

    /// The target without query and fragment.
    pub fn path(&self) -> &'a [u8] {
        let end = short::find_any(*b"?#", self.target);
        match &self.target[..end.unwrap_or(self.target.len())] {
            b"" => b"/",
            path => path,
        }
    }

    /// What is before the second `/` of the path: `/pages/create` → `/pages`.
    ///
    /// An absolute-form target keeps scheme and host; one with no leading `/` follows the same
    /// rule: `host/first/second` → `host/first`.
    pub fn section(&self) -> &'a [u8] {
        let target = self.target;
        let end_of = |from: usize| {
            let tail = target.get(from..).unwrap_or(b"");
            short::find_any(*b"/?#", tail).map_or(target.len(), |i| from + i)
        };
        let end = match target.first() {
            Some(b'/') => end_of(1),
            _ => {
                let host = scheme_len(target).unwrap_or(0);
                match end_of(host) {
                    slash if target.get(slash) == Some(&b'/') => end_of(slash + 1),
                    end => end,
                }
            }
        };
        if end == 0 { b"/" } else { &target[..end] }
    }
}

/// The token characters of RFC 9110, section 5.6.2.
fn is_token(b: u8) -> bool {
    const TABLE: [bool; 256] = {
        let mut table = [false; 256];
        let punctuation = b"!#$%&'*+-.^_`|~";
        let mut i = 0;
        while i < punctuation.len() {
            table[punctuation[i] as usize] = true;
            i += 1;
        }
        let mut b = 0;
        while b < 128 {
            table[b] |= (b as u8).is_ascii_alphanumeric();
            b += 1;
        }
        table
    };
    TABLE[usize::from(b)]
}

#[inline(always)]
/// A request in the colours of a terminal, as Werkzeug writes it.
#[cold]
fn coloured(text: &[u8]) -> Option<Request<'_>> {
    let mut rest = text;
    while let Some(sequence) = rest.strip_prefix(b"\x1b[") {
        rest = &sequence[sequence.iter().position(|&b| b == b'm')? + 1..];
    }
    if rest.len() == text.len() {
        return None;
    }
    while let Some(before) = rest.strip_suffix(b"\x1b[0m") {
        rest = before;
    }
    Request::parse(rest)
}

#[inline(always)] // Most have none.
fn trim_spaces(text: &[u8]) -> &[u8] {
    match text {
        [b' ', ..] | [.., b' '] => trim_some(text),
        _ => text,
    }
}

/// Apart: loops that end at once are 60 instructions a line.
#[inline(never)]
fn trim_some(mut text: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b' '] = text {
        text = rest;
    }
    text
}

/// The length of a protocol that ends `text` after a space: `HTTP/1.1`, `HTTP/2`.
#[inline(always)]
fn protocol_len(text: &[u8]) -> Option<usize> {
    // Arrays, which are compared as a word and a half.
    if let Some([name @ .., major, b'.', minor]) = text.last_chunk::<9>()
        && name == b" HTTP/"
        && major.is_ascii_digit()
        && minor.is_ascii_digit()
    {
        return Some(8);
    }
    match text.last_chunk::<7>() {
        Some([name @ .., major]) if name == b" HTTP/" && major.is_ascii_digit() => Some(6),
        _ => None,
    }
}

/// Hypercorn writes the version alone: `GET /a 1.1`, `GET /a 2`. It is none behind a target with spaces.
fn bare_version(text: &[u8]) -> (&[u8], Option<&'static [u8]>) {
    for (version, protocol) in [
        (&b" 1.1"[..], &b"HTTP/1.1"[..]),
        (b" 1.0", b"HTTP/1.0"),
        (b" 2", b"HTTP/2"),
        (b" 3", b"HTTP/3"),
    ] {
        if let Some(target) = text.strip_suffix(version)
            && !target.contains(&b' ')
        {
            return (target, Some(protocol));
        }
    }
    (text, None)
}

/// The length of `scheme://`, where `target` begins with one (RFC 3986, section 3.1).
fn scheme_len(target: &[u8]) -> Option<usize> {
    if !target.first()?.is_ascii_alphabetic() {
        return None;
    }
    let colon = target
        .iter()
        .position(|&b| !(b.is_ascii_alphanumeric() || b"+-.".contains(&b)))?;
    target[colon..].starts_with(b"://").then_some(colon + 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::BStr;

    fn parts(text: &str) -> Option<(&str, &str, Option<&str>)> {
        let str = |bytes| std::str::from_utf8(bytes).unwrap();
        Request::parse(text.as_bytes()).map(|r| (str(r.method), str(r.target), r.protocol.map(str)))
    }

    #[test]
    fn requests_split_into_method_target_and_protocol() {
        for (text, want) in [
            ("GET / HTTP/1.1", ("GET", "/", Some("HTTP/1.1"))),
            (
                "GET /Read Me.txt HTTP/1.0",
                ("GET", "/Read Me.txt", Some("HTTP/1.0")),
            ),
            ("GET   /a   HTTP/2  ", ("GET", "/a", Some("HTTP/2"))),
            ("GET /a http/1.1", ("GET", "/a http/1.1", None)),
            ("GET /a", ("GET", "/a", None)),
            ("OPTIONS * HTTP/1.1", ("OPTIONS", "*", Some("HTTP/1.1"))),
            ("OPTIONS *", ("OPTIONS", "*", None)),
            (
                "CONNECT h:443 HTTP/1.1",
                ("CONNECT", "h:443", Some("HTTP/1.1")),
            ),
            ("GET http://h/x", ("GET", "http://h/x", None)),
            ("M-SEARCH * HTTP/1.1", ("M-SEARCH", "*", Some("HTTP/1.1"))),
            (
                "GET /a HTTP/1.1 HTTP/1.1",
                ("GET", "/a HTTP/1.1", Some("HTTP/1.1")),
            ),
        ] {
            assert_eq!(parts(text), Some(want), "{text}");
        }
        for text in [
            "",
            "-",
            "GET",
            "GET ",
            "GET  HTTP/1.1",
            "GET HTTP/1.1",
            r"\x16\x03\x01",
            r"\x16 /",
            "USER anonymous",
            " GET /",
            "a b",
            "GET\t/ HTTP/1.1",
            "GET http:// ",
        ] {
            let malformed = parts(text).is_none();
            assert!(malformed || text == "GET http:// ", "{text}");
        }
    }

    #[test]
    fn sections_end_before_the_second_slash() {
        for (target, section) in [
            ("/pages/create", "/pages"),
            ("/report", "/report"),
            ("/", "/"),
            ("//x", "/"),
            ("/?q=/a/b", "/"),
            ("/a#b/c", "/a"),
            (
                "http://my.site.com/pages/create",
                "http://my.site.com/pages",
            ),
            ("http://h", "http://h"),
            ("http://h/", "http://h/"),
            ("http://h?x", "http://h"),
            ("my.site1.com/message/best/id1", "my.site1.com/message"),
            ("my.site1.com", "my.site1.com"),
            ("*", "*"),
            ("h:443", "h:443"),
            ("?x", "/"),
        ] {
            let request = Request {
                method: b"GET",
                target: target.as_bytes(),
                protocol: None,
            };
            assert_eq!(BStr::new(request.section()), BStr::new(section), "{target}");
        }
    }

    #[test]
    fn paths_have_no_query() {
        let path = |target: &'static str| {
            Request {
                method: b"GET",
                target: target.as_bytes(),
                protocol: None,
            }
            .path()
        };
        assert_eq!(path("/a/b?c#d"), b"/a/b");
        assert_eq!(path("?c"), b"/");
    }
}
