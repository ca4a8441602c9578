//! Jobs whose end is no end of their work: cancelled ones, of which the rest is never done, and
//! those that said that the rest is put into a later job.

use super::evidence::Fact;
use super::execution::Execution;
use super::fate::{Fate, Ruling};
use crate::core::fleet::Fleet;
use crate::core::moment::Moment;

impl Execution {
    /// Takes in whether the log of its process, which has this pid, says that it read that it is
    /// cancelled, or that it breaks off.
    pub(super) fn hear_notices(&mut self, fleet: &Fleet, pid: u32) {
        let witness = &fleet.logs.witness;
        let begun = self.begun();
        let of_this = |at: &Moment| begun.is_none_or(|begun| *at >= begun);
        let cancelled = witness.cancelled(pid, self.jid(), &self.work().tid);
        let broke_off = witness.broke_off(pid, self.jid(), &self.work().tid);
        if let Some(at) = cancelled.filter(of_this) {
            self.add(at, Fact::Cancelled);
        }
        if let Some(at) = broke_off.filter(of_this) {
            self.add(at, Fact::BreaksOff);
        }
    }

    /// Whether its log says that it breaks off, and that the rest of its work is put into a later job.
    pub(super) fn says_it_breaks_off(&self) -> bool {
        (self.evidence().iter()).any(|known| known.fact == Fact::BreaksOff)
    }

    /// `ruling`; of a cancelled job it says what that means for the rest of its work.
    pub(super) fn with_its_mark(&self, ruling: Ruling) -> Ruling {
        let Ruling { fate, why } = ruling;
        let why = match fate {
            Fate::Finished => match self.cancelled() {
                Some(cancelled) => format!("{cancelled}; {why}"),
                None => why,
            },
            Fate::Checkpointed | Fate::PushedBack | Fate::Retried | Fate::Rescued => {
                match self.marked_by() {
                    Some(by) => format!("{why}; cancelled by {by}: its next run ends at once"),
                    None => why,
                }
            }
            Fate::Lost | Fate::Unknown => why,
        };
        Ruling { fate, why }
    }

    /// That its end is no end of its work, in words. `None`: it was not cancelled, or ended before it
    /// read that.
    fn cancelled(&self) -> Option<String> {
        let read = (self.evidence().iter()).any(|known| known.fact == Fact::Cancelled);
        match (self.marked_by(), read) {
            (by, true) => Some(format!(
                "cancelled by {}: what was left of its work is never done",
                by.unwrap_or("a mark in Redis")
            )),
            (Some(by), false) if self.log_end().is_none() => Some(format!(
                "cancelled by {by}, and whether it read that before its end is not known"
            )),
            (_, false) => None,
        }
    }

    /// Who marked it as cancelled.
    fn marked_by(&self) -> Option<&str> {
        self.evidence().iter().find_map(|known| {
            if let Fact::Marked { by } = &known.fact {
                Some(by.as_str())
            } else {
                None
            }
        })
    }
}
