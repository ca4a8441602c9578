//! The log of one process as a whole: how far it was read, and the lines of its shutdown.

use super::subject::Subject;
use crate::core::fleet::Fleet;
use crate::core::log::Milestone;
use crate::core::moment::Moment;
use crate::core::timing::LAST_LINES;

/// The milestones that its log told of; none for a process of another host, whose log is not read.
pub(super) fn milestones<'a>(subject: &Subject<'_>, fleet: &'a Fleet) -> &'a [(Milestone, Moment)] {
    let pid = subject.pid();
    pid.map_or(&[], |pid| fleet.logs.witness.milestones(pid))
}

/// Since when its log was read.
fn read_since(subject: &Subject<'_>, fleet: &Fleet) -> Option<Moment> {
    fleet.logs.witness.since(subject.pid()?)
}

/// Whether the last lines of an ended process may not have been read yet.
pub(super) fn awaits_last_lines(subject: &Subject<'_>, fleet: &Fleet, now: Moment) -> bool {
    let Some(exit) = subject.exit else {
        return false;
    };
    let log = subject.key.local().and_then(|id| fleet.logs.of(id));
    log.is_some_and(|log| log.place.is_ok()) && now < exit.at.after(LAST_LINES)
}

/// Whether the log was read from before the process was told to stop, or from its own word of that.
pub(super) fn is_read_since_term(subject: &Subject<'_>, fleet: &Fleet) -> bool {
    let told = milestones(subject, fleet)
        .iter()
        .any(|(said, _)| *said == Milestone::ShuttingDown);
    let since = read_since(subject, fleet);
    let stopped = subject.signals.stopped;
    told || since.is_some_and(|since| stopped.is_none_or(|stopped| since < stopped))
}

/// Whether the process took jobs from `begun` to `at` by its log: it was read from then on, and says
/// nothing of TSTP or TERM.
pub(super) fn took_jobs(
    subject: &Subject<'_>,
    fleet: &Fleet,
    (begun, at): (Moment, Moment),
) -> bool {
    let told = |said: &Milestone| matches!(said, Milestone::Quieted | Milestone::ShuttingDown);
    let mut milestones = milestones(subject, fleet).iter();
    let since = read_since(subject, fleet);
    since.is_some_and(|since| since <= begun)
        && !milestones.any(|(said, when)| told(said) && *when <= at)
}

/// Whether the log was read from before TERM to its last line.
pub(super) fn is_whole(subject: &Subject<'_>, fleet: &Fleet) -> bool {
    let mut milestones = milestones(subject, fleet).iter();
    is_read_since_term(subject, fleet) && milestones.any(|(said, _)| *said == Milestone::Bye)
}

/// How many threads the process was about to interrupt by its own word: all that were left, idle
/// ones too. It says so for each capsule before it pushes anything back (7.3.9
/// `lib/sidekiq/manager.rb:96-120`).
pub(super) fn terminated(subject: &Subject<'_>, fleet: &Fleet) -> u64 {
    let counts = milestones(subject, fleet).iter().filter_map(|(said, _)| {
        if let Milestone::Terminating(threads) = said {
            return Some(*threads);
        }
        None
    });
    counts.sum()
}

/// How many jobs the process failed to push back by its own word.
pub(super) fn failed_to_requeue(subject: &Subject<'_>, fleet: &Fleet) -> u64 {
    let counts = milestones(subject, fleet).iter().filter_map(|(said, _)| {
        if let Milestone::FailedToRequeue(jobs) | Milestone::RequeueRefused(jobs) = said {
            return Some(*jobs);
        }
        None
    });
    counts.sum()
}

/// Whether some of the jobs that the process failed to push back may be back all the same.
pub(super) fn may_have_requeued_some(subject: &Subject<'_>, fleet: &Fleet) -> bool {
    let in_part = |said: &Milestone| matches!(said, Milestone::FailedToRequeue(_));
    let mut milestones = milestones(subject, fleet).iter();
    milestones.any(|(said, _)| in_part(said))
}

/// How many jobs the process had pushed back at `by` by its own word; `None`: it said nothing, or
/// that a push-back failed. It says so before it interrupts them (7.3.9
/// `lib/sidekiq/fetch.rb:44-70`).
pub(super) fn pushed_back(subject: &Subject<'_>, fleet: &Fleet, by: Moment) -> Option<u64> {
    let mut count = None;
    for (said, at) in milestones(subject, fleet) {
        if let Milestone::FailedToRequeue(_) | Milestone::RequeueRefused(_) = said {
            return None;
        }
        if let Milestone::PushedBack(jobs) = said
            && *at <= by
        {
            count = Some(count.unwrap_or(0) + jobs);
        }
    }
    count
}
