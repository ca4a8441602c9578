//! The values of the configuration that are blocks of keys: `tls` and `sentinel`.

use serde_yaml::Value;

use super::TlsFiles;
use super::values::{self, Rejection};
use crate::core::clean::clean;
use crate::core::fleet::RedisAddress;
use crate::core::sequence::nearest;

const TLS: [&str; 4] = ["ca", "cert", "key", "insecure"];
const SENTINEL: [&str; 8] = [
    "name",
    "hosts",
    "user",
    "password",
    "database",
    "sentinel_user",
    "sentinel_password",
    "tls",
];

/// The keys and values of a block.
fn block<'a>(
    value: &'a Value,
    keys: &'static [&str],
    expected: &'static str,
) -> Result<Vec<(&'a str, &'a Value)>, Rejection> {
    let Value::Mapping(entries) = value else {
        return Err(Rejection::new("no block of keys", expected));
    };
    let known = |(key, value): (&'a Value, &'a Value)| {
        let key = key.as_str().unwrap_or_default();
        if keys.contains(&key) {
            return Ok((key, value));
        }
        Err(Rejection {
            suggestion: nearest(key, keys.iter().copied()).map(str::to_owned),
            ..Rejection::new(format!("unknown key `{}`", clean(key, 60)), expected)
        })
    };
    entries.iter().map(known).collect()
}

/// `tls`: the files, and whether the server's certificate is not checked.
pub(super) fn tls(value: &Value) -> Result<TlsFiles, Rejection> {
    let mut files = TlsFiles::default();
    for (key, value) in block(
        value,
        &TLS,
        "ca, cert and key with a path each, or insecure: true",
    )? {
        match key {
            "ca" => files.ca = Some(values::path(value)?),
            "cert" => files.cert = Some(values::path(value)?),
            "key" => files.key = Some(values::path(value)?),
            _ => files.insecure = values::truth(value)?,
        }
    }
    if files.key.is_some() && files.cert.is_none() {
        return Err(Rejection::new("a key without its cert", "cert and key"));
    }
    Ok(files)
}

/// `sentinel`: the same as an address `sentinel://`.
pub(super) fn sentinel(value: &Value) -> Result<RedisAddress, Rejection> {
    const EXPECTED: &str = "name: mymaster and hosts: [10.0.0.1:26379, 10.0.0.2:26379]";
    let (mut name, mut hosts, mut tls) = (None, Vec::new(), false);
    let (mut login, mut database, mut parameters) = ([None, None], None, Vec::new());
    for (key, value) in block(value, &SENTINEL, EXPECTED)? {
        match key {
            "hosts" => {
                let listed = value.as_sequence();
                let listed = listed.ok_or_else(|| Rejection::new("hosts is no list", EXPECTED))?;
                hosts = listed.iter().map(host).collect::<Result<Vec<_>, _>>()?;
            }
            "name" => name = Some(written(value)?),
            "user" => login[0] = Some(written(value)?),
            "password" => login[1] = Some(written(value)?),
            "database" => {
                let number = value.as_u64();
                let number = number.ok_or_else(|| Rejection::new("database is no number", "0"))?;
                database = Some(number);
            }
            "tls" => tls = values::truth(value)?,
            other => parameters.push(format!("{other}={}", written(value)?)),
        }
    }
    let (Some(name), false) = (name, hosts.is_empty()) else {
        return Err(Rejection::new("name or hosts is missing", EXPECTED));
    };
    let scheme = if tls { "sentinels" } else { "sentinel" };
    let login = match login {
        [None, None] => String::new(),
        [user, password] => format!(
            "{}:{}@",
            user.unwrap_or_default(),
            password.unwrap_or_default()
        ),
    };
    let hosts = hosts.join(",");
    let database = database.unwrap_or(0);
    let parameters = parameters.join("&");
    let url = format!("{scheme}://{login}{hosts}/{name}/{database}?{parameters}");
    Ok(RedisAddress::new(url))
}

/// `host`, `host:port` or `[::1]:port`.
fn host(value: &Value) -> Result<String, Rejection> {
    let text = values::text(value)?.trim();
    let is_plain = |character: char| character.is_alphanumeric() || ".-_:[]".contains(character);
    if text.chars().all(is_plain) {
        return Ok(text.to_owned());
    }
    Err(Rejection::new(
        "a host with other characters than a host has",
        "10.0.0.1:26379",
    ))
}

/// A text or a number, as it stands in a URL.
fn written(value: &Value) -> Result<String, Rejection> {
    let text = if let Value::Number(number) = value {
        number.to_string()
    } else {
        values::text(value)?.to_owned()
    };
    let encoded = text.bytes().map(|byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    });
    Ok(encoded.collect())
}
