//! Which records count, and which of the rules' expressions they match.

use std::sync::Arc;

use super::Books;
use super::expressions::Expressions;
use crate::filter::Filter;
use crate::filter::period::Period;
use crate::format::anonymous;
use crate::format::record::Record;
use crate::format::rollup::RollupLayout;
use crate::stats::Hit;
use crate::stats::dimension::Scratch;
use crate::stats::top::Top;

/// What is counted, and of which records: the whole run and all parts of it have this in common.
#[derive(Debug, Clone)]
pub struct Counting {
    /// The dimensions to list.
    pub top: Vec<Top>,
    /// Whether robots are counted, by the agent of every record.
    pub robots: bool,
    /// Only records in it are counted, and nothing outside of it is evaluated.
    pub period: Period,
    /// Only records that match are counted; `None` for all.
    pub filter: Option<Filter>,
    /// Whether addresses are cut in the examples of lines that are no record.
    pub anonymous: bool,
    /// The expressions of the rules.
    pub expressions: Vec<Filter>,
    /// The bits of those whose keys are counted by the time that their records took.
    pub by_time: u64,
    /// What a rollup carries, if one is written.
    pub rollup: Option<Arc<RollupLayout>>,
}

impl Counting {
    /// The names of a rollup's columns.
    pub(super) fn columns(&self) -> Option<Arc<str>> {
        let layout = self.rollup.as_ref()?;
        Some(layout.names().join("\t").into())
    }
}

/// Bytes kept of a line that is no record.
const EXAMPLE_BYTES: usize = 160;

/// See the module's text.
#[derive(Debug)]
pub(super) struct Selection {
    filter: Option<Filter>,
    anonymous: bool,
    period: Period,
    expressions: Expressions,
    /// See [`Counting::by_time`].
    by_time: u64,
    /// Room to work in.
    scratch: Scratch,
}

impl Selection {
    /// `tops` are the dimensions that are counted.
    pub(super) fn new(counting: Counting, tops: &[Top]) -> Selection {
        Selection {
            filter: counting.filter,
            anonymous: counting.anonymous,
            period: counting.period,
            expressions: Expressions::new(counting.expressions, tops),
            by_time: counting.by_time,
            scratch: Scratch::default(),
        }
    }

    /// Counts a record into `hit`, an uncounted one, unless it is left out. What it matches is still to be
    /// found.
    #[inline]
    pub(super) fn count(&mut self, record: &Record<'_>, hit: &mut Hit, books: &mut Books) {
        if books.offset.is_none() {
            self.begin(record, books);
        }
        let scratch = &mut self.scratch;
        let matches = |filter: &Filter| filter.matches(record, scratch);
        if books.bounds.hold(record.time) && self.filter.as_ref().is_none_or(matches) {
            books.totals.observe(record, hit);
        } else {
            books.filtered += 1;
        }
    }

    /// The first record: what waited for it.
    #[cold]
    fn begin(&self, record: &Record<'_>, books: &mut Books) {
        books.begin(record.offset);
        books.bounds = self.period.bounds_from(record.time, record.offset);
    }

    /// Whether the rules have no expressions.
    pub(super) fn is_plain(&self) -> bool {
        self.expressions.is_empty()
    }

    /// What is kept of a line that is no record: its beginning.
    pub(super) fn example(&self, line: &[u8]) -> Box<[u8]> {
        let beginning = |most: usize, line: &[u8]| line[..line.len().min(most)].into();
        if self.anonymous {
            // An address that the end cuts in two is not known as one: so what is behind it is looked at too.
            let longer: Box<[u8]> = beginning(2 * EXAMPLE_BYTES, line);
            return beginning(EXAMPLE_BYTES, &anonymous::line(&longer));
        }
        beginning(EXAMPLE_BYTES, line)
    }

    /// Finds which of the rules' expressions a record matches that was counted as `hit`.
    #[inline(always)] // There is one for each line.
    pub(super) fn find_matches(&mut self, record: &Record<'_>, hit: &mut Hit) {
        if !self.expressions.is_empty() && hit.counted {
            hit.matched = self.expressions.matched(record, hit, &mut self.scratch);
            hit.by_time = self.by_time;
        }
    }

    /// Ids have changed.
    pub(super) fn forget_ids(&mut self) {
        self.expressions.forget();
    }
}
