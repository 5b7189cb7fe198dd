//! One second, or any number of them merged: a handful of counters and the log of its hits.

use super::dimension::Scratch;
use super::hit_log::HitLog;
use super::keys::Renumbering;
use super::latency::Durations;
use super::rows::RollupRows;
use super::tally::Tally;
use super::{CLIENT_ERROR, Hit, SERVER_ERROR, Statistic};
use crate::format::record::Record;
use crate::quantity::Count;
use crate::time::Second;

/// The counters that have no key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Records.
    pub hits: u64,
    /// Bytes sent, saturating.
    pub bytes: u64,
    /// Records by class of status: `[other, 1xx, 2xx, 3xx, 4xx, 5xx]`.
    pub status: [u64; 6],
    /// Records whose request could not be read.
    pub malformed: u64,
    /// Lines that are not records and came while this second was the newest.
    pub unparsed: u64,
    /// Records that came while this second was the newest, after their own second was closed.
    pub late: u64,
    /// How many of them were answered with 5xx.
    pub late_errors: u64,
}

impl Counters {
    /// Counts one record.
    #[inline]
    pub fn observe(&mut self, hit: &Hit) {
        self.hits += 1;
        self.bytes = self.bytes.saturating_add(hit.bytes);
        self.status[usize::from(hit.class)] += 1;
        self.malformed += u64::from(hit.malformed);
    }

    /// What they come to, as for one key.
    pub fn count(&self) -> Count {
        Count {
            hits: self.hits,
            bytes: self.bytes,
            errors: self.status[usize::from(SERVER_ERROR)],
            client_errors: self.status[usize::from(CLIENT_ERROR)],
        }
    }

    /// Adds the counters of another span of time.
    pub fn merge(&mut self, other: &Counters) {
        self.hits += other.hits;
        self.bytes = self.bytes.saturating_add(other.bytes);
        for (sum, more) in self.status.iter_mut().zip(other.status) {
            *sum += more;
        }
        self.malformed += other.malformed;
        self.unparsed += other.unparsed;
        self.late += other.late;
        self.late_errors += other.late_errors;
    }

    /// What is left without those of a `part` of the time.
    pub fn without(&self, part: &Counters) -> Counters {
        let mut status = self.status;
        for (left, part) in status.iter_mut().zip(part.status) {
            *left -= part;
        }
        Counters {
            hits: self.hits - part.hits,
            bytes: self.bytes.saturating_sub(part.bytes),
            status,
            malformed: self.malformed - part.malformed,
            unparsed: self.unparsed - part.unparsed,
            late: self.late - part.late,
            late_errors: self.late_errors - part.late_errors,
        }
    }
}

impl Statistic for Counters {
    #[inline]
    fn observe(&mut self, _: &Record<'_>, hit: &Hit, _: &mut Scratch) {
        Counters::observe(self, hit);
    }

    fn merge(&mut self, other: &Counters) {
        Counters::merge(self, other);
    }
}

/// What is known of a second.
#[derive(Debug, Clone, Default)]
pub struct Bucket {
    /// Its counters.
    pub counters: Counters,
    /// Who hit what.
    pub log: HitLog,
    /// How long the requests took.
    pub durations: Durations,
    /// The records that match each of the rules' expressions, up to the last one with a match.
    pub matched: Vec<Matched>,
    /// Their rows in a rollup, if one is written.
    pub rows: Option<Box<RollupRows>>,
}

/// A second that closes.
pub type ClosedSecond = (Second, Box<Bucket>);

/// The records of a second that match an expression; where their time is logged, with microseconds in the place of bytes.
#[derive(Debug, Clone, Default)]
pub struct Matched {
    /// Their counters.
    pub counters: Counters,
    /// Who hit what.
    pub log: HitLog,
    /// How long they took.
    pub durations: Durations,
}

impl Matched {
    fn observe(&mut self, hit: &Hit, dimensions: usize) {
        self.counters.observe(hit);
        self.log.observe(hit, dimensions);
        if let Some(us) = hit.duration_us {
            self.durations.observe(us);
        }
    }

    fn merge(&mut self, other: &Matched) {
        self.counters.merge(&other.counters);
        self.log.merge(&other.log);
        self.durations.merge(&other.durations);
    }

    fn clear(&mut self) {
        self.counters = Counters::default();
        self.log.clear();
        self.log.shrink();
        self.durations.clear();
    }
}

