//! What is written of closed seconds: reports, alerts and the summary, as neutral blocks.

use std::borrow::Cow;
use std::sync::Arc;

use crate::alert::past::Past;
use crate::alert::{AlertChange, Changed, Rule, Subset, cause, past};
use crate::interval::Interval;
use crate::report::{
    self, AlertState, Amount, Block, Change, Checked, Event, KeyColumns, Ranking, Report,
    Transition, UnparsedExample,
};
use crate::stats::Findings;
use crate::stats::bucket::{Bucket, Counters};
use crate::stats::latency::Histogram;
use crate::stats::tally::Tally;
use crate::stats::top::Top;
use crate::time::{Second, Span};

use super::key_times::KeyTimes;
use super::{Evaluate, OpenReport, rankings};
use crate::ingest::Books;

/// A silence shorter than this, and than the interval, is a pause between two lines.
const PAUSE: Span = Span(10);
/// The least time that a report's trend shows, and the most steps that it shows it in.
const TREND: Span = Span(120);
/// How many alerts that are over stay in view in every report.
const ALERTS_IN_VIEW: usize = 3;

impl Evaluate {
    /// The summary so far; `partial` where the input has not ended, and `open` the seconds that are not closed then.
    pub fn summary<'a>(
        &self,
        partial: bool,
        books: &Books,
        open: impl Iterator<Item = (Second, &'a Bucket)>,
    ) -> Event {
        if let Some(check) = &self.check {
            return Event::Check(Checked {
                span: books.span,
                rules: check.rules(books.now(), books.closed(), &self.history),
                notes: self.rule_notes(),
            });
        }
        let totals = &books.totals;
        let counters = &totals.statistics.counters;
        let input = |key, value| Block::Input {
            key,
            value,
            errors: 0,
        };
        let mut blocks = vec![Block::Scope(self.scope.clone())];
        blocks.push(Block::Headline {
            key: "lines",
            value: Amount::Count(books.lines),
        });
        blocks.push(Block::Headline {
            key: "hits",
            value: Amount::Count(counters.hits),
        });
        blocks.push(Block::Headline {
            key: "bytes",
            value: Amount::Bytes(counters.bytes),
        });
        blocks.push(rankings::error_share(counters));
        blocks.push(report::status_group(&counters.status));
        let mut parts = Vec::new();
        for (caption, findings) in totals.statistics.findings() {
            match findings {
                Findings::Unknown => {}
                Findings::Part(hits) => parts.push((caption, hits)),
                Findings::Names(items, error) => blocks.push(Block::Group {
                    caption,
                    items,
                    error,
                }),
            }
        }
        blocks.push(input("malformed", counters.malformed));
        blocks.push(input("unparsed", books.unparsed));
        blocks.push(input("skipped", books.skipped));
        blocks.push(input("filtered", books.filtered));
        blocks.push(input("late", books.late));
        blocks.push(input("skewed", books.skewed));
        if books.rewinds > 0 {
            blocks.push(input("rewinds", books.rewinds));
        }
        blocks.extend(rankings::latency(&totals.statistics.durations));
        blocks.extend(rankings::durations(&totals.statistics.durations));
        if !self.series.is_empty() {
            blocks.push(Block::Series(self.series.clone()));
            if let Some(page) = &self.page {
                blocks.extend(rankings::timing(&page.durations));
                blocks.push(Block::Week(Box::new(page.week.clone())));
                blocks.extend(rankings::visitors_by_day(totals));
            }
        }
        let peak = |key| move |peak| Block::Peak { key, peak };
        blocks.extend(self.peaks.second().map(peak("peak")));
        blocks.extend(self.peaks.busiest().map(peak("busiest")));
        let within = books.span.map(|(least, greatest)| greatest.next() - least);
        let pause = within.and_then(|within| self.pauses.unusual(counters.hits, within));
        blocks.extend(pause.map(Block::Pause));
        blocks.push(Block::Portions {
            items: parts,
            whole: counters.hits,
        });
        let times = self.times_with(open, totals.tops());
        let rankings = rankings::of_run(totals, &times, self.columns);
        blocks.extend(rankings.into_iter().map(Box::new).map(Block::Ranking));
        blocks.extend(self.notes());
        blocks.push(Block::Alerts(self.history.all(books.now(), books.closed())));
        blocks.push(Block::Unparsed(books.examples.clone()));
        Event::Summary(Report {
            from: books.span.map(|s| s.0),
            to: books.span.map(|s| s.1),
            partial,
            blocks,
        })
    }

