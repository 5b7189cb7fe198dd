//! What a program is given on standard input, on Unix: by whoever waits for the program, as it takes it, so that one that
//! does not read holds up nobody, and nothing of it is left open when it has ended.

use std::io::{self, ErrorKind, Write};
use std::process::ChildStdin;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

/// What is still to be given.
pub(super) struct Giving {
    /// `None` once all was taken, or nothing more will be.
    stdin: Option<ChildStdin>,
    text: Vec<u8>,
    given: usize,
}

impl Giving {
    /// Begins to give `text`.
    ///
    /// # Errors
    ///
    /// If the pipe cannot be written to without waiting.
    pub(super) fn new(stdin: ChildStdin, text: Vec<u8>) -> io::Result<Giving> {
        fcntl_setfl(&stdin, fcntl_getfl(&stdin)? | OFlags::NONBLOCK)?;
        Ok(Giving {
            stdin: Some(stdin),
            text,
            given: 0,
        })
    }

    /// Gives as much as is taken now.
    pub(super) fn go_on(&mut self) {
        while let Some(stdin) = &mut self.stdin {
            match stdin.write(&self.text[self.given..]) {
                Ok(count) => self.given += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // It has closed it, or ended.
                Err(_) => self.given = self.text.len(),
            }
            if self.given == self.text.len() {
                self.stdin = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_program_that_does_not_read_holds_up_nobody_and_one_that_reads_has_all() {
        let give = |program: &str, text: Vec<u8>| {
            let mut command = Command::new(program);
            let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut child = command.arg("-").spawn().expect("it starts");
            let stdin = child.stdin.take().expect("a pipe");
            (child, Giving::new(stdin, text).expect("a pipe"))
        };
        let text = vec![b'a'; 1 << 20];
        // It has nobody to write to until it is read.
        let (mut child, mut giving) = give("cat", text.clone());
        giving.go_on();
        assert!(giving.stdin.is_some() && giving.given < text.len());
        let stdout = child.stdout.take().expect("a pipe");
        let reader = std::thread::spawn(move || std::io::read_to_string(stdout));
        while giving.stdin.is_some() {
            giving.go_on();
        }
        let read = reader.join().expect("no panic").expect("text");
        assert!(read.as_bytes() == text);
        assert!(child.wait().expect("it ends").success());
    }
}
