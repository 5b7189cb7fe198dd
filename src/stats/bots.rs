//! Robots, by what their user agent says. One row each.
//!
//! A pattern may be anywhere in the agent, in upper or lower case. If several match, the first row counts. A robot that
//! claims to be a browser is not detected, so the share of robots is a lower bound.

/// A robot: what it is called here, and the pattern in lower case.
pub struct Bot {
    /// Its key.
    pub name: &'static str,
    /// The pattern.
    pub pattern: &'static str,
}

const fn bot(name: &'static str, pattern: &'static str) -> Bot {
    Bot { name, pattern }
}

/// The name of robots that say only that they are one.
const OTHER: &str = "other";

/// Every pattern. Those of `other` come last, since many names contain them.
pub const BOTS: &[Bot] = &[
    bot("Googlebot", "googlebot"),
    bot("Google", "-google"),
    bot("Google", "google-"),
    bot("Google", "googleother"),
    bot("Bingbot", "bingbot"),
    bot("DuckDuckBot", "duckduckbot"),
    bot("YandexBot", "yandexbot"),
    bot("Baiduspider", "baiduspider"),
    bot("Applebot", "applebot"),
    bot("Amazonbot", "amazonbot"),
    bot("PetalBot", "petalbot"),
    bot("Slurp", "slurp"),
    bot("GPTBot", "gptbot"),
    bot("OpenAI", "chatgpt-user"),
    bot("OpenAI", "oai-searchbot"),
    bot("ClaudeBot", "claudebot"),
    bot("PerplexityBot", "perplexitybot"),
    bot("CCBot", "ccbot"),
    bot("Bytespider", "bytespider"),
    bot("Meta", "meta-external"),
    bot("Meta", "facebookexternalhit"),
    bot("Twitterbot", "twitterbot"),
    bot("LinkedInBot", "linkedinbot"),
    bot("Slackbot", "slackbot"),
    bot("Discordbot", "discordbot"),
    bot("TelegramBot", "telegrambot"),
    bot("AhrefsBot", "ahrefsbot"),
    bot("SemrushBot", "semrushbot"),
    bot("MJ12bot", "mj12bot"),
    bot("DotBot", "dotbot"),
    bot("UptimeRobot", "uptimerobot"),
    bot("Pingdom", "pingdom"),
    bot("kube-probe", "kube-probe"),
    bot("ELB-HealthChecker", "elb-healthchecker"),
    bot("Prometheus", "prometheus/"),
    bot("curl", "curl/"),
    bot("Wget", "wget/"),
    bot("Python", "python-"),
    bot("Python", "aiohttp"),
    bot("Go", "go-http-client"),
    bot("Java", "java/"),
    bot("okhttp", "okhttp/"),
    bot("Perl", "libwww-perl"),
    bot("Scrapy", "scrapy"),
    bot("HeadlessChrome", "headlesschrome"),
    bot("zgrab", "zgrab"),
    bot("masscan", "masscan"),
    bot("Nmap", "nmap scripting"),
    bot("Nikto", "nikto"),
    bot("sqlmap", "sqlmap"),
    bot(OTHER, "bot"),
    bot(OTHER, "crawler"),
    bot(OTHER, "spider"),
    bot(OTHER, "monitor"),
    bot(OTHER, "feed"),
];

/// For each pair of bytes, the rows whose pattern begins with it, as bits. Five bits of a byte are enough to skip most
/// positions of an agent, and are the same for a letter in either case.
const BEGINS: [u64; 1 << 10] = {
    let mut table = [0; 1 << 10];
    let mut row = 0;
    while row < BOTS.len() {
        let pattern = BOTS[row].pattern.as_bytes();
        table[place(pattern[0], pattern[1])] |= 1 << row;
        row += 1;
    }
    table
};

const fn place(first: u8, second: u8) -> usize {
    ((first & 31) as usize) << 5 | (second & 31) as usize
}

/// A cache of agents and the robots that they name: a log has a few hundred agents, and comparing one takes a tenth of
/// the time of reading it.
///
/// Some bytes of an agent choose a few places for it, and the newest agents stay there. By default there are no places,
/// and every agent is read.
#[derive(Debug, Default)]
pub struct Robots {
    places: Box<[KnownAgent]>,
    /// The place of the last agent: the next is usually the same (58 % in a common log).
    last: usize,
}

/// An agent, and the name of the robot that it is.
#[derive(Debug, Clone, Default)]
struct KnownAgent {
    agent: Vec<u8>,
    name: Option<&'static str>,
}

/// The most agents that are remembered: a power of two.
const PLACES: usize = 1 << 12;
/// The places that an agent may have. With one, one agent in a hundred was read again.
const WAYS: usize = 4;
/// A longer agent is read every time; few are.
const LONGEST: usize = 512;

impl Robots {
    /// Remembers agents.
    pub fn remembered() -> Robots {
        Robots {
            places: vec![KnownAgent::default(); PLACES].into(),
            last: 0,
        }
    }

    /// The name of the robot that `agent` names.
    #[inline]
    pub fn named_in(&mut self, agent: &[u8]) -> Option<&'static str> {
        if let Some(known) = self.places.get(self.last)
            && known.agent == agent
        {
            return known.name;
        }
        let first = place_of(agent);
        let places = self.places.get(first..first + WAYS).unwrap_or_default();
        if let Some(way) = places.iter().position(|known| known.agent == agent) {
            self.last = first + way;
            return places[way].name;
        }
        self.read(agent, first)
    }

    /// Reads an agent, to be remembered at `first`.
    #[cold]
    fn read(&mut self, agent: &[u8], first: usize) -> Option<&'static str> {
        let name = named_in(agent).map(|bot| bot.name);
        if let Some(places) = self.places.get_mut(first..first + WAYS)
            && agent.len() <= LONGEST
        {
            places.rotate_right(1);
            agent.clone_into(&mut places[0].agent);
            places[0].name = name;
            self.last = first;
        }
        name
    }
}

