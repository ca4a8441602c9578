//! The missing jobs of a drain on their way out of the session and back: what is searched for,
//! and what is pushed back. It decides nothing.

use crate::core::drain::{Missing, Run, Standing, Target};
use crate::core::fleet::{Fleet, ProcessKey};
use crate::core::moment::Moment;
use crate::rescue::{Ending, SavedJob, Suspect};

/// The job with this id of this target, as the last beat showed it.
pub(super) fn saved_job(
    run: &Run,
    fleet: &Fleet,
    (target, jid): (&ProcessKey, &str),
    now: Moment,
) -> Option<SavedJob> {
    let target = run.ledger().target(target)?;
    let execution = run.ledger().account().find(&target.key, jid)?;
    // Of a job that went while no drainboard ran the payload may never have been read.
    let work = execution.work();
    if !work.payload.is_empty() && !work.has_payload() {
        return None;
    }
    let process = fleet.get(&target.key);
    Some(SavedJob::of(execution.work(), target, process, now))
}

/// The question of a search for each missing job.
pub(super) fn suspects(
    run: &Run,
    fleet: &Fleet,
    missing: Vec<Missing>,
    now: Moment,
) -> Vec<(Missing, Suspect)> {
    let suspect = |missing: Missing| {
        let job = saved_job(run, fleet, (&missing.target, &missing.jid), now)?;
        let target = run.ledger().target(&missing.target)?;
        let suspect = Suspect {
            job,
            ending: Ending {
                not_back: missing.not_back.clone(),
                ..ending(target)
            },
        };
        Some((missing, suspect))
    };
    missing.into_iter().filter_map(suspect).collect()
}

/// The identities of all targets of `run` that have exited, those without a missing job too.
pub(super) fn gone(run: &Run) -> Vec<String> {
    let exited = run
        .ledger()
        .targets()
        .iter()
        .filter(|target| target.exited());
    let identities = exited.filter_map(|target| target.about.identity.as_ref());
    identities.map(ToString::to_string).collect()
}

fn ending(target: &Target) -> Ending {
    let exited_at = match target.standing {
        Standing::Exited { at, .. } => Some(at.wall()),
        Standing::Alive
        | Standing::Quiet { .. }
        | Standing::Idle { .. }
        | Standing::LeftOut { .. } => None,
    };
    Ending {
        exited_at,
        ..Ending::default()
    }
}
