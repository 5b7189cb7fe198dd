//! Process groups on Unix, so that a program is ended with what it started.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use rustix::process::{Pid, Signal, kill_process_group};

/// How a group is ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum How {
    /// By TERM, which it may answer.
    Ask,
    /// By KILL.
    End,
}

/// The program will lead a group of its own.
pub(super) fn in_group(command: &mut Command) {
    command.process_group(0);
}

/// Ends the group that `child` leads.
pub(super) fn group(child: &Child, how: How) {
    let signal = match how {
        How::Ask => Signal::TERM,
        How::End => Signal::KILL,
    };
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // It may have ended by itself.
        let _ = kill_process_group(pid, signal);
    }
}
