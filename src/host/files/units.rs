//! The unit files of this host: where systemd looks for them, the strongest first, with their
//! drop-ins. Nothing is written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{FileSearch, entries};
use crate::core::layers::unit;

/// Where systemd looks for units, the strongest first (systemd.unit(5)).
const SYSTEM_UNITS: &[&str] = &[
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// Looks for one unit with its template and its drop-ins: among those of the system, else among
/// those of the user whose home is given.
pub fn find_unit(unit: &str, home: Option<&Path>) -> FileSearch {
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
pub(super) fn units_in(folders: &[PathBuf], wanted: impl Fn(&str, &Path) -> bool) -> FileSearch {
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
    let mut search = FileSearch::default();
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
