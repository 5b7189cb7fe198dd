//! Whether two names lead to one file, on Unix: by device and inode, so hard links are seen too.

use std::fs::{File, Metadata};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Whether both are the same regular file.
pub(super) fn files(a: &Path, b: &Path) -> bool {
    matches!((std::fs::metadata(a), std::fs::metadata(b)), (Ok(a), Ok(b)) if same(&a, &b))
}

/// The identity of a file among all that are there.
pub(super) fn id(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Whether an open file still has this name.
pub(super) fn opened(path: &Path, file: &File) -> bool {
    matches!((std::fs::metadata(path), file.metadata()), (Ok(a), Ok(b)) if same(&a, &b))
}

/// Whether standard input comes from this regular file.
pub(super) fn stdin(file: &Path) -> bool {
    let stdin = io::stdin().as_fd().try_clone_to_owned();
    let stdin = stdin.and_then(|fd| File::from(fd).metadata());
    matches!((std::fs::metadata(file), stdin), (Ok(a), Ok(b)) if same(&a, &b))
}

fn same(a: &Metadata, b: &Metadata) -> bool {
    a.is_file() && id(a) == id(b)
}
