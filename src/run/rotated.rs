//! The files of a log on a disk: the one that is written to and those that were rotated.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::follow::{self, Files, Follower, Id, Read, Version};
use super::operands::packing;
use super::{regular, same};
use crate::input::packing::Packing;
use crate::input::source::LogInput;

/// The files of this system.
pub(super) struct Disk {
    /// When following began.
    since: SystemTime,
}

impl Files for Disk {
    type File = File;

    fn open(&mut self, path: &Path) -> io::Result<File> {
        File::open(path)
    }

    fn named(&mut self, path: &Path) -> io::Result<Id> {
        fs::metadata(path).map(|metadata| same::id(&metadata))
    }

    fn stat(&mut self, file: &File) -> io::Result<(Id, u64)> {
        let metadata = file.metadata()?;
        Ok((same::id(&metadata), metadata.len()))
    }

    fn read_at(&mut self, mut file: &File, block: &mut [u8], place: u64) -> io::Result<usize> {
        file.seek(SeekFrom::Start(place))?;
        loop {
            match file.read(block) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    fn rotated(&mut self, path: &Path) -> Vec<PathBuf> {
        rotated(path)
    }

    fn version(&mut self, path: &Path) -> io::Result<Version> {
        let metadata = fs::metadata(path)?;
        let modified = metadata.modified()?.duration_since(SystemTime::UNIX_EPOCH);
        Ok((same::id(&metadata), modified.unwrap_or_default().as_nanos()))
    }

    fn head(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        let source = LogInput::new(File::open(path)?);
        // Of one that is cut what there is.
        match source.take(follow::MARK as u64).read_to_end(&mut head) {
            Err(error) if head.is_empty() => Err(error),
            _ => Ok(head),
        }
    }

    fn is_recent(&mut self, path: &Path) -> bool {
        let modified = fs::metadata(path).and_then(|data| data.modified());
        modified.is_ok_and(|modified| modified >= self.since)
    }

    fn unpack(&mut self, path: &Path, read: &Read) -> io::Result<Option<Vec<u8>>> {
        let file = File::open(path)?;
        if packing(&file)? == Packing::Plain {
            return Ok(None);
        }
        let mut source = LogInput::new(file);
        let mut window = Vec::new();
        let mut block = vec![0; 64 << 10];
        // Up to the place only the bytes by which it is known are kept.
        while source.position() < read.place {
            let left = usize::try_from(read.place - source.position()).unwrap_or(usize::MAX);
            let len = block.len().min(left);
            let count = source.read(&mut block[..len])?;
            if count == 0 {
                return Ok(None);
            }
            let first = source.position() == count as u64;
            window.extend_from_slice(&block[..count]);
            if first && !window.starts_with(&read.head) && count >= read.head.len() {
                return Ok(None);
            }
            let surplus = window.len().saturating_sub(read.mark.len());
            window.drain(..surplus);
        }
        if window != read.mark {
            return Ok(None);
        }
        let mut rest = Vec::new();
        source.read_to_end(&mut rest)?;
        Ok(Some(rest))
    }
}

/// What comes of the files that are followed.
pub(super) enum FollowedInput<'a> {
    /// The files of these numbers hold more that was written before the start: the one that is furthest behind is to be put
    /// first.
    Behind(&'a mut Vec<usize>),
    /// Whole lines of the file of this number.
    Lines(usize, Vec<u8>),
    /// All that the files held was given.
    CaughtUp,
    /// The file of this number cannot be read now.
    Failed(usize, io::Error),
    /// It cannot be read for now.
    Unreadable(usize, io::Error),
    /// It can be read again.
    Readable(usize),
    /// Lines were lost, as this says.
    Lost(String),
}

/// How soon files are looked at again: soon after something came, and later as long as nothing does.
const PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(160);
/// Bytes read at once of a file, and of one of several: they are read along with each other.
const BLOCK: usize = 256 << 10;
const BLOCK_OF_SEVERAL: usize = 16 << 10;

/// A file that is followed, and before it the packed ones that were rotated.
struct Followed {
    follower: Follower<Disk>,
    packed: VecDeque<PackedFile>,
    failing: bool,
}

/// Follows these files, from as far back as `history` says or else from their ends, until `give` wants no more.
pub(super) fn follow(
    paths: &[PathBuf],
    history: Option<Duration>,
    mut give: impl FnMut(FollowedInput<'_>) -> bool,
) {
    let began = Instant::now();
    let since = SystemTime::now().checked_sub(follow::QUIET);
    let disk = &mut Disk {
        since: since.unwrap_or(SystemTime::UNIX_EPOCH),
    };
    let block = match paths {
        [_] => BLOCK,
        _ => BLOCK_OF_SEVERAL,
    };
    let mut all: Vec<Followed> = Vec::new();
    for (n, path) in paths.iter().enumerate() {
        let mut followed = Followed {
            follower: Follower::new(path, block),
            packed: VecDeque::new(),
            failing: false,
        };
        let begun = followed.begin(disk, history);
        all.push(followed);
        if let Err(error) = begun
            && !give(FollowedInput::Failed(n, error))
        {
            return;
        }
    }
    let mut behind: Vec<usize> = (0..all.len()).collect();
    while !behind.is_empty() && history.is_some() {
        if all.len() > 1 && !give(FollowedInput::Behind(&mut behind)) {
            return;
        }
        let n = behind[0];
        match all[n].look(n, disk, began.elapsed(), &mut give) {
            Some(Looked { more: false, .. }) => drop(behind.remove(0)),
            Some(_) => {}
            None => return,
        }
    }
    if !give(FollowedInput::CaughtUp) {
        return;
    }
    let mut pause = PAUSE;
    loop {
        let mut more = false;
        for (n, followed) in all.iter_mut().enumerate() {
            let Some(looked) = followed.look(n, disk, began.elapsed(), &mut give) else {
                return;
            };
            if looked.lines {
                pause = PAUSE;
            }
            more |= looked.more;
        }
        if !more {
            std::thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// What a look at a file found: lines, and that there may be more.
struct Looked {
    lines: bool,
    more: bool,
}

impl Followed {
    /// Opens what is to be read of before the start.
    fn begin(&mut self, disk: &mut Disk, history: Option<Duration>) -> io::Result<()> {
        let Some(span) = history else {
            return self.follower.skip_to_end(disk, Duration::ZERO);
        };
        let since = SystemTime::now().checked_sub(span);
        let rotated = rotated_since(
            self.follower.path(),
            since.unwrap_or(SystemTime::UNIX_EPOCH),
        );
        let (packed, plain): (Vec<_>, Vec<_>) =
            rotated.into_iter().partition(|path| is_packed(path));
        // Opened first, so that none is lost that is rotated meanwhile.
        let opened = self.follower.begin_with(disk, &plain, Duration::ZERO);
        self.packed = packed.into_iter().map(PackedFile::new).collect();
        opened
    }

    /// Looks once, and gives what came; `None` where no more is wanted.
    fn look(
        &mut self,
        n: usize,
        disk: &mut Disk,
        now: Duration,
        give: &mut impl FnMut(FollowedInput<'_>) -> bool,
    ) -> Option<Looked> {
        let mut lines = Vec::new();
        if let Some(packed) = self.packed.front_mut() {
            let read = packed.read(&mut lines);
            if !matches!(read, Ok(true)) {
                self.packed.pop_front();
            }
            let looked = Looked {
                lines: !lines.is_empty(),
                more: true,
            };
            let given = !looked.lines || give(FollowedInput::Lines(n, lines));
            let told = match read {
                Ok(_) => true,
                Err(error) => given && give(FollowedInput::Failed(n, error)),
            };
            return (given && told).then_some(looked);
        }
        let polled = self.follower.poll(disk, now, &mut lines);
        let mut looked = Looked {
            lines: !lines.is_empty(),
            more: false,
        };
        let given = !looked.lines || give(FollowedInput::Lines(n, lines));
        let said = self.follower.said();
        if !given || !said.into_iter().all(|said| give(FollowedInput::Lost(said))) {
            return None;
        }
        let told = match polled {
            Ok(more) => {
                looked.more = more;
                !std::mem::take(&mut self.failing) || give(FollowedInput::Readable(n))
            }
            Err(error) => {
                let failed = std::mem::replace(&mut self.failing, true);
                failed || give(FollowedInput::Unreadable(n, error))
            }
        };
        told.then_some(looked)
    }
}

fn is_packed(path: &Path) -> bool {
    File::open(path)
        .and_then(|file| packing(&file))
        .is_ok_and(|packing| packing != Packing::Plain)
}

/// A packed file, read to its end; opened when it is first read.
struct PackedFile {
    path: PathBuf,
    source: Option<LogInput<File>>,
    tail: Vec<u8>,
}

impl PackedFile {
    fn new(path: PathBuf) -> PackedFile {
        PackedFile {
            path,
            source: None,
            tail: Vec::new(),
        }
    }

    /// Appends the lines of a block to `lines`; whether there are more.
    ///
    /// # Errors
    ///
    /// If it cannot be unpacked any further; they name it.
    fn read(&mut self, lines: &mut Vec<u8>) -> io::Result<bool> {
        let named = |error: io::Error| {
            io::Error::new(error.kind(), format!("{}: {error}", self.path.display()))
        };
        let source = match &mut self.source {
            Some(source) => source,
            none => none.insert(LogInput::new(File::open(&self.path).map_err(named)?)),
        };
        let mut block = vec![0; BLOCK_OF_SEVERAL];
        let read = source.read(&mut block);
        match read {
            Ok(count @ 1..) => follow::give(&mut self.tail, &block[..count], lines),
            _ => follow::finish(std::mem::take(&mut self.tail), lines),
        }
        read.map(|count| count > 0).map_err(named)
    }
}

/// The rotated files of `path` that are beside it, by their names: `access.log.1`, `access.log.2.gz`,
/// `access.log-20261120`, `access-20261120.log`, `access.1.log.gz`.
fn rotated(path: &Path) -> Vec<PathBuf> {
    let (Some(name), Some(folder)) = (
        path.file_name().and_then(|name| name.to_str()),
        path.parent(),
    ) else {
        return Vec::new();
    };
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| {
            entry
                .file_name()
                .to_str()
                .is_some_and(|other| is_rotated(name, other))
        })
        .map(|entry| entry.path())
        .filter(|path| regular::at(path).is_some())
        .collect();
    found.sort();
    found
}

/// Whether a file of the name `other` is a rotated one of `name`.
fn is_rotated(name: &str, other: &str) -> bool {
    let other = [".gz", ".zst"]
        .iter()
        .find_map(|end| other.strip_suffix(end))
        .unwrap_or(other);
    let numbered = |middle: &str| {
        let digits = middle.strip_prefix(['.', '-', '_']).unwrap_or_default();
        digits.starts_with(|c: char| c.is_ascii_digit())
            && digits
                .chars()
                .all(|c| c.is_ascii_digit() || ".-_:TZ".contains(c))
    };
    if let Some(middle) = other.strip_prefix(name) {
        return numbered(middle);
    }
    let Some((stem, end)) = name.rsplit_once('.') else {
        return false;
    };
    let middle = other.strip_prefix(stem);
    middle
        .and_then(|middle| middle.strip_suffix(end)?.strip_suffix('.'))
        .is_some_and(numbered)
}

/// The rotated files that were written to at or after `since`, the oldest first.
fn rotated_since(path: &Path, since: SystemTime) -> Vec<PathBuf> {
    let mut dated: Vec<(SystemTime, PathBuf)> = rotated(path)
        .into_iter()
        .filter_map(|path| Some((fs::metadata(&path).ok()?.modified().ok()?, path)))
        .filter(|(modified, _)| *modified >= since)
        .collect();
    dated.sort();
    // One that is being packed is there twice.
    let mut plain: Vec<PathBuf> = dated.into_iter().map(|(_, path)| path).collect();
    let all = plain.clone();
    plain.retain(|path| !is_packed(path) || !all.contains(&path.with_extension("")));
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_files_are_known_by_their_names() {
        for other in [
            "access.log.1",
            "access.log.12.gz",
            "access.log-20261120",
            "access.log-20261120.zst",
            "access.log.2026-11-20T10:00:00Z",
            "access-20261120.log",
            "access.1.log.gz",
        ] {
            assert!(is_rotated("access.log", other), "{other}");
        }
        for other in [
            "access.log",
            "access.log.gz",
            "access.log.old",
            "access.log-json",
            "access.log.1.bak",
            "access.logs.1",
            "error.log.1",
            "access-admin.log",
        ] {
            assert!(!is_rotated("access.log", other), "{other}");
        }
        assert!(is_rotated("access", "access.1") && !is_rotated("access", "access_log"));
    }
}
