//! Files that are rollups, looked at before anything is read: whether they carry what is asked for, whether they are whole,
//! and where each of those begins that one file holds.
//!
//! The rows of a rollup ascend, and what came late where it was written is another one behind it. So the rollups of a
//! file are put together to as few inputs as there can be whose rows ascend, and those are read along with each
//! other like several files: what comes of it is what would have come of all the rows sorted by time.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;
use std::sync::Arc;

use super::opened::{OpenInput, OpenInputs};
use super::operands::{Operand, failure};
use super::ranges::{RangeReader, WHOLE};
use crate::error::Error;
use crate::format::rollup::{END, MAGIC, RollupFault, Seal, layout_of};
use crate::input::lines::MAX_LINE;
use crate::render::escape;
use crate::time::Second;

/// Bytes read at once.
const BLOCK: usize = 256 << 10;

/// An operand, or those parts of its text that ascend by time.
#[derive(Debug, Clone)]
pub(super) struct MergeInput {
    pub(super) operand: Operand,
    ranges: Option<Arc<[Range<u64>]>>,
}

/// What there is to read along with each other.
#[derive(Debug, Default)]
pub(super) struct MergeInputs {
    pub(super) inputs: Vec<MergeInput>,
    /// Whether any of them is a rollup.
    pub(super) any_rollup: bool,
    /// What is wrong with some of them; they are read all the same.
    pub(super) errors: Vec<Error>,
    /// What is said of those that are given twice.
    pub(super) said: Vec<String>,
}

/// One of the rollups in a file.
#[derive(Debug)]
struct RollupPiece {
    range: Range<u64>,
    seal: Seal,
    fault: Option<RollupFault>,
}

/// Looks at these operands, of which these dimensions are asked for.
///
/// # Errors
///
/// If a rollup does not carry one of them.
pub(super) fn look_at(operands: &[Operand], asked: &[&'static str]) -> Result<MergeInputs, Error> {
    let mut found = MergeInputs::default();
    let mut seen: HashMap<Seal, String> = HashMap::new();
    for operand in operands {
        let name = operand.argument().to_string_lossy().into_owned();
        // What cannot be read is said when it is.
        let pieces = operand.look(|source| pieces(source, asked));
        let Some(Ok(Some(pieces))) = pieces else {
            found.inputs.push(MergeInput::whole(operand.clone()));
            continue;
        };
        found.any_rollup = true;
        let fails = |fault: RollupFault| failure(&name, &io::Error::other(fault.to_string()));
        let mut chains: Vec<(Vec<Range<u64>>, Option<Second>)> = Vec::new();
        let shown = escape::terminal(name.as_bytes(), false);
        for piece in pieces {
            match piece.fault {
                Some(fault @ RollupFault::Lacks(_)) => return Err(fails(fault)),
                Some(fault) => found.errors.push(fails(fault)),
                None if piece.seal.span().is_some() => {
                    if let Some(first) = seen.get(&piece.seal) {
                        found.said.push(format!(
                            "{shown} holds what {first} holds too; what is given twice counts once"
                        ));
                        continue;
                    }
                    seen.insert(piece.seal.clone(), shown.clone());
                }
                None => {}
            }
            let from = piece.seal.span().map(|(from, _)| from);
            let to = piece.seal.span().map(|(_, to)| to);
            let goes_on =
                |(_, last): &&mut (Vec<_>, Option<Second>)| from.is_none() || *last <= from;
            match chains.iter_mut().find(goes_on) {
                Some((ranges, last)) => {
                    ranges.push(piece.range);
                    *last = to.or(*last);
                }
                None => chains.push((vec![piece.range], to)),
            }
        }
        found
            .inputs
            .extend(chains.into_iter().map(|(ranges, _)| MergeInput {
                operand: operand.clone(),
                ranges: Some(ranges.into()),
            }));
    }
    Ok(found)
}

/// The rollups in a text; `None` if it does not begin with one.
fn pieces(source: &mut dyn Read, asked: &[&'static str]) -> io::Result<Option<Vec<RollupPiece>>> {
    let mut source = BufReader::with_capacity(BLOCK, source);
    let mut pieces: Vec<RollupPiece> = Vec::new();
    let mut line = Vec::new();
    let (mut at, mut open) = (0, false);
    // The first line of a rollup, until the second is read.
    let mut head = Vec::new();
    loop {
        line.clear();
        let most = MAX_LINE as u64 + 1;
        let len = match source.by_ref().take(most).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(len) => len as u64,
            // What is wrong with it is said when it is read.
            Err(_) if !pieces.is_empty() => break,
            Err(error) => return Err(error),
        };
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if text.starts_with(MAGIC) {
            if let Some(piece) = pieces.last_mut().filter(|_| open) {
                piece.fault = piece.fault.or(Some(RollupFault::Cut));
            }
            pieces.push(RollupPiece {
                range: at..at,
                seal: Seal::default(),
                fault: None,
            });
            open = true;
            head = [text, b"\n"].concat();
        }
        let Some(piece) = pieces.last_mut() else {
            return Ok(None);
        };
        at += len;
        piece.range.end = at;
        if let Some(end) = text.strip_prefix(END) {
            if !open || !piece.seal.fits(end) {
                piece.fault = piece.fault.or(Some(RollupFault::Damaged));
            }
            open = false;
            continue;
        }
        if open {
            piece.seal.any(text);
        }
        if !head.is_empty() && !text.starts_with(MAGIC) {
            head.extend_from_slice(text);
            let layout = layout_of(&head);
            piece.fault = layout.and_then(|layout| layout.lacks(asked));
            head.clear();
        }
    }
    if let Some(piece) = pieces.last_mut().filter(|_| open) {
        piece.fault = piece.fault.or(Some(RollupFault::Cut));
    }
    Ok(Some(pieces))
}

impl MergeInput {
    /// All of an operand.
    pub(super) fn whole(operand: Operand) -> MergeInput {
        MergeInput {
            operand,
            ranges: None,
        }
    }

    /// Opens it, to be read to its end along with `others`.
    ///
    /// # Errors
    ///
    /// If it cannot be opened.
    pub(super) fn open(&self, others: &Arc<OpenInputs>) -> io::Result<OpenInput> {
        let ranges = self.ranges.as_deref().unwrap_or(&[WHOLE]);
        OpenInput::new(&self.operand, ranges, others)
    }

    /// Calls `look` with its text, as [`Operand::look`] does.
    pub(super) fn look<T>(&self, look: impl FnOnce(&mut dyn Read) -> T) -> Option<T> {
        self.operand.look(|source| match &self.ranges {
            None => look(source),
            Some(ranges) => look(&mut RangeReader::new(source, ranges)),
        })
    }
}
