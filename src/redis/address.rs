//! Where Redis is, read from a URL. The password stays inside: no text made here, errors
//! included, may show it, so errors never quote what they were given.

use std::fmt;
use std::path::PathBuf;

use redis::io::tcp::TcpSettings;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo};
use thiserror::Error;

use crate::core::clean::clean;

const DEFAULT_PORT: u16 = 6379;

/// The address of a Redis server: `redis://`, `rediss://` or `unix://`, with user, password and
/// database. `Display` and `Debug` leave user and password out.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    endpoint: Endpoint,
    database: i64,
    user: Option<String>,
    password: Option<String>,
}

#[derive(Clone, PartialEq, Eq)]
enum Endpoint {
    Tcp { host: String, port: u16 },
    Tls { host: String, port: u16 },
    Unix { path: String },
}

/// Why a text is no address, and what to write instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Nothing was given.
    #[error("the Redis address is empty: write redis://HOST:PORT/DATABASE")]
    Empty,
    /// No known scheme.
    #[error("the Redis address must begin with redis://, rediss:// or unix://")]
    Scheme,
    /// No host between `//` and the port.
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
    /// `rediss://` in a build without TLS.
    #[error(
        "this drainboard was built without TLS, which rediss:// needs: build it with the feature tls"
    )]
    NoTls,
    /// `#insecure`, as other clients have it.
    #[error(
        "#insecure is not supported: put the authority's certificate into a file and name it in SSL_CERT_FILE"
    )]
    Insecure,
}

impl Address {
    /// Where Redis listens when nobody says otherwise, as Sidekiq assumes too.
    pub fn local() -> Self {
        Self {
            endpoint: Endpoint::Tcp {
                host: "127.0.0.1".into(),
                port: DEFAULT_PORT,
            },
            database: 0,
            user: None,
            password: None,
        }
    }

    /// Reads a URL.
    pub fn parse(url: &str) -> Result<Self, AddressError> {
        let url = url.trim();
        if url.is_empty() {
            return Err(AddressError::Empty);
        }
        let (scheme, rest) = url.split_once("://").ok_or(AddressError::Scheme)?;
        match scheme.to_ascii_lowercase().as_str() {
            "redis" => network(rest, false),
            "rediss" => network(rest, true),
            "unix" | "redis+unix" => socket(rest),
            _ => Err(AddressError::Scheme),
        }
    }

    /// The form for a header: `10.0.0.5:6379/0`, `/run/redis.sock?db=0`.
    pub fn short(&self) -> String {
        let text = match &self.endpoint {
            Endpoint::Tcp { host, port } | Endpoint::Tls { host, port } => {
                format!("{}:{port}/{}", bracketed(host), self.database)
            }
            Endpoint::Unix { path } => format!("{path}?db={}", self.database),
        };
        clean(&text, 200)
    }

    /// Whether it speaks TLS.
    pub fn is_tls(&self) -> bool {
        matches!(self.endpoint, Endpoint::Tls { .. })
    }

    /// Whether both lead to the same data; user and password do not count, and `localhost` is
    /// `127.0.0.1`.
    pub fn same_place(&self, other: &Self) -> bool {
        let place = |address: &Self| address.short().replacen("localhost:", "127.0.0.1:", 1);
        self.is_tls() == other.is_tls() && place(self) == place(other)
    }

