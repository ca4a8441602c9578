//! The units of a session: what would bring back to work what a run left behind, and the records
//! of it. Nothing is called here.

use super::{Kind, Session};
use crate::core::drain::{CallOutcome, Effect, UnitCall};
use crate::core::moment::Moment;

impl Session {
    /// The calls that bring units back that the run left quiet or down; none where acts do not
    /// exist, nor for the unit in whose own stop this program runs.
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
        let effects = vec![Effect::Note(Box::new(
            run.ledger().record_call(call, outcome, now),
        ))];
        self.keep(&effects);
        effects
    }
}
