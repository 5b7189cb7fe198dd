//! The ledger of `--state`: what was written, so that a run that goes on writes nothing a second time.
//!
//! JSON Lines. The first says what the file is; each of the others is a [`LedgerEntry`]. Entries are appended and synced
//! before and after each event is written, and now and then the file is written anew: to a temporary file, which is
//! synced and takes its name. It is locked as long as it is open.
//!
//! A file that is something else is left as it is. Of one that was cut what is left is read, and the caller says so. One
//! that is damaged is moved aside, and the caller says so: what was written is not known then, and nothing of the time
//! before is written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::entry::{Checkpoint, LedgerEntry};
use super::known::Known;
use super::{file, output_file, regular, same};
use crate::error::Error;
use crate::time::Zone;

/// The first line.
const HEADER: &str = "{\"v\":1,\"type\":\"httpmon-state\"}\n";
/// So many entries are appended before the file is written anew; as many as it held then, where that is more.
const MOST: u64 = 4096;
/// How long a lock is waited for: of a run that was killed while it started a program, that program has it for a moment.
const WAIT: Duration = Duration::from_secs(1);
/// A larger file is none of these.
const LARGEST: u64 = 64 << 20;

/// What a file holds.
#[derive(Debug)]
enum Contents {
    Whole(Known),
    /// It ends too early.
    Cut(Known),
    Damaged,
    Foreign,
}

fn read(bytes: &[u8]) -> Contents {
    if bytes.len() < HEADER.len() && HEADER.as_bytes().starts_with(bytes) {
        return Contents::Cut(Known::default());
    }
    let Some(mut rest) = bytes.strip_prefix(HEADER.as_bytes()) else {
        return Contents::Foreign;
    };
    let mut known = Known::default();
    let mut entries = 0;
    let mut end = None;
    while let Some(newline) = rest.iter().position(|&b| b == b'\n') {
        // Nothing comes behind the end.
        let Some(entry) = LedgerEntry::read(&rest[..newline]).filter(|_| end.is_none()) else {
            return Contents::Damaged;
        };
        match entry {
            LedgerEntry::End(count) => end = Some(count),
            entry => {
                known.take(entry);
                entries += 1;
            }
        }
        rest = &rest[newline + 1..];
    }
    match end {
        Some(count) if count == entries && rest.is_empty() => Contents::Whole(known),
        Some(_) => Contents::Damaged,
        None => Contents::Cut(known),
    }
}

/// An open ledger.
#[derive(Debug)]
pub(super) struct Ledger {
    path: PathBuf,
    file: File,
    known: Known,
    /// Entries that the file holds, and held when it was written anew.
    entries: u64,
    rewritten: u64,
    /// Where its last line begins, which the next entries are written over.
    end: u64,
    /// Whether the last entries could not be written.
    failed: bool,
}

