//! The ledger of `--state`: what was told, so that a run that goes on tells nothing a second time.
//!
//! JSON Lines. The first says what the file is; each of the others is an [`LedgerEntry`] with a checksum of itself. Entries
//! are appended and synced before and after each telling, and now and then the file is written anew: to a temporary
//! file, which is synced and takes its name. It is locked as long as it is open.
//!
//! A file that is something else is left as it is. A last line that was cut is dropped: it was not synced, so what it
//! says was not relied upon. One that is damaged is moved aside, and the caller says so: what was told is not known then,
//! and nothing of the time before is told.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Crc;

use super::{file, output_file, same};
use crate::error::Error;
use crate::format;
use crate::render::escape;
use crate::time::Second;

/// The first line.
const HEADER: &str = "{\"v\":1,\"type\":\"httpmon-state\"}\n";
/// So many entries are appended before the file is written anew.
const MOST: usize = 4096;
/// A larger file is none of these.
const LARGEST: u64 = 64 << 20;

/// How far the telling is: events up to a second, and so many of the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// All events before this second were told.
    pub(super) second: Second,
    /// So many events of this second were told.
    pub(super) events: u64,
}

/// A program that was begun: what it is given, field by field.
pub(super) type HookFields = Vec<(String, String)>;

/// What is known.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Told {
    /// Up to where events were told; `None` in a new ledger.
    pub(super) mark: Option<Mark>,
    /// What is being told, and how long the output was before.
    pub(super) telling: Option<(Mark, Option<u64>)>,
    /// The alerts that were told to fire, and since when.
    pub(super) firing: BTreeMap<String, Second>,
    /// The programs that were begun and have not ended.
    pub(super) begun: BTreeMap<String, HookFields>,
    /// The programs that were begun for what is being told, whether they ended or not.
    pub(super) recent: Vec<String>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum LedgerEntry {
    /// Events are about to be told, and the output has this length.
    Telling(Mark, Option<u64>),
    /// Events were told.
    Told(Mark),
    /// An alert was told to fire.
    Fires(String, Second),
    /// It was told to be over.
    Over(String),
    /// A program is about to be run.
    Begun(String, HookFields),
    /// It has ended.
    Ended(String),
}

impl Told {
    fn take(&mut self, entry: LedgerEntry) {
        match entry {
            LedgerEntry::Telling(mark, length) => self.telling = Some((mark, length)),
            LedgerEntry::Told(mark) => {
                self.mark = Some(mark);
                self.telling = None;
                self.recent.clear();
            }
            LedgerEntry::Fires(alert, since) => {
                self.firing.insert(alert, since);
            }
            LedgerEntry::Over(alert) => {
                self.firing.remove(&alert);
            }
            LedgerEntry::Begun(id, fields) => {
                self.recent.push(id.clone());
                self.begun.insert(id, fields);
            }
            LedgerEntry::Ended(id) => {
                self.begun.remove(&id);
            }
        }
    }

    /// The entries that say all of it.
    fn entries(&self) -> Vec<LedgerEntry> {
        let mark = self.mark.map(LedgerEntry::Told);
        let firing = self
            .firing
            .iter()
            .map(|(alert, since)| LedgerEntry::Fires(alert.clone(), *since));
        let begun = self
            .begun
            .iter()
            .map(|(id, fields)| LedgerEntry::Begun(id.clone(), fields.clone()));
        // Those that have ended are begun once more, and end at once.
        let ended = self
            .recent
            .iter()
            .filter(|id| !self.begun.contains_key(*id));
        let ended = ended.flat_map(|id| {
            [
                LedgerEntry::Begun(id.clone(), Vec::new()),
                LedgerEntry::Ended(id.clone()),
            ]
        });
        let telling = self
            .telling
            .map(|(mark, length)| LedgerEntry::Telling(mark, length));
        let mut entries: Vec<LedgerEntry> = mark.into_iter().chain(firing).collect();
        // What was begun before is not of what is being told now, but that is known by its id alone.
        entries.extend(begun.chain(ended).chain(telling));
        entries
    }
}

