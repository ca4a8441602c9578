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
use super::paths::{chart_of, file_name, folder_of};
use super::scoped::Scoped;
use super::span::duration_text;
use super::tool::Text;
use super::value::{Expression, FilePlace, Hazard, Reading, Value};
use super::variables;
use super::yaml::{self, Document};
use crate::core::clean::clean;

/// A file of patches that an overlay names, and that is not among those that were read.
pub const NAMED: &str = "patch file";
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

/// Containers that run before the others; one that is always restarted runs beside them
/// (Kubernetes, "Sidecar Containers").
const INIT_CONTAINERS: &str = "initContainers";

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
    let charts = Charts::of(texts, &mut reading);
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
    let mut containers = Vec::new();
    for set in Overlays::of(&manifests, &mut reading).sets {
        for object in &set.objects {
            containers.extend(containers_of(object, set.name.as_deref()));
        }
    }
    let names = names(&containers);
    let uses_sidekiq = texts.iter().any(|text| text.text.contains("sidekiq"));
    for (container, name) in containers.iter().zip(&names) {
        container.read(name, uses_sidekiq, &mut reading);
    }
    reading
}

/// A container with the pod that it is in.
struct Container {
    own: Document,
    pod: Document,
    /// Its name, that of its object and of its file, the overlay that it is of.
    names: [String; 4],
}

/// The names by which containers are told apart: their own, where several have one name that of
/// their object behind it, then that of their file.
fn names(containers: &[Container]) -> Vec<String> {
    let named = |one: &Container, level: usize| {
        let [container, object, file, set] = &one.names;
        let mut name = container.clone();
        for (part, before) in [(set, " in "), (object, " of "), (file, " in ")]
            .iter()
            .take(level + 1)
        {
            if !part.is_empty() {
                name.extend([*before, part]);
            }
        }
        name
    };
    let is_own = |one: &Container, level: usize| {
        let name = named(one, level);
        let same = containers
            .iter()
            .filter(|other| named(other, level) == name);
        same.count() == 1
    };
    containers
        .iter()
        .map(|one| {
            let level = (0..2).find(|level| is_own(one, *level)).unwrap_or(2);
            named(one, level)
        })
        .collect()
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
            FilePlace::whole(text.path),
            "a template, of which only the plain lines were read: render it first (helm template)",
        );
    }
    // A template without pods says nothing about a stop.
    if has_pods || !untagged.has_lines() && !untagged.is_template() {
        reading.extend(own);
    }
    let objects: Vec<Document> = documents.iter().flat_map(objects).collect();
    for place in objects.iter().filter_map(template_of_pods) {
        reading.not_read(
            place,
            "a template, whose pods come from elsewhere: render it first (helm template)",
        );
    }
    Manifest {
        path: text.path,
        objects,
    }
}

/// Where a template stands for the pods of an object, or for one of their containers.
fn template_of_pods(object: &Document) -> Option<FilePlace> {
    let is_code = |node: &Node| {
        let text = node.as_str().unwrap_or_default();
        is_template(text)
    };
    SPECIFICATIONS.iter().find_map(|path| {
        let whole: Vec<&str> = path.iter().copied().chain(["containers"]).collect();
        let own = (1..=whole.len()).map(|depth| &whole[..depth]);
        let mut found = own.filter(|path| object.get(path).is_some_and(is_code));
        let containers = object.get(&whole).and_then(Node::as_sequence);
        let has_code = containers.is_some_and(|items| items.iter().any(is_code));
        let place = found.next_back().or_else(|| has_code.then_some(&whole[..]));
        place.map(|path| object.place(path))
    })
}

