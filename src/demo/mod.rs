//! The built-in fleet: real processes that obey real signals as a Sidekiq does, and a source
//! that shows them. It never scans `/proc`, opens no Redis, writes no record, and signals no
//! process but through the drain that the operator begins.

mod cast;
mod child;
mod children;
mod chores;
mod plugs;
mod rows;
mod source;
mod store;
mod wire;

pub use child::live;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use color_eyre::eyre::{Result, WrapErr};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::clock::{self, Paced};
use crate::core::drain::{Plan, Policy};
use crate::core::sequence::{Sequence, SequenceOrigin};
use crate::core::session::{Kind, Session, Setting};
use crate::shell::{HangUp, Means, OwnSignals, Performer, PretendedQueues, Visitors, World};

use self::children::Nursery;
use self::plugs::DemoStage;
use self::source::{ChannelEnds, DemoSource, SharedStore};
use self::wire::ClockWords;

/// The name of the children: as `argv[0]`, and for the scanner, which leaves them out.
pub const NAME: &str = "drainboard-demo";

/// The stop sequence of the demo where none is stated.
pub const SEQUENCE: &str = cast::SEQUENCE;

/// How the demo is played.
#[derive(Clone, Debug)]
pub struct Script {
    /// How many seconds pass in a real one.
    pub speed: f64,
    /// The rule for a KILL with jobs at stake.
    pub policy: Policy,
    /// The stop sequence, and where it was stated; `None`: the demo's own.
    pub sequence: Option<(Sequence, SequenceOrigin)>,
    /// Whether an operator is there to be asked.
    pub attended: bool,
    /// The program of which the children are copies: this one.
    pub program: PathBuf,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            speed: 1.0,
            policy: Policy::Ask,
            sequence: None,
            attended: true,
            // Not its path: that may have been replaced meanwhile.
            program: PathBuf::from("/proc/self/exe"),
        }
    }
}

/// The session of a demo: it knows nothing yet.
///
/// # Errors
/// If the demo's own sequence is wrong, which a test rules out.
pub fn session(script: &Script) -> Result<Session> {
    let own = || -> Result<(Sequence, SequenceOrigin)> {
        let sequence = SEQUENCE.parse().wrap_err("the sequence of the demo")?;
        Ok((sequence, SequenceOrigin("the demo".into())))
    };
    let stated = script.sequence.clone();
    let (sequence, sequence_from) = stated.map_or_else(own, Ok)?;
    let mut plan = Plan::of(sequence);
    plan.policy = script.policy;
    // An operator at the screen is offered what is lost: R.
    plan.guard.rescue = !script.attended;
    Ok(Session::new(Setting {
        kind: Kind::Demo,
        plan,
        sequence_from,
        namespace: None,
        redis: Some(("built in".into(), "the demo".into())),
        operator: "you".into(),
        successor: None,
        saved_in: None,
    }))
}

/// Starts the fleet and the world that shows it. Must be called inside a tokio runtime, on a
/// thread that lives as long as the program: the kernel ends the children with that thread.
///
/// # Errors
/// If a process cannot be started, or signals cannot be listened to.
pub fn world(script: &Script) -> Result<World> {
    let beginning = clock_words(script.speed);
    let clock: Paced = beginning.clock();
    let (observed, observations) = mpsc::channel(64);
    let (answers, replies) = mpsc::unbounded_channel();
    let (work, works) = mpsc::unbounded_channel();
    let (want, wanted) = mpsc::unbounded_channel();
    let (tell, told) = mpsc::unbounded_channel();
    let store = SharedStore::default();
    let nursery = Nursery::new(&script.program, tell);
    let ends = ChannelEnds {
        observations: observed,
        wanted,
        words: told,
    };
    let mut source = DemoSource::new(beginning, nursery, store.clone(), ends);
    source.open()?;
    let mut tasks: JoinSet<Result<()>> = JoinSet::new();
    tasks.spawn(source.run());
    let queues = store.clone();
    let push_back = move |jid: &str| queues.lock().push_back(jid);
    let means = Means {
        queues: Some(PretendedQueues(Arc::new(push_back))),
        ..Means::default()
    };
    let performer = Performer::new(answers.clone(), script.attended).with(means);
    tasks.spawn(async move {
        performer.run(works).await;
        Ok(())
    });
    let plugs = DemoStage {
        clock,
        store,
        wanted: want,
        licence: Arc::new(AtomicBool::new(false)),
        locks: Vec::new(),
    };
    Ok(World {
        clock: Arc::new(move || clock.now()),
        pace: script.speed,
        observations,
        logs: mpsc::channel(1).1,
        replies,
        answers,
        work,
        tasks,
        questions: JoinSet::new(),
        hang_up: HangUp::Holds,
        visitors: Visitors::default(),
        own_signals: Some(OwnSignals::listen().wrap_err("signals cannot be listened to")?),
        plugs: Box::new(plugs),
    })
}

/// The clock of a demo that begins now. It starts a day after boot: jobs that claim to have been
/// running for half an hour do so on a machine that has just booted, too.
fn clock_words(pace: f64) -> ClockWords {
    const DAY: Duration = Duration::from_secs(86_400);
    let now = clock::now();
    ClockWords {
        real: now.since_boot(),
        boot: now.since_boot() + DAY,
        wall: now.wall(),
        pace,
    }
}
