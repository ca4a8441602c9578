//! Kubernetes: the grace period of pods that run a Sidekiq, and what `preStop` takes from it.
//! Manifests, lists and templates of `OpenShift` are read as they stand, overlays of Kustomize over
//! their bases, templates of a chart with its `values.yaml` as far as they are plain.

mod chart;
mod kustomize;

use std::time::Duration;

use serde_yaml::Value as Node;

use self::chart::Charts;
use self::kustomize::Overlays;
use super::compose::command;
use super::layer::Layer;
use super::paths::{file_name, folder_of};
use super::scoped::Scoped;
use super::span::duration_text;
use super::tool::Text;
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

/// Words of a manifest that has pods.
const WORKLOADS: &[&str] = &["containers:", "kind: Deployment", "kind: StatefulSet"];

/// Reads every document of one manifest. The scope of a value is its container.
pub fn read(file: &str, text: &str) -> Reading {
    let layer = Layer::Kubernetes;
    read_together(&[Text {
        layer,
        path: file,
        text,
    }])
}

/// Reads all manifests of an application.
pub fn read_together(texts: &[Text<'_>]) -> Reading {
    let mut reading = Reading::default();
    let own = |text: &&Text<'_>| text.layer == Layer::Kubernetes;
    let charts = Charts::of(texts);
    let mut manifests = Vec::new();
    for text in texts
        .iter()
        .filter(own)
        .filter(|text| !Charts::is_part(text.path))
    {
        manifests.push(one_file(text, &charts, &mut reading));
    }
    one_remark_per_folder(&mut reading);
    charts.read_values(&mut reading);
    for set in Overlays::of(&manifests, &mut reading).sets {
        for object in &set.objects {
            one_object(object, set.name.as_deref(), &mut reading);
        }
    }
    reading
}

/// A file with the objects in it.
pub(super) struct Manifest<'a> {
    pub(super) path: &'a str,
    pub(super) objects: Vec<Document>,
}

fn one_file<'a>(text: &Text<'a>, charts: &Charts<'_>, reading: &mut Reading) -> Manifest<'a> {
    let filled = charts.filled(text);
    let has_pods = WORKLOADS.iter().any(|word| filled.contains(word));
    let mut own = Reading::default();
    let (untagged, documents) = yaml::read(text.path, &filled, &mut own);
    if untagged.has_lines() && own.remarks.is_empty() {
        own.not_read(
            Place::whole(text.path),
            "a template, of which only the plain lines were read: render it first (helm template)",
        );
    }
    // A template without pods says nothing about a stop.
    if has_pods || !untagged.has_lines() && !untagged.is_template() {
        reading.extend(own);
    }
    Manifest {
        path: text.path,
        objects: documents.iter().flat_map(objects).collect(),
    }
}

/// The objects of a document: itself, or those of a list or of a template of `OpenShift`.
fn objects(document: &Document) -> Vec<Document> {
    for key in ["items", "objects"] {
        if let Some(items) = document.get(&[key]).and_then(Node::as_sequence) {
            let item = |index: usize| document.below(&[key, &index.to_string()]);
            return (0..items.len()).filter_map(item).collect();
        }
    }
    vec![document.clone()]
}

/// Of a folder of templates the first one is named, with the number of the others.
fn one_remark_per_folder(reading: &mut Reading) {
    let mut kept: Vec<(String, usize)> = Vec::new();
    reading.remarks.retain(|remark| {
        let folder = folder_of(&remark.from.file).to_owned();
        let known = kept.iter_mut().find(|(known, _)| *known == folder);
        let is_first = known.is_none();
        if let Some((_, more)) = known {
            *more += 1;
        } else {
            kept.push((folder, 0));
        }
        is_first
    });
    for (remark, (_, more)) in reading.remarks.iter_mut().zip(&kept) {
        if *more > 0 {
            remark.text = format!("{} ({more} more in this folder)", remark.text);
        }
    }
}

/// Reads the pods of one object; `set` names the overlay that it is of.
fn one_object(object: &Document, set: Option<&str>, reading: &mut Reading) {
    let found = SPECIFICATIONS.iter().find_map(|path| {
        let specification = object.below(path)?;
        specification
            .get(&["containers"])
            .is_some()
            .then_some(specification)
    });
    let Some(pod) = found else { return };
    let containers = pod.get(&["containers"]).and_then(Node::as_sequence);
    for index in 0..containers.map_or(0, Vec::len) {
        let Some(container) = pod.below(&["containers", &index.to_string()]) else {
            continue;
        };
        let name = container.get(&["name"]).and_then(yaml::scalar);
        let name = name.unwrap_or_else(|| "container".into());
        let name = set.map_or_else(|| name.clone(), |set| format!("{name} in {set}"));
        let mut scope = reading.scope(Layer::Kubernetes, &name);
        one_container(&container, &mut scope);
        let value = pod.get(&[GRACE]).map_or(Value::Default(DEFAULT), seconds);
        scope.found(GRACE, value, &pod.place(&[GRACE]));
    }
}

fn one_container(container: &Document, scope: &mut Scoped<'_>) {
    let part = |key: &str| container.get(&[key]).and_then(command);
    let (program, arguments) = (part("command"), part("args"));
    let key = if program.is_some() { "command" } else { "args" };
    let text: Vec<String> = program.into_iter().chain(arguments).collect();
    let text = text.join(" ");
    if !text.is_empty() {
        scope.command(&text, &container.place(&[key]));
    }
    if let Some(hook) = container.get(&["lifecycle", "preStop"]) {
        pre_stop(hook, &container.place(&["lifecycle", "preStop"]), scope);
    }
}

/// What `preStop` does, and how long it sleeps, where that is plain.
fn pre_stop(hook: &Node, place: &Place, scope: &mut Scoped<'_>) {
    let exec = hook.get("exec").and_then(|node| node.get("command"));
    let text = exec.and_then(command);
    let plain = hook.get("sleep").and_then(|node| node.get("seconds"));
    let slept = plain
        .and_then(Node::as_u64)
        .map(Duration::from_secs)
        .or_else(|| text.as_deref().and_then(slept));
    if let Some(text) = text {
        scope.found(PRE_STOP, Value::command(&text), place);
    }
    if let Some(span) = slept {
        scope.found(PRE_STOP_SLEEP, Value::Span(span), place);
    }
}

/// A number of seconds; a template's value stays a text.
pub(super) fn seconds(node: &Node) -> Value {
    let text = yaml::scalar(node).unwrap_or_default();
    match node.as_u64().or_else(|| text.parse().ok()) {
        Some(seconds) => Value::Span(Duration::from_secs(seconds)),
        None => Value::text(&text),
    }
}

/// Whether a file holds the values of a chart.
pub(super) fn is_values(path: &str) -> bool {
    let name = file_name(path);
    name.starts_with("values") && !path.contains("/templates/")
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
