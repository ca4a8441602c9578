//! A supervisor inside of a container or a unit: what runs it may kill it, and all below it, before its
//! own wait is over.

use super::command_line::COMMAND;
use super::launch::words;
use super::layer::Layer;
use super::paths::file_name;
use super::value::{LocatedSetting, Reading, Value};
use super::{foreman, supervisord, systemd_unit};

/// The wait of the container or the unit around it, where that is shorter.
pub const OUTER: &str = "outer limit";
/// The limit of a unit.
const UNIT_LIMIT: &str = "TimeoutStopSec";

/// Supervisors with the setting that says how long each waits.
const INNER: &[(Layer, &str, &[&str])] = &[
    (
        Layer::Supervisord,
        supervisord::STOP_WAIT_SECONDS,
        &["supervisord"],
    ),
    (Layer::Foreman, foreman::TIMEOUT, foreman::PROGRAMS),
];

/// Shortens the waits of supervisors that are run with a shorter one.
pub(super) fn read_together(reading: &mut Reading) {
    for (layer, setting, programs) in INNER {
        let is_run = |located: &&LocatedSetting| {
            let is_command = matches!(located.setting, COMMAND | "ExecStart");
            let text = located.value.as_text().filter(|_| is_command);
            text.is_some_and(|text| {
                let all = words(text, false);
                let mut names = all.iter().map(|word| file_name(word));
                names.any(|word| programs.contains(&word))
            })
        };
        let around = reading.values.iter().filter(is_run);
        let limits = around.filter_map(|located| limit_of(located, reading));
        let Some(outer) = limits.min_by_key(|outer| outer.value.span()) else {
            continue;
        };
        for own in &mut reading.values {
            let is_own = own.layer == *layer && own.setting == *setting;
            if is_own && own.value.span() > outer.value.span() {
                own.setting = OUTER;
                own.value = outer.value.clone();
                own.from = outer.from.clone();
            }
        }
    }
}

/// How long what runs a command waits for it, if that is told.
fn limit_of(command: &LocatedSetting, reading: &Reading) -> Option<LocatedSetting> {
    let limits = command.layer.tool().stop.as_ref().map(|stop| stop.limits);
    let is_limit = |setting: &str| match limits {
        Some(limits) => limits.iter().any(|(name, _)| *name == setting),
        None => setting == UNIT_LIMIT,
    };
    let mut of_it = reading.values.iter().filter(|located| {
        located.layer == command.layer
            && located.scope == command.scope
            && is_limit(located.setting)
    });
    match of_it.next_back() {
        Some(located) => located.value.span().is_some().then(|| located.clone()),
        None if command.layer == Layer::Systemd => Some(LocatedSetting {
            setting: UNIT_LIMIT,
            value: Value::Default(systemd_unit::DEFAULT_LIMIT),
            ..command.clone()
        }),
        None => None,
    }
}
