//! The threshold of `ps --over`: a span, or a share of Sidekiq's own timeout.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::core::clean::clean;
use crate::core::config::seconds_from_text;

/// How long is too long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Over {
    /// Longer than this.
    Span(Duration),
    /// Longer than this share of `T`.
    Share(f64),
}

/// A text that is no threshold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no threshold; expected seconds such as 45 or 45s, or a share of -t such as 80%")]
pub struct NotOver(String);

impl Over {
    /// The span under Sidekiq's own timeout `timeout`.
    pub fn limit(self, timeout: Duration) -> Duration {
        match self {
            Self::Span(span) => span,
            Self::Share(share) => timeout.mul_f64(share),
        }
    }
}

impl fmt::Display for Over {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Span(span) => write!(formatter, "{} s", span.as_secs_f64()),
            Self::Share(share) => write!(formatter, "{}% of -t", share * 100.0),
        }
    }
}

impl FromStr for Over {
    type Err = NotOver;

    fn from_str(text: &str) -> Result<Self, NotOver> {
        let word = text.trim();
        let wrong = || NotOver(clean(text, 40));
        let number = |text| seconds_from_text(text).map_err(|_| wrong());
        if let Some(share) = word.strip_suffix('%') {
            // A hundredfold of any timeout is beyond any use, and must not overflow.
            let percent = number(share)?.as_secs_f64();
            return (percent <= 10_000.0)
                .then_some(Self::Share(percent / 100.0))
                .ok_or_else(wrong);
        }
        number(word.strip_suffix('s').unwrap_or(word)).map(Self::Span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_shares() {
        let limit = |text: &str| {
            let over: Over = text.parse().unwrap();
            over.limit(Duration::from_secs(25)).as_secs_f64()
        };
        assert_eq!(limit("45").to_string(), "45");
        assert_eq!(limit("45s").to_string(), "45");
        assert_eq!(limit("2.5").to_string(), "2.5");
        assert_eq!(limit("80%").to_string(), "20");
        for wrong in ["", "s", "%", "80%%", "-1", "1m", "inf", "1e9%", "99999%"] {
            assert!(wrong.parse::<Over>().is_err(), "{wrong}");
        }
    }
}
