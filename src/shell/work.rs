//! The work that the performer is given, and its answers. Values only: nothing is done here.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use futures_util::future::BoxFuture;

use super::elsewhere::RedisLocks;
use crate::console::Request;
use crate::core::drain::{
    Act, ActOutcome, CallOutcome, Counted, EffectId, Event, Missing, PushOutcome, Record, Trace,
    UnitCall, WaitingSignal,
};
use crate::core::fleet::{LinkFault, LocalId, Located, ProcessKey};
use crate::core::follow::{CancelAnswer, CancelTarget};
use crate::core::moment::Moment;
use crate::core::preflight::Consent;
use crate::host::Held;
use crate::journal::Journal;
use crate::recorder::ActMarks;
use crate::redis::Interrupted;
use crate::rescue::SavedJob;

/// The program that is told of a drain that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnFinish {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// Where the records of earlier drains are.
    pub state_dir: Option<PathBuf>,
}

/// A count of interrupted jobs under way.
pub type Counting = BoxFuture<'static, Result<Interrupted, LinkFault>>;

/// Something to perform.
#[derive(Debug)]
pub enum ShellWork {
    /// A new run: the processes it holds, its journal, and the licence to act for it.
    Begin {
        /// The processes that it may signal.
        held: HashMap<LocalId, Arc<Held>>,
        /// Where it is written down; an error is reported with the first record. `None` where
        /// nothing real happens: a demo and a rehearsal keep no record.
        journal: Result<Option<Journal>, String>,
        /// Revoked by an abort.
        licence: Arc<AtomicBool>,
        /// The locks on processes of other hosts; `None`: there are none.
        locks: Option<Box<RedisLocks>>,
    },
    /// The acts of the run that begins next are marked by this; `None`: they are not.
    Mark(Option<ActMarks>),
    /// Write this down.
    Note(Box<Record>),
    /// Do this.
    Act {
        /// Its number.
        id: EffectId,
        /// The act.
        act: Act,
        /// Jobs known to be at stake if it is a KILL.
        at_stake: u64,
        /// Their payloads, to be saved before it.
        payloads: Vec<SavedJob>,
    },
    /// Tell systemd this of a unit, after a run.
    Call {
        /// The call.
        call: UnitCall,
        /// Payloads of what runs in it, to be saved before it.
        payloads: Vec<SavedJob>,
    },
    /// Ask a process for its backtraces.
    Backtrace {
        /// Which.
        process: LocalId,
        /// It, or why it cannot be held.
        held: Result<Arc<Held>, String>,
        /// Whether the run wants it, whose licence it then needs.
        automatic: bool,
    },
    /// Mark this job as cancelled.
    Cancel {
        /// The job.
        target: CancelTarget,
        /// The record that is written first.
        intent: Box<Record>,
    },
    /// Push this lost job back, once.
    PushBack {
        /// Its number.
        id: EffectId,
        /// The job; its payload is saved again first.
        job: Box<SavedJob>,
        /// Whether an operator confirmed it after the end: then no run's licence is needed.
        confirmed: bool,
    },
    /// Save these payloads because the operator asked for it.
    Save {
        /// Under which name.
        run: String,
        /// The run that they belong to.
        jobs: Vec<SavedJob>,
    },
}

/// The request for a run whose targets on other hosts were locked first.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// When it was requested: the run is named after that.
    pub at: Moment,
    /// The targets.
    pub targets: Vec<ProcessKey>,
    /// The plan that the operator saw.
    pub consent: Option<Consent>,
    /// The requests behind it.
    pub rest: Vec<Request>,
    /// The locks, or every reason why one was not given.
    pub locks: Result<RedisLocks, Vec<String>>,
}

/// An answer of the performer.
#[derive(Clone, Debug)]
pub enum Reply {
    /// An act has ended.
    Outcome(EffectId, ActOutcome),
    /// A question was answered.
    Answer(EffectId, Vec<Located>),
    /// Jobs that left were looked for.
    Departed(Vec<Located>),
    /// A signal was taken out of Redis, or expired there.
    Taken(WaitingSignal, bool),
    /// Processes of other hosts were locked for a run that is to begin, or were not.
    Claimed(Box<Claimed>),
    /// A process was asked for its backtraces, or was not.
    Asked(LocalId, ActOutcome),
    /// A job was marked as cancelled, or was not.
    Cancelled(CancelTarget, CancelAnswer),
    /// A search for missing jobs has ended.
    Searched(EffectId, Vec<(Missing, Trace)>),
    /// A push has ended.
    PushedBack(EffectId, PushOutcome),
    /// Payloads of this process's jobs are saved.
    Saved(ProcessKey, Vec<SavedJob>),
    /// systemd was told of a unit, or was not.
    Called(UnitCall, CallOutcome),
    /// Payloads were saved on demand, and where; or why they were not.
    SavedOnDemand(String, Vec<SavedJob>, Result<PathBuf, String>),
    /// A record could not be written; said once.
    JournalFailed(String),
    /// Interrupted jobs were counted for this run, or could not be.
    Counted(String, Counted, Result<Interrupted, LinkFault>),
    /// The command of `on_finish` has ended for this run; the event says how.
    Told(String, Box<Event>),
}

/// An act that was not tried.
pub(super) fn not_tried(why: String) -> ActOutcome {
    ActOutcome::Failed {
        why,
        may_have_happened: false,
    }
}