    /// When each key was seen, in seconds that are open too.
    fn times_with<'a>(
        &self,
        open: impl Iterator<Item = (Second, &'a Bucket)>,
        tops: &[Top],
    ) -> Cow<'_, KeyTimes> {
        let mut times = Cow::Borrowed(&self.key_times);
        if self.columns.is_some_and(KeyColumns::has_times) {
            for (second, bucket) in open {
                times.to_mut().add(second, bucket, tops);
            }
        }
        times
    }

    /// Opens the report whose interval holds `second`, and writes the gap before it.
    pub(super) fn open_report(&mut self, second: Second, books: &Books) {
        let interval = self.interval.expect("there are reports");
        let (from, to) = interval.window(second, books.zone());
        if let Some(written) = self.written
            && written < from
        {
            self.events.push_back(Event::Gap {
                from: written,
                to: from,
                unread: false,
            });
        }
        self.open = Some(OpenReport {
            from,
            to,
            counters: Counters::default(),
            durations: Histogram::default(),
        });
    }

    #[inline(never)]
    pub(super) fn write_report(&mut self, last: Second, partial: bool, books: &Books) {
        let open = self.open.take().expect("a report is open");
        let counters = &open.counters;
        // One that the period begins within has no more than a part either.
        let begins = self.unread.max(Some(books.bounds.since));
        let partial = partial || begins > Some(open.from) && begins < Some(open.to);
        let input = |key, value| Block::Input {
            key,
            value,
            errors: 0,
        };
        // Nearly all have so many, and more would be past the size that is handed out quickly.
        let mut blocks = Vec::with_capacity(12);
        blocks.push(Block::Headline {
            key: "hits",
            value: Amount::Count(counters.hits),
        });
        let rate = counters.hits as f64 / (open.to - open.from).0 as f64;
        blocks.push(Block::Headline {
            key: "rate",
            value: Amount::PerSecond(rate),
        });
        blocks.push(Block::Headline {
            key: "bytes",
            value: Amount::Bytes(counters.bytes),
        });
        blocks.push(rankings::error_share(counters));
        blocks.push(report::status_group(&counters.status));
        if self.shows_trend {
            blocks.push(self.trend_block(open.to - TREND.max(open.to - open.from), open.to));
        }
        blocks.push(input("malformed", counters.malformed));
        blocks.push(input("unparsed", counters.unparsed));
        blocks.push(Block::Input {
            key: "late",
            value: counters.late,
            errors: counters.late_errors,
        });
        blocks.extend(rankings::latency(&open.durations));
        let rankings = rankings::of_span(&books.totals, &self.open_tallies);
        blocks.extend(rankings.map(Box::new).map(Block::Ranking));
        blocks.extend(
            self.traffic()
                .and_then(|rule| rule.figure(&self.common))
                .map(Block::Window),
        );
        blocks.extend(self.notes());
        blocks.push(Block::Alerts(self.history.newest(last, ALERTS_IN_VIEW)));
        let here = |example: &&UnparsedExample| {
            example
                .second
                .is_none_or(|second| second < open.to && second >= open.from)
        };
        let first = self.written.is_none() && counters.unparsed > 0;
        let examples = books
            .examples
            .iter()
            .filter(here)
            .filter(|example| first || example.second.is_some());
        let examples: Vec<UnparsedExample> = examples.cloned().collect();
        if !examples.is_empty() {
            blocks.push(Block::Unparsed(examples));
        }
        if !books.behind.is_empty() {
            blocks.push(Block::Behind(books.behind.clone()));
        }
        if books.live && books.silent >= PAUSE.min(open.to - open.from) {
            blocks.push(Block::Silent(books.silent));
        }
        self.events.push_back(Event::Report(Report {
            from: Some(open.from),
            to: Some(open.to),
            partial,
            blocks,
        }));
        self.open_tallies.iter_mut().for_each(Tally::clear);
        self.written = Some(open.to);
    }

    /// What is to be known of rules that cannot fire yet.
    fn notes(&self) -> Option<Block> {
        let notes = self.rule_notes();
        (!notes.is_empty()).then_some(Block::Notes(notes))
    }

    fn rule_notes(&self) -> Vec<(Arc<str>, String)> {
        let note = |rule: &Rule| Some((rule.label().clone(), rule.note(&self.common)?));
        self.written_rules().filter_map(note).collect()
    }

    /// The hits from `from` to `to`, in steps.
    fn trend_block(&self, from: Second, to: Second) -> Block {
        let step = self.trend_step();
        let place = |second: Second| second.0.div_euclid(step.0);
        let first = place(from);
        let mut hits = vec![0; (place(Second(to.0 - 1)) - first + 1) as usize];
        // More is kept than is shown, the oldest first.
        let shown = self.trend.iter().rev();
        for &(place, count) in shown.take_while(|(place, _)| *place >= first) {
            if let Ok(index) = usize::try_from(place - first)
                && let Some(slot) = hits.get_mut(index)
            {
                *slot = count;
            }
        }
        Block::Trend { hits, step }
    }

    /// How long a trend is.
    fn trend_length(&self) -> Span {
        TREND.max(self.interval.map_or(TREND, Interval::longest))
    }

    /// How long the steps of the trend are.
    fn trend_step(&self) -> Span {
        let shown = self.trend_length();
        Span((shown.0 + TREND.0 - 1) / TREND.0)
    }

    /// Takes the hits of a second into the trend, which is kept as long as a report can show it.
    pub(super) fn add_to_trend(&mut self, second: Second, hits: u64) {
        let step = self.trend_step();
        let place = second.0.div_euclid(step.0);
        let shown = self.trend_length();
        // An interval of a day may be an hour longer, and begin within a step.
        let kept = (shown.0 + 3600) / step.0 + 1;
        while self
            .trend
            .front()
            .is_some_and(|(old, _)| *old <= place - kept)
        {
            self.trend.pop_front();
        }
        match self.trend.back_mut() {
            Some((newest, sum)) if *newest == place => *sum += hits,
            _ => self.trend.push_back((place, hits)),
        }
    }

    /// Writes what a second changed, in the order of the rules. What an alert says of its window is the same for all of
    /// one window, so that a storm of them costs its size.
    pub(super) fn write_alerts(
        &mut self,
        at: Second,
        mut changes: Vec<(usize, Changed)>,
        books: &Books,
    ) {
        let causes = self.find_causes(at, &changes, books);
        let looked_back = self.look_back(at, &mut changes, books);
        for ((index, changed), causes) in changes.into_iter().zip(causes) {
            let rule = &self.rules[index];
            let window = rule.window();
            let back = looked_back.partition_point(|back| back.window < window);
            let back = &looked_back[back];
            let repeat = match changed.transition {
                AlertChange::Repeated { repeat, .. } => repeat,
                _ => 0,
            };
            let (number, since, state) = match changed.transition {
                AlertChange::Resolved {
                    number,
                    since,
                    peak,
                    why,
                } => (number, since, AlertState::Resolved { peak, why }),
                AlertChange::Fired { number, since }
                | AlertChange::Repeated { number, since, .. } => {
                    let context = back.changed.as_ref();
                    let context = context.expect("it was found for what fires");
                    let missing = rule.counted().is_some_and(|c| c.missing);
                    if !missing && repeat == 0 {
                        self.history.set_cause(number, cause::leading(&causes));
                    }
                    let state = AlertState::Firing {
                        changed: context.changed.clone(),
                        causes,
                        missing,
                        errors: context.errors,
                        resolution: context.resolution,
                    };
                    (number, since, state)
                }
            };
            let alert = Transition {
                rule: rule.label().clone(),
                key: changed.key,
                subject: rule.subject().clone(),
                number,
                times: self.history.times(number),
                repeat,
                since,
                at,
                figure: changed.figure,
                detail: changed.detail,
                top: back.top.clone(),
                state,
            };
            self.events.push_back(Event::Transition(Box::new(alert)));
        }
    }

    /// Looks back on the windows of what a second changed, in order, and finds the hits that figures leave out. A longer
    /// window has all that a shorter one has, so they cost what the longest does.
    fn look_back(
        &mut self,
        at: Second,
        changes: &mut [(usize, Changed)],
        books: &Books,
    ) -> Vec<LookBack> {
        let places = changes.iter().enumerate();
        let windows = places.map(|(place, (index, _))| (self.rules[*index].window(), place));
        let mut windows: Vec<(Span, usize)> = windows.collect();
        windows.sort_unstable();
        let [now_tallies, both_tallies] = &mut self.scratch;
        let (mut now, mut both) = (Tallied::new(at), Tallied::new(at));
        let mut looked_back = Vec::new();
        for of_window in windows.chunk_by(|a, b| a.0 == b.0) {
            let window = of_window[0].0;
            now.reach_back(at - window, &self.past, now_tallies);
            let fires = of_window.iter().any(|(_, place)| changes[*place].1.fires());
            let changed = fires.then(|| {
                if both.after == at {
                    both.take_over(&now, now_tallies, both_tallies);
                }
                both.reach_back(at - window - window, &self.past, both_tallies);
                let (now, both) = (&now.counters, &both.counters);
                WindowChange {
                    changed: past::changes(&books.totals, (now, now_tallies), (both, both_tallies))
                        .into(),
                    errors: (
                        past::error_share(now).unwrap_or(0.0),
                        past::error_share(&both.without(now)),
                    ),
                    resolution: self.past.resolution(),
                }
            });
            for (_, place) in of_window {
                let (index, changed) = &mut changes[*place];
                if changed.uncounted
                    && let (Some(dimension), Some(id)) = (self.rules[*index].by(), changed.id)
                {
                    changed.figure.hits = now_tallies[dimension].get(id).hits;
                }
            }
            looked_back.push(LookBack {
                window,
                top: rankings::of_span(&books.totals, now_tallies).collect(),
                changed,
            });
        }
        self.scratch.iter_mut().flatten().for_each(Tally::clear);
        looked_back
    }
}

