//! Which Redis is asked: the addresses that flag, environment, configuration and local Sidekiqs
//! name. It opens no connection.

use std::env;

use nix::unistd::Uid;

use super::output::tell;
use crate::core::choice::Choice as Targets;
use crate::core::config::{Settings, StatedAddress, TlsFiles};
use crate::core::fleet::{HostLook, LocalProcess, RedisAddress, Surroundings, Title};
use crate::host::Scanner;
use crate::redis::{self, AddressChoice, Candidates, Certificates, ChoiceError};

/// The addresses that are stated, as the choice takes them.
#[derive(Debug)]
pub(super) struct Stated {
    flag: Option<StatedAddress>,
    environment: Result<Option<(String, String)>, ChoiceError>,
    configuration: Option<StatedAddress>,
    certificates: Certificates,
}

impl Stated {
    /// The addresses of flag, environment and configuration.
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            flag: settings.redis.flag.clone(),
            environment: redis::from_environment(|name| env::var(name).ok()),
            configuration: settings.redis.configuration.clone(),
            certificates: certificates(&settings.redis.tls),
        }
    }

    /// Whether the address is known before this host is looked at.
    pub(super) fn is_stated(&self) -> bool {
        self.flag.is_some() || self.configuration.is_some() || !matches!(self.environment, Ok(None))
    }

    /// The address that holds.
    pub(super) fn choose(
        &self,
        local: &[(u32, RedisAddress)],
    ) -> Result<AddressChoice, ChoiceError> {
        let environment = match (&self.flag, &self.environment) {
            // A flag goes before an environment that is wrong.
            (Some(_), _) => None,
            (None, Ok(named)) => named.as_ref(),
            (None, Err(error)) => return Err(error.clone()),
        };
        redis::choose(Candidates {
            flag: self.flag.as_ref().map(|stated| stated.address.expose()),
            environment,
            certificates: Some(&self.certificates),
            configuration: self
                .configuration
                .as_ref()
                .map(|stated| (stated.origin.as_str(), stated.address.expose())),
            local,
        })
    }
}

fn certificates(files: &TlsFiles) -> Certificates {
    Certificates {
        ca: files.ca.clone(),
        cert: files.cert.clone(),
        key: files.key.clone(),
        insecure: files.insecure,
    }
}

/// The address that is stated, or that the Sidekiqs of this host name.
pub(super) fn chosen(settings: &Settings) -> Result<AddressChoice, ChoiceError> {
    let stated = Stated::of(settings);
    let local = if stated.is_stated() {
        Vec::new()
    } else {
        let look = Scanner::new().and_then(|mut scanner| scanner.scan(&[]));
        let found = look.map(|look| named_addresses(&look, |_| false));
        let found = found.unwrap_or_default();
        if let Some(note) = found.note() {
            tell(&note);
        }
        found.taken
    };
    stated.choose(&local)
}

/// The addresses in the environments of the Sidekiqs of this host that `choice` names by pid or
/// by unit; of all that are trusted where it names none so.
pub(super) fn addresses_of(look: &HostLook, choice: &Targets) -> NamedAddresses {
    let is_named = |process: &LocalProcess| {
        let unit = process.surroundings.unit_name();
        choice.names_by_pid(process) || unit.is_some_and(|unit| choice.names_unit(unit))
    };
    let mut found = named_addresses(look, is_named);
    if !choice.pids.is_empty() || !choice.units.is_empty() {
        let named: Vec<u32> = (look.processes.iter())
            .filter(|process| is_named(process))
            .map(|process| process.id.pid)
            .collect();
        found.taken.retain(|(pid, _)| named.contains(pid));
    }
    found
}

/// The addresses in the environments of the Sidekiqs of this host.
#[derive(Debug, Default)]
pub(super) struct NamedAddresses {
    /// Addresses of processes that are trusted, by pid.
    pub(super) taken: Vec<(u32, RedisAddress)>,
    /// Addresses of other users' processes, by pid and user id: any user may start a process that
    /// looks like a Sidekiq and names a Redis of his own.
    left: Vec<(u32, u32, RedisAddress)>,
}

impl NamedAddresses {
    /// The words about the addresses that are not taken.
    pub(super) fn note(&self) -> Option<String> {
        let (pid, uid, address) = self.left.first()?;
        let more = match self.left.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        Some(format!(
            "the address of pid {pid} of user id {uid} is not taken ({address}{more}): name it by --redis, or its process by --pid or --unit"
        ))
    }
}

/// The addresses in the environments of the Sidekiqs of this host: of this user's own processes,
/// and of those that are `named` as targets.
pub(super) fn named_addresses(
    look: &HostLook,
    named: impl Fn(&LocalProcess) -> bool,
) -> NamedAddresses {
    let own = Uid::effective().as_raw();
    let sidekiqs = look.processes.iter().filter(|process| match process.title {
        Title::Beating { .. } | Title::Booting(_) => true,
        Title::Swarm | Title::Other(_) => false,
    });
    let mut found = NamedAddresses::default();
    for process in sidekiqs {
        let Surroundings { uid, redis_url, .. } = &process.surroundings;
        let (pid, Some(address)) = (process.id.pid, redis_url.clone()) else {
            continue;
        };
        if *uid == own || named(process) {
            found.taken.push((pid, address));
        } else {
            found.left.push((pid, *uid, address));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::core::fleet::{Above, LocalId};
    use crate::core::moment::Moment;
    use crate::core::sidekiq::shown;

    fn process(pid: u32, uid: u32, wrapper: u32) -> LocalProcess {
        let id = LocalId {
            pid,
            start_ticks: 1,
        };
        let process = shown::process(id, "util1", 0.0);
        LocalProcess {
            title: Title::Booting("sidekiq".into()),
            surroundings: Surroundings {
                uid,
                redis_url: Some(RedisAddress::new("redis://:secret@10.0.0.9/0")),
                above: Above {
                    wrappers: vec![wrapper],
                    ..Above::default()
                },
                ..process.surroundings.clone()
            },
            ..process
        }
    }

    #[test]
    fn an_address_of_another_users_process_is_taken_where_it_is_named_and_else_said() {
        let own = Uid::effective().as_raw();
        let now = Moment::new(Duration::ZERO, jiff::Timestamp::UNIX_EPOCH);
        let processes = vec![process(7, own, 1), process(8, own + 1, 80)];
        let look = shown::scan("util1", processes, now);
        let taken = |choice: &Targets| {
            let found = addresses_of(&look, choice);
            let pids: Vec<u32> = found.taken.iter().map(|(pid, _)| *pid).collect();
            (pids, found.note())
        };
        let (pids, note) = taken(&Targets::default());
        assert_eq!(pids, [7]);
        let note = note.unwrap();
        assert!(
            note.contains("pid 8 of user id") && note.contains("is not taken"),
            "{note}"
        );
        assert!(!note.contains("secret"), "{note}");
        // Its own pid names it, and so does that of a wrapper.
        for pid in [8, 80] {
            let named = Targets {
                asked: true,
                pids: vec![pid],
                ..Targets::default()
            };
            assert_eq!(taken(&named), (vec![8], None));
        }
    }
}
