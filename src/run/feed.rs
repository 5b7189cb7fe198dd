//! Input as messages: a thread reads, so that waiting for the next block can end with the clock or a
//! signal, on every system and without polling.
//!
//! Blocks go round: read, sent, split into lines, given back. Reading ahead is bounded by the channel.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use memchr::memrchr;

use super::beside;
use super::merge::Merge;
use super::message::{Feed, Message, Now};
use super::operands::{self, Operand, failure, packing};
use super::parts::{self, Parallel, Shared};
use super::rotated::{self, FollowedInput};
use super::{file, signals, terminal};
use crate::error::Error;
use crate::format::ParserState;
use crate::input::packing::Packing;
use crate::input::source::LogInput;
use crate::thread;

/// The most bytes read at once: enough that a system call per block costs nothing, small enough for a cache.
const BLOCK: usize = 256 << 10;
/// The least: a block is twice as large as what the last read gave, so that a short input costs little to
/// start on, and a pipe that gives little does not have the whole of a large block cleared for each read.
const LEAST: usize = 16 << 10;
/// Blocks between reader and monitor.
const AHEAD: usize = 4;

/// The time since 1970-01-01T00:00:00Z by the wall clock.
pub(super) fn wall() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// A thread that reads and one that waits for signals.
pub struct Threads {
    messages: Receiver<Message>,
    empty: SyncSender<Vec<u8>>,
    start: Instant,
    merge: Option<Merge>,
}

impl Threads {
    /// Reads the operands, in this order, and waits for signals; with a `screen`, for its keys too. If `live`, pipes
    /// are read side by side, behind the files.
    pub(super) fn start(
        operands: Vec<Operand>,
        parallel: Option<Parallel>,
        screen: bool,
        live: bool,
    ) -> Threads {
        let (threads, sender) = Threads::reading(operands, parallel, live);
        threads.attend(sender, screen)
    }

    fn new() -> (Threads, SyncSender<Message>, Receiver<Vec<u8>>) {
        let (sender, messages) = sync_channel(AHEAD);
        // More than there are at a time are not kept: who reads may have blocks of its own.
        let (empty, empties) = sync_channel(AHEAD + 2);
        let threads = Threads {
            messages,
            empty,
            start: Instant::now(),
            merge: None,
        };
        (threads, sender, empties)
    }

    /// Waits for signals and keys.
    fn attend(self, sender: SyncSender<Message>, screen: bool) -> Threads {
        if screen {
            terminal::send_keys(sender.clone());
        }
        signals::forward(sender, screen);
        self
    }

    /// Follows these files, from as far back as `history` says or else from their ends, and waits for signals; with a
    /// `screen`, for its keys too.
    pub(super) fn follow(paths: Vec<PathBuf>, history: Option<Duration>, screen: bool) -> Threads {
        let (threads, sender, _) = Threads::new();
        let blocks = sender.clone();
        start(&sender, move || {
            let name = |n: usize| paths[n].to_string_lossy();
            let mut last = None;
            rotated::follow(&paths, history, |given| {
                let message = match given {
                    FollowedInput::Behind(behind) => {
                        let names = behind.iter().map(|&n| Arc::from(&*name(n))).collect();
                        last = None;
                        let (reply, furthest) = sync_channel(1);
                        let asked = blocks.send(Message::Behind(names, reply));
                        let place = asked.ok().and_then(|()| furthest.recv().ok());
                        if let Some(place) = place {
                            behind.swap(0, place);
                        }
                        return place.is_some();
                    }
                    FollowedInput::Lines(n, lines) => {
                        if last.replace(n) != Some(n)
                            && blocks.send(Message::Turn(Arc::from(&*name(n)))).is_err()
                        {
                            return false;
                        }
                        Message::Block(lines)
                    }
                    FollowedInput::CaughtUp => Message::CaughtUp,
                    FollowedInput::Failed(n, error) => Message::Failed(failure(&name(n), &error)),
                    FollowedInput::Unreadable(n, error) => {
                        let name = name(n);
                        let failed = Message::Failed(failure(&name, &error));
                        if blocks.send(failed).is_err() {
                            return false;
                        }
                        Message::Unreadable(Arc::from(&*name), true)
                    }
                    FollowedInput::Readable(n) => Message::Unreadable(Arc::from(&*name(n)), false),
                    FollowedInput::Lost(said) => Message::Lost(said),
                };
                blocks.send(message).is_ok()
            });
        });
        threads.attend(sender, screen)
    }

