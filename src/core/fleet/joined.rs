//! The joined picture: rows of Redis and processes of this host. Which belong together is decided
//! in `identify`; a row that fits no process, or several, stays what it is.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use super::address::RedisAddress;
use super::beat::differs;
use super::dead::Dead;
use super::identify::{Matches, identify};
use super::key::ProcessKey;
use super::local::{HostLook, LocalId, LocalProcess, RunState};
use super::logs::Logs;
use super::look::{Identity, Link, Look, LookRow, QueueDepth};
use super::memory::RedisMemory;
use super::process::{Life, Listed, Process};
use super::unit::{Unit, UnitLook};
use super::{ExitStatus, Observation};
use crate::core::layers::{Layer, LocatedSetting};
use crate::core::moment::Moment;

/// How long an ended process stays on the screen.
const REMEMBERED: Duration = Duration::from_mins(1);

/// How long one that this Redis never knew stays there.
const PASSED_BY: Duration = Duration::from_secs(10);

/// A beat counts as later than an exit only by so much: both times are estimates.
const AFTER_EXIT: Duration = Duration::from_secs(2);

/// Everything known, from all sources.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// Every process, local ones first.
    pub processes: BTreeMap<ProcessKey, Process>,
    /// The link to Redis.
    pub link: Link,
    /// The members that are only counted.
    pub dead: Dead,
    /// When the last look that was answered had been asked.
    pub looked: Option<Moment>,
    /// When the last scan was made.
    pub scanned: Option<Moment>,
    /// This host's name.
    pub hostname: String,
    /// Queues and their lengths, as last read.
    pub queues: Vec<QueueDepth>,
    /// The loaded state of the units that they run in.
    pub units: BTreeMap<Unit, UnitLook>,
    /// The words of the logs.
    pub logs: Box<Logs>,
    /// Whether Redis still has what it had.
    pub memory: RedisMemory,
    /// From where all this is seen.
    pub vantage: Box<Vantage>,
}

/// From where a fleet is seen. It does not change.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Vantage {
    /// The address of the Redis that is asked.
    pub redis: Option<RedisAddress>,
    /// The prefix of its keys.
    pub namespace: Option<String>,
    /// Whether a scan shows every process that runs under this host's name. Only then a pid that
    /// it does not show is gone.
    pub sees_host: bool,
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            processes: BTreeMap::new(),
            dead: Dead::default(),
            link: Link::Unused,
            looked: None,
            scanned: None,
            hostname: String::new(),
            queues: Vec::new(),
            units: BTreeMap::new(),
            logs: Box::default(),
            memory: RedisMemory::default(),
            vantage: Box::default(),
        }
    }
}

impl Fleet {
    /// Whether systemd was asked about the unit of this process, if it runs in one.
    pub fn unit_is_told(&self, key: &ProcessKey) -> bool {
        let local = self.get(key);
        let unit = local.and_then(|process| process.local.as_ref()?.surroundings.unit.as_ref());
        unit.is_none_or(|unit| self.units.contains_key(unit))
    }

    /// `TimeoutStopSec` of the unit of `process`: as systemd has it loaded, and as its file says.
    pub fn stop_timeouts(&self, process: &Process) -> (Option<Duration>, Option<Duration>) {
        let Some(surroundings) = process.local.as_ref().map(|local| &local.surroundings) else {
            return (None, None);
        };
        let of = |values: &[LocatedSetting], layer: Layer| {
            let stops =
                |value: &&LocatedSetting| value.layer == layer && value.setting == "TimeoutStopSec";
            values.iter().rfind(stops)?.value.span()
        };
        let unit = surroundings.unit.as_ref();
        let look = unit.and_then(|unit| self.units.get(unit)?.loaded.as_ref().ok());
        (
            look.and_then(|values| of(values, Layer::SystemdLoaded)),
            of(&surroundings.layers, Layer::Systemd),
        )
    }

    /// Takes an observation in.
    pub fn observe(&mut self, observation: Observation) {
        match observation {
            Observation::Look(look) => self.look(look),
            Observation::Host(host) => self.host(host),
            Observation::Exited {
                process,
                at,
                status,
            } => self.exited(process, at, status),
            Observation::Link(link) => self.link = link,
            Observation::Queues(queues) => self.queues = queues,
            Observation::Unit(look) => {
                self.units.insert(look.unit.clone(), look);
            }
            Observation::Logged(news) => drop(self.logs.take(news)),
        }
    }

    /// A process.
    pub fn get(&self, key: &ProcessKey) -> Option<&Process> {
        self.processes.get(key)
    }

