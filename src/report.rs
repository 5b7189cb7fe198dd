//! What there is to say, before anyone decides how: events, and reports made of neutral blocks.
//!
//! What evaluates the closed seconds fills blocks from statistics and knows no renderer; renderers show blocks and
//! know no statistic. All of it is owned, small, and made only when a report is due.

use std::sync::Arc;

use crate::format::unparsed::Unparsed;
use crate::points::series::Series;
use crate::points::week::Week;
use crate::quantity::{Caption, Count, Figure, KeyKind, Subject, Unit};
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
    /// It; at the end, the newest second.
    pub second: Second,
    /// The offset of the first record of the run, in seconds east of UTC.
    pub offset: i32,
    /// The names of the values of a row.
    pub columns: Arc<str>,
    /// For each row its hits, and where its values end.
    pub rows: Vec<(u64, usize)>,
    /// The values of all rows, in the order of their bytes.
    pub text: Vec<u8>,
    /// Lines that are no records, by the time of the record before them.
    pub unparsed: Vec<(Second, u64)>,
}

/// What is known of the time of hits that are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolledKind {
    /// Their second has closed.
    Rows,
    /// It has not, and more of it may follow.
    Early,
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

/// What rules would have done over a log, as they were written and at other thresholds.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The first and the last second of the log; `None` where nothing was believed.
    pub span: Option<(Second, Second)>,
    /// The rules, in their order.
    pub rules: Vec<CheckedRule>,
    /// What a reader must know to read a rule's silence.
    pub notes: Vec<(Arc<str>, String)>,
}

impl Checked {
    /// How long the log is.
    pub fn length(&self) -> Span {
        self.span.map_or(Span(0), |(from, to)| to.next() - from)
    }
}

/// What a rule would have done.
#[derive(Debug, Clone)]
pub struct CheckedRule {
    /// Its label.
    pub rule: Arc<str>,
    /// What it measures.
    pub subject: Subject,
    /// Whether it fires less at a lower threshold.
    pub falls: bool,
    /// The most extreme value of its measure while it fired at any threshold.
    pub worst: Option<Figure>,
    /// What it did as it was written.
    pub written: CheckedThreshold,
    /// What it would have done at other thresholds, the lowest first.
    pub others: Vec<CheckedThreshold>,
}

/// What a rule does at a threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedThreshold {
    /// The threshold, as a rule has it.
    pub text: String,
    /// Its number.
    pub value: f64,
    /// How many alerts fired.
    pub fired: u64,
    /// How long they lasted, added up.
    pub firing: Span,
    /// How long the longest lasted.
    pub longest: Span,
    /// How many of them fired within ten minutes of the end of the one before.
    pub flaps: u64,
}

impl CheckedThreshold {
    /// Whether it was so often, or for so long, that nobody would read it: more than once a day, and four times at
    /// least, or more than half of the time.
    pub fn is_noise(&self, length: Span) -> bool {
        self.fired > (length.0 / 86_400).unsigned_abs().max(3) || self.firing.0 * 2 > length.0
    }
}

