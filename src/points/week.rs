//! Hits by the hours of the week, on the clock of the zone shown.
//!
//! A cell is a weekday and an hour of it; a long run adds up its weeks. Which cell a second is in is looked up once for
//! each quarter of an hour, since zones are off by no less.

use crate::time::{Second, Zone};

/// So many seconds are in one cell, from a multiple of them on.
const QUARTER: i64 = 900;

/// See the module's text.
#[derive(Debug, Clone)]
pub struct Week {
    hits: [[u64; 24]; 7],
    /// The first and the last day that had hits, in days of its own clock since 1970.
    days: Option<(i64, i64)>,
    /// The quarter of an hour that is being added to, and its cell.
    open: (i64, usize, usize),
}

impl Default for Week {
    fn default() -> Week {
        Week {
            hits: [[0; 24]; 7],
            days: None,
            open: (i64::MIN, 0, 0),
        }
    }
}

impl Week {
    /// Adds the hits of a second.
    #[inline]
    pub fn add(&mut self, second: Second, hits: u64, zone: &Zone) {
        let quarter = second.0.div_euclid(QUARTER);
        if self.open.0 != quarter {
            self.open_at(quarter, zone);
        }
        let (_, day, hour) = self.open;
        self.hits[day][hour] += hits;
    }

    #[cold]
    fn open_at(&mut self, quarter: i64, zone: &Zone) {
        let from = Second(quarter.saturating_mul(QUARTER));
        let clock = from.0.saturating_add(i64::from(zone.offset_at(from)));
        let date = clock.div_euclid(86_400);
        // 1970-01-01 was a Thursday, and weeks begin on Monday.
        let day = (date + 3).rem_euclid(7) as usize;
        let hour = (clock.rem_euclid(86_400) / 3600) as usize;
        self.open = (quarter, day, hour);
        let (first, last) = self.days.unwrap_or((date, date));
        self.days = Some((first.min(date), last.max(date)));
    }

    /// The hits of every hour, Monday first.
    pub fn hits(&self) -> &[[u64; 24]; 7] {
        &self.hits
    }

    /// How often a weekday came from the first to the last day with hits, Monday being 0.
    pub fn times(&self, day: usize) -> u64 {
        let Some((first, last)) = self.days else {
            return 0;
        };
        // The days up to a date that are this weekday.
        let until = |date: i64| (date + 3 - day as i64).div_euclid(7);
        until(last).abs_diff(until(first - 1))
    }

    /// How many days there are from the first to the last with hits.
    pub fn days(&self) -> i64 {
        self.days.map_or(0, |(first, last)| last - first + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_one_of_the_zone() {
        let mut week = Week::default();
        assert_eq!(week.days(), 0);
        let kathmandu = Zone::fixed(20_700);
        // 2026-11-20T09:14:59Z, a Friday: 14:59:59 there; and a second later.
        for second in [1_795_166_099, 1_795_166_100, 1_795_166_100] {
            week.add(Second(second), 2, &kathmandu);
        }
        assert_eq!((week.hits()[4][14], week.hits()[4][15]), (2, 4));
        assert_eq!(week.days(), 1);
        // The Sunday before, in the last minute of its day in UTC.
        week.add(Second(1_794_787_199), 1, &Zone::UTC);
        assert_eq!((week.hits()[6][23], week.days()), (1, 6));
        assert_eq!([0, 4, 5, 6].map(|day| week.times(day)), [1, 1, 0, 1]);
        // A Friday again, a week later.
        week.add(Second(1_795_166_099 + 7 * 86_400), 0, &Zone::UTC);
        assert_eq!([0, 4, 5, 6].map(|day| week.times(day)), [2, 2, 1, 2]);
        assert_eq!(week.hits().iter().flatten().sum::<u64>(), 7);
    }
}
