//! How long requests took, over sliding windows.
//!
//! Each second keeps its own buckets; the histogram of a window is their sum, as seconds enter and leave.
//! Of the longest durations only those are kept that can still become the longest of the window: every
//! one that has no longer one behind it.

use std::collections::VecDeque;

use super::Subset;
use crate::alert::window::Window;
use crate::stats::bucket::Bucket;
use crate::stats::latency::{Durations, Histogram};
use crate::time::{Second, Span};

/// What of the durations is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::alert) enum Timing {
    /// The one that this percentage of the requests did not exceed.
    Percentile(u8),
    Max,
    Mean,
}

/// Where a measure of durations is kept: among the others, in which of their windows, and which it is there.
#[derive(Debug, Clone, Copy)]
pub(in crate::alert) struct TimesPlace {
    pub(super) times: usize,
    window: usize,
    value: usize,
}

/// The durations of some records over one or several windows.
#[derive(Debug)]
pub(in crate::alert) struct SharedTimes {
    source: Subset,
    seconds: Window<SecondDurations>,
    windows: Vec<WindowTimes>,
}

/// What is kept of a second.
#[derive(Debug, Default)]
struct SecondDurations {
    hits: u64,
    durations: Durations,
}

/// The durations of a window.
#[derive(Debug, Default)]
struct WindowTimes {
    histogram: Histogram,
    maxima: Maxima,
    hits: u64,
    /// What is measured, in milliseconds, when the last second closed.
    values: Vec<(Timing, f64)>,
}

/// The place of a measure, among those that are kept.
pub(super) fn place(
    kept: &mut Vec<SharedTimes>,
    timing: Timing,
    source: Subset,
    span: Span,
) -> TimesPlace {
    let known = kept.iter().position(|times| times.source == source);
    let times = known.unwrap_or_else(|| {
        kept.push(SharedTimes {
            source,
            seconds: Window::new(span),
            windows: Vec::new(),
        });
        kept.len() - 1
    });
    let SharedTimes {
        seconds, windows, ..
    } = &mut kept[times];
    let window = seconds.place_of(span);
    windows.resize_with(seconds.spans(), WindowTimes::default);
    let values = &mut windows[window].values;
    let known = values.iter().position(|(known, _)| *known == timing);
    let value = known.unwrap_or_else(|| {
        values.push((timing, 0.0));
        values.len() - 1
    });
    TimesPlace {
        times,
        window,
        value,
    }
}

impl SharedTimes {
    pub(super) fn take(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        let windows = &mut self.windows;
        self.seconds.slide(closed, |place, old| {
            windows[place].histogram.subtract(&old.durations);
            windows[place].hits -= old.hits;
        });
        let hits = self.source.counters(bucket).hits;
        let durations = self.source.durations(bucket);
        // Whatever has a duration is a hit.
        if hits > 0
            && let Some(held) = self.seconds.at(second, SecondDurations::default())
        {
            held.hits += hits;
            if let Some(durations) = durations {
                held.durations.merge(durations);
            }
            for (place, window) in self.windows.iter_mut().enumerate() {
                if !self.seconds.holds(place, second) {
                    continue;
                }
                window.hits += hits;
                if let Some(durations) = durations {
                    window.histogram.merge(durations);
                    window.maxima.enter(second, durations.max_us());
                }
            }
        }
        for (place, window) in self.windows.iter_mut().enumerate() {
            // No percentile is above the longest of the window; one that left does not count.
            let max = window.maxima.leave(closed - self.seconds.span(place));
            window.histogram.set_max(max);
        }
    }

    /// Measures what is asked for.
    pub(super) fn measure(&mut self) {
        for WindowTimes {
            histogram, values, ..
        } in &mut self.windows
        {
            for (timing, value) in values {
                *value = match timing {
                    Timing::Percentile(percent) => histogram.percentile_ms((*percent).into()),
                    Timing::Max => histogram.max_ms(),
                    Timing::Mean => histogram.mean_ms(),
                };
            }
        }
    }

    /// What was measured in milliseconds when the last second closed; `None` where no request has a duration.
    pub(in crate::alert) fn value_ms(&self, place: TimesPlace) -> Option<f64> {
        let WindowTimes {
            histogram, values, ..
        } = &self.windows[place.window];
        (!histogram.is_empty()).then(|| values[place.value].1)
    }

    /// The hits of the window.
    pub(in crate::alert) fn hits(&self, place: TimesPlace) -> u64 {
        self.windows[place.window].hits
    }

    /// The next second at which something leaves the window, if nothing enters before.
    pub(in crate::alert) fn next_leave(&self, place: TimesPlace) -> Option<Second> {
        // Whatever has a duration is a hit.
        self.seconds.next_leave(place.window)
    }
}

/// The longest durations, in microseconds: each shorter than the one before, of an older second.
#[derive(Debug, Default)]
struct Maxima(VecDeque<(Second, u64)>);

impl Maxima {
    /// A second has this longest duration, or one so long has come late for it.
    fn enter(&mut self, second: Second, us: u64) {
        let behind = self.0.partition_point(|(known, _)| *known <= second);
        if self.0.get(behind).is_some_and(|(_, later)| *later >= us) {
            return;
        }
        let before = self.0.range(..behind).rev();
        let shorter = before.take_while(|(_, known)| *known <= us).count();
        // One of the same second that is longer says it all.
        let longer = (behind - shorter)
            .checked_sub(1)
            .map(|index| self.0[index].0);
        self.0.drain(behind - shorter..behind);
        if longer != Some(second) {
            self.0.insert(behind - shorter, (second, us));
        }
    }

    /// Seconds up to `last` are too old; the longest of the others, 0 where there is none.
    fn leave(&mut self, last: Second) -> u64 {
        while self.0.front().is_some_and(|(second, _)| *second <= last) {
            self.0.pop_front();
        }
        self.0.front().map_or(0, |(_, us)| *us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_longest_is_that_of_the_window(comes in prop::collection::vec((0i64..3, 0i64..8, 1u64..9), 1..80), span in 1i64..8) {
            let (mut maxima, mut all, mut end) = (Maxima::default(), Vec::new(), 0);
            for (gap, ago, us) in comes {
                end += gap;
                if ago < span {
                    maxima.enter(Second(end - ago), us);
                    all.push((end - ago, us));
                }
                let within = all.iter().filter(|(second, _)| *second > end - span);
                let longest = within.map(|(_, us)| *us).max().unwrap_or(0);
                prop_assert_eq!(maxima.leave(Second(end - span)), longest);
                prop_assert!(maxima.0.len() <= span as usize);
            }
        }
    }
}
