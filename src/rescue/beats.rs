//! The heartbeats of other processes beside the exit of one: whether they show what was fetched until
//! then, and how long one that hangs is waited for.

use std::time::Duration;

use jiff::Timestamp;

use super::judge::FETCHED;
use crate::core::fleet::{Look, LookRow};
use crate::core::timing::HASH_EXPIRES;

/// A heartbeat that is older is late: two are missing.
const LATE: Duration = Duration::from_secs(20);

/// Until when Redis lists a process whose heartbeat is late.
pub(super) fn listed_until(row: &LookRow, look: &Look) -> Option<Timestamp> {
    let age = beat_age(row, look).filter(|age| (LATE..HASH_EXPIRES).contains(age))?;
    Some(look.asked.after(HASH_EXPIRES.saturating_sub(age)).wall())
}

/// How old the last heartbeat is. `None`: there is none.
fn beat_age(row: &LookRow, look: &Look) -> Option<Duration> {
    let heartbeat = row.heartbeat.as_ref()?;
    let by_server = Duration::try_from_secs_f64((look.server_time - heartbeat.beat).max(0.0));
    Some(row.beat_age.or(by_server.ok()).unwrap_or(Duration::MAX))
}

/// Whether a process has beaten so long after `exited` that the beat shows all that it had fetched.
pub(super) fn beat_since(row: &LookRow, look: &Look, exited: Timestamp) -> bool {
    let Some(age) = beat_age(row, look) else {
        return false;
    };
    let shown = exited.checked_add(FETCHED).unwrap_or(Timestamp::MAX);
    look.asked.before(age).wall() > shown
}
