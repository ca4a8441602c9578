//! The signals that this program itself gets. A hang-up that was ignored at the start (`nohup`)
//! stays ignored.

use super::outlet::settle;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

const SIGCONT: i32 = nix::sys::signal::Signal::SIGCONT as i32;
const SIGTSTP: i32 = nix::sys::signal::Signal::SIGTSTP as i32;

/// A request to this program by a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnSignal {
    /// INT: stop here.
    Interrupt,
    /// HUP: the terminal is gone.
    HangUp,
    /// TERM, or QUIT (Ctrl-\ without a screen): the program is told to end.
    Terminate,
    /// TSTP: it is stopped for a while.
    Suspend,
    /// CONT: it was stopped for a while; the screen may be anything.
    Continued,
}

/// Listens for them.
#[derive(Debug)]
pub struct OwnSignals {
    interrupt: Signal,
    terminate: Signal,
    quit: Signal,
    hang_up: Option<Signal>,
    continued: Signal,
    suspended: Signal,
}

impl OwnSignals {
    /// Begins to listen. Must be called inside a tokio runtime.
    pub fn listen() -> io::Result<Self> {
        let hang_up = if hang_up_is_ignored() {
            None
        } else {
            Some(signal(SignalKind::hangup())?)
        };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            quit: signal(SignalKind::quit())?,
            hang_up,
            continued: signal(SignalKind::from_raw(SIGCONT))?,
            suspended: signal(SignalKind::from_raw(SIGTSTP))?,
        })
    }

    /// The next one.
    pub async fn next(&mut self) -> OwnSignal {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => OwnSignal::Interrupt,
            _ = self.terminate.recv() => OwnSignal::Terminate,
            _ = self.quit.recv() => OwnSignal::Terminate,
            _ = hang_up => OwnSignal::HangUp,
            _ = self.suspended.recv() => OwnSignal::Suspend,
            _ = self.continued.recv() => OwnSignal::Continued,
        }
    }
}

/// Whether HUP is ignored: bit 0 of `SigIgn` in `/proc/self/status` (proc(5)).
fn hang_up_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 == 1)
}

/// Stops this program until it is continued. No other process is touched: the signal goes
/// to the caller alone (raise(3)).
pub(super) fn stop_oneself() {
    // The last words are to be read while it stands still.
    settle();
    // SIGSTOP cannot be refused; if it could, going on is all there is to do.
    nix::sys::signal::raise(nix::sys::signal::Signal::SIGSTOP).unwrap_or_default();
}
