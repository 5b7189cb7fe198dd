//! Several sources, one after the other by time: next comes the one that has come least far.
//!
//! A source has come as far as its own clock says, and before its first record is believed as far as it begins. It is
//! read on until another has come less far; of equals the first by name is read. So the records of a second are
//! taken together, and what comes of it depends on no order of operands and no thread.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::counting_threads::CountedLines;
use super::merge::Merged;
use super::say;
use crate::ingest::chunk::{ChunkPlace, ChunkSteps};
use crate::monitor::Monitor;
use crate::render::escape;
use crate::time::Second;

/// The sources of a run that reads several files.
pub(super) struct MergedFiles {
    /// What was counted of each and is not taken yet, and how far it is.
    counted: Vec<Option<(ChunkSteps, ChunkPlace)>>,
    /// Those that have not ended, by how far they have come.
    open: BTreeSet<Reached>,
}

/// How far a source has come, and its number.
type Reached = (Option<Second>, usize);

impl MergedFiles {
    /// Has `monitor` read these files.
    pub(super) fn new(files: &[Merged], monitor: &mut Monitor) -> MergedFiles {
        let sources = files
            .iter()
            .map(|file| (Arc::clone(&file.name), file.begins));
        monitor.front_mut().set_sources(sources);
        let open = files.iter().enumerate().map(|(n, file)| (file.begins, n));
        MergedFiles {
            counted: files.iter().map(|_| None).collect(),
            open: open.collect(),
        }
    }

    /// What was counted of a source is there.
    pub(super) fn counted(&mut self, n: usize, mut counted: CountedLines, monitor: &mut Monitor) {
        let reduced = monitor.begin_chunk_past_caps(&mut counted.chunk);
        if !reduced.is_empty() {
            for (other, _) in self.counted.iter_mut().flatten() {
                other.renumber(&reduced);
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
        self.counted[n] = Some((counted.chunk.take_steps(), ChunkPlace::default()));
        counted.recycle();
    }

    /// A source has ended.
    pub(super) fn ended(&mut self, n: usize, monitor: &mut Monitor) {
        self.open.remove(&(monitor.front().reached(n), n));
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
        loop {
            let mut least = self.open.iter();
            let Some(&(reached, n)) = least.next() else {
                return Ok(None);
            };
            let next = least.next().copied();
            let Some((steps, taken)) = &mut self.counted[n] else {
                return Ok(Some(n));
            };
            let others = next.map(|(reached, _)| reached);
            monitor.front_mut().select_beside(n, others);
            let mut all = false;
            while !all && next.is_none_or(|next| (monitor.front().reached(n), n) <= next) {
                all = !monitor.step(steps, taken);
                after(monitor)?;
            }
            if all {
                monitor.end_chunk(steps);
                self.counted[n] = None;
            }
            self.open.remove(&(reached, n));
            self.open.insert((monitor.front().reached(n), n));
        }
    }
}
