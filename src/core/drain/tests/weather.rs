//! What goes wrong around a drain: jobs that failed come back, strangers send signals, a look falls
//! into the rewrite of a work hash, a beat is written long after its jobs were read, a log has
//! gaps.

use std::time::Duration;

use super::world::World;
use crate::core::fleet::{Look, ServerIdentity};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use crate::core::sidekiq::{Busy, Task, WorkerEvent};

/// The weather of a world; calm unless somebody says otherwise.
#[derive(Clone, Debug, Default)]
pub(super) struct Weather {
    /// So long after it failed a job stands in its queue again; `None`: it stays in its set.
    pub(super) retries_after: Option<Duration>,
    /// The jobs that come back, and when.
    pub(super) returning: Vec<(Moment, Task)>,
    /// Signals that somebody else sends, to which member.
    pub(super) strangers: Vec<(Moment, usize, Signal)>,
    /// When a member freezes, and whether the kernel shows it.
    pub(super) freezes: Vec<(Moment, usize, bool)>,
    /// One look in so many sees work hashes that are being rewritten; 0: none.
    pub(super) torn: u64,
    /// So long before a beat is written its jobs were read.
    pub(super) stale: Duration,
    /// What was written into a log meanwhile is never read.
    pub(super) gaps: Vec<(Moment, Moment)>,
    /// The lines of logs bear no time: each counts from its reading, so much later.
    pub(super) undated: Option<Duration>,
    /// When Redis loses all that it has, and whether as a server that was started anew; else it was
    /// flushed.
    pub(super) empties: Vec<(Moment, bool)>,
    /// Whether its counter of processed jobs is gone: a beat brings it back.
    pub(super) counterless: bool,
    /// How often it was started anew.
    pub(super) restarts: u32,
    /// Whether missing jobs are searched for and pushed back.
    pub(super) salvages: bool,
}

impl Weather {
    /// Whether a line written `when` is lost.
    pub(super) fn swallows(&self, when: Moment) -> bool {
        let mut gaps = self.gaps.iter();
        gaps.any(|(from, to)| *from <= when && when < *to)
    }
}

impl World {
    /// When the weather changes something next.
    pub(super) fn next_gust(&self) -> Option<Moment> {
        let returning = self.weather.returning.iter().map(|(when, _)| *when);
        let strangers = self.weather.strangers.iter().map(|(when, _, _)| *when);
        let empties = self.weather.empties.iter().map(|(when, _)| *when);
        let freezes = self.weather.freezes.iter().map(|(when, ..)| *when);
        let gusts = returning.chain(strangers).chain(empties).chain(freezes);
        gusts.min()
    }

    /// Does what the weather has due by `now`.
    pub(super) fn blow(&mut self, now: Moment) {
        let mut weather = std::mem::take(&mut self.weather);
        weather.returning.retain(|(when, task)| {
            if *when <= now {
                self.retry.remove(&task.jid);
                self.queue.push_front(task.clone());
            }
            *when > now
        });
        weather.strangers.retain(|(when, index, signal)| {
            if *when <= now {
                self.members[*index].signal(*signal, now);
            }
            *when > now
        });
        weather.freezes.retain(|(when, index, suspended)| {
            if *when <= now {
                self.members[*index].freeze(*suspended, now);
            }
            *when > now
        });
        let due = |(when, _): &(Moment, bool)| *when <= now;
        if let Some(index) = weather.empties.iter().position(due) {
            let (_, anew) = weather.empties.remove(index);
            weather.restarts += u32::from(anew);
            weather.returning.clear();
            weather.counterless = true;
            self.forget();
        }
        self.weather = weather;
    }

    /// Redis holds nothing any more. A process that lives is there again with its next beat.
    fn forget(&mut self) {
        self.queue.clear();
        self.retry.clear();
        for member in &mut self.members {
            member.shown = None;
        }
    }

    /// A look, with what tells this Redis from one that lost what it had.
    pub(super) fn of_this_redis(&self, look: Look) -> Look {
        let server = ServerIdentity {
            run_id: format!("run{}", self.weather.restarts),
            replication: None,
        };
        Look {
            server: Some(server),
            counter: Some(!self.weather.counterless),
            ..look
        }
    }

    /// A job that failed comes back, if it does. A beat writes the counter.
    pub(super) fn retries(&mut self, when: Moment, event: &WorkerEvent) {
        self.weather.counterless &= !matches!(event, WorkerEvent::Beat(_));
        if let (WorkerEvent::JobFailed(task), Some(after)) = (event, self.weather.retries_after) {
            let due = when.after(after);
            self.weather.returning.push((due, task.clone()));
        }
    }

    /// What a look at `asked` sees of the jobs of a member that beat `at`, and its busy count.
    pub(super) fn seen(
        &self,
        index: usize,
        (at, beat): (Moment, &[Busy]),
        asked: Moment,
    ) -> (Vec<Busy>, u64) {
        let read = at.before(self.weather.stale);
        let shown = beat.iter().filter(|busy| busy.since <= read).cloned();
        let shown: Vec<Busy> = shown.collect();
        let busy = shown.len() as u64;
        let beaten = at.since_boot();
        let chance =
            mixed(u64::from(beaten.subsec_nanos()) ^ (beaten.as_secs() << 30) ^ index as u64);
        // The work hash is rewritten just before the next beat (6.4.2 to 7.2.2), and stays so. A
        // process that has exited by then rewrites nothing.
        let worker = &self.members[index].worker;
        let period = Duration::from_secs(worker.config().version.beat_seconds());
        let ahead = Duration::from_millis((chance >> 50) % 1000);
        let rewritten = at.after(period).before(ahead);
        let due = asked > rewritten && asked > at;
        let lives = self.exited(index).is_none_or(|exited| exited > rewritten);
        if !due || !lives || self.weather.torn == 0 || !chance.is_multiple_of(self.weather.torn) {
            return (shown, busy);
        }
        let running = worker.running().enumerate();
        let part = running.filter(|(number, _)| (chance >> (number + 20)) & 1 == 1);
        (part.map(|(_, busy)| busy.clone()).collect(), busy)
    }
}

/// A number that looks like chance.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 31)).wrapping_mul(0x7fb5_d329_728e_a185);
    let number = (number ^ (number >> 27)).wrapping_mul(0x81da_def4_bc2d_d44d);
    number ^ (number >> 33)
}
