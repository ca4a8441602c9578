//! The one place that asks what time it is. It reads both clocks together and keeps nothing;
//! whoever needs a time in the core gets it passed in.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::core::moment::Moment;

/// Now: `CLOCK_BOOTTIME` (`clock_gettime(2)`: as monotonic, and it goes on during suspension)
/// with the wall time beside it.
#[expect(clippy::disallowed_methods, reason = "the one place that may")]
pub fn now() -> Moment {
    let boot = clock_gettime(ClockId::Boottime);
    let whole = u64::try_from(boot.tv_sec).unwrap_or(0);
    let nanoseconds = u32::try_from(boot.tv_nsec).unwrap_or(0);
    Moment::new(Duration::new(whole, nanoseconds), jiff::Timestamp::now())
}

#[cfg(test)]
mod tests {
    use super::now;

    #[test]
    fn time_does_not_go_back() {
        let first = now();
        let second = now();
        assert!(second >= first);
        assert!(first.since_boot().as_nanos() > 0);
    }
}
