//! How a run goes on in another drainboard than the one that drove it: its clocks have gone on,
//! and nothing was looked at meanwhile. Nothing is sent from here.

use super::advance::FRESH_LOOK;
use super::{Run, RunCall};
use crate::core::drain::asks::Asks;
use crate::core::drain::phase::Phase;
use crate::core::drain::record::Event;
use crate::core::drain::{Drivers, Effect};
use crate::core::fleet::Fleet;
use crate::core::moment::Moment;
use crate::core::sequence::Signal;

impl Run {
    /// Takes the run up after a time in which no drainboard drove it. A deadline of KILL that
    /// passed meanwhile holds; any other is met after a fresh look. `by` is the operator.
    #[must_use]
    pub fn take_up(&mut self, by: &str, fleet: &Fleet, now: Moment) -> Vec<Effect> {
        let mut turn = RunCall::new(fleet, now);
        if self.cursor.phase().is_over() {
            return turn.effects;
        }
        self.drivers = Drivers {
            own: by.into(),
            visitor: None,
        };
        self.ledger.note(Event::Resumed, &mut turn);
        let text = format!("taken up by {by}: the drainboard that drove it had ended");
        self.ledger.note(Event::Remarked { text }, &mut turn);
        if let Phase::Held { why, .. } = self.cursor.phase() {
            let why = why.words(self.ledger.targets());
            self.ledger.note(Event::Held { why }, &mut turn);
        }
        let kill = |next: usize| self.plan.sequence.signal(next) == Some(Signal::Kill);
        let slept_through = match self.cursor.phase() {
            Phase::Waiting { next, since, until } | Phase::Gated { next, since, until }
                if *until <= now && kill(*next) =>
            {
                Some((*next, *since))
            }
            Phase::Waiting { .. }
            | Phase::Gated { .. }
            | Phase::Ready { .. }
            | Phase::Performing(_)
            | Phase::Held { .. }
            | Phase::Leaving { .. }
            | Phase::Ending { .. }
            | Phase::Settling { .. }
            | Phase::Over { .. } => None,
        };
        if let Some((next, since)) = slept_through {
            self.hold_late(next, since, &mut turn);
        }
        self.cursor.put_off(now.after(FRESH_LOOK));
        // Its answer went to the other drainboard.
        self.cursor.forget_search();
        self.asks = Asks::at_once();
        self.ledger.look_now(&mut turn);
        self.ask_for_arrivals(&mut turn);
        turn.effects
    }
}
