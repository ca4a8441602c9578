//! The double of one process: from the signals that were only recorded and the jobs that really
//! run, what the process would be doing now. It sees live data alone and changes none of it.

use std::sync::Arc;
use std::time::Duration;

use crate::core::fleet::{Lineage, LocalProcess, LookRow, Process, ProcessKey, Title, Work};
use crate::core::moment::Moment;
use crate::core::sequence::{Signal, Timeout, Version};
use crate::core::sidekiq::{Task, Temper, Worker, WorkerConfig, WorkerEnding, WorkerEvent};

/// How long an iteration is taken to be: it is not known.
const ITERATION: Duration = Duration::from_secs(1);

/// A job that ran when the first signal was recorded.
#[derive(Clone, Debug)]
pub(super) struct Played {
    pub(super) work: Arc<Work>,
    pub(super) since: Moment,
    /// The host's own time of the last beat that showed it.
    shown: f64,
    /// When a later beat showed it no more: it ended by then.
    pub(super) ended: Option<Moment>,
    /// When it would have been pushed back.
    pub(super) pushed_back: Option<Moment>,
    /// Whether it is an `IterableJob`, or a library lets it break off once its process is quiet.
    iterable: bool,
}

impl Played {
    fn is(&self, work: &Work) -> bool {
        self.work.tid == work.tid && self.work.jid == work.jid && self.work.run_at == work.run_at
    }

    fn task(&self, ended: Option<Moment>) -> Task {
        Task {
            jid: self.work.jid.clone().unwrap_or_default(),
            class: self.work.class.clone(),
            queue: self.work.queue.clone(),
            lasts: ended.map(|ended| ended.since(self.since)),
            temper: if self.iterable {
                Temper::Iterates(ITERATION)
            } else {
                Temper::Plain
            },
            resumed: None,
        }
    }
}

/// How a double ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gone {
    pub(super) at: Moment,
    pub(super) ending: WorkerEnding,
    /// Whether it was reported.
    pub(super) told: bool,
}

/// The double of a process: it does what the process would do.
#[derive(Clone, Debug)]
pub(super) struct Double {
    pub(super) key: ProcessKey,
    pub(super) name: String,
    config: WorkerConfig,
    pub(super) signals: Vec<(Signal, Moment)>,
    pub(super) jobs: Vec<Played>,
    /// Its row as it was last shown; a killed one keeps it.
    shown: Option<LookRow>,
    /// Whether a whole beat after the first signal has named every job.
    complete: bool,
    pub(super) gone: Option<Gone>,
}

impl Double {
    /// The double of `process`, which gets its first signal now.
    pub(super) fn of(key: ProcessKey, process: &Process, stated: Option<&Timeout>) -> Self {
        let version = process.version().unwrap_or(Version::new(7, 3, 9));
        let threads = process.concurrency().unwrap_or_default();
        let threads = usize::try_from(threads).unwrap_or(0);
        let jobs = process.jobs.iter().filter_map(|job| {
            Some(Played {
                work: Arc::clone(&job.work),
                since: job.started?,
                shown: job.beat,
                ended: None,
                pushed_back: None,
                iterable: job.iterable,
            })
        });
        Self {
            name: process.name(),
            config: WorkerConfig::new(version, process.timeout(stated).span, threads),
            signals: Vec::new(),
            jobs: jobs.collect(),
            shown: None,
            complete: false,
            gone: None,
            key,
        }
    }

    /// When it was told to take no more jobs.
    pub(super) fn quiet_since(&self) -> Option<Moment> {
        let quiets = |signal: Signal| signal == Signal::Tstp || signal.stops();
        let first = self.signals.iter().find(|(signal, _)| quiets(*signal));
        first.map(|(_, at)| *at)
    }

    /// Its `T`.
    pub(super) fn timeout(&self) -> Duration {
        self.config.timeout
    }

    /// When it was told to stop.
    pub(super) fn stopped(&self) -> Option<Moment> {
        let first = self.signals.iter().find(|(signal, _)| signal.stops());
        first.map(|(_, at)| *at)
    }

    /// When it was killed.
    pub(super) fn killed(&self) -> Option<Moment> {
        let kill = self.signals.iter().find(|(s, _)| *s == Signal::Kill);
        kill.map(|(_, at)| *at)
    }

    /// Takes in what a live look shows of the jobs.
    pub(super) fn see(&mut self, row: &LookRow, now: Moment) {
        let (Some(heartbeat), Some(quiet)) = (&row.heartbeat, self.quiet_since()) else {
            return;
        };
        let whole = row.work.len() as u64 >= heartbeat.busy;
        let at = |host_time: f64| before(now, now.epoch() - host_time);
        for work in &row.work {
            let iterable = (work.jid.as_ref()).is_some_and(|jid| row.iterating.contains(jid));
            let library = work.lineage.as_ref().and_then(Lineage::checkpoints);
            let iterable = iterable || library.is_some();
            if let Some(known) = self.jobs.iter_mut().find(|known| known.is(work)) {
                known.shown = heartbeat.beat;
                known.iterable |= iterable;
                continue;
            }
            // Whole seconds on both sides: what began in the second of the signal counts as in.
            let Some(run_at) = work.run_at.filter(|run_at| *run_at <= quiet.epoch()) else {
                continue;
            };
            self.jobs.push(Played {
                work: Arc::clone(work),
                since: at(run_at),
                shown: heartbeat.beat,
                ended: None,
                pushed_back: None,
                iterable,
            });
        }
        for known in self.jobs.iter_mut().filter(|known| known.ended.is_none()) {
            let missing = !row.work.iter().any(|work| known.is(work));
            if whole && missing && heartbeat.beat > known.shown {
                known.ended = Some(at(heartbeat.beat));
            }
        }
        self.complete |= whole && heartbeat.beat > quiet.epoch();
    }

