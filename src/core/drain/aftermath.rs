//! Lost jobs of a run that is over, where a person decides: the search for them, the pushes that
//! somebody confirmed, and what that changes in the account. It pushes nothing by itself.

use super::missing::{Missing, PushOutcome, Trace};
use super::phase::Phase;
use super::record::{Event, Outcome};
use super::run::{Run, Turn};
use super::{Ask, Effect, EffectId, PushBack};
use crate::core::fleet::Fleet;
use crate::core::moment::Moment;

impl Run {
    /// The question whether what is missing is provably nowhere; `None` while it runs, and where
    /// nothing is missing.
    pub fn ask_afterwards(&mut self, fleet: &Fleet, now: Moment) -> Option<(EffectId, Effect)> {
        let missing = self.missing(fleet, now);
        if !self.phase.is_over() || missing.is_empty() {
            return None;
        }
        let id = self.new_id();
        Some((id, Effect::Ask(id, Ask::Nowhere(missing))))
    }

    /// Takes the answer in; gives what may be pushed back.
    pub fn found_afterwards(
        &mut self,
        traces: Vec<(Missing, Trace)>,
        fleet: &Fleet,
        now: Moment,
    ) -> (Vec<PushBack>, Vec<Effect>) {
        let mut turn = Turn::new(fleet, now);
        let pushes = self.take_traces(traces, &mut turn);
        self.count_again(fleet);
        (pushes, turn.effects)
    }

    /// Pushes one job back that somebody confirmed.
    pub fn push_afterwards(
        &mut self,
        push: &PushBack,
        fleet: &Fleet,
        now: Moment,
    ) -> (EffectId, Vec<Effect>) {
        let mut turn = Turn::new(fleet, now);
        let id = self.intend_push(push, &mut turn);
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
        let mut turn = Turn::new(fleet, now);
        self.take_push(push, outcome, &mut turn);
        if let Some(index) = self.account.position(push.target, &push.jid)
            && let Some((fate, evidence)) = self.account.jobs()[index].fate.clone()
            && outcome.fate().is_some()
        {
            let event = Event::FoundLater {
                jid: push.jid.clone(),
                class: Some(self.account.jobs()[index].work.class.clone()),
                fate,
                place: evidence,
            };
            self.note_about(push.target, event, &mut turn);
        }
        self.count_again(fleet);
        turn.effects
    }

    /// The jobs by fate, and the outcome that follows, once fates have changed.
    fn count_again(&mut self, fleet: &Fleet) {
        self.count_hidden(fleet);
        let exited = self.targets.iter().filter(|target| target.exited());
        let counts = self.account.counts(exited.map(|target| target.id));
        if let Phase::Over { outcome, jobs, .. } = &mut self.phase {
            *jobs = counts;
            if *outcome == Outcome::Lost {
                *outcome = super::settle::weigh(Outcome::Drained, counts);
            }
        }
    }
}
