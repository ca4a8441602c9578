//! The effect of an act's outcome on its target and on the run. It makes no act.

use super::{Run, RunCall};
use crate::core::drain::phase::{Hold, Intent, Performing, Phase, Resume};
use crate::core::drain::plan::Mode;
use crate::core::drain::record::Event;
use crate::core::drain::target::{Sent, Standing};
use crate::core::drain::unit_stop::UnitStop;
use crate::core::drain::{ActOutcome, EffectId};
use crate::core::fleet::LocalId;
use crate::core::moment::{Moment, rfc3339};
use crate::core::sequence::Signal;

/// An act whose outcome came.
struct Done {
    target: LocalId,
    signal: Signal,
    step: Option<usize>,
    intent: Option<Intent>,
}

impl Done {
    /// The stop of its unit that it was.
    fn unit(&self) -> Option<&UnitStop> {
        self.intent.as_ref()?.unit.as_deref()
    }

    /// When systemd kills by it: counted from the earliest moment when it may have begun.
    fn systemd_kills(&self) -> Option<Moment> {
        Some(self.intent.as_ref()?.at.after(self.unit()?.limit?))
    }
}

impl Run {
    /// Takes the outcome of an act in.
    pub(super) fn outcome_of(&mut self, id: EffectId, outcome: ActOutcome, turn: &mut RunCall<'_>) {
        let Some(done) = self.awaited(id) else {
            let text = format!("an outcome came for an act that is not awaited: {outcome:?}");
            self.ledger.note(Event::Remarked { text }, turn);
            return;
        };
        match outcome {
            ActOutcome::Sent => self.sent(&done, turn),
            ActOutcome::Gone => {
                let gone = |known: &crate::core::drain::Target| {
                    known.id == done.target && known.takes_part()
                };
                if let Some(index) = self.ledger.targets().iter().position(gone) {
                    self.ledger.exit(index, turn.now, turn);
                }
            }
            ActOutcome::Failed {
                why,
                may_have_happened,
            } => self.failed_act(&done, why, may_have_happened, turn),
            ActOutcome::Revoked => {
                let text = match done.unit() {
                    Some(stop) => format!("{} was not stopped: the run was stopped", stop.unit),
                    None => format!("{} was not sent: the run was stopped", done.signal),
                };
                self.ledger
                    .note_about(done.target, Event::Remarked { text }, turn);
                self.remember_failure(done.target, "the licence was revoked".into());
            }
        }
        self.after_outcomes(turn);
    }

    fn awaited(&mut self, id: EffectId) -> Option<Done> {
        let performing = match &mut self.cursor.phase {
            Phase::Performing(performing)
            | Phase::Ending {
                under_way: performing,
                ..
            } => performing,
            Phase::Ready { .. }
            | Phase::Waiting { .. }
            | Phase::Held { .. }
            | Phase::Gated { .. }
            | Phase::Leaving { .. }
            | Phase::Settling { .. }
            | Phase::Over { .. } => return None,
        };
        let target = performing.acts.remove(&id)?;
        let intent = performing.intents.get(&target).cloned();
        let step = performing.step;
        Some(Done {
            target,
            signal: self.signal_of(step),
            step,
            intent,
        })
    }

    fn signal_of(&self, step: Option<usize>) -> Signal {
        step.and_then(|step| self.plan.sequence.signal(step))
            .unwrap_or(Signal::Kill)
    }

    fn failed_act(&mut self, done: &Done, why: String, perhaps: bool, turn: &mut RunCall<'_>) {
        let event = match done.unit() {
            Some(stop) => Event::UnitStopFailed {
                unit: (&stop.unit).into(),
                step: done.step,
                error: why.clone(),
                may_have_happened: perhaps,
            },
            None => Event::SignalFailed {
                signal: done.signal,
                step: done.step,
                error: why.clone(),
                may_have_happened: perhaps,
            },
        };
        self.ledger.note_about(done.target, event, turn);
        if perhaps {
            // A signal that may have been sent counts as sent: no proof may rest on its absence.
            self.received(done, turn);
        }
        self.remember_failure(done.target, why);
    }

