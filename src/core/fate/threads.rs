//! How many jobs may run that no source has named: worker threads that are alive, less those that
//! a known execution is known to hold. Always an upper bound: a thread that may run an unnamed job
//! counts as one that does.

use std::collections::HashMap;

use super::case_file::CaseFile;
use super::count::{LastWord, ThreadCount, counted, last_word};
use super::execution::Execution;
use super::fate::Fate;
use super::subject::Subject;
use crate::core::fleet::{Fleet, Place, Process};
use crate::core::moment::Moment;
use crate::core::timing::{COUNTING, FETCH, FRESH, LINGER};

/// When an execution left its thread, as far as known.
#[derive(Clone, Copy, Debug, PartialEq)]
enum LeftThread {
    /// It has not, or it was interrupted on it: the thread took no other job.
    Never,
    /// At this time, by its log.
    At(Moment),
    /// Some time after the last beat that showed it.
    AtSomeTime,
}

impl CaseFile {
    /// How many jobs may have run unnamed when its process could interrupt nothing yet, or died:
    /// those that the account must count.
    pub(super) fn may_have_run_unnamed(&self, subject: &Subject<'_>) -> u64 {
        let threads = self.threads();
        self.unnamed_beside(threads.counted_safe, threads.last_word_safe, subject)
    }

    /// How many jobs may run unnamed right now, by what is fresh.
    pub fn may_run_unnamed(&self, process: &Process, subject: &Subject<'_>, now: Moment) -> u64 {
        let fresh = |count: &ThreadCount| now.since(count.at) < FRESH;
        let count = counted(process, subject).filter(fresh);
        self.unnamed_beside(count, last_word(process, subject, now), subject)
    }

    fn unnamed_beside(
        &self,
        count: Option<ThreadCount>,
        word: Option<LastWord>,
        subject: &Subject<'_>,
    ) -> u64 {
        if let Some(word) = word {
            let named = |execution: &&Execution| {
                let left = leaves(execution, subject, self.takes_until());
                execution.is_named_by_log_alone() && left == LeftThread::Never
            };
            let named = self.newest_on_threads().filter(named).count() as u64;
            let unnamed = word.unnamed.saturating_sub(named);
            return unnamed.max(count.map_or(0, |count| self.threads_beyond(count, subject)));
        }
        let threads = self.threads();
        let counted = count.map(|count| count.alive);
        let Some(alive) = counted.into_iter().chain(threads.concurrency).min() else {
            return threads.nameless;
        };
        let holds = |execution: &&Execution| self.holds_its_thread(execution, count, subject);
        let held = self.newest_on_threads().filter(holds).count() as u64;
        alive.saturating_sub(held).max(threads.nameless)
    }

    /// How many of its threads run a job although its last word counts none there, by the last count
    /// before its end: then its beats and its threads contradict each other.
    pub(super) fn contradicting_threads(&self, subject: &Subject<'_>) -> u64 {
        let threads = self.threads();
        let said = threads.counted_quiet.zip(threads.last_word_safe);
        said.map_or(0, |(count, word)| {
            let beyond = self.threads_beyond(count, subject);
            beyond.saturating_sub(word.unnamed)
        })
    }

    /// How many threads of `count` are left beside those that a known execution may hold, where all
    /// others had long ended: an idle one ends once its process is quiet.
    fn threads_beyond(&self, count: ThreadCount, subject: &Subject<'_>) -> u64 {
        let ended_by = count.at.before(LINGER + COUNTING);
        if self.takes_until().is_none_or(|until| until > ended_by) {
            return 0;
        }
        let may_hold = |execution: &&Execution| {
            let open = matches!(execution.fate(), Some(Fate::Lost | Fate::Unknown));
            open || match leaves(execution, subject, self.takes_until()) {
                LeftThread::Never => true,
                LeftThread::At(at) => at > ended_by,
                LeftThread::AtSomeTime => {
                    let missed = execution.missed();
                    missed.is_none_or(|(_, beat)| beat > ended_by.epoch())
                }
            }
        };
        let held = self.newest_on_threads().filter(may_hold).count() as u64;
        count.alive.saturating_sub(held)
    }

