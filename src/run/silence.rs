//! How long a live stream has had nothing to read, by the monotonic clock: a wall clock that is set in a silence
//! changes nothing. Time in which this process was stopped is left out.

use std::time::Duration;

use super::message::Now;
use crate::ingest::clock::Wall;
use crate::time::Span;

/// Nothing to read for so long is silence.
const SILENCE: Duration = Duration::from_secs(1);
/// A wait that took so much longer than asked means that this process was stopped.
const STOPPED: Duration = Duration::from_secs(1);

/// What is known of a stream's silence.
pub(super) struct Silence {
    /// Nothing to read for so long ends the input.
    idle_exit: Option<Duration>,
    /// When something was last read.
    last: Duration,
    /// For how long this process was stopped.
    stopped: Duration,
}

impl Silence {
    /// A stream of which nothing was heard until `now`; none for as long as `idle_exit` ends it.
    pub(super) fn new(idle_exit: Option<Span>, now: Duration) -> Silence {
        Silence {
            idle_exit: idle_exit.map(|span| Duration::from_secs(span.0.unsigned_abs())),
            last: now,
            stopped: Duration::ZERO,
        }
    }

    /// Something was read.
    pub(super) fn heard(&mut self, now: Duration) {
        self.last = now;
    }

    /// Whether the stream is silent.
    pub(super) fn is_there(&self, now: Duration) -> bool {
        self.length(now) >= SILENCE
    }

    /// How long nothing has come.
    pub(super) fn length(&self, now: Duration) -> Duration {
        now.saturating_sub(self.last)
    }

    /// Whether it has been for so long that its input is taken to have ended.
    pub(super) fn ends_input(&self, now: Duration) -> bool {
        self.idle_exit.is_some_and(|idle| self.length(now) >= idle)
    }

    /// The monotonic clock without the time in which this process was stopped.
    pub(super) fn steady(&self, now: Duration) -> Duration {
        now.saturating_sub(self.stopped)
    }

    /// How long it is to the next moment at which silence changes something; `reached` is what the clock of the
    /// stream shows now, if that goes on in it.
    pub(super) fn next(&self, now: Duration, reached: Option<Wall>) -> Option<Duration> {
        let silent_from = self.last + SILENCE;
        let tick = if now < silent_from {
            Some(silent_from)
        } else {
            // The next whole second of event time.
            reached.map(|reached| {
                let left = 1000 - reached.0.rem_euclid(1000);
                now + Duration::from_millis(left.unsigned_abs())
            })
        };
        let idle = self.idle_exit.map(|idle| self.last + idle);
        tick.into_iter()
            .chain(idle)
            .min()
            .map(|until| until.saturating_sub(now))
    }

    /// Whether a wait took so much longer than asked that this process was stopped: that is no silence.
    pub(super) fn was_stopped(&mut self, before: Now, wait: Option<Duration>, now: Now) -> bool {
        let over = wait.map_or(Duration::ZERO, |wait| {
            (now.monotonic - before.monotonic).saturating_sub(wait)
        });
        if over < STOPPED {
            return false;
        }
        // What stopped this process most likely stopped the writer too.
        self.last += over;
        self.stopped += over;
        true
    }
}

/// A moment of the wall clock, cut to milliseconds.
pub(super) fn wall(since_1970: Duration) -> Wall {
    Wall(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}
