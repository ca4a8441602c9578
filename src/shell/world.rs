//! Where a session's observations come from and where its effects go: channels and tasks. Tests
//! plug their own ends in; the loop cannot tell.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use color_eyre::eyre::{Result, WrapErr};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::own_signals::OwnSignals;
use super::performer::{Means, Performer};
use super::plugs::Plugs;
use super::real::{Beside, CALM, Real};
use super::visitors::Visitors;
use super::whereabouts::place;
use super::work::{Reply, ShellWork};
use crate::core::fleet::Observation;
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use crate::host::{Held, HostSource, LogSource, Logging, Running, Scanner, UnitSource, Wanted};
use crate::redis::{Address, Asker, Source, Tuning};

/// The clock.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;

/// The effect on a drain whose terminal is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HangUp {
    /// Nothing more is sent, and the program ends.
    #[default]
    Holds,
    /// The drain will go on without its terminal.
    Continues,
    /// It goes on so.
    Continued,
}

/// The ends that the loop holds.
pub struct World {
    /// The clock.
    pub clock: Clock,
    /// How many of its seconds pass in a real one: 1, but in a demo that was sped up. Pauses
    /// are computed from the clock's moments and slept through in real time.
    pub pace: f64,
    /// From the sources.
    pub observations: mpsc::Receiver<Observation>,
    /// The lines of logs. They come last: a flood of lines delays nothing else, and waits where it
    /// is.
    pub logs: mpsc::Receiver<Observation>,
    /// From the performer and the questions.
    pub replies: mpsc::UnboundedReceiver<Reply>,
    /// Where answers are sent by the tasks that await them.
    pub answers: mpsc::UnboundedSender<Reply>,
    /// To the performer.
    pub work: mpsc::UnboundedSender<ShellWork>,
    /// Every task; a panic in one ends the program.
    pub tasks: JoinSet<Result<()>>,
    /// Questions under way.
    pub questions: JoinSet<()>,
    /// The effect on the drain when its terminal is gone.
    pub hang_up: HangUp,
    /// Terminals that watch from outside.
    pub visitors: Visitors,
    /// Signals to this program; `None` in tests.
    pub own_signals: Option<OwnSignals>,
    /// Readiness and questions.
    pub plugs: Box<dyn Plugs>,
}

/// The real world: this host and a Redis.
#[derive(Debug, Default)]
pub struct WorldBuilder {
    /// Which Redis, if any.
    pub redis: Option<(Address, Tuning)>,
    /// Pids to list whatever they are.
    pub pids: Vec<u32>,
    /// Signals that the operator forced.
    pub forced: Vec<Signal>,
    /// Where state goes, or why it cannot.
    pub state_dir: Option<Result<PathBuf, String>>,
    /// Whether an operator is there to be asked.
    pub attended: bool,
    /// The log of the Sidekiqs of this host, where it is not what their standard output tells.
    pub sidekiq_log: Option<PathBuf>,
    /// The operator.
    pub by: String,
    /// The effect on a drain whose terminal is gone.
    pub hang_up: HangUp,
    /// The command that is given the report of each run; empty: none.
    pub on_finish: Vec<String>,
    /// Whether nothing at all may be changed.
    pub read_only: bool,
    /// Whether targets of other hosts are drained without a lock in Redis.
    pub no_redis_lock: bool,
}

/// Pieces of logs that may wait for the loop.
const PIECES: usize = 4;

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
                remarks: Vec::new(),
                locks_elsewhere: !self.no_redis_lock,
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
            hang_up: self.hang_up,
            visitors: Visitors::default(),
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
    /// The processes whose logs may be followed.
    pub(super) logging: watch::Receiver<Vec<Logging>>,
}

/// Starts the sources of the real world.
pub(super) fn sources(
    pids: Vec<u32>,
    redis: Option<(Address, Tuning)>,
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
