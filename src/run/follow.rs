//! A log that is written to, read through every rotation.
//!
//! A [`Follower`] is looked at now and then ([`Follower::poll`]) and gives whole lines; it touches files only
//! through [`Files`], and is given the time. What it knows of a file does not depend on its name:
//!
//! * The file was renamed: its name leads to another file, or to none. The old one is read on until it has been
//!   quiet for [`QUIET`], since a server goes on writing to it until it opens the new one; what the new one
//!   holds comes behind what the old one held.
//! * The file was emptied (`copytruncate`): it is shorter than what was read of it, or holds something else there.
//!   What was written between the last look and the copy is in the copy, which is found among the rotated
//!   files by what it begins with, packed or not.
//!
//! An open file keeps its inode, so that no other file can be taken for it. A line is given when its newline has
//! come, or when nothing more can come.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use memchr::memrchr;

use crate::input::packing::Packing;

/// How long nothing may be written to a file that was renamed before it is closed.
pub(super) const QUIET: Duration = Duration::from_secs(10);
/// Bytes at the beginning of a file by which it is known again, and before the place that was read to.
pub(super) const MARK: usize = 1024;
/// Fewer bytes at the beginning of two files say nothing.
const LEAST_MARK: usize = 64;
/// How often rotated files are looked for that came and went between two looks at the log.
const LOOK: Duration = Duration::from_secs(1);
/// So many files are known again that are not there any more, by what they begin with: they were packed.
const HEADS: usize = 256;
/// The longest part of a line that is kept for its end: [`crate::input::lines`] cuts there.
const LONGEST: usize = crate::input::lines::MAX_LINE;

/// The identity of a file, whatever its name.
pub(super) type Id = (u64, u64);

/// A file and its content: the time of its last change.
pub(super) type Version = (Id, u128);

/// The operations on files that following takes.
pub(super) trait Files {
    /// An open file.
    type File;

    fn open(&mut self, path: &Path) -> io::Result<Self::File>;

    /// Which file has this name.
    fn named(&mut self, path: &Path) -> io::Result<Id>;

    /// Which file it is, and how long.
    fn stat(&mut self, file: &Self::File) -> io::Result<(Id, u64)>;

    fn read_at(&mut self, file: &Self::File, block: &mut [u8], place: u64) -> io::Result<usize>;

    /// The rotated files of this one.
    fn rotated(&mut self, path: &Path) -> Vec<PathBuf>;

    /// Which file has this name, and which content: a number of a file may be used again.
    fn version(&mut self, path: &Path) -> io::Result<Version>;

    /// The first bytes of a file, unpacked, at most [`MARK`].
    fn head(&mut self, path: &Path) -> io::Result<Vec<u8>>;

    /// Whether it was written to since following began.
    fn is_recent(&mut self, path: &Path) -> bool;

    /// What a packed file holds behind `place`, if it begins with `head` and has `mark` before that place; an error
    /// where it is not packed or not whole.
    fn unpack(&mut self, path: &Path, read: &Read) -> io::Result<Option<Vec<u8>>>;
}

/// How far a file was read, and how its bytes are known again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) place: u64,
    /// Its first bytes, at most [`MARK`].
    pub(super) head: Vec<u8>,
    /// The last bytes before the place, at most [`MARK`].
    pub(super) mark: Vec<u8>,
}

impl Read {
    fn take(&mut self, bytes: &[u8]) {
        let room = MARK - self.head.len();
        self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.mark
            .extend_from_slice(&bytes[bytes.len().saturating_sub(MARK)..]);
        let surplus = self.mark.len().saturating_sub(MARK);
        self.mark.drain(..surplus);
        self.place += bytes.len() as u64;
    }
}

/// A file that is read as it grows.
struct FollowedFile<F> {
    file: F,
    id: Id,
    read: Read,
    /// The beginning of a line whose newline has not come.
    tail: Vec<u8>,
    /// When something was read of it last.
    heard: Duration,
}

/// What was in a file when it was emptied.
struct Emptied {
    read: Read,
    tail: Vec<u8>,
    since: Duration,
}

/// Follows one name.
pub(super) struct Follower<F: Files> {
    path: PathBuf,
    current: Option<FollowedFile<F::File>>,
    /// Those that had the name before, oldest first.
    old: Vec<FollowedFile<F::File>>,
    emptied: Vec<Emptied>,
    /// The rotated files that were there when that was looked at last, and what they begin with.
    known: Vec<(Version, Vec<u8>)>,
    /// What others begin with that were there, or were read, the newest first.
    heads: VecDeque<Vec<u8>>,
    /// When that was.
    looked: Duration,
    block: Vec<u8>,
    /// What is to be said.
    said: Vec<String>,
}

