//! Beside `cancel` the only thing that this program ever writes to Redis: one atomic, bounded script
//! that pushes one lost job back to the front of its queue, never twice. Looks and questions do not know it.

use redis::aio::ConnectionLike;
use redis::{RedisError, cmd};

use super::commands::Keys;
use super::link::{Wire, fault};
use crate::clock;
use crate::core::fate::PushOutcome;
use crate::core::fleet::LinkFault;

/// Executions that are remembered as rescued; the oldest give way.
const REMEMBERED: u32 = 10_000;
/// Elements of each end of the queue that the last look compares.
const LAST_LOOK: usize = 10_000;
/// The same where the server cannot compare by itself (before 6.0.6, no `LPOS`).
const LAST_LOOK_BY_HAND: usize = 1_000;

/// The mark comes first, so that a second attempt finds it. Then a last look at both ends of the
/// queue; then mark, push and name the queue; where the push is refused the mark goes again. The
/// right end is the front: Sidekiq fetches with BRPOP (7.3.9 `fetch.rb:47`), and pushes back with
/// RPUSH.
const SCRIPT: &str = r"
local marks, queue, queues = KEYS[1], KEYS[2], KEYS[3]
local payload, name, execution, now = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local bound, by_hand, remembered = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
if redis.call('ZSCORE', marks, execution) then return 'already' end
local function stands(rank)
  local found = redis.pcall('LPOS', queue, payload, 'RANK', rank, 'MAXLEN', bound)
  if type(found) ~= 'table' or not found.err then return found end
  local elements
  if rank == 1 then elements = redis.call('LRANGE', queue, 0, by_hand - 1)
  else elements = redis.call('LRANGE', queue, -by_hand, -1) end
  for _, element in ipairs(elements) do
    if element == payload then return 0 end
  end
  return false
end
if stands(1) or stands(-1) then return 'queued' end
if redis.call('ZADD', marks, 'NX', now, execution) == 0 then return 'already' end
local pushed = redis.pcall('RPUSH', queue, payload)
if type(pushed) == 'table' and pushed.err then
  redis.call('ZREM', marks, execution)
  return pushed
end
redis.pcall('ZREMRANGEBYRANK', marks, 0, -remembered - 1)
redis.pcall('SADD', queues, name)
return 'pushed'
";

/// A job to be pushed back.
#[derive(Clone, Copy, Debug)]
pub struct RedisPush<'a> {
    /// Which execution of it was lost, for the mark: the same id may be lost again later.
    pub execution: &'a str,
    /// Its queue.
    pub queue: &'a str,
    /// Its payload, byte for byte.
    pub payload: &'a [u8],
}

/// Pushes one job back, if this execution was not pushed back before and the job does not stand in
/// its queue.
///
/// # Errors
/// If there was no answer: it may have been pushed back all the same, and will not be a second
/// time.
pub async fn push_back(
    connection: &mut impl ConnectionLike,
    keys: &Keys,
    job: RedisPush<'_>,
) -> Result<PushOutcome, LinkFault> {
    let mut command = cmd("EVAL");
    command
        .arg(SCRIPT)
        .arg(3)
        .arg(keys.rescued())
        .arg(keys.queue(job.queue))
        .arg(keys.queues())
        .arg(job.payload)
        .arg(job.queue)
        .arg(job.execution)
        .arg(clock::now().epoch())
        .arg(LAST_LOOK)
        .arg(LAST_LOOK_BY_HAND)
        .arg(REMEMBERED);
    let answer: String = command
        .query_async(connection)
        .await
        .map_err(|error: RedisError| fault(&error, Wire::Established))?;
    match answer.as_str() {
        "pushed" => Ok(PushOutcome::Pushed),
        "already" => Ok(PushOutcome::Already),
        "queued" => Ok(PushOutcome::InQueue),
        _ => Err(LinkFault::NotRedis(
            "the script is answered strangely".into(),
        )),
    }
}
