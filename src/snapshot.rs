//! The state of a run at one moment, for a screen: neutral like a report, but of what is asked for only.
//!
//! A screen is painted a few times a second while a log may have 100,000 keys and alerts, so
//! [`Ask`] says which rows are seen. What is copied is a screenful.

use crate::points::scales::Scale;
use crate::quantity::Figure;
use crate::report::{Alert, Peak, Ranking};
use crate::time::{Second, Span};

/// How far back the recent past goes.
pub const RECENT: Span = Span(120);

/// What a screen shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Of the last two minutes rather than of the whole run.
    pub recent: bool,
    /// The place of the dimension that is ranked.
    pub dimension: usize,
    /// How many are ranked: it, and those behind it that have a key, all around.
    pub rankings: usize,
    /// How many rows of each.
    pub rows: usize,
    /// Only keys of the first of them that contain this; all where it is empty.
    pub filter: Vec<u8>,
    /// The place of the scale, in [`crate::points::scales::STEPS`]; `None` for the finest in which the run fits.
    pub scale: Option<usize>,
    /// Points that have room.
    pub points: usize,
    /// The first alert to show, and how many.
    pub alerts: (usize, usize),
}

/// The state of a run.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The least second that is believed.
    pub oldest: Option<Second>,
    /// The greatest second that is believed, or that silence has reached.
    pub newest: Option<Second>,
    /// How long a live stream has had no line.
    pub silent: Option<Span>,
    /// Lines so far.
    pub lines: u64,
    /// Lines that are no records, requests that are none, records out of order, records without a place in time.
    pub input: [(&'static str, u64); 4],
    /// Hits in the time that was asked for.
    pub hits: u64,
    /// The bytes that they sent.
    pub bytes: u64,
    /// Hits by class of status: others, then 1xx to 5xx.
    pub status: [u64; 6],
    /// How long that time is.
    pub length: Option<Span>,
    /// Names of latencies and milliseconds over the whole run; empty where the log does not say.
    pub latency: Vec<(&'static str, f64)>,
    /// The window of the traffic rule, now.
    pub window: Option<Figure>,
    /// The second of the run with the most hits, of those that are closed.
    pub peak: Option<Peak>,
    /// The interval of the run with the most.
    pub busiest: Option<Peak>,
    /// Hits and errors, those of seconds that are still open too.
    pub scale: Option<Scale>,
    /// The title of every dimension, and whether it has any key.
    pub dimensions: Vec<(&'static str, bool)>,
    /// The rankings that were asked for.
    pub rankings: Vec<Ranking>,
    /// Where there was a filter: how many keys of the first ranking match, and their hits.
    pub matched: Option<(u64, u64)>,
    /// How many alerts there were, and how many of them fire.
    pub alerts: (u64, usize),
    /// The first and the last second of alerts that ended lately or fire, for the graph.
    pub spans: Vec<(Second, Option<Second>)>,
    /// The alerts that were asked for.
    pub listed: Vec<Alert>,
}

impl Snapshot {
    /// The same, a part of the records, with what is only known of the whole run.
    pub fn with_run_of(self, whole: Snapshot) -> Snapshot {
        Snapshot {
            silent: whole.silent,
            lines: whole.lines,
            input: whole.input,
            window: whole.window,
            alerts: whole.alerts,
            spans: whole.spans,
            listed: whole.listed,
            ..self
        }
    }
}
