//! Whether two addresses name the same Redis: the addresses are compared, not their texts.

/// The port of Redis where an address names none.
const PORT: &str = "6379";

/// Host, port and database of a Redis, or the path of its socket.
#[derive(Debug, PartialEq, Eq)]
struct RedisPlace {
    host: String,
    port: String,
    database: String,
}

/// Whether both addresses name the same server and database. User, password, scheme and
/// parameters make no difference; `localhost` is `127.0.0.1`.
pub(super) fn same_redis(one: &str, other: &str) -> bool {
    place(one) == place(other)
}

fn place(address: &str) -> RedisPlace {
    let (scheme, rest) = address.split_once("://").unwrap_or(("redis", address));
    let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let parameter = |name: &str| {
        let mut pairs = parameters
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if scheme == "unix" {
        return RedisPlace {
            host: format!("/{path}"),
            port: String::new(),
            database: parameter("db").unwrap_or("0").to_owned(),
        };
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.chars().all(|c| c.is_ascii_digit()) => {
            (host, port)
        }
        Some(_) | None => (authority, PORT),
    };
    let host = match host.to_ascii_lowercase().as_str() {
        "" | "localhost" | "[::1]" | "::1" => "127.0.0.1".to_owned(),
        host => host.to_owned(),
    };
    let database = match path.trim_matches('/') {
        "" => parameter("db").unwrap_or("0"),
        path => path,
    };
    RedisPlace {
        host,
        port: if port.is_empty() { PORT } else { port }.to_owned(),
        database: database.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::same_redis;

    #[test]
    fn addresses_are_compared_and_not_their_texts() {
        let here = "redis://127.0.0.1:6379/0";
        for same in [
            "redis://localhost",
            "redis://:secret@localhost:6379",
            "redis://user:se/cr@et@127.0.0.1/0",
            "rediss://LOCALHOST:6379/0?timeout=3",
            "127.0.0.1:6379",
            "redis://[::1]:6379/0",
        ] {
            assert!(same_redis(same, here), "{same}");
        }
        for other in [
            "redis://127.0.0.1:6380/0",
            "redis://127.0.0.1:6379/1",
            "redis://10.0.0.5:6379/0",
            "unix:///run/redis.sock",
        ] {
            assert!(!same_redis(other, here), "{other}");
        }
        assert!(same_redis(
            "unix:///run/r.sock?db=2",
            "unix:///run/r.sock?db=2"
        ));
        assert!(!same_redis("unix:///run/r.sock?db=2", "unix:///run/r.sock"));
    }
}
