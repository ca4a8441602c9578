//! Docker Compose: how long `docker stop` waits for each service, and with which signal. Files
//! that Compose merges are read as one set; which service is a Sidekiq follows from its command.

mod file;

use std::time::Duration;

use serde_yaml::Value as Node;

use self::file::File;
use super::layer::Layer;
use super::paths::{file_name, folder_of, is_for_development, joined};
use super::scoped::Scoped;
use super::span::duration_text;
use super::tool::Text;
use super::value::{Expression, Fault, Hazard, Reading, Value};
use super::variables;
use super::yaml::{self, Document, Lists};
use crate::core::clean::clean;

/// How long Docker waits before it kills.
pub const STOP_GRACE_PERIOD: &str = "stop_grace_period";
/// The signal that Docker begins with.
pub const STOP_SIGNAL: &str = "stop_signal";
/// A file that another one extends or includes, and that is not among those that were read.
pub const NAMED: &str = "extends";
/// The Dockerfile that a service is built from.
pub const BUILD: &str = "build";
/// Docker's own wait (docker stop reference).
pub const DEFAULT: Duration = Duration::from_secs(10);

/// The files that `docker compose` reads when none is named, the first of them that is there
/// (docs.docker.com, "How Compose works").
const MAIN: &[&str] = &[
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
];

/// How deep `extends` is followed.
const DEEPEST: usize = 5;

/// Reads one Compose file by itself. The scope of a value is its service.
pub fn read(file: &str, text: &str) -> Reading {
    let layer = Layer::Compose;
    read_together(&[Text {
        layer,
        path: file,
        text,
    }])
}

/// Reads all Compose files of an application: the main file with its override, and each other one
/// by itself or, where it only changes services of the main file, over that.
pub fn read_together(texts: &[Text<'_>]) -> Reading {
    let mut reading = Reading::default();
    let files = ComposeFiles::read(texts, &mut reading);
    for file in &files.files {
        file.report_missing(
            &|path| files.files.iter().any(|one| one.path == path),
            &mut reading,
        );
    }
    let mut seen: Vec<String> = Vec::new();
    for set in files.sets() {
        for (name, service) in files.services(&set) {
            let service_name = if seen.contains(&name) {
                format!("{name} in {}", set.last().map_or("", |file| file.path))
            } else {
                name.clone()
            };
            seen.push(name);
            one_service(
                &service,
                set[0].path,
                reading.scope(Layer::Compose, &service_name),
            );
        }
    }
    reading
}

/// The file beside the main one whose `COMPOSE_FILE` names the files that are merged
/// (docs.docker.com, "Pre-defined environment variables").
pub(super) const ENVIRONMENT: &str = ".env";

/// The files that `COMPOSE_FILE` names.
fn named_in(text: &Text<'_>) -> Vec<String> {
    let line = text
        .text
        .lines()
        .find_map(|line| line.trim().strip_prefix("COMPOSE_FILE="));
    let names = line.unwrap_or_default().trim_matches(['"', '\'']);
    let names = names.split([':', ';']).filter(|name| !name.is_empty());
    names
        .map(|name| joined(folder_of(text.path), name))
        .collect()
}

/// All files that were read.
struct ComposeFiles<'a> {
    files: Vec<File<'a>>,
    /// The files that `.env` names, in the order in which Compose merges them.
    named: Vec<String>,
}

impl<'a> ComposeFiles<'a> {
    fn read(texts: &[Text<'a>], reading: &mut Reading) -> Self {
        let mut files = Vec::new();
        let mut named = Vec::new();
        for text in texts.iter().filter(|text| text.layer == Layer::Compose) {
            if file_name(text.path) == ENVIRONMENT {
                named.extend(named_in(text));
                continue;
            }
            let (_, documents) = yaml::read(text.path, text.text, reading);
            if let Some(document) = documents.into_iter().next() {
                let path = text.path;
                files.push(File { path, document });
            }
        }
        named.retain(|name| files.iter().any(|file| file.path == *name));
        Self { files, named }
    }

    /// The sets of files that are used together.
    fn sets(&self) -> Vec<Vec<&File<'a>>> {
        let of_name = |name: &String| self.files.iter().find(|file| file.path == *name);
        let named: Vec<&File<'a>> = self.named.iter().filter_map(of_name).collect();
        let mut sets: Vec<_> = Some(named)
            .into_iter()
            .filter(|set| !set.is_empty())
            .collect();
        let mut folders: Vec<&str> = self.files.iter().map(|file| folder_of(file.path)).collect();
        folders.dedup();
        for folder in folders {
            // A file that another one includes is started with that one.
            let here = || {
                let all = self.files.iter();
                all.filter(|file| folder_of(file.path) == folder)
                    .filter(|file| !self.named.iter().any(|name| name == file.path))
                    .filter(|file| !self.files.iter().any(|other| other.includes(file.path)))
                    .filter(|file| !self.is_only_extended(file.path))
            };
            let named = |name: &str| here().find(|file| file_name(file.path) == name);
            let main = MAIN.iter().find_map(|name| named(name));
            let is_override = |file: &&File<'_>| file_name(file.path).contains(".override.");
            let others = here().filter(|file| main.is_none_or(|main| main.path != file.path));
            let others: Vec<_> = others.filter(|file| !is_override(file)).collect();
            let changes_main = |file: &&File<'_>| main.is_some_and(|main| main.is_changed_by(file));
            // Where a file for a deploy changes the main one, that one alone is for developers.
            if let Some(main) = main
                && !others.iter().any(changes_main)
            {
                sets.push([main].into_iter().chain(here().find(is_override)).collect());
            }
            for file in others {
                let over = main.filter(|main| main.is_changed_by(file));
                sets.push(over.into_iter().chain([file]).collect());
            }
        }
        sets
    }

