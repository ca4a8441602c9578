//! The plan as the operator saw it when letting a drain begin. A drain whose plan has changed
//! meanwhile does not begin.

use super::{Grave, PlanSeen};
use crate::core::sequence::Sequence;

/// The plan that the operator saw and let begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// The sequence that was shown.
    pub sequence: Sequence,
    /// The grave findings as they were shown; the operator set all of them aside.
    pub despite: Vec<Grave>,
    /// The operator's reason, if one was asked for.
    pub why: Option<String>,
}

impl Consent {
    /// A yes to what is seen now.
    pub fn to(seen: &PlanSeen, sequence: &Sequence, why: Option<String>) -> Self {
        Self {
            sequence: sequence.clone(),
            despite: seen.grave().collect(),
            why,
        }
    }

    /// The part of the present plan that the operator did not see, in words.
    pub fn missing(&self, seen: &PlanSeen, sequence: &Sequence) -> Option<String> {
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
