//! Every job that a look has shown, followed from look to look, also before a drain: how long
//! the jobs of a class take until they leave, where those went that left, and which processes show
//! more jobs than threads. Its memory is bounded by what runs now and by the limits below. It
//! decides nothing.

mod cancels;
mod departed;
mod served;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Duration;

use super::fleet::{Fleet, Job, Listed, Process, ProcessKey};
use super::log::Told;
use super::moment::Moment;
use super::stuck::{self, Stuck, StuckFacts, Usual};

pub use cancels::{Cancel, CancelAnswer, CancelState, CancelTarget, Cancels};
pub use departed::{Departed, Left, Went};
pub use served::{QueueGap, ServedQueue, ServedQueues, Stopped};

/// Classes of which times are kept, and times of each.
const CLASSES: usize = 500;
const SAMPLES: usize = 32;

/// The memory from look to look.
#[derive(Clone, Debug, Default)]
pub struct Following {
    /// The jobs that left, and where they went.
    pub departed: Departed,
    /// The jobs that the operator cancelled, and how far each of them is.
    pub cancels: Cancels,
    /// The queues of the targets of a drain.
    pub queues: ServedQueues,
    looked: Option<Moment>,
    /// The jobs of the last look, by process and thread.
    jobs: HashMap<(ProcessKey, String), Job>,
    times: BTreeMap<String, VecDeque<Duration>>,
    /// Processes with fewer worker threads than jobs: the beat that showed it first.
    short: HashMap<ProcessKey, f64>,
}

impl Following {
    /// Takes in what the fleet shows after a look.
    pub fn observe(&mut self, fleet: &Fleet, now: Moment) {
        if fleet.looked.is_none() || fleet.looked == self.looked {
            return;
        }
        self.looked = fleet.looked;
        let jobs = fleet.processes.iter().flat_map(|(key, process)| {
            let jobs = process.jobs.iter();
            jobs.map(|job| ((key.clone(), job.work.tid.clone()), job.clone()))
        });
        let before = std::mem::replace(&mut self.jobs, jobs.collect());
        self.learn(&before, fleet);
        self.departed.observe(fleet, now);
        self.count_threads(fleet, now);
    }

    /// A job of `class` took so long, from its own log line or a look that missed it.
    pub fn took(&mut self, class: &str, span: Duration) {
        if !self.times.contains_key(class) && self.times.len() >= CLASSES {
            return;
        }
        let times = self.times.entry(class.into()).or_default();
        if times.len() == SAMPLES {
            times.pop_front();
        }
        times.push_back(span);
    }

    /// The usual run time of `class`; `None` while too few were seen to end.
    pub fn usual(&self, class: &str) -> Option<Usual> {
        let times = self.times.get(class)?;
        let mut sorted: Vec<Duration> = times.iter().copied().collect();
        sorted.sort();
        let span = *sorted.get(sorted.len() / 2)?;
        let seen = sorted.len();
        (seen >= stuck::ENOUGH).then_some(Usual { span, seen })
    }

    /// Why a job looks stuck; `elapsed` and `budget` as the screen shows them.
    pub fn reasons(
        &self,
        fleet: &Fleet,
        (key, process): (&ProcessKey, &Process),
        job: &Job,
        (elapsed, budget): (Option<Duration>, Option<Duration>),
        now: Moment,
    ) -> Vec<Stuck> {
        let beat = process.beat.as_ref();
        // Without a fresh look it is the link that is silent.
        let beat = beat.filter(|_| fleet.look_is_fresh(now));
        let newer = beat.is_some_and(|beat| beat.host_time - job.beat > 1e-6);
        let short = self.short.get(key).zip(beat);
        let short = short.is_some_and(|(first, beat)| beat.host_time - first > 1e-6);
        stuck::reasons(&StuckFacts {
            elapsed,
            budget,
            silent: beat.map(|beat| beat.age(now)),
            unshown: newer.then(|| now.since(job.seen)),
            threads: worker_threads(process, now)
                .filter(|_| short)
                .map(|threads| (threads, process.jobs.len())),
            usual: self.usual(&job.work.class).filter(|_| !job.iterable),
        })
    }

    /// The times of the jobs that left by themselves: a later beat of their living process, which
    /// still fetches, shows them no more, and no other process runs them. Between two beats nobody
    /// looks, so a time is at most one beat too long, and a job shorter than a beat is mostly
    /// not among them: both make what is usual longer, never shorter.
    fn learn(&mut self, before: &HashMap<(ProcessKey, String), Job>, fleet: &Fleet) {
        let still = |place, job: &Job| {
            let now = self.jobs.get(place);
            now.is_some_and(|now: &Job| now.is(&job.work))
        };
        let left = before.iter().filter(|(place, job)| !still(*place, job));
        let left: Vec<(&ProcessKey, &Job)> = left.map(|((key, _), job)| (key, job)).collect();
        if left.is_empty() {
            return;
        }
        let jids = self.jobs.values().filter_map(|job| job.work.jid.as_deref());
        let running: HashSet<&str> = jids.collect();
        let ended = left.into_iter().filter_map(|(key, job)| {
            let process = fleet.get(key).filter(|process| works(process))?;
            let runs = (job.work.jid.as_deref()).is_some_and(|jid| running.contains(jid));
            let span = process.beat.as_ref()?.at.since(job.started?);
            (!job.iterable && !runs && !is_told(fleet, key, job))
                .then(|| (job.work.class.clone(), span))
        });
        for (class, span) in ended.collect::<Vec<_>>() {
            self.took(&class, span);
        }
    }

    /// Notes which processes show more jobs than they have worker threads. One that is quiet has
    /// them end beside its jobs, and beats later: it tells nothing.
    fn count_threads(&mut self, fleet: &Fleet, now: Moment) {
        self.short
            .retain(|key, _| fleet.processes.contains_key(key));
        for (key, process) in &fleet.processes {
            let threads = worker_threads(process, now).filter(|_| works(process));
            let beat = process.beat.as_ref();
            match threads.zip(beat) {
                Some((threads, beat)) if threads < process.jobs.len() => {
                    self.short.entry(key.clone()).or_insert(beat.host_time);
                }
                Some(_) | None => {
                    self.short.remove(key);
                }
            }
        }
    }
}

/// Whether it beats, fetches and lives, as far as is known.
fn works(process: &Process) -> bool {
    process.listed == Listed::Yes && !process.exited() && !process.says_quiet()
}

/// Whether its log has said how the job ended: how long it took is known from there, and better.
fn is_told(fleet: &Fleet, key: &ProcessKey, job: &Job) -> bool {
    let (ProcessKey::Local(id), Some(jid)) = (key, &job.work.jid) else {
        return false;
    };
    let said = fleet.logs.witness.of(id.pid, jid);
    said.is_some_and(|said| match said.what {
        Told::Done => said.elapsed.is_some(),
        Told::Failed | Told::Interrupted => true,
        Told::Started => false,
    })
}

/// Its worker threads, where they are named and were just counted.
fn worker_threads(process: &Process, now: Moment) -> Option<usize> {
    let threads = process.local.as_ref()?.threads?;
    let fresh = threads.heartbeat && now.since(threads.at) < Duration::from_secs(3);
    fresh.then_some(threads.processors)
}

#[cfg(test)]
mod tests;
