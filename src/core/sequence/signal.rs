//! The signals that a stop sequence may name, and what each does to a Sidekiq. Nothing here
//! sends one: numbers belong to `host`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Version;

macro_rules! signals {
    ($($variant:ident $name:literal),+ $(,)?) => {
        /// A signal by name. The set is the one that Cloud 66 documents for its stop sequences.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Signal {
            $(#[doc = $name] $variant),+
        }

        impl Signal {
            /// Every signal of the set.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in capitals without `SIG`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

signals! {
    Tstp "TSTP", Term "TERM", Int "INT", Kill "KILL", Ttin "TTIN", Usr1 "USR1", Usr2 "USR2", Hup "HUP", Quit "QUIT",
    Cont "CONT", Abrt "ABRT", Alrm "ALRM", Bus "BUS", Chld "CHLD", Fpe "FPE", Ill "ILL", Io "IO", Iot "IOT",
    Pipe "PIPE", Prof "PROF", Segv "SEGV", Stop "STOP", Sys "SYS", Trap "TRAP", Ttou "TTOU", Urg "URG",
    Vtalrm "VTALRM", Winch "WINCH", Xcpu "XCPU", Xfsz "XFSZ",
}

/// The effect of a signal on a running Sidekiq of a given version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// Stops fetching, goes on working; cannot be undone.
    Quiets,
    /// Starts Sidekiq's own shutdown, which pushes back what is not done after its timeout.
    Stops,
    /// Writes the backtrace of every thread to the log.
    Dumps,
    /// Ends the process at once: running jobs are lost with the open-source fetch.
    Kills,
    /// Not trapped by Sidekiq: ends or suspends it at once, and running jobs with it.
    Destroys,
    /// No effect on jobs.
    Nothing,
}

impl Signal {
    /// Whether Sidekiq starts its shutdown on it (TERM and INT are the same to it).
    pub fn stops(self) -> bool {
        matches!(self, Self::Term | Self::Int)
    }

    /// Its effect on Sidekiq `version` (`None`: not known, the harmful reading holds).
    /// Measured on 6.4.1, 7.3.9 and 8.1.7; 5.x from `lib/sidekiq/cli.rb:50-55` of 5.2.10.
    pub fn consequence(self, version: Option<Version>) -> Consequence {
        let five = version.is_some_and(|version| version.major < 6);
        match self {
            Self::Tstp => Consequence::Quiets,
            Self::Usr1 if five => Consequence::Quiets,
            Self::Term | Self::Int => Consequence::Stops,
            Self::Ttin => Consequence::Dumps,
            Self::Kill => Consequence::Kills,
            Self::Usr2 if five => Consequence::Nothing,
            Self::Cont | Self::Chld | Self::Urg | Self::Winch => Consequence::Nothing,
            Self::Usr1
            | Self::Usr2
            | Self::Hup
            | Self::Quit
            | Self::Abrt
            | Self::Alrm
            | Self::Bus
            | Self::Fpe
            | Self::Ill
            | Self::Io
            | Self::Iot
            | Self::Pipe
            | Self::Prof
            | Self::Segv
            | Self::Stop
            | Self::Sys
            | Self::Trap
            | Self::Ttou
            | Self::Vtalrm
            | Self::Xcpu
            | Self::Xfsz => Consequence::Destroys,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A word that names no signal, with the nearest one that does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown signal `{word}`{}", .nearest.map(|n| format!(": did you mean `{}`?", n.name().to_lowercase())).unwrap_or_default())]
pub struct UnknownSignal {
    /// The text as written.
    pub word: String,
    /// The signal that it is most like, if any is near.
    pub nearest: Option<Signal>,
}

impl Serialize for Signal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Signal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

impl FromStr for Signal {
    type Err = UnknownSignal;

    /// Upper or lower case, with or without `SIG`, with or without a leading `:`.
    fn from_str(text: &str) -> Result<Self, UnknownSignal> {
        let word = text.strip_prefix(':').unwrap_or(text).to_uppercase();
        let name = word.strip_prefix("SIG").unwrap_or(&word);
        Self::ALL
            .iter()
            .copied()
            .find(|signal| signal.name() == name)
            .ok_or_else(|| UnknownSignal {
                word: super::super::clean::clean(text, 40),
                nearest: nearest(name, Self::ALL.iter().map(|s| s.name()))
                    .and_then(|name| Self::ALL.iter().copied().find(|s| s.name() == name)),
            })
    }
}

/// The candidate that `word` is most likely a slip of: at most two edits away, and fewer than
/// half of its letters.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(distance, candidate)| {
            *distance <= 2.max(candidate.len() / 4) && *distance * 2 < candidate.len().max(3)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_name() {
        for spelling in ["tstp", "TSTP", "SIGTSTP", "sigtstp", ":tstp", ":SIGTSTP"] {
            assert_eq!(spelling.parse(), Ok(Signal::Tstp), "{spelling}");
        }
        for signal in Signal::ALL {
            assert_eq!(signal.name().parse(), Ok(*signal));
        }
    }

    #[test]
    fn a_slip_is_answered_with_the_word_that_was_meant() {
        let near = |word: &str| word.parse::<Signal>().unwrap_err().nearest;
        assert_eq!(near("kil"), Some(Signal::Kill));
        assert_eq!(near("temr"), Some(Signal::Term));
        assert_eq!(near("banana"), None);
        // Half of its letters are others.
        assert_eq!(near("kixx"), None);
        assert_eq!(nearest("xmexut", ["timeout"]), None);
    }

    #[test]
    fn five_and_six_differ_in_usr1() {
        let five = Some(Version::new(5, 2, 10));
        let six = Some(Version::new(6, 0, 0));
        assert_eq!(Signal::Usr1.consequence(five), Consequence::Quiets);
        assert_eq!(Signal::Usr1.consequence(six), Consequence::Destroys);
        assert_eq!(Signal::Usr1.consequence(None), Consequence::Destroys);
        assert_eq!(Signal::Hup.consequence(five), Consequence::Destroys);
    }
}
