//! The one task that performs: it writes each intent down, checks the run's licence, acts, and
//! reports. Acts and records keep the order in which the run gave them.

mod beyond;
mod cancelling;
mod pushing;
mod waiver;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use self::waiver::{Attempt, Waiver};
use super::elsewhere::RedisLocks;
use super::systemd::{call_unit, stop_unit};
use super::work::{Reply, ShellWork, not_tried};
use crate::core::drain::{
    Act, ActKind, ActOutcome, CallOutcome, EffectId, Event, OUTSIDE_A_DRAIN, PushOutcome, Record,
    UnitStop,
};
use crate::core::fleet::{LocalId, ProcessKey};
use crate::core::sequence::Signal;
use crate::host::{Held, SendError, SignalSent};
use crate::journal::Journal;
use crate::recorder::ActMarks;
use crate::redis::{Address, LOCK_LIVES};
use crate::rescue::{SavedJob, Store};

/// The means of a performer besides the held processes.
#[derive(Clone, Debug, Default)]
pub struct Means {
    /// Where lost jobs are pushed back to, with the prefix of its keys; `None`: nowhere.
    pub redis: Option<(Address, Option<String>)>,
    /// The name of the operator, for the mark.
    pub by: String,
    /// Where state goes, or why it cannot.
    pub state_dir: Option<Result<PathBuf, String>>,
    /// The marks of the run's acts in its file of inputs.
    pub marks: Option<ActMarks>,
    /// The place for jobs that are pushed back where there is no Redis: the demo's own queues.
    pub queues: Option<PretendedQueues>,
}

impl Means {
    /// The act is about to be done: on the disk before it is.
    fn begins(&self, id: EffectId) {
        let marked = self.marks.as_ref().map_or(Ok(()), |marks| marks.begins(id));
        warn(marked);
    }

    /// It was done, with this result.
    fn ended(&self, id: EffectId, outcome: &ActOutcome) {
        let marks = self.marks.as_ref();
        warn(marks.map_or(Ok(()), |marks| marks.ended(id, outcome)));
    }
}

/// A drain goes on without marks: only `resume` needs them.
fn warn(marked: std::io::Result<()>) {
    if let Err(error) = marked {
        tracing::warn!(%error, "an act was not marked");
    }
}

/// Takes the id of a job that is pushed back, and says how that went.
#[derive(Clone)]
pub struct PretendedQueues(pub Arc<dyn Fn(&str) -> PushOutcome + Send + Sync>);

impl fmt::Debug for PretendedQueues {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PretendedQueues")
    }
}

/// How long each answer of Redis to a push is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often locks in Redis are renewed.
const RENEW_EVERY: Duration = Duration::from_secs(LOCK_LIVES.as_secs() / 3);

/// The performer.
#[derive(Debug)]
pub struct Performer {
    held: HashMap<LocalId, Arc<Held>>,
    /// The locks on processes of other hosts.
    locks: Option<RedisLocks>,
    journal: Option<Journal>,
    licence: Arc<AtomicBool>,
    failing: Option<String>,
    replies: mpsc::UnboundedSender<Reply>,
    /// The acts that the operator lets go on all the same.
    waiver: Waiver,
    means: Means,
    /// Calls of systemctl under way: no other signal waits for them.
    calls: JoinSet<()>,
}

impl Performer {
    /// A performer that has nothing to act on yet; `attended`: an operator is there to be asked
    /// when something cannot be written down or saved.
    pub fn new(replies: mpsc::UnboundedSender<Reply>, attended: bool) -> Self {
        Self {
            held: HashMap::new(),
            locks: None,
            journal: None,
            licence: Arc::new(AtomicBool::new(false)),
            failing: None,
            replies,
            waiver: Waiver::new(attended),
            means: Means::default(),
            calls: JoinSet::new(),
        }
    }

    /// The same with what it may use.
    #[must_use]
    pub fn with(self, means: Means) -> Self {
        Self { means, ..self }
    }

