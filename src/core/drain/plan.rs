//! What is decided before a drain begins. Nothing of it changes while it runs, but the mode.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::core::sequence::{Consequence, Sequence, Signal, Timeout, Version};

/// Who moves from step to step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Each step waits for a confirmation.
    Manual,
    /// Waits run down by themselves.
    Automatic,
}

/// What happens when KILL falls due with jobs at stake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Hold, say what would be lost, ask.
    Ask,
    /// Wait until they are back in their queues, a bounded time; then KILL.
    WaitForRequeue,
    /// What the sequence says, on time.
    Follow,
}

/// Whether a quiet wait ends when everything is idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Early {
    /// At proof of idle.
    Idle,
    /// Never.
    Never,
}

/// The decisions of one drain.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Name of the run.
    pub run: String,
    /// The stop sequence.
    pub sequence: Sequence,
    /// How it starts.
    pub mode: Mode,
    /// Before a KILL with jobs at stake.
    pub policy: Policy,
    /// How long [`Policy::WaitForRequeue`] waits.
    pub kill_extra: Duration,
    /// Whether quiet waits end at proof of idle.
    pub early: Early,
    /// `T` as stated by flag or configuration.
    pub timeout: Option<Timeout>,
    /// Whether nothing is really sent.
    pub rehearsal: bool,
}

/// Why a sequence is refused at run time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{signal} does not stop {} gracefully: it ends or suspends the process at once, and its running jobs are lost. \
     Use TSTP to quiet and TERM to stop; to send it all the same: --force-signal {}",
    .version.map_or_else(|| "this Sidekiq".to_string(), |v| format!("Sidekiq {v}")), .signal.name().to_lowercase()
)]
pub struct Refusal {
    /// The signal that would destroy work.
    pub signal: Signal,
    /// For which version; `None`: not known.
    pub version: Option<Version>,
}

impl Plan {
    /// The signals of the sequence that would destroy work in a Sidekiq of one of `versions`
    /// and that nobody forced.
    pub fn refusals(&self, versions: &[Option<Version>], forced: &[Signal]) -> Vec<Refusal> {
        let mut refusals: Vec<Refusal> = Vec::new();
        for signal in self.sequence.signals() {
            let known = refusals.iter().any(|refusal| refusal.signal == signal);
            if known || forced.contains(&signal) {
                continue;
            }
            let destroys =
                |version: &&Option<Version>| signal.consequence(**version) == Consequence::Destroys;
            if let Some(version) = versions.iter().find(destroys) {
                refusals.push(Refusal {
                    signal,
                    version: *version,
                });
            }
        }
        refusals
    }
}

impl Policy {
    /// The word of flags and configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::WaitForRequeue => "wait-for-requeue",
            Self::Follow => "follow",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// A word that names no choice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is none of {choices}")]
pub struct UnknownWord {
    /// What was written.
    pub word: String,
    /// What may be written.
    pub choices: &'static str,
}

impl FromStr for Policy {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::Ask, Self::WaitForRequeue, Self::Follow]
            .into_iter()
            .find(|policy| policy.word() == word)
            .ok_or_else(|| UnknownWord {
                word: word.into(),
                choices: "ask, wait-for-requeue, follow",
            })
    }
}

impl Early {
    /// The word of flags and configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Never => "never",
        }
    }
}

impl FromStr for Early {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::Idle, Self::Never]
            .into_iter()
            .find(|early| early.word() == word)
            .ok_or_else(|| UnknownWord {
                word: word.into(),
                choices: "idle, never",
            })
    }
}
