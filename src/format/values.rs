//! The values of fields: status, bytes, durations, and who the client is.

use super::short;
use super::unparsed::{DurationUnit, Why};

/// Three digits, or `-` for none. HAProxy writes `-1` for it, Envoy `0` (`%RESPONSE_CODE%`: the server never sent the
/// beginning of a response, most often since the client disconnected).
pub(super) fn status(text: &[u8]) -> Result<Option<u16>, Why> {
    match text {
        b"-" | b"-1" | b"0" => Ok(None),
        [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => Ok(Some(
            u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'),
        )),
        _ => Err(Why::Form),
    }
}

/// Digits, or `-` for 0; a `+` means that more followed. Numbers past 18 digits are no size.
pub(super) fn bytes(text: &[u8]) -> Result<u64, Why> {
    if text == b"-" {
        return Ok(0);
    }
    let text = text.strip_prefix(b"+").unwrap_or(text);
    if text.is_empty() || text.len() > 18 {
        return Err(if text.is_empty() {
            Why::Missing
        } else {
            Why::Form
        });
    }
    let mut number = 0;
    for &b in text {
        if !b.is_ascii_digit() {
            return Err(Why::Form);
        }
        number = number * 10 + u64::from(b - b'0');
    }
    Ok(number)
}

/// Reads ` status bytes` where they are what they nearly always are, three digits and up to 18, before a
/// space or the end of the line; with the length. `None` says nothing: [`status`] and [`bytes`] know more forms.
#[inline(always)] // Its callers are large: left to itself it became a call.
pub(super) fn status_then_bytes(text: &[u8]) -> Option<(u16, u64, usize)> {
    let [b' ', a, b, c, b' ', rest @ ..] = text else {
        return None;
    };
    let digit = |b: &u8| match b.wrapping_sub(b'0') {
        digit @ 0..=9 => Some(digit),
        _ => None,
    };
    let status = u16::from(digit(a)?) * 100 + u16::from(digit(b)?) * 10 + u16::from(digit(c)?);
    if let Some((number, len)) = short::number(rest)
        && matches!(rest[len], b' ' | b'"' | b'\n')
    {
        return Some((status, number, 5 + len));
    }
    let (mut number, mut len) = (0, 0);
    while let Some(digit) = rest.get(len).and_then(digit) {
        number = u64::wrapping_add(u64::wrapping_mul(number, 10), digit.into());
        len += 1;
    }
    match rest.get(len) {
        None | Some(b' ' | b'"' | b'\n') if (1..=18).contains(&len) => {
            Some((status, number, 5 + len))
        }
        Some(b'-') if len == 0 && matches!(rest.get(1), None | Some(b' ' | b'"' | b'\n')) => {
            Some((status, 0, 6))
        }
        _ => None,
    }
}

/// A duration in microseconds, rounded down; `None` for a dash, nothing, or a negative number (a
/// request that was never answered).
#[inline]
pub(crate) fn duration(text: &[u8], unit: DurationUnit) -> Result<Option<u64>, Why> {
    // Nearly every one: what servers write of less than ten seconds.
    if let [whole, b'.', a, b, c] = text
        && matches!(unit, DurationUnit::Seconds | DurationUnit::WholeSeconds)
        && [whole, a, b, c].iter().all(|b| b.is_ascii_digit())
    {
        let number = |number: u64, b: &u8| number * 10 + u64::from(b - b'0');
        return Ok(Some([whole, a, b, c].into_iter().fold(0, number) * 1000));
    }
    any_duration(text, unit)
}

/// Any duration: see [`duration`].
fn any_duration(text: &[u8], unit: DurationUnit) -> Result<Option<u64>, Why> {
    // Of several the last counts: nginx lists one for each upstream, HAProxy ends with the total.
    let text = text
        .rsplit(|&b| matches!(b, b',' | b':' | b'/'))
        .next()
        .unwrap_or(text)
        .trim_ascii();
    let text = text.strip_prefix(b"+").unwrap_or(text);
    if text.is_empty() || text[0] == b'-' {
        return Ok(None);
    }
    let end = text
        .iter()
        .position(|b| !b.is_ascii_digit() && *b != b'.')
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let suffix = suffix.trim_ascii_start();
    let nanoseconds = match (unit, suffix) {
        (DurationUnit::Seconds | DurationUnit::WholeSeconds, b"")
        | (DurationUnit::Written, b"" | b"s") => 1_000_000_000,
        (DurationUnit::Milliseconds | DurationUnit::WholeMilliseconds, b"")
        | (DurationUnit::Written, b"ms") => 1_000_000,
        (DurationUnit::Microseconds, b"") | (DurationUnit::Written, b"us" | b"\xc2\xb5s") => 1000,
        (DurationUnit::Nanoseconds | DurationUnit::WholeNanoseconds, b"")
        | (DurationUnit::Written, b"ns") => 1,
        (DurationUnit::Written, _) => return in_parts(text).map(Some),
        _ => return Err(Why::Form),
    };
    let mut parts = number.splitn(2, |&b| b == b'.');
    let (whole, decimals) = (parts.next().unwrap_or(b""), parts.next().unwrap_or(b""));
    if whole.is_empty() || whole.len() > 18 || decimals.contains(&b'.') {
        return Err(Why::Form);
    }
    // At most 18 digits.
    let value = |digits: &[u8]| {
        digits
            .iter()
            .fold(0u64, |number, &b| number * 10 + u64::from(b - b'0'))
    };
    let decimals = &decimals[..decimals.len().min(9)];
    let fraction = match decimals {
        [] => 0,
        _ => value(decimals) * nanoseconds / 10u64.pow(decimals.len() as u32),
    };
    if whole.len() <= 9 {
        // Nearly every one: 128 bits take calls to multiply and divide.
        return Ok(Some((value(whole) * nanoseconds + fraction) / 1000));
    }
    let sum = u128::from(value(whole)) * u128::from(nanoseconds) + u128::from(fraction);
    Ok(Some(u64::try_from(sum / 1000).unwrap_or(u64::MAX)))
}

/// A duration as Go writes it past a minute: `1m30.5s`, `2h45m0s`.
fn in_parts(text: &[u8]) -> Result<u64, Why> {
    let mut sum = 0u64;
    let mut rest = text;
    for (unit, seconds) in [(b'h', 3600), (b'm', 60), (b's', 1)] {
        let number = |b: &&u8| b.is_ascii_digit() || **b == b'.';
        let len = rest.iter().take_while(number).count();
        if len > 0 && rest.get(len) == Some(&unit) {
            let part = any_duration(&rest[..len], DurationUnit::Seconds)?.unwrap_or(0);
            sum = sum.saturating_add(part.saturating_mul(seconds));
            rest = &rest[len + 1..];
        }
    }
    if rest.is_empty() {
        Ok(sum)
    } else {
        Err(Why::Form)
    }
}

/// The first address of a list, without quotes and port; `-` where there is none.
pub(super) fn client(text: &[u8]) -> &[u8] {
    if !text.is_empty() && short::dotted_len(text) == text.len() {
        return text;
    }
    let first = &text[..short::find(b',', text).unwrap_or(text.len())];
    let first = trim_quotes(first);
    let bare = match first {
        [b'[', inner @ ..] => inner
            .iter()
            .position(|&b| b == b']')
            .map(|end| &inner[..end]),
        _ => match first.iter().position(|&b| b == b':') {
            // One colon and digits after it: a port. More colons: IPv6.
            Some(colon)
                if colon > 0
                    && !first[colon + 1..].is_empty()
                    && first[colon + 1..].iter().all(u8::is_ascii_digit) =>
            {
                Some(&first[..colon])
            }
            _ => None,
        },
    };
    match bare.unwrap_or(first) {
        b"" => b"-",
        bare => bare,
    }
}

/// An address, IPv4 or IPv6.
pub(super) fn is_address(word: &[u8]) -> bool {
    std::str::from_utf8(word).is_ok_and(|word| word.parse::<std::net::IpAddr>().is_ok())
}

/// A text without the quotes and spaces around it.
pub(super) fn trim_quotes(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'"', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b' ' | b'"'] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::BStr;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_duration_is_read_as_any_is(text in "[0-9x][.,0][0-9.]{3}|[0-9]?\\.[0-9]{2,4}", at in 0usize..3) {
            let unit = [DurationUnit::Seconds, DurationUnit::WholeSeconds, DurationUnit::Milliseconds][at];
            prop_assert_eq!(duration(text.as_bytes(), unit), any_duration(text.as_bytes(), unit), "{}", text);
        }

        #[test]
        fn status_then_bytes_says_what_the_two_say(status_text in "[0-9]{2,4}|-", bytes_text in "[0-9]{0,20}|-|[-0-9x]{1,3}", after in "( \"x|\"| |\n|x|-)?") {
            let text = format!(" {status_text} {bytes_text}{after}");
            if let Some((found_status, found_bytes, len)) = status_then_bytes(text.as_bytes()) {
                prop_assert_eq!(status(status_text.as_bytes()), Ok(Some(found_status)));
                prop_assert_eq!(bytes(&text.as_bytes()[2 + status_text.len()..len]), Ok(found_bytes));
                prop_assert!(matches!(text.as_bytes().get(len), None | Some(b' ' | b'"' | b'\n')));
            } else {
                let plain = status_text.len() == 3 && (1..=18).contains(&bytes_text.len());
                let digits = bytes_text.bytes().all(|b| b.is_ascii_digit()) || bytes_text == "-";
                let ends = after.is_empty() || after.starts_with([' ', '"', '\n']);
                prop_assert!(!(plain && digits && ends), "{text}");
            }
        }
    }

    #[test]
    fn durations_of_go_have_parts() {
        let written = |text: &str| duration(text.as_bytes(), DurationUnit::Written);
        assert_eq!(written("1.5s"), Ok(Some(1_500_000)));
        assert_eq!(written("1m30.5s"), Ok(Some(90_500_000)));
        assert_eq!(written("2h45m0s"), Ok(Some(9_900_000_000)));
        assert_eq!(written("999999999999999999h"), Ok(Some(u64::MAX)));
        for text in ["1s2m", "1x", "1m2", "1.2.3s", "1h1h"] {
            assert_eq!(written(text), Err(Why::Form), "{text}");
        }
    }

    #[test]
    fn clients_lose_list_quotes_and_port() {
        for (text, want) in [
            ("10.0.0.1", "10.0.0.1"),
            ("10.0.0.2, 10.0.0.1", "10.0.0.2"),
            ("\"10.0.0.3", "10.0.0.3"),
            ("\"10.0.0.3, 10.0.0.1\"", "10.0.0.3"),
            ("10.0.0.4:5678", "10.0.0.4"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("host.example", "host.example"),
            ("-", "-"),
            ("", "-"),
            ("::1", "::1"),
            (",10.0.0.1", "-"),
        ] {
            assert_eq!(
                BStr::new(client(text.as_bytes())),
                BStr::new(want),
                "{text}"
            );
        }
    }

    #[test]
    fn durations_become_microseconds() {
        for (text, unit, want) in [
            ("0.113", DurationUnit::Seconds, Some(113_000)),
            ("5", DurationUnit::Seconds, Some(5_000_000)),
            ("283", DurationUnit::Milliseconds, Some(283_000)),
            ("0.5", DurationUnit::Milliseconds, Some(500)),
            ("1999", DurationUnit::Microseconds, Some(1999)),
            ("2337877", DurationUnit::Nanoseconds, Some(2337)),
            ("0ms", DurationUnit::Written, Some(0)),
            ("12ms", DurationUnit::Written, Some(12_000)),
            ("0.25s", DurationUnit::Written, Some(250_000)),
            ("+99627", DurationUnit::Milliseconds, Some(99_627_000)),
            ("0.001, 0.002", DurationUnit::Seconds, Some(2000)),
            ("0.001 : 0.003", DurationUnit::Seconds, Some(3000)),
            ("-", DurationUnit::Seconds, None),
            ("", DurationUnit::Seconds, None),
            ("-1", DurationUnit::Milliseconds, None),
        ] {
            assert_eq!(duration(text.as_bytes(), unit), Ok(want), "{text}");
        }
        for text in ["x", "1.2.3", ".5", "1s"] {
            assert!(
                duration(text.as_bytes(), DurationUnit::Seconds).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn numbers_are_digits_or_a_dash() {
        assert_eq!(status(b"200"), Ok(Some(200)));
        assert_eq!(status(b"999"), Ok(Some(999)));
        for none in ["-", "-1", "0"] {
            assert_eq!(status(none.as_bytes()), Ok(None), "{none}");
        }
        for text in ["-2", "1", "00", "+0", "0000", "-10", "--"] {
            assert_eq!(status(text.as_bytes()), Err(Why::Form), "{text}");
        }
        assert!(status(b"20").is_err() && status(b"2000").is_err() && status(b"").is_err());
        assert_eq!(bytes(b"-"), Ok(0));
        assert_eq!(bytes(b"000123"), Ok(123));
        assert_eq!(bytes(b"999999999999999999"), Ok(999_999_999_999_999_999));
        assert!(
            bytes(b"1e3").is_err()
                && bytes(b"-1").is_err()
                && bytes(b"9999999999999999999").is_err()
        );
    }
}
