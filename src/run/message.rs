//! Messages to a run: the contract between who reads and who counts.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use super::counting_threads::CountedLines;
use super::parts::Part;
use crate::error::Error;
use crate::format::ParserState;

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
    /// To write the summary so far, and to go on.
    Report,
    /// To paint anew: the screen has another size, or was another program's.
    Redraw,
}

/// What comes next.
#[derive(Debug)]
pub enum Message {
    /// The bytes that follow are another file's, with its name where it was named.
    Begin(Option<Arc<str>>),
    /// The lines that follow are of one of several sources that are read at once: of the one of this name.
    Turn(Arc<str>),
    /// Bytes.
    Block(Vec<u8>),
    /// The state of the parser is asked for: what follows is begun by others.
    Where(SyncSender<ParserState>),
    /// A part of the file that others counted. It begins and ends with whole lines.
    Part(Box<Part>),
    /// Nothing came for as long as was asked.
    Quiet,
    /// A signal.
    Signal(Signal),
    /// What was typed.
    Keys(Vec<u8>),
    /// Lines of one of several files that are read along with each other, counted; and its number.
    Counted(usize, CountedLines),
    /// The file of this number has ended.
    Ended(usize),
    /// There is no more.
    End,
    /// These sources hold more that was written before the start; which of them is furthest behind is asked for.
    Behind(Vec<Arc<str>>, SyncSender<usize>),
    /// All that the files held when they were opened was sent: what comes now is new.
    CaughtUp,
    /// The source of this name cannot be read for now, or can be again.
    Unreadable(Arc<str>, bool),
    /// Lines of a source were lost, as this says.
    Lost(String),
    /// An input could not be read to its end. The others go on.
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

    /// Of several files that are read along with each other, what comes next is to be of the one of this number;
    /// `None` if all have ended.
    fn want(&mut self, _: Option<usize>) {}
}
