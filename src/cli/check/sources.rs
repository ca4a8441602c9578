//! The sources of `check`: files by their usual places or by name, unit files, and the values
//! that systemd has loaded. It keeps every path that was looked at, so that misses can be told.

use std::path::{Component, Path, PathBuf};

use crate::cli::Failure;
use crate::core::clean::clean;
use crate::core::layers::{FilePlace, Layer, LocatedSetting, Reading, Remark, Weight};
use crate::host::files::{FileSearch, ReadOutcome, find_applications, find_unit, read_paths};
use crate::host::systemctl::{self, NotShown};

/// All that was read.
#[derive(Debug, Default)]
pub(super) struct ReadSources {
    /// Values in the order in which they are to be taken.
    pub(super) values: Vec<LocatedSetting>,
    /// The remarks of the readers beside them.
    pub(super) remarks: Vec<Remark>,
    /// Every path with what became of it.
    pub(super) looked_at: Vec<(String, ReadOutcome)>,
    /// The files among them that a reader took, with their layers.
    pub(super) read: Vec<(Layer, String)>,
    /// The applications' roots.
    pub(super) roots: Vec<PathBuf>,
    /// The one root that paths are shown relative to, where it is not the working directory.
    pub(super) root: Option<PathBuf>,
    /// The folder of the application below that root; empty for the root itself.
    pub(super) folder: String,
    /// Applications below the root, each by itself.
    pub(super) below: Vec<ReadSources>,
    /// Whether the working directory was taken because no path was named.
    pub(super) by_default: bool,
}

impl ReadSources {
    /// `in /var/www/shop` where paths are shown relative to a root that is not the working
    /// directory.
    pub(super) fn below(&self) -> String {
        match &self.root {
            Some(root) => format!("in {}\n\n", clean(&root.display().to_string(), 300)),
            None => String::new(),
        }
    }

    /// The text before every path for a reader of the working directory: `services/api/`.
    pub(super) fn prefix(&self) -> String {
        self.root.as_ref().map_or_else(String::new, |root| {
            let root = root.display().to_string();
            let root = root.strip_prefix("./").unwrap_or(&root);
            format!("{}/", root.trim_end_matches('/'))
        })
    }

    /// Reads what is named, or the application in the working directory.
    pub(super) fn of(paths: &[PathBuf]) -> Result<Self, Failure> {
        let mut sources = Self::default();
        if paths.is_empty() {
            sources.by_default = true;
            sources.roots.push(PathBuf::from("."));
            sources.applications(Path::new("."));
            return Ok(sources);
        }
        for root in paths.iter().filter(|path| path.is_dir()) {
            std::fs::read_dir(root).map_err(|why| {
                let shown = clean(&root.display().to_string(), 300);
                Failure::Usage(format!("cannot read {shown}: {why}"))
            })?;
        }
        if let [root] = paths
            && root.is_dir()
        {
            sources.roots.push(root.clone());
            let is_here = root.components().all(|part| part == Component::CurDir);
            sources.root = (!is_here).then(|| root.clone());
            sources.applications(root);
            return Ok(sources);
        }
        let mut found = read_paths(paths).into_iter();
        let search = found.next().unwrap_or_default();
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
            if matches!(outcome, Some((_, ReadOutcome::Unrelated))) {
                return Err(Failure::Usage(format!(
                    "cannot read {}: no reader knows what this file is",
                    clean(&shown, 300)
                )));
            }
        }
        sources.roots = paths.iter().filter(|path| path.is_dir()).cloned().collect();
        sources.take(search);
        sources.below = found.map(Self::of_search).collect();
        for path in paths.iter().filter(|path| !path.is_dir()) {
            sources.must_say_something(&path.display().to_string())?;
        }
        Ok(sources)
    }

    /// An application that is apart from the first one.
    fn of_search(search: FileSearch) -> Self {
        let mut sources = Self {
            folder: search.folder.clone(),
            ..Self::default()
        };
        sources.take(search);
        sources
    }

    /// Reads the application at `root`, and those below it.
    fn applications(&mut self, root: &Path) {
        let mut found = find_applications(root).into_iter();
        if let Some(search) = found.next() {
            self.take(search);
        }
        self.below = found.map(Self::of_search).collect();
    }

    /// A file that was named and of which nothing was understood is an error.
    fn must_say_something(&self, shown: &str) -> Result<(), Failure> {
        let about = |place: &FilePlace| *place.file == *shown;
        let why = self
            .remarks
            .iter()
            .find(|remark| remark.weight == Weight::NotRead && about(&remark.from));
        match why {
            Some(why) if !self.values.iter().any(|value| about(&value.from)) => Err(
                Failure::Usage(format!("cannot read {}: {}", clean(shown, 300), why.text)),
            ),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether nothing at all was read or remarked.
    pub(super) fn is_silent(&self) -> bool {
        self.values.is_empty() && self.remarks.is_empty() && self.read.is_empty()
    }

    /// Reads the application below another root.
    pub(super) fn root(&mut self, root: PathBuf) {
        let mut found = read_paths(std::slice::from_ref(&root)).into_iter();
        self.take(found.next().unwrap_or_default());
        self.below.extend(found.map(Self::of_search));
        self.roots.push(root);
    }

    /// Places that may say how Sidekiq is stopped and were not understood.
    pub(super) fn not_read(&self) -> Vec<Remark> {
        let of_it = |remark: &&Remark| remark.weight == Weight::NotRead;
        self.remarks.iter().filter(of_it).cloned().collect()
    }

    /// Whether no file says anything or may say it, here and below.
    pub(super) fn holds_nothing(&self) -> bool {
        self.values.is_empty() && self.not_read().is_empty() && self.below.is_empty()
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
            from: FilePlace::whole(about),
        });
    }

    fn take(&mut self, search: FileSearch) {
        self.add(search.reading());
        let read = search.files.iter();
        self.read
            .extend(read.map(|file| (file.layer, file.path.clone())));
        for (path, outcome) in search.looked_at {
            if let Some(why) = trouble(&outcome)
                && outcome != ReadOutcome::Missing
            {
                self.remark(Weight::NotRead, &path, &why);
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
pub(super) fn trouble(outcome: &ReadOutcome) -> Option<String> {
    match outcome {
        ReadOutcome::Read(_) | ReadOutcome::Unrelated | ReadOutcome::ForDevelopment => None,
        ReadOutcome::Missing => Some("it is not there".into()),
        ReadOutcome::NotAFile => Some("it is a directory, a pipe or a device".into()),
        ReadOutcome::TooLarge(bytes) => Some(format!(
            "it is larger than any configuration ({bytes} bytes)"
        )),
        ReadOutcome::Refused(why) => Some(clean(why, 200)),
    }
}