    /// Whether a file only holds services that those of other files extend: it is no set by itself.
    fn is_only_extended(&self, path: &str) -> bool {
        let is_main = MAIN.contains(&file_name(path));
        !is_main && self.files.iter().any(|other| other.extends(path))
    }

    /// The services of a set, each as one document.
    fn services(&self, set: &[&File<'_>]) -> Vec<(String, Document)> {
        let Some((first, rest)) = set.split_first() else {
            return Vec::new();
        };
        let mut whole = self.included(first);
        for file in rest {
            whole.overlay(&file.document, Lists::Replaced);
        }
        let names = whole.get(&["services"]).into_iter().flat_map(yaml::entries);
        let names: Vec<String> = names.map(|(name, _)| name.to_owned()).collect();
        names
            .into_iter()
            .filter_map(|name| {
                let service = self.extended(&whole, first.path, &name, 0)?;
                is_started(&service).then_some((name, service))
            })
            .collect()
    }

    /// A file with those that it includes.
    fn included(&self, file: &File<'_>) -> Document {
        let mut whole: Option<Document> = None;
        for path in file.included_paths() {
            if let Some(other) = self.files.iter().find(|other| other.path == path) {
                match &mut whole {
                    Some(whole) => whole.overlay(&other.document, Lists::Replaced),
                    None => whole = Some(other.document.clone()),
                }
            }
        }
        match whole {
            Some(mut whole) => {
                whole.overlay(&file.document, Lists::Replaced);
                whole
            }
            None => file.document.clone(),
        }
    }

    /// A service over the one that it extends.
    fn extended(&self, whole: &Document, path: &str, name: &str, depth: usize) -> Option<Document> {
        let own = whole.below(&["services", name])?;
        let Some(extends) = own.get(&["extends"]).filter(|_| depth < DEEPEST) else {
            return Some(own);
        };
        let of = extends.get("service").unwrap_or(extends).as_str()?;
        let file = extends.get("file").and_then(Node::as_str);
        let base = match file.map(|file| joined(folder_of(path), file)) {
            Some(path) => {
                let file = self.files.iter().find(|file| file.path == path);
                file.and_then(|file| self.extended(&file.document, file.path, of, depth + 1))
            }
            None => self.extended(whole, path, of, depth + 1),
        };
        let Some(mut base) = base else {
            return Some(own);
        };
        base.overlay(&own, Lists::Replaced);
        Some(base)
    }
}

/// Whether a service is part of a deploy: not one whose profiles are all for developers.
fn is_started(service: &Document) -> bool {
    let profiles = service.get(&["profiles"]).and_then(Node::as_sequence);
    let mut profiles = profiles
        .into_iter()
        .flatten()
        .filter_map(Node::as_str)
        .peekable();
    profiles.peek().is_none() || !profiles.all(is_for_development)
}

fn one_service(service: &Document, main: &str, mut scope: Scoped<'_>) {
    let entry = service.get(&["entrypoint"]).and_then(command);
    let own = service.get(&["command"]).and_then(command);
    let key = if own.is_some() {
        "command"
    } else {
        "entrypoint"
    };
    let text: Vec<&str> = entry.iter().chain(&own).map(String::as_str).collect();
    if !text.is_empty() {
        scope.command(&text.join(" "), &service.place(&[key]));
    }
    if let Some(environment) = service.get(&["environment"]) {
        let place = service.place(&["environment"]);
        let listed = environment.as_sequence().into_iter().flatten();
        let listed = listed.filter_map(|one| variables::assigned(one.as_str()?));
        let named = yaml::entries(environment);
        let named =
            named.filter_map(|(name, value)| variables::variable(name, &yaml::scalar(value)?));
        for (name, value) in listed.chain(named) {
            scope.found(name, value, &place);
        }
    }
    if let Some(build) = service.get(&["build"]) {
        let context = build
            .get("context")
            .unwrap_or(build)
            .as_str()
            .unwrap_or(".");
        let file = build
            .get("dockerfile")
            .and_then(Node::as_str)
            .unwrap_or("Dockerfile");
        let path = joined(&joined(folder_of(main), context), file);
        let target = build.get("target").and_then(Node::as_str);
        let path = target.map_or_else(|| path.clone(), |target| format!("{path}:{target}"));
        scope.found(BUILD, Value::text(&path), &service.place(&["build"]));
        if entry.is_some() {
            scope.found(
                ENTRYPOINT,
                Value::Flag(true),
                &service.place(&["entrypoint"]),
            );
        }
    }
    let value = service
        .get(&[STOP_GRACE_PERIOD])
        .map_or(Value::Default(DEFAULT), grace);
    scope.found(
        STOP_GRACE_PERIOD,
        value,
        &service.place(&[STOP_GRACE_PERIOD]),
    );
    if let Some(signal) = service.get(&[STOP_SIGNAL]).and_then(yaml::scalar) {
        scope.found(
            STOP_SIGNAL,
            Value::text(&signal),
            &service.place(&[STOP_SIGNAL]),
        );
    }
}

/// Says that a service sets the entry point of its image anew.
pub const ENTRYPOINT: &str = "entrypoint";

/// A command as text or as a list.
pub(super) fn command(node: &Node) -> Option<String> {
    match node.as_sequence() {
        Some(items) => {
            let words: Vec<String> = items.iter().filter_map(yaml::scalar).map(quoted).collect();
            Some(words.join(" "))
        }
        None => yaml::scalar(node),
    }
}

/// An item of a list as a single shell word.
pub(super) fn quoted(word: String) -> String {
    if !word.contains(char::is_whitespace) && !word.contains([';', '&', '|']) {
        word
    } else if word.contains('\'') {
        format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        format!("'{word}'")
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
