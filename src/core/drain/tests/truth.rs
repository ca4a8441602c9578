//! What really happened in a world, for tests to hold against what the engine says.

use std::collections::BTreeMap;

use super::world::{World, start};
use crate::core::fleet::ProcessKey;
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use crate::core::sidekiq::{WorkerEnding, WorkerEvent};

impl World {
    /// How often each thing happened to `jid` on member `index`.
    pub(super) fn story(&self, index: usize, jid: &str) -> Story {
        let mut story = Story::default();
        for (_, member, event) in &self.truth {
            if *member != index {
                continue;
            }
            match event {
                WorkerEvent::JobStarted(busy) if busy.task.jid == jid => story.started += 1,
                WorkerEvent::JobFinished(task) if task.jid == jid => story.finished += 1,
                WorkerEvent::JobFailed(task) if task.jid == jid => story.failed += 1,
                WorkerEvent::JobLost(task) if task.jid == jid => story.lost += 1,
                WorkerEvent::PushedBack { task, .. } if task.jid == jid => story.pushed += 1,
                WorkerEvent::JobStarted(_)
                | WorkerEvent::JobFinished(_)
                | WorkerEvent::JobFailed(_)
                | WorkerEvent::JobLost(_)
                | WorkerEvent::PushedBack { .. }
                | WorkerEvent::BrokeOff { .. }
                | WorkerEvent::Beat(_)
                | WorkerEvent::LeftRegistry
                | WorkerEvent::Exited(_) => {}
            }
        }
        story
    }

    /// Whether `jid` broke off on member `index` and its work went back by itself.
    pub(super) fn broke_off(&self, index: usize, jid: &str) -> bool {
        self.truth.iter().any(|(_, member, event)| {
            matches!(
                event,
                WorkerEvent::PushedBack { task, front: false } | WorkerEvent::BrokeOff { task, .. }
                    if *member == index && task.jid == jid
            )
        })
    }

    /// The jobs that a KILL of these processes would destroy right now.
    pub(super) fn at_stake(&self, keys: &[ProcessKey]) -> usize {
        let lost = |key: &ProcessKey| {
            let mut copy = self.members[self.member_of(key)].worker.clone();
            if copy.ended().is_some() {
                return 0;
            }
            copy.signal(Signal::Kill, start());
            let lost = |event: &(Moment, WorkerEvent)| matches!(event.1, WorkerEvent::JobLost(_));
            copy.step(start())
                .iter()
                .filter(|event| lost(event))
                .count()
        };
        keys.iter().map(lost).sum()
    }

    /// Every job that was ever lost, by member.
    pub(super) fn lost(&self) -> BTreeMap<usize, Vec<String>> {
        let mut lost: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for (_, member, event) in &self.truth {
            if let WorkerEvent::JobLost(task) = event {
                lost.entry(*member).or_default().push(task.jid.clone());
            }
        }
        lost
    }

    /// Whether the loss on this process was the last that happened to a job anywhere: it may have
    /// failed there before and come back.
    pub(super) fn was_lost_at_last(&self, index: usize, jid: &str) -> bool {
        let mut truth = self.truth.iter().rev();
        let last = truth.find_map(|(_, member, event)| match event {
            WorkerEvent::JobStarted(busy) => (busy.task.jid == jid).then_some(None),
            WorkerEvent::JobLost(task) => (task.jid == jid).then_some(Some(*member)),
            WorkerEvent::JobFinished(task)
            | WorkerEvent::JobFailed(task)
            | WorkerEvent::BrokeOff { task, .. }
            | WorkerEvent::PushedBack { task, .. } => (task.jid == jid).then_some(None),
            WorkerEvent::Beat(_) | WorkerEvent::LeftRegistry | WorkerEvent::Exited(_) => None,
        });
        last.flatten() == Some(index)
    }

    /// When it exited.
    pub(super) fn exited(&self, index: usize) -> Option<Moment> {
        let mut truth = self.truth.iter();
        truth.find_map(|(when, member, event)| {
            (*member == index && matches!(event, WorkerEvent::Exited(_))).then_some(*when)
        })
    }

    /// Whether everything that it ended was ended in order.
    pub(super) fn ended(&self, index: usize) -> Option<WorkerEnding> {
        self.members[index].worker.ended()
    }
}

/// What happened to one job on one process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Story {
    pub(super) started: usize,
    pub(super) finished: usize,
    pub(super) failed: usize,
    pub(super) pushed: usize,
    pub(super) lost: usize,
}
