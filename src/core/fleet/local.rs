//! What one scan of this host brings: the processes that look like a Sidekiq, as `/proc` shows
//! them. Values only; reading them is the work of `host`.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::unit::Unit;
use super::written::Written;
use crate::core::moment::Moment;
use crate::core::sequence::Timeout;

/// One process of this machine for as long as it lives: a pid alone may be given to another.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct LocalId {
    /// Its pid as this program sees it.
    pub pid: u32,
    /// Start time in clock ticks after boot (field 22 of `/proc/PID/stat`).
    pub start_ticks: u64,
}

impl fmt::Display for LocalId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "pid {}", self.pid)
    }
}

/// One whole scan.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct HostLook {
    /// When it began.
    pub at: Moment,
    /// This host's name as Sidekiq would register it.
    pub hostname: String,
    /// Every process that looks like a Sidekiq, and every one asked for by pid.
    pub processes: Vec<LocalProcess>,
}

/// One process as `/proc` shows it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct LocalProcess {
    /// Which.
    pub id: LocalId,
    /// Start in seconds since 1970.
    pub started_at: f64,
    /// What its command line says.
    pub title: Title,
    /// Whether it runs at all.
    pub run_state: RunState,
    /// Resident memory in KB.
    pub rss_kb: Option<u64>,
    /// Its threads by name; `None` where they cannot be read.
    pub threads: Option<Threads>,
    /// The signals that it has handlers for; `None` where that cannot be read.
    pub caught: Option<Caught>,
    /// Where it stands.
    pub surroundings: Surroundings,
}

/// What the command line of a process says it is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Title {
    /// `sidekiq 7.3.2 app [2 of 5 busy] stopping`: written at each beat.
    Beating {
        /// Version as written.
        version: String,
        /// Tag, clean; may be empty, may hold blanks and brackets.
        tag: String,
        /// Jobs at that beat.
        busy: u64,
        /// Threads at that beat.
        concurrency: u64,
        /// Quiet or stopping at that beat.
        stopping: bool,
    },
    /// Started as a Sidekiq, no beat yet: it still boots. The command line, clean.
    Booting(String),
    /// `sidekiqswarm, managing N processes`: restarts children that exit.
    Swarm,
    /// Something else (asked for by pid, or a Sidekiq embedded in it). The command line, clean.
    Other(String),
}

/// The state letter of `/proc/PID/stat`, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum RunState {
    /// Running or sleeping.
    Alive,
    /// Stopped by a signal or a tracer (`T`, `t`).
    Suspended,
    /// Ended and not yet reaped (`Z`, `X`): an exit.
    Ended,
}

/// Threads by name (`/proc/PID/task/*/comm`, 15 characters).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Threads {
    /// `processor` (6.x), `<capsule>/processor` (7.0), `sidekiq.<capsule>` (7.1+).
    pub processors: usize,
    /// Whether the heartbeat thread is among them: only beside it do counts prove anything.
    pub heartbeat: bool,
    /// When they were counted.
    pub at: Moment,
}

/// The mask `SigCgt` of `/proc/PID/status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Caught(pub u64);

impl Caught {
    /// Whether there is a handler for signal `number`.
    pub fn has(self, number: u32) -> bool {
        (1..=64).contains(&number) && self.0 >> (number - 1) & 1 == 1
    }
}

/// Where a process stands on this host.
#[derive(Clone, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Surroundings {
    /// Real user id.
    pub uid: u32,
    /// The unit from its cgroup (`sidekiq@1.service`).
    pub unit: Option<Unit>,
    /// The pid of its parent, where that is a `sidekiqswarm`.
    pub swarm: Option<u32>,
    /// Its pid in its own pid namespace (last number of `NSpid`).
    pub inner_pid: u32,
    /// The host names under which it may register: `DYNO`, its own `hostname`.
    pub hostnames: Vec<String>,
    /// The Redis address that its environment names.
    pub redis_url: Option<RedisAddress>,
    /// Start of its heartbeat thread as time since 1970, which is when it registers in Redis;
    /// `None` where its threads have no names.
    pub beats_since: Option<Duration>,
    /// Its own timeout, as its initializers, command lines and `sidekiq.yml` state it.
    pub stated_timeout: Option<Timeout>,
    /// Every value that was found in its files and its unit's, whether it holds or not.
    pub layers: Written,
}

impl Surroundings {
    /// The name of its unit.
    pub fn unit_name(&self) -> Option<&str> {
        self.unit.as_ref().map(|unit| unit.name.as_str())
    }
}

/// An address found in a process's environment. Its text holds the password and is never
/// printed; `Debug` and `Display` leave it out.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisAddress {
    secret: String,
}

impl RedisAddress {
    /// Wraps an address as found.
    pub fn new(url: impl Into<String>) -> Self {
        Self { secret: url.into() }
    }

