//! The words of the logs so far: the last start or end of each job on each thread, how far the
//! shutdown of each process is, and the backtraces. Beats are the other source. Of a job that is
//! not known here nothing was read.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::dump::Dumps;
use super::entry::{Happening, Milestone};
use super::form::{Form, Shape};
use super::notices::{Notice, Notices};
use super::{Entry, LogLine};
use crate::core::moment::Moment;

/// Jobs that are remembered; the oldest give way.
const MOST_JOBS: usize = 20_000;
/// Milestones that are remembered of one process: a shutdown has about five a capsule.
const MOST_MILESTONES: usize = 100;
/// Begins that are remembered, of all processes; the oldest give way.
const MOST_BEGINS: usize = 10_000;
/// Times of jobs that are kept until they are taken.
const MOST_TIMES: usize = 1000;
/// A time that a line names counts if it lies at most this long before the reading.
const LATEST: Duration = Duration::from_hours(1);
/// Starts that are remembered of one job on one thread.
const MOST_STARTS: usize = 8;
/// Threads that are remembered of one job: it may be retried on many.
const MOST_THREADS: usize = 64;
/// How far the run time that an end names may lie from the time between both lines. Sidekiq takes
/// it right after it wrote `start` and right before it writes the end; busy threads and reading
/// times make it inexact.
const APART: Duration = Duration::from_secs(2);

/// The last thing that the log of a process said of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Testimony {
    /// The statement.
    pub what: Told,
    /// When it was written, where the line says so, else when it was read.
    pub at: Moment,
    /// The thread, where the line says so.
    pub tid: Option<String>,
    /// How long the job ran, where the log says so.
    pub elapsed: Option<Duration>,
    /// Whether the process had begun to interrupt its jobs: it writes `Terminating` before it
    /// pushes anything back (7.3.9 `lib/sidekiq/manager.rb:96-120`).
    pub late: bool,
}

impl Testimony {
    /// Whether this is an end of the execution that began at `started` on thread `tid`: on its
    /// thread, and with a run time that leads back to its begin. A run time that is too short is
    /// not Sidekiq's.
    pub fn ends(&self, tid: &str, started: Moment) -> bool {
        let on_its_thread = self.tid.as_deref().is_none_or(|own| own == tid);
        let Some(elapsed) = self.elapsed else {
            return false;
        };
        let begun = self.at.before(elapsed);
        self.what != Told::Started && on_its_thread && apart(begun, started) <= APART
    }
}

/// A message of a log about a job.
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

/// The begin of a job, where its line names everything that tells one execution from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The process in whose log it stands.
    pub pid: u32,
    /// The job.
    pub jid: String,
    /// Its class.
    pub class: String,
    /// The thread that took it.
    pub tid: String,
    /// When.
    pub at: Moment,
}

/// The last word about a job on one thread.
#[derive(Clone, Debug)]
struct Kept {
    pid: u32,
    /// The formatter that wrote it.
    form: &'static Form,
    class: String,
    /// When a `start` was read, since the last end. More than one: the application wrote the word
    /// as well, or an end was not read.
    starts: Vec<Moment>,
    testimony: Testimony,
}

/// Everything read so far.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    /// The backtraces.
    pub dumps: Dumps,
    jobs: HashMap<String, Vec<Kept>>,
    order: VecDeque<String>,
    milestones: HashMap<u32, Vec<(Milestone, Moment)>>,
    /// When the first line was written that was read of each process.
    since: HashMap<u32, Moment>,
    begins: VecDeque<Begun>,
    /// How many begins were read, with those that gave way.
    begun: u64,
    /// What jobs wrote of the end that they were coming to.
    notices: Notices,
    /// How long jobs took, by their processes and classes, until it is taken.
    times: Vec<(u32, String, Duration)>,
}

impl Witness {
    /// Takes a line in. Gives a milestone of the process in whose log it stood, with its time. A
    /// line that another process wrote into the same file is left to that one.
    pub fn take(&mut self, line: &LogLine) -> Option<(Milestone, Moment)> {
        let entry = self.dumps.take(line);
        if !line.origin.wrote(entry.pid) {
            return None;
        }
        let first = self.since.entry(line.origin.pid);
        first.or_insert_with(|| written(&entry, line));
        if let Happening::Milestone(milestone) = entry.happening {
            let known = self.milestones.entry(line.origin.pid).or_default();
            let said = (milestone, written(&entry, line));
            if known.len() < MOST_MILESTONES {
                known.push(said);
            }
            return Some(said);
        }
        self.job(&entry, line);
        None
    }