/// An agent that names this robot and says no more.
pub fn pattern_of(name: &str) -> &'static [u8] {
    let found = BOTS.iter().find(|bot| bot.name == name);
    found.map_or(b"-", |bot| bot.pattern.as_bytes())
}

/// The first place of an agent: by its length and the bytes in which browsers and their versions differ, those of the
/// system after `Mozilla/5.0 (` and those at the end; a short one by all of it.
#[inline]
fn place_of(agent: &[u8]) -> usize {
    let mixed = match (agent.get(13..45), agent.last_chunk::<32>()) {
        (Some(system), Some(end)) => mix(system) ^ mix(end).rotate_left(1),
        _ => mix(agent) ^ agent.last_chunk::<8>().map_or(0, |end| mix(end)),
    };
    ((mixed ^ agent.len() as u64).wrapping_mul(FACTOR) >> 32) as usize % (PLACES / WAYS) * WAYS
}

/// The golden ratio in 64 bits, as in Knuth's multiplicative hashing.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// A number for the whole words of a text. The words are multiplied apart, so that none waits for another.
#[inline]
fn mix(text: &[u8]) -> u64 {
    let (words, _) = text.as_chunks();
    let mixed = words
        .iter()
        .zip(0u32..)
        .map(|(&word, i)| u64::from_le_bytes(word).wrapping_mul(FACTOR.rotate_left(2 * i) | 1));
    mixed.fold(0, u64::wrapping_add)
}

/// The robot that an agent names.
fn named_in(agent: &[u8]) -> Option<&'static Bot> {
    let mut found = BOTS.len();
    for (at, pair) in agent.windows(2).enumerate() {
        let mut rows = BEGINS[place(pair[0], pair[1])];
        while rows != 0 {
            let row = rows.trailing_zeros() as usize;
            rows &= rows - 1;
            if row < found && is_at(&BOTS[row], agent, at) {
                found = row;
            }
        }
    }
    BOTS.get(found)
}

fn is_at(bot: &Bot, agent: &[u8], at: usize) -> bool {
    let end = at + bot.pattern.len();
    let same = agent
        .get(at..end)
        .is_some_and(|text| text.eq_ignore_ascii_case(bot.pattern.as_bytes()));
    // A general word such as `bot` must end there; and Cubot makes telephones.
    let ends = !agent.get(end).is_some_and(u8::is_ascii_alphabetic);
    let telephone = at >= 2 && agent[at - 2..at].eq_ignore_ascii_case(b"cu");
    same && (bot.name != OTHER || (ends && !telephone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_name_robots_in_any_case() {
        for (agent, want) in [
            (
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                Some("Googlebot"),
            ),
            (
                "AdsBot-Google (+http://www.google.com/adsbot.html)",
                Some("Google"),
            ),
            ("Mozilla/5.0 (compatible; BINGBOT/2.0)", Some("Bingbot")),
            ("curl/8.5.0", Some("curl")),
            ("python-requests/2.31", Some("Python")),
            ("Go-http-client/1.1", Some("Go")),
            (
                "Mozilla/5.0 (compatible; SomeBot/1.0; +https://example.com)",
                Some("other"),
            ),
            ("example-crawler", Some("other")),
            (
                "Mozilla/5.0 (Linux; Android 13; CUBOT NOTE 20) Chrome/120",
                None,
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36",
                None,
            ),
            ("Robotics browser", None),
            ("-", None),
            ("", None),
            ("bot", Some("other")),
        ] {
            assert_eq!(
                named_in(agent.as_bytes()).map(|bot| bot.name),
                want,
                "{agent}"
            );
        }
    }

    #[test]
    fn what_is_remembered_is_what_would_be_read() {
        let mut robots = Robots::remembered();
        let mut nothing = Robots::default();
        let long = "x".repeat(LONGEST);
        for _ in 0..2 {
            // More than there are places, and alike in all but one byte.
            for i in 0..PLACES + PLACES / 8 {
                for rest in ["", "; bot", "; Googlebot/2.1", &long, &format!("{long}bot")] {
                    let agent = format!("Mozilla/5.0 ({i:05}) and no more{rest}");
                    let want = named_in(agent.as_bytes()).map(|bot| bot.name);
                    assert_eq!(robots.named_in(agent.as_bytes()), want, "{agent}");
                    assert_eq!(nothing.named_in(agent.as_bytes()), want, "{agent}");
                }
            }
        }
        for agent in [&b""[..], b"-", b"bot", b"", b"\xff"] {
            let want = named_in(agent).map(|bot| bot.name);
            assert_eq!(robots.named_in(agent), want, "{agent:?}");
        }
    }

    #[test]
    fn every_pattern_is_in_lower_case_and_found_by_itself() {
        assert!(BOTS.len() <= 63, "a row is a bit");
        for bot in BOTS {
            assert_eq!(bot.pattern, bot.pattern.to_ascii_lowercase());
            let found = named_in(bot.pattern.to_ascii_uppercase().as_bytes()).map(|bot| bot.name);
            assert!(found.is_some(), "{}", bot.pattern);
        }
        let other = BOTS.iter().position(|bot| bot.name == OTHER).expect("some");
        assert!(BOTS[other..].iter().all(|bot| bot.name == OTHER));
    }
}
