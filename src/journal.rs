//! The record of a drain: one append-only file of JSON lines, 0600. What was written is never
//! changed. A record is removed as a whole, once it is old and many newer ones are there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::core::drain::{OUTSIDE_A_DRAIN, Part, Record};
use crate::core::moment::Moment;
use crate::host::state_dir::{private_directory, private_file};

/// The folder of the records below the state directory.
const FOLDER: &str = "drains";
/// So many records are always kept, however old they are.
pub const KEPT: usize = 500;
/// So long each record is kept, however many there are.
pub const KEPT_FOR: Duration = Duration::from_secs(180 * 24 * 60 * 60);

/// Where the record of `run` is below `state_dir`.
pub fn place(state_dir: &Path, run: &str) -> PathBuf {
    state_dir.join(FOLDER).join(format!("{run}.jsonl"))
}

/// The open record of one drain.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    state_dir: PathBuf,
    run: String,
}

impl Journal {
    /// Opens the record of a drain that begins, and removes records that are too old.
    ///
    /// # Errors
    /// If it cannot be opened. Old records that cannot be removed harm no drain.
    pub fn begin(state_dir: &Path, run: &str, now: Moment) -> io::Result<Self> {
        let journal = Self::open(state_dir, run)?;
        if let Err(error) = prune(state_dir, now) {
            tracing::warn!(%error, "old records are not removed");
        }
        Ok(journal)
    }

    /// Opens the record of a drain that is taken up. A torn last line is ended.
    ///
    /// # Errors
    /// If it cannot be opened, read or written.
    pub fn go_on(state_dir: &Path, run: &str) -> io::Result<Self> {
        let mut journal = Self::open(state_dir, run)?;
        let mut last = [b'\n'];
        let length = journal.file.metadata()?.len();
        if length > 0 {
            journal.file.read_exact_at(&mut last, length - 1)?;
        }
        if last != *b"\n" {
            journal.file.write_all(b"\n")?;
        }
        Ok(journal)
    }

    /// Opens the record of `run` below `state_dir`, made if it is not there.
    pub fn open(state_dir: &Path, run: &str) -> io::Result<Self> {
        let folder = state_dir.join(FOLDER);
        private_directory(&folder)?;
        Self::of(place(state_dir, run), state_dir, run)
    }

