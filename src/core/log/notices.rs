//! What jobs write of the end that they are coming to, and when each of them did. A new line of this
//! kind is one variant here, with its words.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::core::moment::Moment;

/// Notices that are remembered; the oldest give way.
const MOST: usize = 1000;

/// A line that a job, or the code around it, writes of the end that it is coming to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// An `IterableJob` has read that it is cancelled (8.1.7 `lib/sidekiq/job/iterable.rb`).
    Cancelled,
    /// A job of sidekiq-iteration breaks off, and what is left of its work is put into a later job
    /// (sidekiq-iteration `lib/sidekiq_iteration/iteration.rb`, `reenqueue_iteration_job`).
    BreaksOff,
    /// An `IterableJob` breaks off between two iterations, and is put back into its queue next. At the
    /// level DEBUG (7.3.2 and 8.1.7 `lib/sidekiq/job/iterable.rb`, `reenqueue_iteration_job`).
    Interrupting,
}

impl Notice {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Cancelled, Self::BreaksOff, Self::Interrupting];

    /// The notice that `message` is, at this level.
    pub(super) fn read(level: &str, message: &str) -> Option<Self> {
        let is = |notice: &Self| match notice {
            Self::Cancelled => level == "INFO" && message == "Job cancelled",
            Self::BreaksOff => {
                let words = "[SidekiqIteration::Iteration] Interrupting and re-enqueueing the job";
                level == "INFO" && message.starts_with(words)
            }
            Self::Interrupting => {
                level == "DEBUG" && message.starts_with("Interrupting job (cursor=")
            }
        };
        Self::ALL.into_iter().find(is)
    }
}

/// A notice of one job.
#[derive(Clone, Debug)]
struct JobNotice {
    /// Its process, id and thread.
    job: (u32, String, String),
    notice: Notice,
    at: Moment,
}

/// The notices that were read.
#[derive(Clone, Debug, Default)]
pub(super) struct Notices(VecDeque<JobNotice>);

impl Notices {
    /// Takes in what `job`, by process, id and thread, wrote at `at`.
    pub(super) fn take(&mut self, job: (u32, String, String), notice: Notice, at: Moment) {
        self.0.push_back(JobNotice { job, notice, at });
        if self.0.len() > MOST {
            self.0.pop_front();
        }
    }

    /// When `job`, by process, id and thread, last wrote `notice`.
    pub(super) fn last(&self, notice: Notice, job: (u32, &str, &str)) -> Option<Moment> {
        let is = |known: &&JobNotice| {
            let (pid, jid, tid) = &known.job;
            known.notice == notice && (*pid, &**jid, &**tid) == job
        };
        Some(self.0.iter().rev().find(is)?.at)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Happening;
    use super::*;

    #[test]
    fn a_notice_stands_in_a_recording_under_its_own_name() {
        for notice in Notice::ALL {
            let happening = Happening::Notice(notice);
            let written = serde_json::to_string(&happening).unwrap();
            assert_eq!(written, format!("\"{notice:?}\""));
            let read: Happening = serde_json::from_str(&written).unwrap();
            assert_eq!(read, happening);
        }
    }
}
