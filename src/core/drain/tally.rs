//! How a drain ended: its outcome with the exit code, and its jobs by fate. Words and numbers
//! alone; they are weighed elsewhere.

use serde::Serialize;

/// How a drain ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Not begun: a lock, no permission, a safety check.
    Refused,
    /// Could not start.
    Error,
    /// Aborted or held.
    Stopped,
    /// The sequence ended and a target still lives.
    Alive,
    /// Every target has exited; some jobs are lost or of unknown fate.
    Lost,
    /// Every target has exited; some jobs will run again.
    Requeued,
    /// Every target has exited and every job ended.
    Drained,
}

impl Outcome {
    /// Every outcome, in the order in which they apply.
    pub const ALL: [Self; 7] = [
        Self::Refused,
        Self::Error,
        Self::Stopped,
        Self::Alive,
        Self::Lost,
        Self::Requeued,
        Self::Drained,
    ];

    /// The exit code of `drain`.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Refused => 7,
            Self::Error => 1,
            Self::Stopped => 5,
            Self::Alive => 6,
            Self::Lost => 4,
            Self::Requeued => 3,
            Self::Drained => 0,
        }
    }

    /// The word of JSON and flags.
    pub fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Error => "error",
            Self::Stopped => "stopped",
            Self::Alive => "alive",
            Self::Lost => "lost",
            Self::Requeued => "requeued",
            Self::Drained => "drained",
        }
    }
}

/// Jobs by fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Ended by themselves.
    pub finished: u64,
    /// Back in a queue, or taken up elsewhere.
    pub pushed_back: u64,
    /// Failed; Sidekiq's retry set has them.
    pub retried: u64,
    /// Pushed back by us.
    pub rescued: u64,
    /// Gone.
    pub lost: u64,
    /// Nobody can say.
    pub unknown: u64,
}

impl Counts {
    /// All of them.
    pub fn total(self) -> u64 {
        self.finished + self.pushed_back + self.retried + self.rescued + self.lost + self.unknown
    }
}
