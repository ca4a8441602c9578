//! A saved job: its payload byte for byte, and what a later proof needs to know of the process
//! that ran it.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::base64;
use crate::core::drain::{Execution, Run, Target};
use crate::core::fleet::{Fleet, Process, ProcessKey, RedisAddress, Work, exact_queue};
use crate::core::moment::{Moment, Seconds};
use crate::core::session::Session;

/// The jobs of `run` that a KILL to `only` (`None`: to every target that still lives) could
/// lose, to be saved before it. Jobs that no beat has shown cannot be among them: their number
/// is `Stake::unseen`.
pub fn in_flight(
    run: &Run,
    only: Option<&ProcessKey>,
    fleet: &Fleet,
    now: Moment,
) -> Vec<SavedJob> {
    let targets = run
        .ledger()
        .targets()
        .iter()
        .filter(|target| !target.exited() && only.is_none_or(|only| *only == target.key));
    targets
        .flat_map(|target| {
            let process = fleet.get(&target.key);
            let known = run.ledger().account().of(&target.key);
            let open =
                known.filter(|known| known.ruling().is_none() && !known.is_named_by_log_alone());
            // A payload that names no id is worth as much as any other.
            let nameless = process.into_iter().flat_map(|process| &process.jobs);
            let nameless = nameless.filter(|job| job.work.jid.is_none());
            let works = open.map(Execution::work);
            works
                .chain(nameless.map(|job| &job.work))
                .filter(|work| work.has_payload())
                .map(move |work| SavedJob::of(work, target, process, now).seen_in(fleet))
        })
        .collect()
}

/// The jobs that this process was last seen running, to be saved on demand: all, or the one on the
/// thread `only`. A process that is known to be dead has its end written beside them, so that
/// `drainboard rescue` may push them back.
pub fn shown_by(
    key: &ProcessKey,
    only: Option<&str>,
    session: &Session,
    now: Moment,
) -> Vec<SavedJob> {
    let (run, fleet) = (session.run.as_ref(), &session.fleet);
    let wanted = |job: &SavedJob| only.is_none_or(|tid| tid == job.tid);
    if let Some(run) = run.filter(|_| session.is_draining())
        && run.ledger().target(key).is_some()
    {
        let mut jobs = in_flight(run, Some(key), fleet, now);
        jobs.retain(wanted);
        return jobs;
    }
    let process = fleet.get(key);
    let jobs = process.into_iter().flat_map(|process| {
        let works = process.jobs.iter().map(|job| &job.work);
        let works = works.filter(|work| work.has_payload());
        works.map(move |work| SavedJob::seen(work, key, process, now).seen_in(fleet))
    });
    jobs.filter(wanted).collect()
}

/// A line of a rescue file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedJob {
    /// When it was saved.
    pub saved_at: Timestamp,
    /// Its id; `None` if the payload does not say.
    pub jid: Option<String>,
    /// Its class.
    pub class: String,
    /// The queue it was fetched from, by its exact name.
    pub queue: String,
    /// The process that ran it.
    pub identity: Option<String>,
    /// Its pid.
    pub pid: u32,
    /// By when it had ended, where it was found dead; a drain writes this in its record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exited_at: Option<Timestamp>,
    /// Its thread.
    pub tid: String,
    /// When this execution began, in seconds since 1970 on its host's clock.
    #[serde(default)]
    pub run_at: Option<f64>,
    /// The Redis it came from; files of 0.1.0 do not say.
    #[serde(default)]
    pub from: Option<SavedFrom>,
    /// How that process was being stopped.
    #[serde(flatten)]
    pub stopping: Stopping,
    /// The payload.
    #[serde(flatten)]
    pub payload: Payload,
}

/// A Redis: server, database and prefix of the keys, without a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedFrom {
    /// `redis://10.0.0.5:6379/0`.
    pub redis: String,
    /// The prefix of `redis-namespace`.
    #[serde(default)]
    pub namespace: Option<String>,
}

impl SavedFrom {
    /// The Redis at `address`, whose text may hold a password.
    pub fn new(address: &RedisAddress, namespace: Option<&str>) -> Self {
        Self {
            redis: address.to_string(),
            namespace: namespace.filter(|name| !name.is_empty()).map(Into::into),
        }
    }

    /// The Redis that `fleet` is seen in.
    pub fn of(fleet: &Fleet) -> Option<Self> {
        let vantage = &fleet.vantage;
        Some(Self::new(
            vantage.redis.as_ref()?,
            vantage.namespace.as_deref(),
        ))
    }

    /// Whether both are the same database under the same prefix, for certain.
    pub fn is_same(&self, other: &Self) -> bool {
        let (one, two) = (
            RedisAddress::new(&*self.redis),
            RedisAddress::new(&*other.redis),
        );
        self.namespace == other.namespace && one.is_same(&two) == Some(true)
    }
}

