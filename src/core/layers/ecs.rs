//! Task definitions of Amazon ECS: how long the agent waits for each container after TERM.

use std::time::Duration;

use serde_json::Value as Node;

use super::compose::quoted;
use super::layer::Layer;
use super::value::{FilePlace, Reading, Value};
use super::variables;

/// How long ECS waits before it kills.
pub const STOP_TIMEOUT: &str = "stopTimeout";
/// The agent's own wait (`ECS_CONTAINER_STOP_TIMEOUT`, Amazon ECS developer guide).
pub const DEFAULT: Duration = Duration::from_secs(30);
/// The longest wait on Fargate (Amazon ECS API, `ContainerDefinition`).
pub const LONGEST_ON_FARGATE: Duration = Duration::from_secs(120);

/// The longest wait that can be set at all.
pub const LONGEST: &str = "longest wait";

/// Reads a task definition, or what `describe-task-definition` prints. The scope of a value is its
/// container.
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let whole: Node = match serde_json::from_str(text) {
        Ok(whole) => whole,
        Err(error) => {
            let place = FilePlace {
                file: file.into(),
                line: (error.line() > 0).then_some(error.line()),
            };
            reading.not_read(
                place,
                "no valid JSON, perhaps a template of a task definition",
            );
            return reading;
        }
    };
    let task = whole.get("taskDefinition").unwrap_or(&whole);
    let modes = task.get("requiresCompatibilities").and_then(Node::as_array);
    let on_fargate = modes.is_some_and(|modes| modes.iter().any(|mode| mode == "FARGATE"));
    let containers = task.get("containerDefinitions").and_then(Node::as_array);
    for container in containers.into_iter().flatten() {
        let name = container
            .get("name")
            .and_then(Node::as_str)
            .unwrap_or("container");
        let named = format!("\"{name}\"");
        let line = text
            .lines()
            .position(|line| line.contains("\"name\"") && line.contains(&named));
        let at = |key: &str| {
            let start = line.unwrap_or_default();
            let key = text.lines().skip(start).position(|line| line.contains(key));
            FilePlace::new(file, start + key.unwrap_or_default() + 1)
        };
        let mut scope = reading.scope(Layer::Ecs, name);
        let words: Vec<String> = ["entryPoint", "command"]
            .iter()
            .filter_map(|key| container.get(*key)?.as_array())
            .flatten()
            .filter_map(|word| word.as_str().map(|word| quoted(word.to_owned())))
            .collect();
        if !words.is_empty() {
            let key = if container.get("command").is_some() {
                "\"command\""
            } else {
                "\"entryPoint\""
            };
            scope.command(&words.join(" "), &at(key));
        }
        let all = container.get("environment").and_then(Node::as_array);
        for (name, value) in all.into_iter().flatten().filter_map(stated) {
            scope.found(name, value, &at("\"environment\""));
        }
        match container
            .get(STOP_TIMEOUT)
            .and_then(Node::as_u64)
            .map(Duration::from_secs)
        {
            Some(span) => {
                let place = at(STOP_TIMEOUT);
                let held = if on_fargate {
                    span.min(LONGEST_ON_FARGATE)
                } else {
                    span
                };
                scope.found(STOP_TIMEOUT, Value::Span(held), &place);
                if on_fargate {
                    scope.found(LONGEST, Value::Span(LONGEST_ON_FARGATE), &place);
                }
                if held < span {
                    let text = format!("Fargate waits {} s at most", LONGEST_ON_FARGATE.as_secs());
                    reading.problem(place, text);
                }
            }
            None => scope.found(STOP_TIMEOUT, Value::Default(DEFAULT), &at("\"name\"")),
        }
    }
    reading
}

/// The value that a variable of a container states.
fn stated(variable: &Node) -> Option<(&'static str, Value)> {
    let text = |key: &str| variable.get(key)?.as_str();
    variables::variable(text("name")?, text("value")?)
}
