//! The decisions before a drain begins. Nothing of it changes while it runs, but the mode.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;

use super::policy::{Early, Policy, RedisGone};
use crate::core::sequence::{Consequence, Sequence, Signal, Timeout, Version};

/// How the drain moves from step to step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Each step waits for a confirmation.
    Manual,
    /// Waits run down by themselves.
    Automatic,
}

impl fmt::Display for Mode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Manual => "manual",
            Self::Automatic => "automatic",
        })
    }
}

impl FromStr for Mode {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        let all = [Self::Manual, Self::Automatic];
        all.into_iter()
            .find(|mode| mode.to_string() == word)
            .ok_or(())
    }
}

/// The measures against a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Guard {
    /// How long [`Policy::WaitForRequeue`] waits.
    pub kill_extra: Duration,
    /// Whether jobs that are provably nowhere at the end are pushed back.
    pub rescue: bool,
    /// Before a first TERM while Redis does not answer and jobs run.
    pub redis_gone: RedisGone,
}

/// The decisions of one drain.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Plan {
    /// Name of the run.
    pub run: String,
    /// The stop sequence.
    pub sequence: Sequence,
    /// How it starts.
    pub mode: Mode,
    /// Before a KILL with jobs at stake.
    pub policy: Policy,
    /// The measures against a loss.
    pub guard: Guard,
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
     Use TSTP to quiet and TERM to stop; to send it anyway: --force-signal {}",
    .version.map_or_else(|| "this Sidekiq".to_string(), |v| format!("Sidekiq {v}")), .signal.name().to_lowercase()
)]
pub struct Refusal {
    /// The signal that would destroy work.
    pub signal: Signal,
    /// For which version; `None`: not known.
    pub version: Option<Version>,
}

impl Plan {
    /// An automatic drain by `sequence` with the choices that hold where none is made: it asks
    /// before a KILL that would cost jobs and before a TERM without Redis, waits at most 30 s for a push-back, ends a quiet wait
    /// at proof of idle, and rescues nothing by itself.
    pub fn of(sequence: Sequence) -> Self {
        Self {
            run: "not-begun".into(),
            sequence,
            mode: Mode::Automatic,
            policy: Policy::Ask,
            guard: Guard {
                kill_extra: Duration::from_secs(30),
                rescue: false,
                redis_gone: RedisGone::Ask,
            },
            early: Early::Idle,
            timeout: None,
            rehearsal: false,
        }
    }

    /// The signals of the sequence that would destroy work in a Sidekiq of one of `versions`
    /// and that were not forced.
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
