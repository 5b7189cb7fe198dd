//! What is measured: the only file of the benchmarks that calls the library.

use std::collections::VecDeque;
use std::hint::black_box;
use std::io;
use std::time::Duration;

use httpmon::cli::Options;
use httpmon::format::record::{Record, Request};
use httpmon::format::{Outcome, Parser};
use httpmon::ingest::Chunk;
use httpmon::ingest::chunk::ChunkPlace;
use httpmon::input::lines::{Line, Lines};
use httpmon::monitor::{Config, Monitor};
use httpmon::render::OUTPUTS;
use httpmon::render::text::Look;
use httpmon::report::{Amount, Block, Event, Report};
use httpmon::run::{self, Ended, Feed, Message, Now, ReportWriter, Session};
use httpmon::time::{Second, Zone};

use crate::harness::Seen;
use crate::traffic::Entry;

/// Bytes read at once, as by the program.
pub const BLOCK: usize = 256 << 10;

const PLAIN: Look = Look {
    rich: false,
    color: false,
    width: 80,
    ascii: false,
};
const RICH: Look = Look {
    rich: true,
    color: true,
    width: 80,
    ascii: false,
};

fn options(args: &[String]) -> Options {
    let given = args.iter().map(String::as_str);
    let args: Vec<&str> = std::iter::once("--replay").chain(given).collect();
    run::options(&args).expect("the arguments ask for a run")
}

/// Splits blocks into lines: how many, and their bytes.
pub fn split(log: &[u8]) -> Seen {
    let mut lines = Lines::default();
    let mut seen = [0, 0];
    for block in log.chunks(BLOCK) {
        lines.feed(block, &mut |line: Line<'_>| {
            seen[0] += 1;
            seen[1] += black_box(line).bytes.len() as u64;
        });
    }
    seen
}

/// A parser as `--format auto` has it under the default options.
pub fn parser() -> Parser {
    let options = options(&[]);
    let config = options.config().expect("rules that work together");
    let wanted = run::wanted(&config);
    Parser::new(&options.format, Zone::UTC, &wanted)
}

/// Reads lines with their newlines, as the program does: how many are records, and the bytes that these say were sent.
pub fn parse(parser: &mut Parser, lines: &[&[u8]]) -> Seen {
    let mut seen = [0, 0];
    for line in lines {
        let mut record = Record::EMPTY;
        let mut read = black_box(parser.read_plain(line, &mut record)).is_some();
        let mut bytes = black_box(&record).bytes;
        if !read {
            let mut record = Record::EMPTY;
            read = black_box(parser.read(&line[..line.len() - 1], &mut record)) == Outcome::Record;
            bytes = black_box(&record).bytes;
        }
        if read {
            seen[0] += 1;
            seen[1] += bytes;
        }
    }
    seen
}

/// Reads lines that are no entries: how many.
pub fn refuse(parser: &mut Parser, lines: &[&[u8]]) -> Seen {
    let refused = |line: &&&[u8]| {
        let mut record = Record::EMPTY;
        let line = &line[..line.len() - 1];
        matches!(
            black_box(parser.read(line, &mut record)),
            Outcome::Unparsed(_)
        )
    };
    [lines.iter().filter(refused).count() as u64, 0]
}

/// The record that a parser would make of an entry.
fn record<'a>(entry: &Entry<'a>) -> Record<'a> {
    Record {
        time: Second(entry.time),
        client: entry.client.as_bytes(),
        request: Some(Request {
            method: b"GET",
            target: entry.target.as_bytes(),
            protocol: Some(b"HTTP/1.1"),
        }),
        status: Some(entry.status),
        bytes: entry.bytes,
        duration_us: entry.duration_us,
        agent: Some(entry.agent.as_bytes()),
        ..Record::EMPTY
    }
}

/// Makes records and does nothing with them: what the next stage has on top of counting.
pub fn records<'a>(entries: impl Iterator<Item = Entry<'a>>) -> Seen {
    let mut seen = [0, 0];
    for entry in entries {
        let record = black_box(record(&entry));
        seen[0] += 1;
        seen[1] += record.bytes;
    }
    seen
}

/// What a monitor is to do under these options.
fn config(args: &[String]) -> Config {
    options(args).config().expect("rules that work together")
}

/// A monitor under these options.
pub fn monitor(args: &[String]) -> Monitor {
    Monitor::new(config(args))
}

/// A part under these options, of which nothing was read.
pub fn part(args: &[String]) -> Chunk {
    Chunk::new(&config(args).counting)
}

