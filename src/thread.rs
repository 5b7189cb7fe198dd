//! Threads that may not start: a system has only so many, and `std::thread::spawn` ends the process where there is none.

use std::io;
use std::thread::{Builder, JoinHandle, Scope, ScopedJoinHandle};

/// Runs `work` on a thread of its own.
///
/// # Errors
///
/// If the system has no thread to give.
pub fn start<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    Builder::new().spawn(work).map_err(explain)
}

/// As [`start`], within a scope.
///
/// # Errors
///
/// As [`start`].
pub fn start_within<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> io::Result<ScopedJoinHandle<'scope, T>> {
    Builder::new().spawn_scoped(scope, work).map_err(explain)
}

fn explain(error: io::Error) -> io::Error {
    let said = format!("a thread cannot be started: {error} (see ulimit -u)");
    io::Error::new(error.kind(), said)
}
