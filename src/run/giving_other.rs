//! What a program is given on standard input, where a pipe cannot be written to without waiting: by a thread.

use std::io::{self, Write};
use std::process::ChildStdin;

use crate::thread;

/// A thread gives it.
pub(super) struct Giving;

impl Giving {
    /// Begins to give `text`.
    ///
    /// # Errors
    ///
    /// If there is no thread for it.
    pub(super) fn new(mut stdin: ChildStdin, text: Vec<u8>) -> io::Result<Giving> {
        thread::start(move || {
            // One that has ended may not have read.
            let _ = stdin.write_all(&text);
        })?;
        Ok(Giving)
    }

    /// The thread does.
    pub(super) fn go_on(&mut self) {}
}
