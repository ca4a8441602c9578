//! Where a session's observations come from and where its effects go: channels and tasks. Tests
//! plug their own ends in; the loop cannot tell.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use color_eyre::eyre::{Result, WrapErr};
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::arm::{Armed, Refused, arm};
use super::own_signals::OwnSignals;
use super::performer::{Means, Performer};
pub(super) use super::whereabouts::ask;
use super::whereabouts::{Place, count, place, search};
use super::work::{Counting, OnFinish, Reply, Work};
use crate::core::clean::clean;
use crate::core::drain::{Ask, Trace};
use crate::core::fleet::{LocalId, Located, Observation, ProcessKey, Sought};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use crate::core::session::Session;
use crate::host::{
    Held, HostSource, Lock, LogSource, Logging, Running, Scanner, UnitSource, Wanted,
    working_directory,
};
use crate::journal::{Journal, run_name};
use crate::redis::{Address, Asker, Settings, Source};
use crate::rescue::Suspect;

/// What tells the time.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;

/// How processes are made ready for a run, and how questions are answered.
pub trait Plugs: Send {
    /// Holds, checks and locks `targets` for a run that begins now, and gives what the performer
    /// needs for it.
    ///
    /// # Errors
    /// With the reasons why the run must not begin.
    fn begin(
        &mut self,
        targets: &[LocalId],
        session: &mut Session,
        now: Moment,
    ) -> Result<Work, Refused>;

    /// Takes every right to act back, at once.
    fn revoke(&self);

    /// The answer to a question; `None` where there is nobody to ask.
    fn ask(&self, ask: Ask) -> Option<BoxFuture<'static, Vec<Located>>>;

    /// Looks for jobs that left, cheaply; `None` where there is nobody to ask.
    fn glance(&self, sought: Vec<Sought>) -> Option<BoxFuture<'static, Vec<Located>>> {
        drop(sought);
        None
    }

    /// Searches for missing jobs, one trace for each; `None` where there is nobody to ask.
    fn search(&self, suspects: Vec<Suspect>) -> Option<BoxFuture<'static, Vec<Trace>>> {
        drop(suspects);
        None
    }

    /// Holds one process that is to be asked for its backtraces, or says why it cannot be.
    fn hold(&self, process: LocalId, _session: &Session) -> Result<Arc<Held>, String> {
        Err(format!("{process} cannot be asked here"))
    }

    /// A run is over: what it held is let go.
    fn over(&mut self);

    /// Counts the jobs in `retry` and `dead` that failed by being stopped, on a connection of its
    /// own; `None` where nobody is to be asked.
    fn count_interrupted(&self) -> Option<Counting> {
        None
    }

    /// The working directory of a process, where it can be read.
    fn directory(&self, id: LocalId) -> Option<String> {
        let _ = id;
        None
    }

    /// Who is told of a run that has ended; `None`: nobody.
    fn on_finish(&self) -> Option<OnFinish> {
        None
    }
}

/// The ends that the loop holds.
pub struct World {
    /// What tells the time.
    pub clock: Clock,
    /// How many of its seconds pass in a real one: 1, but in a demo that was sped up. Pauses
    /// are computed from the clock's moments and slept through in real time.
    pub pace: f64,
    /// From the sources.
    pub observations: mpsc::Receiver<Observation>,
    /// What logs say. It comes last: a flood of lines delays nothing else, and waits where it is.
    pub logs: mpsc::Receiver<Observation>,
    /// From the performer and the questions.
    pub replies: mpsc::UnboundedReceiver<Reply>,
    /// Where answers are sent by the tasks that await them.
    pub answers: mpsc::UnboundedSender<Reply>,
    /// To the performer.
    pub work: mpsc::UnboundedSender<Work>,
    /// Every task; a panic in one ends the program.
    pub tasks: JoinSet<Result<()>>,
    /// Questions under way.
    pub questions: JoinSet<()>,
    /// Signals to this program; `None` in tests.
    pub own_signals: Option<OwnSignals>,
    /// Readiness and questions.
    pub plugs: Box<dyn Plugs>,
}

