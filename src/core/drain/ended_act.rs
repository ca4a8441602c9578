//! An act whose outcome came, and the events that are written down of it. What follows from it is
//! decided elsewhere.

use super::phase::Intent;
use super::record::Event;
use super::unit_stop::UnitStop;
use crate::core::fleet::ProcessKey;
use crate::core::moment::{Moment, rfc3339};
use crate::core::sequence::Signal;

/// An act whose outcome came.
#[derive(Clone, Debug)]
pub(super) struct EndedAct {
    /// To whom.
    pub(super) target: ProcessKey,
    /// The signal that it was, or whose place the stop of a unit took.
    pub(super) signal: Signal,
    /// As which step of the sequence; `None` for a KILL out of turn.
    pub(super) step: Option<usize>,
    /// The knowledge of the target when it was made.
    pub(super) intent: Intent,
}

impl EndedAct {
    /// The stop of its unit that it was.
    pub(super) fn unit(&self) -> Option<&UnitStop> {
        self.intent.unit.as_deref()
    }

    /// When systemd kills by it: counted from the earliest moment when it may have begun.
    pub(super) fn systemd_kills(&self) -> Option<Moment> {
        Some(self.intent.at.after(self.unit()?.limit?))
    }

    /// It was done.
    pub(super) fn sent(&self) -> Event {
        match self.unit() {
            Some(stop) => Event::UnitStopBegun {
                unit: (&stop.unit).into(),
                step: self.step,
                at_stake: self.intent.at_stake,
                systemd_kills_at: self.systemd_kills().map(|at| rfc3339(at.wall())),
            },
            None => Event::SignalSent {
                signal: self.signal,
                step: self.step,
                at_stake: self.intent.at_stake,
                blind: self.intent.blind,
            },
        }
    }

    /// It failed for this reason.
    pub(super) fn failed(&self, error: String, may_have_happened: bool) -> Event {
        match self.unit() {
            Some(stop) => Event::UnitStopFailed {
                unit: (&stop.unit).into(),
                step: self.step,
                error,
                may_have_happened,
            },
            None => Event::SignalFailed {
                signal: self.signal,
                step: self.step,
                error,
                may_have_happened,
            },
        }
    }

    /// It was not tried: the run was stopped.
    pub(super) fn revoked(&self) -> Event {
        let text = match self.unit() {
            Some(stop) => format!("{} was not stopped: the run was stopped", stop.unit),
            None => format!("{} was not sent: the run was stopped", self.signal),
        };
        Event::Remarked { text }
    }
}
