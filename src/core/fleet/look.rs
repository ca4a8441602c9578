//! The result of one look at Redis: decoded rows, with what was malformed said row by row.
//! Texts are already clean for a terminal; payloads are kept byte for byte.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::lineage::Lineage;
use super::server::ServerIdentity;
use crate::core::moment::Moment;
use crate::core::sequence::Version;

/// `hostname:pid:nonce`, as Sidekiq registers itself (7.3.9 `lib/sidekiq/component.rb:36-44`).
/// The host name is `DYNO` where that is set, and the pid is that of the process's own pid
/// namespace.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Identity {
    text: Arc<str>,
}

impl Identity {
    /// An identity as it stands in `processes`.
    pub fn new(text: &str) -> Self {
        Self { text: text.into() }
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Host name: what stands before the last two colons.
    pub fn hostname(&self) -> &str {
        self.text.rsplitn(3, ':').nth(2).unwrap_or(&self.text)
    }

    /// The pid in the process's own namespace; `None` if it is no number.
    pub fn pid(&self) -> Option<u32> {
        self.text.rsplit(':').nth(1)?.parse().ok()
    }

    /// `hostname:pid`, for people; the whole text where it names no pid.
    pub fn short(&self) -> &str {
        let short = self.text.rsplit_once(':').map(|(short, _)| short);
        let named = short.filter(|_| self.pid().is_some());
        named.unwrap_or(&self.text)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// A whole look: all members of `processes` with their hashes and work, in two round trips.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Look {
    /// When the first command left.
    pub asked: Moment,
    /// When the last answer was there.
    pub answered: Moment,
    /// Redis `TIME` of the first round trip, seconds since 1970.
    pub server_time: f64,
    /// Which server answered; `None` where it does not say, or the user may not ask (`INFO`).
    pub server: Option<ServerIdentity>,
    /// Whether Sidekiq's counter `stat:processed` is there; `None`: not asked, or refused.
    #[serde(default)]
    pub counter: Option<bool>,
    /// A row per member of `processes`.
    pub rows: Vec<LookRow>,
    /// The members that have no row: they are dead, and too many.
    #[serde(default, skip_serializing_if = "DeadMembers::is_empty")]
    pub dead: DeadMembers,
}

/// A member of `processes`.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct LookRow {
    /// The identity.
    pub identity: Identity,
    /// Its hash; `None` if there is none (a ghost), or if its beat or its number of jobs could
    /// not be read: then `faults` says so.
    pub heartbeat: Option<Heartbeat>,
    /// Time since its last beat on the server's own clock (60 s less the key's `PTTL`); `None`
    /// where it was not asked.
    pub beat_age: Option<Duration>,
    /// The entries of its work hash.
    pub work: Vec<Arc<Work>>,
    /// The ids among them whose iteration state `it-<jid>` was seen.
    pub iterating: Vec<String>,
    /// The parts of this row that could not be read, in words.
    pub faults: Vec<String>,
}

impl LookRow {
    /// The row of a member that has nothing else.
    pub fn dead(identity: Identity) -> Self {
        Self {
            identity,
            heartbeat: None,
            beat_age: None,
            work: Vec::new(),
            iterating: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Whether Redis holds nothing under this identity: the process was killed, or cannot beat.
    pub fn is_ghost(&self) -> bool {
        self.heartbeat.is_none() && self.faults.is_empty()
    }
}

/// The hash `<identity>`, rewritten at each beat.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Heartbeat {
    /// The part that never changes after the first beat.
    pub info: Arc<Info>,
    /// `beat`: seconds since 1970 on the host's own clock.
    pub beat: f64,
    /// `busy`: entries in the work hash of that beat.
    pub busy: u64,
    /// `quiet`.
    pub quiet: bool,
    /// `rss` in KB; from 6.1.3.
    pub rss_kb: Option<u64>,
    /// Number of threads: hash field (8.1.2+), else `info`, else the sum over capsules.
    pub concurrency: Option<u64>,
}

/// The JSON field `info`.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Info {
    /// `started_at`: seconds since 1970 on the host's own clock.
    pub started_at: Option<f64>,
    /// `tag`, clean.
    pub tag: String,
    /// `queues`, clean.
    pub queues: Vec<String>,
    /// `labels`, clean; `reliable` hints at `super_fetch`.
    pub labels: Vec<String>,
    /// `version`: from 7.0.2.
    pub version: Option<Version>,
    /// The version as written.
    pub version_text: Option<String>,
    /// `embedded`: from 7.0.3.
    pub embedded: bool,
    /// The names of its capsules, clean; empty where they are not published (before 8.0.9).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capsules: Vec<String>,
}

impl Info {
    /// Whether it may fetch from `queue`. Every Sidekiq has a queue: where none is named they could
    /// not be read.
    pub fn may_serve(&self, queue: &str) -> bool {
        self.queues.is_empty() || self.queues.iter().any(|name| name == queue)
    }
}

/// Members of `processes` that have nothing else in Redis and never had while they were watched, in the
/// order of their texts. From look to look it is one list for as long as it stays the
/// same.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(from = "Vec<Identity>")]
pub struct DeadMembers(Arc<[Identity]>);

impl From<Vec<Identity>> for DeadMembers {
    fn from(mut identities: Vec<Identity>) -> Self {
        identities.sort_unstable();
        identities.dedup();
        Self(identities.into())
    }
}

impl DeadMembers {
    /// How many they are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `identity` is one of them.
    pub fn contains(&self, identity: &Identity) -> bool {
        self.0.binary_search(identity).is_ok()
    }

