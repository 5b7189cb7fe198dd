//! Regular files: those that have a length, and can be opened a second time.

use std::fs::{File, Metadata};
use std::path::Path;

/// What is known of the file at `path`, if it is a regular one.
pub(super) fn at(path: &Path) -> Option<Metadata> {
    let metadata = std::fs::metadata(path).ok()?;
    metadata.is_file().then_some(metadata)
}

/// What is known of an open file, if it is a regular one.
pub(super) fn opened(file: &File) -> Option<Metadata> {
    let metadata = file.metadata().ok()?;
    metadata.is_file().then_some(metadata)
}
