//! `check` in a pipeline: SARIF held against its schema, annotations, and the scripts of the action.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{code, drainboard, err, out};
use crate::support::json_schema::violations;

/// An application with findings of every severity, with and without a line.
fn application(root: &Path) {
    let files = [
        (
            "docker-compose.yml",
            "services:\n  jobs:\n    command: bundle exec sidekiq -t 60\n",
        ),
        (
            "config/deploy.rb",
            "task(\"sidekiq:quiet\") { on(roles(:app)) { execute \"pkill -USR1 -f 'sidekiq 100%'\" } }\n",
        ),
        (
            "config/systemd/my jobs.service",
            "[Service]\nExecStart=/usr/bin/sidekiq\nTimeoutStopSec=infinity\n",
        ),
        ("Gemfile.lock", "GEM\n  specs:\n    sidekiq (7.3.9)\n"),
    ];
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn schema() -> Value {
    serde_json::from_str(include_str!("../../cases/sarif-schema-2.1.0.json")).unwrap()
}

#[test]
fn sarif_is_as_its_schema_wants_it() {
    let directory = tempfile::tempdir().unwrap();
    application(directory.path());
    for arguments in [&["check", "--sarif"][..], &["check", "--format", "sarif"]] {
        let output = drainboard(arguments)
            .current_dir(directory.path())
            .output()
            .unwrap();
        assert_eq!(code(&output), 1, "{}", err(&output));
        let log: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(violations(&schema(), &log), Vec::<String>::new());
        let run = &log["runs"][0];
        let results = run["results"].as_array().unwrap();
        let levels: Vec<&str> = results
            .iter()
            .map(|result| result["level"].as_str().unwrap())
            .collect();
        for level in ["error", "warning", "note"] {
            assert!(levels.contains(&level), "{level}: {levels:?}");
        }
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(
                run["tool"]["driver"]["rules"][index]["id"],
                result["ruleId"]
            );
        }
    }
    // A directory without anything is a valid log, too.
    let empty = tempfile::tempdir().unwrap();
    let output = drainboard(&["check", "--sarif", empty.path().to_str().unwrap()])
        .output()
        .unwrap();
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(violations(&schema(), &log), Vec::<String>::new());
}

#[test]
fn the_schema_finds_what_is_wrong() {
    let schema = schema();
    let log = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let driver = r#"{"name": "x"}"#;
    for wrong in [
        r#"{"runs": []}"#.to_owned(),
        r#"{"version": "2.0.0", "runs": []}"#.to_owned(),
        format!(
            r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {driver}}}, "findings": []}}]}}"#
        ),
        format!(
            r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {driver}}}, "results": [{{"message": {{"text": "x"}}, "level": "fatal"}}]}}]}}"#
        ),
        format!(
            r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {driver}}}, "results": [{{"message": {{"text": "x"}}, "locations": [{{"physicalLocation": {{"region": {{"startLine": 0}}}}}}]}}]}}]}}"#
        ),
    ] {
        assert!(!violations(&schema, &log(&wrong)).is_empty(), "{wrong}");
    }
}

#[test]
fn annotations_follow_the_page() {
    let directory = tempfile::tempdir().unwrap();
    application(&directory.path().join("services/api"));
    let output = drainboard(&["check", "--format", "github", "services/api"])
        .current_dir(directory.path())
        .output()
        .unwrap();
    assert_eq!(code(&output), 1, "{}", err(&output));
    let text = out(&output);
    let annotations: Vec<&str> = text.lines().filter(|line| line.starts_with("::")).collect();
    for begin in [
        "::error file=services/api/docker-compose.yml,line=2,title=drainboard D01::Docker Compose (jobs) kills 10 s",
        "::error file=services/api/config/deploy.rb,line=1,title=drainboard D06::",
        "::warning file=services/api/config/systemd/my jobs.service,line=3,title=drainboard D33::",
        "::notice title=drainboard D49::",
    ] {
        let found = annotations.iter().any(|line| line.starts_with(begin));
        assert!(found, "{begin}\n{annotations:#?}");
    }
    assert!(
        annotations.iter().any(|line| line.contains("100%25")),
        "{text}"
    );
    assert!(text.contains("findings: "), "the page comes first: {text}");
}

#[test]
fn the_action_runs_its_scripts() {
    let action =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/action/action.yml"))
            .unwrap();
    let action: serde_yaml::Value = serde_yaml::from_str(&action).unwrap();
    let steps = action["runs"]["steps"].as_sequence().unwrap();
    assert_eq!(action["runs"]["using"], "composite");
    let directory = tempfile::tempdir().unwrap();
    application(directory.path());
    let binaries = Path::new(env!("CARGO_BIN_EXE_drainboard"))
        .parent()
        .unwrap();
    let step = |number: usize, deny: &str| {
        Command::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail", "-c"])
            .arg(steps[number]["run"].as_str().unwrap())
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", binaries.display()))
            .env("HOME", "/nonexistent")
            .envs([("CHECKED", "."), ("DENY", deny), ("SARIF", "found.sarif")])
            .current_dir(directory.path())
            .output()
            .unwrap()
    };
    assert_eq!(code(&step(0, "error")), 0);
    let output = step(1, "error");
    assert_eq!(code(&output), 1, "{}", err(&output));
    assert!(out(&output).contains("::error file="), "{}", out(&output));
    let log = fs::read_to_string(directory.path().join("found.sarif")).unwrap();
    let log: Value = serde_json::from_str(&log).unwrap();
    assert_eq!(log["version"], "2.1.0");
    // The workflow of the README runs this very action, from where the README puts it.
    let readme = include_str!("../../../README.md");
    assert!(readme.contains("uses: ./vendor/drainboard/assets/action\n"));
    assert!(readme.contains("git submodule add ADDRESS vendor/drainboard"));
    // What cannot be checked fails, whatever is denied.
    assert_eq!(code(&step(1, "nothing")), 2);
}
