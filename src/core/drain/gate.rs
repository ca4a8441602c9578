//! The gates of a run: whether a step goes, waits, or makes the run hold. Before KILL: what it would
//! cost now. Before the first TERM or INT: whether Redis is there for the push-back. Here also stands
//! whether a wait may end early. They read plan, ledger and fleet, and change nothing.

use std::time::Duration;

use super::ledger::{Ledger, Proof};
use super::phase::{Hold, term_without_redis};
use super::plan::Plan;
use super::policy::{Early, Policy, RedisGone};
use super::record::Event;
use crate::core::fleet::Fleet;
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use crate::core::timing::REDIS_WAIT;

/// The reason for a step: a key, or its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepReason {
    /// Its time has come.
    Due,
    /// The wait at its gate is over.
    GateOver,
    /// The operator confirmed it, accepting that so many jobs are lost.
    Confirmed(u64),
}

/// The answer of a gate to a step.
#[derive(Clone, Debug)]
pub(super) enum Passage {
    /// It goes. The remark is written down before it.
    Goes { remark: Option<String> },
    /// It waits at the gate, at most for `limit`. The event is written down.
    Waits { event: Event, limit: Duration },
    /// The run holds before it.
    Holds(Hold),
}

/// The gates of a run at one moment.
#[derive(Clone, Copy)]
pub(super) struct Gates<'a> {
    plan: &'a Plan,
    ledger: &'a Ledger,
    fleet: &'a Fleet,
    now: Moment,
}

impl<'a> Gates<'a> {
    /// The gates as they stand at `now`.
    pub(super) fn new(plan: &'a Plan, ledger: &'a Ledger, fleet: &'a Fleet, now: Moment) -> Self {
        Self {
            plan,
            ledger,
            fleet,
            now,
        }
    }

    /// The answer to `step`, which sends `signal` for this reason.
    pub(super) fn passage(self, step: usize, signal: Signal, reason: StepReason) -> Passage {
        if signal == Signal::Kill {
            self.before_kill(reason)
        } else if self.plan.sequence.first_stop() == Some(step) {
            self.before_first_stop(signal, reason)
        } else {
            Passage::Goes { remark: None }
        }
    }

    fn before_kill(self, reason: StepReason) -> Passage {
        let stake = self.ledger.stake(None, self.fleet, self.now);
        let blind = !self.fleet.look_is_fresh(self.now);
        match (reason, self.plan.policy) {
            _ if stake.is_nothing() => Passage::Goes { remark: None },
            (StepReason::Confirmed(accepted), _) if stake.count() <= accepted => {
                Passage::Goes { remark: None }
            }
            (StepReason::Due | StepReason::GateOver, Policy::Follow) => {
                Passage::Goes { remark: None }
            }
            (StepReason::GateOver, Policy::Ask | Policy::WaitForRequeue) if !blind => {
                Passage::Goes { remark: None }
            }
            (StepReason::Due, Policy::WaitForRequeue) => {
                let limit = self.plan.guard.kill_extra;
                let text = format!(
                    "KILL is due and waits for the push-back, at most {} s: {stake}",
                    limit.as_secs()
                );
                let event = Event::Remarked { text };
                Passage::Waits { event, limit }
            }
            (StepReason::Due | StepReason::GateOver | StepReason::Confirmed(_), _) => {
                Passage::Holds(if blind {
                    Hold::Blind(stake)
                } else {
                    Hold::Question(stake)
                })
            }
        }
    }

    fn before_first_stop(self, signal: Signal, reason: StepReason) -> Passage {
        let jobs = self.ledger.stranded(self.fleet, self.now);
        let why = term_without_redis(signal, jobs);
        match (self.plan.guard.redis_gone, reason) {
            _ if jobs == 0 => Passage::Goes { remark: None },
            (_, StepReason::Confirmed(_)) => Passage::Goes { remark: None },
            (RedisGone::Go, StepReason::Due | StepReason::GateOver)
            | (RedisGone::Hold, StepReason::GateOver) => Passage::Goes {
                remark: Some(format!("{why}; it goes anyway (--redis-gone)")),
            },
            (RedisGone::Hold, StepReason::Due) => {
                let limit = REDIS_WAIT;
                let why = format!("{why}; it waits at most {} s", limit.as_secs());
                let event = Event::Held { why };
                Passage::Waits { event, limit }
            }
            (RedisGone::Ask, StepReason::Due | StepReason::GateOver) => {
                Passage::Holds(Hold::Redis(signal, jobs))
            }
        }
    }

    /// Whether the reason is gone for which `step` waits: a KILL would cost nothing; for TERM and
    /// INT, Redis answers or no job is known to run any more.
    pub(super) fn has_opened(self, step: usize) -> bool {
        if self.plan.sequence.signal(step) == Some(Signal::Kill) {
            self.ledger.stake(None, self.fleet, self.now).is_nothing()
        } else {
            self.ledger.stranded(self.fleet, self.now) == 0
        }
    }

    /// Why the wait before `next` may end now: every target that takes part is proven idle, and
    /// no TERM or INT was sent yet.
    pub(super) fn early_end(self, next: usize) -> Option<String> {
        let first_stop = self.plan.sequence.first_stop();
        let before_stop = first_stop.is_some_and(|stop| next <= stop);
        if self.plan.early == Early::Never || !before_stop {
            return None;
        }
        let targets = self.ledger.targets().iter();
        let proven = targets.filter(|target| target.takes_part()).map(|target| {
            let proof = self
                .ledger
                .proof(target, Proof::Idle, self.fleet, self.now)?;
            Some(format!("{}: {proof}", target.about.name))
        });
        let proven: Option<Vec<String>> = proven.collect();
        Some(proven?.join("; "))
    }
}
