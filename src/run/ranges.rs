//! Parts of a text that is read from its beginning, once.

use std::io::{self, Read};
use std::ops::Range;

/// All of a text.
pub(super) const WHOLE: Range<u64> = 0..u64::MAX;

/// Reads some ranges of a text, which ascend.
pub(super) struct RangeReader<R> {
    source: R,
    ranges: Vec<Range<u64>>,
    /// How much of the text was read.
    at: u64,
}

impl<R: Read> RangeReader<R> {
    /// Reads `ranges` of what `source` gives.
    pub(super) fn new(source: R, ranges: &[Range<u64>]) -> RangeReader<R> {
        RangeReader {
            source,
            // The next is the last.
            ranges: ranges.iter().rev().cloned().collect(),
            at: 0,
        }
    }

    /// What gives the text.
    pub(super) fn source(&self) -> &R {
        &self.source
    }
}

impl<R: Read> Read for RangeReader<R> {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        while let Some(range) = self.ranges.last() {
            if self.at >= range.end {
                self.ranges.pop();
                continue;
            }
            if self.at < range.start {
                let skipped = io::copy(
                    &mut self.source.by_ref().take(range.start - self.at),
                    &mut io::sink(),
                )?;
                self.at += skipped;
                if skipped == 0 {
                    return Ok(0);
                }
                continue;
            }
            let most = usize::try_from(range.end - self.at).unwrap_or(usize::MAX);
            let most = most.min(block.len());
            let count = self.source.read(&mut block[..most])?;
            self.at += count as u64;
            return Ok(count);
        }
        Ok(0)
    }
}
