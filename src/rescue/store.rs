//! The rescue files below the state directory, one a drain: 0600, written through to the disk
//! before a KILL may leave. Nothing is ever taken out of them; what was pushed back is noted.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::saved::SavedJob;
use crate::core::session::payload_file;
use crate::core::wording;
use crate::host::state_dir::{private_directory, private_file, read_private};

/// The folder of the rescue files below the state directory.
const FOLDER: &str = "rescue";

/// Why payloads are not safe: a KILL must not leave.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The disk is full, or the file cannot be written.
    #[error("the payloads cannot be saved to {}: {error}", .path.display())]
    Unwritable {
        /// Where to.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Redis shows a job whose payload cannot be read; all others are saved.
    #[error("{} cannot be read off Redis, of {first}; the others are saved", wording::count(*.count as u64, "payload"))]
    Unreadable {
        /// How many.
        count: usize,
        /// The first of them.
        first: String,
    },
}

/// A line of a rescue file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum RescueEntry {
    /// A payload was saved.
    Saved(Box<SavedJob>),
    /// It is about to be pushed back.
    Pushing {
        /// Which job.
        jid: String,
        /// When.
        at: Timestamp,
        /// The one that pushes.
        by: String,
    },
    /// The outcome.
    Pushed {
        /// Which job.
        jid: String,
        /// When.
        at: Timestamp,
        /// In words.
        result: String,
        /// Whether it is back for certain; `false`: for certain not; `None`: not known.
        #[serde(default)]
        back: Option<bool>,
    },
}

/// The rescue files.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The files below `state_dir`. Nothing is made yet.
    pub fn new(state_dir: &Path) -> Self {
        Self {
            folder: state_dir.join(FOLDER),
        }
    }

    /// The folder of them all.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of `run`.
    pub fn path(&self, run: &str) -> PathBuf {
        self.folder.join(payload_file(run))
    }

    /// Saves `jobs`, and returns only when they are on the disk. Blocks.
    ///
    /// # Errors
    /// If any of them is not: then no KILL may leave unless the operator confirms it again.
    pub fn save(&self, run: &str, jobs: &[SavedJob]) -> Result<(), SaveError> {
        let (readable, unreadable): (Vec<&SavedJob>, Vec<&SavedJob>) =
            jobs.iter().partition(|job| !job.payload.0.is_empty());
        let entries: Vec<RescueEntry> = readable
            .into_iter()
            .map(|job| RescueEntry::Saved(Box::new(job.clone())))
            .collect();
        self.append(run, &entries)?;
        match unreadable.first() {
            None => Ok(()),
            Some(first) => Err(SaveError::Unreadable {
                count: unreadable.len(),
                first: first.label(),
            }),
        }
    }

    /// Appends entries and syncs file and folder.
    ///
    /// # Errors
    /// If they are not on the disk.
    pub fn append(&self, run: &str, entries: &[RescueEntry]) -> Result<(), SaveError> {
        let path = self.path(run);
        if entries.is_empty() {
            return Ok(());
        }
        let write = || -> io::Result<()> {
            private_directory(&self.folder)?;
            let mut file = private_file(&path)?;
            let mut text = Vec::new();
            if !ends_with_line(&path)? {
                text.push(b'\n');
            }
            for entry in entries {
                serde_json::to_writer(&mut text, entry)?;
                text.push(b'\n');
            }
            file.write_all(&text)?;
            file.sync_all()?;
            File::open(&self.folder)?.sync_all()
        };
        write().map_err(|error| SaveError::Unwritable {
            path: path.clone(),
            error,
        })
    }

    /// The drains that have saved payloads, the last first.
    pub fn runs(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut runs = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            runs.extend(
                name.to_str()
                    .and_then(|name| name.strip_suffix(".jsonl"))
                    .map(str::to_owned),
            );
        }
        runs.sort_unstable_by(|one, other| other.cmp(one));
        Ok(runs)
    }

    /// The entries of `run`; lines that cannot be read are counted.
    pub fn load(&self, run: &str) -> io::Result<(Vec<RescueEntry>, usize)> {
        let text = read_private(&self.path(run))?;
        let mut entries = Vec::new();
        let mut unreadable = 0;
        let lines = text.split(|byte| *byte == b'\n');
        for line in lines.filter(|line| !line.trim_ascii().is_empty()) {
            match serde_json::from_slice(line) {
                Ok(entry) => entries.push(entry),
                Err(_) => unreadable += 1,
            }
        }
        Ok((entries, unreadable))
    }
}

/// The jobs among `entries`, each once: the last saving of it holds.
pub fn jobs(entries: &[RescueEntry]) -> Vec<SavedJob> {
    let mut jobs: Vec<SavedJob> = Vec::new();
    for entry in entries {
        let RescueEntry::Saved(job) = entry else {
            continue;
        };
        let same = |known: &&mut SavedJob| {
            (known.execution(), &known.payload) == (job.execution(), &job.payload)
        };
        match jobs.iter_mut().find(same) {
            Some(known) => known.clone_from(job),
            None => jobs.push(SavedJob::clone(job)),
        }
    }
    jobs
}

/// Whether what is written next begins a line: a crash may have torn the one before.
fn ends_with_line(path: &Path) -> io::Result<bool> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
