//! What is counted, and where.
//!
//! Totals are kept per record ([`totals`]); what has a place in time is kept per second
//! ([`bucket`], [`timeline`]) and merged as seconds close. Keys are interned once into a
//! [`keys::KeyTable`] and are small numbers from then on.

pub mod bots;
pub mod bucket;
mod cache;
pub mod dimension;
pub mod distinct;
pub mod keyed_histogram;
pub mod keys;
pub mod latency;
mod network;
pub mod requests;
pub mod run;
pub mod tally;
pub mod timeline;
pub mod totals;

/// How many dimensions there are: the length of [`Hit::ids`].
pub const DIMENSIONS: usize = dimension::DIMENSIONS.len();

/// A record once its keys are interned: what the clock and the buckets deal in.
#[derive(Debug, Clone, Copy)]
pub struct Hit {
    /// When.
    pub time: crate::time::Second,
    /// Bytes sent.
    pub bytes: u64,
    /// How long it took, in microseconds, where the log says.
    pub duration_us: Option<u64>,
    /// 1 to 5 for 1xx to 5xx, 0 for anything else.
    pub class: u8,
    /// Whether the request could not be read.
    pub malformed: bool,
    /// Whether it counts; one that was filtered out moves the clock and nothing else.
    pub counted: bool,
    /// Which of the rules' expressions it matches: bit `i` for the `i`-th.
    pub matched: u64,
    /// The key of each counted dimension, in the order of the totals; [`keys::NONE`] where it has none.
    pub ids: [u32; DIMENSIONS],
}

/// The class of server errors, which rows and headlines count as errors.
pub const SERVER_ERROR: u8 = 5;

impl Hit {
    /// The counters of this record alone.
    pub fn counters(&self) -> bucket::Counters {
        let mut counters = bucket::Counters::default();
        counters.observe(self);
        counters
    }

    /// A record that does not count.
    pub fn uncounted(time: crate::time::Second) -> Hit {
        Hit {
            time,
            bytes: 0,
            duration_us: None,
            class: 0,
            malformed: false,
            counted: false,
            matched: 0,
            ids: [keys::NONE; DIMENSIONS],
        }
    }
}
