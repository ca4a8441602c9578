//! The cost of a drain: seconds of work that must be done again, and seconds that are kept.

use std::iter::Sum;
use std::time::Duration;

use super::execution::Execution;
use super::fate::Fate;
use crate::core::log::Told;
use crate::core::moment::{Moment, clock_face};
use crate::core::timing::BEGUN_ELSEWHERE;
use crate::core::wording::count;

/// Seconds of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Thrown away, at most: the job starts again from its beginning, or is gone.
    pub redone: Duration,
    /// Kept, at least: the job ended, or goes on from a checkpoint.
    pub kept: Duration,
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), |sum, cost| Self {
            redone: sum.redone + cost.redone,
            kept: sum.kept + cost.kept,
        })
    }
}

/// The work of several jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// That of the jobs whose work is known.
    pub known: Cost,
    /// Jobs whose work is not known.
    pub unknown: u64,
}

impl Spent {
    /// The work of all of them; `None`: that of some job is not known.
    pub fn whole(self) -> Option<Cost> {
        (self.unknown == 0).then_some(self.known)
    }

    /// In words: where the work of a job is not known, the least that is.
    pub fn words(self) -> String {
        let Cost { redone, kept } = self.known;
        if self.unknown == 0 {
            let (kept, redone) = (clock_face(kept), clock_face(redone));
            return format!("{kept} kept, {redone} to be done again or lost");
        }
        let least = [(kept, "kept"), (redone, "to be done again or lost")];
        let told = least.iter().filter(|(span, _)| span.as_secs() > 0);
        let told: Vec<String> = told
            .map(|(span, what)| format!("at least {} {what}", clock_face(*span)))
            .collect();
        let rest = format!("that of {} is not known", count(self.unknown, "job"));
        if told.is_empty() {
            return rest;
        }
        format!("{}; {rest}", told.join(", "))
    }
}

impl FromIterator<Option<Cost>> for Spent {
    fn from_iter<I: IntoIterator<Item = Option<Cost>>>(costs: I) -> Self {
        costs.into_iter().fold(Self::default(), |spent, cost| Self {
            known: [spent.known, cost.unwrap_or_default()].into_iter().sum(),
            unknown: spent.unknown + u64::from(cost.is_none()),
        })
    }
}

/// How long an execution ran: both are the same where its log tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Up to the last heartbeat that showed it.
    pub least: Duration,
    /// Up to the first heartbeat without it, or to the end of its process.
    pub most: Duration,
}

impl Ran {
    /// The figure to tell of a job with this fate: a job that ended by itself ran at least so long;
    /// one that was cut off, or still runs, ran until then.
    pub fn told(self, fate: Option<Fate>) -> Duration {
        match fate {
            Some(Fate::Finished | Fate::Checkpointed | Fate::Retried) => self.least,
            Some(Fate::PushedBack | Fate::Rescued | Fate::Lost | Fate::Unknown) | None => self.most,
        }
    }
}

impl Execution {
    /// How long it ran, up to `end` at most. `None`: its begin is not known.
    pub fn ran(&self, end: Moment) -> Option<Ran> {
        let begun = self.begun()?;
        if let Some((at, said)) = self.log_end() {
            let exactly = said.elapsed.unwrap_or_else(|| at.min(end).since(begun));
            return Some(Ran {
                least: exactly,
                most: exactly,
            });
        }
        // A later heartbeat tells when it was gone by the clock of its host, which `begun` is of too.
        let until = |host_time: f64| {
            Duration::try_from_secs_f64(host_time - begun.epoch()).unwrap_or_default()
        };
        let missed = self.missed().map(|(at, beat)| {
            let seen = at.since(begun);
            if beat > begun.epoch() {
                until(beat).min(seen)
            } else {
                seen
            }
        });
        let back = self
            .back()
            .map(|(at, _)| at.after(BEGUN_ELSEWHERE).since(begun));
        let bounds = missed.into_iter().chain(back);
        let most = bounds.fold(end.since(begun), Duration::min);
        let shown = self.last_shown().map(until).unwrap_or_default();
        Some(Ran {
            least: shown.min(most),
            most,
        })
    }

    /// The cost of its work, which ran until `end` at most. `None`: its fate or its begin is not
    /// known. A job that failed by itself costs the drain nothing.
    pub fn cost(&self, end: Moment) -> Option<Cost> {
        let ran = self.ran(end);
        let failed = self
            .log_end()
            .is_some_and(|(_, said)| said.how == Told::Failed);
        match self.fate()? {
            Fate::Retried => Some(Cost::default()),
            Fate::Finished if failed => Some(Cost::default()),
            Fate::Finished | Fate::Checkpointed => Some(Cost {
                kept: ran?.least,
                redone: Duration::ZERO,
            }),
            Fate::PushedBack | Fate::Rescued | Fate::Lost => Some(Cost {
                kept: Duration::ZERO,
                redone: ran?.most,
            }),
            Fate::Unknown => None,
        }
    }
}
