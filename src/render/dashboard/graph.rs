//! Traffic over time: a column for each point, in eighths of a row; below it lanes of errors and alerts, and the
//! time.

use super::super::bars::push_sparkline;
use super::super::digits;
use super::super::text::{BAD, BAR, DIM, PLAIN};
use super::FrameWriter;
use super::layout::{SCALE, ScreenLayout};
use crate::points::scales::{Scale, ScalePoint};
use crate::report::Peak;
use crate::snapshot::Snapshot;
use crate::time::{Second, Span};

/// The fewest columns between two marks of the time axis.
const APART: i64 = 12;
/// The steps between marks of the time axis.
const TICKS: [i64; 16] = [
    10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400, 172_800, 604_800,
    2_419_200, 14_515_200,
];

/// What is drawn: the points of the columns, oldest first, the newest in the last column.
struct GraphColumns<'a> {
    scale: &'a Scale,
    /// The number of the first column's point.
    first: i64,
    /// How many points there are: fewer than columns where the whole run is, which is stretched to them.
    count: i64,
    /// The point of each column.
    points: Vec<ScalePoint>,
    /// The hits per second of each.
    rates: Vec<f64>,
}

impl GraphColumns<'_> {
    /// The first column of the point of this number.
    fn column(&self, index: i64) -> i64 {
        let columns = self.points.len() as i64;
        // Rounded up, as the point of a column is rounded down.
        -(-(index - self.first) * columns).div_euclid(self.count)
    }

    fn most(&self) -> f64 {
        self.rates.iter().copied().fold(0.0, f64::max)
    }
}

