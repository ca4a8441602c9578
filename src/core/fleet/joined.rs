//! The joined picture: rows of Redis and processes of this host, matched by host name, pid and
//! start time. A row that matches nothing stays what it is; nothing is matched on a guess.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use super::address::same_redis;
use super::beat::differs;
use super::local::{HostLook, LocalId, LocalProcess, RunState, Title};
use super::logs::Logs;
use super::look::{Identity, Link, Look, LookRow, QueueDepth};
use super::memory::RedisMemory;
use super::process::{Life, Listed, Process, ProcessKey};
use super::unit::{Unit, UnitLook};
use super::{ExitStatus, Observation};
use crate::core::layers::{Layer, Located};
use crate::core::moment::Moment;

/// How long an ended process stays on the screen.
const REMEMBERED: Duration = Duration::from_mins(1);

/// How long one that this Redis never knew stays there.
const PASSED_BY: Duration = Duration::from_secs(10);

/// Sidekiq writes `started_at` after its boot, so it lies after the start of the process; this
/// much before it is rounding (start times are counted in ticks from a boot time in seconds).
const ROUNDING: f64 = 2.0;

/// Everything known, from all sources.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// Every process, local ones first.
    pub processes: BTreeMap<ProcessKey, Process>,
    /// The link to Redis.
    pub link: Link,
    /// When the last look that was answered had been asked.
    pub looked: Option<Moment>,
    /// When the last scan was made.
    pub scanned: Option<Moment>,
    /// This host's name.
    pub hostname: String,
    /// Queues and their lengths, as last read.
    pub queues: Vec<QueueDepth>,
    /// What systemd has loaded of the units that they run in.
    pub units: BTreeMap<Unit, UnitLook>,
    /// What the logs say.
    pub logs: Box<Logs>,
    /// Whether Redis still has what it had.
    pub memory: RedisMemory,
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            processes: BTreeMap::new(),
            link: Link::Unused,
            looked: None,
            scanned: None,
            hostname: String::new(),
            queues: Vec::new(),
            units: BTreeMap::new(),
            logs: Box::default(),
            memory: RedisMemory::default(),
        }
    }
}

impl Fleet {
    /// Whether systemd was asked about the unit of this process, if it runs in one.
    pub fn unit_is_told(&self, id: LocalId) -> bool {
        let local = self.get(&ProcessKey::Local(id));
        let unit = local.and_then(|process| process.local.as_ref()?.surroundings.unit.as_ref());
        unit.is_none_or(|unit| self.units.contains_key(unit))
    }

