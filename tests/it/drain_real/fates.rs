//! What becomes of each kind of job, on each version.

use serde_json::json;

use super::{SEQUENCE, for_each_version};
use crate::support::drain::Drain;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

for_each_version!(
    an_idle_one_is_down_early,
    jobs_that_end_while_it_is_quiet_are_finished,
    a_long_job_is_pushed_back,
    a_failing_job_is_retried,
    a_job_that_swallows_the_interrupt_is_pushed_back,
    a_wedged_job_is_pushed_back_before_kill,
);

fn an_idle_one_is_down_early(version: Version) {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(version);
    let ended = Drain::start(&scene, SEQUENCE, &[]).end();
    ended
        .assert_outcome(0, "drained")
        .assert_jobs("finished", 0);
    ended.assert_signals(&["TSTP", "TERM"]);
    assert!(ended.event("advanced_early")["saved_s"].as_f64() > Some(0.0));
    assert_eq!(ended.event("exited")["clean"], true, "{}", ended.text());
    assert_eq!(ended.event("exited")["pid"], sidekiq.pid());
    assert!(ended.seconds() < 20.0, "{}", ended.text());
    assert!(sidekiq.wait_for_end().success());
}

fn jobs_that_end_while_it_is_quiet_are_finished(version: Version) {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(version);
    let nap = scene.push("NapJob", &json!([0.1]));
    scene.wait_for_trace("done", &nap);
    let jids = [scene.busy_until_released(), scene.busy_until_released()];
    let mut drain = Drain::start(&scene, "tstp, 60, term, 14, kill", &[]);
    drain.wait_for_signal("TSTP");
    scene.release();
    let ended = drain.end();
    ended
        .assert_outcome(0, "drained")
        .assert_jobs("finished", 2);
    ended.assert_signals(&["TSTP", "TERM"]);
    for jid in &jids {
        ended.assert_fate(jid, "finished");
        assert_eq!(scene.traced("done", jid), 1, "{:?}", scene.trace());
    }
    ended.event("advanced_early");
    assert!(sidekiq.wait_for_end().success());
}

fn a_long_job_is_pushed_back(version: Version) {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(version);
    let jid = scene.busy("NapJob", &json!([600]));
    let ended = Drain::start(&scene, SEQUENCE, &[]).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_jobs("pushed_back", 1);
    ended.assert_fate(&jid, "pushed_back");
    ended.assert_signals(&["TSTP", "TERM"]);
    assert_eq!(scene.times_queued("low", &jid), 1);
    assert_eq!(scene.traced("shutdown", &jid), 1);
    assert!(sidekiq.wait_for_end().success());
}

fn a_failing_job_is_retried(version: Version) {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(version);
    let jid = scene.busy("FailJob", &json!([12]));
    let ended = Drain::start(&scene, "tstp, 60, term, 14, kill", &[]).end();
    ended.assert_outcome(0, "drained").assert_jobs("retried", 1);
    ended.assert_fate(&jid, "retried");
    assert_eq!(scene.times_retried(&jid), 1);
    assert_eq!(scene.traced("failed", &jid), 1);
    assert!(sidekiq.wait_for_end().success());
}

fn a_job_that_swallows_the_interrupt_is_pushed_back(version: Version) {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(version);
    let jid = scene.busy("StuckJob", &json!([]));
    let ended = Drain::start(&scene, "tstp, 13, term, 30, kill", &[]).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_jobs("pushed_back", 1);
    ended.assert_fate(&jid, "pushed_back");
    // It gives such a job three more seconds, and leaves by itself.
    ended.assert_signals(&["TSTP", "TERM"]);
    assert_eq!(scene.times_queued("default", &jid), 1);
    assert!(scene.traced("shutdown", &jid) > 0);
    assert!(sidekiq.wait_for_end().success());
}

fn a_wedged_job_is_pushed_back_before_kill(version: Version) {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(version);
    let jid = scene.busy("WedgedJob", &json!([600, false]));
    let more = ["--kill", "wait-for-requeue"];
    let ended = Drain::start(&scene, "tstp, 13, term, 14, kill", &more).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_jobs("pushed_back", 1);
    ended.assert_fate(&jid, "pushed_back");
    ended.assert_signals(&["TSTP", "TERM", "KILL"]);
    assert_eq!(scene.times_queued("default", &jid), 1);
    assert!(!sidekiq.wait_for_end().success());
}

#[test]
fn an_iterable_job_that_breaks_off_is_checkpointed_and_not_finished() {
    for version in [Version::Seven, Version::Eight] {
        let scene = Scene::new();
        let mut sidekiq = scene.sidekiq(version);
        let jid = scene.busy("StepJob", &json!([600, 0.5]));
        let ended = Drain::start(&scene, "tstp, 60, term, 14, kill", &[]).end();
        ended
            .assert_outcome(3, "requeued")
            .assert_fate(&jid, "checkpointed");
        assert_eq!(scene.times_queued("default", &jid), 1);
        assert_eq!(scene.traced("done", &jid), 0);
        assert!(sidekiq.wait_for_end().success());
    }
}

#[test]
fn an_iterable_job_that_another_takes_up_is_checkpointed_and_not_finished() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("StepJob", &json!([600, 0.5]));
    let _other = scene.sidekiq(Version::Seven);
    let chosen = sidekiq.chosen();
    let ended = Drain::start(&scene, "tstp, 60, term, 14, kill", &[&chosen]).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_fate(&jid, "checkpointed");
    assert_eq!(scene.traced("done", &jid), 0);
    assert_eq!(scene.traced("start", &jid), 2, "{:?}", scene.trace());
    assert!(sidekiq.wait_for_end().success());
}
