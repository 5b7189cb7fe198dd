//! What sites add behind the combined format, known by its shape.
//!
//! A combined line that ends with a quote ends with the user agent or an `X-Forwarded-For`. Before the latter a
//! time may come; a few bytes say that there is none. Else the words behind the last quote are looked at. A bare integer
//! stays unread: it may be Apache's `%D`, its `%T`, or bytes received; `--format` says which.

use bstr::ByteSlice;
use memchr::{memchr, memrchr, memrchr2};

use super::record::Record;
use super::unparsed::DurationUnit;
use super::values;

/// Reads the duration that `rest`, the end of a line, shows by its shape:
///
/// * `… "agent" 0.123` and `… "agent" "xff" 0.123 0.120`: nginx's `$request_time`, three decimals;
/// * `… "agent" rt=0.123 uct=…`: the same with a name;
/// * `… "agent" 462 0.050 [upstream] …`: ingress-nginx;
/// * `… "router" "url" 12ms`: Traefik, whose stamp is that of the request's start;
/// * `… 200 612 0.0123`: Rack's CommonLogger, and Puma's;
/// * `… "agent" 0.123 "xff"`, and `… 200 612 0.123 "referrer" "agent"`.
///
/// And the cache's word, if it is the last of the line:
///
/// * `… "agent" TCP_MISS:HIER_DIRECT` and `… 200 612 TCP_MISS:HIER_DIRECT`: Squid's formats `combined` and `common`, whose
///   end is `%Ss:%Sh`;
/// * `… "agent" HIT`: nginx's `$upstream_cache_status`.
///
/// All but Traefik write the stamp as the request ends.
#[inline(always)] // Up to where the end of a line says that there is nothing.
pub(super) fn read<'a>(rest: &'a [u8], record: &mut Record<'a>) {
    match rest {
        // A line of combined: eight bytes from its end a list of addresses has a byte of one, or what is before it.
        [_, b'"', .., byte, _, _, _, _, _, _, b'"'] if !is_of_address(*byte) => {}
        _ => by_its_end(rest, record),
    }
}

#[inline(never)]
fn by_its_end<'a>(rest: &'a [u8], record: &mut Record<'a>) {
    let found = match rest {
        [] => None,
        [.., b'"'] => among_quotes(rest),
        [.., b'A'..=b'Z'] => {
            record.cache = record.cache.or(cache_at_end(rest));
            by_shape(rest)
        }
        _ => by_shape(rest),
    };
    if let Some((us, starts)) = found {
        record.duration_us = Some(us);
        record.starts = starts;
    }
}

/// What `$upstream_cache_status` can be ("Module ngx_http_upstream_module").
const OF_NGINX: [&[u8]; 7] = [
    b"MISS",
    b"BYPASS",
    b"EXPIRED",
    b"STALE",
    b"UPDATING",
    b"REVALIDATED",
    b"HIT",
];

/// The cache's word, if it is the last of the line.
fn cache_at_end(rest: &[u8]) -> Option<&[u8]> {
    let last = &rest[memrchr2(b' ', b'"', rest)? + 1..];
    let is_of_word = |b: &u8| b.is_ascii_uppercase() || *b == b'_';
    match memchr(b':', last) {
        Some(colon) => {
            let (word, hierarchy) = (&last[..colon], &last[colon + 1..]);
            // "Squid result codes": what begins with TCP, UDP or NONE.
            let begins =
                word.starts_with(b"TCP_") || word.starts_with(b"UDP_") || word.starts_with(b"NONE");
            (begins && word.iter().all(is_of_word) && hierarchy.iter().all(is_of_word))
                .then_some(word)
        }
        None => OF_NGINX.contains(&last).then_some(last),
    }
}

/// A duration in microseconds, and whether it is behind the stamp of the request's start.
type TailDuration = Option<(u64, bool)>;

/// A byte of a list of addresses, of the dash for none, or of what is around it.
#[inline(always)]
fn is_of_address(b: u8) -> bool {
    matches!(b, b'0'..=b'9' | b'a'..=b'f' | b':' | b'.' | b',' | b' ' | b'-' | b'"')
}

/// The time in `… "agent" 0.123 "192.0.2.7"`, a list of addresses behind it, and in `… 200 612 0.123 "-" "agent"`.
fn among_quotes(rest: &[u8]) -> TailDuration {
    // The quote that ends the agent may still be there.
    if !rest.starts_with(b" \"") && rest[0] != b'"' {
        return at_end(rest.split_str(" ").find(|word| !word.is_empty())?);
    }
    let inner = &rest[..rest.len() - 1];
    let addresses = inner
        .iter()
        .rev()
        .take_while(|b| **b != b'"' && is_of_address(**b))
        .count();
    let before = inner[..inner.len() - addresses].strip_suffix(b" \"")?;
    if !before.last()?.is_ascii_digit() {
        return None;
    }
    by_shape(before)
}

