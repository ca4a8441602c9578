//! KILL falls due in the console with a job that no interrupt ends: it is held and asks, until the
//! job is seen back in its queue or the operator types how many may be lost.

use serde_json::json;

use super::drains::{assert_told, by, signals};
use crate::drain_real::for_each_version;
use crate::support::scene::Scene;
use crate::support::sidekiq::{Sidekiq, Version};
use crate::support::terminal::Terminal;

for_each_version!(
    kill_is_held_until_a_wedged_job_is_back,
    kill_is_held_until_its_cost_is_typed,
);

/// A console whose KILL has fallen due with a job blocked in C, by a sequence that has it 5 s
/// before the push-back.
fn asked(scene: &Scene, version: Version, sequence: &str) -> (Sidekiq, Terminal, String) {
    let sidekiq = scene.sidekiq(version);
    let jid = scene.busy("WedgedJob", &json!([600]));
    let mut terminal = Terminal::console(scene, &by(sequence));
    terminal.wait_for("WedgedJob");
    terminal.begin_automatic();
    terminal.wait_for("KILL waits for your answer");
    (sidekiq, terminal, jid)
}

fn kill_is_held_until_a_wedged_job_is_back(version: Version) {
    let scene = Scene::new();
    let (mut sidekiq, mut terminal, jid) = asked(&scene, version, "term, 1, kill");
    assert_eq!(signals(&scene), ["TERM"]);
    terminal.wait_for("1 would be lost");
    terminal.wait_for("no job would be lost now");
    assert_eq!(scene.times_queued("default", &jid), 1);
    assert!(sidekiq.runs());
    terminal.send("n");
    terminal.answer("Send KILL now?", "y");
    assert!(!sidekiq.wait_for_end().success());
    terminal.wait_for("Drained with jobs pushed back");
    terminal.wait_for("found in queue default");
    terminal.send("q");
    terminal.end(3);
    assert_eq!(signals(&scene), ["TERM", "KILL"]);
    assert_eq!(scene.times_queued("default", &jid), 1);
}

fn kill_is_held_until_its_cost_is_typed(version: Version) {
    let scene = Scene::new();
    let (mut sidekiq, mut terminal, jid) = asked(&scene, version, "tstp, 13, term, 1, kill");
    // A quiet beat has told by then that no other job runs unseen.
    terminal.send("n");
    terminal.wait_for_dialog("Send KILL now?");
    terminal.type_for("y2\r", "is not the number");
    assert!(sidekiq.runs());
    terminal.send("1\r");
    terminal.wait_for("Work is lost");
    assert!(!sidekiq.wait_for_end().success());
    assert_eq!(scene.times_queued("default", &jid), 0);
    terminal.send("q");
    terminal.end(4);
    assert_told(&terminal, "Work is lost");
}
