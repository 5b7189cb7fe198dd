//! What an alert names as its cause: the keys of the records that its rule counts.
//!
//! For each dimension the key with the largest part of them is named, or where that is less than a fifth, over how
//! many keys they are spread; then the key that grew most against the window before, by records added. So an alert never
//! names a key that has none of what it is about, and one that was there before stays named. Where a rule fires on
//! little, the keys are named that are missing: those that lost most against the window before. Of what is slow the time
//! beyond the threshold counts: a few that take a minute are worse than many that are just above.
//!
//! A rule often fires on a handful of records, and two of six are of one client by chance. So a key must have its part
//! by more than two standard errors of it (E. B. Wilson's interval, 1927): three of five records, or 23 in a hundred of
//! very many.

use super::Subset;
use crate::quantity::{Count, KeyKind};
use crate::report::{AlertCause, Key};
use crate::stats::keys::KeyTable;
use crate::stats::tally::Tally;
use crate::stats::totals::Totals;

/// A key with less than one in so many of the records is not the one that they come from.
const SPREAD: u32 = 5;
/// A key must have added one in so many of them to be named for that.
const GROWN: u32 = 10;

/// Which records a measure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CountedKind {
    /// None: lines that are no records.
    Nothing,
    /// All that its expression matches.
    All,
    /// Their bytes.
    Bytes,
    /// Those with a status of this class, 1 to 5.
    Class(u8),
    /// Those with this status.
    Status(u16),
    /// Those whose request could not be read.
    Malformed,
    /// Those that took longer than the threshold, or shorter where the rule fires below it.
    BeyondThreshold,
    /// Those that do not come.
    Missing,
}

/// How much a record counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Hits,
    Bytes,
    /// One where the status is 5xx, else nothing.
    Errors,
    /// By how much longer than so many microseconds it took.
    TimeBeyond(u64),
}

/// The records that an alert names its cause from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Which they are.
    pub subset: Subset,
    pub(super) weight: Weight,
    /// It fires on little: what is missing is named.
    pub missing: bool,
}

impl Counted {
    /// The bit of the expression whose matches it needs.
    pub fn bit(self) -> u64 {
        self.subset.bit()
    }

    /// What of a count matters.
    fn weight(self, count: Count) -> u64 {
        match self.weight {
            Weight::Hits => count.hits,
            Weight::Bytes => count.bytes,
            Weight::Errors => count.errors,
            // Of what is counted by time, these are microseconds.
            Weight::TimeBeyond(us) => count.bytes.saturating_sub(us.saturating_mul(count.hits)),
        }
    }

    /// The records of a count.
    fn records(self, count: Count) -> u64 {
        match self.weight {
            Weight::Hits | Weight::Bytes | Weight::TimeBeyond(_) => count.hits,
            Weight::Errors => count.errors,
        }
    }
}

/// The causes of an alert on `counted`, in the order of the first `dimensions`: what its records of the window come to, as a
/// `whole` and by the keys of each dimension, and those of the window before.
pub fn causes(
    totals: &Totals,
    counted: Counted,
    whole: Count,
    [now, before]: &[Vec<Tally>; 2],
    dimensions: usize,
) -> Vec<AlertCause> {
    let dimensions = now.iter().zip(before).enumerate().take(dimensions);
    dimensions
        .flat_map(|(index, (now, before))| {
            let keys = WindowKeys {
                counted,
                kind: totals.tops()[index].dimension.kind(),
                table: totals.table(index),
                now,
                before,
            };
            match counted.missing {
                true => keys.missing(),
                false => keys.sources(whole),
            }
        })
        .collect()
}

/// Whether `some` of a `whole` of so many records are one in `m` of it or more, beyond chance.
fn is_part(some: u64, whole: u64, records: u64, m: u32) -> bool {
    let (some, whole) = (some as f64, whole as f64);
    let (m, beyond) = (f64::from(m), f64::from(m) * some - whole);
    beyond >= 0.0 && beyond * beyond * records as f64 >= 4.0 * (m - 1.0) * whole * whole
}