    /// `TimeoutStopSec` of the unit of `process`: as systemd has it loaded, and as its file says.
    pub fn stop_timeouts(&self, process: &Process) -> (Option<Duration>, Option<Duration>) {
        let Some(surroundings) = process.local.as_ref().map(|local| &local.surroundings) else {
            return (None, None);
        };
        let of = |values: &[Located], layer: Layer| {
            let stops =
                |value: &&Located| value.layer == layer && value.setting == "TimeoutStopSec";
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

    /// One process.
    pub fn get(&self, key: &ProcessKey) -> Option<&Process> {
        self.processes.get(key)
    }

    /// The processes that could run a job of `queue`: alive as far as anybody knows, and
    /// fetching from it.
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
            rows,
        } = look;
        if self.looked.is_some_and(|looked| looked > asked) {
            return;
        }
        // An answer is as old as its question.
        self.looked = Some(asked);
        self.memory.answered(server, server_time, asked);
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
                .is_some_and(|(before, now)| !differs(now, before.host_time))
        };
        if rows.iter().any(is_as_before) {
            self.memory.was_whole(answered);
        }
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
        self.join();
        self.join_expired();
        self.forget(answered);
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
        self.join();
        self.join_expired();
        self.forget(host.at);
    }

    fn local(&mut self, local: LocalProcess, at: Moment) {
        let key = ProcessKey::Local(local.id);
        let ended = local.run_state == RunState::Ended;
        if let Some(process) = self.processes.get_mut(&key) {
            if ended && process.life == Life::Here {
                process.life = Life::Exited { at, status: None };
            }
            process.local = Some(local);
            return;
        }
        // A zombie that was never seen alive is nobody's Sidekiq.
        if ended {
            return;
        }
        self.processes.insert(key, Process::from_local(local));
    }

    /// Brings together what Redis and this host show of the same process. A row that would fit
    /// several processes here is left alone: their evidence must never be taken for each other's.
    fn join(&mut self) {
        let mut pairs: Vec<(f64, Identity, LocalId)> = Vec::new();
        for (key, process) in &self.processes {
            let started_at = process.info.as_ref().and_then(|info| info.started_at);
            if let (ProcessKey::Remote(identity), Some(started)) = (key, started_at)
                && process.listed == Listed::Yes
                && let Some(id) = self.described(identity, started)
            {
                pairs.push((started, identity.clone(), id));
            }
        }
        // A pid belongs to one process at a time: of two identities the later one has it.
        pairs.sort_by(|one, other| one.0.total_cmp(&other.0));
        for (_, identity, id) in pairs {
            let remote = self.processes.remove(&ProcessKey::Remote(identity));
            let here = self.processes.get_mut(&ProcessKey::Local(id));
            if let (Some(remote), Some(here)) = (remote, here) {
                let local = here.local.take();
                *here = Process {
                    local,
                    life: here.life,
                    ..remote
                };
            }
        }
    }

    /// Takes over which processes of this host are of the connected Redis at `address` without
    /// being shown by a look: those whose title says that they work and whose own environment
    /// names that address. A Sidekiq that hangs is one: its hash has expired.
    pub fn claim(&mut self, address: &str) {
        for process in self.processes.values_mut() {
            let names = |local: &LocalProcess| {
                let named = local.surroundings.redis_url.as_ref();
                matches!(local.title, Title::Beating { .. })
                    && named.is_some_and(|named| same_redis(named.expose(), address))
            };
            let unknown = matches!(process.listed, Listed::Never | Listed::Named);
            if unknown && process.identity.is_none() {
                process.listed = if process.local.as_ref().is_some_and(names) {
                    Listed::Named
                } else {
                    Listed::Never
                };
            }
        }
    }

    /// Brings together a process of this host and an identity without a hash: same host name,
    /// same pid, and no other identity of its own. Its hash has expired, as it hangs. Its own
    /// environment must not name another Redis.
    fn join_expired(&mut self) {
        let expired: Vec<Identity> = self
            .processes
            .iter()
            .filter_map(|(key, process)| match key {
                ProcessKey::Remote(identity) if process.beat.is_none() => Some(identity.clone()),
                ProcessKey::Local(_) | ProcessKey::Remote(_) => None,
            })
            .collect();
        for identity in expired {
            let mut fitting = self.processes.iter().filter_map(|(key, process)| {
                let ProcessKey::Local(id) = key else {
                    return None;
                };
                let local = process.local.as_ref()?;
                let free = process.identity.is_none() && process.life == Life::Here;
                let works = matches!(local.title, Title::Beating { .. });
                let elsewhere =
                    local.surroundings.redis_url.is_some() && process.listed != Listed::Named;
                (free && works && !elsewhere && has_the_name_of(local, &identity)).then_some(*id)
            });
            let (Some(id), None) = (fitting.next(), fitting.next()) else {
                continue;
            };
            self.processes.remove(&ProcessKey::Remote(identity.clone()));
            if let Some(here) = self.processes.get_mut(&ProcessKey::Local(id)) {
                here.identity = Some(identity);
                here.listed = Listed::Yes;
            }
        }
    }

    /// The one process here that registered as `identity` at `started`.
    fn described(&self, identity: &Identity, started: f64) -> Option<LocalId> {
        // Local ones come first in this order, and there are few of them.
        let here = self.processes.iter().map_while(|(key, process)| match key {
            ProcessKey::Local(id) => Some((*id, process)),
            ProcessKey::Remote(_) => None,
        });
        let mut fitting = here.filter(|(_, process)| {
            let fits = |local| matches(local, identity, started);
            process.life == Life::Here && process.local.as_ref().is_some_and(fits)
        });
        let (id, process) = fitting.next()?;
        let registered = process.info.as_ref().and_then(|info| info.started_at);
        let taken = process.identity.is_some()
            && process.listed == Listed::Yes
            && registered.is_some_and(|registered| registered >= started);
        (fitting.next().is_none() && !taken).then_some(id)
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
                (Life::Elsewhere, listed) => listed == Listed::Yes,
            });
    }
}

/// Whether `local` has the host name and the pid of `identity`.
fn has_the_name_of(local: &LocalProcess, identity: &Identity) -> bool {
    let surroundings = &local.surroundings;
    let hostnames = &surroundings.hostnames;
    identity.pid() == Some(surroundings.inner_pid)
        && hostnames.iter().any(|name| name == identity.hostname())
}

/// Whether `local` is the process that registered as `identity`: same host name, same pid in
/// its own namespace, and registered after it started. Without a start time in its hash
/// nothing tells it from an earlier process with the same pid.
fn matches(local: &LocalProcess, identity: &Identity, started: f64) -> bool {
    has_the_name_of(local, identity) && started > local.started_at - ROUNDING
}
