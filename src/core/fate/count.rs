//! Counts of the worker threads of a process: threads in `/proc`, and jobs in a beat that
//! listed them all. Readings only.

use super::subject::Subject;
use crate::core::fleet::{Fleet, Process};
use crate::core::moment::Moment;

/// A count of the worker threads of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadCount {
    /// When it began.
    pub at: Moment,
    /// How many were alive; idle ones too.
    pub alive: u64,
}

/// A beat that was late enough to list every job: the process fetched nothing after it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LastWord {
    /// The host's own time of it, in seconds since 1970.
    pub(super) beat: f64,
    /// How many jobs it counted but did not name.
    pub(super) unnamed: u64,
}

/// The worker threads of `process` as `/proc` counted them last, where they may prove something:
/// there were some before the first signal, and the heartbeat thread stood beside them.
pub(super) fn counted(process: &Process, subject: &Subject<'_>) -> Option<ThreadCount> {
    let threads = process.local.as_ref()?.threads?;
    let before = subject
        .signals
        .mark
        .map_or(Some(threads), |mark| mark.threads);
    let seen_before = before.is_some_and(|before| before.processors > 0);
    (threads.heartbeat && seen_before).then_some(ThreadCount {
        at: threads.at,
        alive: threads.processors as u64,
    })
}

/// The number of jobs that the last word of `process` leaves unnamed.
pub(super) fn last_word(process: &Process, subject: &Subject<'_>, now: Moment) -> Option<LastWord> {
    let mark = subject.signals.mark.unwrap_or_else(|| process.mark(now));
    let beat = Fleet::last_word(process, &mark)?;
    let shown = process
        .jobs
        .iter()
        .filter(|job| is_of(job.beat, beat.host_time));
    let named = shown.clone().filter(|job| job.work.jid.is_some());
    let (shown, named) = (shown.count() as u64, named.count() as u64);
    Some(LastWord {
        beat: beat.host_time,
        unnamed: shown - named + beat.busy.saturating_sub(shown),
    })
}

/// Whether two times that a host wrote are of the same beat.
fn is_of(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-6
}
