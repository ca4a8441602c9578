//! Which Redis to ask: flag, environment, configuration, the environments of local Sidekiqs,
//! in that order. It is told all of them and reads nothing itself.

use std::fmt;

use thiserror::Error;

use super::address::{Address, AddressError};
use super::tls::Certificates;
use crate::core::fleet::RedisAddress;

/// Everything that may name an address.
#[derive(Clone, Copy, Debug, Default)]
pub struct Candidates<'a> {
    /// `--redis`.
    pub flag: Option<&'a str>,
    /// The address in the own environment: the variable and the address (see [`from_environment`]).
    pub environment: Option<&'a (String, String)>,
    /// How TLS is checked, whatever the address.
    pub certificates: Option<&'a Certificates>,
    /// The configuration: the place as people read it (`/etc/drainboard/config.yml:3`) and the
    /// address.
    pub configuration: Option<(&'a str, &'a str)>,
    /// Pids of local Sidekiqs with the address that their environment names.
    pub local: &'a [(u32, RedisAddress)],
}

/// The address chosen and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressChoice {
    /// The address.
    pub address: Address,
    /// Its origin in words: `--redis`, `REDIS_URL`, `config.yml:3`, `from pid 4242`, `default`.
    pub origin: String,
    /// Where it comes from local Sidekiqs and these name several: all of them, the chosen one
    /// first. Else empty.
    pub several: Vec<NamedAddress>,
    /// Addresses of local Sidekiqs that cannot be used, in words.
    pub unusable: Vec<String>,
}

/// An address with the local Sidekiqs that name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedAddress {
    /// The address.
    pub address: Address,
    /// The source that names it.
    pub pids: Vec<u32>,
}

/// Why there is no address, with the place that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChoiceError {
    /// The text there is no address.
    #[error("{origin}: {error}")]
    Wrong {
        /// Where it stands.
        origin: String,
        /// The fault.
        error: AddressError,
    },
    /// Sidekiq refuses this too (8.1.7 `lib/sidekiq/redis_connection.rb:92-111`).
    #[error(
        "REDIS_PROVIDER must hold the name of the variable that holds the address (REDIS_PROVIDER=MY_REDIS_URL), not the address itself: name the variable, or use REDIS_URL or --redis"
    )]
    ProviderIsAddress,
}

/// The address that an environment names, as Sidekiq finds it: the variable that
/// `REDIS_PROVIDER` names, else `REDIS_URL` (8.1.7 `lib/sidekiq/redis_connection.rb:92-111`).
/// Gives the variable and its value.
pub fn from_environment(
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<(String, String)>, ChoiceError> {
    let filled = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    if let Some(provider) = filled("REDIS_PROVIDER") {
        if provider.contains(':') {
            return Err(ChoiceError::ProviderIsAddress);
        }
        if let Some(url) = filled(provider.trim()) {
            return Ok(Some((provider.trim().to_owned(), url)));
        }
    }
    Ok(filled("REDIS_URL").map(|url| ("REDIS_URL".to_owned(), url)))
}

/// Chooses the address.
///
/// # Errors
/// If the one that is stated is none. One that only a local Sidekiq names is passed over and said.
pub fn choose(candidates: Candidates<'_>) -> Result<AddressChoice, ChoiceError> {
    let mut choice = place(candidates)?;
    if let Some(certificates) = candidates.certificates {
        choice.address = choice.address.with_certificates(certificates.clone());
    }
    Ok(choice)
}

fn place(candidates: Candidates<'_>) -> Result<AddressChoice, ChoiceError> {
    let named = candidates
        .flag
        .map(|url| ("--redis", url))
        .or(candidates
            .environment
            .map(|(name, url)| (name.as_str(), url.as_str())))
        .or(candidates.configuration);
    if let Some((origin, url)) = named {
        let address = read(origin, url)?;
        return Ok(alone(address, origin));
    }
    Ok(from_sidekiqs(candidates.local))
}

/// The address that most local Sidekiqs name, else the default.
fn from_sidekiqs(local: &[(u32, RedisAddress)]) -> AddressChoice {
    let mut several: Vec<NamedAddress> = Vec::new();
    let mut unusable = Vec::new();
    for (pid, url) in local {
        match read(&format!("from pid {pid}"), url.expose()) {
            Ok(address) => match several
                .iter_mut()
                .find(|named| named.address.same_place(&address))
            {
                Some(named) => named.pids.push(*pid),
                None => several.push(NamedAddress {
                    address,
                    pids: vec![*pid],
                }),
            },
            Err(error) => unusable.push(error.to_string()),
        }
    }
    several.sort_by_key(|named| std::cmp::Reverse(named.pids.len()));
    let Some(first) = several.first() else {
        return AddressChoice {
            unusable,
            ..alone(Address::local(), "default")
        };
    };
    let pid = first.pids.first().copied().unwrap_or_default();
    let address = first.address.clone();
    let others: usize = several[1..].iter().map(|named| named.pids.len()).sum();
    if others == 0 {
        several.clear();
    }
    let origin = match others {
        0 => format!("from pid {pid}"),
        1 => format!("from pid {pid}; 1 other Sidekiq here names another"),
        others => format!("from pid {pid}; {others} other Sidekiqs here name others"),
    };
    AddressChoice {
        address,
        origin,
        several,
        unusable,
    }
}

fn read(origin: &str, url: &str) -> Result<Address, ChoiceError> {
    Address::parse(url).map_err(|error| ChoiceError::Wrong {
        origin: origin.to_owned(),
        error,
    })
}

fn alone(address: Address, origin: &str) -> AddressChoice {
    AddressChoice {
        address,
        origin: origin.to_owned(),
        several: Vec::new(),
        unusable: Vec::new(),
    }
}

impl AddressChoice {
    /// The addresses that local Sidekiqs name, where they name several: `URL (pid 4242)`, the
    /// chosen one first.
    pub fn listed(&self) -> Option<String> {
        let listed = self.several.iter().map(|named| {
            let pids: Vec<String> = named.pids.iter().map(ToString::to_string).collect();
            format!("{} (pid {})", named.address, pids.join(", "))
        });
        let listed: Vec<String> = listed.collect();
        (!listed.is_empty()).then(|| listed.join("; "))
    }
}

impl fmt::Display for AddressChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.address, self.origin)
    }
}
