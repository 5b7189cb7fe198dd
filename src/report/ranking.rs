//! The keys of a dimension, by what was counted under them.

use super::columns::KeyColumns;
use crate::quantity::{Count, KeyKind};
use crate::time::Second;

/// The keys of a dimension, heaviest first.
#[derive(Debug, Clone)]
pub struct Ranking {
    /// The dimension.
    pub dimension: KeyKind,
    /// Whether rows were asked for; if not, only the number of distinct keys was.
    pub listed: bool,
    /// Whether they were asked for by name: then a summary has a line for each.
    pub asked: bool,
    /// The rows.
    pub rows: Vec<Row>,
    /// Hits that have a key, the rows among them.
    pub hits: u64,
    /// Distinct keys.
    pub unique: u64,
    /// By how much `unique` may be off (0: exact): in a summary three standard errors of an estimate,
    /// in a report no more than this.
    pub unique_error: u64,
    /// By how many hits a key may be undercounted (0: exact).
    pub error: u64,
    /// By which part of themselves the percentiles of the rows may be off (0: less than 1 %). An
    /// `f64` would make every block larger, and say no more.
    pub p95_error: f32,
    /// The columns of its table, if some were chosen.
    pub columns: Option<KeyColumns>,
}

impl Ranking {
    /// A ranking whose rows were asked for by name.
    pub fn new(
        dimension: KeyKind,
        rows: Vec<Row>,
        hits: u64,
        unique: u64,
        unique_error: u64,
        error: u64,
    ) -> Ranking {
        Ranking {
            dimension,
            listed: true,
            asked: true,
            rows,
            hits,
            unique,
            unique_error,
            error,
            p95_error: 0.0,
            columns: None,
        }
    }

    /// Whether any row says how long its requests took.
    pub fn is_timed(&self) -> bool {
        self.rows.iter().any(|row| row.p95_ms.is_some())
    }

    /// The most hits that a row has; 1 if there is none.
    pub fn most(&self) -> u64 {
        let hits = self.rows.iter().map(|row| row.count.hits);
        hits.max().unwrap_or(1)
    }

    /// Keys that are not listed.
    pub fn omitted(&self) -> u64 {
        self.unique.saturating_sub(self.rows.len() as u64)
    }

    /// Hits under keys that are not listed.
    pub fn other(&self) -> u64 {
        self.hits - self.rows.iter().map(|row| row.count.hits).sum::<u64>()
    }
}

/// A key and what was counted under it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The key, as it was in the log.
    pub key: Box<[u8]>,
    /// Its count.
    pub count: Count,
    /// What 95 % of its requests did not take longer than, in milliseconds: in a summary, where the log says.
    pub p95_ms: Option<f64>,
    /// The mean of them, where that is known.
    pub mean_ms: Option<f64>,
    /// The times of its first and its last request, where they were asked for.
    pub seen: Option<(Second, Second)>,
}