impl LedgerEntry {
    /// Its line, with the checksum.
    fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let mut line = FieldWriter { out, first: true };
        match self {
            LedgerEntry::Telling(mark, length) => {
                line.text("type", "telling");
                line.mark(*mark);
                if let Some(length) = length {
                    line.number("length", *length as i64);
                }
            }
            LedgerEntry::Told(mark) => {
                line.text("type", "told");
                line.mark(*mark);
            }
            LedgerEntry::Fires(alert, since) => {
                line.text("type", "fires");
                line.text("alert", alert);
                line.number("since", since.0);
            }
            LedgerEntry::Over(alert) => {
                line.text("type", "over");
                line.text("alert", alert);
            }
            LedgerEntry::Begun(id, fields) => {
                line.text("type", "begun");
                line.text("id", id);
                for (name, value) in fields {
                    line.text(name, value);
                }
            }
            LedgerEntry::Ended(id) => {
                line.text("type", "ended");
                line.text("id", id);
            }
        }
        let crc = checksum(&out[start..]);
        out.extend_from_slice(format!(",\"crc\":\"{crc:08x}\"}}\n").as_bytes());
    }

    /// Reads a line that [`LedgerEntry::write`] wrote; `None` for any other.
    fn read(line: &[u8]) -> Option<LedgerEntry> {
        let line = std::str::from_utf8(line).ok()?;
        let (body, crc) = line.rsplit_once(",\"crc\":\"")?;
        if crc.strip_suffix("\"}")? != format!("{:08x}", checksum(body.as_bytes())) {
            return None;
        }
        let fields = fields(body)?;
        let text = |name: &str| {
            fields
                .iter()
                .find(|(found, _)| found == name)
                .map(|(_, value)| value)
        };
        let number = |name: &str| text(name)?.parse::<i64>().ok();
        let mark = || {
            Some(Mark {
                second: Second(number("second")?),
                events: u64::try_from(number("events")?).ok()?,
            })
        };
        Some(match text("type")?.as_str() {
            "telling" => LedgerEntry::Telling(
                mark()?,
                number("length").and_then(|n| u64::try_from(n).ok()),
            ),
            "told" => LedgerEntry::Told(mark()?),
            "fires" => LedgerEntry::Fires(text("alert")?.clone(), Second(number("since")?)),
            "over" => LedgerEntry::Over(text("alert")?.clone()),
            "begun" => {
                let id = text("id")?.clone();
                let is_own = |name: &str| name != "type" && name != "id";
                LedgerEntry::Begun(
                    id,
                    fields
                        .into_iter()
                        .filter(|(name, _)| is_own(name))
                        .collect(),
                )
            }
            "ended" => LedgerEntry::Ended(text("id")?.clone()),
            _ => return None,
        })
    }
}

/// Writes the fields of one line.
struct FieldWriter<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl FieldWriter<'_> {
    fn name(&mut self, name: &str) {
        self.out.push(if std::mem::take(&mut self.first) {
            b'{'
        } else {
            b','
        });
        escape::json(name.as_bytes(), self.out);
        self.out.push(b':');
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        escape::json(text.as_bytes(), self.out);
    }

    fn number(&mut self, name: &str, number: i64) {
        self.name(name);
        self.out.extend_from_slice(number.to_string().as_bytes());
    }

    fn mark(&mut self, mark: Mark) {
        self.number("second", mark.second.0);
        self.number("events", i64::try_from(mark.events).unwrap_or(i64::MAX));
    }
}

/// The names and values of a line's fields, without the brace that ends it.
fn fields(line: &str) -> Option<HookFields> {
    let mut rest = line.strip_prefix('{')?;
    let mut fields = Vec::new();
    loop {
        let (name, after) = string(rest)?;
        rest = after.strip_prefix(':')?;
        let value = if rest.starts_with('"') {
            let (value, after) = string(rest)?;
            rest = after;
            value
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let value = rest[..end].to_owned();
            rest = &rest[end..];
            value
        };
        fields.push((name, value));
        if rest.is_empty() {
            return Some(fields);
        }
        rest = rest.strip_prefix(',')?;
    }
}

