//! Which Redis is asked: the addresses that flag, environment, configuration and local Sidekiqs
//! name. It opens no connection.

use std::env;

use crate::core::choice::Choice as Targets;
use crate::core::config::{Settings, StatedAddress, TlsFiles};
use crate::core::fleet::{HostLook, RedisAddress, Title};
use crate::host::Scanner;
use crate::redis::{self, Candidates, Certificates, Choice, ChoiceError};

/// The addresses that are stated, as the choice takes them.
#[derive(Debug)]
pub(super) struct Stated {
    flag: Option<StatedAddress>,
    environment: Result<Option<(String, String)>, ChoiceError>,
    configuration: Option<StatedAddress>,
    certificates: Certificates,
}

impl Stated {
    /// What flag, environment and configuration say.
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            flag: settings.redis.flag.clone(),
            environment: redis::from_environment(|name| env::var(name).ok()),
            configuration: settings.redis.configuration.clone(),
            certificates: certificates(&settings.redis.tls),
        }
    }

    /// Whether the address is known before anybody looks at this host.
    pub(super) fn is_stated(&self) -> bool {
        self.flag.is_some() || self.configuration.is_some() || !matches!(self.environment, Ok(None))
    }

    /// The address that holds.
    pub(super) fn choose(&self, local: &[(u32, RedisAddress)]) -> Result<Choice, ChoiceError> {
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
pub(super) fn chosen(settings: &Settings) -> Result<Choice, ChoiceError> {
    let stated = Stated::of(settings);
    let local = if stated.is_stated() {
        Vec::new()
    } else {
        let look = Scanner::new().and_then(|mut scanner| scanner.scan(&[]));
        look.as_ref().map(named_addresses).unwrap_or_default()
    };
    stated.choose(&local)
}

/// The addresses in the environments of the Sidekiqs of this host that `choice` names by pid or
/// by unit; of all of them where it names none so.
pub(super) fn addresses_of(look: &HostLook, choice: &Targets) -> Vec<(u32, RedisAddress)> {
    let all = named_addresses(look);
    if choice.pids.is_empty() && choice.units.is_empty() {
        return all;
    }
    let is_named = |pid: u32| {
        let process = look.processes.iter().find(|process| process.id.pid == pid);
        let unit = process.and_then(|process| process.surroundings.unit_name());
        choice.pids.contains(&pid) || unit.is_some_and(|unit| choice.names_unit(unit))
    };
    all.into_iter().filter(|(pid, _)| is_named(*pid)).collect()
}

/// The addresses in the environments of the Sidekiqs of this host.
pub(super) fn named_addresses(look: &HostLook) -> Vec<(u32, RedisAddress)> {
    let sidekiqs = look.processes.iter().filter(|process| match process.title {
        Title::Beating { .. } | Title::Booting(_) => true,
        Title::Swarm | Title::Other(_) => false,
    });
    sidekiqs
        .filter_map(|process| Some((process.id.pid, process.surroundings.redis_url.clone()?)))
        .collect()
}
