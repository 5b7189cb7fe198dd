//! Which format a line is in, for whoever asks: the user with `-v`, and hints about lines that are not read.

use super::super::record::Record;
use super::super::untimed::UNTIMED;
use super::super::{AUTO, Choice, Format, carrier, detect, formats, head};
use super::{CLF, Outcome, Parser, ReadBy};
use crate::format::unparsed::Unparsed;
use crate::time::Zone;

/// The name of the family's member with a host.
const VHOST: &str = "vhost_combined";

/// The format in which `auto` reads a line by itself.
pub fn recognise(line: &[u8]) -> Option<&'static str> {
    let mut parser = Parser::new(&Choice::Auto, Zone::UTC, &[]);
    match parser.what(line) {
        Outcome::Record => Some(parser.format_of(line)),
        _ => None,
    }
}

/// The format that comes closest to a line that none reads: the one that gets furthest.
pub fn closest(line: &[u8]) -> Option<(&'static str, Unparsed)> {
    let read = |format: &'static Format| match Parser::new(&Choice::Only(format), Zone::UTC, &[])
        .what(line)
    {
        Outcome::Unparsed(unparsed) if unparsed.timed => Some((format.name, unparsed)),
        _ => None,
    };
    let first = *line.get(carrier::len(line))?;
    if detect::is_error_log(line) {
        return None;
    }
    let tried: Vec<_> = formats()
        .filter(|format| (format.begins)(first))
        .filter_map(read)
        .collect();
    let furthest = tried.iter().map(|(_, unparsed)| unparsed.at).max()?;
    tried
        .into_iter()
        .find(|(_, unparsed)| unparsed.at == furthest)
}

/// So many formats and carriers are said.
const MOST_SEEN: usize = 64;

impl Parser {
    /// The format of the record that was read last, from `line`, and what carried it, where neither was so before.
    pub fn newly_recognised(&mut self, line: &[u8]) -> Option<String> {
        let carrier = self.carrier_of(line);
        let seen = (self.last, carrier);
        if self.seen.contains(&seen) || self.seen.len() >= MOST_SEEN {
            return None;
        }
        self.seen.push(seen);
        let format = self.format_of(line);
        Some(match carrier {
            Some(carrier) => format!("{format} behind {carrier}"),
            None => format.to_owned(),
        })
    }

    /// What carries the record that was read last, from `line`.
    fn carrier_of(&self, line: &[u8]) -> Option<&'static str> {
        let len = carrier::len(line);
        let of_lines = matches!(self.last, ReadBy::Lines(_) | ReadBy::Untimed(_));
        let object = of_lines && line[len..].starts_with(b"{");
        match carrier::name(line) {
            _ if self.own => None,
            name if name.is_some() && !object => name,
            _ if object => Some("JSON"),
            _ if matches!(self.last, ReadBy::Untimed(_)) => Some("a time"),
            _ if of_lines && head::is_carried(line) => Some("other words"),
            _ => None,
        }
    }

    /// Of those that differ in their end only, the one that says most.
    fn format_of(&self, line: &[u8]) -> &'static str {
        match (self.choice, self.last) {
            (Some(name), _) => name,
            (None, ReadBy::Json) => "json",
            (None, ReadBy::W3c) => "w3c",
            (None, ReadBy::Rollup) => "rollup",
            (None, ReadBy::Untimed(index)) => UNTIMED[usize::from(index)].name,
            (None, ReadBy::Lines(index)) if AUTO[usize::from(index)].name != CLF => {
                AUTO[usize::from(index)].name
            }
            (None, ReadBy::Lines(_)) => {
                let body = &line[carrier::len(line)..];
                let as_text = body.starts_with(b"{") || body.contains(&0x1b);
                let body = if as_text { &self.carried } else { body };
                let fits = |format: &&'static Format| {
                    let choice = Choice::Only(format);
                    let mut parser = Parser::new(&choice, Zone::UTC, &[]);
                    parser.what(body) == Outcome::Record
                        && (format.name != VHOST || head::has_host(body))
                };
                let family = [VHOST, "combined", "common"];
                let format = family
                    .iter()
                    .find_map(|name| formats().find(|format| format.name == *name).filter(fits));
                format.map_or("common", |format| format.name)
            }
        }
    }

    /// The keys in a line of JSON that have no name here, where it is an entry without a client or without a request; none
    /// for any other line.
    pub fn unknown_keys(&self, line: &[u8]) -> Vec<String> {
        let mut parser = self.clone();
        let mut record = Record::EMPTY;
        let read = parser.read(line, &mut record);
        let complete = record.client != b"-" && record.request.is_some();
        let object = &line[carrier::len(line)..];
        let mut json = self.json.clone();
        match &mut json {
            Some(json) if read == Outcome::Record && !complete && object.starts_with(b"{") => {
                json.unknown(object)
            }
            _ => Vec::new(),
        }
    }

    /// What a line is, whatever it says.
    fn what(&mut self, line: &[u8]) -> Outcome {
        let mut record = Record::EMPTY;
        self.read(line, &mut record)
    }
}
