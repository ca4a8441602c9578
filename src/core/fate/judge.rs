//! The fate of one execution, from all of its evidence. Pure: the same evidence gives the same
//! ruling. Where the evidence does not reach there is no ruling; nothing here guesses.

mod absent;
mod checkpointed;
mod iterated;

use super::case_file::CaseFile;
use super::departure::left_in_order;
use super::execution::Execution;
use super::fate::{Fate, Ruling};
use super::heirs::handed_on;
use super::log;
use super::others::{Others, Queues, Served, others};
use super::scene::Scene;
use super::subject::Subject;
use super::why;
use crate::core::fleet::{Place, waits_for};
use crate::core::log::Told;
use crate::core::moment::Moment;
use crate::core::timing::ONE_BEAT;
use crate::core::wording;

/// The words for a job that is in no queue, no set and no process.
const NOWHERE: &str = "was found nowhere";

/// That an execution was found in no place.
#[derive(Clone, Copy)]
struct Absence {
    /// Whether every place was searched to the end.
    whole: bool,
    /// When Redis was asked.
    asked: Moment,
}

/// The ruling on `execution` of `file`; `None`: it runs, or too little is known so far.
pub(super) fn judge(
    execution: &Execution,
    file: &CaseFile,
    subject: &Subject<'_>,
    served: &Served,
    scene: Scene<'_>,
) -> Option<Ruling> {
    let case = Case {
        execution,
        file,
        subject,
        served,
        scene,
    };
    let mut ruling = execution.with_its_mark(case.ruling()?);
    if let (Fate::Lost | Fate::Unknown, Some(place)) = (ruling.fate, execution.namesake()) {
        ruling.why = format!("{}; another job under its id is {place}", ruling.why);
    }
    // A job is lost only if it was still running when its process died, or failed to push it back.
    let not_requeued = log::failed_to_requeue(subject, scene.fleet) > 0;
    if ruling.fate == Fate::Lost
        && !(not_requeued && execution.was_interrupted())
        && let Some(doubt) = why::may_have_ended(execution, file, subject, scene)
    {
        let why = format!("{}; {doubt}", ruling.why);
        return Some(Ruling::new(Fate::Unknown, why));
    }
    Some(ruling)
}

#[derive(Clone, Copy)]
struct Case<'a> {
    execution: &'a Execution,
    file: &'a CaseFile,
    subject: &'a Subject<'a>,
    served: &'a Served,
    scene: Scene<'a>,
}

