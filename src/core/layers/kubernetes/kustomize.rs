//! Overlays of Kustomize, as far as they are plain: resources of files and folders, and patches
//! that are laid over them. What comes from elsewhere is said to be unread.

use serde_yaml::Value as Node;

use super::super::layer::Layer;
use super::super::paths::{file_name, folder_of, joined};
use super::super::value::{FilePlace, Reading, Value};
use super::super::yaml::{self, Document, Lists};
use super::{Manifest, NAMED};

/// How deep overlays refer to each other.
const DEEPEST: usize = 8;

/// Objects that are applied together.
pub(super) struct Set {
    /// The folder of the overlay, where there are several.
    pub(super) name: Option<String>,
    pub(super) objects: Vec<Document>,
}

/// The manifests that are applied: each overlay that no other one refers to, and those beside it.
pub(super) struct Overlays {
    pub(super) sets: Vec<Set>,
}

impl Overlays {
    pub(super) fn of(manifests: &[Manifest<'_>], reading: &mut Reading) -> Self {
        let mut build = Build {
            manifests,
            used: Vec::new(),
            reading,
        };
        let all: Vec<&Manifest<'_>> = manifests
            .iter()
            .filter(|one| is_kustomization(one.path))
            .collect();
        let referred: Vec<String> = all
            .iter()
            .flat_map(|one| {
                let folder = folder_of(one.path);
                resources(one).into_iter().map(|path| joined(folder, path))
            })
            .collect();
        let roots = all.iter().filter(|one| {
            let folder = folder_of(one.path);
            !referred.iter().any(|path| path == folder)
        });
        let roots: Vec<_> = roots.collect();
        let mut sets = Vec::new();
        for root in &roots {
            let folder = folder_of(root.path);
            sets.push(Set {
                name: (roots.len() > 1).then(|| folder.to_owned()),
                objects: build.folder(folder, 0),
            });
        }
        let used = build.used;
        for manifest in manifests.iter().filter(|one| !is_kustomization(one.path)) {
            if !used.iter().any(|path| path == manifest.path) {
                sets.push(Set {
                    name: None,
                    objects: manifest.objects.clone(),
                });
            }
        }
        Self { sets }
    }
}

fn is_kustomization(path: &str) -> bool {
    file_name(path).starts_with("kustomization.")
}

/// Everything that a kustomization refers to, as it is written there.
fn resources<'a>(manifest: &'a Manifest<'_>) -> Vec<&'a str> {
    let Some(document) = manifest.objects.first() else {
        return Vec::new();
    };
    ["resources", "bases", "components"]
        .iter()
        .filter_map(|key| document.get(&[key]).and_then(Node::as_sequence))
        .flatten()
        .filter_map(Node::as_str)
        .collect()
}

struct Build<'a, 'r> {
    manifests: &'a [Manifest<'a>],
    /// Files that belong to an overlay.
    used: Vec<String>,
    reading: &'r mut Reading,
}

impl Build<'_, '_> {
    /// The objects of the kustomization in a folder.
    fn folder(&mut self, folder: &str, depth: usize) -> Vec<Document> {
        let manifests = self.manifests;
        let found = manifests
            .iter()
            .find(|one| is_kustomization(one.path) && folder_of(one.path) == folder);
        let (Some(manifest), true) = (found, depth < DEEPEST) else {
            return Vec::new();
        };
        let mut objects = Vec::new();
        for written in resources(manifest) {
            let path = joined(folder, written);
            if let Some(file) = manifests.iter().find(|one| one.path == path) {
                self.used.push(path);
                objects.extend(file.objects.iter().cloned());
            } else if manifests
                .iter()
                .any(|one| is_kustomization(one.path) && folder_of(one.path) == path)
            {
                objects.extend(self.folder(&path, depth + 1));
            } else if written.contains("://") || written.contains("github.com") {
                let text = format!("the resource {written} of this overlay stands elsewhere");
                self.reading.not_read(FilePlace::whole(manifest.path), text);
            } else {
                let text =
                    format!("the resource {written} of this overlay is not among what was read");
                self.reading.not_read(FilePlace::whole(manifest.path), text);
            }
        }
        if let Some(kustomization) = manifest.objects.first() {
            self.patches(kustomization, manifest.path, &mut objects);
        }
        objects
    }

    fn patches(&mut self, kustomization: &Document, path: &str, objects: &mut [Document]) {
        let folder = folder_of(path);
        for key in ["patches", "patchesStrategicMerge", "patchesJson6902"] {
            let items = kustomization.get(&[key]).and_then(Node::as_sequence);
            for (index, item) in items.into_iter().flatten().enumerate() {
                let index = index.to_string();
                let place = kustomization.place(&[key, &index]);
                let file = item.get("path").unwrap_or(item).as_str();
                let is_text = |text: &&str| text.contains('\n');
                let own = item.as_str().filter(is_text);
                let inline = item.get("patch").and_then(Node::as_str).or(own);
                let patches = match (inline, file) {
                    (Some(text), _) => yaml::read(path, text, self.reading).1,
                    (None, Some(file)) => self.file(&joined(folder, file), &place),
                    (None, None) => Vec::new(),
                };
                let line = place.line.unwrap_or(1);
                for patch in &patches {
                    let own = inline.is_some().then_some((&*place.file, line));
                    apply(patch, item.get("target"), own, objects);
                }
            }
        }
    }

    /// The patches of a file; one that is not here is named, and said to be unread.
    fn file(&mut self, path: &str, place: &FilePlace) -> Vec<Document> {
        let found = self.manifests.iter().find(|one| one.path == path);
        self.used.push(path.to_owned());
        if found.is_none() {
            let text = format!("the patch {path} of this overlay was not read");
            self.reading.not_read(place.clone(), text);
            let (layer, value) = (Layer::Kubernetes, Value::text(path));
            self.reading.found(layer, NAMED, None, value, place.clone());
        }
        found.map(|one| one.objects.clone()).unwrap_or_default()
    }
}

/// Lays a patch over the objects that it is for.
fn apply(
    patch: &Document,
    target: Option<&Node>,
    inline: Option<(&str, usize)>,
    objects: &mut [Document],
) {
    let of = |key: &[&str]| patch.get(key).and_then(yaml::scalar);
    let wanted = |key: &str| {
        target
            .and_then(|target| target.get(key))
            .and_then(yaml::scalar)
    };
    let kind = wanted("kind").or_else(|| of(&["kind"]));
    let name = match target {
        Some(_) => wanted("name"),
        None => of(&["metadata", "name"]),
    };
    for object in objects {
        let has = |key: &[&str], wanted: &Option<String>| {
            wanted.is_none() || object.get(key).and_then(yaml::scalar) == *wanted
        };
        if !has(&["kind"], &kind) || !has(&["metadata", "name"], &name) {
            continue;
        }
        match patch.root.as_sequence() {
            Some(operations) => {
                for (index, operation) in operations.iter().enumerate() {
                    let place = patch.place(&[&index.to_string()]);
                    let own = (&*place.file, place.line.unwrap_or(1));
                    operate(operation, inline.unwrap_or(own), object);
                }
            }
            None => object.overlay(patch, Lists::JoinedByName),
        }
    }
}

/// Does one operation of a JSON patch (RFC 6902), as far as it sets a value.
fn operate(operation: &Node, place: (&str, usize), object: &mut Document) {
    let text = |key: &str| operation.get(key).and_then(Node::as_str);
    let (Some("add" | "replace"), Some(path), Some(value)) =
        (text("op"), text("path"), operation.get("value"))
    else {
        return;
    };
    let path: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    object.put(&path, value, place);
}