impl std::fmt::Display for SavedFrom {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.redis)?;
        match &self.namespace {
            Some(namespace) => write!(formatter, " (namespace {namespace})"),
            None => Ok(()),
        }
    }
}

/// How a process was being stopped when its jobs were saved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopping {
    /// TERM + `T`, when it would push its jobs back; `None`: it was sent no TERM.
    pub interrupt_at: Option<Timestamp>,
    /// `T`, in seconds; files of 0.1.0 do not say.
    #[serde(default)]
    pub timeout_s: Option<Seconds>,
    /// Whether `T` was only assumed: then that time proves nothing.
    pub timeout_assumed: bool,
    /// Whether Sidekiq Pro keeps its jobs in private lists.
    pub super_fetch: bool,
}

impl Stopping {
    /// How `target` is being stopped.
    pub fn of(target: &Target, process: Option<&Process>) -> Self {
        Self {
            interrupt_at: target.interrupt().map(Moment::wall),
            timeout_s: Some(Seconds(target.timeout.span)),
            timeout_assumed: target.timeout.is_assumed(),
            super_fetch: process.is_some_and(Process::keeps_jobs),
        }
    }
}

/// A payload, byte for byte: a text where it is UTF-8, else base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload(pub Vec<u8>);

#[derive(Serialize, Deserialize)]
struct Encoded<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payload: Option<std::borrow::Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payload_base64: Option<std::borrow::Cow<'a, str>>,
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = std::str::from_utf8(&self.0).ok();
        let encoded = Encoded {
            payload: text.map(Into::into),
            payload_base64: text.is_none().then(|| base64::encode(&self.0).into()),
        };
        encoded.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let encoded = Encoded::deserialize(deserializer)?;
        let wrong = || serde::de::Error::custom("no payload");
        match (encoded.payload, encoded.payload_base64) {
            (Some(text), None) => Ok(Self(text.into_owned().into_bytes())),
            (None, Some(text)) => base64::decode(&text).map(Self).ok_or_else(wrong),
            (Some(_), Some(_)) | (None, None) => Err(wrong()),
        }
    }
}

/// The pid of a process: as this host sees it, else as its identity names it; 0 where that has none.
fn pid_of(key: &ProcessKey) -> u32 {
    match key {
        ProcessKey::Local(id) => id.pid,
        ProcessKey::Remote(identity) => identity.pid().unwrap_or_default(),
    }
}

impl SavedJob {
    /// A job of `target` as the last beat showed it.
    pub fn of(work: &Work, target: &Target, process: Option<&Process>, now: Moment) -> Self {
        Self {
            saved_at: now.wall(),
            jid: work.jid.clone(),
            class: work.class.clone(),
            queue: exact_queue(&work.queue, &work.payload),
            run_at: work.run_at,
            from: None,
            identity: target
                .about
                .identity
                .as_ref()
                .map(|identity| identity.as_str().to_owned()),
            pid: pid_of(&target.key),
            exited_at: None,
            tid: work.tid.clone(),
            stopping: Stopping::of(target, process),
            payload: Payload(work.payload.to_vec()),
        }
    }

    /// A job as the last beat showed it of a process that is not being stopped.
    fn seen(work: &Work, key: &ProcessKey, process: &Process, now: Moment) -> Self {
        Self {
            saved_at: now.wall(),
            jid: work.jid.clone(),
            class: work.class.clone(),
            queue: exact_queue(&work.queue, &work.payload),
            run_at: work.run_at,
            from: None,
            identity: process.identity.as_ref().map(ToString::to_string),
            pid: pid_of(key),
            exited_at: process.ended(now).map(Moment::wall),
            tid: work.tid.clone(),
            stopping: Stopping {
                super_fetch: process.keeps_jobs(),
                ..Stopping::default()
            },
            payload: Payload(work.payload.to_vec()),
        }
    }

    /// The same, with the Redis that `fleet` is seen in.
    fn seen_in(self, fleet: &Fleet) -> Self {
        Self {
            from: SavedFrom::of(fleet),
            ..self
        }
    }

    /// The name of this execution of the job: two losses of the same id are two executions.
    pub fn execution(&self) -> String {
        let jid = self.jid.as_deref().unwrap_or("-");
        let process = self
            .identity
            .clone()
            .unwrap_or_else(|| format!("pid {}", self.pid));
        let begun = self
            .run_at
            .map_or("-".into(), |run_at| format!("{run_at:.0}"));
        format!("{jid} {process} {} {begun}", self.tid)
    }

    /// Its class and id, for people.
    pub fn label(&self) -> String {
        let jid = self.jid.as_deref().unwrap_or("without an id");
        format!("{} {jid}", self.class)
    }
}
