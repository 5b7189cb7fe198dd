//! What can be run, on Unix: a file that somebody may execute.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What libraries search where PATH is not set.
const PATH: &str = "/usr/local/bin:/bin:/usr/bin";

/// Whether the file can be run, as far as that is known without running it: whether this user may is left to
/// the system, and so is what its first line names.
///
/// # Errors
///
/// Says why not.
pub(super) fn check(file: &Path) -> Result<(), String> {
    let metadata = std::fs::metadata(file).map_err(|error| match error.kind() {
        ErrorKind::NotFound => "no such file".to_owned(),
        _ => error.to_string(),
    })?;
    if !metadata.is_file() {
        Err("not a file".to_owned())
    } else if metadata.permissions().mode() & 0o111 == 0 {
        Err("not executable (chmod +x makes it so)".to_owned())
    } else {
        Ok(())
    }
}

/// The folders in which a bare name is looked for; one without a name is the current one.
pub(super) fn folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_else(|| PATH.into());
    std::env::split_paths(&path).collect()
}
