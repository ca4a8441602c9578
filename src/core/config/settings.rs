//! The settings that hold in the end: flags before environment before configuration before
//! defaults, each value that people must be able to trace with the place where it was found.

use std::path::PathBuf;
use std::time::Duration;

use super::{Config, ConfigValue, Early, Places, Policy, RedisGone, StopUnit, TlsFiles};
use crate::core::fleet::RedisAddress;
use crate::core::sequence::{Sequence, SequenceOrigin, Timeout};

/// Everything that is settled before the first look.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The addresses of Redis that were stated; choosing one is the work of `redis`.
    pub redis: Addresses,
    /// The stop sequence.
    pub sequence: Sequence,
    /// Where it was found: `--sequence`, `FILE:LINE`, `default`.
    pub sequence_origin: SequenceOrigin,
    /// Sidekiq's own timeout, if it is stated.
    pub timeout: Option<Timeout>,
    /// The limits of a drain.
    pub conduct: Conduct,
    /// Where files go.
    pub places: Places,
    /// Whether nothing at all may be changed.
    pub read_only: bool,
    /// The look of a screen.
    pub appearance: Appearance,
}

/// The addresses that flag and configuration state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Addresses {
    /// `--redis`.
    pub flag: Option<StatedAddress>,
    /// `redis` of the configuration.
    pub configuration: Option<StatedAddress>,
    /// The prefix of all keys, for redis-namespace.
    pub namespace: Option<String>,
    /// How TLS is checked.
    pub tls: TlsFiles,
}

/// An address with the place where it was stated.
#[derive(Clone, Debug, PartialEq)]
pub struct StatedAddress {
    /// The address; it prints without its password.
    pub address: RedisAddress,
    /// `--redis` or `FILE:LINE`.
    pub origin: String,
}

/// The limits of a drain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conduct {
    /// The rule for a KILL that is due with jobs at stake; `None`: as the front has it.
    pub kill: Option<Policy>,
    /// How long KILL may wait for the push-back.
    pub kill_extra: Duration,
    /// The choice for a TERM that is due while Redis does not answer; `None`: as the front has it.
    pub redis_gone: Option<RedisGone>,
    /// Whether a wait may end early.
    pub early: Early,
    /// Whether the console asks why, before a first signal for which no reason was given.
    pub ask_reason: bool,
    /// Whether a drain without a screen pushes lost jobs back.
    pub rescue: bool,
    /// The program, with its arguments, that is given the report of a drain; empty: none.
    pub on_finish: Vec<String>,
    /// When the stop of its unit takes TERM's place.
    pub stop_unit: StopUnit,
}

/// The look of a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appearance {
    /// Whether colours are wanted, terminal or not.
    pub colour: bool,
    /// Whether ASCII alone is wanted.
    pub ascii: bool,
    /// Whether arguments of jobs are shown.
    pub show_args: bool,
    /// Time between two looks.
    pub refresh: Duration,
}

/// The settings of the command line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flags {
    /// `--redis` and what belongs to it.
    pub redis: RedisFlags,
    /// `--sequence`, or the sequence that `plan` was given.
    pub sequence: Option<SequenceFlag>,
    /// `--timeout`.
    pub timeout: Option<Duration>,
    /// `--kill`, `--kill-extra`, `--redis-gone`, `--early`, `--stop-unit`.
    pub conduct: ConductFlags,
    /// `--state-dir`, `--log`.
    pub places: Places,
    /// `--read-only`.
    pub read_only: bool,
    /// `--no-color`, `--ascii`, `--show-args`.
    pub appearance: AppearanceFlags,
}

/// The flags that say where Redis is, and how it is reached.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RedisFlags {
    /// `--redis`.
    pub url: Option<String>,
    /// `--namespace`.
    pub namespace: Option<String>,
    /// `--redis-ca`, `--redis-cert`, `--redis-key`, `--redis-insecure`.
    pub tls: TlsFiles,
}

/// A sequence from the command line.
#[derive(Clone, Debug, PartialEq)]
pub struct SequenceFlag {
    /// The sequence.
    pub sequence: Sequence,
    /// The flag or argument it came by.
    pub origin: &'static str,
}

