//! A regular file, read and counted by several threads, a part at a time.
//!
//! Part `k` is the lines that begin in `[base + k·size, base + (k+1)·size)`: each thread finds its lines
//! by itself, whatever their length, and none is read twice. Thread `w` of `n` takes parts `w`, `w + n`,
//! …, and the parts are handed on in their order. There are two [`Chunk`]s for each thread, which go
//! round, so that memory is bounded; with fewer, some threads could hold all before their turn comes. Where a part has
//! so many keys or seconds that its chunk grows large, the part is handed on in pieces.
//!
//! A thread guesses the state of the parser before its part: that behind the last one that was
//! handed on. Where that was wrong, or the part passes a cap, its lines are read again, one by one, and whoever
//! hands the parts on asks for the state of the parser then.

use std::fs::File;
use std::io;
use std::ops::{Deref, DerefMut, Range};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memchr;

use super::file::read_at;
use super::reader::RecordReader;
use crate::format::record::Record;
use crate::format::rollup::RollupLine;
use crate::format::{Outcome, ParserState};
use crate::ingest::{Chunk, Counting};
use crate::input::lines::{Line, Lines, Take};
use crate::thread;

/// Bytes read at once: what was read is still in the nearest cache when its lines are looked at.
const BLOCK: usize = 128 << 10;

/// How regular files are read.
#[derive(Debug, Clone)]
pub struct Parallel {
    /// How many threads count.
    pub threads: usize,
    /// Bytes in a part.
    pub size: u64,
    /// Reads the lines of each part.
    pub reader: RecordReader,
    /// What is counted of them.
    pub counting: Counting,
}

/// Bytes in a part. Its keys are looked up once more for the whole, so that larger parts cost less; smaller
/// ones take less memory. From 1 to 16 MiB the time differs by a tenth.
pub const PART: u64 = 4 << 20;

/// A part of a file, counted.
#[derive(Debug)]
pub struct Part {
    /// What was counted.
    pub chunk: Lent,
    /// The state of the parser before it, and behind it.
    pub began: ParserState,
    /// See `began`.
    pub ended: ParserState,
    file: Arc<File>,
    /// Where its lines begin and end.
    range: Range<u64>,
    /// Whether the file ends with it.
    last: bool,
    /// Whether it is a piece, and the same thread has the next one.
    goes_on: bool,
}

impl Part {
    /// How many bytes its lines have.
    pub(super) fn bytes(&self) -> u64 {
        self.range.end - self.range.start
    }

    /// The state of the parser behind it, if that is `state` before it; `None` where only who reads its
    /// lines again will know.
    pub(super) fn leads_to(&self, state: &ParserState) -> Option<ParserState> {
        (self.began == *state && !self.chunk.is_full()).then(|| self.ended.clone())
    }

    /// Reads its bytes again, block by block; the outer error is that of the file.
    ///
    /// # Errors
    ///
    /// Those of the file; what `take` returns is handed back within.
    pub fn read_again<E>(
        &self,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> io::Result<Result<(), E>> {
        let mut block = vec![0; BLOCK];
        let mut at = self.range.start;
        while at < self.range.end {
            let count = read_at(&self.file, within(&mut block, at..self.range.end), at)?;
            if count == 0 {
                break;
            }
            if let Err(error) = take(&block[..count]) {
                return Ok(Err(error));
            }
            at += count as u64;
        }
        Ok(Ok(()))
    }
}

/// What the threads share with who hands their parts on.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<ParserState>,
    spare: Mutex<Receiver<Chunk>>,
    back: Sender<Chunk>,
}

impl Shared {
    pub(super) fn new(parallel: &Parallel) -> Shared {
        let (back, spare) = channel();
        for _ in 0..2 * parallel.threads {
            // The receiver is right here.
            let _ = back.send(Chunk::new(&parallel.counting));
        }
        Shared {
            state: Mutex::default(),
            spare: Mutex::new(spare),
            back,
        }
    }

    /// The parser is in this state now.
    pub(super) fn resume(&self, state: ParserState) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// The state of the parser behind the last part that was handed on.
    pub(super) fn state(&self) -> ParserState {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// A chunk that is free, once there is one.
    fn spare(&self) -> Option<Lent> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let chunk = spare.recv().ok()?;
        Some(Lent {
            chunk: Some(chunk),
            back: self.back.clone(),
        })
    }
}

/// A [`Chunk`] that goes back to where it came from, whatever becomes of its part.
#[derive(Debug)]
pub struct Lent {
    /// Taken only when it is dropped.
    chunk: Option<Chunk>,
    back: Sender<Chunk>,
}

impl Deref for Lent {
    type Target = Chunk;

