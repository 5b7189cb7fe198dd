//! The terminal, while it is a screen to paint on: modes, the alternate screen, keys, and the way back.
//!
//! Keys come from /dev/tty, since standard input is the log. The terminal goes on turning Ctrl-C and Ctrl-Z
//! into signals, for they are meant for the whole pipeline: `tail` is to end, or to stop, with httpmon. What is
//! painted is handed to a thread that writes the newest frame only, so that a slow terminal holds up nobody.
//!
//! Whatever ends this process but KILL puts the terminal back first: the end of the run, a panic, and a
//! signal that does not wait for the run. There is one terminal, so all of this is one static.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use terminal_size::terminal_size_of;

use super::dashboard::{Frame, Surface};
use super::message::Message;
use crate::error::Error;
use crate::render::dashboard::paint;
use crate::thread;

/// The alternate screen, no cursor, no wrapping at the last column.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?7l";
/// And back.
const LEAVE: &[u8] = b"\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
/// Milliseconds to wait for a terminal that takes nothing.
const PATIENCE: usize = 300;

static TERMINAL: OnceLock<Terminal> = OnceLock::new();

struct Terminal {
    tty: File,
    /// Standard output, past the buffer and the lock of the library's.
    screen: File,
    saved: Termios,
    own: Termios,
    shown: Mutex<OnScreen>,
    /// What was to be said on standard error meanwhile.
    messages: Mutex<Vec<String>>,
}

/// What the terminal shows.
enum OnScreen {
    /// What it showed before.
    Back,
    /// The same, as this process is stopped.
    Stopped,
    /// This frame; `None` where what it shows is not known.
    Frame(Option<Frame>),
}

impl Terminal {
    fn shown(&self) -> MutexGuard<'_, OnScreen> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn messages(&self) -> MutexGuard<'_, Vec<String>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // What fails here fails since the terminal is gone, and nobody is left to read about it.

    fn take_over(&self) {
        let _ = tcsetattr(&self.tty, OptionalActions::Now, &self.own);
        let _ = (&self.screen).write_all(ENTER);
    }

    fn put_back(&self) {
        let _ = (&self.screen).write_all(LEAVE);
        let _ = tcsetattr(&self.tty, OptionalActions::Now, &self.saved);
    }
}

/// A frame to paint.
#[derive(Default)]
struct NextFrame {
    frame: Frame,
    anew: bool,
}

/// Takes the terminal over.
///
/// # Errors
///
/// If there is none, or it cannot be painted on.
pub(super) fn enter() -> Result<Screen, Error> {
    let wrong = |why: String| Error::new(format!("--dashboard: {why}"));
    if std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb") {
        return Err(wrong(
            "TERM names no terminal that can be painted on (leave it out for reports)".to_owned(),
        ));
    }
    let open = || -> io::Result<Terminal> {
        let tty = File::open("/dev/tty")?;
        let saved = tcgetattr(&tty)?;
        let mut own = saved.clone();
        own.local_modes
            .remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN);
        // Ctrl-S would hold up what is painted.
        own.input_modes.remove(InputModes::IXON);
        own.special_codes[SpecialCodeIndex::VMIN] = 1;
        own.special_codes[SpecialCodeIndex::VTIME] = 0;
        Ok(Terminal {
            tty,
            screen: io::stdout().as_fd().try_clone_to_owned()?.into(),
            saved,
            own,
            shown: Mutex::new(OnScreen::Frame(None)),
            messages: Mutex::default(),
        })
    };
    let terminal = open().map_err(|error| {
        wrong(format!(
            "no terminal to take keys from: /dev/tty: {error} (leave it out for reports)"
        ))
    })?;
    let terminal = TERMINAL.get_or_init(|| terminal);
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        leave();
        usual(panic);
    }));
    terminal.take_over();
    // One frame waits while one is written; a newer one takes its place.
    let (wake, woken) = sync_channel(1);
    let next: &'static Mutex<Option<NextFrame>> = Box::leak(Box::default());
    thread::start(move || write_frames(terminal, next, &woken)).map_err(|error| {
        leave();
        wrong(error.to_string())
    })?;
    Ok(Screen {
        terminal,
        next,
        wake,
    })
}

