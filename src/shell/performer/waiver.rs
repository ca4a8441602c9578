//! The acts that may leave although they cannot be written down, or although the payloads at stake
//! cannot be saved: only those that the operator was told of and tries again. It does nothing by
//! itself.

use std::collections::HashSet;

use crate::core::drain::{Act, UnitCall};
use crate::core::fleet::ProcessKey;

/// A thing that is tried, whatever number it has each time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Attempt {
    /// This step to this process; `None`: a KILL out of turn.
    Step(ProcessKey, Option<usize>),
    /// A call of systemctl for the unit of this process.
    Call(ProcessKey),
}

impl From<&Act> for Attempt {
    fn from(act: &Act) -> Self {
        Self::Step(act.target.clone(), act.step)
    }
}

impl From<&UnitCall> for Attempt {
    fn from(call: &UnitCall) -> Self {
        Self::Call(call.target.clone())
    }
}

/// The refusals that the operator was told of in one run.
#[derive(Debug)]
pub(super) struct Waiver {
    /// Whether an operator is there to be told.
    attended: bool,
    /// Acts that were refused for want of a record.
    unrecorded: HashSet<Attempt>,
    /// Whether one of these was tried again: the whole run may go on without a record.
    needs_no_record: bool,
    /// Acts that were refused because payloads could not be saved.
    unsaved: HashSet<Attempt>,
}

impl Waiver {
    /// Nothing was told yet.
    pub(super) fn new(attended: bool) -> Self {
        Self {
            attended,
            unrecorded: HashSet::new(),
            needs_no_record: false,
            unsaved: HashSet::new(),
        }
    }

    /// The same for a new run: its operator was told nothing of that.
    pub(super) fn anew(&self) -> Self {
        Self::new(self.attended)
    }

    /// Whether `attempt` may leave unrecorded. Where no operator can be asked only an act that
    /// kills no job may; else what was refused before, and then the rest of the run.
    pub(super) fn lets_unrecorded(&mut self, attempt: Attempt, deadly: bool) -> bool {
        if !self.attended {
            return !deadly;
        }
        self.needs_no_record |= !self.unrecorded.insert(attempt);
        self.needs_no_record
    }

    /// Whether `attempt` may leave though the payloads that it could lose are not saved: each
    /// alone, for it is other jobs each time.
    pub(super) fn lets_unsaved(&mut self, attempt: Attempt) -> bool {
        self.attended && !self.unsaved.insert(attempt)
    }
}
