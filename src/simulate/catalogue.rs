//! What there is to ask for, and who asks: pages, clients, agents, all made up.
//!
//! Addresses are from the ranges that are kept for documentation (RFC 5737, RFC 3849), names from
//! `example.com` and its like.

use super::random::Random;

/// How many clients there are, besides the one that floods.
pub(super) const CLIENTS: usize = 1000;
/// The client that floods: its index, and its address.
pub(super) const FLOODER: usize = CLIENTS;
/// Its address, which no other client has.
pub const FLOOD_CLIENT: &str = "203.0.113.66";

/// What pages have in common.
pub(super) struct ResourceKind {
    /// Statuses and their shares, in 64ths.
    pub(super) statuses: &'static [(u16, u8)],
    /// The least bytes, and how many more there may be: 0 for files.
    pub(super) bytes: u32,
    pub(super) spread: u32,
    /// The usual duration in microseconds.
    pub(super) duration_us: u32,
    pub(super) cached: bool,
}

const fn kind(
    statuses: &'static [(u16, u8)],
    (bytes, spread): (u32, u32),
    duration_us: u32,
    cached: bool,
) -> ResourceKind {
    ResourceKind {
        statuses,
        bytes,
        spread,
        duration_us,
        cached,
    }
}

static PAGE: ResourceKind = kind(
    &[(200, 62), (301, 1), (404, 1)],
    (9_000, 24_000),
    42_000,
    false,
);
static API: ResourceKind = kind(
    &[(200, 59), (204, 3), (400, 1), (404, 1)],
    (180, 2_400),
    18_000,
    false,
);
static WRITE: ResourceKind = kind(&[(201, 58), (400, 4), (409, 2)], (90, 300), 55_000, false);
static SEARCH: ResourceKind = kind(&[(200, 63), (400, 1)], (4_000, 16_000), 120_000, false);
static LOGIN: ResourceKind = kind(&[(302, 52), (401, 12)], (120, 80), 90_000, false);
static FILE: ResourceKind = kind(&[(200, 46), (304, 17), (404, 1)], (2_000, 0), 1_000, true);
static PROBE: ResourceKind = kind(&[(404, 60), (403, 4)], (150, 0), 2_000, false);

/// The pages that most ask for, best first: method, target, kind.
static FIRST: [(&str, &str, &ResourceKind); 14] = [
    ("GET", "/", &PAGE),
    ("GET", "/api/orders", &API),
    ("GET", "/static/app.js", &FILE),
    ("GET", "/api/cart", &API),
    ("GET", "/static/site.css", &FILE),
    ("GET", "/shop", &PAGE),
    ("GET", "/img/logo.svg", &FILE),
    ("GET", "/search?q=shoes&page=1", &SEARCH),
    ("POST", "/api/cart", &WRITE),
    ("GET", "/blog", &PAGE),
    ("POST", "/login", &LOGIN),
    ("GET", "/api/users/me", &API),
    ("GET", "/favicon.ico", &FILE),
    ("HEAD", "/", &PAGE),
];

/// Below them, families of pages in turns: method, what comes before and after a number, kind.
static FAMILIES: [(&str, &str, &str, &ResourceKind); 8] = [
    ("GET", "/shop/item-", "", &PAGE),
    ("GET", "/img/item-", ".jpg", &FILE),
    ("GET", "/api/orders/", "", &API),
    ("GET", "/blog/2025/post-", "", &PAGE),
    ("GET", "/search?q=word", "", &SEARCH),
    ("GET", "/docs/page-", ".html", &PAGE),
    ("PUT", "/api/orders/", "", &WRITE),
    ("GET", "/static/chunk-", ".js", &FILE),
];
/// How many pages each family has.
const FAMILY: usize = 40;

/// What is asked for by those who look for holes.
static PROBES: [&str; 4] = [
    "/wp-login.php",
    "/.env",
    "/phpmyadmin/",
    "/cgi-bin/test.cgi",
];

/// Something to ask for.
pub(super) struct Resource {
    pub(super) method: &'static str,
    pub(super) target: String,
    pub(super) kind: &'static ResourceKind,
    /// The least bytes: as its kind has it, or its own where it is a file.
    pub(super) bytes: u32,
}

impl Resource {
    /// The virtual host that has it.
    pub(super) fn host(&self) -> &'static str {
        match self.target.as_bytes() {
            [b'/', b'a', b'p', b'i', ..] => "api.example.com",
            [b'/', b's', b't' | b'h', ..] => "shop.example.com",
            _ => "www.example.com",
        }
    }

    /// What a cache says of it.
    pub(super) fn cache(&self) -> &'static str {
        if self.kind.cached { "HIT" } else { "MISS" }
    }

    /// The target up to its query, and the query.
    pub(super) fn parts(&self) -> (&str, &str) {
        self.target.split_once('?').unwrap_or((&self.target, "-"))
    }
}

/// All pages, those that most ask for first; what a flood asks for is the last.
pub(super) fn pages() -> Vec<Resource> {
    let mut pages: Vec<Resource> = Vec::new();
    let mut add = |method, target: String, kind: &'static ResourceKind| {
        // A file has a size of its own, which never changes.
        let own = if kind.spread == 0 && kind.cached {
            pages.len() as u32 * 7919 % 60_000
        } else {
            0
        };
        pages.push(Resource {
            method,
            target,
            kind,
            bytes: kind.bytes + own,
        });
    };
    for (method, target, kind) in &FIRST {
        add(method, (*target).to_owned(), kind);
    }
    for number in 1..=FAMILY {
        for (method, before, after, kind) in &FAMILIES {
            add(method, format!("{before}{number}{after}"), kind);
        }
    }
    for target in PROBES {
        add("GET", target.to_owned(), &PROBE);
    }
    add("GET", "/api/export?all=1".to_owned(), &API);
    pages
}

