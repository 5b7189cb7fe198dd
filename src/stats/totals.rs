//! The totals of a whole run, counted record by record: they depend on no order and no clock.

use std::sync::Arc;

use super::dimension::Scratch;
use super::keyed_histogram::KeyedHistogram;
use super::keys::{KeyTable, Renumbering};
use super::top::{Top, with_standing};
use super::{CLIENT_ERROR, Hit, SERVER_ERROR, Statistics};
use crate::format::record::Record;
use crate::format::rollup::RollupLayout;
use crate::quantity::Count;

/// The totals, and the keys of every dimension that is counted.
#[derive(Debug)]
pub struct Totals {
    /// What is counted of all records, late and skewed ones too.
    pub statistics: Statistics,
    scratch: Scratch,
    /// Whether robots are counted, and visitors.
    counts_robots: bool,
    /// The index of the clients among the dimensions.
    client: usize,
    tops: Vec<Top>,
    tables: Vec<KeyTable>,
    /// How long the requests of each key took, where it was asked for.
    spreads: Vec<KeyedHistogram>,
    /// Whether any of them is.
    timed: bool,
}

impl Totals {
    /// Totals by the dimensions in `asked`, and always by section and client; of `robots` too.
    pub fn new(asked: &[Top], robots: bool) -> Totals {
        let tops = with_standing(asked);
        let tables = tops.iter().map(|_| KeyTable::default()).collect();
        let spreads = tops.iter().map(|_| KeyedHistogram::default()).collect();
        let client = tops.iter().position(|top| top.dimension.name == "client");
        Totals {
            statistics: Statistics::default(),
            scratch: Scratch::default(),
            counts_robots: robots,
            client: client.unwrap_or_default(),
            timed: tops.iter().any(|top| top.asked),
            tops,
            tables,
            spreads,
        }
    }

    /// Totals by no dimension, for a rollup that carries this: its rows say all.
    pub fn of_rollup(layout: Arc<RollupLayout>, robots: bool) -> Totals {
        let mut totals = Totals::new(&[], robots);
        totals.scratch.layout = Some(layout);
        totals.tops.clear();
        totals.tables.clear();
        totals.spreads.clear();
        totals
    }

    /// Appends what a rollup says of a record.
    pub fn write_row(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        self.scratch.write_row(record, out);
    }

    /// The same with tables of so many keys.
    #[cfg(test)]
    fn with_cap(asked: &[Top], robots: bool, max_keys: usize) -> Totals {
        let mut totals = Totals::new(asked, robots);
        let tables = totals.tables.iter_mut();
        tables.for_each(|table| *table = KeyTable::with_cap(max_keys));
        totals
    }

    /// How many dimensions are counted.
    pub fn dimensions(&self) -> usize {
        self.tops.len()
    }

    /// The dimensions, in the order of [`Hit::ids`].
    pub fn tops(&self) -> &[Top] {
        &self.tops
    }

    /// The keys of dimension `index`.
    pub fn table(&self, index: usize) -> &KeyTable {
        &self.tables[index]
    }

    /// Counts a record, interns its keys and makes it a hit, in place: a hit that was moved would be read
    /// in larger pieces than it had just been written, which stalls (a quarter of the time spent here).
    #[inline]
    pub fn observe(&mut self, record: &Record<'_>, hit: &mut Hit) {
        hit.time = record.time;
        hit.bytes = record.bytes;
        hit.duration_us = record.duration_us;
        hit.class = record.status_class() as u8;
        hit.malformed = record.request.is_none();
        hit.counted = true;
        self.statistics.observe(record, hit, &mut self.scratch);
        let count = Count {
            hits: 1,
            bytes: hit.bytes,
            errors: u64::from(hit.class == SERVER_ERROR),
            client_errors: u64::from(hit.class == CLIENT_ERROR),
        };
        for ((top, table), id) in self.tops.iter().zip(&mut self.tables).zip(&mut hit.ids) {
            if let Some(key) = top.dimension.key_of(record, &mut self.scratch) {
                *id = table.count(key, &count);
            }
        }
        if self.counts_robots
            && let Some(agent) = record.agent
        {
            let (robots, client) = (&mut self.scratch.robots, hit.ids[self.client]);
            self.statistics.visitors.see(record, agent, client, robots);
        }
        if let Some(us) = hit.duration_us
            && self.timed
        {
            self.observe_by_key(us, hit);
        }
    }

