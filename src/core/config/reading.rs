//! The keys of the configuration: text in, [`Config`] or every error at once out.

use std::collections::HashMap;

use serde_yaml::Value;

use super::blocks;
use super::entries::{ConfigEntry, entries};
use super::values::{self, Rejection};
use super::{Config, ConfigError, ConfigErrors, ConfigValue};
use crate::core::clean::clean;
use crate::core::sequence::nearest;

/// Every key there is, in the order of `config.example.yml`.
pub const KEYS: [&str; 22] = [
    "redis",
    "sentinel",
    "tls",
    "namespace",
    "sequence",
    "timeout",
    "kill",
    "kill_extra",
    "redis_gone",
    "early",
    "ask_reason",
    "stop_unit",
    "rescue",
    "on_finish",
    "state_dir",
    "log",
    "sidekiq_log",
    "read_only",
    "show_args",
    "color",
    "ascii",
    "refresh_seconds",
];

/// Reads the text of `file`. All that is wrong with it is reported at once.
pub fn read(file: &str, text: &str) -> Result<Config, ConfigErrors> {
    let file = clean(file, 500);
    let mut config = Config {
        file: file.clone(),
        ..Config::default()
    };
    let mut errors = Vec::new();
    match entries(text) {
        Err(error) => errors.push(error),
        Ok(found) => {
            let mut first = HashMap::new();
            for entry in &found {
                let before = first.get(entry.key.as_str()).copied();
                let outcome = match before {
                    Some(line) => Err(twice(entry, line)),
                    None => config.take(entry),
                };
                first.entry(entry.key.as_str()).or_insert(entry.line);
                errors.extend(outcome.err());
            }
        }
    }
    if errors.is_empty() {
        return Ok(config);
    }
    Err(ConfigErrors { file, errors })
}

/// Why an entry is not taken over.
enum EntryRefused {
    /// There is no such key.
    Key,
    /// The key exists; its value is wrong.
    Value(Rejection),
}

impl From<Rejection> for EntryRefused {
    fn from(rejection: Rejection) -> Self {
        Self::Value(rejection)
    }
}

impl Config {
    /// Takes over one entry.
    fn take(&mut self, entry: &ConfigEntry) -> Result<(), ConfigError> {
        if entry.key == "sequence" {
            return self.take_sequence(entry);
        }
        self.set(&entry.key, &entry.value, entry.line)
            .map_err(|refused| match refused {
                EntryRefused::Value(rejection) => error(entry, entry.key.clone(), rejection),
                EntryRefused::Key => unknown(entry),
            })
    }

    /// Sets the value of `key`.
    fn set(&mut self, key: &str, value: &Value, line: Option<usize>) -> Result<(), EntryRefused> {
        match key {
            "redis" | "sentinel" if self.source.redis.is_some() => {
                return Err(EntryRefused::Value(Rejection::new(
                    "`redis` and `sentinel` both say where Redis is",
                    "one of them",
                )));
            }
            "redis" => {
                let value = values::address(value)?;
                self.source.redis = Some(ConfigValue { value, line });
            }
            "sentinel" => {
                let value = blocks::sentinel(value)?;
                self.source.redis = Some(ConfigValue { value, line });
            }
            "tls" => self.source.tls = blocks::tls(value)?,
            "namespace" => self.source.namespace = Some(values::text(value)?.to_owned()),
            "timeout" => {
                let value = values::seconds(value)?;
                self.stop.timeout = Some(ConfigValue { value, line });
            }
            "kill" => self.stop.kill = Some(values::word(value)?),
            "kill_extra" => self.stop.kill_extra = Some(values::seconds(value)?),
            "redis_gone" => self.stop.redis_gone = Some(values::word(value)?),
            "early" => self.stop.early = Some(values::word(value)?),
            "ask_reason" => self.stop.ask_reason = Some(values::truth(value)?),
            "stop_unit" => self.stop.stop_unit = Some(values::word(value)?),
            "rescue" => self.stop.rescue = Some(values::truth(value)?),
            "on_finish" => self.stop.on_finish = Some(values::program(value)?),
            "state_dir" => self.places.state_dir = Some(values::path(value)?),
            "log" => self.places.log = Some(values::path(value)?),
            "sidekiq_log" => self.places.sidekiq_log = Some(values::path(value)?),
            "read_only" => self.read_only = Some(values::truth(value)?),
            "show_args" => self.display.show_args = Some(values::truth(value)?),
            "color" => self.display.color = Some(values::truth(value)?),
            "ascii" => self.display.ascii = Some(values::truth(value)?),
            "refresh_seconds" => self.display.refresh = Some(values::refresh(value)?),
            _ => return Err(EntryRefused::Key),
        }
        Ok(())
    }

    /// Takes over the stop sequence; one that is written as a list is worth a warning.
    fn take_sequence(&mut self, entry: &ConfigEntry) -> Result<(), ConfigError> {
        let (value, listed) = values::sequence(&entry.value).map_err(|(item, rejection)| {
            let path = item.map_or_else(
                || entry.key.clone(),
                |index| format!("{}[{index}]", entry.key),
            );
            error(entry, path, rejection)
        })?;
        if listed {
            self.warnings.push(format!(
                "{}: sequence: written as a list, which is read but not the documented form: sequence: {value}",
                self.place(entry.line)
            ));
        }
        self.stop.sequence = Some(ConfigValue {
            value,
            line: entry.line,
        });
        Ok(())
    }
}

fn error(entry: &ConfigEntry, path: String, rejection: Rejection) -> ConfigError {
    ConfigError {
        line: entry.line,
        path,
        problem: rejection.problem,
        expected: rejection.expected.into(),
        suggestion: rejection.suggestion,
        rejected_sequence: rejection.rejected_sequence,
    }
}

fn unknown(entry: &ConfigEntry) -> ConfigError {
    let like = entry.key.to_lowercase().replace('-', "_");
    let meant = nearest(&like, KEYS);
    ConfigError {
        line: entry.line,
        path: entry.key.clone(),
        problem: "unknown key".into(),
        expected: if meant.is_some() {
            String::new()
        } else {
            format!("one of {}", KEYS.join(", "))
        },
        suggestion: meant.map(str::to_owned),
        rejected_sequence: false,
    }
}

fn twice(entry: &ConfigEntry, first: Option<usize>) -> ConfigError {
    ConfigError {
        line: entry.line,
        path: entry.key.clone(),
        problem: match first {
            Some(line) => format!("stands a second time, first in line {line}"),
            None => "stands a second time".into(),
        },
        expected: "each key once".into(),
        suggestion: None,
        rejected_sequence: false,
    }
}
