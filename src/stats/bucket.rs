//! One second, or any number of them merged: a handful of counters and the run of keys.

use super::Hit;
use super::latency::Durations;
use super::run::Run;
use super::tally::Tally;

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
    /// Lines that are no record and came while this second was the newest.
    pub unparsed: u64,
    /// Records that came after their second was closed, while this second was the newest.
    pub late: u64,
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
    }
}

/// What is known of a second.
#[derive(Debug, Clone, Default)]
pub struct Bucket {
    /// Its counters.
    pub counters: Counters,
    /// Who hit what.
    pub run: Run,
    /// How long the requests took.
    pub durations: Durations,
    /// The records that match each of the rules' expressions; those behind the last match are left out.
    pub matched: Vec<Matched>,
}

/// The records of a second that match an expression.
#[derive(Debug, Clone, Default)]
pub struct Matched {
    /// Their counters.
    pub counters: Counters,
    /// Who hit what.
    pub run: Run,
    /// How long they took.
    pub durations: Durations,
}

impl Matched {
    fn observe(&mut self, hit: &Hit, dimensions: usize) {
        self.counters.observe(hit);
        self.run.push(hit, dimensions);
        if let Some(us) = hit.duration_us {
            self.durations.observe(us);
        }
    }

    fn clear(&mut self) {
        self.counters = Counters::default();
        self.run.clear();
        self.run.shrink();
        self.durations.clear();
    }
}

impl Bucket {
    /// Counts one record.
    #[inline]
    pub fn observe(&mut self, hit: &Hit, dimensions: usize) {
        self.counters.observe(hit);
        self.run.push(hit, dimensions);
        if let Some(us) = hit.duration_us {
            self.durations.observe(us);
        }
        if hit.matched != 0 {
            self.observe_matched(hit, dimensions);
        }
    }

    fn observe_matched(&mut self, hit: &Hit, dimensions: usize) {
        let mut bits = hit.matched;
        while bits != 0 {
            let index = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            if index >= self.matched.len() {
                self.matched.resize_with(index + 1, Matched::default);
            }
            self.matched[index].observe(hit, dimensions);
        }
    }

    /// Brings a busy second to its least size. `scratch` must be clear, and is again.
    #[inline]
    pub fn settle(&mut self, scratch: &mut [Tally]) {
        self.run.settle(scratch);
        for matched in &mut self.matched {
            matched.run.settle(scratch);
        }
    }

    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        // What else is counted is counted of hits.
        self.counters.hits == 0 && self.counters.unparsed == 0 && self.counters.late == 0
    }

    /// Forgets all, keeping memory for reuse.
    pub fn clear(&mut self) {
        self.counters = Counters::default();
        self.run.clear();
        self.run.shrink();
        self.durations.clear();
        self.clear_matched();
    }

    /// Forgets what matched, which only the rules ask for when the second closes.
    pub fn clear_matched(&mut self) {
        self.matched.iter_mut().for_each(Matched::clear);
    }
}