    /// The newest execution of each thread.
    fn newest_on_threads(&self) -> impl Iterator<Item = &Execution> {
        let mut newest: HashMap<&str, &Execution> = HashMap::new();
        for execution in self.executions() {
            let known = newest.entry(&execution.work().tid).or_insert(execution);
            if execution.begun() >= known.begun() {
                *known = execution;
            }
        }
        newest.into_values()
    }

    /// Until when its threads may have taken jobs; `None`: they may still. A signal that was sent is
    /// not yet one that was heard, and a fetch may still go on then.
    fn takes_until(&self) -> Option<Moment> {
        self.quiet().map(|quiet| quiet.after(FETCH))
    }

    /// Whether the thread of `execution` was among those of `count` and can have run no other job
    /// since.
    fn holds_its_thread(
        &self,
        execution: &Execution,
        count: Option<ThreadCount>,
        subject: &Subject<'_>,
    ) -> bool {
        let left = leaves(execution, subject, self.takes_until());
        let Some(takes_until) = self.takes_until() else {
            return left == LeftThread::Never;
        };
        match left {
            LeftThread::Never => true,
            LeftThread::At(at) => {
                let counted = count.is_none_or(|count| at > count.at.after(COUNTING));
                at >= takes_until && counted
            }
            LeftThread::AtSomeTime => {
                let shown = execution.last_shown();
                shown.is_some_and(|shown| shown > takes_until.epoch())
            }
        }
    }
}

/// Whether `execution` counts as finished because a beat does not show it, and for no other reason.
pub(super) fn is_finished_by_absence(execution: &Execution) -> bool {
    execution.fate() == Some(Fate::Finished)
        && execution.missed().is_some()
        && execution.log_end().is_none()
        && execution.settled().is_none()
}

/// Whether `execution` stands in the private list of the process `name`: `util1:17`.
fn is_kept_by(execution: &Execution, name: &str) -> bool {
    let Some((_, Place::Private { identity })) = execution.located() else {
        return false;
    };
    execution.back().is_none() && identity.short() == name
}

/// When an execution left its thread, by all that is known of it. Its thread may have taken jobs until
/// `takes_until`.
fn leaves(execution: &Execution, subject: &Subject<'_>, takes_until: Option<Moment>) -> LeftThread {
    if let Some((at, end)) = execution.log_end() {
        // A process that was told to stop before it interrupted anything takes no job after that.
        return if end.late {
            LeftThread::Never
        } else {
            LeftThread::At(at)
        };
    }
    if !execution.is_on_its_thread() {
        return LeftThread::AtSomeTime;
    }
    match execution.fate() {
        Some(Fate::Retried | Fate::Finished | Fate::Checkpointed) => LeftThread::AtSomeTime,
        // Its process keeps it in its list for as long as it is on its thread.
        Some(Fate::PushedBack) if is_kept_by(execution, subject.name) => LeftThread::Never,
        Some(Fate::PushedBack) => {
            let early = execution.back().is_some_and(|(back, _)| {
                let safe = subject.safe_until();
                let took_others = takes_until.is_none_or(|until| back <= until);
                took_others || safe.is_none_or(|safe| back < safe)
            });
            let left = execution.is_iterable() || early || subject.died_in_time();
            if !subject.may_have_interrupted() || left && !subject.left_in_order() {
                LeftThread::AtSomeTime
            } else {
                LeftThread::Never
            }
        }
        // The thread of a job that is back while its process lives may run another job by now.
        None if execution.back().is_some() => LeftThread::AtSomeTime,
        Some(Fate::Rescued | Fate::Lost | Fate::Unknown) | None => LeftThread::Never,
    }
}

/// How many jobs may run in `process` that no look has named, before any signal was sent to it:
/// its threads as counted last, else as many as Sidekiq says it has, less the jobs it shows.
pub fn before_any_signal(process: &Process, now: Moment) -> u64 {
    let mark = process.mark(now);
    Fleet::unseen(process, &mark, now)
}
