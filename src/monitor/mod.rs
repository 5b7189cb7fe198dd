//! The whole behaviour: records in, seconds closed in order, events out.
//!
//! A [`Monitor`] is a pure function of what it is told. Records are counted in the totals as they
//! come, whatever their time; those that the clock believes go to the bucket of their second.
//! When the watermark passes a second it closes: its bucket goes to the open report, the past that
//! alerts look back on, and the rules, in this order, and what that changed is an [`Event`].

mod closing;
mod fold;
mod intake;
mod peaks;
mod snapshot;
mod writing;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::alert::past::Past;
use crate::alert::plan::Plan;
use crate::alert::{History, Rule};
use crate::clock::{Believed, Clock, NEAR_WALL};
use crate::filter::Filter;
use crate::filter::period::Period;
use crate::format::record::Record;
use crate::format::unparsed::Unparsed;
use crate::report::{Event, Example};
use crate::stats::Hit;
use crate::stats::bucket::{Bucket, Counters};
use crate::stats::dimension::{RARE, Top};
use crate::stats::latency::Histogram;
use crate::stats::scales::Scales;
use crate::stats::series::Series;
use crate::stats::tally::Tally;
use crate::stats::timeline::Timeline;
use crate::time::{Second, Span, Zone};
pub use fold::Fold;
pub use intake::Counting;
use intake::Intake;
use peaks::Peaks;

/// The zone until the first record.
static UTC: Zone = Zone::UTC;

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
    /// Whether robots are counted, by the agent of every record.
    pub robots: bool,
    /// Only records in it are counted, and nothing outside of it is evaluated.
    pub period: Period,
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

impl Open {
    /// Counts a second, or what came late for it.
    #[inline]
    fn take(&mut self, bucket: &Bucket, tallies: &mut [Tally]) {
        self.counters.merge(&bucket.counters);
        self.durations.merge(&bucket.durations);
        bucket.run.tally(tallies);
    }
}

