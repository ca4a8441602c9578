//! The result of one scan of this host: the processes that look like a Sidekiq, as `/proc` shows
//! them. Values only; reading them is the work of `host`.

use std::fmt;
use std::time::Duration;

use super::above::{Above, Keeper, KeeperKind};
use super::address::RedisAddress;
use super::unit::Unit;
use super::written::Written;
use crate::core::layers::gemfile_lock::ITERATION;
use crate::core::layers::{Layer, LocatedSetting};
use crate::core::moment::Moment;
use crate::core::sequence::Timeout;

/// A process of this machine for as long as it lives: a pid alone may be given to another.
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

/// A whole scan.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct HostLook {
    /// When it began.
    pub at: Moment,
    /// This host's name as Sidekiq would register it.
    pub hostname: String,
    /// Every process that looks like a Sidekiq, and every one asked for by pid.
    pub processes: Vec<LocalProcess>,
}

/// A process as `/proc` shows it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct LocalProcess {
    /// Which.
    pub id: LocalId,
    /// Start in seconds since 1970.
    pub started_at: f64,
    /// The meaning of its command line.
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

/// The kind of a process by its command line.
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
    /// The processes above it.
    #[serde(default, alias = "swarm")]
    pub above: Above,
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
    /// Whether a job of its application may be the first one of sidekiq-iteration: its `Gemfile.lock`
    /// names that gem, or was not read.
    pub fn may_use_iteration(&self) -> bool {
        let locked = |value: &&LocatedSetting| value.layer == Layer::GemfileLock;
        let mut gems = self.layers.iter().filter(locked).peekable();
        gems.peek().is_none() || gems.any(|gem| gem.setting == ITERATION)
    }

    /// The name of its unit.
    pub fn unit_name(&self) -> Option<&str> {
        self.unit.as_ref().map(|unit| unit.name.as_str())
    }

    /// The pid of the `sidekiqswarm` whose child it is.
    pub fn swarm(&self) -> Option<u32> {
        let is_swarm = |keeper: &Keeper| keeper.kind == KeeperKind::Swarm;
        let keeper = self.above.keeper.filter(is_swarm)?;
        Some(keeper.pid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handlers_are_bits_counted_from_one() {
        // Measured: a Sidekiq with its traps, and one that still boots.
        assert!(Caught(0x1_4219_7e4b).has(20));
        assert!(!Caught(0x4201_7e49).has(20));
        assert!(!Caught(u64::MAX).has(0));
    }

    #[test]
    fn only_a_lock_that_was_read_rules_sidekiq_iteration_out() {
        let beside = |gem: &str| {
            let lock = format!("GEM\n  specs:\n    {gem} (7.3.2)\n");
            let values = Layer::GemfileLock.read("Gemfile.lock", &lock).values;
            let surroundings = Surroundings {
                layers: Written::new(values, Vec::new(), Vec::new()),
                ..Surroundings::default()
            };
            surroundings.may_use_iteration()
        };
        assert!(beside("sidekiq-iteration"));
        assert!(!beside("sidekiq"));
        assert!(Surroundings::default().may_use_iteration());
    }
}
