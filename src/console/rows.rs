//! The rows of the two tables, and their order. Rows borrow from the session; nothing is
//! formatted here, so that ten thousand of them cost little.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::time::Duration;

use super::filter::Filter;
use super::grouping::Grouping;
use super::process_state::Belongs;
use crate::core::fleet::{Job, Process, ProcessKey};
use crate::core::moment::Moment;
use crate::core::outlook::{Stilled, back_already, stilled};
use crate::core::session::Session;
use crate::core::stuck::Stuck;

/// The order of the job table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The rows that hold the drain up first: jobs of targets, the longest running before the
    /// others.
    #[default]
    HoldsUp,
    /// Longest running first, wherever it runs.
    Elapsed,
    /// By queue.
    Queue,
    /// By class.
    Class,
    /// By process.
    Process,
}

impl Sort {
    /// The next order.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::HoldsUp => Self::Elapsed,
            Self::Elapsed => Self::Queue,
            Self::Queue => Self::Class,
            Self::Class => Self::Process,
            Self::Process => Self::HoldsUp,
        }
    }

    /// Its name on the screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::HoldsUp => "what the drain waits for",
            Self::Elapsed => "elapsed",
            Self::Queue => "queue",
            Self::Class => "class",
            Self::Process => "process",
        }
    }
}

/// How the two tables are listed, and what the journal page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Only processes and jobs that these words fit.
    pub filter: String,
    /// Only lines of the journal page that these words fit.
    pub journal: String,
    /// Whether a filter is being typed.
    pub typing: bool,
    /// The order of the jobs.
    pub sort: Sort,
    /// Whether arguments are shown.
    pub arguments: bool,
    /// Whether processes of other applications and of other hosts have rows of their own.
    pub unfolded: bool,
    /// What the processes are grouped by.
    pub grouping: Grouping,
    /// The groups whose processes have no rows, by their names.
    pub folded: BTreeSet<String>,
}

impl Listing {
    /// Whether processes of other applications and of other hosts have rows. In groups all have
    /// them.
    pub fn lists_all(&self) -> bool {
        self.unfolded || self.grouping != Grouping::None
    }

    /// The same tables, whole.
    pub(super) fn unfiltered(&self) -> Self {
        Self {
            filter: String::new(),
            ..self.clone()
        }
    }
}

/// An execution of a job in one thread: what a selection holds on to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobKey {
    /// Where it runs.
    pub process: ProcessKey,
    /// In which thread.
    pub tid: String,
    /// Which job.
    pub jid: Option<String>,
}

/// A row of the job table.
#[derive(Clone, Copy, Debug)]
pub struct JobRow<'a> {
    /// Where it runs.
    pub key: &'a ProcessKey,
    /// Its process.
    pub process: &'a Process,
    /// The job.
    pub job: &'a Job,
    /// Whether its process is a target.
    pub drained: bool,
    /// Why its process is known to run nothing more.
    pub stilled: Option<Stilled>,
    /// Whether it was seen back in its queue, or runs again elsewhere.
    pub back: bool,
}

impl JobRow<'_> {
    /// The key that a selection of this row holds on to.
    pub fn job_key(&self) -> JobKey {
        JobKey {
            process: self.key.clone(),
            tid: self.job.work.tid.clone(),
            jid: self.job.work.jid.clone(),
        }
    }

    /// Whether it is the row of `key`.
    pub fn is(&self, key: &JobKey) -> bool {
        *self.key == key.process
            && self.job.work.tid == key.tid
            && self.job.work.jid.as_deref() == key.jid.as_deref()
    }

    /// How long it has been running; as long as it can have, where its process is still.
    pub fn elapsed(&self, now: Moment) -> Option<Duration> {
        self.job.elapsed(self.stilled.map_or(now, Stilled::since))
    }

    /// Whether it holds nothing up any more.
    pub(super) fn is_done(&self) -> bool {
        self.back || self.stilled.is_some()
    }
}

/// The rows that the process table folds into one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// Names of the processes of this host that are of another application or Redis.
    pub other_applications: Vec<String>,
    /// How many processes run on other hosts.
    pub other_hosts: u64,
    /// How many are listed in Redis and have left nothing else there: they are dead.
    pub dead: u64,
    /// How many more of these are only counted: they have no rows.
    pub counted: u64,
    /// How many of those that have rows the filter would list.
    pub fitting: u64,
}

impl Folded {
    /// Whether nothing is folded that could be shown.
    pub fn is_empty(&self) -> bool {
        self.rows() == 0
    }

    /// How many rows are folded.
    pub fn rows(&self) -> u64 {
        self.other_applications.len() as u64 + self.other_hosts + self.dead
    }
}

/// The processes that pass the filter of `listing`, the targets first, by host name and pid as
/// numbers. Unfolded, those of other applications and of other hosts too; also where there is no
/// other.
pub fn process_rows<'a>(
    session: &'a Session,
    targets: &[ProcessKey],
    listing: &Listing,
) -> Vec<(&'a ProcessKey, &'a Process)> {
    let belongs = |key: &ProcessKey, process: &Process| {
        Belongs::of(&session.fleet, key, process, is_target(key, targets))
    };
    let mut rows: Vec<_> = session.fleet.processes.iter().collect();
    if !listing.lists_all() && !shows_all(session, targets) {
        rows.retain(|(key, process)| !belongs(key, process).is_folded());
    }
    let filter = Filter::of(&listing.filter);
    rows.retain(|(_, process)| filter.fits_process(process));
    let draining = session.is_draining();
    rows.sort_by_cached_key(|(key, process)| {
        let mut belongs = belongs(key, process);
        // Before a drain a mark moves no row.
        if !draining && matches!(belongs, Belongs::Target | Belongs::Ours) {
            belongs = if process.is_ours() {
                Belongs::Target
            } else {
                Belongs::OtherApplication
            };
        }
        (belongs, process.exited(), name_and_pid(process))
    });
    rows
}

