//! The record of a drain: one append-only file of JSON lines, 0600. It only ever appends; what
//! was written is never changed or removed.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::core::drain::Record;
use crate::core::moment::Moment;
use crate::host::state_dir::{private_directory, private_file};

/// The folder of the records below the state directory.
const FOLDER: &str = "drains";

/// The open record of one drain.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    state_dir: PathBuf,
    run: String,
}

impl Journal {
    /// Opens the record of `run` below `state_dir`, made if it is not there.
    pub fn open(state_dir: &Path, run: &str) -> io::Result<Self> {
        let folder = state_dir.join(FOLDER);
        private_directory(&folder)?;
        let path = folder.join(format!("{run}.jsonl"));
        Ok(Self {
            file: private_file(&path)?,
            path,
            state_dir: state_dir.to_owned(),
            run: run.to_owned(),
        })
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

    /// Appends one record as one line in one write.
    pub fn append(&mut self, record: &Record) -> io::Result<()> {
        let mut line = record.json();
        line.push('\n');
        self.file.write_all(line.as_bytes())
    }
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
}
