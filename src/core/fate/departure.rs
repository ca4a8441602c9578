//! Whether an ended process took itself out of `processes`: it does so only after it has pushed back
//! what it ran. A process that Redis lost, or that was told nothing, did not leave.

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
    // It says `Bye!` after its push-back. A job that blocks in C keeps its thread even then.
    let milestones = fleet.logs.witness.milestones(subject.id.pid);
    if milestones.iter().any(|(said, _)| *said == Milestone::Bye) {
        return Some(left);
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
    // With its row other rows would have gone in a flush. Where there is no other, only an exit by
    // itself, or threads that have ended tell the two apart.
    let ended = subject.exit.is_some() && !subject.signals.killed;
    let idle = threads.is_some_and(|threads| threads.heartbeat && threads.processors == 0);
    let proven = fleet.memory.was_whole_at(left) || ended || idle;
    (told && !still_works && proven).then_some(left)
}