impl FrameWriter<'_> {
    /// The graph and everything below it.
    pub(super) fn graph(&mut self, seen: &Snapshot, whole: bool, layout: &ScreenLayout) {
        let (Some(scale), Some(newest)) = (&seen.scale, seen.newest) else {
            let rows = layout.graph + 1 + if layout.roomy { 3 } else { 0 };
            for row in 0..rows {
                let mut line = self.line();
                if row == rows / 2 {
                    line.to(SCALE);
                    line.put(DIM, "waiting for the first record");
                }
                self.end(line);
            }
            return;
        };
        let columns = layout.points() as i64;
        // The whole run begins at the left, a part of it ends at the right.
        let oldest = seen
            .oldest
            .filter(|_| whole)
            .map(|oldest| scale.index(oldest));
        let last = scale.index(newest);
        let first = (last - columns + 1).max(oldest.unwrap_or(i64::MIN));
        let count = last - first + 1;
        let shown = (0..columns).map(|column| first + column * count / columns);
        let points: Vec<ScalePoint> = shown.clone().map(|index| scale.point(index)).collect();
        // The newest point is a mean over the seconds that it has so far.
        let seconds = |index: i64| {
            let begun = (newest - scale.second(index)).0 + 1;
            begun.clamp(1, scale.step()) as f64
        };
        let rates = shown
            .zip(&points)
            .map(|(index, point)| point.hits as f64 / seconds(index));
        let columns = GraphColumns {
            scale,
            first,
            count,
            rates: rates.collect(),
            points,
        };
        if layout.roomy {
            self.graph_title(&columns, seen);
        }
        let threshold = seen.window.map(|figure| figure.threshold);
        self.bars(&columns, threshold, layout.graph);
        if layout.roomy {
            self.errors(&columns);
            self.fired(seen, &columns, newest);
        }
        self.axis(&columns);
    }

    /// What a column is and, if there is room, when most hits came.
    fn graph_title(&mut self, columns: &GraphColumns<'_>, seen: &Snapshot) {
        let step = columns.scale.step();
        let stretched = (columns.count as usize) < columns.points.len();
        let unit = if stretched { "step" } else { "column" };
        let mut line = self.line();
        line.put(PLAIN, " requests/s");
        line.put(
            DIM,
            &format!("  {} a {unit}, + and - change it", Span(step)),
        );
        let highest = format!("highest {} ", rate(columns.most()));
        let room = line.left().saturating_sub(highest.len() + 2);
        let peak = seen.peak.map_or(String::new(), |peak| {
            format!(
                "  run: peak {}/s at {}",
                peak.hits,
                self.time_of(peak, seen)
            )
        });
        let busiest = seen.busiest.map_or(String::new(), |busiest| {
            let (hits, length) = (busiest.hits, busiest.to - busiest.from);
            let from = self.time_of(busiest, seen);
            format!(", busiest {hits} in {length} from {from}")
        });
        if peak.len() <= room {
            line.put(DIM, &peak);
            if peak.len() + busiest.len() <= room {
                line.put(DIM, &busiest);
            }
        }
        line.right(DIM, &highest);
        self.end(line);
    }

    /// When a peak began; without the date on the day of the newest second.
    fn time_of(&self, peak: Peak, seen: &Snapshot) -> String {
        let time = self.brief(peak.from);
        let today = seen.newest.map(|newest| self.brief(newest));
        match (time.split_once(' '), &today) {
            (Some((date, time)), Some(today)) if today.starts_with(date) => time.to_owned(),
            _ => time,
        }
    }

    /// The bars, as high as the hits per second, and at least an eighth of a row.
    fn bars(&mut self, columns: &GraphColumns<'_>, threshold: Option<f64>, rows: usize) {
        let most = columns.most();
        // The threshold is shown if it does not make the bars too low.
        let sight = threshold.filter(|&threshold| threshold <= most * 2.0);
        let top = nice(sight.map_or(most, |threshold| most.max(threshold)));
        let parts = if self.look.ascii { 1 } else { 8 };
        let height = |&rate: &f64| {
            let height = rate / top * (rows * parts) as f64;
            (height.round() as usize).max(usize::from(rate > 0.0))
        };
        let heights: Vec<usize> = columns.rates.iter().map(height).collect();
        let line_at = sight.map(|threshold| {
            let from_below = (threshold / top * rows as f64 - 0.001) as usize;
            rows - 1 - from_below.min(rows - 1)
        });
        for row in 0..rows {
            let mut line = self.line();
            let mut label = match row {
                0 => rate(top),
                _ if rows >= 4 && rows.is_multiple_of(2) && row == rows / 2 => rate(top / 2.0),
                _ => String::new(),
            };
            let marked = line_at == Some(row);
            if let (true, true, Some(threshold)) = (marked, row > 0, sight) {
                label = rate(threshold);
            }
            line.put(DIM, &format!("{label:>7} "));
            line.put(DIM, if self.look.ascii { "|" } else { "▕" });
            // The filled and the empty parts of this row are a piece each.
            let below = (rows - 1 - row) * parts;
            let mut piece = String::new();
            let mut filled = false;
            let mut length = 0;
            for &height in &heights {
                let part = height.saturating_sub(below).min(parts);
                if (part > 0) != filled {
                    line.push(if filled { BAR } else { DIM }, &piece, length);
                    (piece, length, filled) = (String::new(), 0, part > 0);
                }
                piece.push(match part {
                    0 if marked => {
                        if self.look.ascii {
                            '-'
                        } else {
                            '┈'
                        }
                    }
                    0 => ' ',
                    _ if self.look.ascii => '#',
                    part => ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'][part - 1],
                });
                length += 1;
            }
            line.push(if filled { BAR } else { DIM }, &piece, length);
            self.end(line);
        }
    }

    /// How many were answered with 5xx, each column relative to the worst.
    fn errors(&mut self, columns: &GraphColumns<'_>) {
        let errors: Vec<u64> = columns.points.iter().map(|point| point.errors).collect();
        let mut line = self.line();
        line.put(DIM, &format!("{:>7} ", "5xx"));
        line.to(SCALE);
        let mut lane = Vec::new();
        push_sparkline(&errors, errors.len(), self.look.ascii, &mut lane);
        line.push(BAD, &String::from_utf8_lossy(&lane), errors.len());
        self.end(line);
    }

    /// When an alert fired.
    fn fired(&mut self, seen: &Snapshot, columns: &GraphColumns<'_>, newest: Second) {
        let mut lane = vec![' '; columns.points.len()];
        let mark = if self.look.ascii { '!' } else { '━' };
        for &(since, until) in &seen.spans {
            let from = columns.column(columns.scale.index(since).max(columns.first));
            let to = columns.column(columns.scale.index(until.unwrap_or(newest)) + 1) - 1;
            if let Ok(to) = usize::try_from(to) {
                let to = to.min(lane.len() - 1);
                let from = usize::try_from(from).unwrap_or(usize::MAX).min(lane.len());
                lane[from.min(to + 1)..=to].fill(mark);
            }
        }
        let mut line = self.line();
        line.put(DIM, &format!("{:>7} ", "alerts"));
        line.to(SCALE);
        let count = lane.len();
        line.push(BAD, &lane.into_iter().collect::<String>(), count);
        self.end(line);
    }

    /// The time: a mark at the column in which it begins.
    fn axis(&mut self, columns: &GraphColumns<'_>) {
        let step = columns.scale.step();
        let wide = |tick: &&i64| {
            let columns = **tick / step * columns.points.len() as i64 / columns.count;
            **tick % step == 0 && columns >= APART
        };
        let tick = *TICKS.iter().find(wide).unwrap_or(&TICKS[TICKS.len() - 1]);
        let mut line = self.line();
        let mark = if self.look.ascii { "|" } else { "╵" };
        for index in columns.first..columns.first + columns.count {
            // Points begin at multiples of their length on the clock that is shown, and so do marks.
            if (index * step).rem_euclid(tick) != 0 {
                continue;
            }
            let time = self.zone.show(columns.scale.second(index));
            // The date if a day begins here, otherwise the time; for years that no log has, everything.
            let text = match time.get(11..19) {
                None => &time,
                Some(_) if tick >= 604_800 => &time[..10],
                Some("00:00:00") => &time[5..10],
                Some(time) if tick < 60 => time,
                Some(time) => &time[..5],
            };
            let at = usize::try_from(columns.column(index)).unwrap_or(usize::MAX);
            if at.saturating_add(1 + text.len()) <= columns.points.len() {
                line.to(SCALE + at);
                line.push(DIM, &format!("{mark}{text}"), 1 + text.len());
            }
        }
        self.end(line);
    }
}