/// Puts the terminal back as it was, if it was taken over, and says what was to be said meanwhile.
pub(super) fn leave() {
    let Some(terminal) = TERMINAL.get() else {
        return;
    };
    // A panic may come from whoever holds the lock, and who writes to a terminal that takes nothing holds it for
    // long: after a moment the modes are put back in any case, and nobody waits for what is written.
    for _ in 0..PATIENCE {
        let mut shown = match terminal.shown.try_lock() {
            Ok(shown) => shown,
            Err(TryLockError::Poisoned(shown)) => shown.into_inner(),
            Err(TryLockError::WouldBlock) => {
                std::thread::sleep(Duration::from_millis(1));
                continue;
            }
        };
        if matches!(*shown, OnScreen::Frame(_)) {
            terminal.put_back();
        }
        *shown = OnScreen::Back;
        drop(shown);
        for message in std::mem::take(&mut *terminal.messages()) {
            let _ = writeln!(anstream::stderr().lock(), "{message}");
        }
        return;
    }
    let writer = thread::start(|| {
        let _ = (&terminal.screen).write_all(LEAVE);
    });
    for _ in 0..PATIENCE {
        if writer.as_ref().map_or(true, JoinHandle::is_finished) {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let _ = tcsetattr(&terminal.tty, OptionalActions::Now, &terminal.saved);
}

/// Puts the terminal back while `stopped` runs, which stops this process, and takes it over again.
pub(super) fn while_stopped(stopped: impl FnOnce()) {
    let Some(terminal) = TERMINAL.get() else {
        return stopped();
    };
    let mut shown = terminal.shown();
    if matches!(*shown, OnScreen::Frame(_)) {
        terminal.put_back();
        *shown = OnScreen::Stopped;
    }
    drop(shown);
    stopped();
    continued();
}

/// This process was stopped and goes on: whatever the terminal shows is not ours.
pub(super) fn continued() {
    if let Some(terminal) = TERMINAL.get() {
        let mut shown = terminal.shown();
        if !matches!(*shown, OnScreen::Back) {
            terminal.take_over();
            *shown = OnScreen::Frame(None);
        }
    }
}

/// Keeps what is to be said on standard error, if that is the terminal that is painted on.
pub(super) fn keep(message: &str) -> bool {
    let Some(terminal) = TERMINAL.get() else {
        return false;
    };
    if !is_shared_with_stderr() {
        return false;
    }
    terminal.messages().push(message.to_owned());
    true
}

/// Whether the terminal is taken over, and standard error is one too.
pub(super) fn is_shared_with_stderr() -> bool {
    let back = |terminal: &Terminal| match terminal.shown.try_lock() {
        Ok(shown) => matches!(*shown, OnScreen::Back),
        // Whoever paints may hold it for long.
        Err(_) => false,
    };
    TERMINAL.get().is_some_and(|terminal| !back(terminal)) && io::stderr().is_terminal()
}

/// Sends the keys that are typed, from now on.
pub(super) fn send_keys(sender: SyncSender<Message>) {
    let Some(mut tty) = TERMINAL.get().and_then(|t| t.tty.try_clone().ok()) else {
        return;
    };
    let failed = sender.clone();
    let started = thread::start(move || {
        let mut bytes = [0; 256];
        loop {
            match tty.read(&mut bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(count) if count > 0 => {
                    let keys = Message::Keys(bytes[..count].to_vec());
                    if sender.send(keys).is_err() {
                        return;
                    }
                }
                // The terminal is gone; a signal says so.
                _ => return,
            }
        }
    });
    if let Err(error) = started {
        let _ = failed.try_send(Message::Failed(Error::new(error.to_string())));
    }
}

fn write_frames(terminal: &Terminal, next: &Mutex<Option<NextFrame>>, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        let mut shown = terminal.shown();
        let new = next.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (OnScreen::Frame(old), Some(new)) = (&mut *shown, new) {
            let old_frame = old.take().filter(|_| !new.anew);
            let bytes = paint(old_frame.as_deref(), &new.frame);
            let written = (&terminal.screen).write_all(&bytes);
            *old = written.is_ok().then_some(new.frame);
        }
    }
}

/// The terminal that was taken over. It is put back when this is dropped.
pub(super) struct Screen {
    terminal: &'static Terminal,
    next: &'static Mutex<Option<NextFrame>>,
    wake: SyncSender<()>,
}

impl Surface for Screen {
    fn size(&self) -> (usize, usize) {
        let size = terminal_size_of(&self.terminal.screen);
        size.map_or((80, 24), |(width, height)| {
            (usize::from(width.0), usize::from(height.0))
        })
    }

    fn show(&mut self, frame: Frame, anew: bool) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        // What was to be painted anew still is, if it was not painted yet.
        let anew = anew || next.as_ref().is_some_and(|next| next.anew);
        *next = Some(NextFrame { frame, anew });
        drop(next);
        // If it is full the thread will wake up, and find this frame.
        let _ = self.wake.try_send(());
    }

    fn message(&self) -> String {
        self.terminal.messages().last().cloned().unwrap_or_default()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}
