//! The cost of a drain: seconds of work that must be done again, and seconds that are kept.

use std::iter::Sum;
use std::time::Duration;

use super::execution::Execution;
use super::fate::Fate;
use crate::core::moment::Moment;

/// Seconds of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Thrown away: the job starts again from its beginning, or is gone.
    pub redone: Duration,
    /// Kept: the job ended, or goes on from a checkpoint.
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

impl Execution {
    /// The cost of its work, which ran until `end` at most. `None`: its fate or its begin
    /// is not known. A job that failed by itself costs the drain nothing.
    pub fn cost(&self, end: Moment) -> Option<Cost> {
        let ran = self.ran_until(end);
        match self.fate()? {
            Fate::Finished | Fate::Checkpointed => Some(Cost {
                kept: ran?,
                redone: Duration::ZERO,
            }),
            Fate::Retried => Some(Cost::default()),
            Fate::PushedBack | Fate::Rescued | Fate::Lost => Some(Cost {
                kept: Duration::ZERO,
                redone: ran?,
            }),
            Fate::Unknown => None,
        }
    }
}
