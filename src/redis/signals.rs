//! Signals for processes of other hosts, and the locks on them. A signal goes the way of Sidekiq's own
//! Web UI: `LPUSH IDENTITY-signals SIGNAL`, and the list expires after 60 s (7.3.9 `lib/sidekiq/api.rb`,
//! `Process#signal`). The process takes one at each heartbeat (7.3.9 `lib/sidekiq/launcher.rb`).
//!
//! The lock on a process is the key `drainboard:lock:IDENTITY`; its value is the name of the drain and
//! its operator. It is given only where no other drain has it, expires after [`LOCK_LIVES`] unless it
//! is renewed, and is given back only by its own drain. Each signal checks it again in the same step.

use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{Cmd, ErrorKind, RedisError, cmd};

use super::commands::{Keys, Read};
use super::link::{Wire, fault};
use crate::core::drain::ActOutcome;
use crate::core::sequence::Signal;
use crate::core::timing::SIGNAL_EXPIRES;

/// How long a lock stays without being renewed.
pub const LOCK_LIVES: Duration = Duration::from_secs(60);

/// Takes the lock in `KEYS[1]` for the drain `ARGV[1]` of the operator `ARGV[2]`, or renews it;
/// gives back the value of another drain that has it.
const LOCK: &str = r"
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, #ARGV[1] + 1) ~= ARGV[1] .. ' ' then return held end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
return ''
";

/// Gives the lock back, if it is that drain's.
const UNLOCK: &str = r"
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, #ARGV[1] + 1) == ARGV[1] .. ' ' then redis.call('DEL', KEYS[1]) end
return ''
";

/// Puts the signal `ARGV[2]` into the list `KEYS[1]`, unless another drain than `ARGV[1]` has the lock
/// in `KEYS[2]`. Without a name of a drain no lock is looked at.
const PUSH: &str = r"
if ARGV[1] ~= '' then
  local held = redis.call('GET', KEYS[2])
  if held and string.sub(held, 1, #ARGV[1] + 1) ~= ARGV[1] .. ' ' then return held end
end
redis.call('LPUSH', KEYS[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return ''
";

/// The name under which a drain locks, and its operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockOwner {
    /// The drain.
    pub run: String,
    /// Its operator, for others to read.
    pub who: String,
}

/// Takes the lock on `identity`, or renews it.
///
/// # Errors
/// With the reason in words: who has it, or why Redis did not give it.
pub async fn lock(
    connection: &mut impl ConnectionLike,
    keys: &Keys,
    identity: &str,
    owner: &LockOwner,
) -> Result<(), String> {
    let mut command = script(LOCK, &[keys.lock(identity)]);
    command
        .arg(&owner.run)
        .arg(&owner.who)
        .arg(u64::try_from(LOCK_LIVES.as_millis()).unwrap_or(u64::MAX));
    let held: Result<String, RedisError> = command.query_async(connection).await;
    match held {
        Ok(held) if held.is_empty() => Ok(()),
        Ok(held) => Err(format!("it is drained already, by {}", holder(&held))),
        Err(error) => {
            let why = fault(&error, Wire::Established);
            Err(format!("its lock in Redis cannot be taken: {why}"))
        }
    }
}

/// Gives the lock on `identity` back. Where that fails it expires.
pub async fn unlock(
    connection: &mut impl ConnectionLike,
    keys: &Keys,
    identity: &str,
    owner: &LockOwner,
) {
    let mut command = script(UNLOCK, &[keys.lock(identity)]);
    command.arg(&owner.run);
    let given: Result<String, RedisError> = command.query_async(connection).await;
    if let Err(error) = given {
        tracing::warn!(%error, identity, "a lock in Redis was not given back, and expires");
    }
}

/// Puts a signal into the list of `identity`; `run` is the drain whose lock counts, `None` where none
/// does.
pub async fn push_signal(
    connection: &mut impl ConnectionLike,
    keys: &Keys,
    (identity, signal): (&str, Signal),
    run: Option<&str>,
) -> ActOutcome {
    let mut command = script(PUSH, &[keys.signals(identity), keys.lock(identity)]);
    command
        .arg(run.unwrap_or_default())
        .arg(signal.name())
        .arg(SIGNAL_EXPIRES.as_secs());
    let held: Result<String, RedisError> = command.query_async(connection).await;
    match held {
        Ok(held) if held.is_empty() => ActOutcome::Sent,
        Ok(held) => ActOutcome::Failed {
            why: format!("it is drained already, by {}", holder(&held)),
            may_have_happened: false,
        },
        Err(error) => ActOutcome::Failed {
            may_have_happened: !was_refused(&error),
            why: fault(&error, Wire::Established).to_string(),
        },
    }
}

/// Whether no signal waits for `identity` any more.
///
/// # Errors
/// If there was no answer.
pub async fn is_taken(
    connection: &mut impl ConnectionLike,
    keys: &Keys,
    identity: &str,
) -> Result<bool, RedisError> {
    let length = Read::ListLength.of(&keys.signals(identity));
    let length: u64 = length.query_async(connection).await?;
    Ok(length == 0)
}

/// A script on these keys, to which its arguments are added.
fn script(text: &str, keys: &[Vec<u8>]) -> Cmd {
    let mut command = cmd("EVAL");
    command.arg(text).arg(keys.len());
    for key in keys {
        command.arg(key);
    }
    command
}

/// The words for a holder: the value of its lock, clean.
fn holder(held: &str) -> String {
    let held = crate::core::clean::clean(held, 200);
    match held.split_once(' ') {
        Some((run, who)) if !who.is_empty() => format!("{who} (drain {run})"),
        Some(_) | None => held,
    }
}

/// Whether the server itself has said no: then nothing was written.
fn was_refused(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension)
}
