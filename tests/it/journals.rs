//! Records of earlier versions are read for ever: each journal below `tests/cases/journals` was
//! written by the version that names its folder, most of them in drains of real Sidekiqs. Its report
//! stands beside it. `every-event` and `refused` were written by that version's own code, event by event.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::cli::{code, drainboard, out};

const VERSIONS: [&str; 1] = ["0.1.0"];

/// The report of one journal. Redis is not there: what it says must not depend on one.
fn report(journal: &Path, form: &[&str]) -> Output {
    let state = tempfile::tempdir().expect("a directory");
    let drains = state.path().join("drains");
    std::fs::create_dir(&drains).expect("a folder");
    let name = journal.file_name().expect("a name");
    let copy = drains.join(name);
    std::fs::copy(journal, &copy).expect("a copy");
    // A checkout may be writable for a group; a record of such a mode is refused.
    std::fs::set_permissions(&copy, Permissions::from_mode(0o600)).expect("a mode");
    let mut command = drainboard(&["report", "last", "--redis", "unix:///nowhere"]);
    command.arg("--state-dir").arg(state.path()).args(form);
    command.output().expect("the binary runs")
}

fn journals(version: &str) -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/journals");
    let entries = std::fs::read_dir(folder.join(version)).expect("a folder");
    let mut journals: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    journals.retain(|path| path.extension().is_some_and(|kind| kind == "jsonl"));
    journals.sort();
    journals
}

#[test]
fn journals_of_earlier_versions_give_the_reports_that_stand_beside_them() {
    for version in VERSIONS {
        let journals = journals(version);
        assert!(journals.len() >= 12, "{journals:?}");
        for journal in journals {
            let output = report(&journal, &[]);
            assert_eq!(code(&output), 0, "{}", journal.display());
            let text = out(&output);
            assert!(!text.contains("cannot be read"), "{text}");
            let name = journal.file_stem().expect("a name").to_string_lossy();
            insta::with_settings!({
                snapshot_path => format!("../cases/journals/{version}"),
                prepend_module_to_snapshot => false,
                omit_expression => true,
            }, {
                insta::assert_snapshot!(&*name, text);
            });
        }
    }
}

#[test]
fn journals_of_earlier_versions_are_read_as_json_too() {
    for journal in VERSIONS.iter().flat_map(|version| journals(version)) {
        let json: Value = serde_json::from_slice(&report(&journal, &["--json"]).stdout)
            .unwrap_or_else(|error| panic!("{}: {error}", journal.display()));
        let read = std::fs::read_to_string(&journal).expect("a journal");
        let lines = read.lines().filter(|line| !line.is_empty());
        let reconciled = lines.filter(|line| line.contains(r#""event":"reconciled""#));
        let fates = json["fates"].as_array().expect("fates");
        assert!(fates.len() >= reconciled.count(), "{}", journal.display());
    }
}
