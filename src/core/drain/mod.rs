//! The drain itself: a pure state machine. Inputs and the clock come in, effects go out; it
//! sends nothing, asks nothing and waits for nothing by itself, and no verdict or probability
//! ever reaches it.

mod about;
mod asks;
mod by;
mod cancellation;
mod checked;
mod cursor;
mod ended_act;
mod event;
mod event_words;
mod gate;
mod known;
mod ledger;
mod part;
mod phase;
mod plan;
mod policy;
mod record;
mod run;
mod sentence;
mod served;
mod succession;
mod tally;
mod target;
mod unit_call;
mod unit_stop;

#[cfg(test)]
mod tests;

pub use by::Drivers;
pub use cancellation::{CancelStage, Cancellation, OUTSIDE_A_DRAIN};
pub use checked::CheckedFinding;
pub use ledger::Ledger;
pub use phase::{Hold, Intent, Performing, Phase, Rescue, Resume};
pub use plan::{Guard, Mode, Plan, Refusal};
pub use policy::{Early, Policy, RedisGone, UnknownWord};
pub use record::{About, By, Counted, Event, Outcome, Part, Record};
pub use run::{Projection, Run, SEARCH_WITHIN};
pub use sentence::{Sentence, named};
pub use served::{QueueServed, UnservedTime};
pub use succession::{Successor, tenths};
pub use tally::Longest;
pub use target::{Sent, Standing, Target};
pub use unit_call::{CallOutcome, UnitCall, UnitVerb};
pub use unit_stop::{Stop, StopUnit, UnitStop, UnitWords};

use std::time::Duration;

pub use super::fate::{Account, Counts, Execution, Fate, Missing, PushOutcome, Stake, Trace};
use super::fleet::{Located, ProcessKey, Sought};
use super::moment::Moment;
use super::sequence::Signal;

/// The number of an effect; its outcome or answer comes back under it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct EffectId(pub u64);

/// An effect that a run asks for.
#[derive(Clone, Debug)]
#[must_use]
pub enum Effect {
    /// Changes the world.
    Act(EffectId, Act),
    /// A question.
    Ask(EffectId, Ask),
    /// Changes Redis: one lost job goes back to the front of its queue.
    PushBack(EffectId, PushBack),
    /// Saves the payloads of what this process was last seen running: this program may end with
    /// it.
    Save(ProcessKey),
    /// Something to write down and to show.
    Note(Box<Record>),
}

/// A change of the world for one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// To whom.
    pub target: ProcessKey,
    /// The act.
    pub kind: ActKind,
    /// As which step of the sequence; `None` for a KILL out of turn.
    pub step: Option<usize>,
}

/// A lost job to be pushed back.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PushBack {
    /// The process that ran it.
    pub target: ProcessKey,
    /// Its id.
    pub jid: String,
    /// How it is known that it is nowhere.
    pub why: String,
}

/// The kind of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActKind {
    /// A signal.
    Signal(Signal),
    /// The stop of the unit whose main process it is, in TERM's place.
    StopUnit(Box<UnitStop>),
}

impl ActKind {
    /// The signal that it is, or that it brings.
    pub fn signal(&self) -> Signal {
        match self {
            Self::Signal(signal) => *signal,
            Self::StopUnit(_) => Signal::Term,
        }
    }

    /// Whether running jobs may be lost by it, without another question.
    pub fn is_deadly(&self) -> bool {
        match self {
            Self::Signal(signal) => *signal == Signal::Kill,
            Self::StopUnit(stop) => stop.limit.is_some(),
        }
    }
}

/// A question to Redis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Look now, whenever the next look is due.
    LookNow,
    /// Where are these jobs?
    Where(Vec<Sought>),
    /// Are these jobs provably nowhere? It waits for the beats of those who may have them.
    Nowhere(Vec<Missing>),
    /// Has this process of another host taken its signal out of Redis? It waits for that.
    Taken(WaitingSignal),
}

/// A signal that waits in Redis for its process.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct WaitingSignal {
    /// The process.
    pub target: ProcessKey,
    /// The signal.
    pub signal: Signal,
    /// When it expires.
    pub until: Moment,
}

/// How an act ended.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ActOutcome {
    /// The signal left.
    Sent,
    /// The process had ended already: an exit, not a failure.
    Gone,
    /// It was not tried, or the kernel refused it.
    Failed {
        /// In words.
        why: String,
        /// Whether it may have been sent all the same.
        may_have_happened: bool,
    },
    /// The licence was revoked before it was tried.
    Revoked,
}

/// A command to a run, by an operator or by a program on their behalf.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Command {
    /// Perform this very step now: confirms it in manual mode, ends the wait before it in
    /// automatic mode, goes on from a hold before it.
    Go {
        /// Position of its signal.
        step: usize,
        /// For KILL: how many jobs may be lost by it.
        accepted: u64,
    },
    /// Go on by itself.
    Automatic,
    /// Wait for a confirmation of each step.
    Manual,
    /// Stop the clock.
    Hold,
    /// Go on from a hold.
    GoOn,
    /// Make the running wait longer.
    Longer(Duration),
    /// Make the running wait shorter, down to the shortest that leaves time to think.
    Shorter(Duration),
    /// Send nothing more, ever.
    StopHere,
    /// As that, where a hold or a question waits and no operator is there to answer.
    StopUnanswered,
    /// The terminal is gone or the program was told to end: hold and end.
    HangUp,
    /// The operator leaves the program: as that, by his own will.
    Leave,
    /// KILL one target out of turn.
    ForceKill {
        /// Which.
        target: ProcessKey,
        /// How many jobs may be lost by it.
        accepted: u64,
    },
    /// Try the failed signals again.
    Retry,
    /// Leave the targets whose signal failed out of the rest; they count as alive.
    LeaveOut,
    /// Choose when the stop of a unit takes TERM's place.
    StopBy(StopUnit),
    /// The journal cannot be written: hold.
    JournalFailed(String),
}

/// An input of a run.
#[derive(Clone, Debug)]
pub enum Input {
    /// The fleet has changed.
    Observed,
    /// Time has passed.
    Tick,
    /// A command.
    Command(Command),
    /// An act has ended.
    Outcome(EffectId, ActOutcome),
    /// An answer has come.
    Answer(EffectId, Vec<Located>),
    /// A search for missing jobs has ended.
    Searched(EffectId, Vec<(Missing, Trace)>),
    /// A push has ended.
    PushedBack(EffectId, PushOutcome),
    /// A signal was taken out of Redis by its process, or else it expired there.
    Taken(WaitingSignal, bool),
}
