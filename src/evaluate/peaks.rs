//! The peak second of a run and its busiest interval, followed as seconds close.
//!
//! Of the intervals that reports have, or of minutes where there are none. What came late was closed
//! without it, and what is skewed has no second; neither counts here. Of equals the first is reported.

use crate::interval::Interval;
use crate::report::Peak;
use crate::stats::columns::SecondsInColumns;
use crate::time::{Second, Span, Zone};

/// The interval where there are no reports.
const MINUTE: Interval = Interval::Every(Span(60));

/// See the module's text.
#[derive(Debug)]
pub(super) struct Peaks {
    interval: Interval,
    second: Option<Peak>,
    busiest: Option<Peak>,
    /// The interval of the last second that had hits.
    open: Option<Peak>,
}

impl Peaks {
    /// Nothing yet; intervals are those of reports, if there are any.
    pub(super) fn new(interval: Option<Interval>) -> Peaks {
        Peaks {
            interval: interval.unwrap_or(MINUTE),
            second: None,
            busiest: None,
            open: None,
        }
    }

    /// A second closes, with so many hits; `zone` is what intervals are aligned to.
    #[inline]
    pub(super) fn close(&mut self, second: Second, hits: u64, zone: &Zone) {
        if hits == 0 {
            return;
        }
        let (from, to) = (second, second.next());
        raise(&mut self.second, Peak { from, to, hits });
        let open = match &mut self.open {
            Some(open) if second < open.to => open,
            open => {
                let (from, to) = self.interval.window(second, zone);
                open.insert(Peak { from, to, hits: 0 })
            }
        };
        open.hits += hits;
        raise(&mut self.busiest, *open);
    }

    /// The same of seconds with hits each.
    pub(super) fn close_in_columns(&mut self, seconds: &SecondsInColumns<'_>, zone: &Zone) {
        for (second, hits) in seconds.iter() {
            self.close(second, hits, zone);
        }
    }

    /// The log goes back: what closes from now on belongs to no interval before.
    pub(super) fn begin_stretch(&mut self) {
        self.open = None;
    }

    /// The second with the most hits.
    pub(super) fn second(&self) -> Option<Peak> {
        self.second
    }

    /// The interval with the most.
    pub(super) fn busiest(&self) -> Option<Peak> {
        self.busiest
    }
}

#[inline]
fn raise(greatest: &mut Option<Peak>, peak: Peak) {
    if greatest.is_none_or(|greatest| greatest.hits < peak.hits) {
        *greatest = Some(peak);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_greatest_is_told() {
        let mut peaks = Peaks::new(Some(Interval::Every(Span(10))));
        assert_eq!((peaks.second(), peaks.busiest()), (None, None));
        for (second, hits) in [(5, 3), (12, 2), (13, 0), (18, 3), (21, 3), (29, 2), (95, 1)] {
            peaks.close(Second(second), hits, &Zone::UTC);
        }
        let peak = |from, to, hits| {
            let (from, to) = (Second(from), Second(to));
            Some(Peak { from, to, hits })
        };
        assert_eq!(peaks.second(), peak(5, 6, 3));
        assert_eq!(peaks.busiest(), peak(10, 20, 5));
    }
}
