//! The state of a process in one word, read off what is known of it, and whether it hangs or is
//! dead. It proves nothing: no signal ever depends on these.

use std::time::Duration;

use super::beat::Beat;
use super::joined::Fleet;
use super::local::{LocalProcess, RunState, Title};
use super::look::{Identity, Link};
use super::process::{Listed, Process};
use crate::core::moment::Moment;
use crate::core::timing::HASH_EXPIRES;

/// A beat older than this is stale, whatever the version (keys live 60 s).
const STALE: Duration = Duration::from_secs(30);

/// A heartbeat is seen up to this long after it was due: by the next look.
const BEAT_SHOWS: Duration = Duration::from_secs(2);

/// The state of a process, the first that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has ended.
    Exited,
    /// Stopped by a signal: it works on nothing and heeds nothing but CONT and KILL.
    Suspended,
    /// Listed without a hash, or its local pid is gone.
    Ghost,
    /// Redis lists it, and what it has there cannot be read.
    Unreadable,
    /// No beat yet.
    Booting,
    /// Its beat is over 30 s old.
    Stale,
    /// TERM was sent by us, or its unit deactivates.
    Stopping,
    /// Fetches no more.
    Quiet,
    /// Works.
    Running,
}

/// The fault of a process that Redis still lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It lives on this host and beats no more.
    Hangs {
        /// How long it has not beaten; `None`: no beat of it was ever seen.
        silent: Option<Duration>,
    },
    /// Its process on this host is gone.
    Dead {
        /// Its pid there.
        pid: Option<u32>,
    },
}

/// Up to when silence in Redis tells something: now, or when its last answer came.
fn heard(link: &Link, now: Moment) -> Moment {
    if let Link::Lost { since, .. } = link {
        *since
    } else {
        now
    }
}

impl State {
    /// The word of screens and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Exited => "exited",
            Self::Suspended => "suspended",
            Self::Ghost => "ghost",
            Self::Unreadable => "unreadable",
            Self::Booting => "booting",
            Self::Stale => "stale",
            Self::Stopping => "stopping",
            Self::Quiet => "quiet",
            Self::Running => "running",
        }
    }
}

impl Process {
    /// Its state. `stopping`: TERM was sent by us, or its unit deactivates. While Redis does not
    /// answer, the heartbeats of a process that is here and lives are no older than that silence.
    pub fn state(&self, stopping: bool, link: &Link, now: Moment) -> State {
        let heard = match self.local {
            Some(_) => heard(link, now),
            None => now,
        };
        let suspended = |local: &LocalProcess| local.run_state == RunState::Suspended;
        if self.exited() {
            return if self.listed == Listed::Yes {
                State::Ghost
            } else {
                State::Exited
            };
        }
        if self.local.as_ref().is_some_and(suspended) {
            return State::Suspended;
        }
        if self.gone.is_some() {
            return State::Ghost;
        }
        let booting = matches!(
            self.local.as_ref().map(|l| &l.title),
            Some(Title::Booting(_))
        );
        match &self.beat {
            None if self.is_ghost() => State::Ghost,
            None if self.local.is_none() => State::Unreadable,
            None if booting => State::Booting,
            None if stopping => State::Stopping,
            None => self.titled_state(),
            Some(beat) if beat.age(heard) > STALE => State::Stale,
            Some(_) if stopping => State::Stopping,
            Some(beat) if beat.quiet => State::Quiet,
            Some(_) => State::Running,
        }
    }

    /// Since when it is known to have ended: its end was seen, or no such process is here and two of
    /// its heartbeats did not come.
    pub fn ended(&self, now: Moment) -> Option<Moment> {
        let late = |beat: &Beat| beat.age(now) > self.beat_period() * 2;
        let silent = self.beat.as_ref().is_none_or(late);
        let missed = self.gone.filter(|_| silent);
        missed.or_else(|| self.exited().then_some(now))
    }

    /// Whether it has ended and Redis goes on listing it.
    pub fn is_dead(&self, now: Moment) -> bool {
        self.listed == Listed::Yes && self.ended(now).is_some()
    }

    /// Whether it takes jobs, as far as is known: what has ended, is quiet, dead or not listed, or
    /// reacts to nothing does not, and nothing does before its first beat.
    pub fn takes_jobs(&self, fleet: &Fleet, now: Moment) -> bool {
        self.listed == Listed::Yes
            && self.beat.is_some()
            && !self.exited()
            && !self.says_quiet()
            && !self.is_dead(now)
            && self.suspended_pid().is_none()
            && self.silent(None, fleet, now).is_none()
    }

    /// The pid of the process while a signal has stopped it.
    pub fn suspended_pid(&self) -> Option<u32> {
        let local = self.local.as_ref()?;
        (local.run_state == RunState::Suspended).then_some(local.id.pid)
    }

    /// How long it has sent no heartbeat, once that is longer than it may be: two beat periods, or
    /// one since the signal that was sent at `signalled`. `None` while the heartbeat is in time, and
    /// before the first one. While Redis does not answer, what counts is the silence up to then.
    pub fn silent(
        &self,
        signalled: Option<Moment>,
        fleet: &Fleet,
        now: Moment,
    ) -> Option<Duration> {
        let is_asked = matches!(fleet.link, Link::Connected { .. } | Link::Lost { .. });
        if !is_asked || fleet.looked.is_none() {
            return None;
        }
        let heard = heard(&fleet.link, now);
        let works = matches!(
            self.local.as_ref().map(|local| &local.title),
            Some(Title::Beating { .. })
        );
        let Some(beat) = &self.beat else {
            // Its title says that it works, and its hash has expired.
            let expired = works && self.is_ours() && self.listed == Listed::Yes;
            return expired.then_some(HASH_EXPIRES);
        };
        let period = self.beat_period();
        let unanswered =
            signalled.is_some_and(|at| beat.at < at && heard.since(at) > period + BEAT_SHOWS);
        let hangs = unanswered || beat.age(heard) > period * 2 + BEAT_SHOWS;
        hangs.then(|| beat.age(now))
    }

    /// Without Redis the title alone speaks.
    fn titled_state(&self) -> State {
        match self.local.as_ref().map(|local| &local.title) {
            Some(Title::Beating { stopping: true, .. }) => State::Quiet,
            Some(
                Title::Beating {
                    stopping: false, ..
                }
                | Title::Swarm
                | Title::Other(_),
            ) => State::Running,
            Some(Title::Booting(_)) | None => State::Booting,
        }
    }

    /// Whether it hangs, or is dead although Redis still lists it; `None`: neither is known.
    pub fn condition(&self, now: Moment) -> Option<Condition> {
        if self.listed != Listed::Yes {
            return None;
        }
        if self.exited() || self.gone.is_some() {
            let named = || self.identity.as_ref().and_then(Identity::pid);
            let local = self.local.as_ref().map(|local| local.id.pid);
            return Some(Condition::Dead {
                pid: local.or_else(named),
            });
        }
        let local = self.local.as_ref()?;
        let silent = self.beat.as_ref().map(|beat| beat.age(now));
        let beating = silent.is_some_and(|silent| silent <= STALE);
        let hangs = local.run_state == RunState::Alive
            && matches!(local.title, Title::Beating { .. })
            && !beating;
        hangs.then_some(Condition::Hangs { silent })
    }
}
