//! The columns after the share of a key in a table on a colour terminal, if there is room: 5xx, then the duration
//! of its requests, then bytes. Each has a column in all tables of a report, or in none.

use super::super::{digits, units};
use super::{BAD, PLAIN, TextWriter};
use crate::report::{Ranking, Row};

/// The width of each in columns, with the gap before it; 0 if there is nothing to show, or no room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Extras {
    /// Hits that were answered with 5xx.
    pub(super) errors: usize,
    /// The percentile of the durations.
    pub(super) p95: usize,
    /// Bytes that were sent.
    pub(super) bytes: usize,
}

/// What is before the number of 5xx.
const FAILED: &str = "  5xx ";
/// What is before a duration.
const SLOW: &str = "  p95 ";
/// Bytes need no name.
const SENT: &str = "  ";

impl Extras {
    /// Makes room for what `ranking` has to show.
    pub(super) fn widen(&mut self, ranking: &Ranking) {
        for row in &ranking.rows {
            let Row { count, p95_ms, .. } = row;
            if count.errors > 0 {
                let failed = count.errors.ilog10() as usize + 1;
                self.errors = self.errors.max(FAILED.len() + failed);
            }
            if let Some(ms) = p95_ms {
                let slow = units::milliseconds(*ms).len();
                self.p95 = self.p95.max(SLOW.len() + slow);
            }
            if count.bytes > 0 {
                let sent = units::bytes(count.bytes).len();
                self.bytes = self.bytes.max(SENT.len() + sent);
            }
        }
    }

    /// Leaves out durations and bytes if they do not fit in `room` columns.
    pub(super) fn within(self, room: usize) -> Extras {
        let mut left = room;
        let mut fitting = |width: usize| {
            let width = if width <= left { width } else { 0 };
            left -= width;
            width
        };
        Extras {
            errors: self.errors,
            p95: fitting(self.p95),
            bytes: fitting(self.bytes),
        }
    }
}

impl TextWriter<'_> {
    /// The extras of a key, at the right of their columns.
    pub(super) fn extras(&mut self, row: &Row) {
        let Extras { errors, p95, bytes } = self.columns.extras;
        let failed = Some(row.count.errors).filter(|&failed| failed > 0);
        self.extra(BAD, FAILED, errors, failed, digits::whole);
        self.extra(PLAIN, SLOW, p95, row.p95_ms, units::push_milliseconds);
        let sent = Some(row.count.bytes);
        self.extra(PLAIN, SENT, bytes, sent, units::push_bytes);
    }

    /// One column: `  5xx   12`, or blanks.
    fn extra<T>(
        &mut self,
        style: &str,
        name: &str,
        width: usize,
        number: Option<T>,
        push: fn(T, &mut Vec<u8>),
    ) {
        match number {
            Some(number) if width > 0 => self.paint(style, |page| {
                page.raw(name);
                page.right(width - name.len(), |out| push(number, out));
            }),
            _ => self.blanks(width),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::{Count, KeyKind};

    #[test]
    fn durations_go_before_bytes_where_not_all_fits() {
        let row = |bytes, errors, p95_ms| Row {
            key: (*b"/a").into(),
            count: Count {
                hits: 9,
                bytes,
                errors,
                client_errors: 0,
            },
            p95_ms,
            mean_ms: None,
            seen: None,
        };
        let rows = vec![row(500, 0, Some(12.0)), row(18_300_000, 12, None)];
        let ranking = Ranking::new(
            KeyKind {
                name: "path",
                title: "paths",
            },
            rows,
            18,
            2,
            0,
            0,
        );
        let mut extras = Extras::default();
        extras.widen(&ranking);
        let all = Extras {
            errors: "  5xx 12".len(),
            p95: "  p95 12.0 ms".len(),
            bytes: "  18.3 MB".len(),
        };
        assert_eq!(extras, all);
        assert_eq!(extras.within(22), all);
        assert_eq!(extras.within(21), Extras { bytes: 0, ..all });
        let bytes_only = Extras { p95: 0, ..all };
        assert_eq!(extras.within(12), bytes_only);
        assert_eq!(
            extras.within(8),
            Extras {
                bytes: 0,
                ..bytes_only
            }
        );
    }
}
