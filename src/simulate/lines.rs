//! Entries to lines: a layout with every text that can be in it written ahead.
//!
//! A line is then copies of texts, the bytes and the duration, and the times, which are written anew
//! only where the second changes. What is side by side and is chosen by the same index is one
//! text, short texts between them included: a line of combined has eight parts, not twenty. Nothing is
//! allocated once the output has grown to its size.

use super::catalogue::{Client, REFERRERS, Resource};
use super::traffic::{LogEntry, Traffic};
use crate::format::layout::{Fit, Layout, LayoutPiece, LayoutValue, MomentPart, TimeText};
use crate::format::unparsed::DurationUnit;
use crate::format::write::{duration, number};

/// Texts of up to so many bytes are copied into each of those beside them. With longer ones the tables
/// would grow by what a format string holds, and lines are written no faster.
const SHORT: usize = 64;
/// No status is greater.
const STATUSES: usize = 600;

/// Which number of the entry chooses the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Client,
    Resource,
    Referrer,
    Status,
}

/// What is done to write a part of a line.
#[derive(Debug)]
enum LinePart {
    Text(Vec<u8>),
    Word(By, Words),
    Bytes,
    Duration(DurationUnit),
    /// One of the times of the end, by its index, and of the start.
    Time(usize),
    Start(usize),
}

/// Texts in one piece of memory. Invariant: `ends` has one item more than there are texts.
#[derive(Debug)]
struct Words {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Words {
    fn new(words: impl Iterator<Item = impl AsRef<[u8]>>) -> Words {
        let (mut bytes, mut ends) = (Vec::new(), vec![0]);
        for word in words {
            bytes.extend_from_slice(word.as_ref());
            // A few thousand texts of a hundred bytes.
            ends.push(bytes.len() as u32);
        }
        Words { bytes, ends }
    }

    /// Each of the texts, with others around it.
    fn within<'t>(
        &self,
        before: impl Fn(usize) -> &'t [u8],
        after: impl Fn(usize) -> &'t [u8],
    ) -> Words {
        let each = 0..self.ends.len() - 1;
        Words::new(each.map(|i| [before(i), self.get(i), after(i)].concat()))
    }

    #[inline]
    fn get(&self, index: usize) -> &[u8] {
        &self.bytes[self.ends[index] as usize..self.ends[index + 1] as usize]
    }
}

/// Writes entries in a layout.
pub(super) struct LineWriter {
    header: Vec<LinePart>,
    line: Vec<LinePart>,
    times: Times,
    /// The beginning of the log, in seconds since 1970.
    start: i64,
    /// The seconds of end and start whose times are written, from the beginning of the log.
    written: Option<(i64, i64)>,
    /// Lines have a duration, by which the start is before the end.
    timed: bool,
}

/// The times of a line, each as often as it differs.
#[derive(Debug, Default)]
struct Times {
    ends: Vec<TimeText>,
    starts: Vec<TimeText>,
}

impl Times {
    /// The index of this one among `times`, where it is added if need be.
    fn index(times: &mut Vec<TimeText>, moment: &MomentPart, offset: i32) -> usize {
        let known = times.iter().position(|known| known.moment() == moment);
        known.unwrap_or_else(|| {
            times.push(TimeText::new(moment.clone(), offset));
            times.len() - 1
        })
    }
}

impl LineWriter {
    pub(super) fn new(layout: &Layout, traffic: &Traffic, start: i64, offset: i32) -> LineWriter {
        let mut times = Times::default();
        let mut parts = |pieces: &[LayoutPiece]| {
            let mut parts = Vec::new();
            for piece in pieces {
                part(piece, traffic, offset, &mut times, &mut parts);
            }
            joined(parts)
        };
        let (header, line) = (parts(&layout.header), parts(&layout.line));
        let timed = |part: &LinePart| matches!(part, LinePart::Duration(_));
        LineWriter {
            header,
            timed: line.iter().any(timed),
            line,
            times,
            start,
            written: None,
        }
    }

