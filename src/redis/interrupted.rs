//! How many jobs stand in `retry` and `dead` because their process was stopped: counted
//! before and after a drain, it shows what a deploy leaves behind. Bounded, and it only reads.

use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{RedisError, Value};
use serde::{Deserialize, Serialize};

use super::commands::Keys;
use super::link::{Wire, fault};
use super::loose::Loose;
use super::payload::object;
use super::scan::{Scan, step};
use crate::clock;
use crate::core::fleet::LinkFault;

/// Members read of each set at most.
const MOST: usize = 100_000;
/// Jobs whose error is an interrupt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Interrupted {
    /// In `retry`.
    pub retry: u64,
    /// In `dead`.
    pub dead: u64,
    /// Whether both sets were read to the end.
    pub whole: bool,
    /// Members that were read of the larger of the two.
    pub read: u64,
}

/// The part that is read of a member.
#[derive(Deserialize)]
struct FailedMember<'a> {
    #[serde(borrow, default)]
    error_class: Loose<'a>,
}

/// Counts them, in about `within` and among so many members of each set at most that a set of
/// a million is not read whole.
///
/// # Errors
/// If Redis cannot be asked.
pub async fn interrupted(
    connection: &mut impl ConnectionLike,
    keys: &Keys,
    within: Duration,
) -> Result<Interrupted, LinkFault> {
    let until = clock::now().after(within);
    let mut found = Interrupted {
        whole: true,
        ..Interrupted::default()
    };
    for (set, count) in [("retry", &mut found.retry), ("dead", &mut found.dead)] {
        let key = keys.key(set);
        let mut scan = Scan::new(None);
        let mut read = 0;
        loop {
            if read >= MOST || clock::now() >= until {
                found.whole = false;
                break;
            }
            let answer: Value = scan
                .command(&key)
                .query_async(connection)
                .await
                .map_err(|error: RedisError| fault(&error, Wire::Established))?;
            let Some((cursor, members)) = step(answer) else {
                found.whole = false;
                break;
            };
            read += members.len();
            *count += members.iter().filter(|member| is_interrupt(member)).count() as u64;
            let bytes = members.iter().map(Vec::len).sum();
            if !scan.goes_on(cursor, members.len(), bytes) {
                break;
            }
        }
        found.read = found.read.max(read as u64);
    }
    Ok(found)
}

/// Whether a job failed by being stopped: `Sidekiq::Shutdown` (7.3.9 `lib/sidekiq.rb:146`), what
/// it derives from, or an iterable job's own.
fn is_interrupt(member: &[u8]) -> bool {
    let text = String::from_utf8_lossy(member);
    let failed: Result<FailedMember<'_>, String> = object(&text);
    failed.is_ok_and(|failed| {
        matches!(
            failed.error_class.text(),
            Some(
                "Sidekiq::Shutdown" | "Interrupt" | "SignalException" | "Sidekiq::Job::Interrupted"
            )
        )
    })
}
