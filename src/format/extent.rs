//! Where a field ends.
//!
//! Each function takes the text from the field's first byte to the end of the line and returns the
//! field's length, or why it has none. None of them copies or allocates.

use memchr::{memchr, memchr_iter, memmem, memrchr};

use super::short;
use super::unparsed::Why;

/// How a field ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// Digits or `-`, before a space, a quote or the end of the line.
    Number,
    /// Up to a quote without a backslash before it; the quote is left to the next step.
    Quoted,
    /// As [`Extent::Quoted`]; but a quote that is not followed by ` status bytes` is part of the
    /// request, where one that is comes later: not every server escapes them.
    Request,
    /// A request without quotes, before a space: up to its protocol and with it; where it has none,
    /// two words if the second can be a target, else one.
    BareRequest,
    /// A field of CSV: in quotes, doubled inside, or up to a comma.
    Csv,
    /// A field of a W3C log that separates with spaces: in quotes, doubled inside, or up to a space.
    W3c,
    /// Up to this byte, which is left to the next step, or the end of the line.
    Until(u8),
    /// Up to this byte, over so many runs of it that are in the field itself, or the end of the line:
    /// a time may pad a day with a space.
    Nth(u8, usize),
    /// Up to the last quote of the line, or its end: a request that was cut short has none.
    LastQuote,
    /// Up to these bytes, which are left to the next step.
    UntilText(Box<[u8]>),
    /// Up to the last of the first of these before the second, both left to the next steps: what is before a time whose end
    /// a quote follows. A client may write a time too, but no quote that is not escaped.
    BeforeTime(Box<[u8]>, Box<[u8]>),
    /// Up to a space, but over those that follow a comma: a list of addresses.
    List,
    /// Up to a space, but over those beside commas and colons: what nginx writes for its upstreams.
    Upstreams,
    /// As the extent in it, which is none with quotes of its own; but the field ends with a colon and a port, which are
    /// no part of its text. Without brackets only a format can say that a port is there: `2001:db8::1:443` is an
    /// address too.
    WithPort(Box<Extent>),
    /// All that is left.
    Rest,
}

/// A field's text and how much of the line it took, quotes included.
pub(super) struct Extracted<'a> {
    pub(super) text: &'a [u8],
    pub(super) len: usize,
}

impl Extent {
    /// Finds the field at the beginning of `rest`.
    pub(super) fn find<'a>(&self, rest: &'a [u8]) -> Result<Extracted<'a>, Why> {
        match self {
            Extent::Csv | Extent::W3c => {
                let csv = *self == Extent::Csv;
                let found = quoted_or_until(rest, if csv { b',' } else { b' ' })?;
                let stray = || rest.first() != Some(&b'"') && found.text.contains(&b'"');
                if csv && stray() {
                    Err(Why::Form)
                } else {
                    Ok(found)
                }
            }
            Extent::WithPort(extent) => extent.len(rest).map(|len| Extracted {
                text: before_port(&rest[..len]),
                len,
            }),
            _ => self.len(rest).map(|len| Extracted {
                text: &rest[..len],
                len,
            }),
        }
    }

    /// Whether it ends just behind `text`, where this is what is there.
    pub(super) fn holds(&self, text: &[u8]) -> bool {
        let end: &[u8] = match self {
            Extent::WithPort(extent) => return extent.holds(text),
            Extent::Number | Extent::W3c => b" ",
            Extent::Quoted | Extent::LastQuote => b"\"",
            Extent::Request => b"\" 200 1",
            Extent::Csv => b",",
            Extent::Until(byte) | Extent::Nth(byte, _) => std::slice::from_ref(byte),
            Extent::UntilText(text) | Extent::BeforeTime(text, _) => text,
            Extent::List | Extent::Upstreams | Extent::BareRequest => b" x",
            Extent::Rest => b"",
        };
        self.find(&[text, end].concat())
            .is_ok_and(|found| found.len == text.len())
    }

    /// The length of a field that takes as much of the line as its text.
    fn len(&self, rest: &[u8]) -> Result<usize, Why> {
        Ok(match self {
            Extent::Number => number(rest)?,
            Extent::Quoted => quote(rest).ok_or(Why::Open)?,
            Extent::Request => request(rest).ok_or(Why::Open)?,
            Extent::BareRequest => bare_request(rest),
            Extent::Csv | Extent::W3c | Extent::WithPort(_) => {
                unreachable!("their quotes and ports are no part of the text")
            }
            Extent::Until(byte) => short::find(*byte, rest).unwrap_or(rest.len()),
            Extent::Nth(byte, count) => runs(rest, *byte).nth(*count).unwrap_or(rest.len()),
            Extent::LastQuote => rest.strip_suffix(b"\"").unwrap_or(rest).len(),
            Extent::UntilText(text) => memmem::find(rest, text).ok_or(Why::Missing)?,
            Extent::BeforeTime(text, end) => {
                let before = memmem::find(rest, end).map_or(rest, |end| &rest[..end]);
                memmem::rfind(before, text)
                    .or_else(|| memmem::find(rest, text))
                    .ok_or(Why::Missing)?
            }
            Extent::List => spaces(rest, |before, _| before == b','),
            Extent::Upstreams => spaces(rest, |before, after| {
                before == b',' || before == b':' || after == Some(b':')
            }),
            Extent::Rest => rest.len(),
        })
    }
}