impl Bucket {
    /// Counts one record.
    #[inline(always)] // There is one for each line.
    pub fn observe(&mut self, hit: &Hit, dimensions: usize) {
        self.counters.observe(hit);
        self.log.observe(hit, dimensions);
        if let Some(us) = hit.duration_us {
            self.durations.observe(us);
        }
        if hit.matched != 0 {
            self.observe_matched(hit, dimensions);
        }
    }

    #[inline(never)]
    fn observe_matched(&mut self, hit: &Hit, dimensions: usize) {
        let mut bits = hit.matched;
        while bits != 0 {
            let index = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            if index >= self.matched.len() {
                self.matched.resize_with(index + 1, Matched::default);
            }
            let matched = &mut self.matched[index];
            match hit.duration_us.filter(|_| hit.by_time >> index & 1 == 1) {
                Some(bytes) => matched.observe(&Hit { bytes, ..*hit }, dimensions),
                None => matched.observe(hit, dimensions),
            }
        }
    }

    /// A hit of each of these keys of the one dimension that is counted.
    #[cfg(test)]
    pub fn of_keys(ids: &[u32]) -> Bucket {
        let mut bucket = Bucket::default();
        for &id in ids {
            let mut hit = Hit::uncounted(crate::time::Second(0));
            hit.ids[0] = id;
            bucket.observe(&hit, 1);
        }
        bucket
    }

    /// Adds what another bucket holds.
    pub fn merge(&mut self, other: &Bucket) {
        self.counters.merge(&other.counters);
        self.log.merge(&other.log);
        self.durations.merge(&other.durations);
        if self.matched.len() < other.matched.len() {
            self.matched
                .resize_with(other.matched.len(), Matched::default);
        }
        for (matched, more) in self.matched.iter_mut().zip(&other.matched) {
            matched.merge(more);
        }
    }

    /// Follows a reduction of the table of `dimension`.
    pub fn renumber(&mut self, dimension: usize, dimensions: usize, ids: &Renumbering) {
        self.log.renumber(dimension, dimensions, ids);
        for matched in &mut self.matched {
            matched.log.renumber(dimension, dimensions, ids);
        }
    }

    /// The logs: of all records, then of those that match.
    pub fn logs(&self) -> impl Iterator<Item = &HitLog> {
        let matched = self.matched.iter().map(|matched| &matched.log);
        std::iter::once(&self.log).chain(matched)
    }

    /// Replaces its hits by one row per key, where that is smaller. `scratch` must be clear, and is again.
    pub fn fold(&mut self, scratch: &mut [Tally]) {
        self.log.fold(scratch);
        for matched in &mut self.matched {
            matched.log.fold(scratch);
        }
    }

    /// Whether its keys take more memory than those of most seconds.
    #[inline]
    pub fn is_busy(&self) -> bool {
        self.log.is_busy()
    }

    /// Makes a busy second as small as it can be. `scratch` must be clear, and is again.
    #[inline]
    pub fn compact(&mut self, scratch: &mut [Tally]) {
        self.log.compact(scratch);
        if !self.matched.is_empty() {
            self.compact_matched(scratch);
        }
    }

    #[inline(never)]
    fn compact_matched(&mut self, scratch: &mut [Tally]) {
        for matched in &mut self.matched {
            matched.log.compact(scratch);
        }
    }

    /// Gives back all spare room of the logs.
    pub fn fit(&mut self) {
        self.log.fit();
        self.matched
            .iter_mut()
            .for_each(|matched| matched.log.fit());
    }

