//! The whole behaviour: records in, seconds closed in order, events out.
//!
//! A [`Monitor`] is a pure function of what it is told. Records are counted in the totals as they
//! come, whatever their time; those that the clock believes go to the bucket of their second.
//! When the watermark passes a second it closes: its bucket goes to the open report, the past that
//! alerts look back on, and the rules, in this order, and what that changed is an [`Event`].

use std::collections::VecDeque;
use std::sync::Arc;

use crate::alert::expressions::Expressions;
use crate::alert::past::{self, Past};
use crate::alert::plan::Plan;
use crate::alert::{Changed, History, Rule, Transition};
use crate::clock::{Believed, Clock, NEAR_WALL};
use crate::filter::Filter;
use crate::format::record::Record;
use crate::format::unparsed::Unparsed;
use crate::report::{self, Alert, Block, Event, Example, Report, State, Value};
use crate::stats::Hit;
use crate::stats::bucket::{Bucket, Counters};
use crate::stats::dimension::Top;
use crate::stats::latency::Histogram;
use crate::stats::series::Series;
use crate::stats::tally::Tally;
use crate::stats::timeline::Timeline;
use crate::stats::totals::Totals;
use crate::time::{Second, Span, Zone};

/// How many seconds a report's trend shows.
const TREND: Span = Span(120);
/// How many alerts that are over stay in view in every report.
const ALERTS_IN_VIEW: usize = 3;
/// Bytes kept of a line that is no record.
const EXAMPLE_BYTES: usize = 160;

/// What a monitor is to do.
#[derive(Debug)]
pub struct Config {
    /// The cadence of reports; `None` for none.
    pub interval: Option<Span>,
    /// How long to wait for records out of order.
    pub lateness: Span,
    /// The alert rules.
    pub plan: Plan,
    /// Whether the first of them is the traffic rule, whose window every report shows.
    pub traffic: bool,
    /// The dimensions to list.
    pub top: Vec<Top>,
    /// Only records that match are counted; `None` for all.
    pub filter: Option<Filter>,
    /// The zone that reports are aligned to; `None` for the offset of the first record.
    pub zone: Option<Zone>,
}

/// A report that is still being filled.
#[derive(Debug)]
struct Open {
    from: Second,
    to: Second,
    counters: Counters,
    durations: Histogram,
}

/// The machine. See the module's text.
#[derive(Debug)]
pub struct Monitor {
    interval: Option<Span>,
    zone: Option<Zone>,
    filter: Option<Filter>,
    totals: Totals,
    clock: Clock<Hit>,
    timeline: Timeline,
    open: Option<Open>,
    /// The end of the last report or gap that was written.
    written: Option<Second>,
    /// One tally per dimension for the open report, and two sets to compute with.
    open_tallies: Vec<Tally>,
    scratch: [Vec<Tally>; 2],
    rules: Vec<Rule>,
    expressions: Expressions,
    traffic: bool,
    history: History,
    past: Past,
    trend: VecDeque<(Second, u64)>,
    series: Series,
    lines: u64,
    skipped: u64,
    unparsed: u64,
    filtered: u64,
    /// Lines that were no record before anything was believed.
    unparsed_before: u64,
    late: u64,
    /// The least and greatest believed seconds of records that count.
    span: Option<(Second, Second)>,
    /// The greatest believed second of any record.
    newest_record: Option<Second>,
    examples: Vec<Example>,
    /// Whether the last record that was believed came within five minutes of the wall clock.
    live: bool,
    events: VecDeque<Event>,
}

impl Monitor {
    /// A monitor that has seen nothing.
    pub fn new(config: Config) -> Monitor {
        let totals = Totals::new(&config.top);
        let tallies = || {
            (0..totals.dimensions())
                .map(|_| Tally::default())
                .collect::<Vec<_>>()
        };
        let window = config.plan.rules.iter().map(Rule::window).max();
        Monitor {
            interval: config.interval,
            zone: config.zone,
            filter: config.filter,
            clock: Clock::new(config.lateness).weighing(|hit: &Hit| u64::from(hit.counted)),
            // The first belief moves it to where the log begins.
            timeline: Timeline::new(Second(i64::MIN)),
            open: None,
            written: None,
            open_tallies: tallies(),
            scratch: [tallies(), tallies()],
            past: Past::new(window.unwrap_or(Span::SECOND)),
            rules: config.plan.rules,
            expressions: Expressions::new(config.plan.expressions, totals.tops()),
            traffic: config.traffic,
            history: History::default(),
            trend: VecDeque::new(),
            series: Series::default(),
            lines: 0,
            skipped: 0,
            unparsed: 0,
            filtered: 0,
            unparsed_before: 0,
            late: 0,
            span: None,
            newest_record: None,
            examples: Vec::new(),
            live: false,
            events: VecDeque::new(),
            totals,
        }
    }

