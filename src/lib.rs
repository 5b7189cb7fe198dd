//! httpmon: HTTP access logs in, reports and alerts out, by the log's own clock.
//!
//! One line's journey, left to right, never back:
//!
//! ```text
//! bytes → input::lines → line → format::Parser → Record → clock → stats buckets ─close→ alert rules, Report → render → stdout
//! ```
//!
//! [`monitor::Monitor`] is the whole behaviour as a pure function of its input; only [`run`] touches
//! files, standard streams, signals and clocks, so live and replay are one machine.
//!
//! # Words
//!
//! * *record*: a line that is an access-log entry; every record is a *hit*.
//! * *event time*: the second a record gives; *newest*: the greatest that is believed.
//! * *lateness*, *watermark*: a second is closed once it is older than the watermark, `newest − lateness`.
//! * *bucket*: what is known of one second.
//! * *tumbling window*: a report's interval; *sliding window*: what an alert rule measures.
//! * *rule*: what is configured; *alert*: one time it fires, until it is resolved.
//! * *dimension*: what records are counted by; *key*: one value of it; *ranking*: its heaviest keys.

pub mod alert;
pub mod cli;
pub mod clock;
pub mod error;
pub mod filter;
pub mod format;
pub mod input;
pub mod monitor;
pub mod place;
pub mod render;
pub mod report;
pub mod run;
pub mod simulate;
pub mod snapshot;
pub mod stats;
pub mod time;
