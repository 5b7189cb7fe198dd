//! Robots, by what their user agent says.
//!
//! A robot is known by a row of [`super::bot_list`], or says that it is one: by a word such as `bot`, by `compatible;` and a
//! name with a version, or by an address behind a plus sign. Then it is called what it calls itself. A robot that claims
//! to be a browser is not detected, so the share of robots is a lower bound.

use super::bot_list::{BOTS, Bot, BotKind};
use super::visitor::agent_number;
use crate::format::record::Record;
use crate::hashing::hash_of;
use memchr::memchr_iter;

/// A robot, as an agent names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Robot<'a> {
    /// What it is called.
    pub name: &'a [u8],
    /// What it is for.
    pub kind: BotKind,
}

impl Robot<'_> {
    /// Appends an agent that names this robot and says no more.
    pub fn write_alone(&self, out: &mut Vec<u8>) {
        let is_this = |bot: &&Bot| {
            bot.kind == self.kind && bot.name.is_some_and(|name| name.as_bytes() == self.name)
        };
        if let Some(bot) = BOTS.iter().find(is_this) {
            return out.extend_from_slice(bot.pattern.as_bytes());
        }
        let general = BOTS
            .iter()
            .find(|bot| bot.name.is_none() && bot.kind == self.kind);
        let word = general.map_or("bot", |bot| bot.pattern).as_bytes();
        let parts: [&[u8]; 3] = if self.name == NAMELESS {
            [b"(/", word, b")"]
        } else if self.name.iter().any(u8::is_ascii_alphabetic) && !is_of_browser(self.name) {
            [self.name, b" ", word]
        } else {
            out.extend_from_slice(b"compatible; ");
            [self.name, b"/ ", word]
        };
        parts.iter().for_each(|part| out.extend_from_slice(part));
    }
}

/// The name of robots that say only that they are one.
const NAMELESS: &[u8] = b"other";

/// For each pair of bytes, the rows whose pattern begins with it, as bits. Five bits of a byte are enough to skip most
/// positions of an agent, and are the same for a letter in either case.
const BEGINS: [u128; 1 << 10] = {
    let mut table = [0; 1 << 10];
    let mut row = 0;
    while row < BOTS.len() {
        let pattern = BOTS[row].pattern.as_bytes();
        table[with(with(0, pattern[0]), pattern[1])] |= 1 << row;
        row += 1;
    }
    table
};

/// The three bytes that a pattern begins with, as bits: most pairs go on otherwise.
const BEGINS_BY_THREE: [u64; (1 << 15) / 64] = {
    let mut table = [0; (1 << 15) / 64];
    let mut row = 0;
    while row < BOTS.len() {
        let pattern = BOTS[row].pattern.as_bytes();
        let three = with(with(with(0, pattern[0]), pattern[1]), pattern[2]);
        table[three / 64] |= 1 << (three % 64);
        row += 1;
    }
    table
};

/// The last three bytes, five bits of each, after one more.
const fn with(last: usize, byte: u8) -> usize {
    (last << 5 | (byte & 31) as usize) % (1 << 15)
}

/// The robots that agents name, remembered by the hash of the agent: a log has a few hundred agents.
#[derive(Debug, Default)]
pub struct Robots {
    /// Empty before the first agent; then the newest agents of each place.
    places: Box<[[KnownAgent; WAYS]]>,
}

/// The agent of a record.
#[derive(Debug, Clone, Copy)]
pub struct SeenAgent {
    /// Whether it names a robot.
    pub is_robot: bool,
    /// A number that stands for it, the same in every run.
    pub number: u32,
}

/// An agent by its hash, the robot that it is, and a number that stands for it.
#[derive(Debug, Clone, Copy, Default)]
struct KnownAgent {
    hash: u64,
    robot: Option<KnownRobot>,
    number: u32,
}

/// The hash of the agent of a record, by a seed of this process.
#[inline]
pub(super) fn agent_hash(record: &Record<'_>, agent: &[u8]) -> u64 {
    match record.agent_hash {
        0 => hash_of(agent),
        hash => hash,
    }
}

impl KnownAgent {
    #[inline]
    fn seen(self) -> SeenAgent {
        SeenAgent {
            is_robot: self.robot.is_some(),
            number: self.number,
        }
    }
}

/// A robot without its agent.
#[derive(Debug, Clone, Copy)]
struct KnownRobot {
    name: RobotName,
    kind: BotKind,
}