impl CheckedRule {
    /// Other thresholds worth a thought, where it never fired or was noise as it was written: the nearest at which it is
    /// of use, and what lies behind that.
    pub fn proposals(&self, length: Span) -> Vec<&CheckedThreshold> {
        let (lower, higher): (Vec<_>, Vec<_>) = self
            .others
            .iter()
            .partition(|other| other.value < self.written.value);
        let lower: Vec<_> = lower.into_iter().rev().collect();
        let (rarer, oftener) = match self.falls {
            true => (lower, higher),
            false => (higher, lower),
        };
        let is_of_use = |at: &&&CheckedThreshold| at.fired > 0 && !at.is_noise(length);
        let (near, far) = if self.written.fired == 0 {
            let near = oftener.iter().find(|at| at.fired > 0);
            let far = oftener.iter().find(|at| at.is_noise(length));
            (near, far)
        } else if self.written.is_noise(length) {
            let few = |at: &&&CheckedThreshold| {
                is_of_use(at) && at.fired <= (length.0 / 604_800).unsigned_abs().max(3)
            };
            let near = rarer
                .iter()
                .find(few)
                .or_else(|| rarer.iter().find(is_of_use));
            (near, rarer.iter().find(|at| at.fired == 0))
        } else {
            (None, None)
        };
        let mut found: Vec<&CheckedThreshold> = near.into_iter().chain(far).copied().collect();
        found.dedup();
        found
    }
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
            Block::Ranking(ranking) if ranking.listed => Some(ranking),
            _ => None,
        })
    }

    /// The groups that say more than a listed ranking does.
    pub fn groups(&self) -> impl Iterator<Item = (&'static str, &[(&'static str, u64)])> {
        let listed = |key: &str| self.listed().any(|ranking| ranking.dimension.title == key);
        self.blocks.iter().filter_map(move |block| match block {
            Block::Group { caption, items } if !listed(caption.key) => {
                Some((caption.key, &items[..]))
            }
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

/// A run beside another time of the same log: what was before, and what is now.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The first second of the other time that was believed.
    pub from: Option<Second>,
    /// Its last second.
    pub to: Option<Second>,
    /// How much longer this time is: by that the hits of the other are multiplied.
    pub scale: f64,
    /// Hits.
    pub hits: [u64; 2],
    /// Hits that were answered with 4xx or 5xx.
    pub errors: [u64; 2],
    /// What 95 % of the requests did not take longer than, in milliseconds, where the log says.
    pub p95_ms: [Option<f64>; 2],
    /// The rows of each dimension that is listed.
    pub keys: Vec<ChangedKeys>,
}

/// The rows of a dimension now, and behind them those that are gone.
#[derive(Debug, Clone)]
pub struct ChangedKeys {
    /// The dimension.
    pub dimension: KeyKind,
    /// The rows.
    pub rows: Vec<ChangedRow>,
}

/// A key, and its hits at both times.
#[derive(Debug, Clone)]
pub struct ChangedRow {
    /// The key, as it was in the log.
    pub key: Box<[u8]>,
    /// Its hits now; 0 for one that is gone.
    pub hits: u64,
    /// Its hits before; 0 for one that is new.
    pub before: u64,
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
    Ranking(Ranking),
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

/// The keys of a dimension, heaviest first.
#[derive(Debug, Clone)]
pub struct Ranking {
    /// The dimension.
    pub dimension: KeyKind,
    /// Whether rows were asked for; if not, only the number of distinct keys was.
    pub listed: bool,
    /// Whether they were asked for by name: then a summary has a line for each.
    pub asked: bool,
    /// The rows.
    pub rows: Vec<Row>,
    /// Hits that have a key, the rows among them.
    pub hits: u64,
    /// Distinct keys.
    pub unique: u64,
    /// By how much `unique` may be off (0: exact): in a summary three standard errors of an estimate,
    /// in a report no more than this.
    pub unique_error: u64,
    /// By how many hits a key may be undercounted (0: exact).
    pub error: u64,
    /// By which part of themselves the percentiles of the rows may be off (0: less than 1 %). An
    /// `f64` would make every block larger, and say no more.
    pub p95_error: f32,
}

impl Ranking {
    /// A ranking whose rows were asked for by name.
    pub fn new(
        dimension: KeyKind,
        rows: Vec<Row>,
        hits: u64,
        unique: u64,
        unique_error: u64,
        error: u64,
    ) -> Ranking {
        Ranking {
            dimension,
            listed: true,
            asked: true,
            rows,
            hits,
            unique,
            unique_error,
            error,
            p95_error: 0.0,
        }
    }

    /// Whether any row says how long its requests took.
    pub fn is_timed(&self) -> bool {
        self.rows.iter().any(|row| row.p95_ms.is_some())
    }

    /// The most hits that a row has; 1 if there is none.
    pub fn most(&self) -> u64 {
        let hits = self.rows.iter().map(|row| row.count.hits);
        hits.max().unwrap_or(1)
    }

    /// Keys that are not listed.
    pub fn omitted(&self) -> u64 {
        self.unique.saturating_sub(self.rows.len() as u64)
    }

    /// Hits under keys that are not listed.
    pub fn other(&self) -> u64 {
        self.hits - self.rows.iter().map(|row| row.count.hits).sum::<u64>()
    }
}

/// A key and what was counted under it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The key, as it was in the log.
    pub key: Box<[u8]>,
    /// Its count.
    pub count: Count,
    /// What 95 % of its requests did not take longer than, in milliseconds: in a summary, where the log says.
    pub p95_ms: Option<f64>,
    /// The mean of them, where that is known.
    pub mean_ms: Option<f64>,
}

/// A transition of a rule.
#[derive(Debug, Clone)]
pub struct Transition {
    /// The rule's label.
    pub rule: Arc<str>,
    /// The key, where the rule is by key.
    pub key: Option<Key>,
    /// What it measures.
    pub subject: Subject,
    /// Its number in the run: the same when it fires and when it is over.
    pub number: u64,
    /// How many alerts of this rule and key fired before it in the run.
    pub times: u64,
    /// How often it has been said again while it fires, this time with it; 0 where it begins to, or is over.
    pub repeat: u64,
    /// When its condition began to hold.
    pub since: Second,
    /// The second that crossed.
    pub at: Second,
    /// The measure at the end of that second.
    pub figure: Figure,
    /// The measure in words, where the numbers alone do not say it.
    pub detail: Option<String>,
    /// The heaviest keys of the window, which the alerts of a storm share.
    pub top: Arc<[Ranking]>,
    /// Which transition, with what belongs to it.
    pub state: AlertState,
}

impl Transition {
    /// The rule and its key: of those that fire at a time, no two have the same.
    pub fn name(&self) -> String {
        let key = self.key.as_ref();
        let key = key.map_or(String::new(), |key| {
            format!("/{}", String::from_utf8_lossy(&key.key))
        });
        format!("{}{key}", self.rule)
    }

    /// What names it, from firing to resolved and from run to run: rule, key, and when it began.
    pub fn id(&self) -> String {
        format!("{}@{}", self.name(), self.since.0)
    }
}

/// A key of a dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// The dimension.
    pub dimension: KeyKind,
    /// The key, as it was in the log.
    pub key: Box<[u8]>,
}

/// The two transitions.
#[derive(Debug, Clone)]
pub enum AlertState {
    /// It fires, and this is what changed against the window before.
    Firing {
        /// For each dimension the key whose share of the hits grew most; shared too.
        changed: Arc<[Change]>,
        /// Where the records come from that the rule counts, by dimension.
        causes: Vec<AlertCause>,
        /// Whether the rule fires on little: then the causes are what is missing.
        missing: bool,
        /// The share of 5xx, now and in the window before.
        errors: (f64, Option<f64>),
        /// Where what changed is known only to so many seconds: see [`crate::alert::past`].
        resolution: Option<Span>,
    },
    /// It is over.
    Resolved {
        /// The greatest value of the measure while it fired.
        peak: Figure,
        /// Why, where it is not that things are well.
        why: Option<WhyOver>,
    },
}

/// Why an alert is over of which nobody knows that it got well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyOver {
    /// Too few hits are left.
    TooFew(Shortfall),
    /// The rule is not evaluated at this hour.
    OutOfHours,
}

