//! Threads that count the lines of files, a chunk of one at a time.
//!
//! A file that is open is not bound to a thread: what is known of it between two chunks goes along with it, and that is
//! little, so that thousands can be open.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use super::opened::{OpenInput, OpenInputs};
use super::operands::failure;
use super::parts::Counter;
use super::reader::RecordReader;
use super::rollups::MergeInput;
use crate::error::Error;
use crate::ingest::{Chunk, Counting};
use crate::input::lines::Lines;

/// Bytes read at once.
const BLOCK: usize = 64 << 10;
/// Chunks that are kept to be filled again.
const SPARE: usize = 8;

/// What the threads have in common.
#[derive(Debug)]
pub(super) struct CountingThreads {
    pub(super) counting: Counting,
    /// Whether formats are to be said.
    pub(super) verbose: bool,
    pub(super) inputs: Arc<OpenInputs>,
    pub(super) spare: Arc<SpareChunks>,
}

/// Chunks that are not in use.
#[expect(
    clippy::vec_box,
    reason = "a chunk stays in its box, which messages carry"
)]
#[derive(Debug, Default)]
pub(super) struct SpareChunks(Mutex<Vec<Box<Chunk>>>);

/// Lines of one of several files, counted.
#[derive(Debug)]
pub struct CountedLines {
    /// What was counted.
    pub chunk: Box<Chunk>,
    /// How many bytes the lines have.
    pub bytes: u64,
    /// The numbers of the lines, from 1 here, from which on a format is recognised, and its name, where that is said.
    pub(super) recognised: Vec<(u64, String)>,
    /// Takes the chunk back.
    spare: Arc<SpareChunks>,
}

/// A file that is read, between two of its chunks.
pub(super) struct ReadFile {
    pub(super) n: usize,
    /// Its name in messages.
    name: Arc<str>,
    /// Opened when it is first read.
    unopened: Option<MergeInput>,
    source: Option<OpenInput>,
    reader: RecordReader,
    lines: Lines,
}

/// A chunk that is to be counted.
pub(super) struct CountingJob {
    pub(super) file: Box<ReadFile>,
    /// Bytes of text in it, and of what it takes itself.
    pub(super) size: usize,
    pub(super) large: usize,
}

/// What became of it.
pub(super) struct CountingResult {
    pub(super) n: usize,
    /// The file, if it has not ended.
    pub(super) file: Option<Box<ReadFile>>,
    pub(super) counted: Option<CountedLines>,
    pub(super) failed: Option<Error>,
}

impl SpareChunks {
    fn take(&self) -> Option<Box<Chunk>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn give_back(&self, chunk: Box<Chunk>) {
        let mut chunks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if chunks.len() < SPARE {
            chunks.push(chunk);
        }
    }
}

impl CountedLines {
    /// The chunk is not needed any more.
    pub(super) fn recycle(self) {
        self.spare.give_back(self.chunk);
    }
}

impl ReadFile {
    /// The file of this number, which is not open yet; `reader` reads its lines.
    pub(super) fn new(
        n: usize,
        name: &Arc<str>,
        input: MergeInput,
        mut reader: RecordReader,
    ) -> ReadFile {
        reader.parser.begin_source(name.as_bytes());
        ReadFile {
            n,
            name: Arc::clone(name),
            unopened: Some(input),
            source: None,
            reader,
            lines: Lines::default(),
        }
    }
}

impl CountingThreads {
    /// Does what there is to do, until nobody has anything to do any more.
    pub(super) fn work(
        &self,
        jobs: &Mutex<Receiver<CountingJob>>,
        results: &Sender<CountingResult>,
    ) {
        let mut block = vec![0; BLOCK];
        loop {
            let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(job) = job else { return };
            if results.send(self.count(job, &mut block)).is_err() {
                return;
            }
        }
    }

    /// Counts a chunk. What was read before an error is counted all the same.
    pub(super) fn count(&self, job: CountingJob, block: &mut [u8]) -> CountingResult {
        let (n, name) = (job.file.n, Arc::clone(&job.file.name));
        let mut chunk = self.chunk();
        let mut recognised = Vec::new();
        let mut bytes = 0;
        let read = self.read(job, block, &mut chunk, &mut recognised, &mut bytes);
        chunk.finish();
        let counted = CountedLines {
            chunk,
            bytes,
            recognised,
            spare: Arc::clone(&self.spare),
        };
        let (file, failed) = match read {
            Ok(file) => (file, None),
            Err(error) => (None, Some(failure(&name, &error))),
        };
        let counted = if bytes > 0 || counted.chunk.lines() > 0 {
            Some(counted)
        } else {
            counted.recycle();
            None
        };
        CountingResult {
            n,
            file,
            counted,
            failed,
        }
    }

    fn chunk(&self) -> Box<Chunk> {
        let spare = self.spare.take();
        let mut chunk = spare.unwrap_or_else(|| Box::new(Chunk::new(&self.counting)));
        chunk.clear();
        chunk
    }

    /// Returns the file, if it has not ended.
    fn read(
        &self,
        job: CountingJob,
        block: &mut [u8],
        chunk: &mut Chunk,
        recognised: &mut Vec<(u64, String)>,
        bytes: &mut u64,
    ) -> io::Result<Option<Box<ReadFile>>> {
        let CountingJob {
            mut file,
            size,
            large,
        } = job;
        if let Some(input) = file.unopened.take() {
            file.source = Some(input.open(&self.inputs)?);
        }
        let most = size.min(block.len());
        let ReadFile {
            source,
            reader,
            lines,
            ..
        } = &mut *file;
        let counter = &mut Counter {
            reader,
            chunk,
            recognised: self.verbose.then_some(recognised),
        };
        let ended = loop {
            let count = match source
                .as_mut()
                .map(|source| source.read(&mut block[..most]))
            {
                Some(Ok(count)) if count > 0 => count,
                Some(Err(error)) if error.kind() == io::ErrorKind::Interrupted => continue,
                Some(Err(error)) => break Err(error),
                _ => break Ok(None),
            };
            lines.feed(&block[..count], counter);
            *bytes += count as u64;
            let chunk = &counter.chunk;
            let full = chunk.bytes() > large || chunk.is_full();
            if *bytes >= size as u64 || full {
                return Ok(Some(file));
            }
        };
        lines.finish(counter);
        ended
    }
}
