//! The meaning of a beat that does not show a job, held against the worker threads that are left.

use super::Case;
use crate::core::fate::fate::{Fate, Ruling};
use crate::core::wording;

impl Case<'_> {
    /// A beat does not show it, it is nowhere, and it is of no kind that breaks off.
    pub(super) fn gone_from_its_beat(self) -> Option<Ruling> {
        let name = self.subject.name;
        let gone = format!("gone from the next heartbeat of {name}");
        let threads = self.file.contradicting_threads(self.subject);
        if threads == 0 {
            let why = format!("{gone}, and nothing had interrupted it");
            return Some(Ruling::new(Fate::Finished, why));
        }
        self.subject.exit?;
        let left = wording::count_that(threads, "worker thread", ("was", "were"));
        let why = format!("{gone}, but {left} left there that no heartbeat explains");
        Some(Ruling::new(Fate::Unknown, why))
    }
}
