//! What the logs have said so far: of each job its last start or end, of each process how far
//! its shutdown is, and the backtraces. A witness beside the beats; a job that it does not know
//! is one of which nothing was read.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::dump::Dumps;
use super::entry::{Happening, Milestone};
use super::{Entry, LogLine};
use crate::core::moment::Moment;

/// Jobs that are remembered; the oldest give way.
const MOST_JOBS: usize = 20_000;

/// The last thing that a log said of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Testimony {
    /// What.
    pub what: Told,
    /// When it was read.
    pub at: Moment,
    /// In whose log.
    pub source: u32,
    /// How long the job ran, where the log says so.
    pub elapsed: Option<Duration>,
}

/// What a log can tell of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It started.
    Started,
    /// It ended by itself.
    Done,
    /// It ended by an error of its own.
    Failed,
    /// It was cut off: Sidekiq writes `fail` for that too, but only after `Terminating`.
    Interrupted,
}

/// Everything read so far.
#[derive(Debug, Default)]
pub struct Witness {
    /// The backtraces.
    pub dumps: Dumps,
    jobs: HashMap<String, Testimony>,
    order: VecDeque<String>,
    milestones: HashMap<u32, Vec<(Milestone, Moment)>>,
}

impl Witness {
    /// Takes a line in. Gives a milestone that it is, for the journal pane.
    pub fn take(&mut self, line: &LogLine) -> Option<Milestone> {
        let entry = self.dumps.take(line);
        if let Happening::Milestone(milestone) = entry.happening {
            let writer = entry.pid.unwrap_or(line.pid);
            let known = self.milestones.entry(writer).or_default();
            // Several processes may share a file that is followed for each of them.
            if known.last().map(|(last, _)| *last) == Some(milestone) {
                return None;
            }
            known.push((milestone, line.at));
            return Some(milestone);
        }
        self.job(&entry, line);
        None
    }

    fn job(&mut self, entry: &Entry, line: &LogLine) {
        let Some(jid) = &entry.jid else { return };
        let what = match entry.happening {
            Happening::Start => Told::Started,
            Happening::Done => Told::Done,
            Happening::Fail if self.was_cut_off(entry.pid.unwrap_or(line.pid)) => Told::Interrupted,
            Happening::Fail => Told::Failed,
            Happening::Milestone(_)
            | Happening::Thread { .. }
            | Happening::Text
            | Happening::Continued => return,
        };
        let testimony = Testimony {
            what,
            at: line.at,
            source: line.pid,
            elapsed: entry.elapsed,
        };
        if self.jobs.insert(jid.clone(), testimony).is_none() {
            self.order.push_back(jid.clone());
            if self.order.len() > MOST_JOBS
                && let Some(oldest) = self.order.pop_front()
            {
                self.jobs.remove(&oldest);
            }
        }
    }

    /// Whether the time of process `writer` was up.
    fn was_cut_off(&self, writer: u32) -> bool {
        self.milestones(writer)
            .iter()
            .any(|(milestone, _)| matches!(milestone, Milestone::Terminating(_)))
    }

    /// The last thing said of a job.
    pub fn of(&self, jid: &str) -> Option<&Testimony> {
        self.jobs.get(jid)
    }

    /// The milestones of a process, by the pid that it writes itself, else that of its log.
    pub fn milestones(&self, writer: u32) -> &[(Milestone, Moment)] {
        self.milestones.get(&writer).map_or(&[], Vec::as_slice)
    }
}
