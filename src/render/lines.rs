//! Lines of the log as they stand in it, for other programs and for `less`.

use super::{Render, escape};
use crate::report::Event;
use crate::time::Zone;

/// Nothing is written of an event: the lines themselves are not events, see [`write()`].
#[derive(Debug)]
pub struct NoEvents;

impl Render for NoEvents {
    fn render(&mut self, _: &Event, _: &Zone, _: &mut Vec<u8>) {}
}

/// Appends a line to `out`, behind `source` and a colon if there is one. For a terminal, what could move its cursor is
/// escaped; else the bytes are those of the log. A name is escaped everywhere: a newline in it would make lines of its own.
pub fn write(source: Option<&[u8]>, line: &[u8], terminal: bool, out: &mut Vec<u8>) {
    if let Some(source) = source {
        out.extend_from_slice(escape::terminal(source, false).as_bytes());
        out.push(b':');
    }
    if terminal {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        out.extend_from_slice(escape::terminal(line, false).as_bytes());
    } else {
        out.extend_from_slice(line);
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_escaped_for_a_terminal_only() {
        let shown = |source, terminal| {
            let mut out = Vec::new();
            write(source, b"a \x1b[2J\xff\r", terminal, &mut out);
            String::from_utf8_lossy(&out).into_owned()
        };
        assert_eq!(shown(None, false), "a \x1b[2J\u{fffd}\r\n");
        assert_eq!(shown(None, true), "a \\x1b[2J\\xff\n");
        assert_eq!(
            shown(Some(&b"x\ny"[..]), false),
            "x\\x0ay:a \x1b[2J\u{fffd}\r\n"
        );
    }
}