/// Someone who asks.
pub(super) struct Client {
    pub(super) address: String,
    pub(super) user: &'static str,
    pub(super) agent: &'static str,
    pub(super) protocol: &'static str,
    /// Reads only.
    pub(super) robot: bool,
}

impl Client {
    /// A port of those that systems give out.
    pub(super) fn port(&self) -> u32 {
        let step = |sum: u32, b| sum * 31 % 16_000 + u32::from(b);
        49_152 + self.address.bytes().fold(0, step)
    }

    /// The address with a port, where it has one of those that systems give out.
    pub(super) fn with_port(&self) -> String {
        let (address, port) = (&self.address, self.port());
        if address.contains(':') {
            format!("[{address}]:{port}")
        } else {
            format!("{address}:{port}")
        }
    }
}

static AGENTS: [&str; 12] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (compatible; ExampleBot/2.1; +https://bot.example.com/)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0",
    "ExampleApp/4.2 (Android 15)",
    "curl/8.5.0",
    "Go-http-client/1.1",
    "-",
];

static USERS: [&str; 5] = ["ann", "bob", "carla", "dmitri", "eve"];

/// All clients, those that ask most first; the one that floods is the last.
pub(super) fn clients(random: &mut Random) -> Vec<Client> {
    let mut addresses: Vec<String> = ["192.0.2", "198.51.100", "203.0.113"]
        .iter()
        .flat_map(|net| (1..255).map(move |host| format!("{net}.{host}")))
        .filter(|address| address != FLOOD_CLIENT)
        .collect();
    let more = addresses.len()..CLIENTS;
    addresses.extend(more.map(|i| format!("2001:db8:{:x}::{:x}", 1 + i % 50, i)));
    random.shuffle(&mut addresses);
    let mut clients: Vec<Client> = addresses
        .into_iter()
        .map(|address| {
            // Of two draws the lesser: the first in the list are the more frequent.
            let agent = random.below(AGENTS.len()).min(random.below(AGENTS.len()));
            Client {
                address,
                user: if random.below(32) == 0 {
                    USERS[random.below(USERS.len())]
                } else {
                    "-"
                },
                agent: AGENTS[agent],
                robot: AGENTS[agent].contains("Bot"),
                protocol: if agent < 8 && random.below(4) > 0 {
                    "HTTP/2.0"
                } else {
                    "HTTP/1.1"
                },
            }
        })
        .collect();
    clients.push(Client {
        address: FLOOD_CLIENT.to_owned(),
        user: "-",
        agent: "python-requests/2.32.5",
        protocol: "HTTP/1.1",
        robot: true,
    });
    clients
}

/// Where requests come from, each as often as the others.
pub(super) static REFERRERS: [&str; 16] = [
    "-",
    "-",
    "-",
    "-",
    "-",
    "-",
    "-",
    "https://www.example.com/",
    "https://www.example.com/",
    "https://www.example.com/blog",
    "https://shop.example.com/shop",
    "https://shop.example.com/shop/item-1",
    "https://www.example.com/search?q=shoes",
    "https://search.example.net/",
    "https://search.example.net/?q=shoes",
    "https://news.example.org/article/17",
];

/// A table of 2^`BITS` places in which item `i` of `items` has its share by Zipf's law, as Mandelbrot
/// shifted it: 1 / (i + 1 + shift). Whoever draws a place draws the item.
pub(super) fn zipf<const PLACES: usize>(items: usize, shift: u64) -> Vec<u16> {
    let weight = |item: usize| (1u64 << 40) / (item as u64 + 1 + shift);
    let total: u64 = (0..items).map(weight).sum();
    let mut table = Vec::with_capacity(PLACES);
    let mut sum = 0;
    for item in 0..items {
        sum += weight(item);
        let end = (u128::from(sum) * PLACES as u128 / u128::from(total)) as usize;
        table.resize(end, item as u16);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn nothing_in_the_catalogue_needs_an_escape() {
        let mut random = Random::new(0);
        let clients = clients(&mut random);
        let pages = pages();
        let texts = clients
            .iter()
            .flat_map(|client| [&client.address, client.user, client.agent])
            .chain(pages.iter().map(|page| page.target.as_str()))
            .chain(REFERRERS);
        for text in texts {
            let plain = |b: u8| (b' '..=b'~').contains(&b) && b != b'"' && b != b'\\';
            assert!(!text.is_empty() && text.bytes().all(plain), "{text}");
        }
        assert_eq!(clients.len(), CLIENTS + 1);
        let addresses: BTreeSet<&str> = clients.iter().map(|c| c.address.as_str()).collect();
        assert_eq!(addresses.len(), CLIENTS + 1);
        for page in &pages {
            let shares: u32 = page.kind.statuses.iter().map(|(_, n)| u32::from(*n)).sum();
            assert_eq!(shares, 64, "{}", page.target);
            assert!(page.kind.statuses.iter().all(|(status, _)| *status < 500));
        }
    }

    #[test]
    fn shares_fall_by_zipfs_law() {
        let table = zipf::<4096>(300, 0);
        assert_eq!(table.len(), 4096);
        let count = |item: u16| table.iter().filter(|&&found| found == item).count();
        let first = count(0);
        for item in [1, 3, 9, 99] {
            let want = first / (usize::from(item) + 1);
            assert!(count(item).abs_diff(want) <= 1, "{item}");
        }
        assert!((0..300).all(|item| count(item) > 0));
    }
}
