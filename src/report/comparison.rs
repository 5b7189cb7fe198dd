//! What changed between two times of a log.

use crate::quantity::KeyKind;
use crate::time::Second;

/// A run beside another time of the same log: what was before, and what is now.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The first second of the other time that was believed.
    pub from: Option<Second>,
    /// Its last second.
    pub to: Option<Second>,
    /// How much longer this time is: by that the hits of the other are multiplied.
    pub scale: f64,
    /// Hits.
    pub hits: [u64; 2],
    /// Hits that were answered with 4xx or 5xx.
    pub errors: [u64; 2],
    /// What 95 % of the requests did not take longer than, in milliseconds, where the log says.
    pub p95_ms: [Option<f64>; 2],
    /// The rows of each dimension that is listed.
    pub keys: Vec<ChangedKeys>,
}

/// The rows of a dimension now, and behind them those that are gone.
#[derive(Debug, Clone)]
pub struct ChangedKeys {
    /// The dimension.
    pub dimension: KeyKind,
    /// The rows.
    pub rows: Vec<ChangedRow>,
}

/// A key, and its hits at both times.
#[derive(Debug, Clone)]
pub struct ChangedRow {
    /// The key, as it was in the log.
    pub key: Box<[u8]>,
    /// Its hits now; 0 for one that is gone.
    pub hits: u64,
    /// Its hits before; 0 for one that is new.
    pub before: u64,
    /// How many of them were answered with 5xx, before and now.
    pub errors: [u64; 2],
}
