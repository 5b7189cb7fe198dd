//! Hits and errors of the past at several scales at once: the newest points of one second, of two, …, of a week.
//!
//! Every closed second is added to the newest point of each scale, so a graph of any of them is there at once
//! and no point is ever computed from others. Memory is fixed: 256 points of each. A late record is
//! added to its own points, where they are still held.

use std::collections::VecDeque;

use crate::time::{Second, Zone};

/// Points held of each scale: more than the columns of a wide terminal.
const MOST: usize = 256;

/// Seconds in a point of each scale.
pub const STEPS: [i64; 17] = [
    1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1800, 3600, 10_800, 43_200, 86_400, 604_800,
];

/// What happened in the time of a point.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScalePoint {
    /// Records.
    pub hits: u64,
    /// Those answered with 5xx.
    pub errors: u64,
}

impl ScalePoint {
    fn add(&mut self, other: ScalePoint) {
        self.hits += other.hits;
        self.errors += other.errors;
    }
}

/// Points of one length, oldest first.
#[derive(Debug, Clone)]
pub struct Scale {
    step: i64,
    /// Seconds east of UTC: points begin at multiples of their length on that clock.
    offset: i64,
    /// The first point, counted in steps.
    first: i64,
    points: VecDeque<ScalePoint>,
}

impl Scale {
    /// The number of the point that holds `second`.
    pub fn index(&self, second: Second) -> i64 {
        (second.0 + self.offset).div_euclid(self.step)
    }

    /// The first second of the point of this number.
    pub fn second(&self, index: i64) -> Second {
        Second(index * self.step - self.offset)
    }

    /// Seconds in a point.
    pub fn step(&self) -> i64 {
        self.step
    }

    /// The point of this number; nothing happened where none is held.
    pub fn point(&self, index: i64) -> ScalePoint {
        usize::try_from(index - self.first)
            .ok()
            .and_then(|at| self.points.get(at))
            .copied()
            .unwrap_or_default()
    }

    /// Adds to the point that holds `second`, unless it is too old.
    pub fn add(&mut self, second: Second, point: ScalePoint) {
        let index = self.index(second);
        if self.points.is_empty() || index - self.first >= 2 * MOST as i64 {
            // Nothing that is held will be seen again.
            self.points.clear();
            self.first = index;
        }
        let Ok(at) = usize::try_from(index - self.first) else {
            return;
        };
        if at >= self.points.len() {
            self.points.resize(at + 1, ScalePoint::default());
        }
        self.points[at].add(point);
        let over = self.points.len().saturating_sub(MOST);
        self.points.drain(..over);
        self.first += over as i64;
    }
}

/// The past at every scale.
#[derive(Debug, Clone)]
pub struct Scales(Option<[Scale; STEPS.len()]>);

impl Scales {
    /// Nothing so far.
    pub fn new() -> Scales {
        Scales(None)
    }

    /// Adds what was counted in `second`. Where a day begins is what `zone` says at the first call.
    pub fn add(&mut self, second: Second, point: ScalePoint, zone: &Zone) {
        let scales = self.0.get_or_insert_with(|| scales(second, zone));
        for scale in scales {
            scale.add(second, point);
        }
    }

    /// The scale with this place in [`STEPS`]; `second` and `zone` are those of its first point, if it has none.
    pub fn get(&self, scale: usize, second: Second, zone: &Zone) -> Scale {
        match &self.0 {
            Some(scales) => scales[scale].clone(),
            None => scales(second, zone)[scale].clone(),
        }
    }
}

impl Default for Scales {
    fn default() -> Scales {
        Scales::new()
    }
}

fn scales(second: Second, zone: &Zone) -> [Scale; STEPS.len()] {
    let offset = i64::from(zone.offset_at(second));
    STEPS.map(|step| Scale {
        step,
        offset,
        first: 0,
        points: VecDeque::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hits(hits: u64) -> ScalePoint {
        ScalePoint {
            hits,
            errors: hits / 2,
        }
    }

    #[test]
    fn points_begin_at_whole_steps_of_the_zone() {
        let mut scales = Scales::new();
        let zone = Zone::fixed(1800);
        scales.add(Second(1799), hits(1), &zone);
        scales.add(Second(1800), hits(2), &zone);
        let hours = scales.get(12, Second(0), &zone);
        assert_eq!(hours.index(Second(1799)), 0);
        assert_eq!(hours.point(0).hits, 1);
        assert_eq!(hours.point(1), ScalePoint { hits: 2, errors: 1 });
        assert_eq!(hours.second(1), Second(1800));
    }

    proptest! {
        #[test]
        fn points_are_sums_of_their_seconds(
            steps in proptest::collection::vec((-40i64..400, 1u64..9), 1..300),
            scale in 0..STEPS.len(),
        ) {
            let mut scales = Scales::new();
            let (mut second, mut newest) = (Second(1_000_000), Second(0));
            let mut all = Vec::new();
            for (step, count) in steps {
                second = Second(second.0 + step);
                newest = newest.max(second);
                scales.add(second, hits(count), &Zone::UTC);
                all.push((second, count));
            }
            let scale = scales.get(scale, second, &Zone::UTC);
            let last = scale.index(newest);
            prop_assert!(scale.points.len() <= MOST);
            for index in scale.first..=last {
                let of_point = |(second, _): &&(Second, u64)| scale.index(*second) == index;
                let sum: u64 = all.iter().filter(of_point).map(|(_, count)| count).sum();
                prop_assert_eq!(scale.point(index).hits, sum);
            }
            prop_assert_eq!(scale.point(last + 1).hits, 0);
        }
    }
}
