//! Seconds that close in columns, where none of them changes a rule: what is known of the past takes each of them, the rules
//! take what is left of their windows in the end, and reports take all of an interval at once.

use super::{Evaluate, OpenReport};
use crate::alert::Rule;
use crate::ingest::Books;
use crate::points::series::Point;
use crate::report::KeyColumns;
use crate::stats::bucket::ClosedSecond;
use crate::stats::columns::SecondsInColumns;
use crate::stats::tally::Tally;

impl OpenReport {
    /// Counts seconds of its interval.
    fn take_columns(&mut self, seconds: &SecondsInColumns<'_>, tallies: &mut [Tally]) {
        self.counters.merge(&seconds.counters());
        self.durations.merge(&seconds.durations());
        seconds.tally(tallies);
    }
}

impl Evaluate {
    /// Whether any seconds could close so, as things are.
    pub(super) fn takes_columns(&self) -> bool {
        let counts = self.common.has_counts_alone() && self.rules.iter().all(Rule::is_idle);
        // What shows more than reports do asks for each second.
        let shown = self.page.is_some() || self.scales.is_some();
        let shown = shown || self.columns.is_some_and(KeyColumns::has_times);
        counts && self.earlier.is_none() && !shown
    }

    /// How many of `seconds`, the first, change no rule, and are to close. What the whole run shows of time has them from now on.
    pub(super) fn take_columns(&mut self, seconds: &SecondsInColumns<'_>, books: &Books) -> usize {
        if !self.takes_columns() {
            return 0;
        }
        let mut len = seconds.len();
        for rule in self.rules.iter() {
            len = rule.idle_seconds(&seconds.up_to(len), &self.common);
        }
        let seconds = seconds.up_to(len);
        if seconds.is_empty() || !self.past.leaves_no_trace(len, seconds.words()) {
            return 0;
        }
        self.rules.iter_mut().for_each(Rule::idle);
        self.peaks.close_in_columns(&seconds, books.zone());
        self.pauses.close_in_columns(&seconds);
        self.add_to_series(&seconds, books);
        len
    }

    /// Closes the next of `seconds`, which were taken; how many: with reports no more than up to the end of one.
    pub(super) fn close_columns(
        &mut self,
        seconds: &SecondsInColumns<'_>,
        before: usize,
        books: &Books,
    ) -> usize {
        let len = match self.interval {
            Some(_) => self.report_columns(seconds, before, books),
            None => seconds.len() - before,
        };
        if before + len == seconds.len() {
            self.keep_columns(seconds);
        }
        len
    }

    /// Keeps those of the seconds that windows reach back to, once all have closed.
    fn keep_columns(&mut self, seconds: &SecondsInColumns<'_>) {
        let Some((_, last)) = seconds.ends() else {
            return;
        };
        let kept = seconds.not_before(self.past.first_kept(last));
        if self.interval.is_none() {
            self.common.close_in_columns(&kept);
        }
        let kept: Vec<ClosedSecond> = kept.buckets().collect();
        for (second, bucket) in kept {
            self.past.push(second, bucket, &mut self.scratch[0], drop);
        }
    }

    /// Adds seconds that close together to the points that hold them.
    fn add_to_series(&mut self, seconds: &SecondsInColumns<'_>, books: &Books) {
        let mut rest = *seconds;
        while let Some((first, _)) = rest.ends() {
            let zone = books.known_zone();
            // It is there from now on, as long as it will be.
            self.series.at(first, zone);
            let here = rest.before(self.series.end_of(first));
            let [client_errors, server_errors] = here.errors();
            let point = Point {
                hits: here.hits(),
                client_errors,
                server_errors,
            };
            self.series.add(first, point, zone);
            rest = rest.from(here.len());
        }
    }

    /// Adds the next seconds, as many as are of one report, to the windows of rules and to the report, which is written if it ends
    /// with them; how many.
    fn report_columns(
        &mut self,
        seconds: &SecondsInColumns<'_>,
        before: usize,
        books: &Books,
    ) -> usize {
        let rest = seconds.from(before);
        let Some((first, _)) = rest.ends() else {
            return 0;
        };
        if let Some(last) = before.checked_sub(1) {
            let open = seconds.second(last).next();
            self.close_gap(open, first, books, drop);
        }
        if self.open.is_none() {
            self.open_report(first, books);
        }
        let end = self.open.as_ref().map_or(first.next(), |open| open.to);
        let here = rest.up_to(rest.before(end).len().max(1));
        self.common.close_in_columns(&here);
        if let Some(open) = &mut self.open {
            open.take_columns(&here, &mut self.open_tallies);
        }
        if self.shows_trend {
            here.iter()
                .for_each(|(second, hits)| self.add_to_trend(second, hits));
        }
        if let Some((_, last)) = here.ends() {
            self.end_report(last, books);
        }
        here.len()
    }
}
