//! The logs of this host's Sidekiqs, and where each of them is. Evidence beside the
//! beats: everything works without it, and nothing here waits for it.

use std::collections::BTreeMap;

use super::local::LocalId;
use crate::core::log::{LogLine, Milestone, Witness};
use crate::core::moment::Moment;

/// Places that are remembered after their processes have ended.
const MOST_PLACES: usize = 500;

/// A report of a source of logs.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub enum LogNews {
    /// Lines, in the order in which they stand in each log.
    Lines(Vec<LogLine>),
    /// Where the log of a process is, or why it cannot be read.
    Place {
        /// The process.
        process: LocalId,
        /// Where, in words; the error says why it is not read.
        place: Result<String, String>,
    },
}

/// A log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Where it is, or why it is not read.
    pub place: Result<String, String>,
    /// When its last line was read.
    pub last: Option<Moment>,
}

/// All logs.
#[derive(Clone, Debug, Default)]
pub struct Logs {
    /// Their words so far.
    pub witness: Witness,
    logs: BTreeMap<LocalId, Log>,
}

impl Logs {
    /// The log of a process; `None` as long as it was not looked for.
    pub fn of(&self, process: LocalId) -> Option<&Log> {
        self.logs.get(&process)
    }

    /// Takes news in, and gives the milestones among them, with the time of each.
    pub fn take(&mut self, news: LogNews) -> Vec<(LocalId, Milestone, Moment)> {
        match news {
            LogNews::Lines(lines) => lines
                .iter()
                .filter_map(|line| {
                    let process = self.heard(line);
                    let milestone = self.witness.take(line);
                    let (process, (milestone, at)) = process.zip(milestone)?;
                    Some((process, milestone, at))
                })
                .collect(),
            LogNews::Place { process, place } => {
                self.place(process, place);
                Vec::new()
            }
        }
    }

    fn place(&mut self, process: LocalId, place: Result<String, String>) {
        if self
            .newest(process.pid)
            .is_some_and(|known| known != process)
        {
            self.witness.forget(process.pid);
        }
        let last = self.logs.get(&process).and_then(|log| log.last);
        self.logs.insert(process, Log { place, last });
        if self.logs.len() > MOST_PLACES {
            self.logs.pop_first();
        }
    }

    fn heard(&mut self, line: &LogLine) -> Option<LocalId> {
        let process = self.newest(line.origin.pid)?;
        if let Some(log) = self.logs.get_mut(&process) {
            log.last = Some(line.at);
        }
        Some(process)
    }

    /// The process that has this pid, of those whose logs are known.
    fn newest(&self, pid: u32) -> Option<LocalId> {
        let from = LocalId {
            pid,
            start_ticks: 0,
        };
        let to = LocalId {
            pid,
            start_ticks: u64::MAX,
        };
        let mut known = self.logs.range(from..=to);
        known.next_back().map(|(process, _)| *process)
    }
}
