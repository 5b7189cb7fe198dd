//! Text that is put aside, packed, in a temporary file that has no name any more, so that nothing of it stays behind
//! whatever ends the program.
//!
//! It is packed in blocks, each by itself: between two blocks a text that is read takes no memory, where an unpacker would
//! keep its window. A text has extents of the file, which others write too, and gives each back when it is read.

use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::file;
use crate::render::escape;

/// Bytes of text packed at once: as many as are counted at once of each of a thousand files. Rollups take a third more than
/// behind `zstd -3`; in blocks of 64 KiB a fifth.
const BLOCK: usize = 8 << 10;
/// Bytes of an extent.
const EXTENT: usize = 128 << 10;

/// The file, once there is one.
#[derive(Debug, Default)]
pub(super) struct Spool {
    file: Mutex<SpoolFile>,
    /// What packs, while it does not: made and dropped for each text, it would leave holes in memory that add up.
    spare: Mutex<Vec<Packer>>,
}

/// Packs blocks of a text.
#[derive(Debug)]
struct Packer {
    encoder: DeflateEncoder<Vec<u8>>,
    block: Vec<u8>,
    /// What was packed and is not written.
    packed: Vec<u8>,
}

#[derive(Debug, Default)]
struct SpoolFile {
    file: Option<File>,
    /// How many extents it has, and those that hold nothing any more.
    extents: u64,
    free: Vec<u64>,
}

/// A text that was put aside, to be read once.
#[derive(Debug)]
pub(super) struct SpooledText {
    spool: Arc<Spool>,
    /// Where what is left of it lies.
    extents: VecDeque<u64>,
    /// How much of the first of them was read.
    at: usize,
    /// Bytes that are left there.
    left: u64,
    /// What was unpacked last, and how much of that was read.
    block: Vec<u8>,
    read: usize,
    /// Why there is no more behind its end.
    failed: Option<io::Error>,
}

impl Spool {
    /// Puts aside what is left of `source`. What is wrong with that is told behind what could be read.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub(super) fn put(self: &Arc<Spool>, source: &mut dyn Read) -> io::Result<SpooledText> {
        let mut text = SpooledText {
            spool: Arc::clone(self),
            extents: VecDeque::new(),
            at: 0,
            left: 0,
            block: Vec::new(),
            read: 0,
            failed: None,
        };
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let mut packer = spare.pop().unwrap_or_else(Packer::new);
        drop(spare);
        while packer.take(source, &mut text.failed)? {
            self.write_of(&mut packer, EXTENT, &mut text)?;
        }
        self.write_of(&mut packer, 1, &mut text)?;
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        spare.push(packer);
        Ok(text)
    }

    /// Writes what was packed, while there are so many bytes of it.
    fn write_of(
        &self,
        packer: &mut Packer,
        least: usize,
        text: &mut SpooledText,
    ) -> io::Result<()> {
        let packed = &mut packer.packed;
        while packed.len() >= least {
            let extent = packed.len().min(EXTENT);
            text.extents.push_back(self.write(&packed[..extent])?);
            text.left += extent as u64;
            packed.drain(..extent);
        }
        Ok(())
    }

    /// Writes an extent, and says where.
    fn write(&self, bytes: &[u8]) -> io::Result<u64> {
        let folder = std::env::temp_dir();
        self.lock().write(bytes, &folder).map_err(|error| {
            let folder = escape::terminal(folder.to_string_lossy().as_bytes(), false);
            let said =
                format!("cannot be unpacked into {folder}: {error} (TMPDIR names another folder)");
            // Of another kind: it is not the input that is not there.
            io::Error::other(said)
        })
    }

    fn lock(&self) -> MutexGuard<'_, SpoolFile> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Packer {
    fn new() -> Packer {
        Packer {
            encoder: DeflateEncoder::new(Vec::new(), Compression::fast()),
            block: Vec::with_capacity(BLOCK),
            packed: Vec::with_capacity(EXTENT + BLOCK),
        }
    }

    /// Packs the next block of `source`; whether there is more behind it. What is wrong with the source is left in `failed`.
    fn take(&mut self, source: &mut dyn Read, failed: &mut Option<io::Error>) -> io::Result<bool> {
        self.block.clear();
        let read = source.take(BLOCK as u64).read_to_end(&mut self.block);
        if !self.block.is_empty() {
            self.encoder.write_all(&self.block)?;
            let bytes = self.encoder.reset(Vec::new())?;
            let length = bytes.len() as u32;
            self.packed.extend_from_slice(&length.to_le_bytes());
            self.packed.extend_from_slice(&bytes);
        }
        *failed = read.err();
        Ok(failed.is_none() && !self.block.is_empty())
    }
}

impl SpoolFile {
    fn write(&mut self, bytes: &[u8], folder: &Path) -> io::Result<u64> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(nameless(folder)?),
        };
        let extent = self.free.pop().unwrap_or(self.extents);
        self.extents = self.extents.max(extent + 1);
        let written = file
            .seek(SeekFrom::Start(extent * EXTENT as u64))
            .and_then(|_| file.write_all(bytes));
        if written.is_err() {
            self.give_back(extent);
        }
        written.map(|()| extent)
    }

    fn read(&mut self, extent: u64, at: usize, bytes: &mut [u8]) -> io::Result<()> {
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        file.seek(SeekFrom::Start(extent * EXTENT as u64 + at as u64))?;
        file.read_exact(bytes)
    }

    /// Nothing that is in this extent will be read any more.
    fn give_back(&mut self, extent: u64) {
        self.free.push(extent);
        if self.free.len() as u64 == self.extents {
            // The disk has it back. Where that fails, it is written again or goes with the file.
            let _ = self.file.as_mut().map(|file| file.set_len(0));
            self.free.clear();
            self.extents = 0;
        }
    }
}

