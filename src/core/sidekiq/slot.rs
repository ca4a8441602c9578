//! A processor thread of the imitated process and the job on it. It never looks at the clock
//! or at the other threads.

use super::{Busy, Temper, WorkerEvent};
use crate::core::moment::Moment;

/// A processor thread.
#[derive(Clone, Debug)]
pub(super) enum Slot {
    /// Sits in its fetch; once quiet, until then.
    Idle { until: Option<Moment> },
    /// Runs a job.
    Busy(Errand),
    /// Ended; its name may linger.
    Ended { named_until: Moment },
}

/// A job under way.
#[derive(Clone, Debug)]
pub(super) struct Errand {
    pub(super) busy: Busy,
    pub(super) ends: Option<Moment>,
    /// Stops itself at `ends`, to go on from its queue.
    breaks_off: bool,
    /// Stands in its queue already.
    pub(super) pushed_back: bool,
}

impl Slot {
    pub(super) fn is_due(&self, at: Moment) -> bool {
        let due = match self {
            Self::Idle { until } => *until,
            Self::Busy(errand) => errand.ends,
            Self::Ended { .. } => None,
        };
        due.is_some_and(|due| due <= at)
    }
}

impl Errand {
    pub(super) fn new(busy: Busy) -> Self {
        Self {
            ends: busy.task.lasts.map(|lasts| busy.since.after(lasts)),
            busy,
            breaks_off: false,
            pushed_back: false,
        }
    }

    /// The event that its end means for the job.
    pub(super) fn ended(self, at: Moment) -> WorkerEvent {
        let task = self.busy.task;
        match task.temper {
            Temper::Fails => WorkerEvent::JobFailed(task),
            Temper::Iterates(_) if self.breaks_off => {
                WorkerEvent::PushedBack { task, front: false }
            }
            Temper::Checkpoints(_) if self.breaks_off => WorkerEvent::BrokeOff {
                again: task.again(at),
                task,
            },
            Temper::Plain
            | Temper::SwallowsShutdown
            | Temper::HoldsInterpreter(_)
            | Temper::Iterates(_)
            | Temper::Checkpoints(_) => WorkerEvent::JobFinished(task),
        }
    }

    /// A job of iterations or checkpoints ends with the one that it is in.
    pub(super) fn stop_iterating(&mut self, at: Moment) {
        let (Temper::Iterates(each) | Temper::Checkpoints(each)) = self.busy.task.temper else {
            return;
        };
        let next = at.after(each);
        if self.ends.is_none_or(|ends| ends > next) {
            self.ends = Some(next);
            self.breaks_off = true;
        }
    }
}
