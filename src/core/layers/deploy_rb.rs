//! `Capfile`, `config/deploy.rb`, stage files and rake tasks: what capistrano-sidekiq is told, and
//! the commands that stop, signal or wait. Ruby is read line by line, never run.

use super::command_line::{self, COMMAND};
use super::deploy_calls;
use super::layer::Layer;
use super::paths::is_for_development;
use super::ruby;
use super::value::{Expression, FilePlace, Hazard, Reading, Value};
use crate::core::clean::clean;

pub use super::deploy_calls::CALL;

/// `set :sidekiq_timeout, …`.
pub const SIDEKIQ_TIMEOUT: &str = "sidekiq_timeout";
/// A line that loads capistrano-sidekiq.
pub const LOADS_GEM: &str = "require";
/// A plugin that the Capfile installs.
pub const INSTALLS_PLUGIN: &str = "install_plugin";

/// The variables of capistrano-sidekiq that are reported as texts.
const VARIABLES: &[&str] = &[
    "sidekiq_command",
    "sidekiq_command_args",
    "sidekiq_config_files",
    "sidekiq_default_hooks",
    "sidekiq_enable_lingering",
    "sidekiq_env",
    "sidekiq_service_unit_name",
    "sidekiq_service_unit_user",
    "sidekiq_systemctl_user",
    "service_unit_user",
];

/// Reads a Capistrano file. Patterns stand for interpolations (`custom_sidekiq_*`).
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    for (number, code) in ruby::code_lines(text) {
        let place = FilePlace::new(file, number);
        if let Some((variable, value)) = setting(code.trim()) {
            variable_set(variable, value, place.clone(), &mut reading);
        }
        plugin(code.trim(), place, &mut reading);
    }
    let is_rake = file.strip_suffix(".rake").is_some();
    let is_left_out =
        |call: &deploy_calls::Call| is_rake && call.task.split(':').any(is_for_development);
    for call in deploy_calls::calls(text) {
        if is_left_out(&call) {
            continue;
        }
        let place = FilePlace::new(file, call.line);
        let value = Value::command(&call.command);
        let start = call.starts();
        if call.may_stop() || start.is_none() {
            let value = value.clone();
            reading.found(
                Layer::Capistrano,
                CALL,
                Some(&call.task),
                value,
                place.clone(),
            );
        }
        if let Some(line) = start {
            let task = Some(call.task.as_str()).filter(|task| !task.is_empty());
            line.report(task, &place, &mut reading);
            reading.found(Layer::Capistrano, COMMAND, task, value, place);
        }
    }
    reading
}

/// `require "capistrano/sidekiq"` and `install_plugin Capistrano::Sidekiq`.
fn plugin(code: &str, place: FilePlace, reading: &mut Reading) {
    if let Some(rest) = code.strip_prefix("require") {
        let name = rest.trim_matches([' ', '(', ')', '"', '\'']);
        if matches!(name, "capistrano/sidekiq" | "capistrano-sidekiq") {
            let value = Value::text(name);
            reading.found(Layer::Capistrano, LOADS_GEM, None, value, place);
        }
    } else if let Some(rest) = code.strip_prefix(INSTALLS_PLUGIN) {
        let name = rest.trim_matches([' ', '(', ')']);
        let name = name.split([' ', ',']).next().unwrap_or(name);
        if name.starts_with("Capistrano::Sidekiq") {
            let value = Value::text(name);
            reading.found(Layer::Capistrano, INSTALLS_PLUGIN, None, value, place);
        }
    }
}

/// `set :name, value` or `set(:name, value)`.
fn setting(code: &str) -> Option<(&str, &str)> {
    let rest = code.strip_prefix("set")?;
    let rest = match rest.trim_start().strip_prefix('(') {
        Some(inside) => inside.trim_end().strip_suffix(')')?,
        None => rest.strip_prefix(' ')?,
    };
    let (name, value) = rest.trim().strip_prefix(':')?.split_once(',')?;
    Some((name.trim(), unwrapped(value.trim())))
}

/// A value without `-> { … }`, `lambda { … }` or `proc { … }` around it.
fn unwrapped(value: &str) -> &str {
    ["->", "lambda", "proc"]
        .iter()
        .find_map(|word| value.strip_prefix(word))
        .and_then(|rest| rest.trim().strip_prefix('{')?.strip_suffix('}'))
        .map_or(value, str::trim)
}

fn variable_set(variable: &str, value: &str, place: FilePlace, reading: &mut Reading) {
    if variable == SIDEKIQ_TIMEOUT {
        let value = match ruby::number(value) {
            Some(seconds) => Value::Span(std::time::Duration::from_secs_f64(seconds)),
            None => Value::Expression(Expression {
                code: clean(value, 200),
                default: None,
                variable: None,
                hazard: Hazard::None,
            }),
        };
        reading.found(Layer::Capistrano, SIDEKIQ_TIMEOUT, None, value, place);
        return;
    }
    let Some(name) = VARIABLES.iter().find(|name| **name == variable) else {
        return;
    };
    if *name == "sidekiq_command_args" {
        let command = format!("sidekiq {}", value.trim_matches(['"', '\'']));
        if let Some(line) = command_line::CommandLine::read(&command) {
            line.report(None, &place, reading);
        }
    }
    let value = match value {
        "true" => Value::Flag(true),
        "false" => Value::Flag(false),
        text => Value::text(&pattern(text)),
    };
    reading.found(Layer::Capistrano, name, None, value, place);
}

/// A text with `*` for every interpolation; a symbol without its colon; a list as it stands.
fn pattern(value: &str) -> String {
    let text = match value.strip_prefix(':') {
        Some(symbol) => symbol,
        None if value.starts_with('[') => value,
        None => value.trim_matches(['"', '\'']),
    };
    let mut pattern = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("#{") {
        pattern.push_str(before);
        pattern.push('*');
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    pattern.push_str(rest);
    pattern
}
