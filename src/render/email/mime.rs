//! The form of a message: headers that fold, parts, and quoted-printable (RFC 2045, RFC 5322).
//!
//! Lines end with a newline alone, as programs that read mail from a pipe expect. They have at most 76 characters,
//! and none begins with a dot or with `From `, which such a program could take for the end of the message or for
//! the next message of a mailbox.

/// The most characters of a line.
const LINE: usize = 76;
/// What separates the parts. Quoted-printable never has `=_`, so it is in no part.
const BOUNDARY: &str = "=_httpmon";

/// Appends a header; `value` is ASCII without line breaks, and is folded at spaces.
pub(super) fn header(name: &str, value: &str, out: &mut String) {
    let mut line = format!("{name}:");
    for word in value.split(' ') {
        if line.len() + 1 + word.len() > LINE && !line.ends_with(':') {
            out.push_str(&line);
            out.push('\n');
            line.clear();
        }
        line.push(' ');
        line.push_str(word);
    }
    out.push_str(&line);
    out.push('\n');
}

/// Appends the headers and the body of a message that says the same in plain text and in HTML.
pub(super) fn alternative(plain: &str, html: &str, out: &mut String) {
    header("MIME-Version", "1.0", out);
    let kind = format!("multipart/alternative; boundary=\"{BOUNDARY}\"");
    header("Content-Type", &kind, out);
    out.push('\n');
    // The last part is the preferred one.
    for (kind, text) in [("text/plain", plain), ("text/html", html)] {
        out.push_str(&format!("--{BOUNDARY}\n"));
        header("Content-Type", &format!("{kind}; charset=utf-8"), out);
        header("Content-Transfer-Encoding", "quoted-printable", out);
        out.push('\n');
        quoted_printable(text, out);
    }
    out.push_str(&format!("--{BOUNDARY}--\n"));
}

/// Appends text that ends with a newline.
fn quoted_printable(text: &str, out: &mut String) {
    for line in text.lines() {
        let mut column = 0;
        let bytes = line.as_bytes();
        for (i, &byte) in bytes.iter().enumerate() {
            let last = i + 1 == bytes.len();
            // A byte that would not fit with the `=` of a soft break after it goes to the next line.
            let room = if last { LINE } else { LINE - 1 };
            let mut plain = is_plain(&bytes[i..], column, last);
            if column + if plain { 1 } else { 3 } > room {
                out.push_str("=\n");
                column = 0;
                plain = is_plain(&bytes[i..], column, last);
            }
            if plain {
                out.push(char::from(byte));
                column += 1;
            } else {
                out.push_str(&format!("={byte:02X}"));
                column += 3;
            }
        }
        out.push('\n');
    }
}

/// Whether the first byte may be written as it is.
fn is_plain(rest: &[u8], column: usize, last: bool) -> bool {
    match rest[0] {
        b'=' => false,
        b'.' => column > 0,
        b'F' => column > 0 || !rest.starts_with(b"From "),
        b' ' | b'\t' => !last,
        byte => byte.is_ascii_graphic(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(text: &str) -> String {
        let mut out = String::new();
        quoted_printable(text, &mut out);
        out
    }

    fn decoded(text: &str) -> String {
        let joined = text.replace("=\n", "");
        let mut out = Vec::new();
        let mut bytes = joined.bytes();
        while let Some(byte) = bytes.next() {
            if byte == b'=' {
                let hex: String = [bytes.next(), bytes.next()]
                    .map(|digit| char::from(digit.expect("two digits")))
                    .iter()
                    .collect();
                out.push(u8::from_str_radix(&hex, 16).expect("two digits"));
            } else {
                out.push(byte);
            }
        }
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn text_is_quoted_where_mail_would_change_it() {
        assert_eq!(
            encoded("a=b \n.\nFrom x\nFroms\n"),
            "a=3Db=20\n=2E\n=46rom x\nFroms\n"
        );
        assert_eq!(encoded("caf\u{e9}\t\n"), "caf=C3=A9=09\n");
        let long = "x".repeat(76);
        assert_eq!(encoded(&long), format!("{long}\n"));
        assert_eq!(
            encoded(&format!("{long}y")),
            format!("{}=\nxy\n", &long[1..])
        );
    }

    #[test]
    fn long_headers_are_folded_at_spaces() {
        let mut out = String::new();
        header("Subject", "word ".repeat(40).trim_end(), &mut out);
        assert!(out.lines().all(|line| line.len() <= LINE));
        assert!(out.lines().skip(1).all(|line| line.starts_with(" word")));
        assert_eq!(out.replace("\n ", " ").matches("word").count(), 40);
    }

    proptest! {
        #[test]
        fn quoted_printable_reads_back_and_keeps_its_lines_short(text in "([a-zF. =\t\u{e9}\u{202e}]{0,120}\n|From [a-z]{0,9}\n){0,6}") {
            let out = encoded(&text);
            prop_assert_eq!(decoded(&out), text);
            for line in out.lines() {
                prop_assert!(line.len() <= LINE && line.is_ascii());
                prop_assert!(!line.starts_with('.') && !line.starts_with("From "));
                prop_assert!(!line.ends_with(' ') && !line.ends_with('\t') && !line.contains("=_"));
            }
        }
    }
}
