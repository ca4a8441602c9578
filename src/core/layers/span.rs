//! Spans of time as other programs write them: systemd, busctl, Docker and Nomad. Text in, a
//! span out; what is no span is `None` and never zero.

use std::time::Duration;

/// A span that may have no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// So long.
    Finite(Duration),
    /// For ever.
    Infinite,
}

/// systemd.time(7), checked against systemd 252: numbers with units, seconds without one, added
/// up (`1min 30s`, `1m30`, `5 5` is ten seconds), `m` a minute, `M` a month; `infinity`.
pub fn systemd_span(text: &str) -> Option<Span> {
    let text = text.trim();
    if text == "infinity" {
        return Some(Span::Infinite);
    }
    units(text, systemd_unit).map(Span::Finite)
}

/// A duration as Go programs write it (Docker, Nomad): `1m30s`, `90s`, `1h`, `1.5s`, `500ms`.
/// A number without a unit is taken as seconds.
pub fn duration_text(text: &str) -> Option<Duration> {
    units(text.trim(), |unit| match unit {
        "us" | "µs" => Some(1e-6),
        "ms" => Some(1e-3),
        "" | "s" => Some(1.0),
        "m" => Some(60.0),
        "h" => Some(3600.0),
        _ => None,
    })
}

/// `t 90000000` of `busctl get-property`: microseconds, the largest number is infinity.
pub fn busctl_span(text: &str) -> Option<Span> {
    let number = text.trim().strip_prefix("t ")?.trim().parse::<u64>().ok()?;
    Some(if number == u64::MAX {
        Span::Infinite
    } else {
        Span::Finite(Duration::from_micros(number))
    })
}

/// Adds up `number unit` pairs; `None` if there is none, or something else stands there.
fn units(text: &str, seconds_of: impl Fn(&str) -> Option<f64>) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text).trim_start();
    if rest.is_empty() {
        return None;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .unwrap_or(rest.len());
        let number: f64 = rest[..end].parse().ok()?;
        rest = rest[end..].trim_start();
        let end = rest
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(rest.len());
        total += number * seconds_of(&rest[..end])?;
        rest = rest[end..].trim_start();
    }
    // Whole microseconds, as systemd keeps them: 1.1 s is not 1.100000000000000088 s.
    Duration::try_from_secs_f64(total)
        .ok()
        .filter(|_| total < 1e12)
        .map(|span| {
            Duration::from_micros(u64::try_from(span.as_nanos().div_ceil(1000)).unwrap_or(0))
        })
}

/// The length of a systemd unit in seconds.
fn systemd_unit(unit: &str) -> Option<f64> {
    Some(match unit {
        "us" | "usec" | "µs" | "μs" => 1e-6,
        "ms" | "msec" => 1e-3,
        "" | "s" | "sec" | "second" | "seconds" => 1.0,
        "m" | "min" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "week" | "weeks" => 604_800.0,
        "M" | "month" | "months" => 2_629_800.0,
        "y" | "year" | "years" => 31_557_600.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form_that_systemd_prints_or_takes() {
        // Right-hand sides from `systemd-analyze timespan` of 252.
        let cases: &[(&str, u64)] = &[
            ("1min 30s", 90_000),
            ("1h", 3_600_000),
            ("1d 2h", 93_600_000),
            ("2min 200ms", 120_200),
            ("1.500000s", 1_500),
            ("500ms", 500),
            ("90", 90_000),
            ("90 sec", 90_000),
            ("1m30", 90_000),
            ("1h 1", 3_601_000),
            ("5M", 13_149_000_000),
            ("1month", 2_629_800_000),
            (".5s", 500),
            ("1y", 31_557_600_000),
            ("1w", 604_800_000),
            ("5 min 3", 303_000),
            ("+5", 5_000),
            ("5 5", 10_000),
            ("2.5min", 150_000),
            ("0", 0),
        ];
        for (text, milliseconds) in cases {
            assert_eq!(
                systemd_span(text),
                Some(Span::Finite(Duration::from_millis(*milliseconds))),
                "{text}"
            );
        }
        assert_eq!(systemd_span("infinity"), Some(Span::Infinite));
        for text in ["", "abc", "-5", "1,5", "1H", "5 # five", "1.2.3"] {
            assert_eq!(systemd_span(text), None, "{text}");
        }
    }

    #[test]
    fn busctl_counts_microseconds() {
        assert_eq!(
            busctl_span("t 90000000"),
            Some(Span::Finite(Duration::from_secs(90)))
        );
        assert_eq!(busctl_span("t 18446744073709551615"), Some(Span::Infinite));
        assert_eq!(busctl_span("s \"90\""), None);
    }

    #[test]
    fn durations_of_containers() {
        assert_eq!(duration_text("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(duration_text("2h"), Some(Duration::from_hours(2)));
        assert_eq!(duration_text("ten"), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_a_span_panic(text in ".*|[0-9.]{0,400}[smhdMy]?") {
            let _spans = (systemd_span(&text), duration_text(&text), busctl_span(&text));
        }
    }
}
