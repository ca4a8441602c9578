//! The knowledge that the account of a run has of a job. All that an outlook reads of that account
//! is read here.

use std::collections::HashSet;

use super::{Becomes, Reason};
use crate::core::drain::{Run, Standing, Target};
use crate::core::fate::{Execution, Fate};
use crate::core::fleet::{Job, ProcessKey};
use crate::core::moment::Moment;

/// Why a target runs nothing more, and since when that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stilled {
    /// Its process has ended.
    Exited(Moment),
    /// It is proven idle.
    Idle(Moment),
}

impl Stilled {
    /// Since when that is known.
    pub fn since(self) -> Moment {
        match self {
            Self::Exited(at) | Self::Idle(at) => at,
        }
    }
}

/// Whether `target` is known to run nothing more.
pub fn stilled(target: &Target) -> Option<Stilled> {
    match target.standing {
        Standing::Exited { at, .. } => Some(Stilled::Exited(at)),
        Standing::Idle { since } => Some(Stilled::Idle(since)),
        Standing::Alive | Standing::Quiet { .. } | Standing::LeftOut { .. } => None,
    }
}

/// The answer of the account about `job`, before any forecast.
pub(super) fn of<'a>(
    run: &'a Run,
    target: &'a Target,
    job: &Job,
    now: Moment,
) -> Option<(Becomes, Reason<'a>)> {
    let jid = job.work.jid.as_deref()?;
    let told = run.ledger().account().find(&target.key, jid);
    // A job that its log says has ended runs no more, whatever an old heartbeat shows.
    if let Some(ruling) = told.and_then(Execution::ruling)
        && (stilled(target).is_some() || ruling.fate != Fate::Unknown)
    {
        return Some((Becomes::Ended(ruling.fate), Reason::Recorded(&ruling.why)));
    }
    match stilled(target) {
        Some(Stilled::Exited(_)) => return Some((Becomes::Sought, Reason::ProcessEnded)),
        Some(Stilled::Idle(_)) => return Some((Becomes::Sought, Reason::ProcessIdle)),
        None => {}
    }
    if told?.is_back() {
        return Some((Becomes::Back, Reason::SeenBack));
    }
    let due = target.interrupt().filter(|due| *due <= now)?;
    Some((Becomes::Overdue, Reason::PushBackWasDue(due)))
}

/// The fates of the jobs of an ended `target`; `None` where the search goes on.
pub(super) fn fates<'a>(run: &'a Run, target: &Target) -> impl Iterator<Item = Option<Fate>> + 'a {
    let executions = run.ledger().account().of(&target.key);
    executions.map(Execution::fate)
}

/// The fates of the jobs of a living `target` that no heartbeat shows any more.
pub(super) fn left(run: &Run, target: &Target, shown: &[Job]) -> Vec<Fate> {
    let shown: HashSet<&str> = shown
        .iter()
        .filter_map(|job| job.work.jid.as_deref())
        .collect();
    let executions = run.ledger().account().of(&target.key);
    let left = executions.filter(|execution| !shown.contains(execution.jid()));
    left.filter_map(Execution::fate).collect()
}

/// The jobs that still run and are back in a queue or in a private list already.
pub fn back_already(run: &Run) -> HashSet<(&ProcessKey, &str)> {
    let back = run
        .ledger()
        .account()
        .executions()
        .filter(|execution| execution.is_back());
    back.map(|execution| (execution.process(), execution.jid()))
        .collect()
}
