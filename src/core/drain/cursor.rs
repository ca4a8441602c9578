//! Where a run stands: its phase, who moves it on, and its clock. One thing, so that no other part
//! of a run changes one without the others.

use std::time::Duration;

use super::EffectId;
use super::ended_act::EndedAct;
use super::phase::{Performing, Phase, Rescue, Resume};
use super::plan::Mode;
use super::record::Outcome;
use crate::core::fleet::ProcessKey;
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
    phase: Phase,
    mode: Mode,
    pace: Pace,
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

    /// Its phase.
    pub(super) fn phase(&self) -> &Phase {
        &self.phase
    }

    /// Whether the operator or time moves it on.
    pub(super) fn mode(&self) -> Mode {
        self.mode
    }

    /// Its clock.
    pub(super) fn pace(&self) -> Pace {
        self.pace
    }

    /// Enters a phase. In manual mode nothing counts down: a wait becomes that for a confirmation.
    pub(super) fn enter(&mut self, phase: Phase, now: Moment) {
        self.phase = match (phase, self.mode) {
            (Phase::Waiting { next, .. } | Phase::Gated { next, .. }, Mode::Manual) => {
                Phase::Ready { next, since: now }
            }
            (phase, Mode::Manual | Mode::Automatic) => phase,
        };
    }

    /// Changes who moves it on; says whether that is a change.
    pub(super) fn set_mode(&mut self, mode: Mode, now: Moment) -> bool {
        if self.mode == mode {
            return false;
        }
        self.mode = mode;
        self.enter(self.phase.clone(), now);
        true
    }

    /// Takes in that a signal has left, or may have.
    pub(super) fn signalled(&mut self, now: Moment) {
        self.pace.first_signal = self.pace.first_signal.or(Some(now));
    }

    /// Takes in that the last outcome of a step came.
    pub(super) fn step_done(&mut self, now: Moment) {
        self.pace.last_step = Some(now);
    }

    /// When its phase ends by itself, or is given up.
    pub(super) fn deadline(&self) -> Option<Moment> {
        match &self.phase {
            Phase::Waiting { until, .. }
            | Phase::Gated { until, .. }
            | Phase::Leaving { until }
            | Phase::Ending { until, .. }
            | Phase::Settling { until, .. } => Some(*until),
            Phase::Ready { .. }
            | Phase::Performing(_)
            | Phase::Held { .. }
            | Phase::Over { .. } => None,
        }
    }

    /// Puts the deadline off, if it comes before `earliest`; gives the one that stood. The end of
    /// an abort is never put off.
    pub(super) fn put_off(&mut self, earliest: Moment) -> Option<Moment> {
        let (Phase::Waiting { until, .. }
        | Phase::Gated { until, .. }
        | Phase::Leaving { until }
        | Phase::Settling { until, .. }) = &mut self.phase
        else {
            return None;
        };
        let stood = *until;
        *until = earliest.max(stood);
        Some(stood)
    }

    /// Makes the running wait longer; by how many seconds, if there is one.
    pub(super) fn lengthen(&mut self, by: Duration) -> Option<i64> {
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
            | Phase::Over { .. } => return None,
        }
        Some(self.add(signed(by)))
    }

    /// Makes the running wait shorter, down to [`LEAST`]; by how many seconds, fewer than 0, if it
    /// is shorter now by one at least.
    pub(super) fn shorten(&mut self, by: Duration, now: Moment) -> Option<i64> {
        let cut = match &mut self.phase {
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
        };
        (cut.as_secs() > 0).then(|| self.add(-signed(cut)))
    }

    /// Counts seconds that were added to its waits; gives them back.
    fn add(&mut self, by_s: i64) -> i64 {
        self.pace.added_s = self.pace.added_s.saturating_add(by_s);
        by_s
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

    /// The targets to which a signal is on its way.
    pub(super) fn under_way(&self) -> Vec<ProcessKey> {
        if let Phase::Performing(performing) = &self.phase {
            return performing.acts.values().cloned().collect();
        }
        Vec::new()
    }

    /// The signals under way, to be changed.
    pub(super) fn performing_mut(&mut self) -> Option<&mut Performing> {
        if let Phase::Performing(performing) = &mut self.phase {
            return Some(performing);
        }
        None
    }

    /// Takes the act out whose outcome came; `None`: it is not awaited.
    pub(super) fn end_act(&mut self, id: EffectId) -> Option<EndedAct> {
        let (Phase::Performing(performing)
        | Phase::Ending {
            under_way: performing,
            ..
        }) = &mut self.phase
        else {
            return None;
        };
        let target = performing.acts.get(&id)?.clone();
        let intent = performing.intents.get(&target)?.clone();
        performing.acts.remove(&id);
        Some(EndedAct {
            target,
            signal: performing.signal,
            step: performing.step,
            intent,
        })
    }

    /// Takes in why a signal under way failed, unless the run was aborted.
    pub(super) fn failed(&mut self, target: ProcessKey, why: String) {
        if let Some(performing) = self.performing_mut() {
            performing.failed.push((target, why));
        }
    }

    /// An abort while a push is under way: its outcome is awaited until `limit` from now, nothing
    /// more is pushed. Says whether there is one.
    pub(super) fn stop_pushing(&mut self, limit: Duration, now: Moment) -> bool {
        if let Phase::Settling {
            rescue: Rescue::Pushing { left, .. },
            outcome,
            until,
            ..
        } = &mut self.phase
        {
            left.clear();
            if *outcome != Outcome::Stopped {
                *outcome = Outcome::Stopped;
                *until = now.after(limit);
            }
            return true;
        }
        false
    }

    /// Wants a search for missing jobs again whose answer is lost.
    pub(super) fn forget_search(&mut self) {
        if let Phase::Settling { rescue, .. } = &mut self.phase
            && matches!(rescue, Rescue::Searching { .. })
        {
            *rescue = Rescue::Awaited;
        }
    }
}

fn signed(span: Duration) -> i64 {
    i64::try_from(span.as_secs()).unwrap_or(i64::MAX)
}
