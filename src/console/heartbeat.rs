//! The age of a heartbeat in one notation for every table: `ok`, `late 10 s`, `none 40 s`.

use std::time::Duration;

use super::words::span;
use crate::core::fleet::Process;
use crate::core::moment::{Moment, clock_face};

/// A heartbeat shows up this much after it was due: the next look reads it.
const SHOWS: Duration = Duration::from_secs(2);

/// From here on an age is printed as on a clock, which is shorter.
const SHORT: Duration = Duration::from_secs(100);

/// The age of a heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeartbeatAge {
    /// Whole periods by which it is late: past one it is grey, past two it is marked.
    pub late: u128,
    /// In words.
    pub words: String,
}

/// The age of the last heartbeat of `process`.
pub fn heartbeat_age(process: &Process, now: Moment) -> HeartbeatAge {
    let age = process.beat.as_ref().map(|beat| beat.age(now));
    heartbeat(age, process.beat_period())
}

/// The age of a heartbeat that comes every `period`.
pub fn heartbeat(age: Option<Duration>, period: Duration) -> HeartbeatAge {
    let Some(age) = age else {
        return HeartbeatAge {
            late: 0,
            words: "none".into(),
        };
    };
    let late = age.saturating_sub(SHOWS).as_millis() / period.as_millis().max(1);
    let words = match late {
        0 => "ok".into(),
        1 => format!("late {}", span(period)),
        _ if age < SHORT => format!("none {}", span(age)),
        _ => format!("none {}", clock_face(age)),
    };
    HeartbeatAge { late, words }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_three_words() {
        let words =
            |age: u64| heartbeat(Some(Duration::from_secs(age)), Duration::from_secs(10)).words;
        assert_eq!(words(3), "ok");
        assert_eq!(words(11), "ok");
        assert_eq!(words(13), "late 10 s");
        assert_eq!(words(25), "none 25 s");
        assert_eq!(words(76), "none 76 s");
        assert_eq!(words(105), "none 1:45");
        assert_eq!(heartbeat(None, Duration::from_secs(10)).words, "none");
    }
}
