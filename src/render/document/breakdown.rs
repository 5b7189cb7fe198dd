//! The parts of a whole: status classes, methods, protocols.

use super::titled;
use crate::render::units::{self, grouped};

/// The parts of a whole that are not empty.
pub(in crate::render) struct Breakdown {
    /// Its name in JSON: `status`.
    pub(in crate::render) key: &'static str,
    pub(in crate::render) title: String,
    pub(in crate::render) parts: Vec<Portion>,
}

/// One part of a whole.
pub(in crate::render) struct Portion {
    pub(in crate::render) name: &'static str,
    pub(in crate::render) hits: String,
    pub(in crate::render) percent: String,
    /// Its share in percent, to draw.
    pub(in crate::render) share: f64,
}

impl Breakdown {
    /// `None` of a whole of nothing.
    pub(super) fn new(
        key: &'static str,
        items: &[(&'static str, u64)],
        error: u64,
    ) -> Option<Breakdown> {
        let whole: u64 = items.iter().map(|item| item.1).sum();
        let part = |&(name, hits): &(&'static str, u64)| Portion {
            name,
            hits: format!("{}{}", units::about(error), grouped(hits)),
            percent: units::percent(hits, whole),
            share: units::share(hits, whole),
        };
        let parts = items.iter().filter(|item| item.1 > 0).map(part);
        (whole > 0).then(|| Breakdown {
            key,
            title: titled(key),
            parts: parts.collect(),
        })
    }
}