    fn deref(&self) -> &Chunk {
        self.chunk.as_ref().expect("it is there until the end")
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Chunk {
        self.chunk.as_mut().expect("it is there until the end")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // At the end of the run nobody wants it back.
        if let Some(chunk) = self.chunk.take() {
            let _ = self.back.send(chunk);
        }
    }
}

/// Reads `file` from `base`, where a line begins, to its end, and hands every part to `take`, in order, until
/// that says no. Returns where the file ended, if it was read so far.
///
/// # Errors
///
/// Those of the file.
pub(super) fn read(
    file: &Arc<File>,
    base: u64,
    parallel: &Parallel,
    shared: &Shared,
    mut take: impl FnMut(Part) -> bool,
) -> io::Result<Option<u64>> {
    let threads = parallel.threads as u64;
    std::thread::scope(|scope| {
        let start = |first: u64| {
            let (sender, parts) = sync_channel(1);
            let numbers = (first..).step_by(parallel.threads);
            let ranges = numbers.map(move |k| {
                let start = base + k * parallel.size;
                start..start + parallel.size
            });
            let work = move || work(file, base, ranges, parallel, shared, &sender);
            thread::start_within(scope, work).map(|_| parts)
        };
        // Where one does not start, those that did end as their receivers are gone.
        let parts = (0..threads)
            .map(start)
            .collect::<io::Result<Vec<Receiver<io::Result<Part>>>>>()?;
        let mut threads = parts.iter().cycle();
        let mut parts = threads.next();
        // A thread ends only behind the last part, which is taken before one that is not there.
        while let Some(Ok(part)) = parts.map(Receiver::recv) {
            let part = part?;
            let (last, end) = (part.last, part.range.end);
            if !part.goes_on {
                parts = threads.next();
            }
            if !take(part) {
                break;
            }
            if last {
                return Ok(Some(end));
            }
        }
        Ok(None)
    })
}

/// Counts one part after the other until the file ends or nobody takes them.
fn work(
    file: &Arc<File>,
    base: u64,
    ranges: impl Iterator<Item = Range<u64>>,
    parallel: &Parallel,
    shared: &Shared,
    sender: &SyncSender<io::Result<Part>>,
) {
    let mut reader = parallel.reader.clone();
    let mut block = vec![0; BLOCK];
    for mut range in ranges {
        let mut first = range.start == base;
        let mut began = shared.state();
        loop {
            let Some(mut chunk) = shared.spare() else {
                return;
            };
            chunk.clear();
            reader.parser.resume(began.clone());
            let mut lines = Lines::default();
            let read = read_lines(file, range.clone(), first, &mut block, |bytes| {
                if chunk.is_full() {
                    return true;
                }
                let taker = &mut Counter {
                    reader: &mut reader,
                    chunk: &mut chunk,
                    recognised: None,
                };
                match bytes {
                    Some(bytes) => lines.feed(bytes, taker),
                    None => lines.finish(taker),
                }
                !chunk.is_large()
            });
            chunk.finish();
            let ended = reader.parser.state().clone();
            let part = read.map(|(lines, last)| Part {
                chunk,
                began: std::mem::replace(&mut began, ended.clone()),
                ended,
                file: Arc::clone(file),
                goes_on: !last && lines.end < range.end,
                range: lines,
                last,
            });
            let next = part.as_ref().ok().filter(|part| part.goes_on);
            let next = next.map(|part| part.range.end);
            let last = part.as_ref().map_or(true, |part| part.last);
            if sender.send(part).is_err() || last {
                return;
            }
            let Some(next) = next else { break };
            (range.start, first) = (next, true);
        }
    }
}

/// Counts lines.
pub(super) struct Counter<'a> {
    pub(super) reader: &'a mut RecordReader,
    pub(super) chunk: &'a mut Chunk,
    /// Where formats are to be said: the numbers of the lines, from 1 in the chunk, from which on a format is
    /// recognised, and its name.
    pub(super) recognised: Option<&'a mut Vec<(u64, String)>>,
}

impl Counter<'_> {
    #[cold]
    fn recognise(&mut self, line: &[u8]) {
        if let Some(recognised) = &mut self.recognised
            && let Some(format) = self.reader.parser.newly_recognised(line)
        {
            recognised.push((self.chunk.lines(), format));
        }
    }
}

