//! What the last line of a rollup says of those before it.

use std::fmt;

use super::value;
use crate::time::Second;

/// Counts the lines of a rollup.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Seal {
    rows: u64,
    hits: u64,
    sum: u64,
    span: Option<(Second, Second)>,
}

/// What the end of a rollup says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RollupEnd {
    /// Rows.
    pub rows: u64,
    /// Their hits.
    pub hits: u64,
    /// The sum of all lines; `None` where another program wrote them.
    pub sum: Option<u64>,
}

impl Seal {
    /// Counts a line that is no row, without its newline.
    #[inline]
    pub fn line(&mut self, line: &[u8]) {
        self.sum = self.sum.wrapping_add(digest(line));
    }

    /// Counts a row that stands for so many hits at this time, without its newline.
    #[inline]
    pub fn row(&mut self, line: &[u8], time: Second, hits: u64) {
        self.line(line);
        self.rows += 1;
        self.hits = self.hits.saturating_add(hits);
        let (from, to) = self.span.unwrap_or((time, time));
        self.span = Some((from.min(time), to.max(time)));
    }

    /// Counts a line of either kind.
    pub fn any(&mut self, line: &[u8]) {
        let mut values = line.splitn(3, |&b| b == b'\t');
        let mut value = || values.next().unwrap_or_default();
        match value::second(value()).zip(value::number(value())) {
            Some((time, hits)) => self.row(line, time, hits),
            None => self.line(line),
        }
    }

    /// The least and greatest times of its rows.
    pub fn span(&self) -> Option<(Second, Second)> {
        self.span
    }

    /// Whether this is what the end says.
    pub fn fits(&self, end: &[u8]) -> bool {
        let end = RollupEnd::read(end);
        end.rows == self.rows && end.hits == self.hits && end.sum.is_none_or(|sum| sum == self.sum)
    }
}

/// The last line.
impl fmt::Display for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Seal {
            rows, hits, sum, ..
        } = self;
        writeln!(f, "#end rows={rows} hits={hits} sum={sum:016x}")
    }
}

impl RollupEnd {
    /// Reads what stands behind `#end `.
    fn read(text: &[u8]) -> RollupEnd {
        let mut end = RollupEnd::default();
        for word in text.split(|&b| b == b' ') {
            let word = std::str::from_utf8(word).unwrap_or_default();
            match word.split_once('=') {
                Some(("rows", rows)) => end.rows = rows.parse().unwrap_or(u64::MAX),
                Some(("hits", hits)) => end.hits = hits.parse().unwrap_or(u64::MAX),
                // One that is no number fits nothing.
                Some(("sum", sum)) => end.sum = Some(u64::from_str_radix(sum, 16).unwrap_or(0)),
                _ => {}
            }
        }
        end
    }
}

/// A number for a line: its words of eight bytes, each mixed into what came before.
#[inline]
fn digest(line: &[u8]) -> u64 {
    // The golden ratio in 64 bits, as in Knuth's multiplicative hashing.
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |sum: u64, word: u64| ((sum ^ word).wrapping_mul(FACTOR)).rotate_left(29);
    let (words, rest) = line.as_chunks::<8>();
    let words = words.iter().map(|&word| u64::from_le_bytes(word));
    let sum = words.fold(line.len() as u64, mix);
    let last = match line.last_chunk() {
        // Those of them that are no part of a whole word.
        Some(_) if rest.is_empty() => 0,
        Some(last) => u64::from_le_bytes(*last) >> (64 - 8 * rest.len()),
        None => rest
            .iter()
            .rev()
            .fold(0, |word, &b| word << 8 | u64::from(b)),
    };
    let sum = mix(sum, last);
    (sum ^ sum >> 32).wrapping_mul(FACTOR)
}
