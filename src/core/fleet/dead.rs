//! The members that the last look only counted.

use super::look::DeadMembers;

/// The dead members of the last look.
#[derive(Clone, Debug, Default)]
pub struct Dead {
    pub(super) members: DeadMembers,
    /// How many of them stand among the processes all the same.
    pub(super) apart: usize,
}

impl Dead {
    /// How many are counted and stand nowhere else.
    pub fn counted(&self) -> u64 {
        self.members.len().saturating_sub(self.apart) as u64
    }
}
