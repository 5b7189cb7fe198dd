//! What closed seconds do to the open report, the rules, and what is known of the past.

use super::rankings::{point, scale_point};
use super::{EarlierRun, Evaluate, OpenReport};
use crate::alert::{Changed, Rule, Rules};
use crate::ingest::{Books, ClosedSeconds};
use crate::report::{Event, KeyColumns, Rewind, Rolled};
use crate::stats::bucket::{Bucket, ClosedSecond};
use crate::stats::columns::SecondsInColumns;
use crate::stats::keys::Renumbering;
use crate::time::{Second, Span};

impl Evaluate {
    /// Notes when keys were seen, if a column shows it.
    #[inline]
    fn see_keys(&mut self, second: Second, bucket: &Bucket, books: &Books) {
        if self.columns.is_some_and(KeyColumns::has_times) {
            self.key_times.add(second, bucket, books.totals.tops());
        }
    }

    /// The earlier run ended before `second`: what lies between its end and the beginning of the log was not read, and
    /// its alerts that this run does not know fire on.
    #[inline(never)]
    fn take_over(&mut self, second: Second, books: &Books) {
        let ended = |earlier: &mut EarlierRun| earlier.until < second;
        let Some(earlier) = self.earlier.take_if(ended) else {
            return;
        };
        let from = earlier.until.next();
        if let Some(to) = self.first.filter(|&first| from < first) {
            self.unread = Some(to);
            ClosedSeconds::unread(self, from, to);
            self.events.push_back(Event::Gap {
                from,
                to,
                unread: true,
            });
        }
        for alert in earlier.firing {
            let mut rules = self.rules.iter_mut();
            let Some(rule) = rules.find(|rule| rule.has_alert(&alert.name)) else {
                continue;
            };
            let totals = (&books.totals, &self.common);
            rule.resume(&alert, totals, &mut self.history);
            if let Some(first) = self.first {
                rule.unread(alert.since, first);
            }
        }
        self.history.take_over(earlier.fired);
    }

    /// How many of these seconds are of one report, or of none: one at least.
    fn together(&self, run: &[ClosedSecond]) -> usize {
        match (&self.open, self.interval) {
            (_, None) => run.len(),
            (None, Some(_)) => 1,
            (Some(open), Some(_)) => run.partition_point(|(second, _)| *second < open.to).max(1),
        }
    }

    /// Closes the first seconds of `run`, if they change no rule, whatever their hits are; `false`, and nothing is done, where
    /// they might.
    ///
    /// What is done for each of them is what it adds to the past.
    fn close_idle(
        &mut self,
        (run, together): (&mut Vec<ClosedSecond>, usize),
        silent: bool,
        books: &Books,
        mut recycle: impl FnMut(Box<Bucket>),
    ) -> bool {
        let seconds = &run[..together];
        let hits = seconds.iter().map(|(_, bucket)| bucket.counters.hits);
        if together == 1 || self.earlier.is_some() || hits.clone().min() == Some(0) {
            return false;
        }
        let (hits, common) = (hits.sum(), &mut self.common);
        let mut rules = self.rules.iter();
        if !rules.all(|rule| rule.stays_idle(hits, common)) || !common.close_run(seconds) {
            return false;
        }
        self.rules.iter_mut().for_each(Rule::idle);
        let last = seconds.last().map(|(second, _)| *second);
        let all = || {
            seconds
                .iter()
                .map(|(second, bucket)| (*second, &bucket.counters))
        };
        let zone = books.zone();
        all().for_each(|(second, counters)| self.peaks.close(second, counters.hits, zone));
        all().for_each(|(second, counters)| self.pauses.close(second, counters.hits));
        let zone = books.known_zone();
        all().for_each(|(second, counters)| self.series.add(second, point(counters), zone));
        let shown = self.is_shown();
        for (second, bucket) in run.drain(..together) {
            if shown {
                self.show(second, &bucket, silent, books);
            }
            self.past
                .push(second, bucket, &mut self.scratch[0], &mut recycle);
        }
        if let Some(last) = last {
            self.end_report(last, books);
        }
        true
    }

    /// Closes those of the empty seconds from `open` up to `second` at which something changes.
    #[inline]
    pub(super) fn close_gap(
        &mut self,
        mut open: Second,
        second: Second,
        books: &Books,
        mut recycle: impl FnMut(Box<Bucket>),
    ) {
        while let Some(change) = self.change_before(open, second) {
            self.close_one(change, Box::default(), false, books, &mut recycle);
            open = change.next();
        }
    }

