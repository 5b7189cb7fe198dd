//! One alert per key that is not seen any more: `silence > 2m by host`.
//!
//! When each key was seen last is kept in [common](super::common) with other rules; a rule keeps when it could have been
//! silent for too long, and looks it up only then.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;

use super::common::{Common, KeyedPlace, REMEMBERED, SeenPlace};
use super::measure::Threshold;
use super::phase::{Clauses, Phase};
use super::{Evaluable, KeyedCondition, Level, Reading, Rest, not_followed, pop_due};
use crate::quantity::Figure;
use crate::stats::bucket::Bucket;
use crate::stats::keys::{DROPPED, Renumbering};
use crate::time::{Second, Span};

/// A key that was seen.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// When it was seen last, as far as it was looked at.
    last: Second,
    phase: Phase,
    /// When it is to be looked at if it is not seen before.
    due: Second,
}

/// A rule on how long each key has not been seen.
#[derive(Debug)]
pub(super) struct SilentKeys {
    threshold: Threshold,
    clauses: Clauses,
    /// The dimension among those that are counted.
    dimension: usize,
    place: SeenPlace,
    keys: HashMap<u32, Seen, RandomState>,
    /// When which key is to be looked at.
    waiting: BTreeSet<(Second, u32)>,
    /// Keys that are to be looked at when the next second closes.
    touched: Vec<u32>,
}

impl SilentKeys {
    pub(super) fn new(
        threshold: Threshold,
        clauses: Clauses,
        dimension: usize,
        place: SeenPlace,
    ) -> SilentKeys {
        SilentKeys {
            threshold,
            clauses,
            dimension,
            place,
            keys: HashMap::default(),
            waiting: BTreeSet::new(),
            touched: Vec::new(),
        }
    }

    /// The first silence that is too long, in whole seconds.
    fn too_long(&self) -> Span {
        Span((self.threshold.billionths / 1_000_000_000) as i64 + 1)
    }

    fn figure(&self, silent: Span) -> Figure {
        Figure {
            hits: 0,
            value: silent.0.max(0) as f64,
            threshold: self.threshold.value(),
            window: self.window(),
            below: false,
        }
    }

    /// What it is at the end of `second` of a key that came last in `last`.
    fn reading(&self, last: Second, second: Second) -> Reading {
        let silent = second - last;
        let order = (silent.0.max(0) as u128 * 1_000_000_000).cmp(&self.threshold.billionths);
        Reading {
            level: Level::of(order, self.threshold, false),
            figure: self.figure(silent),
            shortfall: None,
            id: None,
            uncounted: false,
            grows_since: Some(last),
        }
    }

    /// Takes out the keys that are to be looked at by now: those that were seen meanwhile wait on.
    fn take_due(&mut self, second: Second, common: &Common) {
        let too_long = self.too_long();
        while let Some(id) = pop_due(&mut self.waiting, second) {
            self.see(id, common);
            match self.keys.get_mut(&id) {
                Some(seen) if seen.phase == Phase::Quiet && seen.last + too_long > second => {
                    seen.due = seen.last + too_long;
                    self.waiting.insert((seen.due, id));
                }
                _ => self.touched.push(id),
            }
        }
    }

    /// Takes in the keys that are new, and those that were seen and whose alert is not quiet.
    fn take_restless(&mut self, common: &Common) {
        for &id in common.seen(self.place).restless() {
            self.see(id, common);
            match self.keys.get(&id) {
                Some(seen) if seen.phase == Phase::Quiet => {}
                Some(_) => self.touched.push(id),
                None => {
                    let Some(last) = common.seen(self.place).last(id) else {
                        continue;
                    };
                    let due = last + self.too_long();
                    self.waiting.insert((due, id));
                    let phase = Phase::Quiet;
                    self.keys.insert(id, Seen { last, phase, due });
                }
            }
        }
    }

    /// Looks up when a key was seen last.
    fn see(&mut self, id: u32, common: &Common) {
        let last = common.seen(self.place).last(id);
        if let (Some(seen), Some(last)) = (self.keys.get_mut(&id), last) {
            seen.last = last.max(seen.last);
        }
    }
}

impl KeyedCondition for SilentKeys {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn window(&self) -> Span {
        Span(self.threshold.value().ceil() as i64).clamp(Span::SECOND, REMEMBERED)
    }