impl<F: Files> Follower<F> {
    /// Follows what has the name `path`, now or later; so many bytes are read at once.
    pub(super) fn new(path: &Path, block: usize) -> Follower<F> {
        Follower {
            path: path.to_owned(),
            current: None,
            old: Vec::new(),
            emptied: Vec::new(),
            known: Vec::new(),
            heads: VecDeque::new(),
            looked: Duration::ZERO,
            block: vec![0; block],
            said: Vec::new(),
        }
    }

    /// The name that is followed.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What is to be said since this was asked last.
    pub(super) fn said(&mut self) -> Vec<String> {
        std::mem::take(&mut self.said)
    }

    /// Passes over the lines that the file holds now.
    pub(super) fn skip_to_end(&mut self, files: &mut F, now: Duration) -> io::Result<()> {
        self.find(files, now)?;
        self.know_rotated(files, now);
        let Some(open) = &mut self.current else {
            return Ok(());
        };
        let length = files.stat(&open.file)?.1;
        let from = length.saturating_sub(MARK as u64);
        let mut head = vec![0; MARK];
        let count = read_whole(files, &open.file, &mut head, 0)?;
        head.truncate(count);
        let mut mark = vec![0; MARK];
        let count = read_whole(files, &open.file, &mut mark, from)?;
        // A line that is being written is read from its beginning, where that is known.
        mark.truncate(memrchr(b'\n', &mark[..count]).map_or(count, |at| at + 1));
        open.read = Read {
            place: from + mark.len() as u64,
            head,
            mark,
        };
        Ok(())
    }

    /// Opens the file, and before it those that were rotated and may still be written to, the oldest first.
    /// One that the file is copied to now is none of them.
    pub(super) fn begin_with(
        &mut self,
        files: &mut F,
        rotated: &[PathBuf],
        now: Duration,
    ) -> io::Result<()> {
        self.find(files, now)?;
        self.know_rotated(files, now);
        for path in rotated {
            let open = open(files, path, now)?;
            let mut known = self.old.iter().chain(&self.current);
            let copied = self
                .current
                .as_ref()
                .is_some_and(|current| begin_alike(files, current, &open));
            if !copied && known.all(|known| known.id != open.id) {
                self.old.push(open);
            }
        }
        Ok(())
    }

    /// Looks once: appends the lines that came to `lines`, about a block of them, and says whether there may be more.
    ///
    /// # Errors
    ///
    /// Those of a file. It is tried again at the next look.
    pub(super) fn poll(
        &mut self,
        files: &mut F,
        now: Duration,
        lines: &mut Vec<u8>,
    ) -> io::Result<bool> {
        self.find_copies(files, now, lines);
        if now.saturating_sub(self.looked) >= LOOK {
            self.find_missed(files, now, lines);
        }
        let mut n = 0;
        while let Some(open) = self.old.get_mut(n) {
            match read_on(files, open, now, &mut self.block, lines) {
                Ok(Grown::More) => return Ok(true),
                // One that was emptied behind its name holds nothing that is looked for.
                Ok(Grown::End | Grown::Emptied) if now.saturating_sub(open.heard) < QUIET => n += 1,
                Err(error) if now.saturating_sub(open.heard) < QUIET => return Err(error),
                _ => finish(self.old.remove(n).tail, lines),
            }
        }
        self.find(files, now)?;
        let Some(open) = &mut self.current else {
            return Ok(false);
        };
        match read_on(files, open, now, &mut self.block, lines) {
            Ok(Grown::More) => return Ok(true),
            Ok(Grown::End) => {}
            Ok(Grown::Emptied) => {
                let read = std::mem::take(&mut open.read);
                let tail = std::mem::take(&mut open.tail);
                self.emptied.push(Emptied {
                    read,
                    tail,
                    since: now,
                });
                // The copy comes before what was written since.
                return Ok(true);
            }
            Err(error) => return Err(error),
        }
        match files.named(&self.path) {
            Ok(id) if id != open.id => {
                self.old.extend(self.current.take());
                self.find(files, now)?;
                self.find_missed(files, now, lines);
                Ok(true)
            }
            // Where there is none, the next one is still to come.
            _ => Ok(false),
        }
    }