/// The real world: this host and a Redis.
#[derive(Debug, Default)]
pub struct WorldBuilder {
    /// Which Redis, if any.
    pub redis: Option<(Address, Settings)>,
    /// Pids to list whatever they are.
    pub pids: Vec<u32>,
    /// Signals that the operator forced.
    pub forced: Vec<Signal>,
    /// Where state goes, or why it cannot.
    pub state_dir: Option<Result<PathBuf, String>>,
    /// Whether somebody is there to be asked.
    pub attended: bool,
    /// The log of the Sidekiqs of this host, where it is not what their standard output tells.
    pub sidekiq_log: Option<PathBuf>,
    /// Who operates.
    pub by: String,
    /// The command that is given the report of each run; empty: none.
    pub on_finish: Vec<String>,
    /// Whether nothing at all may be changed.
    pub read_only: bool,
}

/// Pieces of logs that may wait for the loop.
const PIECES: usize = 4;

/// Time between scans while nothing is sent: a look at `/proc` costs under a millisecond.
pub(super) const CALM: Duration = Duration::from_secs(1);
/// Time between scans during a run: threads that end are its earliest proof.
pub(super) const KEEN: Duration = Duration::from_millis(200);

impl WorldBuilder {
    /// Starts the tasks. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// If `/proc` cannot be read or signals cannot be listened to.
    pub fn start(self) -> Result<World> {
        let (observed, observations) = mpsc::channel(64);
        let (logged, logs) = mpsc::channel(PIECES);
        let (answers, replies) = mpsc::unbounded_channel();
        let (work, works) = mpsc::unbounded_channel();
        let redis = place(self.redis.as_ref());
        let Sources {
            mut tasks,
            asker,
            held,
            wanted,
            logging,
        } = sources(self.pids, self.redis.clone(), observed, !self.read_only)?;
        let reading = LogSource {
            wanted: logging,
            named: self.sidekiq_log,
            news: logged,
        };
        tasks.spawn(async move {
            reading.run().await;
            Ok(())
        });
        let means = Means {
            redis: redis.clone(),
            by: self.by,
            state_dir: self.state_dir.clone(),
            marks: None,
            queues: None,
        };
        let performer = Performer::new(answers.clone(), self.attended).with(means);
        tasks.spawn(async move {
            performer.run(works).await;
            Ok(())
        });
        let plugs = Real {
            asker,
            redis,
            held,
            wanted,
            licence: Arc::new(AtomicBool::new(false)),
            locks: Vec::new(),
            forced: self.forced,
            state_dir: self
                .state_dir
                .unwrap_or_else(|| Err("no directory for state is known".into())),
            beside: Beside {
                redis: self.redis,
                on_finish: self.on_finish,
            },
        };
        Ok(World {
            clock: Arc::new(crate::clock::now),
            pace: 1.0,
            observations,
            logs,
            replies,
            answers,
            work,
            tasks,
            questions: JoinSet::new(),
            own_signals: Some(OwnSignals::listen().wrap_err("signals cannot be listened to")?),
            plugs: Box::new(plugs),
        })
    }
}

/// The sources of the real world, under way.
pub(super) struct Sources {
    pub(super) tasks: JoinSet<Result<()>>,
    pub(super) asker: Option<Asker>,
    pub(super) held: mpsc::Sender<Arc<Held>>,
    pub(super) wanted: watch::Sender<Wanted>,
    /// Whose logs may be followed.
    pub(super) logging: watch::Receiver<Vec<Logging>>,
}

/// Starts the sources of the real world.
pub(super) fn sources(
    pids: Vec<u32>,
    redis: Option<(Address, Settings)>,
    observed: mpsc::Sender<Observation>,
    may_act: bool,
) -> Result<Sources> {
    let (held, holding) = mpsc::channel(1024);
    let (wanted, wanting) = watch::channel(Wanted { pids, period: CALM });
    let (units, running) = watch::channel(Running::new());
    let (logs, logging) = watch::channel(Vec::new());
    let mut tasks: JoinSet<Result<()>> = JoinSet::new();
    let scanner = Scanner::new().wrap_err("this machine's processes cannot be read")?;
    let host = HostSource {
        scanner,
        wanted: wanting,
        held: holding,
        observations: observed.clone(),
        units,
        logging: logs,
    };
    tasks.spawn(async move { Ok(host.run().await?) });
    let systemd = UnitSource {
        running,
        observations: observed.clone(),
        may_act,
    };
    tasks.spawn(async move {
        systemd.run().await;
        Ok(())
    });
    let asker = redis.map(|(address, settings)| {
        let (source, asker) = Source::new(address, settings, observed);
        tasks.spawn(async move {
            source.run().await;
            Ok(())
        });
        asker
    });
    Ok(Sources {
        tasks,
        asker,
        held,
        wanted,
        logging,
    })
}

