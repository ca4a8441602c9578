//! Why a job that is found nowhere may have ended by itself all the same. Each answer is a doubt in
//! words: it forbids to call the job lost, and to push it back.

use super::case_file::CaseFile;
use super::count::ThreadCount;
use super::execution::Execution;
use super::log;
use super::scene::Scene;
use super::subject::Subject;
use crate::core::timing::{FETCH, FRESH, LINGER};
use crate::core::wording::{self, count_that};

/// The end of `execution` by its log, whatever way, in words. It counts even where the line may tell of
/// the execution before: in doubt nothing is called lost, and nothing is pushed back.
pub(super) fn ended_by_log(execution: &Execution) -> Option<String> {
    let (_, end) = execution.any_log_end()?;
    Some(format!("its log: {}", end.words()))
}

/// Whether `execution` ran to the end of its process by its log: it began, and the log was read
/// until after the exit.
pub(super) fn ran_to_the_end(
    execution: &Execution,
    subject: &Subject<'_>,
    scene: Scene<'_>,
) -> bool {
    execution.is_in_its_log()
        && execution.any_log_end().is_none()
        && !log::awaits_last_lines(subject, scene.fleet, scene.now)
}

/// Why `execution` may have ended by itself before its process died, for all that is known.
/// `None`: it was still running, or its process lives.
pub(super) fn may_have_ended(
    execution: &Execution,
    file: &CaseFile,
    subject: &Subject<'_>,
    scene: Scene<'_>,
) -> Option<String> {
    let end = subject.exit?.at;
    if scene.rehearsal {
        return None;
    }
    if !execution.is_on_its_thread() {
        return Some("it had left its thread by then".into());
    }
    if ran_to_the_end(execution, subject, scene) {
        return None;
    }
    if let Some(said) = ended_by_log(execution) {
        return Some(said);
    }
    let on_threads = file.executions().filter(|known| known.is_on_its_thread());
    let jobs = on_threads.count() as u64 + file.may_have_run_unnamed(subject);
    let is_late = |count: &ThreadCount| {
        let mark = subject.signals.mark;
        // After TSTP an idle thread sits in its fetch, and an ended one keeps its name for a while:
        // after that each thread that is counted stands for a job.
        end.since(count.at) < FRESH
            && mark.is_some_and(|mark| mark.at.after(FETCH + LINGER) <= count.at)
    };
    match file.threads().counted_quiet.filter(is_late) {
        Some(count) if count.alive < jobs => Some(format!(
            "it may have ended by itself before: {} left for {}",
            count_that(count.alive, "worker thread", ("was", "were")),
            wording::count(jobs, "job")
        )),
        Some(_) if no_last_word(file).is_some() => no_last_word(file),
        // An ended thread keeps its name for a while, and a count is not of the last moment.
        Some(_) => Some(
            "it ran a few seconds before its process died; no log tells whether it ended in them"
                .into(),
        ),
        None => Some("it may have ended by itself since the last heartbeat that showed it".into()),
    }
}

/// Without a beat that listed every job, an idle thread may have fetched a job that no source
/// named: the threads that were left do not prove which jobs ran on them.
pub(super) fn no_last_word(file: &CaseFile) -> Option<String> {
    let named = file.threads().has_last_word;
    (!named).then(|| "no heartbeat after it was quiet named what ran on its threads".into())
}

/// Why the last beat of an ended process may show jobs that had ended by themselves: fewer worker
/// threads were left than jobs are missing, back, or unnamed.
pub(super) fn too_few_threads(file: &CaseFile, subject: &Subject<'_>) -> Option<String> {
    let count = file.threads().counted_quiet?;
    let on_threads = || file.executions().filter(|known| known.is_on_its_thread());
    let missing = on_threads().filter(|known| known.is_missing()).count();
    let back = on_threads().filter(|known| known.is_back()).count();
    let claimed = (missing + back) as u64 + file.may_have_run_unnamed(subject);
    (count.alive < claimed).then(|| {
        format!(
            "only {} left in its process for {}: some had ended by themselves",
            count_that(count.alive, "worker thread", ("was", "were")),
            wording::count(claimed, "job")
        )
    })
}