/// The past from some second on, as far as it was looked back on.
struct Tallied {
    /// The last second that is not in it.
    after: Second,
    counters: Counters,
}

impl Tallied {
    /// Nothing up to `at`.
    fn new(at: Second) -> Tallied {
        Tallied {
            after: at,
            counters: Counters::default(),
        }
    }

    /// Takes in what another knows; this one knows nothing yet.
    fn take_over(&mut self, other: &Tallied, from: &[Tally], to: &mut [Tally]) {
        self.counters.merge(&other.counters);
        self.after = other.after;
        for (to, from) in to.iter_mut().zip(from) {
            from.all_counts().for_each(|(id, count)| to.add(id, count));
        }
    }

    /// Takes in what is between `after` and where it begins; its keys go to `tallies`.
    fn reach_back(&mut self, after: Second, past: &Past, tallies: &mut [Tally]) {
        let more = past.tally((after, self.after), Subset::All, tallies);
        self.counters.merge(&more);
        self.after = after;
    }
}

/// What an alert says of its window.
struct LookBack {
    window: Span,
    top: Arc<[Ranking]>,
    /// What changed against the window before, where an alert fires.
    changed: Option<WindowChange>,
}

/// What changed in a window against the one before.
struct WindowChange {
    changed: Arc<[Change]>,
    /// The share of 5xx, now and before.
    errors: (f64, Option<f64>),
    resolution: Option<Span>,
}
