//! `drain` on real Sidekiqs. Each test has a Redis, Sidekiqs and a directory of its own; nothing
//! is signalled that it has not started.

mod alone;
mod fates;
mod invoked;
mod kill;
mod record;
mod refused;
mod several;
mod stopped;
mod users;

/// Quiet for 10 s, stop for 14 s.
const SEQUENCE: &str = "tstp, 10, term, 14, kill";
