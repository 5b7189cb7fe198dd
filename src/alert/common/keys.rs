//! Distinct keys of a dimension over sliding windows.
//!
//! A key is in every window that reaches back to the second in which it came last. So that second is kept for each key,
//! and for each second how many keys came last in it: a window has as many keys as its seconds have together. A second
//! costs what came in it, however many windows there are.

use super::Subset;
use crate::alert::window::Window;
use crate::stats::bucket::Bucket;
use crate::stats::keys::{DROPPED, Renumbering};
use crate::time::{Second, Span};

/// Where a number of keys is kept: among the others, and which of its windows.
#[derive(Debug, Clone, Copy)]
pub(in crate::alert) struct KeysPlace {
    pub(super) keys: usize,
    window: usize,
}

/// The second of a key that has not come.
const NEVER: Second = Second(i64::MIN);

/// The distinct keys of some records over one or several windows.
#[derive(Debug)]
pub(super) struct SharedKeys {
    source: Subset,
    /// Which of the counted dimensions, and how many those are.
    dimension: (usize, usize),
    /// When each key came last, by its id.
    last: Vec<Second>,
    /// How many keys came last in each second.
    seconds: Window<u64>,
    windows: Vec<WindowCount>,
    /// The places of the windows, the shortest first.
    by_span: Vec<usize>,
    /// Keys were dropped from the table of their dimension.
    short: bool,
}

/// The keys of a window.
#[derive(Debug, Default)]
struct WindowCount {
    count: u64,
    /// How many more came in a second that the next longer window had already. Empty in between.
    more: u64,
}

/// The place of a number of keys, among those that are kept.
pub(super) fn place(
    kept: &mut Vec<SharedKeys>,
    source: Subset,
    dimension: (usize, usize),
    span: Span,
) -> KeysPlace {
    let same = |keys: &SharedKeys| (keys.source, keys.dimension) == (source, dimension);
    let keys = kept.iter().position(same).unwrap_or_else(|| {
        kept.push(SharedKeys {
            source,
            dimension,
            last: Vec::new(),
            seconds: Window::new(span),
            windows: Vec::new(),
            by_span: Vec::new(),
            short: false,
        });
        kept.len() - 1
    });
    let SharedKeys {
        seconds,
        windows,
        by_span,
        ..
    } = &mut kept[keys];
    let window = seconds.place_of(span);
    windows.resize_with(seconds.spans(), WindowCount::default);
    *by_span = (0..seconds.spans()).collect();
    by_span.sort_by_key(|place| seconds.span(*place));
    KeysPlace { keys, window }
}

impl SharedKeys {
    pub(super) fn take(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        let SharedKeys {
            last,
            seconds,
            windows,
            by_span,
            ..
        } = self;
        seconds.slide(closed, |place, keys| windows[place].count -= keys);
        let Some(log) = self.source.log(bucket) else {
            return;
        };
        let longest = seconds.span(by_span[by_span.len() - 1]);
        let held = second > closed - longest;
        let mut came = 0;
        for (id, _) in log.counts(self.dimension.0, self.dimension.1) {
            if id >= DROPPED {
                self.short |= id == DROPPED;
                continue;
            }
            let id = id as usize;
            if id >= last.len() {
                last.resize(id + 1, NEVER);
            }
            if last[id] >= second || !held {
                continue;
            }
            let before = std::mem::replace(&mut last[id], second);
            came += 1;
            // It is new in the windows that do not reach back to where it was.
            let reaches = |place: &usize| before <= closed - seconds.span(*place);
            let fewer = by_span.partition_point(reaches);
            if fewer < by_span.len()
                && let Some(keys) = seconds.get_mut(before)
            {
                *keys -= 1;
            }
            if let Some(place) = fewer.checked_sub(1) {
                windows[by_span[place]].more += 1;
            }
        }
        if came == 0 {
            return;
        }
        if let Some(keys) = seconds.at(second, 0) {
            *keys += came;
        }
        let mut more = 0;
        for &place in by_span.iter().rev() {
            let window = &mut windows[place];
            more += std::mem::take(&mut window.more);
            if second == closed || seconds.holds(place, second) {
                window.count += more;
            }
        }
    }

    /// How many keys there are.
    pub(super) fn unique(&self, place: KeysPlace) -> u64 {
        self.windows[place.window].count
    }

    /// Whether there may have been more.
    pub(super) fn is_short(&self) -> bool {
        self.short
    }

    /// Follows a reduction of the table of `dimension`.
    pub(super) fn renumber(&mut self, dimension: usize, ids: &Renumbering) {
        if dimension != self.dimension.0 {
            return;
        }
        for (old, second) in (0u32..).zip(std::mem::take(&mut self.last)) {
            let id = ids.new_id(old);
            if second == NEVER {
                continue;
            }
            if id < DROPPED {
                let id = id as usize;
                if id >= self.last.len() {
                    self.last.resize(id + 1, NEVER);
                }
                self.last[id] = second;
            } else if let Some(keys) = self.seconds.get_mut(second) {
                *keys -= 1;
                self.short = true;
                for (place, window) in self.windows.iter_mut().enumerate() {
                    window.count -= u64::from(self.seconds.holds(place, second));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Which keys come in a second that closes, with the seconds left out before it, and which come late, how long ago.
    type Round = (i64, Vec<u32>, Vec<(i64, u32)>);

    fn rounds() -> impl Strategy<Value = Vec<Round>> {
        let gap = prop_oneof![4 => Just(1i64), 1 => 1i64..9];
        let keys = prop::collection::vec(0u32..6, 0..4);
        let late = prop::collection::vec((0i64..12, 0u32..6), 0..3);
        prop::collection::vec((gap, keys, late), 1..40)
    }

    proptest! {
        #[test]
        fn the_keys_of_every_window_are_those_of_its_seconds(
            rounds in rounds(),
            spans in prop::array::uniform3(1i64..10),
            renumber_at in 0usize..40,
        ) {
            let mut kept = Vec::new();
            let places = spans.map(|span| place(&mut kept, Subset::All, (0, 1), Span(span)));
            let keys = &mut kept[0];
            let (mut all, mut end): (Vec<(i64, u32)>, _) = (Vec::new(), 0);
            for (index, (gap, now, late)) in rounds.into_iter().enumerate() {
                end += gap;
                keys.take(Second(end), &Bucket::of_keys(&now), Second(end));
                all.extend(now.iter().map(|&id| (end, id)));
                for (ago, id) in late {
                    keys.take(Second(end - ago), &Bucket::of_keys(&[id]), Second(end));
                    all.push((end - ago, id));
                }
                if index == renumber_at {
                    // 5 is dropped, the others turn round.
                    keys.renumber(0, &Renumbering::new(vec![4, 3, 2, 1, 0, DROPPED]));
                    all.retain(|(_, id)| *id != 5);
                    all.iter_mut().for_each(|(_, id)| *id = 4 - *id);
                }
                let plain = spans.map(|span| {
                    let within = all.iter().filter(|(second, _)| (end - span + 1..=end).contains(second));
                    within.map(|(_, id)| id).collect::<BTreeSet<_>>().len() as u64
                });
                prop_assert_eq!(places.map(|place| keys.unique(place)), plain);
            }
        }
    }
}
