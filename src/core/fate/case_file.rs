//! The case file of one process: every execution on its threads, with what was counted and heard of
//! them. It takes evidence in; it judges nothing.

use std::collections::{BTreeMap, HashSet};

use super::count::{LastWord, ThreadCount, counted, last_word};
use super::departure::left_in_order;
use super::evidence::Fact;
use super::execution::Execution;
use super::log;
use super::subject::Subject;
use crate::core::fleet::{Fleet, Job, Listed, Process, ProcessKey};
use crate::core::log::{Begun, Told};
use crate::core::moment::Moment;
use crate::core::timing::SHOWN_WITHIN;

/// Everything known of the jobs of one process.
#[derive(Clone, Debug)]
pub struct CaseFile {
    process: ProcessKey,
    executions: Vec<Execution>,
    /// The newest execution of each JID.
    by_jid: BTreeMap<String, usize>,
    /// How many begins of all logs were taken in.
    heard: u64,
    /// Since when it is proven that the process fetches no more.
    quiet: Option<Moment>,
    threads: WorkerThreads,
    /// How many jobs it may have run that no source named, as last counted.
    unnamed: u64,
    /// Whether such jobs may have been pushed back by a process that left in order.
    pushed_unnamed: bool,
}

/// The worker threads of one process, as counted so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WorkerThreads {
    /// How many threads Sidekiq has by its own word.
    pub(super) concurrency: Option<u64>,
    /// Jobs in the last look whose entry names no JID.
    pub(super) nameless: u64,
    /// The last count before a KILL by this program, once quiet was proven.
    pub(super) counted_quiet: Option<ThreadCount>,
    /// The last count before the process could interrupt anything.
    pub(super) counted_safe: Option<ThreadCount>,
    /// The last word before the process could interrupt anything.
    pub(super) last_word_safe: Option<LastWord>,
    /// Whether a last word was read at any time.
    pub(super) has_last_word: bool,
}

impl CaseFile {
    /// An empty file.
    pub fn new(process: ProcessKey) -> Self {
        Self {
            process,
            executions: Vec::new(),
            by_jid: BTreeMap::new(),
            heard: 0,
            quiet: None,
            threads: WorkerThreads::default(),
            unnamed: 0,
            pushed_unnamed: false,
        }
    }

    /// The process that it is about.
    pub fn process(&self) -> &ProcessKey {
        &self.process
    }

    /// The newest execution of each job, in the order in which the jobs were seen.
    pub fn executions(&self) -> impl Iterator<Item = &Execution> {
        self.executions.iter()
    }

    pub(super) fn executions_mut(&mut self) -> impl Iterator<Item = &mut Execution> {
        self.executions.iter_mut()
    }

    /// The newest execution of this JID.
    pub fn of(&self, jid: &str) -> Option<&Execution> {
        self.by_jid.get(jid).map(|index| &self.executions[*index])
    }

    pub(super) fn of_mut(&mut self, jid: &str) -> Option<&mut Execution> {
        let index = *self.by_jid.get(jid)?;
        self.executions.get_mut(index)
    }

    /// Since when it is proven that the process fetches no more.
    pub(super) fn quiet(&self) -> Option<Moment> {
        self.quiet
    }

    pub(super) fn threads(&self) -> &WorkerThreads {
        &self.threads
    }

    /// How many jobs it may have run that no source named, as last counted.
    pub fn unnamed(&self) -> u64 {
        self.unnamed
    }

    /// Whether it may have pushed back jobs that no source named.
    pub(super) fn may_have_pushed_unnamed(&self) -> bool {
        self.pushed_unnamed
    }

    /// Counts again how many jobs it may have run that no source named.
    pub(super) fn recount(&mut self, subject: &Subject<'_>, fleet: &Fleet) {
        let unnamed = self.unnamed_at_the_end(subject, fleet);
        let process = fleet.get(&self.process);
        let left = process.and_then(|process| left_in_order(process, subject, fleet));
        // It left only after it had pushed back whatever it ran: none of these is lost.
        let in_order = subject.exit.is_some() && left.is_some();
        self.pushed_unnamed = in_order && unnamed > 0;
        self.unnamed = if in_order { 0 } else { unnamed };
    }

    fn unnamed_at_the_end(&self, subject: &Subject<'_>, fleet: &Fleet) -> u64 {
        let unnamed = self.may_have_run_unnamed(subject);
        if subject.exit.is_none() {
            return unnamed;
        }
        let process = fleet.get(&self.process);
        let left = process.and_then(|process| left_in_order(process, subject, fleet));
        if subject.signals.idle_before || subject.early_by(left).is_some() {
            return 0;
        }
        if subject.signals.stopped.is_none() || !log::is_whole(subject, fleet) {
            return unnamed;
        }
        // All other threads had ended their jobs by themselves.
        let interrupted = log::terminated(subject, fleet);
        let known = self.executions.iter();
        let known = known.filter(|known| known.was_interrupted()).count() as u64;
        unnamed.min(interrupted.saturating_sub(known))
    }

    /// Takes in what the fleet shows of the process now.
    pub(super) fn observe(
        &mut self,
        process: &Process,
        subject: &Subject<'_>,
        fleet: &Fleet,
        now: Moment,
    ) {
        self.hear_begins(process, subject, fleet);
        self.follow(process);
        // A killed process keeps its rows: its last beat may be read after its end.
        if process.listed == Listed::Yes {
            self.miss(process, now);
        }
        self.hear(subject, fleet);
        self.count(process, subject, fleet, now);
    }

