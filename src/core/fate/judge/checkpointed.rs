//! The fate of a job whose library breaks it off at checkpoints, as long as no later job was seen to
//! do its work.

use super::{Absence, Case};
use crate::core::fate::fate::{Fate, Ruling};
use crate::core::fate::log;
use crate::core::fate::others::Others;
use crate::core::log::Notice;
use crate::core::moment::Moment;

impl Case<'_> {
    /// Whether a library may have broken it off at a checkpoint by `at`, when it left its thread at
    /// the latest: it does that once its process is quiet, whoever quieted it, and Sidekiq's log then
    /// says `done`. Where its own line says that it breaks off, it did, quiet or not: the job may have
    /// run for as long as its library lets it.
    pub(super) fn may_have_broken_off(self, at: Moment) -> bool {
        let says = self.execution.wrote(Notice::BreaksOff);
        says || self.has_checkpoints() && !self.took_jobs_at(at)
    }

    /// Whether its process still took jobs at `at`: this program had sent it nothing, and its beat or
    /// its log tells that no other program had quieted it.
    fn took_jobs_at(self, at: Moment) -> bool {
        let fleet = self.scene.fleet;
        let fetched = match self.subject.signals.mark {
            Some(mark) if at >= mark.about_to => return false,
            Some(mark) => mark.beat.filter(|_| !mark.quiet),
            None => fleet.get(self.execution.process()).and_then(|process| {
                let beat = process.beat.as_ref().filter(|beat| !beat.quiet);
                beat.map(|beat| beat.host_time)
            }),
        };
        let by_log = |begun| log::took_jobs(self.subject, fleet, (begun, at));
        fetched.is_some_and(|beat| beat >= at.epoch()) || self.execution.begun().is_some_and(by_log)
    }

    /// Whether a library breaks it off at checkpoints: by its payload, or by that of another job of
    /// its class where only its log names it.
    pub(super) fn has_checkpoints(self) -> bool {
        self.execution.checkpoints().is_some()
            || self.execution.is_named_by_log_alone()
                && self.scene.fleet.checkpoints(&self.execution.work().class)
    }

    /// It checkpoints, left its thread, and nothing of its work was found when Redis was asked.
    pub(super) fn broke_off_or_ended(self, absent: Absence) -> Option<Ruling> {
        let Absence { whole, asked } = absent;
        let proven = self.is_proven();
        if self.awaits_others(asked) || self.scene.patient && !proven {
            return None;
        }
        if self.execution.wrote(Notice::BreaksOff) {
            let why = "its log: it broke off at a checkpoint; where its work goes on was not seen";
            return Some(Ruling::new(Fate::Unknown, why));
        }
        if whole && proven && self.was_watched() && self.others(asked) == Others::NoneServe {
            let why = "it left its thread, nothing of its work is in a queue or a set, and no other \
                       process takes jobs";
            return Some(Ruling::new(Fate::Finished, why));
        }
        let why = "it ended, or broke off at a checkpoint: where its work goes on was not seen";
        Some(Ruling::new(Fate::Unknown, why))
    }

    /// Whether Redis answered all the time since it may have broken off: the last beat that showed it,
    /// or the first signal, where its process took jobs until then. What it put there would have been
    /// seen, and so would a flush.
    fn was_watched(self) -> bool {
        let mark = self.subject.signals.mark.filter(|mark| !mark.quiet);
        let told = mark.map(|mark| mark.about_to.epoch());
        let from = self.execution.last_shown().into_iter().chain(told);
        from.reduce(f64::max)
            .is_some_and(|from| self.served.is_watched_since(from))
    }

    /// Since when another process may have taken it up: since the first signal. A job with
    /// checkpoints may have broken off before it: since its end by its log, else since its begin.
    pub(super) fn free_since(self) -> Option<Moment> {
        if self.has_checkpoints() {
            let ended = self.execution.log_end().map(|(at, _)| at);
            return ended.or_else(|| self.execution.begun());
        }
        self.subject.signals.mark.map(|mark| mark.about_to)
    }
}
