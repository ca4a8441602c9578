//! The recorder's promise, held against every real drain of the tests: its inputs rebuild the
//! session as it was when the run was over.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use drainboard::recorder::Recording;

/// The journals of the drains below `state_dir`, oldest first. Other files stand beside them.
pub(crate) fn journals(state_dir: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(state_dir.join("drains"));
    let paths = files.into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = paths
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"))
        .collect();
    paths.sort();
    paths
}

/// Folds every file of inputs below `state_dir`, and compares.
#[track_caller]
pub(crate) fn assert_rebuilt(state_dir: &Path) {
    let Ok(entries) = fs::read_dir(state_dir.join("drains")) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(run) = name.to_str().and_then(|name| name.strip_suffix(".inputs")) else {
            continue;
        };
        // One that another user made is refused, as it should be.
        let owner = entry.metadata().map(|file| file.uid());
        if owner.ok() != Some(rustix::process::geteuid().as_raw()) {
            continue;
        }
        let recording = match Recording::read(state_dir, run) {
            Ok(recording) => recording,
            Err(error) => panic!("{error}"),
        };
        let rebuilt = recording.is_rebuilt();
        assert!(
            matches!(rebuilt, Ok(None | Some(true))),
            "{run}: {rebuilt:?}, {} inputs",
            recording.len()
        );
        eprintln!("{run}: {} inputs, {:?}", recording.len(), recording.end());
    }
}
