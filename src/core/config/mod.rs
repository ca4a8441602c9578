//! The configuration: YAML text in, a [`Config`] or every error at once out, and its merging
//! with flags and environment into [`Settings`]. Nothing here reads a file or a variable, and
//! no address is ever printed with its password.

mod blocks;
mod entries;
mod errors;
mod reading;
mod settings;
mod values;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use super::fleet::RedisAddress;
use super::sequence::Sequence;

pub use super::drain::{Early, Policy, RedisGone, StopUnit, UnknownWord};
pub use errors::{ConfigError, ConfigErrors};
pub use reading::{KEYS, read};
pub use settings::{
    Addresses, Appearance, AppearanceFlags, Conduct, ConductFlags, Environment, Flags, RedisFlags,
    SequenceFlag, Settings, StatedAddress,
};
pub use values::{NotSeconds, is_address, seconds_from_text};

/// The settings of one configuration file. A key that it does not name is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// The file, for people.
    pub file: String,
    /// `redis`, `sentinel`, `tls`, `namespace`.
    pub source: ConfigSource,
    /// `sequence`, `timeout`, `kill`, `kill_extra`, `redis_gone`, `early`, `ask_reason`,
    /// `stop_unit`, `rescue`, `on_finish`.
    pub stop: StopConfig,
    /// `state_dir`, `log`, `sidekiq_log`.
    pub places: Places,
    /// `read_only`.
    pub read_only: Option<bool>,
    /// `show_args`, `color`, `ascii`, `refresh_seconds`.
    pub display: Display,
    /// Settings that were read and are not as documented, in words.
    pub warnings: Vec<String>,
}

/// A value with the line that it stands in.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigValue<T> {
    /// The value.
    pub value: T,
    /// Line from 1; `None` if it could not be told.
    pub line: Option<usize>,
}

/// Where the jobs are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfigSource {
    /// `redis`, or `sentinel` as an address.
    pub redis: Option<ConfigValue<RedisAddress>>,
    /// `namespace`.
    pub namespace: Option<String>,
    /// `tls`.
    pub tls: TlsFiles,
}

/// The files that TLS needs, and whether it checks anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// The authorities that may sign the server's certificate, or that certificate itself.
    pub ca: Option<PathBuf>,
    /// Our own certificate, with its chain.
    pub cert: Option<PathBuf>,
    /// Its private key; without it the key stands in `cert`.
    pub key: Option<PathBuf>,
    /// Whether any certificate is taken for the server's.
    pub insecure: bool,
}

impl TlsFiles {
    /// The settings here, else those of `other`.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        // A certificate and its key belong together.
        let (cert, key) = match self.cert {
            Some(cert) => (Some(cert), self.key),
            None => (other.cert.clone(), self.key.or_else(|| other.key.clone())),
        };
        Self {
            insecure: self.insecure || other.insecure && self.ca.is_none(),
            ca: self.ca.or_else(|| other.ca.clone()),
            cert,
            key,
        }
    }
}

/// How to stop.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StopConfig {
    /// `sequence`.
    pub sequence: Option<ConfigValue<Sequence>>,
    /// `timeout`.
    pub timeout: Option<ConfigValue<Duration>>,
    /// `kill`.
    pub kill: Option<Policy>,
    /// `kill_extra`.
    pub kill_extra: Option<Duration>,
    /// `redis_gone`.
    pub redis_gone: Option<RedisGone>,
    /// `early`.
    pub early: Option<Early>,
    /// `ask_reason`.
    pub ask_reason: Option<bool>,
    /// `rescue`.
    pub rescue: Option<bool>,
    /// `on_finish`.
    pub on_finish: Option<Vec<String>>,
    /// When the stop of its unit takes TERM's place.
    pub stop_unit: Option<StopUnit>,
}

/// Where files go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The directory of records and locks; `None`: XDG, then the home of the user database.
    pub state_dir: Option<PathBuf>,
    /// This program's own log; `None`: there is none.
    pub log: Option<PathBuf>,
    /// The log of the Sidekiqs of this host; `None`: the file behind the standard output of each,
    /// or the journal.
    pub sidekiq_log: Option<PathBuf>,
}

/// The look of a screen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Display {
    /// `show_args`.
    pub show_args: Option<bool>,
    /// `color`.
    pub color: Option<bool>,
    /// `ascii`.
    pub ascii: Option<bool>,
    /// `refresh_seconds`.
    pub refresh: Option<Duration>,
}

impl Config {
    /// `FILE:LINE`, as origins are written.
    pub fn place(&self, line: Option<usize>) -> String {
        match line {
            Some(line) => format!("{}:{line}", self.file),
            None => self.file.clone(),
        }
    }
}
