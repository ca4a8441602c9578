//! The picture of the Sidekiqs: observations come in, one joined picture stands here. Every
//! value from outside carries the time it was taken; what is not known is `None`, never zero.

mod above;
mod address;
mod apart;
mod beat;
mod claim;
mod dead;
mod heir;
mod identify;
mod joined;
mod key;
mod lineage;
mod local;
mod located;
mod logs;
mod look;
mod mark;
mod memory;
mod namesake;
mod own_timeout;
mod process;
mod proof;
mod server;
mod state;
mod unit;
mod written;

#[cfg(test)]
mod tests;

pub use above::{Above, Keeper, KeeperKind};
pub use address::RedisAddress;
pub use beat::{Beat, Job};
pub use dead::Dead;
pub use heir::{Heir, Later};
pub use joined::{Fleet, Vantage};
pub use key::ProcessKey;
pub use lineage::{Checkpoints, Lineage, Passed};
pub use local::{Caught, HostLook, LocalId, LocalProcess, RunState, Surroundings, Threads, Title};
pub use located::{Located, Place, Sought, at_work_on, exact_queue, waits_for};
pub use logs::{Log, LogNews, Logs};
pub use look::{
    DeadMembers, Heartbeat, Identity, Info, Link, LinkFault, Look, LookRow, QueueDepth, Work,
};
pub use mark::Mark;
pub use memory::RedisMemory;
pub use namesake::may_be_same_job;
pub use process::{Life, Listed, Process};
pub use proof::ProofBasis;
pub use server::{Replication, ServerIdentity};
pub use state::{Condition, State};
pub use unit::{NoRoute, Route, Unit, UnitLook, UnitScope};
pub use written::{StatedTimeout, Written};

pub(crate) use super::clean::LONGEST_SHOWN;
use super::moment::Moment;

/// Everything a source can report.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub enum Observation {
    /// A whole look at Redis.
    Look(Look),
    /// A whole scan of this host.
    Host(HostLook),
    /// A held process ended (its pidfd became readable).
    Exited {
        /// Which one.
        process: LocalId,
        /// When it was noticed.
        at: Moment,
        /// Exit code or signal, where the kernel tells it.
        status: Option<ExitStatus>,
    },
    /// The link to Redis changed.
    Link(Link),
    /// How long the queues are.
    Queues(Vec<QueueDepth>),
    /// The loaded state of a unit.
    Unit(UnitLook),
    /// The lines of the logs of this host's Sidekiqs.
    Logged(LogNews),
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ExitStatus {
    /// `exit(code)`.
    Code(i32),
    /// Ended by this signal number.
    Signal(i32),
}
