//! Where there are no Unix terminals, there is no dashboard.

use std::sync::mpsc::SyncSender;

use super::dashboard::{Frame, Surface};
use super::message::Message;
use crate::error::Error;

/// There is none.
pub(super) enum Screen {}

impl Surface for Screen {
    fn size(&self) -> (usize, usize) {
        match *self {}
    }

    fn show(&mut self, _: Frame, _: bool) {
        match *self {}
    }

    fn message(&self) -> String {
        match *self {}
    }
}

/// Says so.
pub(super) fn enter() -> Result<Screen, Error> {
    Err(Error::new(
        "--dashboard: not on this system (leave it out for reports)",
    ))
}

/// Nothing is kept.
pub(super) fn keep(_: &str) -> bool {
    false
}

/// There is none to share.
pub(super) fn is_shared_with_stderr() -> bool {
    false
}

/// Nothing to send.
pub(super) fn send_keys(_: SyncSender<Message>) {}
