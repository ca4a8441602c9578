//! `.cloud66/manifest.yml`: stop sequences of processes, with the two sibling dialects that are
//! recognised and explained, never taken for one. Nothing else of a manifest is looked at.

use serde_yaml::Value as Node;

use super::layer::Layer;
use super::value::{FilePlace, Reading, Value};
use super::yaml::{self, Document};
use crate::core::clean::clean;

/// `procfile_metadata.<process>.stop_sequence`, one scalar.
pub const STOP_SEQUENCE: &str = "stop_sequence";
/// The same as a YAML list, which no document describes.
pub const STOP_SEQUENCE_LIST: &str = "stop_sequence (list)";
/// Says that a manifest was read: without a `stop_sequence` Cloud 66's own holds.
pub const MANIFEST: &str = "manifest";
/// Cloud 66 stops a Sidekiq so without a `stop_sequence` (help.cloud66.com, systemd: Defaults).
pub const DEFAULT_SEQUENCE: &str = "term, 90, kill";
/// The origin of that sequence, in words.
pub const DEFAULT_ORIGIN: &str = "Cloud 66's own, for the manifest sets no stop_sequence";
/// `procfile_metadata.<process>.restart_on_deploy`.
pub const RESTART_ON_DEPLOY: &str = "restart_on_deploy";

/// Reads a manifest. The scope of a value is its process, with the environment before it where
/// the section stands under one: `production/worker`. Syntax: cloud66 help-content,
/// `manifest/_processes.mdx`.
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let (_, documents) = yaml::read(file, text, &mut reading);
    let Some(document) = documents.into_iter().next() else {
        return reading;
    };
    reading.found(
        Layer::Cloud66,
        MANIFEST,
        None,
        Value::Flag(true),
        FilePlace::whole(file),
    );
    let mut sections = 0;
    for (key, node) in yaml::entries(&document.root) {
        if key == "procfile_metadata" {
            sections += 1;
            section(file, &document, &[key], node, None, &mut reading);
            continue;
        }
        for (inner, node) in yaml::entries(node) {
            match inner {
                "procfile_metadata" if key == "services" => reading.problem(
                    FilePlace::new(file, document.line(&[key, inner])),
                    "procfile_metadata is not read under services: it stands at the root or under an environment",
                ),
                "procfile_metadata" => {
                    sections += 1;
                    section(
                        file,
                        &document,
                        &[key, inner],
                        node,
                        Some(key),
                        &mut reading,
                    );
                }
                "web_server_stop_signals" => {
                    legacy(file, &document, &[key, inner], &mut reading);
                }
                _ if key == "services" => {
                    container(file, &document, &[key, inner], node, &mut reading);
                }
                "services" => {
                    for (name, node) in yaml::entries(node) {
                        container(file, &document, &[key, inner, name], node, &mut reading);
                    }
                }
                _ => {}
            }
        }
        if key == "web_server_stop_signals" {
            legacy(file, &document, &[key], &mut reading);
        }
    }
    conflict(file, sections, &mut reading);
    reading
}

/// A manifest says it in one place; which of two holds is documented nowhere.
fn conflict(file: &str, sections: usize, reading: &mut Reading) {
    let at_root = |located: &super::LocatedSetting| {
        located.setting == STOP_SEQUENCE
            && located.scope.as_deref().is_some_and(|s| !s.contains('/'))
    };
    let at_environment = |located: &super::LocatedSetting| {
        located.setting == STOP_SEQUENCE
            && located.scope.as_deref().is_some_and(|s| s.contains('/'))
    };
    if sections > 1
        && reading.values.iter().any(at_root)
        && reading.values.iter().any(at_environment)
    {
        reading.problem(
            FilePlace::whole(file),
            "procfile_metadata stands both at the root and under an environment: Cloud 66 does not document which holds",
        );
    }
}

