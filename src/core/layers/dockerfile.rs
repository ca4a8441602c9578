//! Dockerfiles: the command of an image and the signal that stops it. A command in shell form is
//! one of `/bin/sh -c`.

use super::compose::quoted;
use super::layer::Layer;
use super::paths::joined_lines;
use super::value::{FilePlace, Reading, Value};
use super::variables;

/// The entry point of an image.
pub const ENTRYPOINT: &str = "entrypoint";
/// The command of an image, or the arguments of its entry point.
pub const CMD: &str = "cmd";
/// The signal that Docker begins with.
pub const STOP_SIGNAL: &str = "stopsignal";

/// The statements of one stage.
#[derive(Clone, Debug, Default)]
struct Stage {
    name: Option<String>,
    shell: Option<String>,
    found: Vec<(&'static str, String, FilePlace)>,
    variables: Vec<(&'static str, Value, FilePlace)>,
}

/// Reads a Dockerfile. The scope of a value is the file for its last stage, and `FILE:STAGE` for
/// one with a name.
pub fn read(file: &str, text: &str) -> Reading {
    let mut stages: Vec<Stage> = Vec::new();
    for (number, instruction) in joined_lines(text) {
        let (word, rest) = instruction
            .split_once(char::is_whitespace)
            .unwrap_or((&instruction, ""));
        let rest = rest.trim();
        let word = word.to_ascii_uppercase();
        if word == "FROM" {
            let mut words = rest
                .split_whitespace()
                .filter(|word| !word.starts_with("--"));
            let base = words.next().unwrap_or_default();
            let parent = stages
                .iter()
                .find(|stage| stage.name.as_deref() == Some(base));
            let mut stage = parent.cloned().unwrap_or_default();
            stage.name = words.nth(1).map(str::to_owned);
            stages.push(stage);
        }
        let Some(stage) = stages.last_mut() else {
            continue;
        };
        let setting = match word.as_str() {
            "ENTRYPOINT" => ENTRYPOINT,
            "CMD" => CMD,
            "STOPSIGNAL" => STOP_SIGNAL,
            "ENV" => {
                let all = rest.split_whitespace().filter_map(variables::assigned);
                let old = rest.split_once(char::is_whitespace);
                let old = old.and_then(|(name, value)| variables::variable(name, value));
                let place = FilePlace::new(file, number);
                let all = all
                    .chain(old)
                    .map(|(name, value)| (name, value, place.clone()));
                stage.variables.extend(all);
                continue;
            }
            "SHELL" => {
                stage.shell = list(rest);
                continue;
            }
            _ => continue,
        };
        let shell = stage.shell.as_deref().unwrap_or("/bin/sh -c");
        let value = match setting {
            STOP_SIGNAL => rest.to_owned(),
            _ => list(rest).unwrap_or_else(|| format!("{shell} {}", quoted(format!("{rest} ")))),
        };
        // A new entry point takes back the command of the stage before it.
        stage
            .found
            .retain(|(known, ..)| *known != setting && !(setting == ENTRYPOINT && *known == CMD));
        stage
            .found
            .push((setting, value, FilePlace::new(file, number)));
    }
    let mut reading = Reading::default();
    let last = stages.len().saturating_sub(1);
    for (index, stage) in stages.iter().enumerate() {
        let named = stage.name.as_ref().map(|name| format!("{file}:{name}"));
        let own = (index == last).then(|| file.to_owned());
        for scope in own.into_iter().chain(named) {
            for (setting, value, place) in &stage.found {
                let mut scope = reading.scope(Layer::Dockerfile, &scope);
                scope.found(setting, Value::text(value), place);
            }
            for (setting, value, place) in stage.variables.iter().rev() {
                let mut scope = reading.scope(Layer::Dockerfile, &scope);
                scope.found(setting, value.clone(), place);
            }
        }
    }
    reading
}

/// The words of a JSON list as one command.
fn list(text: &str) -> Option<String> {
    let words: Vec<String> = serde_json::from_str(text).ok()?;
    Some(words.into_iter().map(quoted).collect::<Vec<_>>().join(" "))
}
