//! The label by which a process publishes its own timeout (`timeout=60`): a line in an initializer
//! puts it there (`drainboard check` prints it), and every beat of that process shows it.

use std::time::Duration;

/// The beginning of a label by which a process publishes its timeout: `timeout=60`.
const BEGINNING: &str = "timeout=";

/// What the labels of a process say of its own timeout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeoutLabel {
    /// No label is about it.
    Absent,
    /// The seconds that a label states.
    States(Duration),
    /// The labels as they are written: they state no seconds above 0, or several different ones.
    Unusable(String),
}

impl TimeoutLabel {
    /// Reads the labels of a process.
    pub fn of(labels: &[String]) -> Self {
        let mut stated: Option<Duration> = None;
        let mut is_usable = true;
        let mut written: Vec<&str> = Vec::new();
        for label in labels {
            let Some(value) = label.strip_prefix(BEGINNING) else {
                continue;
            };
            written.push(label);
            let span = seconds(value);
            is_usable &= span.is_some() && (stated.is_none() || stated == span);
            stated = span;
        }
        match stated {
            Some(span) if is_usable => Self::States(span),
            Some(_) | None if written.is_empty() => Self::Absent,
            Some(_) | None => Self::Unusable(written.join(", ")),
        }
    }

    /// The seconds that it states.
    pub fn span(&self) -> Option<Duration> {
        match self {
            Self::States(span) => Some(*span),
            Self::Absent | Self::Unusable(_) => None,
        }
    }
}

/// Seconds as Ruby prints a number: `60`, `2.5`. Zero is no timeout.
fn seconds(text: &str) -> Option<Duration> {
    if !text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return None;
    }
    let span = Duration::try_from_secs_f64(text.parse().ok()?).ok()?;
    (!span.is_zero()).then_some(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(labels: &[&str]) -> TimeoutLabel {
        let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        TimeoutLabel::of(&labels)
    }

    #[test]
    fn a_label_states_whole_and_broken_seconds() {
        let states = |millis| TimeoutLabel::States(Duration::from_millis(millis));
        assert_eq!(of(&["reliable", "timeout=60"]), states(60_000));
        assert_eq!(of(&["timeout=2.5"]), states(2_500));
        assert_eq!(of(&["timeout=60", "timeout=60"]), states(60_000));
        assert_eq!(
            of(&["reliable", "timeouts=60", "a timeout=60"]),
            TimeoutLabel::Absent
        );
    }

    #[test]
    fn a_bad_label_states_nothing_and_is_kept_in_words() {
        let bad = |label: &str| {
            let found = of(&["reliable", label]);
            assert_eq!(found, TimeoutLabel::Unusable(label.into()), "{label}");
        };
        for value in [
            "banana", "", "0", "-5", "+5", "1e3", "60s", " 60", "inf", "NaN", ".", "٣",
        ] {
            bad(&format!("{BEGINNING}{value}"));
        }
        bad(&format!("{BEGINNING}{}", "9".repeat(400)));
    }

    #[test]
    fn labels_that_differ_state_nothing() {
        for labels in [
            ["timeout=60", "timeout=30"],
            ["timeout=banana", "timeout=30"],
            ["timeout=30", "timeout=banana"],
        ] {
            assert_eq!(of(&labels), TimeoutLabel::Unusable(labels.join(", ")));
        }
        let back_and_forth = of(&["timeout=60", "timeout=30", "timeout=60"]);
        assert_eq!(back_and_forth.span(), None);
    }
}