    /// The processes that could run a job of `queue`: not known to have ended, and fetching from
    /// it.
    pub fn serving<'a>(
        &'a self,
        queue: &'a str,
    ) -> impl Iterator<Item = (&'a ProcessKey, &'a Process)> {
        self.processes.iter().filter(move |(_, process)| {
            !process.exited()
                && process.beat.is_some()
                && process.listed == Listed::Yes
                && process.may_serve(queue)
        })
    }

    fn look(&mut self, look: Look) {
        let Look {
            asked,
            answered,
            server_time,
            server,
            counter,
            mut rows,
            dead,
        } = look;
        if self.looked.is_some_and(|looked| looked > asked) {
            return;
        }
        // An answer is as old as its question.
        self.looked = Some(asked);
        self.memory.answered(server, server_time, asked);
        rows.extend(self.take_dead(dead));
        let listed: HashSet<&Identity> = rows.iter().map(|row| &row.identity).collect();
        let mut keys = HashMap::with_capacity(self.processes.len());
        for (key, process) in &mut self.processes {
            let Some(identity) = &process.identity else {
                continue;
            };
            if !listed.contains(identity) && process.listed == Listed::Yes {
                process.listed = Listed::Removed { at: answered };
            }
            // The first one that had an identity keeps it.
            keys.entry(identity.clone()).or_insert_with(|| key.clone());
        }
        let is_as_before = |row: &LookRow| {
            let known = keys
                .get(&row.identity)
                .and_then(|key| self.processes.get(key));
            let before = known.and_then(|known| known.beat.as_ref());
            let now = row.heartbeat.as_ref().map(|heartbeat| heartbeat.beat);
            before
                .zip(now)
                .is_some_and(|(before, now)| !differs(now, before.written))
        };
        let whole = rows.iter().any(is_as_before);
        let beats = rows.iter().any(|row| row.heartbeat.is_some());
        self.memory.looked((asked, answered), counter, beats, whole);
        for row in rows {
            let new = || ProcessKey::Remote(row.identity.clone());
            let key = keys.remove(&row.identity).unwrap_or_else(new);
            let process = self
                .processes
                .entry(key)
                .or_insert_with(|| Process::from_identity(row.identity.clone()));
            if let Listed::Removed { at } = process.listed {
                self.memory.contradicted(at);
            }
            process.look(row, asked, server_time);
        }
        self.join(answered);
        (self.processes.values_mut()).for_each(|process| process.end_elsewhere(asked));
        self.forget(answered);
    }

    /// Keeps these processes of other hosts until their end is known: a run drains them.
    pub fn keep(&mut self, targets: &[ProcessKey]) {
        for (key, process) in &mut self.processes {
            process.is_kept |= process.local.is_none() && targets.contains(key);
        }
    }

    fn host(&mut self, host: HostLook) {
        self.scanned = Some(host.at);
        self.hostname.clone_from(&host.hostname);
        let seen: Vec<LocalId> = host.processes.iter().map(|local| local.id).collect();
        for (key, process) in &mut self.processes {
            if let ProcessKey::Local(id) = key
                && !seen.contains(id)
                && process.life == Life::Here
            {
                process.life = Life::Exited {
                    at: host.at,
                    status: None,
                };
            }
        }
        for local in host.processes {
            self.local(local, host.at);
        }
        self.join(host.at);
        self.forget(host.at);
    }

    fn local(&mut self, mut local: LocalProcess, at: Moment) {
        let key = ProcessKey::Local(local.id);
        let ended = local.run_state == RunState::Ended;
        if let Some(process) = self.processes.get_mut(&key) {
            if ended && process.life == Life::Here {
                process.life = Life::Exited { at, status: None };
            }
            // Its heartbeat thread may not be read in each scan.
            let before = process.local.as_ref();
            let since = before.and_then(|before| before.surroundings.beats_since);
            let surroundings = &mut local.surroundings;
            surroundings.beats_since = surroundings.beats_since.or(since);
            process.without_threads = local
                .threads
                .filter(|threads| threads.heartbeat && threads.processors == 0)
                .map(|threads| process.without_threads.unwrap_or(threads.at));
            process.local = Some(local);
            return;
        }
        // A zombie that was never seen alive has nothing to show.
        if ended {
            return;
        }
        self.processes.insert(key, Process::from_local(local));
    }

    /// Brings together what Redis and this host show of the same process, anew each time: a better
    /// candidate may have come. A process that has ended keeps its identity, unless that goes on
    /// beating.
    fn join(&mut self, now: Moment) {
        self.part_from_the_living();
        let locals: Vec<(LocalId, &LocalProcess)> = self
            .processes
            .iter()
            .filter_map(|(key, process)| match key {
                ProcessKey::Local(id) if process.life == Life::Here => {
                    Some((*id, process.local.as_ref()?))
                }
                ProcessKey::Local(_) | ProcessKey::Remote(_) => None,
            })
            .collect();
        let listed = self.processes.values().filter_map(|process| {
            let ended = matches!(process.life, Life::Exited { .. });
            let free = process.listed == Listed::Yes && !ended;
            Some((process.identity.as_ref().filter(|_| free)?, process))
        });
        // Beats are as old as the look that read them.
        let at = self.looked.unwrap_or(now);
        let matches = identify(&locals, listed, self.vantage.redis.as_ref(), at);
        self.apply(matches, at);
        self.mark_gone();
    }

    /// Takes the identity from a process that has ended, if that identity beats on: it was
    /// another one's.
    fn part_from_the_living(&mut self) {
        let beats_on = |process: &Process| {
            let Life::Exited { at, .. } = process.life else {
                return false;
            };
            let beat = process.beat.as_ref();
            process.local.is_some() && beat.is_some_and(|beat| beat.at > at.after(AFTER_EXIT))
        };
        let living: Vec<ProcessKey> = self
            .processes
            .iter()
            .filter(|(_, process)| beats_on(process))
            .map(|(key, _)| key.clone())
            .collect();
        for key in living {
            let remote = self.processes.get_mut(&key).and_then(Process::part);
            self.processes.extend(remote);
        }
    }

    fn apply(&mut self, matches: Matches, looked: Moment) {
        let Matches { of, mut rivals } = matches;
        let wrong: Vec<ProcessKey> = self
            .processes
            .iter()
            .filter(|(key, process)| match key {
                ProcessKey::Local(id) if process.life == Life::Here => {
                    // An identity that left Redis stays with its process.
                    process.listed == Listed::Yes && of.get(id) != process.identity.as_ref()
                }
                ProcessKey::Local(_) | ProcessKey::Remote(_) => false,
            })
            .map(|(key, _)| key.clone())
            .collect();
        for key in wrong {
            let remote = self.processes.get_mut(&key).and_then(Process::part);
            self.processes.extend(remote);
        }
        for (id, identity) in of {
            let key = ProcessKey::Remote(identity);
            let Some(remote) = self.processes.remove(&key) else {
                continue;
            };
            if let Some(here) = self.processes.get_mut(&ProcessKey::Local(id)) {
                here.take_over(remote, looked);
            }
        }
        for (key, process) in &mut self.processes {
            if let ProcessKey::Local(id) = key {
                process.rivals = rivals.remove(id).unwrap_or_default();
            }
        }
    }

    /// Marks the identities of this host whose pid no scan shows. It proves nothing, for another
    /// machine may have this host's name.
    fn mark_gone(&mut self) {
        let Some(scanned) = self.scanned.filter(|_| self.vantage.sees_host) else {
            return;
        };
        let here: BTreeSet<u32> = self
            .processes
            .values()
            .filter_map(|process| Some(process.local.as_ref()?.surroundings.inner_pid))
            .collect();
        let hostname = self.hostname.as_str();
        for (key, process) in &mut self.processes {
            let ProcessKey::Remote(identity) = key else {
                continue;
            };
            let later = process.beat.as_ref().is_some_and(|beat| beat.at >= scanned);
            let embedded = process.info.as_ref().is_some_and(|info| info.embedded);
            let ours = identity.hostname() == hostname && !embedded;
            let shown = identity.pid().is_none_or(|pid| here.contains(&pid));
            let first = process.gone.map_or(scanned, |known| known.min(scanned));
            // A beat after a scan that did not show it: it runs where no scan looks.
            process.gone = (ours && !shown && !later && !process.beats_unseen).then_some(first);
            process.beats_unseen |= ours && !shown && later;
        }
    }

    fn exited(&mut self, id: LocalId, at: Moment, status: Option<ExitStatus>) {
        if let Some(process) = self.processes.get_mut(&ProcessKey::Local(id)) {
            match &mut process.life {
                Life::Exited { status: known, .. } => *known = known.or(status),
                life @ (Life::Here | Life::Elsewhere) => *life = Life::Exited { at, status },
            }
        }
    }

    /// Drops what has ended and is listed nowhere any more.
    fn forget(&mut self, now: Moment) {
        self.processes
            .retain(|_, process| match (process.life, process.listed) {
                (Life::Exited { .. }, Listed::Yes) | (Life::Here, _) => true,
                (Life::Exited { at, .. }, Listed::Removed { .. }) => now.since(at) < REMEMBERED,
                (Life::Exited { at, .. }, Listed::Never | Listed::Named) => {
                    now.since(at) < PASSED_BY
                }
                (Life::Elsewhere, listed) => listed == Listed::Yes || process.is_kept,
            });
    }
}
