//! The operands, looked at before anything is read: a typing error costs no output, and a file that is given
//! twice counts once.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::{file, regular, same};
use crate::error::Error;
use crate::filter::Filter;
use crate::hashing::hash_of;
use crate::input::packing::{Packing, refused};
use crate::input::source::LogInput;
use crate::nearest;
use crate::render::escape;

/// What standard input is called in a message.
pub(super) const STDIN: &str = "standard input";

/// Two logs differ within so many bytes, unpacked.
const HEAD: u64 = 4096;
/// Bytes compared at once.
const BLOCK: usize = 64 << 10;

/// An operand that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operand {
    Stdin,
    File(OsString),
}

/// What there is to read.
#[derive(Debug, Default)]
pub(super) struct Operands {
    /// What can be read, in the order given.
    pub(super) found: Vec<Operand>,
    /// Why the others cannot.
    pub(super) errors: Vec<Error>,
    /// What is said of those that are given twice, or are not there yet.
    pub(super) said: Vec<String>,
}

impl Operand {
    /// What this name on the command line means.
    pub(super) fn named(name: &OsString) -> Operand {
        if name == "-" {
            Operand::Stdin
        } else {
            Operand::File(name.clone())
        }
    }

    /// As the option's user wrote it.
    pub(super) fn argument(&self) -> OsString {
        match self {
            Operand::Stdin => "-".into(),
            Operand::File(name) => name.clone(),
        }
    }

    /// What it is called in a message.
    fn shown(&self) -> String {
        match self {
            Operand::Stdin => STDIN.to_owned(),
            Operand::File(name) => escape::terminal(name.to_string_lossy().as_bytes(), false),
        }
    }

    /// The file, to be read from where it begins, if it is a regular one.
    fn open_regular(&self) -> Option<File> {
        match self {
            Operand::Stdin => file::stdin(),
            Operand::File(name) => {
                let regular = regular::at(Path::new(name));
                regular.and_then(|_| File::open(name).ok())
            }
        }
    }

    /// Whether it is a regular file.
    pub(super) fn is_regular(&self) -> bool {
        match self {
            Operand::Stdin => file::stdin().is_some(),
            Operand::File(name) => regular::at(Path::new(name)).is_some(),
        }
    }

    /// Whether it is a regular file that is packed.
    pub(super) fn is_packed(&self) -> bool {
        let file = self.open_regular();
        file.is_some_and(|file| packing(&file).is_ok_and(|packing| packing != Packing::Plain))
    }

    /// Calls `look` with the text of a regular file, and leaves the file at its place.
    pub(super) fn look<T>(&self, look: impl FnOnce(&mut dyn Read) -> T) -> Option<T> {
        let mut file = self.open_regular()?;
        let start = file.stream_position().ok()?;
        let found = look(&mut LogInput::new(&mut file));
        file.seek(SeekFrom::Start(start)).ok()?;
        Some(found)
    }
}

/// Looks at the operands.
pub(super) fn check(files: &[OsString]) -> Operands {
    let mut operands = Operands::default();
    let stdin = ["-".into()];
    let files = if files.is_empty() { &stdin[..] } else { files };
    let mut heads = Vec::new();
    for file in files {
        match check_one(file) {
            Ok((operand, head)) => {
                operands.found.push(operand);
                heads.push(head);
            }
            Err(error) => operands
                .errors
                .push(failure(&file.to_string_lossy(), &error)),
        }
    }
    operands.leave_out_copies(&heads);
    operands
}

/// Looks at files that are to be followed: one may come to be there later.
pub(super) fn check_followed(files: &[OsString]) -> Operands {
    let mut operands = Operands::default();
    for file in files {
        let operand = Operand::File(file.clone());
        let name = file.to_string_lossy();
        let error = match std::fs::metadata(file) {
            Ok(found) if found.is_dir() => io::ErrorKind::IsADirectory.into(),
            Ok(found) if !found.is_file() => {
                io::Error::other("is no file that --follow could read (leave --follow out)")
            }
            Ok(_) => match File::open(file).and_then(|file| packing(&file)) {
                Ok(Packing::Plain) => {
                    operands.add_once(operand);
                    continue;
                }
                Ok(_) => io::Error::other(
                    "is packed, and nothing is written to it any more (--replay reads it)",
                ),
                Err(error) => error,
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                operands.said.push(format!(
                    "{}: no such file yet; it is read once it is there",
                    operand.shown()
                ));
                operands.add_once(operand);
                continue;
            }
            Err(error) => error,
        };
        operands.errors.push(failure(&name, &error));
    }
    operands
}

/// The operand, and of a regular file that is not empty what is the same where the first bytes are.
fn check_one(file: &OsString) -> io::Result<(Operand, Option<u64>)> {
    let operand = Operand::named(file);
    if operand != Operand::Stdin {
        let metadata = std::fs::metadata(file)?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // A named pipe is opened once: its writer would be cut off by a second time.
        if metadata.is_file() {
            File::open(file)?;
        }
    }
    let head = operand.look(|source| {
        let mut head = Vec::new();
        match source.take(HEAD).read_to_end(&mut head) {
            Err(error) if refused(&error).is_some() => Err(error),
            // What is wrong with it is said when it is read.
            _ => Ok((!head.is_empty()).then(|| hash_of(&head))),
        }
    });
    Ok((operand, head.transpose()?.flatten()))
}

impl Operands {
    fn add_once(&mut self, operand: Operand) {
        if self
            .found
            .iter()
            .any(|found| matches!(compare_names(found, &operand), Copy::Second))
        {
            self.said.push(format!(
                "{} is given twice; it counts once",
                operand.shown()
            ));
        } else {
            self.found.push(operand);
        }
    }