struct Real {
    asker: Option<Asker>,
    redis: Place,
    held: mpsc::Sender<Arc<Held>>,
    wanted: watch::Sender<Wanted>,
    licence: Arc<AtomicBool>,
    locks: Vec<Lock>,
    forced: Vec<Signal>,
    state_dir: Result<PathBuf, String>,
    beside: Beside,
}

/// What goes on beside a run.
struct Beside {
    /// Where interrupted jobs are counted.
    redis: Option<(Address, Settings)>,
    /// Who is told of its end.
    on_finish: Vec<String>,
}

impl Real {
    fn arm(&mut self, targets: &[LocalId], session: &Session) -> Result<Armed, Refused> {
        let state_dir = self.state_dir.as_deref().ok();
        arm(
            targets,
            &session.fleet,
            &session.setting.plan,
            &self.forced,
            state_dir,
        )
    }

    fn scan_every(&self, period: Duration) {
        self.wanted.send_modify(|wanted| wanted.period = period);
    }
}

impl Plugs for Real {
    fn begin(
        &mut self,
        targets: &[LocalId],
        session: &mut Session,
        now: Moment,
    ) -> Result<Work, Refused> {
        let run = run_name(now);
        session.setting.plan.run.clone_from(&run);
        let Armed { held, locks } = self.arm(targets, session)?;
        for process in held.values() {
            if self.held.try_send(Arc::clone(process)).is_err() {
                return Err(Refused(vec![
                    "the exits of so many processes cannot be watched for".into(),
                ]));
            }
        }
        self.locks = locks;
        self.licence = Arc::new(AtomicBool::new(true));
        self.scan_every(KEEN);
        let journal = match &self.state_dir {
            Ok(directory) => Journal::begin(directory, &run, now)
                .map(Some)
                .map_err(|error| format!("{}: {error}", directory.display())),
            Err(why) => Err(why.clone()),
        };
        Ok(Work::Begin {
            held,
            journal,
            licence: Arc::clone(&self.licence),
        })
    }

    fn revoke(&self) {
        self.licence.store(false, Ordering::SeqCst);
    }

    fn ask(&self, question: Ask) -> Option<BoxFuture<'static, Vec<Located>>> {
        let asker = self.asker.clone()?;
        Some(Box::pin(ask(asker, question)))
    }

    fn glance(&self, sought: Vec<Sought>) -> Option<BoxFuture<'static, Vec<Located>>> {
        let asker = self.asker.clone()?;
        Some(Box::pin(async move { asker.glance(sought).await }))
    }

    fn search(&self, suspects: Vec<Suspect>) -> Option<BoxFuture<'static, Vec<Trace>>> {
        search(&self.redis, suspects)
    }

    fn hold(&self, process: LocalId, session: &Session) -> Result<Arc<Held>, String> {
        let known = session.fleet.get(&ProcessKey::Local(process));
        let local = known.and_then(|known| known.local.as_ref());
        let uid = local.ok_or("it has exited")?.surroundings.uid;
        let held = Held::open(process, uid).map(Arc::new);
        held.map_err(|error| error.to_string())
    }

    fn over(&mut self) {
        self.locks.clear();
        self.scan_every(CALM);
    }

    fn count_interrupted(&self) -> Option<Counting> {
        self.beside.redis.clone().map(count)
    }

    fn directory(&self, id: LocalId) -> Option<String> {
        let directory = working_directory(id.pid)?;
        Some(clean(&directory.to_string_lossy(), 300))
    }

    fn on_finish(&self) -> Option<OnFinish> {
        let words = self.beside.on_finish.clone();
        let state_dir = self.state_dir.as_ref().ok().cloned();
        (!words.is_empty()).then_some(OnFinish { words, state_dir })
    }
}
