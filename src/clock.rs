//! The one place that asks what time it is. It reads both clocks together;
//! a function of the core that needs a time gets it passed in.

use std::sync::OnceLock;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::core::moment::Moment;

/// How far this clock is ahead of `CLOCK_BOOTTIME`.
static AHEAD: OnceLock<Duration> = OnceLock::new();

/// Goes on from `earlier`, a moment before this machine was started anew: as much later as the
/// wall clock says. To be called before anything has asked for the time.
pub fn go_on_after(earlier: Moment) {
    let now = now();
    let passed = Duration::try_from(now.wall().duration_since(earlier.wall()));
    let due = earlier.since_boot() + passed.unwrap_or_default();
    // A second call changes nothing: time must not go back.
    let _ = AHEAD.set(due.saturating_sub(now.since_boot()));
}

/// Now: `CLOCK_BOOTTIME` (`clock_gettime(2)`: as monotonic, and it goes on during suspension)
/// with the wall time beside it.
#[expect(clippy::disallowed_methods, reason = "the one place that may")]
pub fn now() -> Moment {
    let boot = clock_gettime(ClockId::Boottime);
    let whole = u64::try_from(boot.tv_sec).unwrap_or(0);
    let nanoseconds = u32::try_from(boot.tv_nsec).unwrap_or(0);
    let boot = Duration::new(whole, nanoseconds) + AHEAD.get().copied().unwrap_or_default();
    Moment::new(boot, jiff::Timestamp::now())
}

/// A clock that runs `pace` times as fast as the real one, from `begun` on. It tells the same
/// time in every process of this machine that has its two numbers.
#[derive(Clone, Copy, Debug)]
pub struct Paced {
    /// The real time at which it began.
    real: Duration,
    /// Its time then.
    begun: Moment,
    pace: f64,
}

impl Paced {
    /// A clock that says `begun` when `CLOCK_BOOTTIME` is `real`.
    pub fn new(real: Duration, begun: Moment, pace: f64) -> Self {
        Self { real, begun, pace }
    }

    /// Now, on this clock.
    pub fn now(&self) -> Moment {
        let passed = now().since_boot().saturating_sub(self.real);
        self.begun.after(passed.mul_f64(self.pace))
    }

    /// Its time when it began.
    pub fn begun(&self) -> Moment {
        self.begun
    }

    /// How long to sleep in real time until it says `until`.
    pub fn pause(&self, until: Moment) -> Duration {
        until.since(self.now()).div_f64(self.pace)
    }
}

#[cfg(test)]
mod tests {
    use super::{Paced, now};
    use std::time::Duration;

    #[test]
    fn a_faster_clock_agrees_with_itself() {
        let real = now();
        let early = real.since_boot().saturating_sub(Duration::from_secs(10));
        let paced = Paced::new(early, real, 4.0);
        let passed = paced.now().since(paced.begun());
        assert!(passed >= Duration::from_secs(40) && passed < Duration::from_secs(400));
        let pause = paced.pause(paced.now().after(Duration::from_secs(8)));
        assert!(pause <= Duration::from_secs(2) && pause > Duration::from_secs(1));
    }

    #[test]
    fn time_does_not_go_back() {
        let first = now();
        let second = now();
        assert!(second >= first);
        assert!(first.since_boot().as_nanos() > 0);
    }
}
