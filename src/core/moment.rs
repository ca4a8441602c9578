//! Points in time and their printed forms. Types only: nothing here may ask a clock.

use std::cmp::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant: nanoseconds of `CLOCK_BOOTTIME` (which go on while the machine is suspended)
/// with the wall time that was read beside them. Order and differences use the former alone,
/// so a stepped wall clock moves no deadline.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    boot: Duration,
    wall: Timestamp,
}

impl Moment {
    /// A moment from a reading of `CLOCK_BOOTTIME` and of the wall clock.
    pub fn new(boot: Duration, wall: Timestamp) -> Self {
        Self { boot, wall }
    }

    /// Time since boot, suspension included.
    pub fn since_boot(self) -> Duration {
        self.boot
    }

    /// The wall time of this moment.
    pub fn wall(self) -> Timestamp {
        self.wall
    }

    /// Wall time in seconds since 1970, as Sidekiq writes its `beat`.
    pub fn epoch(self) -> f64 {
        self.wall.as_duration().as_secs_f64()
    }

    /// How long after `earlier` this is; zero if it is before it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.boot.saturating_sub(earlier.boot)
    }

    /// The moment `duration` later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self {
            boot: self.boot.saturating_add(duration),
            wall: self.wall.checked_add(duration).unwrap_or(Timestamp::MAX),
        }
    }

    /// The moment `duration` earlier.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        Self {
            boot: self.boot.saturating_sub(duration),
            wall: self.wall.checked_sub(duration).unwrap_or(Timestamp::MIN),
        }
    }

    /// RFC 3339 in UTC with milliseconds, as every JSON line carries it.
    pub fn rfc3339(self) -> String {
        rfc3339(self.wall)
    }
}

/// RFC 3339 in UTC with milliseconds.
pub fn rfc3339(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// A wall time from seconds since 1970; `None` when out of range or not a number.
pub fn from_epoch(seconds: f64) -> Option<Timestamp> {
    if !seconds.is_finite() || seconds.abs() > 250_000_000_000.0 {
        return None;
    }
    let whole = seconds.floor();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "bounded above, and the fraction is below one second"
    )]
    let (whole_seconds, nanoseconds) = (whole as i64, ((seconds - whole) * 1e9) as i32);
    Timestamp::new(whole_seconds, nanoseconds).ok()
}

/// Two numbers of nanoseconds: since boot, and from then to 1970 (the same in every moment, as long
/// as nobody steps the clock).
impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let boot = i64::try_from(self.boot.as_nanos()).unwrap_or(i64::MAX);
        let wall = i64::try_from(self.wall.as_nanosecond()).unwrap_or(i64::MAX);
        (boot, wall.saturating_sub(boot)).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (boot, apart) = <(i64, i64)>::deserialize(deserializer)?;
        let wall = i128::from(boot) + i128::from(apart);
        let wall = Timestamp::from_nanosecond(wall).map_err(D::Error::custom)?;
        let boot = u64::try_from(boot).map_err(D::Error::custom)?;
        Ok(Self::new(Duration::from_nanos(boot), wall))
    }
}

impl PartialEq for Moment {
    fn eq(&self, other: &Self) -> bool {
        self.boot == other.boot
    }
}

impl Eq for Moment {}

impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Moment {
    fn cmp(&self, other: &Self) -> Ordering {
        self.boot.cmp(&other.boot)
    }
}

/// A span for JSON: whole seconds as an integer (`145`), others to the millisecond (`2.5`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub Duration);

impl Seconds {
    /// As a number to the millisecond: `24.827`. `Duration::as_secs_f64` adds its two parts and may
    /// give `24.826999999999998`.
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of any real drain fit"
    )]
    pub fn number(self) -> f64 {
        self.0.as_millis() as f64 / 1000.0
    }
}

impl<'de> Deserialize<'de> for Seconds {
    /// A negative number, or one that no span can hold, is an error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        Duration::try_from_secs_f64(seconds)
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.as_millis().is_multiple_of(1000) {
            serializer.serialize_u64(self.0.as_secs())
        } else {
            serializer.serialize_f64(self.number())
        }
    }
}

/// A span as people read it: `45 s` stays a number of seconds for the caller; this gives
/// `0:45`, `12:05`, `1:02:09`.
pub fn clock_face(span: Duration) -> String {
    let total = span.as_secs();
    let (hours, minutes, seconds) = (total / 3600, total / 60 % 60, total % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A span that is told as a bound, rounded up: `90 s`, `41 min`, `2 h 5 min`.
pub fn rounded_up(span: Duration) -> String {
    let seconds = span.as_secs() + u64::from(span.subsec_nanos() > 0);
    match seconds.div_ceil(60) {
        _ if seconds < 120 => format!("{seconds} s"),
        minutes @ 0..120 => format!("{minutes} min"),
        minutes if minutes % 60 == 0 => format!("{} h", minutes / 60),
        minutes => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

/// Wall time of a moment in UTC: `12:05:44`.
pub fn time_of_day(moment: Moment) -> String {
    let second = moment.wall().as_second().rem_euclid(86_400);
    format!(
        "{:02}:{:02}:{:02}",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_never_told_below_itself() {
        let told = |milliseconds| rounded_up(Duration::from_millis(milliseconds));
        assert_eq!(told(0), "0 s");
        assert_eq!(told(89_001), "90 s");
        assert_eq!(told(2_401_000), "41 min");
        assert_eq!(told(7_200_000), "2 h");
        assert_eq!(told(7_201_000), "2 h 1 min");
    }

    fn at(seconds: u64) -> Moment {
        Moment::new(
            Duration::from_secs(seconds),
            Timestamp::from_second(1_000_000).unwrap(),
        )
    }

    #[test]
    fn differences_ignore_the_wall_clock() {
        let stepped = Moment::new(Duration::from_secs(9), Timestamp::from_second(5).unwrap());
        assert_eq!(stepped.since(at(4)), Duration::from_secs(5));
        assert_eq!(at(4).since(stepped), Duration::ZERO);
        assert!(stepped > at(4));
    }

    #[test]
    fn whole_seconds_are_integers_in_json() {
        let json = |milliseconds| {
            serde_json::to_string(&Seconds(Duration::from_millis(milliseconds))).unwrap()
        };
        assert_eq!(json(145_000), "145");
        assert_eq!(json(2_500), "2.5");
    }

    #[test]
    fn faces_of_the_clock() {
        assert_eq!(clock_face(Duration::from_secs(47)), "0:47");
        assert_eq!(clock_face(Duration::from_secs(3729)), "1:02:09");
    }

    #[test]
    fn epoch_seconds_out_of_range_are_no_time() {
        assert!(from_epoch(f64::NAN).is_none());
        assert!(from_epoch(1e300).is_none());
        assert_eq!(
            rfc3339(from_epoch(1.5).unwrap()),
            "1970-01-01T00:00:01.500Z"
        );
    }
}
