//! What is written down: the journal, and how it agrees with what was printed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::SEQUENCE;
use crate::support::drain::Drain;
use crate::support::recorded::journals;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

fn read(path: &PathBuf) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn the_journal_is_what_was_printed_and_each_intent() {
    let scene = Scene::new();
    let sidekiq = scene.sidekiq(Version::Eight);
    scene.busy("SleepJob", &json!([600]));
    let more = [&sidekiq.chosen(), "--reason=release 4711"];
    let ended = Drain::start(&scene, "tstp, 13, term, 30, kill", &more).end();
    ended.assert_outcome(3, "requeued");
    let paths = journals(&scene.state_dir());
    assert_eq!(paths.len(), 1, "{paths:?}");
    let rights = paths[0].metadata().unwrap().permissions().mode();
    assert_eq!(rights & 0o777, 0o600);
    let folder = paths[0].parent().unwrap().metadata().unwrap();
    assert_eq!(folder.permissions().mode() & 0o077, 0);
    let (intents, public): (Vec<Value>, Vec<Value>) = read(&paths[0])
        .into_iter()
        .partition(|line| line["event"] == "signal_intended");
    let (counted, public): (Vec<Value>, Vec<Value>) = public
        .into_iter()
        .partition(|line| line["event"] == "interrupted_counted");
    assert_eq!(public, ended.lines);
    let when: Vec<&Value> = counted.iter().map(|line| &line["when"]).collect();
    assert_eq!(when, ["before", "after"]);
    let names: Vec<&Value> = intents.iter().map(|line| &line["signal"]).collect();
    assert_eq!(names, ["TSTP", "TERM"]);
    assert!(intents.iter().all(|line| line["pid"] == sidekiq.pid()));
    let started = ended.event("started");
    assert_eq!(started["reason"], "release 4711");
    assert_eq!(started["mode"], "automatic");
    let redis = started["redis"].as_str().unwrap();
    assert!(redis.starts_with("unix://"), "{redis}");
    assert_eq!(started["namespace"], Value::Null);
    let run = ended.last()["run"].as_str().unwrap();
    assert_eq!(paths[0].file_stem().unwrap(), run);
}

#[test]
fn a_journal_that_cannot_be_written_is_told_and_the_drain_goes_on() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    fs::write(scene.state_dir(), "a file, no directory").unwrap();
    let ended = Drain::start(&scene, SEQUENCE, &[]).end();
    ended.assert_outcome(0, "drained");
    ended.assert_said("cannot be written");
    assert!(sidekiq.wait_for_end().success());
}

#[test]
fn without_a_journal_no_job_is_killed_blindly() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("SleepJob", &json!([600]));
    fs::write(scene.state_dir(), "a file, no directory").unwrap();
    let ended = Drain::start(&scene, "term, 1, kill", &["--kill=follow", "--despite=D01"]).end();
    ended.assert_outcome(5, "stopped").assert_signals(&["TERM"]);
    ended.event("signal_failed");
    assert!(sidekiq.wait_for_end().success(), "no KILL came");
    assert_eq!(scene.times_queued("default", &jid), 1);
}

#[test]
fn lines_for_people_are_dated_and_end_with_the_account() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Six);
    let arguments = ["drain", "--yes", "--timeout=6", "--sequence", SEQUENCE];
    let ended = Drain::of(&mut scene.drainboard(&arguments)).end();
    ended.assert_code(0);
    assert!(ended.lines.is_empty(), "standard output is for JSON alone");
    let lines: Vec<&str> = ended.said.lines().collect();
    assert!(lines.len() >= 5, "{}", ended.said);
    for line in &lines {
        let (at, _) = line.split_once(' ').unwrap();
        at.parse::<jiff::Timestamp>().unwrap();
    }
    let last = lines.last().unwrap();
    assert!(last.contains("drained after"), "{}", ended.said);
    let (_, run) = last.split_once("; drainboard report ").unwrap();
    let journal = &journals(&scene.state_dir())[0];
    assert_eq!(journal.file_stem().unwrap(), run);
    ended
        .assert_said("TSTP sent to")
        .assert_said("stopped by itself");
    assert!(sidekiq.wait_for_end().success());
}

#[test]
fn a_drain_that_does_not_begin_leaves_no_journal() {
    let scene = Scene::new();
    Drain::start(&scene, SEQUENCE, &[]).end().assert_code(1);
    assert!(journals(&scene.state_dir()).is_empty());
}
