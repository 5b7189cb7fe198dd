//! Which of the rules' expressions a record matches, found once for records that are alike.
//!
//! Most expressions look at keys that are counted anyway, and at the status. For those the answer is
//! the same for every record with the same keys, so it is remembered by their ids: fifty rules cost
//! one look-up. What looks at anything else is evaluated for each record; of `path=/a and bytes>9` only for those of the path.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::filter::Filter;
use crate::format::record::Record;
use crate::stats::Hit;
use crate::stats::dimension::Scratch;
use crate::stats::keys::DROPPED;
use crate::stats::top::Top;

/// Keys that answers are remembered by: more are rare, and cost more than they save.
const KEYS: usize = 3;
/// Answers remembered; then it begins anew.
const REMEMBERED: usize = 1 << 16;

/// The expressions of a run.
#[derive(Debug)]
pub(super) struct Expressions {
    /// What is remembered, each with its bit: the expression, or those of its parts that must match and look at keys alone.
    alike: Vec<(u64, Filter)>,
    /// The counted dimensions that they look at.
    dimensions: Vec<usize>,
    answers: HashMap<[u32; KEYS + 1], u64, RandomState>,
    /// By the place of the bit, what must match beside, if anything.
    direct: Vec<Option<Filter>>,
    /// The bits of those that are of `direct` alone.
    direct_alone: u64,
    /// The bits of those on durations alone, each with what it must be longer than, the least first: most are shorter.
    longer: Vec<(u64, u64)>,
}

impl Expressions {
    /// Expression `i` is bit `i`; `tops` are the dimensions that are counted.
    pub(super) fn new(filters: Vec<Filter>, tops: &[Top]) -> Expressions {
        let mut made = Expressions {
            alike: Vec::new(),
            dimensions: Vec::new(),
            answers: HashMap::default(),
            direct: Vec::new(),
            direct_alone: 0,
            longer: Vec::new(),
        };
        let place = |name: &str| tops.iter().position(|top| top.dimension.name == name);
        let places = |filter: &Filter| -> Option<Vec<usize>> {
            let keys = filter.keys()?;
            keys.into_iter().map(place).collect()
        };
        for (i, filter) in filters.into_iter().enumerate() {
            let bit = 1 << i;
            made.direct.push(None);
            if let Some(us) = filter.longer_than() {
                made.longer.push((us, bit));
                continue;
            }
            let looks_at_keys = |filter: &Filter| places(filter).is_some();
            let [alike, direct] = filter.clone().split(looks_at_keys);
            match alike {
                Some(alike) if made.remembers(places(&alike).unwrap_or_default()) => {
                    made.alike.push((bit, alike));
                    made.direct[i] = direct;
                }
                _ => {
                    made.direct_alone |= bit;
                    made.direct[i] = Some(filter);
                }
            }
        }
        made.longer.sort_unstable();
        made
    }

    /// Whether answers can be remembered by the keys of these dimensions too; then they are from now on.
    fn remembers(&mut self, mut places: Vec<usize>) -> bool {
        places.retain(|place| !self.dimensions.contains(place));
        places.sort_unstable();
        places.dedup();
        let fit = self.dimensions.len() + places.len() <= KEYS;
        if fit {
            self.dimensions.extend(places);
        }
        fit
    }

    /// The bits of those that a record matches, whose keys are counted as `hit`.
    #[inline(never)] // There are none in most runs.
    pub(super) fn matched(&mut self, record: &Record<'_>, hit: &Hit, scratch: &mut Scratch) -> u64 {
        let mut bits = self.alike(record, hit, scratch);
        let mut left = bits | self.direct_alone;
        while left != 0 {
            let index = left.trailing_zeros() as usize;
            left &= left - 1;
            if let Some(filter) = &self.direct[index] {
                let matches = filter.matches(record, scratch);
                bits = bits & !(1 << index) | u64::from(matches) << index;
            }
        }
        if let (Some(us), Some(&(least, _))) = (record.duration_us, self.longer.first())
            && us > least
        {
            let matched = self.longer.iter().take_while(|(than, _)| us > *than);
            bits |= matched.fold(0, |bits, (_, bit)| bits | bit);
        }
        bits
    }

    /// The bits of those that are alike for all records with these keys.
    fn alike(&mut self, record: &Record<'_>, hit: &Hit, scratch: &mut Scratch) -> u64 {
        if self.alike.is_empty() {
            return 0;
        }
        let mut evaluate = || {
            let matched = self.alike.iter();
            matched
                .filter(|(_, filter)| filter.matches(record, scratch))
                .fold(0, |bits, (bit, _)| bits | bit)
        };
        let mut keys = [0; KEYS + 1];
        for (key, &dimension) in keys.iter_mut().zip(&self.dimensions) {
            *key = hit.ids[dimension];
        }
        keys[KEYS] = record.status.map_or(u32::MAX, u32::from);
        match self.answers.get(&keys) {
            // A key that was dropped as it came shares its id with others.
            _ if keys.contains(&DROPPED) => evaluate(),
            Some(&answer) => answer,
            None => {
                let answer = evaluate();
                if self.answers.len() >= REMEMBERED {
                    self.answers.clear();
                }
                self.answers.insert(keys, answer);
                answer
            }
        }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.direct.is_empty()
    }

    /// Ids have changed: what was remembered by them is void.
    pub(super) fn forget(&mut self) {
        self.answers.clear();
    }
}
