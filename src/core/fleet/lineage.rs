//! Work that goes on under another JID. Three libraries let a job break off at a checkpoint once
//! its process is quiet, and put the rest of its work back as a new job; Active Job retries under a
//! new JID too. Read off a payload; arguments are compared and never kept.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::core::clean::clean;

/// A payload longer than this is not read for its work, in bytes.
const LONGEST_READ: usize = 256 << 10;
/// Longest id kept, in characters.
const LONGEST_ID: usize = 64;
/// The classes under which Sidekiq runs a job of Active Job (8.1.7
/// `lib/active_job/queue_adapters`).
const WRAPPERS: [&str; 2] = [
    "ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper",
    "Sidekiq::ActiveJob::Wrapper",
];
/// The key under which sidekiq-iteration keeps its state in the last argument (0.3
/// `lib/sidekiq_iteration/iteration.rb`).
const STATE: &str = "sidekiq_iteration";

/// A library whose jobs break off at a checkpoint once their process is quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Checkpoints {
    /// Rails 8.1 `activejob/lib/active_job/continuable.rb`: goes on from `schedule`.
    Continuable,
    /// job-iteration 1 `lib/job-iteration/iteration.rb`: goes on from its queue.
    JobIteration,
    /// sidekiq-iteration 0.3 `lib/sidekiq_iteration/iteration.rb`: goes on from `schedule`.
    SidekiqIteration,
}

impl Checkpoints {
    /// The name that its users know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Continuable => "ActiveJob::Continuable",
            Self::JobIteration => "job-iteration",
            Self::SidekiqIteration => "sidekiq-iteration",
        }
    }
}

/// Which work a job does, and how far that has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    work_id: String,
    checkpoints: Option<Checkpoints>,
    /// Whether the payload itself names the work; else its class and arguments do.
    named: bool,
    /// How often the work broke off before this job.
    broke_off: u64,
    /// How often it was begun before this job.
    begun: u64,
}

/// How work came to a later job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Passed {
    /// The earlier job broke off at a checkpoint.
    BrokeOff,
    /// The earlier job failed, and its library enqueued it anew.
    Failed,
}

/// The parts of a payload that tell of its work.
#[derive(Deserialize)]
struct WorkPayload<'a> {
    #[serde(default)]
    class: Value,
    #[serde(borrow, default)]
    args: Option<&'a RawValue>,
}

/// The parts of a serialised Active Job that tell of its work.
#[derive(Deserialize)]
struct ActiveJob {
    job_id: String,
    #[serde(default)]
    executions: Value,
    #[serde(default)]
    continuation: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    resumptions: Value,
    #[serde(default)]
    times_interrupted: Value,
}

impl Lineage {
    /// The work that `payload` names by itself: that of an Active Job, or of a job that broke off
    /// before.
    pub fn of(payload: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(payload);
        if !is_marked(&text) {
            return None;
        }
        Self::read(&parts(&text)?)
    }

    /// The work that a later job would name if the job of `payload` broke off.
    pub fn to_seek(payload: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(payload);
        let parts = parts(&text)?;
        Self::read(&parts).or_else(|| Self::by_arguments(&parts))
    }

    fn read(parts: &WorkPayload<'_>) -> Option<Self> {
        let class = parts.class.as_str()?;
        let args = parts.args?;
        if WRAPPERS.contains(&class) {
            return Self::of_active_job(args);
        }
        if !args.get().contains(STATE) {
            return None;
        }
        let mut arguments: Vec<&RawValue> = serde_json::from_str(args.get()).ok()?;
        let last: Value = serde_json::from_str(arguments.pop()?.get()).ok()?;
        let state = last.get(STATE)?;
        Some(Self {
            work_id: digest(class, &arguments),
            checkpoints: Some(Checkpoints::SidekiqIteration),
            named: true,
            broke_off: count(&state["times_interrupted"]).max(1),
            begun: 0,
        })
    }

    fn of_active_job(args: &RawValue) -> Option<Self> {
        let first: Vec<&RawValue> = serde_json::from_str(args.get()).ok()?;
        let job: ActiveJob = serde_json::from_str(first.first()?.get()).ok()?;
        let checkpoints = if job.continuation.is_some() {
            Some(Checkpoints::Continuable)
        } else if !job.times_interrupted.is_null() {
            Some(Checkpoints::JobIteration)
        } else {
            None
        };
        let work_id = clean(&job.job_id, LONGEST_ID);
        (!work_id.is_empty()).then(|| Self {
            work_id,
            checkpoints,
            named: true,
            broke_off: count(&job.resumptions) + count(&job.times_interrupted),
            begun: count(&job.executions),
        })
    }

    fn by_arguments(parts: &WorkPayload<'_>) -> Option<Self> {
        let arguments: Vec<&RawValue> = serde_json::from_str(parts.args?.get()).ok()?;
        Some(Self {
            work_id: digest(parts.class.as_str()?, &arguments),
            checkpoints: None,
            named: false,
            broke_off: 0,
            begun: 0,
        })
    }

    /// The id of the work: the `job_id` of Active Job, else a digest of class and arguments.
    pub fn work_id(&self) -> &str {
        &self.work_id
    }

    /// The library by whose checkpoints the job breaks off; `None`: none is known.
    pub fn checkpoints(&self) -> Option<Checkpoints> {
        self.checkpoints
    }

    /// Whether the payload itself names the work.
    pub fn is_named(&self) -> bool {
        self.named
    }