/// Where its name is.
#[derive(Debug, Clone, Copy)]
enum RobotName {
    /// In this row.
    Known(u8),
    /// These bytes of the agent: the first, and the first after them.
    Own(u32, u32),
    Nameless,
}

impl KnownRobot {
    fn of(self, agent: &[u8]) -> Robot<'_> {
        let name = match self.name {
            RobotName::Known(row) => BOTS[usize::from(row)].name.map(str::as_bytes),
            RobotName::Own(from, to) => agent.get(from as usize..to as usize),
            RobotName::Nameless => None,
        };
        Robot {
            name: name.unwrap_or(NAMELESS),
            kind: self.kind,
        }
    }
}

/// The places of agents, a power of two.
const PLACES: usize = 1 << 11;
/// The agents of a place.
const WAYS: usize = 2;

impl Robots {
    /// The robot that `agent` names.
    #[inline]
    pub fn named_in<'a>(&mut self, agent: &'a [u8]) -> Option<Robot<'a>> {
        let known = self.known(agent, hash_of(agent));
        known.robot.map(|robot| robot.of(agent))
    }

    /// The agent that made this request, if the log says it.
    #[inline]
    pub fn agent_of(&mut self, record: &Record<'_>) -> Option<SeenAgent> {
        let known = self.known_of(record, record.agent?);
        Some(known.seen())
    }

    /// The same with the robot that it names.
    #[inline]
    pub fn agent_and_robot_of<'a>(
        &mut self,
        record: &Record<'a>,
    ) -> Option<(SeenAgent, Option<Robot<'a>>)> {
        let agent = record.agent?;
        let known = self.known_of(record, agent);
        let robot = known.robot.map(|robot| robot.of(agent));
        Some((known.seen(), robot))
    }

    #[inline]
    fn known_of(&mut self, record: &Record<'_>, agent: &[u8]) -> KnownAgent {
        self.known(agent, agent_hash(record, agent))
    }

    /// Whether a robot made this request.
    #[inline]
    pub fn made(&mut self, record: &Record<'_>) -> bool {
        self.agent_of(record).is_some_and(|agent| agent.is_robot)
    }

    #[inline]
    fn known(&mut self, agent: &[u8], hash: u64) -> KnownAgent {
        let place = hash as usize % PLACES;
        let ways = self.places.get(place).map_or(&[][..], |ways| ways);
        match ways.iter().find(|known| known.hash == hash) {
            Some(known) => *known,
            None => self.read(agent, hash, place),
        }
    }

    /// Reads an agent, and remembers it.
    #[cold]
    fn read(&mut self, agent: &[u8], hash: u64, place: usize) -> KnownAgent {
        if self.places.is_empty() {
            self.places = vec![<[KnownAgent; WAYS]>::default(); PLACES].into();
        }
        let known = KnownAgent {
            hash,
            robot: named_in(agent),
            number: agent_number(agent),
        };
        let ways = &mut self.places[place];
        ways.rotate_right(1);
        ways[0] = known;
        known
    }
}

/// The robot that an agent names.
fn named_in(agent: &[u8]) -> Option<KnownRobot> {
    let mut found = BOTS.len();
    let [first, second, rest @ ..] = agent else {
        return None;
    };
    let mut last = with(with(0, *first), *second);
    for (at, &byte) in rest.iter().enumerate() {
        last = with(last, byte);
        if BEGINS_BY_THREE[last / 64] >> (last % 64) & 1 == 0 {
            continue;
        }
        let mut rows = BEGINS[last >> 5];
        while rows != 0 {
            let row = rows.trailing_zeros() as usize;
            rows &= rows - 1;
            if row < found && is_at(&BOTS[row], agent, at) {
                found = row;
            }
        }
    }
    let compatible = compatible(agent);
    let versioned = |(_, to): (usize, usize)| agent.get(to) == Some(&b'/');
    let kind = match BOTS.get(found) {
        Some(bot) if bot.name.is_some() => {
            let (name, kind) = (RobotName::Known(u8::try_from(found).ok()?), bot.kind);
            return Some(KnownRobot { name, kind });
        }
        Some(bot) => bot.kind,
        None if compatible.is_some_and(versioned) => BotKind::Other,
        None => return None,
    };
    let own = compatible.or_else(|| product(agent));
    let own = own.or_else(|| general_word(agent));
    let name = own.and_then(|(from, to)| {
        let (from, to) = (u32::try_from(from).ok()?, u32::try_from(to).ok()?);
        Some(RobotName::Own(from, to))
    });
    Some(KnownRobot {
        name: name.unwrap_or(RobotName::Nameless),
        kind,
    })
}

