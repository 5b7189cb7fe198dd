//! The only place that touches the outside: arguments, files, standard streams, signals, clocks.

mod ahead;
mod beforehand;
mod beside;
mod compare;
mod counting_threads;
mod dashboard;
mod databases;
mod entry;
mod feed;
#[cfg(unix)]
#[path = "file_unix.rs"]
mod file;
#[cfg(not(unix))]
#[path = "file_other.rs"]
mod file;
mod follow;
#[cfg(unix)]
#[path = "giving_unix.rs"]
mod giving;
#[cfg(not(unix))]
#[path = "giving_other.rs"]
mod giving;
mod hints;
mod history;
mod hook;
mod intake;
#[cfg(unix)]
#[path = "kill_unix.rs"]
mod kill;
#[cfg(not(unix))]
#[path = "kill_other.rs"]
mod kill;
mod known;
mod ledger;
mod marks;
mod matching;
mod merge;
mod merged_files;
mod message;
mod narrowed;
mod opened;
mod operands;
mod output;
mod output_file;
mod parts;
mod progress;
mod ranges;
mod reader;
mod regular;
mod resume;
mod rollups;
mod rotated;
#[cfg(unix)]
#[path = "runnable_unix.rs"]
mod runnable;
#[cfg(not(unix))]
#[path = "runnable_other.rs"]
mod runnable;
#[cfg(unix)]
#[path = "same_unix.rs"]
mod same;
#[cfg(not(unix))]
#[path = "same_other.rs"]
mod same;
mod session;
#[cfg(unix)]
#[path = "signals_unix.rs"]
mod signals;
#[cfg(not(unix))]
#[path = "signals_other.rs"]
mod signals;
mod silence;
mod simulate;
mod sink;
mod spool;
#[cfg(unix)]
#[path = "terminal_unix.rs"]
mod terminal;
#[cfg(not(unix))]
#[path = "terminal_other.rs"]
mod terminal;

pub use ahead::resolve;
pub use dashboard::{Dashboard, Frame, Surface};
pub use feed::Threads;
pub use hook::{Hook, Notice, Stage};
pub use message::{Feed, Message, Now, Signal};
pub use output::ReportWriter;
pub use parts::{PART, Parallel, Part};
pub use resume::SharedLedger;
pub use session::{Ended, Session, wanted};

use std::ffi::{OsStr, OsString};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use matching::{BehindAlerts, LinePrinter};
use merge::Merge;
use operands::Operand;
use progress::ProgressFeed;
use rollups::MergeInput;

use crate::alert::firing::FiringSpans;
use crate::alert::plan;
use crate::alert::syntax::Spec;
use crate::cli::{self, Command, Options, config, help, parse};
use crate::error::{EXIT_ALERT, EXIT_ERROR, EXIT_NO_RECORD, EXIT_NOT_KNOWN, EXIT_OK, Error};
use crate::filter::period::Moment;
use crate::monitor::Monitor;
use crate::render::Form;
use crate::report::Event;
use crate::time::Second;

/// Runs httpmon with these arguments, the program's name left out, and says how it ended. `stdout_is_open`: whether standard
/// output was, when the program started.
pub fn main(args: impl Iterator<Item = OsString>, stdout_is_open: bool) -> ExitCode {
    match read(args).and_then(|command| act(command, stdout_is_open)) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            say(&error);
            ExitCode::from(EXIT_ERROR)
        }
    }
}

fn read(args: impl Iterator<Item = OsString>) -> Result<Command, Error> {
    let mut args = args.peekable();
    if args.next_if(|arg| arg == cli::simulate::NAME).is_some() {
        return cli::simulate::parse(args);
    }
    let file = || {
        let path = std::env::var_os(config::VARIABLE).filter(|path| !path.is_empty());
        path.map(|path| config::read(Path::new(&path))).transpose()
    };
    parse::parse(file, args)
}

fn act(command: Command, stdout_is_open: bool) -> Result<u8, Error> {
    let to_file = matches!(&command, Command::Run(options) if options.output.is_some());
    if !stdout_is_open && !to_file {
        return Err(Error::new(
            "standard output is closed (>/dev/null throws away what is written, -o writes it to a file)",
        ));
    }
    match command {
        Command::Print(printout) => print(&printout.text()),
        Command::Run(mut options) => {
            let origin = std::mem::take(&mut options.origin);
            run(*options).map_err(|error| origin.locate(error))
        }
        Command::Simulate(settings) => simulate::run(&settings).map(|()| EXIT_OK),
    }
}

fn print(text: &str) -> Result<u8, Error> {
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::new(format!("standard output: {error}")))
        }
        _ => Ok(EXIT_OK),
    }
}

