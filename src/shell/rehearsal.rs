//! The world of a rehearsal: the real sources, with a stand-in behind them, and a recorder in
//! the place of the performer. It holds, locks and signals no process, and writes nothing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use color_eyre::eyre::{Result, WrapErr};
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::arm::{Refused, objections};
use super::own_signals::OwnSignals;
use super::plugs::Plugs;
use super::real::{CALM, KEEN};
use super::visitors::Visitors;
use super::whereabouts::{KeyedAddress, ask, place, search};
use super::work::{Reply, ShellWork};
use super::world::{HangUp, Sources, World, WorldBuilder, sources};
use crate::clock;
use crate::core::drain::{Act, ActOutcome, Ask, CallOutcome, PushOutcome, Trace, WaitingSignal};
use crate::core::fleet::{Located, Observation, ProcessKey};
use crate::core::moment::Moment;
use crate::core::rehearse::StandIn;
use crate::core::sequence::Signal;
use crate::core::session::Session;
use crate::host::Wanted;
use crate::journal::run_name;
use crate::redis::Asker;
use crate::rescue::Suspect;

/// The longest pause between two looks at what the doubles do.
const AT_LEAST: Duration = Duration::from_secs(5);

/// A stand-in that the loop's plugs, the recorder and a front share.
#[derive(Clone, Debug)]
pub struct SharedStandIn(Arc<Mutex<StandIn>>);

impl SharedStandIn {
    /// Shares `stand_in`.
    pub fn new(stand_in: StandIn) -> Self {
        Self(Arc::new(Mutex::new(stand_in)))
    }

    /// The stand-in, for a moment.
    pub fn lock(&self) -> MutexGuard<'_, StandIn> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WorldBuilder {
    /// Starts the tasks of a rehearsal. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// If `/proc` cannot be read or signals cannot be listened to.
    pub fn rehearse(self, stand_in: SharedStandIn) -> Result<World> {
        let (seen, live) = mpsc::channel(64);
        let (observed, observations) = mpsc::channel(64);
        let (answers, replies) = mpsc::unbounded_channel();
        let (work, works) = mpsc::unbounded_channel();
        let redis = place(self.redis.as_ref());
        let Sources {
            mut tasks,
            asker,
            held: _nobody,
            wanted,
            // The stand-in knows nothing of logs, and theirs tell of what really happens.
            logging: _unread,
        } = sources(self.pids, self.redis, seen, true)?;
        let licence = Arc::new(AtomicBool::new(false));
        let recorder = ActRecorder {
            stand_in: stand_in.clone(),
            live,
            works,
            observed,
            replies: answers.clone(),
            licence: Arc::clone(&licence),
        };
        tasks.spawn(recorder.run());
        let plugs = Rehearsed {
            stand_in,
            asker,
            redis,
            wanted,
            licence,
            forced: self.forced,
        };
        Ok(World {
            clock: Arc::new(clock::now),
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
            own_signals: Some(OwnSignals::listen().wrap_err("signals cannot be listened to")?),
            plugs: Box::new(plugs),
        })
    }
}

/// Takes acts down, and passes on what the stand-in makes of the observations.
struct ActRecorder {
    stand_in: SharedStandIn,
    live: mpsc::Receiver<Observation>,
    works: mpsc::UnboundedReceiver<ShellWork>,
    observed: mpsc::Sender<Observation>,
    replies: mpsc::UnboundedSender<Reply>,
    licence: Arc<AtomicBool>,
}

impl ActRecorder {
    async fn run(mut self) -> Result<()> {
        loop {
            let now = clock::now();
            let due = self.stand_in.lock().next_event(now);
            let pause = due.map_or(AT_LEAST, |due| due.since(now).min(AT_LEAST));
            let shown = tokio::select! {
                biased;
                () = self.observed.closed() => return Ok(()),
                work = self.works.recv() => match work {
                    Some(ShellWork::Act { id, act, .. }) => {
                        let outcome = self.act(&act);
                        // The loop has ended: no listener is left.
                        drop(self.replies.send(Reply::Outcome(id, outcome)));
                        Vec::new()
                    }
                    Some(ShellWork::Call { call, .. }) => {
                        drop(self.replies.send(Reply::Called(call, CallOutcome::Taken)));
                        Vec::new()
                    }
                    Some(ShellWork::PushBack { id, .. }) => {
                        drop(self.replies.send(Reply::PushedBack(id, PushOutcome::Rehearsed)));
                        Vec::new()
                    }
                    // A rehearsal keeps no record.
                    Some(
                        ShellWork::Begin { .. }
                        | ShellWork::Mark(_)
                        | ShellWork::Note(_)
                        | ShellWork::Save { .. }
                        | ShellWork::Cancel { .. }
                        | ShellWork::Backtrace { .. },
                    ) => Vec::new(),
                    None => return Ok(()),
                },
                observation = self.live.recv() => match observation {
                    Some(observation) => self.stand_in.lock().observe(observation, clock::now()),
                    None => return Ok(()),
                },
                () = tokio::time::sleep(pause) => self.stand_in.lock().tick(clock::now()),
            };
            for observation in shown {
                if self.observed.send(observation).await.is_err() {
                    return Ok(());
                }
            }
        }
    }

    fn act(&self, act: &Act) -> ActOutcome {
        if !self.licence.load(Ordering::SeqCst) {
            return ActOutcome::Revoked;
        }
        self.stand_in.lock().act(act, clock::now())
    }
}

struct Rehearsed {
    stand_in: SharedStandIn,
    asker: Option<Asker>,
    redis: KeyedAddress,
    wanted: watch::Sender<Wanted>,
    licence: Arc<AtomicBool>,
    forced: Vec<Signal>,
}

impl Rehearsed {
    fn scan_every(&self, period: Duration) {
        self.wanted.send_modify(|wanted| wanted.period = period);
    }
}

impl Plugs for Rehearsed {
    fn begin(
        &mut self,
        targets: &[ProcessKey],
        session: &mut Session,
        now: Moment,
    ) -> Result<ShellWork, Refused> {
        session.setting.plan.run = run_name(now);
        let plan = &session.setting.plan;
        let reasons = objections(targets, &session.fleet, plan, &self.forced);
        if !reasons.is_empty() {
            return Err(Refused(reasons));
        }
        self.stand_in.lock().begin(plan.sequence.clone());
        self.licence.store(true, Ordering::SeqCst);
        self.scan_every(KEEN);
        Ok(ShellWork::Begin {
            held: HashMap::new(),
            journal: Ok(None),
            licence: Arc::clone(&self.licence),
            locks: None,
        })
    }

    fn revoke(&self) {
        self.licence.store(false, Ordering::SeqCst);
    }

    fn ask(&self, question: Ask) -> Option<BoxFuture<'static, Vec<Located>>> {
        let asker = self.asker.clone()?;
        let stand_in = self.stand_in.clone();
        Some(Box::pin(async move {
            let live = ask(asker, question).await;
            stand_in.lock().locate(live, clock::now())
        }))
    }

    fn taken(&self, waiting: WaitingSignal) -> Option<BoxFuture<'static, bool>> {
        // The stand-in has heard it already.
        drop(waiting);
        Some(Box::pin(std::future::ready(true)))
    }

    fn search(
        &self,
        suspects: Vec<Suspect>,
        gone: Vec<String>,
    ) -> Option<BoxFuture<'static, Vec<Trace>>> {
        search(&self.redis, suspects, gone)
    }

    fn over(&mut self) {
        self.scan_every(CALM);
    }
}