/// Reads one `procfile_metadata`.
fn section(
    file: &str,
    document: &Document,
    path: &[&str],
    node: &Node,
    environment: Option<&str>,
    reading: &mut Reading,
) {
    for (process, settings) in yaml::entries(node) {
        let scope = match environment {
            Some(environment) => format!("{environment}/{process}"),
            None => process.to_string(),
        };
        for (key, value) in yaml::entries(settings) {
            let path: Vec<&str> = path.iter().copied().chain([process, key]).collect();
            let place = FilePlace::new(file, document.line(&path));
            match key {
                STOP_SEQUENCE => sequence(&scope, value, place, reading),
                RESTART_ON_DEPLOY => {
                    if let Some(flag) = value.as_bool() {
                        let value = Value::Flag(flag);
                        reading.found(
                            Layer::Cloud66,
                            RESTART_ON_DEPLOY,
                            Some(&scope),
                            value,
                            place,
                        );
                    }
                }
                "pre_stop_sequence" => dialect(value, place, reading),
                _ => {}
            }
        }
    }
}

/// Reads one `stop_sequence`.
fn sequence(scope: &str, value: &Node, place: FilePlace, reading: &mut Reading) {
    let (setting, text) = match value {
        Node::Sequence(items) => {
            reading.problem(
                place.clone(),
                "stop_sequence is a YAML list here; Cloud 66 documents one line of text only",
            );
            let words: Vec<String> = items.iter().filter_map(yaml::scalar).collect();
            (STOP_SEQUENCE_LIST, words.join(", "))
        }
        Node::Null => (STOP_SEQUENCE, String::new()),
        Node::Bool(_) | Node::Number(_) | Node::String(_) | Node::Mapping(_) | Node::Tagged(_) => {
            (STOP_SEQUENCE, yaml::scalar(value).unwrap_or_default())
        }
    };
    if let Some(explained) = explain(&text) {
        reading.problem(place.clone(), explained);
    }
    reading.found(
        Layer::Cloud66,
        setting,
        Some(scope),
        Value::text(&text),
        place,
    );
}

/// Notes about `services.<name>` of a container manifest.
fn container(file: &str, document: &Document, path: &[&str], node: &Node, reading: &mut Reading) {
    for (key, value) in yaml::entries(node) {
        let path: Vec<&str> = path.iter().copied().chain([key]).collect();
        let place = FilePlace::new(file, document.line(&path));
        match key {
            "pre_stop_sequence" => dialect(value, place, reading),
            STOP_SEQUENCE | "procfile_metadata" => reading.problem(
                place,
                format!("{key} is not read under services: it belongs under procfile_metadata"),
            ),
            _ => {}
        }
    }
}

/// Explains `pre_stop_sequence` of container stacks v1.
fn dialect(value: &Node, place: FilePlace, reading: &mut Reading) {
    let text = yaml::scalar(value).unwrap_or_default();
    let steps = explain(&text)
        .unwrap_or_else(|| format!("pre_stop_sequence `{}` could not be read", clean(&text, 80)));
    reading.note(
        place,
        format!("{steps} (container stacks v1; not a stop_sequence, and not supported by v2)"),
    );
}

/// Notes the legacy key of 2017.
fn legacy(file: &str, document: &Document, path: &[&str], reading: &mut Reading) {
    reading.note(
        FilePlace::new(file, document.line(path)),
        "web_server_stop_signals is a key of 2017 for web servers: it says nothing about Sidekiq",
    );
}

/// The meaning of a text in one of the two other dialects; `None` for the documented one.
pub fn explain(text: &str) -> Option<String> {
    let (name, separator, closing) = if text.contains(';') {
        ("the old Cloud 66 scheduler", ';', "")
    } else if text.matches(':').count() > 1 && !text.contains(',') {
        ("container stacks v1", ':', ", KILL")
    } else {
        return None;
    };
    let steps: Vec<String> = text
        .split(separator)
        .map(|word| match super::duration_text(word) {
            Some(span) if word.starts_with(|c: char| c.is_ascii_digit()) => {
                format!("wait {}", span.as_secs())
            }
            Some(_) | None => clean(word, 20),
        })
        .collect();
    Some(format!(
        "`{}` is the syntax of {name}: {}{closing}; a stop_sequence is written with commas and whole seconds",
        clean(text, 80),
        steps.join(", ")
    ))
}
