//! The fate of an execution whose work a later job does.

use super::execution::GoesOn;
use super::fate::{Fate, Ruling};
use crate::core::fleet::Passed;

/// The ruling on an execution whose work goes on in `heir`. `stands_still`: every process of its
/// queue is quiet or gone.
pub(super) fn handed_on(heir: GoesOn<'_>, stands_still: bool) -> Ruling {
    let GoesOn { jid, place, .. } = heir;
    if heir.shared {
        let why = format!(
            "several jobs of this class with the same arguments left, and one of them goes on as \
             {jid} ({place})"
        );
        return Ruling::new(Fate::Unknown, why);
    }
    match heir.passed {
        Passed::BrokeOff => {
            let still = if stands_still {
                "; it stands still until a new process serves its queue"
            } else {
                ""
            };
            let why =
                format!("it broke off at a checkpoint, and goes on as {jid} ({place}){still}");
            Ruling::new(Fate::Checkpointed, why)
        }
        Passed::Failed => {
            let why = format!("it failed, and Active Job retries it as {jid} ({place})");
            Ruling::new(Fate::Retried, why)
        }
    }
}
