//! Under which prefix the Sidekiqs of this Redis keep their keys, where nothing states it: found
//! from the keys that are called `processes`. It only reads, and so many keys at most.

use std::collections::BTreeSet;

use redis::aio::ConnectionLike;
use redis::{RedisError, Value};

use super::commands::{Keys, Read};
use super::decode::{bulk, list};
use super::link::{Wire, fault};
use crate::core::clean::{clean, clean_bytes};
use crate::core::fleet::LinkFault;

/// Keys that one step goes through, and steps at most: a Redis may hold millions.
const STEP: usize = 1_000;
const MOST_STEPS: usize = 50;

/// The namespace to use: the stated one; none where Sidekiqs are registered without one, or
/// nowhere; else the only one under which some are.
///
/// # Errors
/// If Redis cannot be asked, or Sidekiqs are registered under several namespaces.
pub async fn namespace(
    connection: &mut impl ConnectionLike,
    stated: Option<&str>,
) -> Result<Option<String>, LinkFault> {
    if let Some(stated) = stated {
        return Ok(Some(stated.to_owned()));
    }
    let plain = Read::Exists.of(&Keys::default().processes());
    if ask(plain, connection).await? == Value::Int(1) {
        return Ok(None);
    }
    let found = found(connection).await?;
    let mut names = found.into_iter();
    match (names.next(), names.next()) {
        (Some(first), Some(second)) => {
            let (first, second) = (clean(&first, 100), clean(&second, 100));
            Err(LinkFault::Refused(format!(
                "Sidekiqs are registered under several namespaces ({first}, {second}): name one by --namespace"
            )))
        }
        (only, _) => Ok(only),
    }
}

/// The prefixes of the sets called `processes` that have members.
async fn found(connection: &mut impl ConnectionLike) -> Result<BTreeSet<String>, LinkFault> {
    const ENDING: &[u8] = b":processes";
    let mut found = BTreeSet::new();
    let mut cursor = b"0".to_vec();
    for _ in 0..MOST_STEPS {
        let mut command = Read::KeyScan.of(&cursor);
        command
            .arg("MATCH")
            .arg("*:processes")
            .arg("COUNT")
            .arg(STEP);
        let Value::Array(parts) = ask(command, connection).await? else {
            break;
        };
        let mut parts = parts.into_iter();
        let (next, keys) = (parts.next().and_then(bulk), parts.next().map(list));
        let (Some(next), Some(Ok(keys))) = (next, keys) else {
            break;
        };
        for key in keys {
            let members = ask(Read::SetMembers.of(&key), connection).await?;
            let is_registry =
                list(members).is_ok_and(|members| members.iter().all(|member| is_identity(member)));
            let prefix = key
                .strip_suffix(ENDING)
                .and_then(|name| str::from_utf8(name).ok());
            found.extend(prefix.filter(|_| is_registry).map(str::to_owned));
        }
        if next == b"0" {
            break;
        }
        cursor = next;
    }
    Ok(found)
}

/// Whether a member is `hostname:pid:nonce`.
fn is_identity(member: &[u8]) -> bool {
    let text = clean_bytes(member, 300);
    let mut parts = text.rsplitn(3, ':');
    let (nonce, pid) = (parts.next(), parts.next());
    parts.next().is_some()
        && nonce.is_some_and(|nonce| !nonce.is_empty())
        && pid.is_some_and(|pid| pid.parse::<u32>().is_ok())
}

/// A command; what this user may not ask is as if it were not there.
async fn ask(
    command: redis::Cmd,
    connection: &mut impl ConnectionLike,
) -> Result<Value, LinkFault> {
    let answer: Result<Value, RedisError> = command.query_async(connection).await;
    match answer.map_err(|error| fault(&error, Wire::Established)) {
        Err(LinkFault::Denied(_) | LinkFault::Refused(_)) => Ok(Value::Nil),
        answer => answer,
    }
}
