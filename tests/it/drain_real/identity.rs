//! Whose evidence it is: host name and pid do not tell one Sidekiq from another.

use serde_json::{Value, json};

use crate::support::container::{Container, can_contain};
use crate::support::drain::Drain;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

/// Processes and jobs as `ps --json` shows them.
fn seen(scene: &Scene) -> Value {
    let output = scene.drainboard(&["ps", "--json"]).output();
    serde_json::from_slice(&output.expect("it runs").stdout).expect("JSON")
}

/// A Sidekiq of another machine has this one's host name and pid, started later, is idle and quiet.
/// It proves neither that this one is idle nor that its jobs have ended.
#[test]
fn a_twin_on_another_machine_is_no_evidence() {
    for version in [Version::Six, Version::Seven, Version::Eight] {
        let scene = Scene::new();
        let mut sidekiq = scene.sidekiq(version);
        let jid = scene.busy_until_released();
        scene.imitate_twin(sidekiq.pid());
        let jobs = seen(&scene)["jobs"].clone();
        assert_eq!(jobs[0]["jid"], json!(jid), "{jobs}");
        let mut drain = Drain::start(&scene, "tstp, 60, term, 14, kill", &[]);
        drain.wait_for("quiet_confirmed");
        scene.imitate_twin(sidekiq.pid());
        scene.release();
        let done = scene.wait_for_trace("done", &jid);
        let ended = drain.end();
        ended
            .assert_outcome(0, "drained")
            .assert_jobs("finished", 1);
        let term = ended.events("signal_sent")[1]["at"]
            .as_str()
            .map(str::to_owned);
        let term: jiff::Timestamp = term.expect("a time").parse().expect("a time");
        assert!(term.as_duration().as_secs_f64() > done, "{}", ended.text());
        assert!(sidekiq.wait_for_end().success());
    }
}

/// Two containers with one host name: each Sidekiq is pid 1. One was killed, and its rows are still
/// there.
#[test]
fn of_two_containers_with_one_name_the_dead_one_hides_nothing() {
    assert!(can_contain(), "unshare(1) needs root, or sudo -n");
    let scene = Scene::new();
    let mut first = Container::start(&scene, Version::Seven);
    let jid = scene.busy("SleepJob", &json!([600]));
    let second = Container::start(&scene, Version::Seven);
    assert_eq!(scene.identities().len(), 2);
    second.kill();
    let jobs = seen(&scene)["jobs"].clone();
    assert_eq!(jobs[0]["jid"], json!(jid), "{jobs}");
    let ended = Drain::start(&scene, "tstp, 13, term, 14, kill", &[]).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_jobs("pushed_back", 1);
    assert_eq!(scene.times_queued("default", &jid), 1);
    first.wait_for_end();
}

/// Both live: both are targets, and each job is that of its own process.
#[test]
fn two_containers_with_one_name_are_two_targets() {
    assert!(can_contain(), "unshare(1) needs root, or sudo -n");
    let scene = Scene::new();
    let mut first = Container::start(&scene, Version::Seven);
    let jid = scene.busy_until_released();
    let mut second = Container::start(&scene, Version::Seven);
    let processes = seen(&scene)["processes"].clone();
    let known = processes.as_array().expect("a list").iter();
    let known = known.filter(|process| process["identity"].is_string());
    assert_eq!(known.count(), 2, "{processes}");
    let mut drain = Drain::start(&scene, "tstp, 60, term, 14, kill", &[]);
    drain.wait_for("quiet_confirmed");
    scene.release();
    let ended = drain.end();
    ended
        .assert_outcome(0, "drained")
        .assert_jobs("finished", 1);
    assert_eq!(ended.events("exited").len(), 2, "{}", ended.text());
    assert_eq!(scene.traced("done", &jid), 1);
    first.wait_for_end();
    second.wait_for_end();
}

/// A container whose host name is told by its own namespace alone: no file and no variable has it.
#[test]
fn a_container_with_a_host_name_of_its_own_is_known_by_it() {
    assert!(can_contain(), "unshare(1) needs root, or sudo -n");
    let scene = Scene::new();
    let mut container = Container::start_with_its_own_host_name(&scene, Version::Seven);
    let identity = &scene.identities()[0];
    let jid = scene.busy("SleepJob", &json!([600]));
    let processes = seen(&scene)["processes"].clone();
    let all = processes.as_array().expect("a list").iter();
    let mine: Vec<_> = all
        .filter(|process| process["identity"] == json!(identity))
        .collect();
    assert_eq!(mine.len(), 1, "{processes}");
    assert_eq!(mine[0]["local"], json!(true), "{processes}");
    let ended = Drain::start(&scene, "tstp, 1, term, 14, kill", &[]).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_jobs("pushed_back", 1);
    assert_eq!(scene.times_queued("default", &jid), 1);
    container.wait_for_end();
}
