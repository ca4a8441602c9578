//! Where a run stands: its phase, who moves it on, and its clock. One thing, so that no other part
//! of a run changes one without the others.

use std::time::Duration;

use super::phase::{Phase, Resume};
use super::plan::Mode;
use crate::core::moment::Moment;

/// The least that is left of a wait that is made shorter or starts anew: time to think.
pub(super) const LEAST: Duration = Duration::from_secs(5);

/// The clock of a run.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// When the run began.
    pub started: Moment,
    /// When the first signal left.
    pub first_signal: Option<Moment>,
    /// When the last outcome of the last step came.
    pub last_step: Option<Moment>,
    /// Seconds that were added to its waits by hand; fewer than 0: taken away.
    pub added_s: i64,
}

/// Where a run stands.
#[derive(Clone, Debug)]
pub(super) struct Cursor {
    /// Its phase.
    pub(super) phase: Phase,
    /// Whether the operator or time moves it on.
    pub(super) mode: Mode,
    /// Its clock.
    pub(super) pace: Pace,
}

impl Cursor {
    /// Before the first step.
    pub(super) fn new(now: Moment) -> Self {
        Self {
            phase: Phase::Ready {
                next: 0,
                since: now,
            },
            mode: Mode::Manual,
            pace: Pace {
                started: now,
                first_signal: None,
                last_step: None,
                added_s: 0,
            },
        }
    }

    /// Makes the running wait longer; whether there is one.
    pub(super) fn lengthen(&mut self, by: Duration) -> bool {
        match &mut self.phase {
            Phase::Waiting { until, .. }
            | Phase::Gated { until, .. }
            | Phase::Leaving { until } => *until = until.after(by),
            Phase::Held {
                resume: Resume::Wait { left, .. },
                ..
            } => *left = left.saturating_add(by),
            Phase::Ready { .. }
            | Phase::Performing(_)
            | Phase::Held { .. }
            | Phase::Ending { .. }
            | Phase::Settling { .. }
            | Phase::Over { .. } => return false,
        }
        true
    }

    /// Makes the running wait shorter, down to [`LEAST`]; by how much it is shorter now.
    pub(super) fn shorten(&mut self, by: Duration, now: Moment) -> Duration {
        match &mut self.phase {
            Phase::Waiting { until, .. } => {
                let earliest = now.after(LEAST).min(*until);
                let moved = until.before(by).max(earliest);
                let cut = until.since(moved);
                *until = moved;
                cut
            }
            Phase::Held {
                resume: Resume::Wait { left, .. },
                ..
            } => {
                let kept = left.saturating_sub(by).max(LEAST.min(*left));
                let cut = left.saturating_sub(kept);
                *left = kept;
                cut
            }
            Phase::Ready { .. }
            | Phase::Performing(_)
            | Phase::Gated { .. }
            | Phase::Held { .. }
            | Phase::Leaving { .. }
            | Phase::Ending { .. }
            | Phase::Settling { .. }
            | Phase::Over { .. } => Duration::ZERO,
        }
    }

    /// Where the run goes on after a hold at this point of its way; `None`: it cannot be held
    /// there.
    pub(super) fn resume(&self, now: Moment) -> Option<Resume> {
        match &self.phase {
            Phase::Waiting { next, since, until } => Some(Resume::Wait {
                next: *next,
                since: *since,
                left: until.since(now),
            }),
            Phase::Gated { next, since, .. } => Some(Resume::Wait {
                next: *next,
                since: *since,
                left: Duration::ZERO,
            }),
            Phase::Ready { next, .. } => Some(Resume::Ready { next: *next }),
            Phase::Leaving { .. } => Some(Resume::Leaving),
            Phase::Performing(_)
            | Phase::Held { .. }
            | Phase::Ending { .. }
            | Phase::Settling { .. }
            | Phase::Over { .. } => None,
        }
    }
}