/// Where the word that begins at a byte ends.
fn word_end(agent: &[u8], from: usize) -> usize {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || b"-_.!".contains(b) || !b.is_ascii();
    from + agent[from..].iter().take_while(|b| is_part(b)).count()
}

/// Browsers and systems, which are called compatible too.
const COMPATIBLE_BROWSERS: [&[u8]; 5] = [b"MSIE", b"Konqueror", b"Windows", b"Linux", b"X11"];

/// The name behind `compatible;`: from where to where.
fn compatible(agent: &[u8]) -> Option<(usize, usize)> {
    let is_behind = |&at: &usize| agent[..at].ends_with(b"compatible");
    let mut from = memchr_iter(b';', agent).find(is_behind)? + 1;
    from += agent[from..].iter().take_while(|&&b| b == b' ').count();
    let to = word_end(agent, from);
    let name = &agent[from..to];
    (!name.is_empty() && !COMPATIBLE_BROWSERS.contains(&name)).then_some((from, to))
}

/// What browsers call themselves and what they are made of, in small letters.
const OF_BROWSERS: [&[u8]; 14] = [
    b"mozilla",
    b"applewebkit",
    b"khtml",
    b"gecko",
    b"like",
    b"chrome",
    b"chromium",
    b"safari",
    b"mobile",
    b"version",
    b"firefox",
    b"edg",
    b"opera",
    b"opr",
];

