//! Exits, noticed as they happen: the pidfd of a process becomes readable when it ends. No
//! polling, and nothing here signals.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::held::Held;
use crate::clock;
use crate::core::fleet::Observation;

/// Waits until the held process has ended and reports it ([`Observation::Exited`]). Dropping the
/// future ends the wait.
pub async fn exited(held: Arc<Held>) -> io::Result<Observation> {
    let pidfd = register(held.as_fd().try_clone_to_owned()?)?;
    while !held.has_exited() {
        pidfd.readable().await?.clear_ready();
    }
    Ok(Observation::Exited {
        process: held.id(),
        at: clock::now(),
        status: held.exit_status(),
    })
}

#[expect(
    unsafe_code,
    reason = "tokio registers descriptors only so (tokio-rs/tokio, `AsyncFd::register`)"
)]
fn register(pidfd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: the `AsyncFd` owns this `OwnedFd` from here on. An `OwnedFd` is open, always gives
    // the same descriptor, and is closed only when the `AsyncFd` that owns it is dropped; nothing
    // else has this duplicate, so nothing can close it or replace the file behind it.
    let registered = unsafe { AsyncFd::register_with_interest(pidfd, Interest::READABLE) };
    registered.map_err(io::Error::from)
}