/// A mean per second in few columns: `0.5`, `12`, `1500`, `2.5M`.
fn rate(per_second: f64) -> String {
    let (value, unit) = match per_second {
        ..100_000.0 => (per_second, ""),
        ..1e6 => (per_second / 1e3, "k"),
        _ => (per_second / 1e6, "M"),
    };
    let mut out = Vec::new();
    let decimals = match value {
        _ if value >= 100.0 => 0,
        _ if value >= 10.0 => 1,
        _ => 2,
    };
    digits::fixed(value, decimals, &mut out);
    let text = String::from_utf8_lossy(&out);
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text}{unit}")
}

/// The least of 1, 1.5, 2, 3, 4, 5, 6 and 8 times a power of ten that is not below `value`.
fn nice(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    let fits = |step: &&f64| **step * power >= value * (1.0 - 1e-9);
    steps.iter().find(fits).unwrap_or(&10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tops_are_round_and_not_below_what_is_shown() {
        let tops = [0.0, 0.3, 1.0, 1.1, 9.9, 128.4, 1e6].map(|value| rate(nice(value)));
        assert_eq!(tops, ["1", "0.3", "1", "1.5", "10", "150", "1M"]);
        assert_eq!(rate(4.0 / 15.0), "0.27");
        assert_eq!(rate(12.5), "12.5");
        assert_eq!(rate(200_000.0), "200k");
    }
}