    fn remember_failure(&mut self, target: LocalId, why: String) {
        if let Phase::Performing(performing) = &mut self.cursor.phase {
            performing.failed.push((target, why));
        }
    }

    fn sent(&mut self, done: &Done, turn: &mut RunCall<'_>) {
        self.received(done, turn);
        let (at_stake, blind) = done
            .intent
            .as_ref()
            .map_or((None, None), |intent| (intent.at_stake, intent.blind));
        let event = match done.unit() {
            Some(stop) => Event::UnitStopBegun {
                unit: (&stop.unit).into(),
                step: done.step,
                at_stake,
                systemd_kills_at: done.systemd_kills().map(|at| rfc3339(at.wall())),
            },
            None => Event::SignalSent {
                signal: done.signal,
                step: done.step,
                at_stake,
                blind,
            },
        };
        self.ledger.note_about(done.target, event, turn);
    }

    /// Notes that a target received a signal, or may have.
    fn received(&mut self, done: &Done, turn: &RunCall<'_>) {
        let signal = done.signal;
        let intended = done.intent.as_ref().map_or(turn.now, |intent| intent.at);
        let systemd_kills = done.systemd_kills();
        // Without a version USR1 may be either; a mark too early proves nothing.
        let quiets = signal.stops() || matches!(signal, Signal::Tstp | Signal::Usr1);
        if let Some(target) = self.ledger.target_mut(done.target) {
            target.last = Some(Sent {
                signal,
                at: turn.now,
            });
            // Evidence of quiet counts from the moment when the signal has left for sure.
            if target.mark.is_none() && quiets {
                target.mark = done.intent.as_ref().and_then(|intent| intent.mark);
                if let Some(mark) = &mut target.mark {
                    mark.at = turn.now;
                }
            }
            // Its own clock runs from the earliest moment when it may have left.
            if signal.stops() && target.stopped.is_none() {
                target.stopped = Some(intended);
                target.stop.systemd_kills = systemd_kills;
                target.stop.begun = done.unit().is_some();
                target.stop.idle_before |= matches!(target.standing, Standing::Idle { .. });
            }
        }
        self.cursor.pace.first_signal = self.cursor.pace.first_signal.or(Some(turn.now));
    }

    fn after_outcomes(&mut self, turn: &mut RunCall<'_>) {
        let Phase::Performing(performing) = &mut self.cursor.phase else {
            return;
        };
        if !performing.acts.is_empty() {
            return;
        }
        let Performing {
            step,
            intents,
            mut failed,
            then_hold,
            back,
            ..
        } = performing.clone();
        // A target that has exited meanwhile is an exit, not a failure.
        failed.retain(|(id, _)| self.ledger.taking_part(|target| target.id == *id) == [*id]);
        match (back, step) {
            (Some(back), _) => self.go_back(*back, turn),
            (None, Some(step)) if !failed.is_empty() => {
                let lost = |(id, _): &(LocalId, String)| intents.get(id)?.at_stake;
                let resume = Resume::Failed {
                    step,
                    accepted: failed.iter().filter_map(lost).sum(),
                };
                return self.hold(Hold::Failed(failed), resume, turn);
            }
            (None, Some(step)) => self.after_step(step, turn.now),
            (None, None) => self.leave(turn.now),
        }
        if !failed.is_empty() {
            self.hold_for(Hold::Failed(failed), turn);
        } else if let Some(why) = then_hold {
            self.hold_for(why, turn);
        }
    }

    /// Back to where a KILL out of turn was sent from.
    fn go_back(&mut self, back: Phase, turn: &RunCall<'_>) {
        self.cursor.phase = match (back, self.cursor.mode) {
            // It was made manual meanwhile: nothing counts down.
            (Phase::Waiting { next, .. } | Phase::Gated { next, .. }, Mode::Manual) => {
                Phase::Ready {
                    next,
                    since: turn.now,
                }
            }
            (back, Mode::Manual | Mode::Automatic) => back,
        };
    }
}
