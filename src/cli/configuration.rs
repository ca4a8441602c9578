//! Which configuration file is read, and the settings that follow from it. The working
//! directory is never looked into.

use std::env;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::Failure;
use super::options::{ConductOptions, EveryCommand};
use super::output::tell;
use super::rejected::Rejected;
use crate::core::config::{
    self, AppearanceFlags, Config, Environment, Flags, Places, RedisFlags, SequenceFlag, Settings,
    TlsFiles,
};
use crate::redis::Address;

/// The settings of a run. `sequence` is one that the subcommand itself was given.
pub(super) fn settings(
    common: &EveryCommand,
    conduct: &ConductOptions,
    sequence: Option<&str>,
) -> Result<Settings, Failure> {
    let flags = flags(common, conduct, sequence)?;
    let config = configuration(common.config.as_deref())?;
    for warning in &config.warnings {
        tell(&format!("warning: {warning}"));
    }
    Ok(Settings::settle(flags, environment(), &config))
}

fn flags(
    common: &EveryCommand,
    conduct: &ConductOptions,
    sequence: Option<&str>,
) -> Result<Flags, Failure> {
    let written = match (sequence, &common.sequence) {
        (Some(_), Some(_)) => {
            let twice = "the sequence is given twice: as an argument and by --sequence";
            return Err(Failure::Usage(twice.into()));
        }
        (Some(text), None) => Some((text, "the command line")),
        (None, Some(text)) => Some((text.as_str(), "--sequence")),
        (None, None) => None,
    };
    if let Some(Err(error)) = common.redis.as_deref().map(Address::parse) {
        return Err(Failure::Usage(format!("--redis: {error}")));
    }
    Ok(Flags {
        redis: redis_flags(common),
        sequence: written
            .map(|(text, origin)| sequence_flag(text, origin))
            .transpose()?,
        timeout: common.timeout,
        conduct: conduct.flags(),
        places: Places {
            state_dir: common.state_dir.clone(),
            log: common.log.clone(),
            sidekiq_log: None,
        },
        read_only: common.read_only,
        appearance: AppearanceFlags {
            no_color: common.no_color,
            ascii: common.ascii,
            show_args: common.show_args,
        },
    })
}

fn redis_flags(common: &EveryCommand) -> RedisFlags {
    let reached = &common.reached;
    RedisFlags {
        url: common.redis.clone(),
        namespace: (reached.namespace.clone()).filter(|name| !name.trim().is_empty()),
        tls: TlsFiles {
            ca: reached.redis_ca.clone(),
            cert: reached.redis_cert.clone(),
            key: reached.redis_key.clone(),
            insecure: reached.redis_insecure,
        },
    }
}

fn sequence_flag(text: &str, origin: &'static str) -> Result<SequenceFlag, Rejected> {
    match text.parse() {
        Ok(sequence) => Ok(SequenceFlag { sequence, origin }),
        Err(error) => Err(Rejected {
            text: text.into(),
            origin,
            error,
        }),
    }
}

/// The settings of the environment. A variable that is set to nothing is not set.
fn environment() -> Environment {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty());
    Environment {
        no_color: set("NO_COLOR").is_some(),
        namespace: set("REDIS_NAMESPACE").and_then(|name| name.into_string().ok()),
        // systemd separates several by colons; the first is the one to use.
        state_directory: set("STATE_DIRECTORY")
            .and_then(|list| env::split_paths(&list).next())
            .filter(|path| path.is_absolute()),
    }
}

/// Bytes of a configuration at most: each of its items is looked at, and each fault told.
const MOST_BYTES: u64 = 64 << 10;

/// The configuration: the named file, else the first that exists, else nothing.
fn configuration(named: Option<&Path>) -> Result<Config, Failure> {
    if let Some(path) = named {
        return read(path);
    }
    for path in places(config_home()) {
        match fs::metadata(&path) {
            Ok(_) => return read(&path),
            // Where this user may not even look (a unit with ProtectHome=) there is no file.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied
                ) => {}
            Err(why) => return Err(unreadable(&path, why)),
        }
    }
    Ok(Config::default())
}

/// The places in their order.
fn places(home: Option<PathBuf>) -> Vec<PathBuf> {
    home.into_iter()
        .chain([PathBuf::from("/etc")])
        .map(|directory| directory.join("drainboard/config.yml"))
        .collect()
}

/// `$XDG_CONFIG_HOME`, else `.config` in the home of the environment or the user database. A
/// relative path would lead into the working directory and counts as none.
fn config_home() -> Option<PathBuf> {
    let stated = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    stated
        .filter(|path| path.is_absolute())
        .or_else(|| {
            let home = etcetera::home_dir().ok()?;
            Some(home.join(".config"))
        })
        .filter(|path| path.is_absolute())
}

fn read(path: &Path) -> Result<Config, Failure> {
    let text = text_of(path).map_err(|why| unreadable(path, why))?;
    Ok(config::read(&path.display().to_string(), &text)?)
}

/// The whole of a file that is no larger than a configuration may be; it may be a pipe.
fn text_of(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let file = fs::File::open(path)?;
    let read = file.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    if read as u64 > MOST_BYTES {
        let why = format!(
            "it is larger than {} KB, and no configuration is",
            MOST_BYTES >> 10
        );
        return Err(io::Error::other(why));
    }
    Ok(text)
}

fn unreadable(path: &Path, why: std::io::Error) -> Failure {
    Failure::Unreadable {
        what: "the configuration",
        path: path.into(),
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_file_goes_before_that_of_the_machine() {
        let etc = PathBuf::from("/etc/drainboard/config.yml");
        assert_eq!(
            places(Some("/home/a/.config".into())),
            [
                PathBuf::from("/home/a/.config/drainboard/config.yml"),
                etc.clone()
            ]
        );
        assert_eq!(places(None), [etc]);
    }
}
