//! The work of a drain: what was kept, and what must be done again or is lost.

use std::time::Duration;

use super::job::JobFate;
use super::library::Past;
use crate::core::drain::{Event, Fate};
use crate::core::fate::{Cost, Spent};
use crate::core::moment::Seconds;

/// Seconds of work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Effort {
    /// Kept, at least; `None`: that of some job is not known.
    pub(super) kept_s: Option<f64>,
    /// Done again or lost, at most; `None`: that of some job is not known.
    pub(super) redone_s: Option<f64>,
}

impl Effort {
    /// As the drain counted it, else the sums over its jobs.
    pub(super) fn counted(past: &Past, fates: &[JobFate]) -> Self {
        let counted = past.records.iter().rev().find_map(|record| {
            let Event::Finished {
                work_kept_s,
                work_redone_s,
                ..
            } = record.event
            else {
                return None;
            };
            Some((work_kept_s, work_redone_s))
        });
        let (kept, redone) = counted.unwrap_or_default();
        let whole = |sum: EffortSum| (sum.unknown == 0).then_some(sum.seconds);
        Self {
            kept_s: kept.map(Seconds::number).or_else(|| whole(kept_by(fates))),
            redone_s: redone
                .map(Seconds::number)
                .or_else(|| whole(redone_by(fates))),
        }
    }

    /// In words: where the work of a job is not known, the least that is. `None`: no job ran.
    pub(super) fn words(self, fates: &[JobFate]) -> Option<String> {
        let span = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or_default();
        let (kept, redone) = (kept_by(fates), redone_by(fates));
        let spent = Spent {
            known: Cost {
                kept: span(self.kept_s.unwrap_or(kept.seconds)),
                redone: span(self.redone_s.unwrap_or(redone.seconds)),
            },
            unknown: kept.unknown.max(redone.unknown) as u64,
        };
        (!fates.is_empty()).then(|| spent.words())
    }
}

/// Seconds of work of some jobs.
#[derive(Clone, Copy)]
struct EffortSum {
    /// Of those that are known, to the millisecond.
    seconds: f64,
    /// How many are not.
    unknown: usize,
}

fn kept_by(fates: &[JobFate]) -> EffortSum {
    sum(fates, |job| match job.fate {
        Fate::Finished | Fate::Checkpointed => job.ran_s,
        Fate::PushedBack | Fate::Rescued | Fate::Lost | Fate::Retried => Some(0.0),
        Fate::Unknown => None,
    })
}

fn redone_by(fates: &[JobFate]) -> EffortSum {
    sum(fates, |job| match job.fate {
        Fate::PushedBack | Fate::Rescued | Fate::Lost => job.cost_s.or(job.longest_s()),
        Fate::Finished | Fate::Checkpointed | Fate::Retried => Some(0.0),
        Fate::Unknown => None,
    })
}

fn sum(fates: &[JobFate], seconds: fn(&JobFate) -> Option<f64>) -> EffortSum {
    let known = fates.iter().filter_map(seconds);
    let known = Duration::try_from_secs_f64(known.sum()).unwrap_or_default();
    EffortSum {
        seconds: Seconds(known).number(),
        unknown: fates.iter().filter(|job| seconds(job).is_none()).count(),
    }
}
