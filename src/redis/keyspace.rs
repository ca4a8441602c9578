//! The private lists of fetchers that move a job into a list of their own while it runs. No
//! registry names them, so their names are sought among all keys, in bounded steps.

use redis::aio::ConnectionLike;
use redis::{RedisError, Value};

use super::commands::{Keys, Read};
use super::decode::{bulk, list};
use super::link::{Wire, fault};
use crate::clock;
use crate::core::clean::clean_bytes;
use crate::core::fleet::{Identity, LinkFault};
use crate::core::moment::Moment;

/// Keys that Redis looks through in one step: well under 10 ms.
const STEP: usize = 5_000;
/// A name with this in it may be a list of jobs: `queue:sq|…` and `queue:sq_…` (Sidekiq Pro),
/// `working:queue:…` (sidekiq-reliable-fetch), `queue:default_host_0` (Sidekiq Pro 1 to 3).
const PART: &str = "queue:";

/// The find.
#[derive(Debug, Default)]
pub(super) struct FoundLists {
    /// The keys that may be private lists.
    pub(super) keys: Vec<Vec<u8>>,
    /// Whether all keys were looked through.
    pub(super) whole: bool,
}

/// The keys that may hold jobs and are no queue that `queues` names, among at most `most` keys and
/// until `until`.
pub(super) async fn lists(
    keys: &Keys,
    most: usize,
    until: Moment,
    connection: &mut impl ConnectionLike,
) -> Result<FoundLists, LinkFault> {
    let failed = |error: RedisError| fault(&error, Wire::Established);
    let names: Value = Read::SetMembers
        .of(&keys.queues())
        .query_async(connection)
        .await
        .map_err(failed)?;
    let names = list(names).map_err(LinkFault::Refused)?;
    let queues: std::collections::HashSet<Vec<u8>> = names
        .into_iter()
        .map(|name| keys.key([b"queue:".as_slice(), &name].concat()))
        .collect();
    let mut found = FoundLists::default();
    let (mut cursor, mut looked) = (b"0".to_vec(), 0);
    let pattern = format!("{}*{PART}*", escaped(keys.prefix()));
    while looked < most && clock::now() < until {
        let mut command = Read::KeyScan.plain();
        command.arg(&cursor).arg("MATCH").arg(&pattern);
        command.arg("COUNT").arg(STEP);
        let answer = match command.query_async(connection).await {
            Ok(answer) => answer,
            // It may not be asked: then nothing is known of such lists.
            Err(error) if error.code().is_some() => return Ok(found),
            Err(error) => return Err(failed(error)),
        };
        let Some((next, some)) = step(answer) else {
            return Ok(found);
        };
        found
            .keys
            .extend(some.into_iter().filter(|key| !queues.contains(key)));
        cursor = next;
        looked += STEP;
        if cursor == b"0" {
            found.whole = true;
            break;
        }
    }
    found.keys.sort_unstable();
    found.keys.dedup();
    Ok(found)
}

fn step(answer: Value) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
    let Value::Array(parts) = answer else {
        return None;
    };
    let mut parts = parts.into_iter();
    Some((bulk(parts.next()?)?, list(parts.next()?).ok()?))
}

/// A prefix in which Redis reads no wildcard.
fn escaped(prefix: &[u8]) -> String {
    let mut pattern = String::new();
    for character in String::from_utf8_lossy(prefix).chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\' | '^') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// Whether an answer says that the key holds something else than a list.
pub(super) fn is_of_another_type(answer: &Value) -> bool {
    matches!(answer, Value::ServerError(error) if error.code() == "WRONGTYPE")
}

/// The owner of the list by its name: `host:pid:nonce`, where it holds that, else the whole name.
pub(super) fn holder(key: &[u8]) -> Identity {
    let name = clean_bytes(key, 300);
    let part = name.split('|').nth(1).unwrap_or(&name);
    let mut ends = part.rsplit(':');
    let (nonce, pid, host) = (ends.next(), ends.next(), ends.next());
    match (host, pid, nonce) {
        (Some(host), Some(pid), Some(nonce)) if pid.parse::<u32>().is_ok() => {
            Identity::new(&format!("{host}:{pid}:{nonce}"))
        }
        _ => Identity::new(&name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_list_names_its_process() {
        let holder = |key: &str| holder(key.as_bytes()).as_str().to_owned();
        assert_eq!(holder("queue:sq|util1:7:a0|default"), "util1:7:a0");
        assert_eq!(holder("app:working:queue:default:util1:7:a0"), "util1:7:a0");
        assert_eq!(holder("queue:default_util1_0"), "queue:default_util1_0");
        let unnamed = super::holder(b"queue:sq_util1_7_default");
        assert_eq!(unnamed.short(), "queue:sq_util1_7_default");
        assert_eq!(
            super::holder(b"queue:sq|util1:7:a0|default").short(),
            "util1:7"
        );
    }

    #[test]
    fn wildcards_of_a_namespace_are_escaped() {
        assert_eq!(escaped(b"a*[b]:"), r"a\*\[b\]:");
    }
}
