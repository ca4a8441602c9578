//! The reaction of a Sidekiq to a signal: the one imitation, used by the demo's children, by the
//! rehearsal and by the engine's property tests. Time is an argument; it runs no job, sends
//! nothing and knows no Redis: what it would do there goes out as events.

pub mod shown;
mod slot;
mod worker;

#[cfg(test)]
mod tests;

pub use shown::Registered;
pub use worker::Worker;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::moment::Moment;
use super::sequence::{Signal, Version};

/// How one Sidekiq is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerConfig {
    /// Its version: beats every 5 s before 7.0, every 10 s since; no time for those that
    /// swallow `Shutdown` before 6.4.
    pub version: Version,
    /// `-t`.
    pub timeout: Duration,
    /// Number of processor threads.
    pub threads: usize,
    /// Its tag, as the title shows it; may be empty.
    pub tag: String,
    /// Time until its first beat.
    pub first_beat: Duration,
    /// How long a signal lies unheeded (a starved main thread, a slow `:startup` hook).
    pub heeds_after: Duration,
    /// How long an ended thread keeps its name: about 3 s on Ruby before 3.3.
    pub names_linger: Duration,
    /// Time between leaving the registry and the exit (`at_exit` hooks).
    pub exit_takes: Duration,
}

impl WorkerConfig {
    /// A Sidekiq of `version` with nothing unusual about it.
    pub fn new(version: Version, timeout: Duration, threads: usize) -> Self {
        Self {
            version,
            timeout,
            threads,
            tag: String::new(),
            first_beat: Duration::ZERO,
            heeds_after: Duration::ZERO,
            names_linger: Duration::ZERO,
            exit_takes: Duration::ZERO,
        }
    }
}

/// The manners of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Temper {
    /// It ends when it is done.
    #[default]
    Plain,
    /// It fails when it is done, and goes to the retry set.
    Fails,
    /// It rescues `Sidekiq::Shutdown` and goes on working.
    SwallowsShutdown,
    /// It holds the interpreter: the push-back comes so much late.
    HoldsInterpreter(Duration),
    /// An `IterableJob` with iterations of this length: once quiet it stops at the next one and
    /// puts itself at the back of its queue (7.3.9 `lib/sidekiq/job/iterable.rb:199-210`).
    Iterates(Duration),
    /// Work with checkpoints so far apart: once quiet it breaks off at the next one and goes on
    /// under another id, from the back of its queue (job-iteration 1
    /// `lib/job-iteration/iteration.rb`; Rails 8.1 `activejob/lib/active_job/continuable.rb` and
    /// sidekiq-iteration put it into `schedule`). Sidekiq's log says `done`.
    Checkpoints(Duration),
}

/// A job to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its id.
    pub jid: String,
    /// Its class.
    pub class: String,
    /// Its queue, without `queue:`.
    pub queue: String,
    /// How long it takes; `None`: it never ends.
    pub lasts: Option<Duration>,
    /// Its manners.
    pub temper: Temper,
    /// The work that it goes on with, if another job broke that off.
    pub resumed: Option<Box<Resumed>>,
}

/// Work that was broken off before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumed {
    /// The first id of the same work.
    pub work_id: String,
    /// When it was broken off last, in milliseconds since 1970.
    pub made_ms: i64,
}

impl Task {
    /// The id of its work: the same whatever its own id is.
    pub fn work_id(&self) -> &str {
        let resumed = self.resumed.as_ref();
        resumed.map_or(&self.jid, |resumed| &resumed.work_id)
    }

    /// The rest of its work under the next id, broken off at `at`.
    fn again(&self, at: Moment) -> Self {
        Self {
            jid: format!("{}+", self.jid),
            resumed: Some(Box::new(Resumed {
                work_id: self.work_id().to_owned(),
                made_ms: at.wall().as_millisecond(),
            })),
            ..self.clone()
        }
    }
}

/// A job on a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Busy {
    /// The thread, as the work hash names it.
    pub tid: String,
    /// The job.
    pub task: Task,
    /// When this execution began.
    pub since: Moment,
}

/// The contents of a beat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// When.
    pub at: Moment,
    /// The jobs on its threads.
    pub busy: Vec<Busy>,
    /// Quiet or stopping.
    pub quiet: bool,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerEnding {
    /// `exit(0)` after its own shutdown, whether or not jobs were interrupted.
    InOrder,
    /// By a signal, at once.
    Signal(Signal),
}

/// An event of a Sidekiq.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkerEvent {
    /// A thread took a job.
    JobStarted(Busy),
    /// A job is done.
    JobFinished(Task),
    /// A job failed: it stands in the retry set now.
    JobFailed(Task),
    /// A job was put into its queue again.
    PushedBack {
        /// Which.
        task: Task,
        /// At the front (interrupted at the deadline) or at the back (an `IterableJob`).
        front: bool,
    },
    /// A job broke off at a checkpoint; the rest of its work goes on as another job.
    BrokeOff {
        /// Which.
        task: Task,
        /// The job that goes on with it, at the back of the queue.
        again: Task,
    },
    /// A job was in memory only when the process died.
    JobLost(Task),
    /// It wrote its hashes.
    Beat(Snapshot),
    /// It took itself out of `processes` and dropped its work hash.
    LeftRegistry,
    /// It is gone.
    Exited(WorkerEnding),
}
