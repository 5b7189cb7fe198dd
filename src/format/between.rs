//! What is between the bracketed time and the quoted request.
//!
//! Sites put a few words there, or between the bytes and the referrer: `[0.003] [PORT 80]`, `(0 s)`, `HIT`, the
//! virtual host, bare or in quotes (APISIX's default has it). Each is known by its shape alone, and there are few of them: a format of its
//! own, such as S3's, has more.

use memchr::memchr;

use super::record::Record;
use super::tail;
use super::timestamp::Timestamps;
use crate::time::Zone;

/// Two times of a line that are no more seconds apart are the same.
const APART: i64 = 60;
/// So many things may be there.
const MOST: usize = 6;
/// So many of them may be bare words: S3 has five.
const MOST_WORDS: usize = 3;

/// Reads what `rest` begins with, up to the quote of the request; returns where that quote is, a space
/// before it left out. `None`, and nothing read, where something else is there.
#[cold]
pub(super) fn read<'a>(rest: &'a [u8], record: &mut Record<'a>) -> Option<usize> {
    let (mut host, mut duration, mut cache) = (None, None, None);
    let (mut at, mut words) = (0, 0);
    for _ in 0..=MOST {
        at += rest[at..].iter().take_while(|&&b| b == b' ').count();
        let here = &rest[at..];
        match here.first()? {
            b'"' => {
                record.host = record.host.or(host);
                record.cache = record.cache.or(cache);
                record.duration_us = record.duration_us.or(duration);
                return Some(at);
            }
            open @ (b'[' | b'(') => {
                let close = if *open == b'[' { b']' } else { b')' };
                let len = memchr(close, here)?;
                let inner = &here[1..len];
                if inner.contains(&b'"') {
                    return None;
                }
                // Another time than that of the head: a client may have written either of them.
                if let Ok(stamp) = Timestamps::new(Zone::UTC).clf(&here[1..])
                    && (stamp.time - record.time).0.abs() > APART
                {
                    return None;
                }
                duration = duration.or(tail::seconds(inner));
                at += len + 1;
            }
            _ => {
                words += 1;
                let len = here.iter().position(|b| b" \"[".contains(b))?;
                let word = &here[..len];
                if words > MOST_WORDS || here[len] == b'"' || !word.iter().all(is_of_word) {
                    return None;
                }
                if is_cache(word) {
                    cache = cache.or(Some(word));
                } else if is_host(word) {
                    host = host.or(Some(word));
                } else {
                    duration = duration.or(tail::seconds(word));
                }
                at += len;
            }
        }
    }
    None
}

/// The length of a virtual host in quotes, which the quote of the request follows.
pub(super) fn quoted_host(text: &[u8]) -> Option<usize> {
    let inner = text.strip_prefix(b"\"")?;
    let end = memchr(b'"', inner)?;
    let another = inner[end + 1..].starts_with(b" \"");
    let name = &inner[..end];
    // A word alone may be the method.
    let parts = name.iter().any(|b| b".:".contains(b));
    let host = parts && is_host(name) || matches!(name, b"-" | b"_" | b"localhost");
    (another && host).then_some(end + 2)
}

fn is_of_word(b: &u8) -> bool {
    b.is_ascii_alphanumeric() || b"._:-,=".contains(b)
}

/// `HIT`, `MISS`, `TCP_HIT`, `BYPASS`: nginx's and Squid's words.
fn is_cache(word: &[u8]) -> bool {
    word.len() > 2 && word.iter().all(|b| b.is_ascii_uppercase() || *b == b'_')
}

/// A name or an address, with a port or without; no number, and no scheme.
fn is_host(word: &[u8]) -> bool {
    let letters = || word.iter().any(u8::is_ascii_alphabetic);
    let dots = || word.iter().filter(|&&b| b == b'.').count() == 3;
    word.first().is_some_and(u8::is_ascii_alphanumeric)
        && word
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b".:_-".contains(b))
        && (letters() || dots())
        && !matches!(word, b"http" | b"https")
        && !tail::is_duration(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::BStr;

    #[test]
    fn words_are_known_by_their_shape() {
        for (text, host, cache, us) in [
            (" \"GET", None, None, None),
            ("\"GET", None, None, None),
            ("   \"GET", None, None, None),
            (" [0.003] [PORT 80] \"GET", None, None, Some(3000)),
            (" (0 s) \"GET", None, None, None),
            (" 0.120 \"GET", None, None, Some(120_000)),
            (" HIT \"GET", None, Some("HIT"), None),
            (
                " TCP_MISS www.example.com \"GET",
                Some("www.example.com"),
                Some("TCP_MISS"),
                None,
            ),
            (
                " www.example.com:443 443 https \"GET",
                Some("www.example.com:443"),
                None,
                None,
            ),
            (" 192.0.2.1 - \"GET", Some("192.0.2.1"), None, None),
            (" localhost [x]\"GET", Some("localhost"), None, None),
        ] {
            let mut record = Record::EMPTY;
            let at = read(text.as_bytes(), &mut record).expect(text);
            assert_eq!(&text[at..], "\"GET", "{text}");
            assert_eq!(record.host.map(BStr::new), host.map(BStr::new), "{text}");
            assert_eq!(record.cache.map(BStr::new), cache.map(BStr::new), "{text}");
            assert_eq!(record.duration_us, us, "{text}");
        }
        for text in [
            "",
            " ",
            " x",
            " 192.0.2.3 - A12 REST.GET.OBJECT foo/bar.html \"GET",
            " <b> \"GET",
            " localhost\"GET",
            " GET /a HTTP/1.1\" 200",
            " [x \"GET",
            " [\"x] \"GET",
            " [a] [b] [c] [d] [e] [f] [g] \"GET",
            " - - [10/Oct/2000:13:55:36 -0700] \"GET",
        ] {
            let mut record = Record::EMPTY;
            assert_eq!(read(text.as_bytes(), &mut record), None, "{text}");
            assert_eq!(record, Record::EMPTY, "{text}");
        }
    }
}
