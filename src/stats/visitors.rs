//! Visitors of a run, people apart from robots: see [`super::visitor`].
//!
//! A visitor is kept as a hash, once. Past a cap only those are kept whose hash begins with a zero bit, then with two, and so
//! on: as each bit halves them, what is left shows how many there were (adaptive sampling: Flajolet, Computing 43, 1990).
//! What is kept of several parts is what would have been kept of the whole. With `m` hashes at most the relative standard
//! error is `1.2 / √m`.

use std::hash::BuildHasher;

use foldhash::{fast, quality};
use hashbrown::HashTable;

use super::bots::{Robots, agent_hash};
use super::calendar::{DAY, midnight, shown};
use super::dimension::Scratch;
use super::visitor::mark;
use super::{Findings, Hit, Statistic, Statistics};
use crate::format::record::{Record, VisitorMark};
use crate::hashing::GOLDEN_RATIO;
use crate::quantity::Caption;

/// So many are kept, and up to here the number is exact.
const MOST: usize = if cfg!(test) { 1 << 8 } else { 100_000 };
/// So many are remembered, a power of two: most records are of a visitor who came not long ago.
const RECENT: usize = 1 << 11;
/// The bit of a hash that says that it is of a robot, where it is kept and where it is remembered.
const ROBOT: u64 = 1;

/// See the module's text.
#[derive(Debug)]
pub struct Visitors {
    /// The same in every run, so that a sample is too.
    kept: HashTable<u64>,
    /// A log cannot aim at collisions.
    seed: fast::RandomState,
    /// By how many zero bits those that are kept begin.
    zeros: u32,
    /// The last one of each client, and others; empty until there is one.
    recent: Box<[u64]>,
    others: Box<[u64]>,
    /// When the day began of the last record.
    midnight: i64,
    /// Hits of people and of robots.
    hits: [u64; 2],
    /// Whether there were records that do not say whose they are.
    unknown: bool,
}

impl Default for Visitors {
    fn default() -> Visitors {
        Visitors {
            kept: HashTable::new(),
            seed: fast::RandomState::default(),
            zeros: 0,
            recent: Box::default(),
            others: Box::default(),
            midnight: 0,
            hits: [0; 2],
            unknown: false,
        }
    }
}

impl Visitors {
    /// The bytes that they take.
    pub fn bytes(&self) -> usize {
        // As many places are free, and each has a byte of the index.
        self.kept.len() * 2 * (size_of::<u64>() + 1)
    }

    /// Hits of people and of robots, of those that have a user agent.
    pub fn hits(&self) -> [u64; 2] {
        self.hits
    }

    /// Counts a record with this agent of the client with this id.
    #[inline]
    pub fn see(&mut self, record: &Record<'_>, agent: &[u8], client: u32, robots: &mut Robots) {
        if !(0..DAY).contains(&(shown(record) - self.midnight)) {
            self.midnight = midnight(record);
        }
        let day = match record.visitor() {
            VisitorMark::Carried(mark) => u64::from(mark) << 1,
            _ => self.midnight as u64,
        };
        let by_day = agent_hash(record, agent).wrapping_add(day);
        let place = client as usize % RECENT;
        let recent = by_day.wrapping_add(u64::from(client).wrapping_mul(GOLDEN_RATIO << 1));
        let is_robot = match self.recent.get(place) {
            Some(&known) if known | ROBOT == recent | ROBOT => known & ROBOT != 0,
            _ => self.meet(record, robots, place, recent),
        };
        self.hits[usize::from(is_robot)] += 1;
    }

    /// Takes in a visitor who is not the last one of the client at this place; whether it is a robot.
    #[inline(never)]
    fn meet(
        &mut self,
        record: &Record<'_>,
        robots: &mut Robots,
        place: usize,
        recent: u64,
    ) -> bool {
        if self.recent.is_empty() {
            self.recent = vec![0; RECENT].into();
            self.others = self.recent.clone();
        }
        let before = self.recent[place];
        self.others[other_place(before)] = before;
        let other = self.others[other_place(recent)];
        if other | ROBOT == recent | ROBOT {
            self.recent[place] = other;
            return other & ROBOT != 0;
        }
        let agent = robots.agent_of(record);
        let is_robot = agent.is_some_and(|agent| agent.is_robot);
        self.recent[place] = recent & !ROBOT | u64::from(is_robot);
        match agent.and_then(|agent| mark(record, agent.number)) {
            Some(mark) => {
                let hash = quality::FixedState::default().hash_one((mark, record.client));
                self.keep(hash & !ROBOT | u64::from(is_robot));
            }
            None => self.unknown = true,
        }
        is_robot
    }

