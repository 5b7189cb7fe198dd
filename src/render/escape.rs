//! Log bytes are hostile: how they are written to a terminal, a page and a JSON string.

use std::fmt::Arguments;
use std::io::Write;

use bstr::ByteSlice;
use unicode_width::UnicodeWidthChar;

/// Whether a character could control a terminal or deceive a reader: controls, separators of lines, and all that are
/// default-ignorable by Unicode (DerivedCoreProperties.txt), which reorder or join text or do not show at all.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The most combining marks of a letter in any script; a larger pile of them would cover the lines around it.
const MARKS: usize = 4;

/// Log bytes as text for a terminal: unsafe characters as `\u{…}`, bytes that are not UTF-8 as `\x…`.
///
/// With `ascii`, all characters beyond ASCII are escaped too.
pub fn terminal(bytes: &[u8], ascii: bool) -> String {
    let mut out = Vec::with_capacity(bytes.len());
    push_terminal(bytes, ascii, &mut out);
    String::from_utf8(out).expect("what is not UTF-8 is escaped")
}

/// Appends what [`terminal`] returns.
pub fn push_terminal(bytes: &[u8], ascii: bool, out: &mut Vec<u8>) {
    if is_plain(bytes) {
        return out.extend_from_slice(bytes);
    }
    let mut marks = 0;
    for (start, end, c) in bytes.char_indices() {
        let raw = &bytes[start..end];
        marks = if c.width() == Some(0) { marks + 1 } else { 0 };
        if (c == '\u{fffd}' && raw != "\u{fffd}".as_bytes()) || c.is_ascii_control() {
            raw.iter()
                .for_each(|byte| push(out, format_args!("\\x{byte:02x}")));
        } else if is_unsafe(c) || marks > MARKS || (ascii && !c.is_ascii()) {
            push(out, format_args!("\\u{{{:x}}}", c as u32));
        } else {
            out.extend_from_slice(raw);
        }
    }
}

/// Whether all bytes are printable ASCII, as in most keys: nothing to escape, and each byte is a column.
pub fn is_plain(bytes: &[u8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let (words, rest) = bytes.as_chunks::<8>();
    // The high bit of a byte is set where it was, where the byte is less than a blank, and where it is DEL; what is carried
    // to the next byte is of such a byte.
    let high = words.iter().fold(0, |high, &word| {
        let word = u64::from_ne_bytes(word);
        high | word | word.wrapping_sub(ONES * 0x20) | word.wrapping_add(ONES)
    });
    high & (ONES << 7) == 0 && all(rest, |byte| matches!(byte, b' '..=b'~'))
}

/// Whether `holds` is true of every byte. Without an early exit the loop handles many bytes at once.
fn all(bytes: &[u8], holds: impl Fn(u8) -> bool) -> bool {
    bytes.iter().fold(true, |all, &byte| all & holds(byte))
}

fn push(out: &mut Vec<u8>, text: Arguments<'_>) {
    out.write_fmt(text).expect("a vector takes every write");
}

/// The most columns of a key on a page; longer keys are cut.
const SHOWN: usize = 200;

/// Log bytes as short text for a page or a label: as for a terminal, and cut if they are very long.
pub fn shown(bytes: &[u8]) -> String {
    // More bytes cannot be needed for this many columns.
    let bytes = &bytes[..bytes.len().min(8 * SHOWN)];
    super::bars::cut(&terminal(bytes, false), SHOWN, false)
}

/// Text for HTML, between tags or in a quoted attribute.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Appends log bytes as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD.
///
/// Characters that are unsafe on a terminal are escaped as well, since people look at JSON there.
pub fn json(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    if all(
        bytes,
        |byte| matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~'),
    ) {
        out.extend_from_slice(bytes);
    } else {
        json_chars(bytes, out);
    }
    out.push(b'"');
}

fn json_chars(bytes: &[u8], out: &mut Vec<u8>) {
    for c in bytes.chars() {
        match c {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            c if is_unsafe(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    push(out, format_args!("\\u{unit:04x}"));
                }
            }
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hostile_reaches_a_terminal() {
        assert_eq!(terminal(b"/plain", false), "/plain");
        assert_eq!(terminal("/caf\u{e9}".as_bytes(), false), "/café");
        assert_eq!(terminal("/caf\u{e9}".as_bytes(), true), "/caf\\u{e9}");
        assert_eq!(
            terminal(b"\x1b[2J\x07\n\x7f\0", false),
            "\\x1b[2J\\x07\\x0a\\x7f\\x00"
        );
        assert_eq!(
            terminal("\u{9b}31m\u{202e}x\u{200b}".as_bytes(), false),
            "\\u{9b}31m\\u{202e}x\\u{200b}"
        );
        let fillers = "\u{34f}\u{115f}\u{180b}\u{3164}\u{ffa0}\u{fff0}\u{1bca0}";
        let shown = terminal(format!("/a{fillers}").as_bytes(), false);
        assert_eq!(
            shown, "/a\\u{34f}\\u{115f}\\u{180b}\\u{3164}\\u{ffa0}\\u{fff0}\\u{1bca0}",
            "nothing that does not show is written"
        );
        assert_eq!(terminal(b"a\xffb\xc3", false), "a\\xffb\\xc3");
        let piled = format!("Z{}a\u{301}", "\u{361}".repeat(6));
        let four = "\u{361}".repeat(4);
        assert_eq!(
            terminal(piled.as_bytes(), false),
            format!("Z{four}\\u{{361}}\\u{{361}}a\u{301}")
        );
    }

    #[test]
    fn plain_is_what_needs_no_escape() {
        for byte in 0..=u8::MAX {
            let escaped = terminal(&[byte], true) != String::from_utf8_lossy(&[byte]);
            assert_eq!(is_plain(&[b'a', byte]), !escaped, "{byte}");
            for place in 0..11 {
                let mut key = *b" plain key~";
                key[place] = byte;
                assert_eq!(is_plain(&key), !escaped, "{byte} at {place}");
            }
        }
    }

    /// The man page gives this number.
    #[test]
    fn a_key_is_cut_after_200_columns() {
        let cut = |length: usize| shown("a".repeat(length).as_bytes());
        assert_eq!(cut(200), "a".repeat(200));
        assert_eq!(cut(201), format!("{}…", "a".repeat(199)));
        // Each byte is four columns here.
        assert_eq!(shown(&[0xff; 50]), "\\xff".repeat(50));
        assert_eq!(shown(&[0xff; 51]).chars().count(), 200);
    }

    #[test]
    fn json_strings_read_back_as_the_lossy_text() {
        let samples: [&[u8]; 7] = [
            b"",
            b"/a\"b\\c",
            b"\x1b[2J\n\r\t\0",
            b"a\xffb\xc3",
            "caf\u{e9} \u{202e}".as_bytes(),
            "\u{e0001}".as_bytes(),
            b"\xf0\x9f\x98",
        ];
        for bytes in samples {
            let mut out = Vec::new();
            json(bytes, &mut out);
            assert!(!out.iter().any(|&b| b < b' ' || b == 0x7f));
            let read: String = serde_json::from_slice(&out).unwrap();
            assert_eq!(read, String::from_utf8_lossy(bytes));
        }
    }
}
