//! Reads addresses as Sidekiq's clients do: redis-client 0.22 (`lib/redis_client/url_config.rb`,
//! Sidekiq 7 and 8) and redis-rb 4.8 (`lib/redis/client.rb`, `_parse_options`, Sidekiq 5 and 6).
//! Where the two differ both readings are kept, and the connection tries one after the other.

use super::address::{Address, AddressError, Endpoint, HostPort, Watched};
use super::login::Login;

/// Where Redis listens unless told otherwise.
pub(super) const REDIS_PORT: u16 = 6379;

/// Where a Sentinel listens unless told otherwise.
const SENTINEL_PORT: u16 = 26379;

/// Where there is no host in an address; both clients take `localhost` then.
const NO_HOST: &str = "localhost";

/// Reads an address.
pub(super) fn read(text: &str) -> Result<Address, AddressError> {
    if text.is_empty() {
        return Err(AddressError::Empty);
    }
    // Without a scheme it is the path of a socket (redis-client).
    if text.starts_with('/') {
        return socket(text);
    }
    let (scheme, rest) = text.split_once(':').ok_or(AddressError::Scheme)?;
    let after_slashes = rest.strip_prefix("//");
    match (scheme.to_ascii_lowercase().as_str(), after_slashes) {
        ("redis", Some(rest)) => network(rest, Endpoint::Tcp),
        ("rediss", Some(rest)) => network(rest, Endpoint::Tls),
        ("sentinel" | "redis+sentinel", Some(rest)) => sentinel(rest, false),
        ("sentinels" | "rediss+sentinel", Some(rest)) => sentinel(rest, true),
        ("unix" | "redis+unix", rest_after) => socket(rest_after.unwrap_or(rest)),
        (_, _) => Err(AddressError::Scheme),
    }
}

/// The part before the path, the path, and the part behind `?`.
struct Parts<'a> {
    /// User and password as written, percent signs and all.
    credentials: Option<&'a str>,
    authority: &'a str,
    path: &'a str,
    parameters: Parameters,
}

impl<'a> Parts<'a> {
    fn of(rest: &'a str) -> Result<Self, AddressError> {
        // The last `@` ends the password, even if it holds one itself.
        let (credentials, place) = match rest.rsplit_once('@') {
            Some((credentials, place)) => (Some(credentials), place),
            None => (None, rest),
        };
        let (place, _) = place.split_once('#').unwrap_or((place, ""));
        let (place, query) = place.split_once('?').unwrap_or((place, ""));
        let (authority, path) = place.split_once('/').unwrap_or((place, ""));
        Ok(Self {
            credentials,
            authority,
            path,
            parameters: Parameters::read(query)?,
        })
    }

    fn logins(&self) -> Result<Vec<Login>, AddressError> {
        let of_url = self.credentials.map(logins).transpose()?;
        let of_url = of_url.unwrap_or_default();
        Ok(if of_url.is_empty() {
            self.parameters.logins(None)
        } else {
            of_url
        })
    }
}

/// `[user[:password]@][host][:port][/database][?parameters]`.
fn network(rest: &str, endpoint: fn(HostPort) -> Endpoint) -> Result<Address, AddressError> {
    let parts = Parts::of(rest)?;
    let logins = parts.logins()?;
    let database = match parts.path.trim_matches('/') {
        "" => parts.parameters.database.unwrap_or(0),
        number => database(number)?,
    };
    let place = place(parts.authority, REDIS_PORT)?;
    Ok(Address {
        database,
        logins,
        ..Address::of(endpoint(place))
    })
}

/// `[user[:password]@]host[:port][,host[:port]…]/NAME[/database][?sentinel_password=…]`. User and
/// password are those of the server; the Sentinels may have their own.
fn sentinel(rest: &str, tls: bool) -> Result<Address, AddressError> {
    let parts = Parts::of(rest)?;
    let logins = parts.logins()?;
    let (name, number) = parts.path.split_once('/').unwrap_or((parts.path, ""));
    let name = decode(name, false)?;
    if name.is_empty() {
        return Err(AddressError::Primary);
    }
    let sentinels = parts.authority.split(',');
    let sentinels = sentinels.map(|text| place(text, SENTINEL_PORT));
    let database = match number.trim_matches('/') {
        "" => parts.parameters.database.unwrap_or(0),
        number => database(number)?,
    };
    Ok(Address {
        database,
        logins,
        ..Address::of(Endpoint::Sentinel(Watched {
            sentinels: sentinels.collect::<Result<_, _>>()?,
            name,
            logins: parts.parameters.logins(Some("sentinel_")),
            tls,
        }))
    })
}

