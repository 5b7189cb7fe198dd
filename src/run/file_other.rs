//! Where a file cannot be read at any place by several threads, one reads it from its beginning to its end.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::Path;

/// Is never called, since there is no regular file here.
pub(super) fn read_at(_: &File, _: &mut [u8], _: u64) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Creates a file, to be written and read, in a folder that is the user's own.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    options.open(path)
}

/// None.
pub(super) fn stdin() -> Option<File> {
    None
}

/// None.
pub(super) fn left_of_stdin() -> Option<u64> {
    None
}

/// Nobody knows.
pub(super) fn length_of_stdout() -> Option<u64> {
    None
}

/// It is no file that is known.
pub(super) fn cut_stdout(_: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether another program may read standard output.
pub(super) fn stdout_is_a_pipe() -> bool {
    !io::stdout().is_terminal()
}

/// There is no background here.
pub(super) fn in_foreground() -> bool {
    true
}

/// Nothing to ask for.
pub(super) fn widen_stdin() {}

/// There is no lock here.
pub(super) fn lock(_: &File) -> io::Result<bool> {
    Ok(true)
}

/// A name stays by itself.
pub(super) fn sync_folder(_: &Path) {}

/// No.
pub(super) fn is_regular(_: &File) -> bool {
    false
}
