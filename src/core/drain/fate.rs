//! What can become of a job. Words only: how it is known stands in the account.

use serde::{Deserialize, Serialize};

/// What became of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It ended by itself before anything interrupted it.
    Finished,
    /// It broke off by itself at a checkpoint. Its work goes on, perhaps under another JID.
    Checkpointed,
    /// It is back in a queue, or runs again on another process.
    PushedBack,
    /// It failed and stands in the retry, dead or scheduled set.
    Retried,
    /// This program pushed it back.
    Rescued,
    /// Its process died before it could push it back, and it is nowhere.
    Lost,
    /// The evidence does not say.
    Unknown,
}

impl Fate {
    /// Every fate, the worst first: the order in which a report groups jobs.
    pub const ALL: [Self; 7] = [
        Self::Lost,
        Self::Unknown,
        Self::Rescued,
        Self::PushedBack,
        Self::Checkpointed,
        Self::Retried,
        Self::Finished,
    ];

    /// The words for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Checkpointed => "checkpointed",
            Self::PushedBack => "pushed back",
            Self::Retried => "to be retried",
            Self::Rescued => "rescued",
            Self::Lost => "LOST",
            Self::Unknown => "unknown",
        }
    }
}
