//! Signals on Unix: INT and TERM end the run in order, a second one at once; USR1 asks how things stand.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::SyncSender;

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::feed::{Message, Signal};

/// Sends signals as messages from now on.
pub(super) fn forward(sender: SyncSender<Message>) {
    let asked = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag down and raises it, the next one finds it up.
        // Where registering fails the default action stands, which is to end.
        let _ = flag::register_conditional_default(signal, Arc::clone(&asked));
        let _ = flag::register(signal, Arc::clone(&asked));
    }
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGUSR1]) else {
        return;
    };
    std::thread::spawn(move || {
        for signal in signals.forever() {
            let message = if signal == SIGUSR1 {
                Signal::Tell
            } else {
                Signal::End(signal)
            };
            if sender.send(Message::Signal(message)).is_err() {
                return;
            }
        }
    });
}

/// Ends this process by the signal, so that whoever waits for it knows.
pub(super) fn end_by(signal: i32) {
    // It returns only if the signal has no default action.
    let _ = emulate_default_handler(signal);
}
