//! How a drain ended: its outcome with the exit code. Words and numbers alone; `settle` weighs
//! them.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::core::moment::Seconds;

/// How a drain ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// When interrupted jobs were counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Before the first signal.
    Before,
    /// After the end.
    After,
}

impl Counted {
    /// Its word in records.
    pub fn word(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

impl FromStr for Counted {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        let all = [Self::Before, Self::After];
        all.into_iter().find(|when| when.word() == word).ok_or(())
    }
}

/// A job that runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Longest {
    /// Its id.
    pub jid: Option<String>,
    /// Its class.
    #[serde(default)]
    pub class: String,
    /// How long it has run; null where that is not known.
    pub elapsed_s: Option<Seconds>,
}
