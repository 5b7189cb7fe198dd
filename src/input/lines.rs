//! Newline-split bytes, however they were read.
//!
//! A line that lies in one block is lent from it, uncopied. Only the line that a block boundary cuts
//! is put together in `carry`, which never holds more than [`MAX_LINE`]: past that the rest of the
//! line is dropped and the line says so.

use memchr::memchr;

use super::records;

/// The longest line that is read whole.
pub const MAX_LINE: usize = 1 << 20;

/// A line, without its newline and one carriage return before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its bytes, at most [`MAX_LINE`] of them.
    pub bytes: &'a [u8],
    /// Whether it was longer.
    pub cut: bool,
}

/// Who takes lines. A function does, one by one.
pub trait Take {
    /// Takes the line that `text` begins with, if it ends in there and its taker finds the end by itself: its
    /// length, with its newline. `None`, and nothing was taken, where it is to be found first.
    fn take_ahead(&mut self, text: &[u8]) -> Option<usize>;

    /// Takes a line.
    fn take(&mut self, line: Line<'_>);

    /// Takes a line as it stands in the log, with its carriage return: by default as a line without it, or as each record
    /// of one that holds several.
    #[inline(always)]
    fn take_whole(&mut self, line: Line<'_>)
    where
        Self: Sized,
    {
        take_records(line, self);
    }
}

/// Hands on a line without its carriage return, or each record of one that holds several.
#[inline(always)]
pub fn take_records(line: Line<'_>, taker: &mut impl Take) {
    let bytes = trim_return(line.bytes);
    match records::of(bytes) {
        None => taker.take(Line { bytes, ..line }),
        Some(found) => {
            for bytes in found {
                taker.take(Line { bytes, cut: false });
            }
        }
    }
}

impl<F: FnMut(Line<'_>)> Take for F {
    #[inline(always)]
    fn take_ahead(&mut self, _: &[u8]) -> Option<usize> {
        None
    }

    #[inline(always)]
    fn take(&mut self, line: Line<'_>) {
        self(line);
    }
}

/// Splits blocks into lines. The lines do not depend on where the blocks were cut.
#[derive(Debug, Default)]
pub struct Lines {
    /// The beginning of a line whose newline has not come. Invariant: `len <= MAX_LINE`.
    carry: Vec<u8>,
    cut: bool,
}

impl Lines {
    /// Takes a block and lends every line that it ends to `taker`.
    pub fn feed(&mut self, block: &[u8], taker: &mut impl Take) {
        let mut rest = block;
        if self.is_pending() {
            let Some(end) = memchr(b'\n', rest) else {
                return self.hold(rest);
            };
            self.hold(&rest[..end]);
            self.finish(taker);
            rest = &rest[end + 1..];
        }
        loop {
            // One that is longer is to be cut.
            if let Some(len) = taker.take_ahead(&rest[..rest.len().min(MAX_LINE)]) {
                rest = &rest[len..];
                continue;
            }
            let Some(end) = memchr(b'\n', rest) else {
                return self.hold(rest);
            };
            let line = &rest[..end];
            let cut = line.len() > MAX_LINE;
            taker.take_whole(Line {
                bytes: &line[..line.len().min(MAX_LINE)],
                cut,
            });
            rest = &rest[end + 1..];
        }
    }

    /// The input ended: lends the last line, if it had no newline.
    pub fn finish(&mut self, taker: &mut impl Take) {
        if self.is_pending() {
            taker.take_whole(Line {
                bytes: &self.carry,
                cut: self.cut,
            });
            // A long line must not keep its memory for good.
            self.carry.clear();
            self.carry.shrink_to(MAX_LINE / 16);
            self.cut = false;
        }
    }

    fn is_pending(&self) -> bool {
        !self.carry.is_empty()
    }

    fn hold(&mut self, bytes: &[u8]) {
        let room = MAX_LINE - self.carry.len();
        self.cut |= bytes.len() > room;
        self.carry
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

fn trim_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(blocks: &[&[u8]]) -> Vec<(Vec<u8>, bool)> {
        let mut lines = Lines::default();
        let mut out = Vec::new();
        for block in blocks {
            lines.feed(block, &mut |line: Line<'_>| {
                out.push((line.bytes.to_vec(), line.cut))
            });
        }
        lines.finish(&mut |line: Line<'_>| out.push((line.bytes.to_vec(), line.cut)));
        out
    }

    fn whole(lines: &[&str]) -> Vec<(Vec<u8>, bool)> {
        lines
            .iter()
            .map(|line| (line.as_bytes().to_vec(), false))
            .collect()
    }

    #[test]
    fn lines_end_at_newlines_and_lose_one_carriage_return() {
        assert_eq!(
            split(&[b"a\nb\r\n\nc\r\r\n\0d"]),
            whole(&["a", "b", "", "c\r", "\0d"])
        );
        assert_eq!(split(&[]), whole(&[]));
        assert_eq!(split(&[b"\n"]), whole(&[""]));
        assert_eq!(split(&[b"a"]), whole(&["a"]));
    }

    #[test]
    fn a_line_past_the_limit_is_cut_and_the_next_is_whole() {
        let block = vec![b'x'; MAX_LINE / 2 + 1];
        let lines = split(&[&block, &block, &block, b"\nnext\n"]);
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[0].0.len(), lines[0].1), (MAX_LINE, true));
        assert_eq!(lines[1], (b"next".to_vec(), false));
        let mut exact = vec![b'x'; MAX_LINE];
        exact.push(b'\n');
        assert_eq!(split(&[&exact]), [(vec![b'x'; MAX_LINE], false)]);
        // Nor is one taken ahead that is to be cut.
        let mut long = vec![b'a'; MAX_LINE + 1];
        long.push(b'\n');
        let mut ahead = Ahead::default();
        Lines::default().feed(&long, &mut ahead);
        assert_eq!(ahead.0, [(vec![b'a'; MAX_LINE], true)]);
    }

    /// Takes lines of the letter `a` and finds their ends by itself.
    #[derive(Default)]
    struct Ahead(Vec<(Vec<u8>, bool)>);

    impl Take for Ahead {
        fn take_ahead(&mut self, text: &[u8]) -> Option<usize> {
            let len = text.iter().position(|&b| b != b'a')?;
            (text[len] == b'\n').then(|| self.0.push((text[..len].to_vec(), false)))?;
            Some(len + 1)
        }

        fn take(&mut self, line: Line<'_>) {
            self.0.push((line.bytes.to_vec(), line.cut));
        }
    }

    proptest! {
        #[test]
        fn lines_that_are_taken_ahead_are_the_same_lines(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'a'), Just(b'a'), Just(b'b')], 0..60), size in 1usize..70) {
            let mut lines = Lines::default();
            let mut ahead = Ahead::default();
            bytes.chunks(size).for_each(|block| lines.feed(block, &mut ahead));
            lines.finish(&mut ahead);
            prop_assert_eq!(ahead.0, split(&[&bytes]));
        }

        #[test]
        fn any_split_into_blocks_gives_the_same_lines(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..200), cuts in proptest::collection::vec(0usize..200, 0..8)) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut blocks = Vec::new();
            let mut from = 0;
            for cut in cuts {
                blocks.push(&bytes[from..cut]);
                from = cut;
            }
            blocks.push(&bytes[from..]);
            prop_assert_eq!(split(&blocks), split(&[&bytes]));
        }
    }
}