    /// Performs until no more work can come.
    pub async fn run(mut self, mut work: mpsc::UnboundedReceiver<ShellWork>) {
        let mut renewals = tokio::time::interval(RENEW_EVERY);
        // Where nothing was locked none was missed.
        renewals.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let work = tokio::select! {
                biased;
                Some(ended) = self.calls.join_next() => {
                    ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
                    continue;
                }
                work = work.recv() => work,
                _ = renewals.tick(), if self.locks.is_some() => {
                    self.renew();
                    continue;
                }
            };
            let Some(work) = work else { break };
            self.perform(work).await;
        }
        while self.calls.join_next().await.is_some() {}
    }

    async fn perform(&mut self, work: ShellWork) {
        match work {
            ShellWork::Begin {
                held,
                journal,
                licence,
                locks,
            } => {
                self.locks = locks.map(|locks| *locks);
                self.begin(held, journal, licence);
            }
            ShellWork::Mark(marks) => self.means.marks = marks,
            ShellWork::Note(record) => {
                self.write(&record);
                if matches!(record.event, Event::Finished { .. }) {
                    self.release();
                }
            }
            ShellWork::Call { call, payloads } => {
                // No answer is awaited here: a payload that cannot be saved stops the call.
                let stake = payloads.len() as u64;
                if let Err(why) = self.save((&call).into(), &call.target, (stake, payloads)) {
                    let outcome = CallOutcome::Failed {
                        why,
                        may_have_happened: false,
                    };
                    self.reply(Reply::Called(call, outcome));
                    return;
                }
                let replies = self.replies.clone();
                self.calls.spawn(async move {
                    let outcome = call_unit(&call).await;
                    drop(replies.send(Reply::Called(call, outcome)));
                });
            }
            ShellWork::Act {
                id,
                act,
                at_stake,
                payloads,
            } => {
                if let Some(outcome) = self.act(id, &act, at_stake, payloads) {
                    self.reply(Reply::Outcome(id, outcome));
                }
            }
            ShellWork::Backtrace {
                process,
                held,
                automatic,
            } => {
                let outcome = self.ask(held, automatic);
                self.reply(Reply::Asked(process, outcome));
            }
            ShellWork::Save { run, jobs } => {
                let saved = self.save_on_demand(&run, &jobs);
                self.reply(Reply::SavedOnDemand(run, jobs, saved));
            }
            ShellWork::Cancel { target, intent } => self.cancel(target, &intent),
            ShellWork::PushBack { id, job, confirmed } => {
                let outcome = self.push_back(&job, confirmed).await;
                self.reply(Reply::PushedBack(id, outcome));
            }
        }
    }

    fn begin(
        &mut self,
        held: HashMap<LocalId, Arc<Held>>,
        journal: Result<Option<Journal>, String>,
        licence: Arc<AtomicBool>,
    ) {
        (self.held, self.licence, self.waiver) = (held, licence, self.waiver.anew());
        // The operator was told nothing of another run, whatever failed in the one before.
        self.failing = None;
        match journal {
            Ok(journal) => self.journal = journal,
            Err(why) => {
                self.journal = None;
                self.fail(why);
            }
        }
    }

    fn write(&mut self, record: &Record) {
        if record.run == OUTSIDE_A_DRAIN {
            if let Err(why) = self.write_outside(record) {
                self.reply(Reply::JournalFailed(why));
            }
            return;
        }
        let Some(journal) = &mut self.journal else {
            return;
        };
        match journal.append(record) {
            Ok(()) => self.failing = None,
            Err(error) => {
                let why = format!("{}: {error}", journal.path().display());
                self.fail(why);
            }
        }
    }

    fn fail(&mut self, why: String) {
        if self.failing.is_none() {
            self.reply(Reply::JournalFailed(why.clone()));
        }
        self.failing = Some(why);
    }

    /// Acts; `None`: the outcome comes by itself. The intent was the record before; if it could not
    /// be written, an attended act waits for an operator who was told, and no KILL with jobs at
    /// stake leaves at all.
    fn act(
        &mut self,
        id: EffectId,
        act: &Act,
        at_stake: u64,
        payloads: Vec<SavedJob>,
    ) -> Option<ActOutcome> {
        if let Some(why) = &self.failing {
            let deadly = act.kind.is_deadly() && at_stake > 0;
            if !self.waiver.lets_unrecorded(act.into(), deadly) {
                let why = format!("the record of it cannot be written: {why}");
                return Some(not_tried(why));
            }
        }
        if let Err(why) = self.save(act.into(), &act.target, (at_stake, payloads)) {
            return Some(not_tried(why));
        }
        let id_here = match &act.target {
            ProcessKey::Local(id) => id,
            ProcessKey::Remote(identity) => return self.send_elsewhere(id, identity, &act.kind),
        };
        let Some(held) = self.held.get(id_here) else {
            // Each target was held at the start, or had ended before it could be.
            return Some(ActOutcome::Gone);
        };
        match &act.kind {
            ActKind::Signal(signal) => {
                self.means.begins(id);
                let outcome = self.send(held, *signal);
                self.means.ended(id, &outcome);
                Some(outcome)
            }
            ActKind::StopUnit(stop) => {
                let (held, stop) = (Arc::clone(held), stop.clone());
                self.call(id, held, *stop);
                None
            }
        }
    }

    fn send(&self, held: &Held, signal: Signal) -> ActOutcome {
        let licence = Arc::clone(&self.licence);
        outcome(held.send(signal, move || licence.load(Ordering::SeqCst)))
    }

    /// TTIN stops nothing: it needs no record before it, and no licence where the operator at the
    /// keys wants it.
    fn ask(&self, held: Result<Arc<Held>, String>, automatic: bool) -> ActOutcome {
        let licence = Arc::clone(&self.licence);
        match held {
            Ok(held) => outcome(held.send(Signal::Ttin, move || {
                !automatic || licence.load(Ordering::SeqCst)
            })),
            Err(why) => not_tried(why),
        }
    }

    /// Stops a unit in a task of its own; the outcome is replied from there.
    fn call(&mut self, id: EffectId, held: Arc<Held>, stop: UnitStop) {
        let licence = Arc::clone(&self.licence);
        let (replies, means) = (self.replies.clone(), self.means.clone());
        self.calls.spawn(async move {
            means.begins(id);
            let outcome = stop_unit(&held, &stop, || licence.load(Ordering::SeqCst)).await;
            means.ended(id, &outcome);
            // The loop has ended: no listener is left.
            drop(replies.send(Reply::Outcome(id, outcome)));
        });
    }

    /// Saves the payloads that `attempt` could lose. If that fails it does not leave, unless
    /// the operator was told of that very attempt and tries it again, or none of them is at stake
    /// any more.
    fn save(
        &mut self,
        attempt: Attempt,
        target: &ProcessKey,
        (at_stake, payloads): (u64, Vec<SavedJob>),
    ) -> Result<(), String> {
        if payloads.is_empty() {
            return Ok(());
        }
        let saved = match (&self.journal, &self.failing) {
            (Some(journal), _) => Store::new(journal.state_dir())
                .save(journal.run(), &payloads)
                .map_err(|error| error.to_string()),
            (None, Some(why)) => Err(why.clone()),
            // A demo and a rehearsal lose nothing.
            (None, None) => return Ok(()),
        };
        match saved {
            Ok(()) => self.reply(Reply::Saved(target.clone(), payloads)),
            Err(_) if at_stake == 0 || self.waiver.lets_unsaved(attempt) => {}
            Err(why) => {
                return Err(format!("the payloads at stake cannot be saved: {why}"));
            }
        }
        Ok(())
    }

    fn save_on_demand(&self, run: &str, jobs: &[SavedJob]) -> Result<PathBuf, String> {
        let state_dir = match &self.means.state_dir {
            Some(Ok(state_dir)) => state_dir,
            Some(Err(why)) => return Err(why.clone()),
            None => return Err("no directory for state is known".into()),
        };
        let store = Store::new(state_dir);
        let saved = store.save(run, jobs).map_err(|error| error.to_string());
        saved.map(|()| store.path(run))
    }

    fn reply(&self, reply: Reply) {
        // The loop has ended: no listener is left.
        drop(self.replies.send(reply));
    }
}

/// The outcome of a signal.
fn outcome(sent: Result<SignalSent, SendError>) -> ActOutcome {
    match sent {
        Ok(_) => ActOutcome::Sent,
        Err(SendError::Gone(_)) => ActOutcome::Gone,
        Err(SendError::Revoked) => ActOutcome::Revoked,
        Err(error) => not_tried(error.to_string()),
    }
}
