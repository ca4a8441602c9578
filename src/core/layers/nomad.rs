//! Nomad job files, as far as a plain pattern goes: `kill_timeout`, `kill_signal` and the
//! command of each task. HCL is not parsed; an expression stays one.

use std::time::Duration;

use super::erb::Untagged;
use super::layer::Layer;
use super::span::duration_text;
use super::value::{Expression, FilePlace, Hazard, Reading, Value};
use crate::core::clean::clean;

/// How long Nomad waits before it kills; a client's `max_kill_timeout` caps it.
pub const KILL_TIMEOUT: &str = "kill_timeout";
/// The signal it begins with; INT unless set.
pub const KILL_SIGNAL: &str = "kill_signal";
/// Nomad's own wait (hashicorp/nomad `nomad/structs`, `DefaultKillTimeout`).
pub const DEFAULT: Duration = Duration::from_secs(5);

/// A task while its block is read.
struct NomadTask {
    name: String,
    place: FilePlace,
    depth: usize,
    waits: bool,
    command: Vec<String>,
}

/// Reads a job file. The scope of a value is its task.
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let mut depth = 0_usize;
    let mut task: Option<NomadTask> = None;
    // A tag of a template is no block of HCL.
    let untagged = Untagged::of_any(text);
    for (number, line) in whole_lines(&untagged.text) {
        let line = untagged.restore(&line);
        let code = line.trim();
        let place = FilePlace::new(file, number);
        if let Some(rest) = code.strip_prefix("task ") {
            task = rest.split('"').nth(1).map(|name| NomadTask {
                name: name.to_string(),
                place: place.clone(),
                depth,
                waits: false,
                command: Vec::new(),
            });
        } else if let (Some(task), Some((key, value))) = (task.as_mut(), code.split_once('=')) {
            setting(task, key.trim(), value.trim(), &place, &mut reading);
        }
        let opened = code
            .matches('{')
            .count()
            .saturating_sub(2 * code.matches("{{").count());
        let closed = code
            .matches('}')
            .count()
            .saturating_sub(2 * code.matches("}}").count());
        depth = (depth + opened).saturating_sub(closed);
        if task.as_ref().is_some_and(|task| depth <= task.depth) {
            close(task.take(), &mut reading);
        }
    }
    close(task, &mut reading);
    reading
}

fn setting(task: &mut NomadTask, key: &str, value: &str, place: &FilePlace, reading: &mut Reading) {
    let text = value.trim_matches('"');
    match key {
        KILL_TIMEOUT => {
            task.waits = true;
            let value = match duration_text(text) {
                Some(span) => Value::Span(span),
                None => Value::Expression(Expression {
                    code: clean(value, 100),
                    default: None,
                    variable: None,
                    hazard: Hazard::None,
                }),
            };
            let mut scope = reading.scope(Layer::Nomad, &task.name);
            scope.found(KILL_TIMEOUT, value, place);
        }
        KILL_SIGNAL => {
            let mut scope = reading.scope(Layer::Nomad, &task.name);
            scope.found(KILL_SIGNAL, Value::text(text), place);
        }
        "command" => task.command.insert(0, text.to_string()),
        "args" => {
            let items = value.trim_matches(['[', ']']).split(',');
            task.command
                .extend(items.map(|item| item.trim().trim_matches('"').to_string()));
            task.command.retain(|word| !word.is_empty());
        }
        _ => {}
    }
}

/// Ends a task: its command, and the default where it sets no wait.
fn close(task: Option<NomadTask>, reading: &mut Reading) {
    let Some(task) = task else { return };
    let command = task.command.join(" ");
    let mut scope = reading.scope(Layer::Nomad, &task.name);
    if !command.is_empty() {
        scope.command(&command, &task.place);
    }
    if !task.waits {
        scope.found(KILL_TIMEOUT, Value::Default(DEFAULT), &task.place);
    }
}

/// The lines without comments, each with its number; a list over several lines is one.
fn whole_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut is_open = false;
    for (index, line) in text.lines().enumerate() {
        let code = line.trim();
        if code.starts_with('#') || code.starts_with("//") {
            continue;
        }
        match lines.last_mut().filter(|_| is_open) {
            Some((_, whole)) => whole.push_str(code),
            None => lines.push((index + 1, code.to_owned())),
        }
        let opens = !is_open && code.contains('=') && code.ends_with('[');
        is_open = (is_open || opens) && !code.contains(']');
    }
    lines
}