    fn job(&mut self, entry: &Entry, line: &LogLine) {
        let (Some(form), Some(jid), Some(class), Some(tid)) =
            (entry.form, &entry.jid, &entry.class, &entry.tid)
        else {
            return;
        };
        let pid = line.origin.pid;
        let late = self
            .milestones(pid)
            .iter()
            .any(|(milestone, _)| matches!(milestone, Milestone::Terminating(_)));
        let what = match entry.happening {
            Happening::Start => Told::Started,
            Happening::Done => Told::Done,
            Happening::Fail if late => Told::Interrupted,
            Happening::Fail => Told::Failed,
            Happening::Notice(notice) => {
                let job = (pid, jid.clone(), tid.clone());
                self.notices.take(job, notice, written(entry, line));
                return self.still_works(pid, jid, tid);
            }
            Happening::Milestone(_)
            | Happening::Thread { .. }
            | Happening::Text
            | Happening::Continued => return self.still_works(pid, jid, tid),
        };
        let at = written(entry, line);
        let started = what == Told::Started;
        let new = Kept {
            pid,
            form,
            class: class.clone(),
            starts: if started { vec![at] } else { Vec::new() },
            testimony: Testimony {
                what,
                at,
                tid: Some(tid.clone()),
                elapsed: entry.elapsed,
                late,
            },
        };
        match self.verdict_on(&new, jid, tid) {
            Credit::Believed => {}
            Credit::Text if started => return self.start_again(pid, jid, tid, at),
            Credit::Text => return,
            Credit::Contradicts => return self.drop_job(pid, jid, tid),
        }
        if let (Told::Done, Some(elapsed)) = (what, entry.elapsed)
            && self.times.len() < MOST_TIMES
        {
            self.times.push((pid, class.clone(), elapsed));
        }
        if started {
            self.begin(Begun {
                pid,
                jid: jid.clone(),
                class: class.clone(),
                tid: tid.clone(),
                at,
            });
        }
        self.keep(jid, tid, new);
    }

    /// Whether a line about a job can be Sidekiq's own, after what was read of that job before.
    fn verdict_on(&self, new: &Kept, jid: &str, tid: &str) -> Credit {
        let Some(before) = self.on(new.pid, jid, tid) else {
            // Up to 5.x the run time is part of the message, so the application can write the same
            // line. It counts only beside the start.
            let forgeable = new.form.shape == Shape::Words && new.testimony.what != Told::Started;
            return if forgeable {
                Credit::Text
            } else {
                Credit::Believed
            };
        };
        if before.form != new.form || before.class != new.class {
            return Credit::Text;
        }
        let (starts, old, new) = (&before.starts, &before.testimony, &new.testimony);
        match (old.what, new.what) {
            // A thread starts nothing while it runs this job. Which of the two words is Sidekiq's
            // its run time will tell.
            (Told::Started, Told::Started) => Credit::Text,
            (Told::Started, Told::Done | Told::Failed | Told::Interrupted) => {
                let begun = new.at.before(new.elapsed.unwrap_or_default());
                if starts.iter().any(|start| apart(begun, *start) <= APART) {
                    Credit::Believed
                } else if starts.iter().all(|start| begun < *start) {
                    Credit::Contradicts
                } else {
                    Credit::Text
                }
            }
            (Told::Done | Told::Failed | Told::Interrupted, _) => Credit::Believed,
        }
    }

    fn start_again(&mut self, pid: u32, jid: &str, tid: &str, at: Moment) {
        let known = self.jobs.get_mut(jid).into_iter().flatten();
        for kept in known.filter(|kept| kept.is_on(pid, tid)) {
            if kept.starts.len() < MOST_STARTS {
                kept.starts.push(at);
            }
        }
    }

    /// A line of the application on the thread of a job that is `done`, in its context: the job
    /// still works, so that end was not Sidekiq's. After a failure Sidekiq itself writes more
    /// (`Adding dead … job`, 7.3.2 `lib/sidekiq/job_retry.rb:257`).
    fn still_works(&mut self, pid: u32, jid: &str, tid: &str) {
        let ended = |kept: &Kept| kept.testimony.what == Told::Done;
        if self.on(pid, jid, tid).is_some_and(ended) {
            self.drop_job(pid, jid, tid);
        }
    }

    fn on(&self, pid: u32, jid: &str, tid: &str) -> Option<&Kept> {
        let mut known = self.jobs.get(jid)?.iter();
        known.find(|kept| kept.is_on(pid, tid))
    }

    fn drop_job(&mut self, pid: u32, jid: &str, tid: &str) {
        if let Some(known) = self.jobs.get_mut(jid) {
            known.retain(|kept| !kept.is_on(pid, tid));
        }
    }

