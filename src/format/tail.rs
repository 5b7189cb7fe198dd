//! What sites add behind the combined format, told by its shape.
//!
//! A combined line that ends with a quote ends with the user agent or an `X-Forwarded-For`: nothing to
//! find, and one byte to know it. Else the words behind the last quote are looked at. A bare integer
//! stays unread: it may be Apache's `%D`, its `%T`, or bytes received; `--format` tells.

use bstr::ByteSlice;
use memchr::memrchr;

use super::unparsed::Unit;
use super::values;

/// The duration in microseconds that `rest`, the end of a line, shows by its shape:
///
/// * `… "agent" 0.123` and `… "agent" "xff" 0.123 0.120`: nginx's `$request_time`, three decimals;
/// * `… "agent" rt=0.123 uct=…`: the same with a name;
/// * `… "agent" 462 0.050 [upstream] …`: ingress-nginx;
/// * `… "router" "url" 12ms`: Traefik.
#[inline]
pub(super) fn duration(rest: &[u8]) -> Option<u64> {
    match rest.last() {
        Some(b'"') | None => None,
        Some(_) => by_shape(rest),
    }
}

fn by_shape(rest: &[u8]) -> Option<u64> {
    let words = &rest[memrchr(b'"', rest)? + 1..];
    let mut words = words.split_str(" ").filter(|word| !word.is_empty());
    let first = words.next()?;
    if let Some(time) = first
        .strip_prefix(b"rt=")
        .or(first.strip_prefix(b"request_time="))
    {
        return seconds(time);
    }
    if first.ends_with(b"ms") && words.next().is_none() {
        return values::duration(first, Unit::Written).ok()?;
    }
    if first.iter().all(u8::is_ascii_digit) {
        // The length of the request comes before its time, and an upstream in brackets after it.
        let second = words.next()?;
        return if words.next()?.starts_with(b"[") {
            seconds(second)
        } else {
            None
        };
    }
    seconds(first)
}

/// A number with exactly three decimals.
fn seconds(text: &[u8]) -> Option<u64> {
    let dot = text.len().checked_sub(4)?;
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    if text[dot] == b'.' && digits(&text[..dot]) && digits(&text[dot + 1..]) {
        values::duration(text, Unit::Seconds).ok()?
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

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
            (r#" "-" "agent" 1234"#, None),
            (r#" "-" "agent" 1.5"#, None),
            (r#" "-" "agent" hello"#, None),
            (" 3551", None),
            ("", None),
        ] {
            assert_eq!(duration(rest.as_bytes()), want, "{rest}");
        }
    }
}
