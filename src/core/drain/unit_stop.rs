//! The stop of a systemd unit that may take TERM's place: the choice, the unit, and what is known of
//! it. Values only; `unit` decides which way a stop goes.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::policy::UnknownWord;
use crate::core::clean::clean;
use crate::core::fleet::{Keeper, Route, Unit, UnitScope};
use crate::core::moment::Moment;
use crate::core::sequence::{Timeout, nearest};
use crate::core::timing::CLEANUP;

/// When the stop of its unit takes TERM's place, where systemd would start it again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum StopUnit {
    /// Once the process is proven idle; else plain TERM goes.
    #[default]
    Idle,
    /// In any case: systemd's own KILL then cannot be held.
    Always,
    /// Never: plain TERM goes.
    Never,
}

impl StopUnit {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Idle, Self::Always, Self::Never];

    /// The word on the command line and in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}

impl fmt::Display for StopUnit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

impl FromStr for StopUnit {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let found = Self::ALL.into_iter().find(|word| word.word() == text);
        found.ok_or_else(|| UnknownWord {
            word: clean(text, 40),
            expected: "idle, always or never",
            nearest: nearest(text, Self::ALL.map(Self::word)),
        })
    }
}

/// The stop of a unit whose main process is a target, found possible before the drain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitStop {
    /// Which unit.
    pub unit: Unit,
    /// How systemctl may be called for it.
    pub route: Route,
    /// `Restart=` as it is loaded.
    pub restart: String,
    /// Whether systemd starts it again after a TERM that Sidekiq answers; else only after KILL.
    pub after_term: bool,
    /// How long after its own TERM systemd kills (`TimeoutStopSec`); `None`: never.
    pub limit: Option<Duration>,
    /// `ExecStop=`, which runs before that TERM.
    pub first: Option<String>,
}

/// How a target may be told to stop, and what is known of that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stop {
    /// The unit that it runs in.
    pub runs_in: Option<Unit>,
    /// The program that starts it again besides systemd.
    pub keeper: Option<Keeper>,
    /// The stop of that unit, where it is possible and of use.
    pub unit: Option<UnitStop>,
    /// When that takes TERM's place.
    pub when: StopUnit,
    /// Whether its unit's stop was begun, or may have been.
    pub begun: bool,
    /// When systemd kills it, once its unit's stop was begun.
    pub systemd_kills: Option<Moment>,
    /// Whether it was proven idle before TERM or INT was sent: then no job was interrupted.
    pub idle_before: bool,
}

impl Stop {
    /// The stop of its unit that TERM will be whatever runs then.
    pub fn certain(&self) -> Option<&UnitStop> {
        self.unit.as_ref().filter(|_| self.when == StopUnit::Always)
    }

    /// Whether systemd's own KILL, where it will come or is coming, leaves Sidekiq its timeout
    /// and the time to push back.
    pub fn leaves_time(&self, timeout: &Timeout) -> bool {
        let begun = self.unit.as_ref().filter(|_| self.begun);
        let limit = begun.or(self.certain()).and_then(|stop| stop.limit);
        limit.is_none_or(|limit| limit >= timeout.span + CLEANUP)
    }
}

/// A unit in a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitWords {
    /// Its name.
    pub unit: String,
    /// Whether it is one of a user's own systemd.
    #[serde(default)]
    pub user: bool,
}

impl From<&Unit> for UnitWords {
    fn from(unit: &Unit) -> Self {
        Self {
            unit: unit.name.clone(),
            user: unit.scope != UnitScope::System,
        }
    }
}
