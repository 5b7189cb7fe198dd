//! The table of measures.

use super::spec::{Measure, MeasureKind};
use super::{count, duration, silence, slo, unique};

/// Every measure, in the order in which messages list them.
pub(super) const MEASURES: [&MeasureKind; 14] = [
    &count::HITS,
    &count::ANSWERED,
    &count::BYTES,
    &count::MALFORMED,
    &count::UNPARSED,
    &unique::UNIQUE,
    &duration::P50,
    &duration::P90,
    &duration::P95,
    &duration::P99,
    &duration::MAX,
    &duration::MEAN,
    &silence::SILENCE,
    &slo::SLO,
];

impl Measure {
    /// Reads the name of a measure, `unique` with the dimension behind it left out.
    pub fn parse(name: &str) -> Option<Measure> {
        let kind = MEASURES.into_iter().find(|kind| kind.name == name);
        Some(match (kind, name.as_bytes()) {
            (Some(kind), _) => Measure::Named(kind),
            (None, [class @ b'1'..=b'5', b'x', b'x']) => Measure::Class(class - b'0'),
            (None, [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9']) => Measure::Status(name.parse().ok()?),
            _ => return None,
        })
    }

    /// What it says of itself.
    pub(super) fn kind(self) -> &'static MeasureKind {
        match self {
            Measure::Named(kind) => kind,
            Measure::Class(_) | Measure::Status(_) => &count::ANSWERED,
            Measure::Unique(_) => &unique::UNIQUE,
        }
    }
}
