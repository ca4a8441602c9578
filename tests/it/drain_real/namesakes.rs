//! Two executions under one JID are told apart: another job under the id of one that runs is no
//! push-back of it, and a job that is lost again is another loss.

use serde_json::{Value, json};

use super::{for_each_version, rescued::BLUNT, rescued::HASTY};
use crate::support::drain::Drain;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

for_each_version!(
    another_job_under_its_id_is_no_push_back,
    a_job_that_ended_is_finished_whatever_else_has_its_id,
    a_job_that_is_lost_again_is_rescued_again,
);

/// The gate before KILL does not open on it, and no rescue makes a second one beside it unless the
/// job is named.
fn another_job_under_its_id_is_no_push_back(version: Version) {
    let scene = Scene::new();
    let mut sidekiq = scene.wide_sidekiq(version, 1);
    let jid = scene.busy("StuckJob", &json!([]));
    let more = ["--kill-extra=2", "--rescue", "--despite=D01"];
    let mut drain = Drain::start(&scene, "tstp, 13, term, 1, kill", &more);
    drain.wait_for_signal("TSTP");
    scene.push_under(&jid, "NapJob", &json!([0.1]), "default");
    let ended = drain.end();
    ended
        .assert_outcome(4, "lost")
        .assert_fate(&jid, "lost")
        .assert_signals(&["TSTP", "TERM", "KILL"]);
    let waited = ended.sent_at("KILL") - ended.sent_at("TERM");
    assert!(waited > 2.5, "{}", ended.text());
    let evidence = ended.event("reconciled")["evidence"].as_str();
    let tells = |words: &str| words.contains("another job under its id is in queue default");
    assert!(evidence.is_some_and(tells), "{evidence:?}");
    assert!(ended.events("rescue_ended").is_empty(), "{}", ended.text());
    assert!(!sidekiq.wait_for_end().success());
    assert_eq!(scene.times_queued("default", &jid), 1);
    let listed = scene.drainboard(&["rescue", "last", "--json"]).output();
    let listed: Value = serde_json::from_slice(&listed.expect("it runs").stdout).expect("JSON");
    let job = &listed["jobs"][0];
    assert_eq!(
        (&job["state"], &job["requeue"]),
        (&json!("unknown"), &json!(false)),
        "{job}"
    );
}

fn a_job_that_ended_is_finished_whatever_else_has_its_id(version: Version) {
    let scene = Scene::new();
    let mut sidekiq = scene.wide_sidekiq(version, 1);
    let jid = scene.busy_until_released();
    let mut drain = Drain::start(&scene, "tstp, 60, term, 14, kill", &[]);
    drain.wait_for_signal("TSTP");
    scene.push_under(&jid, "ReleasedJob", &json!(["elsewhere"]), "default");
    scene.release();
    let ended = drain.end();
    ended
        .assert_outcome(0, "drained")
        .assert_fate(&jid, "finished");
    assert_eq!(scene.traced("done", &jid), 1, "{:?}", scene.trace());
    assert!(sidekiq.wait_for_end().success());
}

fn a_job_that_is_lost_again_is_rescued_again(version: Version) {
    let scene = Scene::new();
    let jid = scene.push("StuckJob", &json!([]));
    for times in 1..=2 {
        let mut sidekiq = scene.wide_sidekiq(version, 1);
        scene.wait_until_listed(&jid);
        let ended = Drain::start(&scene, HASTY, &BLUNT).end();
        ended
            .assert_outcome(3, "requeued")
            .assert_fate(&jid, "rescued");
        assert!(!sidekiq.wait_for_end().success());
        assert_eq!(scene.times_queued("default", &jid), 1, "{}", ended.text());
        assert_eq!(scene.traced("start", &jid), times);
        scene.forget_processes();
    }
}