    /// How the work of this job came to that of `later`; `None`: it is other work, or it was not
    /// this job that handed it on.
    pub fn passed_to(&self, later: &Self) -> Option<Passed> {
        if !later.named || later.work_id != self.work_id {
            None
        } else if later.broke_off > self.broke_off {
            Some(Passed::BrokeOff)
        } else if later.begun > self.begun {
            Some(Passed::Failed)
        } else {
            None
        }
    }

    /// Whether `later` is what the very next break-off of this job's work leads to. Only an Active
    /// Job names its work for sure.
    pub fn is_one_before(&self, later: &Self) -> bool {
        let named = self.named && self.checkpoints != Some(Checkpoints::SidekiqIteration);
        named && later.work_id == self.work_id && later.broke_off == self.broke_off + 1
    }

    /// How the work came to this job; `None`: it is the first that does it.
    pub fn passed(&self) -> Option<Passed> {
        if self.broke_off > 0 {
            Some(Passed::BrokeOff)
        } else {
            (self.begun > 0).then_some(Passed::Failed)
        }
    }

    /// The text that Redis must find in a member that may do the same work later.
    pub fn trace(&self) -> &str {
        match self.checkpoints {
            None if !self.named => STATE,
            Some(Checkpoints::SidekiqIteration) => STATE,
            None | Some(_) => &self.work_id,
        }
    }
}

/// Most payloads name no work of their own, and need no second reading.
fn is_marked(text: &str) -> bool {
    let marked = |mark: &&str| text.contains(*mark);
    WRAPPERS.iter().chain(&[STATE]).any(marked)
}

fn parts(text: &str) -> Option<WorkPayload<'_>> {
    if text.len() > LONGEST_READ || !text.trim_start().starts_with('{') {
        return None;
    }
    serde_json::from_str(text).ok()
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

/// Class and arguments as a short text: FNV-1a, 64 bits, the same in every build.
fn digest(class: &str, arguments: &[&RawValue]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut take = |text: &str| {
        for byte in text.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    take(class);
    for argument in arguments {
        take(argument.get());
    }
    let mut text = clean(class, LONGEST_ID);
    let _infallible = write!(text, "/{hash:016x}");
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Later;
    use super::*;

    fn lineage(payload: &Value) -> Option<Lineage> {
        Lineage::to_seek(payload.to_string().as_bytes())
    }

    fn active(job: &Value) -> Value {
        json!({"class": "Sidekiq::ActiveJob::Wrapper", "jid": "j", "args": [job]})
    }

    fn passed(one: &Value, other: &Value) -> Option<Passed> {
        let later = Lineage::of(other.to_string().as_bytes())?;
        lineage(one)?.passed_to(&later)
    }

    #[test]
    fn active_jobs_are_known_by_their_job_id() {
        let first =
            active(&json!({"job_id": "w", "executions": 0, "continuation": {}, "resumptions": 0}));
        let again =
            active(&json!({"job_id": "w", "executions": 1, "continuation": {}, "resumptions": 1}));
        let other =
            active(&json!({"job_id": "v", "executions": 1, "continuation": {}, "resumptions": 1}));
        let known = lineage(&first).unwrap();
        assert_eq!(known.checkpoints(), Some(Checkpoints::Continuable));
        assert_eq!((known.work_id(), known.trace()), ("w", "w"));
        assert_eq!(passed(&first, &again), Some(Passed::BrokeOff));
        assert_eq!(passed(&again, &first), None);
        assert_eq!(passed(&first, &other), None);
    }

    #[test]
    fn an_active_job_that_was_retried_failed() {
        let first = active(&json!({"job_id": "w", "executions": 0}));
        let again = active(&json!({"job_id": "w", "executions": 1}));
        assert_eq!(passed(&first, &again), Some(Passed::Failed));
        assert_eq!(lineage(&first).unwrap().checkpoints(), None);
    }

    #[test]
    fn job_iteration_is_known_by_its_counters_even_before_the_first_break() {
        let job = |times| json!({"job_id": "w", "cursor_position": null, "times_interrupted": times, "total_time": 0});
        let known = lineage(&active(&job(0))).unwrap();
        assert_eq!(known.checkpoints(), Some(Checkpoints::JobIteration));
        assert_eq!(
            passed(&active(&job(0)), &active(&job(1))),
            Some(Passed::BrokeOff)
        );
    }

    #[test]
    fn sidekiq_iteration_is_known_by_class_and_arguments_without_its_state() {
        let job = |args: Value| json!({"class": "Import", "jid": "b", "created_at": 1_700_000_000_500_u64, "args": args});
        let state =
            |times| json!({"sidekiq_iteration": {"executions": times, "times_interrupted": times}});
        let first = job(json!([1, "x"]));
        let again = job(json!([1, "x", state(1)]));
        let third = job(json!([1, "x", state(2)]));
        assert_eq!(Lineage::of(first.to_string().as_bytes()), None);
        assert_eq!(passed(&first, &again), Some(Passed::BrokeOff));
        assert_eq!(passed(&again, &third), Some(Passed::BrokeOff));
        assert_eq!(passed(&third, &again), None);
        assert_eq!(passed(&job(json!([2, "x"])), &again), None);
        let later = Later::read(again.to_string().as_bytes()).unwrap();
        let heir = later
            .heir_of(&lineage(&first).unwrap(), "scheduled")
            .unwrap();
        assert_eq!(
            (heir.jid.as_str(), heir.created),
            ("b", Some(1_700_000_000.5))
        );
    }

    #[test]
    fn bytes_that_are_no_job_have_no_lineage() {
        for bytes in [
            &b""[..],
            b"[]",
            b"{",
            b"{}",
            b"{\"class\":1,\"args\":{}}",
            b"\xff{",
        ] {
            assert_eq!(Lineage::to_seek(bytes), None);
        }
    }
}