fn by_shape(rest: &[u8]) -> TailDuration {
    // Without quotes it is the common format, and Rack's with it.
    let words = &rest[memrchr(b'"', rest).map_or(0, |quote| quote + 1)..];
    let mut words = words.split_str(" ").filter(|word| !word.is_empty());
    let first = words.next()?;
    if let Some(time) = first
        .strip_prefix(b"rt=")
        .or(first.strip_prefix(b"request_time="))
    {
        return at_end(time);
    }
    if first.ends_with(b"ms") && words.next().is_none() {
        let us = values::duration(first, DurationUnit::Written).ok()??;
        return Some((us, true));
    }
    if first.iter().all(u8::is_ascii_digit) {
        // The length of the request comes before its time, and an upstream in brackets after it.
        let second = words.next()?;
        return if words.next()?.starts_with(b"[") {
            at_end(second)
        } else {
            None
        };
    }
    at_end(first)
}

/// The duration of servers that write the stamp as the request ends.
fn at_end(text: &[u8]) -> TailDuration {
    seconds(text).map(|us| (us, false))
}

/// A duration with its unit, such as `1.2ms`.
pub(super) fn is_duration(word: &[u8]) -> bool {
    let digits = word
        .iter()
        .take_while(|b| b.is_ascii_digit() || **b == b'.')
        .count();
    digits > 0 && matches!(&word[digits..], b"s" | b"ms" | b"us")
}

/// A number with exactly three decimals, as nginx writes seconds, or four, as Rack does.
pub(super) fn seconds(text: &[u8]) -> Option<u64> {
    let dot = text.iter().position(|&b| b == b'.')?;
    if !matches!(text.len() - dot - 1, 3 | 4) {
        return None;
    }
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    if digits(&text[..dot]) && digits(&text[dot + 1..]) {
        values::duration(text, DurationUnit::Seconds).ok()?
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_found_by_shape() {
        for (rest, want) in [
            (r#" "-" "agent""#, None),
            (r#" "-" "agent" "10.0.0.1""#, None),
            (r#" "-" "agent" 0.123"#, Some(123_000)),
            (r#" "-" "agent" "10.0.0.1" 0.123 0.120"#, Some(123_000)),
            (r#" "-" "agent" rt=0.010 uct="0.000" uht="0.010""#, None),
            (r#" "-" "agent" rt=0.010 uct=0.000"#, Some(10_000)),
            (
                r#" "-" "agent" 462 0.050 [svc-80] [] 10.0.0.1:80 19437 0.049 200 7521"#,
                Some(50_000),
            ),
            (r#" "-" "agent" 45640 "-" "-" 3ms"#, Some(3000)),
            (r#" "-" "agent" 0.123 "-""#, Some(123_000)),
            (
                r#" "-" "agent" 0.123 0.120 "192.0.2.7, 10.0.0.1""#,
                Some(123_000),
            ),
            (r#" "-" "agent" "-" 0.123 "2001:db8::1""#, Some(123_000)),
            (r#" "-" "Safari/537.36""#, None),
            (r#" "-" "7 1.123""#, None),
            (r#" "-" "-""#, None),
            (r#"" 0.123 "-""#, Some(123_000)),
            (r#" 0.004 "-" "agent""#, Some(4000)),
            (r#" www.example.com "-" "agent""#, None),
            (r#" ""#, None),
            (r#"""#, None),
            (r#" "-" "agent" 1234"#, None),
            (r#" "-" "agent" 1.5"#, None),
            (r#" "-" "agent" hello"#, None),
            (" 3551", None),
            (" 0.0123", Some(12_300)),
            ("", None),
        ] {
            let mut record = Record::EMPTY;
            read(rest.as_bytes(), &mut record);
            assert_eq!(record.duration_us, want, "{rest}");
            assert_eq!(record.starts, rest.ends_with("3ms"), "{rest}");
        }
    }
    #[test]
    fn the_last_word_may_be_the_caches() {
        for (rest, want) in [
            (r#" "-" "agent" TCP_MISS:HIER_DIRECT"#, Some("TCP_MISS")),
            (" TCP_MEM_HIT:NONE", Some("TCP_MEM_HIT")),
            (" NONE_NONE:HIER_NONE", Some("NONE_NONE")),
            (r#" "-" "agent" 0.123 HIT"#, Some("HIT")),
            (r#" "-" "agent"HIT"#, Some("HIT")),
            (r#" "-" "agent" HITS"#, None),
            (r#" "-" "agent" ABC:DEF"#, None),
            (r#" "-" "agent" TCP_miss:HIER_DIRECT"#, None),
            (r#" "-" "agent" TCP_MISS:1.HIER"#, None),
            (r#" "-" "HIT""#, None),
            ("TCP_MISS:HIER_DIRECT", None),
            ("HIT", None),
            ("A", None),
        ] {
            let mut record = Record::EMPTY;
            read(rest.as_bytes(), &mut record);
            assert_eq!(record.cache, want.map(str::as_bytes), "{rest}");
        }
        let mut record = Record::EMPTY;
        read(br#" "-" "agent" 0.123 HIT"#, &mut record);
        assert_eq!(record.duration_us, Some(123_000));
    }
}
