//! Input as messages: a thread reads, so that waiting for the next block can end with the clock or a
//! signal, on every system and without polling.
//!
//! Blocks go round: read, sent, split into lines, given back. Reading ahead is bounded by the channel.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::signals;
use crate::error::Error;

/// Bytes read at once: enough that a system call per block costs nothing, small enough for a cache.
const BLOCK: usize = 256 << 10;
/// Blocks between reader and monitor.
const AHEAD: usize = 4;

/// What standard input is called in a message.
const STDIN: &str = "standard input";

/// Two clocks, read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Time since 1970-01-01T00:00:00Z by the wall clock.
    pub wall: Duration,
    /// Time since some fixed moment, never going back.
    pub monotonic: Duration,
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// To end, by the signal of this number.
    End(i32),
    /// To tell how things stand, and to go on.
    Tell,
}

/// What comes next.
#[derive(Debug)]
pub enum Message {
    /// The bytes that follow are another file's, with its name where it was named.
    Begin(Option<Arc<str>>),
    /// Bytes.
    Block(Vec<u8>),
    /// Nothing came for as long as was asked.
    Quiet,
    /// A signal.
    Signal(Signal),
    /// There is no more.
    End,
    /// Reading failed.
    Failed(Error),
}

/// Where messages come from: threads in the program, a script in a test.
pub trait Feed {
    /// The next message, waiting at most for `wait`; without it, for as long as it takes.
    fn next(&mut self, wait: Option<Duration>) -> Message;

    /// What time it is.
    fn now(&self) -> Now;

    /// Gives a block back, to be read into again.
    fn recycle(&mut self, block: Vec<u8>);
}

/// An operand that was looked at.
#[derive(Debug)]
pub(super) enum Operand {
    Stdin,
    File(OsString),
}

/// Looks at the operands before anything is read, so that a typing error costs no output.
pub(super) fn check(files: &[OsString]) -> Result<Vec<Operand>, Error> {
    if files.is_empty() {
        return Ok(vec![Operand::Stdin]);
    }
    files
        .iter()
        .map(|file| {
            if file == "-" {
                return Ok(Operand::Stdin);
            }
            let path = Path::new(file);
            let metadata = std::fs::metadata(path).and_then(|metadata| {
                if metadata.is_dir() {
                    Err(io::Error::from(io::ErrorKind::IsADirectory))
                } else if metadata.is_file() {
                    File::open(path).map(drop)
                } else {
                    // A named pipe is opened once: its writer would be cut off by a second time.
                    Ok(())
                }
            });
            match metadata {
                Ok(()) => Ok(Operand::File(file.clone())),
                Err(error) => Err(failure(&path.display().to_string(), &error)),
            }
        })
        .collect()
}

fn failure(name: &str, error: &io::Error) -> Error {
    let name = crate::render::escape::terminal(name.as_bytes(), false);
    Error::new(match error.kind() {
        io::ErrorKind::IsADirectory if name == STDIN => format!("{name}: is a directory"),
        io::ErrorKind::IsADirectory => {
            format!("{name}: is a directory (name the log files in it: {name}/*.log)")
        }
        io::ErrorKind::NotFound => format!("{name}: no such file"),
        _ => format!("{name}: {error}"),
    })
}

/// A thread that reads and one that waits for signals.
pub(super) struct Threads {
    messages: Receiver<Message>,
    empty: Sender<Vec<u8>>,
    start: Instant,
}

impl Threads {
    pub(super) fn start(operands: Vec<Operand>) -> Threads {
        let (sender, messages) = sync_channel(AHEAD);
        let (empty, empties) = channel();
        signals::forward(sender.clone());
        std::thread::spawn(move || read_all(operands, &sender, &empties));
        Threads {
            messages,
            empty,
            start: Instant::now(),
        }
    }
}

impl Feed for Threads {
    fn next(&mut self, wait: Option<Duration>) -> Message {
        let message = match wait {
            None => self
                .messages
                .recv()
                .map_err(|_| RecvTimeoutError::Disconnected),
            Some(wait) => self.messages.recv_timeout(wait),
        };
        message.unwrap_or_else(|error| match error {
            RecvTimeoutError::Timeout => Message::Quiet,
            RecvTimeoutError::Disconnected => Message::End,
        })
    }

    fn now(&self) -> Now {
        Now {
            wall: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
            monotonic: self.start.elapsed(),
        }
    }

    fn recycle(&mut self, block: Vec<u8>) {
        // The reader may be gone already.
        let _ = self.empty.send(block);
    }
}

/// Sends every operand's blocks, in order. An error to send means that nobody listens any more.
fn read_all(operands: Vec<Operand>, sender: &SyncSender<Message>, empties: &Receiver<Vec<u8>>) {
    let named = operands.len() > 1 || matches!(operands.first(), Some(Operand::File(_)));
    for operand in operands {
        let (name, reader): (String, io::Result<Box<dyn Read>>) = match &operand {
            Operand::Stdin => ("-".to_owned(), Ok(Box::new(io::stdin().lock()))),
            Operand::File(file) => (
                file.to_string_lossy().into_owned(),
                File::open(file).map(|file| Box::new(file) as Box<dyn Read>),
            ),
        };
        let what = if name == "-" { STDIN } else { &name };
        if sender
            .send(Message::Begin(named.then(|| name.as_str().into())))
            .is_err()
        {
            return;
        }
        let sent = reader.and_then(|reader| read_one(reader, sender, empties));
        match sent {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                let _ = sender.send(Message::Failed(failure(what, &error)));
                return;
            }
        }
    }
    let _ = sender.send(Message::End);
}

/// Whether anyone still listens.
fn read_one(
    mut reader: Box<dyn Read>,
    sender: &SyncSender<Message>,
    empties: &Receiver<Vec<u8>>,
) -> io::Result<bool> {
    loop {
        let mut block = empties.try_recv().unwrap_or_default();
        block.resize(BLOCK, 0);
        let count = loop {
            match reader.read(&mut block) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        if count == 0 {
            return Ok(true);
        }
        block.truncate(count);
        if sender.send(Message::Block(block)).is_err() {
            return Ok(false);
        }
    }
}
