//! The stage: imitated Sidekiqs, a source that watches them, a performer that signals them, and
//! answers out of their queue. All of it runs on tokio's paused clock.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::seconds;
use crate::core::drain::{ActOutcome, Ask, Mode, Plan, Record};
use crate::core::fleet::{
    HostLook, Identity, Link, LocalId, LocalProcess, Located, Look, LookRow, Observation, Place,
    ProcessKey, Threads,
};
use crate::core::moment::Moment;
use crate::core::sequence::{SequenceOrigin, Signal, Timeout, Version};
use crate::core::session::{Kind, Session, Setting};
use crate::core::sidekiq::{
    Registered, Snapshot, Task, Temper, Worker, WorkerConfig, WorkerEvent, shown,
};
use crate::journal::Journal;
use crate::shell::{Clock, HangUp, Plugs, Refused, Reply, ShellWork, Visitors, World};

/// A Sidekiq.
struct Member {
    id: LocalId,
    identity: Identity,
    worker: Worker,
    shown: Option<Snapshot>,
}

/// The Sidekiqs and their queue.
#[derive(Default)]
pub(super) struct Sidekiqs {
    members: Vec<Member>,
    queue: VecDeque<Task>,
    /// What reached them, and when.
    pub(super) signals: Vec<(Duration, Signal)>,
    /// What was written down.
    pub(super) records: Vec<Record>,
}

impl Sidekiqs {
    /// Lets happen what is due; who ended.
    fn step(&mut self, now: Moment) -> Vec<LocalId> {
        let mut ended = Vec::new();
        for member in &mut self.members {
            for (_, event) in member.worker.step(now) {
                match event {
                    WorkerEvent::Beat(beat) => member.shown = Some(beat),
                    WorkerEvent::LeftRegistry => member.shown = None,
                    WorkerEvent::PushedBack { task, .. }
                    | WorkerEvent::BrokeOff { again: task, .. } => self.queue.push_back(task),
                    WorkerEvent::Exited(_) => ended.push(member.id),
                    WorkerEvent::JobStarted(_)
                    | WorkerEvent::JobFinished(_)
                    | WorkerEvent::JobFailed(_)
                    | WorkerEvent::JobLost(_) => {}
                }
            }
        }
        ended
    }

    fn look(&self, now: Moment) -> Look {
        let row = |member: &Member| {
            let beat = member.shown.as_ref()?;
            let identity = member.identity.as_str();
            let version = VERSION.to_string();
            let registered = Registered::new(identity, &version, THREADS as u64, start().epoch());
            let work = beat
                .busy
                .iter()
                .map(|busy| Arc::new(shown::work(busy, 0.0)));
            let row = registered.row(beat.at.epoch(), beat.quiet, work.collect());
            Some(LookRow {
                beat_age: Some(now.since(beat.at)),
                ..row
            })
        };
        shown::look(self.members.iter().filter_map(row).collect(), now)
    }

    fn scan(&self, now: Moment) -> HostLook {
        let members = self.members.iter();
        let alive = members.filter(|member| member.worker.ended().is_none());
        let process = |member: &Member| LocalProcess {
            threads: Some(Threads {
                processors: member.worker.named_threads(now),
                heartbeat: true,
                at: now,
            }),
            ..shown::process(member.id, "here", start().epoch() - 3.0)
        };
        shown::scan("here", alive.map(process).collect(), now)
    }

    fn signal(&mut self, id: LocalId, signal: Signal, now: Moment) -> ActOutcome {
        self.signals.push((now.since(start()), signal));
        for member in self.members.iter_mut().filter(|member| member.id == id) {
            if member.worker.ended().is_none() {
                member.worker.signal(signal, now);
                return ActOutcome::Sent;
            }
        }
        ActOutcome::Gone
    }
}

const VERSION: Version = Version::new(7, 3, 2);
const THREADS: usize = 2;

