//! How long a live stream has been silent, and which second it would have reached meanwhile.
//!
//! All of it is by the monotonic clock. The wall clock only tells where within a second we are, so that
//! reports are due when people expect them.

use std::time::Duration;

use super::feed::Now;
use crate::time::{Second, Span};

/// Nothing to read for so long is silence.
const SILENCE: Duration = Duration::from_secs(1);
/// A wait that took so much longer than asked means that this process was stopped.
const STOPPED: Duration = Duration::from_secs(1);

/// What is known of a stream's silence.
pub(super) struct Silence {
    /// Nothing to read for so long ends the input.
    idle_exit: Option<Duration>,
    /// When the last block came.
    last_block: Duration,
    /// The newest second of the log, and when it was reached.
    anchor: Option<(Second, Duration)>,
}

impl Silence {
    /// A stream of which nothing was heard; none for as long as `idle_exit` ends it.
    pub(super) fn new(idle_exit: Option<Span>) -> Silence {
        Silence {
            idle_exit: idle_exit.map(|span| Duration::from_secs(span.0.unsigned_abs())),
            last_block: Duration::ZERO,
            anchor: None,
        }
    }

    /// A block came.
    pub(super) fn heard(&mut self, now: Duration) {
        self.last_block = now;
    }

    /// Notes when the newest second of the log was reached: at the wall clock's own turn of it where that is
    /// the second we are in, else now.
    pub(super) fn newest_is(&mut self, newest: Option<Second>, now: Now) {
        if let Some(newest) = newest
            && self.anchor.is_none_or(|(anchored, _)| anchored != newest)
        {
            let same = i64::try_from(now.wall.as_secs()).is_ok_and(|wall| wall == newest.0);
            let into = if same {
                Duration::from_nanos(now.wall.subsec_nanos().into())
            } else {
                Duration::ZERO
            };
            self.anchor = Some((newest, now.monotonic.saturating_sub(into)));
        }
    }

    /// Whether the stream is silent.
    pub(super) fn is_there(&self, now: Duration) -> bool {
        now >= self.last_block + SILENCE
    }

    /// Whether it has been for so long that its input is taken to have ended.
    pub(super) fn ends_input(&self, now: Duration) -> bool {
        self.idle_exit
            .is_some_and(|idle| now - self.last_block >= idle)
    }

    /// The second that it would have reached, once the newest one is known.
    pub(super) fn reached(&self, now: Duration) -> Option<Second> {
        self.anchor
            .map(|(newest, at)| newest + Span((now - at).as_secs() as i64))
    }

    /// How long it is to the next moment at which silence changes something; `ticks` tells whether seconds
    /// go on in it.
    pub(super) fn next(&self, now: Duration, ticks: bool) -> Option<Duration> {
        let silent_from = self.last_block + SILENCE;
        let tick = match self.anchor {
            Some((_, at)) if ticks && now >= silent_from => {
                // The next whole second of event time.
                Some(at + Duration::from_secs((now - at).as_secs() + 1))
            }
            _ if now < silent_from => Some(silent_from),
            _ => None,
        };
        let idle = self.idle_exit.map(|idle| self.last_block + idle);
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
        self.last_block += over;
        self.anchor = self.anchor.map(|(newest, at)| (newest, at + over));
        true
    }
}
