//! The files in which a stop budget is usually written: found from an application's root and in
//! the directories of systemd, read with a bound. Nothing is written, and nothing is judged.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Component, Path, PathBuf};

use crate::core::check::command_of;
use crate::core::layers::{Layer, unit};

#[cfg(test)]
mod tests;

/// No configuration is larger than this.
const LARGEST: u64 = 1_000_000;
/// No directory of configuration holds more files than are looked at here.
const MOST_ENTRIES: usize = 2_000;

/// Files of an application at one fixed place.
const FILES: &[&str] = &[
    ".cloud66/manifest.yml",
    "Procfile",
    "app.json",
    "Capfile",
    "Gemfile.lock",
    "gems.locked",
    "config/deploy.rb",
    "config/deploy.yml",
    "supervisord.conf",
];

/// Directories of an application whose own files are looked at.
const FOLDERS: &[&str] = &[
    "",
    "config",
    "config/initializers",
    "config/deploy",
    "config/deploy/templates",
    "config/supervisor",
    "config/systemd",
    "deploy",
    "k8s",
    "kubernetes",
    "lib/capistrano/tasks",
    "lib/capistrano/templates",
];

/// Directories of an application that are looked at with everything below them.
const TREES: &[&str] = &["app/jobs", "app/sidekiq", "app/workers"];

/// Where systemd looks for units, the strongest first (systemd.unit(5)).
const SYSTEM_UNITS: &[&str] = &[
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerFile {
    /// As it is shown: relative to the root where it lies below it.
    pub path: String,
    /// Which layer it is of.
    pub layer: Layer,
    /// What it holds; bytes that are no UTF-8 are replaced.
    pub text: String,
}

/// What became of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Read, as a file of this layer.
    Read(Layer),
    /// Read, and nothing in it is for any reader.
    Unrelated,
    /// Not there.
    Missing,
    /// A directory, a pipe or a device.
    NotAFile,
    /// Larger than any configuration: so many bytes.
    TooLarge(u64),
    /// Not readable, with the system's reason.
    Refused(String),
}

/// All that was looked at.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// What was read, in the order in which it is to be taken.
    pub files: Vec<LayerFile>,
    /// Every path with what became of it.
    pub looked_at: Vec<(String, Outcome)>,
}

impl Search {
    /// Looks at one path under the name it is shown by.
    fn look(&mut self, path: &Path, shown: &str) {
        self.look_as(path, shown, None);
    }

    /// As `look`, for a file that is known to be of a layer.
    fn look_as(&mut self, path: &Path, shown: &str, layer: Option<Layer>) {
        let outcome = match read(path) {
            Ok(text) => match layer.or_else(|| Layer::of(shown, &text)) {
                Some(layer) => {
                    self.files.push(LayerFile {
                        path: shown.to_string(),
                        layer,
                        text,
                    });
                    Outcome::Read(layer)
                }
                None => Outcome::Unrelated,
            },
            Err(outcome) => outcome,
        };
        self.looked_at.push((shown.to_string(), outcome));
    }

    /// Notes a directory that may not be listed: what is in it is then not known.
    fn refused_folder(&mut self, path: &Path, shown: &str) {
        if let Err(error) = fs::read_dir(path)
            && error.kind() == ErrorKind::PermissionDenied
        {
            let shown = if shown.is_empty() { "." } else { shown };
            let outcome = Outcome::Refused(error.to_string());
            self.looked_at.push((format!("{shown}/"), outcome));
        }
    }

    /// Whether a path was looked at.
    fn knows(&self, shown: &str) -> bool {
        self.looked_at.iter().any(|(path, _)| path == shown)
    }
}

/// Looks at the usual places below an application's root.
pub fn find_layers(root: &Path) -> Search {
    let mut search = Search::default();
    for file in FILES {
        search.look(&root.join(file), file);
    }
    for folder in FOLDERS {
        search.refused_folder(&root.join(folder), folder);
        for name in entries(&root.join(folder)) {
            let shown = if folder.is_empty() {
                name.clone()
            } else {
                format!("{folder}/{name}")
            };
            let path = root.join(&shown);
            if is_candidate(folder, &name) && !search.knows(&shown) {
                search.look(&path, &shown);
            }
        }
    }
    for tree in TREES {
        below(root, tree, 0, &mut search);
    }
    for config in named_configs(&search) {
        if !search.knows(&config) {
            search.look_as(&root.join(&config), &config, Some(Layer::SidekiqYml));
        }
    }
    search
}

/// The files below the root that a Sidekiq command found there names with `-C`.
fn named_configs(search: &Search) -> Vec<String> {
    let readings = search
        .files
        .iter()
        .map(|file| file.layer.read(&file.path, &file.text));
    let values = readings.flat_map(|reading| reading.values);
    let named = values.filter_map(|located| command_of(&located)?.config);
    let plain = |path: &String| {
        let parts: Vec<_> = Path::new(path).components().collect();
        parts
            .iter()
            .all(|part| matches!(part, Component::Normal(_)))
    };
    named.filter(plain).collect()
}