/// The first moment.
pub(super) fn start() -> Moment {
    let wall = Timestamp::from_second(1_800_000_000).unwrap();
    Moment::new(Duration::from_secs(10_000), wall)
}

/// The stage.
#[derive(Clone)]
pub(super) struct Stage {
    sidekiqs: Arc<Mutex<Sidekiqs>>,
    clock: Clock,
    /// How long a signal is under way.
    pub(super) act_takes: Duration,
    pub(super) licence: Arc<AtomicBool>,
    /// How often a run let go of what it held.
    pub(super) over: Arc<AtomicUsize>,
    pub(super) refuses: Option<&'static str>,
    /// Where a drain is written down, under the name `filmed`.
    pub(super) state: Option<PathBuf>,
}

impl Stage {
    /// A Sidekiq per list, which runs jobs that take so many seconds.
    pub(super) fn new(jobs: &[&[f64]]) -> Self {
        let begun = Instant::now();
        let mut sidekiqs = Sidekiqs::default();
        for (pid, lasting) in (4242..).zip(jobs) {
            let config = WorkerConfig::new(VERSION, seconds(25.0), THREADS);
            let mut worker = Worker::new(config, start());
            for (number, lasts) in lasting.iter().enumerate() {
                let task = Task {
                    jid: format!("{pid}-{number}"),
                    class: "Job".into(),
                    queue: "default".into(),
                    lasts: Some(seconds(*lasts)),
                    temper: Temper::Plain,
                    resumed: None,
                };
                assert_eq!(worker.give(task, start()), None);
            }
            sidekiqs.members.push(Member {
                id: LocalId {
                    pid,
                    start_ticks: 7,
                },
                identity: Identity::new(&format!("here:{pid}:0badc0ffee")),
                worker,
                shown: None,
            });
        }
        Self {
            sidekiqs: Arc::new(Mutex::new(sidekiqs)),
            clock: Arc::new(move || start().after(begun.elapsed())),
            act_takes: Duration::from_millis(1),
            licence: Arc::new(AtomicBool::new(false)),
            over: Arc::default(),
            refuses: None,
            state: None,
        }
    }

