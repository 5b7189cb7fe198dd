//! Rotations of made-up files: no disk, no clock.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::*;

/// A folder whose files are their inodes.
#[derive(Default)]
struct Folder {
    names: BTreeMap<PathBuf, Inode>,
    inodes: u64,
    packed: BTreeMap<PathBuf, Vec<u8>>,
}

type Inode = Rc<RefCell<(u64, Vec<u8>)>>;

impl Files for Folder {
    type File = Inode;

    fn open(&mut self, path: &Path) -> io::Result<Inode> {
        self.names
            .get(path)
            .cloned()
            .ok_or(io::ErrorKind::NotFound.into())
    }

    fn named(&mut self, path: &Path) -> io::Result<Id> {
        if let Some(packed) = self.packed.get(path) {
            let mut crc = flate2::Crc::new();
            crc.update(packed);
            return Ok((1, crc.sum().into()));
        }
        self.open(path).map(|file| (0, file.borrow().0))
    }

    fn stat(&mut self, file: &Inode) -> io::Result<(Id, u64)> {
        Ok(((0, file.borrow().0), file.borrow().1.len() as u64))
    }

    fn read_at(&mut self, file: &Inode, block: &mut [u8], place: u64) -> io::Result<usize> {
        let bytes = &file.borrow().1;
        let rest = bytes.get(place as usize..).unwrap_or_default();
        // Never all at once.
        let count = rest.len().min(block.len()).min(100);
        block[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn rotated(&mut self, path: &Path) -> Vec<PathBuf> {
        let names = self.names.keys().chain(self.packed.keys());
        names.filter(|&name| name != path).cloned().collect()
    }

    fn version(&mut self, path: &Path) -> io::Result<Version> {
        let length = self.head(path)?.len() as u128;
        Ok((self.named(path)?, length))
    }

    fn head(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let mut head = match self.packed.get(path) {
            Some(packed) => packed.clone(),
            None => self.open(path)?.borrow().1.clone(),
        };
        head.truncate(MARK);
        Ok(head)
    }

    fn is_recent(&mut self, _: &Path) -> bool {
        true
    }

    fn unpack(&mut self, path: &Path, read: &Read) -> io::Result<Option<Vec<u8>>> {
        let bytes = self.packed.get(path).ok_or(io::ErrorKind::NotFound)?;
        let place = read.place as usize;
        let known = bytes.len() >= place && bytes.starts_with(&read.head);
        Ok(known.then(|| bytes[place..].to_vec()))
    }
}

impl Folder {
    fn create(&mut self, name: &str) -> Inode {
        self.inodes += 1;
        let file = Rc::new(RefCell::new((self.inodes, Vec::new())));
        self.names.insert(name.into(), Rc::clone(&file));
        file
    }

    fn rename(&mut self, from: &str, to: &str) {
        let file = self.names.remove(Path::new(from)).expect("a file");
        self.names.insert(to.into(), file);
    }
}

/// A server that numbers its lines, and who follows its log.
struct LoggedServer {
    folder: Folder,
    server: Inode,
    follower: Follower<Folder>,
    written: usize,
    now: Duration,
    found: Vec<u8>,
}

impl LoggedServer {
    fn new() -> LoggedServer {
        let mut folder = Folder::default();
        let server = folder.create("log");
        LoggedServer {
            folder,
            server,
            follower: Follower::new(Path::new("log"), 256 << 10),
            written: 0,
            now: Duration::ZERO,
            found: Vec::new(),
        }
    }

    fn write(&mut self, lines: usize) {
        for _ in 0..lines {
            let line = format!("line {} of the log\n", self.written);
            self.server
                .borrow_mut()
                .1
                .extend_from_slice(line.as_bytes());
            self.written += 1;
        }
    }

    fn look(&mut self) {
        let mut lines = Vec::new();
        while self
            .follower
            .poll(&mut self.folder, self.now, &mut lines)
            .expect("it is read")
        {}
        assert!(lines.is_empty() || lines.ends_with(b"\n"));
        self.found.append(&mut lines);
        self.now += Duration::from_millis(100);
    }

    /// Every line once, in order.
    fn holds(&self) {
        let want: String = (0..self.written)
            .map(|n| format!("line {n} of the log\n"))
            .collect();
        let found = String::from_utf8_lossy(&self.found);
        assert!(
            found == want,
            "{} of {} lines:\n{found}",
            found.lines().count(),
            self.written
        );
    }
}

#[test]
fn a_renamed_file_is_read_on_before_the_new_one() {
    let mut scene = LoggedServer::new();
    scene.look();
    for rotation in 0..20 {
        scene.write(rotation * 7 % 50);
        if rotation % 3 > 0 {
            scene.look();
        }
        scene.write(3);
        scene.folder.rename("log", &format!("log.{rotation}"));
        // The server writes on to the old one until it gets a signal, and there may be no new one by then.
        scene.write(5);
        if rotation % 2 > 0 {
            scene.look();
        }
        let new = scene.folder.create("log");
        scene.write(2);
        scene.look();
        scene.write(4);
        scene.server = new;
        scene.write(1);
    }
    scene.look();
    scene.holds();
    // What is quiet is closed.
    assert!(scene.follower.old.len() > 3);
    scene.now += QUIET;
    scene.look();
    assert_eq!(scene.follower.old.len(), 0);
}

#[test]
fn two_rotations_between_two_looks_lose_nothing() {
    for copied in [false, true] {
        let mut scene = LoggedServer::new();
        let before = "from long before the start\n".repeat(9);
        scene.folder.create("log.0").borrow_mut().1 = before.into_bytes();
        let begun = scene.follower.begin_with(&mut scene.folder, &[], scene.now);
        begun.expect("it is read");
        scene.write(30);
        scene.look();
        for rotation in 0..10 {
            for half in 0..2 {
                scene.write(20 + rotation);
                let name = format!("log.{}", 99 - 2 * rotation - half);
                if copied {
                    let bytes = scene.server.borrow().1.clone();
                    scene.folder.create(&name).borrow_mut().1 = bytes;
                    scene.server.borrow_mut().1.clear();
                } else {
                    scene.folder.rename("log", &name);
                    scene.server = scene.folder.create("log");
                }
            }
            scene.write(3);
            scene.look();
        }
        scene.holds();
    }
}

#[test]
fn what_stood_in_a_file_that_was_emptied_is_found_in_its_copy() {
    for packed in [false, true] {
        let mut scene = LoggedServer::new();
        for rotation in 0..20 {
            scene.write(1 + rotation * 7 % 90);
            scene.look();
            scene.write(rotation % 4);
            let name = format!("log.{rotation}");
            let bytes = scene.server.borrow().1.clone();
            if packed {
                scene.folder.packed.insert(name.into(), bytes);
            } else {
                let copy = scene.folder.create(&name);
                copy.borrow_mut().1 = bytes;
            }
            scene.server.borrow_mut().1.clear();
            // By the next look it may be longer than it was.
            scene.write(rotation * 13 % 120);
            scene.look();
        }
        scene.holds();
        assert_eq!(scene.follower.said(), Vec::<String>::new());
    }
}

#[test]
fn a_copy_that_is_not_there_is_waited_for_and_then_said() {
    let mut scene = LoggedServer::new();
    scene.write(9);
    scene.look();
    scene.server.borrow_mut().1.clear();
    scene.write(2);
    scene.look();
    scene.holds();
    scene.now += QUIET;
    scene.look();
    let said = scene.follower.said();
    assert!(
        said.len() == 1 && said[0].starts_with("log was emptied, and no copy"),
        "{said:?}"
    );
}

#[test]
fn a_line_waits_for_its_newline_until_nothing_can_come() {
    let mut scene = LoggedServer::new();
    scene.server.borrow_mut().1.extend_from_slice(b"half a");
    scene.look();
    assert_eq!(scene.found, b"");
    scene
        .server
        .borrow_mut()
        .1
        .extend_from_slice(b" line\nand half");
    scene.look();
    assert_eq!(scene.found, b"half a line\n");
    scene.folder.rename("log", "log.1");
    scene.folder.create("log").borrow_mut().1 = b"new\n".to_vec();
    scene.look();
    assert_eq!(scene.found, b"half a line\nnew\n");
    scene.now += QUIET;
    scene.look();
    assert_eq!(scene.found, b"half a line\nnew\nand half\n");
}

#[test]
fn a_name_may_lead_nowhere_for_a_while_and_what_is_there_may_be_passed_over() {
    let mut scene = LoggedServer::new();
    scene.folder.names.clear();
    scene.look();
    scene.server = scene.folder.create("log");
    scene.write(3);
    scene.look();
    scene.holds();
    let mut late = Follower::new(Path::new("log"), 256 << 10);
    late.skip_to_end(&mut scene.folder, scene.now)
        .expect("it is read");
    scene.follower = late;
    scene.write(2);
    scene.look();
    scene.holds();
}

#[test]
fn one_that_is_copied_emptied_and_packed_between_two_looks_is_read() {
    let mut scene = LoggedServer::new();
    // One that was there before is packed later: it is not read for that.
    let older = b"an older line\n".repeat(10);
    let file = scene.folder.create("log.999");
    file.borrow_mut().1.clone_from(&older);
    scene
        .follower
        .skip_to_end(&mut scene.folder, scene.now)
        .expect("it is read");
    let mut number = 900;
    for rotation in 0..5 {
        scene.write(20);
        scene.look();
        for lines in [7, 30] {
            scene.write(lines);
            let packed = std::mem::take(&mut scene.server.borrow_mut().1);
            let name = format!("log.{number}.gz");
            scene.folder.packed.insert(name.into(), packed);
            number -= 1;
        }
        scene.write(5);
        for _ in 0..15 {
            scene.look();
        }
        if rotation == 2 {
            scene.folder.names.remove(Path::new("log.999"));
            scene
                .folder
                .packed
                .insert("log.999.gz".into(), older.clone());
        }
    }
    scene.holds();
    assert_eq!(scene.follower.said(), Vec::<String>::new());
}

#[test]
fn one_that_is_emptied_before_anything_was_read_of_it_is_found() {
    let mut scene = LoggedServer::new();
    scene
        .follower
        .skip_to_end(&mut scene.folder, scene.now)
        .expect("it is read");
    for rotation in 0..5 {
        scene.write(30);
        let packed = std::mem::take(&mut scene.server.borrow_mut().1);
        let name = format!("log.{}.gz", 900 - rotation);
        scene.folder.packed.insert(name.into(), packed);
        for _ in 0..15 {
            scene.look();
        }
    }
    scene.holds();
}
