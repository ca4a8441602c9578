//! The iteration states that a world's Redis holds: what `it-<jid>` of an `IterableJob` would be; and
//! the titles of its processes.

use std::time::Duration;

use super::world::{Member, World};
use crate::core::fleet::Title;
use crate::core::moment::Moment;
use crate::core::sidekiq::{Temper, WorkerEvent};

impl World {
    /// Whether Redis holds the iteration state of a job: 5 s after it first began, or once it has
    /// broken off, until it is complete.
    pub(super) fn keeps_state(&self, jid: &str, now: Moment) -> bool {
        let (mut kept, mut running) = (false, None::<Moment>);
        let written = |since: Moment, until: Moment| until.since(since) >= Duration::from_secs(5);
        for (when, _, event) in &self.truth {
            match event {
                WorkerEvent::JobStarted(busy) if busy.task.jid == jid => {
                    let iterates = matches!(busy.task.temper, Temper::Iterates(_));
                    running = iterates.then_some(busy.since);
                }
                WorkerEvent::PushedBack { task, front } if task.jid == jid => {
                    kept |= !front || running.is_some_and(|since| written(since, *when));
                    running = None;
                }
                WorkerEvent::JobLost(task) if task.jid == jid => {
                    kept |= running.is_some_and(|since| written(since, *when));
                    running = None;
                }
                WorkerEvent::JobFinished(task) if task.jid == jid => {
                    (kept, running) = (false, None);
                }
                WorkerEvent::JobStarted(_)
                | WorkerEvent::JobFinished(_)
                | WorkerEvent::JobFailed(_)
                | WorkerEvent::PushedBack { .. }
                | WorkerEvent::BrokeOff { .. }
                | WorkerEvent::JobLost(_)
                | WorkerEvent::Beat(_)
                | WorkerEvent::LeftRegistry
                | WorkerEvent::Exited(_) => {}
            }
        }
        kept || running.is_some_and(|since| written(since, now))
    }
}

impl Member {
    /// The title of its process as a beat writes it, with or without Redis.
    pub(super) fn title(&self) -> Title {
        let config = self.worker.config();
        let beat = self.shown.as_ref().map(|shown| &shown.beat);
        Title::Beating {
            version: config.version.to_string(),
            tag: config.tag.clone(),
            busy: beat.map_or(0, |beat| beat.busy.len() as u64),
            concurrency: config.threads as u64,
            stopping: beat.is_some_and(|beat| beat.quiet),
        }
    }
}
