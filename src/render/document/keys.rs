//! The tables of the keys of a dimension.

use super::titled;
use crate::quantity::BETWEEN;
use crate::render::clock;
use crate::render::escape;
use crate::render::units::{self, grouped};
use crate::report::{KeyColumn, Ranking, Row};
use crate::time::{Second, Zone};

/// The table of the keys of a dimension.
pub(in crate::render) struct KeyList {
    /// The dimension's name: `Section`.
    pub(in crate::render) name: String,
    /// Its name for many: `Sections`.
    pub(in crate::render) title: String,
    /// How many keys there are: `1,284 in all`.
    pub(in crate::render) all: String,
    /// The columns behind that of the keys.
    pub(in crate::render) columns: Vec<KeyColumn>,
    pub(in crate::render) rows: Vec<KeyRow>,
    /// The keys that have no row.
    pub(in crate::render) other: Option<OtherKeys>,
    /// By how much the rows may be off, a sentence each.
    pub(in crate::render) errors: Vec<String>,
}

/// A key in that table.
pub(in crate::render) struct KeyRow {
    pub(in crate::render) key: String,
    /// What is in each column; `None` for a number that is none, or not known.
    pub(in crate::render) cells: Vec<Option<String>>,
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

impl OtherKeys {
    /// What is in a column, if anything is.
    pub(in crate::render) fn cell(&self, column: KeyColumn) -> Option<&str> {
        match column {
            KeyColumn::Hits => Some(&self.hits),
            KeyColumn::Share => Some(&self.percent),
            _ => None,
        }
    }
}

impl KeyList {
    /// `timed` says whether the page has a column of durations.
    pub(super) fn new(ranking: &Ranking, timed: bool, zone: &Zone) -> KeyList {
        let about = units::about(ranking.unique_error);
        let most = ranking.most();
        let other = ranking.other();
        let columns = columns(ranking, timed);
        KeyList {
            name: titled(ranking.dimension.name),
            title: titled(ranking.dimension.title),
            all: format!("{about}{} in all", grouped(ranking.unique)),
            rows: ranking
                .rows
                .iter()
                .map(|row| KeyRow::new(row, ranking.hits, most, (&columns, zone)))
                .collect(),
            columns,
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
    fn new(row: &Row, whole: u64, most: u64, shown: (&[KeyColumn], &Zone)) -> KeyRow {
        let count = row.count;
        let (columns, zone) = shown;
        let some = |count: u64| (count > 0).then(|| grouped(count));
        let when = |second: Second| clock::when(zone, second);
        let cell = |column: &KeyColumn| match column {
            KeyColumn::Hits => Some(grouped(count.hits)),
            KeyColumn::Share => Some(units::percent(count.hits, whole)),
            KeyColumn::ClientErrors => some(count.client_errors),
            KeyColumn::Errors => some(count.errors),
            KeyColumn::Mean => row.mean_ms.map(units::milliseconds),
            KeyColumn::P95 => row.p95_ms.map(units::milliseconds),
            KeyColumn::Bytes => Some(units::bytes(count.bytes)),
            KeyColumn::First => row.seen.map(|seen| when(seen.0)),
            KeyColumn::Last => row.seen.map(|seen| when(seen.1)),
        };
        KeyRow {
            key: escape::shown(&row.key),
            cells: columns.iter().map(cell).collect(),
            bar: units::share(count.hits, most),
            pairs: Vec::new(),
        }
    }
}

/// The columns of the table of a ranking.
fn columns(ranking: &Ranking, timed: bool) -> Vec<KeyColumn> {
    if let Some(chosen) = ranking.columns {
        return chosen.each().collect();
    }
    let mut columns = vec![KeyColumn::Hits, KeyColumn::Share, KeyColumn::Errors];
    columns.extend(timed.then_some(KeyColumn::P95));
    columns.push(KeyColumn::Bytes);
    columns
}

/// The head of a column.
pub(in crate::render) fn head_of(column: KeyColumn) -> &'static str {
    match column {
        KeyColumn::Hits => "Hits",
        KeyColumn::Share => "Share",
        KeyColumn::Mean => "Mean",
        KeyColumn::Bytes => "Bytes",
        KeyColumn::First => "First",
        KeyColumn::Last => "Last",
        KeyColumn::ClientErrors | KeyColumn::Errors | KeyColumn::P95 => column.name(),
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
