//! Which keys of a window rules must look at.
//!
//! A key is *restless* when its sums have passed a limit of any rule, or have become greater than they were when the rules
//! looked at an alert of it that fires, and so raise its peak. Whatever else becomes of a key changes nothing: it costs a
//! comparison with the limits, however many alerts wait or fire.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::limits::{KeySums, SortedLimits};
use crate::stats::keys::{DROPPED, Renumbering};

/// So many restless ids are kept before equal ones are joined.
const MANY: usize = 1 << 16;

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct KeyWatch {
    pub(super) limits: SortedLimits,
    /// What keys came to when rules looked at them last, of those whose alert fires by any rule: what is no greater raises
    /// no peak. Those that do not fire any more leave when they come to less than every limit.
    peaks: HashMap<u32, KeySums, RandomState>,
    /// Keys that may have become restless since the last second closed, and what they came to before; some more than once.
    changed: Vec<(u32, KeySums)>,
    restless: Vec<u32>,
    /// How many of these were left when equal ones were joined.
    joined: usize,
    /// The rules have looked at them.
    looked: bool,
}

impl KeyWatch {
    /// The keys that rules must look at, in order of ids.
    pub(super) fn restless(&self) -> &[u32] {
        &self.restless
    }

    /// What a key comes to has changed.
    #[inline]
    pub(super) fn see(&mut self, id: u32, old: KeySums, new: KeySums) {
        let rises = new.counted > old.counted || self.limits.has_shares();
        if self.limits.are_near(old, new) && self.limits.are_passed(old, new)
            || rises && self.is_peak(id, new)
        {
            self.changed.push((id, old));
        }
    }

    /// Whether a key comes to more than its peak, if it has one.
    #[inline]
    fn is_peak(&self, id: u32, new: KeySums) -> bool {
        !self.peaks.is_empty() && self.is_above_peak(id, new)
    }

    #[inline(never)]
    fn is_above_peak(&self, id: u32, new: KeySums) -> bool {
        let has_shares = self.limits.has_shares();
        self.peaks.get(&id).is_some_and(|peak| {
            new.counted > peak.counted || has_shares && new.is_greater_share(*peak)
        })
    }

    /// A rule has looked at a key whose alert fires, and that comes to this: perhaps to no limit any more.
    pub(super) fn fires(&mut self, id: u32, sums: KeySums) {
        self.peaks.insert(id, sums);
    }

    /// What comes is of the next second.
    pub(super) fn begin(&mut self) {
        if std::mem::take(&mut self.looked) {
            self.restless.clear();
            self.joined = 0;
        }
    }

    /// A second has closed: finds which keys are restless, of those that may be.
    pub(super) fn end(&mut self, sums: impl Fn(u32) -> KeySums) {
        self.looked = true;
        for &(id, old) in &self.changed {
            let new = sums(id);
            if !self.limits.are_passed(old, new) && !self.is_peak(id, new) {
                continue;
            }
            self.restless.push(id);
            if !self.limits.is_any_reached(new) {
                self.peaks.remove(&id);
            } else if let Some(peak) = self.peaks.get_mut(&id) {
                *peak = new;
            }
        }
        self.changed.clear();
        // Late records may have left some.
        if self.restless.len() > 1 {
            self.restless.sort_unstable();
            self.restless.dedup();
        }
    }

    /// Records came late: the keys that may have become restless are so when the next second closes.
    pub(super) fn disturb(&mut self) {
        for (id, _) in self.changed.drain(..) {
            self.peaks.remove(&id);
            self.restless.push(id);
        }
        if self.restless.len() >= MANY + 2 * self.joined {
            self.restless.sort_unstable();
            self.restless.dedup();
            self.joined = self.restless.len();
        }
    }

    /// Ids have changed.
    pub(super) fn renumber(&mut self, ids: &Renumbering) {
        let new_id = |old| Some(ids.new_id(old)).filter(|id| *id != DROPPED);
        let peaks = std::mem::take(&mut self.peaks).into_iter();
        self.peaks = peaks
            .filter_map(|(old, sums)| Some((new_id(old)?, sums)))
            .collect();
        self.changed.clear();
        let restless = std::mem::take(&mut self.restless).into_iter();
        self.restless = restless.filter_map(new_id).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_whose_alert_fires_is_looked_at_as_it_rises_below_every_limit_too() {
        let sums = |counted: u64| KeySums {
            counted,
            hits: counted,
        };
        let mut watch = KeyWatch::default();
        // It goes on from an earlier run, whose hits are not known here.
        watch.fires(7, sums(0));
        for (counted, looked_at) in [(2, true), (1, false)] {
            watch.begin();
            watch.see(7, sums(0), sums(counted));
            watch.end(|_| sums(counted));
            assert_eq!(watch.restless() == [7], looked_at, "{counted}");
            watch.fires(7, sums(2));
        }
    }
}
