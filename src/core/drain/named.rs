//! Jobs that the log of their process names and no beat has shown: taken into the account with
//! what the log says, so that their threads are no riddle any more. It names jobs; it never
//! makes one safe.

use std::collections::HashSet;
use std::time::Duration;

use super::account::{Account, Threads};
use super::evidence::may_have_interrupted;
use super::fate::Fate;
use super::target::{Standing, Target};
use super::testimony::{has_failed, has_freed_its_thread, is_told};
use super::tracked::{Track, Tracked};
use crate::core::fleet::{Fleet, Job, Listed, LocalId, Process, Work};
use crate::core::log::{Begun, Told};

/// How long after its begin by the log a job may take to stand in what a beat shows: twenty
/// threads that compute take turns of 100 ms each.
const SHOWN_WITHIN: Duration = Duration::from_secs(5);

impl Account {
    /// Takes in the jobs that the log of `target` names: those that run since its first signal, or
    /// ended after it. Before the signal beats are enough.
    pub(super) fn hear(&mut self, target: &Target, process: &Process, fleet: &Fleet) {
        let exit = match target.standing {
            Standing::Exited { at, .. } => Some(at),
            Standing::Alive
            | Standing::Quiet { .. }
            | Standing::Idle { .. }
            | Standing::LeftOut { .. } => None,
        };
        let Some(since) = target.mark.map(|mark| mark.at).or(exit) else {
            return;
        };
        let heard = self.heard.get(&target.id).copied().unwrap_or(0);
        let (begins, read) = fleet.logs.witness.begins_since(heard);
        for begun in begins.filter(|begun| is_of(begun, process)) {
            let said = fleet.logs.witness.of(begun.pid, &begun.jid);
            let ended = said.filter(|said| said.what != Told::Started && said.at >= begun.at);
            let before = ended.is_some_and(|ended| ended.at < since);
            if !before && !denies(process, begun.at.epoch(), &begun.jid) {
                self.name(Tracked::named(begun, process, target.id));
            }
        }
        self.heard.insert(target.id, read);
    }

    /// How many of the `threads` of `target` have a job that the log alone names. `ended`: the
    /// threads whose known jobs left them otherwise were added to them.
    pub(super) fn named(
        &self,
        target: &Target,
        threads: &Threads,
        ended: bool,
        fleet: &Fleet,
    ) -> u64 {
        let left = |job: &Tracked| has_left(job, target, self.is_iterable(&job.jid), fleet);
        let holds = |job: &&Tracked| {
            let finished = job.fate.as_ref().map(|(fate, _)| *fate) == Some(Fate::Finished);
            !(finished && threads.have_lost(job, fleet) || ended && left(job))
        };
        self.on_threads_of_their_own(target, holds, |job| {
            !threads.have_lost(job, fleet) && !left(job)
        })
    }

    /// The same while the process lives, of those alone that are at stake. Its threads may have
    /// been counted later than those of the account: what has ended, or is back, covers none.
    pub(super) fn named_at_stake(&self, target: &Target, fleet: &Fleet) -> u64 {
        let left = |job: &Tracked| has_left(job, target, self.is_iterable(&job.jid), fleet);
        let finished = |job: &Tracked| matches!(job.fate, Some((Fate::Finished, _)));
        self.on_threads_of_their_own(
            target,
            |job| job.returned.is_none() && !finished(job),
            |job| job.returned.is_none() && !is_told(job, fleet) && !left(job),
        )
    }

    /// Threads with a job that the log alone names, one for each of the `named`; none of a job
    /// that a beat has shown and that `holds` it still.
    fn on_threads_of_their_own(
        &self,
        target: &Target,
        holds: impl Fn(&&Tracked) -> bool,
        named: impl Fn(&&Tracked) -> bool,
    ) -> u64 {
        let running = self.of(target.id).filter(|job| job.track == Track::Running);
        let (by_log, shown): (Vec<_>, Vec<_>) =
            running.partition(|job| job.is_named_by_log_alone());
        let held = tids(shown.into_iter().filter(holds));
        let named = tids(by_log.into_iter().filter(named));
        named.difference(&held).count() as u64
    }
}

impl Threads {
    /// Whether a job that ended by its log has left its thread to others, or was not on any when
    /// these were counted.
    pub(super) fn freed_by(&self, job: &Tracked, fleet: &Fleet) -> bool {
        has_freed_its_thread(job, self.quiet, self.counted, fleet)
    }

    /// The same of any job, ended or not.
    pub(super) fn have_lost(&self, job: &Tracked, fleet: &Fleet) -> bool {
        is_told(job, fleet) && self.freed_by(job, fleet)
    }
}

/// Whether a job has left its thread, by what is known of it, in a way that lets the thread take
/// another one.
pub(super) fn has_left(job: &Tracked, target: &Target, iterable: bool, fleet: &Fleet) -> bool {
    let went = iterable || has_failed(job, fleet);
    match job.fate.as_ref().map(|(fate, _)| *fate) {
        Some(Fate::Retried) => true,
        // It may have been interrupted, or have left its thread by itself before.
        Some(Fate::PushedBack) => {
            let early = job.returned.as_ref().is_some_and(|(_, back)| {
                let safe = target.safe_until();
                safe.is_none_or(|safe| *back < safe)
            });
            let left = went || early || target.died_in_time();
            !may_have_interrupted(target) || left && !target.left_in_order()
        }
        // One that its log ended is looked at by itself.
        Some(Fate::Finished) => !is_told(job, fleet),
        Some(Fate::Rescued | Fate::Checkpointed | Fate::Lost | Fate::Unknown) | None => false,
    }
}

fn tids<'a>(jobs: impl Iterator<Item = &'a Tracked>) -> HashSet<&'a str> {
    jobs.map(|job| job.work.tid.as_str()).collect()
}

/// Whether this very process wrote it: the one before it may have had the same pid, in the same
/// log.
fn is_of(begun: &Begun, process: &Process) -> bool {
    let local = process.local.as_ref();
    local.is_some_and(|local| local.id.pid == begun.pid && begun.at.epoch() >= local.started_at)
}

/// Whether a beat that is late enough, and whole, does not show a job that began at `begun`
/// (seconds since 1970 on this host's clock): then it had ended.
pub(super) fn denies(process: &Process, begun: f64, jid: &str) -> bool {
    let Some(beat) = &process.beat else {
        return false;
    };
    let shows = |job: &Job| job.work.jid.as_deref() == Some(jid);
    process.listed == Listed::Yes
        && beat.host_time > begun + SHOWN_WITHIN.as_secs_f64()
        && process.jobs.len() as u64 >= beat.busy
        && !process.jobs.iter().any(shows)
}

impl Tracked {
    fn named(begun: &Begun, process: &Process, target: LocalId) -> Self {
        let queue = match process.queues() {
            [only] => only.clone(),
            _ => String::new(),
        };
        let work = Work {
            tid: begun.tid.clone(),
            jid: Some(begun.jid.clone()),
            class: begun.class.clone(),
            queue,
            run_at: None,
            enqueued_at: None,
            payload: [].into(),
            fault: None,
        };
        Self::begun(work, &begun.jid, target, begun.at)
    }
}
