//! upstart jobs: `kill timeout` and its misspellings, which upstart itself passes over in
//! silence. Text in; nothing is run.

use std::time::Duration;

use super::command_line::CommandLine;
use super::procfile::COMMAND;
use super::value::{Fault, Layer, Place, Reading, Value};
use crate::core::clean::clean;

/// How long upstart waits before it kills.
pub const KILL_TIMEOUT: &str = "kill timeout";
/// The signal it begins with; TERM unless set.
pub const KILL_SIGNAL: &str = "kill signal";
/// upstart's own wait (init(5)).
pub const DEFAULT: Duration = Duration::from_secs(5);

/// Reads a job file. The scope of its values is the name given.
pub fn read(job: &str, file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let mut waits = false;
    for (index, line) in text.lines().enumerate() {
        let code = line.trim();
        if code.starts_with('#') {
            continue;
        }
        let place = Place::new(file, index + 1);
        let mut words = code.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("kill"), Some("timeout"), value) => {
                waits = true;
                let value = value.unwrap_or("");
                let value = match value.parse::<u32>() {
                    Ok(seconds) => Value::Span(Duration::from_secs(u64::from(seconds))),
                    Err(_) => Value::Unusable {
                        written: clean(value, 60),
                        fault: Fault::Ignored,
                    },
                };
                reading.found(Layer::Upstart, KILL_TIMEOUT, Some(job), value, place);
            }
            (Some("kill"), Some("signal"), Some(signal)) => {
                let value = Value::text(signal);
                reading.found(Layer::Upstart, KILL_SIGNAL, Some(job), value, place);
            }
            (Some("kill"), Some(word), Some(number))
                if number.parse::<u32>().is_ok()
                    && crate::core::sequence::nearest(word, ["timeout"]).is_some() =>
            {
                reading.problem(
                    place,
                    format!(
                        "`kill {}` is ignored by upstart: did you mean `kill timeout`?",
                        clean(word, 20)
                    ),
                );
            }
            _ => command(job, code, &place, &mut reading),
        }
    }
    if !waits {
        let value = Value::Default(DEFAULT);
        reading.found(
            Layer::Upstart,
            KILL_TIMEOUT,
            Some(job),
            value,
            Place::whole(file),
        );
    }
    reading
}

/// A line of a script that starts a Sidekiq.
fn command(job: &str, code: &str, place: &Place, reading: &mut Reading) {
    if code.starts_with("description") || code.starts_with("env ") {
        return;
    }
    if let Some(line) = CommandLine::read(code) {
        reading.found(
            Layer::Upstart,
            COMMAND,
            Some(job),
            Value::text(code),
            place.clone(),
        );
        line.report(Some(job), place, reading);
    }
}