    /// A function of its own, so that runs without it do not pay for its registers.
    #[inline(never)]
    fn observe_by_key(&mut self, us: u64, hit: &Hit) {
        for ((top, spread), &id) in self.tops.iter().zip(&mut self.spreads).zip(&hit.ids) {
            if top.asked {
                spread.observe(id, us);
            }
        }
    }

    /// Adds the totals of `other`, which has dropped no key. Returns the ids here of its keys, by dimension; `None`, and
    /// nothing is added, if a table would pass its cap.
    pub fn merge(&mut self, other: &Totals) -> Option<Vec<Renumbering>> {
        let mut tables = self.tables.iter().zip(&other.tables);
        if !tables.all(|(table, other)| table.has_room_for(other)) {
            return None;
        }
        Some(self.merge_past_caps(other))
    }

    /// As [`Totals::merge`], past the caps if need be; the caller checks them afterwards.
    pub fn merge_past_caps(&mut self, other: &Totals) -> Vec<Renumbering> {
        self.statistics.merge(&other.statistics);
        let tables = self.tables.iter_mut().zip(&other.tables);
        let ids: Vec<Renumbering> = tables.map(|(table, other)| table.merge(other)).collect();
        let spreads = self.spreads.iter_mut().zip(&other.spreads);
        spreads
            .zip(&ids)
            .for_each(|((spread, other), ids)| spread.merge(other, ids));
        ids
    }

    /// Forgets all and keeps the memory.
    pub fn clear(&mut self) {
        self.statistics.clear();
        self.tables.iter_mut().for_each(KeyTable::clear);
        self.spreads.iter_mut().for_each(KeyedHistogram::clear);
    }

    /// The bytes that the keys take, with how long their requests took, and the visitors.
    pub fn key_bytes(&self) -> usize {
        let keys = self.tables.iter().map(KeyTable::bytes).sum::<usize>();
        keys + self.statistics.visitors.bytes()
            + self
                .spreads
                .iter()
                .map(KeyedHistogram::bytes)
                .sum::<usize>()
    }

    /// Whether a table has reached its cap.
    #[inline]
    pub fn is_full(&self) -> bool {
        match &self.tables[..] {
            // As in most runs: this is asked for every line.
            [one, other] => one.is_full() | other.is_full(),
            tables => tables.iter().any(KeyTable::is_full),
        }
    }

    /// Reduces the tables that are full. Returns their dimensions and where their ids went.
    pub fn reduce(&mut self) -> Vec<(usize, Renumbering)> {
        let mut reduced = Vec::new();
        let tables = self.tables.iter_mut().zip(&mut self.spreads);
        for (i, (table, spread)) in tables.enumerate() {
            if let Some(ids) = table.reduce_if_full() {
                spread.renumber(&ids);
                self.statistics.visitors.forget_ids();
                reduced.push((i, ids));
            }
        }
        reduced
    }

    /// The mean duration of the requests of this id of dimension `index` over the whole run, in milliseconds; `None` if that was
    /// not asked for or the log has no durations.
    pub fn mean_ms(&self, index: usize, id: u32) -> Option<f64> {
        let timed = self.tops[index].asked && !self.statistics.durations.is_empty();
        timed.then(|| self.spreads[index].mean_ms(id)).flatten()
    }

