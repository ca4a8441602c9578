//! What imagined Sidekiqs write into their logs, read a while later.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::world::World;
use crate::core::fleet::LogNews;
use crate::core::log::{LineOrigin, LogLine};
use crate::core::moment::Moment;
use crate::core::sidekiq::{Task, Temper, WorkerEnding, WorkerEvent};

/// The logs of a world, and how far they were read.
#[derive(Clone, Debug, Default)]
pub(super) struct Logbook {
    read: usize,
    running: HashMap<(usize, String), (String, Moment)>,
    /// The members whose logs say that they are quiet.
    quiet: HashSet<usize>,
}

impl Logbook {
    /// Where the logs are.
    pub(super) fn places(world: &World) -> Vec<LogNews> {
        let places = world.members.iter().filter_map(|member| member.local);
        places
            .map(|process| LogNews::Place {
                process,
                place: Ok("its log".into()),
            })
            .collect()
    }

    /// What was written since the last call.
    pub(super) fn written(&mut self, world: &World) -> Vec<LogLine> {
        let mut lines = Vec::new();
        for (when, member, event) in &world.truth[self.read..] {
            let Some(id) = world.members[*member].local else {
                continue;
            };
            let words = self.words(*member, *when, event);
            if world.weather.swallows(*when) {
                continue;
            }
            let read = when.after(world.weather.undated.unwrap_or_default());
            for words in words {
                let origin = LineOrigin {
                    pid: id.pid,
                    inner_pid: id.pid,
                    shared: false,
                };
                let text = format!("pid={} {words}", id.pid);
                lines.push(LogLine::new(origin, &text, read));
            }
        }
        self.read = world.truth.len();
        lines
    }

    fn words(&mut self, member: usize, when: Moment, event: &WorkerEvent) -> Vec<String> {
        match event {
            WorkerEvent::JobStarted(busy) => {
                let key = (member, busy.task.jid.clone());
                self.running.insert(key, (busy.tid.clone(), busy.since));
                let (tid, jid) = (&busy.tid, &busy.task.jid);
                vec![format!("tid={tid} class=Job jid={jid} INFO: start")]
            }
            WorkerEvent::JobFinished(task) => vec![self.end(member, when, task, "done")],
            // Its process had become quiet, and said so.
            WorkerEvent::BrokeOff { task, .. } => {
                let quiet = "tid=main INFO: Received TSTP, no longer accepting new work";
                let first = self.quiet.insert(member).then(|| quiet.to_owned());
                let end = self.end(member, when, task, "done");
                first.into_iter().chain([end]).collect()
            }
            WorkerEvent::JobFailed(task) | WorkerEvent::PushedBack { task, front: false } => {
                vec![self.end(member, when, task, "fail")]
            }
            WorkerEvent::PushedBack { task, front: true } => {
                let mut words = vec![
                    "tid=main WARN: Terminating 1 busy threads".to_owned(),
                    "tid=main INFO: Pushed 1 jobs back to Redis".to_owned(),
                ];
                if task.temper != Temper::SwallowsShutdown {
                    words.push(self.end(member, when, task, "fail"));
                }
                words
            }
            WorkerEvent::Exited(WorkerEnding::InOrder) => vec!["tid=main INFO: Bye!".to_owned()],
            WorkerEvent::JobLost(_)
            | WorkerEvent::Beat(_)
            | WorkerEvent::LeftRegistry
            | WorkerEvent::Exited(_) => Vec::new(),
        }
    }

    fn end(&self, member: usize, when: Moment, task: &Task, what: &str) -> String {
        let known = self.running.get(&(member, task.jid.clone()));
        let (tid, since) = known.cloned().unwrap_or_else(|| ("t".into(), when));
        let elapsed = when.since(since).max(Duration::from_millis(1));
        let (jid, elapsed) = (&task.jid, elapsed.as_secs_f64());
        format!("tid={tid} class=Job jid={jid} elapsed={elapsed:.3} INFO: {what}")
    }
}
