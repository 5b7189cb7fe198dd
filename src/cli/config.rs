//! The arguments file: one argument per line, named by `HTTPMON_CONFIG_PATH`.
//!
//! A mistake in it may only show long after it was read, so each argument knows its line, and the message says where
//! to correct it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// The environment variable that names the file.
pub const VARIABLE: &str = "HTTPMON_CONFIG_PATH";

/// A file that was read.
#[derive(Debug)]
pub struct ArgumentsFile {
    path: PathBuf,
    /// Each argument, with its line from 1.
    arguments: Vec<(usize, OsString)>,
}

/// Reads the file. Blank lines and lines that begin with `#` are ignored, and so is white space around an argument.
///
/// # Errors
///
/// If the file cannot be read or is not UTF-8; the error names the file, and the variable or the line.
pub fn read(path: &Path) -> Result<ArgumentsFile, Error> {
    let bytes = std::fs::read(path).map_err(|error| {
        Error::new(format!(
            "{}: {VARIABLE}: {error} (unset {VARIABLE} to run without it)",
            path.display()
        ))
    })?;
    ArgumentsFile::new(path, &bytes)
}

impl ArgumentsFile {
    /// A file with this name and these contents.
    pub(super) fn new(path: &Path, bytes: &[u8]) -> Result<ArgumentsFile, Error> {
        let path = path.to_owned();
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(ArgumentsFile {
                path,
                arguments: arguments(text),
            }),
            Err(error) => {
                let before = &bytes[..error.valid_up_to()];
                let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
                let why = Error::new("is not UTF-8");
                Err(at(&path, line, &why))
            }
        }
    }

    /// The arguments.
    pub(super) fn arguments(&self) -> impl Iterator<Item = OsString> {
        self.arguments.iter().map(|(_, argument)| argument.clone())
    }

    /// Adds the line of the argument that the error is about.
    pub(super) fn locate(&self, argument: usize, error: &Error) -> Error {
        at(&self.path, self.arguments[argument].0, error)
    }
}

fn at(path: &Path, line: usize, error: &Error) -> Error {
    Error::new(format!("{} line {line}: {error}", path.display()))
}

fn arguments(text: &str) -> Vec<(usize, OsString)> {
    (1..)
        .zip(text.lines().map(str::trim))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| (number, line.into()))
        .collect()
}

/// An option that was given.
#[derive(Debug)]
pub(super) struct Given {
    /// Its long name.
    pub(super) option: &'static str,
    /// Empty for a switch.
    pub(super) value: String,
    /// The index of the argument that it is in.
    pub(super) argument: usize,
}

/// Where each option of a run was given, for mistakes that only show when all options are known.
#[derive(Debug, Default)]
pub struct Origin {
    file: Option<ArgumentsFile>,
    /// In the order in which they were read; those of the file come first.
    of_file: Vec<Given>,
    of_line: Vec<Given>,
}

impl Origin {
    pub(super) fn new(
        file: Option<ArgumentsFile>,
        of_file: Vec<Given>,
        of_line: Vec<Given>,
    ) -> Origin {
        Origin {
            file,
            of_file,
            of_line,
        }
    }

    /// Adds the line of the file to an error about an option that the file gives: `--OPTION: …`. If the option was
    /// given several times, it is the last one that the error names, a rule by its label and any other by its value;
    /// if the error names none, it is the last one, which is in force.
    pub fn locate(&self, error: Error) -> Error {
        let Some(file) = &self.file else {
            return error;
        };
        let text = error.to_string();
        let name = text
            .strip_prefix("--")
            .and_then(|text| text.split([' ', ':']).next());
        let subject = text.split(": ").nth(1).unwrap_or("");
        let of_file = self.of_file.iter().map(|given| (given, true));
        let all = of_file.chain(self.of_line.iter().map(|given| (given, false)));
        let mut last = all
            .rev()
            .filter(|(given, _)| Some(given.option) == name)
            .peekable();
        let in_force = last.peek().copied();
        let named = last.find(|(given, _)| given.value.split(':').next() == Some(subject));
        match named.or(in_force) {
            Some((given, true)) => file.locate(given.argument, &error),
            _ => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blank_lines_are_left_out_and_counted() {
        let text = "# mine\n\n --threshold=20 \n--top\nclient=3\r\n  # end";
        let want = [(3, "--threshold=20"), (4, "--top"), (5, "client=3")];
        assert_eq!(
            arguments(text),
            want.map(|(number, line)| (number, line.into()))
        );
    }

    #[test]
    fn the_line_that_is_not_utf_8_is_found() {
        let error =
            ArgumentsFile::new(Path::new("my.args"), b"--replay\n\n--top=\xff\n").unwrap_err();
        assert_eq!(error.to_string(), "my.args line 3: is not UTF-8");
    }
}