impl Take for Counter<'_> {
    #[inline]
    fn take_ahead(&mut self, text: &[u8]) -> Option<usize> {
        let mut record = Record::empty();
        let len = self.reader.read_plain(text, &mut record)?;
        self.chunk.observe(&record);
        if self.recognised.is_some() {
            self.recognise(&text[..len - 1]);
        }
        Some(len)
    }

    #[inline]
    fn take(&mut self, line: Line<'_>) {
        let mut record = Record::empty();
        match self.reader.read(line, &mut record) {
            Outcome::Record => {
                self.chunk.observe(&record);
                if self.recognised.is_some() {
                    self.recognise(line.bytes);
                }
            }
            Outcome::Skipped | Outcome::Source => self.chunk.skipped(),
            Outcome::Unparsed(unparsed) => self.chunk.unparsed(unparsed, line.bytes),
            Outcome::Rollup(carried) => {
                self.chunk.carried(carried, &record);
                if carried == RollupLine::Example {
                    let example = self.reader.parser.rollup_example().clone();
                    self.chunk.carried_example(example);
                }
            }
        }
    }
}

/// As much of `block` as is to be read of `range`.
fn within(block: &mut [u8], range: Range<u64>) -> &mut [u8] {
    let len = usize::try_from(range.end - range.start).map_or(block.len(), |n| n.min(block.len()));
    &mut block[..len]
}

/// Reads the lines that begin in `range`, in blocks, or those that begin before `take` says no; `None` ends a last one
/// without a newline. Returns where they begin and end, and whether the file ends there.
fn read_lines(
    file: &File,
    mut range: Range<u64>,
    first: bool,
    block: &mut [u8],
    mut take: impl FnMut(Option<&[u8]>) -> bool,
) -> io::Result<(Range<u64>, bool)> {
    // The byte before the range shows whether a line begins with it.
    let mut at = range.start - u64::from(!first);
    let mut begin = first.then_some(at);
    loop {
        // What lies behind the range is read in small pieces: only the end of one line is wanted of it.
        let until = range.end.max(at + 4096);
        let count = read_at(file, within(block, at..until), at)?;
        if count == 0 {
            take(None);
            let begin = begin.unwrap_or(at);
            return Ok((begin..at, true));
        }
        let mut bytes = &block[..count];
        if begin.is_none() {
            match memchr(b'\n', bytes) {
                Some(newline) if at + (newline as u64) + 1 < range.end => {
                    begin = Some(at + newline as u64 + 1);
                    bytes = &bytes[newline + 1..];
                    at += newline as u64 + 1;
                }
                // The line that goes on here is another part's to the end of this one.
                _ if at + count as u64 >= range.end => return Ok((range.end..range.end, false)),
                _ => {
                    at += count as u64;
                    continue;
                }
            }
        }
        // The line that holds the last byte of the range is the last one.
        let from = usize::try_from((range.end - 1).saturating_sub(at)).unwrap_or(usize::MAX);
        if let Some(rest) = bytes.get(from..)
            && let Some(newline) = memchr(b'\n', rest)
        {
            let end = from + newline + 1;
            take(Some(&bytes[..end]));
            let end = at + end as u64;
            return Ok((begin.unwrap_or(end)..end, false));
        }
        at += bytes.len() as u64;
        if !take(Some(bytes)) {
            // Nothing of the next line was seen where the last one is whole.
            if bytes.ends_with(b"\n") {
                return Ok((begin.unwrap_or(at)..at, false));
            }
            range.end = range.end.min(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write as _;

    proptest! {
        #[test]
        fn parts_of_any_size_are_the_lines_of_the_file(
            text in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'a'), Just(b'b')], 0..120),
            size in 1u64..50,
            block in 1usize..40,
            base in 0usize..120,
            stop in 1usize..60,
        ) {
            // A line begins at the base.
            let base = text[..base.min(text.len())].iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
            let path = std::env::temp_dir().join(format!("httpmon-parts-{}", std::process::id()));
            File::create(&path).and_then(|mut file| file.write_all(&text)).expect("a file");
            let file = File::open(&path).expect("the file");
            let mut block = vec![0; block];
            let mut found = Vec::new();
            let mut end = base as u64;
            let mut next = base as u64..base as u64 + size;
            let mut first = true;
            loop {
                let mut part = Vec::new();
                let (range, last) = read_lines(&file, next.clone(), first, &mut block, |bytes| {
                    part.extend_from_slice(bytes.unwrap_or_default());
                    part.len() < stop
                }).expect("it is read");
                // A piece ends before its part does.
                first = range.end < next.end;
                next = if first { range.end..next.end } else { next.end..next.end + size };
                if range.start < range.end {
                    prop_assert_eq!(range.start, end);
                    end = range.end;
                    prop_assert_eq!(&text[range.start as usize..range.end as usize], &part[..]);
                    prop_assert!(last || part.ends_with(b"\n"));
                }
                found.extend(part);
                if last {
                    break;
                }
            }
            prop_assert_eq!(&found, &text[base..]);
        }
    }
}
