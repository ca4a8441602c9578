//! Numbers and times as people read them. It asks no clock and knows no session.

use std::time::Duration;

use jiff::Timestamp;

use crate::core::drain::Policy;
pub use crate::core::moment::time_of_day;

/// Date and time in UTC to the second: `2026-11-21 12:05:44`.
pub(super) fn date_and_time(time: Timestamp) -> String {
    format!("{time:.0}").replace('T', " ").replace('Z', "")
}

/// A number with its thousands set apart: `1,204`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 job`, `3 jobs`; words that end in `s` take `es`.
pub fn count(number: u64, noun: &str) -> String {
    let ending = match (number, noun.ends_with('s')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{} {noun}{ending}", thousands(number))
}

/// The first few names and how many more there are: `a, b and 3 more`.
pub fn few(names: &[String], most: usize) -> String {
    if names.len() <= most {
        return names.join(", ");
    }
    format!(
        "{} and {} more",
        names[..most].join(", "),
        names.len() - most
    )
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
    fn numbers_read_well() {
        assert_eq!(thousands(7), "7");
        assert_eq!(thousands(1204), "1,204");
        assert_eq!(thousands(1_000_000), "1,000,000");
        assert_eq!(count(1, "job"), "1 job");
        assert_eq!(count(0, "process"), "0 processes");
        let names = ["a", "b", "c"].map(String::from);
        assert_eq!(few(&names, 3), "a, b, c");
        assert_eq!(few(&names, 1), "a and 2 more");
        assert_eq!(span(Duration::from_secs(119)), "119 s");
        assert_eq!(span(Duration::from_secs(125)), "2 m");
        let noon = Timestamp::from_second(1_795_262_671).unwrap();
        assert_eq!(date_and_time(noon), "2026-11-21 12:04:31");
    }
}