    /// What 95 % of the requests of each of these ids of dimension `index` did not take longer than, in milliseconds,
    /// over the whole run; empty if that was not asked for or the log has no durations. And the greatest relative error of
    /// these (0: less than 1 %).
    pub fn slowest(&self, index: usize, ids: &[u32]) -> (Vec<Option<f64>>, f32) {
        if !self.tops[index].asked || self.statistics.durations.is_empty() {
            return (Vec::new(), 0.0);
        }
        let slow = self.spreads[index].percentiles(ids, 95);
        let error = slow
            .iter()
            .flatten()
            .map(|p95| p95.error)
            .fold(0.0, f64::max);
        let longest = self.statistics.durations.max_ms();
        let slow = slow.iter().map(|p95| p95.map(|p95| p95.ms.min(longest)));
        (
            slow.collect(),
            if error < 0.01 { 0.0 } else { error as f32 },
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::keys::DROPPED;
    use super::super::top::parse_top;
    use super::super::{Findings, Statistic, latency};
    use super::*;
    use crate::format::record::Request;

    /// What was counted of each key that is held: its hits, and how long they took.
    type Times = BTreeMap<Vec<u8>, (u64, Vec<u64>)>;

    /// A record as a few choices.
    type Choices = (usize, usize, usize, usize, u64, Option<u64>);

    const METHODS: [&str; 5] = ["GET", "HEAD", "POST", "PURGE", "-"];
    const PROTOCOLS: [Option<&[u8]>; 4] = [
        Some(b"HTTP/1.0"),
        Some(b"HTTP/1.1"),
        Some(b"HTTP/2.0"),
        None,
    ];
    const AGENTS: [Option<&[u8]>; 4] = [
        None,
        Some(b"-"),
        Some(b"Mozilla/5.0"),
        Some(b"Googlebot/2.1"),
    ];
    const STATUSES: [Option<u16>; 6] =
        [None, Some(200), Some(304), Some(404), Some(500), Some(999)];

    fn choices() -> impl Strategy<Value = Vec<Choices>> {
        let duration = prop::option::of(0u64..5_000_000);
        let record = (
            0usize..6,
            0usize..5,
            0usize..4,
            0usize..6,
            0u64..9000,
            duration,
        );
        prop::collection::vec(record, 0..60)
    }

    /// Counts these records; which hits they became.
    fn observe(totals: &mut Totals, records: &[Choices]) -> Vec<Hit> {
        let one = |&(key, method, other, status, bytes, duration_us): &Choices| {
            let target = format!("/{key}/x");
            let record = Record {
                client: [&b"10.0.0.1"[..], b"10.0.0.2", b"-"][key % 3],
                request: (key > 0).then_some(Request {
                    method: METHODS[method].as_bytes(),
                    target: target.as_bytes(),
                    protocol: PROTOCOLS[other],
                }),
                status: STATUSES[status],
                bytes,
                agent: AGENTS[(other + key) % 4],
                cache: [None, Some(&b"HIT"[..]), Some(b"MISS")][method % 3],
                duration_us,
                ..Record::EMPTY
            };
            let mut hit = Hit::uncounted(record.time);
            totals.observe(&record, &mut hit);
            hit
        };
        records.iter().map(one).collect()
    }

    fn totals(robots: bool) -> Totals {
        Totals::new(&parse_top("section,agent,status").expect("a list"), robots)
    }

    /// All that can be asked of totals, by key rather than by id.
    fn seen(totals: &Totals) -> String {
        let tables = (0..totals.dimensions()).map(|index| {
            let table = totals.table(index);
            let ids: Vec<u32> = table.counts().map(|(id, _)| id).collect();
            let (slow, error) = totals.slowest(index, &ids);
            let rows: BTreeMap<&[u8], _> = table
                .counts()
                .enumerate()
                .map(|(at, (id, count))| (table.key(id), (count, slow.get(at))))
                .collect();
            let exact = (table.hits(), table.unique(), table.error(), error);
            format!("{rows:?} {exact:?}")
        });
        let tables: Vec<String> = tables.collect();
        let durations = &totals.statistics.durations;
        let spans = (
            [0, 50, 95, 100].map(|percent| durations.percentile_ms(percent)),
            durations.max_ms(),
            durations.mean_ms(),
        );
        format!(
            "{:?} {:?} {spans:?} {tables:?}",
            totals.statistics.counters,
            totals.statistics.findings().collect::<Vec<_>>(),
        )
    }

    proptest! {
        #[test]
        fn parts_that_are_merged_are_the_whole(
            records in choices(),
            cut in 0usize..60,
            robots in any::<bool>(),
        ) {
            let (first, second) = records.split_at(cut.min(records.len()));
            let [mut whole, mut merged, mut other] = [(); 3].map(|()| totals(robots));
            observe(&mut whole, &records);
            observe(&mut merged, first);
            let hits = observe(&mut other, second);
            let ids = merged.merge(&other).expect("it is below every cap");
            prop_assert_eq!(seen(&merged), seen(&whole));
            // Where the ids went is where their keys are.
            for hit in hits {
                for (index, ids) in ids.iter().enumerate() {
                    if hit.ids[index] < DROPPED {
                        let key = other.table(index).key(hit.ids[index]);
                        prop_assert_eq!(merged.table(index).key(ids.new_id(hit.ids[index])), key);
                    }
                }
            }
        }

        #[test]
        fn what_is_cleared_counts_like_new(before in choices(), after in choices(), robots in any::<bool>()) {
            let [mut cleared, mut new] = [(); 2].map(|()| totals(robots));
            observe(&mut cleared, &before);
            cleared.clear();
            prop_assert_eq!(seen(&cleared), seen(&new));
            observe(&mut cleared, &after);
            observe(&mut new, &after);
            prop_assert_eq!(seen(&cleared), seen(&new));
        }
    }

    proptest! {
        /// What is held of a key is counted since it came, its durations too; dropped keys are forgotten.
        #[test]
        fn reduced_tables_have_the_keys_and_durations_that_are_left(records in choices(), cap in 1usize..5) {
            let asked = parse_top("section,agent").expect("a list");
            let mut totals = Totals::with_cap(&asked, false, cap);
            let mut whole = Totals::new(&asked, false);
            let mut times: [Times; 2] = Default::default();
            for record in &records {
                let hit = observe(&mut totals, std::slice::from_ref(record))[0];
                observe(&mut whole, std::slice::from_ref(record));
                for (index, times) in times.iter_mut().enumerate() {
                    if hit.ids[index] < DROPPED {
                        let key = totals.table(index).key(hit.ids[index]).to_vec();
                        let (hits, durations) = times.entry(key).or_default();
                        *hits += 1;
                        durations.extend(hit.duration_us);
                    }
                }
                let full: Vec<usize> = (0..totals.dimensions()).filter(|&i| totals.table(i).is_full()).collect();
                prop_assert_eq!(totals.is_full(), !full.is_empty());
                let reduced = totals.reduce();
                prop_assert_eq!(reduced.iter().map(|(index, _)| *index).collect::<Vec<_>>(), full);
                prop_assert!(!totals.is_full());
                for (index, times) in times.iter_mut().enumerate() {
                    let table = totals.table(index);
                    let held: Vec<&[u8]> = table.counts().map(|(id, _)| table.key(id)).collect();
                    times.retain(|key, _| held.contains(&&key[..]));
                    prop_assert_eq!(times.len(), held.len());
                }
            }
            for (index, times) in times.iter().enumerate() {
                let table = totals.table(index);
                let ids: Vec<u32> = table.counts().map(|(id, _)| id).collect();
                let (slow, error) = totals.slowest(index, &ids);
                prop_assert_eq!(error, 0.0);
                let any = !totals.statistics.durations.is_empty();
                prop_assert_eq!(slow.len(), if any { ids.len() } else { 0 });
                for (at, (id, count)) in table.counts().enumerate() {
                    let (hits, mut durations) = times[table.key(id)].clone();
                    prop_assert_eq!(count.hits, hits);
                    durations.sort_unstable();
                    let nearest = (durations.len() * 95).div_ceil(100).saturating_sub(1);
                    let longest = totals.statistics.durations.max_ms();
                    let p95 = durations.get(nearest).map(|&us| {
                        (latency::middle(latency::bucket(us)) / 1000.0).min(longest)
                    });
                    prop_assert_eq!(slow.get(at).copied().flatten(), p95);
                }
                prop_assert_eq!(table.hits(), whole.table(index).hits());
                prop_assert_eq!(table.unique(), whole.table(index).unique());
            }
            // What has no key loses nothing.
            prop_assert_eq!(totals.statistics.counters, whole.statistics.counters);
        }
    }

    #[test]
    fn a_client_that_takes_the_id_of_another_is_another_visitor() {
        let mut totals = Totals::with_cap(&[], true, 3);
        for n in 0..40u64 {
            let client = n.to_string();
            let record = Record {
                client: client.as_bytes(),
                agent: Some(b"Mozilla/5.0"),
                ..Record::EMPTY
            };
            totals.observe(&record, &mut Hit::uncounted(record.time));
            totals.reduce();
            let expected = Findings::Names(vec![("people", n + 1), ("bots", 0)], 0);
            let statistics = &totals.statistics;
            assert_eq!(statistics.visitors.findings(statistics), expected);
        }
    }

    #[test]
    fn robots_are_a_part_of_the_agents_that_are_known() {
        let records = [
            (1, 0, 2, 1, 0, None),
            (1, 0, 1, 1, 0, None),
            (2, 0, 2, 1, 0, None),
        ];
        for (robots, want) in [(true, Findings::Part(1)), (false, Findings::Unknown)] {
            let mut totals = totals(robots);
            observe(&mut totals, &records);
            assert_eq!(totals.statistics.bots.findings(&totals.statistics), want);
        }
    }
}