    /// The next event, oldest first.
    #[inline]
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The zone of reports: UTC until the first record.
    pub fn zone(&self) -> &Zone {
        static UTC: Zone = Zone::UTC;
        self.zone.as_ref().unwrap_or(&UTC)
    }

    /// Lines so far.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Lines so far that are no record.
    pub fn unparsed_lines(&self) -> u64 {
        self.unparsed
    }

    /// Records so far that were not filtered out.
    pub fn hits(&self) -> u64 {
        self.totals.counters.hits
    }

    /// Records so far, those that were filtered out too.
    pub fn records(&self) -> u64 {
        self.totals.counters.hits + self.filtered
    }

    /// The least and greatest seconds that are believed.
    pub fn span(&self) -> Option<(Second, Second)> {
        self.span
    }

    /// The greatest second that is believed, or that silence has reached.
    pub fn newest(&self) -> Option<Second> {
        self.clock.newest()
    }

    /// Whether the stream is live: its last record came within five minutes of the wall clock.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// Whether any alert has fired.
    pub fn any_alert(&self) -> bool {
        self.history.any()
    }

    /// Whether a dimension that was asked for has no key so far: the format lacks its field.
    pub fn lacks(&self) -> impl Iterator<Item = &'static str> {
        let listed = self
            .totals
            .tops()
            .iter()
            .enumerate()
            .filter(|(_, top)| top.rows > 0);
        listed
            .filter(|&(i, _)| self.totals.table(i).hits() == 0)
            .map(|(_, top)| top.dimension.name)
    }

    /// A line that there is nothing to count of.
    #[inline]
    pub fn skipped(&mut self) {
        self.lines += 1;
        self.skipped += 1;
    }

    /// A line that is no record: line `line` of `file`, and why.
    pub fn unparsed(
        &mut self,
        unparsed: Unparsed,
        line: u64,
        file: Option<&Arc<str>>,
        text: &[u8],
    ) {
        self.lines += 1;
        self.unparsed += 1;
        let newest = self.clock.newest();
        match newest {
            None => self.unparsed_before += 1,
            Some(newest) => self.timeline.bucket(newest).counters.unparsed += 1,
        }
        let reason = unparsed.reason();
        match self
            .examples
            .iter_mut()
            .find(|example| example.unparsed.reason() == reason)
        {
            Some(example) => example.count += 1,
            None => self.examples.push(Example {
                unparsed,
                count: 1,
                line,
                file: file.cloned(),
                text: text[..text.len().min(EXAMPLE_BYTES)].into(),
                second: newest,
            }),
        }
    }

    /// A record; `wall` is the wall clock where there is one (live).
    #[inline]
    pub fn observe(&mut self, record: &Record<'_>, wall: Option<Second>) {
        self.lines += 1;
        if self.zone.is_none() {
            self.zone = Some(Zone::fixed(record.offset));
        }
        let hit = if self
            .filter
            .as_ref()
            .is_none_or(|filter| filter.matches(record))
        {
            let mut hit = self.totals.observe(record);
            if self.totals.is_full() {
                self.reduce(&mut hit);
            }
            if !self.expressions.is_empty() {
                hit.matched = self.expressions.matched(record, &hit);
            }
            hit
        } else {
            self.filtered += 1;
            Hit::uncounted(record.time)
        };
        if self.clock.takes(record.time) {
            if let Some(wall) = wall {
                self.live = (record.time - wall).0.abs() <= NEAR_WALL.0;
            }
            return self.believe(&hit);
        }
        let believed = self.clock.offer(record.time, hit, wall);
        // A record that waits may be wrong, and says nothing of the stream.
        if let Some(wall) = wall
            && !matches!(believed, Believed::None)
        {
            self.live = (record.time - wall).0.abs() <= NEAR_WALL.0;
        }
        match believed {
            Believed::None => {}
            Believed::One(hit) => self.believe(&hit),
            Believed::Several(hits) => hits.iter().for_each(|(_, hit)| self.believe(hit)),
        }
    }

    /// Nothing has come for a second: what waits is settled, unless it lies far past the wall clock, and
    /// in a live stream time goes on to `now`, which the caller derives from a monotonic clock.
    pub fn silence(&mut self, now: Second, wall: Second) {
        for (_, hit) in self.clock.settle_in_silence(wall) {
            self.believe(&hit);
        }
        if self.live && self.clock.newest().is_some_and(|newest| newest < now) {
            self.clock.advance(now);
            self.close_before(self.clock.watermark().unwrap_or(now), true);
        }
    }

    /// The input has ended: every second closes, and the last report is written as it stands.
    pub fn finish(&mut self) {
        for (_, hit) in self.clock.settle(true) {
            self.believe(&hit);
        }
        if let Some(newest) = self.clock.newest() {
            self.close_before(newest.next(), false);
        }
        if self.open.is_some() {
            self.write_report(true);
        }
    }

    /// The summary as it stands; `partial` where the input has not ended.
    pub fn summary(&self, partial: bool) -> Event {
        let counters = &self.totals.counters;
        let input = |key, value| Block::Input { key, value };
        let mut blocks = vec![Block::Headline {
            key: "lines",
            value: Value::Count(self.lines),
        }];
        blocks.push(Block::Headline {
            key: "hits",
            value: Value::Count(counters.hits),
        });
        blocks.push(Block::Headline {
            key: "bytes",
            value: Value::Bytes(counters.bytes),
        });
        blocks.push(report::error_share(counters));
        blocks.push(report::status_group(counters));
        blocks.push(input("malformed", counters.malformed));
        blocks.push(input("unparsed", self.unparsed));
        blocks.push(input("skipped", self.skipped));
        blocks.push(input("filtered", self.filtered));
        blocks.push(input("late", self.late));
        blocks.push(input("skewed", self.clock.skewed()));
        blocks.extend(report::latency(&self.totals.durations));
        if !self.series.is_empty() {
            blocks.push(Block::Series(self.series.clone()));
        }
        blocks.extend(self.totals.rankings().into_iter().map(Block::Ranking));
        blocks.extend(self.notes());
        blocks.push(Block::Alerts(self.history.all(self.clock.newest())));
        blocks.push(Block::Unparsed(self.examples.clone()));
        Event::Summary(Report {
            from: self.span.map(|s| s.0),
            to: self.span.map(|s| s.1),
            partial,
            blocks,
        })
    }

    /// Gives a record its place in time.
    #[inline]
    fn believe(&mut self, hit: &Hit) {
        let time = hit.time;
        // Before anything closes: a report that this record closes is not one of a silence.
        self.newest_record = self.newest_record.max(Some(time));
        if hit.counted {
            self.span = Some(match self.span {
                None => (time, time),
                Some((least, greatest)) => (least.min(time), greatest.max(time)),
            });
        }
        match self.clock.newest() {
            Some(newest) if time <= newest => {}
            newest => {
                self.clock.advance(time);
                let watermark = self.clock.watermark().expect("something is believed");
                if newest.is_none() {
                    self.timeline.skip_to(watermark);
                    self.timeline.bucket(time).counters.unparsed +=
                        std::mem::take(&mut self.unparsed_before);
                }
                self.close_before(watermark, false);
            }
        }
        if !hit.counted {
            return;
        }
        if time < self.timeline.first() {
            self.believe_late(hit);
        } else {
            self.timeline
                .bucket(time)
                .observe(hit, self.totals.dimensions());
        }
    }

    /// A record whose second is closed: it counts where nothing was written yet.
    #[cold]
    fn believe_late(&mut self, hit: &Hit) {
        self.late += 1;
        let newest = self.clock.newest().expect("something is believed");
        self.timeline.bucket(newest).counters.late += 1;
        let first_open = self.timeline.first();
        let closed = first_open - Span::SECOND;
        self.rules
            .iter_mut()
            .for_each(|rule| rule.late(hit, closed));
        self.past.late(hit, closed, self.totals.dimensions());
        self.series
            .add(hit.time, &hit.counters(), self.zone.as_ref());
        let Some(interval) = self.interval else {
            return;
        };
        if self.open.is_none() {
            let (from, to) = self.zone().window(hit.time, interval);
            if to > first_open && self.written.is_none_or(|written| written <= from) {
                self.open_report(hit.time);
            }
        }
        if let Some(open) = self.open.as_mut().filter(|open| open.from <= hit.time) {
            open.counters.observe(hit);
            if let Some(us) = hit.duration_us {
                open.durations.observe(us);
            }
            let mut bucket = Bucket::default();
            bucket.observe(hit, self.totals.dimensions());
            bucket.run.tally(&mut self.open_tallies);
        }
    }

    /// Closes every second before `target`, oldest first. `silent`: no record brought it about.
    fn close_before(&mut self, target: Second, silent: bool) {
        while self.timeline.first() < target {
            if self.timeline.is_empty() && !(silent && self.interval.is_some()) {
                // Empty seconds are left out up to the next at which a rule could change or an open
                // report ends.
                let first = self.timeline.first();
                let change = self
                    .rules
                    .iter()
                    .filter_map(|rule| rule.next_change(first))
                    .min();
                let end = self.open.as_ref().map(|open| Second(open.to.0 - 1));
                let last = change.into_iter().chain(end).fold(target, Second::min);
                if last > first {
                    self.timeline.skip_to(last);
                    continue;
                }
            }
            let second = self.timeline.first();
            let bucket = self.timeline.close();
            self.close(second, bucket, silent);
        }
    }

    fn close(&mut self, second: Second, bucket: Option<Bucket>, silent: bool) {
        let mut bucket = bucket.unwrap_or_default();
        let counters = bucket.counters;
        let empty = bucket.is_empty();
        if counters.hits > 0 {
            self.series.add(second, &counters, self.zone.as_ref());
        }
        if self.interval.is_some() {
            // A silence makes empty reports, but none for the time before the log begins.
            let silent = silent && self.span.is_some_and(|(least, _)| least <= second);
            if self.open.is_none() && (silent || !empty) {
                self.open_report(second);
            }
            if let Some(open) = &mut self.open {
                open.counters.merge(&counters);
                open.durations.merge(&bucket.durations);
                bucket.run.tally(&mut self.open_tallies);
            }
            if !empty {
                while self
                    .trend
                    .front()
                    .is_some_and(|(old, _)| *old <= second - TREND)
                {
                    self.trend.pop_front();
                }
                self.trend.push_back((second, counters.hits));
            }
        }
        let mut changes = Vec::new();
        for (index, rule) in self.rules.iter_mut().enumerate() {
            rule.close(
                second,
                &bucket,
                &self.totals,
                &mut self.history,
                |changed| changes.push((index, changed)),
            );
        }
        if !empty {
            // What alerts look back on is keyed; durations and matches are not.
            bucket.durations.clear();
            bucket.clear_matched();
            let timeline = &mut self.timeline;
            self.past.push(second, bucket, &mut self.scratch[0], |old| {
                timeline.recycle(old)
            });
        }
        for (index, changed) in changes {
            self.write_alert(index, second, changed);
        }
        if self
            .open
            .as_ref()
            .is_some_and(|open| open.to == second.next())
        {
            self.write_report(false);
        }
    }

    /// Opens the report whose interval holds `second`, and tells the gap before it.
    fn open_report(&mut self, second: Second) {
        let interval = self.interval.expect("there are reports");
        let (from, to) = self.zone().window(second, interval);
        if let Some(written) = self.written
            && written < from
        {
            self.events.push_back(Event::Gap {
                from: written,
                to: from,
            });
        }
        self.open = Some(Open {
            from,
            to,
            counters: Counters::default(),
            durations: Histogram::default(),
        });
    }

    fn write_report(&mut self, partial: bool) {
        let open = self.open.take().expect("a report is open");
        let counters = &open.counters;
        let input = |key, value| Block::Input { key, value };
        let mut blocks = Vec::with_capacity(16);
        blocks.push(Block::Headline {
            key: "hits",
            value: Value::Count(counters.hits),
        });
        let rate = counters.hits as f64 / (open.to - open.from).0 as f64;
        blocks.push(Block::Headline {
            key: "rate",
            value: Value::PerSecond(rate),
        });
        blocks.push(Block::Headline {
            key: "bytes",
            value: Value::Bytes(counters.bytes),
        });
        blocks.push(report::error_share(counters));
        blocks.push(report::status_group(counters));
        blocks.push(self.trend_block(open.to));
        blocks.push(input("malformed", counters.malformed));
        blocks.push(input("unparsed", counters.unparsed));
        blocks.push(input("late", counters.late));
        blocks.extend(report::latency(&open.durations));
        blocks.extend(
            self.totals
                .rankings_of(&self.open_tallies)
                .into_iter()
                .map(Block::Ranking),
        );
        let traffic = self.rules.first().filter(|_| self.traffic);
        blocks.extend(traffic.and_then(Rule::figure).map(Block::Window));
        blocks.extend(self.notes());
        let last = Second(self.timeline.first().0 - 1);
        blocks.push(Block::Alerts(self.history.newest(last, ALERTS_IN_VIEW)));
        let here = |example: &&Example| {
            example
                .second
                .is_none_or(|second| second < open.to && second >= open.from)
        };
        let first = self.written.is_none();
        let examples = self
            .examples
            .iter()
            .filter(here)
            .filter(|example| first || example.second.is_some());
        let examples: Vec<Example> = examples.cloned().collect();
        if !examples.is_empty() {
            blocks.push(Block::Unparsed(examples));
        }
        if let (Some(newest), Some(record)) = (self.clock.newest(), self.newest_record)
            && self.live
            && newest > record
        {
            blocks.push(Block::Silent(newest - record));
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
        let note = |rule: &Rule| Some((rule.label().clone(), rule.note()?));
        let notes: Vec<_> = self.rules.iter().filter_map(note).collect();
        (!notes.is_empty()).then_some(Block::Notes(notes))
    }

    /// The hits of the two minutes before `to`, second by second.
    fn trend_block(&self, to: Second) -> Block {
        let mut trend = vec![0; TREND.0 as usize];
        for &(second, hits) in &self.trend {
            if let Ok(index) = usize::try_from((second - (to - TREND)).0)
                && let Some(slot) = trend.get_mut(index)
            {
                *slot = hits;
            }
        }
        Block::Trend(trend)
    }

    fn write_alert(&mut self, index: usize, at: Second, changed: Changed) {
        let rule = &self.rules[index];
        let window = rule.window();
        let [now_tallies, before_tallies] = &mut self.scratch;
        let now = self.past.tally(at - window, at, now_tallies);
        let top = self.totals.rankings_of(now_tallies);
        let (number, since, state) = match changed.transition {
            Transition::Resolved {
                number,
                since,
                peak,
            } => (number, since, State::Resolved { peak }),
            Transition::Fired { number, since } => {
                let before = self
                    .past
                    .tally(at - window - window, at - window, before_tallies);
                let changes =
                    past::changes(&self.totals, (&now, now_tallies), (&before, before_tallies));
                let firing = State::Firing {
                    changed: changes,
                    errors: (
                        past::error_share(&now).unwrap_or(0.0),
                        past::error_share(&before),
                    ),
                    resolution: self.past.resolution(),
                };
                (number, since, firing)
            }
        };
        self.scratch.iter_mut().flatten().for_each(Tally::clear);
        let alert = Alert {
            rule: rule.label().clone(),
            key: changed.key,
            subject: rule.subject().clone(),
            number,
            since,
            at,
            figure: changed.figure,
            detail: changed.detail,
            top,
            state,
        };
        self.events.push_back(Event::Alert(Box::new(alert)));
    }

    /// A table was full and its ids have changed: all that holds ids follows.
    #[cold]
    fn reduce(&mut self, hit: &mut Hit) {
        let dimensions = self.totals.dimensions();
        for (dimension, ids) in self.totals.reduce() {
            hit.ids[dimension] = ids.new_id(hit.ids[dimension]);
            for waiting in self.clock.waiting_mut() {
                waiting.ids[dimension] = ids.new_id(waiting.ids[dimension]);
            }
            for bucket in self.timeline.buckets_mut() {
                bucket.run.renumber(dimension, dimensions, &ids);
            }
            self.past.renumber(dimension, dimensions, &ids);
            self.open_tallies[dimension].renumber(&ids);
            self.rules
                .iter_mut()
                .for_each(|rule| rule.renumber(dimension, &ids));
            self.expressions.forget();
        }
    }
}
