//! A small world for the engine's tests: some Sidekiqs, their queues and a Redis that shows what
//! their beats wrote. It knows the truth; the engine sees looks and scans alone.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::frozen::Frozen;
use super::weather::Weather;
use crate::core::fleet::{
    Heir, HostLook, Identity, Later, Lineage, LocalId, LocalProcess, Located, Look, LookRow, Place,
    ProcessKey, Sought, Threads,
};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use crate::core::sidekiq::{
    Busy, Registered, Snapshot, Task, Temper, Worker, WorkerConfig, WorkerEvent, shown,
};
use crate::core::timing::SIGNAL_EXPIRES;

/// The first moment of every world.
pub(super) fn start() -> Moment {
    let wall = Timestamp::from_second(1_800_000_000).unwrap();
    Moment::new(Duration::from_secs(10_000), wall)
}

/// So many seconds after the start; before it if negative.
pub(super) fn at(seconds: f64) -> Moment {
    let span = Duration::from_secs_f64(seconds.abs());
    if seconds < 0.0 {
        start().before(span)
    } else {
        start().after(span)
    }
}

/// A job of queue `default`.
pub(super) fn task(jid: &str, lasts: Option<f64>, temper: Temper) -> Task {
    Task {
        jid: jid.into(),
        class: "Job".into(),
        queue: "default".into(),
        lasts: lasts.map(Duration::from_secs_f64),
        temper,
        resumed: None,
    }
}

/// What Redis holds of a member.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) beat: Snapshot,
    pub(super) work: Vec<Busy>,
}

/// A Sidekiq of the world.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) worker: Worker,
    /// Its pid here; `None`: it runs on another host.
    pub(super) local: Option<LocalId>,
    /// Whether it is drained although it runs on another host.
    pub(super) is_far: bool,
    /// The signals that wait for it in Redis, each with its end.
    pub(super) waiting: VecDeque<(Signal, Moment)>,
    pub(super) identity: Identity,
    /// How far its host's clock runs ahead of ours.
    pub(super) ahead: f64,
    /// Whether its threads have names.
    pub(super) named: bool,
    /// Since when it does nothing, if it does.
    pub(super) frozen: Option<Frozen>,
    /// The queue that it serves.
    pub(super) queue: String,
    /// Whether the name of its queue can be read.
    pub(super) names_queues: bool,
    started: Moment,
    pub(super) shown: Option<Shown>,
}

/// Everything there is.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) members: Vec<Member>,
    /// The right end, from which jobs are fetched, is the back.
    pub(super) queue: VecDeque<Task>,
    pub(super) retry: BTreeSet<String>,
    /// What really happened, in order.
    pub(super) truth: Vec<(Moment, usize, WorkerEvent)>,
    /// How far the clock of Redis runs ahead of ours.
    pub(super) server_ahead: f64,
    /// Whether Redis tells the age of its keys.
    pub(super) tells_age: bool,
    /// The queue into which jobs with checkpoints put their later jobs; `None`: their own.
    pub(super) goes_on_in: Option<String>,
    /// Whether its queues are too long to be searched whole.
    pub(super) searches_in_part: bool,
    /// What goes wrong around it.
    pub(super) weather: Weather,
}

impl World {
    /// Adds a Sidekiq; a local one if it has a pid.
    pub(super) fn add(&mut self, config: WorkerConfig, pid: Option<u32>, started: Moment) -> usize {
        let number = self.members.len();
        let identity = match pid {
            Some(pid) => format!("here:{pid}:nonce{number}"),
            None => format!("there{number}:1:nonce{number}"),
        };
        self.members.push(Member {
            worker: Worker::new(config, started),
            local: pid.map(|pid| LocalId {
                pid,
                start_ticks: u64::from(pid) * 10,
            }),
            identity: Identity::new(&identity),
            is_far: false,
            waiting: VecDeque::new(),
            ahead: 0.0,
            named: true,
            queue: "default".into(),
            names_queues: true,
            frozen: None,
            started,
            shown: None,
        });
        number
    }

