//! `C` on the page of a job: a real `IterableJob` is cancelled, and its end is seen.

use std::fs;

use redis::Commands;
use serde_json::{Value, json};

use crate::support::patience::until_true;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;
use crate::support::terminal::Terminal;

/// The stages that the file of acts outside a drain tells of, in their order.
fn stages(scene: &Scene) -> Vec<String> {
    let text = fs::read_to_string(scene.state_dir().join("acts.jsonl")).unwrap_or_default();
    let records = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let stage = |record: Value| {
        assert_eq!(record["event"], "cancellation");
        record["stage"].as_str().unwrap_or_default().to_owned()
    };
    records.map(stage).collect()
}

/// The page of a job of this class, which runs and keeps the state of its iteration; and its id.
fn page(scene: &Scene, class: &str, arguments: &Value) -> (Terminal, String) {
    let jid = scene.busy(class, arguments);
    until_true("it keeps its state", || has_state(scene, &jid));
    let mut terminal = Terminal::console(scene, &["--timeout=6"]);
    terminal.wait_for(class);
    terminal.wait_for("a auto");
    terminal.send("\t\r");
    terminal.wait_for("cancel");
    (terminal, jid)
}

/// Cancels the job whose page is shown.
fn cancel(terminal: &mut Terminal) {
    terminal.wait_for("C cancels it");
    terminal.send("C");
    terminal.wait_for_dialog("Cancel this job?");
    terminal.send("cancel\r");
}

fn has_state(scene: &Scene, jid: &str) -> bool {
    scene
        .connection()
        .hexists(format!("it-{jid}"), "c")
        .unwrap()
}

fn is_marked(scene: &Scene, jid: &str) -> bool {
    let key = format!("it-{jid}");
    let mut connection = scene.connection();
    let marked: bool = connection.hexists(&key, "cancelled").unwrap();
    let expiry: i64 = connection.ttl(&key).unwrap();
    assert!(!marked || (1..=30 * 86_400).contains(&expiry), "{expiry}");
    marked
}

#[test]
fn a_job_of_8_1_is_cancelled_and_notices_it() {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(Version::Eight);
    let (mut terminal, jid) = page(&scene, "StepJob", &json!([600, 1]));
    cancel(&mut terminal);
    terminal.wait_for("it noticed the cancellation and ended");
    scene.wait_for_trace("done", &jid);
    assert!(
        !is_marked(&scene, &jid),
        "its own end has removed its state"
    );
    assert_eq!(stages(&scene), ["intended", "sent", "noticed", "ended"]);
    terminal.send("q");
    terminal.end(0);
}

/// It ends, and the rest of its work is never done: the account of the drain says who did that.
#[test]
fn a_job_of_8_1_that_is_cancelled_in_a_drain_is_told_as_cancelled() {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(Version::Eight);
    let (mut terminal, jid) = page(&scene, "StepJob", &json!([600, 15]));
    cancel(&mut terminal);
    terminal.wait_for("not noticed yet");
    // Quiet, it looks at the mark before it would break off.
    terminal.send("\x1b");
    terminal.wait_for("a auto");
    terminal.send("a");
    terminal.wait_for_dialog("Start automatic drain?");
    terminal.send("y");
    // The line that tells it is cut where the screen ends.
    terminal.wait_for("and every job ended");
    terminal.wait_for("cancelled by ");
    scene.wait_for_trace("done", &jid);
    terminal.send("q");
    terminal.end(0);
    let report = scene.drainboard(&["report", "last", "--json"]).output();
    let report: Value = serde_json::from_slice(&report.unwrap().stdout).unwrap();
    let job = &report["fates"][0];
    assert_eq!(job["fate"], "finished", "{report}");
    let evidence = job["evidence"].as_str().unwrap();
    assert!(evidence.starts_with("cancelled by "), "{evidence}");
    assert!(!evidence.contains("a mark in Redis"), "{evidence}");
}

#[test]
fn a_job_of_8_1_that_ends_before_it_notices_is_told_as_such() {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(Version::Eight);
    let release = scene.path("release");
    let (mut terminal, jid) = page(&scene, "HeldStepJob", &json!([release]));
    cancel(&mut terminal);
    until_true("the mark stands", || is_marked(&scene, &jid));
    terminal.wait_for("not noticed yet");
    fs::write(&release, "").unwrap();
    terminal.wait_for("it ended before it noticed");
    until_true("its end is recorded", || {
        stages(&scene) == ["intended", "sent", "ended"]
    });
    terminal.send("q");
    terminal.end(0);
}

/// Debian has no Sidekiq between 7.3.3 and 7.3.9.
#[test]
fn a_job_of_7_3_2_is_not_offered_for_it_cannot_be_cancelled() {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(Version::Seven);
    let (mut terminal, jid) = page(&scene, "StepJob", &json!([600, 1]));
    terminal.wait_for("a job can be cancelled from 7.3.3 on");
    terminal.send("C");
    terminal.wait_for("C (cancel)");
    assert!(!is_marked(&scene, &jid) && stages(&scene).is_empty());
    terminal.send("q");
    terminal.end(0);
}
