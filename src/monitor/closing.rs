//! Seconds close: one by one, in order, each with what its bucket holds.
//!
//! Empty seconds are left out up to the next at which a rule could change or an open report ends, so a
//! gap costs what changes in it, be it of years.

use super::writing::TREND;
use super::{Monitor, UTC};
use crate::alert::Rule;
use crate::filter::period::Bounds;
use crate::stats::bucket::Bucket;
use crate::time::{Second, Span};

impl Monitor {
    /// The input has ended: every second closes, up to the end of the period where it has one, and the last
    /// report is written as it stands.
    pub fn finish(&mut self) {
        for (_, hit) in self.clock.settle(true) {
            self.believe(&hit);
        }
        let until = self.intake.bounds.until;
        if self.clock.newest().is_some() && until < Bounds::ALL.until {
            self.clock.advance(until - Span::SECOND);
        }
        if let Some(newest) = self.clock.newest() {
            self.close_before(newest, false);
            // The last second is closed even where it is empty: what grows with time ends there.
            if self.timeline.first() == newest && self.intake.bounds.hold(newest) {
                let bucket = self.timeline.close();
                self.close(newest, bucket, false);
            }
        }
        if self.open.is_some() {
            self.write_report(true);
        }
    }

    /// Closes every second before `target`, oldest first. `silent`: no record brought it about.
    pub(super) fn close_before(&mut self, target: Second, silent: bool) {
        // The clock goes on behind the period; what is evaluated ends with it.
        let target = target.min(self.intake.bounds.until);
        while self.timeline.first() < target {
            // In a silence every second may end an empty report.
            if !(silent && self.interval.is_some()) {
                self.skip_empty(target);
            }
            let second = self.timeline.first();
            if second < target {
                let bucket = self.timeline.close();
                self.close(second, bucket, silent);
            }
        }
    }

    /// Leaves out empty seconds up to the next at which a rule could change or an open report ends.
    fn skip_empty(&mut self, target: Second) {
        let first = self.timeline.first();
        let held = self.timeline.first_held();
        let mut next = held.map_or(target, |held| held.min(target));
        // Their last one closes where nothing is known to come, so that what is shown is not of before,
        // and where something grows with time: there it is greatest.
        if next > first && (held.is_none() || self.rules.iter().any(Rule::grows)) {
            next = Second(next.0 - 1);
        }
        if next > first {
            let changes = self.rules.iter().filter_map(|rule| rule.next_change(first));
            let end = self.open.as_ref().map(|open| Second(open.to.0 - 1));
            let next = changes.chain(end).fold(next, Second::min);
            self.timeline.skip_to(next.max(first));
        }
    }

    fn close(&mut self, second: Second, bucket: Box<Bucket>, silent: bool) {
        let counters = bucket.counters;
        let empty = bucket.is_empty();
        let zone = self.zone.as_ref().unwrap_or(&UTC);
        self.peaks.close(second, counters.hits, zone);
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
                open.take(&bucket, &mut self.open_tallies);
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
        if !empty && self.scales.is_some() {
            self.add_to_scales(second, &counters);
        }
        let mut changes = Vec::new();
        for (index, rule) in self.rules.iter_mut().enumerate() {
            rule.close(
                second,
                &bucket,
                &self.intake.totals,
                &mut self.history,
                |changed| changes.push((index, changed)),
            );
        }
        if !empty {
            let timeline = &mut self.timeline;
            self.past.push(second, bucket, &mut self.scratch[0], |old| {
                timeline.recycle(old)
            });
        } else {
            self.timeline.recycle(bucket);
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
}
