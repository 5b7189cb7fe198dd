//! A run of httpmon with a scripted input and clocks that only the script moves.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::Duration;

use httpmon::render::text::Look;
use httpmon::run::{self, Dashboard, Ended, Feed, Message, Now, ReportWriter, Session};

/// What happens, and when by the monotonic clock, which begins at 0.
pub struct Script {
    /// The wall clock at 0.
    pub wall: Duration,
    /// Messages in order of time.
    pub messages: Vec<(Duration, Message)>,
    /// When this process was stopped, and for how long.
    pub stops: Vec<(Duration, Duration)>,
    /// When the wall clock was set, and by how many seconds.
    pub steps: Vec<(Duration, i64)>,
}

/// What was written, one piece per write, and when.
pub type Written = Vec<(Duration, Vec<u8>)>;

/// Runs httpmon with these arguments over the script. A script that does not end the run goes on
/// in silence until an option ends it.
pub fn run(args: &[&str], script: Script) -> (Ended, Written) {
    run_on(args, script, None)
}

/// As [`run`], with a dashboard.
pub fn run_on(args: &[&str], script: Script, dashboard: Option<Dashboard>) -> (Ended, Written) {
    run_with(args, script, |session| {
        if let Some(dashboard) = dashboard {
            session.set_dashboard(dashboard);
        }
    })
}

/// As [`run`], with what else the session is to have.
pub fn run_with(
    args: &[&str],
    script: Script,
    equip: impl FnOnce(&mut Session),
) -> (Ended, Written) {
    let options = run::options(args).expect("the arguments ask for a run");
    let clock = Rc::new(Cell::new(Duration::ZERO));
    let (sender, written) = std::sync::mpsc::channel();
    let stream = Stream {
        clock: Rc::clone(&clock),
        sender,
    };
    let look = Look {
        rich: false,
        color: false,
        width: 80,
        ascii: false,
    };
    let output = ReportWriter::new(
        Box::new(stream),
        (options.report.make)(look),
        !options.replay,
    );
    let mut feed = Player {
        clock,
        wall: script.wall,
        messages: script.messages.into(),
        stops: script.stops.into(),
        steps: script.steps,
    };
    let mut session = Session::new(&options, output).expect("rules that work together");
    equip(&mut session);
    let ended = session.run(&mut feed);
    drop(session);
    (ended, written.into_iter().collect())
}

/// Plays a script.
struct Player {
    clock: Rc<Cell<Duration>>,
    wall: Duration,
    messages: VecDeque<(Duration, Message)>,
    stops: VecDeque<(Duration, Duration)>,
    steps: Vec<(Duration, i64)>,
}

impl Feed for Player {
    fn next(&mut self, wait: Option<Duration>) -> Message {
        let now = self.clock.get();
        let until = wait.map(|wait| now + wait);
        let due = self.messages.front().map(|(at, _)| *at);
        assert!(due.is_some() || until.is_some(), "a wait without an end");
        if let (Some(until), Some(&(at, length))) = (until, self.stops.front())
            && at <= until
        {
            self.stops.pop_front();
            self.clock.set(until + length);
            return Message::Quiet;
        }
        match (due, until) {
            (Some(due), until) if until.is_none_or(|until| due <= until) => {
                self.clock.set(now.max(due));
                self.messages.pop_front().expect("it is there").1
            }
            (_, until) => {
                self.clock.set(until.expect("asserted above"));
                Message::Quiet
            }
        }
    }

    fn now(&self) -> Now {
        let monotonic = self.clock.get();
        let set = self.steps.iter().filter(|(at, _)| *at <= monotonic);
        let set: i64 = set.map(|(_, seconds)| seconds).sum();
        let wall = self.wall + monotonic;
        let by = Duration::from_secs(set.unsigned_abs());
        Now {
            wall: if set < 0 { wall - by } else { wall + by },
            monotonic,
        }
    }

    fn recycle(&mut self, _: Vec<u8>) {}
}

/// Notes what is written, and when.
struct Stream {
    clock: Rc<Cell<Duration>>,
    sender: std::sync::mpsc::Sender<(Duration, Vec<u8>)>,
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = (self.clock.get(), bytes.to_vec());
        self.sender.send(piece).expect("the test listens");
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
