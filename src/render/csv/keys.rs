//! The tables of a summary: a row for each key, and one without a key for those that are not listed.

use super::{harmless, row, time};
use crate::render::escape;
use crate::report::{Block, KeyColumn, KeyColumns, Ranking, Report, Row};
use crate::time::Zone;

/// Appends the tables of `report`, under a header if there was none: whether columns of them were chosen.
pub(super) fn add(report: &Report, zone: &Zone, headed: &mut bool, out: &mut Vec<u8>) -> bool {
    let rankings = report.blocks.iter().filter_map(|block| match block {
        Block::Ranking(ranking) if ranking.listed => Some((ranking, ranking.columns?)),
        _ => None,
    });
    let mut any = false;
    for (ranking, columns) in rankings {
        any = true;
        if !std::mem::replace(headed, true) {
            let names = columns.each().map(name);
            let before = ["dimension", "key", "keys"];
            row(before.into_iter().chain(names).map(str::to_owned), out);
        }
        table(ranking, columns, zone, out);
    }
    any
}

fn table(ranking: &Ranking, columns: KeyColumns, zone: &Zone, out: &mut Vec<u8>) {
    let mut line = |key: String, keys: u64, cell: &dyn Fn(KeyColumn) -> String| {
        let before = [ranking.dimension.name.to_owned(), key, keys.to_string()];
        row(before.into_iter().chain(columns.each().map(cell)), out);
    };
    for row in &ranking.rows {
        let key = harmless(&escape::terminal(&row.key, false));
        line(key, 1, &|column| cell(row, column, ranking.hits, zone));
    }
    let other = ranking.other();
    if other > 0 {
        line(String::new(), ranking.omitted(), &|column| match column {
            KeyColumn::Hits => other.to_string(),
            KeyColumn::Share => share(other, ranking.hits),
            _ => String::new(),
        });
    }
}

/// A column's name, with the unit of durations.
fn name(column: KeyColumn) -> &'static str {
    match column {
        KeyColumn::Mean => "mean_ms",
        KeyColumn::P95 => "p95_ms",
        _ => column.name(),
    }
}

/// What is in a column of a key; nothing where that is not known.
fn cell(row: &Row, column: KeyColumn, whole: u64, zone: &Zone) -> String {
    let known = |ms: Option<f64>| ms.map_or(String::new(), |ms| ms.to_string());
    match column {
        KeyColumn::Hits => row.count.hits.to_string(),
        KeyColumn::Share => share(row.count.hits, whole),
        KeyColumn::ClientErrors => row.count.client_errors.to_string(),
        KeyColumn::Errors => row.count.errors.to_string(),
        KeyColumn::Mean => known(row.mean_ms),
        KeyColumn::P95 => known(row.p95_ms),
        KeyColumn::Bytes => row.count.bytes.to_string(),
        KeyColumn::First => row.seen.map_or(String::new(), |seen| time(zone, seen.0)),
        KeyColumn::Last => row.seen.map_or(String::new(), |seen| time(zone, seen.1)),
    }
}

/// A part of the whole from 0 to 1, to four places.
fn share(part: u64, whole: u64) -> String {
    format!("{:.4}", part as f64 / whole.max(1) as f64)
}