    /// The first of the empty seconds from `open` on, and before `held`, at which something changes.
    fn change_before(&self, open: Second, held: Second) -> Option<Second> {
        if open >= held {
            return None;
        }
        // What grows with time is greatest where it ends.
        let last = self.grows().then(|| held - Span::SECOND);
        let change = self.next_change(open).into_iter().chain(last).min()?;
        (change < held).then_some(change.max(open))
    }

    /// Whether more of a second is shown than what is known of the whole run.
    fn is_shown(&self) -> bool {
        let of_reports = self.interval.is_some() || self.page.is_some() || self.scales.is_some();
        of_reports || self.columns.is_some_and(KeyColumns::has_times)
    }

    /// Writes the report that ends with a second.
    #[inline]
    pub(super) fn end_report(&mut self, last: Second, books: &Books) {
        let ends = |open: &OpenReport| open.to == last.next();
        if self.open.as_ref().is_some_and(ends) {
            self.write_report(last, false, books);
        }
    }

    /// Closes a second.
    fn close_one(
        &mut self,
        second: Second,
        bucket: Box<Bucket>,
        silent: bool,
        books: &Books,
        mut recycle: impl FnMut(Box<Bucket>),
    ) {
        if self.earlier.is_some() {
            self.take_over(second, books);
        }
        let empty = bucket.is_empty();
        let counters = &bucket.counters;
        self.peaks.close(second, counters.hits, books.zone());
        self.pauses.close(second, counters.hits);
        if counters.hits > 0 {
            self.series.add(second, point(counters), books.known_zone());
        }
        if self.is_shown() {
            self.show(second, &bucket, silent, books);
        }
        self.common.close(second, &bucket);
        let common = &self.common;
        let mut changes = Vec::new();
        if !self.rules.rest(second, common) {
            match self.rules.iter().all(|rule| rule.stays_idle(0, common)) {
                true => self.rules.iter_mut().for_each(Rule::idle),
                false => self.rules.close(
                    second,
                    (&bucket, &mut self.common),
                    (&books.totals, books.zone()),
                    &mut self.history,
                    |place, changed| changes.push((place, changed)),
                ),
            }
        }
        if !empty {
            self.past
                .push(second, bucket, &mut self.scratch[0], recycle);
        } else {
            recycle(bucket);
        }
        if !changes.is_empty() {
            self.write_changes(second, changes, books);
        }
        self.end_report(second, books);
    }

    /// Adds a second that closes to what reports, a page and a screen show of time.
    #[inline(never)]
    fn show(&mut self, second: Second, bucket: &Bucket, silent: bool, books: &Books) {
        let counters = &bucket.counters;
        let empty = bucket.is_empty();
        if counters.hits > 0 {
            self.see_keys(second, bucket, books);
        }
        if let Some(page) = self.page.as_mut().filter(|_| counters.hits > 0) {
            page.add(second, bucket, books);
        }
        if self.interval.is_some() {
            // A silence makes empty reports, but none for the time before the log begins.
            let silent = silent && books.span.is_some_and(|(least, _)| least <= second);
            if self.open.is_none() && (silent || !empty) {
                self.open_report(second, books);
            }
            if let Some(open) = &mut self.open {
                open.take(bucket, &mut self.open_tallies);
            }
            if !empty && self.shows_trend {
                self.add_to_trend(second, counters.hits);
            }
        }
        if let Some(scales) = self.scales.as_mut().filter(|_| !empty) {
            scales.add(second, scale_point(counters), books.zone());
        }
    }

    #[inline(never)]
    fn write_changes(&mut self, second: Second, changes: Vec<(usize, Changed)>, books: &Books) {
        match &mut self.check {
            Some(check) => changes
                .into_iter()
                .for_each(|(place, changed)| check.take(place, changed, second)),
            None => self.write_alerts(second, changes, books),
        }
    }
}

impl ClosedSeconds for Evaluate {
    fn begin(&mut self, first: Second) {
        self.first = Some(self.first.map_or(first, |known| known.min(first)));
    }

    fn unread(&mut self, from: Second, to: Second) {
        self.rules.iter_mut().for_each(|rule| rule.unread(from, to));
    }

