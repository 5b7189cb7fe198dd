//! A run over the files that writes nothing, for what must be known before the one that does.

use std::cell::RefCell;
use std::rc::Rc;

use super::operands::{self, Operand};
use super::rollups::MergeInput;
use super::session::{Ended, Session};
use super::{ReportWriter, merged};
use crate::cli::Options;
use crate::error::Error;
use crate::render::Render;
use crate::report::Event;
use crate::time::Zone;

/// Hands each event on, and writes nothing.
struct EventTaker<T, F> {
    found: Rc<RefCell<T>>,
    take: F,
}

impl<T, F: Fn(&mut T, &Event)> Render for EventTaker<T, F> {
    fn render(&mut self, event: &Event, _: &Zone, _: &mut Vec<u8>) {
        (self.take)(&mut self.found.borrow_mut(), event);
    }
}

/// Whether the log can be read twice, as `option` needs it; `example` is a command that can.
///
/// # Errors
///
/// If it cannot.
pub(super) fn check(
    options: &Options,
    files: &[Operand],
    option: &str,
    example: &str,
) -> Result<(), Error> {
    if options.replay && operands::all_regular_files(files) {
        return Ok(());
    }
    Err(Error::new(format!(
        "{option}: reads the log twice, so it must be regular files: {example}"
    )))
}

/// What `take` makes of the events of a run with these options.
///
/// # Errors
///
/// Those of the run.
pub(super) fn read<T: Default + 'static>(
    options: &Options,
    files: &[Operand],
    take: impl Fn(&mut T, &Event) + 'static,
) -> Result<T, Error> {
    let found = Rc::default();
    let taker = EventTaker {
        found: Rc::clone(&found),
        take,
    };
    let output = ReportWriter::new(Box::new(std::io::sink()), Box::new(taker), false);
    let mut session = Session::new(options, output)?;
    let inputs = files.iter().cloned().map(MergeInput::whole).collect();
    let mut feed = merged(&mut session, options, inputs);
    match session.run(&mut feed) {
        Ended::Failed(error) => Err(error),
        _ => Ok(found.take()),
    }
}
