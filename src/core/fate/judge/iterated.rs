//! The meaning of the iteration state of an `IterableJob`, and of its absence.

use super::Case;
use crate::core::fate::fate::{Fate, Ruling};
use crate::core::log::Notice;
use crate::core::moment::Moment;
use crate::core::timing::{BEGUN_ELSEWHERE, ONE_BEAT};

impl Case<'_> {
    /// Whether it is an `IterableJob` whose iteration state was there before, and gone when Redis was
    /// `asked`: only its completion drops that, here or on another process. Or a Redis that is emptied.
    pub(super) fn has_completed(self, asked: Moment) -> bool {
        let since = self.execution.iterable_since();
        since.is_some_and(|since| since < asked) && !self.execution.is_iterating()
    }

    /// The iteration state of an `IterableJob` was gone when Redis was asked.
    pub(super) fn completed(self) -> Option<Ruling> {
        if self.is_proven() {
            let why = "it completed its iterations: the state it-… that it kept is gone";
            return Some(Ruling::new(Fate::Finished, why));
        }
        let why = "it completed its iterations, or Redis lost the state it-… that it kept";
        (!self.scene.patient).then(|| Ruling::new(Fate::Unknown, why))
    }

    /// An unfinished `IterableJob` that left its thread by itself and is in no place: another
    /// process took it up. Where no beat shows that in time, nothing more is known.
    pub(super) fn broke_off_unseen(self, asked: Moment) -> Option<Ruling> {
        let in_time = self.scene.patient && self.scene.now < asked.after(ONE_BEAT);
        let why = if self.execution.is_iterating() {
            "it broke off between two iterations and has not ended (its state it-… is kept); where it \
             is was not seen"
        } else {
            "its log: it broke off between two iterations; where it went on was not seen"
        };
        let fresh = self.scene.fleet.look_is_fresh(self.scene.now);
        (!in_time && fresh).then(|| Ruling::new(Fate::Unknown, why))
    }

    /// Whether its log says that it broke off by itself, to be put back into its queue.
    pub(super) fn broke_off_by_its_log(self) -> bool {
        self.execution.wrote(Notice::Interrupting)
    }

    /// An `IterableJob` that was back before its process could interrupt it broke off by itself.
    pub(super) fn broke_off(self, ruling: Ruling) -> Ruling {
        let before = |at: Moment| {
            let safe = self.subject.safe_until();
            safe.is_none_or(|safe| at.after(BEGUN_ELSEWHERE) < safe)
        };
        let left = self
            .execution
            .missed()
            .map(|(_, beat)| self.subject.is_safe_at(beat));
        let back = self.execution.back().map(|(at, _)| before(at));
        let by_itself = left.or(back).unwrap_or(false);
        // In a rehearsal the work of a library's job goes on under its own JID.
        let by_library = self.scene.rehearsal && self.execution.checkpoints().is_some();
        let breaks_off = self.execution.is_iterable() || by_library;
        let broke_off = breaks_off && by_itself || self.broke_off_by_its_log();
        if ruling.fate != Fate::PushedBack || !broke_off {
            return ruling;
        }
        let why = format!("it broke off between two iterations: {}", ruling.why);
        Ruling::new(Fate::Checkpointed, why)
    }
}