    /// The address with its password, for connecting alone.
    pub fn expose(&self) -> &str {
        &self.secret
    }

    /// Whether both name the same database of the same server; `None` where that cannot be told
    /// without asking for host names.
    pub fn is_same(&self, other: &Self) -> Option<bool> {
        let (one, other) = (Server::of(&self.secret)?, Server::of(&other.secret)?);
        if one.database != other.database || one.port != other.port {
            return Some(false);
        }
        if one.host == other.host {
            return Some(true);
        }
        // Two names may mean one server; two numbers do not.
        let is_number = |host: &str| host.parse::<std::net::IpAddr>().is_ok();
        (is_number(&one.host) && is_number(&other.host)).then_some(false)
    }
}

/// What an address says of server and database.
struct Server {
    /// Lower case, without brackets; every name of the own machine as `127.0.0.1`; the path of a
    /// socket.
    host: String,
    /// `None`: a socket.
    port: Option<u16>,
    database: u32,
}

impl Server {
    fn of(url: &str) -> Option<Self> {
        let plain = without_secrets(url);
        let (scheme, rest) = plain.split_once("://")?;
        if scheme == "unix" {
            let (_, parameters) = url.split_once('?').unwrap_or((url, ""));
            let named = |part: &str| part.strip_prefix("db=")?.parse().ok();
            return Some(Self {
                host: rest.to_owned(),
                port: None,
                database: parameters.split('&').find_map(named).unwrap_or(0),
            });
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            _ => (authority, 6379),
        };
        let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
        let host = match host.as_str() {
            "" | "localhost" | "::1" => "127.0.0.1".to_owned(),
            _ => host,
        };
        let path = path.trim_matches('/');
        Some(Self {
            host,
            port: Some(port),
            database: if path.is_empty() {
                0
            } else {
                path.parse().ok()?
            },
        })
    }
}

/// Written down without its password.
impl Serialize for RedisAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_string().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RedisAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// An address without user and password: what stands between `//` and the last `@` of the
/// authority is left out, and so are parameters behind `?`.
fn without_secrets(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("redis", url));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    // A password may hold a slash; the last `@` ends it in any case.
    let rest = rest.rsplit_once('@').map_or(rest, |(_, address)| address);
    crate::core::clean::clean(&format!("{scheme}://{rest}"), 200)
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&without_secrets(&self.secret))
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RedisAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_shows_its_password() {
        let shown = |url: &str| RedisAddress::new(url).to_string();
        assert_eq!(
            shown("redis://user:p%40ss@10.0.0.5:6379/2?x=1"),
            "redis://10.0.0.5:6379/2"
        );
        assert_eq!(shown("rediss://:p@s/s@host/0"), "rediss://host/0");
        assert_eq!(
            shown("unix:///run/redis.sock?password=secret"),
            "unix:///run/redis.sock"
        );
        assert_eq!(
            format!("{:?}", RedisAddress::new("redis://:secret@h")),
            "RedisAddress(redis://h)"
        );
    }

    #[test]
    fn addresses_are_compared_by_what_they_mean() {
        let same =
            |one: &str, other: &str| RedisAddress::new(one).is_same(&RedisAddress::new(other));
        for other in [
            "redis://127.0.0.1:6379/0",
            "redis://localhost",
            "redis://:secret@LOCALHOST:6379",
            "redis://[::1]/",
            "redis://user:pw@127.0.0.1/0?timeout=1",
        ] {
            assert_eq!(
                same("redis://127.0.0.1:6379/0", other),
                Some(true),
                "{other}"
            );
        }
        assert_eq!(
            same("redis://127.0.0.1/0", "redis://127.0.0.1/1"),
            Some(false)
        );
        assert_eq!(
            same("redis://127.0.0.1/0", "redis://127.0.0.1:6380"),
            Some(false)
        );
        assert_eq!(same("redis://10.0.0.1", "redis://10.0.0.2"), Some(false));
        assert_eq!(
            same("redis://cache", "redis://10.0.0.2"),
            None,
            "a name may be that number"
        );
        assert_eq!(same("redis://cache/0", "redis://redis/0"), None);
        assert_eq!(same("redis://cache/0", "redis://redis/1"), Some(false));
        assert_eq!(
            same("unix:///run/a.sock?db=1", "unix:///run/a.sock?db=1"),
            Some(true)
        );
        assert_eq!(same("unix:///run/a.sock", "redis://localhost"), Some(false));
        assert_eq!(
            same("redis://localhost/x", "redis://localhost"),
            None,
            "no database"
        );
    }

    #[test]
    fn handlers_are_bits_counted_from_one() {
        // Measured: a Sidekiq with its traps, and one that still boots.
        assert!(Caught(0x1_4219_7e4b).has(20));
        assert!(!Caught(0x4201_7e49).has(20));
        assert!(!Caught(u64::MAX).has(0));
    }
}
