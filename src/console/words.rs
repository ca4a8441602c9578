//! Numbers and times as people read them. It asks no clock and knows no session.

use std::time::Duration;

use jiff::Timestamp;

use crate::core::drain::Policy;
pub use crate::core::moment::time_of_day;
pub(super) use crate::core::wording::count_that;
pub use crate::core::wording::{count, few, short_ids, thousands};

/// Date and time in UTC to the second: `2026-11-21 12:05:44`.
pub(super) fn date_and_time(time: Timestamp) -> String {
    format!("{time:.0}").replace('T', " ").replace('Z', "")
}

/// A span in seconds where it is short: `45 s`, `2 m`, `3 h`.
pub fn span(span: Duration) -> String {
    match span.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} m", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

/// All of some processes: `1 process`, `both processes`, `all 3 processes`.
pub(super) fn all(number: usize) -> String {
    match number {
        1 => "1 process".into(),
        2 => "both processes".into(),
        number => format!("all {number} processes"),
    }
}

/// The rule for a KILL that is due, in a sentence.
pub(super) fn policy_words(policy: Policy) -> &'static str {
    match policy {
        Policy::Ask => "KILL asks first if jobs would be lost.",
        Policy::WaitForRequeue => "KILL waits for the push-back, then goes without asking.",
        Policy::Follow => "KILL goes on time, without asking.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        assert_eq!(span(Duration::from_secs(119)), "119 s");
        assert_eq!(span(Duration::from_secs(125)), "2 m");
        let noon = Timestamp::from_second(1_795_262_671).unwrap();
        assert_eq!(date_and_time(noon), "2026-11-21 12:04:31");
    }
}