    pub(super) fn sidekiqs(&self) -> MutexGuard<'_, Sidekiqs> {
        self.sidekiqs.lock().unwrap()
    }

    pub(super) fn now(&self) -> Moment {
        (self.clock)()
    }

    pub(super) fn targets(&self) -> Vec<ProcessKey> {
        self.sidekiqs()
            .members
            .iter()
            .map(|member| member.id.into())
            .collect()
    }

    /// The names of the events that were written down, in their order.
    pub(super) fn events(&self) -> Vec<String> {
        let name = |record: &Record| {
            let line: serde_json::Value = serde_json::from_str(&record.json()).unwrap();
            line["event"].as_str().unwrap().to_owned()
        };
        self.sidekiqs().records.iter().map(name).collect()
    }

    /// A session that would drain by `sequence`.
    pub(super) fn session(sequence: &str) -> Session {
        Session::new(Setting {
            kind: Kind::Live,
            plan: Plan {
                mode: Mode::Manual,
                timeout: Some(Timeout::stated(seconds(25.0), "--timeout")),
                ..Plan::of(sequence.parse().unwrap())
            },
            sequence_from: SequenceOrigin("--sequence".into()),
            namespace: None,
            redis: None,
            operator: "somebody".into(),
            successor: None,
            saved_in: None,
        })
    }

    /// The world that the loop runs in.
    pub(super) fn world(&self) -> World {
        let (observed, observations) = mpsc::channel(64);
        let mut world = self.unseen(observations);
        world.tasks.spawn(self.clone().watch(observed));
        world
    }

    /// The same with these observations alone.
    pub(super) fn unseen(&self, observations: mpsc::Receiver<Observation>) -> World {
        let (answers, replies) = mpsc::unbounded_channel();
        let (work, works) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(self.clone().perform(works, answers.clone()));
        World {
            clock: Arc::clone(&self.clock),
            pace: 1.0,
            observations,
            logs: mpsc::channel(1).1,
            replies,
            answers,
            work,
            tasks,
            questions: JoinSet::new(),
            hang_up: HangUp::Holds,
            visitors: Visitors::default(),
            own_signals: None,
            plugs: Box::new(self.clone()),
        }
    }

    /// Scans ten times a second and looks once.
    async fn watch(self, observed: mpsc::Sender<Observation>) -> color_eyre::Result<()> {
        for turn in 0_u64.. {
            let now = self.now();
            let ended = self.sidekiqs().step(now);
            let mut all = vec![Observation::Host(self.sidekiqs().scan(now))];
            all.extend(ended.into_iter().map(|process| Observation::Exited {
                process,
                at: now,
                status: None,
            }));
            if turn.is_multiple_of(10) {
                all.push(Observation::Link(Link::Connected {
                    round_trip: Duration::from_millis(1),
                    at: now,
                }));
                all.push(Observation::Look(self.sidekiqs().look(now)));
            }
            for observation in all {
                if observed.send(observation).await.is_err() {
                    return Ok(());
                }
            }
            sleep(seconds(0.1)).await;
        }
        Ok(())
    }

    async fn perform(
        self,
        mut works: mpsc::UnboundedReceiver<ShellWork>,
        replies: mpsc::UnboundedSender<Reply>,
    ) -> color_eyre::Result<()> {
        while let Some(work) = works.recv().await {
            match work {
                ShellWork::Begin { .. }
                | ShellWork::Mark(_)
                | ShellWork::PushBack { .. }
                | ShellWork::Call { .. }
                | ShellWork::Save { .. }
                | ShellWork::Cancel { .. }
                | ShellWork::Backtrace { .. } => {}
                ShellWork::Note(record) => self.sidekiqs().records.push(*record),
                ShellWork::Act { id, act, .. } => {
                    let outcome = if self.licence.load(Ordering::SeqCst) {
                        let outcome = self.sidekiqs().signal(
                            act.target.local().unwrap(),
                            act.kind.signal(),
                            self.now(),
                        );
                        sleep(self.act_takes).await;
                        outcome
                    } else {
                        ActOutcome::Revoked
                    };
                    drop(replies.send(Reply::Outcome(id, outcome)));
                }
            }
        }
        Ok(())
    }
}

impl Plugs for Stage {
    fn begin(
        &mut self,
        _: &[ProcessKey],
        session: &mut Session,
        now: Moment,
    ) -> Result<ShellWork, Refused> {
        if let Some(why) = self.refuses {
            return Err(Refused(vec![why.into()]));
        }
        self.licence.store(true, Ordering::SeqCst);
        let journal = match &self.state {
            Some(state) => {
                session.setting.plan.run = "filmed".into();
                Ok(Some(Journal::begin(state, "filmed", now).unwrap()))
            }
            None => Err("none here".into()),
        };
        Ok(ShellWork::Begin {
            held: HashMap::new(),
            journal,
            licence: Arc::clone(&self.licence),
            locks: None,
        })
    }

    fn revoke(&self) {
        self.licence.store(false, Ordering::SeqCst);
    }

    fn ask(&self, ask: Ask) -> Option<BoxFuture<'static, Vec<Located>>> {
        let Ask::Where(sought) = ask else {
            return None;
        };
        let asked = self.now();
        let sidekiqs = self.sidekiqs();
        let located = sought.into_iter().map(|sought| Located {
            place: if sidekiqs.queue.iter().any(|task| task.jid == sought.jid) {
                Place::Queue { name: sought.queue }
            } else {
                Place::Nowhere {
                    searched_whole: true,
                }
            },
            jid: sought.jid,
            asked,
            iterating: false,
            heirs: Vec::new(),
            namesake: None,
        });
        let located: Vec<Located> = located.collect();
        Some(async move { located }.boxed())
    }

    fn over(&mut self) {
        self.over.fetch_add(1, Ordering::SeqCst);
    }
}
