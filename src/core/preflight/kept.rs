//! A target that would exit while what starts it again goes on: another one comes in its place.
//! Units of systemd are judged by the rules about them.

use crate::core::check::{Finding, Severity};
use crate::core::drain::Plan;
use crate::core::fleet::{Keeper, KeeperKind, LocalProcess, Process, ProcessKey};

/// The warning about draining `process` under its keeper; `None` where it has none, where the
/// keeper is drained with it, or where nothing ends it.
pub(super) fn kept(
    process: &Process,
    local: &LocalProcess,
    targets: &[ProcessKey],
    plan: &Plan,
) -> Option<Finding> {
    let keeper = local.surroundings.above.keeper?;
    let exits = plan
        .sequence
        .first_stop()
        .or(plan.sequence.kill())
        .is_some();
    let is_keeper = |target: &ProcessKey| target.local().is_some_and(|id| id.pid == keeper.pid);
    if !exits || targets.iter().any(is_keeper) {
        return None;
    }
    let (severity, message) = match keeper.kind {
        KeeperKind::Swarm => (Severity::Error, left_to_its_swarm(process, local, keeper)),
        KeeperKind::Einhorn
        | KeeperKind::Forking
        | KeeperKind::Supervisord
        | KeeperKind::Runit
        | KeeperKind::S6
        | KeeperKind::Daemontools
        | KeeperKind::Pm2
        | KeeperKind::Circus
        | KeeperKind::Container => (
            Severity::Warning,
            format!(
                "{} runs below {keeper}, which {}. To keep it down: {}.",
                process.name(),
                keeper.kind.deed(),
                keeper.kind.stop()
            ),
        ),
    };
    Some(Finding {
        rule: "D46",
        severity,
        message,
        from: None,
        undecided: None,
    })
}

fn left_to_its_swarm(process: &Process, local: &LocalProcess, keeper: Keeper) -> String {
    let with_it = match local.surroundings.unit_name() {
        Some(unit) => format!("--unit {unit}"),
        None => format!("--pid {} beside --pid {}", keeper.pid, local.id.pid),
    };
    format!(
        "{} is a child of {keeper}, which {}: drain the parent with it, {with_it}.",
        process.name(),
        keeper.kind.deed()
    )
}
