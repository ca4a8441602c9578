//! Signals from a test: to its own children alone, by their own handle.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::process::Child;

use rustix::process::{Pid, PidfdFlags, pidfd_open, pidfd_send_signal};

pub(crate) use rustix::process::Signal;

/// Sends `signal` to a child that nobody has waited for: its pid is still its own.
#[expect(
    clippy::disallowed_methods,
    reason = "a test's own child, which it has not waited for"
)]
pub(crate) fn send(child: &Child, signal: Signal) {
    let held = pidfd_open(Pid::from_child(child), PidfdFlags::empty()).unwrap();
    pidfd_send_signal(held, signal).unwrap();
}
