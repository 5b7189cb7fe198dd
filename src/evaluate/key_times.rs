//! When each key was seen first and last, where that was asked for.
//!
//! Closed seconds say it, and what came late for one: so a wrong time that is not believed moves nothing, and it makes no
//! difference how the log was split. 16 bytes for each key of each dimension that is listed.

use crate::stats::bucket::Bucket;
use crate::stats::keys::{DROPPED, Renumbering};
use crate::stats::top::Top;
use crate::time::Second;

/// Neither before nor after any time.
const NEVER: (Second, Second) = (Second(i64::MAX), Second(i64::MIN));

/// The first and the last time of each id, by dimension.
#[derive(Debug, Default, Clone)]
pub(super) struct KeyTimes(Vec<Vec<(Second, Second)>>);

impl KeyTimes {
    /// Counts a second of these dimensions, or what came late for it.
    pub(super) fn add(&mut self, second: Second, bucket: &Bucket, tops: &[Top]) {
        self.0.resize_with(tops.len(), Vec::new);
        for (index, (top, times)) in tops.iter().zip(&mut self.0).enumerate() {
            if top.rows == 0 {
                continue;
            }
            for (id, _) in bucket.log.counts(index, tops.len()) {
                extend(times, id, (second, second));
            }
        }
    }

    /// Follows a reduction of the table of `dimension`.
    pub(super) fn renumber(&mut self, dimension: usize, ids: &Renumbering) {
        let Some(times) = self.0.get_mut(dimension) else {
            return;
        };
        for (id, span) in (0..).zip(std::mem::take(times)) {
            if span != NEVER {
                extend(times, ids.new_id(id), span);
            }
        }
    }

    /// The first and the last time of this id of dimension `index`.
    pub(super) fn of(&self, index: usize, id: u32) -> Option<(Second, Second)> {
        let span = *self.0.get(index)?.get(id as usize)?;
        (span != NEVER).then_some(span)
    }
}

/// Widens the span of `id`; one that was dropped has none.
fn extend(times: &mut Vec<(Second, Second)>, id: u32, (first, last): (Second, Second)) {
    if id >= DROPPED {
        return;
    }
    let index = id as usize;
    if index >= times.len() {
        times.resize(index + 1, NEVER);
    }
    let span = &mut times[index];
    *span = (span.0.min(first), span.1.max(last));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::stats::Hit;
    use crate::stats::top::parse_top;

    proptest! {
        #[test]
        fn the_first_and_the_last_second_of_a_key_are_kept_in_whatever_order_they_come(
            hits in prop::collection::vec((0i64..100, 0u32..6), 0..60),
            at in 0usize..60,
        ) {
            let tops = parse_top("section,client").expect("a list");
            let new = Renumbering::new(vec![2, DROPPED, 0, 1, 3, DROPPED]);
            let (mut times, mut want) = (KeyTimes::default(), BTreeMap::new());
            for (n, &(second, id)) in hits.iter().enumerate() {
                if n == at {
                    times.renumber(1, &new);
                    want = want
                        .into_iter()
                        .map(|(id, span)| (new.new_id(id), span))
                        .filter(|(id, _)| *id != DROPPED)
                        .collect();
                }
                let second = Second(second);
                let mut hit = Hit::uncounted(second);
                hit.ids[..2].copy_from_slice(&[0, id]);
                let mut bucket = Bucket::default();
                bucket.observe(&hit, tops.len());
                times.add(second, &bucket, &tops);
                let span = want.entry(id).or_insert((second, second));
                *span = (span.0.min(second), span.1.max(second));
            }
            for id in 0..8 {
                prop_assert_eq!(times.of(1, id), want.get(&id).copied());
            }
        }
    }
}
