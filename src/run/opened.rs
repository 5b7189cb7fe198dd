//! Inputs that are read along with each other, and what all of them take together: open files, and memory to unpack.
//!
//! However many there are, so many files stay open; one more is opened again each time it is read. Unpackers keep
//! windows, and those have a budget. Where one more is past it, what is left of its file is unpacked at once and
//! [put aside](Spool), as `sort` does with what it cannot hold.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::operands::Operand;
use super::ranges::RangeReader;
use super::spool::{Spool, SpooledText};
use super::{file, same};
use crate::input::source::LogInput;

/// Files that stay open.
const FILES: usize = 128;
/// Bytes that unpackers may take: four of what `zstd -3` has packed.
const UNPACKERS: usize = 20 << 20;

/// What the inputs of a run have in common.
#[derive(Debug, Default)]
pub(super) struct OpenInputs {
    files: AtomicUsize,
    unpackers: AtomicUsize,
    spool: Arc<Spool>,
}

/// An input, to be read to its end.
pub(super) struct OpenInput {
    inputs: Arc<OpenInputs>,
    source: OpenSource,
    /// What its unpacker takes.
    held: usize,
}

enum OpenSource {
    Stream(Box<RangeReader<LogInput<OpenBytes>>>),
    Aside(SpooledText),
    /// It cannot be put aside: why, until that is told.
    Failed(Option<io::Error>),
}

/// Bytes as they lie in a file.
enum OpenBytes {
    Stdin(io::Stdin),
    Kept(KeptFile),
    /// One that is opened each time, and how much of it was read.
    Again(PathBuf, (u64, u64), u64),
}

/// One of the files that stay open.
struct KeptFile {
    file: File,
    inputs: Arc<OpenInputs>,
}

impl OpenInputs {
    /// Opens what is in `operand`. A named pipe is opened only once: its writer would be cut off by a second time.
    ///
    /// # Errors
    ///
    /// If it cannot be opened.
    fn bytes(self: &Arc<OpenInputs>, operand: &Operand) -> io::Result<OpenBytes> {
        let (file, name) = match operand {
            Operand::Stdin => match file::stdin() {
                Some(file) => (file, None),
                None => return Ok(OpenBytes::Stdin(io::stdin())),
            },
            Operand::File(name) => (File::open(name)?, Some(name)),
        };
        let metadata = file.metadata()?;
        let others = self.files.fetch_add(1, Ordering::Relaxed);
        let kept = KeptFile {
            file,
            inputs: Arc::clone(self),
        };
        Ok(match name {
            Some(name) if others >= FILES && metadata.is_file() => {
                OpenBytes::Again(name.into(), same::id(&metadata), 0)
            }
            _ => OpenBytes::Kept(kept),
        })
    }
}

impl Drop for KeptFile {
    fn drop(&mut self) {
        self.inputs.files.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Read for OpenBytes {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        match self {
            OpenBytes::Stdin(stdin) => stdin.read(block),
            OpenBytes::Kept(kept) => kept.file.read(block),
            OpenBytes::Again(path, id, at) => {
                let mut file = File::open(path)?;
                if same::id(&file.metadata()?) != *id {
                    return Err(io::Error::other("another file has its name by now"));
                }
                file.seek(SeekFrom::Start(*at))?;
                let count = file.read(block)?;
                *at += count as u64;
                Ok(count)
            }
        }
    }
}

impl OpenInput {
    /// Opens `operand`, to read these ranges of its text.
    ///
    /// # Errors
    ///
    /// If it cannot be opened.
    pub(super) fn new(
        operand: &Operand,
        ranges: &[Range<u64>],
        inputs: &Arc<OpenInputs>,
    ) -> io::Result<OpenInput> {
        let text = RangeReader::new(LogInput::new(inputs.bytes(operand)?), ranges);
        Ok(OpenInput {
            inputs: Arc::clone(inputs),
            source: OpenSource::Stream(Box::new(text)),
            held: 0,
        })
    }

    /// Its unpacker takes so much now; whether that is too much beside the others.
    fn hold(&mut self, held: usize) -> bool {
        let all = &self.inputs.unpackers;
        let before = all.fetch_add(held, Ordering::Relaxed);
        all.fetch_sub(self.held, Ordering::Relaxed);
        let others = before - self.held;
        self.held = held;
        others > 0 && others.saturating_add(held) > UNPACKERS
    }
}

impl Read for OpenInput {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        let (read, held) = match &mut self.source {
            OpenSource::Stream(text) => (text.read(block), text.source().held()),
            OpenSource::Aside(text) => return text.read(block),
            OpenSource::Failed(error) => return error.take().map_or(Ok(0), Err),
        };
        if held != self.held
            && self.hold(held)
            && let OpenSource::Stream(text) = &mut self.source
        {
            let aside = self.inputs.spool.put(text);
            self.source = match aside {
                Ok(text) => OpenSource::Aside(text),
                Err(error) => OpenSource::Failed(Some(error)),
            };
            self.hold(0);
        }
        read
    }
}

impl Drop for OpenInput {
    fn drop(&mut self) {
        self.hold(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever is read at once, and unless another file has the name by then.
    #[test]
    fn a_file_that_is_opened_again_goes_on_where_it_was() {
        let path = std::env::temp_dir().join(format!("httpmon-again-{}", std::process::id()));
        let id = |path| same::id(&std::fs::metadata(path).expect("it is there"));
        std::fs::write(&path, "one two three").expect("a file");
        let mut bytes = OpenBytes::Again(path.clone(), id(&path), 0);
        let mut read = |count| {
            let mut block = vec![0; count];
            let count = bytes.read(&mut block)?;
            block.truncate(count);
            Ok::<Vec<u8>, io::Error>(block)
        };
        assert_eq!(read(3).expect("it is there"), b"one");
        assert_eq!(read(4).expect("it is there"), b" two");
        let kept = path.with_extension("kept");
        std::fs::rename(&path, &kept).expect("its own");
        std::fs::write(&path, "another of a size").expect("a file");
        let error = read(3).expect_err("it is another");
        assert!(error.to_string().contains("another file"), "{error}");
        std::fs::rename(&kept, &path).expect("its own");
        assert_eq!(read(9).expect("it is back"), b" three");
        assert_eq!(read(9).expect("it is there"), b"");
        std::fs::remove_file(&path).expect("its own");
    }
}