    fn begin(&mut self, begun: Begun) {
        self.begins.push_back(begun);
        self.begun += 1;
        if self.begins.len() > MOST_BEGINS {
            self.begins.pop_front();
        }
    }

    fn keep(&mut self, jid: &str, tid: &str, new: Kept) {
        if !self.jobs.contains_key(jid) {
            self.order.push_back(jid.to_owned());
        }
        let known = self.jobs.entry(jid.to_owned()).or_default();
        // The last one that spoke stands last.
        known.retain(|kept| !kept.is_on(new.pid, tid));
        known.push(new);
        if known.len() > MOST_THREADS {
            known.remove(0);
        }
        if self.order.len() > MOST_JOBS
            && let Some(oldest) = self.order.pop_front()
        {
            self.jobs.remove(&oldest);
        }
    }

    /// The last thing that the log of process `pid` said of a job, on whatever thread.
    pub fn of(&self, pid: u32, jid: &str) -> Option<&Testimony> {
        let mut known = self.jobs.get(jid)?.iter().rev();
        Some(&known.find(|kept| kept.pid == pid)?.testimony)
    }

    /// The jobs of `class` that a log says were done between `from` and `to`, in seconds since 1970.
    pub fn done_between(&self, class: &str, from: f64, to: f64) -> impl Iterator<Item = &str> {
        let is_done = move |kept: &Kept| {
            let at = kept.testimony.at.epoch();
            kept.class == class && kept.testimony.what == Told::Done && from <= at && at <= to
        };
        let jobs = self.jobs.iter();
        let done = jobs.filter(move |(_, known)| known.iter().any(&is_done));
        done.map(|(jid, _)| jid.as_str())
    }

    /// The last thing that the log of process `pid` said of a job on thread `tid`: the same JID
    /// may run on two threads at once.
    pub fn of_thread(&self, pid: u32, jid: &str, tid: &str) -> Option<&Testimony> {
        Some(&self.on(pid, jid, tid)?.testimony)
    }

    /// When a job, by its process, id and thread, last wrote `notice`.
    pub fn noticed(&self, notice: Notice, job: (u32, &str, &str)) -> Option<Moment> {
        self.notices.last(notice, job)
    }

    /// The begins that were read after the first `read`, in their order, and how many there are by
    /// now. Those that gave way meanwhile are left out.
    pub fn begins_since(&self, read: u64) -> (impl Iterator<Item = &Begun>, u64) {
        let new = usize::try_from(self.begun.saturating_sub(read)).unwrap_or(usize::MAX);
        let from = self.begins.len().saturating_sub(new);
        (self.begins.range(from..), self.begun)
    }

    /// How long the jobs took that ended by themselves since this was asked last, with the pid
    /// of the process and the class of each.
    pub fn take_times(&mut self) -> Vec<(u32, String, Duration)> {
        std::mem::take(&mut self.times)
    }

    /// When the first line was written that was read of process `pid`: what it wrote since is
    /// known.
    pub fn since(&self, pid: u32) -> Option<Moment> {
        self.since.get(&pid).copied()
    }

    /// The milestones of a process, in their order.
    pub fn milestones(&self, pid: u32) -> &[(Milestone, Moment)] {
        self.milestones.get(&pid).map_or(&[], Vec::as_slice)
    }

    /// Forgets how far a process was: another one has its pid now.
    pub fn forget(&mut self, pid: u32) {
        self.milestones.remove(&pid);
        self.since.remove(&pid);
        for begun in self.begins.iter_mut().filter(|begun| begun.pid == pid) {
            begun.pid = 0;
        }
    }
}

/// The worth of a line about a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Credit {
    /// It is Sidekiq's own.
    Believed,
    /// The application wrote it.
    Text,
    /// It does not fit the start that was read: then neither of them is known to be Sidekiq's.
    Contradicts,
}

impl Kept {
    fn is_on(&self, pid: u32, tid: &str) -> bool {
        self.pid == pid && self.testimony.tid.as_deref() == Some(tid)
    }
}

fn apart(one: Moment, other: Moment) -> Duration {
    one.since(other).max(other.since(one))
}

/// When an entry was written, on our clock; never later than it was read.
fn written(entry: &Entry, line: &LogLine) -> Moment {
    let ago = entry
        .time
        .map(|time| line.at.wall().duration_since(time))
        .and_then(|ago| Duration::try_from(ago).ok())
        .filter(|ago| *ago < LATEST);
    line.at.before(ago.unwrap_or_default())
}
