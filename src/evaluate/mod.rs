//! Closed seconds in, events out: the half of httpmon in which only the order of the seconds matters.
//!
//! When a second closes, its bucket goes to the open report, the rules and the past that alerts look back on, in
//! this order; what that changed is an [`Event`]: the alerts first, in the order of the rules, then the report
//! whose interval ends there.

mod causes;
mod closing;
mod columns;
mod key_times;
mod pauses;
mod peaks;
mod rankings;
mod snapshot;
mod writing;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::alert::check::Check;
use crate::alert::common::Common;
use crate::alert::past::Past;
use crate::alert::plan::Ruleset;
use crate::alert::{AlertHistory, EarlierAlert, Rule, Rules};
use crate::ingest::Books;
use crate::interval::Interval;
use crate::points::scales::Scales;
use crate::points::series::Series;
use crate::points::week::Week;
use crate::report::{Event, KeyColumns, Scope};
use crate::stats::bucket::{Bucket, Counters};
use crate::stats::latency::Histogram;
use crate::stats::tally::Tally;
use crate::time::{Second, Span};
use key_times::KeyTimes;
use pauses::Pauses;
use peaks::Peaks;

/// What is evaluated.
#[derive(Debug)]
pub struct Evaluation {
    /// The cadence of reports; `None` for none.
    pub interval: Option<Interval>,
    /// The alert rules.
    pub rules: Vec<Rule>,
    /// What they count in common.
    pub common: Common,
    /// How many of the dimensions, the first, a cause is named by.
    pub named: usize,
    /// What they were made of, and are made of again when the log goes back.
    pub ruleset: Ruleset,
    /// What is read, for the summary.
    pub scope: Arc<Scope>,
    /// Whether the summary is for a page, which shows more of time.
    pub page: bool,
    /// The columns of the summary's tables of keys, if some were chosen.
    pub columns: Option<KeyColumns>,
    /// Whether reports have a trend.
    pub trend: bool,
}

/// What an earlier run said last, where this one goes on.
#[derive(Debug, Clone)]
pub struct EarlierRun {
    /// The last second of which it said what there was to say.
    pub until: Second,
    /// The alerts that fired then.
    pub firing: Vec<EarlierAlert>,
    /// How often each alert had fired, by its [name](crate::report::Transition::name).
    pub fired: Vec<(String, u64)>,
}

/// What a page shows of time besides the series; the durations have the same points as that.
#[derive(Debug, Default)]
struct PageSeries {
    durations: Series<Histogram>,
    week: Week,
}

impl PageSeries {
    fn add(&mut self, second: Second, bucket: &Bucket, books: &Books) {
        let point = self.durations.at(second, books.known_zone());
        point.merge(&bucket.durations);
        self.week.add(second, bucket.counters.hits, books.zone());
    }
}

/// A report that is still being filled.
#[derive(Debug)]
struct OpenReport {
    from: Second,
    to: Second,
    counters: Counters,
    durations: Histogram,
}

impl OpenReport {
    /// Counts a second, or what came late for it.
    #[inline]
    fn take(&mut self, bucket: &Bucket, tallies: &mut [Tally]) {
        self.counters.merge(&bucket.counters);
        self.durations.merge(&bucket.durations);
        bucket.log.tally(tallies);
    }
}

/// See the module's text.
#[derive(Debug)]
pub struct Evaluate {
    interval: Option<Interval>,
    open: Option<OpenReport>,
    /// The end of the last report or gap that was written.
    written: Option<Second>,
    /// One tally per dimension for the open report, and two sets to compute with.
    open_tallies: Vec<Tally>,
    scratch: [Vec<Tally>; 2],
    /// The records that an alert counts, and those of the window before; clear in between.
    cause_tallies: [Vec<Tally>; 2],
    rules: Rules,
    common: Common,
    /// See [`Evaluation::named`].
    named: usize,
    ruleset: Ruleset,
    history: AlertHistory,
    /// What the rules would have done, where that is all that is asked.
    check: Option<Box<Check>>,
    past: Past,
    shows_trend: bool,
    /// The hits of the newest steps of the trend, by their number.
    trend: VecDeque<(i64, u64)>,
    peaks: Peaks,
    pauses: Pauses,
    scope: Arc<Scope>,
    /// What a screen shows of the past, where there is one.
    scales: Option<Box<Scales>>,
    series: Series,
    /// What only a page shows of time, where one is made.
    page: Option<Box<PageSeries>>,
    /// See [`Evaluation::columns`].
    columns: Option<KeyColumns>,
    /// Nothing, unless a column shows it.
    key_times: KeyTimes,
    events: VecDeque<Event>,
    /// The run before this one, until its last second is reached.
    earlier: Option<EarlierRun>,
    /// The first record of the run.
    first: Option<Second>,
    /// The first second after the time between an earlier run and this one that was not read.
    unread: Option<Second>,
}

