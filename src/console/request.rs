//! Requests of the console to the shell. Values only: nothing is done here.

use crate::core::drain::{Command, PushBack, UnitCall};
use crate::core::fleet::{LocalId, ProcessKey};
use crate::core::follow::CancelTarget;
use crate::core::preflight::Consent;

/// A wish, in the order in which they are to be met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Begin a run on these targets; the commands that follow are for it. If it cannot begin,
    /// they must not be given to anything else.
    Begin {
        /// The targets, fixed when the dialog opened.
        targets: Vec<ProcessKey>,
        /// The plan that the operator saw and let begin; `None` where no operator was asked.
        consent: Option<Consent>,
    },
    /// These would be drained by now: the plan is looked at for them.
    Choose {
        /// The targets.
        targets: Vec<ProcessKey>,
    },
    /// A command for the run.
    Command(Command),
    /// Bring these units back to work, once no drain is under way.
    CallUnits(Vec<UnitCall>),
    /// Save what a process was last seen running.
    Save {
        /// Which process.
        process: ProcessKey,
        /// Only the job on this thread, as Sidekiq names it.
        tid: Option<String>,
    },
    /// Look whether lost jobs are provably nowhere.
    LookForLost,
    /// Push these lost jobs back.
    PushBack {
        /// As the dialog listed them.
        jobs: Vec<PushBack>,
    },
    /// Ask a process for the backtraces of these threads; of all that run a job if none is named.
    Backtrace {
        /// Which process.
        process: LocalId,
        /// The threads, as Sidekiq names them.
        tids: Vec<String>,
    },
    /// Mark this job as cancelled.
    Cancel(CancelTarget),
    /// Go on with the drain that was cut off, in place of this session.
    TakeUp,
    /// Leave the program.
    Quit,
    /// Paint the whole screen anew.
    Redraw,
    /// Leave the screen and stop the program itself, as Ctrl-Z does elsewhere.
    Suspend,
}
