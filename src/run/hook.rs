//! A program that is run at each transition of an alert.
//!
//! It is run without a shell, one at a time, by a thread of its own behind a bounded queue: reading
//! never waits for it. It gets the alert as JSON on standard input and a few words in its environment;
//! nothing from the log is in its arguments. One that takes too long is ended with its group.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, is_separator};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::giving::Giving;
use super::{kill, runnable, say, terminal};
use crate::error::Error;
use crate::thread;

/// Transitions that wait for their turn; more are dropped, and counted.
const QUEUE: usize = 1024;
/// How long a program may take, and how long it has after it was asked to end.
const LIMIT: Duration = Duration::from_secs(30);
const GRACE: Duration = Duration::from_secs(2);
/// How long what is queued may take once the input has ended: a program that hangs must not keep the run.
const LAST: Duration = Duration::from_secs(60);
/// How soon a program that runs is looked at; the longer it runs the later, up to ten times that.
const LOOK: Duration = Duration::from_millis(1);
/// So many failures are reported one by one.
const REPORTED: u64 = 5;

/// A transition, as the program gets it.
#[derive(Debug, Clone)]
pub struct Notice {
    /// What names the transition, from run to run.
    pub id: String,
    /// The alert as JSON, with its newline.
    pub json: Vec<u8>,
    /// `firing` or `resolved`.
    pub state: &'static str,
    /// The rule's label.
    pub rule: Arc<str>,
    /// The second that crossed, in RFC 3339.
    pub at: String,
    /// Why the alert is over that did not get well, if it is one.
    pub because: Option<&'static str>,
    /// The alert's lines as text has them.
    pub text: String,
    /// The alert in one sentence.
    pub summary: String,
    /// How many alerts of its rule and key fired before it in the run.
    pub times: u64,
    /// How often the alert has been said again while it fires, this time with it.
    pub repeat: u64,
    /// Whether an earlier run started the program for it, and it is not known to have ended.
    pub again: bool,
}

/// How far the program of a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It is about to be started.
    Started,
    /// It has ended, or could not be started.
    Ended,
}

/// Makes sure that there is such a program, as far as that is known without running it: a name with a
/// folder is that file, any other is looked for in `PATH`.
///
/// # Errors
///
/// Names the option and what is wrong.
pub(super) fn check(program: &OsStr) -> Result<(), Error> {
    let shown = program.to_string_lossy();
    let found = if shown.contains(is_separator) {
        runnable::check(Path::new(program))
    } else {
        let mut folders = runnable::folders().into_iter();
        let found = folders.any(|folder| runnable::check(&folder.join(program)).is_ok());
        let why = || {
            format!(
                "no such program in PATH (one in this folder: ./{})",
                shown.escape_debug()
            )
        };
        found.then_some(()).ok_or_else(why)
    };
    found.map_err(|why| Error::new(format!("--on-alert: {}: {why}", shown.escape_debug())))
}

/// The program, and the thread that runs it.
pub struct Hook {
    queue: Option<SyncSender<Notice>>,
    worker: Option<JoinHandle<()>>,
    counts: Arc<Counts>,
    dropped: u64,
}

/// What the thread and its owner share.
#[derive(Debug, Default)]
struct Counts {
    failures: AtomicU64,
    /// Notices that were left when time was up.
    left: AtomicU64,
    /// When that is; set when the input has ended.
    end: OnceLock<Instant>,
}

impl Hook {
    /// Runs `program` at each notice, for at most `limit` (30 s where none is given).
    ///
    /// # Errors
    ///
    /// If there is no thread to run it from.
    pub fn new(program: OsString, limit: Option<Duration>) -> Result<Hook, Error> {
        Hook::reporting(program, limit, |_, _| {})
    }

    /// The same; `report` is called with the id of a notice before its program is started and when that has ended.
    ///
    /// # Errors
    ///
    /// As [`Hook::new`].
    pub fn reporting(
        program: OsString,
        limit: Option<Duration>,
        report: impl Fn(&str, Stage) + Send + 'static,
    ) -> Result<Hook, Error> {
        let (queue, notices) = sync_channel(QUEUE);
        let counts = Arc::new(Counts::default());
        let shared = Arc::clone(&counts);
        let limit = limit.unwrap_or(LIMIT);
        let worker = thread::start(move || work(&program, &notices, limit, &shared, &report))
            .map_err(|error| Error::new(format!("--on-alert: {error}")))?;
        Ok(Hook {
            queue: Some(queue),
            worker: Some(worker),
            counts,
            dropped: 0,
        })
    }

