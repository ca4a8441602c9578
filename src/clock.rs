//! The only place that asks what time it is. A leaf: nothing here decides anything.

use std::time::Duration;

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

use crate::core::moment::Moment;

/// Now, by `CLOCK_BOOTTIME` (which goes on while the machine is suspended) and by the wall clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks the time"
)]
pub fn now() -> Moment {
    let boot = clock_gettime(ClockId::Boottime);
    let boot = Duration::new(
        u64::try_from(boot.tv_sec).unwrap_or_default(),
        u32::try_from(boot.tv_nsec).unwrap_or_default(),
    );
    Moment::new(boot, Timestamp::now())
}
