//! supervisord's INI files: how long each program may take to stop. Text in; the program is a
//! Sidekiq if its command is one.

use std::time::Duration;

use super::layer::Layer;
use super::value::{Fault, FilePlace, Reading, Value};
use super::variables;

/// How long supervisord waits before it kills.
pub const STOP_WAIT_SECONDS: &str = "stopwaitsecs";
/// The signal it begins with; TERM unless set.
pub const STOP_SIGNAL: &str = "stopsignal";
/// supervisord's own wait (supervisord.org, `[program:x]` settings).
pub const DEFAULT: Duration = Duration::from_secs(10);

/// Reads a configuration file. The scope of a value is its program.
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let mut program: Option<(String, FilePlace, bool)> = None;
    for (number, code) in whole_lines(text) {
        let code = code.as_str();
        let place = FilePlace::new(file, number);
        if let Some(section) = code.strip_prefix('[').and_then(|s| s.strip_suffix(']')) {
            close(program.take(), &mut reading);
            program = section
                .strip_prefix("program:")
                .map(|name| (name.trim().to_string(), place, false));
            continue;
        }
        let (Some((name, _, waits)), Some((key, value))) =
            (program.as_mut(), code.split_once(['=', ':']))
        else {
            continue;
        };
        if key.trim() == STOP_WAIT_SECONDS {
            *waits = true;
        }
        setting(name, key.trim(), value.trim(), &place, &mut reading);
    }
    close(program, &mut reading);
    reading
}

/// The lines with their numbers, without comments. A line that begins with a blank goes on with the
/// one before it, as Python's `ConfigParser` reads it.
fn whole_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let code = line.split(" ;").next().unwrap_or(line);
        let goes_on = code.starts_with([' ', '\t']);
        let code = code.trim();
        if code.is_empty() || code.starts_with([';', '#']) {
            continue;
        }
        match lines.last_mut() {
            Some((_, whole)) if goes_on && !whole.starts_with('[') => {
                whole.extend([" ", code]);
            }
            Some(_) | None => lines.push((index + 1, code.to_owned())),
        }
    }
    lines
}

fn setting(program: &str, key: &str, value: &str, place: &FilePlace, reading: &mut Reading) {
    let mut program = reading.scope(Layer::Supervisord, program);
    match key {
        "command" => {
            program.command(value, place);
        }
        STOP_WAIT_SECONDS => program.seconds(STOP_WAIT_SECONDS, value, Fault::NoBoot, place),
        "environment" => {
            for (name, value) in value.split(',').filter_map(variables::assigned) {
                program.found(name, value, place);
            }
        }
        STOP_SIGNAL => program.found(STOP_SIGNAL, Value::text(value), place),
        _ => {}
    }
}

/// Ends a program's section: without `stopwaitsecs` the default holds.
fn close(program: Option<(String, FilePlace, bool)>, reading: &mut Reading) {
    if let Some((name, place, false)) = program {
        let mut program = reading.scope(Layer::Supervisord, &name);
        program.found(STOP_WAIT_SECONDS, Value::Default(DEFAULT), &place);
    }
}