    /// When something happens next.
    pub(super) fn next_event(&self) -> Option<Moment> {
        let members = self.members.iter();
        let members = members.filter_map(Member::next_event);
        members.chain(self.next_gust()).min()
    }

    /// Lets everything happen that is due by `now`; the members that ended.
    pub(super) fn step(&mut self, now: Moment) -> Vec<usize> {
        let mut ended = Vec::new();
        while let Some(due) = self.next_event().filter(|due| *due <= now) {
            self.blow(due);
            self.happen(due, &mut ended);
            self.fetch(due);
        }
        self.fetch(now);
        self.happen(now, &mut ended);
        ended
    }

    fn happen(&mut self, now: Moment, ended: &mut Vec<usize>) {
        for index in 0..self.members.len() {
            for (when, event) in self.members[index].step(now) {
                if matches!(event, WorkerEvent::Exited(_)) {
                    ended.push(index);
                }
                self.apply(index, &event);
                if matches!(event, WorkerEvent::Beat(_)) {
                    self.members[index].take_signal(when);
                }
                self.retries(when, &event);
                self.truth.push((when, index, event));
            }
        }
    }

    fn fetch(&mut self, now: Moment) {
        for member in &mut self.members {
            while member.wants() > 0 {
                let next = self
                    .queue
                    .iter()
                    .rposition(|task| task.queue == member.queue);
                let Some(task) = next.and_then(|next| self.queue.remove(next)) else {
                    break;
                };
                assert_eq!(member.worker.give(task, now), None);
            }
        }
    }

    fn apply(&mut self, index: usize, event: &WorkerEvent) {
        match event {
            WorkerEvent::JobFailed(task) => {
                self.retry.insert(task.jid.clone());
            }
            WorkerEvent::PushedBack { task, front: true } => self.queue.push_back(task.clone()),
            WorkerEvent::PushedBack { task, front: false } => self.queue.push_front(task.clone()),
            WorkerEvent::BrokeOff { again, .. } => {
                let mut again = again.clone();
                again.queue = self.goes_on_in.clone().unwrap_or(again.queue);
                self.queue.push_front(again);
            }
            WorkerEvent::Beat(beat) => {
                self.members[index].shown = Some(Shown {
                    work: beat.busy.clone(),
                    beat: beat.clone(),
                });
            }
            WorkerEvent::LeftRegistry => self.members[index].shown = None,
            WorkerEvent::JobStarted(_)
            | WorkerEvent::JobFinished(_)
            | WorkerEvent::JobLost(_)
            | WorkerEvent::Exited(_) => {}
        }
    }

    /// A look at Redis.
    pub(super) fn look(&self, asked: Moment, answered: Moment) -> Look {
        let row = |(index, member): (usize, &Member)| {
            Some(self.row((index, member), member.shown.as_ref()?, asked))
        };
        let rows = self.members.iter().enumerate().filter_map(row).collect();
        Look {
            answered,
            server_time: asked.epoch() + self.server_ahead,
            ..self.of_this_redis(shown::look(rows, asked))
        }
    }

    fn row(&self, (index, member): (usize, &Member), last: &Shown, now: Moment) -> LookRow {
        let (shown_work, busy) = self.seen(index, (last.beat.at, &last.work), now);
        let age = now.since(last.beat.at);
        let alive = age < Duration::from_secs(60);
        let config = member.worker.config();
        let mut registered = Registered::new(
            member.identity.as_str(),
            &config.version.to_string(),
            config.threads as u64,
            member.started.epoch() + member.ahead,
        );
        let named = member.names_queues.then(|| member.queue.clone());
        Arc::make_mut(&mut registered.info).queues = named.into_iter().collect();
        if !alive {
            return registered.ghost();
        }
        let kept = |busy: &&Busy| self.keeps_state(&busy.task.jid, now);
        let iterating = shown_work.iter().filter(kept);
        let iterating = iterating.map(|busy| busy.task.jid.clone()).collect();
        let work = |busy: &Busy| Arc::new(shown::work(busy, member.ahead));
        let work = shown_work.iter().map(work).collect();
        let beat = last.beat.at.epoch() + member.ahead;
        let mut row = registered.row(beat, last.beat.quiet, work);
        if let Some(heartbeat) = &mut row.heartbeat {
            heartbeat.busy = busy;
        }
        LookRow {
            beat_age: self.tells_age.then_some(age),
            iterating,
            ..row
        }
    }

