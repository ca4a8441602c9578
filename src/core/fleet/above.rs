//! The processes above a Sidekiq: the one that starts another when it exits, and those that only
//! wrap it. Values; reading them is the work of `host`.

use std::fmt;

/// Everything that is known of the processes above one.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(from = "Recorded")]
pub struct Above {
    /// The nearest one that starts another Sidekiq when this one exits.
    pub keeper: Option<Keeper>,
    /// The pids of those that only wrap it (shells, `bundle`, `tini`), the nearest first.
    pub wrappers: Vec<u32>,
    /// Whether all processes that this program can see end with it, this program too: it is the
    /// first process of this pid namespace, or the only child of a container's `tini`.
    pub ends_all: bool,
}

/// A process that starts a Sidekiq again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Keeper {
    /// Its pid as this program sees it.
    pub pid: u32,
    /// The program that it is.
    pub kind: KeeperKind,
}

/// A program that starts its children again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum KeeperKind {
    /// `sidekiqswarm` of Sidekiq Enterprise.
    Swarm,
    /// Einhorn.
    Einhorn,
    /// A parent that forks its workers and replaces those that exit, as unicorn does.
    Forking,
    /// `supervisord`; its `autorestart` decides.
    Supervisord,
    /// `runsv` of runit.
    Runit,
    /// `s6-supervise`.
    S6,
    /// `supervise` of daemontools.
    Daemontools,
    /// pm2.
    Pm2,
    /// `circusd`.
    Circus,
    /// The program that runs a container; its restart policy decides, and cannot be seen from here.
    Container,
}

impl KeeperKind {
    /// Its name for people.
    fn name(self) -> &'static str {
        match self {
            Self::Swarm => "sidekiqswarm",
            Self::Einhorn => "einhorn",
            Self::Forking => "a parent that forks its workers",
            Self::Supervisord => "supervisord",
            Self::Runit => "runsv",
            Self::S6 => "s6-supervise",
            Self::Daemontools => "supervise",
            Self::Pm2 => "pm2",
            Self::Circus => "circusd",
            Self::Container => "the container's own supervisor",
        }
    }

    /// The words for its act once a Sidekiq below it has exited.
    pub fn deed(self) -> &'static str {
        match self {
            Self::Supervisord => "starts another one where autorestart=true says so",
            Self::Container => "starts it again where its restart policy says so",
            Self::Swarm
            | Self::Einhorn
            | Self::Forking
            | Self::Runit
            | Self::S6
            | Self::Daemontools
            | Self::Pm2
            | Self::Circus => "starts another one as soon as it exits",
        }
    }

    /// The command that keeps a Sidekiq below it down.
    pub fn stop(self) -> &'static str {
        match self {
            Self::Swarm | Self::Einhorn | Self::Forking => "stop that parent",
            Self::Supervisord => "supervisorctl stop NAME",
            Self::Runit => "sv down NAME",
            Self::S6 => "s6-svc -d DIRECTORY",
            Self::Daemontools => "svc -d DIRECTORY",
            Self::Pm2 => "pm2 stop NAME",
            Self::Circus => "circusctl stop NAME",
            Self::Container => "stop the container",
        }
    }
}

impl fmt::Display for Keeper {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (pid {})", self.kind.name(), self.pid)
    }
}

/// The forms of it in records: earlier ones have the pid of a `sidekiqswarm`, or none.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Recorded {
    Whole {
        keeper: Option<Keeper>,
        wrappers: Vec<u32>,
        ends_all: bool,
    },
    Swarm(Option<u32>),
}

impl From<Recorded> for Above {
    fn from(recorded: Recorded) -> Self {
        match recorded {
            Recorded::Whole {
                keeper,
                wrappers,
                ends_all,
            } => Self {
                keeper,
                wrappers,
                ends_all,
            },
            Recorded::Swarm(pid) => Self {
                keeper: pid.map(|pid| Keeper {
                    pid,
                    kind: KeeperKind::Swarm,
                }),
                ..Self::default()
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fleet::Surroundings;

    #[test]
    fn records_with_the_pid_of_a_swarm_are_still_read() {
        let around = |swarm: serde_json::Value| -> Surroundings {
            let mut value = serde_json::to_value(Surroundings::default()).unwrap();
            let members = value.as_object_mut().unwrap();
            members.remove("above");
            members.insert("swarm".into(), swarm);
            serde_json::from_value(value).unwrap()
        };
        assert_eq!(around(serde_json::Value::Null).above, Above::default());
        let keeper = around(20.into()).above.keeper;
        assert_eq!(keeper.unwrap().to_string(), "sidekiqswarm (pid 20)");
        let whole = Surroundings {
            above: Above {
                keeper,
                wrappers: vec![7, 1],
                ends_all: true,
            },
            ..Surroundings::default()
        };
        let text = serde_json::to_string(&whole).unwrap();
        assert_eq!(serde_json::from_str::<Surroundings>(&text).unwrap(), whole);
    }
}