/// The flags of a drain's conduct.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConductFlags {
    /// `--kill`.
    pub kill: Option<Policy>,
    /// `--kill-extra`.
    pub kill_extra: Option<Duration>,
    /// `--redis-gone`.
    pub redis_gone: Option<RedisGone>,
    /// `--early`.
    pub early: Option<Early>,
    /// `--stop-unit`.
    pub stop_unit: Option<StopUnit>,
}

/// The flags of the screen's look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppearanceFlags {
    /// `--no-color`.
    pub no_color: bool,
    /// `--ascii`.
    pub ascii: bool,
    /// `--show-args`.
    pub show_args: bool,
}

/// The settings of the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// `STATE_DIRECTORY`, as systemd sets it for a unit.
    pub state_directory: Option<PathBuf>,
    /// `REDIS_NAMESPACE`.
    pub namespace: Option<String>,
}

impl Settings {
    /// Merges what was found.
    pub fn settle(flags: Flags, environment: Environment, config: &Config) -> Self {
        let (sequence, sequence_origin) = sequence(flags.sequence, config);
        let display = &config.display;
        Self {
            redis: Addresses {
                flag: flags.redis.url.map(|url| StatedAddress {
                    address: RedisAddress::new(url),
                    origin: "--redis".into(),
                }),
                configuration: config.source.redis.as_ref().map(|stated| StatedAddress {
                    address: stated.value.clone(),
                    origin: config.place(stated.line),
                }),
                namespace: (flags.redis.namespace)
                    .or(environment.namespace)
                    .or_else(|| config.source.namespace.clone()),
                tls: flags.redis.tls.or(&config.source.tls),
            },
            sequence,
            sequence_origin,
            timeout: timeout(flags.timeout, config),
            conduct: Conduct {
                kill: flags.conduct.kill.or(config.stop.kill),
                kill_extra: flags
                    .conduct
                    .kill_extra
                    .or(config.stop.kill_extra)
                    .unwrap_or(Duration::from_secs(30)),
                redis_gone: flags.conduct.redis_gone.or(config.stop.redis_gone),
                early: flags
                    .conduct
                    .early
                    .or(config.stop.early)
                    .unwrap_or_default(),
                ask_reason: config.stop.ask_reason.unwrap_or(false),
                rescue: config.stop.rescue.unwrap_or(false),
                on_finish: config.stop.on_finish.clone().unwrap_or_default(),
                stop_unit: flags
                    .conduct
                    .stop_unit
                    .or(config.stop.stop_unit)
                    .unwrap_or_default(),
            },
            places: Places {
                state_dir: (flags.places.state_dir)
                    .or(environment.state_directory)
                    .or_else(|| config.places.state_dir.clone()),
                log: flags.places.log.or_else(|| config.places.log.clone()),
                sidekiq_log: (flags.places.sidekiq_log)
                    .or_else(|| config.places.sidekiq_log.clone()),
            },
            read_only: flags.read_only || config.read_only.unwrap_or(false),
            appearance: Appearance {
                colour: !flags.appearance.no_color
                    && !environment.no_color
                    && display.color.unwrap_or(true),
                ascii: flags.appearance.ascii || display.ascii.unwrap_or(false),
                show_args: flags.appearance.show_args || display.show_args.unwrap_or(false),
                refresh: display.refresh.unwrap_or(Duration::from_secs(1)),
            },
        }
    }

    /// Sidekiq's own timeout, or what is assumed for a version that is not known.
    pub fn timeout_or_assumed(&self) -> Timeout {
        self.timeout
            .clone()
            .unwrap_or_else(|| Timeout::assumed(None))
    }
}

fn sequence(flag: Option<SequenceFlag>, config: &Config) -> (Sequence, SequenceOrigin) {
    if let Some(flag) = flag {
        return (flag.sequence, SequenceOrigin(flag.origin.into()));
    }
    if let Some(ConfigValue { value, line }) = &config.stop.sequence {
        return (value.clone(), SequenceOrigin(config.place(*line)));
    }
    (Sequence::default(), SequenceOrigin("default".into()))
}

fn timeout(flag: Option<Duration>, config: &Config) -> Option<Timeout> {
    flag.map(Timeout::by_flag).or_else(|| {
        let stated = config.stop.timeout.as_ref()?;
        Some(Timeout::stated(stated.value, config.place(stated.line)))
    })
}