/// The one cause that a list of alerts has room for: the client with a third of the records or more, else the key with the
/// largest part.
pub fn leading(causes: &[AlertCause]) -> Option<Key> {
    // How they were answered is no cause.
    let is_named = |cause: &&AlertCause| cause.key.is_some() && cause.dimension.name != "status";
    let named = || causes.iter().filter(is_named);
    let client = |cause: &&AlertCause| cause.dimension.name == "client" && cause.part >= 1.0 / 3.0;
    let largest = || named().rev().max_by(|a, b| a.part.total_cmp(&b.part));
    let cause = named().find(client).or_else(largest)?;
    Some(Key {
        dimension: cause.dimension,
        key: cause.key.clone()?,
    })
}

/// What the windows come to by the keys of one dimension.
struct WindowKeys<'c> {
    counted: Counted,
    kind: KeyKind,
    table: &'c KeyTable,
    now: &'c Tally,
    before: &'c Tally,
}

impl WindowKeys<'_> {
    /// Where the records of the window come from; they come to `whole`, those without a key too.
    fn sources(&self, whole: Count) -> Vec<AlertCause> {
        let counted = self.counted;
        let (weight, records) = (counted.weight(whole), counted.records(whole));
        let has_any = |(_, count): &(u32, Count)| counted.weight(*count) > 0;
        let keys = || self.now.counts().filter(has_any);
        let largest = self.most(keys().map(|(id, count)| (id, counted.weight(count))));
        let Some((largest, most)) = largest else {
            return Vec::new();
        };
        let mut causes = Vec::new();
        if is_part(most, weight, records, SPREAD) {
            causes.push(self.cause(Some(largest), most, weight, 1));
        } else {
            let (count, all) = keys().fold((0, 0), |(keys, all), (_, count)| {
                (keys + 1, all + counted.weight(count))
            });
            // Where most of them have no key, the others say nothing.
            if count > 1 && all * 2 >= weight {
                causes.push(self.cause(None, all, weight, count));
            }
        }
        let added = |(id, count): (u32, Count)| {
            let was = counted.records(self.before.get(id));
            let added = counted.records(count).saturating_sub(was);
            is_part(added, records, records, GROWN).then_some((id, added))
        };
        // Where nothing was before, everything grew.
        let grown = self.most(keys().filter_map(added));
        if let Some((grown, _)) = grown.filter(|&(id, _)| id != largest) {
            let most = counted.weight(self.now.get(grown));
            causes.push(self.cause(Some(grown), most, weight, 1));
        }
        causes
    }

    /// The key that lost most against the window before.
    fn missing(&self) -> Vec<AlertCause> {
        let lost = |(id, was): (u32, Count)| {
            let now = self.counted.weight(self.now.get(id));
            let lost = self.counted.weight(was).saturating_sub(now);
            (lost > 0).then_some((id, lost))
        };
        let keys = || self.before.counts().filter_map(lost);
        let all: u64 = keys().map(|(_, lost)| lost).sum();
        let most = self.most(keys());
        let cause = |(id, most): (u32, u64)| match keys().count() as u64 {
            count if !is_part(most, all, all, SPREAD) && count > 1 => {
                self.cause(None, all, all, count)
            }
            _ => self.cause(Some(id), most, all, 1),
        };
        most.map(cause).into_iter().collect()
    }

    /// The heaviest; ties go to the first by key bytes.
    fn most(&self, keys: impl Iterator<Item = (u32, u64)>) -> Option<(u32, u64)> {
        keys.max_by(|a, b| {
            let by_key = || self.table.key(b.0).cmp(self.table.key(a.0));
            a.1.cmp(&b.1).then_with(by_key)
        })
    }

    /// A key, or all `keys` of them where none is named, with its part of the whole.
    fn cause(&self, id: Option<u32>, part: u64, whole: u64, keys: u64) -> AlertCause {
        let records = |tally: &Tally| match id {
            Some(id) => self.counted.records(tally.get(id)),
            None => tally
                .counts()
                .map(|(_, count)| self.counted.records(count))
                .sum(),
        };
        AlertCause {
            dimension: self.kind,
            key: id.map(|id| self.table.key(id).into()),
            keys,
            part: part as f64 / (whole as f64).max(1.0),
            hits: records(self.now),
            was: records(self.before),
        }
    }
}
