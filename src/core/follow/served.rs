//! Which queues of a drain some process takes jobs from, and since when none does: from look to
//! look, until the drain is over. Processes of all hosts count.

use std::collections::BTreeMap;

use crate::core::fleet::{Fleet, Process, ProcessKey};
use crate::core::moment::Moment;

/// A time in which no process took jobs from a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueGap {
    /// When the last process that took jobs from it stopped to.
    pub since: Moment,
    /// That process, and what it became: `util1:4242 became quiet`.
    pub by: String,
    /// The first beat of a process that takes jobs from it, and that process; `None`: there was
    /// none yet.
    pub until: Option<(Moment, String)>,
}

/// A queue of the targets of a drain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServedQueue {
    /// The times in which no process took jobs from it.
    pub gaps: Vec<QueueGap>,
    /// Whether Redis did not answer for a while: others may have come or gone unseen.
    pub is_doubtful: bool,
    /// A process that took jobs from it at the last look.
    witness: Option<ProcessKey>,
}

/// How a target stopped to take jobs: since when that is known, and what it became.
pub type Stopped = (Moment, &'static str);

/// The queues of the targets of one drain.
#[derive(Clone, Debug, Default)]
pub struct ServedQueues {
    run: String,
    targets: Vec<ProcessKey>,
    queues: BTreeMap<String, ServedQueue>,
}

impl ServedQueues {
    /// The queues of `targets` at the start of the drain `run`.
    pub fn of(run: &str, targets: Vec<ProcessKey>, fleet: &Fleet) -> Self {
        let queues = targets.iter().filter_map(|key| fleet.get(key));
        let queues = queues.flat_map(|process| process.queues().iter().cloned());
        Self {
            run: run.to_owned(),
            queues: queues
                .map(|queue| (queue, ServedQueue::default()))
                .collect(),
            targets,
        }
    }

    /// Takes in what the fleet shows. `stopped` says of a target how it stopped to take jobs.
    pub fn observe(
        &mut self,
        fleet: &Fleet,
        stopped: impl Fn(&ProcessKey) -> Option<Stopped>,
        now: Moment,
    ) {
        let takes = |key: &ProcessKey, process: &Process, queue: &str| {
            process.may_serve(queue) && process.takes_jobs(fleet, now) && stopped(key).is_none()
        };
        for (name, queue) in &mut self.queues {
            queue.is_doubtful |= !fleet.link.is_connected();
            let known = queue.witness.as_ref();
            let known = known.and_then(|key| fleet.processes.get_key_value(key));
            let found = known
                .filter(|(key, process)| takes(key, process, name))
                .or_else(|| {
                    let mut all = fleet.processes.iter();
                    all.find(|(key, process)| takes(key, process, name))
                });
            let before = std::mem::replace(&mut queue.witness, found.map(|(key, _)| key.clone()));
            match (found, queue.gaps.last_mut()) {
                (Some((_, process)), Some(gap)) if gap.until.is_none() => {
                    let beat = process.beat.as_ref().map_or(now, |beat| beat.at);
                    gap.until = Some((beat.max(gap.since), process.name()));
                }
                (None, Some(gap)) if gap.until.is_none() => {}
                (Some(_), _) => {}
                (None, _) => {
                    let serving = |key: &&ProcessKey| {
                        let process = fleet.get(key);
                        process.is_some_and(|process| process.may_serve(name))
                    };
                    let ends = self.targets.iter().filter(serving).filter_map(|key| {
                        let (at, became) = stopped(key)?;
                        Some((at, format!("{} {became}", name_of(fleet, key))))
                    });
                    let other = before.filter(|key| stopped(key).is_none());
                    let other = other.map(|key| {
                        let name = name_of(fleet, &key);
                        (
                            now,
                            format!("{name} takes no more jobs, as its heartbeat shows"),
                        )
                    });
                    let last = ends.chain(other).max_by_key(|(at, _)| *at);
                    let (since, by) = last.unwrap_or_else(|| {
                        (
                            now,
                            "no process took jobs from it when the drain began".to_owned(),
                        )
                    });
                    queue.gaps.push(QueueGap {
                        since,
                        by,
                        until: None,
                    });
                }
            }
        }
    }

    /// The queues with their history; `None` where it is that of another drain, or nothing of its
    /// targets is known.
    pub fn told(&self, run: &str) -> Option<impl Iterator<Item = (&str, &ServedQueue)>> {
        let is_known = self.run == run && !self.queues.is_empty();
        let all = || {
            self.queues
                .iter()
                .map(|(name, queue)| (name.as_str(), queue))
        };
        is_known.then(all)
    }
}

fn name_of(fleet: &Fleet, key: &ProcessKey) -> String {
    fleet
        .get(key)
        .map_or_else(|| key.to_string(), Process::name)
}
