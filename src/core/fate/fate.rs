//! The fates of jobs, and how many jobs ended which way. Words and numbers only.

use serde::{Deserialize, Serialize};

use super::super::fleet::Place;

/// The evidence of a job whose fate is not known because nothing has ended it.
pub const STILL_RUNNING: &str = "it was still running when the drain ended";

/// The fate of a job.
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

    /// The fate that a place in Redis gives to a job that a process ran, with the words for it.
    /// `None`: the place says nothing, or the job is in no place.
    pub fn at(place: &Place) -> Option<Ruling> {
        let (fate, why) = match place {
            Place::Work { identity } => (
                Self::PushedBack,
                format!("runs again on {}", identity.short()),
            ),
            Place::Queue { name } => (Self::PushedBack, format!("found in queue {name}")),
            Place::Private { identity } => (
                Self::PushedBack,
                format!(
                    "in the private list of {}: reliable fetch recovers it later",
                    identity.short()
                ),
            ),
            Place::Retry => (Self::Retried, "it failed; Sidekiq will retry it".into()),
            // It has ended, and its error is its own.
            Place::Dead => (
                Self::Finished,
                "it failed for good and stands in the dead set".into(),
            ),
            Place::Schedule => (Self::Retried, "it stands in the scheduled set".into()),
            Place::Nowhere { .. } | Place::NotAsked { .. } => return None,
        };
        Some(Ruling { fate, why })
    }
}

/// A fate with the evidence for it, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// The fate of the job.
    pub fate: Fate,
    /// How that is known.
    pub why: String,
}

impl Ruling {
    /// A ruling.
    pub fn new(fate: Fate, why: impl Into<String>) -> Self {
        Self {
            fate,
            why: why.into(),
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
        self.words_with(Fate::Unknown.word())
    }

    /// The same with this word for jobs of unknown fate.
    pub fn words_with(self, unknown: &str) -> String {
        let word = |fate: Fate| match fate {
            Fate::Unknown => unknown,
            Fate::Finished
            | Fate::Checkpointed
            | Fate::PushedBack
            | Fate::Retried
            | Fate::Rescued
            | Fate::Lost => fate.word(),
        };
        let met = Fate::ALL.into_iter().filter(|fate| self.of(*fate) > 0);
        let mut words: Vec<String> = met
            .map(|fate| format!("{} {}", self.of(fate), word(fate)))
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
