//! One alert per key of a dimension: `404 > 20 over 1m by client`.
//!
//! What each key comes to is counted in [common](super::common) with other rules; a rule keeps the alerts of its keys, and
//! when each is to be looked at. A key is looked at when the thresholds that it has passed are others, or its peak is,
//! and when time moves its alert on.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;

use super::common::{Common, FollowedKeys, FollowedPlace, KeyLimits, KeySums, KeyedPlace};
use super::measure::Threshold;
use super::phase::{Clauses, Phase};
use super::{Evaluable, KeyedCondition, Level, Reading, Rest, Subset, not_followed, pop_due};
use crate::quantity::{Figure, Unit};
use crate::report::Shortfall;
use crate::stats::bucket::Bucket;
use crate::stats::keys::{DROPPED, Renumbering};
use crate::time::{Second, Span};

/// The alert of a key: how far it is.
#[derive(Debug, Clone, Copy)]
struct KeyAlert {
    phase: Phase,
    /// When it is to be looked at again, whatever comes.
    due: Option<Second>,
    /// Under which second it waits: no later than that. What changes often waits where it did.
    waits_at: Option<Second>,
}

impl KeyAlert {
    const QUIET: KeyAlert = KeyAlert {
        phase: Phase::Quiet,
        due: None,
        waits_at: None,
    };
}

/// A rule whose measure is taken for each key.
#[derive(Debug)]
pub(super) struct Keyed {
    parts: KeyedSpec,
    place: FollowedPlace,
    /// Those that are not quiet, and those that wait though they are quiet again.
    alerts: HashMap<u32, KeyAlert, RandomState>,
    /// Keys that are to be looked at, each when its alert says or before.
    waiting: BTreeSet<(Second, u32)>,
    /// Keys to be looked at when the next second closes.
    touched: Vec<u32>,
    /// Those that fire of the keys that were looked at. Empty in between.
    fire: Vec<u32>,
    look_at_all: bool,
}

/// What a keyed rule is made of.
#[derive(Debug)]
pub(super) struct KeyedSpec {
    pub(super) threshold: Threshold,
    pub(super) window: Span,
    pub(super) clauses: Clauses,
    /// Bytes are counted, not records.
    pub(super) bytes: bool,
    pub(super) part: Subset,
    pub(super) whole: Subset,
    /// The dimension among those that are counted, and how many those are.
    pub(super) dimension: usize,
    pub(super) dimensions: usize,
}

impl KeyedSpec {
    /// Whether all hits of a key are followed: for a share, a least number, beside bytes, and where the past
    /// does not know them, being those of an expression; else only those that are counted.
    fn counts_all(&self) -> bool {
        self.threshold.unit == Unit::Share
            || self.clauses.min > 0
            || self.bytes
            || self.part != self.whole && self.whole != Subset::All
    }

    /// Whether what is counted are not all hits of a key, and those are not followed.
    fn leaves_hits(&self) -> bool {
        self.part != self.whole && !self.counts_all()
    }

    /// What is followed for it, and what the sums of a key are held against.
    fn followed(&self) -> (FollowedKeys, KeyLimits) {
        let all = self.counts_all();
        let keys = FollowedKeys {
            part: self.part,
            // What is not followed makes no difference.
            whole: if all { self.whole } else { self.part },
            bytes: self.bytes,
            all,
            dimension: (self.dimension, self.dimensions),
        };
        let seconds = match self.threshold.unit {
            Unit::PerSecond | Unit::BytesPerSecond => self.window.0 as u128,
            _ => 1,
        };
        let limits = KeyLimits {
            billionths: self.threshold.billionths * seconds,
            share: self.threshold.unit == Unit::Share,
            min: self.clauses.min,
        };
        (keys, limits)
    }

    fn shortfall(&self, sums: KeySums) -> Option<Shortfall> {
        let KeySums { hits, .. } = sums;
        let min = self.clauses.min;
        (hits < min).then_some(Shortfall { hits, min })
    }

