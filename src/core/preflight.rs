//! The facts before a drain's first signal: the stop sequence that its targets' files ask
//! for, and the findings of the lint that concern this very drain. Pure: files were read with
//! the processes, and nothing is sent from here.

mod concern;
mod consent;
mod crash;
mod found;
mod inputs;
mod kept;
mod outlasting;
mod route;
mod seen;
mod unserved;

#[cfg(test)]
mod tests;

use std::time::Duration;

use super::choice::Choice;
use super::drain::StopUnit;
use super::fleet::{Fleet, ProcessKey, Unit};
use super::sequence::Signal;
use super::stop_clock::ExtendAtMost;

pub use concern::{findings, stops};
pub use consent::Consent;
pub use found::{FoundSequence, Unsettled, common_timeout, found_sequence};
pub use inputs::LintInputs;
pub use outlasting::outlasting;
pub use seen::{Grave, PlanSeen};
pub use unserved::{Unserved, UnservedQueue, unserved, unserved_words};

/// How a session looks at its plan before it begins, and what it saw.
#[derive(Clone, Debug, Default)]
pub struct Preflight {
    /// Whether no sequence was stated: then the targets' files may give one.
    pub is_open: bool,
    /// The process of a manifest, where one was named.
    pub process: Option<String>,
    /// The settings about systemd.
    pub systemd: Systemd,
    /// The processes that are drained unless others are chosen.
    pub whom: Whom,
    /// Rules that were set aside by name; `None` where a person confirms instead.
    pub despite: Option<Vec<&'static str>>,
    /// Signals that were forced.
    pub forced: Vec<Signal>,
    /// The result of the last look.
    pub seen: PlanSeen,
    /// The inputs of that look; `None`: it was one for other targets, or there was none.
    pub looked_by: Option<LintInputs>,
}

/// The processes that would be drained.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub enum Whom {
    /// Every process that a choice meets, new ones too.
    Chosen(Choice),
    /// Exactly these, as far as they live.
    Marked(Vec<ProcessKey>),
}

impl Default for Whom {
    fn default() -> Self {
        Self::Chosen(Choice::default())
    }
}

/// The settings of a drain about systemd.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Systemd {
    /// The unit in whose control group this program itself runs.
    pub inside: Option<Unit>,
    /// When the stop of its unit takes TERM's place.
    pub stop: StopUnit,
    /// How long this program may go on after the last step: its `on_finish` runs then.
    pub afterwards: Duration,
    /// How far the clock of the unit's stop may be moved, while this program is its `ExecStop=`.
    pub extend: ExtendAtMost,
}

impl Preflight {
    /// Whom a drain would have as its targets now.
    pub fn targets(&self, fleet: &Fleet) -> Vec<ProcessKey> {
        let lives = |key: &ProcessKey| {
            let process = fleet.get(key);
            process.is_some_and(|process| !process.exited())
        };
        match &self.whom {
            Whom::Chosen(choice) => choice.choose(fleet),
            Whom::Marked(marked) => marked.iter().filter(|key| lives(key)).cloned().collect(),
        }
    }

    /// Why the drain must not begin where no person is asked: every grave finding that was not
    /// set aside by name.
    pub fn objections(&self) -> Vec<String> {
        let Some(despite) = &self.despite else {
            return Vec::new();
        };
        let objection = |grave: Grave| match grave.rule {
            Some(rule) if despite.contains(&rule) => None,
            Some(rule) => Some(format!("{}; to drain anyway: --despite {rule}", grave.text)),
            None => Some(grave.text),
        };
        self.seen.grave().filter_map(objection).collect()
    }
}
