//! `Procfile`: the command of each process. Whether a process is a Sidekiq follows from it.

use super::layer::Layer;
use super::value::{FilePlace, Reading};

/// Reads a `Procfile`: `name: command`, one a line (foreman `lib/foreman/procfile.rb`).
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    for (index, line) in text.lines().enumerate() {
        let Some((name, command)) = line.split_once(':') else {
            continue;
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let command = command.trim();
        if !name.is_empty() && name.chars().all(is_name) && !command.is_empty() {
            let place = FilePlace::new(file, index + 1);
            reading
                .scope(Layer::Procfile, name)
                .command(command, &place);
        }
    }
    reading
}