/// Whether code of a template stands for a text.
fn is_template(text: &str) -> bool {
    text.starts_with("{{") || text.starts_with("<%")
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

/// The containers of the pods of one object; `set` names the overlay that it is of.
fn containers_of(object: &Document, set: Option<&str>) -> Vec<Container> {
    let found = SPECIFICATIONS.iter().find_map(|path| {
        let specification = object.below(path)?;
        specification
            .get(&["containers"])
            .is_some()
            .then_some(specification)
    });
    let Some(pod) = found else { return Vec::new() };
    let text = |document: &Document, path: &[&str]| document.get(path).and_then(yaml::scalar);
    let object_name = text(object, &["metadata", "name"]).unwrap_or_default();
    let one = |(key, index): (&str, usize)| {
        let own = pod.below(&[key, &index.to_string()])?;
        let is_sidecar = text(&own, &["restartPolicy"]).as_deref() == Some("Always");
        if key == INIT_CONTAINERS && !is_sidecar {
            return None;
        }
        let name = text(&own, &["name"]).unwrap_or_else(|| "container".into());
        let file = own.place(&[]).file.to_string();
        Some(Container {
            names: [
                name,
                object_name.clone(),
                file,
                set.unwrap_or_default().into(),
            ],
            pod: pod.clone(),
            own,
        })
    };
    let count = |key: &str| {
        let items = pod.get(&[key]).and_then(Node::as_sequence);
        items.map_or(0, Vec::len)
    };
    ["containers", INIT_CONTAINERS]
        .into_iter()
        .flat_map(|key| (0..count(key)).map(move |index| (key, index)))
        .filter_map(one)
        .collect()
}

impl Container {
    fn read(&self, name: &str, uses_sidekiq: bool, reading: &mut Reading) {
        let mut scope = reading.scope(Layer::Kubernetes, name);
        let part = |key: &str| self.own.get(&[key]).and_then(command);
        let (program, arguments) = (part("command"), part("args"));
        let key = if program.is_some() { "command" } else { "args" };
        let text: Vec<String> = program.into_iter().chain(arguments).collect();
        let text = text.join(" ");
        if !text.is_empty() {
            scope.command(&text, &self.own.place(&[key]));
        }
        let place = self.own.place(&["env"]);
        for (name, value) in self.own.get(&["env"]).into_iter().flat_map(stated) {
            scope.found(name, value, &place);
        }
        if let Some(hook) = self.own.get(&["lifecycle", "preStop"]) {
            let place = self.own.place(&["lifecycle", "preStop"]);
            pre_stop(hook, &place, &mut scope);
        }
        let value = self
            .pod
            .get(&[GRACE])
            .map_or(Value::Default(DEFAULT), seconds);
        scope.found(GRACE, value, &self.pod.place(&[GRACE]));
        if is_template(&text) && uses_sidekiq && !SERVERS.contains(&name) {
            reading.not_read(
                self.own.place(&[key]),
                format!(
                    "the command of {name} is a template: whether it is a Sidekiq is not known"
                ),
            );
        }
    }
}

/// The variables in `env` of a container that matter.
fn stated(env: &Node) -> impl Iterator<Item = (&'static str, Value)> {
    let all = env.as_sequence().into_iter().flatten();
    all.filter_map(|one| {
        let name = one.get("name")?.as_str()?;
        variables::variable(name, &yaml::scalar(one.get("value")?)?)
    })
}

/// Names of containers that are no Sidekiq, whatever their command is.
const SERVERS: &[&str] = &["app", "nginx", "puma", "rails", "server", "web"];

/// The signal and the sleep of `preStop`, where they are plain.
fn pre_stop(hook: &Node, place: &FilePlace, scope: &mut Scoped<'_>) {
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

/// A number of seconds; what a template puts there stays code.
pub(super) fn seconds(node: &Node) -> Value {
    let text = yaml::scalar(node).unwrap_or_default();
    match node.as_u64().or_else(|| text.parse().ok()) {
        Some(seconds) => Value::Span(Duration::from_secs(seconds)),
        None => Value::Expression(Expression {
            code: clean(&text, 200),
            default: None,
            variable: None,
            hazard: Hazard::None,
        }),
    }
}

/// Whether a file holds the values of a chart.
pub(super) fn is_values(path: &str) -> bool {
    let is_named = file_name(path).starts_with("values") || file_name(folder_of(path)) == "values";
    is_named && chart_of(path).is_none()
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
