//! One alert per key of a dimension: `404 > 20 over 1m by client`.
//!
//! Each second keeps a row per key; a table keeps the sums of the window and the phase of each key.
//! A key is looked at when its sums change or its phase waits for time, so a second costs what
//! happened in it. Memory is bounded: at most [`KEYS`] keys and [`ROWS`] rows, 32 MiB together; what
//! comes for others beyond that is counted and told, not followed.

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;

use super::held::Held;
use super::measure::{Threshold, Unit};
use super::phase::{Clauses, Phase};
use super::{Level, Reading, Source};
use crate::report::{Figure, Shortfall};
use crate::stats::bucket::Bucket;
use crate::stats::keys::{DROPPED, Renumbering};
use crate::time::{Second, Span};

/// Keys followed at once: about 96 bytes each.
const KEYS: usize = 100_000;
/// Rows of seconds: 16 bytes each.
const ROWS: usize = 1_300_000;

/// What a key did in a second.
#[derive(Debug, Clone, Copy)]
struct Row {
    id: u32,
    hits: u32,
    counted: u64,
}

impl Row {
    fn add(&mut self, more: Row) {
        self.hits = self.hits.saturating_add(more.hits);
        self.counted = self.counted.saturating_add(more.counted);
    }
}

/// The sums of a key in the window, and how far its alert is.
#[derive(Debug, Clone, Copy)]
struct Sums {
    hits: u64,
    counted: u64,
    phase: Phase,
}

/// A rule whose measure is taken for each key.
#[derive(Debug)]
pub(super) struct Keyed {
    parts: Parts,
    seconds: Held<Vec<Row>>,
    rows: usize,
    keys: HashMap<u32, Sums, RandomState>,
    /// Keys whose phase waits for time.
    waiting: BTreeSet<u32>,
    /// Records of keys that are not followed.
    pub(super) unfollowed: u64,
}

/// What a keyed rule is made of.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) threshold: Threshold,
    pub(super) window: Span,
    pub(super) clauses: Clauses,
    /// Bytes are counted, not records.
    pub(super) bytes: bool,
    pub(super) part: Source,
    pub(super) whole: Source,
    /// The dimension among those that are counted, and how many those are.
    pub(super) dimension: usize,
    pub(super) dimensions: usize,
}

impl Parts {
    /// Whether all hits of a key are followed: for a share, a least number, and beside bytes; else
    /// only those that are counted.
    fn counts_all(&self) -> bool {
        self.threshold.unit == Unit::Share || self.clauses.min > 0 || self.bytes
    }

    /// The records among those of a key that matter, where it is not followed.
    fn missed(&self, hits: u64, counted: u64) -> u64 {
        if self.counts_all() { hits } else { counted }
    }

    fn shortfall(&self, sums: &Sums) -> Option<Shortfall> {
        let Sums { hits, .. } = *sums;
        let min = self.clauses.min;
        (hits < min).then_some(Shortfall { hits, min })
    }

    fn level(&self, sums: &Sums) -> Level {
        if self.shortfall(sums).is_some() || self.threshold.unit == Unit::Share && sums.hits == 0 {
            return Level::Clear;
        }
        let order = self
            .threshold
            .order(sums.counted.into(), self.window, sums.hits.into());
        Level::of(order, self.threshold, false)
    }

