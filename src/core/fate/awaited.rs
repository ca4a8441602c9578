//! Whether a job that seems to have finished may yet turn out to have handed its work on: what another
//! process took up shows only in its next beat.

use std::time::Duration;

use super::account::Account;
use super::execution::Execution;
use super::fate::Fate;
use super::others::may_show_more;
use super::subject::Subject;
use crate::core::fleet::{Fleet, Place};
use crate::core::moment::Moment;

/// How long after a job left its thread Redis has been asked for it at the latest, while it answers.
/// A job that was taken up by then stands in each later beat.
const ASKED_WITHIN: Duration = Duration::from_secs(3);

impl Account {
    /// Whether another process may still show that the work of a job that seems to have finished goes
    /// on there. The first job of sidekiq-iteration looks like any other, and its log says `done` too.
    pub fn awaits_heirs(&self, subject: &Subject<'_>, fleet: &Fleet) -> bool {
        let key = subject.key.clone();
        let Some(mark) = subject.signals.mark else {
            return false;
        };
        let local = fleet.get(&key).and_then(|process| process.local.as_ref());
        if local.is_some_and(|local| !local.surroundings.may_use_iteration()) {
            return false;
        }
        let mut left = self
            .of(&key)
            .filter_map(|known| known.left_unproven(mark.about_to));
        left.any(|left| may_show_more(&key, fleet, left.after(ASKED_WITHIN)))
    }
}

impl Execution {
    /// When it left its thread, if it seems to have finished after the first signal, at `told`, and
    /// may yet have been the first job of a library that hands its work on: its payload names no work
    /// of its own, and it was nowhere.
    fn left_unproven(&self, told: Moment) -> Option<Moment> {
        let unproven = self.fate() == Some(Fate::Finished)
            && self.settled().is_none()
            && !self.is_iterable()
            && !self.is_named_by_its_payload()
            && matches!(self.place(), Some(Place::Nowhere { .. }));
        let done = self.log_end().map(|(at, _)| at);
        let left = done.or_else(|| self.missed().map(|(at, _)| at))?;
        (unproven && left >= told).then_some(left)
    }
}