/// Looks at paths that were named: files as they are, directories as roots.
pub fn read_paths(paths: &[PathBuf]) -> Search {
    let mut search = Search::default();
    for path in paths {
        let shown = path.display().to_string();
        if path.is_dir() {
            let found = find_layers(path);
            let named = |file: &str| Path::new(&shown).join(file).display().to_string();
            search
                .files
                .extend(found.files.into_iter().map(|file| LayerFile {
                    path: named(&file.path),
                    ..file
                }));
            let looked_at = found.looked_at.into_iter();
            search
                .looked_at
                .extend(looked_at.map(|(file, outcome)| (named(&file), outcome)));
        } else {
            search.look(path, &shown);
        }
    }
    search
}

/// Looks for one unit with its template and its drop-ins: among those of the system, else among
/// those of the user whose home is given.
pub fn find_unit(unit: &str, home: Option<&Path>) -> Search {
    let template = match (unit.split_once('@'), unit.rsplit_once('.')) {
        (Some((name, _)), Some((_, suffix))) => format!("{name}@.{suffix}"),
        (_, _) => unit.to_owned(),
    };
    let is_it = |name: &str, _: &Path| name == unit || name == template;
    let system = units_in(&system_folders(), is_it);
    if system.files.is_empty() {
        units_in(&user_folders(home), is_it)
    } else {
        system
    }
}

fn system_folders() -> Vec<PathBuf> {
    SYSTEM_UNITS.iter().map(PathBuf::from).collect()
}

fn user_folders(home: Option<&Path>) -> Vec<PathBuf> {
    let own = home.map(|home| home.join(".config/systemd/user"));
    own.into_iter()
        .chain([PathBuf::from("/etc/systemd/user")])
        .collect()
}

/// Units in directories of which the first ones are stronger: of two files of one name the
/// stronger holds, for drop-ins as for units; drop-ins follow in the order of their names.
fn units_in(folders: &[PathBuf], wanted: impl Fn(&str, &Path) -> bool) -> Search {
    let mut units: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut drop_ins: BTreeMap<String, BTreeMap<String, PathBuf>> = BTreeMap::new();
    for folder in folders {
        for name in entries(folder) {
            let path = folder.join(&name);
            if let Some(of) = name.strip_suffix(".d").filter(|of| unit(of).is_some()) {
                for file in entries(&path) {
                    let path = path.join(&file);
                    drop_ins
                        .entry(of.into())
                        .or_default()
                        .entry(file)
                        .or_insert(path);
                }
            } else if unit(&name) == Some(name.as_str()) {
                units.entry(name).or_insert(path);
            }
        }
    }
    let mut search = Search::default();
    for (name, path) in units {
        if wanted(&name, &path) {
            search.look(&path, &path.display().to_string());
            for path in drop_ins.remove(&name).unwrap_or_default().into_values() {
                search.look(&path, &path.display().to_string());
            }
        }
    }
    // Drop-ins of an instance stand beside no file of its own: its template is the unit.
    for (name, files) in drop_ins {
        for path in files.into_values().filter(|path| wanted(&name, path)) {
            search.look(&path, &path.display().to_string());
        }
    }
    search
}

/// Looks at every Ruby file of a tree.
fn below(root: &Path, folder: &str, depth: usize, search: &mut Search) {
    for name in entries(&root.join(folder)) {
        let shown = format!("{folder}/{name}");
        let path = root.join(&shown);
        if path.is_dir() && !path.is_symlink() && depth < 8 {
            below(root, &shown, depth + 1, search);
        } else if name.strip_suffix(".rb").is_some() && search.looked_at.len() < MOST_ENTRIES {
            search.look(&path, &shown);
        }
    }
}

/// Whether a file of a folder may be for some reader, by its name.
fn is_candidate(folder: &str, name: &str) -> bool {
    let stem = name.strip_suffix(".erb").unwrap_or(name);
    let ends = |suffix: &str| stem.strip_suffix(suffix).is_some();
    let is_yaml = ends(".yml") || ends(".yaml");
    match folder {
        "" => {
            stem.starts_with("Procfile")
                || is_yaml && stem.contains("compose")
                || ends(".service")
                || ends(".nomad")
                || ends(".hcl")
        }
        "config" => is_yaml && (stem.contains("sidekiq") || stem.starts_with("deploy")),
        _ => {
            is_yaml
                || unit(stem).is_some()
                || unit(name).is_some()
                || [".rb", ".rake", ".conf", ".nomad", ".hcl"]
                    .iter()
                    .any(|end| ends(end))
        }
    }
}

/// The names in a directory, sorted; none where it cannot be read.
fn entries(folder: &Path) -> Vec<String> {
    let Ok(found) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = found
        .take(MOST_ENTRIES)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

/// The text of a plain file of bounded size.
fn read(path: &Path) -> Result<String, Outcome> {
    let refused = |error: &std::io::Error| {
        let missing = [ErrorKind::NotFound, ErrorKind::NotADirectory];
        if missing.contains(&error.kind()) {
            Outcome::Missing
        } else {
            Outcome::Refused(error.to_string())
        }
    };
    // Asked before opening: to open a pipe would wait for its other end.
    let metadata = fs::metadata(path).map_err(|error| refused(&error))?;
    if !metadata.is_file() {
        return Err(Outcome::NotAFile);
    }
    if metadata.len() > LARGEST {
        return Err(Outcome::TooLarge(metadata.len()));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST).read_to_end(&mut bytes))
        .map_err(|error| refused(&error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
