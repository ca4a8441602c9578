//! Calls for units that a drain left behind: a quiet one is restarted, one that has
//! exited and stays down is started. Offers and records; nothing is called here.

use super::Run;
use crate::core::drain::event::Event;
use crate::core::drain::record::Record;
use crate::core::drain::target::{Standing, Target};
use crate::core::drain::unit_call::{CallOutcome, UnitCall, UnitVerb};
use crate::core::drain::unit_stop::UnitWords;
use crate::core::fleet::{Fleet, Unit};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;

impl Run {
    /// The calls that bring the units back to work that this run, once over, left quiet or down; a
    /// unit that systemd starts again by itself needs nothing.
    pub fn unit_calls(&self, fleet: &Fleet) -> Vec<UnitCall> {
        if !self.cursor.phase.is_over() {
            return Vec::new();
        }
        let mut calls: Vec<UnitCall> = Vec::new();
        for target in &self.targets {
            let Some(unit) = target.stop.runs_in.clone() else {
                continue;
            };
            if let Some(verb) = self.verb_for(target, &unit, fleet)
                && calls.iter().all(|call| call.unit != unit)
            {
                let target = target.id;
                calls.push(UnitCall { verb, unit, target });
            }
        }
        calls
    }

    fn verb_for(&self, target: &Target, unit: &Unit, fleet: &Fleet) -> Option<UnitVerb> {
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
                let unfinished = self.outcome() == Some(crate::core::drain::Outcome::Stopped);
                (unfinished && !lives && !comes_back).then_some(UnitVerb::Start)
            }
            Standing::Alive | Standing::Quiet { .. } | Standing::Idle { .. } => {
                (quiets && target.stopped.is_none()).then_some(UnitVerb::Restart)
            }
            Standing::LeftOut { .. } => None,
        }
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
        let about = self.targets.iter().find(|known| known.id == call.target);
        self.record(about.map(|target| target.about.clone()), event, now)
    }
}
