//! `fly.toml`: how long Fly.io waits before it kills a machine, and with which signal it begins.
//! Read line by line, as far as keys and tables go.

use std::time::Duration;

use super::compose::quoted;
use super::layer::Layer;
use super::span::duration_text;
use super::value::{Fault, FilePlace, Reading, Value};
use crate::core::clean::clean;

/// How long Fly.io waits before it kills: whole seconds or a duration.
pub const KILL_TIMEOUT: &str = "kill_timeout";
/// The signal it begins with; INT unless set.
pub const KILL_SIGNAL: &str = "kill_signal";
/// Fly.io's own wait (fly.io, "Graceful VM exits").
pub const DEFAULT: Duration = Duration::from_secs(5);
/// The process of a machine whose command only its image knows.
pub const APP: &str = "app";

/// Reads a `fly.toml`. The scope of a value is its process.
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let mut table = String::new();
    let mut processes: Vec<(String, String, FilePlace)> = Vec::new();
    let (mut wait, mut signal) = (None, None);
    for (index, line) in text.lines().enumerate() {
        let line = without_comment(line).trim();
        let place = FilePlace::new(file, index + 1);
        if let Some(name) = line.strip_prefix('[') {
            name.trim_matches(['[', ']', ' ']).clone_into(&mut table);
        } else if let Some((key, value)) = line.split_once('=') {
            let (key, value) = (key.trim().trim_matches('"'), value.trim());
            match (table.as_str(), key) {
                ("processes", name) => processes.push((name.to_owned(), string(value), place)),
                ("", KILL_TIMEOUT) => wait = Some((seconds(value), place)),
                ("", KILL_SIGNAL) => signal = Some((Value::text(&string(value)), place)),
                _ => {}
            }
        }
    }
    if processes.is_empty() {
        processes.push((APP.to_owned(), String::new(), FilePlace::whole(file)));
    }
    for (name, command, place) in processes {
        let mut scope = reading.scope(Layer::Fly, &name);
        if !command.is_empty() {
            scope.command(&command, &place);
        }
        match &wait {
            Some((value, place)) => scope.found(KILL_TIMEOUT, value.clone(), place),
            None => scope.found(KILL_TIMEOUT, Value::Default(DEFAULT), &place),
        }
        if let Some((value, place)) = &signal {
            scope.found(KILL_SIGNAL, value.clone(), place);
        }
    }
    reading
}

/// A line up to a `#` outside of a text.
fn without_comment(line: &str) -> &str {
    let mut quote = None;
    for (index, character) in line.char_indices() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, '#') => return &line[..index],
            _ => {}
        }
    }
    line
}

/// A text, or a list of texts as one command.
fn string(value: &str) -> String {
    let plain = |text: &str| text.trim().trim_matches(['"', '\'']).replace("\\\"", "\"");
    match value
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        Some(items) => {
            let items = items.split(',').filter(|item| !item.trim().is_empty());
            items
                .map(|item| quoted(plain(item)))
                .collect::<Vec<_>>()
                .join(" ")
        }
        None => plain(value),
    }
}

fn seconds(value: &str) -> Value {
    let text = string(value);
    match duration_text(&text) {
        Some(span) => Value::Span(span),
        None => Value::Unusable {
            written: clean(&text, 60),
            fault: Fault::NoBoot,
        },
    }
}
