//! How long requests took, over sliding windows.
//!
//! Each second keeps its own buckets; the histogram of a window is their sum, as seconds enter and leave. Most windows are never
//! asked for more than the longest of their durations: then they have none.
//! Of the longest durations only those are kept that can still become the longest of the window: every
//! one that has no longer one behind it.

use std::cell::RefCell;
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

/// Where durations are kept: among the others, and which of their windows.
#[derive(Debug, Clone, Copy)]
pub(in crate::alert) struct TimesPlace {
    pub(super) times: usize,
    window: usize,
}

/// The durations of some records over one or several windows.
#[derive(Debug)]
pub(in crate::alert) struct SharedTimes {
    source: Subset,
    /// Those seconds that have any.
    seconds: Window<Durations>,
    /// The longest of all windows.
    maxima: Maxima,
    /// Where a window has been asked for more than its longest, as long as it is asked again within its own length.
    windows: Vec<RefCell<Option<WindowTimes>>>,
}

/// The durations of a window.
#[derive(Debug)]
struct WindowTimes {
    histogram: Histogram,
    /// What was measured since anything changed, in milliseconds.
    values: Vec<(Timing, f64)>,
    /// When they were last asked for.
    asked: Second,
}

impl WindowTimes {
    fn change(&mut self, change: impl FnOnce(&mut Histogram)) {
        change(&mut self.histogram);
        self.values.clear();
    }
}

/// The place of the durations of `source` over a window, among those that are kept.
pub(super) fn place(kept: &mut Vec<SharedTimes>, source: Subset, span: Span) -> TimesPlace {
    let known = kept.iter().position(|times| times.source == source);
    let times = known.unwrap_or_else(|| {
        kept.push(SharedTimes {
            source,
            seconds: Window::new(span),
            maxima: Maxima::default(),
            windows: Vec::new(),
        });
        kept.len() - 1
    });
    let SharedTimes {
        seconds, windows, ..
    } = &mut kept[times];
    let window = seconds.place_of(span);
    windows.resize_with(seconds.spans(), RefCell::default);
    TimesPlace { times, window }
}

impl SharedTimes {
    pub(super) fn take(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        let (seconds, windows) = (&mut self.seconds, &mut self.windows);
        let durations = self.source.durations(bucket);
        if durations.is_none() && seconds.newest().is_none() {
            return;
        }
        seconds.slide(closed, |place, old| {
            if let Some(window) = windows[place].get_mut() {
                window.change(|histogram| histogram.subtract(old));
            }
        });
        self.maxima.leave(closed - seconds.longest());
        let Some(durations) = durations else {
            return;
        };
        let Some(held) = seconds.at(second, Durations::default()) else {
            return;
        };
        held.merge(durations);
        self.maxima.enter(second, durations.max_us());
        for (place, kept) in windows.iter_mut().enumerate() {
            let Some(window) = kept.get_mut() else {
                continue;
            };
            if closed - window.asked > seconds.span(place) {
                *kept.get_mut() = None;
            } else if seconds.holds(place, second) {
                window.change(|histogram| histogram.merge(durations));
            }
        }
    }

    /// The longest of a window, in microseconds; `None` where no request has a duration.
    pub(in crate::alert) fn longest_us(&self, place: TimesPlace) -> Option<u64> {
        // Where nothing is held, the end may be long ago.
        self.seconds.newest()?;
        let end = self.seconds.end();
        self.maxima.after(end - self.seconds.span(place.window))
    }

    /// What is measured, in milliseconds; `None` where no request has a duration.
    pub(in crate::alert) fn value_ms(&self, place: TimesPlace, timing: Timing) -> Option<f64> {
        let longest = self.longest_us(place)?;
        let mut kept = self.windows[place.window].borrow_mut();
        let WindowTimes {
            histogram,
            values,
            asked,
        } = kept.get_or_insert_with(|| {
            let mut histogram = Histogram::default();
            let seconds = self.seconds.of_span(place.window);
            seconds.for_each(|durations| histogram.merge(durations));
            WindowTimes {
                histogram,
                values: Vec::new(),
                asked: self.seconds.end(),
            }
        });
        *asked = self.seconds.end();
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == timing) {
            return Some(*value);
        }
        // No percentile is above the longest of the window; one that left does not count.
        histogram.set_max(longest);
        let value = match timing {
            Timing::Percentile(percent) => histogram.percentile_ms(percent.into()),
            Timing::Max => histogram.max_ms(),
            Timing::Mean => histogram.mean_ms(),
        };
        values.push((timing, value));
        Some(value)
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

    /// Seconds up to `last` are too old.
    fn leave(&mut self, last: Second) {
        while self.0.front().is_some_and(|(second, _)| *second <= last) {
            self.0.pop_front();
        }
    }

    /// The longest of the seconds after `last`, if there is one.
    fn after(&self, last: Second) -> Option<u64> {
        let before = self.0.partition_point(|(second, _)| *second <= last);
        self.0.get(before).map(|(_, us)| *us)
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
                maxima.leave(Second(end - span));
                for shorter in 1..=span {
                    let within = all.iter().filter(|(second, _)| *second > end - shorter);
                    let longest = within.map(|(_, us)| *us).max();
                    prop_assert_eq!(maxima.after(Second(end - shorter)), longest);
                }
                prop_assert!(maxima.0.len() <= span as usize);
            }
        }
    }
}