    fn leave_out_copies(&mut self, heads: &[Option<u64>]) {
        let mut alike: HashMap<u64, Vec<usize>> = HashMap::new();
        let mut left_out = vec![false; self.found.len()];
        for (n, head) in heads.iter().enumerate() {
            let Some(head) = *head else { continue };
            let others = alike.entry(head).or_default();
            for &other in others
                .iter()
                .filter(|&&other| !left_out[other])
                .collect::<Vec<_>>()
            {
                let (a, b) = (&self.found[other], &self.found[n]);
                let (copy, whole) = match compare(a, b) {
                    Copy::None => continue,
                    Copy::Second => (n, other),
                    Copy::First => (other, n),
                };
                left_out[copy] = true;
                let (copy, whole) = (self.found[copy].shown(), self.found[whole].shown());
                self.said.push(if copy == whole {
                    format!("{copy} is given twice; it counts once")
                } else {
                    format!(
                        "{copy} holds what {whole} begins with; what is given twice counts once"
                    )
                });
                break;
            }
            others.push(n);
        }
        let mut left_out = left_out.into_iter();
        self.found.retain(|_| left_out.next() == Some(false));
    }
}

/// Which of two is the beginning of the other, or the same.
enum Copy {
    None,
    First,
    Second,
}

/// Whether both are one file, by name or by inode.
fn compare_names(a: &Operand, b: &Operand) -> Copy {
    let same = match (a, b) {
        (Operand::File(a), Operand::File(b)) => same::files(Path::new(a), Path::new(b)),
        (Operand::File(file), Operand::Stdin) | (Operand::Stdin, Operand::File(file)) => {
            same::stdin(Path::new(file))
        }
        (Operand::Stdin, Operand::Stdin) => true,
    };
    if same || a == b {
        Copy::Second
    } else {
        Copy::None
    }
}

fn compare(a: &Operand, b: &Operand) -> Copy {
    if matches!(compare_names(a, b), Copy::Second) {
        return Copy::Second;
    }
    a.look(|a| b.look(|b| compare_text(a, b)))
        .flatten()
        .unwrap_or(Copy::None)
}

/// An error ends a text as its end does: it is said when the file is read.
fn compare_text(a: &mut dyn Read, b: &mut dyn Read) -> Copy {
    let fill = |reader: &mut dyn Read, block: &mut Vec<u8>| {
        block.clear();
        let _ = reader.take(BLOCK as u64).read_to_end(block);
    };
    let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
    loop {
        fill(a, &mut of_a);
        fill(b, &mut of_b);
        if of_b.len() < BLOCK && of_a.starts_with(&of_b) {
            return Copy::Second;
        }
        if of_a.len() < BLOCK && of_b.starts_with(&of_a) {
            return Copy::First;
        }
        if of_a != of_b {
            return Copy::None;
        }
    }
}

/// What a file is packed with; its place stays.
pub(super) fn packing(mut file: &File) -> io::Result<Packing> {
    let start = file.stream_position()?;
    let mut head = Vec::new();
    file.take(16).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(start))?;
    Ok(Packing::of(&head, true).unwrap_or(Packing::Plain))
}

/// Whether one of the operands is a regular file.
pub(super) fn any_regular(operands: &[Operand]) -> bool {
    operands.iter().any(Operand::is_regular)
}

/// Whether all of them are regular files that were named.
pub(super) fn all_regular_files(operands: &[Operand]) -> bool {
    operands
        .iter()
        .all(|operand| *operand != Operand::Stdin && operand.is_regular())
}

/// Words and signs of expressions and rules.
const WORDS: [&str; 16] = [
    "and", "or", "not", "over", "by", "min", "for", "during", "=", "!=", "~", "<", "<=", ">", ">=",
    "where",
];

/// What the user may have meant by a name that no file has.
fn meant(name: &str) -> String {
    if WORDS.contains(&name) {
        " (an expression or a rule is one argument: put all of it in quotes)".to_owned()
    } else if Filter::parse(name).is_ok() {
        format!(" (did you mean --where '{name}'?)")
    } else {
        match name {
            "help" | "version" => format!(" (did you mean --{name}?)"),
            _ => nearest::question(name, [crate::cli::simulate::NAME]),
        }
    }
}

/// What is said of input that cannot be read.
pub(super) fn failure(name: &str, error: &io::Error) -> Error {
    let name = if name == "-" { STDIN } else { name };
    if let Some(foreign) = refused(error) {
        let advice = foreign.advice(Some(name).filter(|&name| name != STDIN));
        let text = format!("{name}: {advice}");
        return Error::new(escape::terminal(text.as_bytes(), false));
    }
    let name = escape::terminal(name.as_bytes(), false);
    Error::new(match error.kind() {
        io::ErrorKind::IsADirectory if name == STDIN => format!("{name}: is a directory"),
        io::ErrorKind::IsADirectory => {
            format!("{name}: is a directory (name the log files in it: {name}/*.log)")
        }
        io::ErrorKind::NotFound => format!("{name}: no such file{}", meant(&name)),
        _ if cfg!(unix) && error.raw_os_error() == Some(TOO_MANY_OPEN) => {
            format!("{name}: {error} (see ulimit -n)")
        }
        _ => format!("{name}: {error}"),
    })
}

/// `EMFILE`, which is the same on every Unix.
const TOO_MANY_OPEN: i32 = 24;

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn too_many_open_files_are_told_with_their_limit() {
        let error = io::Error::from_raw_os_error(TOO_MANY_OPEN);
        let said = failure("access.log", &error).to_string();
        assert!(
            said.starts_with("access.log: Too many open files"),
            "{said}"
        );
        assert!(said.ends_with("(see ulimit -n)"), "{said}");
    }
}
