//! Pairs on a line, fed to the same names as JSON's keys: logfmt (`status=200 path="/a b"`) and LTSV (`status:200`, pairs
//! apart by tabs).

use std::ops::Range;

use super::names::NameNode;
use super::scan::Scan;

/// Whether `text` begins with a pair of logfmt or LTSV.
fn are_pairs(text: &[u8]) -> bool {
    let name = |b: &u8| b.is_ascii_alphanumeric() || b"_-.@".contains(b);
    let len = text.iter().take_while(|b| name(b)).count();
    match text.get(len) {
        Some(b'=') => len > 0 && text[len..].contains(&b' '),
        Some(b':') => len > 0 && is_ltsv(text),
        _ => false,
    }
}

/// Whether all that is apart by tabs in `text` has a label.
pub(in crate::format) fn are_labelled(text: &[u8]) -> bool {
    let name = |b: &u8| b.is_ascii_alphanumeric() || b"_-.@".contains(b);
    is_ltsv(text)
        && text.split(|&b| b == b'\t').all(|pair| {
            let len = pair.iter().take_while(|b| name(b)).count();
            pair.is_empty() || len > 0 && pair.get(len) == Some(&b':')
        })
}

/// Where the pairs of a line begin: behind its carriers, which end at `start`, or behind a few words of a logger.
pub(in crate::format) fn pairs_from(line: &[u8], start: usize) -> Option<usize> {
    if are_pairs(&line[start..]) {
        return Some(start);
    }
    let spaces = memchr::memchr_iter(b' ', line).take(MOST_WORDS);
    let mut words = spaces.map(|space| space + 1);
    words.find(|at| are_pairs(&line[*at..]))
}

/// A logger writes no more words, and spaces between them, before pairs.
const MOST_WORDS: usize = 24;

/// Whether pairs are labelled values: then there are tabs.
pub(super) fn is_ltsv(text: &[u8]) -> bool {
    let tab = memchr::memchr(b'\t', text);
    let colon = memchr::memchr2(b':', b'=', text);
    matches!((colon, tab), (Some(colon), Some(tab)) if colon < tab && text[colon] == b':')
}

/// The names of pairs.
pub(super) fn keys(text: &[u8]) -> Vec<String> {
    let labelled = is_ltsv(text);
    let (between, sign) = if labelled {
        (b'\t', b':')
    } else {
        (b' ', b'=')
    };
    let name = |b: &u8| b.is_ascii_alphanumeric() || b"_-.@".contains(b);
    let pairs = text.split(|&b| b == between);
    let names = pairs.filter_map(|pair| {
        let len = pair.iter().take_while(|b| name(b)).count();
        (len > 0 && pair.get(len) == Some(&sign)).then(|| &pair[..len])
    });
    names
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect()
}

impl Scan<'_, '_> {
    /// `name=value name="value with \\"escapes\\"" flag`, to the end of the line.
    pub(super) fn pairs(&mut self, root: &NameNode) {
        while self.at < self.line.len() {
            self.space();
            let start = self.at;
            let rest = &self.line[start..];
            let Some(end) = memchr::memchr2(b'=', b' ', rest) else {
                return;
            };
            self.at += end + 1;
            if rest[end] == b' ' {
                continue;
            }
            let node = root.find(&rest[..end], self.memo);
            let from = self.at;
            let (value, escaped, quoted) = if self.line.get(from) == Some(&b'"') {
                self.quoted()
            } else {
                let rest = &self.line[from..];
                let len = memchr::memchr(b' ', rest).unwrap_or(rest.len());
                self.at += len;
                (from..from + len, false, false)
            };
            self.found(node, value, escaped, quoted);
        }
    }

    /// A text in quotes, at its first; one that is left open ends with the line.
    fn quoted(&mut self) -> (Range<usize>, bool, bool) {
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        while let Some(found) = memchr::memchr2(b'"', b'\\', &self.line[self.at..]) {
            self.at += found + 1;
            if self.line[self.at - 1] == b'"' {
                return (start..self.at - 1, escaped, true);
            }
            escaped = true;
            self.at = (self.at + 1).min(self.line.len());
        }
        self.at = self.line.len();
        (start..self.at, escaped, true)
    }

    /// `label:value`, apart by tabs, to the end of the line.
    pub(super) fn labelled(&mut self, root: &NameNode) {
        while self.at < self.line.len() {
            let rest = &self.line[self.at..];
            let end = memchr::memchr(b'\t', rest).unwrap_or(rest.len());
            if let Some(colon) = memchr::memchr(b':', &rest[..end]) {
                let node = root.find(&rest[..colon], self.memo);
                let value = self.at + colon + 1..self.at + end;
                self.found(node, value, false, false);
            }
            self.at += end + 1;
        }
        self.at = self.line.len();
    }

    fn found(&mut self, node: Option<&NameNode>, value: Range<usize>, escaped: bool, quoted: bool) {
        if let Some((field, rank)) = node.and_then(|node| node.field) {
            self.keep(field, rank, value.start, value.end, escaped, quoted);
        }
    }
}