    fn level(&self, sums: KeySums) -> Level {
        if self.shortfall(sums).is_some() || self.threshold.unit == Unit::Share && sums.hits == 0 {
            return Level::Clear;
        }
        let order = self
            .threshold
            .order(sums.counted.into(), self.window, sums.hits.into());
        Level::of(order, self.threshold, false)
    }

    fn figure(&self, sums: KeySums) -> Figure {
        let hits = if self.counts_all() {
            sums.hits
        } else {
            sums.counted
        };
        Figure {
            hits,
            value: self
                .threshold
                .in_unit(sums.counted.into(), self.window, sums.hits.into()),
            threshold: self.threshold.value(),
            window: self.window,
            below: false,
        }
    }
}

impl Keyed {
    pub(super) fn new(parts: KeyedSpec, common: &mut Common) -> Keyed {
        let (keys, limits) = parts.followed();
        Keyed {
            place: common.follow(keys, parts.window, limits),
            parts,
            alerts: HashMap::default(),
            waiting: BTreeSet::new(),
            touched: Vec::new(),
            fire: Vec::new(),
            look_at_all: false,
        }
    }

    /// Moves the alert of a key on, which comes to `sums`, unless it is to `wait`; whether it did.
    fn look_at(
        &mut self,
        (id, sums): (u32, KeySums),
        (second, evaluable): (Second, Evaluable),
        wait: impl Fn(&Phase, Level) -> bool,
        advance: &mut dyn FnMut(u32, &mut Phase, Reading),
    ) -> bool {
        let mut level = self.parts.level(sums);
        let mut new = KeyAlert::QUIET;
        let known = self.alerts.get_mut(&id);
        let is_new = known.is_none();
        let alert = known.unwrap_or(&mut new);
        if alert.phase == Phase::Quiet && level != Level::Breached {
            return true;
        }
        if evaluable.unread {
            level = level.where_unread(alert.phase, false);
        }
        if wait(&alert.phase, level) {
            return false;
        }
        let clauses = self.parts.clauses;
        if evaluable.outside || !alert.phase.wait(level, second, clauses) {
            let reading = Reading {
                level,
                figure: self.parts.figure(sums),
                shortfall: self.parts.shortfall(sums),
                id: Some(id),
                uncounted: self.parts.leaves_hits(),
                grows_since: None,
            };
            advance(id, &mut alert.phase, reading);
        }
        if alert.phase.number().is_some() {
            self.fire.push(id);
        }
        alert.due = alert.phase.due(level, clauses);
        if let Some(due) = alert.due
            && alert.waits_at.is_none_or(|at| due < at)
        {
            if let Some(old) = alert.waits_at.replace(due) {
                self.waiting.remove(&(old, id));
            }
            self.waiting.insert((due, id));
        }
        let is_over = alert.phase == Phase::Quiet && alert.waits_at.is_none();
        if is_new && !is_over {
            self.alerts.insert(id, new);
        } else if is_over && !is_new {
            self.alerts.remove(&id);
        }
        true
    }

    /// Takes out the keys that are to be looked at by this rule alone.
    fn take_own(&mut self, second: Second, common: &Common) -> Vec<u32> {
        while let Some(id) = pop_due(&mut self.waiting, second) {
            let Some(alert) = self.alerts.get_mut(&id) else {
                continue;
            };
            alert.waits_at = alert.due.filter(|due| *due > second);
            match alert.waits_at {
                Some(due) => _ = self.waiting.insert((due, id)),
                None if alert.phase == Phase::Quiet => _ = self.alerts.remove(&id),
                None => self.touched.push(id),
            }
        }
        if std::mem::take(&mut self.look_at_all) {
            self.touched.extend(common.followed(self.place).ids());
            self.touched.extend(self.alerts.keys());
        }
        std::mem::take(&mut self.touched)
    }
}

impl KeyedCondition for Keyed {
    fn dimension(&self) -> usize {
        self.parts.dimension
    }

    fn window(&self) -> Span {
        self.parts.window
    }

