//! Docker Compose: how long `docker stop` waits for each service, and with which signal. A file
//! names services; which of them is a Sidekiq follows from its command.

use std::time::Duration;

use serde_yaml::Value as Node;

use super::span::duration_text;
use super::tool::Layer;
use super::value::{Expression, Fault, Hazard, Place, Reading, Value};
use super::yaml::{self, Document};
use crate::core::clean::clean;

/// How long Docker waits before it kills.
pub const STOP_GRACE_PERIOD: &str = "stop_grace_period";
/// The signal that Docker begins with.
pub const STOP_SIGNAL: &str = "stop_signal";
/// Docker's own wait (docker stop reference).
pub const DEFAULT: Duration = Duration::from_secs(10);

/// Reads a Compose file. The scope of a value is its service.
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let document = match yaml::document(text) {
        Ok(document) => document,
        Err(broken) => {
            let place = Place {
                file: file.into(),
                line: broken.line,
            };
            reading.problem(place, format!("no valid YAML: {}", broken.why));
            return reading;
        }
    };
    if let Some(services) = document.get(&["services"]) {
        for (name, service) in yaml::entries(services) {
            one_service(file, &document, name, service, &mut reading);
        }
    }
    reading
}

fn one_service(file: &str, document: &Document, name: &str, service: &Node, reading: &mut Reading) {
    let place = |key: &str| Place::new(file, document.line(&["services", name, key]));
    if let Some((text, is_shell)) = service.get("command").and_then(command) {
        let place = place("command");
        let line = reading.scope(Layer::Compose, name).command(&text, &place);
        if line.is_some() && is_shell && !text.contains("exec ") && service.get("init").is_none() {
            reading.note(
                place,
                "check that the image has no shell as its entry point: a shell without exec keeps TERM from Sidekiq",
            );
        }
    }
    let (value, from) = service.get(STOP_GRACE_PERIOD).map_or_else(
        || {
            let from = Place::new(file, document.line(&["services", name]));
            (Value::Default(DEFAULT), from)
        },
        |node| (grace(node), place(STOP_GRACE_PERIOD)),
    );
    let mut scope = reading.scope(Layer::Compose, name);
    scope.found(STOP_GRACE_PERIOD, value, &from);
    if let Some(signal) = service.get(STOP_SIGNAL).and_then(yaml::scalar) {
        scope.found(STOP_SIGNAL, Value::text(&signal), &place(STOP_SIGNAL));
    }
}

/// A command as text or as a list; says whether it was text.
pub(super) fn command(node: &Node) -> Option<(String, bool)> {
    if let Some(items) = node.as_sequence() {
        let words: Vec<String> = items.iter().filter_map(yaml::scalar).map(quoted).collect();
        return Some((words.join(" "), false));
    }
    yaml::scalar(node).map(|text| (text, true))
}

/// One item of a list as a single shell word.
fn quoted(word: String) -> String {
    if word.contains(char::is_whitespace) && !word.contains('\'') {
        format!("'{word}'")
    } else {
        word
    }
}

fn grace(node: &Node) -> Value {
    let text = yaml::scalar(node).unwrap_or_default();
    match duration_text(&text) {
        Some(span) => Value::Span(span),
        None if text.contains("${") => Value::Expression(Expression {
            code: clean(&text, 100),
            default: text
                .split_once(":-")
                .and_then(|(_, rest)| duration_text(rest.trim_end_matches('}'))),
            variable: None,
            hazard: Hazard::None,
        }),
        None => Value::Unusable {
            written: clean(&text, 60),
            fault: Fault::NoBoot,
        },
    }
}
