//! The files in which a setting of a stop is usually written: found from an application's root
//! and in the directories of systemd, read with a bound. Nothing is written, and nothing is judged.

mod places;
mod shared;
mod units;
mod walk;

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::core::check::command_of;
use crate::core::layers::{
    Layer, LocatedSetting, Reading, Text, compose, kubernetes, read_together, systemd_unit,
};

pub use units::find_unit;

#[cfg(test)]
mod layouts;
#[cfg(test)]
mod tests;

/// No configuration is larger than this.
const LARGEST: u64 = 1_000_000;
/// No directory of configuration holds more files than are looked at here.
const MOST_ENTRIES: usize = 2_000;
/// A file that is named by another may name one itself: so deep is that followed.
const DEEPEST_NAMED: usize = 4;
/// The name of what is read from standard input.
const STANDARD_INPUT: &str = "-";

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerFile {
    /// As it is shown: relative to the root where it lies below it.
    pub path: String,
    /// Which layer it is of.
    pub layer: Layer,
    /// Its content; bytes that are no UTF-8 are replaced.
    pub text: String,
}

/// The outcome of reading a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadOutcome {
    /// Read, as a file of this layer.
    Read(Layer),
    /// Not read: its name says that it is for developers, and no deploy uses it.
    ForDevelopment,
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
pub struct FileSearch {
    /// The folder of the application below the root that was given; empty for the root itself.
    pub folder: String,
    /// The files that were read, in the order in which they are to be taken.
    pub files: Vec<LayerFile>,
    /// Every path with what became of it.
    pub looked_at: Vec<(String, ReadOutcome)>,
    /// The folder below the root whose application is read together with the root's files.
    inner: String,
    /// Services of Compose that the search of another application tells of.
    left_out: Vec<String>,
}

impl FileSearch {
    /// The settings of all files, read together: sets of files that are merged, scripts that a
    /// service runs.
    pub fn reading(&self) -> Reading {
        let mut reading = reading_of(self.files.iter());
        reading.leave_out(Layer::Compose, &self.left_out);
        reading
    }

    /// The same with every path as it is from where `root` is named.
    fn seen_from(self, root: &Path) -> Self {
        let named = |file: &str| root.join(file).display().to_string();
        let files = self.files.into_iter().map(|file| LayerFile {
            path: named(&file.path),
            ..file
        });
        let looked_at = self.looked_at.into_iter();
        Self {
            folder: named(&self.folder).trim_end_matches('/').to_owned(),
            files: files.collect(),
            looked_at: looked_at
                .map(|(file, outcome)| (named(&file), outcome))
                .collect(),
            inner: self.inner,
            left_out: self.left_out,
        }
    }

    /// Looks at one path under the name it is shown by.
    fn look(&mut self, path: &Path, shown: &str) {
        self.look_as(path, shown, None);
    }

    /// As `look`, for a file that is known to be of a layer.
    fn look_as(&mut self, path: &Path, shown: &str, layer: Option<Layer>) {
        self.looked_at.retain(|(known, _)| known != shown);
        self.take(shown, layer_file(shown, layer, read(path)));
    }

    /// Keeps a file that was not named but found: one for developers is left out.
    fn take_found(&mut self, shown: &str, file: Result<LayerFile, ReadOutcome>) {
        match file {
            Ok(file) if file.layer.leaves_out(shown) => {
                self.take(shown, Err(ReadOutcome::ForDevelopment));
            }
            file => self.take(shown, file),
        }
    }

    fn take(&mut self, shown: &str, file: Result<LayerFile, ReadOutcome>) {
        let outcome = match file {
            Ok(file) => {
                let layer = file.layer;
                self.files.push(file);
                ReadOutcome::Read(layer)
            }
            Err(outcome) => outcome,
        };
        self.looked_at.push((shown.to_string(), outcome));
    }

