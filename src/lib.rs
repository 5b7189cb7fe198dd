//! httpmon: HTTP access logs in, reports and alerts out, by the log's own clock.
//!
//! One line's journey, left to right, never back:
//!
//! ```text
//! bytes → input::lines → line → format::Parser → Record → ingest (clock, books, timeline) ─closed second→ evaluate (report, rules, history) → events → render
//! ```
//!
//! One seam carries everything: the closed second, [`ingest::ClosedSeconds`]. Before it the order of the lines
//! matters, behind it only that of the seconds. [`monitor::Monitor`] is both halves, the whole behaviour as a pure
//! function of its input; only [`run`] touches files, standard streams, signals and clocks, so live and replay are
//! one machine.
//!
//! # Words
//!
//! * *record*: a line that is an access-log entry; every record is a *hit*.
//! * *event time*: the second a record gives; *newest*: the greatest that is believed.
//! * *ahead*, *far behind*: so far from *newest* that the records that follow decide; *skewed*: not believed;
//!   *stretch*, *rewind*: the log between two moments at which its clock went back, and such a moment.
//! * *lag*: how far a live source is behind the wall clock.
//! * *lateness*, *watermark*: a second is closed once it is older than the watermark, `newest − lateness`.
//! * *bucket*: what is known of one second.
//! * *tumbling window*: a report's interval; *sliding window*: what an alert rule measures.
//! * *rule*: what is configured; *alert*: one time it fires, until it is resolved.
//! * *dimension*: what records are counted by; *key*: one value of it; *ranking*: its heaviest keys.

#![forbid(unsafe_code)]

pub mod alert;
pub mod cli;
pub mod error;
pub mod evaluate;
pub mod filter;
pub mod format;
pub mod geo;
mod hashing;
pub mod ingest;
pub mod input;
pub mod interval;
pub mod monitor;
pub mod nearest;
pub mod points;
pub mod quantity;
mod queue;
pub mod render;
pub mod report;
pub mod run;
pub mod simulate;
pub mod snapshot;
pub mod stats;
mod thread;
pub mod time;
