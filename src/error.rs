//! The one error that ends a run, and the exit statuses.

use std::fmt;

/// Exit status when all went well, also when the reader of the output went away.
pub const EXIT_OK: u8 = 0;
/// Exit status with `--exit-code` when an alert fired.
pub const EXIT_ALERT: u8 = 1;
/// Exit status of a usage or I/O error.
pub const EXIT_ERROR: u8 = 2;
/// Exit status with `--exit-code` when no record could be read.
pub const EXIT_NO_RECORD: u8 = 3;
/// Exit status with `--exit-code` when no alert fired, but so much came late that nobody knows.
pub const EXIT_NOT_KNOWN: u8 = 4;

/// What ends a run early: a sentence that names the option or file and the way out.
///
/// It always means [`EXIT_ERROR`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(String);

impl Error {
    /// An error that says `message`: lower case, no full stop.
    pub fn new(message: impl Into<String>) -> Error {
        Error(message.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}
