//! Signals on Unix: INT and TERM end the run in order, a second one at once; USR1 asks for the summary so far.
//! With a dashboard HUP and QUIT end it as well, for the terminal must be put back first.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGWINCH};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::message::{Message, Signal};
use super::terminal;
use crate::error::Error;
use crate::thread;

/// Sends signals as messages from now on; with a `screen`, those that concern it too.
pub(super) fn forward(sender: SyncSender<Message>, screen: bool) {
    if screen {
        return forward_with_screen(sender);
    }
    let asked = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag down and raises it, the next one finds it up.
        // Where registering fails the default action stays, which is to end.
        let _ = flag::register_conditional_default(signal, Arc::clone(&asked));
        let _ = flag::register(signal, Arc::clone(&asked));
    }
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGUSR1]) else {
        return;
    };
    let failed = sender.clone();
    let started = thread::start(move || {
        for signal in signals.forever() {
            let message = if signal == SIGUSR1 {
                Signal::Report
            } else {
                Signal::End(signal)
            };
            if sender.send(Message::Signal(message)).is_err() {
                return;
            }
        }
    });
    fail(&failed, started);
}

/// Where no thread waits for signals, none would end the run in order.
fn fail(sender: &SyncSender<Message>, started: io::Result<JoinHandle<()>>) {
    if let Err(error) = started {
        // The input's thread may have filled the channel; whoever takes from it has not begun.
        let _ = sender.try_send(Message::Failed(Error::new(error.to_string())));
    }
}

/// The second signal that ends, and one that stops, are answered by this thread alone, whatever the others do:
/// the terminal is put back first.
fn forward_with_screen(sender: SyncSender<Message>) {
    let ends = [SIGINT, SIGTERM, SIGHUP, SIGQUIT];
    let others = [SIGUSR1, SIGTSTP, SIGCONT, SIGWINCH];
    let Ok(mut signals) = Signals::new(ends.into_iter().chain(others)) else {
        return;
    };
    let failed = sender.clone();
    let started = thread::start(move || {
        let mut asked = false;
        for signal in signals.forever() {
            let message = match signal {
                SIGUSR1 => Signal::Report,
                SIGWINCH => Signal::Redraw,
                SIGTSTP => {
                    terminal::while_stopped(|| end_by(SIGTSTP));
                    Signal::Redraw
                }
                SIGCONT => {
                    terminal::continued();
                    Signal::Redraw
                }
                _ if asked => {
                    terminal::leave();
                    return end_by(signal);
                }
                _ => {
                    asked = true;
                    Signal::End(signal)
                }
            };
            if sender.send(Message::Signal(message)).is_err() {
                return;
            }
        }
    });
    fail(&failed, started);
}

/// Does what the signal does by default, so that whoever waits for this process knows.
pub(super) fn end_by(signal: i32) {
    // It returns only if the signal has no default action, or a stopped process goes on.
    let _ = emulate_default_handler(signal);
}
