//! Several files, read along with each other: threads count their lines, a chunk of one at a time.
//!
//! Which file is read next is decided by who takes the chunks, by time (see [`MergedFiles`](super::merged_files::MergedFiles)); it says
//! so with [`Merge::want`], and a file is opened when it is wanted. One more is opened ahead, the one whose turn comes
//! next, so that two cores have work where files follow each other in time. Where many are open, more is counted ahead of
//! those first of which what is there ends first.
//!
//! Memory: what was counted of each open file and waits to be taken, bounded by what it takes; the fewer and smaller the more
//! files are open.

use std::collections::{BTreeSet, VecDeque};
use std::io::Read;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::counting_threads::{CountingJob, CountingResult, CountingThreads, ReadFile};
use super::message::Message;
use super::opened::OpenInputs;
use super::parts::Parallel;
use super::reader::RecordReader;
use super::rollups::MergeInput;
use crate::format::record::Record;
use crate::format::{Outcome, Parser};
use crate::input::lines::{Line, Lines, Take};
use crate::thread;
use crate::time::Second;

/// Bytes read of a file to see when it begins.
const BLOCK: usize = 64 << 10;
/// Bytes of text in the chunks of all open files together, about, where more than two are open.
const TEXT: usize = 8 << 20;
/// Chunks of a file that wait, where no more than two files are open: so much can be counted of a file before the one
/// ahead of it has ended that two cores have work.
const AHEAD_OF_ONE: usize = 40;
/// Bytes that what was counted of all files may take while it waits, about.
const COUNTED: usize = 16 << 20;
/// Bytes of text in a chunk, at the most and at the least.
const CHUNK: (usize, usize) = (1 << 20, 4 << 10);
/// Bytes of text in the first chunk of a file: others may be about to be opened. Each chunk may have twice as many as
/// the one before.
const FIRST_CHUNK: usize = 16 << 10;
/// Chunks of a file that wait to be taken, where three or four files are open.
const AHEAD: usize = 6;
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
    let mut block = Vec::with_capacity(BLOCK);
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
            let head = input.look(|source| {
                block.clear();
                // What is wrong with it is said when it is read.
                let _ = source.take(BLOCK as u64).read_to_end(&mut block);
                let mut lines = Lines::default();
                lines.feed(&block, &mut first);
                lines.finish(&mut first);
                block[..block.len().min(HEAD)].to_vec()
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
    Open(OpenState),
    Ended,
}

/// A file that is open.
struct OpenState {
    /// `None` while a thread reads it, and behind its end.
    file: Option<Box<ReadFile>>,
    at_work: bool,
    /// What was counted and is not taken yet.
    ready: VecDeque<Message>,
    /// How far all that was counted of it goes.
    until: Option<Second>,
    /// How many chunks were counted.
    chunks: u32,
    /// Where it has a thread of its own: one that waits for the writer of a pipe holds nobody up.
    own: Option<Sender<CountingJob>>,
}

/// How much may be counted ahead of what was taken.
struct CountedAhead {
    /// Chunks of a file, and of all files.
    chunks: (usize, usize),
    /// Bytes of text in a chunk, and of what it takes.
    size: usize,
    large: usize,
}

/// The files, and the threads that read those that are open.
pub(super) struct Merge {
    files: Vec<FileState>,
    names: Vec<Arc<str>>,
    begins: Vec<Option<Second>>,
    /// Those that are not open yet, by when they begin.
    waiting: BTreeSet<(Option<Second>, usize)>,
    open: usize,
    /// Those of which more may be counted, by how far what is there of them goes.
    idle: BTreeSet<(Option<Second>, usize)>,
    /// Chunks that are counted now, by the threads that all share, and those that are ready.
    counting: usize,
    ready: usize,
    reader: RecordReader,
    counters: Arc<CountingThreads>,
    jobs: Sender<CountingJob>,
    /// How many threads there are for them.
    threads: usize,
    results: (Sender<CountingResult>, Receiver<CountingResult>),
    ahead: bool,
    wanted: Option<usize>,
}

impl Merge {
    /// Reads these files as `parallel` says; the numbers of files are their places here.
    pub(super) fn new(files: Vec<Merged>, parallel: Parallel, verbose: bool) -> Merge {
        let names = files.iter().map(|file| Arc::clone(&file.name)).collect();
        let begins: Vec<Option<Second>> = files.iter().map(|file| file.begins).collect();
        let waiting = begins.iter().enumerate();
        let waiting = waiting.map(|(n, &begins)| (begins, n)).collect();
        let counters = Arc::new(CountingThreads {
            counting: parallel.counting,
            verbose,
            inputs: Arc::<OpenInputs>::default(),
            spare: Arc::default(),
        });
        let (jobs, waiting_jobs) = channel();
        let waiting_jobs = Arc::new(Mutex::new(waiting_jobs));
        let results = channel();
        let start = |_: &usize| start(&counters, &waiting_jobs, &results.0);
        let threads = (0..parallel.threads).take_while(start).count();
        Merge {
            files: files
                .into_iter()
                .map(|file| FileState::Waits(file.input))
                .collect(),
            names,
            begins,
            waiting,
            open: 0,
            idle: BTreeSet::new(),
            counting: 0,
            ready: 0,
            reader: parallel.reader,
            counters,
            jobs,
            threads,
            results,
            ahead: parallel.threads > 1,
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
            && self.open < 2
            && let Some(&(_, next)) = self.waiting.first()
        {
            self.open(next);
        }
    }

    fn open(&mut self, n: usize) {
        if !self.waiting.remove(&(self.begins[n], n)) {
            return;
        }
        let FileState::Waits(input) = std::mem::replace(&mut self.files[n], FileState::Ended)
        else {
            unreachable!("it waited");
        };
        self.open += 1;
        let own = if input.operand.is_regular() {
            None
        } else {
            let (own, jobs) = channel();
            let jobs = Arc::new(Mutex::new(jobs));
            start(&self.counters, &jobs, &self.results.0).then_some(own)
        };
        let file = ReadFile::new(n, &self.names[n], input, self.reader.clone());
        self.files[n] = FileState::Open(OpenState {
            file: Some(Box::new(file)),
            at_work: false,
            ready: VecDeque::new(),
            until: self.begins[n],
            chunks: 0,
            own,
        });
        self.give(n);
    }

    /// The next message of the file that is wanted; `None` if none came for a moment. After the end of all files
    /// that is the end.
    pub(super) fn next(&mut self) -> Option<Message> {
        let Some(n) = self.wanted else {
            return Some(Message::End);
        };
        while let Ok(result) = self.results.1.try_recv() {
            self.put(result);
        }
        loop {
            let FileState::Open(open) = &mut self.files[n] else {
                return Some(Message::Ended(n));
            };
            if let Some(message) = open.ready.pop_front() {
                self.ready -= 1;
                self.may_go_on(n);
                self.count_ahead();
                return Some(message);
            }
            if !open.at_work && open.file.is_none() {
                self.files[n] = FileState::Ended;
                self.open -= 1;
                return Some(Message::Ended(n));
            }
            if !open.at_work {
                self.give(n);
                continue;
            }
            match self.results.1.recv_timeout(POLL) {
                Ok(result) => self.put(result),
                Err(_) => return None,
            }
        }
    }

    /// What is allowed for as many files as are open.
    fn limits(&self) -> CountedAhead {
        let (chunks, size) = match self.open {
            0..=2 => ((AHEAD_OF_ONE, 2 * AHEAD_OF_ONE), CHUNK.0),
            3..=4 => ((AHEAD, 4 * AHEAD), TEXT / self.open / (AHEAD + 1)),
            _ => ((1, 2 * self.threads + 2), TEXT / self.open),
        };
        CountedAhead {
            chunks,
            size: size.clamp(CHUNK.1, CHUNK.0),
            large: COUNTED / (self.open + chunks.1),
        }
    }

    /// Has more of a file counted, which nobody reads now.
    fn give(&mut self, n: usize) {
        let limits = self.limits();
        let FileState::Open(open) = &mut self.files[n] else {
            return;
        };
        let Some(file) = open.file.take() else { return };
        self.idle.remove(&(open.until, n));
        open.at_work = true;
        let first = FIRST_CHUNK << open.chunks.min(16);
        open.chunks += 1;
        let job = CountingJob {
            file,
            size: limits.size.min(first),
            large: limits.large,
        };
        if let Some(own) = &open.own {
            // Its thread waits for as long as this is there.
            let _ = own.send(job);
            return;
        }
        self.counting += 1;
        if self.threads > 0 {
            // So do the others.
            let _ = self.jobs.send(job);
        } else {
            // A system that has no thread to give takes longer.
            let result = self.counters.count(job, &mut vec![0; BLOCK]);
            self.put(result);
        }
    }

    /// A chunk was counted.
    fn put(&mut self, result: CountingResult) {
        let n = result.n;
        let FileState::Open(open) = &mut self.files[n] else {
            return;
        };
        self.counting -= usize::from(open.own.is_none());
        open.at_work = false;
        open.file = result.file;
        if let Some(counted) = result.counted {
            open.until = counted.chunk.steps().last().or(open.until);
            open.ready.push_back(Message::Counted(n, counted));
            self.ready += 1;
        }
        if let Some(error) = result.failed {
            open.ready.push_back(Message::Failed(error));
            self.ready += 1;
        }
        self.may_go_on(n);
        self.count_ahead();
    }

    /// More of a file may be counted, if so much may wait.
    fn may_go_on(&mut self, n: usize) {
        let (most, _) = self.limits().chunks;
        let FileState::Open(open) = &self.files[n] else {
            return;
        };
        if open.file.is_some() && open.ready.len() < most {
            if open.own.is_some() {
                self.give(n);
            } else {
                self.idle.insert((open.until, n));
            }
        }
    }

    /// Has as much counted as may wait.
    fn count_ahead(&mut self) {
        let (_, most) = self.limits().chunks;
        while self.counting < 2 * self.threads
            && self.counting + self.ready < most
            && let Some(&(_, n)) = self.idle.first()
        {
            self.give(n);
        }
    }
}

/// Starts a thread that does these jobs; whether there is one.
fn start(
    counters: &Arc<CountingThreads>,
    jobs: &Arc<Mutex<Receiver<CountingJob>>>,
    results: &Sender<CountingResult>,
) -> bool {
    let (counters, jobs, results) = (Arc::clone(counters), Arc::clone(jobs), results.clone());
    thread::start(move || counters.work(&jobs, &results)).is_ok()
}
