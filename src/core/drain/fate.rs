//! What can become of a job. Words only: how it is known stands in the account.

use serde::Serialize;

/// What became of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It ended by itself before anything interrupted it.
    Finished,
    /// It is back in a queue, or runs again elsewhere.
    PushedBack,
    /// It failed and stands in the retry, dead or scheduled set.
    Retried,
    /// We pushed it back.
    Rescued,
    /// Its process died before it could push it back, and it is nowhere.
    Lost,
    /// Nobody can say.
    Unknown,
}

impl Fate {
    /// The words for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::PushedBack => "pushed back",
            Self::Retried => "to be retried",
            Self::Rescued => "rescued",
            Self::Lost => "LOST",
            Self::Unknown => "unknown",
        }
    }
}
