//! `render.yaml`: how long Render waits for each service after TERM.

use std::time::Duration;

use serde_yaml::Value as Node;

use super::compose::BUILD;
use super::kubernetes::seconds;
use super::layer::Layer;
use super::paths::{folder_of, joined};
use super::value::{Reading, Value};
use super::yaml;

/// How long Render waits before it kills: 1 to 300 s.
pub const DELAY: &str = "maxShutdownDelaySeconds";
/// Render's own wait (render.com, "Blueprint YAML Reference").
pub const DEFAULT: Duration = Duration::from_secs(30);

/// Reads a blueprint. The scope of a value is its service.
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let (untagged, documents) = yaml::read(file, text, &mut reading);
    for document in documents {
        let services = document.get(&["services"]).and_then(Node::as_sequence);
        for index in 0..services.map_or(0, Vec::len) {
            let Some(service) = document.below(&["services", &index.to_string()]) else {
                continue;
            };
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
                scope.command(&untagged.restore(&command), &service.place(&[key]));
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
            scope.found(DELAY, value, &service.place(&[DELAY]));
        }
    }
    reading
}
