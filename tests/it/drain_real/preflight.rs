//! What is judged before the first signal: an error of the lint refuses, and can be set aside by
//! its name; what the gate before KILL protects from is only told.

use std::fs;

use serde_json::json;

use crate::support::drain::Drain;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

/// KILL long before the push-back at 6 s.
const HASTY: &str = "tstp, 13, term, 2, kill";

#[test]
fn a_kill_that_comes_too_early_is_refused_unless_named() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    for more in [&["--kill=follow"][..], &["--kill=follow", "--despite=D02"]] {
        let ended = Drain::start(&scene, HASTY, more).end();
        ended.assert_outcome(7, "refused").assert_signals(&[]);
        ended.assert_said("--despite D01");
    }
    // A rehearsal foretells it.
    let rehearsal = [
        "rehearse",
        "--auto",
        "--json",
        "--timeout=6",
        "--kill=follow",
    ];
    let mut command = scene.drainboard(&[&rehearsal[..], &["--sequence", HASTY]].concat());
    let ended = Drain::of(&mut command).end();
    ended
        .assert_outcome(7, "refused")
        .assert_said("--despite D01");
    assert!(sidekiq.runs() && !sidekiq.was_disturbed());
    // The gate waits for the push-back: the same is only a warning.
    let ended = Drain::start(&scene, HASTY, &[]).end();
    ended
        .assert_outcome(0, "drained")
        .assert_said("warning: D01");
    sidekiq.wait_for_end();
}

#[test]
fn a_timeout_that_is_only_assumed_refuses_nothing() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let arguments = ["drain", "--json", "--yes", "--kill=follow", "--sequence"];
    let mut command = scene.drainboard(&[&arguments[..], &["tstp, 13, term, 20, kill"]].concat());
    let ended = Drain::of(&mut command).end();
    ended
        .assert_outcome(0, "drained")
        .assert_said("warning: D01");
    sidekiq.wait_for_end();
}

#[test]
fn a_rule_that_is_not_there_is_a_usage_error() {
    let scene = Scene::new();
    let output = scene
        .drainboard(&["drain", "--yes", "--despite", "D1"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("--despite: `D1` is no rule"), "{said}");
}

#[test]
fn the_manifest_of_the_application_says_the_sequence() {
    let scene = Scene::new();
    let root = scene.path("app");
    fs::create_dir_all(root.join(".cloud66")).unwrap();
    let manifest = "procfile_metadata:\n  worker:\n    stop_sequence: tstp, 4, term, 31, kill\n";
    fs::write(root.join(".cloud66/manifest.yml"), manifest).unwrap();
    let mut sidekiq = scene.sidekiq_in(&root, Version::Seven, &[]);
    let output = scene.drainboard(&["plan", "--json"]).output().unwrap();
    let plan: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(plan["sequence"], "tstp, 4, term, 31, kill");
    assert_eq!(plan["sequence_from"], ".cloud66/manifest.yml:3 (worker)");
    // A second process with a sequence of its own: somebody must say which is meant.
    let two = format!("{manifest}  slow:\n    stop_sequence: tstp, 13, term, 32, kill\n");
    fs::write(root.join(".cloud66/manifest.yml"), two).unwrap();
    let ended = Drain::of(&mut scene.drainboard(&["drain", "--json", "--yes"])).end();
    ended.assert_outcome(7, "refused").assert_signals(&[]);
    ended.assert_said("--process");
    let mut command = scene.drainboard(&["drain", "--json", "--yes", "--process", "slow"]);
    let ended = Drain::of(&mut command).end();
    ended
        .assert_outcome(0, "drained")
        .assert_signals(&["TSTP", "TERM"]);
    assert_eq!(
        ended.event("started")["sequence"],
        json!("tstp, 13, term, 32, kill")
    );
    sidekiq.wait_for_end();
}