    /// Keeps a visitor, unless too many are kept already.
    fn keep(&mut self, hash: u64) {
        if hash.leading_zeros() < self.zeros {
            return;
        }
        let seed = &self.seed;
        let place = |hash: &u64| seed.hash_one(hash);
        let entry = self.kept.entry(place(&hash), |&kept| kept == hash, place);
        entry.or_insert(hash);
        while self.kept.len() > MOST {
            self.begin_with(self.zeros + 1);
        }
    }

    /// Ids of clients have changed.
    pub fn forget_ids(&mut self) {
        self.recent.fill(0);
        self.others.fill(0);
    }

    /// Keeps only those whose hash begins with so many zero bits.
    fn begin_with(&mut self, zeros: u32) {
        self.zeros = zeros;
        self.kept.retain(|hash| hash.leading_zeros() >= zeros);
    }
}

/// Where a visitor is among the others.
#[inline]
fn other_place(recent: u64) -> usize {
    (recent >> (u64::BITS - RECENT.ilog2())) as usize
}

impl Statistic for Visitors {
    const CAPTION: Option<Caption> = Some(Caption {
        key: "visitors",
        metric: "visitors",
        label: Some("kind"),
        grows: false,
        about: "Addresses with a user agent on one day, if robots are counted and the log has user agents",
    });