impl WhyOver {
    /// Its name where programs read it: that of the clause.
    pub fn name(self) -> &'static str {
        match self {
            WhyOver::TooFew(_) => "min",
            WhyOver::OutOfHours => "during",
        }
    }

    /// In a few words.
    pub fn brief(self) -> &'static str {
        match self {
            WhyOver::TooFew(_) => "too few hits",
            WhyOver::OutOfHours => "outside its hours",
        }
    }
}

/// Fewer hits than a rule asks for: its measure says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortfall {
    /// The hits that there are.
    pub hits: u64,
    /// How many it asks for.
    pub min: u64,
}

impl AlertState {
    /// `firing` or `resolved`.
    pub fn name(&self) -> &'static str {
        match self {
            AlertState::Firing { .. } => "firing",
            AlertState::Resolved { .. } => "resolved",
        }
    }

    /// The name of a transition that was written down.
    pub fn named(name: &str) -> &'static str {
        if name == "firing" {
            "firing"
        } else {
            "resolved"
        }
    }

    /// The reason that was written down, if it is one.
    pub fn because_named(name: &str) -> Option<&'static str> {
        ["min", "during"].into_iter().find(|known| *known == name)
    }

    /// Why an alert is over that did not get well, if it is one.
    pub fn because(&self) -> Option<&'static str> {
        match self {
            AlertState::Resolved { why, .. } => why.map(WhyOver::name),
            AlertState::Firing { .. } => None,
        }
    }
}

