//! `Procfile`: the command of each process. Whether a process is a Sidekiq follows from it.

use super::command_line::CommandLine;
use super::value::{Layer, Place, Reading, Value};

/// The setting under which a command is reported, in every layer that has commands.
pub const COMMAND: &str = "command";

/// Reads a `Procfile`: `name: command`, one a line (foreman `lib/foreman/procfile.rb`).
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    for (index, line) in text.lines().enumerate() {
        let Some((name, command)) = line.split_once(':') else {
            continue;
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if name.is_empty() || !name.chars().all(is_name) || command.trim().is_empty() {
            continue;
        }
        let place = Place::new(file, index + 1);
        reading.found(
            Layer::Procfile,
            COMMAND,
            Some(name),
            Value::text(command.trim()),
            place.clone(),
        );
        if let Some(line) = CommandLine::read(command) {
            line.report(Some(name), &place, &mut reading);
        }
    }
    reading
}
