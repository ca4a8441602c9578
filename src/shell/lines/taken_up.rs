//! The differences for a drain without a screen that another drainboard began.

use super::{LinesErrand, LinesFront, LinesStage};
use crate::core::drain::{Command, Hold, Mode, Phase, Run};
use crate::shell::printer::{Printer, say};

/// Whether the drain is that of another drainboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TakenUp {
    /// It is its own.
    No,
    /// The acts that it left open are held.
    Holds,
    /// A signal of which it is not known whether it left is sent again, once: it does no harm.
    SendsAgain,
}

impl LinesFront {
    /// A front for a drain that another drainboard began; `sends_again`: a signal that it may have
    /// sent or not does no harm when it comes twice.
    pub fn taking_up(printer: Printer, errand: LinesErrand, sends_again: bool) -> Self {
        Self {
            stage: LinesStage::Draining,
            taken_up: if sends_again {
                TakenUp::SendsAgain
            } else {
                TakenUp::Holds
            },
            ..Self::new(printer, errand)
        }
    }

    /// The needs of a drain that was taken up where no operator can answer.
    pub(super) fn go_on(&mut self, run: &Run) -> Option<Command> {
        let failed = matches!(
            run.phase(),
            Phase::Held {
                why: Hold::Failed(_),
                ..
            }
        );
        let by_hand = matches!(run.phase(), Phase::Ready { .. }) && run.mode() == Mode::Manual;
        match self.taken_up {
            TakenUp::SendsAgain if failed => {
                self.taken_up = TakenUp::Holds;
                Some(Command::Retry)
            }
            TakenUp::Holds | TakenUp::SendsAgain if by_hand => {
                say("this drain is stepped by hand: resume it on a terminal");
                Some(Command::StopUnanswered)
            }
            TakenUp::No | TakenUp::Holds | TakenUp::SendsAgain => None,
        }
    }
}
