//! Job classes as text: those that rescue Sidekiq's shutdown and enqueue themselves again, and
//! those that start programs. Patterns only; no Ruby is run.

use super::layer::Layer;
use super::ruby;
use super::value::{FilePlace, Reading, Value};

/// A class that rescues the shutdown and enqueues: its job runs twice.
pub const RESCUES_AND_ENQUEUES: &str = "rescues shutdown and enqueues";
/// A class that starts programs: they get TERM with it under `KillMode=control-group`.
pub const STARTS_PROGRAMS: &str = "starts programs";

/// Calls that enqueue a job.
const ENQUEUES: &[&str] = &[
    "perform_async",
    "perform_in",
    "perform_at",
    "perform_later",
    "Client.push",
    "perform_bulk",
];
/// Calls that start a program.
const STARTS: &[&str] = &[
    "Open3.",
    "IO.popen",
    "Process.spawn",
    "Kernel.system",
    "system(",
    "spawn(",
    "%x(",
];

/// Parts of words without one of which a class does neither.
const SIGNS: &[&str] = &[
    "rescue", "Open3.", "IO.popen", "spawn", "system", "%x(", "`",
];

/// Reads one class file. `Sidekiq::Shutdown` is an `Interrupt`: `rescue Exception` and
/// `rescue Interrupt` catch it too, a bare `rescue` does not.
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    // Most classes do neither, and an application has hundreds of them.
    if !SIGNS.iter().any(|sign| text.contains(sign)) {
        return reading;
    }
    let mut class = String::new();
    // The line of a rescue with its indentation.
    let mut rescue: Option<(usize, usize)> = None;
    let mut started = false;
    for (number, code) in ruby::code_lines(text) {
        let trimmed = code.trim();
        let indent = code.len() - code.trim_start().len();
        if let Some(rest) = trimmed.strip_prefix("class ") {
            class = rest
                .split([' ', '<', ';'])
                .next()
                .unwrap_or(rest)
                .to_string();
            (rescue, started) = (None, false);
        }
        if rescue.is_some_and(|(_, opener)| indent <= opener) {
            rescue = None;
        }
        let catches = trimmed.starts_with("rescue")
            && ["Sidekiq::Shutdown", "Exception", "Interrupt"]
                .iter()
                .any(|name| trimmed.contains(name));
        if catches {
            rescue = Some((number, indent));
        }
        let enqueues = ENQUEUES.iter().any(|call| code.contains(call));
        if let Some((line, _)) = rescue
            && enqueues
        {
            let value = Value::text(&class);
            let place = FilePlace::new(file, line);
            reading.found(
                Layer::JobClass,
                RESCUES_AND_ENQUEUES,
                Some(&class),
                value,
                place,
            );
            rescue = None;
        }
        let starts = STARTS.iter().any(|call| code.contains(call))
            || trimmed.starts_with("system ")
            || code.matches('`').count() >= 2;
        if starts && !started {
            started = true;
            let place = FilePlace::new(file, number);
            reading.found(
                Layer::JobClass,
                STARTS_PROGRAMS,
                Some(&class),
                Value::text(&class),
                place,
            );
        }
    }
    reading
}
