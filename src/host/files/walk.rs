//! A walk below a root, bounded in depth and size: each application's files in their usual places.
//! Links to folders are not followed, so a circle of them has no end to lead to.

use std::fs;
use std::num::NonZero;
use std::path::Path;

use super::places::Folder;
use super::{FileSearch, LayerFile, ReadOutcome, layer_file, read};

/// No place lies deeper.
const DEEPEST: usize = 8;
/// So many names are looked at in all.
const MOST_NAMES: usize = 200_000;

/// Files that make a folder the root of an application.
const MARKS: &[&str] = &[
    "Gemfile",
    "Gemfile.lock",
    "Procfile",
    "config.ru",
    "gems.locked",
];

/// The applications at and below a root, in the order of their paths. One below the root counts
/// only if something was found in it.
pub(super) fn applications(root: &Path) -> Vec<FileSearch> {
    let mut walk = TreeWalk {
        root,
        left: MOST_NAMES,
        found: vec![FileSearch::default()],
        wanted: Vec::new(),
    };
    walk.folder("", 0, 0);
    walk.read();
    let mut found = walk.found.into_iter();
    let first = found.next();
    first
        .into_iter()
        .chain(found.filter(|search| !search.files.is_empty()))
        .collect()
}

/// Whether a folder is the root of an application by itself.
pub(super) fn is_application(folder: &Path) -> bool {
    MARKS.iter().any(|mark| folder.join(mark).is_file())
}

struct TreeWalk<'a> {
    root: &'a Path,
    left: usize,
    found: Vec<FileSearch>,
    wanted: Vec<WantedFile>,
}

/// A file that is read once the walk is over.
struct WantedFile {
    application: usize,
    shown: String,
    /// Whether it is looked at only because every file of its folder is: one that is too large is
    /// then not what is sought, but a picture or a dump.
    is_any: bool,
}

impl TreeWalk<'_> {
    /// Looks at one folder for an application, and then at those below it.
    fn folder(&mut self, shown: &str, application: usize, depth: usize) {
        let mut application = application;
        let Some(mut here) = self.rules(shown, application) else {
            return;
        };
        let entries = match fs::read_dir(self.root.join(shown)) {
            Ok(entries) => entries,
            Err(error) => return self.found[application].refused_folder(shown, &error),
        };
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        for entry in entries.flatten() {
            let Some(left) = self.left.checked_sub(1) else {
                let outcome = ReadOutcome::Refused(format!(
                    "more than {MOST_NAMES} names: the rest was not looked at"
                ));
                self.found[application]
                    .looked_at
                    .push((format!("{shown}/"), outcome));
                break;
            };
            self.left = left;
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
                continue;
            };
            if kind.is_dir() {
                if here.wants(&name) && is_named_as_file(&name) {
                    let outcome = (below(shown, &name), ReadOutcome::NotAFile);
                    self.found[application].looked_at.push(outcome);
                }
                folders.push(name);
            } else {
                files.push(name);
            }
        }
        let is_marked = files.iter().any(|file| MARKS.contains(&file.as_str()));
        if depth > 0 && is_marked && here.may_hold_application() {
            application = self.found.len();
            self.found.push(FileSearch {
                folder: shown.to_owned(),
                ..FileSearch::default()
            });
            let Some(own) = self.rules(shown, application) else {
                return;
            };
            here = own;
        }
        files.retain(|name| here.wants(name));
        files.sort_unstable();
        folders.sort_unstable();
        self.wanted.extend(files.iter().map(|name| WantedFile {
            application,
            shown: below(shown, name),
            is_any: here.wants_any(name),
        }));
        for name in folders.iter().filter(|_| depth < DEEPEST) {
            self.folder(&below(shown, name), application, depth + 1);
        }
    }

    /// Reads all that is wanted.
    fn read(&mut self) {
        let wanted = std::mem::take(&mut self.wanted);
        let files = files_of(self.root, &wanted);
        for (wanted, file) in wanted.iter().zip(files) {
            let file = match file {
                Err(ReadOutcome::TooLarge(_)) if wanted.is_any => Err(ReadOutcome::Unrelated),
                file => file,
            };
            self.found[wanted.application].take_found(&wanted.shown, file);
        }
    }

    /// The look into a folder of an application.
    fn rules(&self, shown: &str, application: usize) -> Option<Folder> {
        let own = &self.found[application].folder;
        let inside = shown.strip_prefix(own.as_str()).unwrap_or(shown);
        let parts: Vec<&str> = inside.split('/').filter(|part| !part.is_empty()).collect();
        Folder::of(&parts)
    }
}

/// Fewer files than these are read sooner than threads are started.
const MANY: usize = 100;
/// More threads than these wait for each other.
const MOST_THREADS: usize = 4;

/// Reads files, where there are many on several threads. The answers are in the order of the files.
fn files_of(root: &Path, wanted: &[WantedFile]) -> Vec<Result<LayerFile, ReadOutcome>> {
    let one = |wanted: &WantedFile| {
        let shown = &wanted.shown;
        layer_file(shown, None, read(&root.join(shown)))
    };
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let threads = threads.min(MOST_THREADS);
    if wanted.len() < MANY || threads == 1 {
        return wanted.iter().map(one).collect();
    }
    let share = wanted.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let parts: Vec<_> = wanted
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().map(one).collect::<Vec<_>>()))
            .collect();
        let done = parts.into_iter().map(|part| match part.join() {
            Ok(files) => files,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        done.flatten().collect()
    })
}

/// Whether a folder has the name of a file: `config/sidekiq.yml/`.
fn is_named_as_file(name: &str) -> bool {
    [".conf", ".lock", ".rb", ".toml", ".yaml", ".yml"]
        .iter()
        .any(|ending| name.strip_suffix(ending).is_some())
}

fn below(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}
