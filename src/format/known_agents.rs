//! User agents that were read before: a log has a few hundred, and comparing a text with one that is known takes less time
//! than looking for its end, and for the end of its line.
//!
//! It saves time and changes nothing: what is known has no quote, so that what is equal to it, and has one behind it, ends
//! there.

use super::extent::plain_quote;
use crate::hashing::{GOLDEN_RATIO, hash_of};

/// The places of agents, a power of two, and how many each has: those that begin alike are other versions of a browser.
const PLACES: usize = 256;
const WAYS: usize = 4;
/// The least of a long one.
const LONG: usize = 112;
/// Shorter ones, and longer ones, are read every time; few are.
const SHORTEST: usize = 45;
const LONGEST: usize = 300;

/// See the module's text.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownAgents {
    /// Empty until there is one. Each is what ends its line, from the first byte of the agent to the newline.
    places: Vec<[HashedAgent; WAYS]>,
}

/// An agent and its hash.
#[derive(Debug, Clone, Default)]
struct HashedAgent {
    /// With its quote and the newline behind it.
    text: Vec<u8>,
    hash: u64,
}

/// What is behind an entry of combined.
pub(super) struct BehindEntry<'a> {
    pub(super) referrer: &'a [u8],
    pub(super) agent: &'a [u8],
    /// See [`Record::agent_hash`](super::record::Record::agent_hash).
    pub(super) hash: u64,
    /// How many bytes they are, without the newline.
    pub(super) len: usize,
}

impl KnownAgents {
    /// Reads ` "referrer" "agent"` at the beginning of `rest` where a newline is behind it, and the agent is known.
    #[inline(always)] // Into the reading of a line.
    pub(super) fn read<'a>(&self, rest: &'a [u8]) -> Option<BehindEntry<'a>> {
        let quoted = rest.strip_prefix(b" \"")?;
        // Most often there is none.
        let end = match quoted {
            [b'-', b'"', ..] => 1,
            _ => plain_quote(quoted)?,
        };
        let (referrer, text) = quoted.split_at(end);
        let text = text.strip_prefix(b"\" \"")?;
        // Others rarely end there.
        let is_there = |known: &&HashedAgent| {
            let len = known.text.len();
            len > 0 && text.get(len - 2..len) == Some(b"\"\n") && text.starts_with(&known.text)
        };
        let find = |place: Option<usize>| self.places.get(place?)?.iter().find(is_there);
        let known = find(short_place(text)).or_else(|| find(long_place(text)))?;
        let len = known.text.len() - 2;
        Some(BehindEntry {
            referrer,
            agent: &text[..len],
            hash: known.hash,
            len: 2 + end + 3 + len + 1,
        })
    }

    /// An agent was read that ends its line; `text` begins with it.
    #[cold]
    pub(super) fn add(&mut self, text: &[u8], len: usize) {
        if !(SHORTEST..=LONGEST).contains(&len) {
            return;
        }
        let place = if len < LONG {
            short_place(text)
        } else {
            long_place(text)
        };
        let Some(place) = place else {
            return;
        };
        if self.places.is_empty() {
            self.places = vec![Default::default(); PLACES];
        }
        let ways = &mut self.places[place];
        ways.rotate_right(1);
        text[..len + 2].clone_into(&mut ways[0].text);
        ways[0].hash = hash_of(&text[..len]);
    }
}

/// The place of the agent that `text` begins with, if it is of [`LONG`] bytes at least: by the bytes in which systems and
/// versions of browsers differ.
#[inline(always)]
fn long_place(text: &[u8]) -> Option<usize> {
    let begin: &[u8; LONG] = text.first_chunk()?;
    let version =
        word(begin, 88) ^ word(begin, 96).rotate_left(23) ^ word(begin, 104).rotate_left(46);
    Some(place(version ^ word(begin, 29).rotate_left(11)))
}

/// The same if it is shorter.
#[inline(always)]
fn short_place(text: &[u8]) -> Option<usize> {
    let begin: &[u8; SHORTEST] = text.first_chunk()?;
    Some(place(word(begin, 21) ^ word(begin, 37).rotate_left(23)))
}

/// Eight bytes as a number.
#[inline(always)]
fn word<const N: usize>(begin: &[u8; N], at: usize) -> u64 {
    begin[at..]
        .first_chunk()
        .map_or(0, |&word| u64::from_le_bytes(word))
}

/// A place by a number; the highest bits of the product hang on all of it.
#[inline(always)]
fn place(mixed: u64) -> usize {
    (mixed.wrapping_mul(GOLDEN_RATIO) >> (u64::BITS - PLACES.ilog2())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

    fn known(agents: &[&str]) -> KnownAgents {
        let mut known = KnownAgents::default();
        for agent in agents {
            known.add(format!("{agent}\"\n").as_bytes(), agent.len());
        }
        known
    }

    fn read<'a>(known: &KnownAgents, rest: &'a str) -> Option<(&'a [u8], &'a [u8], u64, usize)> {
        let found = known.read(rest.as_bytes())?;
        Some((found.referrer, found.agent, found.hash, found.len))
    }

    #[test]
    fn an_agent_that_is_known_is_read_where_it_ends_the_line() {
        let agents = known(&[AGENT]);
        let line = format!(" \"-\" \"{AGENT}\"\nthe next");
        let (referrer, agent, hash, len) = read(&agents, &line).expect("it is known");
        assert_eq!((referrer, agent), (&b"-"[..], AGENT.as_bytes()));
        assert_eq!(&line[len..], "\nthe next");
        assert_eq!(hash, hash_of(AGENT.as_bytes()));
        let line = format!(" \"http://example.com/\" \"{AGENT}\"\n");
        let again = read(&agents, &line).expect("it is known");
        assert_eq!((again.0, again.2), (&b"http://example.com/"[..], hash));
        for other in [
            format!(" \"-\" \"{AGENT}\""),
            format!(" \"-\" \"{AGENT}\" 0.123\n"),
            format!(" \"-\" \"{AGENT}\"\r\n"),
            format!(" \"-\" \"{AGENT}.1\"\n"),
            format!(" \"a\\\" \"{AGENT}\"\n"),
            format!(" \"a\n\" \"{AGENT}\"\n"),
            format!(" \"-\"  \"{AGENT}\"\n"),
            "\n".to_owned(),
            String::new(),
        ] {
            assert_eq!(read(&agents, &other), None, "{other:?}");
        }
        assert_eq!(read(&KnownAgents::default(), &line), None);
    }

    #[test]
    fn the_newest_agents_of_a_place_stay() {
        let version = |n: usize| format!("{AGENT} Other/{n}");
        let agents: Vec<String> = (0..WAYS + 1).map(version).collect();
        let names: Vec<&str> = agents.iter().map(String::as_str).collect();
        let agents = known(&names);
        let is_known = |name: &&str| read(&agents, &format!(" \"-\" \"{name}\"\n")).is_some();
        // All of them have one place, and the first had to go.
        assert!(!is_known(&names[0]));
        assert!(names[1..].iter().all(is_known));
        // Short ones and long ones are not kept.
        for agent in ["curl/8.5.0".to_owned(), AGENT.repeat(5)] {
            let line = format!(" \"-\" \"{agent}\"\n");
            assert_eq!(read(&known(&[&agent]), &line), None);
        }
    }
}
