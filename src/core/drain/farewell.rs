//! What a process that stops says of its threads: how many jobs it interrupts, and that it has
//! ended in order. It only ever narrows how many threads have no name, and counts for nothing
//! unless its log was read from before TERM to the last line.

use super::run::Run;
use super::target::{Standing, Target};
use super::testimony::{LAST_LINES, is_read_since_term, was_interrupted};
use crate::core::fleet::Fleet;
use crate::core::log::Milestone;
use crate::core::moment::Moment;
use crate::core::sequence::Signal;

impl Run {
    /// How many jobs without a name an ended target can have interrupted at most; `None`: its log
    /// does not tell. A stop logs `Terminating N busy threads` for each capsule before it pushes
    /// anything back, where N are all threads that are left, and `Bye!` at its end (7.3.9
    /// `lib/sidekiq/manager.rb:96-120`, `lib/sidekiq/cli.rb`): every other thread had ended its
    /// job by itself.
    pub(super) fn interrupted_unseen(&self, target: &Target, fleet: &Fleet) -> Option<u64> {
        target.stopped?;
        let milestones = fleet.logs.witness.milestones(target.id.pid);
        let whole = is_read_since_term(target, fleet)
            && milestones.iter().any(|(said, _)| *said == Milestone::Bye);
        let interrupted = milestones.iter().map(|(said, _)| match said {
            Milestone::Terminating(threads) => *threads,
            Milestone::Quieted
            | Milestone::ShuttingDown
            | Milestone::Pausing
            | Milestone::PushedBack(_)
            | Milestone::FailedToRequeue(_)
            | Milestone::Bye => 0,
        });
        let known = self.account.of(target.id);
        let known = known.filter(|job| was_interrupted(job, fleet)).count() as u64;
        whole.then(|| interrupted.sum::<u64>().saturating_sub(known))
    }

    /// Whether the last line of an ended target may still be read, and would tell of threads
    /// without a name.
    pub(super) fn awaits_farewell(&self, fleet: &Fleet, now: Moment) -> bool {
        self.targets.iter().any(|target| {
            let Standing::Exited { at, .. } = target.standing else {
                return false;
            };
            let killed = target.last.is_some_and(|sent| sent.signal == Signal::Kill);
            let log = fleet.logs.of(target.id);
            target.stopped.is_some()
                && !killed
                && now < at.after(LAST_LINES)
                && log.is_some_and(|log| log.place.is_ok())
                && self.account.unseen(target.id) > 0
                && self.interrupted_unseen(target, fleet).is_none()
        })
    }
}
