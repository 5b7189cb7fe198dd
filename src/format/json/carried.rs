//! An entry that is in a JSON line as text: what a container's log driver or a shipper makes of a line.
//!
//! `log` is Docker's json-file and Fluent Bit's, `message` Filebeat's and Elastic's, `MESSAGE` that of `journalctl -o json`,
//! `textPayload` Google Cloud Logging's, `short_message` GELF's, `msg` that of zap, pino, logrus and slog; `properties` is an object as text
//! in Azure's resource logs.

use super::scan::unescape;

const KEYS: [&[u8]; 7] = [
    b"\"log\"",
    b"\"message\"",
    b"\"MESSAGE\"",
    b"\"textPayload\"",
    b"\"short_message\"",
    b"\"msg\"",
    b"\"properties\"",
];

/// Puts the text that `line` carries into `out`, without colours and its newline; whether there is one.
#[cold]
pub(in crate::format) fn carried(line: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    // A key within a string has its quotes escaped, so that it is not found.
    let text = KEYS.iter().find_map(|key| text_of(line, key));
    // The same in logfmt.
    let Some(text) = text.or_else(|| text_behind(line, b" msg=\"")) else {
        return false;
    };
    let mut plain = Vec::with_capacity(text.len());
    unescape(text, &mut plain);
    without_colours(&plain, out);
    !out.is_empty()
}

/// Appends `text` without the colours that a terminal would show, and without white space at its end.
#[cold]
pub(in crate::format) fn without_colours(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(escape) = memchr::memmem::find(rest, b"\x1b[") {
        out.extend_from_slice(&rest[..escape]);
        let sequence = &rest[escape + 2..];
        let end = sequence.iter().position(u8::is_ascii_alphabetic);
        rest = end.map_or(b"", |end| &sequence[end + 1..]);
    }
    out.extend_from_slice(rest);
    out.truncate(out.trim_ascii_end().len());
}

/// The string under a key, as it is escaped.
fn text_of<'l>(line: &'l [u8], key: &[u8]) -> Option<&'l [u8]> {
    let at = memchr::memmem::find(line, key)? + key.len();
    let value = line[at..].trim_ascii_start().strip_prefix(b":")?;
    let text = value.trim_ascii_start().strip_prefix(b"\"")?;
    up_to_quote(text)
}

/// The string in quotes behind this, as it is escaped.
fn text_behind<'l>(line: &'l [u8], mark: &[u8]) -> Option<&'l [u8]> {
    let at = memchr::memmem::find(line, mark)?;
    up_to_quote(&line[at + mark.len()..])
}

fn up_to_quote(text: &[u8]) -> Option<&[u8]> {
    let mut escaped = false;
    let end = text.iter().position(|&b| {
        let ends = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        ends
    })?;
    Some(&text[..end])
}

#[cfg(test)]
mod tests {
    use super::carried;

    #[test]
    fn the_text_of_a_carrier_is_found_and_unescaped() {
        for (line, want) in [
            (r#"{"log":"a \"b\"\n","stream":"stdout"}"#, "a \"b\""),
            (r#"{"message" : "a","log":{"file":"x"}}"#, "a"),
            (r#"{"MESSAGE":"\u001b[32ma\u001b[0m b"}"#, "a b"),
            (r#"{"x":"\"log\":\"y\""}"#, ""),
            (r#"{"log":"a"#, ""),
            (r#"{"log":1}"#, ""),
            ("{}", ""),
        ] {
            let mut out = Vec::new();
            let found = carried(line.as_bytes(), &mut out);
            assert_eq!(
                (found, out.as_slice()),
                (!want.is_empty(), want.as_bytes()),
                "{line}"
            );
        }
    }
}