fn run(mut options: Options) -> Result<u8, Error> {
    let from_stdin = options.files.is_empty() || options.files.iter().any(|file| file == "-");
    if from_stdin && std::io::stdin().is_terminal() {
        // Not an error message: someone wants to know what this is.
        let _ = write!(
            anstream::stderr().lock(),
            "{}\nhttpmon reads a log on standard input, or from files. With none at hand: httpmon simulate | httpmon --replay\n",
            help::short()
        );
        return Ok(EXIT_ERROR);
    }
    if options.dashboard && !std::io::stdout().is_terminal() {
        return Err(Error::new(
            "--dashboard: standard output is no terminal (leave it out for reports that a file or a program can read)",
        ));
    }
    // One that is mistyped is better known now than at the first alert.
    options.hook().as_deref().map(hook::check).transpose()?;
    let mut operands = if options.follow {
        operands::check_followed(&options.files)
    } else {
        operands::check(&options.files)
    };
    if operands.found.is_empty()
        && let Some(last) = operands.errors.pop()
    {
        operands.errors.iter().for_each(|error| say(error));
        return Err(last);
    }
    operands.errors.iter().for_each(|error| say(error));
    operands.said.iter().for_each(|said| say(said));
    let mut missing = !operands.errors.is_empty();
    let files = operands.found;
    options.files = files.iter().map(operands::Operand::argument).collect();
    if options.is_history_if_regular() && operands::all_regular_files(&files) {
        options.replay = true;
        options.check()?;
        if options.on_alert.is_some() && options.hook().is_none() {
            say(
                &"--on-alert: a file is read as history, for which no program is run (--follow reads it as it grows)",
            );
        }
    }
    let hook = options.hook();
    let now = Second(feed::wall().as_secs() as i64);
    let live = !options.replay;
    let seen = |moment: Moment| moment.seen(now, live);
    options.made = Some(made(now)).filter(|_| options.replay && options.report.page);
    (options.since, options.until) = (options.since.map(seen), options.until.map(seen));
    let before = compare::with_before(&mut options, &files, seen)?;
    if options.report.form == Form::Lines {
        return print_lines(&options, files, missing);
    }
    let mut along = rollups::MergeInputs::default();
    if options.replay {
        along = rollups::look_at(&files, &options.asked_for())?;
        along.errors.iter().for_each(|error| say(error));
        along.said.iter().for_each(|said| say(said));
        missing |= !along.errors.is_empty();
    }
    let ledger = options.state.as_deref().map(SharedLedger::open);
    let ledger = ledger.transpose()?.map(|(ledger, said)| {
        said.iter().for_each(|said| say(said));
        ledger
    });
    let mut output = ReportWriter::open(&options, &files)?;
    if let Some(before) = before {
        output = output.comparing(before);
    }
    let mut session = Session::new(&options, output)?;
    if let Some(program) = hook {
        session.set_hook(match ledger.clone() {
            Some(ledger) => {
                Hook::reporting(program, None, move |id, stage| ledger.program(id, stage))?
            }
            None => Hook::new(program, None)?,
        });
    }
    if let Some(ledger) = &ledger {
        session.resume(ledger, now);
    }
    // What is said of each line as it comes is said by one thread; and as long as the period waits for the
    // first record, only one knows it.
    let resolved = options.period().bounds().is_some();
    let parted = options.replay && !options.verbose && resolved;
    let threads = if parted && operands::any_regular(&files) {
        options.threads_in_force()
    } else {
        1
    };
    let parallel = (threads > 1).then(|| session.parallel(threads, PART));
    if options.dashboard {
        let screen = Box::new(terminal::enter()?);
        let look = output::look(options.color);
        let total = progress::size(&files);
        session.set_dashboard(Dashboard::new(screen, look, !options.replay, total));
    }
    let watched = progress::total(&options, &files);
    let mut feed = if options.follow {
        session.begin_with_history();
        let mut history = options.history_in_force()?;
        if let Some(written) = session.intake.sink.written_up_to() {
            // As far as the rules looked back from there.
            history.0 += (now - written).0.max(0);
        }
        let history = u64::try_from(history.0).ok().filter(|&seconds| seconds > 0);
        let paths = options.files.iter().map(PathBuf::from).collect();
        Threads::follow(paths, history.map(Duration::from_secs), options.dashboard)
    } else if options.replay && resolved && (files.len() > 1 || along.any_rollup) {
        merged(&mut session, &options, along.inputs)
    } else {
        Threads::start(files, parallel, options.dashboard, !options.replay)
    };
    let ended = match watched {
        Some(total) => session.run(&mut ProgressFeed::new(feed, total)),
        None => session.run(&mut feed),
    };
    session.finish_hook();
    let books = session.monitor().books();
    exit_status(ended, || {
        if missing || session.has_failed() {
            EXIT_ERROR
        } else if options.exit_code {
            verdict(session.monitor())
        } else if names_files(&options) && books.is_foreign() {
            EXIT_ERROR
        } else {
            EXIT_OK
        }
    })
}

/// The exit status of a run that ended so; of one whose input ended it is `of_input`.
fn exit_status(ended: Ended, of_input: impl FnOnce() -> u8) -> Result<u8, Error> {
    match ended {
        Ended::ReaderGone => Ok(EXIT_OK),
        Ended::Signal(signal) => {
            signals::end_by(signal);
            Ok(EXIT_ERROR)
        }
        Ended::Failed(error) => Err(error),
        Ended::Input => Ok(of_input()),
    }
}

