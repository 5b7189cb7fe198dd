//! The state of a run, as a screen asks for it.

use memchr::memmem::Finder;

use super::{Evaluate, rankings};
use crate::alert::Subset;
use crate::ingest::Books;
use crate::points::scales::{STEPS, Scale, Scales};
use crate::quantity::Count;
use crate::report::Ranking;
use crate::snapshot::{Ask, RECENT, Snapshot};
use crate::stats::bucket::Bucket;
use crate::stats::bucket::Counters;
use crate::stats::tally::{self, Tally};
use crate::stats::top::Top;
use crate::time::{Second, Span};

/// The newest alerts, of which the graph shows when they fired.
const MARKED: usize = 200;

impl Evaluate {
    /// Keeps from now on what [`Evaluate::snapshot`] shows of the past.
    pub fn keep_for_screen(&mut self) {
        self.scales = Some(Box::default());
        self.past.keep(RECENT);
    }

    /// The state of the run; `open` are the seconds that are not closed.
    pub fn snapshot<'a>(
        &mut self,
        ask: &Ask,
        books: &Books,
        open: impl Iterator<Item = (Second, &'a Bucket)>,
    ) -> Snapshot {
        let recent = self.recent(ask, books);
        let totals = &books.totals;
        let counters = recent.map_or(totals.statistics.counters, |(counters, _)| counters);
        let run = books.span.map(|(least, greatest)| greatest.next() - least);
        let (rankings, matched) = self.rankings(ask, books);
        self.scratch.iter_mut().flatten().for_each(Tally::clear);
        let tops = totals.tops().iter().enumerate();
        let newest = books.newest;
        let silent = Some(books.silent).filter(|_| books.live);
        Snapshot {
            oldest: books.span.map(|(least, _)| least),
            newest,
            silent,
            lines: books.lines,
            input: [
                ("unparsed", books.unparsed),
                ("malformed", totals.statistics.counters.malformed),
                ("late", books.late),
                ("skewed", books.skewed),
            ],
            hits: counters.hits,
            bytes: counters.bytes,
            status: counters.status,
            length: recent.map_or(run, |(_, length)| Some(length)),
            latency: rankings::latencies(&totals.statistics.durations),
            window: self.traffic().and_then(|rule| rule.figure(&self.common)),
            peak: self.peaks.second(),
            busiest: self.peaks.busiest(),
            scale: newest.map(|newest| self.scale(ask, newest, books, open)),
            dimensions: tops
                .map(|(at, top)| (top.dimension.title, totals.table(at).hits() > 0))
                .collect(),
            rankings,
            matched,
            alerts: self.history.count(),
            spans: self
                .history
                .page(books.closed(), 0, MARKED)
                .iter()
                .map(|fired| (fired.since, fired.until))
                .collect(),
            listed: self
                .history
                .page(books.closed(), ask.alerts.0, ask.alerts.1),
        }
    }

    /// Tallies the recent past, if that is asked for: what was counted in it, and how long it is.
    fn recent(&mut self, ask: &Ask, books: &Books) -> Option<(Counters, Span)> {
        if !ask.recent {
            return None;
        }
        // Before anything is believed no second is open, and none is before it.
        let (least, _) = books.span?;
        let last = Second(books.first_open.0 - 1);
        let from = (last - RECENT).max(Second(least.0 - 1));
        let counters = self
            .past
            .tally((from, last), Subset::All, &mut self.scratch[0]);
        Some((counters, (last - from).max(Span::SECOND)))
    }

    /// The rankings that are asked for, and what matches the filter.
    fn rankings(&self, ask: &Ask, books: &Books) -> (Vec<Ranking>, Option<(u64, u64)>) {
        let finder = (!ask.filter.is_empty()).then(|| Finder::new(&ask.filter));
        let mut matched = None;
        let mut made = Vec::new();
        let totals = &books.totals;
        let count = totals.dimensions();
        let all_around = (1..count).map(|steps| (ask.dimension + steps) % count);
        let others = all_around.filter(|&at| totals.table(at).hits() > 0);
        let shown = std::iter::once(ask.dimension).chain(others);
        for (place, at) in shown.take(ask.rankings).enumerate() {
            let table = books.totals.table(at);
            let tally = &self.scratch[0][at];
            let finder = finder.as_ref().filter(|_| place == 0);
            let mut found = (0, 0);
            let holds = |id: u32| finder.is_none_or(|f| f.find(table.key(id)).is_some());
            let counted = |(_, count): &(u32, Count)| {
                found = (found.0 + 1, found.1 + count.hits);
            };
            let top = Top {
                rows: ask.rows,
                ..totals.tops()[at]
            };
            let (rows, p95_error) = if ask.recent {
                let counts = tally.counts().filter(|row| holds(row.0));
                let ids = tally::heaviest(counts.inspect(counted), table, top.rows, top.order);
                (rankings::rows(ids, table), 0.0)
            } else {
                let counts = table.counts().filter(|row| holds(row.0));
                let ids = rankings::heaviest(totals, at, counts.inspect(counted), top);
                rankings::timed_rows(totals, at, ids)
            };
            if finder.is_some() {
                matched = Some(found);
            }
            let ranking = if ask.recent {
                rankings::of_tally(top, table, tally, rows)
            } else {
                rankings::of_table(top, table, rows)
            };
            made.push(Ranking {
                p95_error,
                ..ranking
            });
        }
        (made, matched)
    }

    /// The points that are asked for, with what the open seconds hold so far.
    fn scale<'a>(
        &self,
        ask: &Ask,
        newest: Second,
        books: &Books,
        open: impl Iterator<Item = (Second, &'a Bucket)>,
    ) -> Scale {
        let none = Scales::new();
        let scales = self.scales.as_deref().unwrap_or(&none);
        let least = books.span.map_or(newest, |(least, _)| least);
        let fits = |scale: &usize| {
            let scale = scales.get(*scale, newest, books.zone());
            scale.index(newest) - scale.index(least) < ask.points as i64
        };
        let last = STEPS.len() - 1;
        let place = ask
            .scale
            .unwrap_or_else(|| (0..last).find(fits).unwrap_or(last));
        let mut scale = scales.get(place.min(last), newest, books.zone());
        for (second, bucket) in open {
            scale.add(second, rankings::scale_point(&bucket.counters));
        }
        scale
    }
}
