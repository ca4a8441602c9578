//! Where a run stands. Each state carries only what is true in it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::EffectId;
use super::PushBack;
use super::record::Outcome;
use super::target::Target;
use super::unit_stop::UnitStop;
use crate::core::fate::{Counts, Stake};
use crate::core::fleet::{Mark, ProcessKey};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;

/// The state of a run.
#[derive(Clone, Debug)]
pub enum Phase {
    /// Waits for a confirmation of step `next`.
    Ready {
        /// Position of the signal that would be sent.
        next: usize,
        /// Since when.
        since: Moment,
    },
    /// Signals are under way.
    Performing(Performing),
    /// Waits for the next step.
    Waiting {
        /// Position of the signal that is due at the end.
        next: usize,
        /// When the signal before it was sent; later by every hold since.
        since: Moment,
        /// When the next one is due.
        until: Moment,
    },
    /// The clock is stopped.
    Held {
        /// Why.
        why: Hold,
        /// Since when.
        since: Moment,
        /// The phase that going on leads back to.
        resume: Resume,
    },
    /// A signal is due and its gate is shut: KILL waits until the jobs are back, a first TERM or
    /// INT until Redis answers.
    Gated {
        /// Position of that signal.
        next: usize,
        /// Since when.
        since: Moment,
        /// When the wait ends, and what follows without it.
        until: Moment,
    },
    /// The last signal was sent: waits for exits.
    Leaving {
        /// When that is given up.
        until: Moment,
    },
    /// Aborted with acts in a system call: waits for their outcomes alone.
    Ending {
        /// The act that is under way.
        under_way: Performing,
        /// When that is given up.
        until: Moment,
    },
    /// Every target has exited (or is given up): finds out what became of the jobs.
    Settling {
        /// Since when.
        since: Moment,
        /// When what is not known by then stays unknown.
        until: Moment,
        /// How the run ends if no job says otherwise.
        outcome: Outcome,
        /// How far the rescue of lost jobs is.
        rescue: Rescue,
    },
    /// Over.
    Over {
        /// How.
        outcome: Outcome,
        /// When.
        at: Moment,
        /// Jobs by fate.
        jobs: Counts,
    },
}

/// How far the rescue of a run is that settles.
#[derive(Clone, Debug, Default)]
pub enum Rescue {
    /// Fates are found out first, or nothing is to be rescued.
    #[default]
    Awaited,
    /// The missing jobs are searched for.
    Searching {
        /// The question.
        id: EffectId,
    },
    /// Jobs that are provably nowhere are pushed back.
    Pushing {
        /// The push under way.
        id: EffectId,
        /// Its job.
        push: PushBack,
        /// The jobs that are still to be pushed back.
        left: Vec<PushBack>,
    },
}

/// A step that failed for some targets.
#[derive(Clone, Debug)]
pub(super) struct FailedStep {
    /// These, with the reasons.
    pub(super) targets: Vec<(ProcessKey, String)>,
    /// Position of the signal.
    pub(super) step: usize,
    /// For KILL: how many jobs were at stake when it was tried.
    pub(super) accepted: u64,
}

/// Signals under way.
#[derive(Clone, Debug)]
pub struct Performing {
    /// Position of the signal; `None` for a KILL out of turn.
    pub step: Option<usize>,
    /// The signal.
    pub signal: Signal,
    /// The acts whose outcome is awaited.
    pub acts: BTreeMap<EffectId, ProcessKey>,
    /// The knowledge of each target when its act was made.
    pub intents: BTreeMap<ProcessKey, Intent>,
    /// Targets whose signal failed, with the reason.
    pub failed: Vec<(ProcessKey, String)>,
    /// Why to hold as soon as the outcomes are there.
    pub then_hold: Option<Hold>,
    /// The phase to go back to after a KILL out of turn.
    pub back: Option<Box<Phase>>,
}

/// The knowledge of a target at the moment before a signal.
#[derive(Clone, Debug)]
pub struct Intent {
    /// When it was made.
    pub at: Moment,
    /// Its process as the fleet showed it.
    pub mark: Option<Mark>,
    /// For KILL: what it would cost.
    pub at_stake: Option<u64>,
    /// For KILL: whether Redis could not be asked.
    pub blind: Option<bool>,
    /// The stop of its unit that takes the signal's place.
    pub unit: Option<Box<UnitStop>>,
}