    fn look_back(&self) -> Span {
        REMEMBERED
    }

    fn clauses(&self) -> Clauses {
        self.clauses
    }

    fn note(&self, common: &Common) -> Option<String> {
        not_followed(self.unfollowed(common))
    }

    fn unfollowed(&self, common: &Common) -> u64 {
        common.seen(self.place).unfollowed()
    }

    fn firing(&self, id: u32) -> Option<u64> {
        self.keys.get(&id)?.phase.number()
    }

    fn repeat_at(&mut self, id: u32, again: Second) {
        if let Some(seen) = self.keys.get_mut(&id) {
            seen.phase.repeat_at(again);
        }
        self.touched.push(id);
    }

    fn set_firing(&mut self, id: u32, phase: Phase, second: Second) {
        let seen = self.keys.entry(id).or_insert(Seen {
            last: second,
            phase: Phase::Quiet,
            due: second,
        });
        seen.phase = phase;
        self.touched.push(id);
    }

    fn no_figure(&self) -> Figure {
        self.figure(Span(0))
    }

    fn absence(&self) -> Option<Span> {
        Some(REMEMBERED)
    }

    fn look_at_all(&mut self) {
        self.touched.extend(self.keys.keys());
    }

    fn place(&self) -> KeyedPlace {
        KeyedPlace::Seen(self.place)
    }

    fn calm_before(&self) -> Option<Second> {
        let due = self.waiting.first().map(|(due, _)| *due);
        let before = due.unwrap_or(Rest::ENDLESS.until);
        self.touched.is_empty().then_some(before)
    }

    fn close(
        &mut self,
        second: Second,
        (_, common): (&Bucket, &mut Common),
        evaluable: Evaluable,
        over: &mut Vec<u64>,
        order: &dyn Fn(u32, u32) -> Ordering,
        advance: &mut dyn FnMut(u32, &mut Phase, Reading),
    ) {
        self.take_restless(common);
        self.take_due(second, common);
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        // Few of them are looked at in a second.
        touched.sort_unstable_by(|a, b| order(*a, *b));
        for id in touched.drain(..) {
            self.see(id, common);
            let Some(mut seen) = self.keys.get(&id).copied() else {
                continue;
            };
            self.waiting.remove(&(seen.due, id));
            let silent = second - seen.last;
            if silent > REMEMBERED {
                self.keys.remove(&id);
                if seen.phase.number().is_some() {
                    advance(id, &mut seen.phase, self.reading(seen.last, second));
                }
                over.extend(seen.phase.number());
                continue;
            }
            let mut reading = self.reading(seen.last, second);
            reading.id = Some(id);
            if evaluable.unread {
                reading.level = reading.level.where_unread(seen.phase, true);
            }
            let level = reading.level;
            if seen.phase != Phase::Quiet || level == Level::Breached {
                advance(id, &mut seen.phase, reading);
            }
            // The next moment at which it is silent for too long, gone for good, or moved on by time alone.
            let long = seen.last + self.too_long();
            let gone = seen.last + REMEMBERED + Span::SECOND;
            let next = if long > second { long } else { gone };
            let moved = seen.phase.due(level, self.clauses);
            seen.due = moved
                .filter(|&due| due > second)
                .map_or(next, |due| due.min(next));
            self.waiting.insert((seen.due, id));
            self.keys.insert(id, seen);
            if seen.phase != Phase::Quiet {
                common.wait_for(self.place, id);
            }
        }
        self.touched = touched;
    }

    fn next_change(&self, _: &Common) -> Option<Second> {
        self.waiting.first().map(|(due, _)| *due)
    }

    fn renumber(&mut self, ids: &Renumbering, over: &mut Vec<u64>) {
        let mut keys = HashMap::default();
        for (old, seen) in std::mem::take(&mut self.keys) {
            match ids.new_id(old) {
                DROPPED => over.extend(seen.phase.number()),
                id => {
                    keys.insert(id, seen);
                }
            }
        }
        self.keys = keys;
        let waiting = self.keys.iter().map(|(id, seen)| (seen.due, *id));
        self.waiting = waiting.collect();
        let touched = std::mem::take(&mut self.touched).into_iter();
        self.touched = touched
            .map(|old| ids.new_id(old))
            .filter(|id| *id < DROPPED)
            .collect();
    }
}