    fn close(
        &mut self,
        run: &mut Vec<ClosedSecond>,
        silent: bool,
        books: &Books,
        mut recycle: impl FnMut(Box<Bucket>),
    ) {
        let mut from = run.first().map(|(second, _)| *second);
        while let (Some(open), Some(&(second, _))) = (from, run.first()) {
            self.close_gap(open, second, books, &mut recycle);
            let together = self.together(run);
            from = Some(run[together - 1].0.next());
            if !self.close_idle((run, together), silent, books, &mut recycle) {
                let mut open = second;
                for (second, bucket) in run.drain(..together) {
                    self.close_gap(open, second, books, &mut recycle);
                    self.close_one(second, bucket, silent, books, &mut recycle);
                    open = second.next();
                }
            }
        }
    }

    fn closes_in_columns(&self) -> bool {
        self.takes_columns()
    }

    fn begin_columns(&mut self, seconds: &SecondsInColumns<'_>, books: &Books) -> usize {
        self.take_columns(seconds, books)
    }

    fn close_in_columns(
        &mut self,
        seconds: &SecondsInColumns<'_>,
        before: usize,
        books: &Books,
    ) -> usize {
        self.close_columns(seconds, before, books)
    }

    fn late(&mut self, second: Second, bucket: &Bucket, books: &Books) {
        self.pauses.late(second);
        let closed = books.closed();
        self.common.late(second, bucket, closed);
        for rule in self.rules.iter_mut() {
            rule.late(second, bucket, closed, &self.common);
        }
        self.past.late(second, bucket, closed, &mut self.scratch[0]);
        if let Some(scales) = &mut self.scales {
            scales.add(second, scale_point(&bucket.counters), books.zone());
        }
        self.series
            .add(second, point(&bucket.counters), books.known_zone());
        if let Some(page) = &mut self.page {
            page.add(second, bucket, books);
        }
        self.see_keys(second, bucket, books);
        let Some(interval) = self.interval else {
            return;
        };
        if self.open.is_none() {
            let (from, to) = interval.window(second, books.zone());
            let unwritten = self.written.is_none_or(|written| written <= from);
            if to > books.first_open && unwritten {
                self.open_report(second, books);
            }
        }
        if let Some(open) = self.open.as_mut().filter(|open| open.from <= second) {
            open.take(bucket, &mut self.open_tallies);
        }
    }

    fn heard(&mut self, second: Second, bucket: &Bucket) {
        self.common.heard(second, bucket);
        for rule in self.rules.iter_mut() {
            rule.heard(second, bucket);
        }
    }

    fn end(&mut self, books: &Books) {
        if self.open.is_some() {
            self.write_report(books.closed(), true, books);
        }
    }

    fn rewind(&mut self, rewind: Rewind, _: &Books) {
        let plan = self.ruleset.plan();
        let plan = plan.expect("these rules were made before");
        (self.rules, self.common) = (Rules::new(plan.rules), plan.common);
        if let Some(check) = &mut self.check {
            check.abandon_firing(rewind.from, &self.history);
        }
        self.history.abandon_firing(rewind.from);
        self.past.clear();
        self.trend.clear();
        self.peaks.begin_stretch();
        self.pauses.begin_stretch();
        self.written = None;
        self.events.push_back(Event::Rewind(rewind));
    }

    fn next_change(&self, from: Second) -> Option<Second> {
        let changes = self
            .rules
            .iter()
            .filter_map(|rule| rule.next_change(from, &self.common));
        let end = self.open.as_ref().map(|open| Second(open.to.0 - 1));
        let earlier = self.earlier.as_ref();
        let resumes = earlier.map(|earlier| earlier.until.next().max(from));
        changes.chain(end).chain(resumes).min()
    }

    fn grows(&self) -> bool {
        self.rules.iter().any(Rule::grows)
    }

    fn needs_every_second_of_a_silence(&self) -> bool {
        // Each may end an empty report.
        self.interval.is_some()
    }

    fn rolled(&mut self, rolled: Rolled) {
        self.events.push_back(Event::Rolled(Box::new(rolled)));
    }

    fn renumber(&mut self, dimension: usize, dimensions: usize, ids: &Renumbering) {
        self.past.renumber(dimension, dimensions, ids);
        self.open_tallies[dimension].renumber(ids);
        self.key_times.renumber(dimension, ids);
        self.common.renumber(dimension, ids);
        self.rules
            .iter_mut()
            .for_each(|rule| rule.renumber(dimension, ids));
    }
}
