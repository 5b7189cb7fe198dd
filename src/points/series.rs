//! Hits and errors over the whole run, in bounded memory.
//!
//! Points of one length cover the time from the first to the last second with hits, without a hole:
//! a point of 0 means that nothing came. When they would be more than [`MOST`], neighbours are added up to the
//! next of a few nice lengths, so sums stay exact and only the place within a point is forgotten.
//! Seconds are added as they close; a late record is added to its own second, wherever that lies; a
//! skewed one has no place in time and is not here. Adding to the newest point costs a few instructions.

use crate::time::{Second, Span, Zone};

/// The most points; after a merge there are at least a fifth as many.
pub const MOST: usize = 300;

/// The lengths of a point, easy to read, each a multiple of the one before; past a day they double.
const STEPS: [i64; 13] = [
    1, 5, 15, 30, 60, 300, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400,
];

/// What happened in the time of a point.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Point {
    /// Records.
    pub hits: u64,
    /// Those answered with 4xx.
    pub client_errors: u64,
    /// Those answered with 5xx.
    pub server_errors: u64,
}

/// What points are made of: it can be added up.
pub trait Addend: Clone + Default {
    /// Adds what is in the time of another.
    fn add(&mut self, other: &Self);
}

impl Addend for Point {
    #[inline]
    fn add(&mut self, other: &Point) {
        self.hits += other.hits;
        self.client_errors += other.client_errors;
        self.server_errors += other.server_errors;
    }
}

/// The points of a run, oldest first.
#[derive(Debug, Clone)]
pub struct Series<P = Point> {
    /// Seconds east of UTC when the run began: points begin at multiples of their length on that clock.
    offset: i64,
    step: i64,
    /// The first point, counted in steps since 1970-01-01T00:00:00 on that clock.
    first: i64,
    points: Vec<P>,
    /// The span `[from, to)` of the newest point; empty where there is none.
    newest: (i64, i64),
}

impl<P> Default for Series<P> {
    fn default() -> Series<P> {
        Series {
            offset: 0,
            step: STEPS[0],
            first: 0,
            points: Vec::new(),
            newest: (0, 0),
        }
    }
}

impl<P: Addend> Series<P> {
    /// Adds what was counted in `second`. The zone says where a day begins; that of the first call is kept.
    #[inline(always)]
    pub fn add(&mut self, second: Second, point: P, zone: Option<&Zone>) {
        self.at(second, zone).add(&point);
    }

    /// Where the point ends that holds `second`, as long as points are.
    pub fn end_of(&self, second: Second) -> Second {
        Second((self.index(second) + 1) * self.step - self.offset)
    }

    /// The point that holds `second`, to add to. The zone is as for [`Series::add`].
    #[inline(always)] // There is one for each second.
    pub fn at(&mut self, second: Second, zone: Option<&Zone>) -> &mut P {
        let last = self.points.len().wrapping_sub(1);
        let place = if self.newest.0 <= second.0 && second.0 < self.newest.1 {
            last
        } else {
            self.place_of(second, zone)
        };
        &mut self.points[place]
    }

    /// Where the point is that holds a second which the newest does not hold.
    #[inline(never)]
    fn place_of(&mut self, second: Second, zone: Option<&Zone>) -> usize {
        if self.points.is_empty() {
            self.offset = zone.map_or(0, |zone| i64::from(zone.offset_at(second)));
            self.first = self.index(second);
            self.points.push(P::default());
        }
        while self.span_with(self.index(second)) > MOST as i64 {
            self.coarsen();
        }
        let index = self.index(second);
        while index < self.first {
            self.points.insert(0, P::default());
            self.first -= 1;
        }
        let at = (index - self.first) as usize;
        if at >= self.points.len() {
            self.points.resize(at + 1, P::default());
        }
        let newest = self.first + self.points.len() as i64 - 1;
        let from = newest * self.step - self.offset;
        self.newest = (from, from + self.step);
        at
    }

    /// The point that holds `second`.
    fn index(&self, second: Second) -> i64 {
        (second.0 + self.offset).div_euclid(self.step)
    }

    /// How many points there would be with one at `index`.
    fn span_with(&self, index: i64) -> i64 {
        let last = self.first + self.points.len() as i64 - 1;
        last.max(index) - self.first.min(index) + 1
    }

    /// Adds neighbours up to points of the next length.
    fn coarsen(&mut self) {
        let step = STEPS
            .iter()
            .copied()
            .find(|&step| step > self.step)
            .unwrap_or(self.step * 2);
        let factor = step / self.step;
        let first = self.first.div_euclid(factor);
        let mut points: Vec<P> = Vec::new();
        for (i, point) in self.points.iter().enumerate() {
            let index = ((self.first + i as i64).div_euclid(factor) - first) as usize;
            if index >= points.len() {
                points.push(P::default());
            }
            points[index].add(point);
        }
        (self.step, self.first, self.points) = (step, first, points);
    }

