//! Where an event is told: on the screen and in print, in a report, or in the journal alone.

use super::cancellation::CancelStage;
use super::event::Event;

/// The part of a record that an event belongs to: where it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The drain itself: printed, and told in the timeline of a report.
    Course,
    /// Something was about to be done. It stands in the journal alone, and in a timeline where no
    /// later record says what came of it.
    Intent,
    /// The findings before the first signal, and the fates: printed; a report has tables of them.
    Account,
    /// Learned after the drain, and printed.
    Afterwards,
    /// Learned beside or after the drain, for the journal alone: it may come after the last line.
    Aside,
    /// Not known to this version.
    Unknown,
}

impl Event {
    /// Where it is told.
    pub fn part(&self) -> Part {
        match self {
            Self::Cancellation(step) if step.stage == Some(CancelStage::Intended) => Part::Intent,
            Self::Started { .. }
            | Self::Cancellation(_)
            | Self::SignalSent { .. }
            | Self::SignalFailed { .. }
            | Self::SignalArrived { .. }
            | Self::UnitStopBegun { .. }
            | Self::UnitStopFailed { .. }
            | Self::QuietConfirmed { .. }
            | Self::AdvancedEarly { .. }
            | Self::Held { .. }
            | Self::Resumed
            | Self::ModeChanged { .. }
            | Self::Extended { .. }
            | Self::Waiting { .. }
            | Self::Backtrace { .. }
            | Self::PayloadSaved { .. }
            | Self::RescueEnded { .. }
            | Self::JobFinished { .. }
            | Self::Exited { .. }
            | Self::Logged { .. }
            | Self::Remarked { .. }
            | Self::Finished { .. } => Part::Course,
            Self::SignalIntended { .. }
            | Self::UnitStopIntended { .. }
            | Self::RescueIntended { .. } => Part::Intent,
            Self::Checked { .. } | Self::Reconciled { .. } => Part::Account,
            Self::UnitCalled { .. } | Self::UnitCallFailed { .. } | Self::Successor(_) => {
                Part::Afterwards
            }
            Self::UnitCallIntended { .. }
            | Self::InterruptedCounted { .. }
            | Self::Notified { .. }
            | Self::FoundLater { .. } => Part::Aside,
            Self::Other => Part::Unknown,
        }
    }
}
