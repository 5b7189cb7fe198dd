//! Several files, read along with each other: a thread for each that is open counts its lines, a chunk at a time.
//!
//! Which file is read next is decided by who takes the chunks, by time (see [`MergedFiles`](super::merged_files::MergedFiles)); it says
//! so with [`Merge::want`], and a file is opened when it is wanted. One more is opened ahead, the one whose turn comes
//! next, so that two cores have work where files follow each other in time.
//!
//! Memory: chunks of each open file that wait to be taken, bounded by what they take; the fewer and smaller the more
//! files are open.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

use super::message::Message;
use super::operands::failure;
use super::parts::{CountedLines, Counter, Parallel};
use super::reader::RecordReader;
use super::rollups::MergeInput;
use crate::error::Error;
use crate::format::record::Record;
use crate::format::{Outcome, Parser};
use crate::ingest::{Chunk, Counting};
use crate::input::lines::{Line, Lines, Take};
use crate::thread;
use crate::time::Second;

/// Bytes read at once.
const BLOCK: usize = 64 << 10;
/// Bytes of text in the chunks of all open files together, about, where more than two are open.
const TEXT: usize = 8 << 20;
/// Chunks of a file that wait, where no more than two files are open: so much can be counted of a file before the one
/// ahead of it has ended that two cores have work.
const AHEAD_OF_ONE: usize = 40;
/// Bytes that what was counted of a file may take while it waits, about.
const COUNTED: usize = 8 << 20;
/// Bytes of text in a chunk, at the most and at the least.
const CHUNK: (usize, usize) = (1 << 20, 64 << 10);
/// Chunks of a file that wait to be taken, where three or four files are open.
const AHEAD: usize = 6;
/// Lines that are no records in a chunk: each takes as much memory as many that are.
const UNPARSED: u64 = 4096;
/// Records of a file that show when it begins.
const FIRST: usize = 64;
/// Bytes kept of the beginning of a file.
const HEAD: usize = 4096;
/// A signal is looked for so often while a chunk is waited for.
const POLL: Duration = Duration::from_millis(20);

/// A file of several.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) input: MergeInput,
    /// Its name, as it was given.
    pub(super) name: Arc<str>,
    /// The least time of its first records; `None` where it is no regular file or has none in its first block.
    pub(super) begins: Option<Second>,
    /// Its first bytes.
    pub(super) head: Vec<u8>,
    /// Its first line, if that is no record.
    pub(super) foreign: Option<Vec<u8>>,
}

/// Looks at the beginning of each of these files, and puts them in the order of their names.
pub(super) fn look_at(inputs: Vec<MergeInput>, parser: &Parser) -> Vec<Merged> {
    let mut merged: Vec<Merged> = inputs
        .into_iter()
        .map(|input| {
            let name: Arc<str> = Arc::from(&*input.operand.argument().to_string_lossy());
            let mut first = First {
                parser: parser.clone(),
                times: Vec::new(),
                lines: 0,
                foreign: None,
            };
            first.parser.begin_source(name.as_bytes());
            let head = input.look(|source| {
                let mut block = Vec::new();
                // What is wrong with it is said when it is read.
                let _ = source.take(BLOCK as u64).read_to_end(&mut block);
                let mut lines = Lines::default();
                lines.feed(&block, &mut first);
                lines.finish(&mut first);
                block.truncate(HEAD);
                block
            });
            Merged {
                input,
                name,
                begins: first.times.into_iter().min(),
                head: head.unwrap_or_default(),
                foreign: first.foreign,
            }
        })
        .collect();
    merged.sort_by(|a, b| a.name.cmp(&b.name));
    merged
}

/// Notes the times of the first records.
struct First {
    parser: Parser,
    times: Vec<Second>,
    lines: usize,
    foreign: Option<Vec<u8>>,
}

impl Take for First {
    fn take_ahead(&mut self, _: &[u8]) -> Option<usize> {
        None
    }

    fn take(&mut self, line: Line<'_>) {
        let mut record = Record::empty();
        let enough = self.times.len() >= FIRST;
        self.lines += 1;
        if enough || line.cut {
            return;
        }
        match self.parser.read(line.bytes, &mut record) {
            read if read.is_timed() => self.times.push(record.time),
            Outcome::Rollup(_) => {}
            _ if self.lines == 1 => self.foreign = Some(line.bytes.to_vec()),
            _ => {}
        }
    }
}

/// What is known of a file that is to be read.
enum FileState {
    Waits(MergeInput),
    Open(Receiver<Message>),
    Ended,
}

/// The files, and the threads that read those that are open.
pub(super) struct Merge {
    files: Vec<FileState>,
    names: Vec<Arc<str>>,
    /// Those that are not open yet, by when they begin.
    waiting: BTreeSet<(Option<Second>, usize)>,
    reader: RecordReader,
    counting: Counting,
    ahead: bool,
    verbose: bool,
    wanted: Option<usize>,
}

impl Merge {
    /// Reads these files as `parallel` says; the numbers of files are their places here.
    pub(super) fn new(files: Vec<Merged>, parallel: Parallel, verbose: bool) -> Merge {
        let waiting = files.iter().enumerate();
        let waiting = waiting.map(|(n, file)| (file.begins, n)).collect();
        let names = files.iter().map(|file| Arc::clone(&file.name)).collect();
        Merge {
            files: files
                .into_iter()
                .map(|file| FileState::Waits(file.input))
                .collect(),
            names,
            waiting,
            reader: parallel.reader,
            counting: parallel.counting,
            ahead: parallel.threads > 1,
            verbose,
            wanted: None,
        }
    }

