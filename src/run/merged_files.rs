//! Several sources, one after the other by time: next comes the one that has come least far.
//!
//! A source has come as far as its own clock says, and before its first record is believed as far as it begins. It is
//! read on until another has come less far; of equals the first by name is read. So the records of a second are
//! taken together, and what comes of it depends on no order of operands and no thread.

use std::sync::Arc;

use super::merge::Merged;
use super::parts::CountedLines;
use super::say;
use crate::ingest::chunk::ChunkPlace;
use crate::monitor::Monitor;
use crate::render::escape;
use crate::time::Second;

/// The sources of a run that reads several files.
pub(super) struct MergedFiles {
    sources: Vec<MergedFile>,
}

/// How far a source has come, and its number.
type Reached = (Option<Second>, usize);

#[derive(Default)]
struct MergedFile {
    /// What was counted of it and is not taken yet, and how far it is.
    counted: Option<(CountedLines, ChunkPlace)>,
    ended: bool,
}

impl MergedFiles {
    /// Has `monitor` read these files.
    pub(super) fn new(files: &[Merged], monitor: &mut Monitor) -> MergedFiles {
        let sources = files
            .iter()
            .map(|file| (Arc::clone(&file.name), file.begins));
        monitor.front_mut().set_sources(sources);
        MergedFiles {
            sources: files.iter().map(|_| MergedFile::default()).collect(),
        }
    }

    /// The source that has come least far, and where the next one is; `None` if all have ended.
    fn least(&self, monitor: &Monitor) -> Option<(usize, Option<Reached>)> {
        let open = self.sources.iter().enumerate();
        let open = open.filter(|(_, source)| !source.ended);
        let (mut least, mut next) = (None, None);
        for (n, _) in open {
            let here = (monitor.front().reached(n), n);
            if least.is_none_or(|least| here < least) {
                next = least.replace(here);
            } else if next.is_none_or(|next| here < next) {
                next = Some(here);
            }
        }
        least.map(|(_, n)| (n, next))
    }

    /// What was counted of a source is there.
    pub(super) fn counted(&mut self, n: usize, mut counted: CountedLines, monitor: &mut Monitor) {
        let reduced = monitor.begin_chunk_past_caps(&mut counted.chunk);
        if !reduced.is_empty() {
            let begun = self.sources.iter_mut();
            for (other, _) in begun.filter_map(|source| source.counted.as_mut()) {
                other.chunk.renumber(&reduced);
            }
        }
        monitor.front_mut().select(n);
        for (line, format) in std::mem::take(&mut counted.recognised) {
            let place = monitor.front().origin();
            let source = place.source.as_deref().unwrap_or_default();
            say(&format!(
                "{} line {}: format {format}",
                escape::terminal(source.as_bytes(), false),
                place.line + line
            ));
        }
        self.sources[n].counted = Some((counted, ChunkPlace::default()));
    }

    /// A source has ended.
    pub(super) fn ended(&mut self, n: usize, monitor: &mut Monitor) {
        self.sources[n].ended = true;
        monitor.end_source(n);
    }

    /// Takes what is there in the order of time, and says of which source more is needed; `None` if all have ended.
    /// After each step `after` has its turn.
    ///
    /// # Errors
    ///
    /// Those of `after`.
    pub(super) fn take<E>(
        &mut self,
        monitor: &mut Monitor,
        mut after: impl FnMut(&mut Monitor) -> Result<(), E>,
    ) -> Result<Option<usize>, E> {
        while let Some((n, next)) = self.least(monitor) {
            let Some((counted, taken)) = &mut self.sources[n].counted else {
                return Ok(Some(n));
            };
            monitor.front_mut().select(n);
            let mut all = false;
            while !all && next.is_none_or(|next| (monitor.front().reached(n), n) <= next) {
                all = !monitor.step(&counted.chunk, taken);
                after(monitor)?;
            }
            if all {
                monitor.end_chunk(&counted.chunk);
                if let Some((counted, _)) = self.sources[n].counted.take() {
                    counted.recycle();
                }
            }
        }
        Ok(None)
    }
}
