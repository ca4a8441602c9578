//! A systemd unit as a process names it by its control group: its name, and whose systemd it
//! belongs to. Words only; nothing here asks systemd.

use std::fmt;
use std::sync::Arc;

use crate::core::layers::LocatedSetting;
use crate::core::moment::Moment;

/// The systemd that a unit belongs to.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
pub enum UnitScope {
    /// That of the machine.
    #[default]
    System,
    /// That of the user who runs this program (`systemctl --user`).
    Own,
    /// That of another user, by uid.
    Other(u32),
}

/// An unit.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Unit {
    /// Its full name as systemd prints it (`sidekiq@1.service`, `\x2d` kept).
    pub name: String,
    /// Its owner.
    pub scope: UnitScope,
}

/// systemd's own limit (`UNIT_NAME_MAX` in its `unit-name.h`).
const LONGEST: usize = 255;

impl Unit {
    /// A unit of the machine's systemd.
    pub fn of_system(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            scope: UnitScope::System,
        }
    }

    /// Whether its name is that of a service by systemd's own rules (systemd.unit(5)): what is
    /// none is never given to a command.
    pub fn is_sound(&self) -> bool {
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || b":-_.\\@".contains(&byte);
        let stem = self.name.strip_suffix(".service");
        stem.is_some_and(|stem| !stem.is_empty() && !stem.starts_with(['-', '@']))
            && self.name.len() <= LONGEST
            && self.name.bytes().all(valid)
    }

    /// The command line that does `verb` to it, ready to paste: `systemctl restart
    /// sidekiq.service`.
    pub fn command(&self, verb: &str) -> String {
        // A shell would take the backslash of an escaped name away.
        let name = if self.name.contains('\\') {
            format!("'{}'", self.name)
        } else {
            self.name.clone()
        };
        match self.scope {
            UnitScope::System => format!("systemctl {verb} {name}"),
            UnitScope::Own => format!("systemctl --user {verb} {name}"),
            UnitScope::Other(uid) => format!(
                "sudo -u '#{uid}' env XDG_RUNTIME_DIR=/run/user/{uid} systemctl --user {verb} {name}"
            ),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

/// How systemctl may be called for a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Route {
    /// As it is: root, one's own user's systemd, or polkit permits it.
    Plain,
    /// Through `sudo -n`.
    Sudo,
}

/// Why a unit may not be stopped from here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub enum NoRoute {
    /// No service was asked.
    #[error("nothing may be changed here (--read-only)")]
    ReadOnly,
    /// It is not known what systemd has loaded of it.
    #[error("{0}")]
    NotLoaded(String),
    /// It is not permitted; and what would help.
    #[error("{0}")]
    NotPermitted(String),
}

/// The loaded state of a unit, and whether it may be stopped from here.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct UnitLook {
    /// Which unit.
    pub unit: Unit,
    /// When it was asked.
    pub at: Moment,
    /// The values of `systemctl show`; or why there are none.
    pub loaded: Result<Arc<[LocatedSetting]>, String>,
    /// How it may be stopped; or why it may not.
    pub may_stop: Result<Route, NoRoute>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_reaches_the_systemd_that_has_the_unit() {
        let unit = |name: &str, scope| Unit {
            name: name.into(),
            scope,
        };
        let cases = [
            (
                unit("sidekiq@1.service", UnitScope::System),
                "systemctl restart sidekiq@1.service",
            ),
            (
                unit("app.service", UnitScope::Own),
                "systemctl --user restart app.service",
            ),
            (
                unit("my\\x2dapp.service", UnitScope::System),
                "systemctl restart 'my\\x2dapp.service'",
            ),
            (
                unit("app.service", UnitScope::Other(1000)),
                "sudo -u '#1000' env XDG_RUNTIME_DIR=/run/user/1000 systemctl --user restart app.service",
            ),
        ];
        for (unit, expected) in cases {
            assert_eq!(unit.command("restart"), expected);
        }
    }

    #[test]
    fn only_names_of_services_are_ever_given_to_a_command() {
        for name in ["sidekiq.service", "a@1.service", "my\\x2dapp.service"] {
            assert!(Unit::of_system(name).is_sound(), "{name}");
        }
        let long = format!("{}.service", "a".repeat(250));
        for name in [
            "",
            ".service",
            "-x.service",
            "@1.service",
            "a b.service",
            "a;b.service",
            "sidekiq",
            "a.timer",
            "ü.service",
            &long,
        ] {
            assert!(!Unit::of_system(name).is_sound(), "{name}");
        }
    }
}
