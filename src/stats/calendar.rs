//! The hour, the weekday and the day of a record, by the clock of its line.

use crate::format::record::Record;

/// The hours of a day.
pub(super) static HOURS: [&str; 24] = [
    "00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15",
    "16", "17", "18", "19", "20", "21", "22", "23",
];

/// The days of a week.
pub(super) static WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// In seconds.
pub(super) const DAY: i64 = 86_400;
/// The first day of 1970 was a Thursday.
const EPOCH_WEEKDAY: i64 = 3;

/// What the clock shows, in seconds since its 1970.
pub(super) fn shown(record: &Record<'_>) -> i64 {
    record.time.0.saturating_add(record.offset.into())
}

/// The hour of the day.
pub(super) fn hour(record: &Record<'_>) -> &'static [u8] {
    HOURS[(shown(record).rem_euclid(DAY) / 3600) as usize].as_bytes()
}

/// The day of the week.
pub(super) fn weekday(record: &Record<'_>) -> &'static [u8] {
    let day = shown(record).div_euclid(DAY) + EPOCH_WEEKDAY;
    WEEKDAYS[day.rem_euclid(7) as usize].as_bytes()
}

/// When its day began, in seconds since its 1970.
pub(super) fn midnight(record: &Record<'_>) -> i64 {
    let shown = shown(record);
    shown - shown.rem_euclid(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Second;

    #[test]
    fn hours_and_days_are_those_of_the_lines_clock() {
        // 2026-11-20T23:30:00Z, a Friday.
        let friday = 1_795_217_400;
        for (time, offset, want) in [
            (friday, 0, "23 fri"),
            (friday, 3600, "00 sat"),
            (friday, -43_200, "11 fri"),
            (friday + 2 * DAY, 1800, "00 mon"),
            (-1, 0, "23 wed"),
            (0, 0, "00 thu"),
        ] {
            let record = Record {
                time: Second(time),
                offset,
                ..Record::EMPTY
            };
            let keys = [hour(&record), weekday(&record)].join(&b' ');
            assert_eq!(bstr::BStr::new(&keys), want, "{time} {offset}");
        }
        for time in [Second(i64::MAX), Second(i64::MIN)] {
            let far = Record {
                time,
                offset: 3600,
                ..Record::EMPTY
            };
            assert_eq!((hour(&far).len(), weekday(&far).len()), (2, 3));
        }
    }
}