    /// Reads files along with each other, and waits for signals; with a `screen`, for its keys too.
    pub(super) fn merge(merge: Merge, screen: bool) -> Threads {
        let (threads, sender) = Threads::merging(merge);
        threads.attend(sender, screen)
    }

    /// Reads files along with each other.
    pub(super) fn merging(merge: Merge) -> (Threads, SyncSender<Message>) {
        let (mut threads, sender, _) = Threads::new();
        threads.merge = Some(merge);
        (threads, sender)
    }

    /// Reads these files, in this order; with `parallel`, the regular ones in parts.
    ///
    /// # Errors
    ///
    /// If one of them cannot be opened.
    pub fn of_files(files: &[OsString], parallel: Option<Parallel>) -> Result<Threads, Error> {
        let operands = operands::check(files);
        match operands.errors.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(Threads::reading(operands.found, parallel, false).0),
        }
    }

    fn reading(
        operands: Vec<Operand>,
        parallel: Option<Parallel>,
        live: bool,
    ) -> (Threads, SyncSender<Message>) {
        let (threads, sender, empties) = Threads::new();
        // A part is never smaller than a block.
        let part = parallel.as_ref().and_then(|p| usize::try_from(p.size).ok());
        let size = part.map_or(BLOCK, |size| size.min(BLOCK));
        let reader = ReadingThread {
            sender: sender.clone(),
            empties,
            size,
            parallel: parallel.map(|parallel| (Shared::new(&parallel), parallel)),
        };
        start(&sender, move || reader.read_all(operands, live));
        (threads, sender)
    }
}

/// Runs `work` on a thread of its own; where there is none, that is an input that cannot be read.
fn start(sender: &SyncSender<Message>, work: impl FnOnce() + Send + 'static) {
    if let Err(error) = thread::start(work) {
        // Nobody has sent anything yet, so there is room.
        let _ = sender.try_send(Message::Failed(Error::new(error.to_string())));
        let _ = sender.try_send(Message::End);
    }
}

impl Feed for Threads {
    fn next(&mut self, wait: Option<Duration>) -> Message {
        if let Some(merge) = &mut self.merge {
            if let Ok(message) = self.messages.try_recv() {
                return message;
            }
            let message = merge.next();
            if matches!(message, Some(Message::End)) {
                self.merge = None;
            }
            return message.unwrap_or(Message::Quiet);
        }
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
            wall: wall(),
            monotonic: self.start.elapsed(),
        }
    }

    fn recycle(&mut self, block: Vec<u8>) {
        // The reader may be gone already.
        let _ = self.empty.try_send(block);
    }

    fn want(&mut self, file: Option<usize>) {
        if let Some(merge) = &mut self.merge {
            merge.want(file);
        }
    }
}

/// What the reading thread has. An error to send means that nobody listens any more.
struct ReadingThread {
    sender: SyncSender<Message>,
    empties: Receiver<Vec<u8>>,
    /// Bytes in a block.
    size: usize,
    parallel: Option<(Shared, Parallel)>,
}

impl ReadingThread {
    /// Sends what every operand holds, in order; if `live`, that of pipes as it comes, behind that of files.
    fn read_all(&self, operands: Vec<Operand>, live: bool) {
        let named = operands.len() > 1 || matches!(operands.first(), Some(Operand::File(_)));
        let (pipes, mut operands): (Vec<_>, Vec<_>) = operands
            .into_iter()
            .partition(|operand| live && !operands::any_regular(std::slice::from_ref(operand)));
        if let [_] = &pipes[..] {
            operands.extend(pipes.clone());
        }
        for operand in &operands {
            let name = operand.argument();
            let name = name.to_string_lossy();
            let begin = named.then(|| Arc::from(&*name));
            if self.sender.send(Message::Begin(begin)).is_err() {
                return;
            }
            let listens = self.read_one(operand).unwrap_or_else(|error| {
                let failed = Message::Failed(failure(&name, &error));
                self.sender.send(failed).is_ok()
            });
            if !listens {
                return;
            }
        }
        if pipes.len() > 1 {
            self.read_beside(&pipes);
        }
        let _ = self.sender.send(Message::End);
    }

