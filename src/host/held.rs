//! Holding a process by its pidfd, and the only place in the program from which a signal leaves.
//! It never signals by pid: what is held is the process that was looked at, or nothing.

mod numbers;

#[cfg(test)]
mod tests;

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, test_kill_process,
    waitid,
};

use self::numbers::number_of;
use super::proc::{Identified, identify, stat};
use crate::clock;
use crate::core::fleet::{ExitStatus, LocalId, RunState};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;

/// A process, held: it cannot be mistaken for another that gets its pid.
#[derive(Debug)]
pub struct Held {
    id: LocalId,
    uid: u32,
    pid: Pid,
    pidfd: OwnedFd,
    /// Whether the kernel shows us how it ends, seen while it was alive.
    traceable: bool,
}

/// Why a process cannot be held.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeldError {
    /// It has ended.
    #[error("{0} has ended")]
    Gone(LocalId),
    /// Its pid belongs to another process now.
    #[error("{0} has ended, and its pid belongs to another process now")]
    Reused(LocalId),
    /// It runs as another user now.
    #[error("{id} runs as uid {found}, not as uid {expected} like the process that was looked at")]
    OtherUser {
        /// Which.
        id: LocalId,
        /// The uid that it had.
        expected: u32,
        /// The uid that it has.
        found: u32,
    },
    /// The kernel has no pidfds.
    #[error(
        "this kernel cannot hold a process (pidfd_open needs Linux 5.3), and nothing is ever signalled by pid alone"
    )]
    NoPidfd,
    /// Anything else.
    #[error("{id} cannot be held: {why}")]
    Failed {
        /// Which.
        id: LocalId,
        /// In the kernel's words.
        why: String,
    },
}

/// A signal that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalSent {
    /// When the kernel had taken it: what is counted from it begins no sooner than it.
    pub at: Moment,
}

/// Why a signal was not sent. None of these has reached the process.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It has ended: an exit, not a failure.
    #[error("{0} has ended")]
    Gone(LocalId),
    /// Not allowed.
    #[error(
        "no permission to signal {id}, which runs as uid {uid}: run as that user, as root, or with CAP_KILL"
    )]
    Denied {
        /// Which.
        id: LocalId,
        /// Its owner.
        uid: u32,
    },
    /// The signal would suspend it.
    #[error(
        "{id} has no handler for {signal}: it still boots, or a Sidekiq is embedded in it; the signal would suspend it"
    )]
    NoHandler {
        /// Which.
        id: LocalId,
        /// The signal that was to be sent.
        signal: Signal,
    },
    /// It is suspended and would not hear it.
    #[error("{0} is suspended and hears nothing until it gets CONT")]
    Suspended(LocalId),
    /// Whether it has a handler cannot be read.
    #[error(
        "whether {id} has a handler for {signal} cannot be read, and without one the signal would suspend it"
    )]
    Unreadable {
        /// Which.
        id: LocalId,
        /// The signal that was to be sent.
        signal: Signal,
    },
    /// The run was stopped before it was sent.
    #[error("not sent: the run was stopped")]
    Revoked,
    /// Anything else.
    #[error("{signal} to {id} failed: {why}")]
    Failed {
        /// Which.
        id: LocalId,
        /// The signal that was to be sent.
        signal: Signal,
        /// In the kernel's words.
        why: String,
    },
}

impl Held {
    /// Holds the process `id` of user `uid`: the pidfd first, then what `/proc` says, and last
    /// that it has not ended, so that what was read belongs to the process that is held
    /// (`pidfd_open(2)`).
    pub fn open(id: LocalId, uid: u32) -> Result<Self, HeldError> {
        let pid = i32::try_from(id.pid).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or(HeldError::Gone(id))?;
        let pidfd =
            pidfd_open(pid, PidfdFlags::NONBLOCK).map_err(|error| refusal_to_hold(id, error))?;
        let found = identify(id.pid).map_err(|error| match Errno::from_io_error(&error) {
            Some(errno) => refusal_to_hold(id, errno),
            None => HeldError::Failed {
                id,
                why: error.to_string(),
            },
        })?;
        let held = Self {
            id,
            uid,
            pid,
            pidfd,
            traceable: found.traceable,
        };
        held.check(&found)?;
        Ok(held)
    }

    fn check(&self, found: &Identified) -> Result<(), HeldError> {
        let id = self.id;
        if found.id != id {
            return Err(HeldError::Reused(id));
        }
        match found.status.uid {
            Some(uid) if uid == self.uid => {}
            Some(uid) => {
                return Err(HeldError::OtherUser {
                    id,
                    expected: self.uid,
                    found: uid,
                });
            }
            None => {
                return Err(HeldError::Failed {
                    id,
                    why: "its user cannot be read".to_owned(),
                });
            }
        }
        if self.has_exited() {
            return Err(HeldError::Gone(id));
        }
        Ok(())
    }

    /// Which process is held.
    pub fn id(&self) -> LocalId {
        self.id
    }

