//! A packed file that is unpacked on a thread of its own, a few blocks ahead of whoever takes them.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, sync_channel};

use super::source::LogInput;
use crate::thread;

/// Bytes in a block.
const BLOCK: usize = 256 << 10;
/// Blocks that wait to be taken.
const AHEAD: usize = 4;

/// Its blocks, in order; an error is the last.
#[derive(Debug)]
pub struct Unpacking {
    blocks: Receiver<io::Result<Vec<u8>>>,
}

impl Unpacking {
    /// Begins to unpack what `reader` gives. It ends when it is dropped.
    pub fn start(reader: impl Read + Send + 'static) -> Unpacking {
        let (sender, blocks) = sync_channel(AHEAD);
        let failed = sender.clone();
        let started = thread::start(move || {
            let mut source = LogInput::new(reader);
            loop {
                let mut block = vec![0; BLOCK];
                let given = match source.read(&mut block) {
                    Ok(0) => return,
                    Ok(count) => {
                        block.truncate(count);
                        Ok(block)
                    }
                    Err(error) => Err(error),
                };
                let last = given.is_err();
                if sender.send(given).is_err() || last {
                    return;
                }
            }
        });
        if let Err(error) = started {
            // There is room for it, and someone to take it.
            let _ = failed.try_send(Err(error));
        }
        Unpacking { blocks }
    }
}

impl Iterator for Unpacking {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<io::Result<Vec<u8>>> {
        self.blocks.recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    #[test]
    fn blocks_are_the_text_and_an_error_is_the_last() {
        let text: Vec<u8> = (0..200_000u32)
            .flat_map(|n| format!("{n}\n").into_bytes())
            .collect();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&text).expect("a vector takes all");
        let packed = encoder.finish().expect("a vector takes all");
        let blocks: io::Result<Vec<_>> =
            Unpacking::start(io::Cursor::new(packed.clone())).collect();
        assert!(blocks.expect("it is whole").concat() == text);
        let cut = io::Cursor::new(packed[..packed.len() / 2].to_vec());
        let blocks: Vec<_> = Unpacking::start(cut).collect();
        assert!(blocks.len() > 1 && blocks.last().is_some_and(|last| last.is_err()));
        // One that nobody takes to its end holds no one up.
        drop(Unpacking::start(io::Cursor::new(packed)));
    }
}
