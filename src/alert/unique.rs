//! Distinct keys of a dimension over a sliding window.
//!
//! Where the table of the dimension was full, its light keys are not followed; then the number is a lower bound, and
//! said to be.

use super::common::{Common, CountPlace, KeysPlace, Summand};
use super::measure::Threshold;
use super::spec::{Blamed, ByKey, MeasureKind, Wrong, all_records, as_written};
use super::{Condition, Level, Rest, at_most};
use crate::quantity::{Figure, Unit};
use crate::stats::keys::MAX_KEYS;
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
        let (source, window) = (inputs.whole, inputs.window);
        let dimension = (inputs.dimension, inputs.dimensions);
        Box::new(UniqueCondition {
            threshold: spec.threshold,
            window,
            keys: inputs.common.distinct(source, dimension, window),
            hits: inputs.common.count(Summand::Hits, [source; 2], window),
        })
    },
};

/// A condition on the number of distinct keys.
#[derive(Debug)]
pub(super) struct UniqueCondition {
    threshold: Threshold,
    window: Span,
    keys: KeysPlace,
    hits: CountPlace,
}

impl Condition for UniqueCondition {
    fn level(&self, common: &Common) -> Level {
        let unique = u128::from(common.unique(self.keys)) * 1_000_000_000;
        let order = unique.cmp(&self.threshold.billionths);
        Level::of(order, self.threshold, false)
    }

    fn rest(&self, min: u64, common: &Common) -> Option<Rest> {
        // A hit has one new key at most.
        let limit = self.threshold.billionths / 1_000_000_000;
        let more = limit.saturating_sub(common.unique(self.keys).into());
        let (_, hits) = common.counted(self.hits);
        Rest::of_lines(more.max(u128::from(min).saturating_sub(hits)))
    }

    fn figure(&self, common: &Common) -> Figure {
        let (_, hits) = common.counted(self.hits);
        Figure {
            hits: at_most(hits),
            value: common.unique(self.keys) as f64,
            threshold: self.threshold.value(),
            window: self.window,
            below: false,
        }
    }

    fn note(&self, common: &Common) -> Option<String> {
        let note = "too many keys: their number is at least what is shown";
        common.lacks_keys(self.keys).then(|| note.to_owned())
    }

    fn next_change(&self, _: Second, _: Level, common: &Common) -> Option<Second> {
        // Whatever has a key is a hit.
        common.next_leave(self.hits)
    }

    fn window(&self) -> Span {
        self.window
    }
}
