//! Lost jobs in the console: saved on demand, offered after a KILL, pushed back once.

use std::fs;

use serde_json::json;

use super::drains::{by, records};
use crate::support::patience::until_true;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;
use crate::support::terminal::Terminal;

/// The lines of all rescue files of the scene.
fn saved(scene: &Scene) -> String {
    let folder = fs::read_dir(scene.state_dir().join("rescue"));
    let files = folder.into_iter().flatten().flatten();
    files
        .map(|file| fs::read_to_string(file.path()).unwrap_or_default())
        .collect()
}

#[test]
fn a_lost_job_is_offered_and_pushed_back() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("SleepJob", &json!([600]));
    let mut terminal = Terminal::console(&scene, &by("tstp, 300, term, 14, kill"));
    terminal.wait_for("SleepJob");
    terminal.wait_for("a auto");
    // On demand, before anything is sent: in the job table those of all targets.
    terminal.send("\t");
    terminal.send("s");
    terminal.answer("Save the payloads of 1 job?", "y");
    terminal.wait_for("1 payload saved to");
    assert!(saved(&scene).contains(&jid));
    terminal.send("a");
    terminal.answer("Start automatic drain?", "y");
    terminal.wait_for("quiet 1/1");
    // In the drain its record says whose payload it was.
    terminal.send("s");
    terminal.answer("Save the payloads of 1 job?", "y");
    until_true("it is recorded", || {
        let mut written = records(&scene).into_iter();
        let saved = written.find(|record| record["event"] == "payload_saved");
        saved.is_some_and(|record| record["pid"] == sidekiq.pid())
    });
    terminal.send("K");
    terminal.wait_for_dialog(&format!(":{}?", sidekiq.pid()));
    terminal.send("1\r");
    terminal.wait_for("R: push back 1 lost job");
    assert!(!sidekiq.wait_for_end().success());
    assert_eq!(scene.times_queued("default", &jid), 0);
    terminal.send("R");
    terminal.answer("Push back 1 lost job?", "n");
    terminal.wait_for("no: nothing was done");
    assert_eq!(scene.times_queued("default", &jid), 0);
    terminal.send("R");
    terminal.answer("Push back 1 lost job?", "y");
    terminal.wait_for("rescued 1");
    until_true("it is back", || scene.times_queued("default", &jid) == 1);
    terminal.send("q");
    terminal.end(3);
    let written = records(&scene);
    let found = written
        .iter()
        .find(|record| record["event"] == "found_later");
    assert_eq!(found.expect("it is recorded")["fate"], "rescued");
    assert!(saved(&scene).contains("pushed back to the front of its queue"));
}