/// The string that `text` begins with, and what follows.
fn string(text: &str) -> Option<(String, &str)> {
    let text = text.strip_prefix('"')?;
    let mut escaped = false;
    let end = text.bytes().position(|b| {
        let ends = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        ends
    })?;
    let mut found = Vec::new();
    format::json_text(&text.as_bytes()[..end], &mut found);
    Some((String::from_utf8(found).ok()?, &text[end + 1..]))
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// What a file holds.
enum Contents {
    Known(Told),
    Damaged,
    Foreign,
}

fn read(bytes: &[u8]) -> Contents {
    if bytes.len() < HEADER.len() && HEADER.as_bytes().starts_with(bytes) {
        return Contents::Known(Told::default());
    }
    let Some(mut rest) = bytes.strip_prefix(HEADER.as_bytes()) else {
        return Contents::Foreign;
    };
    let mut told = Told::default();
    while let Some(newline) = rest.iter().position(|&b| b == b'\n') {
        let Some(entry) = LedgerEntry::read(&rest[..newline]) else {
            return Contents::Damaged;
        };
        told.take(entry);
        rest = &rest[newline + 1..];
    }
    Contents::Known(told)
}

/// An open ledger.
#[derive(Debug)]
pub(super) struct Ledger {
    path: PathBuf,
    file: File,
    told: Told,
    /// Entries since it was written anew.
    appended: usize,
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
        let (told, said) = match read(&bytes) {
            Contents::Known(told) => (told, None),
            Contents::Foreign => {
                return Err(wrong(
                    &"is no state of httpmon, and is left as it is (name another file)",
                ));
            }
            Contents::Damaged => {
                let aside = aside(path);
                fs::rename(path, &aside).map_err(|error| wrong(&error))?;
                let said = format!(
                    "--state: {name} is damaged and was moved to {}: what was told before is not known, and nothing of \
                     the time before now is told",
                    output_file::name(&aside)
                );
                (Told::default(), Some(said))
            }
        };
        let mut ledger = Ledger {
            path: path.to_owned(),
            file,
            told,
            appended: 0,
        };
        ledger.rewrite().map_err(|error| wrong(&error))?;
        Ok((ledger, said))
    }

    /// What is known.
    pub(super) fn told(&self) -> &Told {
        &self.told
    }

    /// Adds entries; they are on the disk when it returns.
    ///
    /// # Errors
    ///
    /// Those of the file.
    pub(super) fn append(
        &mut self,
        entries: impl IntoIterator<Item = LedgerEntry>,
    ) -> io::Result<()> {
        let mut lines = Vec::new();
        for entry in entries {
            entry.write(&mut lines);
            self.told.take(entry);
            self.appended += 1;
        }
        if self.appended >= MOST {
            return self.rewrite();
        }
        self.file.write_all(&lines)?;
        self.file.sync_data()
    }

    /// Writes all that is known to a new file, which takes the name.
    fn rewrite(&mut self) -> io::Result<()> {
        let mut bytes = HEADER.as_bytes().to_vec();
        self.told
            .entries()
            .iter()
            .for_each(|entry| entry.write(&mut bytes));
        let mut temporary = self.path.clone().into_os_string();
        temporary.push(".tmp");
        let temporary = PathBuf::from(temporary);
        // Whoever holds the lock is the only one to write it; one that is there was left by a run that was killed.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new()
            .append(true)
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
        self.appended = 0;
        Ok(())
    }
}

/// Opens the file, or an empty one, and locks it.
fn lock(path: &Path) -> io::Result<File> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    // Another run may put a new file in its place between opening and locking.
    for _ in 0..10 {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)?;
        if !file::lock(&file)? {
            break;
        }
        if !file.metadata()?.is_file() || same::opened(path, &file) {
            return Ok(file);
        }
    }
    Err(io::ErrorKind::WouldBlock.into())
}