    /// The same in at most `most` points; two at least, as none reaches across 1970.
    pub fn at_most(&self, most: usize) -> Series<P> {
        let mut series = self.clone();
        while series.points.len() > most.max(2) {
            series.coarsen();
        }
        series
    }

    /// Where the first point begins.
    pub fn from(&self) -> Second {
        Second(self.first * self.step - self.offset)
    }

    /// Where the last point ends.
    pub fn to(&self) -> Second {
        self.from() + Span(self.step * self.points.len() as i64)
    }

    /// The length of a point in words: `second`, `5s`, `minute`.
    pub fn step_name(&self) -> String {
        match self.step {
            1 => "second".to_owned(),
            60 => "minute".to_owned(),
            3600 => "hour".to_owned(),
            86_400 => "day".to_owned(),
            _ => self.step().to_string(),
        }
    }

    /// The length of a point.
    pub fn step(&self) -> Span {
        Span(self.step)
    }

    /// The points, oldest first.
    pub fn points(&self) -> impl ExactSizeIterator<Item = &P> {
        self.points.iter()
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use proptest::prelude::*;

    fn hits(hits: u64, errors: u64) -> Point {
        Point {
            hits,
            client_errors: errors,
            server_errors: errors,
        }
    }

    fn shown(series: &Series) -> (i64, i64, Vec<u64>) {
        let points = series.points().map(|point| point.hits).collect();
        (series.from().0, series.step().0, points)
    }

    #[test]
    fn a_short_run_has_a_point_for_every_second_and_gaps_are_zero() {
        let mut series = Series::default();
        assert!(series.is_empty());
        for second in [100, 101, 104] {
            series.add(Second(second), hits(2, 1), None);
        }
        series.add(Second(98), hits(1, 0), None);
        series.add(Second(101), hits(1, 0), None);
        assert_eq!(shown(&series), (98, 1, vec![1, 0, 2, 3, 0, 0, 2]));
        assert_eq!(series.to(), Second(105));
    }

    #[test]
    fn points_begin_where_the_clock_of_the_log_shows_whole_steps() {
        let zone = Zone::fixed(12_600);
        let mut series = Series::default();
        series.add(Second(1_548_116_774), hits(1, 0), Some(&zone));
        series.add(Second(1_548_116_774 + 2_000_000), hits(1, 0), Some(&zone));
        assert_eq!(series.step(), Span(7200));
        assert!(zone.show(series.from()).ends_with("T02:00:00+03:30"));
    }

    #[test]
    fn a_jump_of_centuries_costs_no_memory() {
        let mut series = Series::default();
        series.add(Second(-62_000_000_000), hits(1, 0), None);
        series.add(Second(250_000_000_000), hits(1, 0), None);
        assert!(series.points().len() <= MOST && series.points().len() >= MOST / 5);
        assert_eq!(series.points().map(|point| point.hits).sum::<u64>(), 2);
    }

    fn check(seconds: &[(i64, u64)], offset: i32, most: usize) {
        let zone = Zone::fixed(offset);
        let mut series = Series::default();
        for &(second, errors) in seconds {
            series.add(Second(second), hits(errors + 1, errors), Some(&zone));
        }
        assert!(series.points().len() <= MOST);
        for series in [series.at_most(most), series] {
            let (from, step) = (series.from().0, series.step().0);
            let mut points: BTreeMap<i64, Point> = BTreeMap::new();
            for &(second, errors) in seconds {
                points
                    .entry((second - from).div_euclid(step))
                    .or_default()
                    .add(&Point {
                        hits: errors + 1,
                        client_errors: errors,
                        server_errors: errors,
                    });
            }
            assert_eq!((from + i64::from(offset)).rem_euclid(step), 0);
            let last = *points.keys().last().expect("one at least");
            assert_eq!(
                (points.keys().next(), series.points().len() as i64),
                (Some(&0), last + 1)
            );
            for (i, point) in series.points().enumerate() {
                assert_eq!(*point, points.remove(&(i as i64)).unwrap_or_default());
            }
        }
    }

    proptest! {
        #[test]
        fn every_point_is_the_exact_sum_of_its_seconds(
            seconds in prop::collection::vec((prop_oneof![-50i64..2000, -90_000i64..900_000], 0u64..9), 1..200),
            offset in -43_200i32..43_200,
            most in 2usize..100,
        ) {
            check(&seconds, offset, most);
        }
    }

    #[test]
    fn a_point_on_either_side_of_1970_is_a_sum_too() {
        check(&[(-40_112, 0), (0, 0)], 0, 2);
    }
}
