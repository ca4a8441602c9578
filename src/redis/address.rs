//! Where Redis is. The password stays inside: no text made here, errors included, may show it,
//! so errors never quote what they were given.

use std::fmt;

use thiserror::Error;

use super::login::Login;
use super::tls::Certificates;
use super::url;
use crate::core::clean::clean;

/// The address of a Redis server, with the logins to try and how TLS is checked. `Display` and
/// `Debug` leave users and passwords out.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    pub(super) endpoint: Endpoint,
    pub(super) database: u32,
    /// The logins to try, in this order; empty: none is needed.
    pub(super) logins: Vec<Login>,
    pub(super) certificates: Certificates,
}

/// Where it listens.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    Tcp(HostPort),
    Tls(HostPort),
    Unix {
        path: String,
    },
    /// The Sentinels know which server is the primary of this name.
    Sentinel(Watched),
}

/// A host name or an address of the network, and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HostPort {
    pub(super) host: String,
    pub(super) port: u16,
}

/// A primary that Sentinels watch.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Watched {
    pub(super) sentinels: Vec<HostPort>,
    pub(super) name: String,
    /// The logins at the Sentinels themselves.
    pub(super) logins: Vec<Login>,
    /// Whether both they and the server speak TLS.
    pub(super) tls: bool,
}

/// Why a text is no address, and what to write instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Nothing was given.
    #[error("the Redis address is empty: write redis://HOST:PORT/DATABASE")]
    Empty,
    /// No known scheme.
    #[error(
        "the Redis address must begin with redis://, rediss://, unix:/ or sentinel://, or be the path of a socket"
    )]
    Scheme,
    /// The text in the place of the host is none.
    #[error("the Redis address names no host: write redis://HOST:PORT/DATABASE")]
    Host,
    /// The port is no number.
    #[error(
        "the port of the Redis address is no number from 1 to 65535 (in a password, write : / @ ? # and % as %3A %2F %40 %3F %23 %25)"
    )]
    Port,
    /// The database is no number.
    #[error(
        "the database of the Redis address is no number: write redis://HOST:PORT/0 or unix:///PATH?db=0"
    )]
    Database,
    /// A `%` that encodes nothing.
    #[error("user or password of the Redis address is wrongly encoded: write a % as %25")]
    Encoding,
    /// No absolute path of a socket.
    #[error("the Redis address names no socket: write unix:///run/redis/redis.sock")]
    Socket,
    /// Sentinels without the name of what they watch.
    #[error("the Sentinel address names no primary: write sentinel://HOST:26379,HOST:26379/NAME")]
    Primary,
    /// `rediss://` in a build without TLS.
    #[error(
        "this drainboard was built without TLS, which rediss:// needs: build it with the feature tls"
    )]
    NoTls,
}

impl Address {
    /// Where Redis listens when no address is given, as Sidekiq assumes too.
    pub fn local() -> Self {
        let place = HostPort {
            host: "127.0.0.1".into(),
            port: url::REDIS_PORT,
        };
        Self::of(Endpoint::Tcp(place))
    }

    pub(super) fn of(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            database: 0,
            logins: Vec::new(),
            certificates: Certificates::default(),
        }
    }

    /// Reads an address in any form that Sidekiq takes: a URL as redis-client 0.22 and redis-rb
    /// 4.8 read it, the path of a socket, or the Sentinels of a primary.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        url::read(text.trim())
    }

    /// The same address, whose server is checked by these certificates.
    #[must_use]
    pub fn with_certificates(self, certificates: Certificates) -> Self {
        Self {
            certificates,
            ..self
        }
    }

    /// The form for a header: `10.0.0.5:6379/0`, `/run/redis.sock?db=0`, `mymaster/0 by
    /// 10.0.0.7:26379`.
    pub fn short(&self) -> String {
        let database = self.database;
        let text = match &self.endpoint {
            Endpoint::Tcp(place) | Endpoint::Tls(place) => format!("{place}/{database}"),
            Endpoint::Unix { path } => format!("{path}?db={database}"),
            Endpoint::Sentinel(watched) => {
                let places: Vec<String> =
                    watched.sentinels.iter().map(HostPort::to_string).collect();
                format!("{}/{}/{database}", places.join(","), watched.name)
            }
        };
        clean(&text, 200)
    }

    /// Whether it speaks TLS.
    pub fn is_tls(&self) -> bool {
        match &self.endpoint {
            Endpoint::Tls(_) => true,
            Endpoint::Sentinel(watched) => watched.tls,
            Endpoint::Tcp(_) | Endpoint::Unix { .. } => false,
        }
    }

    /// Whether it speaks TLS and takes any certificate for the server's.
    pub fn is_unchecked(&self) -> bool {
        self.is_tls() && self.certificates.insecure
    }

    /// Whether Sentinels are asked where the server is.
    pub fn is_by_sentinel(&self) -> bool {
        matches!(self.endpoint, Endpoint::Sentinel(_))
    }

    /// Whether both lead to the same keys; users and passwords do not count, and `localhost` is
    /// `127.0.0.1`.
    pub fn same_place(&self, other: &Self) -> bool {
        let place = |address: &Self| address.short().replacen("localhost:", "127.0.0.1:", 1);
        self.is_tls() == other.is_tls() && place(self) == place(other)
    }

    /// The address as a URL without user and password.
    pub fn url(&self) -> String {
        let scheme = match &self.endpoint {
            Endpoint::Tcp(_) => "redis",
            Endpoint::Tls(_) => "rediss",
            Endpoint::Unix { .. } => "unix",
            Endpoint::Sentinel(watched) if watched.tls => "sentinels",
            Endpoint::Sentinel(_) => "sentinel",
        };
        format!("{scheme}://{}", self.short())
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(formatter, "[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "{}:{}", self.host, self.port)
        }
    }
}

/// The URL, and that its certificate is not checked where that holds.
impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url();
        if self.is_unchecked() {
            write!(formatter, "{url}, certificate not checked")
        } else {
            formatter.write_str(&url)
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Address({self})")
    }
}