/// Where records come from that a rule counts: a key, or many.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertCause {
    /// The dimension.
    pub dimension: KeyKind,
    /// The key; `None` where they are spread over many, of which none has much.
    pub key: Option<Box<[u8]>>,
    /// The number of keys: one, or those that they are spread over.
    pub keys: u64,
    /// Their part of the records that the rule counts; of the bytes, where it counts bytes; of the time beyond the
    /// threshold, where it counts durations; of what is missing, where it fires on little.
    pub part: f64,
    /// Those records.
    pub hits: u64,
    /// How many there were in the window before.
    pub was: u64,
}

/// A key whose share of the hits grew.
#[derive(Debug, Clone)]
pub struct Change {
    /// The dimension.
    pub dimension: KeyKind,
    /// The key.
    pub key: Box<[u8]>,
    /// Its share in the window.
    pub share: f64,
    /// Its share in the window before; `None` where that one had no hits.
    pub was: Option<f64>,
}

/// The alerts of a run.
#[derive(Debug, Clone)]
pub struct Alerts {
    /// Up to when they are reported.
    pub now: Option<Second>,
    /// Those that are listed, oldest first: in a report those that fire and the newest of the others.
    pub listed: Vec<Alert>,
    /// How many of the run's are not listed here.
    pub omitted: u64,
    /// How many of these are firing.
    pub omitted_firing: u64,
}

impl Alerts {
    /// Those that are firing.
    pub fn firing(&self) -> impl Iterator<Item = &Alert> {
        self.listed.iter().filter(|alert| alert.until.is_none())
    }

    /// How many are firing, listed or not.
    pub fn firing_count(&self) -> u64 {
        self.firing().count() as u64 + self.omitted_firing
    }

    /// How many there were in the run.
    pub fn count(&self) -> u64 {
        self.listed.len() as u64 + self.omitted
    }
}

/// One alert, from firing to resolved.
#[derive(Debug, Clone)]
pub struct Alert {
    /// Its number in the run, from 1.
    pub number: u64,
    /// The rule's label.
    pub rule: Arc<str>,
    /// The key, where the rule is by key.
    pub key: Option<Key>,
    /// The unit of its measure.
    pub unit: Unit,
    /// When it began.
    pub since: Second,
    /// When it was resolved; `None` while it fires.
    pub until: Option<Second>,
    /// The greatest value of the measure so far.
    pub peak: Figure,
    /// Why it was resolved, where it is not that things were well.
    pub why: Option<WhyOver>,
    /// How many alerts of its rule and key fired before it in the run.
    pub times: u64,
    /// The key that is named as its cause.
    pub cause: Option<Key>,
}

impl Alert {
    /// Why it is over although it did not get well, if it is.
    pub fn because(&self) -> Option<&'static str> {
        self.why.map(WhyOver::name)
    }
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
    }
}