    /// Takes in the jobs that the process shows.
    fn follow(&mut self, process: &Process) {
        for job in &process.jobs {
            let Some(jid) = &job.work.jid else { continue };
            let Some(known) = self.of_mut(jid) else {
                self.open(Execution::shown(job, jid, self.process.clone()));
                continue;
            };
            if known.complete(job) {
                continue;
            }
            if !known.is(job) {
                // It was fetched again: what was known is of the execution before.
                *known = Execution::shown(job, jid, known.process().clone());
            } else if known.is_on_its_thread() {
                known.show(job);
            } else {
                known.show_again(job);
            }
        }
    }

    /// Marks the executions that the fleet dropped: a newer, whole beat does not show them.
    fn miss(&mut self, process: &Process, now: Moment) {
        let beat = process.beat.as_ref().map_or(0.0, |beat| beat.host_time);
        let jids = process
            .jobs
            .iter()
            .filter_map(|job| job.work.jid.as_deref());
        let shown: HashSet<&str> = jids.collect();
        for execution in &mut self.executions {
            if !execution.is_on_its_thread() || shown.contains(execution.jid()) {
                continue;
            }
            // The beat may have come before the log named it.
            let early = execution.is_named_by_log_alone()
                && (execution.begun())
                    .is_some_and(|begun| !denies(process, begun.epoch(), execution.jid()));
            if !early {
                execution.add(now, Fact::Missed { beat });
            }
        }
    }

    /// Opens executions that the log of the process names at their begin: those that run since its
    /// first signal, or ended after it. Before the signal beats are enough.
    fn hear_begins(&mut self, process: &Process, subject: &Subject<'_>, fleet: &Fleet) {
        let exit = subject.exit.map(|exit| exit.at);
        let Some(since) = subject.signals.mark.map(|mark| mark.at).or(exit) else {
            return;
        };
        let witness = &fleet.logs.witness;
        let (begins, heard) = witness.begins_since(self.heard);
        for begun in begins.filter(|begun| wrote(process, begun)) {
            let said = witness.of(begun.pid, &begun.jid);
            let ended = said.filter(|said| said.what != Told::Started && said.at >= begun.at);
            let before = ended.is_some_and(|ended| ended.at < since);
            if before || denies(process, begun.at.epoch(), &begun.jid) {
                continue;
            }
            let named = Execution::named(begun, process, self.process.clone());
            match self.of_mut(&begun.jid) {
                None => self.open(named),
                // It was fetched again after its log had ended it.
                Some(known) if known.log_end().is_some_and(|(end, _)| end < begun.at) => {
                    *known = named;
                }
                Some(_) => {}
            }
        }
        self.heard = heard;
    }

    fn open(&mut self, execution: Execution) {
        let jid = execution.jid().to_owned();
        self.by_jid.insert(jid, self.executions.len());
        self.executions.push(execution);
    }

    /// Takes in what the log said last of each execution that it has not ended yet.
    fn hear(&mut self, subject: &Subject<'_>, fleet: &Fleet) {
        let Some(pid) = subject.pid() else {
            return;
        };
        for execution in &mut self.executions {
            execution.hear_notices(fleet, pid);
            if execution.log_end().is_none()
                && let Some(said) = fleet.logs.witness.of(pid, execution.jid())
            {
                execution.hear(said);
            }
        }
    }

    /// Takes in how many worker threads there are.
    fn count(&mut self, process: &Process, subject: &Subject<'_>, fleet: &Fleet, now: Moment) {
        if let Some(mark) = subject.signals.mark
            && self.quiet.is_none()
        {
            self.quiet = fleet.proof_of_quiet(process, &mark, now).map(|_| now);
        }
        let nameless = process.jobs.iter().filter(|job| job.work.jid.is_none());
        self.threads.nameless = nameless.count() as u64;
        self.threads.concurrency = process.concurrency().or(self.threads.concurrency);
        if let Some(count) = counted(process, subject) {
            if subject.is_safe_at(count.at.epoch()) {
                self.threads.counted_safe = Some(count);
            }
            if self.quiet.is_some() && !subject.signals.killed {
                self.threads.counted_quiet = Some(count);
            }
        }
        if subject.signals.mark.is_some()
            && let Some(word) = last_word(process, subject, now)
        {
            self.threads.has_last_word = true;
            if subject.is_safe_at(word.beat) {
                self.threads.last_word_safe = Some(word);
            }
        }
    }
}

/// Whether this very process wrote it: the one before it may have had the same pid, in the same
/// log.
fn wrote(process: &Process, begun: &Begun) -> bool {
    let local = process.local.as_ref();
    local.is_some_and(|local| local.id.pid == begun.pid && begun.at.epoch() >= local.started_at)
}

/// Whether a beat that is late enough, and whole, does not show a job that began at `begun`
/// (seconds since 1970 on this host's clock): then it had ended.
fn denies(process: &Process, begun: f64, jid: &str) -> bool {
    let Some(beat) = &process.beat else {
        return false;
    };
    let shows = |job: &Job| job.work.jid.as_deref() == Some(jid);
    process.listed == Listed::Yes
        && beat.host_time > begun + SHOWN_WITHIN.as_secs_f64()
        && process.jobs.len() as u64 >= beat.busy
        && !process.jobs.iter().any(shows)
}
