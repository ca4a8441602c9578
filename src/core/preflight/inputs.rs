//! The inputs of a look at the plan. The lint runs again only where some of them have changed: most
//! looks at Redis and at this host bring nothing new for it.

use std::collections::BTreeMap;

use super::Systemd;
use crate::core::drain::Plan;
use crate::core::fleet::{
    Fleet, LocalId, LocalProcess, Process, ProcessKey, Surroundings, Title, Unit, UnitLook,
};
use crate::core::sequence::{SequenceOrigin, Timeout, TimeoutLabel, Version};

/// The inputs of the last look at the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct LintInputs {
    targets: Vec<ProcessKey>,
    plan: Plan,
    origin: SequenceOrigin,
    systemd: Systemd,
    units: BTreeMap<Unit, UnitLook>,
    processes: Vec<LintedProcess>,
}

/// A process of this host as the lint sees it.
#[derive(Clone, Debug, PartialEq)]
struct LintedProcess {
    id: LocalId,
    name: String,
    version: Option<Version>,
    is_swarm: bool,
    timeout: Timeout,
    label: TimeoutLabel,
    surroundings: Surroundings,
}

impl LintedProcess {
    fn of((process, local): (&Process, &LocalProcess), stated: Option<&Timeout>) -> Self {
        Self {
            id: local.id,
            name: process.name(),
            version: process.version(),
            is_swarm: matches!(local.title, Title::Swarm),
            timeout: process.timeout(stated),
            label: process.timeout_label(),
            surroundings: local.surroundings.clone(),
        }
    }

    /// Whether this is `process`, unchanged. Nothing is copied for that.
    fn is(&self, (process, local): (&Process, &LocalProcess), stated: Option<&Timeout>) -> bool {
        self.id == local.id
            && self.version == process.version()
            && self.is_swarm == matches!(local.title, Title::Swarm)
            && self.surroundings == local.surroundings
            && self.timeout == process.timeout(stated)
            && self.label == process.timeout_label()
            && self.name == process.name()
    }
}

fn living(fleet: &Fleet) -> impl Iterator<Item = (&Process, &LocalProcess)> {
    fleet.processes.iter().filter_map(|(key, process)| {
        let here = matches!(key, ProcessKey::Local(_)) && !process.exited();
        process
            .local
            .as_ref()
            .filter(|_| here)
            .map(|local| (process, local))
    })
}

impl LintInputs {
    /// The inputs of a look at `plan` for `targets` now.
    pub fn of(
        fleet: &Fleet,
        targets: &[ProcessKey],
        (plan, origin): (&Plan, &SequenceOrigin),
        systemd: &Systemd,
    ) -> Self {
        let stated = plan.timeout.as_ref();
        Self {
            targets: targets.to_vec(),
            plan: plan.clone(),
            origin: origin.clone(),
            systemd: systemd.clone(),
            units: fleet.units.clone(),
            processes: living(fleet)
                .map(|process| LintedProcess::of(process, stated))
                .collect(),
        }
    }

    /// Whether nothing of it has changed.
    pub fn hold(
        &self,
        fleet: &Fleet,
        targets: &[ProcessKey],
        (plan, origin): (&Plan, &SequenceOrigin),
        systemd: &Systemd,
    ) -> bool {
        let stated = plan.timeout.as_ref();
        self.targets == targets
            && self.plan == *plan
            && self.origin == *origin
            && self.systemd == *systemd
            && self.units == fleet.units
            && living(fleet).count() == self.processes.len()
            && living(fleet)
                .zip(&self.processes)
                .all(|(process, known)| known.is(process, stated))
    }
}
