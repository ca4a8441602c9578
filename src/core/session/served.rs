//! The queues of the targets while a drain runs: who still takes jobs from them, and how long
//! nobody did, in the last record.

use std::time::Duration;

use super::Session;
use crate::core::drain::{Effect, Event, QueueServed, Run, Standing, UnservedTime};
use crate::core::fleet::ProcessKey;
use crate::core::follow::{QueueGap, ServedQueue, ServedQueues, Stopped};
use crate::core::moment::{Moment, Seconds};

/// How a target stopped to take jobs, by what the run has proven.
fn stopped(run: &Run, key: &ProcessKey) -> Option<Stopped> {
    match run.ledger().target(key)?.standing {
        Standing::Quiet { since } => Some((since, "became quiet")),
        Standing::Idle { since } => Some((since, "became idle")),
        Standing::Exited { at, .. } => Some((at, "exited")),
        Standing::Alive | Standing::LeftOut { .. } => None,
    }
}

impl Session {
    /// A drain has begun: from now on the queues of its targets are followed.
    pub(super) fn begin_queues(&mut self) {
        let Some(run) = &self.run else {
            return;
        };
        let targets = run
            .ledger()
            .targets()
            .iter()
            .map(|target| target.key.clone());
        let served = ServedQueues::of(&run.plan().run, targets.collect(), &self.fleet);
        self.following.queues = served;
    }

    /// Follows the queues of the targets, and tells of them in the last record among `effects`.
    pub(super) fn follow_queues(&mut self, effects: &mut [Effect], now: Moment) {
        let Some(run) = &self.run else {
            return;
        };
        let queues = &mut self.following.queues;
        let is_last = |effect: &Effect| matches!(effect, Effect::Note(record) if matches!(record.event, Event::Finished { .. }));
        let ends = effects.iter().any(is_last);
        if !run.phase().is_over() || ends {
            queues.observe(&self.fleet, |key| stopped(run, key), now);
        }
        let started = run.pace().started;
        for effect in effects {
            if let Effect::Note(record) = effect
                && let Event::Finished { queues: told, .. } = &mut record.event
            {
                let all = queues.told(&run.plan().run);
                let row = |(name, queue)| row(name, queue, started, now);
                *told = all.map(|all| all.map(row).collect());
            }
        }
    }
}

fn row(name: &str, queue: &ServedQueue, started: Moment, now: Moment) -> QueueServed {
    let length = |gap: &QueueGap| {
        let until = gap.until.as_ref().map_or(now, |(at, _)| *at);
        until.since(gap.since)
    };
    let total: Duration = queue.gaps.iter().map(length).sum();
    let gap = |gap: &QueueGap| UnservedTime {
        from_t_s: Seconds(gap.since.since(started)),
        until_t_s: gap.until.as_ref().map(|(at, _)| Seconds(at.since(started))),
        since: gap.by.clone(),
        again: gap.until.as_ref().map(|(_, name)| name.clone()),
    };
    QueueServed {
        queue: name.to_owned(),
        unserved_s: (!queue.is_doubtful).then_some(Seconds(total)),
        still: queue.gaps.last().is_some_and(|gap| gap.until.is_none()),
        gaps: queue.gaps.iter().map(gap).collect(),
    }
}