    /// What the client needs to connect; the only way out for the password.
    pub(super) fn connection_info(&self) -> Result<ConnectionInfo, AddressError> {
        let address = match &self.endpoint {
            Endpoint::Tcp { host, port } => ConnectionAddr::Tcp(host.clone(), *port),
            Endpoint::Tls { host, port } => ConnectionAddr::TcpTls {
                host: host.clone(),
                port: *port,
                insecure: false,
                tls_params: None,
            },
            Endpoint::Unix { path } => ConnectionAddr::Unix(PathBuf::from(path)),
        };
        if !address.is_supported() {
            return Err(AddressError::NoTls);
        }
        let mut settings = RedisConnectionInfo::default()
            .set_db(self.database)
            .set_lib_name(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        if let Some(user) = &self.user {
            settings = settings.set_username(user);
        }
        if let Some(password) = &self.password {
            settings = settings.set_password(password);
        }
        // The client leaves Nagle's algorithm on unless told otherwise.
        let info = address
            .into_connection_info()
            .map_err(|_| AddressError::Host)?
            .set_redis_settings(settings)
            .set_tcp_settings(TcpSettings::default().set_nodelay(true));
        Ok(info)
    }
}

/// `[user[:password]@]host[:port][/database][?parameters]`.
fn network(rest: &str, tls: bool) -> Result<Address, AddressError> {
    // The last `@` ends the password, even if it holds one itself.
    let (credentials, place) = match rest.rsplit_once('@') {
        Some((credentials, place)) => (Some(credentials), place),
        None => (None, rest),
    };
    let (place, fragment) = place.split_once('#').unwrap_or((place, ""));
    if fragment == "insecure" {
        return Err(AddressError::Insecure);
    }
    let (place, query) = place.split_once('?').unwrap_or((place, ""));
    let (authority, path) = place.split_once('/').unwrap_or((place, ""));
    let (host, port) = host_and_port(authority)?;
    let (mut user, mut password) = (None, None);
    if let Some(credentials) = credentials {
        let (before, after) = credentials.split_once(':').unwrap_or((credentials, ""));
        user = filled(decode(before)?);
        password = filled(decode(after)?);
    }
    let parameters = Parameters::read(query)?;
    let database = match path.trim_matches('/') {
        "" => parameters.database.unwrap_or(0),
        number => database(number)?,
    };
    Ok(Address {
        endpoint: if tls {
            Endpoint::Tls { host, port }
        } else {
            Endpoint::Tcp { host, port }
        },
        database,
        user: user.or(parameters.user),
        password: password.or(parameters.password),
    })
}

/// `/path[?db=0&user=…&pass=…]`.
fn socket(rest: &str) -> Result<Address, AddressError> {
    let rest = rest.split('#').next().unwrap_or_default();
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = decode(path)?;
    if !path.starts_with('/') || path.len() < 2 {
        return Err(AddressError::Socket);
    }
    let parameters = Parameters::read(query)?;
    Ok(Address {
        endpoint: Endpoint::Unix { path },
        database: parameters.database.unwrap_or(0),
        user: parameters.user,
        password: parameters.password,
    })
}

/// What may stand behind `?`.
#[derive(Default)]
struct Parameters {
    database: Option<i64>,
    user: Option<String>,
    password: Option<String>,
}

impl Parameters {
    fn read(query: &str) -> Result<Self, AddressError> {
        let mut read = Self::default();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "db" => read.database = Some(database(value)?),
                "user" | "username" => read.user = filled(decode(value)?),
                "pass" | "password" => read.password = filled(decode(value)?),
                _ => {}
            }
        }
        Ok(read)
    }
}

fn database(text: &str) -> Result<i64, AddressError> {
    match text.parse::<u32>() {
        Ok(number) => Ok(i64::from(number)),
        Err(_) => Err(AddressError::Database),
    }
}

fn filled(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// Splits `host:port`, `[::1]:port`, `host`.
fn host_and_port(authority: &str) -> Result<(String, u16), AddressError> {
    let (host, port) = if let Some(inside) = authority.strip_prefix('[') {
        let (host, after) = inside.split_once(']').ok_or(AddressError::Host)?;
        (host, after.strip_prefix(':').unwrap_or(after))
    } else {
        authority.split_once(':').unwrap_or((authority, ""))
    };
    let host = decode(host).map_err(|_| AddressError::Host)?;
    if host.is_empty() || host.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(AddressError::Host);
    }
    match port {
        "" => Ok((host, DEFAULT_PORT)),
        number => match number.parse::<u16>() {
            Ok(port) if port > 0 => Ok((host, port)),
            _ => Err(AddressError::Port),
        },
    }
}

fn bracketed(host: &str) -> String {
    if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    }
}

/// Undoes percent encoding.
fn decode(text: &str) -> Result<String, AddressError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else {
            return Err(AddressError::Encoding);
        };
        bytes.push(u8::try_from(high * 16 + low).map_err(|_| AddressError::Encoding)?);
    }
    String::from_utf8(bytes).map_err(|_| AddressError::Encoding)
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.endpoint {
            Endpoint::Tcp { .. } => "redis",
            Endpoint::Tls { .. } => "rediss",
            Endpoint::Unix { .. } => "unix",
        };
        write!(formatter, "{scheme}://{}", self.short())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Address({self})")
    }
}
