//! The proofs that a process is quiet, idle, or fully known. A gate passes on these alone. A
//! reading that is stale, or that was taken too early, proves nothing, and of two readings that
//! contradict each other neither does.

use std::fmt;
use std::time::Duration;

use super::beat::{Beat, differs};
use super::joined::Fleet;
use super::local::Threads;
use super::mark::Mark;
use super::process::Process;
use crate::core::moment::Moment;
use crate::core::timing::{CLOCKS_APART, FETCH, FRESH};

/// A beat lists the jobs before it is written; it may be that much older than its time.
const BEAT_BEGAN: Duration = Duration::from_secs(1);

/// Why something counts as proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofBasis {
    /// A beat said `quiet`.
    QuietBeat,
    /// Processor threads ended and were not replaced.
    FewerThreads {
        /// Before the signal.
        before: usize,
        /// Now.
        now: usize,
    },
    /// A quiet beat later than the signal said that nothing runs.
    IdleBeat {
        /// Seconds between the signal and that beat.
        after: Duration,
    },
    /// No processor thread is left.
    NoThreads,
}

impl fmt::Display for ProofBasis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QuietBeat => formatter.write_str("its heartbeat says quiet"),
            Self::FewerThreads { before, now } => {
                write!(
                    formatter,
                    "{before} worker threads before the signal, {now} now"
                )
            }
            Self::IdleBeat { after } => {
                write!(
                    formatter,
                    "busy 0 in a heartbeat {:.0} s after the signal",
                    after.as_secs_f64()
                )
            }
            Self::NoThreads => formatter.write_str("no worker thread is left"),
        }
    }
}

/// How long after a quieting signal, by the time of a beat, a thread may still have taken a job.
fn fetched_within(process: &Process) -> Duration {
    match process.local {
        Some(_) => FETCH,
        None => FETCH + CLOCKS_APART,
    }
}

impl Fleet {
    /// Whether a job of this class that runs anywhere breaks off at checkpoints.
    pub fn checkpoints(&self, class: &str) -> bool {
        let jobs = self.processes.values().flat_map(|process| &process.jobs);
        let mut lineages = jobs.filter(|job| job.work.class == class);
        lineages.any(|job| {
            let lineage = job.work.lineage.as_ref();
            lineage.is_some_and(|lineage| lineage.checkpoints().is_some())
        })
    }

    /// Whether the last look is fresh.
    pub fn look_is_fresh(&self, now: Moment) -> bool {
        self.link.is_connected() && self.looked.is_some_and(|looked| now.since(looked) < FRESH)
    }

    /// Whether what Redis says of `process` is fresh: look and beat.
    pub fn beat_is_fresh(&self, process: &Process, now: Moment) -> bool {
        self.look_is_fresh(now)
            && process
                .beat
                .as_ref()
                .is_some_and(|beat| beat.age(now) < process.beat_period() * 2)
    }

    /// The thread count, if it is fresh and may prove something.
    fn counted(process: &Process, now: Moment) -> Option<Threads> {
        let threads = process.local.as_ref()?.threads?;
        (threads.heartbeat && now.since(threads.at) < FRESH).then_some(threads)
    }

    /// The same where there were some at the signal of `mark`: all that still fetch or run.
    fn counted_beside(process: &Process, mark: &Mark, now: Moment) -> Option<Threads> {
        let before = mark.threads.is_some_and(|threads| threads.processors > 0);
        Self::counted(process, now).filter(|_| before)
    }

    /// When the worker threads were counted that [`Fleet::unseen`] goes by; `None`: it goes by
    /// the concurrency.
    pub fn counted_at(process: &Process, mark: &Mark, now: Moment) -> Option<Moment> {
        Self::counted_beside(process, mark, now).map(|threads| threads.at)
    }

