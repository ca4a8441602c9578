//! Lost jobs of a run that is over, where a person decides: the search for them, the pushes that
//! an operator confirmed, and what that changes in the account. It pushes nothing by itself.

use super::{Run, RunCall};
use crate::core::drain::phase::Phase;
use crate::core::drain::record::{Event, Outcome};
use crate::core::drain::{Ask, Effect, EffectId, PushBack};
use crate::core::fate::{Missing, PushOutcome, Ruling, Trace};
use crate::core::fleet::Fleet;
use crate::core::moment::Moment;

impl Run {
    /// The question whether what is missing is provably nowhere; `None` while it runs, and where
    /// nothing is missing.
    pub fn ask_afterwards(&mut self, fleet: &Fleet, now: Moment) -> Option<(EffectId, Effect)> {
        let missing = self.ledger.missing(fleet, now);
        if !self.cursor.phase().is_over() || missing.is_empty() {
            return None;
        }
        let id = self.ledger.new_id();
        Some((id, Effect::Ask(id, Ask::Nowhere(missing))))
    }

    /// Takes the answer in; gives what may be pushed back.
    pub fn found_afterwards(
        &mut self,
        traces: Vec<(Missing, Trace)>,
        fleet: &Fleet,
        now: Moment,
    ) -> (Vec<PushBack>, Vec<Effect>) {
        let mut turn = RunCall::new(fleet, now);
        let pushes = self.ledger.take_traces(traces, &mut turn);
        self.count_again(fleet);
        (pushes, turn.effects)
    }

    /// Pushes one job back that an operator confirmed.
    pub fn push_afterwards(
        &mut self,
        push: &PushBack,
        fleet: &Fleet,
        now: Moment,
    ) -> (EffectId, Vec<Effect>) {
        let mut turn = RunCall::new(fleet, now);
        let id = self.ledger.intend_push(push, &mut turn);
        (id, turn.effects)
    }

    /// Takes in how that ended.
    pub fn pushed_afterwards(
        &mut self,
        push: &PushBack,
        outcome: &PushOutcome,
        fleet: &Fleet,
        now: Moment,
    ) -> Vec<Effect> {
        let mut turn = RunCall::new(fleet, now);
        self.ledger.take_push(push, outcome, &mut turn);
        if let Some(execution) = self.ledger.account().find(&push.target, &push.jid)
            && let Some(Ruling { fate, why }) = execution.ruling().cloned()
            && outcome.fate().is_some()
        {
            let event = Event::FoundLater {
                jid: push.jid.clone(),
                class: Some(execution.work().class.clone()),
                fate,
                place: why,
            };
            self.ledger.note_about(&push.target, event, &mut turn);
        }
        self.count_again(fleet);
        turn.effects
    }

    /// The jobs by fate, and the outcome that follows, once fates have changed.
    fn count_again(&mut self, fleet: &Fleet) {
        self.ledger.recount(fleet);
        let jobs = self.ledger.counts();
        let Phase::Over { outcome, at, .. } = *self.cursor.phase() else {
            return;
        };
        let unnamed = self.ledger.account().may_have_pushed_unnamed();
        let outcome = if outcome == Outcome::Lost {
            super::settle::weigh(Outcome::Drained, jobs, unnamed)
        } else {
            outcome
        };
        self.cursor.enter(Phase::Over { outcome, at, jobs }, at);
    }
}
