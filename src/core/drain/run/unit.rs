//! TERM by way of systemd: where a unit would be started again after a plain TERM, the stop of
//! that unit may take its place. It decides which way a stop goes; it calls no program.

use super::{Run, RunCall};
use crate::core::drain::event::Event;
use crate::core::drain::target::Target;
use crate::core::drain::unit_stop::{StopUnit, UnitStop};
use crate::core::fleet::{LocalId, ProcessKey};
use crate::core::sequence::Signal;

impl Run {
    /// Takes over which targets may be stopped through their units, before the first signal.
    pub(crate) fn take_units(
        &mut self,
        when: StopUnit,
        mut units: impl FnMut(LocalId) -> Option<UnitStop>,
    ) {
        for target in &mut self.targets {
            target.stop.unit = units(target.id);
            target.stop.when = when;
        }
    }

    /// Changes when the stop of their units takes TERM's place, for all that were not told to
    /// stop yet.
    pub(super) fn stop_by(&mut self, when: StopUnit, turn: &mut RunCall<'_>) {
        let open = |target: &&mut Target| {
            target.stopped.is_none() && target.stop.unit.is_some() && target.stop.when != when
        };
        let mut changed = false;
        for target in self.targets.iter_mut().filter(open) {
            target.stop.when = when;
            changed = true;
        }
        if changed {
            let text = match when {
                StopUnit::Idle => "units are stopped through systemctl where proven idle",
                StopUnit::Always => "units are stopped through systemctl, idle or not",
                StopUnit::Never => "TERM goes to the processes, not through systemctl",
            };
            self.note(Event::Remarked { text: text.into() }, turn);
        }
    }

    /// The stop of its unit, if that takes the place of `signal` for this target now.
    pub(super) fn unit_for(
        &self,
        id: LocalId,
        step: Option<usize>,
        signal: Signal,
        turn: &RunCall<'_>,
    ) -> Option<UnitStop> {
        if step.is_none() || step != self.plan.sequence.first_stop() || !signal.stops() {
            return None;
        }
        let target = self.target(&ProcessKey::Local(id))?;
        let unit = target.stop.unit.as_ref()?;
        let idle = || {
            let process = turn.fleet.get(&target.key())?;
            turn.fleet.proof_of_idle(process, &target.mark?, turn.now)
        };
        let taken = match target.stop.when {
            StopUnit::Never => false,
            StopUnit::Always => true,
            StopUnit::Idle => unit.after_term && idle().is_some(),
        };
        taken.then(|| unit.clone())
    }

    /// Says that a plain TERM is a restart, where it is one.
    pub(super) fn note_restart(
        &self,
        id: LocalId,
        step: Option<usize>,
        signal: Signal,
        turn: &mut RunCall<'_>,
    ) {
        let target = self.target(&ProcessKey::Local(id));
        let unit = target.and_then(|target| target.stop.unit.as_ref());
        let Some(unit) = unit.filter(|unit| unit.after_term) else {
            return;
        };
        if !signal.stops() || step.is_none() || step != self.plan.sequence.first_stop() {
            return;
        }
        let why = match target.map(|target| target.stop.when) {
            Some(StopUnit::Idle) => "it is not proven idle, so ",
            Some(StopUnit::Always | StopUnit::Never) | None => "",
        };
        let text = format!(
            "{why}plain {signal} goes: {} has Restart={}, and systemd starts it again; to keep it down: {}",
            unit.unit,
            unit.restart,
            unit.unit.command("stop")
        );
        self.note_about(id, Event::Remarked { text }, turn);
    }
}
