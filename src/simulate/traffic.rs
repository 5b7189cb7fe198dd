//! What lines say: who asks for what, and how it ends.

use super::catalogue::{self, CLIENTS, Client, FLOODER, REFERRERS, Resource};
use super::held::HeldKey;
use super::random::Random;
use super::schedule::{Stretch, is_chosen};

/// How many places the tables of shares have: enough that the last client and page have one.
const CLIENT_PLACES: usize = 1 << 14;
const PAGE_PLACES: usize = 1 << 12;

/// Seeds of the choices by share, so that errors and flood are independent.
const ERRORS: u64 = 1;
const FLOOD: u64 = 2;

/// Requests take so many times as long at first, where the start is slow.
const COLD: u64 = 10;

/// A line, as indexes into the tables and numbers.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct LogEntry {
    /// From the beginning of the log.
    pub(super) second: u64,
    pub(super) client: usize,
    pub(super) page: usize,
    pub(super) referrer: usize,
    pub(super) status: u16,
    pub(super) bytes: u64,
    pub(super) duration_us: u64,
}

/// Makes entries.
pub(super) struct Traffic {
    pub(super) clients: Vec<Client>,
    pub(super) pages: Vec<Resource>,
    random: Random,
    client_shares: Vec<u16>,
    page_shares: Vec<u16>,
    /// The 64 statuses of each page.
    statuses: Vec<[u16; 64]>,
    /// How durations spread around the usual one, in 256ths: few are much longer.
    spread: [u32; 256],
    slow_start: u64,
    /// How many lines each step has.
    lines: Vec<u64>,
    seed: u64,
}

impl Traffic {
    pub(super) fn new(seed: u64, slow_start: u64, steps: &[Stretch]) -> Traffic {
        let mut random = Random::new(seed);
        let clients = catalogue::clients(&mut random);
        let pages = catalogue::pages();
        let statuses = pages.iter().map(|page| {
            let each = page.kind.statuses.iter();
            let mut all =
                each.flat_map(|(status, n)| std::iter::repeat_n(*status, usize::from(*n)));
            std::array::from_fn(|_| all.next().unwrap_or(200))
        });
        Traffic {
            statuses: statuses.collect(),
            client_shares: catalogue::zipf::<CLIENT_PLACES>(CLIENTS, 2),
            // The last page is the flood's.
            page_shares: catalogue::zipf::<PAGE_PLACES>(pages.len() - 1, 0),
            // The quantiles of a Pareto distribution, moved: one in 256 takes 77 times as long.
            spread: std::array::from_fn(|i| 179 + 77 * 256 / (256 - i as u32)),
            clients,
            pages,
            random,
            slow_start,
            lines: steps.iter().map(Stretch::lines).collect(),
            seed,
        }
    }

    /// The entry for a place of this step.
    #[inline]
    pub(super) fn entry(&mut self, place: HeldKey, step: &Stretch) -> LogEntry {
        let lines = self.lines[place.step];
        let chosen =
            |what: u64, share| is_chosen(self.seed.wrapping_add(what), share, place.index, lines);
        let (error, flood) = (chosen(ERRORS, step.errors), chosen(FLOOD, step.flood));
        let (who, how) = (self.random.next(), self.random.next());
        // Parts of a draw that do not overlap are independent.
        let part = |of: u64, from: u32, bits: u32| (of >> from) as usize & ((1 << bits) - 1);
        let (client, page, referrer) = if flood {
            (FLOODER, self.pages.len() - 1, 0)
        } else {
            let client = usize::from(self.client_shares[part(who, 0, 14)]);
            let page = usize::from(self.page_shares[part(who, 14, 12)]);
            // A robot that would write takes the home page.
            let reads = !self.clients[client].robot || self.pages[page].method == "GET";
            (client, if reads { page } else { 0 }, part(who, 26, 4))
        };
        let kind = self.pages[page].kind;
        let status = match part(how, 0, 3) {
            _ if !error => self.statuses[page][part(who, 30, 6)],
            0..=2 => 500,
            3 | 4 => 502,
            5 | 6 => 503,
            _ => 504,
        };
        let bytes = match status {
            204 | 304 => 0,
            300..=399 => 154,
            400.. => 146 + u64::from(status % 100),
            _ => {
                let more = u64::from(kind.spread) * (how >> 48);
                u64::from(self.pages[page].bytes) + (more >> 16)
            }
        };
        let usual = u64::from(kind.duration_us) * u64::from(self.spread[part(how, 8, 8)]) / 256;
        let mut duration_us = match status {
            503 => 1_000,
            504 => 60_000_000,
            _ => usual * (768 + part(how, 16, 9) as u64) / 1024,
        };
        if place.second < self.slow_start && status != 504 {
            let left = self.slow_start - place.second;
            duration_us += duration_us * (COLD - 1) * left / self.slow_start;
        }
        LogEntry {
            second: place.second,
            client,
            page,
            referrer,
            status,
            bytes,
            duration_us,
        }
    }

    /// Entries in which every client, page and referrer occurs, in the first second and in this one.
    pub(super) fn samples(&self, last: u64) -> impl Iterator<Item = LogEntry> {
        let pages = self.pages.len();
        (0..self.clients.len()).map(move |i| LogEntry {
            second: if i % 3 == 0 { 0 } else { last },
            client: i,
            page: i % pages,
            referrer: i % REFERRERS.len(),
            status: if i % 2 == 0 { 200 } else { 503 },
            bytes: i as u64,
            duration_us: i as u64 * 1000,
        })
    }
}