    /// Notes a directory that may not be listed: what is in it is then not known.
    fn refused_folder(&mut self, shown: &str, why: &std::io::Error) {
        if why.kind() == ErrorKind::PermissionDenied {
            let shown = if shown.is_empty() { "." } else { shown };
            let outcome = ReadOutcome::Refused(why.to_string());
            self.looked_at.push((format!("{shown}/"), outcome));
        }
    }

    /// Whether a file was read.
    fn has(&self, shown: &str) -> bool {
        self.files.iter().any(|file| file.path == shown)
    }

    /// Whether a path was looked at.
    fn knows(&self, shown: &str) -> bool {
        self.looked_at.iter().any(|(path, _)| path == shown)
    }

    /// The files below the root that those found there name, with their layers: `-C` of a Sidekiq
    /// command, `EnvironmentFile=` of a unit, `extends` of Compose. A path of a container or of a
    /// server (`/app/config/mailers.yml`) is that of the first part of it that stands here.
    fn named_files(&self, root: &Path) -> Vec<(String, Layer)> {
        // A job class starts no Sidekiq, and there are many of them.
        let starts = |file: &&LayerFile| file.layer != Layer::JobClass;
        let values = reading_of(self.files.iter().filter(starts)).values;
        let named = values
            .iter()
            .filter_map(|located| self.named_by(located, root));
        named.collect()
    }

    /// The file that one setting names.
    fn named_by(&self, located: &LocatedSetting, root: &Path) -> Option<(String, Layer)> {
        if let Some(line) = command_of(located) {
            let config = line.config?;
            return Some((self.stands_here(&config, root)?, Layer::SidekiqYml));
        }
        let path = located.value.as_text()?;
        match (located.layer, located.setting) {
            (Layer::Compose, compose::NAMED) | (Layer::Kubernetes, kubernetes::NAMED) => {
                let is_here = root.join(path).is_file();
                is_here.then(|| (path.to_owned(), located.layer))
            }
            (Layer::Systemd, systemd_unit::ENVIRONMENT_FILE) => {
                let path = path.trim_start_matches('-');
                let found = self.stands_here(path, root)?;
                // The `.env` of a checkout is for developers, that of a release is its own.
                let inside = found.strip_prefix(&self.folder).unwrap_or(&found);
                let is_own = inside.trim_start_matches('/').contains('/');
                let is_own = is_own || path.contains("/current/");
                is_own.then_some((found, Layer::Environment))
            }
            (_, _) => None,
        }
    }

    /// The first part of a path that stands below the root.
    fn stands_here(&self, path: &str, root: &Path) -> Option<String> {
        let parts: Vec<&str> = path.split('/').filter(|part| *part != ".").collect();
        let is_plain = |parts: &[&str]| parts.iter().all(|part| !part.is_empty() && *part != "..");
        (0..parts.len())
            .map(|start| &parts[start..])
            .filter(|rest| is_plain(rest))
            .flat_map(|rest| {
                let within = |folder: &str| Path::new(folder).join(rest.join("/"));
                [within(&self.folder), within(&self.inner)]
            })
            .find(|path| root.join(path).is_file())
            .map(|path| path.display().to_string())
    }
}

/// The settings of files, read together.
fn reading_of<'a>(files: impl Iterator<Item = &'a LayerFile>) -> Reading {
    let texts = files.map(|file| Text {
        layer: file.layer,
        path: &file.path,
        text: &file.text,
    });
    read_together(&texts.collect::<Vec<_>>())
}

/// A file with its layer, if a reader is for it.
fn layer_file(
    shown: &str,
    layer: Option<Layer>,
    text: Result<String, ReadOutcome>,
) -> Result<LayerFile, ReadOutcome> {
    let text = text?;
    let layer = layer.or_else(|| Layer::of(shown, &text));
    let layer = layer.ok_or(ReadOutcome::Unrelated)?;
    let path = shown.to_owned();
    Ok(LayerFile { path, layer, text })
}

/// Looks at the usual places below an application's root.
pub fn find_layers(root: &Path) -> FileSearch {
    let mut applications = find_applications(root).into_iter();
    applications.next().unwrap_or_default()
}