    fn of(path: PathBuf, state_dir: &Path, run: &str) -> io::Result<Self> {
        let is_new = !path.exists();
        let file = private_file(&path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        if is_new {
            // The name of a new file is on the disk once its folder is (fsync(2)).
            let folder = path.parent().unwrap_or(state_dir);
            File::open(folder)?.sync_all()?;
        }
        Ok(Self {
            file,
            path,
            state_dir: state_dir.to_owned(),
            run: run.to_owned(),
        })
    }

    /// Opens the file of the acts that belong to no drain, `acts.jsonl` below `state_dir`.
    ///
    /// # Errors
    /// If it cannot be opened, or is no regular file.
    pub fn outside_a_drain(state_dir: &Path) -> io::Result<Self> {
        private_directory(state_dir)?;
        let path = state_dir.join(format!("{OUTSIDE_A_DRAIN}.jsonl"));
        Self::of(path, state_dir, OUTSIDE_A_DRAIN)
    }

    /// Where it stands.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory in which all state is kept.
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// The run that it tells of.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Appends one record as one line in one write. An intent is on the disk when this returns: what
    /// it announces may be done next, and the machine may go down with it. Blocks for that.
    ///
    /// # Errors
    /// If it cannot be written, or an intent not synced: then nothing may be done in its name.
    pub fn append(&mut self, record: &Record) -> io::Result<()> {
        let mut line = record.json();
        line.push('\n');
        self.file.write_all(line.as_bytes())?;
        match record.event.part() {
            Part::Intent => self.file.sync_data(),
            Part::Course | Part::Account | Part::Afterwards | Part::Aside | Part::Unknown => Ok(()),
        }
    }
}

/// Removes old records below `state_dir`: of more than [`KEPT`] those whose file has not been
/// written for [`KEPT_FOR`]. Only regular files that are called like a record and belong to this user
/// are looked at; saved payloads are left alone. Gives how many were removed.
fn prune(state_dir: &Path, now: Moment) -> io::Result<usize> {
    let now = SystemTime::from(now.wall());
    let own = rustix::process::geteuid().as_raw();
    let mut old: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(state_dir.join(FOLDER))? {
        let entry = entry?;
        let found = entry.metadata()?;
        let path = entry.path();
        if found.is_file() && found.uid() == own && path.extension().is_some_and(|e| e == "jsonl") {
            old.push((found.modified()?, path));
        }
    }
    old.sort();
    let spare = old.len().saturating_sub(KEPT);
    let is_old = |written: SystemTime| now.duration_since(written).is_ok_and(|age| age > KEPT_FOR);
    let mut removed = 0;
    for (_, path) in old
        .into_iter()
        .take(spare)
        .take_while(|(at, _)| is_old(*at))
    {
        // The inputs of the same drain go with it.
        drop(fs::remove_file(path.with_extension("inputs")));
        fs::remove_file(path)?;
        removed += 1;
    }
    Ok(removed)
}

/// The name of a run that begins now: time, and the pid that tells two of one second apart.
pub fn run_name(now: Moment) -> String {
    format!(
        "{}-{}",
        now.wall().strftime("%Y%m%dT%H%M%SZ"),
        std::process::id()
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use super::*;
    use crate::clock;
    use crate::core::drain::Event;

    #[test]
    fn records_are_appended_to_a_file_of_ones_own() {
        let state = tempfile::tempdir().unwrap();
        let record = Record {
            at: clock::now(),
            since_start: Duration::ZERO,
            run: "r".into(),
            rehearsal: false,
            about: None,
            event: Event::Resumed,
        };
        for _ in 0..2 {
            Journal::open(state.path(), "r")
                .unwrap()
                .append(&record)
                .unwrap();
        }
        let path = state.path().join("drains/r.jsonl");
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(
            text.lines()
                .all(|line| line.contains("\"event\":\"resumed\"")),
            "{text}"
        );
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn old_records_are_removed_once_many_newer_ones_are_there() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join(FOLDER);
        fs::create_dir(&folder).unwrap();
        let now = clock::now();
        let old = SystemTime::from(now.wall()) - KEPT_FOR - Duration::from_secs(60);
        let write = |name: &str, at: SystemTime| {
            let file = File::create(folder.join(name)).unwrap();
            file.set_modified(at).unwrap();
        };
        for index in 0..3 {
            let at = old + Duration::from_secs(index);
            write(&format!("old-{index}.jsonl"), at);
        }
        write("old-notes", old);
        for index in 3..KEPT {
            write(&format!("young-{index}.jsonl"), now.wall().into());
        }
        assert_eq!(
            prune(state.path(), now).unwrap(),
            0,
            "no more than are kept"
        );
        write("young.jsonl", now.wall().into());
        write("young-too.jsonl", now.wall().into());
        assert_eq!(prune(state.path(), now).unwrap(), 2);
        let left = |name: &str| folder.join(name).exists();
        assert!(!left("old-0.jsonl") && !left("old-1.jsonl") && left("old-2.jsonl"));
        assert!(left("old-notes"), "it is no record");
        // However many there are: what is young stays.
        for index in 0..9 {
            write(&format!("more-{index}.jsonl"), now.wall().into());
        }
        assert_eq!(prune(state.path(), now).unwrap(), 1);
        assert_eq!(prune(state.path(), now).unwrap(), 0);
    }

    #[test]
    fn a_pipe_is_no_record() {
        let state = tempfile::tempdir().unwrap();
        fs::create_dir(state.path().join(FOLDER)).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            state.path().join("drains/r.jsonl"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from(0o600),
            0,
        )
        .unwrap();
        let error = Journal::open(state.path(), "r").unwrap_err();
        assert!(error.to_string().contains("no regular file"), "{error}");
    }
}
