//! The effect of an act's outcome on its target and on the run. It makes no act.

use super::{Run, RunCall};
use crate::core::drain::phase::{Hold, Performing, Phase, Resume};
use crate::core::drain::record::Event;
use crate::core::drain::target::Target;
use crate::core::drain::{ActOutcome, EffectId};
use crate::core::fleet::ProcessKey;

impl Run {
    /// Takes the outcome of an act in.
    pub(super) fn outcome_of(&mut self, id: EffectId, outcome: ActOutcome, turn: &mut RunCall<'_>) {
        let Some(act) = self.cursor.end_act(id) else {
            let text = format!("an outcome came for an act that is not awaited: {outcome:?}");
            self.ledger.note(Event::Remarked { text }, turn);
            return;
        };
        if let ActOutcome::Sent
        | ActOutcome::Failed {
            may_have_happened: true,
            ..
        } = outcome
        {
            // A signal that may have been sent counts as sent: no proof may rest on its absence.
            self.ledger.signalled(&act, turn.now);
            self.cursor.signalled(turn.now);
        }
        match outcome {
            ActOutcome::Sent => {
                self.ledger.note_about(&act.target, act.sent(), turn);
                self.ask_for_arrival(&act.target, turn);
            }
            ActOutcome::Gone => {
                let gone = |known: &Target| known.key == act.target && known.takes_part();
                if let Some(index) = self.ledger.targets().iter().position(gone) {
                    self.ledger.exit(index, turn.now, turn);
                }
            }
            ActOutcome::Failed {
                why,
                may_have_happened,
            } => {
                let event = act.failed(why.clone(), may_have_happened);
                self.ledger.note_about(&act.target, event, turn);
                self.cursor.failed(act.target.clone(), why);
            }
            ActOutcome::Revoked => {
                self.ledger.note_about(&act.target, act.revoked(), turn);
                let why = "the licence was revoked".into();
                self.cursor.failed(act.target.clone(), why);
            }
        }
        self.after_outcomes(turn);
    }

    fn after_outcomes(&mut self, turn: &mut RunCall<'_>) {
        let Phase::Performing(performing) = self.cursor.phase() else {
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
        failed
            .retain(|(id, _)| self.ledger.taking_part(|target| target.key == *id) == [id.clone()]);
        match (back, step) {
            // Back to where a KILL out of turn was sent from.
            (Some(back), _) => self.cursor.enter(*back, turn.now),
            (None, Some(step)) if !failed.is_empty() => {
                let lost = |(id, _): &(ProcessKey, String)| intents.get(id)?.at_stake;
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
}
