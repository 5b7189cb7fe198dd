//! The file that `--output` names.
//!
//! What comes piece by piece is written to the file itself. A document is written to a new file beside it,
//! which then takes its name: who reads it at any moment finds all of the old one or all of the new.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::operands::Operand;
use super::same;
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

/// The file, empty, to be written from its beginning.
pub(super) fn create(path: &Path) -> Result<File, Error> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(path);
    file.map_err(|error| failure(path, &error))
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
    /// Those of the file that stood there.
    permissions: Option<Permissions>,
}

impl Replaced {
    /// The file at `path`; `None` where something stands there that is no file, such as a device or a
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
        // That a place cannot be written to is told before anything is read.
        replaced.open().map_err(wrong)?;
        fs::remove_file(&replaced.temporary).map_err(wrong)?;
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

    /// Puts a file with these bytes in its place.
    pub(super) fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        let written = self.open().and_then(|mut file| {
            file.write_all(bytes)?;
            if let Some(permissions) = &self.permissions {
                file.set_permissions(permissions.clone())?;
            }
            drop(file);
            fs::rename(&self.temporary, &self.target)
        });
        if written.is_err() {
            // What is told is why it could not be written.
            let _ = fs::remove_file(&self.temporary);
        }
        written
    }
}
