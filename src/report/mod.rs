//! What there is to say, before anyone decides how: events, and reports made of neutral blocks.
//!
//! What evaluates the closed seconds fills blocks from statistics and knows no renderer; renderers show blocks and
//! know no statistic. All of it is owned, small, and made only when a report is due.

mod alert;
mod checked;
mod columns;
mod comparison;
mod ranking;

pub use alert::{
    Alert, AlertCause, AlertState, Alerts, Change, Key, Shortfall, Transition, WhyOver, alert_name,
};
pub use checked::{Checked, CheckedRule, CheckedThreshold};
pub use columns::{KEY_COLUMNS, KeyColumn, KeyColumns};
pub use comparison::{ChangedKeys, ChangedRow, Comparison};
pub use ranking::{Ranking, Row};

use std::sync::Arc;

use crate::format::unparsed::Unparsed;
use crate::points::series::Series;
use crate::points::week::Week;
use crate::quantity::{Caption, Figure};
use crate::time::{Second, Span};

/// Something to write.
#[derive(Debug, Clone)]
pub enum Event {
    /// A rule began to fire, or was resolved.
    Transition(Box<Transition>),
    /// What happened in one interval.
    Report(Report),
    /// Empty intervals that the clock jumped over: `[from, to)`.
    Gap {
        /// The first second of the gap.
        from: Second,
        /// The first second after it.
        to: Second,
        /// Whether they are unknown, not empty: the log of that time was not read.
        unread: bool,
    },
    /// The log went back.
    Rewind(Rewind),
    /// Rows of a rollup.
    Rolled(Box<Rolled>),
    /// What happened in the whole run. `to` is its last second, inclusive.
    Summary(Report),
    /// What the rules would have done, in the place of a summary.
    Check(Checked),
}

/// Hits that are written down as rows, each for those that have all values in common.
#[derive(Debug, Clone)]
pub struct Rolled {
    /// What is known of their time.
    pub kind: RolledKind,
    /// Each second of them, and how many of the rows are of it and those before; at the end, the newest second.
    pub seconds: Vec<(Second, usize)>,
    /// The offset of the first record of the run, in seconds east of UTC.
    pub offset: i32,
    /// The names of the values of a row.
    pub columns: Arc<str>,
    /// For each row its hits, and where its values end.
    pub rows: Vec<(u64, usize)>,
    /// The values of all rows, those of a second in the order of their bytes.
    pub text: Vec<u8>,
    /// Lines that are no records, by the time of the record before them.
    pub unparsed: Vec<(Second, u64)>,
}

/// What is known of the time of hits that are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolledKind {
    /// Their second has closed; or it has not, and there were too many to keep, and more of it may follow.
    Rows,
    /// It had closed when they came.
    Late,
    /// It is not believed.
    Skewed,
    /// There are no more.
    End,
}

/// The log went back: what was open was closed, and a new stretch begins.
#[derive(Debug, Clone)]
pub struct Rewind {
    /// The newest second before.
    pub from: Second,
    /// The second of the first record behind it.
    pub to: Second,
    /// The file that this record is in, where files were named.
    pub file: Option<Arc<str>>,
    /// The number of its line there, from 1.
    pub line: u64,
}

/// A report or a summary.
#[derive(Debug, Clone)]
pub struct Report {
    /// The first second; `None` in the summary of a run in which nothing was believed.
    pub from: Option<Second>,
    /// Its end: exclusive in a report, inclusive in a summary.
    pub to: Option<Second>,
    /// Whether more could have come: the input ended, or a summary was asked for before its end.
    pub partial: bool,
    /// What it says, in order.
    pub blocks: Vec<Block>,
}

impl Report {
    /// The hits, if it says how many there were.
    pub fn hits(&self) -> Option<u64> {
        self.blocks.iter().find_map(|block| match block {
            Block::Headline {
                key: "hits",
                value: Amount::Count(hits),
            } => Some(*hits),
            _ => None,
        })
    }

    /// The alerts, if there are rules.
    pub fn alerts(&self) -> Option<&Alerts> {
        self.blocks.iter().find_map(|block| match block {
            Block::Alerts(alerts) => Some(alerts),
            _ => None,
        })
    }

    /// The rankings that were asked for, those without a key too.
    pub fn listed(&self) -> impl Iterator<Item = &Ranking> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Ranking(ranking) if ranking.listed => Some(&**ranking),
            _ => None,
        })
    }

    /// The groups that say more than a listed ranking does: their key, their items, and by how much these may be off.
    pub fn groups(&self) -> impl Iterator<Item = (&'static str, &[(&'static str, u64)], u64)> {
        let listed = |key: &str| self.listed().any(|ranking| ranking.dimension.title == key);
        self.blocks.iter().filter_map(move |block| match block {
            Block::Group {
                caption,
                items,
                error,
            } if !listed(caption.key) => Some((caption.key, &items[..], *error)),
            _ => None,
        })
    }
}

