//! What can be run, where that is known by the name alone: Windows.

use std::path::{Path, PathBuf};

/// Whether there is such a file, or one that ends in `.exe`.
///
/// # Errors
///
/// Says why not.
pub(super) fn check(file: &Path) -> Result<(), String> {
    let mut program = file.as_os_str().to_owned();
    program.push(".exe");
    if file.is_file() || Path::new(&program).is_file() {
        Ok(())
    } else {
        Err("no such file".to_owned())
    }
}

/// The folders in which a bare name is looked for: that of httpmon, those of the system, and PATH.
pub(super) fn folders() -> Vec<PathBuf> {
    let own = std::env::current_exe().ok();
    let own = own.and_then(|program| program.parent().map(Path::to_owned));
    let root = std::env::var_os("SystemRoot").map(PathBuf::from);
    let system = root
        .iter()
        .flat_map(|root| [root.join("System32"), root.clone()]);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::split_paths(&path);
    own.into_iter().chain(system).chain(path).collect()
}