/// Why the clock is stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The operator wants it: who began the drain, or this visitor who had the controls.
    Operator(Option<String>),
    /// KILL is due and jobs are at stake.
    Question(Stake),
    /// KILL is due, jobs may be at stake, and Redis cannot be asked.
    Blind(Stake),
    /// TERM or INT is due, Redis does not answer, and so many jobs are known to run, whose push-back
    /// needs it.
    Redis(Signal, u64),
    /// A deadline before KILL was met too late: the machine was suspended.
    Late,
    /// A signal failed for some targets.
    Failed(Vec<(ProcessKey, String)>),
    /// The journal cannot be written.
    Journal(String),
}

impl Hold {
    /// The reason in words; `targets` are those of the run, whose names stand in it.
    pub fn words(&self, targets: &[Target]) -> String {
        let name = |id: &ProcessKey| {
            let target = targets.iter().find(|target| target.key == *id);
            target.map_or_else(|| id.to_string(), |target| target.about.name.clone())
        };
        match self {
            Self::Operator(None) => "by the operator".into(),
            Self::Operator(Some(visitor)) => format!("by {visitor}"),
            Self::Question(stake) => format!("KILL is due: {stake}"),
            Self::Blind(stake) => format!("KILL is due and Redis cannot be asked: {stake}"),
            Self::Redis(signal, jobs) => term_without_redis(*signal, *jobs),
            Self::Late => "KILL fell due while this machine or program was suspended".into(),
            Self::Failed(targets) => {
                let who: Vec<String> = targets
                    .iter()
                    .map(|(id, why)| format!("{}: {why}", name(id)))
                    .collect();
                format!("a signal failed: {}", who.join("; "))
            }
            Self::Journal(why) => format!("the record cannot be written: {why}"),
        }
    }
}

/// Why `signal`, the first TERM or INT, does not go while `jobs` are known to run.
pub(super) fn term_without_redis(signal: Signal, jobs: u64) -> String {
    let (run, its) = match jobs {
        1 => ("1 job runs".to_owned(), "its"),
        jobs => (format!("{jobs} jobs run"), "their"),
    };
    format!("{signal} is due and Redis does not answer: {run}, and {its} push-back needs it")
}

/// The phase that a hold is left for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// The rest of the wait before `next`.
    Wait {
        /// Position of the signal at its end.
        next: usize,
        /// When the signal before was sent.
        since: Moment,
        /// The time that is left of it.
        left: Duration,
    },
    /// The confirmation of `next`.
    Ready {
        /// Position of the signal.
        next: usize,
    },
    /// The wait for exits.
    Leaving,
    /// Step `step` again, for those that failed; or on without them.
    Failed {
        /// Position of the signal.
        step: usize,
        /// For KILL: how many jobs were at stake when it was tried.
        accepted: u64,
    },
}

impl Phase {
    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Over { .. })
    }

    /// Whether no step may be begun: one is under way, or none comes any more.
    pub(super) fn takes_no_step(&self) -> bool {
        matches!(
            self,
            Self::Performing(_) | Self::Ending { .. } | Self::Settling { .. } | Self::Over { .. }
        )
    }

    /// The step that failed, while the run is held for that.
    pub(super) fn failed_step(&self) -> Option<FailedStep> {
        if let Self::Held {
            why: Hold::Failed(targets),
            resume: Resume::Failed { step, accepted },
            ..
        } = self
        {
            return Some(FailedStep {
                targets: targets.clone(),
                step: *step,
                accepted: *accepted,
            });
        }
        None
    }

    /// The push `id`, and the jobs that are still to be pushed back; `None`: it is not awaited.
    pub(super) fn awaited_push(&self, id: EffectId) -> Option<(PushBack, Vec<PushBack>)> {
        if let Self::Settling {
            rescue:
                Rescue::Pushing {
                    id: awaited,
                    push,
                    left,
                },
            ..
        } = self
            && *awaited == id
        {
            return Some((push.clone(), left.clone()));
        }
        None
    }

    /// Position of the signal that comes next, while one does.
    pub fn next_step(&self) -> Option<usize> {
        match self {
            Self::Ready { next, .. } | Self::Waiting { next, .. } | Self::Gated { next, .. } => {
                Some(*next)
            }
            Self::Held { resume, .. } => match resume {
                Resume::Wait { next, .. } | Resume::Ready { next } => Some(*next),
                Resume::Leaving | Resume::Failed { .. } => None,
            },
            Self::Performing(_)
            | Self::Leaving { .. }
            | Self::Ending { .. }
            | Self::Settling { .. }
            | Self::Over { .. } => None,
        }
    }
}
