//! Plain Kubernetes YAML: the grace period of pods that run a Sidekiq, and what `preStop` takes
//! from it. Templates of Helm are no YAML and are said to be unread.

use std::time::Duration;

use serde_yaml::Value as Node;

use super::compose::command;
use super::span::duration_text;
use super::tool::Layer;
use super::value::{Place, Reading, Value};
use super::yaml::{self, Document};

/// Counted from before `preStop` (Kubernetes API, `PodSpec`).
pub const GRACE: &str = "terminationGracePeriodSeconds";
/// The seconds that a plain `sleep` in `preStop` takes from it.
pub const PRE_STOP_SLEEP: &str = "preStop sleep";
/// A `preStop` command.
pub const PRE_STOP: &str = "preStop";
/// Kubernetes' own wait.
pub const DEFAULT: Duration = Duration::from_secs(30);

/// Where the pod's specification stands in the kinds that have one.
const SPECIFICATIONS: &[&[&str]] = &[
    &["spec", "template", "spec"],
    &["spec", "jobTemplate", "spec", "template", "spec"],
    &["spec"],
];

/// Reads every document of a manifest. The scope of a value is its container.
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    match yaml::documents(text) {
        Ok(documents) => {
            for document in &documents {
                one_document(file, document, &mut reading);
            }
        }
        Err(broken) => {
            let place = Place {
                file: file.into(),
                line: broken.line,
            };
            if text.contains("{{") {
                reading.note(
                    place,
                    "a template, not YAML: render it first (helm template)",
                );
            } else {
                reading.problem(place, format!("no valid YAML: {}", broken.why));
            }
        }
    }
    reading
}

fn one_document(file: &str, document: &Document, reading: &mut Reading) {
    let found = SPECIFICATIONS.iter().find_map(|path| {
        let node = document.get(path)?;
        node.get("containers").map(|_| (*path, node))
    });
    let Some((path, specification)) = found else {
        return;
    };
    let containers = specification.get("containers").and_then(Node::as_sequence);
    for (index, container) in containers.into_iter().flatten().enumerate() {
        let index = index.to_string();
        let path = |rest: &[&str]| -> Vec<String> {
            path.iter()
                .chain(&["containers", index.as_str()])
                .chain(rest)
                .map(ToString::to_string)
                .collect()
        };
        one_container(file, document, container, &path, reading);
        let name = container_name(container);
        grace(file, document, specification, &name, reading);
    }
}

fn container_name(container: &Node) -> String {
    container
        .get("name")
        .and_then(yaml::scalar)
        .unwrap_or_else(|| "container".into())
}

fn one_container(
    file: &str,
    document: &Document,
    container: &Node,
    path: &impl Fn(&[&str]) -> Vec<String>,
    reading: &mut Reading,
) {
    let name = container_name(container);
    let line = |rest: &[&str]| {
        let path = path(rest);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        Place::new(file, document.line(&path))
    };
    let parts = ["command", "args"]
        .iter()
        .filter_map(|key| container.get(*key).and_then(command));
    let text = parts.map(|(text, _)| text).collect::<Vec<_>>().join(" ");
    if !text.is_empty() {
        let key = if container.get("command").is_some() {
            "command"
        } else {
            "args"
        };
        let mut scope = reading.scope(Layer::Kubernetes, &name);
        scope.command(&text, &line(&[key]));
    }
    if let Some(hook) = container
        .get("lifecycle")
        .and_then(|node| node.get("preStop"))
    {
        pre_stop(&name, hook, &line(&["lifecycle", "preStop"]), reading);
    }
}

/// What `preStop` does, and how long it sleeps, where that is plain.
fn pre_stop(name: &str, hook: &Node, place: &Place, reading: &mut Reading) {
    let exec = hook.get("exec").and_then(|node| node.get("command"));
    let text = exec.and_then(command).map(|(text, _)| text);
    let plain = hook.get("sleep").and_then(|node| node.get("seconds"));
    let slept = plain
        .and_then(Node::as_u64)
        .map(Duration::from_secs)
        .or_else(|| text.as_deref().and_then(slept));
    let mut scope = reading.scope(Layer::Kubernetes, name);
    if let Some(text) = text {
        scope.found(PRE_STOP, Value::text(&text), place);
    }
    if let Some(span) = slept {
        scope.found(PRE_STOP_SLEEP, Value::Span(span), place);
    }
}

fn grace(file: &str, document: &Document, specification: &Node, name: &str, reading: &mut Reading) {
    let path = SPECIFICATIONS
        .iter()
        .find(|path| {
            document
                .get(path)
                .is_some_and(|node| node.get("containers").is_some())
        })
        .copied()
        .unwrap_or_default();
    let path: Vec<&str> = path.iter().copied().chain([GRACE]).collect();
    let place = Place::new(file, document.line(&path));
    let value = match specification.get(GRACE) {
        Some(node) => match node.as_u64() {
            Some(seconds) => Value::Span(Duration::from_secs(seconds)),
            None => Value::text(&yaml::scalar(node).unwrap_or_default()),
        },
        None => Value::Default(DEFAULT),
    };
    reading.found(Layer::Kubernetes, GRACE, Some(name), value, place);
}

/// The sum of the plain `sleep N` in a shell command.
fn slept(command: &str) -> Option<Duration> {
    let words: Vec<&str> = command
        .split(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '\'' | '"'))
        .filter(|word| !word.is_empty())
        .collect();
    if words.contains(&"while") || words.contains(&"until") {
        return None;
    }
    words
        .windows(2)
        .filter(|pair| pair[0] == "sleep")
        .map(|pair| duration_text(pair[1]))
        .collect::<Option<Vec<_>>>()
        .filter(|spans| !spans.is_empty())
        .map(|spans| {
            spans
                .iter()
                .fold(Duration::ZERO, |sum, span| sum.saturating_add(*span))
        })
}
