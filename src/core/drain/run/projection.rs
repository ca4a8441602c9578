//! The due times of the steps to come. For screens: nothing here moves a signal.

use super::Run;
use crate::core::drain::phase::{Phase, Resume};
use crate::core::drain::plan::Mode;
use crate::core::moment::Moment;
use crate::core::sequence::Signal;

/// A step to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Projection {
    /// Position of its signal.
    pub step: usize,
    /// The signal.
    pub signal: Signal,
    /// When it is due.
    pub at: Moment,
}

impl Run {
    /// The steps to come with their times. Empty while the run waits for a confirmation. During
    /// a hold: as if the hold ended now.
    pub fn projected(&self, now: Moment) -> Vec<Projection> {
        let (next, at) = match self.cursor.phase() {
            Phase::Waiting { next, until, .. } | Phase::Gated { next, until, .. } => {
                (*next, *until)
            }
            Phase::Held {
                resume: Resume::Wait { next, left, .. },
                ..
            } if self.cursor.mode() == Mode::Automatic => (*next, now.after(*left)),
            Phase::Performing(performing) if self.cursor.mode() == Mode::Automatic => {
                match performing.step {
                    Some(step) => (step, now),
                    None => return Vec::new(),
                }
            }
            Phase::Ready { .. }
            | Phase::Performing(_)
            | Phase::Held { .. }
            | Phase::Leaving { .. }
            | Phase::Ending { .. }
            | Phase::Settling { .. }
            | Phase::Over { .. } => return Vec::new(),
        };
        let timeline = self.plan.sequence.timeline();
        let base = timeline[next].0;
        let mut targets = self.ledger.targets().iter();
        let kills = targets.any(|target| target.takes_part() && target.can_be_killed());
        timeline[next..]
            .iter()
            .enumerate()
            .filter(|(_, (_, signal))| kills || *signal != Signal::Kill)
            .map(|(offset, (due, signal))| Projection {
                step: next + offset,
                signal: *signal,
                at: at.after(due.saturating_sub(base)),
            })
            .collect()
    }
}
