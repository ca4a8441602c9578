//! How a session looks at its plan before a drain begins, and why it lets none begin whose plan
//! is not the one that the operator saw. Nothing is sent from here.

use super::{Session, Setting};
use crate::core::drain::{Effect, Event, Plan, Run};
use crate::core::fleet::{ProcessKey, Title};
use crate::core::preflight::{
    Consent, FoundSequence, LintInputs, PlanSeen, Whom, findings, found_sequence,
};

impl Session {
    /// Looks at the plan once more for exactly these targets, before any process is held. `consent`
    /// is the plan that the operator saw and let begin: nothing else may begin in its place.
    ///
    /// # Errors
    /// With every reason why it must not begin.
    pub fn prepare(
        &mut self,
        targets: &[ProcessKey],
        consent: Option<&Consent>,
    ) -> Result<(), String> {
        self.settle(targets);
        let mut objections = self.preflight.objections();
        if let Some(consent) = consent {
            let plan = &self.setting.plan;
            objections.extend(consent.missing(&self.preflight.seen, &plan.sequence));
        }
        if objections.is_empty() {
            Ok(())
        } else {
            Err(objections.join("; "))
        }
    }

    /// Writes into the record of a beginning which Redis the drain uses: a later look for its jobs
    /// must ask the same.
    pub(super) fn name_redis(&self, effects: &mut [Effect]) {
        for effect in effects {
            if let Effect::Note(record) = effect
                && let Event::Started {
                    redis, namespace, ..
                } = &mut record.event
            {
                *redis = self.setting.redis.as_ref().map(|(url, _)| url.clone());
                namespace.clone_from(&self.setting.namespace);
            }
        }
    }

    /// Which targets of a run stand in the place of a wrapper that was named by its pid.
    pub(super) fn wrapped(&self, run: &Run) -> Vec<String> {
        let Whom::Chosen(choice) = &self.preflight.whom else {
            return Vec::new();
        };
        let wrappers = choice.wrappers(&self.fleet).into_iter();
        let said = wrappers.filter_map(|(wrapper, wrapped)| {
            let target = run.ledger().target(&wrapped.into())?;
            let Title::Other(line) = &wrapper.title else {
                return None;
            };
            Some(format!(
                "pid {} is no Sidekiq but wraps one (`{line}`): drained is {}",
                wrapper.id.pid, target.about.name
            ))
        });
        said.collect()
    }

    /// The operator chose the targets: from now on these are looked at.
    pub fn choose(&mut self, targets: Vec<ProcessKey>) {
        self.preflight.whom = Whom::Marked(targets);
        if !self.is_draining() {
            self.look_at_plan();
        }
    }

    /// Looks at the plan for those who would be drained now, where anything has changed since.
    pub(super) fn look_at_plan(&mut self) {
        let targets = self.preflight.targets(&self.fleet);
        let looked_by = self.preflight.looked_by.as_ref();
        let systemd = &self.preflight.systemd;
        let followed = (&self.setting.plan, &self.setting.sequence_from);
        if looked_by.is_some_and(|inputs| inputs.hold(&self.fleet, &targets, followed, systemd)) {
            let seen = &mut self.preflight.seen;
            seen.take_queues(&self.fleet, &targets, &self.setting.plan.sequence);
            return;
        }
        self.settle(&targets);
        let systemd = &self.preflight.systemd;
        let followed = (&self.setting.plan, &self.setting.sequence_from);
        self.preflight.looked_by = Some(LintInputs::of(&self.fleet, &targets, followed, systemd));
    }

    /// The sequence that the targets' files ask for, unless one was stated, and the findings.
    pub(super) fn settle(&mut self, targets: &[ProcessKey]) {
        let (found, seen) = self.looked_at(targets);
        self.setting.plan.sequence = found.sequence;
        self.setting.sequence_from = found.origin;
        self.preflight.seen = seen;
        self.preflight.looked_by = None;
    }

    /// The logs and findings of a drain of exactly these targets. Nothing changes.
    pub fn looked_at(&self, targets: &[ProcessKey]) -> (FoundSequence, PlanSeen) {
        let Setting {
            plan,
            sequence_from,
            ..
        } = &self.setting;
        let preflight = &self.preflight;
        let mut trouble = None;
        let found = if preflight.is_open {
            let inside = preflight.systemd.inside.as_ref();
            let process = preflight.process.as_deref();
            match found_sequence(&self.fleet, targets, process, inside) {
                Ok(found) => found.unwrap_or_else(FoundSequence::default_one),
                Err(why) => {
                    trouble = Some(why.to_string());
                    FoundSequence::instead()
                }
            }
        } else {
            FoundSequence {
                sequence: plan.sequence.clone(),
                origin: sequence_from.clone(),
            }
        };
        let plan = Plan {
            sequence: found.sequence.clone(),
            ..plan.clone()
        };
        let findings = findings(&self.fleet, targets, &plan, &found.origin, preflight);
        (found, PlanSeen { trouble, findings })
    }
}