/// Whether nothing but what would be folded is known.
fn shows_all(session: &Session, targets: &[ProcessKey]) -> bool {
    let mut processes = session.fleet.processes.iter();
    processes.all(|(key, process)| {
        Belongs::of(&session.fleet, key, process, is_target(key, targets)).is_folded()
    })
}

/// The folded rows, where the table is folded, whatever the filter.
pub fn folded(session: &Session, targets: &[ProcessKey], listing: &Listing) -> Folded {
    let mut folded = Folded {
        counted: session.fleet.dead.counted(),
        ..Folded::default()
    };
    if listing.lists_all() || shows_all(session, targets) {
        return folded;
    }
    let filter = Filter::of(&listing.filter);
    for (key, process) in &session.fleet.processes {
        let rows = folded.rows();
        match Belongs::of(&session.fleet, key, process, is_target(key, targets)) {
            Belongs::OtherApplication if process.exited() => {}
            Belongs::OtherApplication => folded.other_applications.push(process.name()),
            Belongs::OtherHost if process.is_ghost() => folded.dead += 1,
            Belongs::OtherHost => folded.other_hosts += 1,
            Belongs::Target | Belongs::Ours | Belongs::Vanished => {}
        }
        folded.fitting += u64::from(folded.rows() > rows && filter.fits_process(process));
    }
    folded
}

/// Its host name and its pid as a number: `app-1:59` stands before `app-1:332`.
fn name_and_pid(process: &Process) -> (String, u32) {
    let name = process.name();
    match name.rsplit_once(':') {
        Some((host, pid)) => (host.to_owned(), pid.parse().unwrap_or(u32::MAX)),
        None => (name, 0),
    }
}

/// Whether `key` is among `targets`.
pub fn is_target(key: &ProcessKey, targets: &[ProcessKey]) -> bool {
    targets.contains(key)
}

/// The jobs that pass the filter of `listing`, in its order. Those of an ended process are listed
/// only while a drain still finds out what became of them.
pub fn job_rows<'a>(
    session: &'a Session,
    targets: &[ProcessKey],
    listing: &Listing,
) -> Vec<JobRow<'a>> {
    let filter = Filter::of(&listing.filter);
    let all = listing.lists_all() || shows_all(session, targets);
    let draining = session.is_draining();
    let run = session.active_run();
    let back = run.map(back_already).unwrap_or_default();
    let mut rows = Vec::new();
    for (key, process) in &session.fleet.processes {
        let drained = is_target(key, targets);
        let folded = !all && Belongs::of(&session.fleet, key, process, drained).is_folded();
        if folded || process.exited() && !(draining && drained) {
            continue;
        }
        let stilled = run.and_then(|run| stilled(run.ledger().target(key)?));
        let is_back = |job: &Job| {
            let jid = job.work.jid.as_deref();
            jid.is_some_and(|jid| back.contains(&(key, jid)))
        };
        let fitting = process.jobs.iter();
        let fitting = fitting.filter(|job| filter.fits_job(process, job));
        rows.extend(fitting.map(|job| JobRow {
            key,
            process,
            job,
            drained,
            stilled,
            back: is_back(job),
        }));
    }
    rows.sort_by(|one, other| order(listing.sort, one, other));
    rows
}

fn order(sort: Sort, one: &JobRow<'_>, other: &JobRow<'_>) -> Ordering {
    // No start known sorts before all others: it may be the oldest of them.
    let longest = || one.job.started.cmp(&other.job.started);
    let tie = || {
        one.key
            .cmp(other.key)
            .then_with(|| one.job.work.tid.cmp(&other.job.work.tid))
    };
    let first = match sort {
        Sort::HoldsUp => (!one.drained, one.is_done())
            .cmp(&(!other.drained, other.is_done()))
            .then_with(longest),
        Sort::Elapsed => longest(),
        Sort::Queue => one
            .job
            .work
            .queue
            .cmp(&other.job.work.queue)
            .then_with(longest),
        Sort::Class => one
            .job
            .work
            .class
            .cmp(&other.job.work.class)
            .then_with(longest),
        Sort::Process => one.key.cmp(other.key).then_with(longest),
    };
    first.then_with(tie)
}

/// Why the job of `row` looks stuck, the heaviest reason first. `budget` is that of its process,
/// where it is drained.
pub fn stuck(
    session: &Session,
    row: &JobRow<'_>,
    budget: Option<Duration>,
    now: Moment,
) -> Vec<Stuck> {
    if row.is_done() {
        return Vec::new();
    }
    let spans = (row.elapsed(now), budget);
    let place = (row.key, row.process);
    session
        .following
        .reasons(&session.fleet, place, row.job, spans, now)
}
