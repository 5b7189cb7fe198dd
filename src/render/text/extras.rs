//! What a table tells of a key beside its hits, as far as there is room: 5xx first, then how long its
//! requests took, then bytes.

use unicode_width::UnicodeWidthStr;

use super::super::units;
use crate::report::{Ranking, Row};

/// What stands behind the share in a row.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extras {
    /// Bytes and p95, in columns.
    pub columns: String,
    /// 5xx, where there are any.
    pub errors: String,
}

/// The extras of each row of `ranking`, in at most `room` columns.
pub(super) fn extras(ranking: &Ranking, room: usize) -> Vec<Extras> {
    let errors = column(ranking, |row| match row.count.errors {
        0 => String::new(),
        errors => format!("  5xx {errors}"),
    });
    let p95 = column(ranking, |row| match row.p95_ms {
        None => String::new(),
        Some(ms) => format!("  p95 {}", units::milliseconds(ms)),
    });
    let bytes = column(ranking, |row| {
        format!("  {}", units::bytes(row.count.bytes))
    });
    let mut left = room;
    let mut fits = |column: &[String]| {
        let width = column.iter().map(|text| text.width()).max().unwrap_or(0);
        let fits = width > 0 && width <= left;
        left -= if fits { width } else { 0 };
        fits.then_some(width)
    };
    let (errors_fit, p95_width, bytes_width) = (fits(&errors), fits(&p95), fits(&bytes));
    let rows = errors.into_iter().zip(p95).zip(bytes);
    rows.map(|((errors, p95), bytes)| {
        let mut columns = String::new();
        if let Some(width) = bytes_width {
            columns.push_str(&format!("{bytes:>width$}"));
        }
        if let Some(width) = p95_width {
            columns.push_str(&format!("{p95:<width$}"));
        }
        if errors.is_empty() || errors_fit.is_none() {
            columns.truncate(columns.trim_end().len());
        }
        Extras {
            columns,
            errors: errors_fit.map_or(String::new(), |_| errors),
        }
    })
    .collect()
}

fn column(ranking: &Ranking, text: impl Fn(&Row) -> String) -> Vec<String> {
    ranking.rows.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::dimension::parse_top;
    use crate::stats::tally::Count;

    fn ranking() -> Ranking {
        let row = |bytes, errors, p95_ms| Row {
            key: (*b"/a").into(),
            count: Count {
                hits: 9,
                bytes,
                errors,
            },
            p95_ms,
        };
        let rows = vec![row(500, 0, Some(12.0)), row(18_300_000, 12, None)];
        Ranking::new(parse_top("path").expect("a list")[0], rows, 18, 2, 0, 0)
    }

    fn told(room: usize) -> Vec<String> {
        let line = |extras: Extras| extras.columns + &extras.errors;
        extras(&ranking(), room).into_iter().map(line).collect()
    }

    #[test]
    fn what_fits_stands_in_columns_and_5xx_go_first() {
        assert_eq!(
            told(40),
            ["    500 B  p95 12.0 ms", "  18.3 MB               5xx 12"]
        );
        assert_eq!(told(21), ["  p95 12.0 ms", "               5xx 12"]);
        assert_eq!(told(8), ["", "  5xx 12"]);
        assert_eq!(told(7), ["", ""]);
    }
}