impl Evaluate {
    /// Nothing has closed; `dimensions` are counted.
    pub fn new(evaluation: Evaluation, dimensions: usize) -> Evaluate {
        let Evaluation {
            interval,
            rules,
            common,
            named,
            ruleset,
            scope,
            page,
            columns,
            trend,
        } = evaluation;
        let tallies = || (0..dimensions).map(|_| Tally::default()).collect();
        let window = rules.iter().map(Rule::window).max();
        let kept = rules.iter().filter_map(Rule::counted);
        let kept = kept.fold(0, |bits, counted| bits | counted.bit());
        Evaluate {
            interval,
            open: None,
            written: None,
            open_tallies: tallies(),
            scratch: [tallies(), tallies()],
            cause_tallies: [tallies(), tallies()],
            past: Past::new(window.unwrap_or(Span::SECOND), kept),
            rules: Rules::new(rules),
            common,
            named,
            check: ruleset.check().map(Box::new),
            ruleset,
            history: AlertHistory::default(),
            shows_trend: trend,
            trend: VecDeque::new(),
            peaks: Peaks::new(interval),
            pauses: Pauses::default(),
            scope,
            scales: None,
            series: Series::default(),
            page: page.then(Box::default),
            columns,
            key_times: KeyTimes::default(),
            events: VecDeque::new(),
            earlier: None,
            first: None,
            unread: None,
        }
    }

    /// Goes on where an earlier run ended: what fired then fires on, and what lies between its end and the beginning of
    /// the log was not read. The names of the alerts that no rule has any more.
    pub fn resume(&mut self, mut earlier: EarlierRun) -> Vec<String> {
        let known =
            |alert: &EarlierAlert| self.rules.iter().any(|rule| rule.has_alert(&alert.name));
        let unknown = earlier.firing.extract_if(.., |alert| !known(alert));
        let unknown = unknown.map(|alert| alert.name).collect();
        self.earlier = Some(earlier);
        unknown
    }

    /// The next event, oldest first.
    #[inline]
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whether there is one.
    #[inline]
    pub fn has_event(&self) -> bool {
        !self.events.is_empty()
    }

    /// The traffic rule, whose window every report shows.
    fn traffic(&self) -> Option<&Rule> {
        self.rules
            .first()
            .filter(|_| self.ruleset.traffic.is_some())
    }

    /// The rules by key that could not follow all keys, each with the hits of the others.
    pub fn unfollowed(&self) -> impl Iterator<Item = (&str, u64)> {
        let rules = self.written_rules();
        let rules = rules.map(|rule| (&**rule.label(), rule.unfollowed(&self.common)));
        rules.filter(|(_, hits)| *hits > 0)
    }

    /// The rules as they were written: none at another threshold.
    fn written_rules(&self) -> impl Iterator<Item = &Rule> {
        let check = self.check.as_ref();
        let checked = check.into_iter().flat_map(|check| check.written());
        let checked = checked.map(|place| &self.rules[place]);
        let all = self.rules.iter().filter(move |_| check.is_none());
        checked.chain(all)
    }

    /// The second of the first record.
    pub fn first(&self) -> Option<Second> {
        self.first
    }

    /// Whether any alert has fired.
    pub fn any_alert(&self) -> bool {
        match &self.check {
            Some(check) => check.any(),
            None => self.history.any(),
        }
    }
}
