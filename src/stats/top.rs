//! What is to be listed: the dimensions of a run, how many rows each has, and in which order.

use super::dimension::{DIMENSIONS, Dimension, meant, named, names};
use crate::nearest;

/// By what the rows of a dimension are ordered: the most first, of equals that with more hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RowOrder {
    /// Hits.
    #[default]
    Hits,
    /// Bytes sent.
    Bytes,
    /// Hits with 5xx.
    Errors,
    /// Hits with 4xx.
    ClientErrors,
    /// The 95th percentile of their durations, keys with ten hits or more before the others: of fewer it says little.
    P95,
    /// The mean of their durations, as P95.
    Mean,
}

/// The orders, by their names.
const ORDERS: [(&str, RowOrder); 7] = [
    ("hits", RowOrder::Hits),
    ("bytes", RowOrder::Bytes),
    ("errors", RowOrder::Errors),
    ("5xx", RowOrder::Errors),
    ("4xx", RowOrder::ClientErrors),
    ("p95", RowOrder::P95),
    ("mean", RowOrder::Mean),
];

impl RowOrder {
    /// Whether it is one of durations, which are known of a whole run only.
    pub fn is_of_durations(self) -> bool {
        matches!(self, RowOrder::P95 | RowOrder::Mean)
    }
}

/// A dimension to count and how many of its rows to list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Top {
    /// The dimension.
    pub dimension: &'static Dimension,
    /// Rows listed; 0 for one that is counted only.
    pub rows: usize,
    /// Whether it was asked for by name. Then a summary says more about each row, also how long its requests took if the
    /// log has durations; for such a log that costs a tenth of the time.
    pub asked: bool,
    /// By what its rows are ordered.
    pub order: RowOrder,
}

impl Top {
    /// So many rows of a dimension that was not asked for by name, those with the most hits.
    pub fn unasked(dimension: &'static Dimension, rows: usize) -> Top {
        Top {
            dimension,
            rows,
            asked: false,
            order: RowOrder::default(),
        }
    }
}

/// How many rows are listed where no number is given.
pub const ROWS: usize = 5;
/// The most rows that can be asked for.
const MAX_ROWS: usize = 100_000;

/// Reads `section=10,client by errors,path=5 by bytes`.
pub fn parse_top(list: &str) -> Result<Vec<Top>, String> {
    let mut tops: Vec<Top> = Vec::new();
    for item in list.split(',').map(str::trim) {
        let (item, order) = match item.split_once(" by ") {
            None => (item, RowOrder::default()),
            Some((item, name)) => {
                let name = name.trim();
                let order = ORDERS.iter().find(|(known, _)| *known == name);
                let order = order.ok_or_else(|| {
                    let names = ORDERS.map(|(known, _)| known);
                    let meant = nearest::question(name, names);
                    format!(
                        "'{item}' cannot be ordered by '{name}'{meant} ({})",
                        names.join(", ")
                    )
                })?;
                (item.trim(), order.1)
            }
        };
        let (name, rows) = match item.split_once('=') {
            None => (item, ROWS),
            Some((name, rows)) => {
                let rows = rows
                    .trim()
                    .parse()
                    .ok()
                    .filter(|rows| (1..=MAX_ROWS).contains(rows));
                let rows = rows
                    .ok_or_else(|| format!("'{item}': rows are a number from 1 to {MAX_ROWS}"))?;
                (name.trim(), rows)
            }
        };
        let dimension = named(name).ok_or_else(|| {
            let rows = name
                .split_once(':')
                .filter(|(name, _)| named(name).is_some());
            let meant = match rows {
                Some((name, rows)) => format!(", did you mean '{name}={rows}'?"),
                None if name.parse::<usize>().is_ok() => {
                    format!(", did you mean 'path={name}'?")
                }
                None => meant(name, &[]),
            };
            format!("unknown dimension '{name}'{meant} ({})", names())
        })?;
        if tops.iter().any(|top| top.dimension == dimension) {
            return Err(format!("'{name}' is listed twice"));
        }
        tops.push(Top {
            dimension,
            rows,
            asked: true,
            order,
        });
    }
    Ok(tops)
}

/// Adds a list to those before it. Of two numbers of rows for a dimension the later one counts.
pub fn add_to_list(tops: &mut Vec<Top>, list: Vec<Top>) {
    for top in list {
        match tops
            .iter_mut()
            .find(|known| known.dimension == top.dimension)
        {
            Some(known) => *known = top,
            None => tops.push(top),
        }
    }
}

/// The list with section and client, which are always counted.
pub fn with_standing(list: &[Top]) -> Vec<Top> {
    let mut tops = list.to_vec();
    count_too(&mut tops, DIMENSIONS[..2].iter());
    tops
}

/// Counts these dimensions too, without rows.
fn count_too(tops: &mut Vec<Top>, dimensions: impl Iterator<Item = &'static Dimension>) {
    for dimension in dimensions {
        if !tops.iter().any(|top| top.dimension == dimension) {
            tops.push(Top::unasked(dimension, 0));
        }
    }
}

/// What can be chosen on a screen besides what is listed.
const TO_CHOOSE_FROM: [&str; 3] = ["path", "status", "agent"];

/// Adds what can be chosen on a screen.
pub fn add_to_choose_from(tops: &mut Vec<Top>) {
    count_too(tops, TO_CHOOSE_FROM.iter().filter_map(|name| named(name)));
}

/// What a page lists besides, where nothing was asked for: what is asked for, static files and their kinds apart, and who
/// refers to the site.
const ON_PAGES: [&str; 4] = ["page", "static", "extension", "referrer-host"];

/// What a page lists by default.
pub fn page_top() -> Vec<Top> {
    let more = ON_PAGES.iter().filter_map(|name| named(name));
    let more = more.map(|dimension| Top::unasked(dimension, ROWS));
    default_top().into_iter().chain(more).collect()
}

/// What is listed by default.
pub fn default_top() -> Vec<Top> {
    let standing = DIMENSIONS[..2].iter();
    standing
        .map(|dimension| Top::unasked(dimension, ROWS))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_add_up() {
        let mut tops = Vec::new();
        for list in ["path=2", "client,path=7", "status"] {
            add_to_list(&mut tops, parse_top(list).unwrap());
        }
        let read: Vec<_> = tops
            .iter()
            .map(|top| (top.dimension.name, top.rows))
            .collect();
        assert_eq!(read, [("path", 7), ("client", 5), ("status", 5)]);
    }

    #[test]
    fn top_lists_name_dimensions_and_rows() {
        let tops = parse_top("section=10, client ,path=1").unwrap();
        let read: Vec<_> = tops
            .iter()
            .map(|top| (top.dimension.name, top.rows))
            .collect();
        assert_eq!(read, [("section", 10), ("client", 5), ("path", 1)]);
        for bad in [
            "",
            "x",
            "section=0",
            "section=-1",
            "section=100001",
            "section by size",
            "section=5by bytes",
            "section,section",
            "section=",
            "section,",
        ] {
            assert!(parse_top(bad).is_err(), "{bad}");
        }
    }
}