/// Looks at the usual places of the application at a root, and of those below it (a repository of
/// several applications): the one at the root comes first.
pub fn find_applications(root: &Path) -> Vec<FileSearch> {
    let mut applications = walk::applications(root);
    shared::hand_down(&mut applications);
    if let Some(first) = applications.first_mut() {
        for path in places::fixed() {
            if !first.knows(path) {
                first
                    .looked_at
                    .push((path.to_owned(), ReadOutcome::Missing));
            }
        }
    }
    for search in &mut applications {
        for _ in 0..DEEPEST_NAMED {
            let named = search.named_files(root).into_iter();
            let is_new = |(path, _): &(String, Layer)| !search.has(path);
            let named: Vec<(String, Layer)> = named.filter(is_new).collect();
            if named.is_empty() {
                break;
            }
            for (path, layer) in named {
                search.look_as(&root.join(&path), &path, Some(layer));
            }
        }
    }
    applications
}

/// Looks at paths that were named: files as they are, directories as roots, `-` as standard input.
///
/// The first search is all that is read together: the files, and every directory that is no
/// application by itself (`deploy/`, `k8s/`), with the first one that is. Behind it come the other
/// applications, and those below each directory.
pub fn read_paths(paths: &[PathBuf]) -> Vec<FileSearch> {
    let mut together = FileSearch::default();
    let mut apart = Vec::new();
    let mut has_application = false;
    for path in paths {
        let shown = path.display().to_string();
        if shown == STANDARD_INPUT {
            let text = read_bounded(std::io::stdin().lock());
            together.take(&shown, layer_file(&shown, None, text));
        } else if path.is_dir() {
            let found = find_applications(path).into_iter();
            let mut found = found.map(|search| search.seen_from(path));
            let own = found.next().unwrap_or_default();
            let is_application = walk::is_application(path);
            if is_application && has_application {
                apart.push(own);
            } else {
                has_application |= is_application;
                together.files.extend(own.files);
                together.looked_at.extend(own.looked_at);
            }
            apart.extend(found);
        } else {
            together.look(path, &shown);
        }
    }
    std::iter::once(together).chain(apart).collect()
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
fn read(path: &Path) -> Result<String, ReadOutcome> {
    // Without NONBLOCK to open a pipe would wait for its other end.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::options()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    let mut file = file.map_err(|error| refused(&error))?;
    let metadata = file.metadata().map_err(|error| refused(&error))?;
    if !metadata.is_file() {
        return Err(ReadOutcome::NotAFile);
    }
    let length = metadata.len();
    if length > LARGEST {
        return Err(ReadOutcome::TooLarge(length));
    }
    // One call reads a file as long as it says it is; one that is not is read to its end.
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
    let read = file.read(&mut bytes).unwrap_or_default();
    if read == bytes.len() && read > 0 {
        return Ok(text_of(bytes));
    }
    read_bounded(bytes[..read].chain(file))
}

/// As much text as any configuration holds; bytes that are no UTF-8 are replaced.
fn read_bounded(source: impl Read) -> Result<String, ReadOutcome> {
    let mut bytes = Vec::new();
    let read = source.take(LARGEST + 1).read_to_end(&mut bytes);
    let length = read.map_err(|error| refused(&error))? as u64;
    if length > LARGEST {
        return Err(ReadOutcome::TooLarge(length));
    }
    Ok(text_of(bytes))
}

/// Bytes as text; those that are no UTF-8 are replaced. The mark that some editors of Windows put in
/// front is no part of it: Ruby, Compose, Kubernetes and systemd pass over it.
fn text_of(bytes: Vec<u8>) -> String {
    let text = String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

fn refused(error: &std::io::Error) -> ReadOutcome {
    let missing = [ErrorKind::NotFound, ErrorKind::NotADirectory];
    if missing.contains(&error.kind()) {
        ReadOutcome::Missing
    } else if error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) {
        // A socket.
        ReadOutcome::NotAFile
    } else {
        ReadOutcome::Refused(error.to_string())
    }
}