    /// The memory that keys take, of all records and of those that match, in words of four bytes.
    #[inline]
    pub fn words(&self) -> usize {
        let matched = self.matched.capacity() * (size_of::<Matched>() / 4);
        matched + self.logs().map(HitLog::words).sum::<usize>()
    }

    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        // Everything else is counted of hits.
        self.counters.hits == 0 && self.counters.unparsed == 0 && self.counters.late == 0
    }

    /// Forgets everything and keeps memory for reuse.
    pub fn clear(&mut self) {
        self.counters = Counters::default();
        self.log.clear();
        self.log.shrink();
        self.durations.clear();
        self.clear_matched();
    }

    /// Forgets all but counters and keys, of all records and of those that match an expression whose bit is in `kept`:
    /// durations and other matches are needed only when the second closes.
    #[inline]
    pub fn keep_keys(&mut self, kept: u64) {
        self.durations.clear();
        if !self.matched.is_empty() {
            self.keep_matched(kept);
        }
    }

    #[inline(never)]
    fn keep_matched(&mut self, kept: u64) {
        for (index, matched) in self.matched.iter_mut().enumerate() {
            match kept >> index & 1 {
                0 => matched.clear(),
                _ => matched.durations.clear(),
            }
        }
    }

    fn clear_matched(&mut self) {
        self.matched.iter_mut().for_each(Matched::clear);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::keys::{DROPPED, NONE};
    use super::super::latency::Histogram;
    use super::*;

    const DIMENSIONS: usize = 2;

    fn hits() -> impl Strategy<Value = Vec<Hit>> {
        let ids = prop_oneof![8 => 0u32..6, 1 => Just(DROPPED), 1 => Just(NONE)];
        let duration = prop::option::of(0u64..5_000_000);
        let hit = (ids.clone(), ids, 0u64..9000, duration, 0u8..6, 0u64..8);
        let hit = hit.prop_map(|(first, second, bytes, duration_us, class, matched)| {
            let mut hit = Hit::uncounted(Second(0));
            hit.ids[..2].copy_from_slice(&[first, second]);
            Hit {
                bytes,
                duration_us,
                class,
                malformed: class == 4,
                matched,
                ..hit
            }
        });
        prop::collection::vec(hit, 0..60)
    }

    fn bucket(hits: &[Hit]) -> Bucket {
        let mut bucket = Bucket::default();
        hits.iter().for_each(|hit| bucket.observe(hit, DIMENSIONS));
        bucket
    }

    /// Counters, each dimension's keys, and what can be asked of durations.
    type Seen = (Counters, Vec<BTreeMap<u32, Count>>, [f64; 4]);

    /// What can be asked of a bucket, then of each expression's matches.
    fn seen(bucket: &Bucket) -> Vec<Seen> {
        let see = |counters: &Counters, log: &HitLog, durations: &Durations| {
            let keys = (0..DIMENSIONS).map(|dimension| {
                let mut keys: BTreeMap<u32, Count> = BTreeMap::new();
                let counts = log.counts(dimension, DIMENSIONS);
                // What has no key counts nowhere, and a fold leaves it out.
                for (id, count) in counts.filter(|(id, _)| *id != NONE) {
                    keys.entry(id).or_default().add(count);
                }
                keys
            });
            let mut histogram = Histogram::default();
            histogram.merge(durations);
            let spans = [
                histogram.percentile_ms(50),
                histogram.percentile_ms(95),
                histogram.max_ms(),
                histogram.mean_ms(),
            ];
            (*counters, keys.collect(), spans)
        };
        let matched = bucket.matched.iter();
        let matched = matched.map(|m| see(&m.counters, &m.log, &m.durations));
        std::iter::once(see(&bucket.counters, &bucket.log, &bucket.durations))
            .chain(matched)
            .collect()
    }

    proptest! {
        #[test]
        fn buckets_merged_hold_what_the_whole_holds(hits in hits(), cut in 0usize..60, fold in any::<[bool; 2]>()) {
            let cut = cut.min(hits.len());
            let mut parts = [bucket(&hits[..cut]), bucket(&hits[cut..])];
            let mut scratch = [Tally::default(), Tally::default()];
            for (part, fold) in parts.iter_mut().zip(fold) {
                if fold {
                    part.log.fold(&mut scratch);
                }
            }
            let [mut merged, other] = parts;
            merged.merge(&other);
            prop_assert_eq!(seen(&merged), seen(&bucket(&hits)));
        }

        /// The keys of matches are as much of the table as those of all.
        #[test]
        fn renumbering_reaches_every_key(hits in hits(), fold in any::<bool>()) {
            let mut renumbered = bucket(&hits);
            if fold {
                let logs = renumbered.matched.iter_mut().map(|matched| &mut matched.log);
                let logs = logs.chain([&mut renumbered.log]);
                logs.for_each(|log| log.fold(&mut [Tally::default(), Tally::default()]));
            }
            renumbered.renumber(1, DIMENSIONS, &Renumbering::new(vec![3, DROPPED, 0, 1, DROPPED, 2]));
            let mut hits = hits;
            for hit in &mut hits {
                hit.ids[1] = match hit.ids[1] {
                    0 => 3,
                    2 => 0,
                    3 => 1,
                    5 => 2,
                    id if id >= DROPPED => id,
                    _ => DROPPED,
                };
            }
            prop_assert_eq!(seen(&renumbered), seen(&bucket(&hits)));
        }
    }
}
