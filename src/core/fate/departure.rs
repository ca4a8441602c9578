//! Whether an ended process took itself out of `processes`: it does so only after it has pushed back
//! what it ran. A process that Redis lost, or that was told nothing, did not leave.

use super::log::milestones;
use super::subject::Subject;
use crate::core::fleet::{Fleet, Process};
use crate::core::log::Milestone;
use crate::core::moment::Moment;
use crate::core::timing::LINGER;

/// When a look first missed `process` in `processes`, if it left by itself.
pub fn left_in_order(process: &Process, subject: &Subject<'_>, fleet: &Fleet) -> Option<Moment> {
    let left = process.left_in_order()?;
    if fleet.memory.lost_at().is_some_and(|lost| left >= lost) {
        return None;
    }
    // With its row other rows would have gone in a flush: then it left when its row was gone. Else
    // it had left at the latest when something else proves it; its row may have gone before.
    let when = |proven: Moment| {
        let whole = fleet.memory.was_whole_at(left);
        if whole { left } else { left.max(proven) }
    };
    // It says `Bye!` after its push-back. A job that blocks in C keeps its thread even then.
    let milestones = milestones(subject, fleet);
    let mut byes = milestones.iter();
    if let Some((_, at)) = byes.find(|(said, _)| *said == Milestone::Bye) {
        return Some(when(*at));
    }
    // Only TERM and INT make a Sidekiq leave; another program may have sent them.
    let told = subject.signals.stopped.is_some()
        || milestones
            .iter()
            .any(|(said, _)| *said == Milestone::ShuttingDown);
    // Worker threads that are there long after it left were not ended: then it did not leave.
    let threads = process.local.as_ref().and_then(|local| local.threads);
    let still_works =
        threads.is_some_and(|threads| threads.processors > 0 && threads.at > left.after(LINGER));
    if !told || still_works {
        return None;
    }
    let idle = threads.filter(|threads| threads.heartbeat && threads.processors == 0);
    let ended = subject.exit.filter(|_| !subject.signals.killed);
    if fleet.memory.was_whole_at(left) {
        return Some(left);
    }
    let proofs = ended.map(|exit| exit.at).into_iter();
    let proven = proofs.chain(idle.map(|threads| threads.at)).max()?;
    Some(left.max(proven))
}