impl Case<'_> {
    fn ruling(self) -> Option<Ruling> {
        if let Some(settled) = self.execution.settled() {
            return Some(settled);
        }
        if let Some(ruling) = self.handed_on() {
            return Some(ruling);
        }
        if let Some(ruling) = self.by_its_log() {
            return Some(ruling);
        }
        match (self.execution.missed(), self.subject.exit) {
            (Some((at, beat)), _) if self.subject.is_safe_at(beat) => self.left_its_thread(at),
            (_, Some(exit)) => self.process_ended(exit.at, exit.clean),
            (_, None) => None,
        }
    }

    /// It left its thread, and a later job does its work.
    fn handed_on(self) -> Option<Ruling> {
        let heir = self.execution.goes_on()?;
        let left = !self.execution.is_on_its_thread()
            || self.execution.is_ended_by_its_log()
            || self.subject.exit.is_some();
        if !left {
            return None;
        }
        let others = self.others(self.scene.now);
        let stands_still = matches!(others, Others::NoneServe | Others::Gone | Others::Quiet);
        let waits = waits_for(heir.place, &self.execution.work().queue);
        Some(handed_on(heir, waits && stands_still))
    }

    /// By its log alone, or by its log and Redis: it ended before anything was interrupted.
    fn by_its_log(self) -> Option<Ruling> {
        let (at, end) = self.execution.log_end()?;
        if !self.is_in_time(at, end.late) {
            // It may have been pushed back as well.
            return None;
        }
        let line = format!("its log: {}", end.words());
        let absent = self.absent_since(at);
        match (end.how, self.found()) {
            (Told::Done, None) if self.may_have_broken_off(at) => self.broke_off_or_ended(absent?),
            (Told::Done, None) => {
                let fleet = self.scene.fleet;
                let says_nothing = !fleet.link.is_connected() || fleet.memory.lost_at().is_some();
                (absent.is_some() || says_nothing).then(|| Ruling::new(Fate::Finished, line))
            }
            (Told::Failed, Some(place)) => {
                let why = format!("{}; {line}", place.why);
                Some(Ruling::new(place.fate, why))
            }
            (Told::Failed, None) => self.failed(absent?, &line),
            (Told::Done, Some(_)) | (Told::Interrupted | Told::Started, _) => None,
        }
    }

    /// It failed by an error of its own and is in no place: Sidekiq puts a job into its set before
    /// it says so (7.3.9 `lib/sidekiq/job_retry.rb`), unless it is not to be retried.
    fn failed(self, absent: Absence, line: &str) -> Option<Ruling> {
        if self.broke_off_by_its_log() {
            return self.broke_off_unseen(absent.asked);
        }
        // An `IterableJob` that breaks off for TSTP says the same, and may be taken up elsewhere.
        if !absent.whole || self.execution.is_iterating() || self.awaits_others(absent.asked) {
            return None;
        }
        let why = format!("{line}, and it stands in no set: it is not retried, or was already");
        Some(Ruling::new(Fate::Finished, why))
    }

    /// A beat of its living process, from before any interrupt, does not show it any more. `at` is
    /// when a look said so.
    fn left_its_thread(self, at: Moment) -> Option<Ruling> {
        if let Some(ruling) = self.found() {
            return Some(ruling);
        }
        let absent = self.absent_since(at)?;
        if self.has_completed(absent.asked) {
            return self.completed();
        }
        if self.may_have_broken_off(at) {
            return self.broke_off_or_ended(absent);
        }
        if self.execution.is_iterating() || self.broke_off_by_its_log() {
            return self.broke_off_unseen(absent.asked);
        }
        // Before the first signal a job leaves its thread by its end alone.
        let mark = self.subject.signals.mark;
        if mark.is_some_and(|mark| at >= mark.about_to) && self.awaits_others(absent.asked) {
            return None;
        }
        self.gone_from_its_beat()
    }

    /// Its process has ended.
    fn process_ended(self, exited: Moment, clean: Option<bool>) -> Option<Ruling> {
        if let Some(ruling) = self.found() {
            return Some(ruling);
        }
        let Some(absent) = self.absent_since(exited) else {
            return if self.scene.patient {
                None
            } else {
                self.by_its_last_lines()
            };
        };
        if self.has_completed(absent.asked) {
            return self.completed();
        }
        // An `IterableJob` may have gone to its queue by itself and be taken up elsewhere.
        if self.awaits_its_log() || self.awaits_others(absent.asked) {
            return None;
        }
        let alone = absent.whole && self.others(absent.asked) == Others::NoneServe;
        let in_order = self.left_in_order(alone);
        in_order
            .or_else(|| self.by_its_last_lines())
            .or_else(|| Some(self.nowhere(absent, clean)))
    }

    /// Whether a look that was asked for after the answer proves that Redis had not been emptied
    /// before it.
    fn is_proven(self) -> bool {
        let memory = &self.scene.fleet.memory;
        let answered = self.execution.answered();
        answered.is_some_and(|answered| memory.was_whole_after(answered))
    }

    /// It is nowhere, and its process cannot have interrupted it. `alone`: it cannot have been
    /// taken up elsewhere either.
    fn left_in_order(self, alone: bool) -> Option<Ruling> {
        let broke_off = self.execution.is_iterating() || self.broke_off_by_its_log();
        if broke_off || self.execution.checkpoints().is_some() && !alone {
            return None;
        }
        if self.subject.signals.idle_before {
            let why = "its process was proven idle before it was told to stop";
            return Some(Ruling::new(Fate::Finished, why));
        }
        let early = self.subject.early_by(self.process_left())?.as_secs();
        let why =
            format!("its process stopped by itself {early} s before it would have interrupted it");
        Some(Ruling::new(Fate::Finished, why))
    }

    /// When its process took itself out of `processes`.
    fn process_left(self) -> Option<Moment> {
        let process = self.scene.fleet.get(self.execution.process())?;
        left_in_order(process, self.subject, self.scene.fleet)
    }

    /// The log of an ended process, where Redis does not tell: its job was interrupted, or ended
    /// after the interrupt.
    fn by_its_last_lines(self) -> Option<Ruling> {
        let (at, end) = self.execution.log_end()?;
        let may_go_on = end.how == Told::Done && self.execution.checkpoints().is_some();
        if may_go_on || self.is_in_time(at, end.late) {
            return None;
        }
        let line = format!("its log: {}", end.words());
        if end.how == Told::Done {
            let late = format!("{line}, after its time was up");
            // A job that still was on its thread then was pushed back, and runs again.
            let Some(count) = log::pushed_back(self.subject, self.scene.fleet, at) else {
                let known = self.found().is_some() || self.absent_since(at).is_some();
                return known.then(|| Ruling::new(Fate::Finished, late));
            };
            let why = format!("{late}, and {} pushed back", wording::count(count, "job"));
            return Some(Ruling::new(Fate::PushedBack, why));
        }
        let count = log::pushed_back(self.subject, self.scene.fleet, at)?;
        let why = format!("{line}, and {} pushed back", wording::count(count, "job"));
        Some(Ruling::new(Fate::PushedBack, why))
    }

    /// It is in no place, its process has ended, and may have interrupted or lost it.
    fn nowhere(self, Absence { whole, asked }: Absence, clean: Option<bool>) -> Ruling {
        let died = self.subject.signals.killed || clean == Some(false);
        let died = died && self.process_left().is_none();
        let ended = self.subject.ended_words();
        if !whole {
            let why = "not found, and its queue was not searched to the end";
            return Ruling::new(Fate::Unknown, why);
        }
        let failed = log::failed_to_requeue(self.subject, self.scene.fleet);
        if failed > 0 && self.execution.is_on_its_thread() {
            if self.may_have_been_requeued(asked) {
                let why = format!(
                    "nowhere: its process could not push back all of its jobs (its log: Failed to \
                     requeue {failed} jobs), and it is lost, or was taken up unseen"
                );
                return Ruling::new(Fate::Unknown, why);
            }
            let why = format!(
                "its process could not push it back (its log: Failed to requeue {failed} jobs), \
                 and it {NOWHERE}"
            );
            return Ruling::new(Fate::Lost, why);
        }
        if died && !self.subject.may_have_interrupted() {
            let why = format!("{ended} before its push-back; it {NOWHERE}");
            return Ruling::new(Fate::Lost, why);
        }
        if died && self.others(asked) == Others::NoneServe {
            let why =
                format!("{ended}, it {NOWHERE}, and no other process was seen to serve its queue");
            return Ruling::new(Fate::Lost, why);
        }
        Ruling::new(
            Fate::Unknown,
            if self.execution.checkpoints().is_some() {
                "nowhere: it ended, broke off at a checkpoint, or was pushed back and taken up unseen"
            } else if self.execution.is_iterating() {
                "it has not ended (its state it-… is kept) and is nowhere: lost, or taken up unseen"
            } else {
                "nowhere: it ended, or was pushed back and taken up unseen"
            },
        )
    }

    /// Whether it may be among the jobs that its process pushed back before that failed, and another
    /// process took it up.
    fn may_have_been_requeued(self, asked: Moment) -> bool {
        log::may_have_requeued_some(self.subject, self.scene.fleet)
            && self.others(asked) != Others::NoneServe
    }

    /// Whether nothing had been interrupted when its log said that it ended: it was not yet time,
    /// or the log was read from before TERM on and had not said so.
    fn is_in_time(self, at: Moment, late: bool) -> bool {
        let safe = self.subject.safe_until();
        !late
            && (safe.is_none_or(|safe| at < safe)
                || log::is_read_since_term(self.subject, self.scene.fleet))
    }

    /// Whether there is time to read the last lines of its log.
    fn awaits_its_log(self) -> bool {
        let scene = self.scene;
        scene.patient && log::awaits_last_lines(self.subject, scene.fleet, scene.now)
    }

    /// The processes that may have taken it up. The library of a job with checkpoints may have put
    /// its later job into any queue, as long as none was found.
    fn others(self, asked: Moment) -> Others {
        let queues = if self.has_checkpoints() && self.execution.goes_on().is_none() {
            Queues::Any
        } else {
            Queues::These(self.execution.queues(self.scene.fleet))
        };
        let process = self.execution.process();
        others(
            process,
            queues,
            self.free_since(),
            self.served,
            self.scene,
            asked,
        )
    }

    /// Whether the beats of other processes may still show that it went on there: for one beat
    /// period, and while they cannot be read at all.
    fn awaits_others(self, asked: Moment) -> bool {
        let in_time = self.scene.patient && self.scene.now < asked.after(ONE_BEAT);
        let stale = !self.scene.fleet.look_is_fresh(self.scene.now);
        (in_time || stale) && self.others(asked) == Others::Awaited
    }

    /// The fate that the place gives it where it was found.
    fn found(self) -> Option<Ruling> {
        let back = self.execution.back();
        let back = back.map(|(_, how)| Ruling::new(Fate::PushedBack, how));
        let ruling = back.or_else(|| Fate::at(self.execution.place()?))?;
        Some(self.broke_off(ruling))
    }

    /// That it was in no place when Redis was asked at `since` or later. `None`: it was not asked since,
    /// did not answer, or may have lost what it had by its answer.
    fn absent_since(self, since: Moment) -> Option<Absence> {
        let (asked, place) = self.execution.located()?;
        let forgot = self.scene.fleet.memory.lost_at();
        let Place::Nowhere { searched_whole } = *place else {
            return None;
        };
        let answered = self.execution.answered()?;
        let counts = asked >= since && forgot.is_none_or(|lost| answered < lost);
        counts.then_some(Absence {
            whole: searched_whole,
            asked,
        })
    }
}