/// What a run reads, and by what it reports.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The files, as they were named; none where the log is standard input.
    pub files: Vec<String>,
    /// The filter, as it was written.
    pub filter: Option<String>,
    /// The rules, as they were written.
    pub rules: Vec<String>,
    /// When it was made, in replay, for a page that tells its reader.
    pub made: Option<Second>,
    /// How often its report is written anew, live.
    pub live: Option<Span>,
}

/// A time without a hit: `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// Its first second.
    pub from: Second,
    /// The second of the next hit.
    pub to: Second,
}

/// One thing that a report says.
#[derive(Debug, Clone)]
pub enum Block {
    /// A number that leads.
    Headline {
        /// Its name, also in JSON.
        key: &'static str,
        /// The number.
        value: Amount,
    },
    /// A share of the hits that leads.
    Share {
        /// Its name.
        key: &'static str,
        /// How many.
        part: u64,
        /// Of how many.
        whole: u64,
    },
    /// Numbers of one kind.
    Group {
        /// What they are.
        caption: &'static Caption,
        /// Each with its name.
        items: Vec<(&'static str, u64)>,
        /// By how much each may be off; 0 if they are exact.
        error: u64,
    },
    /// How long requests took, where the log says: names and milliseconds.
    Latency(Vec<(&'static str, f64)>),
    /// How many requests of the run took no longer than some times.
    Durations {
        /// Times in microseconds, ascending, with the number of requests.
        at_most: Vec<(u64, u64)>,
        /// How many requests there were.
        count: u64,
        /// What all of them took, in milliseconds.
        sum_ms: f64,
    },
    /// The span of a kind that had the most hits.
    Peak {
        /// The name of the kind, also in JSON.
        key: &'static str,
        /// The span.
        peak: Peak,
    },
    /// The longest time without a hit, where that is unusual.
    Pause(Pause),
    /// What changed since another time.
    Comparison(Box<Comparison>),
    /// What the run reads.
    Scope(Arc<Scope>),
    /// How many of the hits are of some kind.
    Portions {
        /// Each kind with its hits.
        items: Vec<(&'static Caption, u64)>,
        /// All hits.
        whole: u64,
    },
    /// The hits of the last two minutes, or of the interval where that is longer, in steps of a length, oldest first.
    Trend {
        /// The hits of each step.
        hits: Vec<u64>,
        /// How long a step is.
        step: Span,
    },
    /// Hits and errors over the whole run; there is at least one point.
    Series(Series),
    /// How long requests took in the time of each point of the series: the median and the 95th percentile in
    /// milliseconds, where there are any.
    Timing(Vec<Option<(f64, f64)>>),
    /// The days and their visitors, where all are known.
    VisitorsByDay(Vec<(String, u64)>),
    /// Hits by the hours of the week.
    Week(Box<Week>),
    /// The keys of a dimension.
    Ranking(Box<Ranking>),
    /// The window of a rule, now.
    Window(Figure),
    /// The alerts of the run.
    Alerts(Alerts),
    /// What a reader must know to read a rule's silence: its label, and a sentence.
    Notes(Vec<(Arc<str>, String)>),
    /// A number about the input: shown where it is not 0.
    Input {
        /// Its name, also in JSON.
        key: &'static str,
        /// The number.
        value: u64,
        /// How many of them were answered with 5xx, where that is known.
        errors: u64,
    },
    /// Sources that are too far behind the others to be waited for, and how far.
    Behind(Vec<(Arc<str>, Span)>),
    /// Lines that are no records: the first of each reason.
    Unparsed(Vec<UnparsedExample>),
    /// No line has come for so long.
    Silent(Span),
}

/// A span of time and its hits: `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peak {
    /// Its first second.
    pub from: Second,
    /// The first second after it.
    pub to: Second,
    /// Hits in it.
    pub hits: u64,
}

/// A number with its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// A number of records, lines or keys.
    Count(u64),
    /// A number of bytes.
    Bytes(u64),
    /// A mean per second.
    PerSecond(f64),
}

/// The first line that failed for some reason.
#[derive(Debug, Clone)]
pub struct UnparsedExample {
    /// Why it is no record.
    pub unparsed: Unparsed,
    /// How many lines failed for this reason.
    pub count: u64,
    /// Which line of its input it is, from 1.
    pub line: u64,
    /// Which file, where files were named.
    pub file: Option<Arc<str>>,
    /// The line's beginning, as it was.
    pub text: Box<[u8]>,
    /// The newest second when it came.
    pub second: Option<Second>,
}

/// Hits by class of status.
pub static STATUS: Caption = Caption {
    key: "status",
    metric: "responses",
    label: Some("class"),
    grows: true,
    about: "Records by class of status",
};

/// The names of the classes of status.
const CLASSES: [&str; 6] = ["other", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// The status classes as a group; `status` holds the others, then 1xx to 5xx.
pub fn status_group(status: &[u64; 6]) -> Block {
    // By number, and what is none of them last.
    let items = [1, 2, 3, 4, 5, 0].map(|class| (CLASSES[class], status[class]));
    Block::Group {
        caption: &STATUS,
        items: items.to_vec(),
        error: 0,
    }
}