    /// The identities of this host name and pid.
    pub(super) fn of<'a>(&'a self, hostname: &str, pid: u32) -> impl Iterator<Item = &'a Identity> {
        let begin = format!("{hostname}:{pid}:");
        let first = self.0.partition_point(|one| one.as_str() < begin.as_str());
        let behind = self.0[first..].iter();
        behind.take_while(move |one| one.as_str().starts_with(&begin))
    }

    /// These ones a look later: the same list where nothing changed.
    #[must_use]
    pub fn followed_by(&self, identities: Vec<Identity>) -> Self {
        let next = Self::from(identities);
        if next == *self { self.clone() } else { next }
    }

    /// Whether it is the very list that `other` is.
    pub(crate) fn is_list_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The identities that are not in `other`.
    pub(crate) fn without(&self, other: &Self) -> Vec<Identity> {
        let missing = self.0.iter().filter(|one| !other.contains(one));
        missing.cloned().collect()
    }

    /// These ones, and `came`, without `went`.
    #[must_use]
    pub(crate) fn changed(&self, came: Vec<Identity>, went: Vec<Identity>) -> Self {
        let went = Self::from(went);
        let mut all = self.without(&went);
        all.extend(came);
        Self::from(all)
    }
}

/// An entry of a work hash: a thread and the job it runs.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Work {
    /// The thread's id as Sidekiq prints it, base 36.
    pub tid: String,
    /// The job's id; `None` if the payload does not say.
    pub jid: Option<String>,
    /// The class people know it by (the wrapped one of an `ActiveJob`).
    pub class: String,
    /// Queue without `queue:`.
    pub queue: String,
    /// Start of this execution: whole seconds since 1970 on the host's own clock.
    pub run_at: Option<f64>,
    /// When it was enqueued, seconds since 1970.
    pub enqueued_at: Option<f64>,
    /// The payload byte for byte (5.x and 6.0.0: as re-encoded in the entry).
    #[serde(with = "unrecorded")]
    pub payload: Arc<[u8]>,
    /// The work that it does: it may go on under another JID.
    pub lineage: Option<Lineage>,
    /// The parts that could not be read, in words.
    pub fault: Option<String>,
}

/// Stands for a payload that was seen and not written down.
const UNRECORDED: &[u8] = b"(not written down)";

impl Work {
    /// Whether its payload is at hand, to be saved or pushed back.
    pub fn has_payload(&self) -> bool {
        !self.payload.is_empty() && *self.payload != *UNRECORDED
    }
}

/// Without the payload, which holds the job's arguments.
impl fmt::Debug for Work {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Work")
            .field("tid", &self.tid)
            .field("jid", &self.jid)
            .field("class", &self.class)
            .field("queue", &self.queue)
            .field("run_at", &self.run_at)
            .field("enqueued_at", &self.enqueued_at)
            .field("shown", &!self.payload.is_empty())
            .field("lineage", &self.lineage)
            .field("fault", &self.fault)
            .finish()
    }
}

/// Payloads hold the arguments of jobs: of each is written down whether there was one.
mod unrecorded {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        payload: &Arc<[u8]>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        (!payload.is_empty()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<[u8]>, D::Error> {
        let shown = bool::deserialize(deserializer)?;
        Ok(if shown {
            super::UNRECORDED.into()
        } else {
            Arc::new([])
        })
    }
}

/// The length of one queue.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct QueueDepth {
    /// Its name.
    pub name: String,
    /// Jobs waiting in it.
    pub waiting: u64,
    /// When that was read.
    pub at: Moment,
}

/// The state of the link to Redis.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Link {
    /// No address was given or found, or it is not wanted.
    Unused,
    /// The first answer is awaited.
    Connecting {
        /// Since when.
        since: Moment,
    },
    /// The last look was answered.
    Connected {
        /// Duration of its first round trip.
        round_trip: Duration,
        /// When it was answered.
        at: Moment,
    },
    /// No answer any more (or none yet).
    Lost {
        /// When the last answer came, or the first try began.
        since: Moment,
        /// When the next try is due.
        retry_at: Moment,
        /// Why, in words without any password.
        why: LinkFault,
    },
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum LinkFault {
    /// No server listens there, or the way there fails.
    Unreachable(String),
    /// It took the connection and does not answer.
    Silent,
    /// Wrong user or password, or one is needed.
    Denied(String),
    /// Something else than Redis answers.
    NotRedis(String),
    /// Redis is still loading its data.
    Loading,
    /// Redis answers, and what it answers is an error (`ERR DB index is out of range`).
    Refused(String),
}

impl fmt::Display for LinkFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) => write!(formatter, "not reachable: {why}"),
            Self::Silent => formatter.write_str("no answer in time"),
            Self::Denied(why) => write!(formatter, "access denied: {why}"),
            Self::NotRedis(why) => write!(formatter, "this is no Redis: {why}"),
            Self::Loading => formatter.write_str("Redis is loading its data"),
            Self::Refused(why) => write!(formatter, "Redis answers: {why}"),
        }
    }
}

impl Link {
    /// Whether the last look was answered.
    pub fn is_connected(&self) -> bool {
        matches!(self, Self::Connected { .. })
    }

    /// A word for JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unused => "unused",
            Self::Connecting { .. } => "connecting",
            Self::Connected { .. } => "connected",
            Self::Lost { why, .. } => match why {
                LinkFault::Unreachable(_) | LinkFault::Silent => "lost",
                LinkFault::Denied(_) => "denied",
                LinkFault::NotRedis(_) => "not_redis",
                LinkFault::Loading => "loading",
                LinkFault::Refused(_) => "refused",
            },
        }
    }
}
