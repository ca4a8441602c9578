//! Marks one `IterableJob` as cancelled, as Sidekiq's own client does (8.1.7
//! `lib/sidekiq/client.rb:60-74`): `HSETNX it-JID cancelled TIME`, `HGET`, `EXPIRE … NX`. Beside
//! `rescue` the only thing that this program writes to Redis.
//!
//! Sidekiq's client marks any JID. Here nothing is written where the job keeps no state: it has
//! ended then, and a state that is nothing but the mark breaks the next run under that JID, which
//! wants to read a cursor from it (8.1.7 `lib/sidekiq/job/iterable.rb`, `fetch_previous_iteration_state`).

use redis::aio::ConnectionLike;
use redis::{ErrorKind, RedisError, cmd};

use super::commands::Keys;
use super::link::{Wire, fault};
use crate::clock;
use crate::core::follow::CancelAnswer;

/// How long a mark stays, in seconds: as long as Sidekiq keeps the state of an iteration (8.1.7
/// `lib/sidekiq/job/iterable.rb`, `STATE_TTL`).
const STATE_LIVES: u64 = 30 * 24 * 60 * 60;

/// Once the mark stands nothing fails any more: an error means that nothing was written. `EXPIRE … NX`
/// is of Redis 7.0; an older one is given an expiry only where there is none.
const SCRIPT: &str = r"
local key, now, expiry = KEYS[1], ARGV[1], ARGV[2]
if redis.call('EXISTS', key) == 0 then return {-1, now} end
local set = redis.call('HSETNX', key, 'cancelled', now)
local since = redis.pcall('HGET', key, 'cancelled')
if type(since) ~= 'string' then since = '' end
local expires = redis.pcall('EXPIRE', key, expiry, 'NX')
if type(expires) == 'table' and expires.err and redis.pcall('TTL', key) == -1 then
  redis.pcall('EXPIRE', key, expiry)
end
return {set, since}
";

/// Marks the job `jid` as cancelled, where it keeps the state of an iteration.
pub async fn cancel(connection: &mut impl ConnectionLike, keys: &Keys, jid: &str) -> CancelAnswer {
    let mut command = cmd("EVAL");
    let now = clock::now().wall().as_second();
    command
        .arg(SCRIPT)
        .arg(1)
        .arg(keys.iteration(jid))
        .arg(now)
        .arg(STATE_LIVES);
    let answer: Result<(i64, String), RedisError> = command.query_async(connection).await;
    match answer {
        Ok((-1, _)) => CancelAnswer::Ended,
        Ok((1, _)) => CancelAnswer::Marked,
        Ok((_, since)) => CancelAnswer::Already(since.parse().unwrap_or_default()),
        Err(error) => CancelAnswer::Failed {
            may_have_happened: !was_refused(&error),
            why: fault(&error, Wire::Established).to_string(),
        },
    }
}

/// Whether the server itself has said no: then nothing was written.
fn was_refused(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension)
}