/// Where a damaged ledger is moved to.
fn aside(path: &Path) -> PathBuf {
    let mut aside = path.to_owned().into_os_string();
    aside.push(".damaged");
    PathBuf::from(aside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<LedgerEntry> {
        let mark = |second, events| Mark {
            second: Second(second),
            events,
        };
        let fields = vec![
            (
                "rule".to_owned(),
                "A \"rule\",\\ \n\u{1b}[2J \u{e9}\u{1f600}".to_owned(),
            ),
            ("json".to_owned(), "{\"v\":1,\"crc\":\"0\"}\n".to_owned()),
        ];
        vec![
            LedgerEntry::Telling(mark(100, 1), Some(4096)),
            LedgerEntry::Begun("High@90 firing".to_owned(), fields.clone()),
            LedgerEntry::Fires("High@90".to_owned(), Second(90)),
            LedgerEntry::Told(mark(100, 1)),
            LedgerEntry::Begun("Errors/a,b@95 firing".to_owned(), fields),
            LedgerEntry::Ended("High@90 firing".to_owned()),
            LedgerEntry::Fires("Errors/a,b@95".to_owned(), Second(-95)),
            LedgerEntry::Told(mark(120, 0)),
            LedgerEntry::Over("High@90".to_owned()),
            LedgerEntry::Telling(mark(121, 3), None),
        ]
    }

    fn told(entries: &[LedgerEntry]) -> Told {
        let mut told = Told::default();
        entries.iter().for_each(|entry| told.take(entry.clone()));
        told
    }

    fn written(entries: &[LedgerEntry]) -> Vec<u8> {
        let mut bytes = HEADER.as_bytes().to_vec();
        entries.iter().for_each(|entry| entry.write(&mut bytes));
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
    fn entries_read_back_and_one_ledger_says_what_all_of_them_said() {
        for entry in entries() {
            let mut line = Vec::new();
            entry.write(&mut line);
            assert_eq!(line.pop(), Some(b'\n'));
            assert_eq!(LedgerEntry::read(&line), Some(entry.clone()));
            serde_json::from_slice::<serde_json::Value>(&line).expect("JSON");
        }
        for count in 0..=entries().len() {
            let whole = told(&entries()[..count]);
            let again = told(&whole.entries());
            assert_eq!(
                (&again.mark, &again.telling, &again.firing, &again.begun),
                (&whole.mark, &whole.telling, &whole.firing, &whole.begun)
            );
            assert!(whole.recent.iter().all(|id| again.recent.contains(id)));
        }
    }

    #[test]
    fn one_that_is_cut_is_known_up_to_there() {
        let bytes = written(&entries());
        for cut in 0..=bytes.len() {
            let lines = bytes[..cut].iter().filter(|&&b| b == b'\n').count();
            let Contents::Known(found) = read(&bytes[..cut]) else {
                panic!("cut after {cut} bytes");
            };
            assert_eq!(found, told(&entries()[..lines.saturating_sub(1)]), "{cut}");
        }
    }

    #[test]
    fn a_flipped_bit_is_seen() {
        let bytes = written(&entries());
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut other = bytes.clone();
                other[at] ^= 1 << bit;
                match read(&other) {
                    Contents::Foreign => assert!(at < HEADER.len(), "{at}"),
                    Contents::Damaged => assert!(at >= HEADER.len(), "{at}"),
                    // The last newline, without which the line is cut.
                    Contents::Known(found) => {
                        assert_eq!(at, bytes.len() - 1);
                        assert_eq!(found, told(&entries()[..entries().len() - 1]));
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_appended_is_there_when_it_is_opened_again() {
        let folder = folder("again");
        let path = folder.join("state");
        for count in 0..entries().len() {
            let (mut ledger, said) = Ledger::open(&path).expect("it opens");
            assert_eq!(said, None);
            assert_eq!(ledger.told().mark, told(&entries()[..count]).mark);
            assert_eq!(ledger.told().begun, told(&entries()[..count]).begun);
            ledger
                .append([entries()[count].clone()])
                .expect("it is written");
        }
        let (mut ledger, _) = Ledger::open(&path).expect("it opens");
        for _ in 0..3 * MOST {
            ledger.appended += MOST / 8;
            ledger.append(entries()).expect("it is written");
            if ledger.appended == 0 {
                break;
            }
        }
        drop(ledger);
        let (ledger, _) = Ledger::open(&path).expect("it opens");
        assert_eq!(ledger.told().firing, told(&entries()).firing);
        assert_eq!(fs::read_dir(&folder).expect("the folder").count(), 1);
        drop(ledger);
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
        let mut bytes = written(&entries());
        bytes[HEADER.len() + 20] ^= 1;
        fs::write(&path, &bytes).expect("a file");
        let (ledger, said) = Ledger::open(&path).expect("it opens");
        assert_eq!(*ledger.told(), Told::default());
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
