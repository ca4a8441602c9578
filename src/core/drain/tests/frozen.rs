//! A member that does nothing any more and lives: suspended by a signal, which the kernel shows, or
//! hung in a job that holds the interpreter, which nothing shows but the missing heartbeat.

use super::world::Member;
use crate::core::fleet::RunState;
use crate::core::moment::Moment;
use crate::core::sequence::{Consequence, Signal};
use crate::core::sidekiq::WorkerEvent;

/// Since when a member does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frozen {
    since: Moment,
    /// Whether the kernel shows it.
    suspended: bool,
}

impl Member {
    /// Freezes it now.
    pub(super) fn freeze(&mut self, suspended: bool, now: Moment) {
        let since = now;
        self.frozen = Some(Frozen { since, suspended });
    }

    /// When it does something next.
    pub(super) fn next_event(&self) -> Option<Moment> {
        let awake = self.frozen.is_none();
        awake.then(|| self.worker.next_event()).flatten()
    }

    /// Does everything that is due by `now`.
    pub(super) fn step(&mut self, now: Moment) -> Vec<(Moment, WorkerEvent)> {
        match self.frozen {
            Some(_) => Vec::new(),
            None => self.worker.step(now),
        }
    }

    /// How many jobs it would take now.
    pub(super) fn wants(&self) -> usize {
        match self.frozen {
            Some(_) => 0,
            None => self.worker.wants(),
        }
    }

    /// How the kernel shows it.
    pub(super) fn run_state(&self) -> RunState {
        match self.frozen {
            Some(Frozen {
                suspended: true, ..
            }) => RunState::Suspended,
            Some(_) | None => RunState::Alive,
        }
    }

    /// A signal is sent to it; whether there was anybody to receive it. A frozen one heeds KILL
    /// alone, before anything that was due since.
    pub(super) fn signal(&mut self, signal: Signal, now: Moment) -> bool {
        if self.worker.ended().is_some() {
            return false;
        }
        let version = self.worker.config().version;
        match self.frozen {
            None => self.worker.signal(signal, now),
            Some(frozen) if signal.consequence(Some(version)) == Consequence::Kills => {
                self.frozen = None;
                self.worker.signal(signal, frozen.since);
            }
            Some(_) => {}
        }
        true
    }
}