/// A file in `folder` without a name.
fn nameless(folder: &Path) -> io::Result<File> {
    // Nobody else can know it beforehand.
    let number = RandomState::new().build_hasher().finish();
    let path = folder.join(format!("httpmon-{number:016x}"));
    let file = file::create_private(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

impl SpooledText {
    /// The next bytes of those that are packed.
    fn take(&mut self, len: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        let mut filled = 0;
        while filled < len {
            let &extent = self.extents.front().ok_or(io::ErrorKind::UnexpectedEof)?;
            let count = (len - filled).min(EXTENT - self.at);
            let mut file = self.spool.lock();
            file.read(extent, self.at, &mut bytes[filled..filled + count])?;
            filled += count;
            self.at += count;
            self.left = self.left.saturating_sub(count as u64);
            if self.at == EXTENT || self.left == 0 {
                self.extents.pop_front();
                self.at = 0;
                file.give_back(extent);
            }
        }
        Ok(bytes)
    }
}

impl Read for SpooledText {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        if self.read == self.block.len() {
            if self.left == 0 {
                return self.failed.take().map_or(Ok(0), Err);
            }
            let mut length = [0; 4];
            length.copy_from_slice(&self.take(4)?);
            let packed = self.take(u32::from_le_bytes(length) as usize)?;
            self.block.reserve_exact(BLOCK);
            DeflateDecoder::new(&packed[..]).read_to_end(&mut self.block)?;
        }
        let count = (&self.block[self.read..]).read(block)?;
        self.read += count;
        if self.read == self.block.len() {
            (self.block, self.read) = (Vec::new(), 0);
        }
        Ok(count)
    }
}

impl Drop for SpooledText {
    fn drop(&mut self) {
        let mut file = self.spool.lock();
        for extent in self.extents.drain(..) {
            file.give_back(extent);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(lines: usize, seed: usize) -> Vec<u8> {
        let line = |n: usize| format!("{seed} {n} {}\n", n.wrapping_mul(2_654_435_761) % 9973);
        (0..lines).flat_map(|n| line(n).into_bytes()).collect()
    }

    #[test]
    fn texts_that_were_put_aside_are_read_along_with_each_other() {
        let spool = Arc::new(Spool::default());
        let texts = [text(300_000, 1), text(0, 2), text(1, 3), text(400_000, 4)];
        let put = |text: &Vec<u8>| spool.put(&mut &text[..]).expect("room");
        let mut aside: Vec<SpooledText> = texts.iter().map(put).collect();
        assert!(spool.lock().extents > 4);
        let mut found = vec![Vec::new(); texts.len()];
        let mut block = vec![0; 50_000];
        loop {
            let mut ended = true;
            for (found, text) in found.iter_mut().zip(&mut aside) {
                let count = text.read(&mut block).expect("it is there");
                found.extend_from_slice(&block[..count]);
                ended &= count == 0;
            }
            if ended {
                break;
            }
        }
        assert!(found == texts);
        assert_eq!(spool.lock().extents, 0, "the disk has all back");
    }

    #[test]
    fn what_is_read_or_dropped_makes_room_for_the_next() {
        let spool = Arc::new(Spool::default());
        let text = text(400_000, 5);
        let kept = spool.put(&mut &b"kept"[..]).expect("room");
        let mut most = 0;
        for n in 0..4 {
            let mut aside = spool.put(&mut &text[..]).expect("room");
            if n % 2 == 0 {
                let mut found = Vec::new();
                aside.read_to_end(&mut found).expect("it is there");
                assert!(found == text);
            }
            let extents = spool.lock().extents;
            assert!(n == 0 || extents == most, "{extents} {most}");
            most = extents;
        }
        drop(kept);
        assert_eq!(spool.lock().extents, 0);
    }

    /// Gives some text, and then an error.
    struct Breaks(Vec<u8>);

    impl Read for Breaks {
        fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Err(io::Error::other("damaged"));
            }
            let count = (&self.0[..]).read(block)?;
            self.0.drain(..count);
            Ok(count)
        }
    }

    #[test]
    fn an_error_of_the_source_is_told_behind_what_could_be_read() {
        let text = text(5000, 6);
        let spool = Arc::new(Spool::default());
        let mut aside = spool.put(&mut Breaks(text.clone())).expect("room");
        let mut found = Vec::new();
        let error = aside.read_to_end(&mut found).expect_err("it is damaged");
        assert!(found == text && error.to_string() == "damaged");
        assert_eq!(aside.read(&mut [0; 9]).ok(), Some(0), "it is told once");
    }

    #[test]
    fn what_cannot_be_written_takes_no_room() {
        let mut file = SpoolFile {
            file: File::open("Cargo.toml").ok(),
            ..SpoolFile::default()
        };
        assert!(file.file.is_some() && file.write(b"x", Path::new("")).is_err());
        assert_eq!(file.extents, 0);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_the_file() {
        use std::os::unix::fs::MetadataExt;
        let file = nameless(&std::env::temp_dir()).expect("a file");
        let data = file.metadata().expect("it is open");
        assert_eq!((data.mode() & 0o777, data.nlink()), (0o600, 0));
    }

    #[test]
    fn where_nothing_can_be_written_it_is_said() {
        let error = nameless(Path::new("/no/such/folder")).expect_err("no folder");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