    /// The process as it would be at `now`, with all that it did. What ended after it would have
    /// been pushed back changes nothing any more.
    pub(super) fn worker(&self, now: Moment) -> (Worker, Vec<(Moment, WorkerEvent)>) {
        let tasks = self.jobs.iter().map(|job| {
            let ended = job.ended.filter(|_| job.pushed_back.is_none());
            (job, job.task(ended))
        });
        self.play(tasks, &self.signals, now)
    }

    /// The events that it would have had by `now` with other signals, from all that is known by
    /// now.
    pub(super) fn otherwise(
        &self,
        signals: &[(Signal, Moment)],
        now: Moment,
    ) -> Vec<(Moment, WorkerEvent)> {
        let tasks = self.jobs.iter().map(|job| (job, job.task(job.ended)));
        self.play(tasks, signals, now).1
    }

    fn play<'a>(
        &'a self,
        tasks: impl Iterator<Item = (&'a Played, Task)>,
        signals: &[(Signal, Moment)],
        now: Moment,
    ) -> (Worker, Vec<(Moment, WorkerEvent)>) {
        let first = signals.first().map_or(now, |(_, at)| *at);
        let mut config = self.config.clone();
        config.threads = config.threads.max(self.jobs.len());
        let mut worker = Worker::new(config, first);
        for (job, task) in tasks {
            let refused = worker.adopt(task, job.work.tid.clone(), job.since, first);
            debug_assert!(refused.is_none(), "there is a thread for each job");
        }
        let mut events = Vec::new();
        for (signal, at) in signals.iter().filter(|(_, at)| *at <= now) {
            events.extend(worker.step(*at));
            worker.signal(*signal, *at);
        }
        events.extend(worker.step(now));
        (worker, events)
    }

    /// Notes what it has done by `now`.
    pub(super) fn settle(&mut self, now: Moment) {
        if self.gone.is_some() {
            return;
        }
        let (_, events) = self.worker(now);
        for (at, event) in events {
            match event {
                WorkerEvent::PushedBack { task, .. } => {
                    let jobs = self.jobs.iter_mut();
                    for job in jobs.filter(|job| job.work.jid.as_ref() == Some(&task.jid)) {
                        job.pushed_back = job.pushed_back.or(Some(at));
                    }
                }
                WorkerEvent::Exited(ending) => {
                    // A signal of systemd that would come later meets no process.
                    self.signals.retain(|(_, sent)| *sent <= at);
                    self.gone = Some(Gone {
                        at,
                        ending,
                        told: false,
                    });
                }
                WorkerEvent::JobStarted(_)
                | WorkerEvent::JobFinished(_)
                | WorkerEvent::JobFailed(_)
                | WorkerEvent::JobLost(_)
                | WorkerEvent::Beat(_)
                | WorkerEvent::BrokeOff { .. }
                | WorkerEvent::LeftRegistry => {}
            }
        }
    }

    /// Its jobs that die with it.
    pub(super) fn lost(&self) -> impl Iterator<Item = &Played> {
        let killed = self.gone.and_then(|gone| match gone.ending {
            WorkerEnding::Signal(_) => Some(gone.at),
            WorkerEnding::InOrder => None,
        });
        self.jobs.iter().filter(move |job| {
            killed.is_some_and(|at| {
                job.pushed_back.is_none() && job.ended.is_none_or(|ended| ended > at)
            })
        })
    }

    /// The row that a look would show in the place of the live one.
    pub(super) fn row(&mut self, live: LookRow, now: Moment) -> Option<LookRow> {
        match self.gone.map(|gone| gone.ending) {
            Some(WorkerEnding::InOrder) => return None,
            // A killed one stays listed with its last beat.
            Some(WorkerEnding::Signal(_)) => return self.shown.clone().or(Some(live)),
            None => {}
        }
        let (worker, _) = self.worker(now);
        if !worker.is_registered() {
            return None;
        }
        let mut row = live;
        let quiet = self.quiet_since();
        if let Some(heartbeat) = &mut row.heartbeat
            && quiet.is_some_and(|quiet| heartbeat.beat > quiet.epoch())
        {
            let runs = |work: &Arc<Work>| {
                let mut running = worker.running();
                running
                    .any(|busy| busy.tid == work.tid && Some(&busy.task.jid) == work.jid.as_ref())
            };
            row.work.retain(runs);
            heartbeat.quiet = true;
            heartbeat.busy = row.work.len() as u64;
        }
        self.shown = Some(row.clone());
        Some(row)
    }

    /// The line that a scan would show in the place of the live process.
    pub(super) fn local(&self, live: LocalProcess, now: Moment) -> Option<LocalProcess> {
        if self.gone.is_some() {
            return None;
        }
        let mut local = live;
        let (worker, _) = self.worker(now);
        // Until a beat has named every job, a thread that is not known to run one may do so.
        if !self.complete {
            return Some(local);
        }
        if let Some(threads) = &mut local.threads {
            threads.processors = threads.processors.min(worker.named_threads(now));
        }
        if let Title::Beating { busy, stopping, .. } = &mut local.title {
            *busy = worker.running().count() as u64;
            *stopping = true;
        }
        Some(local)
    }
}

fn before(now: Moment, seconds: f64) -> Moment {
    now.before(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default())
}
