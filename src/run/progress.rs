//! How far a long replay of files is: one line on a terminal, drawn in place, and gone before anything
//! else is written there.
//!
//! [`Progress`] is given bytes and the time and says what to show; it touches nothing. [`ProgressFeed`] is
//! before a feed and counts what passes: a message is done when the next one is asked for. The line is the
//! process's, as the terminal is, so that whoever writes can take it away first.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::feed::Threads;
use super::message::{Feed, Message, Now};
use super::operands::Operand;
use super::{file, regular};
use crate::cli::Options;
use crate::render::units;
use crate::time::Span;

/// What is over sooner needs no progress.
const FIRST: Duration = Duration::from_secs(1);
/// The least time between two drawings.
const PAUSE: Duration = Duration::from_millis(200);

/// What was read of how much, and when that is shown next.
#[derive(Debug)]
struct Progress {
    total: u64,
    done: u64,
    began: Duration,
    next: Duration,
}

impl Progress {
    fn new(total: u64, now: Duration) -> Progress {
        Progress {
            total,
            done: 0,
            began: now,
            next: now + FIRST,
        }
    }

    /// So many more bytes are done: whether to draw.
    fn advance(&mut self, bytes: u64, now: Duration) -> bool {
        self.done += bytes;
        // A file that is still written to is longer than it was.
        self.total = self.total.max(self.done);
        let due = now >= self.next;
        if due {
            self.next = now + PAUSE;
        }
        due
    }

    /// `httpmon: 412.0 MB of 1.1 GB  39%  610.0 MB/s  2s left`, cut so that it does not fill a line of
    /// `width` columns, which would move the cursor on.
    fn line(&self, now: Duration, width: usize) -> String {
        let (done, total) = (self.done, self.total);
        let mut line = format!(
            "httpmon: {} of {}  {}",
            units::bytes(done),
            units::bytes(total),
            units::percent(done, total)
        );
        let milliseconds = (now.saturating_sub(self.began)).as_millis();
        if done > 0 && milliseconds > 0 {
            let rate = u128::from(done) * 1000 / milliseconds;
            let left = u128::from(total - done) * milliseconds;
            let left = left.div_ceil(u128::from(done) * 1000);
            line += &format!(
                "  {}/s  {} left",
                units::bytes(rate as u64),
                Span(i64::try_from(left).unwrap_or(i64::MAX))
            );
        }
        // All of it is ASCII.
        line.truncate(width.saturating_sub(1));
        line
    }
}

/// How many bytes there are to replay, where their progress is to be shown: of regular files only, and only
/// where somebody looks at standard error and nothing else writes there unasked.
pub(super) fn total(options: &Options, operands: &[Operand]) -> Option<u64> {
    let term = std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
    if !options.replay || options.dashboard || options.quiet || options.hook().is_some() || !term {
        return None;
    }
    if !std::io::stderr().is_terminal() {
        return None;
    }
    size(operands)
}

/// How many bytes there are to read, where all of it is regular files; of packed ones nobody knows.
pub(super) fn size(operands: &[Operand]) -> Option<u64> {
    if operands.iter().any(Operand::is_packed) {
        return None;
    }
    operands
        .iter()
        .map(|operand| match operand {
            Operand::Stdin => file::left_of_stdin(),
            Operand::File(name) => regular::at(Path::new(name)).map(|data| data.len()),
        })
        .sum()
}

/// A feed whose progress is shown.
pub(super) struct ProgressFeed {
    feed: Threads,
    progress: Progress,
    /// Bytes of the last message.
    bytes: u64,
}

impl ProgressFeed {
    /// Shows how much of `total` bytes `feed` has given.
    pub(super) fn new(feed: Threads, total: u64) -> ProgressFeed {
        let progress = Progress::new(total, feed.now().monotonic);
        line().ends_with_output = file::stdout_is_a_pipe();
        ProgressFeed {
            feed,
            progress,
            bytes: 0,
        }
    }
}

