//! Where there are no process groups, only the program itself is ended, by whoever started it.

use std::process::{Child, Command};

/// How a group is ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum How {
    /// Nothing.
    Ask,
    /// Nothing: the caller ends the program.
    End,
}

/// Nothing to set up.
pub(super) fn in_group(_: &mut Command) {}

/// Nothing to end by.
pub(super) fn group(_: &Child, _: How) {}
