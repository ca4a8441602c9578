//! How a drain ended: its outcome with the exit code, and its jobs by fate. Words and numbers
//! alone; `settle` weighs them.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::fate::Fate;

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

/// How many jobs met which fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Ended by themselves.
    pub finished: u64,
    /// Broke off at a checkpoint; their work goes on.
    pub checkpointed: u64,
    /// Back in a queue, or run again on another process.
    pub pushed_back: u64,
    /// Failed; a set of Sidekiq's has them.
    pub retried: u64,
    /// Pushed back by this program.
    pub rescued: u64,
    /// Gone.
    pub lost: u64,
    /// Not known.
    pub unknown: u64,
}

impl Counts {
    /// All of them.
    pub fn total(self) -> u64 {
        Fate::ALL.into_iter().map(|fate| self.of(fate)).sum()
    }

    /// How many met `fate`.
    pub fn of(mut self, fate: Fate) -> u64 {
        *self.count(Some(fate))
    }

    /// Counts one more job of this fate; a job without a fate is unknown.
    pub fn add(&mut self, fate: Option<Fate>) {
        *self.count(fate) += 1;
    }

    fn count(&mut self, fate: Option<Fate>) -> &mut u64 {
        match fate {
            Some(Fate::Finished) => &mut self.finished,
            Some(Fate::Checkpointed) => &mut self.checkpointed,
            Some(Fate::PushedBack) => &mut self.pushed_back,
            Some(Fate::Retried) => &mut self.retried,
            Some(Fate::Rescued) => &mut self.rescued,
            Some(Fate::Lost) => &mut self.lost,
            Some(Fate::Unknown) | None => &mut self.unknown,
        }
    }

    /// In words, the worst first: `1 LOST, 2 pushed back, 3 finished`. Fates that no job met are
    /// left out; that nothing was lost is said where it is certain: `2 finished, 0 lost`.
    pub fn words(self) -> String {
        let met = Fate::ALL.into_iter().filter(|fate| self.of(*fate) > 0);
        let mut words: Vec<String> = met
            .map(|fate| format!("{} {}", self.of(fate), fate.word()))
            .collect();
        if words.is_empty() {
            return "no jobs".into();
        }
        if self.lost + self.unknown == 0 {
            words.push("0 lost".into());
        }
        words.join(", ")
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
