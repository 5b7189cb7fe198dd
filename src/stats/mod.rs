//! What is counted, and where.
//!
//! Totals are kept per record ([`totals`]); what has a place in time is kept per second
//! ([`bucket`], [`timeline`]) and merged as seconds close. Keys are interned once into a
//! [`keys::KeyTable`] and are small numbers from then on.
//!
//! [`Statistic`] is the contract of what is counted over a whole run, and [`Statistics`] the table of its members. To add
//! one, write its file and its row: the text, JSON, HTML and mail of a summary, the metrics and the man page show it by
//! its [`Caption`].

mod agents;
mod bot_hits;
pub mod bot_list;
pub mod bots;
pub mod bucket;
mod cached;
mod calendar;
pub mod columns;
pub mod dimension;
pub mod distinct;
pub mod hit_log;
pub mod keyed_histogram;
pub mod keys;
pub mod latency;
mod methods;
mod network;
mod protocols;
pub mod rows;
mod served;
pub mod tally;
mod target;
pub mod timeline;
pub mod top;
pub mod totals;
mod visitor;
mod visitors;

use crate::format::record::Record;
use crate::quantity::Caption;
use dimension::Scratch;

/// Something that is counted over all records of a run; their order does not matter.
///
/// Counting two parts of a run and merging them gives the same as counting the whole.
pub trait Statistic: Default {
    /// Its name in a summary; `None` for one that is shown in a way of its own.
    const CAPTION: Option<Caption> = None;

    /// Counts a record, which became `hit`; the ids of `hit` are not set yet.
    fn observe(&mut self, record: &Record<'_>, hit: &Hit, scratch: &mut Scratch);

    /// Adds what was counted in another part of the run.
    fn merge(&mut self, other: &Self);

    /// Forgets everything; large tables keep their memory.
    fn clear(&mut self) {
        *self = Self::default();
    }

    /// The result, which may follow from `others` too.
    fn findings(&self, _others: &Statistics) -> Findings {
        Findings::Unknown
    }
}

/// The result of a statistic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Findings {
    /// The log does not say.
    Unknown,
    /// A part of the hits.
    Part(u64),
    /// Numbers by name, and by how much each may be off (0: exact).
    Names(Vec<(&'static str, u64)>, u64),
}

/// The table of statistics, as a struct of them all.
macro_rules! statistics {
    ($($(#[$doc:meta])* $name:ident: $member:ty,)*) => {
        /// Every statistic of a run.
        #[derive(Debug, Default)]
        pub struct Statistics {
            $($(#[$doc])* pub $name: $member,)*
        }

        /// The captions of those that have one, in the order of the table.
        pub static CAPTIONS: &[Option<Caption>] = &[$(<$member as Statistic>::CAPTION),*];

        impl Statistics {
            #[inline(always)] // They are few instructions each.
            fn observe(&mut self, record: &Record<'_>, hit: &Hit, scratch: &mut Scratch) {
                $(Statistic::observe(&mut self.$name, record, hit, scratch);)*
            }

            fn merge(&mut self, other: &Statistics) {
                $(Statistic::merge(&mut self.$name, &other.$name);)*
            }

            fn clear(&mut self) {
                $(Statistic::clear(&mut self.$name);)*
            }

            /// The results of those that have a caption.
            pub fn findings(&self) -> impl Iterator<Item = (&'static Caption, Findings)> {
                let findings = [$(Statistic::findings(&self.$name, self)),*];
                let captioned = CAPTIONS.iter().zip(findings);
                captioned.filter_map(|(caption, findings)| Some((caption.as_ref()?, findings)))
            }
        }
    };
}

statistics! {
    /// Hits, bytes and classes of status.
    counters: bucket::Counters,
    /// How long requests took.
    durations: latency::Histogram,
    /// By which method they came.
    methods: methods::Methods,
    /// By which protocol.
    protocols: protocols::Protocols,
    /// Those that a cache answered.
    cached: cached::Cached,
    /// Those of robots.
    bots: bot_hits::BotHits,
    /// Whose they were.
    visitors: visitors::Visitors,
}

/// How many dimensions a run can count: the length of [`Hit::ids`].
pub const MOST_DIMENSIONS: usize = 18;

/// A record once its keys are interned, as the clock and the buckets take it.
#[derive(Debug, Clone, Copy)]
pub struct Hit {
    /// When.
    pub time: crate::time::Second,
    /// Bytes sent.
    pub bytes: u64,
    /// How long it took, in microseconds, if the log has durations.
    pub duration_us: Option<u64>,
    /// 1 to 5 for 1xx to 5xx, 0 for anything else.
    pub class: u8,
    /// Whether the request could not be read.
    pub malformed: bool,
    /// Whether it counts; one that was filtered out moves the clock and nothing else.
    pub counted: bool,
    /// Which of the rules' expressions it matches: bit `i` for the `i`-th.
    pub matched: u64,
    /// Of which of these the time is logged, not the bytes.
    pub by_time: u64,
    /// The key of each counted dimension, in the order of the totals; [`keys::NONE`] where it has none.
    pub ids: [u32; MOST_DIMENSIONS],
    /// Where its row is, if a rollup is written; else [`keys::NONE`].
    pub row: u32,
}

/// The class of server errors, which rows and headlines count as errors.
pub const SERVER_ERROR: u8 = 5;
/// The class of client errors.
pub const CLIENT_ERROR: u8 = 4;

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
            by_time: 0,
            ids: [keys::NONE; MOST_DIMENSIONS],
            row: keys::NONE,
        }
    }
}
