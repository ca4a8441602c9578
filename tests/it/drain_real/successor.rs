//! What comes up in the place of a drained Sidekiq: another release with another timeout, or
//! nothing at all.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::drain::Drain;
use crate::support::ended::Ended;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

/// A release whose jobs may go on for `timeout` seconds.
fn release(scene: &Scene, number: u32, timeout: u32) -> PathBuf {
    let root = scene.path(&format!("releases/{number}"));
    fs::create_dir_all(root.join("config")).unwrap();
    let file = root.join("config/sidekiq.yml");
    fs::write(file, format!(":timeout: {timeout}\n")).unwrap();
    root
}

fn drain(scene: &Scene, watched: &str) -> Drain {
    Drain::of(&mut scene.drainboard(&[
        "drain",
        "--json",
        "--yes",
        "--sequence=tstp, 60, term, 60, kill",
        "--successor",
        watched,
    ]))
}

/// The record of the place, which stands before the last line.
fn successor(ended: &Ended) -> &Value {
    assert_eq!(ended.last()["event"], "finished", "{}", ended.text());
    assert_eq!(ended.events("finished").len(), 1, "{}", ended.text());
    assert_eq!(ended.events("successor").len(), 1, "{}", ended.text());
    ended.event("successor")
}

fn report(scene: &Scene, form: &[&str]) -> String {
    let list = scene.drainboard(&["report", "--json"]).output().unwrap();
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    let run = list["drains"][0]["run"].as_str().unwrap().to_owned();
    let arguments = [&["report", &run], form].concat();
    let output = scene.drainboard(&arguments).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_next_release_is_told_with_what_changed() {
    let scene = Scene::new();
    let (old, new) = (release(&scene, 1, 7), release(&scene, 2, 9));
    let mut sidekiq = scene.sidekiq_in(&old, Version::Seven, &[]);
    let mut drain = drain(&scene, "120");
    drain.wait_for("exited");
    sidekiq.wait_for_end();
    let next = scene.sidekiq_in(&new, Version::Seven, &[]);
    let ended = drain.end();
    ended.assert_outcome(0, "drained");
    let told = successor(&ended);
    assert_eq!(told["found"], true, "{told}");
    assert_eq!(told["pid"], next.pid(), "{told}");
    assert_eq!(told["directory"], new.to_str().unwrap(), "{told}");
    assert_eq!(told["directory_before"], old.to_str().unwrap(), "{told}");
    assert_eq!(told["timeout_s"], 9.0, "{told}");
    assert_eq!(told["timeout_before_s"], 7.0, "{told}");
    assert_eq!(told["timeout_from"], "config/sidekiq.yml:1", "{told}");
    assert!(told["first_beat_s"].as_f64() > Some(0.0), "{told}");
    assert!(told["unit"].is_null() && told["stop_timeout_s"].is_null());
    let text = report(&scene, &[]);
    assert!(text.contains("came up in the place of"), "{text}");
    assert!(
        text.contains("-t 9 s (config/sidekiq.yml:1, it was 7 s)"),
        "{text}"
    );
    let markdown = report(&scene, &["--markdown"]);
    assert!(markdown.contains("## Successor"), "{markdown}");
    let json: Value = serde_json::from_str(&report(&scene, &["--json"])).unwrap();
    assert_eq!(json["successors"][0]["timeout_s"], 9.0, "{json}");
}

#[test]
fn that_nothing_came_up_is_said_loudly() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    // What runs already is nobody's successor.
    let _other = scene.sidekiq(Version::Seven);
    let mut command = scene.drainboard(&[
        "drain",
        "--json",
        "--yes",
        "--sequence=tstp, 60, term, 60, kill",
        "--successor=3",
        &sidekiq.chosen(),
    ]);
    let ended = Drain::of(&mut command).end();
    ended.assert_outcome(0, "drained");
    let told = successor(&ended);
    assert_eq!(told["found"], false, "{told}");
    assert!(told["first_beat_s"].is_null() && told["start"].is_null());
    sidekiq.wait_for_end();
    let text = report(&scene, &[]);
    assert!(
        text.contains("no process came up in the place of"),
        "{text}"
    );
}
