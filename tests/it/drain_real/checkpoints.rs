//! Work that breaks off at a checkpoint once its process is quiet, and goes on under another JID:
//! what three libraries write is imitated on a real Sidekiq.

use serde_json::{Value, json};

use super::for_each_version;
use crate::support::drain::Drain;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

for_each_version!(
    work_of_a_continuable_job_is_followed_into_the_schedule,
    work_of_job_iteration_is_followed_into_its_queue,
    work_of_sidekiq_iteration_is_followed_into_the_schedule,
);

const SEQUENCE: &str = "tstp, 60, term, 14, kill";
const WRAPPER: &str = "ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper";

/// An Active Job with `more` of its state, of 600 steps that take 0.5 s each.
fn active_job(more: &Value) -> Value {
    let mut job = json!({
        "job_class": "Import", "job_id": "1b9e6f3c-work", "queue_name": "default",
        "arguments": [600, 0.5], "executions": 0,
    });
    let fields = more.as_object().into_iter().flatten();
    for (name, value) in fields {
        job[name] = value.clone();
    }
    json!([job])
}

fn work_of_a_continuable_job_is_followed_into_the_schedule(version: Version) {
    let state = json!({"continuation": {}, "resumptions": 0});
    goes_on(version, WRAPPER, &active_job(&state), "scheduled");
}

fn work_of_job_iteration_is_followed_into_its_queue(version: Version) {
    let state = json!({"cursor_position": null, "times_interrupted": 0, "total_time": 0.0});
    goes_on(version, WRAPPER, &active_job(&state), "in queue default");
}

fn work_of_sidekiq_iteration_is_followed_into_the_schedule(version: Version) {
    goes_on(version, "IterationJob", &json!([600, 0.5]), "scheduled");
}

/// Drains a job of `class` that breaks off, with and without its log, and finds its work at `place`.
fn goes_on(version: Version, class: &str, arguments: &Value, place: &str) {
    for silent in [false, true] {
        let scene = Scene::new();
        let mut sidekiq = if silent {
            scene.silent_sidekiq(version)
        } else {
            scene.sidekiq(version)
        };
        let jid = scene.busy(class, arguments);
        let ended = Drain::start(&scene, SEQUENCE, &[]).end();
        ended
            .assert_outcome(3, "requeued")
            .assert_jobs("checkpointed", 1)
            .assert_fate(&jid, "checkpointed");
        let told = ended.event("reconciled");
        let trace = scene.trace();
        let stopped = trace
            .iter()
            .find(|entry| entry.event == "stop" && entry.jid == jid);
        let heir = stopped.and_then(|entry| entry.goes_on_as.clone());
        assert_eq!(told["goes_on_as"], json!(heir), "{}", ended.text());
        assert_ne!(told["work_id"], json!(jid), "{}", ended.text());
        let why = told["evidence"].as_str().unwrap();
        assert!(
            why.contains(place) && why.contains("it stands still until"),
            "{why}"
        );
        assert!(sidekiq.wait_for_end().success());
    }
}

/// A library may be told to go on in another queue (`resume_options`): that nothing of the work stands
/// in its own queue does not mean that it is done.
#[test]
fn work_that_goes_on_in_another_queue_is_found_there() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let state = json!({"cursor_position": null, "times_interrupted": 0, "goes_on_in": "elsewhere"});
    let jid = scene.busy(WRAPPER, &active_job(&state));
    let ended = Drain::start(&scene, SEQUENCE, &[]).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_fate(&jid, "checkpointed");
    let told = ended.event("reconciled");
    let why = told["evidence"].as_str().unwrap();
    assert!(why.contains("in queue elsewhere"), "{why}");
    assert!(told["goes_on_as"].is_string(), "{told}");
    assert!(sidekiq.wait_for_end().success());
}

#[test]
fn work_that_another_process_took_up_at_once_is_followed_there() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let state = json!({"cursor_position": null, "times_interrupted": 0, "total_time": 0.0});
    let jid = scene.busy(WRAPPER, &active_job(&state));
    let _other = scene.sidekiq(Version::Eight);
    let ended = Drain::start(&scene, SEQUENCE, &[&sidekiq.chosen()]).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_fate(&jid, "checkpointed");
    let why = ended.event("reconciled")["evidence"].as_str().unwrap();
    assert!(why.contains("at work on"), "{why}");
    assert!(sidekiq.wait_for_end().success());
}

#[test]
fn an_active_job_that_is_retried_under_another_jid_is_retried() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy(WRAPPER, &active_job(&json!({"fails_after": 12})));
    let ended = Drain::start(&scene, SEQUENCE, &[]).end();
    ended
        .assert_outcome(0, "drained")
        .assert_fate(&jid, "retried");
    let told = ended.event("reconciled");
    assert_eq!(told["work_id"], "1b9e6f3c-work");
    assert!(told["goes_on_as"].is_string(), "{}", ended.text());
    assert!(sidekiq.wait_for_end().success());
}

/// The first job of sidekiq-iteration looks like any other, and its log says `done`. What another
/// process took up at once is shown by the next heartbeat alone.
#[test]
fn the_first_job_of_a_chain_that_another_took_up_at_once_is_not_finished() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("PromptIterationJob", &json!([600, 0.5]));
    let _other = scene.sidekiq(Version::Eight);
    let ended = Drain::start(&scene, SEQUENCE, &[&sidekiq.chosen()]).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_fate(&jid, "checkpointed");
    let told = ended.event("reconciled");
    let why = told["evidence"].as_str().unwrap();
    assert!(
        why.contains("at work on") && !why.contains("stands still"),
        "{why}"
    );
    assert!(told["goes_on_as"].is_string(), "{told}");
    assert!(sidekiq.wait_for_end().success());
}

/// What is left of its work ends elsewhere before a heartbeat could show it. The log alone says that
/// the job broke off.
#[test]
fn the_first_job_of_a_chain_whose_rest_ends_unseen_is_unknown() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("BriefIterationJob", &json!([600, 0.5]));
    let _other = scene.sidekiq(Version::Eight);
    let ended = Drain::start(&scene, SEQUENCE, &[&sidekiq.chosen()]).end();
    ended.assert_outcome(4, "lost").assert_fate(&jid, "unknown");
    let why = ended.event("reconciled")["evidence"].as_str().unwrap();
    assert!(why.contains("its log: it broke off"), "{why}");
    assert!(sidekiq.wait_for_end().success());
}

/// Two jobs do work of one class with the same arguments: both broke off, but only their payloads
/// would tell which goes on as which.
#[test]
fn of_two_jobs_alike_that_broke_off_no_jid_is_told_for_either() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Six);
    let jids = [(), ()].map(|()| scene.busy("IterationJob", &json!([600, 0.5])));
    let ended = Drain::start(&scene, SEQUENCE, &[]).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_jobs("checkpointed", 2);
    for jid in &jids {
        ended.assert_fate(jid, "checkpointed");
    }
    for told in ended.events("reconciled") {
        let why = told["evidence"].as_str().unwrap();
        assert!(why.contains("another job of the same class"), "{why}");
        assert!(told["goes_on_as"].is_null(), "{told}");
    }
    assert!(sidekiq.wait_for_end().success());
}