    /// They are [seen](Visitors::see) once the client has its id.
    #[inline(always)]
    fn observe(&mut self, _: &Record<'_>, _: &Hit, _: &mut Scratch) {}

    fn merge(&mut self, other: &Visitors) {
        if self.zeros < other.zeros {
            self.begin_with(other.zeros);
        }
        other.kept.iter().for_each(|&hash| self.keep(hash));
        let hits = self.hits.iter_mut().zip(other.hits);
        hits.for_each(|(hits, more)| *hits += more);
        self.unknown |= other.unknown;
    }

    fn clear(&mut self) {
        self.kept.clear();
        self.forget_ids();
        (self.zeros, self.hits, self.unknown) = (0, [0; 2], false);
    }

    fn findings(&self, _: &Statistics) -> Findings {
        let [people, robots] = self.hits;
        if self.unknown || people + robots == 0 {
            return Findings::Unknown;
        }
        let robots_kept = self.kept.iter().filter(|&hash| hash & ROBOT != 0).count();
        let people_kept = self.kept.len() - robots_kept;
        // No more visitors than hits.
        let estimate = |kept: usize, hits: u64| ((kept as u64) << self.zeros).min(hits);
        let items = vec![
            ("people", estimate(people_kept, people)),
            ("bots", estimate(robots_kept, robots)),
        ];
        let error = match self.zeros {
            0 => 0,
            // Three standard errors of the larger number.
            zeros => ((3.6 * (self.kept.len() as f64).sqrt()) as u64 + 1) << zeros,
        };
        Findings::Names(items, error)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::totals::Totals;
    use super::*;
    use crate::time::Second;

    const AGENTS: [Option<&[u8]>; 6] = [
        Some(b"Mozilla/5.0"),
        Some(b"curl/8.5"),
        Some(b"Googlebot/2.1"),
        Some(b"ExampleBot/1"),
        Some(b""),
        None,
    ];

    fn is_robot(agent: usize) -> bool {
        (1..4).contains(&agent)
    }

    /// A client, an agent, when, in hours, and whether a rollup carried it.
    type Choice = (u32, usize, i64, bool);

    fn observe(totals: &mut Totals, choices: &[Choice]) {
        for &(client, index, hour, carried) in choices {
            let client = format!("2001:db8::{client:x}");
            let mut record = Record {
                time: Second(hour * 3600),
                offset: 7200,
                client: client.as_bytes(),
                agent: AGENTS[index],
                ..Record::EMPTY
            };
            if carried && let Some(agent) = record.agent {
                let number = super::super::visitor::agent_number(agent);
                record.carried_visitor = mark(&record, number).expect("the line says it");
                record.carried = true;
                record.agent = Some(if is_robot(index) { b"(/bot)" } else { b"-" });
            }
            let mut hit = Hit::uncounted(record.time);
            totals.observe(&record, &mut hit);
        }
    }

    fn found(totals: &Totals) -> Findings {
        totals.statistics.visitors.findings(&totals.statistics)
    }

    proptest! {
        #[test]
        fn they_are_distinct_clients_agents_and_days_and_parts_are_the_whole(
            choices in prop::collection::vec((0u32..9, 0usize..6, -30i64..60, any::<bool>()), 0..200),
            cut in 0usize..200,
        ) {
            let mut whole = Totals::new(&[], true);
            observe(&mut whole, &choices);
            let seen = choices.iter().filter(|choice| choice.1 < 5);
            let seen: BTreeSet<_> = seen.map(|&(client, agent, hour, _)| {
                (client, agent, (hour + 2).div_euclid(24))
            }).collect();
            let bots = seen.iter().filter(|seen| is_robot(seen.1)).count() as u64;
            let expected = match seen.len() as u64 {
                0 => Findings::Unknown,
                all => Findings::Names(vec![("people", all - bots), ("bots", bots)], 0),
            };
            prop_assert_eq!(found(&whole), expected.clone());
            let (first, second) = choices.split_at(cut.min(choices.len()));
            let [mut merged, mut other] = [(); 2].map(|()| Totals::new(&[], true));
            observe(&mut merged, first);
            observe(&mut other, second);
            merged.merge_past_caps(&other);
            prop_assert_eq!(found(&merged), expected);
        }
    }

    #[test]
    fn past_the_cap_a_sample_shows_how_many_they_are() {
        for clients in [MOST as u32, 1000, 30_000] {
            let choices: Vec<Choice> = (0..clients * 2)
                .map(|n| (n % clients, n as usize % 2 * 4, 0, n % 3 == 0))
                .collect();
            let mut whole = Totals::new(&[], true);
            observe(&mut whole, &choices);
            let Findings::Names(items, error) = found(&whole) else {
                panic!("they are known");
            };
            // One agent for each, as their numbers are even.
            let people = items[0].1;
            assert!(people.abs_diff(clients.into()) <= error, "{people} {error}");
            assert!(people <= 2 * u64::from(clients));
            assert_eq!(error > 0, clients > MOST as u32, "{error}");
            // A part that is past the cap, and one that is not.
            for cut in [10, choices.len() / 2, choices.len() - 10] {
                let [mut merged, mut other] = [(); 2].map(|()| Totals::new(&[], true));
                observe(&mut merged, &choices[..cut]);
                observe(&mut other, &choices[cut..]);
                merged.merge_past_caps(&other);
                assert_eq!(found(&merged), found(&whole), "{clients} {cut}");
            }
        }
    }

    #[test]
    fn no_more_came_than_there_are_hits() {
        let choices: Vec<Choice> = (0..20_000).map(|n| (n, 0, 0, false)).collect();
        for hits in (1000..20_000).step_by(1000) {
            let mut totals = Totals::new(&[], true);
            observe(&mut totals, &choices[..hits]);
            let Findings::Names(items, _) = found(&totals) else {
                panic!("they are known");
            };
            assert!(items[0].1 <= hits as u64, "{items:?}");
        }
    }

    #[test]
    fn clients_whose_ids_have_changed_are_not_taken_for_others() {
        let mut totals = Totals::new(&[], true);
        observe(&mut totals, &[(1, 0, 0, false), (2, 0, 0, false)]);
        totals.statistics.visitors.forget_ids();
        let visitors = &totals.statistics.visitors;
        assert!(visitors.recent.iter().all(|&recent| recent == 0));
        assert_eq!(visitors.kept.len(), 2);
    }

    #[test]
    fn a_rollup_that_does_not_carry_them_leaves_them_unknown() {
        let mut totals = Totals::new(&[], true);
        observe(&mut totals, &[(1, 0, 0, false)]);
        let mut record = Record {
            agent: Some(b"-"),
            ..Record::EMPTY
        };
        record.carried = true;
        totals.observe(&record, &mut Hit::uncounted(Second(0)));
        assert_eq!(found(&totals), Findings::Unknown);
    }
}