    fn clauses(&self) -> Clauses {
        self.parts.clauses
    }

    fn note(&self, common: &Common) -> Option<String> {
        let coarse = |span| format!("too many keys: the window was too long by up to {span}");
        let width = common.followed(self.place).width();
        not_followed(self.unfollowed(common)).or_else(|| width.map(coarse))
    }

    fn unfollowed(&self, common: &Common) -> u64 {
        common.followed(self.place).unfollowed()
    }

    fn firing(&self, id: u32) -> Option<u64> {
        self.alerts.get(&id)?.phase.number()
    }

    fn set_firing(&mut self, id: u32, phase: Phase, _: Second) {
        self.alerts.entry(id).or_insert(KeyAlert::QUIET).phase = phase;
        self.touched.push(id);
    }

    fn repeat_at(&mut self, id: u32, again: Second) {
        if let Some(alert) = self.alerts.get_mut(&id) {
            alert.phase.repeat_at(again);
        }
        self.touched.push(id);
    }

    fn no_figure(&self) -> Figure {
        self.parts.figure(KeySums::NONE)
    }

    fn look_at_all(&mut self) {
        self.look_at_all = true;
    }

    fn place(&self) -> KeyedPlace {
        KeyedPlace::Followed(self.place)
    }

    fn calm_before(&self) -> Option<Second> {
        let is_calm = self.touched.is_empty() && !self.look_at_all;
        let due = self.waiting.first().map(|(due, _)| *due);
        is_calm.then(|| due.unwrap_or(Rest::ENDLESS.until))
    }

    fn close(
        &mut self,
        second: Second,
        (_, common): (&Bucket, &mut Common),
        evaluable: Evaluable,
        _: &mut Vec<u64>,
        order: &dyn Fn(u32, u32) -> Ordering,
        advance: &mut dyn FnMut(u32, &mut Phase, Reading),
    ) {
        common.catch_up(self.place, second);
        let mut looked_at = self.take_own(second, common);
        let window = common.followed(self.place);
        looked_at.extend(window.restless());
        looked_at.sort_unstable();
        looked_at.dedup();
        // Few change anything that is written, and only those need an order. What fires is over outside of the rule's
        // hours, whatever its level.
        let mut changing: Vec<u32> = Vec::new();
        let (at, clauses) = ((second, evaluable), self.parts.clauses);
        for &id in &looked_at {
            let may_change = |phase: &Phase, level| {
                let is_over = evaluable.outside && phase.number().is_some();
                let changes = phase.may_change(level, second, clauses);
                is_over || changes || phase.is_repeated(second)
            };
            if !self.look_at((id, window.sums(id)), at, may_change, advance) {
                changing.push(id);
            }
        }
        changing.sort_unstable_by(|a, b| order(*a, *b));
        for id in changing {
            self.look_at((id, window.sums(id)), at, |_, _| false, advance);
        }
        for id in self.fire.drain(..) {
            common.fires(self.place, id);
        }
        looked_at.clear();
        self.touched = looked_at;
    }

    fn next_change(&self, common: &Common) -> Option<Second> {
        let due = self.waiting.first().map(|(due, _)| *due);
        let leaves = common.next_followed_leave(self.place);
        due.into_iter().chain(leaves).min()
    }

