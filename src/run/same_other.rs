//! Whether two names lead to one file, where only their full paths show it.

use std::fs::{File, Metadata};
use std::path::Path;

/// Whether both are the same file.
pub(super) fn files(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// What differs between a file and others of the same name: when it was made.
pub(super) fn id(metadata: &Metadata) -> (u64, u64) {
    let made = metadata.created().ok();
    let made = made.and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
    made.map_or((0, 0), |made| (made.as_secs(), made.subsec_nanos().into()))
}

/// Whether an open file still has this name, which is so here: no file is renamed while it is open.
pub(super) fn opened(_: &Path, _: &File) -> bool {
    true
}

/// Whether standard input comes from this file: that cannot be known here.
pub(super) fn stdin(_: &Path) -> bool {
    false
}
