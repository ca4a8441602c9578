//! How far a run has come: steps done, both clocks, and what it waits for. It only reads.

use std::time::Duration;

use super::rows::is_target;
use crate::core::drain::{Phase, Resume, Run, Standing};
use crate::core::fleet::ProcessKey;
use crate::core::moment::Moment;
use crate::core::outlook::back_already;
use crate::core::session::Session;

/// How many targets there are, and how many are how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standings {
    /// All of them.
    pub targets: usize,
    /// Proven to fetch no more.
    pub quiet: usize,
    /// Proven to run nothing more.
    pub idle: usize,
    /// Ended.
    pub exited: usize,
}

/// A clock: how long it has been running, and the whole of it where there is an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Countdown {
    /// Gone by.
    pub run: Duration,
    /// In all; `None`: it has no end, or waits for the operator.
    pub whole: Option<Duration>,
}

/// How the targets of `run` stand.
pub fn standings(run: &Run) -> Standings {
    let mut standings = Standings::default();
    for target in run.ledger().targets() {
        let (quiet, idle, exited) = match target.standing {
            Standing::Alive | Standing::LeftOut { .. } => (false, false, false),
            Standing::Quiet { .. } => (true, false, false),
            Standing::Idle { .. } => (true, true, false),
            Standing::Exited { .. } => (true, false, true),
        };
        standings.targets += 1;
        standings.quiet += usize::from(quiet);
        standings.idle += usize::from(idle);
        standings.exited += usize::from(exited);
    }
    standings
}

/// The clock of the running step.
pub fn step_clock(run: &Run, now: Moment) -> Option<Countdown> {
    match run.phase() {
        Phase::Waiting { since, until, .. }
        | Phase::Gated { since, until, .. }
        | Phase::Settling { since, until, .. } => Some(Countdown {
            run: now.since(*since),
            whole: Some(until.since(*since)),
        }),
        Phase::Held {
            since: held,
            resume: Resume::Wait { since, left, .. },
            ..
        } => Some(Countdown {
            run: held.since(*since),
            whole: Some(held.since(*since) + *left),
        }),
        Phase::Ready { .. } => run.pace().last_step.map(|last| Countdown {
            run: now.since(last),
            whole: None,
        }),
        Phase::Leaving { until } => run.pace().last_step.map(|last| Countdown {
            run: now.since(last),
            whole: Some(until.since(last)),
        }),
        Phase::Performing(_) | Phase::Held { .. } | Phase::Ending { .. } | Phase::Over { .. } => {
            None
        }
    }
}

/// The clock of the whole drain, from its first signal to its last.
pub fn whole_clock(run: &Run, now: Moment) -> Option<Countdown> {
    let first = run.pace().first_signal?;
    let end = match run.phase() {
        Phase::Over { at, .. } => *at,
        Phase::Ready { .. }
        | Phase::Performing(_)
        | Phase::Waiting { .. }
        | Phase::Held { .. }
        | Phase::Gated { .. }
        | Phase::Leaving { .. }
        | Phase::Ending { .. }
        | Phase::Settling { .. } => now,
    };
    Some(Countdown {
        run: end.since(first),
        whole: run.projected(now).last().map(|last| last.at.since(first)),
    })
}

/// The cause of the wait: the job that has run longest on a target, or the target that has not
/// exited.
pub fn holds_up(session: &Session, now: Moment) -> Option<String> {
    let run = session.active_run()?;
    run.pace().first_signal?;
    let back = back_already(run);
    let targets: Vec<ProcessKey> = run
        .ledger()
        .targets()
        .iter()
        .filter(|target| target.takes_part() && !matches!(target.standing, Standing::Idle { .. }))
        .map(|target| target.key.clone())
        .collect();
    let running = session
        .fleet
        .processes
        .iter()
        .filter(|(key, _)| is_target(key, &targets))
        .flat_map(|(key, process)| process.jobs.iter().map(move |job| (key, process, job)))
        .filter(|(key, _, job)| {
            let jid = job.work.jid.as_deref();
            !jid.is_some_and(|jid| back.contains(&(*key, jid)))
        });
    let others = running.clone().count().saturating_sub(1);
    if let Some((key, process, job)) = running.min_by_key(|(_, _, job)| job.started) {
        let who = format!("{} on {}", job.work.class, process.name());
        let who = match others {
            0 => who,
            others => format!("{who}, and {others} more"),
        };
        let place = (key, process);
        let spans = (job.elapsed(now), None);
        let reasons = (session.following).reasons(&session.fleet, place, job, spans, now);
        return Some(match reasons.first() {
            Some(reason) => format!("{who}, {}", reason.mark()),
            None => who,
        });
    }
    let awaited = run.ledger().targets().iter().find(|target| {
        target.takes_part()
            && (target.stopped.is_some() || !matches!(target.standing, Standing::Idle { .. }))
    })?;
    let name = &awaited.about.name;
    Some(if awaited.stopped.is_some() {
        format!("{name}, stopping")
    } else {
        format!("no known job; proof of idle from {name}")
    })
}