    /// Appends the header, where the format has one: text and times.
    pub(super) fn header(&mut self, out: &mut Vec<u8>) {
        self.set_times(0, 0);
        write(&self.header, &self.times, &LogEntry::default(), out);
    }

    /// Appends the line of an entry, with its newline.
    #[inline]
    pub(super) fn write(&mut self, entry: &LogEntry, out: &mut Vec<u8>) {
        let end = entry.second as i64;
        // The stamp is whole seconds, so that the part of a second that the duration has leads to no other.
        let took = if self.timed {
            entry.duration_us / 1_000_000
        } else {
            0
        };
        let begin = end - took as i64;
        if self.written != Some((end, begin)) {
            self.set_times(end, begin);
        }
        write(&self.line, &self.times, entry, out);
    }

    fn set_times(&mut self, end: i64, begin: i64) {
        // The last second of a log is in the calendar: its settings were checked.
        if self.written.is_none_or(|(written, _)| written != end) {
            for time in &mut self.times.ends {
                time.set(self.start + end);
            }
        }
        for time in &mut self.times.starts {
            time.set(self.start + begin);
        }
        self.written = Some((end, begin));
    }
}

#[inline]
fn write(parts: &[LinePart], times: &Times, entry: &LogEntry, out: &mut Vec<u8>) {
    for part in parts {
        match part {
            LinePart::Text(text) => out.extend_from_slice(text),
            LinePart::Time(index) => out.extend_from_slice(times.ends[*index].text()),
            LinePart::Start(index) => out.extend_from_slice(times.starts[*index].text()),
            LinePart::Word(by, words) => out.extend_from_slice(words.get(match by {
                By::Client => entry.client,
                By::Resource => entry.page,
                By::Referrer => entry.referrer,
                By::Status => entry.status.into(),
            })),
            LinePart::Bytes => number(entry.bytes, out),
            LinePart::Duration(unit) => {
                let us = entry.duration_us;
                duration(if is_fine(*unit) { us } else { us - us % 1000 }, *unit, out);
            }
        }
    }
}

/// Whether servers that write durations in this unit measure finer than milliseconds.
fn is_fine(unit: DurationUnit) -> bool {
    matches!(unit, DurationUnit::Microseconds | DurationUnit::Nanoseconds)
}

/// Fewer parts that write the same.
fn joined(parts: Vec<LinePart>) -> Vec<LinePart> {
    let is_short = |text: &[u8]| text.len() <= SHORT;
    let mut joined: Vec<LinePart> = Vec::new();
    for part in parts {
        let one = match (joined.last(), &part) {
            (Some(LinePart::Word(by, words)), LinePart::Word(next, more)) if by == next => {
                Some(LinePart::Word(*by, words.within(|_| b"", |i| more.get(i))))
            }
            (Some(LinePart::Word(by, words)), LinePart::Text(text)) if is_short(text) => {
                Some(LinePart::Word(*by, words.within(|_| b"", |_| text)))
            }
            (Some(LinePart::Text(text)), LinePart::Word(by, words)) if is_short(text) => {
                Some(LinePart::Word(*by, words.within(|_| text, |_| b"")))
            }
            _ => None,
        };
        if one.is_some() {
            joined.pop();
        }
        joined.push(one.unwrap_or(part));
    }
    joined
}