    /// What comes next is to be of this file; `None` if all have ended.
    pub(super) fn want(&mut self, file: Option<usize>) {
        self.wanted = file;
        if let Some(file) = file {
            self.open(file);
        }
        if self.ahead
            && self.open_files() < 2
            && let Some(&(_, next)) = self.waiting.first()
        {
            self.open(next);
        }
    }

    fn open_files(&self) -> usize {
        let open = |file: &&FileState| matches!(file, FileState::Open(_));
        self.files.iter().filter(open).count()
    }

    fn open(&mut self, n: usize) {
        if !matches!(self.files[n], FileState::Waits(_)) {
            return;
        }
        let FileState::Waits(input) = std::mem::replace(&mut self.files[n], FileState::Ended)
        else {
            unreachable!("it was just looked at");
        };
        self.waiting.retain(|&(_, waiting)| waiting != n);
        let open = self.open_files() + 1;
        let (depth, size) = match open {
            0..=2 => (AHEAD_OF_ONE, CHUNK.0),
            3..=4 => (AHEAD, TEXT / open / (AHEAD + 1)),
            _ => (1, TEXT / open / 2),
        };
        let size = size.clamp(CHUNK.1, CHUNK.0);
        let (sender, messages) = sync_channel(depth);
        let mut worker = Worker {
            n,
            reader: self.reader.clone(),
            counting: self.counting.clone(),
            size,
            large: COUNTED / (depth + 1),
            verbose: self.verbose,
            sender,
            spare: channel(),
        };
        worker.reader.parser.begin_source(self.names[n].as_bytes());
        let name = Arc::clone(&self.names[n]);
        let failed = worker.sender.clone();
        if let Err(error) = thread::start(move || worker.run(&input, &name)) {
            // There is room for it.
            let _ = failed.try_send(Message::Failed(failure(&self.names[n], &error)));
        }
        self.files[n] = FileState::Open(messages);
    }

    /// The next message of the file that is wanted; `None` if none came for a moment. After the end of all files
    /// that is the end.
    pub(super) fn next(&mut self) -> Option<Message> {
        let Some(n) = self.wanted else {
            return Some(Message::End);
        };
        let FileState::Open(messages) = &self.files[n] else {
            return Some(Message::Ended(n));
        };
        match messages.recv_timeout(POLL) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                self.files[n] = FileState::Ended;
                Some(Message::Ended(n))
            }
        }
    }
}

/// Reads a file and counts its lines.
struct Worker {
    n: usize,
    reader: RecordReader,
    counting: Counting,
    /// Bytes of text in a chunk, and of what it takes itself.
    size: usize,
    large: usize,
    verbose: bool,
    sender: SyncSender<Message>,
    spare: (Sender<Box<Chunk>>, Receiver<Box<Chunk>>),
}

impl Worker {
    fn run(&mut self, input: &MergeInput, name: &str) {
        let read = input.open().and_then(|source| self.read(source));
        if let Err(error) = read {
            self.fail(failure(name, &error));
        }
    }

    fn fail(&self, error: Error) {
        // Whoever took the chunks may be gone.
        let _ = self.sender.send(Message::Failed(error));
    }

    fn chunk(&self) -> Box<Chunk> {
        let spare = self.spare.1.try_recv();
        let mut chunk = spare.unwrap_or_else(|_| Box::new(Chunk::new(&self.counting)));
        chunk.clear();
        chunk
    }

    /// What was read before an error is counted all the same.
    fn read(&mut self, mut source: impl Read) -> io::Result<()> {
        let mut block = vec![0; BLOCK];
        let mut lines = Lines::default();
        let mut chunk = self.chunk();
        let mut bytes = 0;
        let mut recognised = Vec::new();
        let ended = loop {
            let count = match source.read(&mut block) {
                Ok(0) => break Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => break Err(error),
            };
            let reader = &mut self.reader;
            let counter = &mut Counter {
                reader,
                chunk: &mut chunk,
                recognised: self.verbose.then_some(&mut recognised),
            };
            lines.feed(&block[..count], counter);
            bytes += count;
            let full = chunk.bytes() > self.large || chunk.is_full();
            if bytes >= self.size || chunk.unparsed_lines() >= UNPARSED || full {
                let full = std::mem::replace(&mut chunk, self.chunk());
                let recognised = std::mem::take(&mut recognised);
                if !self.send(full, std::mem::take(&mut bytes), recognised) {
                    return Ok(());
                }
            }
        };
        let reader = &mut self.reader;
        let counter = &mut Counter {
            reader,
            chunk: &mut chunk,
            recognised: self.verbose.then_some(&mut recognised),
        };
        lines.finish(counter);
        self.send(chunk, bytes, recognised);
        ended
    }

    /// Whether anyone takes it.
    fn send(&self, mut chunk: Box<Chunk>, bytes: usize, recognised: Vec<(u64, String)>) -> bool {
        chunk.finish();
        let counted = CountedLines {
            chunk,
            bytes: bytes as u64,
            recognised,
            back: self.spare.0.clone(),
        };
        self.sender.send(Message::Counted(self.n, counted)).is_ok()
    }
}
