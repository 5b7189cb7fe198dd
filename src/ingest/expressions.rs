//! Which of the rules' expressions a record matches, found once for records that are alike.
//!
//! Most expressions look at keys that are counted anyway, and at the status. For those the answer is
//! the same for every record with the same keys, so it is remembered by their ids: fifty rules cost
//! one look-up. Expressions that look at anything else are evaluated for each record.

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
    /// Each with its bit.
    direct: Vec<(u64, Filter)>,
    alike: Vec<(u64, Filter)>,
    /// The bits of those on durations alone, each with what it must be longer than, the least first: most are shorter.
    longer: Vec<(u64, u64)>,
    /// The counted dimensions that `alike` looks at.
    dimensions: Vec<usize>,
    answers: HashMap<[u32; KEYS + 1], u64, RandomState>,
}

impl Expressions {
    /// Expression `i` is bit `i`; `tops` are the dimensions that are counted.
    pub(super) fn new(filters: Vec<Filter>, tops: &[Top]) -> Expressions {
        let (mut direct, mut alike) = (Vec::new(), Vec::new());
        let mut dimensions: Vec<usize> = Vec::new();
        let mut longer = Vec::new();
        for (i, filter) in filters.into_iter().enumerate() {
            let index = |name: &str| tops.iter().position(|top| top.dimension.name == name);
            let places: Option<Vec<usize>> = filter
                .keys()
                .and_then(|keys| keys.into_iter().map(index).collect());
            let more = |places: &[usize]| {
                places
                    .iter()
                    .filter(|place| !dimensions.contains(place))
                    .count()
            };
            if let Some(us) = filter.longer_than() {
                longer.push((us, 1 << i));
                continue;
            }
            match places {
                Some(mut places) => {
                    places.sort_unstable();
                    places.dedup();
                    if dimensions.len() + more(&places) <= KEYS {
                        places.retain(|place| !dimensions.contains(place));
                        dimensions.extend(places);
                        alike.push((1 << i, filter));
                    } else {
                        direct.push((1 << i, filter));
                    }
                }
                None => direct.push((1 << i, filter)),
            }
        }
        longer.sort_unstable();
        Expressions {
            longer,
            direct,
            alike,
            dimensions,
            answers: HashMap::default(),
        }
    }

    /// The bits of those that a record matches, whose keys are counted as `hit`.
    #[inline(never)] // There are none in most runs.
    pub(super) fn matched(&mut self, record: &Record<'_>, hit: &Hit, scratch: &mut Scratch) -> u64 {
        let mut evaluate = |list: &[(u64, Filter)]| {
            list.iter()
                .filter(|(_, filter)| filter.matches(record, scratch))
                .fold(0, |bits, (bit, _)| bits | bit)
        };
        let mut bits = evaluate(&self.direct);
        if let (Some(us), Some(&(least, _))) = (record.duration_us, self.longer.first())
            && us > least
        {
            let matched = self.longer.iter().take_while(|(than, _)| us > *than);
            bits |= matched.fold(0, |bits, (_, bit)| bits | bit);
        }
        if !self.alike.is_empty() {
            let mut keys = [0; KEYS + 1];
            for (key, &dimension) in keys.iter_mut().zip(&self.dimensions) {
                *key = hit.ids[dimension];
            }
            keys[KEYS] = record.status.map_or(u32::MAX, u32::from);
            bits |= match self.answers.get(&keys) {
                // A key that was dropped as it came shares its id with others.
                _ if keys.contains(&DROPPED) => evaluate(&self.alike),
                Some(&answer) => answer,
                None => {
                    let answer = evaluate(&self.alike);
                    if self.answers.len() >= REMEMBERED {
                        self.answers.clear();
                    }
                    self.answers.insert(keys, answer);
                    answer
                }
            };
        }
        bits
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.direct.is_empty() && self.alike.is_empty() && self.longer.is_empty()
    }

    /// Ids have changed: what was remembered by them is void.
    pub(super) fn forget(&mut self) {
        self.answers.clear();
    }
}
