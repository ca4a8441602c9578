//! A process that a run may signal: how it stands, and the last signal it received. What is
//! told of it at an abort is read off here.

use super::record::About;
use super::unit_stop::Stop;
use crate::core::fate::{Exit, Signals, Subject};
use crate::core::fleet::{Identity, Mark, ProcessKey};
use crate::core::moment::Moment;
use crate::core::sequence::{Signal, Timeout};

/// How a target stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It lives.
    Alive,
    /// It fetches no more.
    Quiet {
        /// Since when that is known.
        since: Moment,
    },
    /// It fetches no more and runs nothing.
    Idle {
        /// Since when that is known.
        since: Moment,
    },
    /// It has ended.
    Exited {
        /// When that was noticed.
        at: Moment,
        /// Whether it left its registry in order, as far as known.
        clean: Option<bool>,
        /// Whether the record of it is written.
        told: bool,
    },
    /// A signal to it failed and it was left out: it counts as alive.
    LeftOut {
        /// Why.
        why: String,
    },
}

/// A signal that a target received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Which.
    pub signal: Signal,
    /// When.
    pub at: Moment,
    /// When it had arrived for certain; `None`: it waits in the list of its process in Redis.
    pub arrived: Option<Moment>,
}

/// A target.
#[derive(Clone, Debug)]
pub struct Target {
    /// The process.
    pub key: ProcessKey,
    /// Its name for people and records.
    pub about: About,
    /// Its own timeout.
    pub timeout: Timeout,
    /// How it stands.
    pub standing: Standing,
    /// The last signal that it received.
    pub last: Option<Sent>,
    /// The knowledge of it before the first signal.
    pub mark: Option<Mark>,
    /// When TERM or INT was sent to it first: its `T` runs from here.
    pub stopped: Option<Moment>,
    /// How it may be told to stop.
    pub stop: Stop,
}

impl Target {
    /// A target at the start of a run.
    pub(super) fn new(
        key: ProcessKey,
        name: String,
        identity: Option<Identity>,
        timeout: Timeout,
    ) -> Self {
        Self {
            about: About {
                identity,
                pid: key.local().map(|id| id.pid),
                name,
            },
            key,
            timeout,
            standing: Standing::Alive,
            last: None,
            mark: None,
            stopped: None,
            stop: Stop::default(),
        }
    }

    /// Whether KILL can be sent to it: Redis carries none.
    pub fn can_be_killed(&self) -> bool {
        self.key.local().is_some()
    }

    /// The signal that waits for it in Redis.
    pub fn waiting(&self) -> Option<Sent> {
        self.last.filter(|sent| sent.arrived.is_none())
    }

    /// Takes in that its last signal had arrived at `at`.
    pub(super) fn arrived(&mut self, at: Moment) {
        if let Some(sent) = &mut self.last {
            sent.arrived.get_or_insert(at);
        }
        // A quiet process never takes jobs again: the earliest proof of it counts.
        if let Some(mark) = &mut self.mark {
            mark.at = mark.at.min(at);
        }
    }

    /// Whether it takes part: alive and not left out.
    pub fn takes_part(&self) -> bool {
        matches!(
            self.standing,
            Standing::Alive | Standing::Quiet { .. } | Standing::Idle { .. }
        )
    }

    /// Whether it has ended.
    pub fn exited(&self) -> bool {
        matches!(self.standing, Standing::Exited { .. })
    }

    /// The process as a judgement of its jobs sees it.
    pub fn subject(&self) -> Subject<'_> {
        let exit = match self.standing {
            Standing::Exited { at, clean, .. } => Some(Exit { at, clean }),
            Standing::Alive
            | Standing::Quiet { .. }
            | Standing::Idle { .. }
            | Standing::LeftOut { .. } => None,
        };
        Subject {
            key: &self.key,
            name: &self.about.name,
            timeout: &self.timeout,
            signals: Signals {
                mark: self.mark,
                stopped: self.stopped,
                killed: self.last.is_some_and(|sent| sent.signal == Signal::Kill),
                idle_before: self.stop.idle_before,
            },
            exit,
        }
    }

    /// When it exited, while the record of that is not written yet.
    pub fn untold_exit(&self) -> Option<Moment> {
        if let Standing::Exited {
            at, told: false, ..
        } = self.standing
        {
            return Some(at);
        }
        None
    }

    /// When Sidekiq interrupts its jobs; `None` before TERM.
    pub fn interrupt(&self) -> Option<Moment> {
        self.subject().interrupt()
    }

    /// Until when it has interrupted nothing for sure; `None`: as long as it is not told to stop.
    /// Where its timeout is only assumed nothing is sure from TERM on.
    pub fn safe_until(&self) -> Option<Moment> {
        self.subject().safe_until()
    }

    /// Its standing when nothing more is sent.
    pub fn epitaph(&self, clock: &dyn Fn(Moment) -> String) -> String {
        let name = &self.about.name;
        if self.exited() {
            return format!("{name} has exited");
        }
        match (self.last, self.interrupt()) {
            (Some(sent), _) if sent.signal == Signal::Kill => {
                format!("{name} was sent KILL at {}", clock(sent.at))
            }
            (_, Some(interrupt)) if self.stop.begun => {
                let kills = self.stop.systemd_kills.map(clock);
                let kills =
                    kills.map_or_else(String::new, |at| format!("; systemd kills it at {at}"));
                format!(
                    "{name}: systemd stops its unit, which cannot be taken back: it pushes back what still runs at {} and exits{kills}",
                    clock(interrupt)
                )
            }
            (_, Some(interrupt)) => format!(
                "{name}: no KILL will be sent; TERM cannot be taken back: it pushes back what still runs at {} and exits",
                clock(interrupt)
            ),
            (Some(sent), None) if sent.signal == Signal::Tstp => {
                format!("{name} stays quiet until it is restarted")
            }
            (Some(sent), None) => format!("{name} was sent {} and goes on", sent.signal),
            (None, None) => format!("{name} was sent nothing and goes on working"),
        }
    }
}
