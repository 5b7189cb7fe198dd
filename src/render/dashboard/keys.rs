//! Bytes of a terminal to keys.
//!
//! A terminal sends a key in one write, so an escape at the end of what was read is the Escape key, and one with
//! something after it begins a sequence. A character may be cut at the end of what was read.

/// A key that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyBinding {
    /// A character.
    Char(char),
    /// Enter, or return.
    Enter,
    /// Escape.
    Escape,
    /// Backspace.
    Backspace,
    /// Tab.
    Tab,
    /// Tab with shift.
    BackTab,
    /// An arrow.
    Up,
    /// An arrow.
    Down,
    /// An arrow.
    Left,
    /// An arrow.
    Right,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Home.
    Home,
    /// End.
    End,
}

/// What was read and is not a complete key yet.
#[derive(Debug, Default)]
pub struct Decoder {
    rest: Vec<u8>,
}

impl Decoder {
    /// The keys in `bytes`, which were read at once.
    pub fn keys(&mut self, bytes: &[u8]) -> Vec<KeyBinding> {
        let mut all = std::mem::take(&mut self.rest);
        all.extend_from_slice(bytes);
        let mut left = &all[..];
        let mut keys = Vec::new();
        while let Some(&first) = left.first() {
            let (key, length) = match first {
                b'\r' | b'\n' => (Some(KeyBinding::Enter), 1),
                b'\t' => (Some(KeyBinding::Tab), 1),
                0x08 | 0x7f => (Some(KeyBinding::Backspace), 1),
                0x1b => escape(&left[1..]),
                ..b' ' => (None, 1),
                b' '..=b'~' => (Some(KeyBinding::Char(char::from(first))), 1),
                _ => match character(left) {
                    Some(found) => found,
                    None => {
                        self.rest = left.to_vec();
                        break;
                    }
                },
            };
            keys.extend(key);
            left = &left[length..];
        }
        keys
    }
}

/// The key of an escape with what follows it, and how many bytes it takes.
fn escape(rest: &[u8]) -> (Option<KeyBinding>, usize) {
    match rest {
        // The sequences of application mode (SS3) and of normal mode (CSI) differ in one letter.
        [b'O', letter, ..] => (named(*letter), 3),
        [b'[', rest @ ..] => {
            let Some(end) = rest.iter().position(|byte| (b'@'..=b'~').contains(byte)) else {
                return (None, 2 + rest.len());
            };
            let key = match (rest[end], &rest[..end]) {
                (b'~', b"1" | b"7") => Some(KeyBinding::Home),
                (b'~', b"4" | b"8") => Some(KeyBinding::End),
                (b'~', b"5") => Some(KeyBinding::PageUp),
                (b'~', b"6") => Some(KeyBinding::PageDown),
                (b'Z', _) => Some(KeyBinding::BackTab),
                (letter, b"") => named(letter),
                _ => None,
            };
            (key, 2 + end + 1)
        }
        _ => (Some(KeyBinding::Escape), 1),
    }
}

fn named(letter: u8) -> Option<KeyBinding> {
    Some(match letter {
        b'A' => KeyBinding::Up,
        b'B' => KeyBinding::Down,
        b'C' => KeyBinding::Right,
        b'D' => KeyBinding::Left,
        b'H' => KeyBinding::Home,
        b'F' => KeyBinding::End,
        _ => return None,
    })
}

/// The character beyond ASCII at the beginning, and its length; `None` if its end has not come yet.
fn character(bytes: &[u8]) -> Option<(Option<KeyBinding>, usize)> {
    let four = &bytes[..bytes.len().min(4)];
    let text = match std::str::from_utf8(four) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() > 0 => {
            std::str::from_utf8(&four[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(error) => return Some((None, error.error_len()?)),
    };
    let c = text.chars().next()?;
    Some((Some(KeyBinding::Char(c)), c.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_what_terminals_send() {
        let mut decoder = Decoder::default();
        let mut keys = |bytes: &[u8]| decoder.keys(bytes);
        assert_eq!(
            keys(b"q\t\r\x7f"),
            [
                KeyBinding::Char('q'),
                KeyBinding::Tab,
                KeyBinding::Enter,
                KeyBinding::Backspace
            ]
        );
        assert_eq!(
            keys(b"\x1b[A\x1b[B\x1bOC\x1b[D"),
            [
                KeyBinding::Up,
                KeyBinding::Down,
                KeyBinding::Right,
                KeyBinding::Left
            ]
        );
        assert_eq!(
            keys(b"\x1b[5~\x1b[6~\x1b[Z"),
            [
                KeyBinding::PageUp,
                KeyBinding::PageDown,
                KeyBinding::BackTab
            ]
        );
        assert_eq!(keys(b"\x1b[H\x1b[4~"), [KeyBinding::Home, KeyBinding::End]);
        assert_eq!(keys(b"\x1b"), [KeyBinding::Escape]);
        assert_eq!(keys(b"\x1b\x1b[A"), [KeyBinding::Escape, KeyBinding::Up]);
        // With a modifier, or unknown: no key, and no part of it is taken for letters.
        assert_eq!(keys(b"\x1b[1;5A\x1b[24~\x1b[?1;2c\x01"), []);
    }

    #[test]
    fn a_character_may_come_in_pieces_and_what_is_none_is_passed_over() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.keys(b"\xe6\x97"), []);
        assert_eq!(
            decoder.keys(b"\xa5x"),
            [KeyBinding::Char('日'), KeyBinding::Char('x')]
        );
        assert_eq!(decoder.keys(b"\xff\xc3y"), [KeyBinding::Char('y')]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>, more: Vec<u8>) {
            let mut decoder = Decoder::default();
            decoder.keys(&bytes);
            decoder.keys(&more);
            prop_assert!(decoder.rest.len() < 4);
        }
    }
}