    /// Opens what has the name, if nothing is open.
    fn find(&mut self, files: &mut F, now: Duration) -> io::Result<()> {
        if self.current.is_some() {
            return Ok(());
        }
        match open(files, &self.path, now) {
            // It may have been renamed back.
            Ok(found) => match self.old.iter().position(|old| old.id == found.id) {
                Some(n) => self.current = Some(self.old.remove(n)),
                None => self.current = Some(found),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Looks for the copies of files that were emptied.
    fn find_copies(&mut self, files: &mut F, now: Duration, lines: &mut Vec<u8>) {
        let mut n = 0;
        while n < self.emptied.len() {
            if self.find_copy(files, n, now, lines) {
                let emptied = self.emptied.remove(n);
                self.remember(emptied.read.head);
                self.find_missed(files, now, lines);
            } else if now.saturating_sub(self.emptied[n].since) >= QUIET {
                let emptied = self.emptied.remove(n);
                finish(emptied.tail, lines);
                self.said.push(format!(
                    "{} was emptied, and no copy of it is found: the last lines before that may be missing",
                    self.path.display()
                ));
            } else {
                n += 1;
            }
        }
    }

    /// Reads the files that came and were rotated since that was looked at last: those of no name and no
    /// beginning that is known.
    fn find_missed(&mut self, files: &mut F, now: Duration, lines: &mut Vec<u8>) {
        self.looked = now;
        let mut known: Vec<(Version, Vec<u8>)> = Vec::new();
        // Of numbered files the one with the greatest number is the oldest.
        for path in files.rotated(&self.path).iter().rev() {
            let Ok(version) = files.version(path) else {
                continue;
            };
            if let Some(n) = self.known.iter().position(|(known, _)| *known == version) {
                known.push(self.known.swap_remove(n));
                continue;
            }
            let Ok(head) = files.head(path) else {
                continue;
            };
            let mut open = self.old.iter().chain(&self.current);
            let is_open = open.any(|open| open.id == version.0);
            let heads = known.iter().chain(&self.known).map(|(_, head)| head);
            let mut heads = heads.chain(&self.heads);
            if is_open || heads.any(|other| alike(&head, other)) {
                known.push((version, head));
                continue;
            }
            let mut open = self.old.iter().chain(&self.current);
            let copied = open
                .any(|open| alike(&head, &open.read.head) || begins_with(files, open, &head))
                || self
                    .emptied
                    .iter()
                    .any(|emptied| alike(&head, &emptied.read.head));
            // What it is a copy of is read on, or looked for in it; with too little in it nobody knows yet.
            if !copied && head.len() >= LEAST_MARK && files.is_recent(path) {
                if self.read_missed(files, path, now, lines) {
                    known.push((version, head));
                }
            } else if !copied && head.len() >= LEAST_MARK {
                known.push((version, head));
            }
        }
        for (_, head) in std::mem::replace(&mut self.known, known) {
            self.remember(head);
        }
    }

    /// Reads a rotated file from its beginning; whether it is whole.
    fn read_missed(
        &mut self,
        files: &mut F,
        path: &Path,
        now: Duration,
        lines: &mut Vec<u8>,
    ) -> bool {
        if let Ok(Some(bytes)) = files.unpack(path, &Read::default()) {
            let mut tail = Vec::new();
            give(&mut tail, &bytes, lines);
            finish(tail, lines);
            return true;
        }
        match open(files, path, now) {
            Ok(found) if is_plain(files, &found) => {
                self.old.push(found);
                true
            }
            _ => false,
        }
    }

    /// A file begins with this that is not to be read again.
    fn remember(&mut self, head: Vec<u8>) {
        if head.len() >= LEAST_MARK {
            self.heads.truncate(HEADS - 1);
            self.heads.push_front(head);
        }
    }

    /// Remembers which rotated files are there.
    fn know_rotated(&mut self, files: &mut F, now: Duration) {
        self.looked = now;
        let rotated = files.rotated(&self.path);
        self.known = rotated
            .iter()
            .filter_map(|path| {
                Some((
                    files.version(path).ok()?,
                    files.head(path).unwrap_or_default(),
                ))
            })
            .collect();
    }

    fn find_copy(&mut self, files: &mut F, n: usize, now: Duration, lines: &mut Vec<u8>) -> bool {
        let emptied = &mut self.emptied[n];
        for path in files.rotated(&self.path) {
            if let Ok(mut open) = open(files, &path, now)
                && holds(files, &open.file, &emptied.read)
            {
                open.read = emptied.read.clone();
                open.tail = std::mem::take(&mut emptied.tail);
                // It is read with those that had the name before.
                self.old.push(open);
                return true;
            }
            if let Ok(Some(bytes)) = files.unpack(&path, &emptied.read) {
                let mut tail = std::mem::take(&mut emptied.tail);
                give(&mut tail, &bytes, lines);
                finish(tail, lines);
                return true;
            }
        }
        false
    }
}

/// What became of a file since it was read last.
enum Grown {
    /// A block of it was read, and there may be more.
    More,
    /// It was read to its end.
    End,
    /// What was read of it is no longer there.
    Emptied,
}

fn open<F: Files>(files: &mut F, path: &Path, now: Duration) -> io::Result<FollowedFile<F::File>> {
    let file = files.open(path)?;
    let (id, _) = files.stat(&file)?;
    Ok(FollowedFile {
        file,
        id,
        read: Read::default(),
        tail: Vec::new(),
        heard: now,
    })
}

/// Reads what was written to a file since.
fn read_on<F: Files>(
    files: &mut F,
    open: &mut FollowedFile<F::File>,
    now: Duration,
    block: &mut [u8],
    lines: &mut Vec<u8>,
) -> io::Result<Grown> {
    let (_, length) = files.stat(&open.file)?;
    // By chance it may be as long as before.
    if length < open.read.place || !holds(files, &open.file, &open.read) {
        return Ok(Grown::Emptied);
    }
    if length == open.read.place {
        return Ok(Grown::End);
    }
    let count = files.read_at(&open.file, block, open.read.place)?;
    open.read.take(&block[..count]);
    give(&mut open.tail, &block[..count], lines);
    open.heard = now;
    Ok(if count == 0 { Grown::End } else { Grown::More })
}

/// Whether a file holds what was read of it, or of another.
fn holds<F: Files>(files: &mut F, file: &F::File, read: &Read) -> bool {
    let mark = read.place - read.mark.len() as u64;
    [(&read.head, 0), (&read.mark, mark)]
        .into_iter()
        .all(|(bytes, place)| {
            let mut found = vec![0; bytes.len()];
            let count = read_whole(files, file, &mut found, place);
            count.is_ok_and(|count| found[..count] == **bytes)
        })
}

/// Whether two files begin with the same bytes, and enough of them.
fn begin_alike<F: Files>(
    files: &mut F,
    a: &FollowedFile<F::File>,
    b: &FollowedFile<F::File>,
) -> bool {
    let mut head = vec![0; MARK];
    let count = read_whole(files, &a.file, &mut head, 0).unwrap_or(0);
    begins_with(files, b, &head[..count])
}

fn begins_with<F: Files>(files: &mut F, open: &FollowedFile<F::File>, head: &[u8]) -> bool {
    let mut other = vec![0; MARK];
    let count = read_whole(files, &open.file, &mut other, 0).unwrap_or(0);
    alike(head, &other[..count])
}

/// Whether these are beginnings of one file, as far as that can be known.
fn alike(a: &[u8], b: &[u8]) -> bool {
    let least = a.len().min(b.len());
    least >= LEAST_MARK && a[..least] == b[..least]
}

fn is_plain<F: Files>(files: &mut F, open: &FollowedFile<F::File>) -> bool {
    let mut head = [0; 16];
    let count = read_whole(files, &open.file, &mut head, 0).unwrap_or(0);
    Packing::of(&head[..count], true) == Some(Packing::Plain)
}

/// Reads as much of `block` as the file has from `place` on.
fn read_whole<F: Files>(
    files: &mut F,
    file: &F::File,
    block: &mut [u8],
    place: u64,
) -> io::Result<usize> {
    let mut count = 0;
    while count < block.len() {
        match files.read_at(file, &mut block[count..], place + count as u64)? {
            0 => break,
            more => count += more,
        }
    }
    Ok(count)
}

/// Appends the lines that `bytes` end to `lines`, and keeps the rest in `tail`.
pub(super) fn give(tail: &mut Vec<u8>, bytes: &[u8], lines: &mut Vec<u8>) {
    let rest = match memrchr(b'\n', bytes) {
        Some(newline) => {
            lines.append(tail);
            lines.extend_from_slice(&bytes[..=newline]);
            &bytes[newline + 1..]
        }
        None => bytes,
    };
    // Past that a line is cut anyway; one byte more shows that it was longer.
    let room = (LONGEST + 1).saturating_sub(tail.len());
    tail.extend_from_slice(&rest[..rest.len().min(room)]);
}

/// No newline comes any more.
pub(super) fn finish(mut tail: Vec<u8>, lines: &mut Vec<u8>) {
    if !tail.is_empty() {
        lines.append(&mut tail);
        lines.push(b'\n');
    }
}

#[cfg(test)]
mod tests;