/// What is before the last colon of `text`; all of it where there is none, or it is one in brackets.
fn before_port(text: &[u8]) -> &[u8] {
    let colon = match text {
        [.., b']'] => None,
        _ => memrchr(b':', text),
    };
    &text[..colon.unwrap_or(text.len())]
}

/// Where each run of a byte begins.
pub(super) fn runs(text: &[u8], byte: u8) -> impl Iterator<Item = usize> {
    memchr_iter(byte, text).filter(move |&at| at == 0 || text[at - 1] != byte)
}

fn number(rest: &[u8]) -> Result<usize, Why> {
    let len = match rest {
        [] => return Err(Why::Missing),
        [b'-', ..] => 1,
        _ => rest
            .iter()
            .position(|b| !b.is_ascii_digit())
            .unwrap_or(rest.len()),
    };
    if matches!(rest.get(len), None | Some(b' ' | b'"')) {
        Ok(len)
    } else {
        Err(Why::Form)
    }
}

/// The end of a quoted text: its first quote with no backslash before it.
#[inline]
pub(super) fn quote(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + short::find_any([b'"', b'\\'], text.get(from..)?)?;
        if text[at] == b'"' {
            return Some(at);
        }
        from = at + 2;
    }
}

/// The first quote, if [`quote`] would end there: one with no backslash right before it, and no newline anywhere
/// before it, since the text may go on behind its line.
#[inline(always)]
pub(super) fn plain_quote(text: &[u8]) -> Option<usize> {
    match short::find_any([b'"', b'\n'], text) {
        Some(end) if text[end] == b'"' && (end == 0 || text[end - 1] != b'\\') => Some(end),
        _ => None,
    }
}

/// The end of a quoted request: see [`Extent::Request`].
#[inline]
pub(super) fn request(text: &[u8]) -> Option<usize> {
    let escaped = quote(text);
    match escaped {
        Some(end) if status_and_bytes(&text[end + 1..]) => escaped,
        _ => memchr_iter(b'"', text)
            .find(|&end| status_and_bytes(&text[end + 1..]))
            .or(escaped),
    }
}

fn bare_request(rest: &[u8]) -> usize {
    let word = |from: usize| memchr(b' ', &rest[from..]).map_or(rest.len(), |at| from + at);
    let protocol = |&at: &usize| {
        let digits = rest[at..word(at + 1)].strip_prefix(b" HTTP/");
        digits.is_some_and(|d| matches!(d, [a] | [a, b'.', _] if a.is_ascii_digit()))
    };
    if let Some(at) = memchr_iter(b' ', rest).find(protocol) {
        return word(at + 1);
    }
    match word(0) {
        end if matches!(rest.get(end + 1), Some(b'/' | b'*')) => word(end + 1),
        end => end,
    }
}

/// Whether `text` begins with ` status bytes`.
#[inline]
fn status_and_bytes(text: &[u8]) -> bool {
    let bytes = match text {
        [
            b' ',
            b'0'..=b'9',
            b'0'..=b'9',
            b'0'..=b'9',
            b' ',
            bytes @ ..,
        ]
        | [b' ', b'-', b' ', bytes @ ..] => bytes,
        _ => return false,
    };
    let after = match bytes {
        [b'-', after @ ..] => after.first(),
        [b'0'..=b'9', ..] => bytes.iter().find(|b| !b.is_ascii_digit()),
        _ => return false,
    };
    matches!(after, None | Some(b' ' | b'"'))
}

