//! Made-up traffic.
//!
//! Nothing is read from outside, and the same seed gives the same bytes on every machine. Keys are drawn
//! so that the one of rank `r` has about `1/r` of the hits of the first, as in real logs.

/// 2026-11-20T00:00:00Z. All traffic is on this day.
pub const START: i64 = 1_795_132_800;

/// SplitMix64, from Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        // The bias is far below what a benchmark could notice.
        (self.next() % limit as u64) as usize
    }

    /// A rank below `limit`: its magnitude is even, and so are the ranks of one magnitude.
    fn rank(&mut self, limit: usize) -> usize {
        let magnitudes = usize::BITS - limit.leading_zeros();
        let from = 1 << self.below(magnitudes as usize);
        (from + self.below(from) - 1) % limit
    }
}

/// What traffic is like.
#[derive(Debug, Clone)]
pub struct Mix {
    rate: (usize, i64),
    sections: usize,
    clients: usize,
    /// Each is as likely as it is often here.
    statuses: &'static [u16],
    disorder: i64,
    timed: bool,
}

/// Mostly well, as on a good day.
pub const USUAL: &[u16] = &[
    200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 304, 304, 301, 404, 404, 403, 500,
    503,
];

impl Mix {
    /// A site of some size on a good day.
    pub fn usual() -> Mix {
        Mix {
            rate: (50, 1),
            sections: 200,
            clients: 5000,
            statuses: USUAL,
            disorder: 0,
            timed: false,
        }
    }

    /// So many requests in each busy second, and so many seconds from one busy second to the next.
    pub fn rate(self, requests: usize, seconds: i64) -> Mix {
        let rate = (requests, seconds);
        Mix { rate, ..self }
    }

    /// So many different sections and clients.
    pub fn keys(self, sections: usize, clients: usize) -> Mix {
        Mix {
            sections,
            clients,
            ..self
        }
    }

    /// These status codes.
    pub fn statuses(self, statuses: &'static [u16]) -> Mix {
        Mix { statuses, ..self }
    }

    /// Requests are logged up to so many seconds late.
    pub fn disorder(self, disorder: i64) -> Mix {
        Mix { disorder, ..self }
    }

    /// It is known how long requests took.
    pub fn timed(self) -> Mix {
        let timed = true;
        Mix { timed, ..self }
    }
}

/// A request that was made up.
#[derive(Debug, Clone, Copy)]
struct Request {
    time: i64,
    client: u32,
    target: u32,
    bytes: u32,
    us: u32,
    status: u16,
}

/// What is logged of a request.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Seconds since the epoch.
    pub time: i64,
    /// An address.
    pub client: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// Three digits.
    pub status: u16,
    /// Bytes sent.
    pub bytes: u64,
    /// How long it took, in microseconds.
    pub duration_us: Option<u64>,
    /// What the client says it is.
    pub agent: &'static str,
}

/// Requests in the order in which they are logged.
#[derive(Debug)]
pub struct Traffic {
    requests: Vec<Request>,
    clients: Vec<String>,
    targets: Vec<String>,
    timed: bool,
}

const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "curl/8.5.0",
    "Mozilla/5.0 (compatible; examplebot/2.1; +http://www.example.com/bot.html)",
];

impl Traffic {
    /// `count` requests.
    pub fn new(mix: &Mix, count: usize) -> Traffic {
        let mut random = Random(0x6874_7470_6d6f_6e00);
        let targets = mix.sections.max(2000);
        let address = |i: usize| match i % 8 {
            7 => format!("2001:db8:{:x}:{:x}::{:x}", i % 251, i >> 8, i % 65_521),
            _ => format!("10.{}.{}.{}", i >> 16, i >> 8 & 255, i & 255),
        };
        let target = |i: usize| match i % 5 {
            0 => format!("/part-{}/", i % mix.sections),
            1 => format!("/part-{}/search?q=some+words&page={i}", i % mix.sections),
            _ => format!(
                "/part-{}/articles/{i}/a-title-of-some-words.html",
                i % mix.sections
            ),
        };
        let (per_second, apart) = mix.rate;
        let request = |i: usize| {
            let second = (i / per_second) as i64 * apart;
            let behind = random.below(mix.disorder as usize + 1) as i64;
            Request {
                time: START + (second - behind).clamp(0, 86_399),
                client: random.rank(mix.clients) as u32,
                target: random.rank(targets) as u32,
                bytes: random.rank(1 << 17) as u32,
                us: random.rank(1 << 22) as u32,
                status: mix.statuses[random.below(mix.statuses.len())],
            }
        };
        Traffic {
            requests: (0..count).map(request).collect(),
            clients: (0..mix.clients).map(address).collect(),
            targets: (0..targets).map(target).collect(),
            timed: mix.timed,
        }
    }

    /// The requests, as they are logged.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.requests.iter().map(|request| Entry {
            time: request.time,
            client: &self.clients[request.client as usize],
            target: &self.targets[request.target as usize],
            status: request.status,
            bytes: request.bytes.into(),
            duration_us: self.timed.then_some(request.us.into()),
            agent: AGENTS[request.client as usize % AGENTS.len()],
        })
    }

    /// How many requests, and the sum of their bytes.
    pub fn seen(&self) -> [u64; 2] {
        let bytes = self
            .requests
            .iter()
            .map(|request| u64::from(request.bytes))
            .sum();
        [self.requests.len() as u64, bytes]
    }
}
