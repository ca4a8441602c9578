//! A call that brings a unit back to work after a drain: what systemd is told, and how that ended.

use serde::{Deserialize, Serialize};

use crate::core::fleet::{ProcessKey, Unit};

/// A command to systemd about a unit after a drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitVerb {
    /// Stop and start it: the process lives and fetches nothing.
    Restart,
    /// Start it: nothing runs in it.
    Start,
}

impl UnitVerb {
    /// The word of systemctl.
    pub fn word(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::Start => "start",
        }
    }
}

/// A call that would bring a unit back to work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitCall {
    /// The command.
    pub verb: UnitVerb,
    /// Of which unit.
    pub unit: Unit,
    /// For which target of the drain.
    pub target: ProcessKey,
}

impl UnitCall {
    /// The command that does it, ready to paste.
    pub fn command(&self) -> String {
        self.unit.command(self.verb.word())
    }
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallOutcome {
    /// systemd has taken it on.
    Taken,
    /// It was refused, or its outcome is not known.
    Failed {
        /// Why.
        why: String,
        /// Whether systemd may do it all the same.
        may_have_happened: bool,
    },
}
