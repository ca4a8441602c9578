//! The facts about a systemd unit that runs a Sidekiq: its settings, and which of several lines
//! of one setting holds. What these settings do to Sidekiq on a stop is said by `behaviour`.

use std::time::Duration;

use super::acts::{SidekiqContainer, containers};
use crate::core::layers::command_line::{CommandLine, Wrapper};
use crate::core::layers::systemd_unit::DEFAULT_LIMIT;
use crate::core::layers::{FilePlace, Layer, LocatedSetting, Value};

/// The kind of process that `MainPID` of a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MainProcess {
    /// A Sidekiq: its pid is that of a heartbeat.
    Sidekiq,
    /// The parent of a swarm.
    Swarm,
    /// Something that started Sidekiq and stayed.
    Wrapper,
}

impl MainProcess {
    /// The word of the JSON form.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sidekiq => "sidekiq",
            Self::Swarm => "swarm",
            Self::Wrapper => "wrapper",
        }
    }
}

/// A systemd unit that runs a Sidekiq.
#[derive(Clone, Debug, Default)]
pub struct UnitFacts {
    /// Its name.
    pub name: String,
    /// Its settings from files and from what is loaded, in the order in which they were read.
    pub settings: Vec<LocatedSetting>,
    /// The kind of its `MainPID`, compared with the heartbeats.
    pub main: Option<MainProcess>,
    /// Whether it is a user unit.
    pub is_user_unit: Option<bool>,
    /// Whether its user lingers.
    pub lingering: Option<bool>,
}

/// How long systemd waits before it kills a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopLimit {
    /// This long.
    Known(Duration, FilePlace),
    /// Without end.
    Infinite(FilePlace),
    /// Not written: systemd's own 90 s (`DefaultTimeoutStopSec`), unless the manager has another.
    Default,
    /// Written, but not as something that can be read here.
    Unread(FilePlace, String),
}

impl StopLimit {
    /// systemd's own wait (systemd-system.conf(5)).
    pub const DEFAULT: Duration = DEFAULT_LIMIT;

    /// The span; `None` where there is no end or it cannot be read.
    pub fn span(&self) -> Option<Duration> {
        match self {
            Self::Known(span, _) => Some(*span),
            Self::Default => Some(Self::DEFAULT),
            Self::Infinite(_) | Self::Unread(..) => None,
        }
    }

    /// The place, if it is written anywhere.
    pub fn place(&self) -> Option<&FilePlace> {
        match self {
            Self::Known(_, place) | Self::Infinite(place) | Self::Unread(place, _) => Some(place),
            Self::Default => None,
        }
    }
}

impl UnitFacts {
    /// The value that holds for a setting: that which is loaded, else the last usable line of the files.
    pub fn setting(&self, name: &str) -> Option<&LocatedSetting> {
        let last = |layer: Layer| {
            self.settings
                .iter()
                .rev()
                .find(|l| l.layer == layer && l.setting == name && l.value.is_usable())
        };
        last(Layer::SystemdLoaded).or_else(|| last(Layer::Systemd))
    }

    /// The same as a text.
    pub fn word(&self, name: &str) -> Option<&str> {
        self.setting(name)?.value.as_text()
    }

    /// `TimeoutStopSec` as it holds.
    pub fn stop_limit(&self) -> StopLimit {
        let Some(located) = self.setting("TimeoutStopSec") else {
            return StopLimit::Default;
        };
        let from = located.from.clone();
        match &located.value {
            Value::Span(span) => StopLimit::Known(*span, from),
            Value::Infinite => StopLimit::Infinite(from),
            other @ (Value::Text(_)
            | Value::Flag(_)
            | Value::Expression(_)
            | Value::Unusable { .. }
            | Value::Default(_)) => StopLimit::Unread(from, other.to_string()),
        }
    }

    /// The lines of `TimeoutStopSec` that another line overrides, with the one that holds.
    pub fn overridden_stop_limits(&self) -> Option<(&LocatedSetting, Vec<&LocatedSetting>)> {
        let written: Vec<&LocatedSetting> = self
            .settings
            .iter()
            .filter(|l| l.layer == Layer::Systemd && l.setting == "TimeoutStopSec")
            .filter(|l| l.value.is_usable())
            .collect();
        let (last, earlier) = written.split_last()?;
        Some((last, earlier.to_vec()))
    }

    /// The containers with a Sidekiq that it runs.
    pub(super) fn containers(&self) -> Vec<SidekiqContainer> {
        let started = self.commands("ExecStart").into_iter();
        let texts = started.filter_map(|located| located.value.as_text());
        texts.flat_map(containers).collect()
    }

    /// Every line of a command setting that holds, in order: what is loaded, else the files.
    /// systemd runs all of them, one after the other.
    pub fn commands(&self, name: &str) -> Vec<&LocatedSetting> {
        let of = |layer: Layer| -> Vec<&LocatedSetting> {
            let lines = self.settings.iter();
            lines
                .filter(|l| l.layer == layer && l.setting == name)
                .collect()
        };
        let loaded = of(Layer::SystemdLoaded);
        if loaded.is_empty() {
            of(Layer::Systemd)
        } else {
            loaded
        }
    }

    /// Whether it tells systemd when it is ready and when it stops (`Type=notify`,
    /// `notify-reload`).
    pub fn notifies(&self) -> bool {
        self.word("Type")
            .is_some_and(|kind| kind.starts_with("notify"))
    }

    /// Whether systemd takes a message of its `ExecStop=` for one of the unit, and so gives its
    /// stop more time (`systemd.service(5)`: `NotifyAccess=`, `TimeoutStopSec=`).
    pub fn hears_its_exec_stop(&self) -> bool {
        self.notifies() && matches!(self.word("NotifyAccess"), Some("exec" | "all"))
    }

    /// The command line of `ExecStart`.
    pub fn command(&self) -> Option<CommandLine> {
        CommandLine::read(self.word("ExecStart")?)
    }

    /// The kind of its main process: as seen, else as far as `ExecStart` tells.
    pub fn main_process(&self) -> Result<MainProcess, Wrapper> {
        if let Some(main) = self.main {
            return Ok(main);
        }
        match self.command() {
            Some(line) if line.wrapper == Wrapper::ShellStays => Ok(MainProcess::Wrapper),
            Some(line) if line.swarm && line.wrapper == Wrapper::None => Ok(MainProcess::Swarm),
            Some(line) if line.wrapper == Wrapper::None => Ok(MainProcess::Sidekiq),
            Some(line) => Err(line.wrapper),
            None => Err(Wrapper::Unknown),
        }
    }
}
