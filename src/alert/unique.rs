//! Distinct keys of a dimension over a sliding window.
//!
//! Each second keeps its distinct keys; a count per key says when the last one leaves. Where the table of
//! the dimension was full, its light keys are not followed; then the number is a lower bound, and said to
//! be.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::measure::Threshold;
use super::spec::{Blamed, ByKey, MeasureKind, Wrong, all_records, as_written};
use super::window::{Added, IdRow, Rows, Sums};
use super::{Condition, Level, Subset};
use crate::quantity::{Figure, Unit};
use crate::stats::bucket::Bucket;
use crate::stats::keys::{DROPPED, MAX_KEYS, Renumbering};
use crate::time::{Second, Span};

pub(super) static UNIQUE: MeasureKind = MeasureKind {
    name: "unique client",
    forms: &[Unit::Count],
    compared: true,
    by_key: ByKey::Not,
    minds_min: false,
    unit: as_written,
    check: |spec| {
        if spec.by.is_some() {
            // Said of all that cannot be taken by key.
            return Ok(());
        }
        if spec.below {
            return Err(Wrong(
                Blamed::Measure,
                "a number of distinct keys can only be too high: unique client > 500",
            ));
        }
        if spec.threshold.billionths >= MAX_KEYS as u128 * 1_000_000_000 {
            return Err(Wrong(
                Blamed::Value,
                "no more than 100000 different keys are counted",
            ));
        }
        Ok(())
    },
    counts: all_records,
    condition: |spec, inputs| {
        Box::new(UniqueCondition::new(
            spec.threshold,
            inputs.window,
            inputs.whole,
            inputs.dimension,
            inputs.dimensions,
        ))
    },
};

/// A condition on the number of distinct keys.
#[derive(Debug)]
pub(super) struct UniqueCondition {
    threshold: Threshold,
    source: Subset,
    /// Which of the counted dimensions.
    dimension: usize,
    dimensions: usize,
    seconds: Rows<Present>,
    /// Room to work in, empty in between.
    present: Vec<Present>,
    /// In how many seconds of the window a key occurs.
    standing: HashMap<u32, u32, RandomState>,
    hits: Sums<1>,
    /// Keys were dropped from the table of their dimension.
    short: bool,
}

/// That a second holds a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Present(u32);

impl IdRow for Present {
    fn id(&self) -> u32 {
        self.0
    }

    fn merge(&mut self, _: Present) {}
}

impl UniqueCondition {
    pub(super) fn new(
        threshold: Threshold,
        window: Span,
        source: Subset,
        dimension: usize,
        dimensions: usize,
    ) -> UniqueCondition {
        UniqueCondition {
            threshold,
            source,
            dimension,
            dimensions,
            seconds: Rows::new(window, usize::MAX),
            present: Vec::new(),
            standing: HashMap::default(),
            hits: Sums::new(window),
            short: false,
        }
    }

    fn leave(standing: &mut HashMap<u32, u32, RandomState>, id: u32) {
        if let Some(count) = standing.get_mut(&id) {
            *count -= 1;
            if *count == 0 {
                standing.remove(&id);
            }
        }
    }
}

impl Condition for UniqueCondition {
    fn take(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        let UniqueCondition {
            seconds, standing, ..
        } = self;
        seconds.slide(closed, |row| UniqueCondition::leave(standing, row.0));
        let hits = self.source.counters(bucket).hits;
        self.hits.take(second, [hits], closed);
        if hits == 0 {
            return;
        }
        let Some(log) = self.source.log(bucket) else {
            return;
        };
        for (id, _) in log.counts(self.dimension, self.dimensions) {
            self.short |= id == DROPPED;
            if id < DROPPED {
                self.present.push(Present(id));
            }
        }
        self.present.sort_unstable();
        self.present.dedup();
        let standing = &mut self.standing;
        self.seconds
            .add(second, self.present.drain(..), |row, added| {
                if added == Added::New {
                    *standing.entry(row.0).or_default() += 1;
                }
            });
    }

    fn level(&self) -> Level {
        let unique = self.standing.len() as u128 * 1_000_000_000;
        let order = unique.cmp(&self.threshold.billionths);
        Level::of(order, self.threshold, false)
    }

    fn figure(&self) -> Figure {
        Figure {
            hits: self.hits.hits(0),
            value: self.standing.len() as f64,
            threshold: self.threshold.value(),
            window: self.hits.span(),
            below: false,
        }
    }

    fn note(&self) -> Option<String> {
        let note = "too many keys: their number is at least what is shown";
        self.short.then(|| note.to_owned())
    }

    fn next_change(&self, _: Second, _: Level) -> Option<Second> {
        // Whatever has a key is a hit.
        self.hits.next_leave()
    }

    fn window(&self) -> Span {
        self.hits.span()
    }

    fn renumber(&mut self, dimension: usize, ids: &Renumbering) {
        if dimension != self.dimension {
            return;
        }
        let UniqueCondition {
            standing, short, ..
        } = self;
        standing.clear();
        let follow = |Present(id): &mut Present| {
            *id = ids.new_id(*id);
            let followed = *id < DROPPED;
            if followed {
                *standing.entry(*id).or_default() += 1;
            }
            *short |= !followed;
            followed
        };
        self.seconds.retain(follow);
    }
}