impl Feed for ProgressFeed {
    fn next(&mut self, wait: Option<Duration>) -> Message {
        let now = self.feed.now().monotonic;
        let bytes = std::mem::take(&mut self.bytes);
        if self.progress.advance(bytes, now) && file::in_foreground() {
            let size = terminal_size::terminal_size_of(std::io::stderr());
            let width = size.map_or(80, |(width, _)| usize::from(width.0));
            line().draw(&self.progress.line(now, width));
        }
        let message = self.feed.next(wait);
        match &message {
            Message::Block(block) => self.bytes = block.len() as u64,
            Message::Part(part) => self.bytes = part.bytes(),
            Message::Counted(_, counted) => self.bytes = counted.bytes,
            Message::Signal(_)
            | Message::Keys(_)
            | Message::End
            | Message::Failed(_)
            | Message::Lost(_) => clear(),
            Message::Begin(_)
            | Message::Turn(_)
            | Message::Where(_)
            | Message::Behind(..)
            | Message::Ended(_)
            | Message::Quiet
            | Message::Unreadable(..)
            | Message::CaughtUp => {}
        }
        message
    }

    fn now(&self) -> Now {
        self.feed.now()
    }

    fn recycle(&mut self, block: Vec<u8>) {
        self.feed.recycle(block);
    }

    fn want(&mut self, file: Option<usize>) {
        self.feed.want(file);
    }
}

impl Drop for ProgressFeed {
    fn drop(&mut self) {
        clear();
    }
}

/// The line on the terminal.
struct ProgressLine {
    shown: bool,
    /// Whether whoever reads standard output may write to the same terminal, at any time from the first
    /// output on: a pager, or `jq`.
    ends_with_output: bool,
    ended: bool,
}

static LINE: Mutex<ProgressLine> = Mutex::new(ProgressLine {
    shown: false,
    ends_with_output: false,
    ended: false,
});

fn line() -> MutexGuard<'static, ProgressLine> {
    LINE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ProgressLine {
    fn draw(&mut self, text: &str) {
        if !self.ended {
            self.shown = true;
            put(&format!("\r{text}\x1b[K"));
        }
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            put("\r\x1b[K");
        }
    }
}

/// Writes to standard error unchanged: this is written only to a terminal. One that is closed is no
/// reason to stop.
fn put(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}

/// Takes the line away, if it is there: something else is about to be said.
pub(super) fn clear() {
    line().clear();
}

/// Takes the line away before standard output is written to.
pub(super) fn before_output() {
    let mut line = line();
    line.clear();
    line.ended |= line.ends_with_output;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(milliseconds: u64) -> Duration {
        // Clocks need not begin at 0.
        Duration::from_millis(5000 + milliseconds)
    }

    #[test]
    fn nothing_is_drawn_in_the_first_second_and_then_five_times_a_second_at_most() {
        let mut progress = Progress::new(1000, after(0));
        let drawn: Vec<u64> = (0..2000)
            .step_by(10)
            .filter(|&at| progress.advance(1, after(at)))
            .collect();
        assert_eq!(drawn, [1000, 1200, 1400, 1600, 1800]);
        assert_eq!(progress.done, 200);
    }

    #[test]
    fn the_line_says_how_much_how_fast_and_how_long() {
        let mut progress = Progress::new(1_070_000_000, after(0));
        progress.advance(412_000_000, after(675));
        assert_eq!(
            progress.line(after(675), 80),
            "httpmon: 412.0 MB of 1.1 GB  39%  610.4 MB/s  2s left"
        );
        progress.advance(658_000_000, after(2000));
        assert_eq!(
            progress.line(after(2000), 80),
            "httpmon: 1.1 GB of 1.1 GB  100%  535.0 MB/s  0s left"
        );
    }

    #[test]
    fn before_anything_is_done_no_time_is_foretold() {
        let progress = Progress::new(5000, after(0));
        assert_eq!(progress.line(after(1500), 80), "httpmon: 0 B of 5.0 kB  0%");
    }

    #[test]
    fn the_line_is_shorter_than_the_screen_is_wide() {
        let progress = Progress::new(5000, after(0));
        assert_eq!(progress.line(after(1000), 12), "httpmon: 0 ");
        assert_eq!(progress.line(after(1000), 0), "");
    }

    #[test]
    fn a_file_that_grew_is_never_more_than_whole() {
        let mut progress = Progress::new(1000, after(0));
        progress.advance(3000, after(1000));
        assert_eq!(
            progress.line(after(1000), 80),
            "httpmon: 3.0 kB of 3.0 kB  100%  3.0 kB/s  0s left"
        );
    }
}
