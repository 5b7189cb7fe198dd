//! The tables of the keys of a dimension.

use super::titled;
use crate::quantity::BETWEEN;
use crate::render::escape;
use crate::render::units::{self, grouped};
use crate::report::{Ranking, Row};

/// The table of the keys of a dimension.
pub(in crate::render) struct KeyList {
    /// The dimension's name: `Section`.
    pub(in crate::render) name: String,
    /// Its name for many: `Sections`.
    pub(in crate::render) title: String,
    /// How many keys there are: `1,284 in all`.
    pub(in crate::render) all: String,
    pub(in crate::render) rows: Vec<KeyRow>,
    /// The keys that have no row.
    pub(in crate::render) other: Option<OtherKeys>,
    /// By how much the rows may be off, a sentence each.
    pub(in crate::render) errors: Vec<String>,
}

/// A key in that table.
pub(in crate::render) struct KeyRow {
    pub(in crate::render) key: String,
    pub(in crate::render) hits: String,
    pub(in crate::render) percent: String,
    /// Requests that failed, if any did.
    pub(in crate::render) errors: Option<String>,
    /// The 95th percentile of its durations, if any is known.
    pub(in crate::render) p95: Option<String>,
    pub(in crate::render) bytes: String,
    /// Its hits in percent of those of the first row, to draw.
    pub(in crate::render) bar: f64,
    /// The keys that it is paired with, heaviest first, and their hits.
    pub(in crate::render) pairs: Vec<(String, String)>,
}

/// All keys that have no row of their own, as the last row of the table.
pub(in crate::render) struct OtherKeys {
    /// `12 other`
    pub(in crate::render) name: String,
    pub(in crate::render) hits: String,
    pub(in crate::render) percent: String,
}

impl KeyList {
    pub(super) fn new(ranking: &Ranking) -> KeyList {
        let about = units::about(ranking.unique_error);
        let most = ranking.most();
        let other = ranking.other();
        KeyList {
            name: titled(ranking.dimension.name),
            title: titled(ranking.dimension.title),
            all: format!("{about}{} in all", grouped(ranking.unique)),
            rows: ranking
                .rows
                .iter()
                .map(|row| KeyRow::new(row, ranking.hits, most))
                .collect(),
            other: (other > 0).then(|| OtherKeys {
                name: format!("{about}{} other", grouped(ranking.omitted())),
                hits: grouped(other),
                percent: units::percent(other, ranking.hits),
            }),
            errors: errors(ranking),
        }
    }
}

/// The pairs of the keys of `ranking`, by row: those of every listed ranking of it with another dimension.
pub(super) fn add_pairs<'r>(
    list: &mut KeyList,
    ranking: &Ranking,
    listed: impl Iterator<Item = &'r Ranking>,
) {
    let is_pair = |other: &&Ranking| {
        let right = other.dimension.name.strip_prefix(ranking.dimension.name);
        right.is_some_and(|right| right.starts_with('/'))
    };
    for pairs in listed.filter(is_pair) {
        for (row, shown) in ranking.rows.iter().zip(&mut list.rows) {
            let right = |pair: &Row| {
                let right = pair.key.strip_prefix(&*row.key)?.strip_prefix(BETWEEN)?;
                // With another one in it, nobody knows where the first key ends.
                let known = !right.windows(BETWEEN.len()).any(|part| part == BETWEEN);
                known.then(|| (escape::shown(right), grouped(pair.count.hits)))
            };
            shown.pairs.extend(pairs.rows.iter().filter_map(right));
        }
    }
}

impl KeyRow {
    /// `whole` is the hits that have a key, `most` those of the first row.
    fn new(row: &Row, whole: u64, most: u64) -> KeyRow {
        let count = row.count;
        KeyRow {
            key: escape::shown(&row.key),
            hits: grouped(count.hits),
            percent: units::percent(count.hits, whole),
            errors: (count.errors > 0).then(|| grouped(count.errors)),
            p95: row.p95_ms.map(units::milliseconds),
            bytes: units::bytes(count.bytes),
            bar: units::share(count.hits, most),
            pairs: Vec::new(),
        }
    }
}

/// How far the rows of a ranking may be off, a sentence each.
fn errors(ranking: &Ranking) -> Vec<String> {
    let mut errors = Vec::new();
    if ranking.error > 0 {
        let error = grouped(ranking.error);
        errors.push(format!("Each may have up to {error} hits more."));
    }
    if ranking.p95_error > 0.0 {
        let percent = ranking.p95_error * 100.0;
        errors.push(format!("Each p95 may be up to {percent:.1}% off."));
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_off_is_said() {
        let sections = crate::quantity::KeyKind {
            name: "section",
            title: "sections",
        };
        let mut ranking = Ranking::new(sections, Vec::new(), 0, 0, 0, 0);
        assert!(errors(&ranking).is_empty());
        (ranking.error, ranking.p95_error) = (1200, 0.016);
        let said = [
            "Each may have up to 1,200 hits more.",
            "Each p95 may be up to 1.6% off.",
        ];
        assert_eq!(errors(&ranking), said);
    }
}