/// A feed of several files, read along with each other.
fn merged(session: &mut Session, options: &Options, inputs: Vec<MergeInput>) -> Threads {
    Threads::merge(merge(session, options, inputs), options.dashboard)
}

fn merge(session: &mut Session, options: &Options, inputs: Vec<MergeInput>) -> Merge {
    let parallel = session.parallel(options.threads_in_force(), PART);
    let files = merge::look_at(inputs, &parallel.reader.parser);
    session.merge(&files);
    Merge::new(files, parallel, options.verbose)
}

/// Runs over these files, read along with each other, as `--replay FILE…` does; for tests, which have signals of their own.
///
/// # Errors
///
/// If one of them cannot be opened, or is a rollup that does not carry what is asked for; also those of [`Session::new`].
pub fn run_merged(
    options: &Options,
    files: &[OsString],
    output: ReportWriter,
) -> Result<Ended, Error> {
    let operands = operands::check(files);
    if let Some(error) = operands.errors.into_iter().next() {
        return Err(error);
    }
    let along = rollups::look_at(&operands.found, &options.asked_for())?;
    let mut session = Session::new(options, output)?;
    let merge = merge(&mut session, options, along.inputs);
    Ok(session.run(&mut Threads::merging(merge).0))
}

/// `--report lines`. `missing` says that a file is not there.
fn print_lines(options: &Options, files: Vec<Operand>, missing: bool) -> Result<u8, Error> {
    let output = ReportWriter::open(options, &files)?;
    let reader = session::reader(options, &options.config()?)?;
    let behind = match options.rule_of_lines() {
        None => None,
        Some(rule) => Some(behind_alerts(&rule, options, &files)?),
    };
    let mut printer = LinePrinter::new(output, options.quiet);
    let ended = if options.replay && files.len() > 1 && operands::all_regular_files(&files) {
        printer.run_ordered(files, options, &reader, behind)
    } else {
        let mut feed = if options.follow {
            let paths = options.files.iter().map(PathBuf::from).collect();
            Threads::follow(paths, None, false)
        } else {
            Threads::start(files, None, false, !options.replay)
        };
        printer.run(&mut feed, options, reader, behind)
    };
    exit_status(ended, || {
        let foreign = names_files(options) && printer.is_foreign();
        if missing || printer.has_failed() || foreign {
            EXIT_ERROR
        } else {
            EXIT_OK
        }
    })
}

/// When the alerts of `rule` fired, which the files are read for once.
fn behind_alerts(rule: &Spec, options: &Options, files: &[Operand]) -> Result<BehindAlerts, Error> {
    let example = "httpmon --report lines --during RULE access.log";
    beforehand::check(options, files, "--during", example)?;
    let label = rule.label.clone();
    let take = move |spans: &mut FiringSpans, event: &Event| match event {
        Event::Transition(transition) if *transition.rule == *label => spans.take(transition),
        _ => {}
    };
    let mut spans = beforehand::read(options, files, take)?;
    spans.finish();
    Ok(BehindAlerts {
        spans: Arc::new(spans),
        counted: plan::counted_by(rule),
        unparsed: plan::counts_unparsed(rule),
        by: rule.by,
    })
}

/// When a page is made: now, or what SOURCE_DATE_EPOCH says, so that the same input can make the same page again
/// (<https://reproducible-builds.org/specs/source-date-epoch/>).
fn made(now: Second) -> Second {
    let epoch = std::env::var("SOURCE_DATE_EPOCH").ok();
    let epoch = epoch.and_then(|epoch| epoch.parse().ok());
    epoch.map_or(now, Second)
}

/// The exit status under `--exit-code`.
fn verdict(monitor: &Monitor) -> u8 {
    let books = monitor.books();
    if books.records() == 0 {
        EXIT_NO_RECORD
    } else if monitor.any_alert() {
        EXIT_ALERT
    } else if books.many_misplaced().is_some() || monitor.unfollowed().next().is_some() {
        EXIT_NOT_KNOWN
    } else {
        EXIT_OK
    }
}

/// Whether this is a replay of files that are named. What comes on standard input may be of any kind, and a filter in the
/// middle of a pipe has not failed if it finds nothing.
fn names_files(options: &Options) -> bool {
    options.replay && options.files.iter().any(|file| file != "-")
}

/// Says something on standard error; a closed one is no reason to stop.
fn say(message: &dyn std::fmt::Display) {
    let message = format!("httpmon: {message}");
    if !terminal::keep(&message) {
        progress::clear();
        let _ = writeln!(anstream::stderr().lock(), "{message}");
    }
}

/// The options of a command line, for tests that drive a [`Session`] or a monitor.
///
/// # Errors
///
/// As [`cli::parse::parse`]; also where the arguments ask for no run.
pub fn options(args: &[impl AsRef<OsStr>]) -> Result<Options, Error> {
    match cli::parse::parse(|| Ok(None), args.iter().map(OsString::from))? {
        Command::Run(options) => Ok(*options),
        Command::Simulate(_) | Command::Print(_) => {
            Err(Error::new("these arguments ask for no run"))
        }
    }
}
