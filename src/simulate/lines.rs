//! Entries to lines: a layout with every text that can stand in it written ahead.
//!
//! A line is then copies of texts, three numbers, and the times, which are written anew only where the
//! second changes. Nothing is allocated once the output has grown to its size.

use super::catalogue::{Client, Page, REFERRERS};
use super::traffic::{Entry, Traffic};
use crate::format::layout::{Fit, Layout, Moment, Piece, TimeText, Value};
use crate::format::unparsed::Unit;
use crate::format::write::{duration, number};

/// Which of the entry's indexes chooses the text.
#[derive(Debug, Clone, Copy)]
enum By {
    Client,
    Page,
    Referrer,
}

/// What is done to write a part of a line.
#[derive(Debug)]
enum Part {
    Text(Vec<u8>),
    Word(By, Words),
    Status,
    Bytes,
    Duration(Unit),
    /// One of the times, by its index.
    Time(usize),
}

/// Texts in one piece of memory. Invariant: `ends` has one item more than there are texts.
#[derive(Debug)]
struct Words {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Words {
    fn new(words: impl Iterator<Item = String>) -> Words {
        let (mut bytes, mut ends) = (Vec::new(), vec![0]);
        for word in words {
            bytes.extend_from_slice(word.as_bytes());
            // A few thousand texts of a hundred bytes.
            ends.push(bytes.len() as u32);
        }
        Words { bytes, ends }
    }

    #[inline]
    fn get(&self, index: usize) -> &[u8] {
        &self.bytes[self.ends[index] as usize..self.ends[index + 1] as usize]
    }
}

/// Writes entries in a layout.
pub(super) struct Lines {
    header: Vec<Part>,
    line: Vec<Part>,
    /// The times of both, each as often as it differs.
    times: Vec<TimeText>,
    /// The beginning of the log, in seconds since 1970.
    start: i64,
    /// The second whose time is written.
    second: Option<u64>,
}

impl Lines {
    pub(super) fn new(layout: &Layout, traffic: &Traffic, start: i64, offset: i32) -> Lines {
        let mut moments = Vec::new();
        let mut parts = |pieces: &[Piece]| {
            let mut parts = Vec::new();
            for piece in pieces {
                part(piece, traffic, &mut moments, &mut parts);
            }
            parts
        };
        let (header, line) = (parts(&layout.header), parts(&layout.line));
        let times = moments
            .into_iter()
            .map(|moment| TimeText::new(moment, offset));
        Lines {
            header,
            line,
            times: times.collect(),
            start,
            second: None,
        }
    }

    /// Appends the header, where the format has one: text and times.
    pub(super) fn header(&mut self, out: &mut Vec<u8>) {
        self.set_time(0);
        write(&self.header, &self.times, &Entry::default(), out);
    }

    /// Appends the line of an entry, with its newline.
    #[inline]
    pub(super) fn write(&mut self, entry: &Entry, out: &mut Vec<u8>) {
        if self.second != Some(entry.second) {
            self.set_time(entry.second);
        }
        write(&self.line, &self.times, entry, out);
    }

    fn set_time(&mut self, second: u64) {
        self.second = Some(second);
        for time in &mut self.times {
            // The last second of a log is in the calendar: its settings were checked.
            time.set(self.start + second as i64);
        }
    }
}

#[inline]
fn write(parts: &[Part], times: &[TimeText], entry: &Entry, out: &mut Vec<u8>) {
    for part in parts {
        match part {
            Part::Text(text) => out.extend_from_slice(text),
            Part::Time(index) => out.extend_from_slice(times[*index].text()),
            Part::Word(by, words) => out.extend_from_slice(words.get(match by {
                By::Client => entry.client,
                By::Page => entry.page,
                By::Referrer => entry.referrer,
            })),
            Part::Status => number(entry.status.into(), out),
            Part::Bytes => number(entry.bytes, out),
            Part::Duration(unit) => {
                let us = entry.duration_us;
                duration(if is_fine(*unit) { us } else { us - us % 1000 }, *unit, out);
            }
        }
    }
}

/// Whether servers that write durations in this unit tell more than milliseconds.
fn is_fine(unit: Unit) -> bool {
    matches!(unit, Unit::Microseconds | Unit::Nanoseconds)
}

/// Appends what writes a piece, and its time, where it has one that is not among the moments.
fn part(piece: &Piece, traffic: &Traffic, moments: &mut Vec<Moment>, parts: &mut Vec<Part>) {
    let (value, fit) = match piece {
        Piece::Text(text) => return parts.push(Part::Text(text.clone())),
        Piece::Value(value, fit) => (value, fit),
    };
    let clients = |text: &dyn Fn(&Client) -> String| {
        let words = traffic.clients.iter().map(|client| fit.fit(&text(client)));
        Part::Word(By::Client, Words::new(words))
    };
    let pages = |fit: &Fit, text: &dyn Fn(&Page) -> String| {
        let words = traffic.pages.iter().map(|page| fit.fit(&text(page)));
        Part::Word(By::Page, Words::new(words))
    };
    let last = match value {
        Value::Client => clients(&|client| client.address.clone()),
        Value::ClientPort => clients(&|client| client.with_port()),
        Value::ClientPortV4 => clients(&|client| match client.address.contains(':') {
            true => client.address.clone(),
            false => client.with_port(),
        }),
        Value::User => clients(&|client| client.user.to_owned()),
        Value::Agent => clients(&|client| client.agent.to_owned()),
        Value::Protocol => clients(&|client| client.protocol.to_owned()),
        Value::Host => pages(fit, &|page| page.host().to_owned()),
        Value::Method => pages(fit, &|page| page.method.to_owned()),
        Value::Target => pages(fit, &|page| page.target.clone()),
        Value::Path => pages(fit, &|page| page.parts().0.to_owned()),
        Value::Query => pages(fit, &|page| page.parts().1.to_owned()),
        Value::Cache => pages(fit, &|page| page.cache().to_owned()),
        Value::Request => {
            // A request may hold spaces wherever it stands: its own extents know how.
            let before = |page: &Page| format!("{} {} ", page.method, page.target);
            parts.push(pages(&Fit::AsIs, &before));
            clients(&|client| client.protocol.to_owned())
        }
        Value::Referrer => {
            let words = REFERRERS.iter().map(|referrer| fit.fit(referrer));
            Part::Word(By::Referrer, Words::new(words))
        }
        Value::Status => Part::Status,
        Value::Bytes => Part::Bytes,
        Value::Duration(unit) => Part::Duration(*unit),
        Value::Time(moment) => {
            let known = moments.iter().position(|known| known == moment);
            Part::Time(known.unwrap_or_else(|| {
                moments.push(moment.clone());
                moments.len() - 1
            }))
        }
    };
    parts.push(last);
}
