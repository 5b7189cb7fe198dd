//! What rows begin with: the status, the method and the protocol.

use crate::format::record::Record;
use crate::hashing::GOLDEN_RATIO;

/// The beginnings of rows that were written: a log has few that differ, and a copy of a known length takes a tenth of the
/// time.
#[derive(Debug)]
pub struct RowBeginnings {
    /// Some bits of what makes a beginning choose a place for it.
    places: Box<[RowBeginning; PLACES]>,
}

/// How many are remembered: a power of two.
const PLACES: usize = 64;
/// No longer one is remembered.
const LONGEST: usize = 32;

/// A beginning.
#[derive(Debug, Clone, Copy, Default)]
struct RowBeginning {
    of: BeginningOf,
    len: usize,
    text: [u8; LONGEST],
}

/// What makes it: the status and the lengths of method and protocol, and their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct BeginningOf(u64, u64, u64);

impl Default for RowBeginnings {
    fn default() -> RowBeginnings {
        RowBeginnings {
            places: Box::new([RowBeginning::default(); PLACES]),
        }
    }
}

impl BeginningOf {
    /// That of a record; `None` where it is seldom.
    #[inline]
    fn record(record: &Record<'_>) -> Option<BeginningOf> {
        let request = record.request?;
        let (method, protocol) = (request.method, request.protocol?);
        let lengths = (method.len() << 8 | protocol.len()) as u64;
        // None has the lengths of nothing, as a place that is free has.
        let status = u64::from(record.status?) << 16;
        let known = !method.is_empty() && method.len() <= 8 && protocol.len() <= 8;
        known.then(|| BeginningOf(status | lengths, word(method), word(protocol)))
    }

    /// Its place.
    #[inline]
    fn place(self) -> usize {
        let mixed = self.0.rotate_left(32) ^ self.1.rotate_left(7) ^ self.2;
        let mixed = mixed.wrapping_mul(GOLDEN_RATIO);
        (mixed >> (u64::BITS - PLACES.ilog2())) as usize
    }
}

/// The bytes of a text that is no longer than this; those of one length are the same only if it is.
#[inline]
fn word(text: &[u8]) -> u64 {
    if let Some(word) = text.first_chunk() {
        u64::from_le_bytes(*word)
    } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
    } else {
        let byte = |at: usize| text.get(at).copied().map_or(0, u64::from);
        byte(0) | byte(1) << 8 | byte(2) << 16
    }
}

impl RowBeginnings {
    /// Appends the first columns, as `write` does.
    #[inline]
    pub(super) fn write(
        &mut self,
        record: &Record<'_>,
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        let of = BeginningOf::record(record);
        let from = out.len();
        if let Some(of) = of {
            let known = &self.places[of.place()];
            if known.of == of {
                out.extend_from_slice(&known.text);
                return out.truncate(from + known.len);
            }
        }
        write(out);
        let written = &out[from..];
        if let Some(of) = of.filter(|_| written.len() <= LONGEST) {
            let known = &mut self.places[of.place()];
            (known.of, known.len) = (of, written.len());
            known.text[..written.len()].copy_from_slice(written);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::record::Request;

    /// The same, whatever was written before.
    #[test]
    fn a_beginning_that_is_remembered_is_what_would_be_written() {
        let texts = [
            "", "G", "GET", "GEX", "POST", "DELETE", "DELETX", "OPTIONS1", "OPTIONS2",
        ];
        let odd = [
            "PROPPATCH",
            "HTTP/1.1",
            "HTTP/2.0",
            "a\tb",
            "\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}",
        ];
        let texts: Vec<&str> = texts.into_iter().chain(odd).collect();
        let mut remembered = RowBeginnings::default();
        let statuses = [None, Some(0), Some(200), Some(404), Some(999)];
        for _ in 0..2 {
            for (method, protocol) in texts.iter().flat_map(|m| texts.iter().map(move |p| (m, p))) {
                for status in statuses {
                    for (known, request) in [(true, true), (false, true), (false, false)] {
                        let record = Record {
                            status,
                            request: request.then_some(Request {
                                method: method.as_bytes(),
                                target: b"/",
                                protocol: known.then_some(protocol.as_bytes()),
                            }),
                            ..Record::EMPTY
                        };
                        let (mut want, mut found) = (Vec::new(), Vec::new());
                        let write = |out: &mut Vec<u8>| {
                            let request = record.request;
                            let request = request.map(|it| (it.method, it.protocol));
                            out.extend_from_slice(format!("{status:?} {request:?}").as_bytes());
                            // Too long to be remembered, or not.
                            out.truncate(if method.len() % 2 == 0 { 32 } else { 99 });
                        };
                        write(&mut want);
                        remembered.write(&record, &mut found, write);
                        assert_eq!(found, want, "{record:?}");
                    }
                }
            }
        }
    }
}
