//! Folders for what a test writes.

use std::fs;
use std::path::{Path, PathBuf};

/// An empty folder of this name. Each test of the whole suite needs another name.
pub fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}