/// Appends what writes a piece, and its time, where it has one that is not among the others.
fn part(
    piece: &LayoutPiece,
    traffic: &Traffic,
    offset: i32,
    times: &mut Times,
    parts: &mut Vec<LinePart>,
) {
    let (value, fit) = match piece {
        LayoutPiece::Text(text) => return parts.push(LinePart::Text(text.clone())),
        LayoutPiece::Value(value, fit) => (value, fit),
    };
    let clients = |text: &dyn Fn(&Client) -> String| {
        let words = traffic.clients.iter().map(|client| fit.fit(&text(client)));
        LinePart::Word(By::Client, Words::new(words))
    };
    let pages = |fit: &Fit, text: &dyn Fn(&Resource) -> String| {
        let words = traffic.pages.iter().map(|page| fit.fit(&text(page)));
        LinePart::Word(By::Resource, Words::new(words))
    };
    let last = match value {
        LayoutValue::Client => clients(&|client| client.address.clone()),
        LayoutValue::ClientPort => clients(&|client| client.with_port()),
        LayoutValue::ClientPortBare => {
            clients(&|client| format!("{}:{}", client.address, client.port()))
        }
        LayoutValue::User => clients(&|client| client.user.to_owned()),
        LayoutValue::Agent => clients(&|client| client.agent.to_owned()),
        LayoutValue::Protocol => clients(&|client| client.protocol.to_owned()),
        LayoutValue::Host => pages(fit, &|page| page.host().to_owned()),
        LayoutValue::Method => pages(fit, &|page| page.method.to_owned()),
        LayoutValue::Target => pages(fit, &|page| page.target.clone()),
        LayoutValue::Path => pages(fit, &|page| page.parts().0.to_owned()),
        LayoutValue::Query => pages(fit, &|page| page.parts().1.to_owned()),
        LayoutValue::Cache => pages(fit, &|page| page.cache().to_owned()),
        LayoutValue::Request => {
            // A request may hold spaces wherever it is: its own extents know how.
            let before = |page: &Resource| format!("{} {} ", page.method, page.target);
            parts.push(pages(&Fit::AsIs, &before));
            clients(&|client| client.protocol.to_owned())
        }
        LayoutValue::Referrer => {
            let words = REFERRERS.iter().map(|referrer| fit.fit(referrer));
            LinePart::Word(By::Referrer, Words::new(words))
        }
        LayoutValue::Status => {
            let words = (0..STATUSES).map(|status| status.to_string());
            LinePart::Word(By::Status, Words::new(words))
        }
        LayoutValue::Bytes => LinePart::Bytes,
        LayoutValue::Duration(unit) => LinePart::Duration(*unit),
        LayoutValue::Time(moment) => LinePart::Time(Times::index(&mut times.ends, moment, offset)),
        LayoutValue::Start(moment) => {
            LinePart::Start(Times::index(&mut times.starts, moment, offset))
        }
    };
    parts.push(last);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{Choice, formats};

    /// Beside it, the plain way: a part for each piece.
    #[test]
    fn joined_parts_write_what_each_by_itself_does() {
        let traffic = Traffic::new(1, 0, &[]);
        for format in formats() {
            let Some(layout) = Choice::Only(format).layout() else {
                assert_eq!(format.name, "rollup");
                continue;
            };
            let (mut times, mut plain) = (Times::default(), Vec::new());
            for piece in &layout.line {
                part(piece, &traffic, 0, &mut times, &mut plain);
            }
            let timed = plain
                .iter()
                .any(|part| matches!(part, LinePart::Duration(_)));
            let mut lines = LineWriter::new(&layout, &traffic, 1_767_225_600, 0);
            assert!(lines.line.len() < plain.len(), "{}", format.name);
            for entry in traffic.samples(100_000).step_by(7) {
                let (mut found, mut want) = (Vec::new(), Vec::new());
                lines.write(&entry, &mut found);
                let end = 1_767_225_600 + entry.second as i64;
                let took = entry.duration_us / 1_000_000 * u64::from(timed);
                times.ends.iter_mut().for_each(|time| time.set(end));
                for time in &mut times.starts {
                    time.set(end - took as i64);
                }
                write(&plain, &times, &entry, &mut want);
                assert_eq!(found, want, "{}", format.name);
            }
        }
    }

    #[test]
    fn a_line_of_combined_has_eight_parts() {
        let traffic = Traffic::new(1, 0, &[]);
        let layout = Choice::parse("combined").expect("a name").layout();
        let lines = LineWriter::new(&layout.expect("a format"), &traffic, 0, 0);
        assert_eq!(lines.line.len(), 8);
    }
}
