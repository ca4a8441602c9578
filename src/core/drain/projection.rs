//! What will happen if nobody touches anything: the due times of the steps to come and the
//! deadlines that follow from them. For screens; nothing here moves a signal.

use std::time::Duration;

use super::phase::{Phase, Resume};
use super::plan::{Mode, Plan};
use super::policy::Policy;
use super::run::Run;
use super::target::Target;
use crate::core::moment::Moment;
use crate::core::sequence::{Deadlines, Signal, Timeout};
use crate::core::timing::CLEANUP;
use crate::core::verdict::{Ends, until};

/// A step to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Projection {
    /// Position of its signal.
    pub step: usize,
    /// The signal.
    pub signal: Signal,
    /// When it is due.
    pub at: Moment,
}

impl Run {
    /// The steps to come with their times; empty while the run waits for a confirmation. During
    /// a hold: as if it went on now.
    pub fn projected(&self, now: Moment) -> Vec<Projection> {
        let (next, at) = match &self.phase {
            Phase::Waiting { next, until, .. } | Phase::Gated { next, until, .. } => {
                (*next, *until)
            }
            Phase::Held {
                resume: Resume::Wait { next, left, .. },
                ..
            } if self.mode == Mode::Automatic => (*next, now.after(*left)),
            Phase::Performing(performing) if self.mode == Mode::Automatic => {
                match performing.step {
                    Some(step) => (step, now),
                    None => return Vec::new(),
                }
            }
            Phase::Ready { .. }
            | Phase::Performing(_)
            | Phase::Held { .. }
            | Phase::Leaving { .. }
            | Phase::Ending { .. }
            | Phase::Settling { .. }
            | Phase::Over { .. } => return Vec::new(),
        };
        let timeline = self.plan.sequence.timeline();
        let base = timeline[next].0;
        timeline[next..]
            .iter()
            .enumerate()
            .map(|(offset, (due, signal))| Projection {
                step: next + offset,
                signal: *signal,
                at: at.after(due.saturating_sub(base)),
            })
            .collect()
    }

    /// The deadlines of one target's jobs, as they stand now.
    pub fn deadlines(&self, target: &Target, now: Moment) -> Deadlines {
        let projected = self.projected(now);
        let due =
            |wanted: fn(Signal) -> bool| projected.iter().find(|p| wanted(p.signal)).map(|p| p.at);
        let interrupt = target
            .interrupt()
            .or_else(|| due(Signal::stops).map(|at| at.after(target.timeout.span)));
        let stop = &target.stop;
        let by_unit = stop.systemd_kills.or_else(|| {
            let limit = stop.certain().filter(|_| target.stopped.is_none())?.limit?;
            Some(due(Signal::stops)?.after(limit))
        });
        let kill = due(|signal| signal == Signal::Kill);
        Deadlines {
            interrupt,
            kill: by_unit.into_iter().chain(kill).min(),
        }
    }

    /// What ends the jobs of `target`, for a verdict; `None`: the run waits for the operator.
    pub fn ends(&self, target: &Target, now: Moment) -> Option<Ends> {
        let deadlines = self.deadlines(target, now);
        let waits = matches!(self.phase, Phase::Ready { .. })
            || self.mode == Mode::Manual
                && matches!(self.phase, Phase::Held { .. } | Phase::Performing(_));
        if waits && target.stopped.is_none() {
            return None;
        }
        let projected = self.projected(now);
        let term = projected.iter().find(|p| p.signal.stops()).map(|p| p.at);
        Some(Ends {
            interrupt: until(deadlines.interrupt, now),
            kill: until(deadlines.kill, now),
            quiet: if target.stopped.is_some() {
                None
            } else {
                until(term, now)
            },
            assumed: target.timeout.is_assumed(),
            push_back_safe: self.plan.push_back_is_safe(&target.timeout)
                && target.stop.leaves_time(&target.timeout),
            kept: false,
        })
    }
}

impl Plan {
    /// Whether KILL leaves time for the push-back, or something waits for it.
    pub fn push_back_is_safe(&self, timeout: &Timeout) -> bool {
        let roomy = self
            .sequence
            .stop_wait()
            .is_none_or(|wait| wait >= timeout.span + CLEANUP);
        roomy || self.policy != Policy::Follow
    }

    /// What would end the jobs of a process if the drain began now.
    pub fn ends_before(&self, timeout: &Timeout) -> Ends {
        let budget = self.sequence.budget(timeout.span);
        Ends {
            interrupt: budget.interrupt,
            kill: budget.kill,
            quiet: self
                .sequence
                .quiet_wait()
                .filter(|wait| *wait > Duration::ZERO),
            assumed: timeout.is_assumed(),
            push_back_safe: self.push_back_is_safe(timeout),
            kept: false,
        }
    }
}
