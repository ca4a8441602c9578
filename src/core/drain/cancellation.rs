//! How far the cancellation of one job is. An operator cancels it, during a drain or outside one.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use super::sentence::named;

/// The name of the records that belong to no drain.
pub const OUTSIDE_A_DRAIN: &str = "acts";

/// A step of the cancellation of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// How far it is; `None`: as far as a stage that this version does not know.
    #[serde(default, deserialize_with = "known_stage")]
    pub stage: Option<CancelStage>,
    /// The id of the job.
    pub jid: String,
    /// Its class.
    #[serde(default)]
    pub class: String,
    /// Its queue.
    #[serde(default)]
    pub queue: String,
    /// More about the stage, in words; null where there is nothing to add.
    pub note: Option<String>,
}

/// How far a cancellation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelStage {
    /// The mark is about to be written. Journal only.
    Intended,
    /// The mark stands in Redis.
    Sent,
    /// The mark was not written, or it is not known whether it was.
    Failed,
    /// The job has read the mark: its own log says so.
    Noticed,
    /// The job runs no more.
    Ended,
}

impl CancelStage {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Intended, "intended"),
        (Self::Sent, "sent"),
        (Self::Failed, "failed"),
        (Self::Noticed, "noticed"),
        (Self::Ended, "ended"),
    ];
}

impl FromStr for CancelStage {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        let known = Self::ALL.into_iter().find(|(_, known)| *known == word);
        known.map(|(stage, _)| stage).ok_or(())
    }
}

impl Cancellation {
    /// Its sentence for people.
    pub(super) fn sentence(&self) -> String {
        let said = match self.stage {
            Some(CancelStage::Intended) => "was about to be cancelled; nothing says whether it was",
            Some(CancelStage::Sent) => "is marked as cancelled in Redis",
            Some(CancelStage::Failed) => "was not cancelled",
            Some(CancelStage::Noticed) => "has noticed that it is cancelled",
            Some(CancelStage::Ended) => "runs no more after its cancellation",
            None => "is cancelled: a stage that this version does not know",
        };
        let note = self.note.as_ref();
        let note = note.map_or_else(String::new, |note| format!(": {note}"));
        format!("{} {said}{note}", named(&self.class, Some(&self.jid)))
    }
}

fn known_stage<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<CancelStage>, D::Error> {
    let word = Option::<String>::deserialize(deserializer)?;
    Ok(word.and_then(|word| word.parse().ok()))
}
