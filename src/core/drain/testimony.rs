//! What the log of a job's own process says of this very execution. A line counts only if that
//! process wrote it, after the execution began, on its thread; it never speaks against what
//! Redis shows, and where Redis can be asked it is asked.

use std::time::Duration;

use super::evidence::{Case, Found};
use super::fate::Fate;
use super::target::{MARGIN, Standing, Target};
use super::tracked::Tracked;
use crate::core::fleet::Fleet;
use crate::core::log::{Milestone, Testimony, Told};
use crate::core::moment::Moment;

/// How far a job's begin as its log has it may lie from `run_at`, which is in whole seconds.
const APART: Duration = Duration::from_secs(2);
/// How long after an exit its last lines may take to be read.
pub(super) const LAST_LINES: Duration = Duration::from_secs(1);
/// A thread that ends its job later than this after quiet is proven takes no other (`BRPOP … 2`).
pub(super) const FETCHING: Duration = Duration::from_secs(2);
/// A count of threads bears the time when it began; it may take so long.
const COUNTING: Duration = Duration::from_secs(1);

/// What the log of an ended process said last of one of its jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LastWord {
    /// It began, and the log was read until after the exit: it ran to the end of its process.
    Runs,
    /// It ended, whatever way; in words.
    Ended(String),
    /// Nothing of this execution, or its last lines are not read yet.
    Silent,
}

/// What speaks for and against a loss. An end counts here even where the line may tell of the
/// execution before: in doubt nothing is called lost, and nothing is pushed back.
pub(super) fn last_word(
    tracked: &Tracked,
    target: &Target,
    fleet: &Fleet,
    now: Moment,
) -> LastWord {
    match since_it_began(tracked, fleet) {
        Some(said) if said.what != Told::Started => {
            LastWord::Ended(format!("its log: {}", words(said)))
        }
        Some(_) if !awaits_log(target, fleet, now) => LastWord::Runs,
        Some(_) | None => LastWord::Silent,
    }
}

/// Whether the last lines of the log of an ended process may not have been read yet.
fn awaits_log(target: &Target, fleet: &Fleet, now: Moment) -> bool {
    let Standing::Exited { at, .. } = target.standing else {
        return false;
    };
    let log = fleet.logs.of(target.id);
    log.is_some_and(|log| log.place.is_ok()) && now < at.after(LAST_LINES)
}

/// The last thing that its process said of a job, on its thread and after it began there.
fn since_it_began<'a>(tracked: &Tracked, fleet: &'a Fleet) -> Option<&'a Testimony> {
    let said = fleet.logs.witness.of(tracked.target.pid, &tracked.jid)?;
    let on_its_thread = said.tid.as_ref().is_none_or(|tid| *tid == tracked.work.tid);
    let after = said.at >= tracked.started?.before(MARGIN);
    (on_its_thread && after).then_some(said)
}

/// The last thing that was said of the execution that `tracked` tells of.
pub(super) fn said_of<'a>(tracked: &Tracked, fleet: &'a Fleet) -> Option<&'a Testimony> {
    let said = since_it_began(tracked, fleet)?;
    let started = tracked.started?;
    // It ran for so long by then: what began before it is another execution.
    let of_this_one = said
        .elapsed
        .is_none_or(|elapsed| said.at.before(elapsed) >= started.before(APART));
    of_this_one.then_some(said)
}

/// Whether its log says that the job has ended, however that was.
pub(super) fn is_told(tracked: &Tracked, fleet: &Fleet) -> bool {
    said_of(tracked, fleet).is_some_and(|said| said.what != Told::Started)
}

/// Whether the log of `target` was read from before it was told to stop, or from its own word of
/// that.
pub(super) fn is_read_since_term(target: &Target, fleet: &Fleet) -> bool {
    let witness = &fleet.logs.witness;
    let milestones = witness.milestones(target.id.pid);
    let told = milestones
        .iter()
        .any(|(said, _)| *said == Milestone::ShuttingDown);
    let since = witness.since(target.id.pid);
    told || since.is_some_and(|since| target.stopped.is_none_or(|stopped| since < stopped))
}

/// Whether its log says that the job was interrupted, or ended after it: it began, and had not
/// ended by then.
pub(super) fn was_interrupted(tracked: &Tracked, fleet: &Fleet) -> bool {
    said_of(tracked, fleet).is_some_and(|said| said.late || said.what == Told::Started)
}

/// Whether its log says that the job failed by an error of its own, or broke off by itself.
pub(super) fn has_failed(tracked: &Tracked, fleet: &Fleet) -> bool {
    said_of(tracked, fleet).is_some_and(|said| said.what == Told::Failed)
}

/// Whether the thread of a job that ended by its log may have taken another one, or was not among
/// those `counted` then.
pub(super) fn has_freed_its_thread(
    tracked: &Tracked,
    quiet: Option<Moment>,
    counted: Option<Moment>,
    fleet: &Fleet,
) -> bool {
    // A signal that was sent is not yet one that was heard.
    let quiet = quiet.map(|quiet| quiet.after(FETCHING));
    said_of(tracked, fleet).is_some_and(|said| {
        if said.late {
            // It was told to stop before anything was interrupted: it takes none after that.
            return false;
        }
        quiet.is_none_or(|quiet| said.at < quiet)
            || counted.is_some_and(|at| said.at <= at.after(COUNTING))
    })
}

