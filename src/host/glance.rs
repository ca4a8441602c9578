//! A process whose pid is known, read without a scan of `/proc`. It reads and nothing else.

use std::io;

use super::proc::identify;
use crate::core::fleet::{Caught, LocalId, RunState};

/// A process as it is right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    /// Which.
    pub id: LocalId,
    /// Its owner; `None` where that cannot be read.
    pub uid: Option<u32>,
    /// Whether it runs at all.
    pub run_state: Option<RunState>,
    /// The signals that it has handlers for.
    pub caught: Option<Caught>,
}

/// Reads who `pid` is now.
///
/// # Errors
/// If there is no such process, or it cannot be read.
pub fn glance(pid: u32) -> io::Result<Glance> {
    let found = identify(pid)?;
    Ok(Glance {
        id: found.id,
        uid: found.status.uid,
        run_state: found.status.run_state,
        caught: found.status.caught,
    })
}
