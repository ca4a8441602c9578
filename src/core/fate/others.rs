//! The processes that could have taken up a job: the other processes that serve its queue, whether
//! they have beaten since, and since when all of them were watched.

use std::collections::BTreeMap;

use super::execution::Execution;
use super::subject::Subject;
use crate::core::fleet::{Fleet, Life, Listed, Process, ProcessKey};
use crate::core::moment::Moment;

/// Whether the other processes that serve a queue have beaten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Others {
    /// No other process serves it.
    NoneServe,
    /// Each of them is quiet by its last beat, and takes nothing.
    Quiet,
    /// Each of them has.
    Beaten,
    /// At least one has not.
    Awaited,
}

/// Whether every other process that serves the queue of `execution` has beaten since `asked`: one
/// that took the job before would have shown it. A quiet one takes nothing. One that ended since
/// the first signal may have taken it, and shows nothing any more.
pub(super) fn others(
    execution: &Execution,
    subject: &Subject<'_>,
    fleet: &Fleet,
    asked: Moment,
) -> Others {
    let queues = execution.queues(fleet);
    let serves = |process: &Process| queues.iter().any(|queue| process.may_serve(queue));
    let since = subject.signals.mark.map(|mark| mark.at);
    let ended_since = |process: &Process| match process.life {
        Life::Exited { at, .. } => since.is_none_or(|since| at > since),
        Life::Here | Life::Elsewhere => false,
    };
    let others = fleet
        .processes
        .iter()
        .filter(|(key, process)| *key != execution.process() && serves(process));
    let (mut gone, mut living) = (false, Vec::new());
    for (_, process) in others {
        gone |= ended_since(process);
        if !process.exited() && process.beat.is_some() && process.listed == Listed::Yes {
            living.push(process);
        }
    }
    if living.is_empty() && !gone {
        return Others::NoneServe;
    }
    if !living.is_empty() && living.iter().all(|process| process.says_quiet()) {
        return Others::Quiet;
    }
    let beaten = |process: &&Process| {
        let beat = process.beat.as_ref();
        beat.is_some_and(|beat| beat.quiet || beat.at > asked)
    };
    if living.iter().all(beaten) {
        Others::Beaten
    } else {
        Others::Awaited
    }
}

/// Which processes were seen to serve which queue.
#[derive(Clone, Debug, Default)]
pub(super) struct Served {
    /// Since when every look was fresh.
    since: Option<Moment>,
    /// When a process was last seen to fetch from a queue.
    queues: BTreeMap<String, Moment>,
    /// When one was last seen to fetch from queues that cannot be read.
    unread: Option<Moment>,
}

impl Served {
    /// Takes in what the fleet shows now. `ended` are the targets that have exited.
    pub(super) fn observe(&mut self, ended: &[ProcessKey], fleet: &Fleet, now: Moment) {
        self.since = fleet.look_is_fresh(now).then(|| self.since.unwrap_or(now));
        for (key, process) in &fleet.processes {
            if process.exited() || process.says_quiet() || ended.contains(key) {
                continue;
            }
            for queue in process.queues() {
                match self.queues.get_mut(queue) {
                    Some(seen) => *seen = now,
                    None => drop(self.queues.insert(queue.clone(), now)),
                }
            }
            let info = process.info.as_ref();
            if info.is_some_and(|info| info.queues.is_empty()) {
                self.unread = Some(now);
            }
        }
    }

    /// Whether no other process can have fetched from `queue` since `from`.
    pub(super) fn by_none(&self, queue: &str, from: Moment) -> bool {
        self.since.is_some_and(|since| since <= from)
            && self.queues.get(queue).is_none_or(|seen| *seen < from)
            && self.unread.is_none_or(|seen| seen < from)
    }
}
