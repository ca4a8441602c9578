//! What `check` reads: files by their usual places or by name, unit files, and what systemd has
//! loaded. It keeps what was looked at, so that what was not found can be told.

use std::path::{Path, PathBuf};

use crate::cli::Failure;
use crate::core::clean::clean;
use crate::core::layers::{Layer, Located, Place, Reading, Remark, Weight};
use crate::host::files::{Outcome, Search, find_layers, find_unit, read_paths};
use crate::host::systemctl::{self, NotShown};

/// All that was read.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// Values in the order in which they are to be taken.
    pub(super) values: Vec<Located>,
    /// What the readers have to say beside them.
    pub(super) remarks: Vec<Remark>,
    /// Every path with what became of it.
    pub(super) looked_at: Vec<(String, Outcome)>,
    /// The layers of the files among them.
    pub(super) read: Vec<Layer>,
    /// The applications' roots.
    pub(super) roots: Vec<PathBuf>,
    /// Whether the working directory was taken because nobody named a path.
    pub(super) by_default: bool,
}

impl Sources {
    /// Reads what is named, or the application in the working directory.
    pub(super) fn of(paths: &[PathBuf]) -> Result<Self, Failure> {
        let mut sources = Self::default();
        if paths.is_empty() {
            sources.by_default = true;
            sources.roots.push(PathBuf::from("."));
            sources.take(find_layers(Path::new(".")));
            return Ok(sources);
        }
        let search = read_paths(paths);
        for path in paths.iter().filter(|path| !path.is_dir()) {
            let shown = path.display().to_string();
            let outcome = search.looked_at.iter().find(|(name, _)| *name == shown);
            if let Some((_, outcome)) = outcome
                && let Some(why) = trouble(outcome)
            {
                return Err(Failure::Usage(format!(
                    "cannot read {}: {why}",
                    clean(&shown, 300)
                )));
            }
            if matches!(outcome, Some((_, Outcome::Unrelated))) {
                sources.note(&shown, "no reader knows what this file is");
            }
        }
        sources.roots = paths.iter().filter(|path| path.is_dir()).cloned().collect();
        sources.take(search);
        Ok(sources)
    }

    /// Reads the application below another root.
    pub(super) fn root(&mut self, root: PathBuf) {
        self.take(read_paths(std::slice::from_ref(&root)));
        self.roots.push(root);
    }

    /// Whether any file says anything.
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Reads the file of a unit, with its template and its drop-ins.
    pub(super) fn unit_file(&mut self, unit: &str, home: Option<&Path>) {
        let found = find_unit(unit, home);
        if found.files.is_empty() {
            self.note(unit, "no file of this unit was found");
        }
        self.take(found);
    }

    /// Asks systemd what it has loaded of a unit.
    pub(super) async fn loaded(&mut self, unit: &str) -> Result<(), NotShown> {
        self.add(systemctl::show(unit).await?);
        Ok(())
    }

    /// Keeps something worth knowing.
    pub(super) fn note(&mut self, about: &str, text: &str) {
        self.remark(Weight::Note, about, text);
    }

    fn remark(&mut self, weight: Weight, about: &str, text: &str) {
        self.remarks.push(Remark {
            weight,
            text: clean(text, 300),
            from: Place::whole(about),
        });
    }

    fn take(&mut self, search: Search) {
        self.add(search.reading());
        self.read.extend(search.files.iter().map(|file| file.layer));
        for (path, outcome) in search.looked_at {
            if let Some(why) = trouble(&outcome)
                && outcome != Outcome::Missing
            {
                self.remark(Weight::Problem, &path, &format!("not read: {why}"));
            }
            self.looked_at.push((path, outcome));
        }
    }

    fn add(&mut self, reading: Reading) {
        self.values.extend(reading.values);
        self.remarks.extend(reading.remarks);
    }
}

/// Why a path was not read; `None` if it was.
pub(super) fn trouble(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Read(_) | Outcome::Unrelated | Outcome::ForDevelopment => None,
        Outcome::Missing => Some("it is not there".into()),
        Outcome::NotAFile => Some("it is a directory, a pipe or a device".into()),
        Outcome::TooLarge(bytes) => Some(format!(
            "it is larger than any configuration ({bytes} bytes)"
        )),
        Outcome::Refused(why) => Some(clean(why, 200)),
    }
}
