//! What the reader of a dashboard narrows it to: the same counts of those records only that match an expression.
//!
//! The past was counted without the expression, and keys alone do not say which records match. So the newest blocks of
//! the log are kept, in bounded memory, and read again by a monitor of their own, which then goes along with the run.
//! What is older than these blocks it does not know, and says so.

use std::collections::VecDeque;
use std::sync::Arc;

use super::reader::RecordReader;
use crate::alert::common::Common;
use crate::alert::plan::Ruleset;
use crate::evaluate::Evaluation;
use crate::filter::Filter;
use crate::format::named::{NamedFields, field_in};
use crate::format::record::Record;
use crate::format::{Choice, Outcome, ParserState};
use crate::ingest::Counting;
use crate::input::lines::{Line, Lines, Take};
use crate::monitor::{Config, Monitor};
use crate::time::{Second, Span, Zone};

/// So many bytes of the log are kept.
const KEPT: usize = 8 << 20;
/// So many of the latest lines can be shown.
const LATEST: usize = 100;
/// A line is shown no longer than this.
const SHOWN: usize = 1000;

/// The newest blocks of a log.
#[derive(Debug, Default)]
pub(super) struct RecentBlocks {
    blocks: VecDeque<Box<[u8]>>,
    bytes: usize,
    /// Whether older ones were dropped.
    dropped: bool,
}

impl RecentBlocks {
    /// Keeps a block, which follows the last.
    pub(super) fn keep(&mut self, block: &[u8]) {
        self.bytes += block.len();
        self.blocks.push_back(block.into());
        while self.bytes > KEPT
            && self.blocks.len() > 1
            && let Some(oldest) = self.blocks.pop_front()
        {
            self.bytes -= oldest.len();
            self.dropped = true;
        }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Another source begins: what follows is a new line.
    pub(super) fn end_line(&mut self) {
        let ended = self
            .blocks
            .back()
            .is_none_or(|block| block.ends_with(b"\n"));
        if !ended {
            self.keep(b"\n");
        }
    }

    /// The newest lines, oldest first.
    pub(super) fn latest(&self, most: usize) -> Vec<Vec<u8>> {
        let mut tail: Vec<u8> = Vec::new();
        for block in self.blocks.iter().rev() {
            tail = [block, &tail[..]].concat();
            if tail.iter().filter(|&&byte| byte == b'\n').count() > most {
                break;
            }
        }
        let lines = tail
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty());
        let mut latest: Vec<Vec<u8>> = lines.rev().take(most).map(shown).collect();
        latest.reverse();
        latest
    }
}

fn shown(line: &[u8]) -> Vec<u8> {
    line[..line.len().min(SHOWN)].to_vec()
}

/// What a narrowed view is made with.
pub(super) struct Narrowing {
    pub(super) counting: Counting,
    pub(super) lateness: Span,
    pub(super) zone: Option<Zone>,
    /// The format of the lines, which says what fields can be asked for by their own names.
    pub(super) format: Choice,
    /// Whether addresses are cut.
    pub(super) anonymous: bool,
    /// Reads every other field that an expression can ask for.
    pub(super) reader: RecordReader,
}

impl Narrowing {
    /// What of `recent` matches `filter`. The lines are read in this state of the run's parser.
    pub(super) fn narrow(
        &self,
        filter: Filter,
        recent: &RecentBlocks,
        state: ParserState,
    ) -> Narrowed {
        let counting = Counting {
            filter: Some(match self.counting.filter.clone() {
                Some(others) => others.and(filter),
                None => filter,
            }),
            expressions: Vec::new(),
            ..self.counting.clone()
        };
        let ruleset = Ruleset {
            traffic: None,
            window: Span(120),
            specs: Vec::new(),
            tops: counting.top.clone(),
            checks: false,
        };
        let filtered = counting.filter.iter().flat_map(Filter::dimensions);
        let dimensions = counting.top.iter().map(|top| top.dimension).chain(filtered);
        let mut names = Vec::new();
        dimensions.for_each(|dimension| dimension.add_kinds(&mut names));
        let named = names.into_iter().filter_map(field_in).collect();
        let named = NamedFields::new(&self.format, named, self.anonymous);
        let mut reader = self.reader.clone().naming(named);
        reader.parser.resume(state);
        let mut monitor = Monitor::new(Config {
            counting,
            lateness: self.lateness,
            patience: None,
            zone: self.zone.clone(),
            evaluation: Evaluation {
                interval: None,
                rules: Vec::new(),
                common: Common::default(),
                named: 0,
                ruleset,
                scope: Arc::default(),
                page: false,
                columns: None,
                trend: false,
            },
        });
        monitor.keep_for_screen();
        let mut narrowed = Narrowed {
            matching: MatchingLines {
                reader,
                monitor,
                latest: VecDeque::new(),
            },
            lines: Lines::default(),
            dropped: recent.dropped,
        };
        let mut blocks = recent.blocks.iter();
        if recent.dropped {
            // The first line may be a part of one.
            let first = blocks.next().map_or(&b""[..], |block| block);
            let whole = first.iter().position(|&byte| byte == b'\n');
            narrowed.feed(whole.map_or(b"", |end| &first[end + 1..]));
        }
        blocks.for_each(|block| narrowed.feed(block));
        narrowed
    }
}

/// A narrowed view.
pub(super) struct Narrowed {
    matching: MatchingLines,
    lines: Lines,
    dropped: bool,
}

impl Narrowed {
    /// Takes a block.
    pub(super) fn feed(&mut self, block: &[u8]) {
        self.lines.feed(block, &mut self.matching);
    }

    /// Another source begins.
    pub(super) fn end_line(&mut self) {
        self.lines.finish(&mut self.matching);
    }

    /// The input has ended.
    pub(super) fn finish(&mut self) {
        self.end_line();
        self.matching.monitor.finish();
        self.matching.drain();
    }

    /// Its counts.
    pub(super) fn monitor(&mut self) -> &mut Monitor {
        &mut self.matching.monitor
    }

    /// The first second that it knows, if the run knows an earlier one.
    pub(super) fn since(&self) -> Option<Second> {
        let (first, _) = self.matching.monitor.log_span()?;
        self.dropped.then_some(first)
    }

    /// The newest lines that match, oldest first.
    pub(super) fn latest(&self, most: usize) -> Vec<Vec<u8>> {
        let all = &self.matching.latest;
        all.iter()
            .skip(all.len().saturating_sub(most))
            .cloned()
            .collect()
    }
}

/// Counts the lines that match.
struct MatchingLines {
    reader: RecordReader,
    monitor: Monitor,
    latest: VecDeque<Vec<u8>>,
}

impl MatchingLines {
    /// Nobody is told what happens here.
    fn drain(&mut self) {
        while self.monitor.next_event().is_some() {}
    }
}

impl Take for MatchingLines {
    fn take_ahead(&mut self, _: &[u8]) -> Option<usize> {
        None
    }

    fn take(&mut self, line: Line<'_>) {
        let bytes = line.bytes;
        let mut record = Record::empty();
        match self.reader.read(line, &mut record) {
            Outcome::Record => {
                let before = self.monitor.books().filtered;
                self.monitor.observe(&record, None);
                if self.monitor.books().filtered == before {
                    if self.latest.len() == LATEST {
                        self.latest.pop_front();
                    }
                    self.latest.push_back(shown(bytes));
                }
            }
            Outcome::Unparsed(unparsed) => self.monitor.unparsed(unparsed, bytes),
            _ => self.monitor.skipped(),
        }
        self.drain();
    }
}
