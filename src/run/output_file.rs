//! The file that `--output` names.
//!
//! What comes piece by piece is appended to the file. A long run outlives the file: where it was renamed or removed
//! by the next write, a new one takes its place, and where it was emptied, writing goes on at its new end. A document
//! is written to a new file beside it, which then takes its name: who reads it at any moment finds all of the old one
//! or all of the new.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::operands::Operand;
use super::{regular, same};
use crate::error::Error;
use crate::render::escape;

/// Refuses a file that is also read.
pub(super) fn check(path: &Path, inputs: &[Operand]) -> Result<(), Error> {
    let read = inputs.iter().any(|input| match input {
        Operand::Stdin => same::stdin(path),
        Operand::File(file) => same::files(path, Path::new(file)),
    });
    if read {
        let name = name(path);
        return Err(Error::new(format!(
            "--output: {name} is an input file, and would be overwritten; name another"
        )));
    }
    Ok(())
}

/// What is no file, to be written to.
pub(super) fn open(path: &Path) -> Result<File, Error> {
    let opened = OpenOptions::new().write(true).open(path);
    opened.map_err(|error| failure(path, &error))
}

/// A file that is appended to.
#[derive(Debug)]
pub(super) struct Appended {
    path: PathBuf,
    file: File,
}

impl Appended {
    /// The file at `path`; what it holds is kept only if `keep` says so.
    pub(super) fn at(path: &Path, keep: bool) -> Result<Appended, Error> {
        let opened = append(path).and_then(|file| {
            if !keep && regular::opened(&file).is_some() {
                file.set_len(0)?;
            }
            Ok(file)
        });
        Ok(Appended {
            path: path.to_owned(),
            file: opened.map_err(|error| failure(path, &error))?,
        })
    }

    /// Appends as many of `bytes` as can be written; says how many, and why not all.
    pub(super) fn append(&mut self, bytes: &[u8]) -> (usize, io::Result<()>) {
        if let Err(error) = self.follow() {
            return (0, Err(error));
        }
        let mut written = 0;
        while written < bytes.len() {
            match self.file.write(&bytes[written..]) {
                Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return (written, Err(error)),
            }
        }
        (written, Ok(()))
    }

    /// How long it is, if it is a regular file.
    pub(super) fn length(&self) -> Option<u64> {
        regular::opened(&self.file).map(|data| data.len())
    }

    /// Cuts it off there.
    pub(super) fn cut(&self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    /// Opens the file anew if another one has its name by now, or none.
    fn follow(&mut self) -> io::Result<()> {
        let metadata = self.file.metadata()?;
        if !metadata.is_file() || same::opened(&self.path, &self.file) {
            return Ok(());
        }
        let is_new = !self.path.exists();
        let file = append(&self.path)?;
        if is_new {
            file.set_permissions(metadata.permissions())?;
        }
        self.file = file;
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

/// A file as it is shown in a message.
pub(super) fn name(path: &Path) -> String {
    escape::terminal(path.to_string_lossy().as_bytes(), false)
}

fn failure(path: &Path, error: &io::Error) -> Error {
    let name = name(path);
    Error::new(match error.kind() {
        io::ErrorKind::IsADirectory => {
            format!("--output: {name}: is a directory (name a file in it)")
        }
        io::ErrorKind::NotFound => format!("--output: {name}: there is no such folder"),
        _ => format!("--output: {name}: {error}"),
    })
}

/// A file that is replaced as a whole.
#[derive(Debug)]
pub(super) struct Replaced {
    target: PathBuf,
    /// In the same folder, since a rename moves nothing from one file system to another.
    temporary: PathBuf,
    /// Those of the file that was there.
    permissions: Option<Permissions>,
}

impl Replaced {
    /// The file at `path`; `None` where there is something that is no file, such as a device or a
    /// named pipe, which is to be written to and not replaced.
    pub(super) fn at(path: &Path) -> Result<Option<Replaced>, Error> {
        let wrong = |error: io::Error| failure(path, &error);
        let (target, permissions) = match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                return Err(wrong(io::ErrorKind::IsADirectory.into()));
            }
            Ok(found) if !found.is_file() => return Ok(None),
            // Behind a symbolic link its target is replaced, not the link.
            Ok(found) => (
                path.canonicalize().map_err(wrong)?,
                Some(found.permissions()),
            ),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (path.to_owned(), None),
            Err(error) => return Err(wrong(error)),
        };
        // Hidden, and without the ending of the name, so that whoever reads a folder of `*.prom` passes over it.
        let mut temporary = OsString::from(".");
        temporary.push(
            target
                .file_name()
                .ok_or_else(|| failure(path, &io::ErrorKind::InvalidFilename.into()))?,
        );
        temporary.push(format!(".{}.tmp", std::process::id()));
        let replaced = Replaced {
            temporary: target.with_file_name(temporary),
            target,
            permissions,
        };
        // That a place cannot be written to is said before anything is read.
        match replaced.open() {
            Ok(_) => fs::remove_file(&replaced.temporary).map_err(wrong)?,
            Err(error) if only_in_place(&error) && replaced.open_target().is_ok() => {}
            Err(error) => return Err(wrong(error)),
        }
        Ok(Some(replaced))
    }

    fn open(&self) -> io::Result<File> {
        // One that is there was left by a process of the same number. It is not written through: it may be a link.
        match fs::remove_file(&self.temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&self.temporary)
    }

    fn open_target(&self) -> io::Result<File> {
        OpenOptions::new().write(true).open(&self.target)
    }

    /// Puts a file with these bytes in its place, or these bytes into it where it cannot be replaced.
    pub(super) fn replace(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Ok(found) = fs::metadata(&self.target) {
            self.permissions = Some(found.permissions());
        }
        let written = self.open().and_then(|mut file| {
            // Before there is anything to read in it.
            if let Some(permissions) = &self.permissions {
                file.set_permissions(permissions.clone())?;
            }
            file.write_all(bytes)?;
            drop(file);
            fs::rename(&self.temporary, &self.target)
        });
        if written.is_err() {
            // What is said is why it could not be written.
            let _ = fs::remove_file(&self.temporary);
        }
        match written {
            Err(error) if only_in_place(&error) => {
                let mut file = self.open_target()?;
                file.write_all(bytes)?;
                file.set_len(bytes.len() as u64)
            }
            other => other,
        }
    }
}

/// Whether an error says that a file cannot be replaced, not that it cannot be written: it is a mount of its own,
/// or its folder is not to be written to.
fn only_in_place(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, ReadOnlyFilesystem, ResourceBusy};
    let kinds = [
        CrossesDevices,
        PermissionDenied,
        ReadOnlyFilesystem,
        ResourceBusy,
    ];
    kinds.contains(&error.kind())
}