    /// Sends the lines of several pipes as they come.
    fn read_beside(&self, pipes: &[Operand]) {
        let last = Mutex::new((None, self.sender.clone()));
        beside::read(pipes, |n, lines| {
            let (last, sender) = &mut *last.lock().unwrap_or_else(PoisonError::into_inner);
            let name = pipes[n].argument();
            let name = name.to_string_lossy();
            let begins = last.replace(n) != Some(n);
            let begin = || Message::Turn(Arc::from(&*name));
            if begins && sender.send(begin()).is_err() {
                return false;
            }
            let message = match lines {
                Ok(lines) => Message::Block(lines),
                Err(error) => Message::Failed(failure(&name, &error)),
            };
            sender.send(message).is_ok()
        });
    }

    /// The state of the parser behind all that was sent, if anyone still listens.
    fn ask(&self) -> Option<ParserState> {
        let (reply, state) = sync_channel(1);
        self.sender.send(Message::Where(reply)).ok()?;
        state.recv().ok()
    }

    /// Whether anyone still listens.
    fn read_one(&self, operand: &Operand) -> io::Result<bool> {
        let file = match operand {
            Operand::Stdin => file::stdin(),
            // Opened once: a second time would cut the writer of a named pipe off.
            Operand::File(name) => Some(File::open(name)?),
        };
        match (&self.parallel, file) {
            (Some((shared, parallel)), Some(file))
                if file::is_regular(&file) && packing(&file)? == Packing::Plain =>
            {
                self.read_parts(file, parallel, shared)
            }
            (_, Some(file)) => self.read_blocks(LogInput::new(file)),
            (_, None) => {
                file::widen_stdin();
                self.read_blocks(LogInput::new(io::stdin().lock()))
            }
        }
    }

    fn read_blocks(&self, mut reader: impl Read) -> io::Result<bool> {
        let mut count = 0;
        while let Some(block) = self.read_block(&mut reader, 2 * count)? {
            count = block.len();
            if self.sender.send(Message::Block(block)).is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The next block, of about so many bytes; `None` at the end.
    fn read_block(&self, reader: &mut impl Read, size: usize) -> io::Result<Option<Vec<u8>>> {
        let size = size.clamp(LEAST, BLOCK).min(self.size);
        let mut block = match self.empties.try_recv() {
            Ok(mut block) if block.len() >= size => {
                block.truncate(size);
                block
            }
            // A new one is zero already where the system hands it out.
            _ => vec![0; size],
        };
        let count = loop {
            match reader.read(&mut block) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        block.truncate(count);
        Ok((count > 0).then_some(block))
    }

    /// The first lines are read one by one: a log begins with what is said once, its header and its hints,
    /// and a small one ends there. The rest is counted in parts.
    fn read_parts(&self, mut file: File, parallel: &Parallel, shared: &Shared) -> io::Result<bool> {
        let mut base = file.stream_position()?;
        loop {
            let Some(mut block) = self.read_block(&mut file, BLOCK)? else {
                return Ok(true);
            };
            let newline = memrchr(b'\n', &block);
            block.truncate(newline.map_or(block.len(), |at| at + 1));
            base += block.len() as u64;
            if self.sender.send(Message::Block(block)).is_err() {
                return Ok(false);
            }
            if newline.is_some() {
                break;
            }
        }
        let Some(state) = self.ask() else {
            return Ok(false);
        };
        shared.resume(state);
        let file = Arc::new(file);
        let end = parts::read(&file, base, parallel, shared, |part| {
            let behind = part.leads_to(&shared.state());
            if self.sender.send(Message::Part(Box::new(part))).is_err() {
                return false;
            }
            let behind = behind.or_else(|| self.ask());
            behind.map(|state| shared.resume(state)).is_some()
        })?;
        // Whoever reads standard input next finds its end, as if it had been read in order.
        if let Some(end) = end {
            (&*file).seek(SeekFrom::Start(end))?;
        }
        Ok(end.is_some())
    }
}
