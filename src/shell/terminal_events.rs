//! The events of a terminal, read by a thread of their own. crossterm 0.29 reads in a loop without
//! end once a terminal is gone (`event/source/unix/mio.rs`, `try_read`: it takes an end of file for
//! nothing read), so it is asked only where the kernel shows something to read, and never by the
//! thread that runs the loop.

use std::fs::File;
use std::io::{self, IsTerminal, PipeReader, PipeWriter, pipe};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use crossterm::event::{self, Event as TerminalEvent};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// So many events wait at most; the thread reads no further meanwhile.
const WAITING: usize = 64;
/// Between two attempts to read a key of which only a part is there.
const PART: Duration = Duration::from_millis(20);

/// The events of this program's terminal. At most one of these exists at a time.
#[derive(Debug)]
pub(super) struct TerminalEvents {
    events: Receiver<TerminalEvent>,
    sizes: Signal,
    /// Dropped with this: then the thread ends.
    _stop: PipeWriter,
}

impl TerminalEvents {
    /// Reads from now on. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// If there is no terminal, or no thread or pipe to be had.
    pub(super) fn listen() -> io::Result<Self> {
        let terminal = terminal()?;
        let (stopped, stop) = pipe()?;
        let (sender, events) = channel(WAITING);
        std::thread::Builder::new()
            .name("keys".into())
            .spawn(move || read(&terminal, &stopped, &sender))?;
        Ok(Self {
            events,
            sizes: signal(SignalKind::window_change())?,
            _stop: stop,
        })
    }

    /// The next one; `None`: the terminal is gone. Nothing is lost if this is not awaited to its
    /// end.
    pub(super) async fn next(&mut self) -> Option<TerminalEvent> {
        tokio::select! {
            biased;
            event = self.events.recv() => event,
            _ = self.sizes.recv() => {
                let (columns, rows) = crossterm::terminal::size().unwrap_or_default();
                Some(TerminalEvent::Resize(columns, rows))
            }
        }
    }
}

/// The terminal that crossterm reads from: standard input, else `/dev/tty`.
fn terminal() -> io::Result<OwnedFd> {
    let input = io::stdin();
    if input.is_terminal() {
        return input.as_fd().try_clone_to_owned();
    }
    Ok(File::open("/dev/tty")?.into())
}

/// Passes on what is typed, until the terminal is gone or no events are wanted any more.
fn read(terminal: &OwnedFd, stopped: &PipeReader, sender: &Sender<TerminalEvent>) {
    while wait(terminal.as_fd(), stopped.as_fd()) {
        let mut came = false;
        while event::poll(Duration::ZERO).unwrap_or(false) {
            let Ok(event) = event::read() else { return };
            came = true;
            // A new size is told by its signal.
            let is_size = matches!(event, TerminalEvent::Resize(..));
            if !is_size && sender.blocking_send(event).is_err() {
                return;
            }
        }
        if !came {
            match event::poll(PART) {
                Ok(true) => {}
                Ok(false) => show_again(terminal),
                Err(_) => return,
            }
        }
    }
}

/// Has the kernel tell crossterm once more that there is something to read. It tells so once for what
/// came, and crossterm forgets it where a new size came together with it
/// (`event/source/unix/mio.rs`, `try_read`: it returns from its loop over both). Setting the modes that
/// are set already wakes all that wait (Linux `drivers/tty/n_tty.c`, `n_tty_set_termios`).
fn show_again(terminal: &OwnedFd) {
    if let Ok(modes) = tcgetattr(terminal) {
        // Without it the key is heard with the next one.
        tcsetattr(terminal, OptionalActions::Now, &modes).ok();
    }
}

/// Waits until there is something to read. Whether there is; else the terminal is gone, or nothing
/// is wanted any more.
fn wait(terminal: BorrowedFd<'_>, stopped: BorrowedFd<'_>) -> bool {
    let mut both = [
        PollFd::from_borrowed_fd(terminal, PollFlags::IN),
        PollFd::from_borrowed_fd(stopped, PollFlags::IN),
    ];
    loop {
        match poll(&mut both, None) {
            Ok(_) => break,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    let [terminal, stopped] = both.map(|end| end.revents());
    !terminal.intersects(gone) && stopped.is_empty()
}