impl Ledger {
    /// Opens the ledger at `path`, or begins one; also what is to be said about it.
    ///
    /// # Errors
    ///
    /// If it is another one's, in use, or cannot be written. It is as it was then.
    pub(super) fn open(path: &Path) -> Result<(Ledger, Option<String>), Error> {
        let name = output_file::name(path);
        let wrong = |why: &dyn std::fmt::Display| Error::new(format!("--state: {name}: {why}"));
        let was_there = path.exists();
        let file = lock(path).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => wrong(&"is in use by another httpmon"),
            io::ErrorKind::IsADirectory => wrong(&"is a directory (name a file in it)"),
            io::ErrorKind::NotFound => wrong(&"there is no such folder"),
            _ => wrong(&error),
        })?;
        let mut bytes = Vec::new();
        let metadata = file.metadata().map_err(|error| wrong(&error))?;
        if !metadata.is_file() || metadata.len() > LARGEST {
            return Err(wrong(&"is no state of httpmon (name another file)"));
        }
        (&file)
            .read_to_end(&mut bytes)
            .map_err(|error| wrong(&error))?;
        let (known, said) = match read(&bytes) {
            Contents::Whole(known) => (known, None),
            Contents::Cut(known) => {
                let since = known.written.map(Checkpoint::last);
                let since = match since {
                    Some(second) => format!(
                        "what was written after {} may be written again",
                        Zone::UTC.show(second)
                    ),
                    None => "what was written before is not known, and nothing of the time before \
                             now is written"
                        .to_owned(),
                };
                let said = format!("--state: {name} is cut off: {since}");
                (known, was_there.then_some(said))
            }
            Contents::Foreign => {
                return Err(wrong(
                    &"is no state of httpmon, and is left as it is (name another file)",
                ));
            }
            Contents::Damaged => {
                let aside = aside(path);
                fs::rename(path, &aside).map_err(|error| wrong(&error))?;
                let said = format!(
                    "--state: {name} is damaged and was moved to {}: what was written before is not known, and nothing \
                     of the time before now is written",
                    output_file::name(&aside)
                );
                (Known::default(), Some(said))
            }
        };
        let mut ledger = Ledger {
            path: path.to_owned(),
            file,
            known,
            entries: 0,
            rewritten: 0,
            end: 0,
            failed: false,
        };
        if let Err(error) = ledger.rewrite() {
            if !was_there {
                // An empty one would be taken for one that was cut off.
                let _ = fs::remove_file(path);
            }
            return Err(wrong(&error));
        }
        Ok((ledger, said))
    }

    /// What is known.
    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    /// Adds entries; they are on the disk when it returns.
    ///
    /// # Errors
    ///
    /// Those of the file. What is missing there is written with the next entries.
    pub(super) fn append(
        &mut self,
        entries: impl IntoIterator<Item = LedgerEntry>,
    ) -> io::Result<()> {
        let mut lines = Vec::new();
        for entry in entries {
            entry.write(&mut lines);
            self.known.take(entry);
            self.entries += 1;
        }
        if lines.is_empty() {
            return Ok(());
        }
        let written = if self.failed || self.entries - self.rewritten >= MOST.max(self.rewritten) {
            self.rewrite()
        } else {
            self.write_over_end(lines)
        };
        self.failed = written.is_err();
        written
    }

    /// Writes these lines and a new end where the old one is.
    fn write_over_end(&mut self, mut lines: Vec<u8>) -> io::Result<()> {
        let end = self.end + lines.len() as u64;
        LedgerEntry::End(self.entries).write(&mut lines);
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(&lines)?;
        self.file.sync_data()?;
        self.end = end;
        Ok(())
    }

    /// Writes all that is known to a new file, which takes the name.
    fn rewrite(&mut self) -> io::Result<()> {
        let mut bytes = HEADER.as_bytes().to_vec();
        let entries = self.known.entries();
        entries.iter().for_each(|entry| entry.write(&mut bytes));
        let end = bytes.len() as u64;
        LedgerEntry::End(entries.len() as u64).write(&mut bytes);
        let mut temporary = self.path.clone().into_os_string();
        temporary.push(".tmp");
        let temporary = PathBuf::from(temporary);
        // Whoever holds the lock is the only one to write it; one that is there was left by a run that was killed.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temporary)?;
        if let Ok(metadata) = self.file.metadata() {
            file.set_permissions(metadata.permissions())?;
        }
        if !file::lock(&file)? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let written = file
            .write_all(&bytes)
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&temporary, &self.path));
        if let Err(error) = written {
            let _ = fs::remove_file(&temporary);
            return Err(error);
        }
        file::sync_folder(&self.path);
        self.file = file;
        self.entries = entries.len() as u64;
        self.rewritten = self.entries;
        self.end = end;
        Ok(())
    }
}

/// Opens the file, or an empty one, and locks it.
fn lock(path: &Path) -> io::Result<File> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let deadline = Instant::now() + WAIT;
    loop {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        // Another run may put a new file in its place between opening and locking.
        if file::lock(&file)? && (regular::opened(&file).is_none() || same::opened(path, &file)) {
            return Ok(file);
        }
        if Instant::now() >= deadline {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        std::thread::sleep(WAIT / 50);
    }
}

/// Where a damaged ledger is moved to.
fn aside(path: &Path) -> PathBuf {
    let mut aside = path.to_owned().into_os_string();
    aside.push(".damaged");
    PathBuf::from(aside)
}

#[cfg(test)]
mod tests {
    use super::super::entry::samples;
    use super::super::known::known;
    use super::*;

