//! Charts of Helm: the usual keys of `values.yaml`, and the plain questions to it in templates.
//! No template is run: what is more than a question to a value stays as it stands.

use serde_yaml::Value as Node;

use super::super::compose::command;
use super::super::layer::Layer;
use super::super::paths::{chart_of, file_name, folder_of};
use super::super::tool::Text;
use super::super::value::Reading;
use super::super::yaml::{self, Document};
use super::{GRACE, is_values, seconds};

/// How deep values are followed.
const DEEPEST: usize = 6;

/// The charts of an application.
pub(super) struct Charts<'a> {
    /// Each file of values.
    values: Vec<(&'a str, Document)>,
    /// The folders of charts that have templates.
    with_templates: Vec<&'a str>,
}

impl<'a> Charts<'a> {
    pub(super) fn of(texts: &[Text<'a>], reading: &mut Reading) -> Self {
        let own = || texts.iter().filter(|text| text.layer == Layer::Kubernetes);
        let mut values = Vec::new();
        for text in own().filter(|text| is_values(text.path)) {
            let (_, documents) = yaml::read(text.path, text.text, reading);
            let document = documents.into_iter().next();
            values.extend(document.map(|document| (text.path, document)));
        }
        Self {
            values,
            with_templates: own().filter_map(|text| chart_of(text.path)).collect(),
        }
    }

    /// Whether a file belongs to a chart and is no manifest.
    pub(super) fn is_part(path: &str) -> bool {
        is_values(path) || file_name(path).starts_with("Chart.")
    }

    /// A template with the values that it asks for plainly.
    pub(super) fn filled(&self, text: &Text<'_>) -> String {
        let chart = chart_of(text.path);
        let values = self.values.iter().find(|(path, _)| {
            Some(folder_of(path)) == chart && file_name(path).starts_with("values.")
        });
        let Some((_, values)) = values else {
            return text.text.to_owned();
        };
        let mut filled = String::with_capacity(text.text.len());
        let mut rest = text.text;
        while let Some((before, inside)) = rest.split_once("{{") {
            filled.push_str(before);
            let Some((tag, after)) = inside.split_once("}}") else {
                filled.push_str("{{");
                rest = inside;
                continue;
            };
            match answer(tag, values) {
                Some(answer) => filled.push_str(&answer),
                None => filled.extend(["{{", tag, "}}"]),
            }
            rest = after;
        }
        filled.push_str(rest);
        filled
    }

    /// Reads the usual keys of values whose templates are not here.
    pub(super) fn read_values(&self, reading: &mut Reading) {
        for (path, document) in &self.values {
            if !self.with_templates.contains(&folder_of(path)) {
                below(document, "", 0, reading);
            }
        }
    }
}

/// The text that a tag prints, if it is a plain question to the values:
/// `.Values.worker.grace | default 30`.
fn answer(tag: &str, values: &Document) -> Option<String> {
    let mut parts = tag.trim_matches('-').split('|').map(str::trim);
    let question = parts.next()?;
    let question = question.trim_matches(['(', ')']);
    let is_yaml = question.starts_with("toYaml ");
    let path = ["toYaml ", "toJson ", "quote ", "int "]
        .iter()
        .find_map(|function| question.strip_prefix(function))
        .unwrap_or(question)
        .trim();
    let path: Vec<&str> = path.strip_prefix(".Values.")?.split('.').collect();
    let value = values.get(&path).filter(|value| !value.is_null());
    let mut answer = match value {
        Some(value) => Some(
            yaml::scalar(value)
                .map_or_else(|| serde_json::to_string(value), Ok)
                .ok()?,
        ),
        None => None,
    };
    let mut indent = None;
    for part in parts {
        let (function, argument) = part.split_once(' ').unwrap_or((part, ""));
        match function {
            "default" if answer.is_none() => answer = Some(argument.trim_matches('"').to_owned()),
            "default" | "int" | "toString" | "trim" | "toYaml" | "toJson" => {}
            "quote" => answer = answer.map(|answer| format!("\"{answer}\"")),
            "nindent" | "indent" => indent = argument.parse::<usize>().ok(),
            _ => return None,
        }
    }
    let answer = answer.filter(|answer| is_yaml || !answer.contains('\n'))?;
    Some(match indent {
        Some(indent) => format!("\n{}{answer}", " ".repeat(indent)),
        None => answer,
    })
}

/// Reads the mappings that hold a command of Sidekiq or its grace period.
fn below(document: &Document, name: &str, depth: usize, reading: &mut Reading) {
    let part = |key: &str| document.get(&[key]).and_then(command);
    let text: Vec<String> = part("command").into_iter().chain(part("args")).collect();
    let grace = document.get(&[GRACE]);
    if !name.is_empty() && (grace.is_some() || !text.is_empty()) {
        let mut scope = reading.scope(Layer::Kubernetes, name);
        if !text.is_empty() {
            let key = if part("command").is_some() {
                "command"
            } else {
                "args"
            };
            scope.command(&text.join(" "), &document.place(&[key]));
        }
        if let Some(grace) = grace {
            scope.found(GRACE, seconds(grace), &document.place(&[GRACE]));
        }
    }
    if depth == DEEPEST {
        return;
    }
    let keys: Vec<String> = match &document.root {
        Node::Mapping(_) => yaml::entries(&document.root)
            .map(|(key, _)| key.to_owned())
            .collect(),
        Node::Sequence(items) => (0..items.len()).map(|index| index.to_string()).collect(),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) | Node::Tagged(_) => return,
    };
    for key in keys {
        let Some(part) = document.below(&[&key]) else {
            continue;
        };
        let own = part.get(&["name"]).and_then(yaml::scalar);
        below(&part, &own.unwrap_or(key), depth + 1, reading);
    }
}
