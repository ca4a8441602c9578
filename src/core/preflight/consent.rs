//! What somebody saw of a plan when he let it begin. A drain whose plan has become another
//! meanwhile does not begin on it.

use super::{Grave, Seen};
use crate::core::sequence::Sequence;

/// What somebody saw and let begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// The sequence that was shown.
    pub sequence: Sequence,
    /// What was grave, as it was shown; he set all of it aside.
    pub despite: Vec<Grave>,
    /// Why he drains, if he was asked.
    pub why: Option<String>,
}

impl Consent {
    /// A yes to what is seen now.
    pub fn to(seen: &Seen, sequence: &Sequence, why: Option<String>) -> Self {
        Self {
            sequence: sequence.clone(),
            despite: seen.grave().collect(),
            why,
        }
    }

    /// What of the plan as it is now he did not see, in words.
    pub fn missing(&self, seen: &Seen, sequence: &Sequence) -> Option<String> {
        if *sequence != self.sequence {
            return Some(format!(
                "the stop sequence has become `{sequence}`: look at it and begin again"
            ));
        }
        let fresh = seen.grave().find(|grave| !self.despite.contains(grave))?;
        Some(format!(
            "the check finds another error by now: {}",
            fresh.text
        ))
    }
}
