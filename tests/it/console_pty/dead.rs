//! A Sidekiq that died before anything was drained: it is named with the jobs that died with it,
//! and their payloads are saved.

use serde_json::{Value, json};

use super::drains::by;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;
use crate::support::terminal::Terminal;

/// Exit code and output of `rescue`.
fn rescue(scene: &Scene, more: &[&str]) -> (Option<i32>, Value) {
    let all = [&["rescue"], more].concat();
    let output = scene.drainboard(&all).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let told = serde_json::from_str(&text);
    (
        output.status.code(),
        told.unwrap_or_else(|_| panic!("{text}")),
    )
}

#[test]
fn a_process_that_died_is_named_and_its_payloads_are_saved() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("SleepJob", &json!([600]));
    let pid = sidekiq.pid();
    sidekiq.crash();
    // Two beat periods later it is no pid of a container that is merely not to be seen.
    let mut terminal = Terminal::console(&scene, &by("tstp, 300, term, 14, kill"));
    terminal.wait_for(&format!("{pid} is DEAD: 1 job died with it"));
    terminal.wait_for("s on its row saves its payload while Redis still shows it");
    terminal.wait_for(&format!("pid {pid} is gone"));
    terminal.send("s");
    terminal.answer("Save the payloads of 1 job?", "y");
    terminal.wait_for("1 payload saved to");
    terminal.send("q");
    terminal.end(0);
    // Nothing proves that the job was not pushed back and taken up, so it has to be named.
    let (code, listed) = rescue(&scene, &["last", "--json"]);
    assert_eq!(code, Some(4), "{listed}");
    let job = &listed["jobs"][0];
    assert_eq!(
        (&job["jid"], &job["state"]),
        (&json!(jid), &json!("unknown"))
    );
    let why = job["why"].as_str().unwrap();
    assert!(why.contains("no drain saw what became of the job"), "{why}");
    let (_, unnamed) = rescue(&scene, &["last", "--requeue", "--yes", "--json"]);
    assert_eq!(unnamed["jobs"][0]["requeue"], json!(false));
    assert_eq!(scene.times_queued("default", &jid), 0);
    let named = ["last", "--requeue", "--jid", &jid, "--yes", "--json"];
    let (code, pushed) = rescue(&scene, &named);
    assert_eq!(code, Some(0), "{pushed}");
    assert_eq!(scene.times_queued("default", &jid), 1);
    rescue(&scene, &named);
    assert_eq!(scene.times_queued("default", &jid), 1, "once");
}
