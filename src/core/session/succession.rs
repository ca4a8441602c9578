//! The words of a session about the processes that come up in the place of those that it drained.

use super::Session;
use crate::core::drain::{Effect, Event};
use crate::core::fleet::{LocalId, ProcessKey, Unit};
use crate::core::moment::Moment;
use crate::core::successor::Watch;

impl Session {
    /// The processes that came up in the place of the targets once the drain was over.
    pub(super) fn succeed(&mut self, now: Moment) -> Vec<Effect> {
        let (Some(run), Some(watch)) = (&self.run, &mut self.afterwards.watch) else {
            return Vec::new();
        };
        let stated = self.setting.plan.timeout.as_ref();
        let told = watch.follow(run, &self.fleet, stated, now).into_iter();
        let record = |(about, successor)| {
            let event = Event::Successor(Box::new(successor));
            Effect::Note(Box::new(run.ledger().record(Some(about), event, now)))
        };
        let effects: Vec<Effect> = told.map(record).collect();
        self.keep(&effects);
        effects
    }

    /// Whether what comes up in the place of the targets is still awaited.
    pub fn awaits_successors(&self) -> bool {
        self.afterwards.watch.as_ref().is_some_and(Watch::is_open)
    }

    /// The targets whose places can be watched, and the unit of the others: within a unit's own
    /// `ExecStop` nothing starts there before this program has ended.
    pub(super) fn watched(&self, targets: &[ProcessKey]) -> (Vec<LocalId>, Option<Unit>) {
        let unit = |id: &LocalId| {
            let process = self.fleet.get(&ProcessKey::Local(*id))?;
            process.local.as_ref()?.surroundings.unit.clone()
        };
        let inside = self.preflight.systemd.inside.as_ref();
        let own = |id: &&LocalId| inside.is_some() && unit(id).as_ref() == inside;
        let here = targets.iter().filter_map(ProcessKey::local);
        let (own, watched): (Vec<LocalId>, Vec<LocalId>) = here.partition(|id| own(&id));
        (watched, inside.filter(|_| !own.is_empty()).cloned())
    }
}