impl Case<'_> {
    /// What becomes of the job by its log alone, or by its log and Redis.
    pub(super) fn logged_fate(self) -> Option<(Fate, String)> {
        let said = said_of(self.tracked, self.fleet)?;
        match (said.what, self.is_in_time(said)) {
            (Told::Done, true) => self.done_fate(said),
            (Told::Failed, true) => self.failed_fate(said),
            // It may have been pushed back as well.
            (Told::Done | Told::Failed, false) | (Told::Started | Told::Interrupted, _) => None,
        }
    }

    /// Whether it is known that nothing had been interrupted when that was said: it was not yet
    /// time, or its log was read from before TERM on and had not said so.
    fn is_in_time(self, said: &Testimony) -> bool {
        let safe = self.target.safe_until();
        !said.late
            && (safe.is_none_or(|safe| said.at < safe)
                || is_read_since_term(self.target, self.fleet))
    }

    /// `done` before anything was interrupted: nothing pushed it back.
    fn done_fate(self, said: &Testimony) -> Option<(Fate, String)> {
        let done = || Some((Fate::Finished, format!("its log: {}", words(said))));
        match self.found(said.at) {
            Found::At(..) => None,
            Found::NotKnown if self.fleet.link.is_connected() => None,
            Found::Nowhere(..) | Found::NotKnown => done(),
        }
    }

    /// An error of its own: Sidekiq has put it into its set before it says so (7.3.9
    /// `lib/sidekiq/job_retry.rb`), unless the job is not to be retried.
    fn failed_fate(self, said: &Testimony) -> Option<(Fate, String)> {
        match self.found(said.at) {
            Found::At(fate, evidence) => {
                Some((fate, format!("{evidence}; its log: {}", words(said))))
            }
            // An `IterableJob` that breaks off for TSTP says the same, and may be taken up
            // elsewhere.
            Found::Nowhere(..) if self.is_iterating() => None,
            Found::Nowhere(_, asked) if self.awaits_others(asked) => None,
            Found::Nowhere(true, _) => {
                let evidence = format!(
                    "its log: {}, and it stands in no set: it is not retried, or was already",
                    words(said)
                );
                Some((Fate::Finished, evidence))
            }
            Found::Nowhere(false, _) | Found::NotKnown => None,
        }
    }

    /// What the log says of a job of an ended process that is nowhere, or where nobody could
    /// ask. Only what was interrupted, or ended late, is left by then.
    pub(super) fn late_fate(self) -> Option<(Fate, String)> {
        let said = said_of(self.tracked, self.fleet)?;
        match said.what {
            Told::Done if !self.is_in_time(said) => {
                let evidence = format!("its log: {}, after its time was up", words(said));
                if !matches!(self.found(said.at), Found::NotKnown) {
                    return Some((Fate::Finished, evidence));
                }
                // It went on beside its push-back: unless somebody looked, it runs again.
                let count = self.pushed_back(said.at)?;
                let evidence = format!("{evidence}, and {count} job(s) pushed back");
                Some((Fate::PushedBack, evidence))
            }
            Told::Interrupted | Told::Failed if !self.is_in_time(said) => {
                let count = self.pushed_back(said.at)?;
                let evidence = format!("its log: {}, and {count} job(s) pushed back", words(said));
                Some((Fate::PushedBack, evidence))
            }
            Told::Done | Told::Failed | Told::Interrupted | Told::Started => None,
        }
    }

    /// How many jobs its process had pushed back at `by` by its own word, if none of that failed.
    /// It says so before it interrupts them (7.3.9 `lib/sidekiq/fetch.rb:44-70`).
    fn pushed_back(self, by: Moment) -> Option<u64> {
        let mut count = None;
        let milestones = self.fleet.logs.witness.milestones(self.target.id.pid);
        for (milestone, at) in milestones {
            match milestone {
                Milestone::PushedBack(jobs) if *at <= by => {
                    count = Some(count.unwrap_or(0) + jobs);
                }
                Milestone::FailedToRequeue(_) => return None,
                Milestone::PushedBack(_)
                | Milestone::Quieted
                | Milestone::ShuttingDown
                | Milestone::Pausing
                | Milestone::Terminating(_)
                | Milestone::Bye => {}
            }
        }
        count
    }

    /// Whether there is time to read the last lines of its log, and need.
    pub(super) fn awaits_log(self) -> bool {
        self.patient && awaits_log(self.target, self.fleet, self.now)
    }
}

/// `done in 3.2 s`, `failed after 0.1 s`, `interrupted after 25.0 s`.
fn words(said: &Testimony) -> String {
    let (what, how) = match said.what {
        Told::Started => return "started".into(),
        Told::Done => ("done", "in"),
        Told::Failed => ("failed", "after"),
        Told::Interrupted => ("interrupted", "after"),
    };
    said.elapsed.map_or_else(
        || what.into(),
        |elapsed| format!("{what} {how} {:.1} s", elapsed.as_secs_f64()),
    )
}