/// `/path[?db=0&user=…&pass=…]`.
fn socket(rest: &str) -> Result<Address, AddressError> {
    let rest = rest.split('#').next().unwrap_or_default();
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = decode(path, false)?;
    if !path.starts_with('/') || path.len() < 2 {
        return Err(AddressError::Socket);
    }
    let parameters = Parameters::read(query)?;
    Ok(Address {
        database: parameters.database.unwrap_or(0),
        logins: parameters.logins(None),
        ..Address::of(Endpoint::Unix { path })
    })
}

/// The logins that `user:password` may mean, the one of Sidekiq 7 first. A user alone is the
/// password of the default user, and a `+` is a blank (redis-client). A server without users
/// takes the password alone (redis-rb 4 falls back to it).
fn logins(credentials: &str) -> Result<Vec<Login>, AddressError> {
    let (user, password) = match credentials.split_once(':') {
        Some((user, password)) => (user, password),
        None => ("", credentials),
    };
    let mut logins = Vec::new();
    for user in [Some(user), None] {
        for blanks in [true, false] {
            let user = user.map(|user| decode(user, false)).transpose()?;
            let login = Login {
                user: user.filter(|user| !user.is_empty()),
                password: decode(password, blanks)?,
            };
            if !login.password.is_empty() && !logins.contains(&login) {
                logins.push(login);
            }
        }
    }
    Ok(logins)
}

/// The options behind `?`.
#[derive(Default)]
struct Parameters {
    database: Option<u32>,
    pairs: Vec<(String, String)>,
}

impl Parameters {
    fn read(query: &str) -> Result<Self, AddressError> {
        let mut read = Self::default();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            if name == "db" {
                read.database = Some(database(value)?);
            } else {
                read.pairs.push((name.to_owned(), decode(value, false)?));
            }
        }
        Ok(read)
    }

    /// The login that `user` and `password` state, behind this prefix.
    fn logins(&self, prefix: Option<&str>) -> Vec<Login> {
        let prefix = prefix.unwrap_or_default();
        let value = |names: [&str; 2]| {
            let is_named = |name: &str| {
                name.strip_prefix(prefix)
                    .is_some_and(|name| names.contains(&name))
            };
            let mut pairs = self.pairs.iter();
            let (_, value) = pairs.find(|(name, _)| is_named(name))?;
            (!value.is_empty()).then(|| value.clone())
        };
        let password = value(["pass", "password"]);
        let user = value(["user", "username"]);
        Vec::from_iter(password.map(|password| Login { user, password }))
    }
}

fn database(text: &str) -> Result<u32, AddressError> {
    text.parse().map_err(|_| AddressError::Database)
}

/// Reads `host:port`, `[::1]:port`, `host`, `:port`, or nothing at all.
fn place(authority: &str, default_port: u16) -> Result<HostPort, AddressError> {
    let (host, port) = if let Some(inside) = authority.strip_prefix('[') {
        let (host, after) = inside.split_once(']').ok_or(AddressError::Host)?;
        (host, after.strip_prefix(':').unwrap_or(after))
    } else {
        authority.split_once(':').unwrap_or((authority, ""))
    };
    let host = decode(host, false).map_err(|_| AddressError::Host)?;
    if host.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(AddressError::Host);
    }
    let host = if host.is_empty() {
        NO_HOST.into()
    } else {
        host
    };
    let port = match port {
        "" => default_port,
        number => match number.parse::<u16>() {
            Ok(port) if port > 0 => port,
            _ => return Err(AddressError::Port),
        },
    };
    Ok(HostPort { host, port })
}

/// Undoes percent encoding; in forms a `+` is a blank.
fn decode(text: &str, is_form: bool) -> Result<String, AddressError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' if is_form => bytes.push(b' '),
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
                let (Some(high), Some(low)) = (digit(), digit()) else {
                    return Err(AddressError::Encoding);
                };
                let byte = u8::try_from(high * 16 + low).map_err(|_| AddressError::Encoding)?;
                bytes.push(byte);
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).map_err(|_| AddressError::Encoding)
}