    /// Its owner.
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// Whether it has ended: the pidfd is readable, reaped or not. (A zombie takes signals
    /// without a complaint, so sending is no test.)
    pub fn has_exited(&self) -> bool {
        let mut polled = [PollFd::new(&self.pidfd, PollFlags::IN)];
        // Without an answer nothing is known, and that is no exit.
        poll(&mut polled, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
    }

    /// Whether a signal would be allowed, by the kernel's own check: signal 0, which is none
    /// (kill(2)). It goes by pid, and the pidfd then tells whether the pid was still this
    /// process's.
    pub fn may_signal(&self) -> Result<(), SendError> {
        if self.has_exited() {
            return Err(SendError::Gone(self.id));
        }
        let answer = test_kill_process(self.pid);
        if self.has_exited() {
            return Err(SendError::Gone(self.id));
        }
        answer.map_err(|error| self.refusal(Signal::Cont, error))
    }

    /// Sends `signal`, if `licence` still says so in the last moment. TSTP and TTIN go only to a
    /// process that has a handler for them now and is not suspended.
    pub fn send(
        &self,
        signal: Signal,
        licence: impl FnOnce() -> bool,
    ) -> Result<SignalSent, SendError> {
        if self.has_exited() {
            return Err(SendError::Gone(self.id));
        }
        if matches!(signal, Signal::Tstp | Signal::Ttin) {
            self.check_it_listens(signal)?;
        }
        if !licence() {
            return Err(SendError::Revoked);
        }
        self.deliver(signal)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place from which a signal leaves"
    )]
    fn deliver(&self, signal: Signal) -> Result<SignalSent, SendError> {
        pidfd_send_signal(&self.pidfd, number_of(signal))
            .map(|()| SignalSent { at: clock::now() })
            .map_err(|error| self.refusal(signal, error))
    }

    /// Whether `signal` would be heard: without a handler it suspends the process, as one that
    /// boots or that Sidekiq is embedded in.
    fn check_it_listens(&self, signal: Signal) -> Result<(), SendError> {
        let id = self.id;
        let found = identify(id.pid).ok();
        if self.has_exited() {
            return Err(SendError::Gone(id));
        }
        let unreadable = SendError::Unreadable { id, signal };
        let found = found.filter(|found| found.id == id);
        let status = found.ok_or_else(|| unreadable.clone())?.status;
        let number = number_of(signal).as_raw().unsigned_abs();
        if !status.caught.ok_or_else(|| unreadable.clone())?.has(number) {
            return Err(SendError::NoHandler { id, signal });
        }
        match status.run_state {
            Some(RunState::Alive) => Ok(()),
            Some(RunState::Suspended) => Err(SendError::Suspended(id)),
            Some(RunState::Ended) => Err(SendError::Gone(id)),
            None => Err(unreadable),
        }
    }

    fn refusal(&self, signal: Signal, error: Errno) -> SendError {
        let id = self.id;
        match error {
            Errno::SRCH => SendError::Gone(id),
            Errno::PERM => SendError::Denied { id, uid: self.uid },
            _ => SendError::Failed {
                id,
                signal,
                why: error.to_string(),
            },
        }
    }

    /// How it ended, where that can still be learned: of a child of ours, or of a process that we
    /// may trace until it is reaped. Asking reaps nothing.
    pub fn exit_status(&self) -> Option<ExitStatus> {
        self.status_of_child().or_else(|| self.status_of_zombie())
    }

    fn status_of_child(&self) -> Option<ExitStatus> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::PidFd(self.pidfd.as_fd()), options).ok()??;
        let code = status.exit_status().map(ExitStatus::Code);
        code.or_else(|| status.terminating_signal().map(ExitStatus::Signal))
    }

    /// From field 52 of `stat`, which reads 0 for those who may not trace the process.
    fn status_of_zombie(&self) -> Option<ExitStatus> {
        let found = identify(self.id.pid).ok().filter(|_| self.traceable)?;
        if found.id != self.id || found.status.run_state != Some(RunState::Ended) {
            return None;
        }
        found.wait_status.map(stat::exit_status)
    }
}

impl AsFd for Held {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

fn refusal_to_hold(id: LocalId, error: Errno) -> HeldError {
    match error {
        Errno::SRCH | Errno::NOENT => HeldError::Gone(id),
        Errno::NOSYS => HeldError::NoPidfd,
        _ => HeldError::Failed {
            id,
            why: error.to_string(),
        },
    }
}

/// Kills the process group that `leader` leads, a child of this program that was started in a
/// group of its own. It has not been waited for, so its pid cannot be another one's.
pub(super) fn end_group(leader: &tokio::process::Child) -> io::Result<()> {
    let pid = leader.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
    let pid = pid.ok_or(io::ErrorKind::NotFound)?;
    #[expect(
        clippy::disallowed_methods,
        reason = "a group of this program's own child; no Sidekiq can be in it"
    )]
    rustix::process::kill_process_group(pid, rustix::process::Signal::KILL)?;
    Ok(())
}