    fn renumber(&mut self, ids: &Renumbering, over: &mut Vec<u64>) {
        for (old, alert) in std::mem::take(&mut self.alerts) {
            match ids.new_id(old) {
                DROPPED => over.extend(alert.phase.number()),
                id => {
                    self.alerts.insert(id, alert);
                }
            }
        }
        let new_id = |old| Some(ids.new_id(old)).filter(|id| *id != DROPPED);
        let waiting = std::mem::take(&mut self.waiting).into_iter();
        self.waiting = waiting
            .filter_map(|(due, old)| Some((due, new_id(old)?)))
            .collect();
        let touched = std::mem::take(&mut self.touched).into_iter();
        self.touched = touched.filter_map(new_id).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More hits than `threshold` over so many seconds, of which there is room for so many rows.
    fn keyed(threshold: u128, window: i64, most: usize, common: &mut Common) -> Keyed {
        let parts = KeyedSpec {
            threshold: Threshold {
                billionths: threshold * 1_000_000_000,
                unit: Unit::Count,
            },
            window: Span(window),
            clauses: Clauses::NONE,
            bytes: false,
            part: Subset::All,
            whole: Subset::All,
            dimension: 0,
            dimensions: 1,
        };
        let keyed = Keyed::new(parts, common);
        common.set_most_rows(keyed.place, most);
        keyed
    }

    /// Closes a second; the keys that are beyond, each with its hits.
    fn close(keyed: &mut Keyed, common: &mut Common, second: i64, ids: &[u32]) -> Vec<(u32, u64)> {
        let bucket = Bucket::of_keys(ids);
        common.close(Second(second), &bucket);
        let mut beyond = Vec::new();
        let mut advance = |id: u32, phase: &mut Phase, reading: Reading| {
            if reading.level == Level::Breached {
                beyond.push((id, reading.figure.hits));
                *phase = Phase::firing(1, Second(i64::MAX));
            }
        };
        let order = |a: u32, b: u32| a.cmp(&b);
        let counted = (&bucket, common);
        keyed.close(
            Second(second),
            counted,
            Evaluable::ALL,
            &mut Vec::new(),
            &order,
            &mut advance,
        );
        beyond
    }

    /// More rows than there is room for, of few keys: none is lost, and the heavy one fires.
    #[test]
    fn where_rows_are_too_many_seconds_become_slices_and_a_heavy_key_fires() {
        let mut common = Common::default();
        let mut keyed = keyed(400, 1000, 2000, &mut common);
        let mut fired = Vec::new();
        for second in 0..2000 {
            let mut ids: Vec<u32> = (0..20).map(|i| (second * 7 + i * 13) % 300).collect();
            if second > 1000 {
                ids.extend([999; 3]);
            }
            let beyond = close(&mut keyed, &mut common, second.into(), &ids);
            fired.extend(beyond.into_iter().map(|(id, _)| (second, id)));
        }
        assert_eq!(
            (keyed.unfollowed(&common), fired.first()),
            (0, Some(&(1134, 999)))
        );
        assert!(fired.iter().all(|(_, id)| *id == 999));
        let width = common.followed(keyed.place).width();
        let width = width.expect("there are slices").0;
        assert!((64..=512).contains(&width), "{width}");
        let note = keyed.note(&common);
        assert!(note.is_some_and(|note| note.contains("too long by up to")));
    }

    #[test]
    fn what_is_not_followed_is_counted_whether_it_closes_or_comes_late() {
        let mut common = Common::default();
        let mut keyed = keyed(0, 10, 3, &mut common);
        let beyond = close(&mut keyed, &mut common, 100, &[1, 2, DROPPED]);
        assert_eq!(beyond, [(1, 1), (2, 1)]);
        assert_eq!(keyed.unfollowed(&common), 1);
        let late = |common: &mut Common, second, ids: &[u32]| {
            common.late(Second(second), &Bucket::of_keys(ids), Second(100));
        };
        // A row is left, and one that is there takes in more of its key.
        late(&mut common, 100, &[1, 1, DROPPED]);
        late(&mut common, 95, &[3]);
        assert_eq!(keyed.unfollowed(&common), 2);
        late(&mut common, 95, &[3]);
        assert_eq!(keyed.unfollowed(&common), 2);
        late(&mut common, 96, &[1, 4, 4]);
        assert_eq!(keyed.unfollowed(&common), 5);
        // The window does not reach so far.
        late(&mut common, 90, &[5, DROPPED]);
        assert_eq!(keyed.unfollowed(&common), 5);
        let beyond = close(&mut keyed, &mut common, 101, &[6]);
        assert_eq!(beyond, [(1, 3), (3, 2)]);
        assert_eq!(keyed.unfollowed(&common), 6);
    }
}
