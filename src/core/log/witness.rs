//! What the logs have said so far: of each job its last start or end, of each process how far
//! its shutdown is, and the backtraces. A witness beside the beats; a job that it does not know
//! is one of which nothing was read.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::dump::Dumps;
use super::entry::{Happening, Milestone};
use super::{Entry, LogLine};
use crate::core::moment::Moment;

/// Jobs that are remembered; the oldest give way.
const MOST_JOBS: usize = 20_000;
/// Milestones that are remembered of one process: a shutdown has about five a capsule.
const MOST_MILESTONES: usize = 100;
/// Begins that are remembered, of all processes; the oldest give way.
const MOST_BEGINS: usize = 10_000;
/// Times of jobs that are kept until somebody takes them.
const MOST_TIMES: usize = 1000;
/// A time that a line names counts if it lies at most this long before the reading.
const LATEST: Duration = Duration::from_hours(1);

/// The last thing that the log of a process said of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Testimony {
    /// What.
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

/// What a log can tell of a job.
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

/// Everything read so far.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    /// The backtraces.
    pub dumps: Dumps,
    jobs: HashMap<String, Vec<(u32, Testimony)>>,
    order: VecDeque<String>,
    milestones: HashMap<u32, Vec<(Milestone, Moment)>>,
    /// When the first line was written that was read of each process.
    since: HashMap<u32, Moment>,
    begins: VecDeque<Begun>,
    /// How many begins were read, with those that gave way.
    begun: u64,
    /// How long jobs took, by their processes and classes, until somebody takes it.
    times: Vec<(u32, String, Duration)>,
}

impl Witness {
    /// Takes a line in. Gives a milestone of the process in whose log it stood, with its
    /// time. What another process wrote into the same file is that one's.
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
        let Some(jid) = &entry.jid else { return };
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
            Happening::Milestone(_)
            | Happening::Thread { .. }
            | Happening::Text
            | Happening::Continued => return,
        };
        if let (Told::Done, Some(class), Some(elapsed)) = (what, &entry.class, entry.elapsed)
            && self.times.len() < MOST_TIMES
        {
            self.times.push((pid, class.clone(), elapsed));
        }
        let at = written(entry, line);
        if let (Told::Started, Some(class), Some(tid)) = (what, &entry.class, &entry.tid) {
            self.begin(Begun {
                pid,
                jid: jid.clone(),
                class: class.clone(),
                tid: tid.clone(),
                at,
            });
        }
        let testimony = Testimony {
            what,
            at,
            tid: entry.tid.clone(),
            elapsed: entry.elapsed,
            late,
        };
        self.keep(pid, jid, testimony);
    }

    fn begin(&mut self, begun: Begun) {
        self.begins.push_back(begun);
        self.begun += 1;
        if self.begins.len() > MOST_BEGINS {
            self.begins.pop_front();
        }
    }

    fn keep(&mut self, pid: u32, jid: &str, testimony: Testimony) {
        let known = self.jobs.entry(jid.to_owned()).or_default();
        if known.is_empty() {
            self.order.push_back(jid.to_owned());
        }
        match known.iter_mut().find(|(source, _)| *source == pid) {
            Some((_, last)) => *last = testimony,
            None => known.push((pid, testimony)),
        }
        if self.order.len() > MOST_JOBS
            && let Some(oldest) = self.order.pop_front()
        {
            self.jobs.remove(&oldest);
        }
    }

    /// The last thing that the log of process `pid` said of a job.
    pub fn of(&self, pid: u32, jid: &str) -> Option<&Testimony> {
        let known = self.jobs.get(jid)?;
        let (_, testimony) = known.iter().find(|(source, _)| *source == pid)?;
        Some(testimony)
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

/// When an entry was written, on our clock; never later than it was read.
fn written(entry: &Entry, line: &LogLine) -> Moment {
    let ago = entry
        .time
        .map(|time| line.at.wall().duration_since(time))
        .and_then(|ago| Duration::try_from(ago).ok())
        .filter(|ago| *ago < LATEST);
    line.at.before(ago.unwrap_or_default())
}