    /// Queues a notice; where the queue is full it is dropped and counted.
    pub fn send(&mut self, notice: Notice) {
        let full = |queue: &SyncSender<Notice>| {
            matches!(queue.try_send(notice), Err(TrySendError::Full(_)))
        };
        if self.queue.as_ref().is_some_and(full) {
            self.dropped += 1;
            if self.dropped == 1 {
                say(&format!(
                    "--on-alert: the program is too slow: {QUEUE} transitions wait, the next are dropped"
                ));
            }
        }
    }

    /// Waits for what is queued, for a minute at most, and says what went wrong.
    pub fn finish(&mut self) {
        self.queue = None;
        // Only this thread sets it, and only here.
        let _ = self.counts.end.set(Instant::now() + LAST);
        if let Some(worker) = self.worker.take() {
            // It does not panic; if it did, there would be nothing left to wait for.
            let _ = worker.join();
        }
        let failures = self.counts.failures.load(Ordering::Relaxed);
        if failures > REPORTED {
            say(&format!("--on-alert: failed {failures} times"));
        }
        self.dropped += self.counts.left.load(Ordering::Relaxed);
        if self.dropped > 0 {
            say(&format!(
                "--on-alert: {} transitions were dropped",
                self.dropped
            ));
        }
    }
}

fn work(
    program: &OsString,
    notices: &Receiver<Notice>,
    limit: Duration,
    counts: &Counts,
    report: &impl Fn(&str, Stage),
) {
    for notice in notices {
        if counts.end.get().is_some_and(|end| Instant::now() >= *end) {
            counts.left.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        let id = notice.id.clone();
        report(&id, Stage::Started);
        let result = run(program, notice, limit);
        report(&id, Stage::Ended);
        if let Err(why) = result
            && counts.failures.fetch_add(1, Ordering::Relaxed) < REPORTED
        {
            say(&format!(
                "--on-alert: {}: {why}",
                program.to_string_lossy().escape_debug()
            ));
        }
    }
}

/// Runs the program once, to its end.
fn run(program: &OsString, notice: Notice, limit: Duration) -> Result<(), String> {
    let mut command = Command::new(program);
    command
        .env("HTTPMON_STATE", notice.state)
        .env("HTTPMON_RULE", notice.rule.as_ref())
        .env("HTTPMON_AT", &notice.at)
        .env("HTTPMON_TEXT", notice.text.replace('\0', ""))
        .env("HTTPMON_SUMMARY", notice.summary.replace('\0', ""))
        .env("HTTPMON_TIMES", notice.times.to_string())
        .stdin(Stdio::piped())
        // Standard output is the report's.
        .stdout(io::stderr());
    match notice.because {
        Some(because) => command.env("HTTPMON_BECAUSE", because),
        // One that was there is not of this alert.
        None => command.env_remove("HTTPMON_BECAUSE"),
    };
    match notice.repeat {
        0 => command.env_remove("HTTPMON_REPEAT"),
        repeat => command.env("HTTPMON_REPEAT", repeat.to_string()),
    };
    if notice.again {
        command.env("HTTPMON_AGAIN", "1");
    } else {
        command.env_remove("HTTPMON_AGAIN");
    }
    // What is painted there would be written over.
    if terminal::is_shared_with_stderr() {
        command.stdout(Stdio::null()).stderr(Stdio::null());
    }
    kill::in_group(&mut command);
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let stdin = child.stdin.take();
    let giving = stdin.map(|stdin| Giving::new(stdin, notice.json));
    let mut giving = giving.transpose().map_err(|error| {
        kill::group(&child, kill::How::End);
        let _ = child.kill();
        let _ = child.wait();
        error.to_string()
    })?;
    if let Some(status) = wait(&mut child, &mut giving, limit)? {
        return if status.success() {
            Ok(())
        } else {
            Err(status.to_string())
        };
    }
    kill::group(&child, kill::How::Ask);
    let ended = wait(&mut child, &mut giving, GRACE);
    // The leader may have answered TERM where one that it started has not.
    kill::group(&child, kill::How::End);
    if ended?.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    Err(format!("ended after {} s", limit.as_secs()))
}

/// Waits for the program, and gives it what it reads meanwhile.
fn wait(
    child: &mut Child,
    giving: &mut Option<Giving>,
    limit: Duration,
) -> Result<Option<std::process::ExitStatus>, String> {
    let end = Instant::now() + limit;
    let mut pause = LOOK;
    loop {
        giving.iter_mut().for_each(Giving::go_on);
        match child.try_wait() {
            Ok(None) if Instant::now() < end => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(LOOK * 10);
            }
            Ok(status) => return Ok(status),
            Err(error) => return Err(error.to_string()),
        }
    }
}
