//! A Sidekiq version, as far as behaviour depends on it.

use std::fmt;

/// `major.minor.patch`, compared in that order. A suffix (`8.0.0.beta1`) is left out.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Version {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number; 0 where it is not written.
    pub patch: u32,
}

impl Version {
    /// A version from its numbers.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }

    /// Reads `7.3.2`, `7.3` or `8.0.0.beta1`; `None` if there are not at least two numbers.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.trim().split('.');
        let major = numbers.next()?.parse().ok()?;
        let minor = numbers.next()?.parse().ok()?;
        let patch = numbers.next().and_then(|n| n.parse().ok()).unwrap_or(0);
        Some(Self::new(major, minor, patch))
    }

    /// Sidekiq's own timeout when none is set: 8 s before 6.0, 25 s since
    /// (5.2.10 `lib/sidekiq.rb:24`, 6.5.12 `lib/sidekiq.rb:27`, 7.3.9 `lib/sidekiq/config.rb:18`).
    pub fn default_timeout_seconds(self) -> u64 {
        if self.major < 6 { 8 } else { 25 }
    }

    /// Seconds between two beats: 5 before 7.0, 10 since (7.0.0 `lib/sidekiq/launcher.rb`).
    pub fn beat_seconds(self) -> u64 {
        if self.major < 7 { 5 } else { 10 }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_ordered() {
        assert_eq!(Version::parse("6.4.1"), Some(Version::new(6, 4, 1)));
        assert_eq!(Version::parse("8.0.0.beta1"), Some(Version::new(8, 0, 0)));
        assert_eq!(Version::parse("app"), None);
        assert!(Version::parse("6.10.0") > Version::parse("6.9.9"));
        assert_eq!(Version::new(5, 2, 10).default_timeout_seconds(), 8);
        assert_eq!(Version::new(6, 0, 0).default_timeout_seconds(), 25);
    }
}
