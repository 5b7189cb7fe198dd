//! What depends on no order: the books, the totals, and the ids of every record's keys.
//!
//! A [`Monitor`](super::Monitor) has one for the whole run; a [`Fold`](super::Fold) has one for a
//! part of it, which is added to the other when its turn comes.

use super::Config;
use crate::alert::expressions::Expressions;
use crate::filter::Filter;
use crate::filter::period::{Bounds, Period};
use crate::format::record::Record;
use crate::stats::Hit;
use crate::stats::dimension::Top;
use crate::stats::keys::Renumbering;
use crate::stats::totals::Totals;

/// What is counted, and of which records: the whole run and all parts of it have this in common.
#[derive(Debug, Clone)]
pub struct Counting {
    top: Vec<Top>,
    robots: bool,
    period: Period,
    filter: Option<Filter>,
    expressions: Vec<Filter>,
}

impl Counting {
    /// What a monitor of this configuration counts.
    pub fn new(config: &Config) -> Counting {
        Counting {
            top: config.top.clone(),
            robots: config.robots,
            period: config.period.clone(),
            filter: config.filter.clone(),
            expressions: config.plan.expressions.clone(),
        }
    }
}

/// The books and the totals.
#[derive(Debug)]
pub(super) struct Intake {
    pub(super) totals: Totals,
    pub(super) expressions: Expressions,
    filter: Option<Filter>,
    period: Period,
    /// What of it is known: until the first record, nothing may be.
    pub(super) bounds: Bounds,
    pub(super) lines: u64,
    pub(super) skipped: u64,
    pub(super) unparsed: u64,
    pub(super) filtered: u64,
    /// The offset of the first record, in seconds east of UTC.
    pub(super) offset: Option<i32>,
}

impl Intake {
    /// Books of nothing.
    pub(super) fn new(counting: Counting) -> Intake {
        let totals = Totals::new(&counting.top, counting.robots);
        Intake {
            expressions: Expressions::new(counting.expressions, totals.tops()),
            totals,
            filter: counting.filter,
            bounds: counting.period.bounds().unwrap_or(Bounds::ALL),
            period: counting.period,
            lines: 0,
            skipped: 0,
            unparsed: 0,
            filtered: 0,
            offset: None,
        }
    }

    /// Counts a record into `hit`, an uncounted one, unless it is filtered out. What it matches is still to be
    /// found.
    #[inline]
    pub(super) fn count(&mut self, record: &Record<'_>, hit: &mut Hit) {
        self.lines += 1;
        if self.offset.is_none() {
            self.begin(record);
        }
        let matches = |filter: &Filter| filter.matches(record);
        if self.bounds.hold(record.time) && self.filter.as_ref().is_none_or(matches) {
            self.totals.observe(record, hit);
        } else {
            self.filtered += 1;
        }
    }

    /// The first record: what waited for it.
    #[cold]
    fn begin(&mut self, record: &Record<'_>) {
        self.offset = Some(record.offset);
        self.bounds = self.period.bounds_from(record.time, record.offset);
    }

    /// Finds which of the rules' expressions a record matches that was counted as `hit`.
    #[inline]
    pub(super) fn find_matches(&mut self, record: &Record<'_>, hit: &mut Hit) {
        if !self.expressions.is_empty() && hit.counted {
            hit.matched = self.expressions.matched(record, hit);
        }
    }

    /// Adds what `part` counted, and says what its ids are here, by dimension. `None`, and nothing is
    /// added, where a table would pass its cap: then it matters at which record it does; nor where the part
    /// took its own first record for that of the run, and so counted another period.
    pub(super) fn merge(&mut self, part: &Intake) -> Option<Vec<Renumbering>> {
        if part.offset.is_some() {
            if self.offset.is_some() && self.bounds != part.bounds {
                return None;
            }
            self.bounds = part.bounds;
        }
        let ids = self.totals.merge(&part.totals)?;
        self.lines += part.lines;
        self.skipped += part.skipped;
        self.unparsed += part.unparsed;
        self.filtered += part.filtered;
        self.offset = self.offset.or(part.offset);
        Some(ids)
    }

    /// Forgets all, keeping memory for the next part.
    pub(super) fn clear(&mut self) {
        self.totals.clear();
        self.expressions.forget();
        (self.lines, self.skipped, self.unparsed, self.filtered) = (0, 0, 0, 0);
        self.offset = None;
    }
}
