//! The units of a session: what would bring back to work what a run left behind, and the records
//! of it. Nothing is called here.

use super::{Kind, Session};
use std::time::Duration;

use crate::core::drain::{CallOutcome, Effect, StopUnit, UnitCall};
use crate::core::fleet::{Process, ProcessKey};
use crate::core::moment::Moment;
use crate::core::preflight::stops;
use crate::core::sequence::Budget;

impl Session {
    /// The drain budget of a process. Where the stop of its unit takes TERM's place whatever
    /// runs then, systemd's own KILL may end it sooner.
    pub fn budget(&self, key: &ProcessKey, process: &Process) -> Budget {
        let timeout = self.timeout(process);
        let sequence = &self.setting.plan.sequence;
        sequence.budget_within(timeout.span, self.systemd_kills_after(key))
    }

    /// How long after TERM systemd kills it, where that is certain to come from systemd.
    fn systemd_kills_after(&self, key: &ProcessKey) -> Option<Duration> {
        let target = self.run.as_ref().and_then(|run| run.target(key));
        if let Some(target) = target {
            return target.stop.certain()?.limit;
        }
        let ProcessKey::Local(id) = key else {
            return None;
        };
        if self.preflight.systemd.stop != StopUnit::Always {
            return None;
        }
        let plan = &self.setting.plan;
        let stop = stops(&self.fleet, *id, plan, &self.preflight);
        stop.ok()??.limit
    }

    /// What brings back to work what the run left quiet or down; nothing where acts do not exist,
    /// nor for the unit in whose own stop this program runs.
    pub fn unit_calls(&self) -> Vec<UnitCall> {
        let Some(run) = &self.run else {
            return Vec::new();
        };
        if matches!(self.setting.kind, Kind::ReadOnly | Kind::Demo) {
            return Vec::new();
        }
        let mut calls = run.unit_calls(&self.fleet);
        calls.retain(|call| self.preflight.systemd.inside.as_ref() != Some(&call.unit));
        calls
    }

    /// Systemd is about to be told (`None`), or that has ended.
    #[must_use]
    pub fn unit_called(
        &mut self,
        call: &UnitCall,
        outcome: Option<&CallOutcome>,
        now: Moment,
    ) -> Vec<Effect> {
        let Some(run) = &self.run else {
            return Vec::new();
        };
        let effects = vec![Effect::Note(Box::new(run.record_call(call, outcome, now)))];
        self.keep(&effects);
        effects
    }
}
