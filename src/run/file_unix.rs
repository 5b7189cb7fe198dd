//! Regular files on Unix: read at any place by several threads, standard input among them.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

/// Reads into `block` at `offset`, whatever the file's own place.
pub(super) fn read_at(file: &File, block: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        match file.read_at(block, offset) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Standard input, if it is a regular file.
pub(super) fn stdin() -> Option<File> {
    let file = File::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
    regular(file)
}

/// Asks for room in the pipe that standard input is, so that there are fewer and larger reads: at 200,000 lines
/// a second live, 6.1 % of a core instead of 7.9 %. Where there is no pipe or no room, nothing changes.
pub(super) fn widen_stdin() {
    #[cfg(target_os = "linux")]
    let _ = rustix::pipe::fcntl_setpipe_size(io::stdin(), 1 << 20);
}

/// The file, if it is a regular one.
pub(super) fn regular(file: File) -> Option<File> {
    file.metadata()
        .is_ok_and(|data| data.is_file())
        .then_some(file)
}
