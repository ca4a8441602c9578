//! `drain` on real Sidekiqs. Each test has a Redis, Sidekiqs and a directory of its own; nothing
//! is signalled that it has not started.

mod alone;
mod backtrace;
mod beside;
mod checkpoints;
mod contained;
mod costs;
mod elsewhere;
mod failed;
mod failover;
mod fates;
mod full_disk;
mod full_pipe;
mod gone_on_with;
mod held;
mod identity;
mod invoked;
mod kept;
mod kill;
mod logs;
mod lying;
mod namesakes;
mod parents;
mod preflight;
mod record;
mod redis_faults;
mod refused;
mod replayed;
mod rescued;
mod resumed;
mod several;
mod silent;
mod stopped;
mod successor;
mod synced;
mod told;
mod users;
mod valkey;

/// Quiet for 10 s, stop for 14 s.
const SEQUENCE: &str = "tstp, 10, term, 14, kill";

/// Makes each of these a test of each version.
macro_rules! for_each_version {
    ($($test:ident),* $(,)?) => {
        mod six { $(#[test] fn $test() { super::$test(super::Version::Six); })* }
        mod seven { $(#[test] fn $test() { super::$test(super::Version::Seven); })* }
        mod eight { $(#[test] fn $test() { super::$test(super::Version::Eight); })* }
    };
}

pub(crate) use for_each_version;
