//! The values of a row: a text in which no byte can be mistaken for the end of it, and is UTF-8; or a number.
//!
//! A value that is not there is empty, and an empty one is `\e`. Control characters, `\`, `"` and `#`, and bytes that are not
//! UTF-8, are `\x` and two hexadecimal digits: so other programs read a row without quotes and comments.

use crate::format::write;
use crate::time::Second;

/// The bytes that stand for themselves: ASCII that is printed, but for three.
const PLAIN: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0x20;
    while b < 0x7f {
        table[b] = !matches!(b as u8, b'\\' | b'"' | b'#');
        b += 1;
    }
    table
};

/// Appends a text.
#[inline]
pub(super) fn push_text(text: Option<&[u8]>, out: &mut Vec<u8>) {
    match text {
        None => {}
        Some(b"") => out.extend_from_slice(b"\\e"),
        Some(text) if is_plain(text) => out.extend_from_slice(text),
        Some(text) => push_escaped(text, out),
    }
}

/// Whether every byte stands for itself.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    let word = |bytes: &[u8; 8]| is_plain_word(u64::from_le_bytes(*bytes));
    // Some bytes are looked at twice.
    if let Some(last) = text.last_chunk() {
        text.as_chunks().0.iter().all(word) && word(last)
    } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        is_plain_word(u64::from(first) | u64::from(last) << 32)
    } else {
        text.iter().all(|&b| PLAIN[usize::from(b)])
    }
}

/// Whether each of eight bytes stands for itself, as [`PLAIN`] says.
#[inline]
fn is_plain_word(word: u64) -> bool {
    let all = |byte: u8| u64::from_le_bytes([byte; 8]);
    // The high bit of the least byte that is zero, and maybe of some above it.
    let zero = |word: u64| word.wrapping_sub(all(1)) & !word;
    let below_space = word.wrapping_sub(all(b' ')) & !word;
    let no_ascii = word | word.wrapping_add(all(1));
    // The two differ in the last bit.
    let quote_or_hash = zero((word & all(0xfe)) ^ all(b'"'));
    let backslash = zero(word ^ all(b'\\'));
    (below_space | no_ascii | quote_or_hash | backslash) & all(0x80) == 0
}

#[cold]
fn push_escaped(text: &[u8], out: &mut Vec<u8>) {
    for chunk in text.utf8_chunks() {
        for &b in chunk.valid().as_bytes() {
            if PLAIN[usize::from(b)] || b >= 0x80 {
                out.push(b);
            } else {
                push_byte(b, out);
            }
        }
        chunk.invalid().iter().for_each(|&b| push_byte(b, out));
    }
}

fn push_byte(b: u8, out: &mut Vec<u8>) {
    let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble & 15)];
    out.extend_from_slice(&[b'\\', b'x', digit(b >> 4), digit(b)]);
}

/// Appends what an escaped text means to `out`; `None` if it is none.
pub(super) fn unescape(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = match &rest[at + 1..] {
            [b'e'] if text.len() == 2 => &[],
            [b'x', high, low, rest @ ..] => {
                let digit = |b: u8| char::from(b).to_digit(16);
                out.push((digit(*high)? << 4 | digit(*low)?) as u8);
                rest
            }
            _ => return None,
        };
    }
    out.extend_from_slice(rest);
    Some(())
}

/// Appends a number.
#[inline]
pub(super) fn push_number(number: Option<u64>, out: &mut Vec<u8>) {
    if let Some(number) = number {
        write::number(number, out);
    }
}

/// Appends a number that may be negative.
#[inline]
pub(super) fn push_signed(number: i64, out: &mut Vec<u8>) {
    if number < 0 {
        out.push(b'-');
    }
    push_number(Some(number.unsigned_abs()), out);
}

/// A number of digits alone.
#[inline]
pub(super) fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |number, &b| {
        let digit = b.wrapping_sub(b'0');
        let more = number.checked_mul(10)?.checked_add(digit.into())?;
        (digit < 10).then_some(more)
    })
}

/// A second since 1970, of a year that a date can have.
#[inline]
pub(super) fn second(text: &[u8]) -> Option<Second> {
    let seconds = signed(text)?;
    (-62_135_596_800..=253_402_207_200)
        .contains(&seconds)
        .then_some(Second(seconds))
}

/// A number that may be negative.
#[inline]
pub(super) fn signed(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let number = i64::try_from(number(digits)?).ok()?;
    Some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_comes_back_and_has_no_byte_that_ends_a_value(
            text in prop::collection::vec(prop_oneof![Just(b'\\'), Just(b'#'), Just(b'e'), Just(0xc3), Just(0xa9), any::<u8>()], 0..20),
        ) {
            let mut row = Vec::new();
            push_text(Some(&text), &mut row);
            prop_assert!(!row.is_empty() && std::str::from_utf8(&row).is_ok());
            prop_assert!(!row.iter().any(|b| b.is_ascii_control() || b"#\"".contains(b)));
            let mut back = Vec::new();
            prop_assert_eq!(unescape(&row, &mut back), Some(()));
            prop_assert_eq!(back, text);
        }

        #[test]
        fn any_number_comes_back(number in any::<u64>()) {
            let mut text = Vec::new();
            push_number(Some(number), &mut text);
            prop_assert_eq!(super::number(&text), Some(number));
        }
    }

    /// Byte by byte, at every place of a word and behind it.
    #[test]
    fn a_byte_stands_for_itself_wherever_it_is() {
        for len in 1..20 {
            for (at, b) in (0..len).flat_map(|at| (0..=255).map(move |b| (at, b))) {
                for other in *b"~ !$[]" {
                    let mut text = vec![other; len];
                    text[at] = b;
                    assert_eq!(is_plain(&text), PLAIN[usize::from(b)], "{text:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for text in ["\\", "\\x", "\\x1", "\\xg0", "a\\e", "\\ea", "\\n"] {
            assert_eq!(unescape(text.as_bytes(), &mut Vec::new()), None, "{text}");
        }
        for text in ["", "-1", "1a", "18446744073709551616"] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
        assert_eq!(signed(b"-12"), Some(-12));
    }
}
