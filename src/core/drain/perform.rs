//! Starting a step and taking its outcomes in. The only place that makes acts.

use std::collections::BTreeMap;
use std::time::Duration;

use super::phase::{Hold, Performing, Phase, Resume};
use super::plan::Mode;
use super::policy::Policy;
use super::record::Event;
use super::run::{Run, Turn};
use super::target::{Sent, Standing};
use super::{Act, ActOutcome, Effect, EffectId};
use crate::core::fleet::LocalId;
use crate::core::moment::Moment;
use crate::core::sequence::Signal;

/// How long exits are waited for after a last KILL.
const AFTER_KILL: Duration = Duration::from_secs(5);
/// What Sidekiq may need beyond its timeout (wiki Deployment: "N+5 seconds").
pub(super) const CLEANUP: Duration = Duration::from_secs(5);
/// How long a last quiet signal may take to be confirmed.
const CONFIRMED: Duration = Duration::from_secs(20);

/// Who wants a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Its time has come.
    Due,
    /// The wait for evidence before KILL is over.
    GateOver,
    /// The operator confirmed it, accepting that so many jobs are lost.
    Confirmed(u64),
}

impl Run {
    /// Starts step `step`, unless it is KILL and its gate is shut.
    pub(super) fn start_step(&mut self, step: usize, wish: Wish, turn: &mut Turn<'_>) {
        let Some(signal) = self.plan.sequence.signal(step) else {
            return;
        };
        if signal == Signal::Kill && !self.kill_may_go(step, wish, turn) {
            return;
        }
        let ids: Vec<LocalId> = self
            .targets
            .iter()
            .filter(|t| t.takes_part())
            .map(|t| t.id)
            .collect();
        self.perform(Some(step), signal, &ids, None, turn);
    }

    /// The gate before KILL: opens, or says what the run does in its place.
    fn kill_may_go(&mut self, step: usize, wish: Wish, turn: &mut Turn<'_>) -> bool {
        let stake = self.stake(None, turn.fleet, turn.now);
        if stake.is_nothing() {
            return true;
        }
        let blind = Self::is_blind(turn.fleet, turn.now);
        let hold = match wish {
            Wish::Confirmed(accepted) if stake.count() <= accepted => return true,
            Wish::Due | Wish::GateOver if self.plan.policy == Policy::Follow => return true,
            Wish::Due if self.plan.policy == Policy::WaitForRequeue => {
                self.asks.want_now();
                self.phase = Phase::Gated {
                    next: step,
                    since: turn.now,
                    until: turn.now.after(self.plan.kill_extra),
                };
                return false;
            }
            Wish::GateOver => blind,
            Wish::Confirmed(_) | Wish::Due => true,
        };
        if !hold {
            return true;
        }
        let why = if blind {
            Hold::Blind(stake)
        } else {
            Hold::Question(stake)
        };
        self.asks.want_now();
        let since = self.pace.last_step.unwrap_or(turn.now);
        self.hold(
            why,
            Resume::Wait {
                next: step,
                since,
                left: Duration::ZERO,
            },
            turn,
        );
        false
    }

    /// Sends `signal` to `ids`.
    pub(super) fn perform(
        &mut self,
        step: Option<usize>,
        signal: Signal,
        ids: &[LocalId],
        back: Option<Box<Phase>>,
        turn: &mut Turn<'_>,
    ) {
        let mut acts = BTreeMap::new();
        for id in ids {
            let effect = self.new_id();
            acts.insert(effect, *id);
            for target in self.targets.iter_mut().filter(|target| target.id == *id) {
                let process = turn.fleet.get(&target.key());
                target.mark = target
                    .mark
                    .or_else(|| process.map(|process| process.mark(turn.now)));
            }
            self.note_about(*id, Event::SignalIntended { signal, step }, turn);
            turn.effects.push(Effect::Act(
                effect,
                Act {
                    target: *id,
                    signal,
                    step,
                },
            ));
        }
        self.phase = Phase::Performing(Performing {
            step,
            acts,
            failed: Vec::new(),
            then_hold: false,
            back,
        });
    }

