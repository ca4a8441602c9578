//! A Compose file, and the others that it is made of.

use serde_yaml::Value as Node;

use super::NAMED;
use crate::core::layers::command_line::starts_sidekiq;
use crate::core::layers::layer::Layer;
use crate::core::layers::paths::{folder_of, joined};
use crate::core::layers::value::{Reading, Value};
use crate::core::layers::yaml::{self, Document};

/// A file that was read.
pub(super) struct File<'a> {
    pub(super) path: &'a str,
    pub(super) document: Document,
}

impl File<'_> {
    /// The files that it includes (docs.docker.com, Compose file reference, `include`).
    pub(super) fn included_paths(&self) -> Vec<String> {
        let includes = self.document.get(&["include"]).and_then(Node::as_sequence);
        let all = includes.into_iter().flatten().flat_map(|include| {
            let path = include.get("path").unwrap_or(include);
            match path.as_sequence() {
                Some(paths) => paths.iter().filter_map(Node::as_str).collect(),
                None => path.as_str().into_iter().collect::<Vec<_>>(),
            }
        });
        all.map(|path| joined(folder_of(self.path), path)).collect()
    }

    pub(super) fn includes(&self, path: &str) -> bool {
        path != self.path && self.included_paths().iter().any(|own| own == path)
    }

    /// Whether one of its services extends one of another file.
    pub(super) fn extends(&self, path: &str) -> bool {
        path != self.path && self.extended_files().any(|(_, file)| file == path)
    }

    /// Its services that extend one of another file, with that file (docs.docker.com, Compose file
    /// reference, `extends`).
    fn extended_files(&self) -> impl Iterator<Item = (&str, String)> {
        let services = self.document.get(&["services"]);
        let services = services.into_iter().flat_map(yaml::entries);
        services.filter_map(|(name, service)| {
            let file = service.get("extends")?.get("file")?.as_str()?;
            Some((name, joined(folder_of(self.path), file)))
        })
    }

    /// Says which files it is made of that were not read: what their services run is not known.
    pub(super) fn report_missing(&self, was_read: &dyn Fn(&str) -> bool, reading: &mut Reading) {
        let mut told: Vec<String> = Vec::new();
        for (name, path) in self.extended_files().filter(|(_, path)| !was_read(path)) {
            let place = self.document.place(&["services", name, "extends"]);
            let command = self.document.get(&["services", name, "command"]);
            let command = command.and_then(super::command);
            if command.is_none_or(|command| starts_sidekiq(&command)) && !told.contains(&path) {
                let text = format!("{name} extends a service of {path}, which was not read");
                reading.not_read(place.clone(), text);
            }
            let value = Value::text(&path);
            reading.found(Layer::Compose, NAMED, Some(name), value, place);
            told.push(path);
        }
        for path in self
            .included_paths()
            .into_iter()
            .filter(|path| !was_read(path))
        {
            let place = self.document.place(&["include"]);
            let text = format!("it includes {path}, which was not read");
            reading.not_read(place.clone(), text);
            reading.found(Layer::Compose, NAMED, None, Value::text(&path), place);
        }
    }

    /// Whether another file only changes services of this one: it gives them no image.
    pub(super) fn is_changed_by(&self, other: &File<'_>) -> bool {
        let own = self.document.get(&["services"]);
        let services = other
            .document
            .get(&["services"])
            .into_iter()
            .flat_map(yaml::entries);
        let mut services =
            services.filter(|(name, _)| own.is_some_and(|own| own.get(*name).is_some()));
        services.any(|(_, service)| {
            ["image", "build", "extends"]
                .iter()
                .all(|key| service.get(*key).is_none())
        })
    }
}
