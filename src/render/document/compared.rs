//! What changed since another time.

use super::clock;
use crate::render::escape;
use crate::render::units::{self, grouped};
use crate::report::Comparison;
use crate::time::Zone;

/// A comparison with another time.
pub(in crate::render) struct Compared {
    /// That time: `2026-11-19 09:00:02 to 09:07:58`.
    pub(in crate::render) with: String,
    /// The whole, then each dimension.
    pub(in crate::render) tables: Vec<ComparedTable>,
}

/// What was counted at both times.
pub(in crate::render) struct ComparedTable {
    /// The dimension's name for many; empty for the whole.
    pub(in crate::render) title: &'static str,
    pub(in crate::render) rows: Vec<ComparedRow>,
}

/// One line of it.
pub(in crate::render) struct ComparedRow {
    pub(in crate::render) name: String,
    pub(in crate::render) before: String,
    pub(in crate::render) now: String,
    /// By how much it is more or less, `new` or `gone`.
    pub(in crate::render) change: String,
    /// Hits with 5xx now; `None` where there are none.
    pub(in crate::render) errors: Option<String>,
    /// The same before.
    pub(in crate::render) errors_before: Option<String>,
}

impl Compared {
    pub(super) fn new(comparison: &Comparison, zone: &Zone) -> Compared {
        let with = match (comparison.from, comparison.to) {
            (Some(from), Some(to)) => clock::from_to(zone, from, to),
            _ => "a time without a hit".to_owned(),
        };
        let line = |name: &str, [before, now]: [String; 2], change: String| ComparedRow {
            name: name.to_owned(),
            before,
            now,
            change,
            errors: None,
            errors_before: None,
        };
        let hits = comparison.hits;
        let share = |n: usize| units::fine_percent(comparison.errors[n], hits[n]);
        let mut whole = vec![
            line(
                "Hits",
                hits.map(grouped),
                units::change(hits, comparison.scale),
            ),
            line("Errors (4xx, 5xx)", [share(0), share(1)], String::new()),
        ];
        if let [Some(before), Some(now)] = comparison.p95_ms {
            let times = [before, now].map(units::milliseconds);
            whole.push(line("p95 time", times, String::new()));
        }
        let mut tables = vec![ComparedTable {
            title: "",
            rows: whole,
        }];
        let some = |count: u64| (count > 0).then(|| grouped(count));
        for keys in comparison.keys.iter().filter(|keys| !keys.rows.is_empty()) {
            let rows = keys.rows.iter().map(|row| ComparedRow {
                name: escape::shown(&row.key),
                before: grouped(row.before),
                now: grouped(row.hits),
                change: units::change([row.before, row.hits], comparison.scale),
                errors: some(row.errors[1]),
                errors_before: some(row.errors[0]),
            });
            tables.push(ComparedTable {
                title: keys.dimension.title,
                rows: rows.collect(),
            });
        }
        Compared { with, tables }
    }
}
