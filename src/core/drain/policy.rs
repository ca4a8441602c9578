//! The choices of a drain that are written as words: what happens when KILL falls due with jobs
//! at stake, what happens when TERM falls due while Redis does not answer, and whether a wait may
//! end early. Words only; `drain` gives them meaning.

use std::fmt;
use std::str::FromStr;

use crate::core::clean::clean;
use crate::core::sequence::nearest;

/// The rule for a KILL that is due and jobs would be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Policy {
    /// Hold and ask. Without a terminal a usage error.
    Ask,
    /// Go on as soon as the jobs are back in their queues, at most `kill_extra` later.
    WaitForRequeue,
    /// KILL goes as the sequence says, on time.
    Follow,
}

/// Whether a wait before the first TERM ends when every target is proven idle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Early {
    /// It ends then.
    #[default]
    Idle,
    /// It never does.
    Never,
}

/// The choice of an automatic drain when its first TERM or INT falls due, jobs are known to run,
/// and Redis does not answer. Sidekiq pushes its jobs back to that same Redis: without it they are lost
/// (7.3.9 `lib/sidekiq/fetch.rb:70-84` logs `Failed to requeue N jobs`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum RedisGone {
    /// It holds until Redis answers or the operator decides. Only a screen has this.
    Ask,
    /// It holds at most [`crate::core::timing::REDIS_WAIT`], then it goes on.
    #[default]
    Hold,
    /// It goes on, on time.
    Go,
}

impl RedisGone {
    /// The two that can be written.
    pub const WRITTEN: [Self; 2] = [Self::Hold, Self::Go];

    /// The word on the command line and in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Hold => "hold",
            Self::Go => "go",
        }
    }
}

impl Policy {
    /// Every policy.
    pub const ALL: [Self; 3] = [Self::Ask, Self::WaitForRequeue, Self::Follow];

    /// The word on the command line and in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::WaitForRequeue => "wait-for-requeue",
            Self::Follow => "follow",
        }
    }
}

impl Early {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Idle, Self::Never];

    /// The word on the command line and in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Never => "never",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

impl fmt::Display for RedisGone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

impl fmt::Display for Early {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// A word that is none of those expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not known here; expected {expected}{}", .nearest.map(|n| format!(": did you mean `{n}`?")).unwrap_or_default())]
pub struct UnknownWord {
    /// The text as it was written, clean.
    pub word: String,
    /// The words that are known.
    pub expected: &'static str,
    /// The one that it is most like, if any is near.
    pub nearest: Option<&'static str>,
}

impl FromStr for Policy {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let found = Self::ALL.into_iter().find(|policy| policy.word() == text);
        found.ok_or_else(|| UnknownWord {
            word: clean(text, 40),
            expected: "ask, wait-for-requeue or follow",
            nearest: nearest(&text.replace('_', "-"), Self::ALL.map(Self::word)),
        })
    }
}

impl FromStr for Early {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let found = Self::ALL.into_iter().find(|early| early.word() == text);
        found.ok_or_else(|| UnknownWord {
            word: clean(text, 40),
            expected: "idle or never",
            nearest: nearest(text, Self::ALL.map(Self::word)),
        })
    }
}

impl FromStr for RedisGone {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let found = Self::WRITTEN.into_iter().find(|gone| gone.word() == text);
        found.ok_or_else(|| UnknownWord {
            word: clean(text, 40),
            expected: "hold or go",
            nearest: nearest(text, Self::WRITTEN.map(Self::word)),
        })
    }
}
