//! `httpmon`: arguments in, exit status out; everything else is the library's.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(unix)]
    let stdout = !start::stdout_was_closed();
    #[cfg(not(unix))]
    let stdout = true;
    httpmon::run::main(std::env::args_os().skip(1), stdout)
}

/// What is known only before `main`: the standard library opens the null device there for a standard stream that is
/// closed, so that a report would be lost without a word.
#[cfg(unix)]
mod start {
    use std::sync::atomic::{AtomicBool, Ordering};

    static STDOUT_WAS_CLOSED: AtomicBool = AtomicBool::new(false);

    ctor::declarative::ctor! {
        // The word is the macro's: code before `main` must not rely on the standard library being ready. This makes
        // one system call and stores a flag.
        #[ctor(unsafe)]
        fn look_at_stdout() {
            let closed = rustix::io::fcntl_getfd(rustix::stdio::stdout()).is_err();
            STDOUT_WAS_CLOSED.store(closed, Ordering::Relaxed);
        }
    }

    /// Whether standard output was closed when the program started.
    pub(super) fn stdout_was_closed() -> bool {
        STDOUT_WAS_CLOSED.load(Ordering::Relaxed)
    }
}
