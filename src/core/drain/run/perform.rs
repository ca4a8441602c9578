//! Starting a step, and what follows it. The only place that makes acts; their outcomes are
//! taken in by `outcome`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Run, RunCall};
use crate::core::drain::gate::{Passage, StepReason};
use crate::core::drain::phase::{Performing, Phase, Resume};
use crate::core::drain::record::Event;
use crate::core::drain::target::Target;
use crate::core::drain::{Act, ActKind, Effect};
use crate::core::fleet::ProcessKey;
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use crate::core::timing::{CLEANUP, HASH_GONE, SIGNAL_EXPIRES};

/// How long exits are waited for after a last KILL.
const AFTER_KILL: Duration = Duration::from_secs(5);
/// How long a last quiet signal may take to be confirmed.
const CONFIRMED: Duration = Duration::from_secs(20);

impl Run {
    /// Starts step `step`, unless its gate is shut.
    pub(super) fn start_step(&mut self, step: usize, reason: StepReason, turn: &mut RunCall<'_>) {
        let Some(signal) = self.plan.sequence.signal(step) else {
            return;
        };
        let stops = self.plan.sequence.first_stop() == Some(step);
        if (stops || signal == Signal::Kill) && self.leaves_it_to_the_container(signal, turn) {
            return;
        }
        match self.gates(turn).passage(step, signal, reason) {
            Passage::Goes { remark } => {
                if let Some(text) = remark {
                    self.ledger.note(Event::Remarked { text }, turn);
                }
                self.send_step(step, signal, turn);
            }
            Passage::Waits { event, limit } => {
                turn.asks_now = true;
                self.ledger.note(event, turn);
                let gated = Phase::Gated {
                    next: step,
                    since: turn.now,
                    until: turn.now.after(limit),
                };
                self.cursor.enter(gated, turn.now);
            }
            Passage::Holds(why) => {
                turn.asks_now = true;
                let resume = Resume::Wait {
                    next: step,
                    since: self.cursor.pace().last_step.unwrap_or(turn.now),
                    left: Duration::ZERO,
                };
                self.hold(why, resume, turn);
            }
        }
    }

    /// Sends the signal of `step` to every target that takes part and that it can reach.
    fn send_step(&mut self, step: usize, signal: Signal, turn: &mut RunCall<'_>) {
        let reaches = |target: &Target| signal != Signal::Kill || target.can_be_killed();
        let beyond = self.ledger.taking_part(|target| !reaches(target));
        for key in &beyond {
            let text = "KILL cannot be sent through Redis: it goes on until it exits by itself";
            let event = Event::Remarked { text: text.into() };
            self.ledger.note_about(key, event, turn);
        }
        let targets = self.ledger.taking_part(reaches);
        if !targets.is_empty() {
            self.perform(Some(step), signal, &targets, None, turn);
        } else if !beyond.is_empty() {
            self.after_step(step, turn.now);
        }
    }

    /// Sends `signal` to `targets`.
    pub(super) fn perform(
        &mut self,
        step: Option<usize>,
        signal: Signal,
        targets: &[ProcessKey],
        back: Option<Box<Phase>>,
        turn: &mut RunCall<'_>,
    ) {
        let mut acts = BTreeMap::new();
        let mut intents = BTreeMap::new();
        let is_first_stop = step.is_some() && step == self.plan.sequence.first_stop();
        for key in targets {
            let effect = self.ledger.new_id();
            acts.insert(effect, key.clone());
            let unit = self
                .ledger
                .unit_for(key, is_first_stop, signal, turn)
                .map(Box::new);
            let kind = match &unit {
                Some(unit) => ActKind::StopUnit(unit.clone()),
                None => ActKind::Signal(signal),
            };
            let event = match &unit {
                Some(unit) => Event::UnitStopIntended {
                    unit: (&unit.unit).into(),
                    step,
                },
                None => Event::SignalIntended { signal, step },
            };
            if unit.is_none() {
                self.ledger.note_restart(key, is_first_stop, signal, turn);
            }
            let intent = self.ledger.intent(key, kind.is_deadly(), unit, turn);
            intents.insert(key.clone(), intent);
            self.ledger.note_about(key, event, turn);
            let target = key.clone();
            let act = Act { target, kind, step };
            turn.effects.push(Effect::Act(effect, act));
        }
        let performing = Performing {
            step,
            signal,
            acts,
            intents,
            failed: Vec::new(),
            then_hold: None,
            back,
        };
        self.cursor.enter(Phase::Performing(performing), turn.now);
    }

    /// The phase that follows once step `step` is done.
    pub(super) fn after_step(&mut self, step: usize, now: Moment) {
        self.cursor.step_done(now);
        let Some(wait) = self.plan.sequence.wait_after(step) else {
            return self.leave(now);
        };
        let wait = Phase::Waiting {
            next: step + 1,
            since: now,
            until: now.after(wait),
        };
        self.cursor.enter(wait, now);
    }

    /// The last signal was sent: waits for the exits it should bring.
    pub(super) fn leave(&mut self, now: Moment) {
        let last = |target: &Target| {
            let own = match (target.last.map(|sent| sent.signal), target.interrupt()) {
                (Some(Signal::Kill), _) => now.after(AFTER_KILL),
                (_, Some(interrupt)) => interrupt.after(CLEANUP).max(now),
                (_, None) => now.after(CONFIRMED),
            };
            // Through Redis a signal arrives late, and an exit is known once a record has expired.
            if target.can_be_killed() {
                own
            } else {
                own.after(SIGNAL_EXPIRES + HASH_GONE)
            }
        };
        let targets = self.ledger.targets().iter();
        let until = targets.filter(|t| t.takes_part()).map(last).max();
        let until = until.unwrap_or(now);
        self.cursor.enter(Phase::Leaving { until }, now);
    }
}
