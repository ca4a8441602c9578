//! The gate before KILL: what a KILL would cost now, of one target or of all that take part.

use super::Run;
use crate::core::fate::Stake;
use crate::core::fleet::{Fleet, LocalId};
use crate::core::moment::Moment;
use crate::core::timing::FRESH;

impl Run {
    /// The cost of a KILL now: of `only` one target, or of all that take part.
    pub fn stake(&self, only: Option<LocalId>, fleet: &Fleet, now: Moment) -> Stake {
        let mut stake = Stake::default();
        let targets = self.targets.iter().filter(|target| target.takes_part());
        for target in targets.filter(|target| only.is_none_or(|id| id == target.id)) {
            let key = target.key();
            if let Some(file) = self.account.file(&key) {
                stake.add(file, fleet.get(&key), &target.subject(), fleet, now);
            }
        }
        stake
    }

    /// Whether Redis cannot be asked just now.
    pub(super) fn is_blind(fleet: &Fleet, now: Moment) -> bool {
        !fleet.link.is_connected() || fleet.looked.is_none_or(|looked| now.since(looked) >= FRESH)
    }
}