    fn figure(&self, sums: &Sums) -> Figure {
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
    pub(super) fn new(parts: Parts) -> Keyed {
        Keyed {
            parts,
            seconds: Held::new(),
            rows: 0,
            keys: HashMap::default(),
            waiting: BTreeSet::new(),
            unfollowed: 0,
        }
    }

    /// The dimension among those that are counted.
    pub(super) fn dimension(&self) -> usize {
        self.parts.dimension
    }

    pub(super) fn window(&self) -> Span {
        self.parts.window
    }

    pub(super) fn clauses(&self) -> Clauses {
        self.parts.clauses
    }

    /// Closes a second: `advance` moves the alert of each key on that is not quiet or is to fire, in order
    /// of ids.
    pub(super) fn close(
        &mut self,
        second: Second,
        bucket: &Bucket,
        mut advance: impl FnMut(u32, &mut Phase, Reading),
    ) {
        let mut touched: Vec<u32> = self.waiting.iter().copied().collect();
        while let Some(rows) = self.seconds.leave(second - self.parts.window) {
            self.rows -= rows.len();
            for row in rows {
                self.add(row, false);
                touched.push(row.id);
            }
        }
        let mut rows = self.rows_of(bucket);
        rows.retain(|row| {
            let room =
                self.rows < ROWS && (self.keys.len() < KEYS || self.keys.contains_key(&row.id));
            if room {
                self.rows += 1;
                self.add(*row, true);
                touched.push(row.id);
            } else {
                self.unfollowed += self.parts.missed(row.hits.into(), row.counted);
            }
            room
        });
        if !rows.is_empty() {
            self.seconds.enter(second, rows);
        }
        touched.sort_unstable();
        touched.dedup();
        for id in touched {
            let Some(sums) = self.keys.get_mut(&id) else {
                self.waiting.remove(&id);
                continue;
            };
            let level = self.parts.level(sums);
            if sums.phase != Phase::Quiet || level == Level::Breached {
                let reading = Reading {
                    level,
                    figure: self.parts.figure(sums),
                    shortfall: self.parts.shortfall(sums),
                };
                advance(id, &mut sums.phase, reading);
            }
            if sums.phase.due(level, self.parts.clauses).is_some() {
                self.waiting.insert(id);
            } else {
                self.waiting.remove(&id);
            }
            if sums.hits == 0 && sums.counted == 0 && sums.phase == Phase::Quiet {
                self.keys.remove(&id);
            }
        }
    }

    /// What each key did in a second, in order of ids.
    fn rows_of(&mut self, bucket: &Bucket) -> Vec<Row> {
        let parts = &self.parts;
        let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let counts = |source: Source| source.counts(bucket, parts.dimension, parts.dimensions);
        let part = counts(parts.part).into_iter().map(|(id, count)| Row {
            id,
            hits: 0,
            counted: if parts.bytes { count.bytes } else { count.hits },
        });
        let mut rows: Vec<Row> = part.collect();
        if self.parts.counts_all() {
            rows.extend(counts(parts.whole).into_iter().map(|(id, count)| Row {
                id,
                hits: narrow(count.hits),
                counted: 0,
            }));
        }
        rows.sort_unstable_by_key(|row| row.id);
        rows.dedup_by(|more, row| {
            let same = more.id == row.id;
            if same {
                row.add(*more);
            }
            same
        });
        if !self.parts.counts_all() {
            rows.retain(|row| row.counted > 0);
        }
        // Behind the others: those whose keys were dropped from the table before the second closed.
        let known = rows.partition_point(|row| row.id < DROPPED);
        for row in rows.drain(known..).filter(|row| row.id == DROPPED) {
            self.unfollowed += self.parts.missed(row.hits.into(), row.counted);
        }
        rows
    }

    fn add(&mut self, row: Row, enters: bool) {
        let sums = self.keys.entry(row.id).or_insert(Sums {
            hits: 0,
            counted: 0,
            phase: Phase::Quiet,
        });
        if enters {
            sums.hits += u64::from(row.hits);
            sums.counted = sums.counted.saturating_add(row.counted);
        } else {
            sums.hits = sums.hits.saturating_sub(row.hits.into());
            sums.counted = sums.counted.saturating_sub(row.counted);
        }
    }

    /// Records came late for `second`; `closed` is the last one that is.
    pub(super) fn late(&mut self, second: Second, bucket: &Bucket, closed: Second) {
        if second > closed || second <= closed - self.parts.window {
            return;
        }
        for row in self.rows_of(bucket) {
            let held = self.seconds.at(second);
            let place = held.binary_search_by_key(&row.id, |held| held.id);
            let room = match place {
                Ok(_) => true,
                Err(_) => {
                    self.rows < ROWS && (self.keys.len() < KEYS || self.keys.contains_key(&row.id))
                }
            };
            if !room {
                self.unfollowed += self.parts.missed(row.hits.into(), row.counted);
                continue;
            }
            match place {
                Ok(index) => held[index].add(row),
                Err(index) => {
                    held.insert(index, row);
                    self.rows += 1;
                }
            }
            self.add(row, true);
            // Looked at when the next second closes.
            self.waiting.insert(row.id);
        }
    }

    /// The first second at which anything could change if all from now on are empty.
    pub(super) fn next_change(&self) -> Option<Second> {
        let leaves = self.seconds.first().map(|first| first + self.parts.window);
        let waiting = self.waiting.iter().filter_map(|id| {
            let sums = self.keys.get(id)?;
            sums.phase.due(self.parts.level(sums), self.parts.clauses)
        });
        waiting.chain(leaves).min()
    }

    /// Ids have changed. A key that was dropped is followed no more; `over` is told how far its alert was,
    /// since nothing would ever resolve it.
    pub(super) fn renumber(&mut self, ids: &Renumbering, mut over: impl FnMut(Phase)) {
        for (old, sums) in std::mem::take(&mut self.keys) {
            match ids.new_id(old) {
                DROPPED => {
                    self.unfollowed += self.parts.missed(sums.hits, sums.counted);
                    over(sums.phase);
                }
                id => {
                    self.keys.insert(id, sums);
                }
            }
        }
        self.waiting = self
            .waiting
            .iter()
            .map(|&id| ids.new_id(id))
            .filter(|&id| id != DROPPED)
            .collect();
        for rows in self.seconds.iter_mut() {
            rows.iter_mut().for_each(|row| row.id = ids.new_id(row.id));
            rows.retain(|row| row.id != DROPPED);
            rows.sort_unstable_by_key(|row| row.id);
        }
        self.rows = self.seconds.iter().map(Vec::len).sum();
    }
}