/// The machine. See the module's text.
#[derive(Debug)]
pub struct Monitor {
    interval: Option<Span>,
    zone: Option<Zone>,
    intake: Intake,
    clock: Clock<Hit>,
    timeline: Timeline,
    open: Option<Open>,
    /// The end of the last report or gap that was written.
    written: Option<Second>,
    /// One tally per dimension for the open report, and two sets to compute with.
    open_tallies: Vec<Tally>,
    scratch: [Vec<Tally>; 2],
    rules: Vec<Rule>,
    traffic: bool,
    history: History,
    past: Past,
    trend: VecDeque<(Second, u64)>,
    peaks: Peaks,
    /// What a screen shows of the past, where there is one.
    scales: Option<Box<Scales>>,
    series: Series,
    /// Lines that were no record before anything was believed.
    unparsed_before: u64,
    late: u64,
    /// What came late, while it is counted; empty in between.
    late_bucket: Box<Bucket>,
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
        let intake = Intake::new(Counting::new(&config));
        let tallies = || {
            (0..intake.totals.dimensions())
                .map(|_| Tally::default())
                .collect::<Vec<_>>()
        };
        let window = config.plan.rules.iter().map(Rule::window).max();
        Monitor {
            interval: config.interval,
            zone: config.zone,
            clock: Clock::new(config.lateness).weighing(|hit: &Hit| u64::from(hit.counted)),
            // The first belief moves it to where the log begins.
            timeline: Timeline::new(Second(i64::MIN)),
            open: None,
            written: None,
            open_tallies: tallies(),
            scratch: [tallies(), tallies()],
            past: Past::new(window.unwrap_or(Span::SECOND)),
            rules: config.plan.rules,
            traffic: config.traffic,
            history: History::default(),
            trend: VecDeque::new(),
            peaks: Peaks::new(config.interval),
            scales: None,
            series: Series::default(),
            unparsed_before: 0,
            late: 0,
            late_bucket: Box::default(),
            span: None,
            newest_record: None,
            examples: Vec::new(),
            live: false,
            events: VecDeque::new(),
            intake,
        }
    }

    /// The next event, oldest first.
    #[inline]
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The zone of reports: UTC until the first record.
    pub fn zone(&self) -> &Zone {
        self.zone.as_ref().unwrap_or(&UTC)
    }

    /// Lines so far.
    pub fn lines(&self) -> u64 {
        self.intake.lines
    }

    /// Lines so far that are no record.
    pub fn unparsed_lines(&self) -> u64 {
        self.intake.unparsed
    }

    /// Records so far that were not filtered out.
    pub fn hits(&self) -> u64 {
        self.intake.totals.counters.hits
    }

    /// Records so far, those that were filtered out too.
    pub fn records(&self) -> u64 {
        self.intake.totals.counters.hits + self.intake.filtered
    }

    /// Records so far that came when their second was closed.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// The first line that is no record, and why.
    pub fn first_unparsed(&self) -> Option<&Example> {
        self.examples.first()
    }

    /// The first second that is not closed, once anything is believed.
    pub fn watermark(&self) -> Option<Second> {
        self.clock.watermark()
    }

    /// The least and greatest seconds that are believed.
    pub fn span(&self) -> Option<(Second, Second)> {
        self.span
    }

    /// The greatest second that is believed, or that silence has reached.
    pub fn newest(&self) -> Option<Second> {
        self.clock.newest()
    }

    /// Up to when alerts are told: the newest second of the period.
    fn now(&self) -> Option<Second> {
        let last = Second(self.intake.bounds.until.0 - 1);
        self.clock.newest().map(|newest| newest.min(last))
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
        let totals = &self.intake.totals;
        let listed = totals
            .tops()
            .iter()
            .enumerate()
            .filter(|(_, top)| top.rows > 0 && !RARE.contains(&top.dimension.name));
        listed
            .filter(|&(i, _)| totals.table(i).hits() == 0)
            .map(|(_, top)| top.dimension.name)
    }

    /// A line that there is nothing to count of.
    #[inline]
    pub fn skipped(&mut self) {
        self.intake.lines += 1;
        self.intake.skipped += 1;
    }

    /// A line that is no record: line `line` of `file`, and why.
    pub fn unparsed(
        &mut self,
        unparsed: Unparsed,
        line: u64,
        file: Option<&Arc<str>>,
        text: &[u8],
    ) {
        self.intake.lines += 1;
        self.intake.unparsed += 1;
        let newest = self.clock.newest();
        match self.newest_bucket() {
            Some(bucket) => bucket.counters.unparsed += 1,
            None if newest.is_none() => self.unparsed_before += 1,
            None => {}
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
                text: beginning(text).into(),
                second: newest,
            }),
        }
    }

    /// A record; `wall` is the wall clock where there is one (live).
    #[inline]
    pub fn observe(&mut self, record: &Record<'_>, wall: Option<Second>) {
        let mut hit = Hit::uncounted(record.time);
        self.intake.count(record, &mut hit);
        if self.zone.is_none() {
            self.zone = Some(Zone::fixed(record.offset));
        }
        if self.intake.totals.is_full() {
            self.reduce(&mut hit);
        }
        self.intake.find_matches(record, &mut hit);
        self.place(&hit, wall);
    }

    /// Gives a record its place in time, once the clock believes it.
    #[inline]
    fn place(&mut self, hit: &Hit, wall: Option<Second>) {
        if self.clock.takes(hit.time) {
            if let Some(wall) = wall {
                self.live = (hit.time - wall).0.abs() <= NEAR_WALL.0;
            }
            return self.believe(hit);
        }
        let believed = self.clock.offer(hit.time, *hit, wall);
        // A record that waits may be wrong, and says nothing of the stream.
        if let Some(wall) = wall
            && !matches!(believed, Believed::None)
        {
            self.live = (hit.time - wall).0.abs() <= NEAR_WALL.0;
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

    /// The bucket of the newest second, for what has no time of its own; `None` outside of the period.
    fn newest_bucket(&mut self) -> Option<&mut Bucket> {
        let newest = self.clock.newest()?;
        let inside = newest >= self.timeline.first() && newest < self.intake.bounds.until;
        inside.then(|| self.timeline.bucket(newest))
    }

    /// Takes in a record that the clock believes.
    #[inline]
    fn believe(&mut self, hit: &Hit) {
        self.reach(hit.time, hit.counted);
        if !hit.counted {
            return;
        }
        if hit.time < self.timeline.first() {
            self.believe_late(hit.time, std::iter::once(*hit));
        } else {
            self.timeline
                .bucket(hit.time)
                .observe(hit, self.intake.totals.dimensions());
        }
    }

    /// Moves the clock on to where a record is that it believes.
    #[inline]
    fn reach(&mut self, time: Second, counted: bool) {
        // Before anything closes: a report that this record closes is not one of a silence.
        self.newest_record = self.newest_record.max(Some(time));
        if counted {
            self.span = Some(match self.span {
                None => (time, time),
                Some((least, greatest)) => (least.min(time), greatest.max(time)),
            });
        }
        match self.clock.newest() {
            Some(newest) if time <= newest => {}
            newest => {
                // Most of what comes for the newest second has come.
                if let Some(bucket) = newest.and_then(|newest| self.timeline.get_mut(newest)) {
                    bucket.settle(&mut self.scratch[0]);
                }
                self.clock.advance(time);
                let watermark = self.clock.watermark().expect("something is believed");
                if newest.is_none() {
                    self.timeline
                        .skip_to(watermark.max(self.intake.bounds.since));
                    let before = std::mem::take(&mut self.unparsed_before);
                    if let Some(bucket) = self.newest_bucket() {
                        bucket.counters.unparsed += before;
                    }
                }
                self.close_before(watermark, false);
            }
        }
    }

    /// Records whose second is closed: they count where nothing was written yet.
    #[cold]
    fn believe_late(&mut self, second: Second, hits: impl Iterator<Item = Hit>) {
        let mut late = std::mem::take(&mut self.late_bucket);
        let dimensions = self.intake.totals.dimensions();
        hits.for_each(|hit| late.observe(&hit, dimensions));
        let counters = late.counters;
        self.late += counters.hits;
        if let Some(bucket) = self.newest_bucket() {
            bucket.counters.late += counters.hits;
        }
        let first_open = self.timeline.first();
        let closed = first_open - Span::SECOND;
        self.rules
            .iter_mut()
            .for_each(|rule| rule.late(second, &late, closed));
        self.past.late(second, &late, closed);
        if self.scales.is_some() {
            self.add_to_scales(second, &counters);
        }
        self.series.add(second, &counters, self.zone.as_ref());
        self.report_late(second, &late);
        late.clear();
        self.late_bucket = late;
    }

    /// Counts what came late in the report of its interval, unless that is written.
    fn report_late(&mut self, second: Second, late: &Bucket) {
        let Some(interval) = self.interval else {
            return;
        };
        if self.open.is_none() {
            let (from, to) = self.zone().window(second, interval);
            if to > self.timeline.first() && self.written.is_none_or(|written| written <= from) {
                self.open_report(second);
            }
        }
        if let Some(open) = self.open.as_mut().filter(|open| open.from <= second) {
            open.take(late, &mut self.open_tallies);
        }
    }

    /// A table was full and its ids have changed: all that holds ids follows.
    #[cold]
    fn reduce(&mut self, hit: &mut Hit) {
        let dimensions = self.intake.totals.dimensions();
        for (dimension, ids) in self.intake.totals.reduce() {
            hit.ids[dimension] = ids.new_id(hit.ids[dimension]);
            for waiting in self.clock.waiting_mut() {
                waiting.ids[dimension] = ids.new_id(waiting.ids[dimension]);
            }
            for bucket in self.timeline.buckets_mut() {
                bucket.renumber(dimension, dimensions, &ids);
            }
            self.past.renumber(dimension, dimensions, &ids);
            self.open_tallies[dimension].renumber(&ids);
            self.rules
                .iter_mut()
                .for_each(|rule| rule.renumber(dimension, &ids));
            self.intake.expressions.forget();
        }
    }
}

/// As much of a line as is kept to show it.
fn beginning(text: &[u8]) -> &[u8] {
    &text[..text.len().min(EXAMPLE_BYTES)]
}
