//! The columns of a table of keys, if some were chosen.

use crate::nearest;

/// A column of such a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyColumn {
    /// Hits.
    Hits,
    /// Their share of those that have a key.
    Share,
    /// Hits with 4xx.
    ClientErrors,
    /// Hits with 5xx.
    Errors,
    /// The mean of the durations.
    Mean,
    /// Their 95th percentile.
    P95,
    /// Bytes sent.
    Bytes,
    /// The time of the first hit.
    First,
    /// The time of the last one.
    Last,
}

/// Every column by its name, in the order of a table, and what it is.
pub const KEY_COLUMNS: [(&str, KeyColumn, &str); 9] = [
    ("hits", KeyColumn::Hits, "requests"),
    ("share", KeyColumn::Share, "their share"),
    ("4xx", KeyColumn::ClientErrors, "requests answered with 4xx"),
    ("5xx", KeyColumn::Errors, "requests answered with 5xx"),
    (
        "mean",
        KeyColumn::Mean,
        "the mean duration, if the log has durations",
    ),
    (
        "p95",
        KeyColumn::P95,
        "the 95th percentile of the durations",
    ),
    ("bytes", KeyColumn::Bytes, "bytes sent"),
    ("first", KeyColumn::First, "the time of the first request"),
    ("last", KeyColumn::Last, "the time of the last request"),
];

/// The columns that were chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyColumns(u16);

impl KeyColumns {
    /// Those of a list such as `hits,first,last`.
    ///
    /// # Errors
    ///
    /// Which of them is none.
    pub fn parse(list: &str) -> Result<KeyColumns, String> {
        let mut columns = KeyColumns(0);
        for name in list.split(',').map(str::trim) {
            let names = KEY_COLUMNS.map(|(known, ..)| known);
            let row = KEY_COLUMNS.iter().find(|(known, ..)| *known == name);
            let (_, column, _) = row.ok_or_else(|| {
                let meant = nearest::question(name, names);
                format!("unknown column '{name}'{meant} ({})", names.join(", "))
            })?;
            columns.0 |= column.bit();
        }
        Ok(columns)
    }

    /// Whether this one was.
    pub fn has(self, column: KeyColumn) -> bool {
        self.0 & column.bit() != 0
    }

    /// Whether the first or the last time of a key was.
    pub fn has_times(self) -> bool {
        self.has(KeyColumn::First) || self.has(KeyColumn::Last)
    }

    /// Each of them, in the order of a table.
    pub fn each(self) -> impl Iterator<Item = KeyColumn> {
        let columns = KEY_COLUMNS.iter().map(|&(_, column, _)| column);
        columns.filter(move |&column| self.has(column))
    }
}

impl KeyColumn {
    fn bit(self) -> u16 {
        1 << self as u16
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        KEY_COLUMNS[self as usize].0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_in_the_order_of_the_table_whatever_the_list_is() {
        let columns = KeyColumns::parse("last, hits,4xx").unwrap();
        let names: Vec<_> = columns.each().map(KeyColumn::name).collect();
        assert_eq!(names, ["hits", "4xx", "last"]);
        assert!(columns.has_times() && !columns.has(KeyColumn::First));
        for (name, column, _) in KEY_COLUMNS {
            assert_eq!(column.name(), name);
        }
        let why = KeyColumns::parse("hits,fist").unwrap_err();
        assert!(why.contains("did you mean 'first'? (hits, share,"), "{why}");
        assert!(KeyColumns::parse("").is_err());
    }
}
