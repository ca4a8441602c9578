//! Jobs whose end is no end of their work: cancelled ones, of which the rest is never done, and
//! those that said that the rest is put into a later job.

use super::evidence::Fact;
use super::execution::Execution;
use super::fate::{Fate, Ruling};
use crate::core::fleet::Fleet;
use crate::core::log::Notice;

impl Execution {
    /// Takes in what the log of its process, which has this pid, says of the end that it is coming to.
    pub(super) fn hear_notices(&mut self, fleet: &Fleet, pid: u32) {
        let begun = self.begun();
        for notice in Notice::ALL {
            let job = (pid, self.jid(), &*self.work().tid);
            let at = fleet.logs.witness.noticed(notice, job);
            if let Some(at) = at.filter(|at| begun.is_none_or(|begun| *at >= begun)) {
                self.add(at, Fact::Noticed(notice));
            }
        }
    }

    /// Whether its log holds this notice of it.
    pub(super) fn wrote(&self, notice: Notice) -> bool {
        let mut evidence = self.evidence().iter();
        evidence.any(|known| known.fact == Fact::Noticed(notice))
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
        match (self.marked_by(), self.wrote(Notice::Cancelled)) {
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
