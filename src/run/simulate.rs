//! `httpmon simulate`: a log to standard output, at once or by the clock.

use std::io::{self, Write};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::error::Error;
use crate::simulate::{Log, Settings, Start};
use crate::time::Second;

/// Bytes that are written at once: what a pipe holds.
const BLOCK: usize = 64 << 10;
/// By the clock, lines are written together that are due within so long.
const TICK: Duration = Duration::from_millis(20);

/// Writes the log to its end. A reader that goes away is no error.
pub(super) fn run(settings: &Settings) -> Result<(), Error> {
    let mut clock = settings.speed.map(LogPace::start);
    let start = settings.start.unwrap_or_else(|| match &mut clock {
        None => Start::FIXED,
        Some(clock) => clock.start_now(),
    });
    let mut log = Log::new(settings, start).map_err(Error::new)?;
    match write(&mut log, clock.as_ref(), &mut io::stdout().lock()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::new(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

fn write(log: &mut Log, clock: Option<&LogPace>, out: &mut impl Write) -> io::Result<()> {
    let mut block = Vec::with_capacity(BLOCK + 1024);
    loop {
        let due = log.write(&mut block, BLOCK, clock.map(LogPace::now));
        out.write_all(&block)?;
        if clock.is_some() {
            out.flush()?;
        }
        block.clear();
        match (due, clock) {
            (None, _) => return out.flush(),
            (Some(due), Some(clock)) => clock.wait(due),
            (Some(_), None) => {}
        }
    }
}

/// The log's time by the monotonic clock.
struct LogPace {
    begin: Instant,
    /// How much of the log was over when it began.
    ahead: Duration,
    /// How many times as fast it runs, in billionths.
    speed: u64,
}

const BILLION: u128 = 1_000_000_000;

impl LogPace {
    fn start(speed: u64) -> LogPace {
        LogPace {
            begin: Instant::now(),
            ahead: Duration::ZERO,
            speed,
        }
    }

    /// Lets the log begin with the second that it is now, a part of which is over.
    fn start_now(&mut self) -> Start {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        self.ahead = Duration::from_nanos(now.subsec_nanos().into());
        Start {
            second: Second(i64::try_from(now.as_secs()).unwrap_or(i64::MAX)),
            offset: 0,
        }
    }

    /// How much of the log is over.
    fn now(&self) -> Duration {
        let run = self.begin.elapsed().as_nanos() * u128::from(self.speed) / BILLION;
        self.ahead + duration(run)
    }

    /// Sleeps until the log has come to `due`, and at least a little.
    fn wait(&self, due: Duration) {
        let ahead = due.saturating_sub(self.now()).as_nanos();
        let wait = duration(ahead * BILLION / u128::from(self.speed));
        std::thread::sleep(if ahead > 0 { wait.max(TICK) } else { wait });
    }
}

fn duration(nanos: u128) -> Duration {
    let seconds = u64::try_from(nanos / BILLION).unwrap_or(u64::MAX);
    Duration::new(seconds, (nanos % BILLION) as u32)
}
