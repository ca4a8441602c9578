//! Several Sidekiqs at once, and those of another application beside them.

use serde_json::json;

use super::SEQUENCE;
use crate::support::drain::Drain;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

#[test]
fn an_idle_one_waits_for_a_busy_one() {
    let scene = Scene::new();
    let mut six = scene.sidekiq(Version::Six);
    let jid = scene.busy_until_released();
    let (mut seven, mut eight) = (scene.sidekiq(Version::Seven), scene.sidekiq(Version::Eight));
    let mut drain = Drain::start(&scene, "tstp, 60, term, 14, kill", &[]);
    drain.wait_for("quiet_confirmed");
    assert!(drain.runs());
    scene.release();
    let ended = drain.end();
    ended
        .assert_outcome(0, "drained")
        .assert_jobs("finished", 1);
    ended.assert_fate(&jid, "finished");
    assert_eq!(ended.event("started")["targets"], 3);
    ended.assert_signals(&["TSTP", "TSTP", "TSTP", "TERM", "TERM", "TERM"]);
    let ended_at = scene.wait_for_trace("done", &jid);
    let term: jiff::Timestamp = ended.events("signal_sent")[3]["at"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let term = term.as_duration().as_secs_f64();
    assert!(term > ended_at, "{}", ended.text());
    for sidekiq in [&mut six, &mut seven, &mut eight] {
        assert!(sidekiq.wait_for_end().success());
    }
}

#[test]
fn one_of_two_is_drained_and_the_other_takes_its_work() {
    let scene = Scene::new();
    let mut seven = scene.sidekiq(Version::Seven);
    let jid = scene.busy("SleepJob", &json!([45]));
    let mut eight = scene.sidekiq(Version::Eight);
    let ended = Drain::start(&scene, "tstp, 13, term, 30, kill", &[&seven.chosen()]).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_jobs("pushed_back", 1);
    ended
        .assert_fate(&jid, "pushed_back")
        .assert_signals(&["TSTP", "TERM"]);
    assert!(seven.wait_for_end().success());
    scene.wait_for_trace("done", &jid);
    assert!(eight.runs() && !eight.was_disturbed());
}

#[test]
fn another_application_on_the_same_host_stays_untouched() {
    let (scene, other) = Scene::pair();
    let mut own = scene.sidekiq(Version::Seven);
    let mut beside = other.sidekiq(Version::Seven);
    let long = other.busy("SleepJob", &json!([600]));
    let ended = Drain::start(&scene, SEQUENCE, &[]).end();
    ended.assert_outcome(0, "drained");
    assert_eq!(ended.event("started")["targets"], 1);
    assert!(own.wait_for_end().success());
    assert!(beside.runs() && !beside.was_disturbed());
    assert_eq!(other.traced("shutdown", &long), 0);
    let next = other.push("SleepJob", &json!([0.1]));
    other.wait_for_trace("done", &next);
    // Nothing is left here, and what runs beside is named, not taken.
    let ended = Drain::start(&scene, SEQUENCE, &[]).end();
    ended.assert_outcome(1, "error");
    ended.assert_said(&format!(":{}", beside.pid()));
    assert!(beside.runs() && !beside.was_disturbed());
}

#[test]
fn an_identity_or_a_queue_chooses_too() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Six);
    let none = Drain::start(&scene, SEQUENCE, &["--queue=other"]).end();
    none.assert_outcome(1, "error").assert_signals(&[]);
    assert!(sidekiq.runs() && !sidekiq.was_disturbed());
    let ended = Drain::start(&scene, SEQUENCE, &["--queue=low"]).end();
    ended.assert_outcome(0, "drained");
    assert!(sidekiq.wait_for_end().success());
}
