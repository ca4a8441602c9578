//! Evidence about one execution: a fact, its time and its source. Facts never judge.

use std::time::Duration;

use super::fate::Fate;
use crate::core::fleet::{Passed, Place};
use crate::core::log::{Notice, Told};
use crate::core::moment::Moment;

/// A fact and when it was true.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// When it was true, on our clock: the time of the beat, of the log line, of the question.
    pub at: Moment,
    /// The fact.
    pub fact: Fact,
}

/// A fact about one execution.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// A beat of its process showed it on its thread.
    Shown {
        /// The host's own time of that beat, in seconds since 1970.
        beat: f64,
    },
    /// A later, whole beat of its process did not show it. The first such beat counts.
    Missed {
        /// The host's own time of that beat, in seconds since 1970.
        beat: f64,
    },
    /// The log of its process said that it began.
    LogStarted,
    /// The log of its process said that it ended.
    LogEnd(LogEnd),
    /// Redis was asked where it is. The time is that of the question.
    Located {
        /// Where it was.
        place: Place,
        /// When the answer came. What was searched was read between the question and that.
        answered: Moment,
        /// Whether its iteration state `it-<jid>` was kept: an `IterableJob` that has not ended.
        iterating: bool,
    },
    /// It was back after the first signal: in its queue, or at work on another process.
    Back {
        /// In words: `found in queue default`, `runs again on util2:17`.
        how: String,
    },
    /// A later job does its work: seen in a queue, in a set, or at work.
    GoesOn {
        /// The id of that job.
        jid: String,
        /// How the work came to it.
        passed: Passed,
        /// Where it was: `in queue default`, `at work on util2:17`.
        place: String,
        /// Whether another execution may have handed it on as well: both do work of the same class
        /// with the same arguments.
        shared: bool,
        /// Whether as many executions of the same work as there are later jobs handed it on: which of
        /// them goes on as which is not known.
        alike: bool,
    },
    /// Another job under its id was seen: it is no push-back of this one.
    Namesake {
        /// Where, in words: `in queue default`.
        place: String,
    },
    /// Its iteration state was seen once: it is an `IterableJob`.
    Iterable,
    /// An operator marked it as cancelled: it ends between two of its steps once it reads that.
    Marked {
        /// The operator.
        by: String,
    },
    /// The log of its process said how it is coming to its end.
    Noticed(Notice),
    /// The search for missing jobs found it, or a push by this program changed it.
    Settled {
        /// Its fate.
        fate: Fate,
        /// How that is known.
        why: String,
    },
}

/// A line of the log that ends an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogEnd {
    /// How it ended: done, failed or interrupted.
    pub how: Told,
    /// How long it ran, where the line says so.
    pub elapsed: Option<Duration>,
    /// Whether the process had begun to interrupt its jobs.
    pub late: bool,
    /// Whether the line is of this execution for sure. Else it may be of the one before.
    pub ours: bool,
}

/// Where a fact comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactSource {
    /// A beat in Redis.
    Beat,
    /// The log of the process.
    Log,
    /// A question to Redis.
    Redis,
    /// This program.
    Ours,
}

impl Fact {
    /// Its source.
    pub fn source(&self) -> FactSource {
        match self {
            Self::Shown { .. } | Self::Missed { .. } | Self::Iterable => FactSource::Beat,
            Self::LogStarted | Self::LogEnd(_) | Self::Noticed(_) => FactSource::Log,
            Self::Located { .. }
            | Self::Back { .. }
            | Self::GoesOn { .. }
            | Self::Namesake { .. } => FactSource::Redis,
            Self::Settled { .. } | Self::Marked { .. } => FactSource::Ours,
        }
    }

    /// Whether `other` is of the same kind.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        if let (Self::Noticed(notice), Self::Noticed(other)) = (self, other) {
            return notice == other;
        }
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// Whether the first fact of its kind stays; of all other kinds the last one does.
    pub(super) fn keeps_first(&self) -> bool {
        matches!(
            self,
            Self::Missed { .. }
                | Self::LogStarted
                | Self::Back { .. }
                | Self::GoesOn { .. }
                | Self::Iterable
                | Self::Marked { .. }
                | Self::Noticed(_)
        )
    }
}

impl LogEnd {
    /// `done in 3.2 s`, `failed after 0.1 s`, `interrupted after 25.0 s`.
    pub fn words(&self) -> String {
        let (what, how) = match self.how {
            Told::Started => return "started".into(),
            Told::Done => ("done", "in"),
            Told::Failed => ("failed", "after"),
            Told::Interrupted => ("interrupted", "after"),
        };
        self.elapsed.map_or_else(
            || what.into(),
            |elapsed| format!("{what} {how} {:.1} s", elapsed.as_secs_f64()),
        )
    }
}