    /// A scan of this host.
    pub(super) fn scan(&self, now: Moment) -> HostLook {
        let process = |member: &Member| {
            let id = member.local?;
            if member.worker.ended().is_some() {
                return None;
            }
            let processors = member.worker.named_threads(now);
            Some(LocalProcess {
                run_state: member.run_state(),
                threads: Some(Threads {
                    processors: if member.named { processors } else { 0 },
                    heartbeat: member.named,
                    at: now,
                }),
                title: member.title(),
                ..shown::process(id, "here", member.started.epoch() - 3.0)
            })
        };
        let processes = self.members.iter().filter_map(process).collect();
        shown::scan("here", processes, now)
    }

    /// Where a job stands in Redis.
    pub(super) fn locate(&self, sought: &[Sought], asked: Moment) -> Vec<Located> {
        let place = |sought: &Sought| {
            if let Some(task) = self.queue.iter().find(|task| task.jid == sought.jid) {
                let name = task.queue.clone();
                Place::Queue { name }
            } else if self.retry.contains(&sought.jid) {
                Place::Retry
            } else {
                Place::Nowhere {
                    searched_whole: !self.searches_in_part,
                }
            }
        };
        let heirs = |sought: &Sought| -> Vec<Heir> {
            let lineage = Lineage::to_seek(&sought.payload);
            let waiting = self.queue.iter();
            let heirs = waiting.filter_map(|task| {
                let later = Later::read(&shown::payload(task))?;
                let name = task.queue.clone();
                let place = Place::Queue { name }.to_string();
                match (&lineage, &sought.class) {
                    (Some(lineage), _) => later.heir_of(lineage, &place),
                    (None, Some(class)) => later.heir_of_class(class, &place),
                    (None, None) => None,
                }
            });
            heirs.collect()
        };
        let located = |sought: &Sought| Located {
            jid: sought.jid.clone(),
            place: place(sought),
            heirs: heirs(sought),
            namesake: None,
            asked,
            iterating: self.keeps_state(&sought.jid, asked),
        };
        sought.iter().map(located).collect()
    }

    pub(super) fn member_of(&self, process: &ProcessKey) -> usize {
        let here = |member: &Member| member.key() == *process;
        self.members.iter().position(here).unwrap()
    }

    /// Sends a signal; whether there was anybody to receive it.
    pub(super) fn signal(
        &mut self,
        process: impl Into<ProcessKey>,
        signal: Signal,
        now: Moment,
    ) -> bool {
        let index = self.member_of(&process.into());
        let member = &mut self.members[index];
        if member.local.is_some() {
            return member.signal(signal, now);
        }
        member
            .waiting
            .push_back((signal, now.after(SIGNAL_EXPIRES)));
        true
    }

    /// Whether no signal waits for a process of another host any more.
    pub(super) fn has_taken(&self, process: &ProcessKey) -> bool {
        let index = self.member_of(process);
        self.members[index].waiting.is_empty()
    }
}

impl Member {
    /// Its key in the fleet.
    pub(super) fn key(&self) -> ProcessKey {
        match self.local {
            Some(id) => ProcessKey::Local(id),
            None => ProcessKey::Remote(self.identity.clone()),
        }
    }

    /// Its heartbeat takes one signal out of Redis.
    fn take_signal(&mut self, now: Moment) {
        let live = |(_, until): &(Signal, Moment)| *until > now;
        if let Some((signal, _)) = self.waiting.pop_front().filter(live) {
            self.signal(signal, now);
        }
    }
}
