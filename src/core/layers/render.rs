//! `render.yaml`: how long Render waits for each service after TERM.

use std::time::Duration;

use serde_yaml::Value as Node;

use super::compose::BUILD;
use super::ecs::LONGEST;
use super::kubernetes::seconds;
use super::layer::Layer;
use super::paths::{folder_of, joined};
use super::value::{Reading, Value};
use super::yaml::{self, Document};

/// How long Render waits before it kills: 1 to 300 s.
pub const DELAY: &str = "maxShutdownDelaySeconds";
/// Render's own wait (render.com, "Blueprint YAML Reference").
pub const DEFAULT: Duration = Duration::from_secs(30);

/// The longest that can be set (render.com, Blueprint YAML reference).
const LONGEST_DELAY: Duration = Duration::from_secs(300);

/// Reads a blueprint. The scope of a value is its service.
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let (_, documents) = yaml::read(file, text, &mut reading);
    for document in documents {
        for (index, service) in services(&document).into_iter().enumerate() {
            let text = |key: &str| service.get(&[key]).and_then(yaml::scalar);
            if matches!(text("type").as_deref(), Some("cron" | "redis" | "keyvalue")) {
                continue;
            }
            let name = text("name").unwrap_or_else(|| format!("service {index}"));
            let mut scope = reading.scope(Layer::Render, &name);
            let command = ["startCommand", "dockerCommand"]
                .iter()
                .find_map(|key| Some((*key, text(key)?)));
            if let Some((key, command)) = command {
                scope.command(&command, &service.place(&[key]));
            } else if let Some(path) = text("dockerfilePath") {
                let path = joined(folder_of(file), &path);
                scope.found(
                    BUILD,
                    Value::text(&path),
                    &service.place(&["dockerfilePath"]),
                );
            }
            let value = service
                .get(&[DELAY])
                .map_or(Value::Default(DEFAULT), seconds);
            let place = service.place(&[DELAY]);
            scope.found(DELAY, value, &place);
            scope.found(LONGEST, Value::Span(LONGEST_DELAY), &place);
        }
    }
    reading
}

/// The services at the top, and those of the environments of projects.
fn services(document: &Document) -> Vec<Document> {
    let items = |of: &Document, key: &str| -> Vec<Document> {
        let count = of
            .get(&[key])
            .and_then(Node::as_sequence)
            .map_or(0, Vec::len);
        let item = |index: usize| of.below(&[key, &index.to_string()]);
        (0..count).filter_map(item).collect()
    };
    let mut all = items(document, "services");
    for project in items(document, "projects") {
        for environment in items(&project, "environments") {
            all.extend(items(&environment, "services"));
        }
    }
    all
}
