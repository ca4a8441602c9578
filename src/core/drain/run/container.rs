//! The target with which this program itself would end: its stop is left to what runs the container.

use super::{Run, RunCall};
use crate::core::drain::Effect;
use crate::core::drain::record::{Event, Outcome};
use crate::core::drain::target::Target;
use crate::core::sequence::Signal;

impl Run {
    /// Where this program would end with a target, `signal` is left to what runs the container: the
    /// jobs that are known are written down, their payloads saved, and the run is over.
    pub(super) fn leaves_it_to_the_container(
        &mut self,
        signal: Signal,
        turn: &mut RunCall<'_>,
    ) -> bool {
        let ends_all = |target: &&Target| {
            let process = turn.fleet.get(&target.key);
            let local = process.and_then(|process| process.local.as_ref());
            target.takes_part() && local.is_some_and(|local| local.surroundings.above.ends_all)
        };
        let Some(first) = self.ledger.targets().iter().find(ends_all) else {
            return false;
        };
        let text = format!(
            "the container and this program would end with it: {signal} is left to what stops the \
             container (the kubelet sends TERM once preStop has ended)"
        );
        self.ledger
            .note_about(&first.key, Event::Remarked { text }, turn);
        let taking = self
            .ledger
            .targets()
            .iter()
            .filter(|target| target.takes_part());
        turn.effects
            .extend(taking.map(|target| Effect::Save(target.key.clone())));
        self.settle(Outcome::Alive, turn);
        true
    }
}
