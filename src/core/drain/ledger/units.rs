//! The units of the targets. TERM by way of systemd: where a unit would be started again after a
//! plain TERM, the stop of that unit may take its place. And the calls for units that a drain left
//! behind. It calls no program.

use super::{Ledger, RunCall};
use crate::core::drain::event::Event;
use crate::core::drain::record::{Outcome, Record};
use crate::core::drain::target::{Standing, Target};
use crate::core::drain::unit_call::{CallOutcome, UnitCall, UnitVerb};
use crate::core::drain::unit_stop::{StopUnit, UnitStop, UnitWords};
use crate::core::fleet::{Fleet, ProcessKey, Unit};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;

impl Ledger {
    /// Takes over which targets may be stopped through their units, before the first signal.
    pub(crate) fn take_units(
        &mut self,
        when: StopUnit,
        mut units: impl FnMut(&ProcessKey) -> Option<UnitStop>,
    ) {
        for target in &mut self.targets {
            target.stop.unit = units(&target.key);
            target.stop.when = when;
        }
    }

    /// Changes when the stop of their units takes TERM's place, for all that were not told to
    /// stop yet.
    pub(in crate::core::drain) fn stop_by(&mut self, when: StopUnit, turn: &mut RunCall<'_>) {
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
    pub(in crate::core::drain) fn unit_for(
        &self,
        key: &ProcessKey,
        is_first_stop: bool,
        signal: Signal,
        turn: &RunCall<'_>,
    ) -> Option<UnitStop> {
        if !is_first_stop || !signal.stops() {
            return None;
        }
        let target = self.target(key)?;
        let unit = target.stop.unit.as_ref()?;
        let idle = || {
            let process = turn.fleet.get(&target.key)?;
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
    pub(in crate::core::drain) fn note_restart(
        &self,
        key: &ProcessKey,
        is_first_stop: bool,
        signal: Signal,
        turn: &mut RunCall<'_>,
    ) {
        let target = self.target(key);
        let unit = target.and_then(|target| target.stop.unit.as_ref());
        let Some(unit) = unit.filter(|unit| unit.after_term) else {
            return;
        };
        if !is_first_stop || !signal.stops() {
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
        self.note_about(key, Event::Remarked { text }, turn);
    }

    /// The calls that bring the units back to work that a run with this outcome left quiet or down; a
    /// unit that systemd starts again by itself needs nothing.
    pub(in crate::core::drain) fn unit_calls(
        &self,
        outcome: Outcome,
        fleet: &Fleet,
    ) -> Vec<UnitCall> {
        let mut calls: Vec<UnitCall> = Vec::new();
        for target in &self.targets {
            let Some(unit) = target.stop.runs_in.clone() else {
                continue;
            };
            if let Some(verb) = verb_for(target, &unit, outcome, fleet)
                && calls.iter().all(|call| call.unit != unit)
            {
                let target = target.key.clone();
                calls.push(UnitCall { verb, unit, target });
            }
        }
        calls
    }

    /// The record of a call: before it (`None`), or of how it ended.
    pub fn record_call(
        &self,
        call: &UnitCall,
        outcome: Option<&CallOutcome>,
        now: Moment,
    ) -> Record {
        let (verb, unit) = (call.verb, UnitWords::from(&call.unit));
        let event = match outcome {
            None => Event::UnitCallIntended { verb, unit },
            Some(CallOutcome::Taken) => Event::UnitCalled { verb, unit },
            Some(CallOutcome::Failed {
                why,
                may_have_happened,
            }) => Event::UnitCallFailed {
                verb,
                unit,
                error: why.clone(),
                may_have_happened: *may_have_happened,
            },
        };
        let about = self.targets.iter().find(|known| known.key == call.target);
        self.record(about.map(|target| target.about.clone()), event, now)
    }
}

/// The call that brings the unit of a target back to work, if it needs one.
fn verb_for(target: &Target, unit: &Unit, outcome: Outcome, fleet: &Fleet) -> Option<UnitVerb> {
    let last = target.last.map(|sent| sent.signal);
    let quiets = matches!(last, Some(Signal::Tstp | Signal::Usr1));
    match target.standing {
        Standing::Exited { .. } => {
            let lives = fleet.processes.values().any(|other| {
                let around = other.local.as_ref().map(|local| &local.surroundings);
                !other.exited() && around.is_some_and(|a| a.unit.as_ref() == Some(unit))
            });
            // By a plain TERM systemd has it started again already, or soon.
            let comes_back = target.stop.unit.as_ref().is_some_and(|stop| {
                stop.after_term && !target.stop.begun || last == Some(Signal::Kill)
            });
            let unfinished = outcome == Outcome::Stopped;
            (unfinished && !lives && !comes_back).then_some(UnitVerb::Start)
        }
        Standing::Alive | Standing::Quiet { .. } | Standing::Idle { .. } => {
            (quiets && target.stopped.is_none()).then_some(UnitVerb::Restart)
        }
        Standing::LeftOut { .. } => None,
    }
}