    /// Takes the outcome of an act in.
    pub(super) fn outcome_of(&mut self, id: EffectId, outcome: ActOutcome, turn: &mut Turn<'_>) {
        let mut step = None;
        let awaited = if let Phase::Performing(performing) = &mut self.phase {
            step = performing.step;
            performing.acts.remove(&id)
        } else if let Phase::Ending { acts, .. } = &mut self.phase {
            acts.remove(&id)
        } else {
            None
        };
        let Some(target) = awaited else {
            let text = format!("an outcome came for an act that is not awaited: {outcome:?}");
            self.note(Event::Remarked { text }, turn);
            return;
        };
        let signal = self.signal_of(step);
        match outcome {
            ActOutcome::Sent => self.sent(target, signal, step, turn),
            ActOutcome::Gone => {
                let gone = self
                    .targets
                    .iter()
                    .position(|known| known.id == target && known.takes_part());
                if let Some(index) = gone {
                    self.exit(index, turn.now, turn);
                }
            }
            ActOutcome::Failed {
                why,
                may_have_happened,
            } => {
                let error = why.clone();
                self.note_about(
                    target,
                    Event::SignalFailed {
                        signal,
                        step,
                        error,
                        may_have_happened,
                    },
                    turn,
                );
                if let Phase::Performing(performing) = &mut self.phase {
                    performing.failed.push((target, why));
                }
            }
            ActOutcome::Revoked => {
                let text = format!("{signal} was not sent: the run was stopped");
                self.note_about(target, Event::Remarked { text }, turn);
            }
        }
        self.after_outcomes(turn);
    }

    fn signal_of(&self, step: Option<usize>) -> Signal {
        step.and_then(|step| self.plan.sequence.signal(step))
            .unwrap_or(Signal::Kill)
    }

    fn sent(&mut self, id: LocalId, signal: Signal, step: Option<usize>, turn: &mut Turn<'_>) {
        let killed = signal == Signal::Kill;
        let at_stake = killed.then(|| self.stake(Some(id), turn.fleet, turn.now).count());
        let blind = killed.then(|| Self::is_blind(turn.fleet, turn.now));
        for target in self.targets.iter_mut().filter(|target| target.id == id) {
            if target.last.is_none()
                && let Some(mark) = &mut target.mark
            {
                mark.at = turn.now;
            }
            target.last = Some(Sent {
                signal,
                at: turn.now,
            });
            if signal.stops() && target.stopped.is_none() {
                target.stopped = Some(turn.now);
                target.idle_before_stop |= matches!(target.standing, Standing::Idle { .. });
            }
        }
        self.pace.first_signal = self.pace.first_signal.or(Some(turn.now));
        self.note_about(
            id,
            Event::SignalSent {
                signal,
                step,
                at_stake,
                blind,
            },
            turn,
        );
    }

    fn after_outcomes(&mut self, turn: &mut Turn<'_>) {
        let Phase::Performing(performing) = &mut self.phase else {
            return;
        };
        if !performing.acts.is_empty() {
            return;
        }
        let failed = std::mem::take(&mut performing.failed);
        let (step, then_hold, back) = (
            performing.step,
            performing.then_hold,
            performing.back.take(),
        );
        if !failed.is_empty() {
            if let Some(back) = back {
                self.phase = *back;
                return;
            }
            self.hold(Hold::Failed(failed), Resume::Failed { step }, turn);
            return;
        }
        match (back, step) {
            (Some(back), _) => self.phase = *back,
            (None, Some(step)) => self.after_step(step, turn.now),
            (None, None) => self.leave(turn.now),
        }
        if then_hold {
            self.hold_here(turn);
        }
    }

    /// What follows once step `step` is done.
    pub(super) fn after_step(&mut self, step: usize, now: Moment) {
        self.pace.last_step = Some(now);
        let next = step + 1;
        self.phase = match (self.plan.sequence.wait_after(step), self.mode) {
            (None, _) => return self.leave(now),
            (Some(_), Mode::Manual) => Phase::Ready { next, since: now },
            (Some(wait), Mode::Automatic) => Phase::Waiting {
                next,
                since: now,
                until: now.after(wait),
            },
        };
    }

    /// The last signal was sent: waits for the exits it should bring.
    pub(super) fn leave(&mut self, now: Moment) {
        let last = |target: &super::Target| match (
            target.last.map(|sent| sent.signal),
            target.interrupt(),
        ) {
            (Some(Signal::Kill), _) => now.after(AFTER_KILL),
            (_, Some(interrupt)) => interrupt.after(CLEANUP).max(now),
            (_, None) => now.after(CONFIRMED),
        };
        let until = self
            .targets
            .iter()
            .filter(|target| target.takes_part())
            .map(last)
            .max();
        self.phase = Phase::Leaving {
            until: until.unwrap_or(now),
        };
    }
}
