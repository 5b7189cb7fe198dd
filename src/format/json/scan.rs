//! One pass over the bytes of an object: what is under a name that counts is noted, the rest skipped.

use super::super::short;
use super::super::unparsed::{Field, Why};
use super::names::{Memo, NameNode, SLOTS, slot};

/// Objects deeper than this are no access log.
pub(super) const DEPTH: usize = 32;

/// The rank of a name that was asked for itself: then words are values too.
pub(super) const NAMED: u16 = u16::MAX - 1;

/// The rank of a value that says nothing.
const EMPTY: u16 = u16::MAX;

/// Where a value lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct ValueSpan {
    pub(super) field: Field,
    pub(super) rank: u16,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) decoded: bool,
    pub(super) quoted: bool,
}

/// One pass over a line.
pub(super) struct Scan<'l, 's> {
    pub(super) line: &'l [u8],
    pub(super) at: usize,
    pub(super) values: &'s mut [Option<ValueSpan>; SLOTS],
    pub(super) scratch: &'s mut Vec<u8>,
    pub(super) memo: &'s mut Memo,
}

impl<'l, 's> Scan<'l, 's> {
    #[inline(always)]
    pub(super) fn new(
        line: &'l [u8],
        values: &'s mut [Option<ValueSpan>; SLOTS],
        scratch: &'s mut Vec<u8>,
        memo: &'s mut Memo,
    ) -> Scan<'l, 's> {
        Scan {
            line,
            at: 0,
            values,
            scratch,
            memo,
        }
    }
}

impl Scan<'_, '_> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    #[inline]
    pub(super) fn space(&mut self) {
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
    pub(super) fn object(&mut self, node: Option<&NameNode>, depth: usize) -> Result<(), Why> {
        self.byte(b'{')?;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            let (start, end, _) = self.string()?;
            let name = &self.line[start..end];
            let child = node.and_then(|node| node.find(name, self.memo));
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

    pub(super) fn value(&mut self, node: Option<&NameNode>, depth: usize) -> Result<(), Why> {
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
            Some(b't') => self.truth(b"true", field),
            Some(b'f') => self.truth(b"false", field),
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
    fn array(&mut self, node: Option<&NameNode>, depth: usize) -> Result<(), Why> {
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

    fn truth(&mut self, word: &[u8], field: Option<(Field, u16)>) -> Result<(), Why> {
        let start = self.at;
        self.word(word)?;
        if let Some((field, NAMED)) = field {
            self.keep(field, NAMED, start, self.at, false, false);
        }
        Ok(())
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
    #[inline(always)]
    pub(super) fn string(&mut self) -> Result<(usize, usize, bool), Why> {
        self.byte(b'"')?;
        let start = self.at;
        let rest = &self.line[start..];
        match short::find_any([b'"', b'\\'], rest) {
            Some(len) if rest[len] == b'"' => {
                self.at = start + len + 1;
                Ok((start, start + len, false))
            }
            found => Ok((start, self.escaped(found)?, true)),
        }
    }

    /// The end of a string of which the first escape was `found`.
    #[inline(never)]
    fn escaped(&mut self, found: Option<usize>) -> Result<usize, Why> {
        let mut found = found;
        while let Some(at) = found {
            self.at += at + 1;
            if self.line[self.at - 1] == b'"' {
                return Ok(self.at - 1);
            }
            // What is behind a backslash ends nothing.
            let rest = self.line.get(self.at + 1..).unwrap_or_default();
            self.at = (self.at + 1).min(self.line.len());
            found = memchr::memchr2(b'"', b'\\', rest);
        }
        self.at = self.line.len();
        Err(Why::Open)
    }

    /// Keeps a value, if it is the best so far. An empty one, or a dash, is none where another may come.
    #[inline]
    pub(super) fn keep(
        &mut self,
        field: Field,
        rank: u16,
        start: usize,
        end: usize,
        escaped: bool,
        quoted: bool,
    ) {
        let rank = match &self.line[start..end] {
            b"" | b"-" => EMPTY,
            _ => rank,
        };
        let place = &mut self.values[slot(field)];
        if place.is_some_and(|held| held.rank < rank) {
            return;
        }
        let mut value = ValueSpan {
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

/// Appends the text that a JSON string means; what is no escape stays as it is.
pub(in crate::format) fn unescape(text: &[u8], out: &mut Vec<u8>) {
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
