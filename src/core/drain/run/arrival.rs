//! Signals that go through Redis: a process of another host takes one out of its list at a heartbeat,
//! or it expires there. Nothing is sent from here.

use super::{Run, RunCall};
use crate::core::drain::phase::{Hold, Phase, Resume};
use crate::core::drain::record::Event;
use crate::core::drain::target::Target;
use crate::core::drain::{Ask, Effect, WaitingSignal};
use crate::core::fleet::ProcessKey;
use crate::core::sequence::Signal;
use crate::core::timing::SIGNAL_EXPIRES;

impl Run {
    /// Asks whether this target has taken its signal, where it waits in Redis.
    pub(super) fn ask_for_arrival(&mut self, key: &ProcessKey, turn: &mut RunCall<'_>) {
        let Some(sent) = self.ledger.target(key).and_then(Target::waiting) else {
            return;
        };
        let waiting = WaitingSignal {
            target: key.clone(),
            signal: sent.signal,
            until: sent.at.after(SIGNAL_EXPIRES),
        };
        let id = self.ledger.new_id();
        turn.effects.push(Effect::Ask(id, Ask::Taken(waiting)));
    }

    /// The same of every target, for a run that is taken up.
    pub(super) fn ask_for_arrivals(&mut self, turn: &mut RunCall<'_>) {
        for key in self.ledger.taking_part(|target| target.waiting().is_some()) {
            self.ask_for_arrival(&key, turn);
        }
    }

    /// Takes in that a signal was taken, or has expired.
    pub(super) fn taken(&mut self, waiting: &WaitingSignal, taken: bool, turn: &mut RunCall<'_>) {
        let signal = waiting.signal;
        let Some(target) = self.ledger.target_mut(&waiting.target) else {
            return;
        };
        let awaited = target.waiting().is_some_and(|sent| sent.signal == signal);
        if !awaited || !target.takes_part() {
            return;
        }
        if taken {
            target.arrived(turn.now);
            let event = Event::SignalArrived { signal };
            return self.ledger.note_about(&waiting.target, event, turn);
        }
        // One that has left its set takes no signal any more: it exits.
        let process = turn.fleet.get(&waiting.target);
        if process.is_some_and(|process| process.left_in_order().is_some()) {
            return;
        }
        let why = format!(
            "{signal} was not taken out of Redis within {} s, and has expired there",
            SIGNAL_EXPIRES.as_secs()
        );
        let event = Event::SignalFailed {
            signal,
            step: self.last_step_of(signal),
            error: why.clone(),
            may_have_happened: false,
        };
        self.ledger.note_about(&waiting.target, event, turn);
        self.hold_for_arrival(&waiting.target, signal, why, turn);
    }

    /// Holds because a signal expired: it can be sent again, or its target left out.
    fn hold_for_arrival(
        &mut self,
        key: &ProcessKey,
        signal: Signal,
        why: String,
        turn: &mut RunCall<'_>,
    ) {
        let Some(step) = self.last_step_of(signal) else {
            return;
        };
        let mut failed = vec![(key.clone(), why)];
        if let Phase::Held {
            why: Hold::Failed(known),
            ..
        } = self.cursor.phase()
        {
            failed.splice(0..0, known.iter().cloned());
        } else if self.cursor.phase().takes_no_step() {
            return;
        }
        let accepted = 0;
        self.hold(
            Hold::Failed(failed),
            Resume::Failed { step, accepted },
            turn,
        );
    }

    /// The position of the last signal of this kind that was sent.
    fn last_step_of(&self, signal: Signal) -> Option<usize> {
        let next = self.cursor.phase().next_step();
        let sent = |step: &usize| next.is_none_or(|next| *step < next);
        let mut steps = (0..self.plan.sequence.signals().count()).filter(sent);
        steps.rfind(|step| self.plan.sequence.signal(*step) == Some(signal))
    }
}