/// A text in quotes, in which a quote is doubled, or one without quotes, which the byte `end` ends.
#[inline]
fn quoted_or_until(rest: &[u8], end: u8) -> Result<Extracted<'_>, Why> {
    let [b'"', inner @ ..] = rest else {
        let len = short::find(end, rest).unwrap_or(rest.len());
        return Ok(Extracted {
            text: &rest[..len],
            len,
        });
    };
    let mut from = 0;
    loop {
        let quote = from + short::find(b'"', &inner[from..]).ok_or(Why::Open)?;
        match inner.get(quote + 1) {
            Some(b'"') => from = quote + 2,
            Some(&b) if b != end => return Err(Why::Form),
            _ => {
                return Ok(Extracted {
                    text: &inner[..quote],
                    len: quote + 2,
                });
            }
        }
    }
}

/// Up to the first space that `joins` does not hold together, by the bytes before and after it.
fn spaces(rest: &[u8], joins: fn(u8, Option<u8>) -> bool) -> usize {
    let ends = |&at: &usize| at == 0 || !joins(rest[at - 1], rest.get(at + 1).copied());
    memchr_iter(b' ', rest).find(ends).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_plain_quote_is_where_the_text_ends(text in r#"[ab"\\ \n]{0,12}"#) {
            let line = text.lines().next().unwrap_or_default();
            if let Some(end) = plain_quote(text.as_bytes()) {
                prop_assert_eq!(quote(line.as_bytes()), Some(end));
            } else {
                prop_assert!(!line.contains('"') || line.contains(r#"\""#));
            }
        }
    }

    #[test]
    fn fields_end_where_their_kind_says() {
        let text = |extent: &Extent, rest: &'static str| {
            extent
                .find(rest.as_bytes())
                .map(|f| String::from_utf8_lossy(f.text).into_owned())
                .ok()
        };
        let port = || Extent::WithPort(Box::new(Extent::Until(b' ')));
        for (extent, rest, want) in [
            (Extent::Number, "200 5", Some("200")),
            (Extent::Number, "-", Some("-")),
            (Extent::Number, "20x", None),
            (Extent::Number, "", None),
            (Extent::Quoted, r#"a\"b" c"#, Some(r#"a\"b"#)),
            (Extent::Quoted, r#"a\" c"#, None),
            (
                Extent::Request,
                r#"GET /" x HTTP/1.1" 200 5 "-""#,
                Some(r#"GET /" x HTTP/1.1"#),
            ),
            (
                Extent::Request,
                r#"GET /\" 200 5 x" 404 7"#,
                Some(r#"GET /\" 200 5 x"#),
            ),
            (Extent::Csv, r#""a ""b"", c",d"#, Some(r#"a ""b"", c"#)),
            (Extent::Csv, "a,b", Some("a")),
            (Extent::Csv, "a\"b,c", None),
            (Extent::Csv, r#""a"b,"#, None),
            (Extent::W3c, r#"" ""x"" y " 0"#, Some(r#" ""x"" y "#)),
            (Extent::W3c, "a+b 0", Some("a+b")),
            (Extent::Until(b'\t'), "a b\tc", Some("a b")),
            (
                Extent::UntilText(b" [".as_slice().into()),
                "a b [c",
                Some("a b"),
            ),
            (Extent::UntilText(b" [".as_slice().into()), "a b", None),
            (
                Extent::List,
                "10.0.0.1, 10.0.0.2 - x",
                Some("10.0.0.1, 10.0.0.2"),
            ),
            (
                Extent::Upstreams,
                "0.1, 0.2 : 0.3 200",
                Some("0.1, 0.2 : 0.3"),
            ),
            (Extent::Upstreams, "- 200", Some("-")),
            (Extent::Rest, "a b", Some("a b")),
            (port(), "192.0.2.7:443 x", Some("192.0.2.7")),
            (port(), "2001:db8::1:443 x", Some("2001:db8::1")),
            (port(), "[2001:db8::1]:443", Some("[2001:db8::1]")),
            (port(), "[2001:db8::1] x", Some("[2001:db8::1]")),
            (port(), "::1:443", Some("::1")),
            (port(), ":443", Some("")),
            (port(), "unix:1", Some("unix")),
            (port(), "- x", Some("-")),
            (port(), "", Some("")),
            (port(), ":", Some("")),
            (
                Extent::BareRequest,
                "GET /a b HTTP/1.1 200",
                Some("GET /a b HTTP/1.1"),
            ),
            (
                Extent::BareRequest,
                "GET /a HTTP/2 200",
                Some("GET /a HTTP/2"),
            ),
            (Extent::BareRequest, "GET /a HTTP/2", Some("GET /a HTTP/2")),
            (Extent::BareRequest, "GET /a 200 5", Some("GET /a")),
            (Extent::BareRequest, "- 400 0", Some("-")),
            (Extent::BareRequest, " 400 0", Some("")),
        ] {
            assert_eq!(text(&extent, rest).as_deref(), want, "{extent:?} {rest}");
        }
    }
}
