//! An address of a Redis as a process or this program names it. Two are compared by what they mean,
//! and none is ever printed with its password.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An address found in a process's environment. Its text holds the password and is never
/// printed; `Debug` and `Display` leave it out.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisAddress {
    secret: String,
}

impl RedisAddress {
    /// Wraps an address as found.
    pub fn new(url: impl Into<String>) -> Self {
        Self { secret: url.into() }
    }

    /// The address with its password, for connecting alone.
    pub fn expose(&self) -> &str {
        &self.secret
    }

    /// Whether both name the same database of the same server; `None` where that cannot be told
    /// without asking for host names.
    pub fn is_same(&self, other: &Self) -> Option<bool> {
        if self.secret == other.secret {
            return Some(true);
        }
        let (one, other) = (
            ServerDatabase::of(&self.secret)?,
            ServerDatabase::of(&other.secret)?,
        );
        if one.database != other.database || one.port != other.port {
            return Some(false);
        }
        if one.host == other.host {
            return Some(true);
        }
        // Two names may mean one server; two numbers do not.
        let is_number = |host: &str| host.parse::<std::net::IpAddr>().is_ok();
        (is_number(&one.host) && is_number(&other.host)).then_some(false)
    }
}

/// Server and database of an address.
struct ServerDatabase {
    /// Lower case, without brackets; every name of the own machine as `127.0.0.1`; the path of a
    /// socket.
    host: String,
    /// `None`: a socket.
    port: Option<u16>,
    database: u32,
}

impl ServerDatabase {
    fn of(url: &str) -> Option<Self> {
        let url = url.trim();
        let (place, parameters) = url.split_once('?').unwrap_or((url, ""));
        let named = |part: &str| part.strip_prefix("db=")?.parse().ok();
        let named = parameters.split('&').find_map(named).unwrap_or(0);
        if let Some(path) = place.strip_prefix("unix:").or(place.strip_prefix('/')) {
            return Some(Self {
                host: format!("/{}", path.trim_start_matches('/')),
                port: None,
                database: named,
            });
        }
        let plain = without_secrets(url);
        let (_, rest) = plain.split_once("://")?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            _ => (authority, 6379),
        };
        let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
        let host = match host.as_str() {
            "" | "localhost" | "::1" => "127.0.0.1".to_owned(),
            _ => host,
        };
        let path = path.trim_matches('/');
        Some(Self {
            host,
            port: Some(port),
            database: if path.is_empty() {
                named
            } else {
                path.parse().ok()?
            },
        })
    }
}

/// Written down without its password.
impl Serialize for RedisAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_string().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RedisAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// An address without user and password: what stands between `//` and the last `@` of the
/// authority is left out, and so are parameters behind `?`.
fn without_secrets(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("redis", url));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    // A password may hold a slash; the last `@` ends it in any case.
    let rest = rest.rsplit_once('@').map_or(rest, |(_, address)| address);
    crate::core::clean::clean(&format!("{scheme}://{rest}"), 200)
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&without_secrets(&self.secret))
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RedisAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_shows_its_password() {
        let shown = |url: &str| RedisAddress::new(url).to_string();
        assert_eq!(
            shown("redis://user:p%40ss@10.0.0.5:6379/2?x=1"),
            "redis://10.0.0.5:6379/2"
        );
        assert_eq!(shown("rediss://:p@s/s@host/0"), "rediss://host/0");
        assert_eq!(
            shown("unix:///run/redis.sock?password=secret"),
            "unix:///run/redis.sock"
        );
        assert_eq!(
            format!("{:?}", RedisAddress::new("redis://:secret@h")),
            "RedisAddress(redis://h)"
        );
    }

    #[test]
    fn addresses_are_compared_by_what_they_mean() {
        let same =
            |one: &str, other: &str| RedisAddress::new(one).is_same(&RedisAddress::new(other));
        for other in [
            "redis://127.0.0.1:6379/0",
            "redis://localhost",
            "redis://:secret@LOCALHOST:6379",
            "redis://[::1]/",
            "redis://user:pw@127.0.0.1/0?timeout=1",
            "redis://:se/cr@et@127.0.0.1?db=0",
            "rediss://LOCALHOST:6379/0",
            "127.0.0.1:6379",
        ] {
            assert_eq!(
                same("redis://127.0.0.1:6379/0", other),
                Some(true),
                "{other}"
            );
        }
        assert_eq!(
            same("redis://127.0.0.1/0", "redis://127.0.0.1/1"),
            Some(false)
        );
        assert_eq!(
            same("redis://127.0.0.1/0", "redis://127.0.0.1:6380"),
            Some(false)
        );
        assert_eq!(same("redis://10.0.0.1", "redis://10.0.0.2"), Some(false));
        assert_eq!(
            same("redis://cache", "redis://10.0.0.2"),
            None,
            "a name may be that number"
        );
        assert_eq!(same("redis://cache/0", "redis://redis/0"), None);
        assert_eq!(same("redis://cache/0", "redis://redis/1"), Some(false));
        assert_eq!(
            same("unix:///run/a.sock?db=1", "unix:///run/a.sock?db=1"),
            Some(true)
        );
        assert_eq!(same("unix:/run/a.sock", "/run/a.sock?db=0"), Some(true));
        let sentinels = "sentinel://h:26379/name/0";
        assert_eq!(same(sentinels, sentinels), Some(true));
        assert_eq!(same("unix:///run/a.sock", "redis://localhost"), Some(false));
        assert_eq!(
            same("redis://localhost/x", "redis://localhost"),
            None,
            "no database"
        );
    }
}