/// The first product of an agent, outside of parentheses, that is not one of a browser: from where to where.
fn product(agent: &[u8]) -> Option<(usize, usize)> {
    let (mut at, mut depth) = (0, 0usize);
    while at < agent.len() {
        match agent[at] {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => {
                let to = word_end(agent, at);
                let name = &agent[at..to];
                if name.iter().any(u8::is_ascii_alphabetic) && !is_of_browser(name) {
                    return Some((at, to));
                }
                // Its version is none.
                let word = agent[to..].iter().position(|b| b" (".contains(b));
                at = word.map_or(agent.len(), |len| to + len);
                if agent.get(at) == Some(&b'(') {
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

fn is_of_browser(name: &[u8]) -> bool {
    OF_BROWSERS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}

/// The first word that a general word for robots is in, and that is not in a URL: from where to where. Each word is looked
/// at once.
fn general_word(agent: &[u8]) -> Option<(usize, usize)> {
    let is_part = |b: &&u8| b.is_ascii_alphanumeric() || b"-_.".contains(b);
    let is_word = |bot: &&Bot| bot.name.is_none() && bot.pattern != ADDRESS;
    let general: Vec<&Bot> = BOTS.iter().filter(is_word).collect();
    let mut at = 0;
    while at < agent.len() {
        if !general.iter().any(|bot| is_at(bot, agent, at)) {
            at += 1;
            continue;
        }
        let before = agent[..at].iter().rev().take_while(is_part).count();
        let (from, to) = (at - before, word_end(agent, at));
        let in_url = from > 0 && b"/@:+".contains(&agent[from - 1]);
        if !in_url {
            return Some((from, to));
        }
        at = to;
    }
    None
}

/// The pattern of an address, which no word ends with.
const ADDRESS: &str = "+http";

fn is_at(bot: &Bot, agent: &[u8], at: usize) -> bool {
    let end = at + bot.pattern.len();
    let same = agent
        .get(at..end)
        .is_some_and(|text| text.eq_ignore_ascii_case(bot.pattern.as_bytes()));
    // A general word such as `bot` must end there; and Cubot makes telephones.
    let ends = !agent.get(end).is_some_and(u8::is_ascii_alphabetic);
    let telephone = at >= 2 && agent[at - 2..at].eq_ignore_ascii_case(b"cu");
    same && (bot.name.is_some() || bot.pattern == ADDRESS || (ends && !telephone))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(agent: &[u8]) -> Option<Robot<'_>> {
        named_in(agent).map(|robot| robot.of(agent))
    }

    #[test]
    fn agents_name_robots_in_any_case() {
        for (agent, want) in [
            (
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                "Googlebot search",
            ),
            (
                "AdsBot-Google (+http://www.google.com/adsbot.html)",
                "Google search",
            ),
            ("Mozilla/5.0 (compatible; BINGBOT/2.0)", "Bingbot search"),
            (
                "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Claude-User/1.0; +Claude-User@anthropic.com)",
                "Claude-User ai",
            ),
            (
                "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Perplexity-User/1.0; +https://perplexity.ai/perplexity-user)",
                "Perplexity-User ai",
            ),
            (
                "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; MistralAI-User/1.0; +https://docs.mistral.ai/robots)",
                "MistralAI-User ai",
            ),
            ("Uptime-Kuma/1.23.13", "Uptime-Kuma monitor"),
            ("curl/8.5.0", "curl tool"),
            ("python-requests/2.31", "Python tool"),
            ("Go-http-client/1.1", "Go tool"),
            (
                "Mozilla/5.0 (compatible; SomeBot/1.0; +https://example.com)",
                "SomeBot other",
            ),
            (
                "Mozilla/5.0 (compatible; Ezooms/1.0; x@example.com)",
                "Ezooms other",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36 ReaderThing/2 (+https://example.com)",
                "ReaderThing other",
            ),
            (
                "Mozilla/5.0 (Linux; Android 13) Chrome/120 (example-spider; https://example.com/bot.html)",
                "example-spider other",
            ),
            ("Mozilla/5.0 (see https://example.com/bot)", "other other"),
            (
                "Mozilla/5.0 (compatible; Linux x86_64; Example.Org_Bot/2.0; +http://example.org)",
                "Example.Org_Bot other",
            ),
            ("ExampleReader feed", "ExampleReader feed"),
            ("example-crawler", "example-crawler other"),
            ("Uptime monitor", "Uptime monitor"),
            ("bot", "bot other"),
            ("+http", "other other"),
            (
                "Mozilla/5.0 (Linux; Android 13; CUBOT NOTE 20) Chrome/120",
                "",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36",
                "",
            ),
            ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)", ""),
            ("Mozilla/5.0 (compatible; Konqueror/4.5; Linux)", ""),
            ("Robotics browser", ""),
            (
                "Mozilla/5.0 (X11 (like Linux) Inner/1) ExampleReader/2 (+https://example.com)",
                "ExampleReader other",
            ),
            (
                "Mozilla/5.0(Inner/1) ExampleReader/2 (+https://example.com)",
                "ExampleReader other",
            ),
            ("Mozilla/5.0 (compatible; /1.0)", ""),
            ("Mozilla/5.0 (compatible; Chrome/1.0)", "Chrome other"),
            ("compatible;", ""),
            ("-", ""),
            ("", ""),
        ] {
            let found = read(agent.as_bytes()).map(|robot| {
                let name = String::from_utf8_lossy(robot.name);
                format!("{name} {}", robot.kind.name())
            });
            assert_eq!(found.unwrap_or_default(), want, "{agent}");
            // What is left of it in a rollup names the same robot.
            let mut alone = Vec::new();
            if let Some(robot) = read(agent.as_bytes()) {
                robot.write_alone(&mut alone);
                assert_eq!(read(&alone), Some(robot), "{agent}");
            }
        }
    }

    #[test]
    fn what_is_remembered_is_what_would_be_read() {
        let mut robots = Robots::default();
        let long = "x".repeat(512);
        for _ in 0..2 {
            // More than there are places, and alike in all but one byte.
            for i in 0..PLACES * WAYS {
                for rest in ["", "; bot", "; Googlebot/2.1", &long, &format!("{long}bot")] {
                    let agent = format!("Mozilla/5.0 ({i:05}) and no more{rest}");
                    let want = read(agent.as_bytes());
                    assert_eq!(robots.named_in(agent.as_bytes()), want, "{agent}");
                    let record = Record {
                        agent: Some(agent.as_bytes()),
                        ..Record::EMPTY
                    };
                    assert_eq!(robots.made(&record), want.is_some(), "{agent}");
                }
            }
        }
        for agent in [&b""[..], b"-", b"bot", b"", b"\xff", b"compatible; \xff/"] {
            let want = read(agent);
            assert_eq!(robots.named_in(agent), want, "{agent:?}");
        }
    }

    #[test]
    fn every_pattern_is_in_lower_case_and_found_by_itself() {
        assert!(BOTS.len() <= 127, "a row is a bit");
        for bot in BOTS {
            assert_eq!(bot.pattern, bot.pattern.to_ascii_lowercase());
            let agent = bot.pattern.to_ascii_uppercase();
            assert!(named_in(agent.as_bytes()).is_some(), "{}", bot.pattern);
        }
        let general = BOTS.iter().position(|bot| bot.name.is_none());
        let general = &BOTS[general.expect("some")..];
        assert!(general.iter().all(|bot| bot.name.is_none()));
        assert!(general.iter().any(|bot| bot.pattern == ADDRESS));
    }
}
