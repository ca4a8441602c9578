//! How far a run has come: steps done, both clocks, and who holds it up. It only reads.

use std::time::Duration;

use super::judge::{back_already, running};
use super::rows::is_target;
use crate::core::drain::{Event, Phase, Resume, Run, Standing};
use crate::core::fleet::LocalId;
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use crate::core::session::Session;

/// A step whose signal has been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepDone {
    /// Its position.
    pub step: usize,
    /// Its signal.
    pub signal: Signal,
    /// When the first of its signals left.
    pub at: Moment,
    /// To how many processes.
    pub sent: usize,
}

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
pub struct Clock {
    /// Gone by.
    pub run: Duration,
    /// In all; `None`: it has no end, or waits for somebody.
    pub whole: Option<Duration>,
}

/// The steps that `session`'s run has sent, in order.
pub fn steps_done(session: &Session) -> Vec<StepDone> {
    let Some(run) = &session.run else {
        return Vec::new();
    };
    let started = run.pace().started;
    let mut steps: Vec<StepDone> = Vec::new();
    for record in session.journal.iter().filter(|record| record.at >= started) {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "all other events send nothing"
        )]
        let (step, signal) = match record.event {
            Event::SignalSent {
                signal,
                step: Some(step),
                ..
            } => (step, signal),
            // It is TERM, by way of systemd.
            Event::UnitStopBegun {
                step: Some(step), ..
            } => (
                step,
                run.plan().sequence.signal(step).unwrap_or(Signal::Term),
            ),
            _ => continue,
        };
        if let Some(known) = steps.iter_mut().find(|known| known.step == step) {
            known.sent += 1;
        } else {
            steps.push(StepDone {
                step,
                signal,
                at: record.at,
                sent: 1,
            });
        }
    }
    steps
}

/// How the targets of `run` stand.
pub fn standings(run: &Run) -> Standings {
    let mut standings = Standings::default();
    for target in run.targets() {
        let (quiet, idle, exited) = match target.standing {
            Standing::Alive | Standing::LeftOut { .. } => (false, false, false),
            Standing::Quiet { .. } => (true, false, false),
            Standing::Idle { .. } => (true, true, false),
            Standing::Exited { .. } => (true, true, true),
        };
        standings.targets += 1;
        standings.quiet += usize::from(quiet);
        standings.idle += usize::from(idle);
        standings.exited += usize::from(exited);
    }
    standings
}

/// The clock of the running step.
pub fn step_clock(run: &Run, now: Moment) -> Option<Clock> {
    match run.phase() {
        Phase::Waiting { since, until, .. }
        | Phase::Gated { since, until, .. }
        | Phase::Settling { since, until, .. } => Some(Clock {
            run: now.since(*since),
            whole: Some(until.since(*since)),
        }),
        Phase::Held {
            since: held,
            resume: Resume::Wait { since, left, .. },
            ..
        } => Some(Clock {
            run: held.since(*since),
            whole: Some(held.since(*since) + *left),
        }),
        Phase::Ready { .. } => run.pace().last_step.map(|last| Clock {
            run: now.since(last),
            whole: None,
        }),
        Phase::Leaving { until } => run.pace().last_step.map(|last| Clock {
            run: now.since(last),
            whole: Some(until.since(last)),
        }),
        Phase::Performing(_) | Phase::Held { .. } | Phase::Ending { .. } | Phase::Over { .. } => {
            None
        }
    }
}

/// The clock of the whole drain, from its first signal to its last.
pub fn whole_clock(run: &Run, now: Moment) -> Option<Clock> {
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
    Some(Clock {
        run: end.since(first),
        whole: run.projected(now).last().map(|last| last.at.since(first)),
    })
}

/// Who holds the drain up: the job that has run longest on a target, or the target that is
/// still awaited.
pub fn holds_up(session: &Session, now: Moment) -> Option<String> {
    let run = running(session)?;
    run.pace().first_signal?;
    let back = back_already(session);
    let targets: Vec<LocalId> = run
        .targets()
        .iter()
        .filter(|target| target.takes_part() && !matches!(target.standing, Standing::Idle { .. }))
        .map(|target| target.id)
        .collect();
    let longest = session
        .fleet
        .processes
        .iter()
        .filter(|(key, _)| is_target(key, &targets))
        .flat_map(|(key, process)| process.jobs.iter().map(move |job| (key, process, job)))
        .filter(|(_, _, job)| {
            !job.work
                .jid
                .as_deref()
                .is_some_and(|jid| back.contains(jid))
        })
        .min_by_key(|(_, _, job)| job.started);
    if let Some((key, process, job)) = longest {
        let who = format!("{} on {}", job.work.class, process.name());
        let place = (key, process);
        let spans = (job.elapsed(now), None);
        let reasons = (session.following).reasons(&session.fleet, place, job, spans, now);
        return Some(match reasons.first() {
            Some(reason) => format!("{who}, {}", reason.mark()),
            None => who,
        });
    }
    let awaited = run.targets().iter().find(|target| {
        target.takes_part()
            && (target.stopped.is_some() || !matches!(target.standing, Standing::Idle { .. }))
    })?;
    let name = &awaited.about.name;
    Some(if awaited.stopped.is_some() {
        format!("{name}, on its way out")
    } else {
        format!("no known job; proof of idle from {name}")
    })
}