/// Counts records apart, as each of several threads does.
pub fn fold<'a>(part: &mut Chunk, entries: impl Iterator<Item = Entry<'a>>) {
    entries.for_each(|entry| part.observe(&record(&entry)));
}

/// Adds a part, as one thread does for all: hits and bytes; what is due is dropped.
pub fn add(monitor: &mut Monitor, mut part: Chunk) -> Seen {
    assert!(monitor.begin_chunk(&mut part), "no cap is passed");
    let mut place = ChunkPlace::default();
    while monitor.step(part.steps(), &mut place) {
        drop_events(monitor);
    }
    finish(monitor)
}

/// Counts records one by one: hits and bytes; what is due is dropped.
pub fn count<'a>(monitor: &mut Monitor, entries: impl Iterator<Item = Entry<'a>>) -> Seen {
    for entry in entries {
        monitor.observe(&record(&entry), None);
        drop_events(monitor);
    }
    finish(monitor)
}

fn drop_events(monitor: &mut Monitor) {
    while let Some(event) = monitor.next_event() {
        black_box(event);
    }
}

fn finish(monitor: &mut Monitor) -> Seen {
    monitor.finish();
    drop_events(monitor);
    counted(monitor)
}

/// Hits and bytes, as the summary shows them.
fn counted(monitor: &Monitor) -> Seen {
    let Event::Summary(summary) = monitor.summary(false) else {
        unreachable!("a summary was asked for")
    };
    [headline(&summary, "hits"), headline(&summary, "bytes")]
}

fn headline(report: &Report, name: &str) -> u64 {
    let number = |block: &Block| match block {
        Block::Headline {
            key,
            value: Amount::Count(number) | Amount::Bytes(number),
        } if *key == name => Some(*number),
        _ => None,
    };
    report
        .blocks
        .iter()
        .find_map(number)
        .expect("every report has it")
}

/// The reports of a run.
pub struct Reports(Vec<Event>);

impl Reports {
    /// Those of these records under these options.
    pub fn new<'a>(args: &[String], entries: impl Iterator<Item = Entry<'a>>) -> Reports {
        let mut monitor = monitor(args);
        entries.for_each(|entry| monitor.observe(&record(&entry), None));
        monitor.finish();
        let events = std::iter::from_fn(|| monitor.next_event());
        Reports(
            events
                .filter(|event| matches!(event, Event::Report(_)))
                .collect(),
        )
    }

    /// How many, and the hits that they show.
    pub fn seen(&self) -> Seen {
        let hits = |event: &Event| match event {
            Event::Report(report) => headline(report, "hits"),
            _ => 0,
        };
        [self.0.len() as u64, self.0.iter().map(hits).sum()]
    }

    /// Renders them into `out`.
    pub fn render(&self, output: &str, rich: bool, out: &mut Vec<u8>) {
        let output = OUTPUTS
            .iter()
            .find(|known| known.name == output)
            .expect("a known output");
        let mut renderer = (output.make)(if rich { RICH } else { PLAIN });
        out.clear();
        self.0
            .iter()
            .for_each(|event| renderer.render(event, &Zone::UTC, out));
    }
}

/// Everything at once, from blocks to text: hits and bytes.
pub fn whole(args: &[String], log: &[u8]) -> Seen {
    let options = options(args);
    let output = ReportWriter::new(Box::new(io::sink()), (options.report.make)(PLAIN), false);
    let mut session = Session::new(&options, output).expect("rules that work together");
    let mut feed = Memory {
        blocks: log.chunks(BLOCK),
        empty: VecDeque::new(),
    };
    let ended = session.run(&mut feed);
    assert!(matches!(ended, Ended::Input), "{ended:?}");
    counted(session.monitor())
}

/// Feeds what is in memory.
struct Memory<'a> {
    blocks: std::slice::Chunks<'a, u8>,
    empty: VecDeque<Vec<u8>>,
}

impl Feed for Memory<'_> {
    fn next(&mut self, _: Option<Duration>) -> Message {
        let Some(bytes) = self.blocks.next() else {
            return Message::End;
        };
        let mut block = self.empty.pop_front().unwrap_or_default();
        bytes.clone_into(&mut block);
        Message::Block(block)
    }

    fn now(&self) -> Now {
        Now {
            wall: Duration::ZERO,
            monotonic: Duration::ZERO,
        }
    }

    fn recycle(&mut self, block: Vec<u8>) {
        self.empty.push_back(block);
    }
}