    /// Proof that `process` fetches no more since the signal of `mark`.
    pub fn proof_of_quiet(
        &self,
        process: &Process,
        mark: &Mark,
        now: Moment,
    ) -> Option<ProofBasis> {
        if process.says_quiet() {
            return Some(ProofBasis::QuietBeat);
        }
        let before = mark
            .threads
            .filter(|threads| threads.heartbeat && threads.processors > 0)?;
        let threads = Self::counted(process, now)?;
        // One that died lingers beside the one that replaced it: more than its threads prove
        // nothing.
        let whole = process.concurrency().unwrap_or(u64::MAX);
        let before = before
            .processors
            .min(usize::try_from(whole).unwrap_or(usize::MAX));
        (threads.at > mark.at && threads.processors < before).then_some(ProofBasis::FewerThreads {
            before,
            now: threads.processors,
        })
    }

    /// Proof that `process` is quiet and runs nothing.
    pub fn proof_of_idle(&self, process: &Process, mark: &Mark, now: Moment) -> Option<ProofBasis> {
        self.proof_of_quiet(process, mark, now)?;
        let seen_before = mark
            .threads
            .is_some_and(|threads| threads.heartbeat && threads.processors > 0);
        match Self::counted(process, now) {
            // A row of Redis never outweighs the threads that are left.
            Some(threads) if threads.processors > 0 => return None,
            Some(threads) if seen_before && threads.at > mark.at => {
                let contradicted = Self::works_without_threads(process);
                return (!contradicted).then_some(ProofBasis::NoThreads);
            }
            Some(_) | None => {}
        }
        let beat = process.beat.as_ref()?;
        let differs_from_before = mark
            .beat
            .is_none_or(|before| differs(before, beat.host_time));
        let after = beat.host_time - mark.at.epoch();
        let idle = beat.busy == 0
            && beat.quiet
            && process.jobs.is_empty()
            && differs_from_before
            && after > fetched_within(process).as_secs_f64()
            && self.beat_is_fresh(process, now);
        idle.then(|| ProofBasis::IdleBeat {
            after: Duration::from_secs_f64(after),
        })
    }

    /// Whether a beat shows jobs although no worker thread was left by then: a job ended its own
    /// thread, and Sidekiq takes it for running.
    fn works_without_threads(process: &Process) -> bool {
        let (Some(beat), Some(since)) = (&process.beat, process.without_threads) else {
            return false;
        };
        beat.at > since.after(BEAT_BEGAN) && (beat.busy > 0 || !process.jobs.is_empty())
    }

    /// A quiet beat more than 2 s later than the signal of `mark`: the process has fetched nothing
    /// since, so what such a beat says of its jobs is complete for good.
    pub fn last_word<'a>(process: &'a Process, mark: &Mark) -> Option<&'a Beat> {
        let fetched = fetched_within(process).as_secs_f64();
        let later = |beat: &&Beat| beat.quiet && beat.host_time - mark.at.epoch() > fetched;
        process.beat.as_ref().filter(later)
    }

    /// How many jobs may run in `process` that no source has named: 0 once its known jobs are
    /// complete (design: after a quiet beat more than 2 s later than the first signal, or once
    /// it has no more processor threads than known jobs).
    pub fn unseen(process: &Process, mark: &Mark, now: Moment) -> u64 {
        Self::unseen_beside(process, mark, 0, now)
    }

    /// The same where `absent` of its known jobs were found elsewhere: until a last word each of
    /// their threads may have taken another one.
    pub fn unseen_beside(process: &Process, mark: &Mark, absent: u64, now: Moment) -> u64 {
        let known = process
            .jobs
            .iter()
            .filter(|job| job.work.jid.is_some())
            .count() as u64;
        let nameless = process.jobs.len() as u64 - known;
        if let Some(beat) = Self::last_word(process, mark) {
            let shown = process.jobs.iter();
            let shown = shown.filter(|job| !differs(job.beat, beat.host_time));
            return nameless + beat.busy.saturating_sub(shown.count() as u64);
        }
        let threads = Self::counted_beside(process, mark, now);
        let threads = threads.map(|threads| threads.processors as u64);
        match threads.or(process.concurrency()) {
            Some(threads) => threads
                .saturating_sub(known.saturating_sub(absent))
                .max(nameless),
            None => nameless,
        }
    }
}