    fn written(entries: &[LedgerEntry]) -> Vec<u8> {
        let mut bytes = HEADER.as_bytes().to_vec();
        entries.iter().for_each(|entry| entry.write(&mut bytes));
        LedgerEntry::End(entries.len() as u64).write(&mut bytes);
        bytes
    }

    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("httpmon-ledger-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    #[test]
    fn one_that_is_cut_is_known_up_to_there_and_known_to_be_cut() {
        let bytes = written(&samples());
        for cut in 0..bytes.len() {
            let lines = bytes[..cut].iter().filter(|&&b| b == b'\n').count();
            let Contents::Cut(found) = read(&bytes[..cut]) else {
                panic!("cut after {cut} bytes");
            };
            assert_eq!(found, known(&samples()[..lines.saturating_sub(1)]), "{cut}");
        }
        assert!(matches!(read(&bytes), Contents::Whole(found) if found == known(&samples())));
    }

    #[test]
    fn a_flipped_bit_is_seen() {
        let bytes = written(&samples());
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut other = bytes.clone();
                other[at] ^= 1 << bit;
                match read(&other) {
                    Contents::Foreign => assert!(at < HEADER.len(), "{at}"),
                    Contents::Damaged => assert!(at >= HEADER.len(), "{at}"),
                    // The last newline, without which the line is cut.
                    Contents::Cut(_) => assert_eq!(at, bytes.len() - 1),
                    Contents::Whole(_) => panic!("bit {bit} of byte {at}"),
                }
            }
        }
    }

    #[test]
    fn a_line_that_is_missing_or_there_twice_is_seen() {
        let bytes = written(&samples());
        let lines: Vec<&[u8]> = bytes.split_inclusive(|&b| b == b'\n').collect();
        for n in 1..lines.len() {
            let mut fewer = lines.clone();
            fewer.remove(n);
            let mut more = lines.clone();
            more.insert(n, lines[n]);
            for other in [fewer, more] {
                assert!(!matches!(read(&other.concat()), Contents::Whole(_)), "{n}");
            }
        }
    }

    #[test]
    fn one_that_cannot_be_begun_leaves_nothing_behind() {
        let folder = folder("unbegun");
        let path = folder.join("state");
        // A folder is where its temporary file would be.
        let temporary = folder.join("state.tmp");
        fs::create_dir(&temporary).expect("a folder");
        Ledger::open(&path).expect_err("it cannot be written");
        assert!(!path.exists());
        fs::write(&path, HEADER).expect("a file");
        Ledger::open(&path).expect_err("it cannot be written");
        assert_eq!(fs::read_to_string(&path).expect("it is there"), HEADER);
        fs::remove_dir(&temporary).expect("it is empty");
        let (_, said) = Ledger::open(&path).expect("it opens");
        assert!(said.is_some_and(|said| said.contains("is cut off")));
        fs::remove_dir_all(&folder).expect("the folder");
    }

    #[test]
    fn what_is_appended_is_there_when_it_is_opened_again() {
        let folder = folder("again");
        let path = folder.join("state");
        for count in 0..samples().len() {
            let (mut ledger, said) = Ledger::open(&path).expect("it opens");
            assert_eq!(said, None);
            assert_eq!(*ledger.known(), known(&samples()[..count]));
            ledger
                .append([samples()[count].clone()])
                .expect("it is written");
        }
        let (mut ledger, _) = Ledger::open(&path).expect("it opens");
        let mut before = 0;
        // Until it has been written anew.
        while ledger.entries >= before {
            before = ledger.entries;
            ledger.append(samples()).expect("it is written");
        }
        drop(ledger);
        let (ledger, said) = Ledger::open(&path).expect("it opens");
        assert_eq!(
            (&ledger.known().firing, said),
            (&known(&samples()).firing, None)
        );
        assert_eq!(fs::read_dir(&folder).expect("the folder").count(), 1);
        drop(ledger);
        fs::remove_dir_all(&folder).expect("the folder");
    }

    #[test]
    fn one_that_was_cut_is_said_to_be() {
        let folder = folder("cut");
        let path = folder.join("state");
        let bytes = written(&samples());
        let whole = written(&samples()[..10]).len();
        let end = written(&[]).len() - HEADER.len();
        for (cut, said) in [
            (0, "is cut off: what was written before is not known"),
            // Between two lines.
            (
                whole - end,
                "is cut off: what was written after 1970-01-01T00:01:59Z may be",
            ),
        ] {
            fs::write(&path, &bytes[..cut]).expect("a file");
            let (ledger, found) = Ledger::open(&path).expect("it opens");
            assert!(found.is_some_and(|found| found.contains(said)), "{cut}");
            drop(ledger);
            let (_, found) = Ledger::open(&path).expect("it opens");
            assert_eq!(found, None, "it was said");
        }
        fs::remove_dir_all(&folder).expect("the folder");
    }

    #[test]
    fn a_foreign_file_is_left_and_a_damaged_one_moved_aside() {
        let folder = folder("aside");
        let path = folder.join("state");
        for foreign in ["a diary\n", "{\"v\":2,\"type\":\"httpmon-state\"}\n", "\n"] {
            fs::write(&path, foreign).expect("a file");
            let error = Ledger::open(&path)
                .expect_err("it is another's")
                .to_string();
            assert!(error.contains("is no state of httpmon"), "{error}");
            assert_eq!(fs::read_to_string(&path).expect("the file"), foreign);
        }
        let mut bytes = written(&samples());
        bytes[HEADER.len() + 20] ^= 1;
        fs::write(&path, &bytes).expect("a file");
        let (ledger, said) = Ledger::open(&path).expect("it opens");
        assert_eq!(*ledger.known(), Known::default());
        assert!(said.is_some_and(|said| said.contains("state.damaged")));
        assert_eq!(
            fs::read(folder.join("state.damaged")).expect("the file"),
            bytes
        );
        #[cfg(unix)]
        {
            let error = Ledger::open(&path).expect_err("it is locked").to_string();
            assert!(error.contains("is in use"), "{error}");
        }
        let error = Ledger::open(&folder).expect_err("a folder").to_string();
        assert!(error.contains("is a directory"), "{error}");
        drop(ledger);
        assert!(Ledger::open(&path).is_ok(), "the lock ends with the run");
        fs::remove_dir_all(&folder).expect("the folder");
    }
}
